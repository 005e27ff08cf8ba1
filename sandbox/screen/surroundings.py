"""Atoms of what surrounds an asset's prices: the clock, further columns, the other assets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from sandbox.market.panel import CLOCK_FIELDS, F64, OHLCV, Panel
from sandbox.screen.atom import Atom, forms
from sandbox.screen.families import GRID, SHORT, core_rank, usual

MOST_TIMES = 48  # a field with more values is not told by equality
MOST_PAIRS = 70
FEWEST_RUNS = 20  # a difference of two times says nothing that came less often (months, mostly)
FEWEST_RANKED = 5
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_PARTS = (
    ("m.days_to_month_end < 1", "it is a month's last day"),
    ("m.days_to_month_end < 4", "a month has fewer than 4 days left"),
    ("m.days_to_month_end < 8", "a month has fewer than 8 days left"),
    ("m.days_to_month_end >= 24", "a month has begun"),
    ("(m.days_to_month_end >= 8) & (m.days_to_month_end < 20)", "it is the middle of a month"),
)


def clock_atoms(panel: Panel) -> Iterator[Atom]:
    """Every clock field by equality and by the difference of two values it takes."""
    seen: set[bytes] = set()
    for field in (name for name in CLOCK_FIELDS if name in panel.fields):
        values = panel.fields[field]
        times = [int(value) for value in np.unique(values)]
        if field == "days_to_month_end" or not 1 < len(times) <= MOST_TIMES:
            continue
        whole_hours = field == "minute_of_day" and all(time % 60 == 0 for time in times)
        same = (values / 60 if whole_hours else values).tobytes()
        if same in seen:
            continue
        seen.add(same)
        for time in times:
            yield _clock(f"where(m.{field} == {time}, 1, 0)", _when(field, time), 0)
        seldom = min(_runs(values, time) for time in times) < FEWEST_RUNS * panel.assets
        if len(times) * (len(times) - 1) // 2 <= MOST_PAIRS and not seldom:
            rank = 0 if field == "weekday" else 2
            for one, other in combinations(times, 2):
                text = f"where(m.{field} == {one}, 1, 0) - where(m.{field} == {other}, 1, 0)"
                said = f"long when {_when(field, one)}, short when {_when(field, other)}"
                yield _clock(text, said, rank)
    if np.ptp(panel.fields.get("days_to_month_end", np.zeros(1))) > 0:
        for test, said in _PARTS:
            yield _clock(f"where({test}, 1, 0)", said, 1)


def _runs(values: F64, time: int) -> int:
    """How often a field begins to have a value."""
    there = values == time
    return int(np.count_nonzero(there[1:] & ~there[:-1]))


def _clock(text: str, phrase: str, rank: int) -> Atom:
    return Atom(text=text, phrase=phrase, family="clock", lookback=0, form="sign", rank=rank)


def _when(field: str, time: int) -> str:
    if field == "weekday":
        return f"the bar is of a {_DAYS[time]}"
    if field == "month":
        return f"the month is {_MONTHS[time - 1]}"
    if field == "hour":
        return f"the bar's hour is {time}"
    if field == "minute_of_day":
        return f"the bar's time is {time // 60}:{time % 60:02}"
    return f"it is bar {time} of the session"


def columns_of(panel: Panel) -> list[str]:
    """The market's further columns."""
    return [name for name in panel.dimensions if name not in (*OHLCV, *CLOCK_FIELDS)]


def column_atoms(panel: Panel, name: str, *, longest: int, many: bool) -> Iterator[Atom]:
    """A further column: its stretch, its sign, its change.

    Args:
        panel: The market.
        name: The column.
        longest: Windows end here.
        many: Every second lookback only.
    """
    said = name.replace("_", " ")
    values = panel.fields[name]
    known = values[np.isfinite(values)]
    if known.size and known.min() < 0 < known.max():
        yield Atom(text=f"sign(m.{name})", phrase=f"the sign of {said}", family=name, lookback=0,
                   form="sign", rank=0)  # fmt: skip
    for n in (n for n in (GRID[::2] if many else GRID) if n <= longest):
        rank = core_rank(n)
        stretch, phrase = f"zscore(m.{name}, {n})", f"the {n}-bar z-score of {said}"
        ranks = {"scaled": rank, "sign": rank, "beyond": rank, "far": 2}
        yield from forms(stretch, phrase, name, n, ranks=ranks)
        yield from forms(stretch, phrase, name, n, ranks={"beyond": 2}, threshold=2.0)
    for n in (n for n in (1, *GRID[::2]) if n <= longest):
        yield Atom(text=f"sign(m.{name} - m.{name}.shift({n}))",
                   phrase=f"the sign of the {n}-bar change of {said}", family=name, lookback=n,
                   form="sign", rank=2)  # fmt: skip


def other_atoms(panel: Panel, columns: list[str], *, longest: int) -> Iterator[Atom]:
    """The other assets' moves; in a market of five or more also each asset's rank among them."""
    assets = panel.assets
    if assets < 2:
        return
    sized = usual(min(60, max(10, longest // 4)))
    for n in (n for n in (*SHORT, *GRID) if n <= longest):
        moved = f"returns(m.close, {n})"
        rank = core_rank(n) if n <= 41 else 2
        others = f"cross_mean({moved}) - {moved} / {assets}"
        said = f"the other assets' {n}-bar return"
        yield from forms(others, said, "others", n, ranks={"sign": rank})
        scaled = f"({others}) * {assets / (assets - 1):.4g} / ({n**0.5:.3g} * {sized})"
        yield from forms(scaled, f"{said} for volatility", "others", n, ranks={"scaled": 2})
        apart = f"cross_demean({moved}) / ({n**0.5:.3g} * {sized})"
        said = f"the {n}-bar return above the average asset's"
        wanted = {"scaled": rank} if assets < FEWEST_RANKED else {"sign": 2}
        yield from forms(apart, said, "apart", n, ranks=wanted)
        if assets >= FEWEST_RANKED:
            said = f"the {n}-bar return of close"
            yield from _ranked(moved, said, "rank", n, core_rank(n))
    if assets < FEWEST_RANKED:
        return
    for n in (n for n in GRID[3::2] if n <= longest):
        wild = f"stdev(returns(m.close), {n})"
        yield from _ranked(wild, f"the {n}-bar volatility", "rank", n, 2)
        if "volume" in panel.dimensions:
            busy = f"zscore(m.volume, {n})"
            yield from _ranked(busy, f"the {n}-bar z-score of volume", "rank", n, 2)
        for name in columns:
            stretch = f"zscore(m.{name}, {n})"
            said = f"the {n}-bar z-score of {name.replace('_', ' ')}"
            yield from _ranked(stretch, said, name, n, 2)


def _ranked(score: str, phrase: str, family: str, n: int, rank: int) -> list[Atom]:
    text = f"2 * cross_rank({score}) - 1"
    said = f"the rank of {phrase} among assets, from -1 to 1"
    made = forms(text, said, family, n, ranks={"beyond": 2}, threshold=0.6)
    return [
        Atom(text=text, phrase=said, family=family, lookback=n, form="scaled", rank=rank),
        *made,
    ]
