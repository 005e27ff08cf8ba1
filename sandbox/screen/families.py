"""Atoms of prices and volume: every row of the operator table that one window turns into a score.

A row's scale says how its value becomes a number of size 1 around 0, and its response whether it
has a direction (a mean, an oscillator) or a strength (a volatility), which is told against its own
longer past. Nothing here names an operator but where markets are known to need more forms of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from genomes.language.table import OPERATORS, Kind, Operator, Response, Scale, ScaleOf, Trait
from sandbox.screen.atom import Atom, forms

GRID = (3, 4, 6, 9, 13, 19, 28, 41, 60, 88, 130, 192)  # geometric
SHORT = (1, 2)  # where a window of one or two bars means something
_FIELDS = ("open", "high", "low", "close", "volume")
_RETURN = "returns(m.close)"
_MOVES = "moves"  # the table's word is "the return of close", too long where it recurs
_ONE_SIDED = ("highest", "lowest")  # close is never beyond them: the sign is constant


def usual(volatility_bars: int) -> str:
    """The usual size of a bar's return."""
    return f"stdev({_RETURN}, {volatility_bars})"


def price_atoms(*, has_volume: bool, longest: int) -> Iterator[Atom]:
    """Atoms of each asset's own prices and volume, windows up to `longest` bars."""
    sized = usual(min(60, max(10, longest // 4)))
    for row in OPERATORS.values():
        if Trait.UNSCREENED in row.traits or not _has_window(row) or row.cross:
            continue
        if any(arg.name == "volume" for arg in row.nodes) and not has_volume:
            continue
        core = Trait.PAIRED in row.traits
        grid = GRID if core else GRID[1::2]
        for n in SHORT + grid if row.name == "log_return" else grid:
            low = next(arg.low for arg in row.statics if arg.name == "n")
            if low <= n <= longest:
                yield from _of_row(row, n, sized, core=core)
    for n in (n for n in GRID if n < longest):
        yield from _breaks(n)
    if has_volume:
        for n in (n for n in GRID if n <= longest):
            yield from _volume(n)
    for n in (n for n in (1, *GRID[1:8:2]) if n + 20 <= longest):
        yield from _smoothed(n, sized)


def core_rank(n: int) -> int:
    """0 on every second lookback of the grid, 1 on the others: what goes first in a wide market."""
    return 0 if n in GRID[::2] or n in SHORT[:1] else 1


def _has_window(row: Operator) -> bool:
    """A public series with fields for its nodes, a window n, and defaults for the rest."""
    return (
        row.public
        and row.result is Kind.SERIES
        and all(arg.name in (*_FIELDS, "x") for arg in row.nodes)
        and all(arg.name == "n" or arg.default is not None for arg in row.statics)
        and any(arg.name == "n" for arg in row.statics)
    )


def _of_row(row: Operator, n: int, sized: str, *, core: bool) -> list[Atom]:
    on_returns = _takes_returns(row)
    x = _RETURN if on_returns else "m.close"
    nodes = [x if arg.name == "x" else f"m.{arg.name}" for arg in row.nodes]
    words = [_MOVES if on_returns else arg.name.replace("x", "close") for arg in row.nodes]
    call = f"{row.name}({', '.join([*nodes, str(n)])})"
    phrase = (
        f"the {n}-bar {row.of_returns}"
        if on_returns and row.of_returns
        else row.phrase.format(*words, *[n] * len(row.statics))
        if row.phrase
        else f"the {n}-bar {row.name.replace('_', ' ')}"
    )
    if row.response is Response.NEITHER and not _is_moment(row):
        long = min(4 * n, 192)
        longer = f"{row.name}({', '.join([*nodes, str(long)])})"
        if row.scale in (Scale.SHARE, Scale.PERCENT, Scale.WIDE) or long <= n:
            longer = f"sma({call}, {max(120, n)})"
        score, plain = f"log({call} / {longer})", f"{call} - {longer}"
        said = f"{phrase} against its longer past"
    else:
        score, said, plain = _directed(row, call, phrase, n, sized)
    if not score:
        return []
    rank = core_rank(n) if core else 2
    if row.name == "log_return":
        ranks = {"scaled": rank, "sign": rank, "beyond": rank, "far": 2}
        return forms(score, said, row.name, n, ranks=ranks, threshold=0.5, plain=plain)
    if row.name in ("zscore", "range_position"):
        ranks = {"scaled": rank, "sign": rank, "beyond": rank, "far": 1 if rank == 0 else 2}
        edge = 1.0 if row.name == "zscore" else 0.7
        return forms(score, said, row.name, n, ranks=ranks, threshold=edge, plain=plain)
    if row.response is Response.NEITHER:
        ranks = {"sign": rank, "scaled": rank if row.name == "stdev" else 2}
        return forms(score, said, row.name, n, ranks=ranks, plain=plain)
    one_sided = row.name in _ONE_SIDED
    ranks = {"scaled": 2} if one_sided else {"scaled": 2, "sign": 2}
    return forms(score, said, row.name, n, ranks=ranks, plain=plain)


def _is_moment(row: Operator) -> bool:
    """Skewness and its like: of returns rather than of prices, and a score already."""
    return row.scale is Scale.SCORE and row.response in (Response.NEITHER, Response.UNKNOWN)


def _takes_returns(row: Operator) -> bool:
    spread = row.response is Response.NEITHER and row.scale is ScaleOf.DISPERSION
    return spread or _is_moment(row) or any(a.dimension == "1" for a in row.nodes)


def _directed(row: Operator, call: str, phrase: str, n: int, sized: str) -> tuple[str, str, str]:
    """A row with a direction: a score of size 1 around 0, what that is, and a shorter expression
    with the same sign; empty for none.
    """
    root = math.sqrt(n)
    match row.scale:
        case Scale.RETURN:
            return f"{call} / ({root:.3g} * {sized})", f"{phrase} for its volatility", call
        case Scale.LEVEL | ScaleOf.SAME if row.dimension in ("a", "price"):
            score = f"(m.close / {call} - 1) / ({max(root / 2, 0.5):.3g} * {sized})"
            return score, f"close against {phrase}, for its volatility", f"m.close - {call}"
        case ScaleOf.CHANGE if row.dimension == "a":
            score = f"{call} * {root:.3g} / (m.close * {sized})"
            return score, f"{phrase} for its volatility", call
        case Scale.SHARE:
            return f"2 * {call} - 1", f"{phrase}, from -1 to 1", f"{call} - 0.5"
        case Scale.PERCENT:
            near = f" * {max(1.0, root / 1.5):.3g}" if row.name == "rsi" else ""
            return f"({call} / 50 - 1){near}", f"{phrase} around 50", f"{call} - 50"
        case Scale.WIDE:
            return f"{call} / 100", phrase, call
        case Scale.SCORE:
            near = f" * {root:.3g}" if row.name == "autocorrelation" else ""
            return f"{call}{near}", phrase, call
        case _:
            return "", "", ""


def _breaks(n: int) -> Iterator[Atom]:
    """A close beyond the n bars before it, held for some bars."""
    beyond = (
        ("high", "low", "the {n}-bar high or low before it", core_rank(n)),
        ("close", "close", "all of the {n} closes before it", 1),
    )
    for span in (1, 5, 20):
        bars = f"{span} bars" if span > 1 else "a bar"
        for above, below, said, rank in beyond:
            up = f"count(m.close > highest(m.{above}, {n}).shift(1), {span})"
            down = f"count(m.close < lowest(m.{below}, {n}).shift(1), {span})"
            yield Atom(
                text=f"sign({up} - {down})",
                phrase=f"a close beyond {said.format(n=n)}, held for {bars}",
                family="break",
                lookback=n,
                form="held",
                rank=rank if span == 5 else 2,
            )


def _volume(n: int) -> Iterator[Atom]:
    rank = core_rank(n)
    # log(volume) less its n-bar mean, to a factor: the newest change is in n - 1 of those gaps.
    usual_size = f"wma(log_return(m.volume, 1), {n - 1})"
    said = f"volume against its {n}-bar geometric mean"
    yield from forms(usual_size, said, "volume", n, ranks={"sign": rank})
    stretch = f"zscore(m.volume, {n})"
    said = f"the {n}-bar z-score of volume"
    yield from forms(stretch, said, "volume", n, ranks={"scaled": rank, "beyond": 2, "far": 2})
    rank_text = f"2 * percent_rank(m.volume, {n}) - 1"
    said = f"the rank of volume among its last {n} bars, from -1 to 1"
    yield from forms(rank_text, said, "volume", n, ranks={"scaled": 2})


def _smoothed(n: int, sized: str) -> Iterator[Atom]:
    """The sign of a return, entered in steps: the mean of the last positions."""
    moved = f"sign(log_return(m.close, {n}))"
    for span in (5, 20):
        yield Atom(
            text=f"sma({moved}, {span})",
            phrase=f"the sign of the {n}-bar log return of close, averaged over {span} bars",
            family="log_return",
            lookback=n,
            form="held",
            rank=2,
        )
