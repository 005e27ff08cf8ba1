"""Gate 2: finalists frozen by hash are judged once on the sealed window; each opening is paid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.evidence.case import Case, EvidenceError
from engine.evidence.finalists import Finalist, choose, paths
from engine.ledger import Accounts, Opening, Row
from engine.ledger.data import Span
from engine.statistics import max_t, sharpe, spending
from sandbox.market import load
from sandbox.market.panel import DAY_NS, YEAR_DAYS

LEAST_BARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An opening that could be made: everything is known but what the window holds.

    Attributes:
        finalists: Who would be judged.
        window: First and last stamp.
        bars: Clock bars of the window.
        years: Its length.
        number: k: which opening of these bars it would be.
        alpha: The level it would have.
        following: The level of the opening after it.
        detectable: The smallest annual Sharpe of the excess found with 80% power.
        seen: Looks that the ledger has of bars inside the window: it is not sealed for those.
        before: Openings that saw a part of it already.
        pending: An opening of this archive's same finalists that did not come to its end; it is
            paid for and goes on.
    """

    finalists: Sequence[Finalist]
    window: Span
    bars: int
    years: float
    number: int
    alpha: float
    following: float
    detectable: float
    seen: int
    before: Sequence[Opening]
    pending: Opening | None


def offer(case: Case, count: int) -> Offer:
    """See what an opening would be. Nothing of the sealed bars is read.

    Args:
        case: The archive on its market.
        count: Finalists.

    Raises:
        EvidenceError: There are too few sealed bars, or nothing to judge.
        LedgerError: The ledger was edited, or cannot be read or written.
    """
    accounts = case.accounts()
    window, bars = sealed_window(case)
    finalists = choose(case, count)
    before = accounts.openings(case.data, window)
    pending = _pending(case, before, finalists, window)
    number = int(pending.row.body["k"]) if pending else len(before) + 1
    years = max(window[1] - window[0], 1) / (DAY_NS * YEAR_DAYS)
    alpha = spending.alpha(number)
    return Offer(
        finalists=finalists,
        window=window,
        bars=bars,
        years=years,
        number=number,
        alpha=alpha,
        following=spending.alpha(number + 1),
        detectable=sharpe.detectable(years, level=alpha, tests=len(finalists)),
        seen=accounts.seen(case.data, window),
        before=[each for each in before if each is not pending],
        pending=pending,
    )


def sealed_window(case: Case) -> tuple[Span, int]:
    """First and last stamp of the sealed window, by stamps alone, and its bars.

    Raises:
        EvidenceError: It has fewer bars than the objective's folds, or a test, need.
    """
    period = case.market.periods[2]
    need = max(LEAST_BARS, case.config.objective.folds)
    if period.bars < need:
        raise EvidenceError(
            f"{case.place}: the sealed window of {case.market.name} has {period.bars} bars; needs "
            f"at least {need} ({case.config.objective.folds} folds, and {LEAST_BARS} for a test). "
            "Search with a market whose split leaves a sealed part; nothing was opened or spent"
        )
    return (period.start, period.end), period.bars


def opened(case: Case, offered: Offer) -> Opening:
    """Open the window, once: the row is in the ledger before a sealed bar is read.

    Args:
        case: The archive on its market.
        offered: What was confirmed.

    Returns:
        The opening with its answer, which is in the ledger, too.

    Raises:
        EvidenceError: Another process opened these bars since the offer.
        LedgerError: The ledger cannot be written; nothing was read.
        MarketError: The sealed bars are bad; once they are fixed the same command goes on with
            this opening.
    """
    row = offered.pending.row if offered.pending else None
    if row is None:

        def body(rows: list[Row]) -> Mapping[str, Any]:
            known = Accounts(rows).openings(case.data, offered.window)
            if len(known) + 1 != offered.number:
                raise EvidenceError(
                    f"{case.place}: another process opened this window meanwhile; run the command "
                    "again to see what it found. Nothing was opened or spent"
                )
            return {
                "data": case.data.id,
                "run": case.run,
                "archive": case.place,
                "window": list(offered.window),
                "bars": offered.bars,
                "k": offered.number,
                "alpha": offered.alpha,
                "seen": offered.seen,
                "finalists": [each.body for each in offered.finalists],
            }

        row = case.ledger.append("opening", body, durable=True)
    answer = _judged(case, offered.finalists, float(row.body["alpha"]), int(row.hash[:8], 16))
    body_of_answer = {"data": case.data.id, "opening": row.hash, **answer}
    case.ledger.append("answer", body_of_answer, durable=True)
    return Opening(row=row, data=case.data, window=offered.window, answer=answer)


def _judged(
    case: Case, finalists: Sequence[Finalist], alpha: float, seed: int
) -> Mapping[str, Any]:
    market = load(case.market.config, through="sealed")
    split = market.split
    found = paths(case, market, finalists, (split.sealed_start, split.sealed_end))
    excess = np.column_stack([each.excess for each in found])
    test = max_t.step_down(excess, seed=seed)
    return {
        "found": [
            {
                "name": finalist.name,
                "hash": finalist.hash,
                "sharpe": path.sharpe,
                "total_return": float(np.prod(1 + path.net) - 1),
                "p": float(adjusted),
                "discovery": bool(adjusted <= alpha),
            }
            for finalist, path, adjusted in zip(finalists, found, test.adjusted, strict=True)
        ],
        "block": float(test.block),
        "draws": int(test.draws),
    }


def _pending(
    case: Case, before: Sequence[Opening], finalists: Sequence[Finalist], window: Span
) -> Opening | None:
    hashes = [each.hash for each in finalists]
    for each in before:
        body = each.row.body
        same = body["run"] == case.run and each.window == window
        if same and each.answer is None and [f["hash"] for f in body["finalists"]] == hashes:
            return each
    return None
