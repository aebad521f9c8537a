"""Pairs that a run kept, and pairs held out once -> the loss of a small fixed model trained on the first, on the second."""

from lamella.schemas.errors import TrainingError
from lamella.trainer.contrastive.config import resolve
from lamella.trainer.contrastive.export import unseen
from lamella.trainer.contrastive.train import train
from lamella.trainer.evaluation.contrastive import captioning_loss
from lamella.weights import load

RECIPE = "round-probe"


def probe(shards: str, held_out: str, output: str, overrides: dict[str, str]) -> float:
    """Nats a token of the held-out texts, for a model that `RECIPE` trains on `shards`.

    Args:
        shards: the run's folder of shards.
        held_out: a folder of shards whose validation split is read.
        output: folder of the model.
        overrides: of the recipe.

    Raises:
        TrainingError: there is nothing to train on, or nothing held out.
    """
    config = resolve(RECIPE, overrides)
    train(shards, RECIPE, output, overrides)
    loaded = load(config.model, output, "scorer", device=config.device)
    images, texts = unseen(config, held_out, loaded.image_size)
    if not texts:
        raise TrainingError(f"shards={held_out}: no validation sample of {', '.join(config.datasets)}")
    return captioning_loss(loaded, images, loaded.tokenize(texts))
