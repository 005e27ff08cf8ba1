"""One run from its arguments to what it found: what the command and the Python function share."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, build, merge, read

if TYPE_CHECKING:
    from rich.console import Console

    from archive.store import Archive
    from archive.transcript import Sketch, Transcript
    from engine.llm.question import Model
    from engine.progress import Watcher
    from engine.seeding import Seed
    from engine.startup import Plan
    from engine.statistics.ladder import Ladder
    from genomes.records.entry import Entry
    from sandbox.pool import Pool

RUNS = Path("runs")
"""Folder of archives without a path of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a user asked for; None where they said nothing. As the flags of `engine.evolve`."""

    generations: int | None = None
    population: int | None = None
    market: str | None = None
    config: Path | None = None
    seed_from: tuple[Path, ...] = ()
    archive: str | None = None
    resume: bool = False
    workers: int | None = None
    ray_address: str | None = None
    seed: int | None = None
    llm: str | None = None
    llm_base_url: str | None = None
    goal: str | None = None
    replay: str | None = None
    settings: Sequence[str] = ()


def table_of(arguments: Arguments) -> dict[str, Any]:
    """What was said of the config, in its shape: the file, then --set, then the other flags."""
    models = None if arguments.llm is None else [n.strip() for n in arguments.llm.split(",")]
    flags = {
        "market": arguments.market,
        "seed": arguments.seed,
        "search": {"population": arguments.population},
        "sandbox": {"workers": arguments.workers, "ray_address": arguments.ray_address},
        "llm": {
            "models": models,
            "server": {"base_url": arguments.llm_base_url},
            "goal": arguments.goal,
        },
    }
    return merge(read(arguments.config, arguments.settings), _given(flags))


def _given(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given, in tables that hold any."""
    found = {k: _given(v) if isinstance(v, dict) else v for k, v in flags.items()}
    return {key: value for key, value in found.items() if value is not None and value != {}}


def place_of(arguments: Arguments) -> str:
    """Where the archive lies: as asked; else the newest in runs/ to resume, or the next number.

    Raises:
        ConfigError: There is nothing to resume.
    """
    if arguments.archive is not None:
        return arguments.archive
    found = sorted(RUNS.glob("[0-9]*.sqlite"))
    if arguments.resume:
        if not found:
            raise ConfigError([f"--resume: no archive in {RUNS}/; name one with --archive"])
        return str(found[-1])
    last = max((int(p.stem) for p in found if p.stem.isdigit()), default=0)
    return str(RUNS / f"{last + 1:04}.sqlite")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run that ended.

    Attributes:
        archive: Path or URL of its archive.
        generations: Generations recorded, the seeds' included.
        stopped: Whether Ctrl-C or a budget ended it early.
        spent: The budget that ended it, in a sentence; empty where none did.
        notes: What else there is to say: what models took, whether a replay found the same.
        champion: Who came through validation; the fittest where validation was not asked; None if
            nothing was measured.
        ladder: What validation answered; None where it was not asked.
        champion_file: Where its text lies; None without a champion.
        floors: Without a champion, how many candidates broke which floor.
    """

    archive: str
    generations: int
    stopped: bool
    spent: str
    notes: Sequence[str]
    champion: Entry | None
    ladder: Ladder | None
    champion_file: Path | None
    floors: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive says of the run to resume or replay; empty for a new one."""

    table: Mapping[str, Any] = field(default_factory=dict[str, Any])
    market: str | None = None
    seeds: Sequence[Seed] = ()
    generations: int = 0


def kept_of(place: str) -> Kept:
    """The settings, the market's place and the seeds that a run started with."""
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
        generations = archive.generations()
    market = str(config["place"])
    table = {key: config[key] for key in ("objective", "search", "llm") if key in config}
    table |= {"seed": archive.identity.seed, "market": market}
    return Kept(table, market, seeds, generations)


def search(arguments: Arguments, *, quiet: bool = False) -> Found:
    """Run it.

    Raises:
        ConfigError, MarketError, SeedError, ArchiveError, PoolError, LedgerError: Each says what to
            do.
    """
    place = place_of(arguments)
    said = table_of(arguments)
    kept = kept_of(arguments.replay or place) if arguments.resume or arguments.replay else Kept()
    generations = _generations(arguments, kept)
    config = build(merge(kept.table, said))

    from rich.console import Console

    from archive.store import Archive
    from archive.transcript import Sketch
    from engine import startup
    from engine.ledger import place_of as ledger_place

    ledger_place(config.ledger)  # a wrong one is told before anything starts
    console = Console(file=sys.stderr if quiet else sys.stdout, quiet=quiet, soft_wrap=True)
    planned = startup.plan(
        config,
        Path.cwd(),
        seed_from=arguments.seed_from,
        kept_seeds=() if arguments.seed_from else kept.seeds,
        place=kept.market,
    )
    typed = arguments.llm_base_url is not None
    run = Run(planned, generations, console, replay=arguments.replay, typed=typed)
    if arguments.resume:
        with Archive.open(place, identity=planned.identity) as archive:
            run.greet(place)
            return run.resume(archive, place)
    Archive.check_vacant(place)  # before workers start; made only once they have
    run.greet(place)
    sketch = Sketch()
    models = run.models(sketch)
    with run.workers() as pool:
        place, archive = _create(arguments, planned, place)
        with archive:
            archive.transcript.keep(sketch.exchanges)
            return run.finish(archive, pool, place, models)


def _generations(arguments: Arguments, kept: Kept) -> int:
    """Generations after the seeds; those of the run to replay where none is given."""
    asked = arguments.generations
    if asked is None:
        if not arguments.replay:
            raise ConfigError(
                ["--generations: is missing; needs a number, e.g. 30; with --resume the total"]
            )
        asked = max(kept.generations - 1, 0)
    if asked < 0:
        raise ConfigError([f"--generations {asked}: needs an integer >= 0"])
    if arguments.replay and arguments.resume:
        raise ConfigError(["--replay: makes a new archive; leave --resume out"])
    return asked


def _create(arguments: Arguments, planned: Plan, place: str) -> tuple[str, Archive]:
    """A new archive; where none is named, the next number that no other run has taken."""
    from archive.errors import ArchiveError
    from archive.store import Archive

    while True:
        try:
            return place, Archive.create(place, identity=planned.identity)
        except ArchiveError:
            following = place_of(arguments)
            if following == place:
                raise
            place = following


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is ready to start, and how far it is to go."""

    planned: Plan
    generations: int
    console: Console
    replay: str | None
    typed: bool

    def greet(self, place: str) -> None:
        """Say what is about to run."""
        from engine.summary import opening

        for line, style in opening(self.planned, place, self.replay):
            self.console.print(line, style=style, markup=False, highlight=False)

    def resume(self, archive: Archive, place: str) -> Found:
        """Continue where it was left; workers start only where there is something to do."""
        if archive.generations() > self.generations:
            self._note(
                f"{place} has {archive.generations() - 1} generations already, so nothing ran; "
                "with --resume, --generations is the total"
            )
            return self._found(archive, place)
        models = self.models(archive.transcript)
        with self.workers() as pool:
            return self.finish(archive, pool, place, models)

    def models(self, transcript: Transcript | Sketch) -> dict[str, Model] | None:
        """The models, each asked a word: before workers start, and before anything is spent."""
        settings = self.planned.config.llm
        if not settings.models or self.replay:
            return None
        from engine.llm.probe import meet

        with self.console.status("asking the models' server"):
            return meet(settings, transcript, self._note, typed=self.typed)

    @contextmanager
    def workers(self) -> Generator[Pool]:
        """The workers, for as long as they are needed."""
        from engine import startup

        with self.console.status("starting workers (the first run compiles kernels)"):
            pool = startup.pool(self.planned.market, self.planned.config)
        try:
            yield pool
        finally:
            pool.close()

    def _note(self, words: str) -> None:
        self.console.print(f"  note: {words}", style="yellow", markup=False, highlight=False)

    def finish(
        self, archive: Archive, pool: Pool, place: str, models: dict[str, Model] | None
    ) -> Found:
        """Run it to its end, a budget's end, or Ctrl-C."""
        from engine import startup
        from engine.llm.errors import BudgetSpent
        from engine.loop import run
        from engine.progress import Screen

        best = archive.best()
        spent = ""
        with (
            startup.gateway(self.planned.config.llm, archive, models, self.replay) as gateway,
            Screen(
                self.console,
                first=archive.generations(),
                last=self.generations,
                best=None if best is None else best[1],
            ) as screen,
        ):
            try:
                search = startup.assemble(self.planned, archive, pool, gateway)
                with self._counted(screen, archive, place) as watcher:
                    run(search, self.generations, watcher)
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

    def _counted(
        self, screen: Watcher, archive: Archive, place: str
    ) -> AbstractContextManager[Watcher]:
        """The run's watcher, whose looks go into the ledger."""
        from engine.ledger import Ledger
        from engine.ledger import place_of as ledger_place
        from engine.ledger.counting import counted
        from engine.ledger.place import whole_place

        config = self.planned.config
        return counted(
            screen,
            ledger=Ledger(ledger_place(config.ledger)),
            market=self.planned.market,
            archive=archive,
            place=whole_place(place),
            modelled=bool(config.llm.models),
            complain=self._note,
        )

    def _found(self, archive: Archive, place: str, spent: str = "") -> Found:
        from engine.validation import champion_of

        chosen = champion_of(archive)
        top = archive.top(1)
        recorded = archive.generations()
        champion = archive.get(chosen.id) if chosen and chosen.id else top[0] if top else None
        floors: dict[str, int] = {}
        if champion is None:
            floored = [fate for fate in archive.fates() if fate.kind == "floored"]
            floored.sort(key=lambda fate: -fate.candidates)
            floors = {fate.reason: fate.candidates for fate in floored}
        return Found(
            archive=place,
            generations=recorded,
            stopped=recorded <= self.generations,
            spent=spent,
            notes=[*self._took(archive), *self._replayed(archive)],
            champion=champion,
            ladder=chosen.ladder if chosen else None,
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
