"""python -m archive.show: an archive in the terminal, or plain where the output is no terminal."""

from __future__ import annotations

import argparse
import heapq
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from archive.errors import ArchiveError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from archive.entry import Entry
    from archive.store import Archive

PLAIN_WIDTH = 120
"""Columns where the output is no terminal and COLUMNS is not set."""

EXAMPLES = """\
examples:
  {prog} runs/0001.sqlite                       the lineages of the ten fittest
  {prog} runs/0001.sqlite tree --best 3 --depth 4
  {prog} runs/0001.sqlite top --sort sharpe --count 20
  {prog} runs/0001.sqlite card 412              one candidate: source, figures, family
  {prog} runs/0001.sqlite diff 65 412           what changed from 65 to 412
  {prog} runs/0001.sqlite export best --top 5   files for --seed-from best
  {prog} runs/0001.sqlite digest                equal digests: equal searches
"""


def main(argv: Sequence[str] | None = None, *, prog: str = "python -m archive.show") -> int:
    """Show an archive.

    Args:
        argv: Arguments after the command's name; None takes the process's.
        prog: The command's name, for its help.

    Returns:
        The exit code: 0, or 2 with a sentence on stderr.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = _parser(prog).parse_args(_with_command(given))
    try:
        # A file that is no archive and a disk that fails are said, never shown as a traceback.
        sys.stdout.write(_show(arguments))
        sys.stdout.flush()
    except ArchiveError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:
        # The reader (head, less) has enough; what Python flushes at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Show what a search found: its tree of descent, its best, any candidate.",
        epilog=EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("archive", help="the archive's file, or the URL of a database")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    tree = commands.add_parser("tree", help="the tree of descent (the default)")
    tree.add_argument(
        "--best", type=_positive, default=10, metavar="N", help="how many of the fittest lead (10)"
    )
    tree.add_argument("--depth", type=_positive, metavar="D", help="generations of descent to draw")
    tree.add_argument("--all", action="store_true", help="every candidate, nothing folded")

    top = commands.add_parser("top", help="a table of the best")
    top.add_argument("--count", type=_positive, default=20, metavar="N", help="rows (20)")
    top.add_argument(
        "--sort",
        default="fitness",
        metavar="NAME",
        help="fitness, novelty, generation, nodes, id, or a metric such as sharpe (fitness)",
    )
    top.add_argument("--ascending", action="store_true", help="smallest first")

    card = commands.add_parser("card", help="everything about one candidate")
    card.add_argument("id", type=_identifier, help="its id, as in 412 or #412")

    diff = commands.add_parser("diff", help="what changed between two candidates")
    diff.add_argument("old", type=_identifier, metavar="A")
    diff.add_argument("new", type=_identifier, metavar="B")

    export = commands.add_parser("export", help="the fittest as files that seed another run")
    export.add_argument("folder", type=Path, metavar="DIR")
    export.add_argument("--top", type=_positive, default=10, metavar="K", help="how many (10)")
    export.add_argument("--force", action="store_true", help="write over files that are there")

    commands.add_parser("digest", help="one line that is equal for equal searches")
    return parser


def _with_command(given: list[str]) -> list[str]:
    """The arguments with `tree` put in where no command stands."""
    asks_help = any(word in ("-h", "--help") for word in given[:2])
    bare = len(given) == 1 or (len(given) > 1 and given[1].startswith("-"))
    if given and not given[0].startswith("-") and bare and not asks_help:
        return [given[0], "tree", *given[1:]]
    return given


def _show(arguments: argparse.Namespace) -> str:
    from archive.store import Archive

    with Archive.open(arguments.archive, identity=None, readonly=True) as archive:
        if arguments.command == "digest":
            return archive.digest() + "\n"
        console = _console()
        with console.capture() as captured:
            for part in _parts(archive, arguments, console):
                # A line too long is left to the terminal or the reader: nothing is cut or broken.
                console.print(part, soft_wrap=True)
        return captured.get()


def _parts(
    archive: Archive, arguments: argparse.Namespace, console: Console
) -> Iterable[RenderableType]:
    from archive import views
    from archive.export import export
    from archive.lineage import family

    box = console.is_terminal
    match arguments.command:
        case "tree":
            return _tree(archive, arguments, console.width)
        case "top":
            entries = _best(archive, arguments.sort, arguments.count, arguments.ascending)
            return [views.top(entries, box, console.width)]
        case "card":
            entry = archive.get(arguments.id)
            kin = family(archive.kin())
            source = _source(entry.text, console)
            return views.card(entry, kin, archive.children(entry.id), source)
        case "diff":
            return views.diff(archive.get(arguments.old), archive.get(arguments.new), box)
        case _:
            entries = archive.top(arguments.top)
            origin = Path(arguments.archive.rsplit("@", 1)[-1]).name
            files = export(entries, arguments.folder, origin=origin, force=arguments.force)
            return [str(file) for file in files]


def _tree(archive: Archive, arguments: argparse.Namespace, width: int) -> Iterable[RenderableType]:
    from archive import views
    from archive.lineage import family, fittest, layout, leading

    kin = family(archive.kin())
    best = fittest(kin, arguments.best)
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
    for entry in archive.entries(kinds=["measured"]):
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

    if sys.stdout.isatty():
        return Console(highlight=False)
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdigit() and int(columns) > 0 else PLAIN_WIDTH
    return Console(highlight=False, width=width, force_terminal=False, color_system=None)


def _source(text: str, console: Console) -> RenderableType:
    from rich.text import Text

    if not console.is_terminal:
        return Text(text.rstrip("\n"))
    from rich.syntax import Syntax

    return Syntax(text, "python", theme="ansi_dark", line_numbers=True)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; needs a whole number from 1 on")
    return int(text)


def _identifier(text: str) -> int:
    return _positive(text.removeprefix("#"))


if __name__ == "__main__":
    raise SystemExit(main())
