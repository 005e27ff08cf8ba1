"""One run from arguments to archive: what the command and the Python function share."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.config import ConfigError, build, merge, read
from engine.session import RUNS, Found, Kept, Session, kept_of

if TYPE_CHECKING:
    from rich.console import Console

    from archive.store import Archive
    from engine.settings import LLM
    from engine.wiring import Plan


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
    said = read(arguments.config, arguments.settings)
    flags: dict[str, Any] = {"llm": _models_of(arguments)}
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


def _models_of(arguments: Arguments) -> dict[str, Any]:
    """What the flags say of language models, in the config's shape."""
    said: dict[str, Any] = {}
    if arguments.llm is not None:
        said["models"] = [name.strip() for name in arguments.llm.split(",")]
    if arguments.llm_base_url is not None:
        said["server"] = {"base_url": arguments.llm_base_url}
    if arguments.goal is not None:
        said["goal"] = arguments.goal
    return said


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
        ConfigError, MarketError, SeedError, ArchiveError, PoolError: Each says what to do.
    """
    place = place_of(arguments)
    said = table_of(arguments)
    kept = kept_of(arguments.replay or place) if arguments.resume or arguments.replay else Kept()
    generations = _generations(arguments, kept)
    config = build(merge(kept.table, said))

    from rich.console import Console

    from archive.store import Archive
    from engine import wiring
    from engine.casting import Sketch

    console = Console(file=sys.stderr if quiet else sys.stdout, quiet=quiet, soft_wrap=True)
    planned = wiring.plan(
        config,
        Path.cwd(),
        seed_from=arguments.seed_from,
        kept_seeds=() if arguments.seed_from else kept.seeds,
        place=kept.market,
    )
    typed = arguments.llm_base_url is not None
    run = Session(planned, generations, console, replay=arguments.replay, typed=typed)
    if arguments.resume:
        with Archive.open(place, identity=planned.identity) as archive:
            _greet(console, planned, place)
            return run.go_on(archive, place)
    Archive.check_vacant(place)  # before workers start; made only once they have
    _greet(console, planned, place, arguments.replay)
    sketch = Sketch()
    models = run.introduced(sketch)
    with run.workers() as pool:
        place, archive = _create(arguments, planned, place)
        with archive:
            archive.transcript.keep(sketch.exchanges)
            return run.go(archive, pool, place, models)


def _generations(arguments: Arguments, kept: Kept) -> int:
    """Generations after the seeds; those of the run to replay where none is given."""
    asked = arguments.generations
    if asked is None:
        if not arguments.replay:
            raise ConfigError(["--generations: is missing; needs how many are to follow the seeds"])
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


def _greet(console: Console, planned: Plan, place: str, replay: str | None = None) -> None:
    from engine.llm.keys import INVITATION

    market, config = planned.market, planned.config
    scored = market.split.train_end - market.split.score_from
    console.print(
        f"{market.name}: {market.panel.assets} assets, training on {scored} bars after "
        f"{market.split.score_from} of warm-up. {len(planned.seeds)} seeds, population "
        f"{config.search.population}, seed {config.seed}, archive {place}",
        markup=False,
        highlight=False,
    )
    if config.llm.models:
        console.print(_models(config.llm), markup=False, highlight=False)
    notes = [finding.text for finding in market.findings[:5]]
    if planned.left_out:
        notes.append(f"these seeds do not fit the market: {', '.join(planned.left_out)}")
    for note in notes:
        console.print(f"  note: {note}", style="yellow", markup=False, highlight=False)
    if replay is not None:
        console.print(f"  replays {replay}: no model is asked, at no cost", markup=False)
    elif not config.llm.models:
        console.print(f"  {INVITATION}", style="dim", highlight=False)


def _models(settings: LLM) -> str:
    """The models of a run in a line."""
    share = (
        "a share of candidates that adapts to credit"
        if settings.share == "auto"
        else f"{settings.share:.0%} of candidates"
    )
    when = f", every {settings.every} generations" if settings.every > 1 else ""
    when += f", after {settings.plateau} generations without progress" if settings.plateau else ""
    goal = _goal(settings) if settings.goal or settings.category else ""
    return f"  models: {', '.join(settings.models)}, for {share}{when}{goal}"


def _goal(settings: LLM) -> str:
    """The goal, and the category that candidates are checked for."""
    from engine.llm.goal import goal_of

    category = settings.category or goal_of(settings.goal).category
    said = f'; goal: "{settings.goal}"' if settings.goal else "; goal"
    if not category:
        return said
    read = "" if settings.category else "read as "
    return f"{said} ({read}{category}; llm.category changes it)"
