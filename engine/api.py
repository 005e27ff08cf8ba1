"""Finch from Python: the same runs as the commands, with frames as answers."""

from __future__ import annotations

from collections.abc import Sequence
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
        digest: Hash of everything in it.
        candidates: A row for each candidate: id, generation, slot, operator, parents, kind,
            standing, fitness, novelty, nodes, text, and a column for each metric.
        generations: A row for each generation.
    """

    archive: str
    digest: str
    candidates: pd.DataFrame
    generations: pd.DataFrame


def evolve(
    *,
    generations: int,
    population: int | None = None,
    market: str | Path | None = None,
    config: str | Path | None = None,
    seed_from: Sequence[str | Path] = (),
    archive: str | Path | None = None,
    resume: bool = False,
    workers: int | None = None,
    ray_address: str | None = None,
    seed: int | None = None,
    settings: Sequence[str] = (),
) -> Evolution:
    """Run a search; arguments as the flags of `python -m engine.evolve`, which see.

    Raises:
        ConfigError, MarketError, SeedError, ArchiveError, PoolError: As the command would say.
    """
    from archive.store import Archive
    from engine.command import Arguments, search

    arguments = Arguments(
        generations=generations,
        population=population,
        market=str(market) if market is not None else None,
        config=Path(config) if config is not None else None,
        seed_from=tuple(Path(path) for path in seed_from),
        archive=str(archive) if archive is not None else None,
        resume=resume,
        workers=workers,
        ray_address=ray_address,
        seed=seed,
        settings=tuple(settings),
    )
    place = search(arguments, quiet=True).archive
    with Archive.open(place, identity=None, readonly=True) as found:
        return Evolution(
            archive=place,
            digest=found.digest(),
            candidates=_candidates(found),
            generations=_frame(found.summaries()),
        )


def backtest(
    file: str | Path, *, market: str | Path | None = None, settings: Sequence[str] = ()
) -> Backtest:
    """Measure one strategy file on a market's training part.

    Args:
        file: The strategy.
        market: A market's name or path; None for the embedded one.
        settings: `key=value`, as `--set`.

    Returns:
        Frames of metrics by fold and by asset, trades and equity; or the refusals.

    Raises:
        ConfigError, MarketError: As the command would say.
        OSError: The file cannot be read.
    """
    from engine.measurement import measure_file

    return measure_file(Path(file), str(market) if market is not None else None, settings)


def _candidates(archive: Any) -> pd.DataFrame:
    from sandbox.outcome import Floored, Measured, kind_of

    rows: list[dict[str, Any]] = []
    for entry in archive.entries():
        outcome = entry.outcome
        row: dict[str, Any] = {
            "id": entry.id,
            "generation": entry.generation,
            "slot": entry.slot,
            "operator": entry.operator,
            "parents": entry.parents,
            "kind": kind_of(outcome),
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
