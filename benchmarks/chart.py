"""The chart: what one replayed call costs by size of the cassette, both scales logarithmic; light and dark."""

from __future__ import annotations

import math

from benchmarks.harness import OURS, Figure
from benchmarks.results import Results, number

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 64, 180, 64, 52
KEY = "call requests "
_LABEL_APART = 16
STYLE = """\
  <style>
    text { font: 13px system-ui, sans-serif; fill: #57606a }
    .title { font-size: 16px; font-weight: 600; fill: #1f2328 }
    .grid { stroke: #d8dee4 } .line { fill: none; stroke-width: 2; stroke: #8c959f } .dot { fill: #8c959f }
    .ours .line { stroke: #0969da; stroke-width: 3.5 } .ours .dot { fill: #0969da }
    .ours text { fill: #0969da; font-weight: 600 } .back { fill: #ffffff }
    @media (prefers-color-scheme: dark) {
      text { fill: #9198a1 } .title { fill: #f0f6fc } .grid { stroke: #3d444d } .back { fill: #0d1117 }
      .ours .line { stroke: #4493f8 } .ours .dot { fill: #4493f8 } .ours text { fill: #4493f8 }
    }
  </style>
"""


def chart(results: Results) -> str:
    """SVG: one line per tool, named at its end."""
    lines: dict[str, list[tuple[int, float]]] = {}
    ends: dict[str, str] = {}
    for row in results.rows:
        if row.key.startswith(KEY):
            for tool, cell in row.cells.items():
                size = int(row.key.removeprefix(KEY))
                if isinstance(cell, Figure):
                    lines.setdefault(tool, []).append((size, cell.median))
                else:
                    ends.setdefault(tool, f"; {size:,}: {cell}")
    sizes = sorted({size for points in lines.values() for size, _ in points})
    top = 10 ** math.ceil(math.log10(max(value for points in lines.values() for _, value in points)))
    scale = _Scale(sizes[0], sizes[-1], top)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n',
        "  <title>The cost of one replayed call by size of the cassette</title>\n",
        STYLE,
        f'  <rect class="back" width="{WIDTH}" height="{HEIGHT}" rx="6"/>\n',
        f'  <text class="title" x="{LEFT}" y="26">One replayed call through requests</text>\n',
        f'  <text x="{LEFT}" y="46">times the cost over a transport that answers at once</text>\n',
        *_axes(scale, sizes, top),
        *_named_lines(scale, lines, ends),
        "</svg>\n",
    ]
    return "".join(parts)


class _Scale:
    """Logarithmic on both axes, from 1 at the foot."""

    def __init__(self, smallest: int, largest: int, top: float) -> None:
        self._low, self._span = math.log10(smallest), math.log10(largest / smallest) or 1.0
        self._decades = math.log10(top) or 1.0

    def x(self, size: float) -> float:
        return LEFT + 12 + (WIDTH - LEFT - RIGHT - 12) * (math.log10(size) - self._low) / self._span

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(math.log10(value), 0) / self._decades


def _axes(scale: _Scale, sizes: list[int], top: float) -> list[str]:
    parts = []
    for decade in range(round(math.log10(top)) + 1):
        y = scale.y(10**decade)
        parts.append(f'  <line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>\n')
        parts.append(f'  <text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10**decade:,}×</text>\n')
    for size in sizes:
        parts.append(
            f'  <text x="{scale.x(size):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size:,}</text>\n'
        )
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [
        *parts,
        f'  <text x="{middle:.1f}" y="{HEIGHT - 12}" text-anchor="middle">interactions in the cassette</text>\n',
    ]


def _named_lines(scale: _Scale, lines: dict[str, list[tuple[int, float]]], ends: dict[str, str]) -> list[str]:
    """Peers first, so that our line lies on top; names moved apart where two lines end close together.

    ends: what is said of a line that ends early.
    """
    parts, lowest = [], math.inf
    labels = {}
    for tool in sorted(lines, key=lambda name: lines[name][-1][1]):
        lowest = min(scale.y(lines[tool][-1][1]) + 4, lowest - _LABEL_APART)
        labels[tool] = lowest
    for tool in sorted(lines, key=lambda name: name == OURS):
        places = [(scale.x(size), scale.y(value)) for size, value in sorted(lines[tool])]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        name = f"{tool} {number(lines[tool][-1][1])}×{ends.get(tool, '')}"
        dots = "".join(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>' for x, y in places)
        label = f'<text x="{places[-1][0] + 10:.1f}" y="{labels[tool]:.1f}">{name}</text>'
        group = ' class="ours"' if tool == OURS else ""
        parts.append(f'  <g{group}><polyline class="line" points="{path}"/>{dots}{label}</g>\n')
    return parts
