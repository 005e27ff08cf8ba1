"""python -m archive.show: an archive in the terminal, or as plain text in a file or pipe."""

from __future__ import annotations

import heapq
import io
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archive.arguments import parse
from archive.errors import ArchiveError

if TYPE_CHECKING:
    import argparse

    from rich.console import Console, RenderableType

    from archive.store import Archive
    from genomes.records.entry import Entry

PLAIN_WIDTH = 120
"""Columns where the output is not a terminal and COLUMNS is not set."""

INTERRUPTED = 130
"""The exit code of a command that was interrupted, as shells count it."""


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m archive.show") -> int:
    """Show an archive.

    Args:
        argv: Arguments after the command's name; None takes the process's.
        prog: The command's name, for its help.

    Returns:
        The exit code: 0, 2 with a sentence on stderr, or 130 where it was interrupted.
    """
    try:
        arguments = parse(sys.argv[1:] if argv is None else argv, prog)
        # A file that is not an archive and a disk that fails are said, never shown as a traceback.
        return _written(_show(arguments))
    except ArchiveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        return INTERRUPTED


def _written(text: str) -> int:
    """Write it out whole; the exit code."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        _drop_output()  # the reader (head, less) has enough
    except OSError as error:
        _drop_output()
        sys.stderr.write(f"the output cannot be written: {error.strerror}; send it elsewhere\n")
        return 2
    return 0


def _drop_output() -> None:
    """See that what Python flushes at exit does not complain either."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _show(arguments: argparse.Namespace) -> str:
    from archive.store import Archive

    if arguments.command == "list":
        from archive.listing import archives

        console = _console()
        return _rendered(archives(Path(arguments.archive), console.is_terminal), console)
    with Archive.open(arguments.archive, identity=None, readonly=True) as archive:
        if arguments.command == "digest":
            return archive.digest() + "\n"
        console = _console()
        return _rendered(_parts(archive, arguments, console), console)


def _rendered(parts: Iterable[RenderableType], console: Console) -> str:
    with console.capture() as captured:
        for part in parts:
            # A line too long is left to the terminal or the reader: nothing is cut or broken.
            console.print(part, soft_wrap=True)
    return captured.get()


def _parts(
    archive: Archive, arguments: argparse.Namespace, console: Console
) -> Iterable[RenderableType]:
    from archive import listing, reasons, views
    from archive.export import export

    box = console.is_terminal
    match arguments.command:
        case "tree":
            return _tree(archive, arguments, console.width)
        case "top":
            entries = _best(archive, arguments.sort, arguments.count, arguments.ascending)
            if not entries:
                return [listing.none_measured(archive.fates("strategy"))]
            return [views.top(entries, box, console.width, arguments.sort)]
        case "card":
            return _card(archive, arguments, console)
        case "calls":
            entry = archive.get(arguments.id)
            calls = entry.proposal.calls if entry.proposal else ()
            found = [(call, archive.transcript.recall(call.key, call.draw)) for call in calls]
            return reasons.debate(entry, found, arguments.full)
        case "prompts":
            return _prompts(archive, arguments, console)
        case "models":
            from archive import prompts

            return prompts.models(archive.asked(), archive.written(), archive.merits("models"), box)
        case "diff":
            return views.diff(archive.get(arguments.old), archive.get(arguments.new), box)
        case "outcomes":
            fates = archive.fates()
            return [listing.outcomes(fates, box) if fates else listing.none_measured(fates)]
        case "operators":
            earned = archive.earnings()
            return [listing.operators(earned, box) if earned else listing.none_measured([])]
        case _:
            entries = archive.top(arguments.top)
            origin = Path(arguments.archive.rsplit("@", 1)[-1]).name
            files = export(entries, arguments.folder, origin=origin, force=arguments.force)
            return [str(file) for file in files]


def _card(
    archive: Archive, arguments: argparse.Namespace, console: Console
) -> Iterable[RenderableType]:
    from archive import reasons, views
    from archive.lineage import best_path, family

    entry = archive.get(arguments.id)
    kin = family(archive.kin(entry.species))
    told = {entry.id: entry}
    if arguments.explain:
        path = best_path(kin, entry.id)
        wanted = {*path, *(parent for one in path for parent in kin[one].parents)}
        told = {one.id: one for one in archive.entries(ids=wanted)}
    titles = _titles(archive, told.values())
    return views.card(
        entry,
        kin,
        archive.children(entry.id),
        _source(entry, console),
        made=reasons.made(entry, titles, archive.trials(entry.id)),
        lineage=reasons.explained(entry, kin, told, titles) if arguments.explain else None,
    )


def _titles(archive: Archive, entries: Iterable[Entry]) -> dict[int, str]:
    """The titles of the prompts that asked for these, by id."""
    asked = {entry.prompt for entry in entries if entry.prompt is not None}
    if not asked:
        return {}
    from archive.prompts import heading

    return {one: heading(text)[1] for one, text in archive.texts(asked).items()}


def _prompts(
    archive: Archive, arguments: argparse.Namespace, console: Console
) -> Iterable[RenderableType]:
    from archive import prompts, reasons
    from archive.lineage import family

    known, written, merits = archive.prompts(), archive.written(), archive.merits("prompts")
    if arguments.id is None:
        kin = family(archive.kin("prompt"))
        box, width = console.is_terminal, console.width
        return prompts.tree(kin, known, written, merits, box, width)
    entry = archive.get(arguments.id)
    if entry.species != "prompt":
        raise ArchiveError(f"#{entry.id} is not a prompt but a strategy; card {entry.id} shows it")
    made = reasons.made(entry, {}, [])
    source = _source(entry, console)
    return prompts.prompt(entry, known, written, merits.get(entry.id), source, made=made)


def _tree(archive: Archive, arguments: argparse.Namespace, width: int) -> Iterable[RenderableType]:
    from archive import listing, views
    from archive.lineage import family, fittest, layout, leading

    kin = family(archive.kin("strategy"))
    best = fittest(kin, arguments.best)
    if not best and not arguments.all:
        return [listing.none_measured(archive.fates("strategy"))]
    drawn = None if arguments.all else leading(kin, best)
    lines = layout(kin, drawn, depth=arguments.depth, fold=not arguments.all, whole=set(best))
    return views.tree(kin, lines, sum(len(line.folded) for line in lines), width)


def _best(archive: Archive, name: str, count: int, ascending: bool) -> list[Entry]:
    from archive import views

    if name == "fitness" and not ascending:
        return archive.top(count)
    sign = -1.0 if ascending else 1.0
    ranked: list[tuple[float, int, Entry]] = []
    met: dict[str, None] = dict.fromkeys((*views.OWN, *views.COLUMNS))
    for entry in archive.entries(kinds=["measured"], species="strategy"):
        met.update(dict.fromkeys(views.figures_of(entry)))
        value = views.sort_value(entry, name)
        if value is not None:
            ranked.append((sign * value, -entry.id, entry))
        if len(ranked) > 2 * count + 1000:
            ranked = heapq.nlargest(count, ranked)
    if not ranked and name not in met:
        raise ArchiveError(f"--sort {name}: no candidate has it; there are {', '.join(met)}")
    return [entry for _, _, entry in heapq.nlargest(count, ranked)]


def _console() -> Console:
    from rich.console import Console

    # Even a capturing console writes nothing, but writes it, to its file: a full disk refuses that.
    file = io.StringIO()
    if sys.stdout.isatty():
        return Console(file=file, highlight=False, force_terminal=True)
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdigit() and int(columns) > 0 else PLAIN_WIDTH
    return Console(file=file, highlight=False, width=width, force_terminal=False, color_system=None)


def _source(entry: Entry, console: Console) -> RenderableType:
    from archive.figures import said
    from genomes.records.text import escaped

    if not console.is_terminal:
        return said(entry.text.rstrip("\n"))
    from rich.syntax import Syntax

    language = "python" if entry.species == "strategy" else "markdown"
    return Syntax(escaped(entry.text), language, theme="ansi_dark", line_numbers=True)


if __name__ == "__main__":
    raise SystemExit(main())
