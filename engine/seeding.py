"""Seeds: the strategies a search begins with, read as text and looked at before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from genomes.check import check_foreign
from genomes.strategies import texts
from sandbox.outcome import Crashed, Refused
from sandbox.worker import Setup

MAX_FILES = 10_000


class SeedError(ValueError):
    """Seed files are broken; the text lists all problems of all files."""


def read_seeds(paths: Sequence[Path], *, builtin: bool) -> list[tuple[str, str]]:
    """(name, text) of every seed: the user's first, in the order given, then Finch's own.

    Args:
        paths: Files, or folders whose .py files are taken in order of their names.
        builtin: Whether the strategies that come with Finch follow.

    Raises:
        SeedError: A path is not there, holds no strategy, or a file breaks rules: all at once.
    """
    problems: list[str] = []
    seeds: list[tuple[str, str]] = []
    for path in paths:
        files = _files(path, problems)
        for file in files:
            try:
                data = file.read_bytes()
            except OSError as error:
                problems.append(f"{file}: cannot be read ({error.strerror})")
                continue
            checked = check_foreign(data)
            if isinstance(checked, tuple):
                problems += [f"{file}: {refusal}" for refusal in checked]
            else:
                seeds.append((file.stem, checked.text))
    if problems:
        raise SeedError("\n".join(problems))
    if builtin:
        seeds += texts().items()
    if not seeds:
        raise SeedError("no seeds: give --seed-from, or leave search.builtin_seeds at true")
    return seeds


def check_seeds(seeds: Sequence[tuple[str, str]], setup: Setup) -> None:
    """Draw every seed on a market's fields before anything is started.

    Raises:
        SeedError: Some cannot be drawn, or look further back than the market allows.
    """
    from sandbox.execute import check_windows
    from sandbox.jail.client import Drawn, Jail

    problems: list[str] = []
    with Jail(setup.fields, wall_s=setup.draw_wall_s) as jail:
        for (name, _), answer in zip(seeds, jail.draw_many([t for _, t in seeds]), strict=True):
            match answer:
                case Drawn():
                    refusal = check_windows(answer.graph, setup.max_window)
                    problems += [f"{name}: {refusal}"] if refusal else []
                case Refused():
                    problems += [f"{name}: {refusal}" for refusal in answer.refusals]
                case Crashed():
                    problems.append(f"{name}: {answer.reason}")
    if problems:
        raise SeedError("\n".join(problems))


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
