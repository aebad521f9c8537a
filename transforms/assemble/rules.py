"""When a pruned document leaves: the rules on a document whose media are in place."""

from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.rejection import Reason, Stage, Unit
from lamella.transforms.base.rule import Over, RuleScope, Under
from lamella.transforms.formats.words import words as words_of


def images(document: InterleavedDocument) -> int:
    return len(document.images)


def characters(document: InterleavedDocument) -> int:
    return len(document.text)


def words(document: InterleavedDocument) -> int:
    return len(words_of(document.text))


def has_no_clip(document: InterleavedDocument, limits: AssembleConfig) -> bool:
    """No video keeps the document for its clips."""
    return not (limits.videos_count and document.videos)


RULES = RuleScope(Stage.ASSEMBLE, Unit.DOCUMENT, "assemble", AssembleConfig).book(
    "assembled document",
    Under(Reason.NO_IMAGE_LEFT, images, "min_images", when=has_no_clip, source="Flamingo"),
    Over(Reason.TOO_MANY_IMAGES, images, "max_images"),
    Over(Reason.TOO_MANY_CHARACTERS, characters, "max_characters"),  # before words: it bounds what counting them costs
    Under(Reason.TOO_FEW_WORDS, words, "min_words"),
)
