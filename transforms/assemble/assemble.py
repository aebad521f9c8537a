"""A document and its media -> the pruned document with phi, and a Rejection for every node or document that left."""

from collections.abc import Iterable
from dataclasses import dataclass

from lamella.schemas.config import AssembleConfig
from lamella.schemas.document import InterleavedDocument
from lamella.schemas.media import Media
from lamella.schemas.quick_pickle import quick_pickle
from lamella.schemas.rejection import Rejection, Stage
from lamella.transforms.assemble.media import Found, place_media, url_of
from lamella.transforms.assemble.rules import RULES
from lamella.transforms.base.reject import reject_document
from lamella.transforms.base.rule import apply_rules


@quick_pickle
@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A document beside everything that is known of its media."""

    document: InterleavedDocument
    found: tuple[Media | Rejection, ...]

    @property
    def key(self) -> str:
        return self.document.key

    @property
    def url(self) -> str:
        return self.document.url


def assemble_joined(joined: Joined, config: AssembleConfig) -> Iterable[InterleavedDocument | Rejection]:
    """`assemble_document` over what a join gives; a URL that was found and rejected counts as found."""
    found: dict[str, Media | Rejection] = {}
    for answer in sorted(joined.found, key=_order):
        found.setdefault(url_of(answer), answer)
    return assemble_document(joined.document, found, config)


def assemble_document(
    document: InterleavedDocument, found: Found, config: AssembleConfig
) -> Iterable[InterleavedDocument | Rejection]:
    """Puts media in place, takes out nodes that have none, judges what is left, and sets phi.

    One bad image never costs a document: it leaves alone, and the document is judged without it.

    Args:
        document: as deduplicated; its image nodes carry no media yet.
        found: by canonical URL, the Media, or the Rejection that says why there is none.

    Yields:
        NODE Rejections in reading order, then the document, or its own Rejection, whose `nodes` are those left in it.
    """
    nodes = []
    for node in place_media(document, found):
        if isinstance(node, Rejection):
            yield node
        else:
            nodes.append(node)
    pruned = document.with_nodes(nodes)
    if violation := apply_rules(RULES, pruned, config):
        yield reject_document(Stage.ASSEMBLE, pruned, violation)
    else:
        yield pruned


def _order(answer: Media | Rejection) -> tuple:
    """Media before Rejections; among several for one URL always the same first."""
    if isinstance(answer, Rejection):
        return (1, url_of(answer), answer.reason.value, answer.detail)
    return (0, answer.url, answer.kind.value, answer.sha256, answer.blob.path, answer.blob.offset)
