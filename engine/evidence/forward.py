"""Gate 3: champion against challengers on bars that came after; nothing is fitted again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from engine.evidence.case import Case, EvidenceError
from engine.evidence.finalists import Finalist, choose, frozen, paths
from engine.ledger.data import Span
from engine.statistics.e_process import EProcess, start
from sandbox.market import Market, MarketConfig, MarketError, load, resolve, source_of
from sandbox.market.joined import Joined, follow
from sandbox.market.panel import F64, span_ns
from sandbox.returns import Returns

LEVEL = 0.05
LEAST_BARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """One finalist on the new bars.

    Attributes:
        finalist: Who.
        returns: What it earned there.
        process: Of the champion: its excess against zero. Of a challenger: its excess less the
            champion's.
        threshold: The value at which the process has shown it.
    """

    finalist: Finalist
    returns: Returns
    process: EProcess
    threshold: float

    @property
    def shown(self) -> bool:
        """Whether the process was ever at the threshold."""
        return self.process.peak >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """What the new bars say.

    Attributes:
        window: First and last stamp of the new bars.
        champion: Frozen before them.
        challengers: Frozen with it; they share the level.
    """

    window: Span
    champion: Duel
    challengers: Sequence[Duel]

    @property
    def promoted(self) -> Duel | None:
        """The challenger with the highest peak among those at their threshold."""
        ready = [each for each in self.challengers if each.shown]
        return max(ready, key=lambda each: each.process.peak, default=None)


def forward(case: Case, new: str, count: int) -> Forward:
    """Measure the frozen finalists on new bars; more of them may be brought at any time.

    Who is judged is frozen at the first time: the finalists of this search's last opening, else
    those that training bars choose now. The old bars, sealed ones included, are read as the past of
    the indicators; no figure of them enters.

    Args:
        case: The archive on its market.
        new: File, folder or TOML of the bars after the market's last one.
        count: Finalists, where none are frozen yet.

    Raises:
        EvidenceError: There are too few new bars, or the archive lacks a frozen source.
        MarketError: The new bars overlap the old ones, have a gap, lack an asset, or are bad.
        LedgerError: The ledger was edited, or cannot be read or written; nothing was read.
    """
    case.accounts()
    config, window, bars = _config(case, new)
    bodies = _frozen_before(case)
    finalists = frozen(case, bodies) if bodies else choose(case, count)
    need = max(LEAST_BARS, case.config.objective.folds)
    if bars < need:
        raise EvidenceError(
            f"{new}: has {bars} bars; needs at least {need} ({case.config.objective.folds} folds, "
            f"and {LEAST_BARS} before the first bet). Bring more; nothing was spent"
        )
    case.ledger.append(
        "forward",
        {
            "data": case.data.id,
            "run": case.run,
            "archive": case.place,
            "window": list(window),
            "bars": bars,
            "finalists": [each.body for each in finalists],
        },
        durable=True,
    )
    market = _market(case, config)
    first = int(np.searchsorted(market.panel.clock, window[0]))
    found = paths(case, market, finalists, (first, market.panel.bars))
    return _duels(finalists, found, window)


def _duels(finalists: Sequence[Finalist], found: Sequence[Returns], window: Span) -> Forward:
    def duel(index: int, differences: F64, threshold: float) -> Duel:
        return Duel(
            finalist=finalists[index],
            returns=found[index],
            process=start().after(differences),
            threshold=threshold,
        )

    champion, others = found[0].excess, range(1, len(found))
    return Forward(
        window=window,
        champion=duel(0, champion, 1 / LEVEL),
        challengers=[duel(i, found[i].excess - champion, len(others) / LEVEL) for i in others],
    )


def _frozen_before(case: Case) -> Sequence[dict[str, Any]]:
    rows = [row for row in case.ledger.rows() if row.body.get("run") == case.run]
    first = [row for row in rows if row.kind == "forward"][:1]
    last = [row for row in rows if row.kind == "opening"][-1:]
    return next((row.body["finalists"] for row in [*first, *last]), [])


def _config(case: Case, new: str) -> tuple[MarketConfig, Span, int]:
    """The market's config with the new bars behind the old ones, their span and number."""
    old = case.market.config
    later = _later(old, new)
    source = Joined(source_of(old), source_of(later))
    symbols = load(old, through="sealed").panel.symbols
    stale = span_ns(old.stale_after)
    window, bars = follow(source.earlier.stamps(), source.later.stamps(), symbols, stale, new)
    kept = {"costs": old.costs, "fills": old.fills, "name": old.name, "source": source}
    kept |= {"symbols": symbols, "exclude": (), "min_bars": 1}
    return later.model_copy(update=kept), window, bars


def _later(old: MarketConfig, new: str) -> MarketConfig:
    if new.endswith(".toml"):
        return resolve(new, base=Path.cwd())
    apart = [name for name, column in old.column.items() if column.file is not None]
    if apart:
        raise MarketError(
            f"{new}: the market's {', '.join(apart)} came from a file of its own; needs a TOML "
            "that names the new bars and the files of these columns, with their old rows, too"
        )
    path = Path(new).expanduser().resolve()
    if not path.exists():
        raise MarketError(f"{new}: does not exist; needs a file, a folder or a TOML of new bars")
    return old.model_copy(update={"path": str(path), "format": None, "source": None})


def _market(case: Case, config: MarketConfig) -> Market:
    """All bars; windows and years are counted as in the search, whatever the new bars are like."""
    whole = load(config, through="sealed")
    years = case.market.panel.bars_per_year
    return replace(whole, panel=replace(whole.panel, bars_per_year=years), split=case.market.split)
