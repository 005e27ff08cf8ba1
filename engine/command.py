"""One run from arguments to archive: what the command and the Python function share."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, build, merge, read

if TYPE_CHECKING:
    from archive.entry import Entry

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
    """

    archive: str
    generations: int
    stopped: bool
    champion: Entry | None
    champion_file: Path | None


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
    from engine.loop import run
    from engine.progress import Screen
    from engine.seeding import read_seeds

    console = Console(file=sys.stderr if quiet else sys.stdout, quiet=quiet, soft_wrap=True)
    seeds = kept.seeds if not arguments.seed_from else []
    if not seeds:
        seeds = read_seeds(arguments.seed_from, builtin=config.search.builtin_seeds)
    planned = wiring.plan(config, seeds, Path.cwd(), place=kept.market)
    _greet(console, planned, arguments, place)
    archive = (
        Archive.open(place, identity=planned.identity)
        if arguments.resume
        else Archive.create(place, identity=planned.identity)
    )
    with archive:
        first = archive.generations()
        if first <= arguments.generations:
            with console.status("starting workers (the first run compiles kernels)"):
                pool = wiring.pool(planned.market, config)
            try:
                task = wiring.assemble(planned, archive, pool)
                best = max(task.population.fitness, default=None)
                last = arguments.generations
                with Screen(console, first=first, last=last, best=best) as screen:
                    run(task, last, screen)
            finally:
                pool.close()
        top = archive.top(1)
        told = archive.generations()
    champion = top[0] if top else None
    return Found(
        archive=place,
        generations=told,
        stopped=told <= arguments.generations,
        champion=champion,
        champion_file=_keep(champion, place),
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What an archive says of the run to go on with; empty for a new one."""

    table: Mapping[str, Any] = field(default_factory=dict[str, Any])
    market: str | None = None
    seeds: Sequence[tuple[str, str]] = ()


def _kept(place: str) -> Kept:
    """The settings, the market's place and the seeds that a run was begun with."""
    from archive.store import Archive

    with Archive.open(place, identity=None, readonly=True) as archive:
        config: dict[str, Any] = json.loads(archive.identity.config)
        seeds = [
            (entry.operator.removeprefix("seed "), entry.text)
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


def _greet(console: Any, planned: Any, arguments: Arguments, place: str) -> None:
    market = planned.market
    panel, split = market.panel, market.split
    config = planned.config
    console.print(
        f"{market.name}: {panel.assets} assets, training on {split.train_end - split.score_from} "
        f"bars after {split.score_from} of warm-up. {len(planned.seeds)} seeds, population "
        f"{config.search.population}, seed {config.seed}, archive {place}",
        highlight=False,
    )
    for finding in market.findings[:5]:
        console.print(f"  note: {finding.text}", style="yellow", highlight=False)
