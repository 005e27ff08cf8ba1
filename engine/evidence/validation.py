"""Validation: the training champions of a search are asked of the ladder, and only it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.store import Archive
from engine.evidence.case import Case, EvidenceError
from engine.evidence.finalists import Finalist, paths, source_hash
from engine.evidence.statistics.ladder import Ladder, step_of
from engine.ledger import Row
from engine.ledger.data import Span, overlap
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from sandbox.market import load
from sandbox.market.panel import DAY_NS, YEAR_DAYS

LEAST_BARS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """All that may be said of validation.

    Attributes:
        ladder: Its last answer, step, releases and questions, over all searches of these bars.
        champion: The candidate of this search that moved it last; None where none did.
        window: First and last stamp of the validation bars.
        asked: Questions of this call.
    """

    ladder: Ladder
    champion: int | None
    window: Span
    asked: int


def validate(case: Case) -> Validated:
    """Ask the ladder about each training champion that it was not asked about, in their order.

    The questions are in the ledger before a validation bar is read, and each release after; a call
    that was killed is answered by the next.

    Args:
        case: The archive on its market.

    Raises:
        EvidenceError: There are fewer validation bars than the folds need.
        LedgerError: The ledger was edited, or cannot be read or written.
        MarketError: The validation bars are bad.
    """
    period = case.market.periods[1]
    need = max(LEAST_BARS, case.config.objective.folds)
    if period.bars < need:
        raise EvidenceError(
            f"{case.place}: the validation window of {case.market.name} has {period.bars} bars; "
            f"needs at least {need}. Raise split.validation of the market; nothing was asked"
        )
    window = (period.start, period.end)
    years = max(window[1] - window[0], 1) / (DAY_NS * YEAR_DAYS)
    case.accounts()
    rows = _rows(case, window)
    ladder = _state(rows, step_of(years))
    done = {row.body["asked"] for row in rows if row.kind == "ladder"}
    mine = [row for row in rows if row.kind == "asked" and row.body["run"] == case.run]
    pending = next((row for row in mine if row.hash not in done), None)
    known = {each for row in mine for each in row.body["sources"]}
    new = [one for one in champions(case.archive) if source_hash(one.text) not in known]
    body = {"data": case.data.id, "run": case.run, "window": list(window)}
    if pending is None and new:
        asked = {"ids": [one.id for one in new], "sources": [source_hash(o.text) for o in new]}
        pending = case.ledger.append("asked", {**body, **asked}, durable=True)
    if pending is not None:
        ladder = _answered(case, pending, body, ladder, rows)
    return Validated(
        ladder=ladder,
        champion=case.champion(),
        window=window,
        asked=len(pending.body["ids"]) if pending else 0,
    )


def champions(archive: Archive) -> list[Entry]:
    """The best newcomer of each generation whose training fitness beats all before it."""
    best = float("-inf")
    found: dict[int, Entry] = {}
    for entry in archive.entries(kinds=["measured"], species="strategy"):
        if isinstance(entry.outcome, Measured) and entry.outcome.fitness > best:
            best = entry.outcome.fitness
            found[entry.generation] = entry
    return list(found.values())


def _answered(
    case: Case, asked: Row, body: Mapping[str, Any], ladder: Ladder, rows: Sequence[Row]
) -> Ladder:
    ids: list[int] = list(asked.body["ids"])
    texts = case.archive.texts(ids)
    judged = [Finalist(name=f"candidate {i}", ids=(i,), texts=(texts[i],)) for i in ids]
    market = load(case.market.config, through="validation")
    split = market.split
    found = paths(case, market, judged, (split.validation_start, split.validation_end))
    kept = {row.body["source"] for row in rows if row.body.get("asked") == asked.hash}
    for one, path in zip(judged, found, strict=True):
        before, ladder = ladder, ladder.asked(path.sharpe)
        if ladder.releases > before.releases and one.hash not in kept:
            answer = {"id": one.ids[0], "source": one.hash, "answer": ladder.best}
            case.ledger.append("validation", {**body, "asked": asked.hash, **answer})
    closing = {**body, "asked": asked.hash, "ladder": ladder.record()}
    case.ledger.append("ladder", closing, durable=True)
    return ladder


def _rows(case: Case, window: Span) -> list[Row]:
    """The rows on validation bars that are the same data as these."""
    accounts = case.accounts()
    same = {each.id for each in accounts.data.values() if each.is_same(case.data)}
    return [
        row
        for row in accounts.rows
        if row.kind in ("asked", "validation", "ladder")
        and row.body["data"] in same
        and overlap((row.body["window"][0], row.body["window"][1]), window)
    ]


def _state(rows: Sequence[Row], step: float) -> Ladder:
    """The ladder as the last call left it, with the step of this window.

    It begins at 0: what is not a step better than its benchmark is not worth an answer.
    """
    records = [row.body["ladder"] for row in rows if row.kind == "ladder"]
    return Ladder.read({**records[-1], "step": step}) if records else Ladder(step=step, best=0.0)
