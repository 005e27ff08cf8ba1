"""The case: an archive, the market it was searched on, and the ledger's accounts of that market."""

from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from archive.store import Archive
from engine.config import Config, build, merge
from engine.errors import FinchError
from engine.ledger import Accounts, Data, Ledger, data_of
from engine.ledger.counting import catch_up, run_of
from engine.ledger.place import whole_place
from engine.run import Kept, kept_of
from engine.startup import load_market
from sandbox.market import Market


class EvidenceError(FinchError):
    """What was asked cannot be answered as things are; the text says what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every gate starts from; nothing of validation or sealed bars was read.

    Attributes:
        place: The archive's path or URL.
        archive: Open for reading.
        kept: What its run started with.
        config: Its settings, with the workers asked for and where the market lies now.
        market: Loaded through training.
        ledger: The ledger.
        data: What the market's bars are in the ledger.
        run: The search's name in the ledger.
    """

    place: str
    archive: Archive
    kept: Kept
    config: Config
    market: Market
    ledger: Ledger
    data: Data
    run: str

    @property
    def modelled(self) -> bool:
        """Whether language models wrote in this search."""
        return bool(self.config.llm.models)

    def accounts(self) -> Accounts:
        """The ledger's accounts, with all that this archive holds.

        Raises:
            LedgerError: It was edited, or cannot be read or written.
        """
        place = whole_place(self.place)
        return catch_up(self.ledger, self.market, self.archive, place, modelled=self.modelled)

    def champion(self) -> int | None:
        """The candidate that came through validation; None where validation was not asked."""
        from engine.validation import champion_of

        found = champion_of(self.archive)
        return None if found is None else found.id


@contextmanager
def case_of(
    place: str, ledger: Ledger, *, market: str | None = None, workers: int = 0
) -> Generator[Case]:
    """Open an archive and load the training bars that it was searched on.

    Args:
        place: Path or URL of the archive.
        ledger: The ledger.
        market: Where the market lies now, if elsewhere.
        workers: Ray workers; 0 measures in this process.

    Raises:
        EvidenceError: The bars or the market's settings are not those it was searched on.
        ArchiveError, MarketError, ConfigError: As a search would say.
    """
    kept = kept_of(place)
    place_now = {} if market is None else {"market": market}
    config = build(merge(kept.table, {"sandbox": {"workers": workers}, **place_now}))
    loaded = load_market(config.market, Path.cwd())
    with Archive.open(place, identity=None, readonly=True) as archive:
        _check_market(place, archive, loaded)
        modelled = bool(config.llm.models)
        yield Case(
            place=place,
            archive=archive,
            kept=kept,
            config=config,
            market=loaded,
            ledger=ledger,
            data=data_of(loaded),
            run=run_of(archive.identity, whole_place(place), modelled=modelled),
        )


def _check_market(place: str, archive: Archive, market: Market) -> None:
    identity = archive.identity
    if market.fingerprint != identity.fingerprint:
        raise EvidenceError(
            f"{place}: was searched on {identity.market} (fingerprint "
            f"{identity.fingerprint[:12]}), and {market.name} is other bars or another split "
            f"({market.fingerprint[:12]}); give the market it was searched on with --market. "
            "Nothing was opened or spent"
        )
    before = json.loads(identity.config).get("market", {})
    now = json.loads(
        json.dumps(market.config.model_dump(mode="json", by_alias=True, exclude={"path", "name"}))
    )
    changed = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if changed:
        said = "; ".join(f"{key} was {before.get(key)}, is {now.get(key)}" for key in changed)
        raise EvidenceError(
            f"{place}: the market's settings are not those it was searched with: {said}. Give the "
            "market's TOML as it was; nothing was opened or spent"
        )
