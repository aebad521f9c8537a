"""The accounts: every sum by hand, every broken one found."""

from collections import Counter

import pytest
from run_folder import counters, rejection
from small_run import SMALL_COUNTERS, small_rejections, small_run

from lamella.pipeline.audit import (
    Line,
    Loss,
    conservation,
    conservation_of,
    crashes,
    greedy_rules,
    links,
    losses,
    losses_of,
    rows_of,
    shards_of,
)
from lamella.schemas.rejection import Reason, Stage, Unit


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> str:
    return small_run(tmp_path_factory.mktemp("run") / "small")


def line(stage: str, unit: str, **counts: int) -> Line:
    return Line(stage=Stage(stage), unit=Unit(unit), **counts)


def test_what_comes_is_what_stays_or_leaves():
    lines = conservation(
        counters([("filter", "document", 8, 0, 6), ("filter", "node", 40, 0, 30)]),
        losses(small_rejections()["documents"][7:12]),
    )
    assert lines == [
        line("filter", "document", entered=8, kept=6, rejected=2),
        line("filter", "node", entered=40, kept=30, rejected=3, with_documents=7),
    ]
    assert all(one.balanced for one in lines)


@pytest.mark.parametrize(
    ("kept", "rejected", "missing"),
    [(5, 3, 0), (5, 2, 1), (6, 3, -1), (0, 0, 8)],
)
def test_what_is_missing_is_told(kept, rejected, missing):
    gone = {(Stage.DEDUP, Unit.DOCUMENT, Reason.SAME_URL): Loss(rejected, 0)} if rejected else {}
    (found,) = conservation(counters([("dedup", "document", 8, 0, kept)]), gone)
    assert (found.missing, found.balanced) == (missing, missing == 0)


def test_nodes_that_leave_where_none_were_counted_are_a_line_that_does_not_balance():
    lines = conservation([], losses([rejection("dedup", "document", "same_url", "d", nodes=4)]))
    assert lines == [line("dedup", "document", rejected=1), line("dedup", "node", with_documents=4)]
    assert [one.missing for one in lines] == [-1, -4]


def test_counters_of_many_bundles_are_added_up():
    rows = [("read", "page", 0, 3, 3), ("read", "page", 0, 2, 2), ("read", "record", 9, 0, 9)]
    assert conservation(counters(rows), {}) == [
        line("read", "record", entered=9, kept=9),
        line("read", "page", made=5, kept=5),
    ]


def test_a_run_s_folder_gives_the_same_lines_as_its_records(run):
    every = [one for job in small_rejections().values() for one in job]
    assert losses_of(run) == losses(every)
    lines = conservation_of(run)
    assert lines == conservation(counters(SMALL_COUNTERS), losses(every))
    assert len(lines) == len(SMALL_COUNTERS)
    assert all(one.balanced for one in lines)


def test_losses_count_rows_and_nodes(run):
    assert losses_of(run)[Stage.FILTER, Unit.DOCUMENT, Reason.TOO_FEW_WORDS] == Loss(1, 4)
    assert sum(loss.count for loss in losses_of(run).values()) == 15 + 3 + 8


def test_rows_and_shards_come_from_manifests(run):
    found = {"documents": 5, "candidates": 7, "archive_media": 3, "archive_aliases": 0, "media": 6, "opt_outs": 0}
    assert rows_of(run) == found | {"interleaved": 4, "pairs": 4, "shards": 8}
    assert [(one.dataset.value, one.shards[0].samples) for one in shards_of(run)] == [
        ("m3w", 4),
        ("align", 2),
        ("ltip", 1),
        ("vtp", 1),
    ]


def test_neighbours_and_tables_agree(run):
    found = links(conservation_of(run), rows_of(run))
    assert [link for link in found if not link.holds] == []
    assert Counter(link.what for link in found).most_common(1)[0][1] == 1
    assert "documents that filter kept = documents that dedup took" in {link.what for link in found}
    assert "nodes that assemble kept = nodes that score took" in {link.what for link in found}
    assert "pairs that caption kept = rows of pairs/" in {link.what for link in found}
    assert len(found) == 15 + 5 + 1  # neighbours, tables, shards


def test_a_lost_record_between_two_stages_is_found():
    lines = [line("pair", "pair", made=7, kept=7), line("score", "pair", entered=6, kept=6)]
    (found,) = links(lines, {})
    assert (found.what, found.left, found.right, found.holds) == ("pairs that pair kept = pairs that score took", 7, 6, False)


def test_without_a_captioner_the_scorer_hands_its_pairs_to_the_shards():
    lines = [line("score", "pair", entered=6, kept=6), line("shard", "pair", entered=6, kept=6)]
    assert [(link.what, link.holds) for link in links(lines, {"pairs": 5, "shards": 6})] == [
        ("pairs that score kept = pairs that shard took", True),
        ("pairs that score kept = rows of pairs/", False),
        ("samples that shard kept = samples in the shards' manifests", True),
    ]


@pytest.mark.parametrize("when", ["after", "never"])
def test_where_clip_comes_last_it_takes_of_the_matcher(when):
    """Pairs meet their stages in the order that `score.when` says."""
    lines = [
        line("pair", "pair", made=7, kept=7),
        line("caption", "pair", entered=7, made=3, kept=6, rejected=4),
        line("score", "pair", entered=6, kept=5, rejected=1),
        line("shard", "pair", entered=5, kept=5),
    ]
    assert [(link.what, link.holds) for link in links(lines, {"pairs": 5}, when)] == [
        ("pairs that caption kept = pairs that score took", True),
        ("pairs that pair kept = pairs that caption took", True),
        ("pairs that score kept = pairs that shard took", True),
        ("pairs that score kept = rows of pairs/", True),
    ]
    assert not all(link.holds for link in links(lines, {"pairs": 5}, "before"))


def test_guards_tell_crashes_and_greedy_rules():
    lines = conservation(counters([("extract", "page", 10, 0, 2)]), {})
    gone = losses(
        [
            *(rejection("extract", "page", "crashed", f"c{n}") for n in range(2)),
            *(rejection("extract", "page", "no_media", f"m{n}") for n in range(6)),
        ]
    )
    (crash,) = crashes(lines, gone, 0.05)
    assert (crash.count, crash.of, crash.ratio, crash.passed) == (2, 10, 0.2, False)
    assert crashes(lines, gone, 0.2)[0].passed
    (greedy,) = greedy_rules(lines, gone, 0.5)
    assert (greedy.reason, greedy.ratio) == (Reason.NO_MEDIA, 0.6)
    assert greedy_rules(lines, gone, 0.6) == []


def test_an_unfinished_run_has_no_lines(tmp_path):
    assert conservation_of(str(tmp_path)) == []
    assert rows_of(str(tmp_path)) == {}
    assert links([], {}) == []
