"""Settings of score: when CLIP's similarity takes a pair or an image out."""

from typing import Literal

from pydantic import model_validator

from lamella.schemas.bounds import Cosine
from lamella.schemas.config.models import ModelConfig
from lamella.schemas.config.timed import Timed


class ScoreConfig(Timed):
    """CLIP's similarity of texts and pictures. `when` says which pairs it judges.

    `before`: the web's texts, ahead of the matcher; a picture whose text leaves is captioned all the same. `after`: every text
    that the matcher kept, synthetic ones too. `never`: none; where the model runs for documents, pairs keep their score.
    """

    model: ModelConfig = ModelConfig()
    when: Literal["never", "before", "after"] = "before"  # the matcher judges texts; LAION and DataComp know CLIP alone
    min_score: Cosine | None = 0.25  # of a pair; DataComp, ViT-B/32. Model-specific
    min_node_score: Cosine | None = None  # of an image and its nearest text; mmc4 0.15 with ViT-L/14
    documents: bool = True  # score images of documents too
    heads: tuple[str, ...] = ()  # paths of safetensors that judge what the model sees: unsafe pictures, or a measure only

    @model_validator(mode="after")
    def _heads_see_documents(self) -> "ScoreConfig":
        if self.heads and not self.documents:
            raise ValueError("heads need documents=true: a picture that leaves a pair must leave its document too")
        return self

    @property
    def on(self) -> bool:
        """Whether anything reads a score; else no model is loaded, and records have none."""
        return self.documents or (self.when != "never" and self.min_score is not None)
