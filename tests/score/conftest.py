"""A scorer of a few thousand random weights, and a run's folder of media."""

import pytest
from model_world import write_media, write_models

from lamella.schemas.config import ModelConfig
from lamella.schemas.media import Media
from lamella.weights import load


@pytest.fixture(scope="session")
def scorer(tmp_path_factory) -> ModelConfig:
    folder = write_models(tmp_path_factory.mktemp("models"))
    return ModelConfig(name=f"{folder}/tiny.json", weights=folder, batch=2)


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory) -> tuple[str, dict[str, Media]]:
    return write_media(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="session")
def loaded(scorer):
    return load(scorer.name, scorer.weights, role="scorer", device="cpu")
