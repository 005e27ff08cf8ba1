"""Pictures of a report: plain SVG from numbers, no script; words are escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import ArrayLike, NDArray

WIDTH, HEIGHT, EDGE = 640, 200, 34
POINTS = 600  # of a curve; more are thinned
DOTS = 3000  # of a cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One drawing.

    Attributes:
        title: What it shows.
        svg: The drawing, one element.
    """

    title: str
    svg: str


def curve(
    title: str, values: ArrayLike, ends: Sequence[str], marks_at: Sequence[float] = ()
) -> Picture:
    """A line through values in order.

    Args:
        title: What it is.
        values: (n,) finite.
        ends: Words under its two ends.
        marks_at: Places of upright marks, as shares of the width.
    """
    y = np.asarray(values, dtype=np.float64)
    at = np.unique(np.linspace(0, len(y) - 1, min(len(y), POINTS)).round().astype(np.int64))
    low, high = float(y.min()), float(y.max())
    x = _across(at / max(len(y) - 1, 1))
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, _up(y[at], low, high), strict=True))
    lines = "".join(
        f'<line class="mark" x1="{a:.1f}" x2="{a:.1f}" y1="{EDGE / 2}" y2="{HEIGHT - EDGE}"/>'
        for a in _across(np.asarray(marks_at, dtype=np.float64))
    )
    below = "".join(
        _text(place, HEIGHT - EDGE / 3, word, anchor)
        for place, word, anchor in zip((EDGE, WIDTH - EDGE), ends, ("start", "end"), strict=True)
    )
    return _drawn(title, f'{lines}<polyline points="{points}"/>{_scale(low, high)}{below}')


def bars(title: str, values: Sequence[float]) -> Picture:
    """A bar for each value, with its figure."""
    y = np.asarray(values, dtype=np.float64)
    low, high = min(0.0, float(y.min())), max(0.0, float(y.max()))
    zero = float(_up(np.zeros(1), low, high)[0])
    step = (WIDTH - 2 * EDGE) / len(y)
    parts: list[str] = []
    for i, (value, top) in enumerate(zip(y, _up(y, low, high), strict=True)):
        left = EDGE + i * step + step * 0.15
        parts.append(
            f'<rect x="{left:.1f}" y="{min(zero, top):.1f}" width="{step * 0.7:.1f}" '
            f'height="{max(abs(zero - top), 0.5):.1f}"/>'
        )
        if len(y) <= 16:
            parts.append(_text(left + step * 0.35, HEIGHT - EDGE / 3, f"{value:.2f}", "middle"))
    return _drawn(title, "".join(parts))


def marks(title: str, values: Sequence[float], one: float) -> Picture:
    """Values on a line as dots, and one of another kind as an upright mark with its figure."""
    every = np.asarray([*values, one], dtype=np.float64)
    low, high = float(every.min()), float(every.max())
    x = _across((every - low) / (high - low if high > low else 1.0))
    dots = "".join(f'<circle cx="{a:.1f}" cy="{HEIGHT / 2}" r="5"/>' for a in x[:-1])
    return _drawn(
        title,
        f'{dots}<line class="one" x1="{x[-1]:.1f}" x2="{x[-1]:.1f}" y1="{EDGE}" '
        f'y2="{HEIGHT - EDGE}"/>{_text(float(x[-1]), EDGE - 8, f"{one:.2f}", "middle")}'
        f"{_text(EDGE, HEIGHT - EDGE / 3, f'{low:.2f}', 'start')}"
        f"{_text(WIDTH - EDGE, HEIGHT - EDGE / 3, f'{high:.2f}', 'end')}",
    )


def cloud(title: str, points: ArrayLike) -> Picture:
    """A dot for each (x, y)."""
    found = np.asarray(points, dtype=np.float64)
    if len(found) > DOTS:
        found = found[np.linspace(0, len(found) - 1, DOTS).round().astype(np.int64)]
    x, y = found[:, 0], found[:, 1]
    low, high = float(y.min()), float(y.max())
    spread = float(x.max() - x.min()) or 1.0
    where = zip(_across((x - x.min()) / spread), _up(y, low, high), strict=True)
    dots = "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="1.6"/>' for a, b in where)
    ends = _text(EDGE, HEIGHT - EDGE / 3, f"novelty {x.min():.2f}", "start") + _text(
        WIDTH - EDGE, HEIGHT - EDGE / 3, f"{x.max():.2f}", "end"
    )
    return _drawn(title, f"{dots}{_scale(low, high)}{ends}")


def _across(share: NDArray[np.float64]) -> NDArray[np.float64]:
    return EDGE + share * (WIDTH - 2 * EDGE)


def _up(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    share = (values - low) / (high - low if high > low else 1.0)
    return HEIGHT - EDGE - share * (HEIGHT - 1.5 * EDGE)


def _scale(low: float, high: float) -> str:
    return _text(2, HEIGHT - EDGE, f"{low:.2f}", "start") + _text(
        2, EDGE / 2 + 4, f"{high:.2f}", "start"
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _drawn(title: str, inside: str) -> Picture:
    frame = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
    return Picture(title=title, svg=f"{frame}{inside}</svg>")
