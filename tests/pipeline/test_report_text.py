"""Foreign text stays text in the report, unsafe pictures are not shown, and one line says which rule took the last record."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from report_page import Tags, printed
from run_folder import Pack, document, image_pair, media, put_table, rejection, write_run
from small_run import SITE, small_run

from lamella.pipeline.empty import nothing_left
from lamella.pipeline.recipes import demo
from lamella.reporting.report import write_report
from lamella.reporting.samples import clean
from lamella.schemas.account import Counter
from lamella.schemas.document import ImageNode, InterleavedDocument, TextNode
from lamella.schemas.media import Media, MediaLink
from lamella.schemas.pair import ImageTextPair
from lamella.schemas.rejection import Rejection

EVIL = (
    "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><svg/onload=alert(3)>"
    "{{ 7*7 }}</title></style><iframe srcdoc='x'>\x1b[31mred\x1b]8;;http://x\x07\x00\u202etxt.exe"
)
EVIL_URL = "javascript:alert(1)//\"><a href='javascript:alert(2)' onclick=alert(3)>"


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
