"""Plots: well-formed markup, bars as long as their numbers, and no label that becomes markup."""

import re
from xml.etree import ElementTree

import pytest

from lamella.reporting.plots import Bar, Heat, Histogram, Series, bars, funnel, heat, histogram, number

EVIL = '"><script>alert(1)</script><g onload="x'


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)


def rects(svg: ElementTree.Element, tone: str) -> list[dict[str, str]]:
    return [dict(one.attrib) for one in svg.iter("rect") if one.attrib["class"] == tone]


def texts(svg: ElementTree.Element) -> list[str]:
    return [one.text for one in svg.iter("text")]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (7, "7"), (1234567, "1,234,567"), (0.25, "0.25"), (1500.0, "1,500"), (12.3456, "12.346"), (1234.5, "1,234")],
)
def test_numbers_as_a_reader_has_them(value, shown):
    assert number(value) == shown


def test_bars_are_as_long_as_their_numbers():
    svg = parsed(bars("Languages", [Bar(label="en", value=40), Bar(label="de", value=10)]))
    long, short = (float(one["width"]) for one in rects(svg, "kept"))
    assert long == pytest.approx(4 * short, abs=0.2)
    assert texts(svg) == ["en", "40", "de", "10"]


def test_a_funnel_shows_what_left():
    svg = parsed(funnel("Documents", [Bar(label="pages", value=10), Bar(label="documents", value=4, note="(40%)")]))
    first, second = (float(one["width"]) for one in rects(svg, "kept"))
    (lost,) = rects(svg, "lost")
    assert second == pytest.approx(0.4 * first, abs=0.2)
    assert float(lost["width"]) == first
    assert texts(svg) == ["pages", "10", "documents", "4  (40%)"]


def test_a_histogram_stacks_its_series_and_draws_its_limit():
    plot = Histogram(
        title="Scores",
        x_label="similarity",
        edges=[0.0, 0.1, 0.2, 0.3, 0.4],
        series=[Series(name="kept", counts=[0, 0, 3, 5]), Series(name="rejected", counts=[2, 4, 1, 0], tone="lost")],
        limit=0.2,
        limit_label="limit 0.2",
    )
    svg = parsed(histogram(plot))
    bars_of_kept = [one for one in rects(svg, "kept") if float(one["width"]) > 20]
    bars_of_lost = [one for one in rects(svg, "lost") if float(one["width"]) > 20]
    assert len(bars_of_kept) == 2
    assert len(bars_of_lost) == 3
    top = {round(float(one["x"])): float(one["y"]) for one in bars_of_kept}
    on_top = next(one for one in bars_of_lost if round(float(one["x"])) in top)
    assert float(on_top["y"]) + float(on_top["height"]) == pytest.approx(top[round(float(on_top["x"]))], abs=0.2)
    (limit,) = (line for line in svg.iter("line") if line.attrib["class"] == "limit")
    assert float(limit.attrib["x1"]) == pytest.approx((52 + 520 - 14) / 2, abs=0.2)
    assert {"kept", "rejected", "limit 0.2", "similarity"} <= set(texts(svg))


def test_a_limit_outside_of_the_axis_is_not_drawn():
    svg = parsed(histogram(Histogram(title="t", x_label="x", edges=[1, 2], series=[Series(name="a", counts=[1])], limit=9)))
    assert not [line for line in svg.iter("line") if line.attrib["class"] == "limit"]


def test_logarithmic_axes_space_decades_evenly():
    plot = Histogram(title="t", x_label="x", edges=[1, 10, 100, 1000], series=[Series(name="a", counts=[1, 1, 1])], log=True)
    left = [float(one["x"]) for one in rects(parsed(histogram(plot)), "kept")]
    assert left[1] - left[0] == pytest.approx(left[2] - left[1], abs=0.2)


def test_heat_draws_cells_and_limits():
    plot = Heat(
        title="Sizes",
        x_label="w",
        y_label="h",
        edges=[32, 64, 128, 256],
        counts=[[1, 0, 0], [0, 9, 0], [0, 0, 0]],
        least=64,
        aspect=3,
    )
    svg = parsed(heat(plot))
    faint, strong = rects(svg, "kept")
    assert float(faint["opacity"]) < float(strong.get("opacity", "1"))
    assert len([line for line in svg.iter("line") if line.attrib["class"] == "limit"]) == 4


@pytest.mark.parametrize(
    "markup",
    [
        bars(EVIL, [Bar(label=EVIL, value=1, note=EVIL)]),
        funnel(EVIL, [Bar(label=EVIL, value=2), Bar(label=EVIL, value=1, note=EVIL)]),
        histogram(
            Histogram(
                title=EVIL, x_label=EVIL, edges=[0, 1], series=[Series(name=EVIL, counts=[1])] * 2, limit=0.5, limit_label=EVIL
            )
        ),
        heat(Heat(title=EVIL, x_label=EVIL, y_label=EVIL, edges=[1, 2], counts=[[1]])),
    ],
    ids=["bars", "funnel", "histogram", "heat"],
)
def test_no_label_becomes_markup(markup):
    svg = parsed(markup)
    assert {element.tag for element in svg.iter()} <= {"svg", "g", "rect", "title", "text", "line"}
    assert not [name for element in svg.iter() for name in element.attrib if name.startswith("on")]
    assert re.search(r"<script", markup) is None


@pytest.mark.parametrize("empty", [bars("t", []), funnel("t", [Bar(label="a", value=0)])])
def test_nothing_to_draw_is_still_a_plot(empty):
    assert parsed(empty).tag == "svg"
