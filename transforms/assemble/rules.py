"""When a pruned document leaves: (reason, predicate) rows over a document whose media are in place."""

from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.rejection import Reason
from lamella.transforms.rules import Rule
from lamella.transforms.words import words


def has_no_image_left(document: InterleavedDocument, limits: AssembleConfig) -> bool:
    """Fewer images than asked for, and no video that keeps the document for its clips."""
    return len(document.images) < limits.min_images and not (limits.videos_count and document.videos)


RULES = (
    Rule(
        Reason.NO_IMAGE_LEFT,
        has_no_image_left,
        lambda document, limits: f"{len(document.images)} < {limits.min_images}",
    ),
    Rule(
        Reason.TOO_MANY_IMAGES,
        lambda document, limits: len(document.images) > limits.max_images,
        lambda document, limits: f"{len(document.images)} > {limits.max_images}",
    ),
    Rule(
        Reason.TOO_MANY_CHARACTERS,  # before words: it bounds what counting them costs
        lambda document, limits: len(document.text) > limits.max_characters,
        lambda document, limits: f"{len(document.text)} > {limits.max_characters}",
    ),
    Rule(
        Reason.TOO_FEW_WORDS,
        lambda document, limits: len(words(document.text)) < limits.min_words,
        lambda document, limits: f"{len(words(document.text))} < {limits.min_words}",
    ),
)
