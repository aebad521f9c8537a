"""Documents and pairs -> what the scorer answers for them."""

from store_world import store_at

from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode, VideoNode, with_phi
from lamella.schemas.page import Provenance
from lamella.transforms.score.embeddings import PictureEmbeddings, TextEmbeddings
from lamella.transforms.score.questions import pictures_of, texts_of


def document(key, *parts):
    nodes = tuple(
        TextNode(text=part, position=at)
        if isinstance(part, str)
        else (ImageNode if part.sha256 != "clip" else VideoNode)(url=part.url, position=at, media=part)
        for at, part in enumerate(parts)
    )
    return InterleavedDocument(
        key=key,
        url=f"https://x.org/{key}",
        nodes=with_phi(nodes),
        provenance=Provenance(archive="a.warc", offset=3, length=9),
    )


def embedded(loaded, scorer, root, *records):
    """Key -> embedding of all that the records show and say, in batches as they come."""
    pictures = PictureEmbeddings(model=scorer, identity="tiny", store=store_at(root))
    texts = TextEmbeddings(model=scorer, identity="tiny")
    found = {}
    for measure, asked_of in ((pictures, pictures_of), (texts, texts_of)):
        asked = list({request.key: request for record in records for request in asked_of(record)}.values())
        for start in range(0, len(asked), measure.lot):
            found |= {one.key: one for one in measure.measure(asked[start : start + measure.lot], loaded)}
    return found
