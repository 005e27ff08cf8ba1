"""The seam of searches and backtests to the ledger: what they looked at becomes rows.

A search never fails for the ledger: what cannot be written is said once, and caught up with when
the run is resumed or an evidence command opens its archive.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.ledger.accounts import Accounts
from engine.ledger.chain import Ledger, LedgerError
from engine.ledger.data import Data, Span, data_of
from genomes.records.outcome import EVALUATED

if TYPE_CHECKING:
    from archive.identity import Identity
    from archive.store import Archive
    from engine.progress import Report, Watcher
    from sandbox.market import Market


def run_of(identity: Identity, place: str, *, modelled: bool) -> str:
    """A search's name in the ledger: equal searches are one, since they find the same.

    Args:
        identity: What the archive is a function of.
        place: Where it lies; it counts only where models wrote, whose answers differ each time.
        modelled: Whether models write.
    """
    parts = [identity.fingerprint, identity.config_hash, str(identity.seed), identity.engine]
    return hashlib.sha256("\n".join([*parts, place] if modelled else parts).encode()).hexdigest()[
        :16
    ]


@dataclass(slots=True)
class Counting:
    """A watcher that passes everything on, and keeps the run's totals in the ledger.

    Attributes:
        watcher: Who watches the run.
        ledger: Where the totals go.
        body: The run's record without figures.
        archive: What was found.
        complain: Is told once, in a sentence, that the ledger cannot be written.
    """

    watcher: Watcher
    ledger: Ledger
    body: Mapping[str, Any]
    archive: Archive
    complain: Callable[[str], None]
    _looks: Counter[str] = field(default_factory=Counter[str])
    _validation: Mapping[str, Any] = field(default_factory=dict[str, Any])
    _silent: bool = False

    @property
    def stopping(self) -> bool:
        """As the watcher says."""
        return self.watcher.stopping

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """Passed on."""
        self.watcher.progress(generation, stage, done, total)

    def recorded(self, report: Report) -> None:
        """Count a generation that is in the archive."""
        kinds = report.summary["kinds"]
        self._looks["evaluations"] += sum(kinds.get(kind, 0) for kind in EVALUATED)
        self._looks["trials"] += report.trials
        self._looks.update(report.summary.get("looks", {}))
        self._validation = _ladder(report.summary)
        self._write(report.generation + 1)
        self.watcher.recorded(report)

    def begin(self, data: Data) -> None:
        """Catch up with what the archive holds, and see that the ledger holds."""
        try:
            rows, problem = self.ledger.read()
            if problem:
                self.complain(problem)
            if data.id not in Accounts(rows).data:
                self.ledger.append("data", data.body)
        except LedgerError as error:
            self._lost(error)
        self._looks.update(self.archive.looks())
        self._validation = _last_ladder(self.archive)
        self._write(self.archive.generations())

    def end(self) -> None:
        """Write the totals with what takes the whole archive to count."""
        self._looks = Counter(self.archive.looks())
        self._write(self.archive.generations(), whole=True)

    def _write(self, generations: int, *, whole: bool = False) -> None:
        looks = {kind: count for kind, count in sorted(self._looks.items()) if count}
        if not looks:
            return
        totals: dict[str, Any] = {"generations": generations, "looks": looks, "distinct": None}
        totals |= self._validation
        if whole:
            totals["distinct"] = _distinct(self.archive, looks)
        try:
            self.ledger.append("run", {**self.body, **totals}, durable=whole)
            self._silent = False
        except LedgerError as error:
            self._lost(error)

    def _lost(self, error: LedgerError) -> None:
        if not self._silent:
            self.complain(
                f"{error}. The search goes on and loses nothing; resuming it, or an evidence "
                "command on its archive, adds what is missing"
            )
        self._silent = True


@contextmanager
def counted(
    watcher: Watcher,
    *,
    ledger: Ledger,
    market: Market,
    archive: Archive,
    place: str,
    modelled: bool,
    complain: Callable[[str], None],
) -> Generator[Counting]:
    """A run's watcher whose looks are counted, however the run ends.

    Args:
        watcher: Who watches the run.
        ledger: The ledger.
        market: What is searched.
        archive: Of the run, open.
        place: Where it lies, for people.
        modelled: Whether models write.
        complain: Is told in a sentence what is wrong with the ledger.
    """
    body = _body(market, archive, place, modelled=modelled)
    counting = Counting(watcher, ledger, body, archive, complain)
    counting.begin(data_of(market))
    try:
        yield counting
    finally:
        counting.end()


def catch_up(
    ledger: Ledger, market: Market, archive: Archive, place: str, *, modelled: bool
) -> Accounts:
    """The accounts, with all that an archive holds: also of a run that was killed or is older.

    Raises:
        LedgerError: The ledger was edited, or cannot be read or written.
    """
    data, body = data_of(market), _body(market, archive, place, modelled=modelled)
    looks = archive.looks()
    totals: dict[str, Any] = {
        "generations": archive.generations(),
        "looks": looks,
        "distinct": _distinct(archive, looks),
        **_last_ladder(archive),
    }
    rows = ledger.rows()
    accounts = Accounts(rows)
    if data.id not in accounts.data:
        rows.append(ledger.append("data", data.body))
    known = next((r for r in accounts.campaign(data).runs if r["run"] == body["run"]), {})
    behind = known.get("generations", 0) <= totals["generations"]
    if behind and any(known.get(key) != value for key, value in totals.items()):
        rows.append(ledger.append("run", {**body, **totals}))
    return Accounts(rows)


def _body(market: Market, archive: Archive, place: str, *, modelled: bool) -> dict[str, Any]:
    """A run's record without figures."""
    return {
        "data": data_of(market).id,
        "run": run_of(archive.identity, place, modelled=modelled),
        "archive": place,
        "config": archive.identity.config_hash,
        "seed": archive.identity.seed,
        "modelled": modelled,
        "window": list(window_of(market)),
    }


def _last_ladder(archive: Archive) -> dict[str, Any]:
    told = archive.summaries()
    return _ladder(told[-1]) if told else {}


def _ladder(summary: Mapping[str, Any]) -> dict[str, Any]:
    """What validation was asked by a generation and those before; nothing where it was not."""
    state = summary.get("validation")
    return {"validation": state["ladder"]} if state and state["ladder"] else {}


def _distinct(archive: Archive, looks: Mapping[str, int]) -> int:
    """Looks, with strategies of one path of returns counted once."""
    measured, distinct = archive.paths()
    return sum(looks.values()) - measured + distinct


def looked(
    ledger: Ledger,
    market: Market,
    kind: str,
    looks: Mapping[str, int],
    complain: Callable[[str], None],
    source: str = "",
) -> None:
    """Record what one command looked at on training bars: a backtest, or a screen.

    Args:
        ledger: The ledger.
        market: Whose bars.
        kind: `backtest` or `screen`.
        looks: Looks by kind.
        complain: Is told in a sentence what is wrong with the ledger.
        source: The strategy's text; empty for a screen.
    """
    data = data_of(market)
    body = {"data": data.id, "window": list(window_of(market)), "looks": dict(looks)}
    if source:
        body["source"] = hashlib.sha256(source.encode()).hexdigest()[:16]
    try:
        if data.id not in Accounts(ledger.read()[0]).data:
            ledger.append("data", data.body)
        ledger.append(kind, body)
    except LedgerError as error:
        complain(str(error))


def window_of(market: Market) -> Span:
    """The bars that a search and a backtest look at: training."""
    train = market.periods[0]
    return train.start, train.end
