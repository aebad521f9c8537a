"""The report: exact numbers, the same bytes twice, and foreign text that stays text in the page and in the terminal."""

import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.console import Console
from run_folder import (
    SITE,
    ImageNode,
    InterleavedDocument,
    Media,
    Pack,
    Rejection,
    TextNode,
    document,
    image_pair,
    media,
    put_table,
    rejection,
    small_run,
    write_run,
)

from lamella.pipeline.empty import nothing_left
from lamella.pipeline.recipes import demo
from lamella.reporting.report import build_report, write_report
from lamella.reporting.report_text import past_limits, print_report
from lamella.reporting.samples import clean
from lamella.schemas.account import Counter, CounterKind
from lamella.schemas.media import ArchiveMedia, MediaLink
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Stage, Unit

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>"
    "{{ 7*7 }}</title></style><iframe srcdoc='x'>\x1b[31mred\x1b]8;;http://x\x07\x00\u202etxt.exe"
)
EVIL_URL = "javascript:alert(1)//\"><a href='javascript:alert(2)' onclick=alert(3)>"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    return small_run(tmp_path_factory.mktemp("run") / "small")


@pytest.fixture(scope="module")
def report(run) -> dict:
    return write_report(run)


@pytest.fixture(scope="module")
def page(run, report) -> str:
    return Path(run, "report.html").read_text(encoding="utf-8")


def printed(report: dict, **how) -> str:
    out = io.StringIO()
    print_report(report, Console(file=out, width=100, **how))
    return out.getvalue()


def test_headline_and_funnel(report):
    assert report["headline"] == {
        "archives": 2,
        "records": 20,
        "pages": 10,
        "documents": 4,
        "media": 6,
        "pairs": {"align": 2, "ltip": 1, "vtp": 1},
        "shards": 4,
        "bytes": 8000,
    }
    steps = {name: [(step["label"], step["count"]) for step in found] for name, found in report["funnel"].items()}
    assert steps == {
        "documents": [("records", 20), ("pages", 10), ("documents", 8), ("filtered", 6), ("unique", 5), ("assembled", 4)],
        "media": [("links", 9), ("usable", 6)],
        "pairs": [("proposed", 9), ("well-worded", 7), ("shown", 7), ("scored", 5), ("matched", 4)],
    }


def test_a_run_that_adds_up_says_so(report, page):
    assert report["conservation"]["balanced"]
    assert len(report["conservation"]["lines"]) == 21
    assert past_limits(report) == []
    assert "Every number adds up" in page
    assert "every sum adds up" in printed(report)


def test_reasons_have_counts_and_shares(report):
    found = {
        (row["stage"], row["unit"], row["reason"]): (row["count"], row["nodes"], row["share"]) for row in report["reasons"]
    }
    assert len(found) == 17
    assert found["read", "record", "not_html"] == (4, 0, 0.2)
    assert found["filter", "document", "too_few_words"] == (1, 4, 0.125)
    assert found["score", "pair", "low_clip_score"] == (2, 0, 2 / 7)
    assert report["guards"] == {"passed": True, "crashes": [], "greedy_rules": []}


def test_distributions_hold_kept_and_rejected(report):
    shown = report["distributions"]
    scores = shown["clip_scores"]
    filled = {
        name: [round(scores["edges"][at], 2) for at, count in enumerate(counts) if count]
        for name, counts in scores["series"].items()
    }
    assert filled["kept"] == pytest.approx([0.29, 0.3, 0.31], abs=0.0101)
    assert filled["rejected"] == pytest.approx([-0.05, 0.21], abs=0.0101)
    assert shown["languages"] == {"kept": {"en": 4}, "rejected": {"de": 1}}
    assert shown["sources"] == {"align/alt": 1, "align/synthetic": 1, "ltip/alt": 1, "vtp/caption": 1}
    assert shown["image_sizes"]["total"] == 6
    assert sum(shown["images_per_document"]["series"]["documents"]) == 4
    assert shown["images_per_document"]["series"]["documents"][1:5] == [1, 1, 1, 1]
    assert sum(shown["words_per_document"]["series"]["documents"]) == 4
    assert {name: sum(counts) for name, counts in shown["matches"]["series"].items()} == {
        "web": 1,
        "synthetic": 1,
        "web, rejected": 2,
    }
    assert {name: sum(counts) for name, counts in shown["caption_words"]["series"].items()} == {"align": 2, "ltip": 1, "vtp": 1}


def test_samples_and_their_pictures(report):
    samples = report["samples"]
    assert len(samples["documents"]) == 4
    assert [one["dataset"] for one in samples["pairs"]] == ["align", "align", "ltip", "vtp"]
    rejected = {one["url"] or one["key"]: one for one in samples["rejected"] if one["unit"] == "media"}
    assert "blob" in rejected[f"{SITE}/tiny.jpg"]
    assert "blob" not in rejected[f"{SITE}/unsafe.jpg"]
    assert "blob" not in rejected[f"{SITE}/mine.jpg"]
    scored = [one for one in samples["rejected"] if one["stage"] == "score" and one["unit"] == "pair"]
    assert [one["sample"] for one in scored] and all("blob" in one for one in scored)
    assert not [one for one in samples["rejected"] if one["reason"] == "unusable_media" and "blob" in one]


def test_the_same_run_gives_the_same_bytes(run, report, page):
    first = Path(run, "report.json").read_bytes()
    assert json.loads(first) == json.loads(json.dumps({name: value for name, value in report.items() if name != "path"}))
    write_report(run)
    assert Path(run, "report.json").read_bytes() == first
    assert Path(run, "report.html").read_text(encoding="utf-8") == page
    assert list(json.loads(first)) == sorted(json.loads(first))


def test_the_page_needs_nothing_and_stays_small(page):
    assert len(page) < 8_000_000
    tags = Tags.of(page)
    assert tags.active == []
    assert tags.policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
    assert tags.images and all(source.startswith("data:image/jpeg;base64,") for source in tags.images)
    assert not re.search(r"url\(|@import|https?://", tags.style)


def test_an_unbalanced_run_is_told(tmp_path):
    run = small_run(tmp_path / "run")
    lost = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.MADE, count=2)
    kept = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.KEPT, count=1)
    made = Counter(stage=Stage.FETCH, unit=Unit.MEDIA, kind=CounterKind.MADE, count=9)
    put_table(Path(run, "counters/media"), Counter, [made, replace(kept, count=6), lost, kept])
    report = write_report(run)
    assert not report["conservation"]["balanced"]
    assert [(line["stage"], line["missing"]) for line in report["conservation"]["lines"] if not line["balanced"]] == [
        ("fetch", 1)
    ]
    assert past_limits(report) == [
        "fetch, media: +1 missing in the accounts",
        "the accounts disagree: media that fetch kept = rows of media/: 7 and 6",
    ]
    text = printed(report)
    assert "+1 missing" in text
    assert "the sums do NOT add up" in text
    assert "The sums do not add up" in Path(run, "report.html").read_text()


def test_crashes_and_greedy_rules_are_told(tmp_path):
    counters = [
        Counter(stage=Stage.EXTRACT, unit=Unit.PAGE, kind=CounterKind.IN, count=10),
        Counter(stage=Stage.EXTRACT, unit=Unit.PAGE, kind=CounterKind.KEPT, count=2),
    ]
    gone = [
        *(rejection("extract", "page", "no_media", f"m{n}", url=f"{SITE}/{n}") for n in range(7)),
        rejection("extract", "page", "crashed", "c", detail="ValueError: no"),
    ]
    run = write_run(tmp_path / "run", {"counters/documents": (Counter, counters), "rejections/documents": (Rejection, gone)})
    report = write_report(run)
    assert past_limits(report) == ["extract, page: 1 of 10 crashed, above run.max_crash_ratio 0.05"]
    assert [(row["reason"], row["flagged"]) for row in report["reasons"]] == [("no_media", True), ("crashed", False)]
    text = printed(report)
    assert "flagged: extract page no_media took 70% of 10" in text
    assert "crashed: extract page, 1 of 10" in text


def test_foreign_text_stays_text(tmp_path):
    run = evil_run(tmp_path / "run")
    report = write_report(run)
    page = Path(run, "report.html").read_text(encoding="utf-8")
    tags = Tags.of(page)
    assert tags.active == []
    assert tags.unknown == set()
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 8  # it is shown, as text
    assert "{{ 7*7 }}" in tags.text
    for letter in ("\x00", "\x1b", "\x07", "\u202e"):
        assert letter not in page
        assert letter not in json.dumps(report, ensure_ascii=False)


def test_the_terminal_hears_no_escape_of_the_web(tmp_path):
    report = write_report(evil_run(tmp_path / "run"))
    assert "\x1b" not in printed(report)
    coloured = printed(report, force_terminal=True, color_system="standard")
    assert set(re.findall(r"\x1b(.)", coloured)) == {"["}
    assert "\x07" not in coloured
    assert not re.search(r"\x1b\[31mred", coloured)


def evil_run(folder: Path) -> str:
    pack = Pack(folder)
    good = media(pack, f"{SITE}/ok.jpg")
    broken = media(pack, EVIL_URL, data=b"no picture at all " + EVIL.encode())
    nodes = (
        TextNode(text=EVIL, position=0, tag="script"),
        ImageNode(url=EVIL_URL, position=1, alt=EVIL, caption=EVIL, media=broken),
        TextNode(text=EVIL * 20, position=2),
    )
    page = document(EVIL_URL, nodes, title=EVIL, language="<b>")
    pairs = [image_pair(good, EVIL, page_url=EVIL_URL), image_pair(broken, EVIL, page_url=EVIL_URL)]
    gone = [
        rejection(
            "filter", "document", "unsafe_text", EVIL, url=EVIL_URL, detail=EVIL, sample=EVIL * 9, archive=EVIL, offset=3
        ),
        rejection(
            "score", "pair", "low_clip_score", EVIL, url=EVIL_URL, measure=EVIL, value=0.1, limit=0.2, detail=EVIL, sample=EVIL
        ),
    ]
    tables = {
        "documents": (InterleavedDocument, [page]),
        "media": (Media, [good, broken]),
        "interleaved": (InterleavedDocument, [page]),
        "pairs/images": (ImageTextPair, pairs),
        "rejections/pairs": (Rejection, gone),
    }
    return write_run(folder, tables, inputs=["/data/" + EVIL.replace(":", "").replace("\0", "")], versions={"<b>": "<i>"})


def test_hashes_of_unsafe_files_are_never_shown(tmp_path):
    from hashlib import sha256

    folder = tmp_path / "run"
    pack = Pack(folder)
    shown = media(pack, f"{SITE}/ok.jpg")
    data = (folder / shown.blob.path).read_bytes()[: shown.blob.length]
    (tmp_path / "hashes.txt").write_text(f"{sha256(data).hexdigest()}  some name\n")
    config = demo().model_dump(mode="json")
    config["fetch"]["unsafe_hashes"] = str(tmp_path / "hashes.txt")
    run = write_run(folder, {"pairs/images": (ImageTextPair, [image_pair(shown, "a picture")])}, config=config)
    write_report(run, str(tmp_path / "hashes.txt"))
    assert Tags.of((folder / "report.html").read_text()).images == []
    (tmp_path / "others.txt").write_text("0" * 64)
    write_report(run, str(tmp_path / "others.txt"))
    assert len(Tags.of((folder / "report.html").read_text()).images) == 1


@pytest.mark.parametrize("unit", ("pair", "node", "media"))
def test_a_picture_that_any_stage_found_unsafe_is_shown_nowhere(tmp_path, unit):
    pack = Pack(tmp_path)
    bad, good = media(pack, f"{SITE}/bad.jpg"), media(pack, f"{SITE}/good.jpg")
    tables = {
        "media": (Media, [bad, good]),
        "pairs/images": (ImageTextPair, [image_pair(one, "a picture") for one in (bad, good)]),
        "rejections/pairs": (Rejection, [rejection("score", unit, "unsafe_image", "x", url=bad.url)]),
    }
    write_report(write_run(tmp_path, tables))
    assert len(Tags.of((tmp_path / "report.html").read_text()).images) == 1


def test_a_blob_that_is_gone_is_unreadable_and_said_to_be(tmp_path):
    folder = tmp_path / "run"
    lost = media(Pack(folder), f"{SITE}/ok.jpg")
    lost = replace(lost, blob=replace(lost.blob, path="media/packs/gone.tar"))
    write_report(write_run(folder, {"pairs/images": (ImageTextPair, [image_pair(lost, "a picture")])}))
    assert "unreadable: media/packs/gone.tar at 0: FileNotFoundError" in (folder / "report.html").read_text()


def test_rejected_samples_are_bounded_for_each_reason(tmp_path):
    many = [rejection("pair", "pair", "alt_too_short", f"k{n}", sample=f"text {n}") for n in range(500)]
    rare = [rejection("pair", "pair", "rare_token", "r")]
    report = build_report(write_run(tmp_path, {"rejections/pairs": (Rejection, many + rare)}))
    shown = [one["reason"] for one in report["samples"]["rejected"]]
    assert shown == ["alt_too_short"] * 6 + ["rare_token"]


def test_a_run_of_which_nothing_stands_yet_has_a_report(tmp_path):
    report = write_report(write_run(tmp_path, {"archive_media": (ArchiveMedia, [])}))
    assert report["funnel"] == {"documents": [], "media": [], "pairs": []}
    assert report["headline"]["documents"] is None
    assert report["truth"] is None
    assert "every sum adds up" in printed(report)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ntext", "plain\ntext"),
        ("a\x1b[31mb\x00c\x7fd\x9be", "a[31mbcde"),
        ("right\u202eleft\u2066x", "rightleftx"),
        ("lone \ud800 half", "lone  half"),
        ("x" * 12, "x" * 10 + " …"),
    ],
)
def test_clean(text, shown):
    assert clean(text, 10 if text.startswith("xx") else 100) == shown


class Tags(HTMLParser):
    """What a browser would act upon."""

    HTML = (
        "html head meta title style body div nav b a main header h1 h2 h3 p code span small details summary img ul li article"
    )
    TABLES_AND_PLOTS = "table thead tbody tr th td i figure figcaption wbr svg g rect line text"
    KNOWN = frozenset(f"{HTML} {TABLES_AND_PLOTS}".split())

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.active, self.images, self.unknown, self.policy, self.style, self.text = [], [], set(), "", "", ""
        self._open = ""

    @classmethod
    def of(cls, page: str) -> "Tags":
        tags = cls()
        tags.feed(page)
        tags.close()
        return tags

    def handle_starttag(self, tag, attrs):
        self._open = tag
        if tag not in self.KNOWN:
            self.unknown.add(tag)
        if tag in ("script", "iframe", "object", "embed", "link", "form", "base", "foreignobject", "use", "animate", "input"):
            self.active.append(tag)
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("href", "src", "action", "xlink:href") and not value.startswith(("#", "data:image/jpeg"))
            ):
                self.active.append(f"{tag} {name}={value}")
            if name == "srcdoc" or (name == "http-equiv" and value != "Content-Security-Policy"):
                self.active.append(f"{tag} {name}={value}")
        values = dict(attrs)
        if tag == "img":
            self.images.append(values["src"])
        if values.get("http-equiv"):
            self.policy = values["content"]

    def handle_data(self, data):
        if self._open == "style":
            self.style += data
        self.text += data

    def handle_endtag(self, tag):
        self._open = ""


def test_a_run_in_work_says_so_and_nothing_of_sums(tmp_path):
    """Half of the tables are there, and those of pairs are of an earlier run: no account of them is given."""
    run = small_run(
        tmp_path / "run", jobs={"documents": {"seconds": 1.0, "done": True}, "pairs": {"seconds": 1.0, "done": False}}
    )
    put_table(Path(run, "counters/pairs"), Counter, [])
    report = write_report(run)
    assert report["unfinished"] == ["media", "pairs", "shards"]
    assert {line["stage"] for line in report["conservation"]["lines"]} == {"read", "extract", "filter", "dedup", "propose"}
    for text in (printed(report), Path(run, "report.html").read_text(), Path(run, "README.md").read_text()):
        assert "add up" not in text and "adds up" not in text
        assert "not finished" in text.replace("NOT", "not")


@pytest.mark.parametrize(
    ("job", "emptied", "says"),
    [
        ("documents", ["documents"], ""),  # candidates are left
        (
            "documents",
            ["documents", "candidates"],
            "documents: no document or candidate is left: propose took the last 2 pairs: alt_too_long 1, alt_too_short 1",
        ),
        (
            "media",
            ["media"],
            "media: no picture or clip is left: fetch took the last 3 media: image_too_small 1, opted_out 1, unsafe_image 1",
        ),
        ("pairs", ["interleaved", "pairs/images"], ""),  # clips are left
        (
            "pairs",
            ["interleaved", "pairs/images", "pairs/videos"],
            "pairs: no document or pair is left: caption took the last 2 pairs: no_caption_matches 2",
        ),
        ("shards", [], ""),
    ],
)
def test_which_rule_took_the_last(tmp_path, job, emptied, says):
    run = small_run(tmp_path / "run")
    for name in emptied:
        put_table(Path(run, name), MediaLink, [])
    assert nothing_left(run, job) == says


def test_nothing_left_of_nothing(tmp_path):
    run = write_run(tmp_path / "run", {"documents": (MediaLink, []), "counters/documents": (Counter, [])})
    assert nothing_left(run, "documents") == "documents: no document or candidate is left: no record was read"
