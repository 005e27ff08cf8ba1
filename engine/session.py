"""One run while it lasts: workers and models come and go with it, and what it found is told."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from archive.store import Archive
    from engine.llm.gateway import Transcript as Notes
    from engine.llm.question import Model
    from engine.seeding import Seed
    from engine.wiring import Plan
    from genomes.records.entry import Entry
    from sandbox.pool import Pool

RUNS = Path("runs")
"""Folder of archives without a path of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run that ended.

    Attributes:
        archive: Path or URL of its archive.
        generations: Generations told, the seeds' included.
        stopped: Whether Ctrl-C or a budget ended it early.
        spent: The budget that ended it, in a sentence; empty where none did.
        notes: What else there is to say: what models took, whether a replay found the same.
        champion: The fittest candidate; None if nothing was measured.
        champion_file: Where its text lies; None without a champion.
        floors: Without a champion, how many candidates broke which floor.
    """

    archive: str
    generations: int
    stopped: bool
    spent: str
    notes: Sequence[str]
    champion: Entry | None
    champion_file: Path | None
    floors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive says of the run to go on with; empty for a new one."""

    table: Mapping[str, Any] = field(default_factory=dict[str, Any])
    market: str | None = None
    seeds: Sequence[Seed] = ()
    generations: int = 0


def kept_of(place: str) -> Kept:
    """The settings, the market's place and the seeds that a run was begun with."""
    from archive.identity import current
    from archive.store import Archive
    from engine.seeding import Seed

    with Archive.open(place, identity=None, readonly=True) as archive:
        config = current(archive.identity.config)
        seeds = [
            Seed(name=entry.operator.removeprefix("seed "), text=entry.text)
            for entry in archive.entries(generations=range(1))
            if entry.species == "strategy"
        ]
        told = archive.generations()
    market = str(config["place"])
    table = {key: config[key] for key in ("objective", "search", "llm") if key in config}
    table |= {"seed": archive.identity.seed, "market": market}
    return Kept(table, market, seeds, told)


@dataclass(frozen=True, slots=True)
class Session:
    """A run that is ready to start, and how far it is to go."""

    planned: Plan
    generations: int
    console: Console
    replay: str | None
    typed: bool

    def go_on(self, archive: Archive, place: str) -> Found:
        """Go on where it was left; workers start only where there is something to do."""
        if archive.generations() > self.generations:
            return self._found(archive, place)
        models = self.introduced(archive.transcript)
        with self.workers() as pool:
            return self.go(archive, pool, place, models)

    def introduced(self, notes: Notes) -> dict[str, Model] | None:
        """The models, after a word with each: before workers start, and anything is spent."""
        settings = self.planned.config.llm
        if not settings.models or self.replay:
            return None
        from engine.casting import introduced

        with self.console.status("asking the models' server"):
            return introduced(settings, notes, self._note, typed=self.typed)

    @contextmanager
    def workers(self) -> Generator[Pool]:
        """The workers, for as long as they are needed."""
        from engine import wiring

        with self.console.status("starting workers (the first run compiles kernels)"):
            pool = wiring.pool(self.planned.market, self.planned.config)
        try:
            yield pool
        finally:
            pool.close()

    def _note(self, words: str) -> None:
        self.console.print(f"  note: {words}", style="yellow", markup=False, highlight=False)

    def go(
        self, archive: Archive, pool: Pool, place: str, models: dict[str, Model] | None
    ) -> Found:
        """Run it to its end, a budget's end, or Ctrl-C."""
        from engine import casting, wiring
        from engine.llm.errors import BudgetSpent
        from engine.loop import run
        from engine.progress import Screen

        best = archive.best()
        spent = ""
        with (
            casting.gateway(self.planned.config.llm, archive, models, self.replay) as gateway,
            Screen(
                self.console,
                first=archive.generations(),
                last=self.generations,
                best=None if best is None else best[1],
            ) as screen,
        ):
            try:
                run(wiring.assemble(self.planned, archive, pool, gateway), self.generations, screen)
            except BudgetSpent as end:
                spent = str(end)
            finally:
                if gateway is not None and gateway.under_way:
                    self.console.print(
                        f"Waiting for {gateway.under_way} answers in flight (already billed); "
                        "press Ctrl-C to discard them.",
                        style="yellow",
                    )
        return self._found(archive, place, spent)

    def _found(self, archive: Archive, place: str, spent: str = "") -> Found:
        top = archive.top(1)
        told = archive.generations()
        champion = top[0] if top else None
        floors: dict[str, int] = {}
        if champion is None:
            floored = [fate for fate in archive.fates() if fate.kind == "floored"]
            floored.sort(key=lambda fate: -fate.candidates)
            floors = {fate.reason: fate.candidates for fate in floored}
        return Found(
            archive=place,
            generations=told,
            stopped=told <= self.generations,
            spent=spent,
            notes=[*self._took(archive), *self._replayed(archive)],
            champion=champion,
            champion_file=_keep(champion, place),
            floors=floors,
        )

    def _took(self, archive: Archive) -> list[str]:
        """What models took, in a line."""
        total = archive.transcript.spent()
        if not total.calls:
            return []
        limit = self.planned.config.llm.budget.money
        of = f" of {limit:.4g}" if limit else ""
        money = f", {total.cost:.4g}{of} paid" if total.cost or limit else ""
        if self.replay:
            money = ", nothing paid again"
        return [f"Models: {total.calls:,} questions, {total.tokens:,} tokens{money}."]

    def _replayed(self, archive: Archive) -> list[str]:
        """Whether a replay came to the same."""
        if self.replay is None:
            return []
        from archive.store import Archive as Store

        with Store.open(self.replay, identity=None, readonly=True) as source:
            if source.generations() != archive.generations():
                return []
            same = source.digest() == archive.digest()
        word = "the same digest" if same else "ANOTHER digest: data, settings or Finch differ"
        return [f"Replay of {self.replay}: {word}."]


def _keep(champion: Entry | None, place: str) -> Path | None:
    """Write the champion's text beside the archive; in the folder of runs for a database."""
    if champion is None:
        return None
    path = RUNS / "champion.py" if "://" in place else Path(place).with_suffix(".champion.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(champion.text, encoding="utf-8")
    return path
