"""Candidates written out as strategy files, each saying where it comes from."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from archive.errors import ArchiveError
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from genomes.records.text import escaped

COMMENT = 96
"""Columns of a comment that a model's words are broken into."""


def export(entries: Sequence[Entry], folder: Path, *, origin: str, force: bool) -> list[Path]:
    """Write candidates as files that can seed another run.

    Args:
        entries: The candidates.
        folder: Made if it is missing.
        origin: The archive's name, for the header.
        force: Write over files that are there.

    Returns:
        The files, in the order of the entries.

    Raises:
        ArchiveError: Nothing to write, or a file is there already and force is off (then nothing
            is written), or the folder cannot be written.
    """
    if not entries:
        raise ArchiveError(f"{origin}: has no measured candidate to export yet")
    files = [folder / file_name(entry) for entry in entries]
    taken = [file.name for file in files if file.exists()]
    if taken and not force:
        some = ", ".join(taken[:3]) + (", ..." if len(taken) > 3 else "")
        raise ArchiveError(
            f"{folder}: has {len(taken)} of the files already ({some}); "
            "add --force to write over them, or name another folder"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entry, file in zip(entries, files, strict=True):
            file.write_text(_header(entry, origin) + entry.text, encoding="utf-8")
    except OSError as error:
        raise ArchiveError(f"{folder}: cannot be written: {error}") from error
    return files


def file_name(entry: Entry) -> str:
    """`NNNN_<slug>.py`: the id, and words of the docstring's first line."""
    from archive.views import headline

    idea = headline(entry.text).split(":")[0]
    words = re.findall(r"[a-z0-9]+", idea.lower())
    slug = "_".join(words)[:40].strip("_") or entry.operator
    return f"{entry.id:04d}_{slug}.py"


def _header(entry: Entry, origin: str) -> str:
    parents = ", ".join(f"#{parent}" for parent in entry.parents) or "no parents"
    lines = [
        f"Candidate #{entry.id} of {origin}, generation {entry.generation}, {entry.standing}.",
        f"From {parents} by {entry.operator}" + (f": {entry.note}" if entry.note else ""),
    ]
    if isinstance(entry.outcome, Measured):
        lines.append(f"Training fitness {entry.outcome.fitness!r}, graph {entry.outcome.key}")
    if entry.model is not None:
        lines.append(f"Written by {entry.model}")
    # One comment a line, whatever an operator's note or a model's words hold.
    comments = [" ".join(escaped(line).split()) for line in lines]
    if entry.proposal is not None and entry.proposal.hypothesis.strip():
        told = " ".join(escaped(entry.proposal.hypothesis).split())
        comments += textwrap.wrap(f'It says: "{told}"', COMMENT, subsequent_indent="  ")
    return "".join(f"# {comment}\n" for comment in comments)
