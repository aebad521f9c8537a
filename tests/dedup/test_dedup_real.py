"""Near duplicates among real pages: how many of the known pairs are found, and that no pair is found that is not one."""

import gzip
import json
import zlib
from itertools import combinations

import pytest
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from lamella.schemas.config import DedupConfig, ReadConfig
from lamella.schemas.document import InterleavedDocument, TextNode
from lamella.schemas.page import Provenance
from lamella.transforms.dedup.signature import fingerprint, shingles
from lamella.transforms.formats.content_encoding import html_size_limits
from lamella.transforms.formats.warc import decoded_body, parse_record

pytestmark = pytest.mark.real

CONFIG = DedupConfig()


@pytest.fixture(scope="module")
def texts(real_data) -> dict[str, str]:
    """url -> main text, of the pages that the list of near duplicates names."""
    pairs = map(json.loads, (real_data / "near_dups.jsonl").read_text().splitlines())
    wanted = {url for pair in pairs for url in (pair["url_a"], pair["url_b"])}
    with gzip.open(real_data / "web" / "pages.jsonl.gz", "rt") as pages:
        places = [page for page in map(json.loads, pages) if page["url"] in wanted]
    found = {}
    for place in places:
        with (real_data / "web" / place["warc"]).open("rb") as archive:
            archive.seek(place["offset"])
            record = zlib.decompressobj(31).decompress(archive.read(place["bytes"] * 2 + (1 << 16)))
        body = decoded_body(parse_record(record), html_size_limits(ReadConfig())).data
        found[place["url"]] = extract_plain_text(bytes_to_str(body, detect_encoding(body)), main_content=True)
    return found


def jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def may_be_alike(one: int, other: int, similarity: float) -> bool:
    return min(one, other) >= similarity * max(one, other)


def test_known_pairs_are_found_and_no_others(texts):
    """14 bands of 8 rows find a pair of similarity 0.9 with probability 0.9997, of 0.8 with 0.92, of 0.4 with 0.01."""
    grams = {url: set(shingles(text, CONFIG.shingle_words)) for url, text in texts.items()}
    bands = {url: set(fingerprint(document(url, text), CONFIG).bands) for url, text in texts.items()}
    pairs = list(combinations(sorted(texts), 2))
    found = {pair for pair in pairs if not bands[pair[0]].isdisjoint(bands[pair[1]])}
    # Sets are no more alike than their sizes: most pairs need not be compared.
    near = {pair for pair in pairs if may_be_alike(*(len(grams[url]) for url in pair), 0.8)}
    truth = {pair: jaccard(*(grams[url] for url in pair)) for pair in near | found}
    alike = {pair for pair, similarity in truth.items() if similarity >= 0.8}
    assert len(alike) > 50
    assert len(alike & found) / len(alike) > 0.95
    assert sum(truth[pair] >= 0.5 for pair in found) / len(found) > 0.95
    assert min(truth[pair] for pair in found) > 0.3


def document(url: str, text: str) -> InterleavedDocument:
    provenance = Provenance(archive="", offset=0, length=0)
    return InterleavedDocument(key=url, url=url, nodes=(TextNode(text=text, position=0),), provenance=provenance)
