"""Lists and counts as rich renderables: archives in a folder, outcomes and operators in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from archive.counts import Earning, Fate, summed_up
from archive.errors import ArchiveError
from archive.figures import said, table
from archive.sqlite import is_archive
from archive.store import Archive
from genomes.records.text import fixed


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An archive as a list of many shows it.

    Attributes:
        name: Its file's name.
        market: The market it was begun with.
        generations: Generations told, the seeds' included.
        candidates: Candidates told.
        best: Id and fitness of the fittest; None where none was measured.
    """

    name: str
    market: str
    generations: int
    candidates: int
    best: tuple[int, float] | None


def archives(folder: Path, box: bool) -> list[RenderableType]:
    """The archives that lie in a folder, by name; other files are passed over.

    Args:
        folder: Where; folders in it are not looked into.
        box: Whether the table has rules.

    Raises:
        ArchiveError: It is not a folder, or cannot be read.
    """
    if not folder.is_dir():
        raise ArchiveError(f"{folder}: is not a folder; give the folder of the archives to list")
    listed: list[Listed] = []
    troubles: list[RenderableType] = []
    try:
        files = sorted(file for file in folder.iterdir() if file.is_file())
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be read ({error.strerror})") from error
    for file in files:
        try:
            # A name with a dot in front is an archive that is being made.
            if not file.name.startswith(".") and is_archive(file):
                listed.append(_listed(file))
        except (ArchiveError, OSError) as error:
            troubles.append(Text(str(error), style="yellow"))
    if not listed and not troubles:
        begin = folder / "0001.sqlite"
        return [
            Text(
                f"{folder}: holds no archive; start one with "
                f"`python -m engine.evolve --generations 30 --archive {begin}`"
            )
        ]
    return [*([_archives(listed, box)] if listed else []), *troubles]


def outcomes(fates: Sequence[Fate], box: bool) -> Table:
    """How many candidates met which end, and the first of each, whose card says more."""
    rows = [
        [fate.kind, fate.reason, f"{fate.candidates:,}", f"#{fate.first}"] for fate in fates
    ]  # fmt: skip
    return table(box, ["outcome", "reason", "candidates", "first"], rows, left="outcome reason")


def operators(earned: Sequence[Earning], box: bool) -> Table:
    """What each operator proposed and earned, the seeds together in one last row."""
    seeds = [one for one in earned if not one.tries and one.operator.split(" ")[0] == "seed"]
    rows = [
        _earning(one.operator, [one], f"{one.earned:,.2f}", f"{one.earned / one.tries:.3f}")
        if one.tries
        else _earning(one.operator, [one], "-", "-")
        for one in earned
        if one not in seeds
    ]
    if seeds:
        rows.append(_earning("seeds", seeds, "-", "-"))
    names = ["operator", "candidates", "measured", "earned", "a try", "best"]
    return table(box, names, rows, left="operator")


def none_measured(fates: Sequence[Fate]) -> Text:
    """Why there is nothing to show: outcomes by kind, and a card that says more."""
    if not fates:
        return Text("No candidates yet.")
    return said(f"{summed_up(fates)}; see card {fates[0].first}")


def _archives(listed: Sequence[Listed], box: bool) -> Table:
    rows = [
        [
            one.name,
            one.market,
            f"{one.generations:,}",
            f"{one.candidates:,}",
            fixed(one.best[1] if one.best else None),
            f"#{one.best[0]}" if one.best else "-",
        ]
        for one in listed
    ]
    names = ["archive", "market", "generations", "candidates", "best", "id"]
    return table(box, names, rows, left="archive market")


def _earning(name: str, together: Sequence[Earning], earned: str, mean: str) -> list[str]:
    best = max((one.best for one in together if one.best is not None), default=None)
    candidates = sum(one.candidates for one in together)
    measured = sum(one.measured for one in together)
    return [name, f"{candidates:,}", f"{measured:,}", earned, mean, fixed(best)]


def _listed(file: Path) -> Listed:
    with Archive.open(file, identity=None, readonly=True) as archive:
        return Listed(
            name=file.name,
            market=archive.identity.market,
            generations=archive.generations(),
            candidates=archive.count(),
            best=archive.best(),
        )


def looks(counts: Mapping[str, int]) -> Text:
    """How often the training bars were looked at, in a line."""
    said = ", ".join(f"{count:,} {_LOOKS.get(kind, kind)}" for kind, count in counts.items())
    return Text(f"Looks at the training bars: {said or 'none'}.")


_LOOKS = {
    "atoms": "conditions of the screen",
    "products": "products of two of them",
    "remedies": "changes of parents",
    "trials": "trials of tuning",
}
