"""A picture whose text scores too low is captioned all the same; one that a head finds unsafe is not."""

import apache_beam as beam
import numpy as np
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, is_empty
from model_world import pair
from safetensors.numpy import save_file
from store_world import store_at

from lamella.pipeline import curation
from lamella.pipeline.config.resolution import resolve
from lamella.pipeline.ledger import Ledger
from lamella.pipeline.read import ReadTables
from lamella.schemas.config import ModelConfig, RunConfig, ScoreConfig
from lamella.schemas.rejection import Reason, Rejection
from lamella.transforms.base.memory import Request
from lamella.transforms.media.frames import Frame
from lamella.transforms.score.embeddings import PictureEmbeddings


def test_an_unsafe_picture_is_not_captioned(models, run_folder, tmp_path):
    root, media = run_folder
    store, model = store_at(root), ModelConfig(name=f"{models}/tiny.json", weights=models, batch=2)
    measure = PictureEmbeddings(model=model, identity="tiny", store=store)
    asked = [Request(name, Frame(media[name])) for name in ("red", "green")]
    red, green = (one.values for one in measure.measure(asked, measure.load()))
    head = str(tmp_path / "harm.safetensors")
    said = {"name": "harm", "model": model.name, "threshold": "0.0"}
    save_file({"0.weight": np.array([red - green], np.float32), "0.bias": np.zeros(1, np.float32)}, head, metadata=said)
    score, run = ScoreConfig(model=model, min_score=1.0, heads=(head,)), RunConfig(memory=str(tmp_path))
    config = resolve("demo").model_copy(update={"score": score, "run": run})
    ledger = Ledger()

    def check(safe):
        assert [(one.key, one.media.measured["unsafe/harm"] < 0.0) for one in safe] == [("g", True)]

    def check_reasons(rejected):
        assert {one.key: one.reason for one in rejected} == {"g": Reason.LOW_CLIP_SCORE, "r": Reason.UNSAFE_IMAGE}

    with TestPipeline(runner=FnApiRunner()) as pipeline:
        pairs = pipeline | "Pairs" >> beam.Create([pair("r", media["red"]), pair("g", media["green"])], reshuffle=False)
        documents = pipeline | "Documents" >> beam.Create([], reshuffle=False)
        models = curation.models_of(config, root)
        known = pipeline | ReadTables({}, curation.memory_of(config, root), models.measures)
        at = curation._Asking(models, known, config, ledger)
        kept, _, safe = curation._scored(pairs, documents, at)
        assert_that(safe, check, label="safe")
        assert_that(kept, is_empty(), label="kept")
        assert_that(ledger.entries() | beam.Filter(isinstance, Rejection), check_reasons, label="rejected")
