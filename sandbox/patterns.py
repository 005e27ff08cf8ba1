"""What the trades of a book have in common: exits, sides, clusters, streaks. Pure NumPy."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from sandbox.kernels import book_layout as layout
from sandbox.market.panel import F64, I64

CLUSTERS = 3
STOPS = (layout.STOP_LOSS, layout.TRAILING_STOP)
_ASSET, _ENTRY, _EXIT, _SIDE, _PNL, _RETURN, _HELD, _REASON = (
    layout.RECORD.index(name)
    for name in ("asset", "entry_bar", "exit_bar", "side", "pnl", "return", "held", "reason")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Trades of one kind. Shares and rates are fractions.

    Attributes:
        name: A reason to leave (`stop_loss`, ...), or a side (`long`, `short`).
        trades: How many.
        hit_rate: Share of them with a profit.
        pnl: Their profit, net of costs, in units of the starting equity.
        mean_return: Their mean profit over equity at the entry.
        held: Their mean own bars.
    """

    name: str
    trades: int
    hit_rate: float
    pnl: float
    mean_return: float
    held: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Losses (or gains) that ended within `cluster_bars` of each other.

    Attributes:
        share: Of everything lost (or gained) in trades.
        trades: How many.
        assets: In how many assets.
        fold: The fold it began in, from 1.
        regime: What the market did when it began; empty where that is not known yet.
        exit: The commonest reason they ended for.
    """

    share: float
    trades: int
    assets: int
    fold: int
    regime: str
    exit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patterns:
    """Closed trades, flat to flat. None where there is nothing to divide by.

    Attributes:
        closed: How many.
        open: How many positions were still open at the end, or ended by ruin.
        hit_rate: Share of them with a profit, net of costs.
        payoff: Mean gain of winners over mean loss of losers.
        mean_gain: Winners' mean profit over equity at the entry.
        mean_loss: Losers' mean loss, as a positive fraction.
        held_winners: Winners' mean own bars.
        held_losers: Losers' mean own bars.
        exits: By reason, the commonest first.
        sides: Long, short.
        cluster_bars: Length of the spells of `losses` and `gains`, clock bars.
        losses: The spells that lost most, worst first, none overlapping.
        gains: The spells that gained most, best first.
        stop_streak: Most losing stop-outs in a row in one asset on one side.
        stop_streak_share: What that streak lost, of everything lost.
        losing_streak: Most losing trades in a row, by exit, over all assets.
        best_5_percent: Share of everything gained that the best 5% of trades (at least one) made.
        pnl_without_best: Profit of all trades without those, in units of the starting equity.
    """

    closed: int
    open: int
    hit_rate: float | None
    payoff: float | None
    mean_gain: float | None
    mean_loss: float | None
    held_winners: float | None
    held_losers: float | None
    exits: tuple[Group, ...]
    sides: tuple[Group, ...]
    cluster_bars: int
    losses: tuple[Cluster, ...]
    gains: tuple[Cluster, ...]
    stop_streak: int
    stop_streak_share: float | None
    losing_streak: int
    best_5_percent: float | None
    pnl_without_best: float | None


def patterns(
    records: F64, *, start: int, bars: int, fold_edges: I64, regimes: I64, names: tuple[str, ...]
) -> Patterns:
    """Look at trades.

    Args:
        records: (R, 10) as `book_layout.RECORD`, by exit.
        start: First clock bar of the window.
        bars: n, clock bars in it.
        fold_edges: (F + 1,) clock bars.
        regimes: (n,) index into `names` of what the market did, -1 where that is unknown.
        names: The regimes' names.
    """
    ended = records[:, _REASON] < layout.RUIN
    rows = records[ended]
    pnl, returns, held = rows[:, _PNL], rows[:, _RETURN], rows[:, _HELD]
    won = pnl > 0
    lost = ~won
    gained, given = float(pnl[won].sum()), -float(pnl[lost].sum())
    spell = max(5, bars // 100)
    times = rows[:, _EXIT].astype(np.int64) - start

    def clusters(chosen: F64, whole: float) -> tuple[Cluster, ...]:
        found: list[Cluster] = []
        for first, some in spells(times, chosen, spell, CLUSTERS):
            reasons = np.bincount(rows[some, _REASON].astype(np.int64))
            regime = int(regimes[first])
            found.append(
                Cluster(
                    share=float(chosen[some].sum()) / whole,
                    trades=len(some),
                    assets=len(np.unique(rows[some, _ASSET])),
                    fold=max(1, int(np.searchsorted(fold_edges, first + start, side="right"))),
                    regime=names[regime] if regime >= 0 else "",
                    exit=layout.REASONS[int(np.argmax(reasons))],
                )
            )
        return tuple(found)

    streak, streak_loss = _stop_streak(rows)
    best = math.ceil(len(rows) / 20)
    top = float(np.sort(pnl)[len(pnl) - best :].sum())
    mean_gain, mean_loss = mean(returns[won]), mean(-returns[lost])
    return Patterns(
        closed=len(rows),
        open=len(records) - len(rows),
        hit_rate=mean(won),
        payoff=mean_gain / mean_loss if mean_gain and mean_loss else None,
        mean_gain=mean_gain,
        mean_loss=mean_loss,
        held_winners=mean(held[won]),
        held_losers=mean(held[lost]),
        exits=_groups(rows, rows[:, _REASON], dict(enumerate(layout.REASONS))),
        sides=_groups(rows, rows[:, _SIDE], {1: "long", -1: "short"}),
        cluster_bars=spell,
        losses=clusters(np.where(lost, -pnl, 0.0), given),
        gains=clusters(np.where(won, pnl, 0.0), gained),
        stop_streak=streak,
        stop_streak_share=streak_loss / given if given > 0 else None,
        losing_streak=_longest(lost),
        best_5_percent=top / gained if gained > 0 else None,
        pnl_without_best=float(pnl.sum()) - top if len(rows) else None,
    )


def mean(values: np.ndarray) -> float | None:
    """The mean; None of nothing."""
    return float(values.mean()) if len(values) else None


def spells(times: I64, amounts: F64, length: int, count: int) -> list[tuple[int, I64]]:
    """The spells of `length` bars whose amounts add up to most, none overlapping another.

    Args:
        times: (R,) rising.
        amounts: (R,) not negative; only those above 0 count and are returned.
        length: Bars.
        count: Most spells; fewer where nothing is left.

    Returns:
        (time of its first trade, indices of its trades), the largest sum first; ties: the
        earlier.
    """
    left = np.flatnonzero(amounts > 0)
    found: list[tuple[int, I64]] = []
    while len(found) < count and len(left):
        when = times[left]
        total = np.concatenate(([0.0], np.cumsum(amounts[left])))
        stops = np.searchsorted(when, when + length, side="left")
        first = int(np.argmax(total[stops] - total[:-1]))
        begin, stop = first, int(stops[first])
        found.append((int(when[begin]), left[begin:stop]))
        left = np.concatenate([left[:begin], left[stop:]])
    return found


def _groups(rows: F64, values: F64, names: dict[int, str]) -> tuple[Group, ...]:
    made: list[Group] = []
    for value, name in names.items():
        some = rows[values == value]
        if not len(some):
            continue
        made.append(
            Group(
                name=name,
                trades=len(some),
                hit_rate=float((some[:, _PNL] > 0).mean()),
                pnl=float(some[:, _PNL].sum()),
                mean_return=float(some[:, _RETURN].mean()),
                held=float(some[:, _HELD].mean()),
            )
        )
    return tuple(sorted(made, key=lambda group: -group.trades))


def _stop_streak(rows: F64) -> tuple[int, float]:
    """The longest run of losing stop-outs in one asset on one side, and what it lost."""
    order = np.lexsort((np.arange(len(rows)), rows[:, _ASSET]))
    own = rows[order]
    hurt = np.isin(own[:, _REASON], STOPS) & (own[:, _PNL] <= 0)
    same = (own[1:, _ASSET] == own[:-1, _ASSET]) & (own[1:, _SIDE] == own[:-1, _SIDE])
    longest, loss, run, lost = 0, 0.0, 0, 0.0
    going = np.zeros(len(own), dtype=bool)
    going[1:] = same & hurt[:-1]
    for stopped, goes_on, pnl in zip(
        hurt.tolist(), going.tolist(), own[:, _PNL].tolist(), strict=True
    ):
        if not stopped:
            continue
        run, lost = (run + 1, lost - pnl) if goes_on else (1, -pnl)
        if run > longest:
            longest, loss = run, lost
    return longest, loss


def _longest(flags: np.ndarray) -> int:
    """The longest run of true ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max(initial=0))
