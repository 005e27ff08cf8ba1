"""Finch from Python: the same runs as the commands, with frames as answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from engine.measurement import Backtest


@dataclass(frozen=True, slots=True, kw_only=True)
class Evolution:
    """What a search found.

    Attributes:
        archive: Path or URL of its archive.
        stopped: Whether Ctrl-C or a budget ended it early; resume continues it.
        spent: The budget that ended it, in a sentence; empty where none did.
        digest: Hash of everything in it.
        candidates: A row for each strategy: id, generation, slot, operator, parents, prompt, model,
            hypothesis, kind, standing, fitness, novelty, nodes, text, and a column for each metric.
        generations: A row for each generation.
    """

    archive: str
    stopped: bool
    spent: str
    digest: str
    candidates: pd.DataFrame
    generations: pd.DataFrame


def evolve(
    *,
    generations: int | None = None,
    population: int | None = None,
    market: str | Path | None = None,
    config: str | Path | None = None,
    seed_from: str | Path | Sequence[str | Path] = (),
    archive: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    ray_address: str | None = None,
    seed: int | None = None,
    llm: str | Sequence[str] | None = None,
    llm_base_url: str | None = None,
    goal: str | None = None,
    replay: str | Path | None = None,
    settings: str | Sequence[str] | Mapping[str, object] = (),
) -> Evolution:
    """Run a search; arguments as the flags of `python -m engine.evolve`, which see.

    Args:
        generations: Generations after the seeds; when resuming, the total; None with `replay` for
            as many as there were.
        population: Candidates a generation.
        market: A market's name or path; None for the embedded one.
        config: Settings in TOML.
        seed_from: Strategy files, or folders of them, to begin with.
        archive: Where to keep what is found; None for the next runs/NNNN.sqlite.
        resume: Continue the archive.
        workers: Ray workers; 0 runs in this process.
        ray_address: A Ray cluster.
        seed: Every randomness comes from it.
        llm: Language models that write variations, too.
        llm_base_url: Their server.
        goal: What the models are to look for, in your words.
        replay: An archive whose recorded replies are given again, offline.
        settings: `key=value`, several of them, or a dict: {"search.selection": "pareto"}.

    Raises:
        TypeError: An argument is of a kind that has no meaning here; the text says what has.
        ConfigError, MarketError, SeedError, ArchiveError, ModelsError, PoolError, Unanswered: As
            the command would say.
    """
    from archive.store import Archive
    from engine.run import Arguments, search

    counted = isinstance(generations, int) and not isinstance(generations, bool)
    if not counted and not (generations is None and replay is not None):
        raise TypeError(f"generations = {generations!r}; needs a whole number")
    if not isinstance(llm, str | Sequence | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"llm is a {type(llm).__name__}; needs a model's name or a list of them")
    files = [seed_from] if isinstance(seed_from, str | Path) else seed_from
    arguments = Arguments(
        generations=generations,
        population=population,
        market=_market(market),
        config=Path(config) if config is not None else None,
        seed_from=tuple(Path(path) for path in files),
        archive=str(archive) if archive is not None else None,
        resume=resume,
        workers=workers,
        ray_address=ray_address,
        seed=seed,
        llm=llm if llm is None or isinstance(llm, str) else ",".join(llm),
        llm_base_url=llm_base_url,
        goal=goal,
        replay=None if replay is None else str(replay),
        settings=_settings(settings),
    )
    run = search(arguments, quiet=True)
    place = run.archive
    with Archive.open(place, identity=None, readonly=True) as found:
        return Evolution(
            archive=place,
            stopped=run.stopped,
            spent=run.spent,
            digest=found.digest(),
            candidates=_candidates(found),
            generations=_frame(found.summaries()),
        )


def backtest(
    file: str | Path,
    *,
    market: str | Path | None = None,
    config: str | Path | None = None,
    settings: str | Sequence[str] | Mapping[str, object] = (),
) -> Backtest:
    """Measure one strategy file on a market's training part.

    Args:
        file: The strategy.
        market: A market's name or path; None for the embedded one.
        config: Settings in TOML.
        settings: As in `evolve`.

    Returns:
        Frames of metrics by fold and by asset, trades and equity; or the refusals.

    Raises:
        ConfigError, MarketError: As the command would say.
        OSError: The file cannot be read.
    """
    from engine.measurement import measure_file

    if "\n" in str(file):
        raise TypeError("backtest() gets a strategy's text; write it to a file and give its path")
    place = Path(config) if config is not None else None
    return measure_file(Path(file), _market(market), _settings(settings), place)


def _market(market: object) -> str | None:
    if market is None or isinstance(market, str | Path):
        return None if market is None else str(market)
    raise TypeError(
        f"market is a {type(market).__name__}; give a name or a path: a frame goes into a file "
        "first, e.g. frame.to_parquet('bars.parquet')"
    )


def _settings(settings: str | Sequence[str] | Mapping[str, object]) -> tuple[str, ...]:
    if isinstance(settings, str):
        return (settings,)
    if isinstance(settings, Mapping):
        return tuple(f"{key}={_toml(value)}" for key, value in settings.items())
    return tuple(settings)


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        items = (f"{_toml(str(key))} = {_toml(each)}" for key, each in value.items())
        return "{" + ", ".join(items) + "}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _candidates(archive: Any) -> pd.DataFrame:
    from genomes.records.outcome import Floored, Measured

    rows: list[dict[str, Any]] = []
    for entry in archive.entries(species="strategy"):
        outcome = entry.outcome
        row: dict[str, Any] = {
            "id": entry.id,
            "generation": entry.generation,
            "slot": entry.slot,
            "operator": entry.operator,
            "parents": entry.parents,
            "prompt": entry.prompt,
            "model": entry.model,
            "hypothesis": entry.proposal.hypothesis if entry.proposal else "",
            "kind": outcome.kind,
            "standing": entry.standing,
            "novelty": entry.novelty,
            "note": entry.note,
            "text": entry.text,
        }
        if isinstance(outcome, Measured):
            row |= {"fitness": outcome.fitness, "nodes": outcome.nodes}
        if isinstance(outcome, Measured | Floored):
            row |= outcome.metrics
        rows.append(row)
    return _frame(rows)


def _frame(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows)
