"""Captioner and matcher of a few thousand random weights, and a run's folder of media."""

import pytest
from model_world import write_media, write_models

from lamella.schemas.config import CaptionConfig, ModelConfig
from lamella.schemas.media import Media


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> str:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="session")
def config(models) -> CaptionConfig:
    model = ModelConfig(name=f"{models}/tiny.json", weights=models, batch=4)
    return CaptionConfig(captioner=model, matcher=model, min_tokens=3, max_tokens=8)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> tuple[str, dict[str, Media]]:
    return write_media(tmp_path_factory.mktemp("run"))
