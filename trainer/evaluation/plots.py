"""Results -> a plain SVG of accuracy by number of examples: a line for each task, dashed for the blind model."""

from collections.abc import Sequence
from html import escape

from lamella.trainer.evaluation.fewshot import BLANK, WRITTEN, Result, labels_of
from lamella.trainer.evaluation.rices import RANDOM

_WIDTH, _HEIGHT, _LEFT, _TOP, _RIGHT, _BOTTOM = 760, 420, 48, 32, 190, 44
_INKS = ("#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#c2255c", "#1864ab", "#a17500", "#495057", "#d6336c", "#087f5b")


def accuracy_svg(results: Sequence[Result], title: str) -> str:
    """The written answers with examples by hash, of every task of `results`."""
    drawn = [r for r in results if r.setting.selection == RANDOM and r.setting.way == WRITTEN]
    labels = labels_of(drawn)
    tasks = list(dict.fromkeys(result.task for result in drawn))
    parts = [*_frame(labels, title)]
    for number, task in enumerate(tasks):
        ink = _INKS[number % len(_INKS)]
        for blank in (True, False):
            points = {r.setting.label: r for r in drawn if r.task == task and (r.setting.images == BLANK) == blank}
            parts += _line([(_x(labels, label), points[label]) for label in labels if label in points], ink, blank)
        y = _TOP + 6 + 20 * number
        parts.append(f'<rect x="{_WIDTH - _RIGHT + 18}" y="{y - 4}" width="16" height="4" fill="{ink}"/>')
        parts.append(f'<text x="{_WIDTH - _RIGHT + 42}" y="{y + 2}">{escape(task)}</text>')
    height = max(_HEIGHT, _TOP + 20 * len(tasks) + 20)
    style = "text{font:12px sans-serif;fill:#333}.title{font-weight:bold;font-size:13px}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}">'
    body = "\n".join(parts)
    return f'{head}\n<style>{style}</style>\n<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'


def _frame(labels: Sequence[str], title: str) -> list[str]:
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    parts = [f'<text class="title" x="{_LEFT}" y="18">{escape(title)}</text>']
    for tenth in range(0, 11, 2):
        y = _y(tenth / 10)
        parts.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10 * tenth} %</text>')
    for label in labels:
        parts.append(f'<text x="{_x(labels, label):.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    middle = (_LEFT + right) / 2
    parts.append(
        f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">examples before the question (dashed: blind)</text>'
    )
    return parts


def _line(points: list[tuple[float, Result]], ink: str, blank: bool) -> list[str]:
    if not points:
        return []
    path = " ".join(f"{x:.1f},{_y(result.accuracy):.1f}" for x, result in points)
    dash = ' stroke-dasharray="3 4" stroke-opacity="0.6"' if blank else ' stroke-width="2"'
    parts = [f'<polyline points="{path}" fill="none" stroke="{ink}"{dash}/>']
    if not blank:
        for x, result in points:
            low, high = result.interval
            parts.append(
                f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_y(low):.1f}" y2="{_y(high):.1f}" stroke="{ink}" stroke-opacity="0.4"/>'
            )
            parts.append(f'<circle cx="{x:.1f}" cy="{_y(result.accuracy):.1f}" r="3" fill="{ink}"/>')
    return parts


def _x(labels: Sequence[str], label: str) -> float:
    """Numbers of examples stand evenly, as they double."""
    width = _WIDTH - _LEFT - _RIGHT - 40
    return _LEFT + 20 + width * list(labels).index(label) / max(1, len(labels) - 1)


def _y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _BOTTOM - _TOP)
