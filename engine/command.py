"""One run from arguments to archive: what the command and the Python function share."""

from __future__ import annotations

import json
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, build, merge, read

if TYPE_CHECKING:
    from rich.console import Console

    from archive.entry import Entry
    from archive.store import Archive
    from engine.seeding import Seed
    from engine.wiring import Plan
    from sandbox.pool import Pool

RUNS = Path("runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What a user asked for; None where they said nothing. As the flags of `engine.evolve`."""

    generations: int
    population: int | None = None
    market: str | None = None
    config: Path | None = None
    seed_from: tuple[Path, ...] = ()
    archive: str | None = None
    resume: bool = False
    workers: int | None = None
    ray_address: str | None = None
    seed: int | None = None
    settings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run that ended.

    Attributes:
        archive: Path or URL of its archive.
        generations: Generations told, the seeds' included.
        stopped: Whether Ctrl-C ended it early.
        champion: The fittest candidate; None if nothing was measured.
        champion_file: Where its text lies; None without a champion.
        floors: Without a champion, how many candidates broke which floor.
    """

    archive: str
    generations: int
    stopped: bool
    champion: Entry | None
    champion_file: Path | None
    floors: Mapping[str, int]


def table_of(arguments: Arguments) -> dict[str, Any]:
    """What was said of the config, in its shape: the file, then --set, then the other flags."""
    said = read(arguments.config, arguments.settings)
    flags: dict[str, Any] = {}
    if arguments.market is not None:
        flags["market"] = arguments.market
    if arguments.seed is not None:
        flags["seed"] = arguments.seed
    if arguments.population is not None:
        flags["search"] = {"population": arguments.population}
    places = {"workers": arguments.workers, "ray_address": arguments.ray_address}
    if given := {key: value for key, value in places.items() if value is not None}:
        flags["sandbox"] = given
    return merge(said, flags)


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


def search(arguments: Arguments, *, quiet: bool = False) -> Found:
    """Run it.

    Raises:
        ConfigError, MarketError, SeedError, ArchiveError, PoolError: Each says the way out.
    """
    if arguments.generations < 0:
        raise ConfigError([f"--generations {arguments.generations}: needs an integer >= 0"])
    place = place_of(arguments)
    said = table_of(arguments)
    kept = _kept(place) if arguments.resume else Kept()
    config = build(merge(kept.table, said))

    from rich.console import Console

    from archive.store import Archive
    from engine import wiring

    console = Console(file=sys.stderr if quiet else sys.stdout, quiet=quiet, soft_wrap=True)
    planned = wiring.plan(
        config,
        Path.cwd(),
        seed_from=arguments.seed_from,
        kept_seeds=() if arguments.seed_from else kept.seeds,
        place=kept.market,
    )
    if arguments.resume:
        with Archive.open(place, identity=planned.identity) as archive:
            _greet(console, planned, place)
            return _go_on(arguments, planned, archive, place, console)
    Archive.check_vacant(place)  # before workers start; made only once they have
    _greet(console, planned, place)
    with _workers(planned, console) as pool:
        place, archive = _create(arguments, planned, place)
        with archive:
            _run(planned, archive, pool, arguments.generations, console)
            return _found(arguments, archive, place)


def _go_on(
    arguments: Arguments, planned: Plan, archive: Archive, place: str, console: Console
) -> Found:
    if archive.generations() <= arguments.generations:
        with _workers(planned, console) as pool:
            _run(planned, archive, pool, arguments.generations, console)
    return _found(arguments, archive, place)


def _create(arguments: Arguments, planned: Plan, place: str) -> tuple[str, Archive]:
    """A new archive; where nobody named one, the next number that no other run has taken."""
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


@contextmanager
def _workers(planned: Plan, console: Console) -> Generator[Pool]:
    from engine import wiring

    with console.status("starting workers (the first run compiles kernels)"):
        pool = wiring.pool(planned.market, planned.config)
    try:
        yield pool
    finally:
        pool.close()


def _run(planned: Plan, archive: Archive, pool: Pool, generations: int, console: Console) -> None:
    from engine import wiring
    from engine.loop import run
    from engine.progress import Screen

    task = wiring.assemble(planned, archive, pool)
    best = max(task.population.fitness, default=None)
    first = archive.generations()
    with Screen(console, first=first, last=generations, best=best) as screen:
        run(task, generations, screen)


def _found(arguments: Arguments, archive: Archive, place: str) -> Found:
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
        stopped=told <= arguments.generations,
        champion=champion,
        champion_file=_keep(champion, place),
        floors=floors,
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive says of the run to go on with; empty for a new one."""

    table: Mapping[str, Any] = field(default_factory=dict[str, Any])
    market: str | None = None
    seeds: Sequence[Seed] = ()


def _kept(place: str) -> Kept:
    """The settings, the market's place and the seeds that a run was begun with."""
    from archive.store import Archive
    from engine.seeding import Seed

    with Archive.open(place, identity=None, readonly=True) as archive:
        config: dict[str, Any] = json.loads(archive.identity.config)
        seeds = [
            Seed(name=entry.operator.removeprefix("seed "), text=entry.text)
            for entry in archive.entries(generations=range(1))
        ]
    market = str(config["place"])
    table = {key: config[key] for key in ("objective", "search")}
    return Kept(table | {"seed": archive.identity.seed, "market": market}, market, seeds)


def _keep(champion: Entry | None, place: str) -> Path | None:
    """Write the champion's text beside the archive; in the folder of runs for a database."""
    if champion is None:
        return None
    path = RUNS / "champion.py" if "://" in place else Path(place).with_suffix(".champion.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(champion.text, encoding="utf-8")
    return path


def _greet(console: Console, planned: Plan, place: str) -> None:
    market, config = planned.market, planned.config
    scored = market.split.train_end - market.split.score_from
    console.print(
        f"{market.name}: {market.panel.assets} assets, training on {scored} bars after "
        f"{market.split.score_from} of warm-up. {len(planned.seeds)} seeds, population "
        f"{config.search.population}, seed {config.seed}, archive {place}",
        highlight=False,
    )
    notes = [finding.text for finding in market.findings[:5]]
    if planned.left_out:
        notes.append(f"these seeds do not fit the market: {', '.join(planned.left_out)}")
    for note in notes:
        console.print(f"  note: {note}", style="yellow", highlight=False)
