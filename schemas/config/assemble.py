"""Settings of assemble: which documents are left once their media are in place."""

from pydantic import NonNegativeInt, PositiveInt

from lamella.schemas.config.timed import Timed


class AssembleConfig(Timed):
    max_images: PositiveInt = 30  # OBELICS
    min_images: PositiveInt = 1
    min_words: NonNegativeInt = 10  # OBELICS; after pruning
    max_characters: PositiveInt = 1_000_000  # recipes, Limits
    videos_count: bool = True  # a document with a video but no image is kept for its clips
