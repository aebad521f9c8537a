"""P6: half of all pairs have one alt, half of all documents one picture, and a stage costs what it costs without them."""

import time

import apache_beam as beam
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from lamella.schemas.config import PairConfig
from lamella.schemas.document import FilteredPage, ImageNode, InterleavedDocument, TextNode, with_phi
from lamella.schemas.keys import stable_key
from lamella.schemas.media import BlobRef, Container, Media, MediaKind
from lamella.schemas.page import Provenance
from lamella.transforms.base.join_media import JoinMedia
from lamella.transforms.pair.stage import CANDIDATES_USE, MinePairs, ProposePairs

DOCUMENTS = 1200
COUNTS: dict[str, int] = {}


def document(number: int, hot: bool) -> InterleavedDocument:
    """One page with one picture; `hot` ones share alt and picture."""
    name = "logo" if hot else f"picture-{number}"
    alt = "the same words on every page" if hot else f"words of picture {number} alone"
    blob = BlobRef(path="p.tar", offset=0, length=1, container=Container.RAW)
    url = f"https://a.example/{name}.png"
    facts = {"sha256": stable_key(name), "mime": "image/png", "bytes": 1, "width": 300, "height": 300, "source": "http"}
    media = Media(url=url, kind=MediaKind.IMAGE, blob=blob, **facts)
    nodes = (TextNode(text="A text.", position=0), ImageNode(url=url, position=1, alt=alt, media=media))
    key = stable_key("page", number)
    return InterleavedDocument(
        key=key,
        url=f"https://a.example/{number}",
        nodes=with_phi(nodes),
        provenance=Provenance(archive="a.warc.gz", offset=number, length=1),
    )


def mined(documents: list[InterleavedDocument]) -> tuple[int, int, float]:
    """(pairs kept, pairs rejected, CPU seconds)."""
    COUNTS.clear()
    start = time.process_time()
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        pages = pipeline | beam.Create(documents).with_output_types(InterleavedDocument)
        filtered = pages | "Filtered" >> beam.Map(lambda page: FilteredPage(page=page))
        proposed = filtered | ProposePairs(PairConfig(languages=None))
        media = pages | "Media" >> beam.FlatMap(lambda page: [node.media for node in page.images]) | beam.Distinct()
        none = pipeline | "Unusable" >> beam.Create([])
        found = {"candidates": proposed.kept, "media": media, "unusable": none}
        out = (found | JoinMedia({"candidates": CANDIDATES_USE}))["candidates"] | MinePairs(PairConfig())
        rejected = (out.rejected, proposed.rejected) | beam.Flatten()
        for name, records in (("kept", out.kept), ("rejected", rejected)):
            records | f"Count {name}" >> beam.combiners.Count.Globally() | f"Note {name}" >> beam.Map(_note, name)
    return COUNTS["kept"], COUNTS["rejected"], time.process_time() - start


def _note(total: int, name: str) -> None:
    COUNTS[name] = total  # the pipeline runs in this process


def test_an_alt_of_half_of_all_pairs_costs_no_more_than_many_alts():
    uniform = mined([document(number, hot=False) for number in range(DOCUMENTS)])
    hot = mined([document(number, hot=number % 2 == 0) for number in range(DOCUMENTS)])
    assert uniform[:2] == (DOCUMENTS, 0)
    assert hot[0] + hot[1] == DOCUMENTS and hot[0] == DOCUMENTS // 2 + 1  # of the copies of one pair, one stays
    assert hot[2] < 3 * uniform[2]
