"""Seeds: the strategies a search starts with, read as text and checked before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.proposer import Proposer
from genomes.check.text import decode
from genomes.records.candidate import Task
from genomes.records.outcome import Crashed, Refused
from genomes.strategies import texts
from sandbox.errand import Setup

MAX_FILES = 10_000


class SeedError(ValueError):
    """Seed files are broken; the text lists all problems of all files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A strategy of generation 0.

    Attributes:
        name: The file's name without its ending.
        text: Its text; in normal form once it fits a market.
        file: The user's file; empty for one that comes with Finch, or from an archive.
    """

    name: str
    text: str
    file: str = ""


class Seeds(Proposer):
    """Proposes the strategies of generation 0, and nothing after."""

    def __init__(self, seeds: Sequence[Seed]) -> None:
        """These, in their order."""
        self._seeds = seeds

    def extra(self, generation: int, slot: int, candidate: int) -> Sequence[Task]:
        """Every seed's text, in generation 0."""
        if generation:
            return ()
        return [
            Task(
                slot=slot + i, candidate=candidate + i, operator=f"seed {each.name}", text=each.text
            )
            for i, each in enumerate(self._seeds)
        ]


def read_seeds(paths: Sequence[Path], *, builtin: bool) -> tuple[list[Seed], list[str]]:
    """Every seed that can be read, and what is wrong with the others.

    Args:
        paths: The user's files, or folders whose .py files are taken in order of their names.
        builtin: Whether the strategies that come with Finch follow.

    Returns:
        The seeds, the user's first, and all problems of all files.
    """
    problems: list[str] = []
    seeds: list[Seed] = []
    for path in paths:
        for file in _files(path, problems):
            try:
                data = file.read_bytes()
            except OSError as error:
                problems.append(f"{file}: cannot be read ({error.strerror})")
                continue
            text = decode(data)
            if isinstance(text, tuple):
                problems += [f"{file}: {refusal}" for refusal in text]
            else:
                seeds.append(Seed(name=file.stem, text=text, file=str(file)))
    if builtin:
        seeds += [Seed(name=name, text=text) for name, text in texts().items()]
    return seeds, problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How seeds fit a market.

    Attributes:
        seeds: Those that fit.
        left_out: Those of Finch's own that do not, as on a short market or one without volume.
        problems: What is wrong with the user's.
        isolation: What the jail that drew them is isolated by: `full`, or `reduced:` and what is
            missing.
    """

    seeds: Sequence[Seed]
    left_out: Sequence[Seed]
    problems: Sequence[str]
    isolation: str


def fit_seeds(seeds: Sequence[Seed], setup: Setup) -> Fit:
    """Draw every seed on a market's fields before anything is started.

    The user's files are checked and read in the jail, and nowhere else.

    Raises:
        JailError: The jail has not the isolation that the setup asks for.
    """
    from sandbox.execute import check_windows
    from sandbox.jail.client import Drawn, Jail

    fit: list[Seed] = []
    left: list[Seed] = []
    problems: list[str] = []
    with Jail(setup.fields, wall_s=setup.draw_wall_s, isolation=setup.isolation) as jail:
        isolation = jail.isolation
        read = iter(jail.read_foreign([seed.text for seed in seeds if seed.file]))
        ours = iter(jail.draw_many([seed.text for seed in seeds if not seed.file]))
    for seed in seeds:
        if seed.file:
            foreign = next(read)
            text, answer = foreign.text, foreign.answer
        else:
            text, answer = seed.text, next(ours)
        found: list[str] = []
        match answer:
            case Drawn():
                refusal = check_windows(answer.graph, setup.max_window)
                found += [] if refusal is None else [str(refusal)]
            case Refused():
                found += [str(refusal) for refusal in answer.refusals]
            case Crashed():
                found.append(answer.reason)
        if not found:
            fit.append(replace(seed, text=text))
        elif seed.file:
            problems += [f"{seed.file}: {words}" for words in found]
        else:
            left.append(seed)
    return Fit(seeds=fit, left_out=left, problems=problems, isolation=isolation)


def _files(path: Path, problems: list[str]) -> list[Path]:
    if path.is_dir():
        files = sorted(f for f in path.glob("*.py") if f.name != "__init__.py")
        if not files:
            problems.append(f"{path}: holds no .py file")
        if len(files) > MAX_FILES:
            problems.append(f"{path}: holds {len(files)} .py files; at most {MAX_FILES} are taken")
            return []
        return files
    if not path.exists():
        problems.append(f"{path}: is not there")
        return []
    return [path]
