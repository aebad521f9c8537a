"""The sample web as files: the same bytes for the same seed, records that other readers read, and a ledger that is true."""

import gzip
import hashlib
import io
from collections import Counter
from html.parser import HTMLParser
from itertools import chain
from urllib.request import urlopen

import av
import pytest
from PIL import Image
from warcio.archiveiterator import ArchiveIterator

from lamella.pipeline.recipes import demo
from lamella.sample import fixtures, rejected_pages
from lamella.sample.edge_cases_records import cut
from lamella.sample.ledger import lines, read_ledger
from lamella.sample.pages import draft
from lamella.sample.plan import GROUPS, PAGE_OUTCOMES, ROUND, plan
from lamella.sample.server import FORBIDDEN_URL, OUTCOMES, SampleServer, http_page
from lamella.sample.warc import Exchange, WarcWriter, pack
from lamella.sample.web import EDGE_CASE_NAME, planned_page, write_sample
from lamella.schemas.rejection import Reason
from lamella.transforms.pair.corpus import tokens_of

PAGES, SEED = 150, 3
OVER_HTTP = {"timed_out", "connection_failed", "http_error", "too_many_redirects", "forbidden_address"}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    folder = tmp_path_factory.mktemp("web")
    heard = []
    summary = write_sample(folder, PAGES, SEED, progress=heard.append)
    assert heard == list(range(1, PAGES + 1))
    return folder, summary, read_ledger(folder / "ledger.jsonl")


@pytest.fixture(scope="module")
def responses(web):
    """URL -> (headers, body) of the first responses, as warcio reads them."""
    found = {}
    with open(web[0] / "sample-00000.warc.gz", "rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            url = record.rec_headers.get_header("WARC-Target-URI")
            found[url] = (record.http_headers, record.raw_stream.read())
            cut_short = record.rec_headers.get_header("WARC-Truncated") == "length"
            assert cut_short == ("/fate/truncated_media/" in url)
            if len(found) == 200:
                return found
    raise AssertionError("fewer records than expected")


def digests(folder):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_same_seed_same_bytes(tmp_path):
    for name in ("one", "two"):
        write_sample(tmp_path / name, 12, 5)
    write_sample(tmp_path / "other", 12, 6)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert digests(tmp_path / "one") != digests(tmp_path / "other")


def test_what_stands_stays_and_what_is_stale_goes(tmp_path):
    write_sample(tmp_path, 3, 5)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    (tmp_path / "sample-00007.warc.gz").write_bytes(b"of a larger web")
    write_sample(tmp_path, 3, 5)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    write_sample(tmp_path, 4, 5)
    changed = {name for name, time in before.items() if (tmp_path / name).stat().st_mtime_ns != time}
    assert changed == {"sample-00000.warc.gz", "ledger.jsonl", "README.txt"}


def test_summary_counts_what_lies_there(web):
    folder, summary, ledger = web
    archives = sorted(folder.glob("*.warc.gz"))
    assert [path.name for path in archives] == ["sample-00000.warc.gz", EDGE_CASE_NAME]
    assert summary.files == 2 and summary.pages == PAGES == len(ledger.pages)
    assert summary.bytes == sum(path.stat().st_size for path in archives)
    assert (folder / "README.txt").read_text().startswith("A small web")


def test_other_readers_read_the_records(responses):
    for url, (headers, body) in responses.items():
        assert headers.get_header("Content-Length") == str(len(body)) or "/fate/truncated_media/" in url
    kinds = Counter(headers.get_header("Content-Type").partition(";")[0] for headers, _ in responses.values())
    assert kinds["image/jpeg"] > 100 and kinds["text/html"] >= 30 and kinds["video/mp4"] > 1


def test_members_do_not_depend_on_the_clock():
    assert pack(b"record", 6) == pack(b"record", 6)
    assert gzip.decompress(pack(b"record", 1)) == b"record"
    with pytest.raises(EOFError):
        gzip.decompress(cut(pack(b"record" * 9, 6)))


def test_files_roll_over(tmp_path):
    with WarcWriter(tmp_path, max_bytes=4000) as warc:
        for n in range(12):
            warc.write(Exchange(url=f"https://a.example/{n}", body=bytes(range(256)) * 2, mime="image/png", level=0))
    names = [path.name for path in sorted(tmp_path.iterdir())]
    assert names == [f"sample-{n:05d}.warc.gz" for n in range(warc.files)] and warc.files > 1
    for name in names:
        with open(tmp_path / name, "rb") as stream:
            assert next(iter(ArchiveIterator(stream))).rec_type == "warcinfo"


def responses_of(archive):
    with open(archive, "rb") as stream:
        found = [record for record in ArchiveIterator(stream) if record.rec_type == "response"]
        return [record.rec_headers.get_header("WARC-Record-ID") for record in found]


def test_archives_share_the_pages_out(tmp_path):
    """The web is the same, in another number of files."""
    for archives in (1, 3):
        summary = write_sample(tmp_path / str(archives), 12, 5, archives=archives)
        assert summary.files == archives + 1
    (one,), three = (sorted((tmp_path / name).glob("sample-0*.gz")) for name in "13")
    assert [path.name for path in three] == [f"sample-0000{n}.warc.gz" for n in range(3)]
    shares = [responses_of(path) for path in three]
    assert list(chain(*shares)) == responses_of(one) and min(map(len, shares)) > 10
    first, second = (read_ledger(tmp_path / name / "ledger.jsonl") for name in "13")
    assert first.pages == second.pages and first.outcomes() == second.outcomes()


@pytest.mark.parametrize("archives", [0, 13])
def test_an_archive_has_a_page_at_least(tmp_path, archives):
    with pytest.raises(ValueError, match=f"{archives} archives for 12 pages"):
        write_sample(tmp_path, 12, 5, archives=archives)
    assert not any(tmp_path.iterdir())


def test_every_reason_is_some_things_outcome(web):
    outcomes = web[2].outcomes()
    # A crash is no page's; an inline picture has no address; of two texts that match the sample's recipe keeps both.
    assert outcomes == {str(reason) for reason in Reason} - {"crashed", "inline_image", "other_text_kept"} - OVER_HTTP
    assert set(OUTCOMES) | {"forbidden_address"} >= OVER_HTTP


def test_most_pages_are_good_and_have_pictures(web):
    good = [page for page in web[2].pages.values() if not page["outcome"]]
    assert len(good) > 100
    assert all(page["language"] == "en" and len(page["images"]) >= 2 for page in good)
    assert {page["genre"] for page in good} == {"article", "gallery", "shop", "blog", "recipe", "catalogue"}
    assert sum(bool(page["clips"]) for page in good) >= 10


def test_the_ledger_marks_wrong_alts(web):
    alts = [alt for image in web[2].images.values() if not image["outcome"] for alt in image["alts"]]
    assert 0.18 < sum(alt["wrong"] for alt in alts) / len(alts) < 0.33
    for image in web[2].images.values():
        for alt in image["alts"]:
            said = alt["alt"].lower()
            named = [c in said and s in said for c, s in zip(image["facts"]["colours"], image["facts"]["shapes"], strict=True)]
            if alt["wrong"]:
                assert not any(named)
            elif alt["outcome"] in (None, "duplicate_pair") and image["facts"]["kind"] in ("single", "group"):
                assert all(named)


def test_pictures_and_films_are_what_the_ledger_says(web, responses):
    _, _, ledger = web
    looked_at = 0
    for url, image in ledger.images.items():
        if image["outcome"] is None and url in responses:
            with Image.open(io.BytesIO(responses[url][1])) as picture:
                picture.load()
                assert min(picture.size) >= 200
            looked_at += 1
    assert looked_at > 100
    for url, clip in ledger.clips.items():
        if clip["outcome"] is None and url in responses:
            with av.open(io.BytesIO(responses[url][1])) as container:
                assert container.duration / av.time_base == pytest.approx(clip["duration_s"], abs=0.3)


def test_pages_show_the_pictures_of_their_line(web, responses):
    for url, page in web[2].pages.items():
        if page["outcome"] is None and url in responses:
            names = {image.rpartition("/")[2] for image in page["images"]}
            seen = _Attributes.of(responses[url][1].decode())
            assert all(any(value.split(" ")[0].endswith(name) for value in seen) for name in names)


class _Attributes(HTMLParser):
    @classmethod
    def of(cls, html):
        parser = cls()
        parser.values = []
        parser.feed(html)
        return parser.values

    def handle_starttag(self, tag, attrs):
        self.values += [value or "" for _, value in attrs]


def test_addresses_name_the_outcome(web):
    """A refused picture's URL, or its page's, names the reason; copies of pages cannot."""
    for url, page in web[2].pages.items():
        if page["outcome"] not in (None, "same_url"):
            assert f"/fate/{page['outcome']}/" in url
        for image in page["images"]:
            outcome = web[2].images[image]["outcome"]
            assert not outcome or f"/fate/{outcome}/" in image or "/fate/no_image_left/" in url


def test_plans_hold_everything_once_and_then_less_and_less():
    first = [plan(SEED, index) for index in range(ROUND)]
    assert Counter(chosen.outcome for chosen in first if chosen.outcome) == Counter(PAGE_OUTCOMES)
    assert {name.partition("/")[0] for name in PAGE_OUTCOMES} == set(rejected_pages.reasons())
    chosen_fixtures = Counter(fixture.reason for chosen in first for fixture in chosen.fixtures)
    assert chosen_fixtures == {reason: GROUPS.get(reason, 1) for reason in fixtures.reasons()}
    later = [plan(SEED, index) for index in range(20 * ROUND, 40 * ROUND)]
    assert sum(bool(chosen.outcome) for chosen in later) < 0.08 * len(later)
    dear = ("page_too_costly", "too_many_characters", "too_many_words")
    assert not any(chosen.outcome in dear or "record_too_large" in chosen.edge_case_records for chosen in later)


@pytest.mark.parametrize("pages", [1, 12, 30, 60, 100, 149, 150, 200, 1000])
def test_what_only_many_pages_make_true_is_whole_or_left_out(pages):
    found = Counter((fixture.reason, fixture.group) for index in range(pages) for fixture in plan(SEED, index, pages).fixtures)
    groups = {reason: count for (reason, _), count in found.items() if reason in GROUPS}
    assert all(count == GROUPS[reason] for (reason, _), count in found.items() if reason in GROUPS)
    assert (set(groups) == set(GROUPS)) is (pages >= 100)
    alone = [plan(SEED, index, pages) for index in range(min(pages, ROUND))]
    assert [one.outcome for one in alone] == [plan(SEED, index).outcome for index in range(min(pages, ROUND))]


def test_no_word_of_a_picture_with_too_many_alts_is_rare():
    """Else one of the four would leave as `rare_token`, and three are not too many."""
    count, limits = GROUPS["too_many_alts"], demo().pair
    for seed in range(60):
        group = f"{seed}/0/too_many_alts"
        wanted = [
            fixtures.Fixture(reason="too_many_alts", key=f"{group}/{place}", group=group, place=place) for place in range(count)
        ]
        pages = [fixtures.with_fixture(draft(seed, 10), fixture) for fixture in wanted]
        alts = [shown.alt for page in pages for shown in page.shown if shown.alt_outcome]
        assert len(set(alts)) == count > limits.max_alts_per_image
        assert min(Counter(token for alt in alts for token in tokens_of(alt)).values()) >= limits.min_token_count
        assert all(limits.min_alt_words <= len(alt.split()) <= limits.max_alt_words for alt in alts)


def test_a_page_needs_no_other_page():
    """What makes memory independent of the number of pages: index 99,999 is drawn alone, and in no time."""
    index = 99_999
    page = planned_page(SEED, index, plan(SEED, index))
    assert page.html(SEED) == planned_page(SEED, index, plan(SEED, index)).html(SEED)
    assert f"-{index}.html" in page.url


def test_prose_is_varied():
    """No paragraph twice, and no two pages that share a tenth of their 5-grams, but for what they say of pictures."""
    shingles = []
    for index in range(60):
        texts = [block.text for block in draft(9, index).blocks if block.kind == "p"]
        assert len(texts) == len(set(texts))
        words = " ".join(texts).lower().split()
        shingles.append({tuple(words[at : at + 5]) for at in range(len(words) - 4)})
    worst = max(len(a & b) / len(a | b) for at, a in enumerate(shingles) for b in shingles[:at])
    assert worst < 0.2


def test_http_page_and_server(tmp_path):
    with SampleServer(slow_s=0.1) as server:
        page = http_page(draft(1, 0), server.base)
        urls = {shown.picture.url: shown.picture.outcome for shown in page.shown}
        assert set(urls.values()) == {"", *OUTCOMES, "forbidden_address"} and FORBIDDEN_URL in urls
        good = next(url for url, outcome in urls.items() if not outcome)
        with urlopen(good) as answer, Image.open(answer) as picture:
            assert picture.size == (300, 240)
        assert b"Disallow: /fate/opted_out/" in urlopen(f"{server.base}/robots.txt").read()
        for outcome in ("timed_out", "connection_failed", "http_error", "too_many_redirects"):
            with pytest.raises(OSError):
                urlopen(f"{server.base}/fate/{outcome}/sheet.jpg")
        assert server.requests["/robots.txt"] == 1
        write_sample(tmp_path, 2, 1, http_base=server.base)
    ledger = read_ledger(tmp_path / "ledger.jsonl")
    assert ledger.outcomes() >= OVER_HTTP
    assert sum(line["kind"] == "page" for line in lines(tmp_path / "ledger.jsonl")) == 3
