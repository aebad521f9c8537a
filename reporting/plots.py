"""Numbers and labels -> plots as inline SVG, without script, fonts or colours of their own.

Colours are CSS classes, which the page defines for light and dark. Every foreign label is escaped here.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

_WIDTH = 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 12, 40
_ROW = 26
_LETTER = 6.4  # px, of the 12 px labels, on average


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row of `bars` or `funnel`. `tone` is a CSS class: kept, lost, plain."""

    label: str
    value: float
    note: str = ""
    tone: str = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Counts of a histogram's bins, stacked in the order given."""

    name: str
    counts: Sequence[int]
    tone: str = "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """`edges` has one number more than each series' counts; `limit` is drawn as a line that says `limit_label`."""

    title: str
    x_label: str
    edges: Sequence[float]
    series: Sequence[Series]
    limit: float | None = None
    limit_label: str = ""
    log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Counts over two logarithmic axes, `counts[x][y]`; `least` draws the smallest side allowed, `aspect` the widest ratio."""

    title: str
    x_label: str
    y_label: str
    edges: Sequence[float]
    counts: Sequence[Sequence[int]]
    least: float | None = None
    aspect: float | None = None


def bars(title: str, rows: Sequence[Bar]) -> Markup:
    """Horizontal bars on one linear axis that starts at 0, each with its number."""
    top = max((row.value for row in rows), default=0) or 1
    left = min(200, 16 + max((len(row.label) for row in rows), default=0) * _LETTER)
    room = _WIDTH - left - max((len(_caption(row)) for row in rows), default=0) * _LETTER - 18
    parts = []
    for at, row in enumerate(rows):
        y, width = at * _ROW + 4, max(row.value / top * room, 1.5 if row.value else 0)
        parts.append(_text(left - 10, y + 13, _cut(row.label, 32), "label end"))
        parts.append(_rect((left, y, width, _ROW - 9), row.tone, f"{row.label}: {number(row.value)}"))
        parts.append(_text(left + width + 8, y + 13, _caption(row), "value"))
    return _svg(title, len(rows) * _ROW + 6, parts)


def funnel(title: str, rows: Sequence[Bar]) -> Markup:
    """Bars under each other on one axis; the pale part of a bar is what left since the bar above."""
    top = max((row.value for row in rows), default=0) or 1
    left, room = 92, _WIDTH - 92 - 104
    parts, before = [], None
    for at, row in enumerate(rows):
        y, width = at * 34 + 4, max(row.value / top * room, 1.5 if row.value else 0)
        if before is not None and before > row.value:
            parts.append(
                _rect((left, y, before / top * room, 24), "lost", f"{number(before - row.value)} left before {row.label}")
            )
        parts.append(_rect((left, y, width, 24), row.tone, f"{row.label}: {number(row.value)}"))
        parts.append(_text(left - 10, y + 16, row.label, "label end"))
        end = left + max(width, (before or 0) / top * room if before and before > row.value else 0)
        parts.append(_text(end + 8, y + 16, _caption(row), "value"))
        before = row.value
    return _svg(title, len(rows) * 34 + 6, parts)


def histogram(plot: Histogram, height: int = 230) -> Markup:
    """Stacked counts over bins, with a legend where there are several series, and the limit as a line."""
    legend = 20 if len(plot.series) > 1 else 0
    marked = plot.limit is not None and plot.edges[0] <= plot.limit <= plot.edges[-1]
    top, bottom = _TOP + legend + (14 if marked else 0), height - _BOTTOM
    peak = max((sum(counts) for counts in zip(*(series.counts for series in plot.series), strict=True)), default=0) or 1
    ticks = _ticks(0, peak)
    x, y = _scale(plot.edges[0], plot.edges[-1], plot.log), _down(max(peak, ticks[-1]), top, bottom)
    parts = [_gridline(y(tick), number(tick)) for tick in ticks]
    floor = [0] * (len(plot.edges) - 1)
    for series in plot.series:
        for at, count in enumerate(series.counts):
            if count:
                low, high = x(plot.edges[at]), x(plot.edges[at + 1])
                box = (low + 0.5, y(floor[at] + count), max(high - low - 1, 0.8), y(floor[at]) - y(floor[at] + count))
                span = f"{number(plot.edges[at])} to {number(plot.edges[at + 1])}"
                parts.append(_rect(box, series.tone, f"{series.name}, {span}: {number(count)}", radius=0))
                floor[at] += count
    parts += _x_axis(plot.edges, plot.log, plot.x_label, height)
    parts += _legend(plot.series) if legend else []
    if marked and plot.limit is not None:
        parts += _limit(x(plot.limit), top, bottom, plot.limit_label)
    return _svg(plot.title, height, parts)


def heat(plot: Heat, height: int = 400) -> Markup:
    """Squares whose strength grows with the logarithm of their count; the limits' region is drawn over them."""
    first, last = plot.edges[0], plot.edges[-1]
    width = height - _TOP - _BOTTOM + _LEFT + _RIGHT
    x, up = _scale(first, last, True, width), _scale(first, last, True, width)

    def y(value: float) -> float:
        return height - _BOTTOM - (up(value) - _LEFT)

    peak = max((count for row in plot.counts for count in row), default=0)
    parts = []
    for at, row in enumerate(plot.counts):
        for up_at, count in enumerate(row):
            if count:
                low, high = plot.edges[at], plot.edges[at + 1]
                under, over = plot.edges[up_at], plot.edges[up_at + 1]
                strength = 0.22 + 0.78 * math.log1p(count) / math.log1p(peak)
                says = f"{number(low)}-{number(high)} x {number(under)}-{number(over)} px: {number(count)}"
                box = (x(low), y(over), x(high) - x(low) - 0.6, y(under) - y(over) - 0.6)
                parts.append(_rect(box, "kept", says, radius=1, opacity=strength))
    for tick in _log_ticks(first, last):
        parts.append(_line(x(tick), _TOP, x(tick), height - _BOTTOM, tone="grid"))
        parts.append(_line(_LEFT, y(tick), width - _RIGHT, y(tick), tone="grid"))
        parts.append(_text(x(tick), height - _BOTTOM + 15, number(tick), "tick middle"))
        parts.append(_text(_LEFT - 7, y(tick) + 4, number(tick), "tick end"))
    parts.append(_text((_LEFT + width - _RIGHT) / 2, height - 5, plot.x_label, "axis middle"))
    parts.append(f'<g transform="translate(13 {(height - _BOTTOM + _TOP) / 2:.1f}) rotate(-90)">')
    parts.append(_text(0, 0, plot.y_label, "axis middle") + "</g>")
    if plot.least and first <= plot.least <= last:
        parts.append(_line(x(plot.least), _TOP, x(plot.least), height - _BOTTOM, tone="limit"))
        parts.append(_line(_LEFT, y(plot.least), width - _RIGHT, y(plot.least), tone="limit"))
    if plot.aspect:
        parts.append(_line(x(first * plot.aspect), y(first), x(last), y(last / plot.aspect), tone="limit"))
        parts.append(_line(x(first), y(first * plot.aspect), x(last / plot.aspect), y(last), tone="limit"))
    return _svg(plot.title, height, parts, width)


def number(value: float) -> str:
    """1234567 -> 1,234,567; 0.2500 -> 0.25; 1500.0 -> 1,500."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.3f}".rstrip("0").rstrip(".") if abs(value) < 100 else f"{value:,.0f}"


def _caption(row: Bar) -> str:
    return f"{number(row.value)}  {row.note}".rstrip()


def _scale(first: float, last: float, log: bool, width: float = _WIDTH) -> Callable[[float], float]:
    """Value -> x in px."""
    shape = math.log if log else float
    low, high = shape(first), shape(last)
    room = width - _LEFT - _RIGHT
    return lambda value: _LEFT + (shape(value) - low) / ((high - low) or 1) * room


def _down(peak: float, top: float, bottom: float) -> Callable[[float], float]:
    """Count -> y in px; 0 is at the bottom."""
    return lambda count: bottom - count / (peak or 1) * (bottom - top)


def _x_axis(edges: Sequence[float], log: bool, label: str, height: int) -> Iterator[str]:
    x, floor = _scale(edges[0], edges[-1], log), height - _BOTTOM
    yield _line(_LEFT, floor, _WIDTH - _RIGHT, floor, tone="base")
    for tick in _log_ticks(edges[0], edges[-1]) if log else _ticks(edges[0], edges[-1], 8, whole=False):
        if edges[0] <= tick <= edges[-1]:
            yield _line(x(tick), floor, x(tick), floor + 4, tone="base")
            yield _text(x(tick), floor + 16, number(tick), "tick middle")
    yield _text((_LEFT + _WIDTH - _RIGHT) / 2, height - 5, label, "axis middle")


def _legend(series: Sequence[Series]) -> Iterator[str]:
    at = float(_LEFT)
    for one in series:
        yield _rect((at, _TOP - 6, 11, 11), one.tone, "", radius=2)
        yield _text(at + 17, _TOP + 4, one.name, "label")
        at += 17 + len(one.name) * _LETTER + 22


def _limit(x: float, top: float, bottom: float, label: str) -> Iterator[str]:
    yield _line(x, top - 8, x, bottom, tone="limit")
    near_the_end = x > _WIDTH * 0.8
    yield _text(x - 6 if near_the_end else x + 6, top - 6, label, "limit-label end" if near_the_end else "limit-label")


def _ticks(low: float, high: float, wanted: int = 4, *, whole: bool = True) -> list[float]:
    """Round numbers at equal steps of 1, 2 or 5 times a power of ten, over the whole of low to high."""
    rough = (high - low) / wanted or 1
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = math.ceil(low / step - 1e-9), math.ceil(high / step - 1e-9)
    return [round(at * step, 10) for at in range(first, last + 1)]


def _log_ticks(first: float, last: float) -> list[float]:
    """1, 10, 100 ... or, over less than three decades, 1, 2, 5, 10 ..."""
    decades = range(math.floor(math.log10(first)), math.ceil(math.log10(last)) + 1)
    factors = (1, 2, 5) if math.log10(last / first) < 3.2 else (1,)
    return [factor * 10.0**decade for decade in decades for factor in factors if first <= factor * 10.0**decade <= last]


def _gridline(y: float, label: str) -> str:
    return _line(_LEFT, y, _WIDTH - _RIGHT, y, tone="grid") + _text(_LEFT - 7, y + 4, label, "tick end")


def _line(x1: float, y1: float, x2: float, y2: float, *, tone: str) -> str:
    return f'<line class="{tone}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _rect(box: tuple[float, float, float, float], tone: str, says: str, *, radius: int = 3, opacity: float = 1.0) -> str:
    x, y, width, height = box
    faint = f' opacity="{opacity:.2f}"' if opacity < 1 else ""
    title = f"<title>{escape(says)}</title>" if says else ""
    size = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
    return f'<rect class="{tone}" {size} rx="{radius}"{faint}>{title}</rect>'


def _text(x: float, y: float, text: str, tone: str) -> str:
    return f'<text class="{tone}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _svg(title: str, height: float, parts: Sequence[str], width: float = _WIDTH) -> Markup:
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" style="max-width:{width:.0f}px"'
    head = f'<svg class="plot" {size} role="img" aria-label="{escape(title)}">'
    return Markup(head + "".join(parts) + "</svg>")  # every text among the parts went through `escape`
