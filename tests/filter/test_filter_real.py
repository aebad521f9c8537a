"""Language of real pages, against labels by script and stop words."""

import gzip
import json
import zlib
from collections import Counter

import pytest
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding

from lamella.schemas.config import ReadConfig
from lamella.transforms.formats.content_encoding import html_size_limits
from lamella.transforms.formats.language import detect_language
from lamella.transforms.formats.warc import decoded_body, parse_record

pytestmark = pytest.mark.real


def test_languages_of_real_pages(real_data):
    """Of every page that is not English, and of one English page in ten."""
    with gzip.open(real_data / "web" / "pages.jsonl.gz", "rt") as lines:
        pages = [page for page in map(json.loads, lines) if page["lang"]]
    pages = [page for index, page in enumerate(pages) if page["lang"] != "en" or index % 10 == 0]
    right, wrong = 0, Counter()
    for page in pages:
        with (real_data / "web" / page["warc"]).open("rb") as archive:
            archive.seek(page["offset"])
            record = zlib.decompressobj(31).decompress(archive.read(page["bytes"] * 2 + (1 << 16)))
        body = decoded_body(parse_record(record), html_size_limits(ReadConfig())).data
        text = extract_plain_text(bytes_to_str(body, detect_encoding(body)), main_content=True)
        if len(text) < 300:
            continue
        code = detect_language(text).code
        if code == page["lang"]:
            right += 1
        else:
            wrong[page["lang"], code] += 1
    assert right > 300
    assert right / (right + wrong.total()) > 0.97, wrong
