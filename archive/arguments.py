"""What `show` can be asked, and its help. Standard library only, so that --help is fast."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = """\
examples:
  {prog} runs/0001.sqlite                       the lineages of the ten fittest
  {prog} runs/0001.sqlite tree --best 3 --depth 4
  {prog} runs/0001.sqlite top --sort sharpe --count 20
  {prog} runs/0001.sqlite card 412              one candidate: source, figures, family
  {prog} runs/0001.sqlite card 412 --explain    why each step to it was made, and what came of it
  {prog} runs/0001.sqlite calls 412             the questions to models that led to it
  {prog} runs/0001.sqlite diff 65 412           what changed from 65 to 412
  {prog} runs/0001.sqlite export best --top 5   files for --seed-from best
  {prog} runs/0001.sqlite outcomes              what became of all, and why
  {prog} runs/0001.sqlite operators             what each operator earned
  {prog} runs/0001.sqlite prompts               the tree of prompts and what each is worth
  {prog} runs/0001.sqlite prompts 17            one prompt: its record and its text
  {prog} runs/0001.sqlite models                what each model cost and was worth
  {prog} runs/0001.sqlite digest                equal digests: equal searches
  {prog} runs                                   the archives in a folder

what became of a candidate:
  better      fitter than its best parent
  novel       not fitter, but further from others than half the population
  new         measured, and neither of these
  seed        measured in generation 0
  floored     measured, and below a minimum of the objective such as 30 trades: no fitness
  depends_on_start
              its weights depend on where the data start: no fitness
  duplicate   its graph is that of an earlier candidate; nothing ran
  refused     not a valid strategy; nothing ran
"""


def parse(given: Sequence[str], prog: str) -> argparse.Namespace:
    """The arguments by name, with a `command` in any case: what people mean who name none.

    Args:
        given: Arguments after the command's name.
        prog: The command's name, for its help.

    Raises:
        SystemExit: They cannot be read, or ask for help.
    """
    parser = _parser(prog)
    if not given:
        parser.error("needs an ARCHIVE: a file such as runs/0001.sqlite, or a folder of them")
    return parser.parse_args(_with_command([*given]))


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=f"{prog} [-h] ARCHIVE [COMMAND] ...",
        description="Show what a search found: its tree of descent, its best, any candidate.",
        epilog=EXAMPLES.format(prog=prog),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "archive",
        metavar="ARCHIVE",
        help="the archive's file, the URL of a database, or a folder of archives",
    )
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", prog=f"{prog} ARCHIVE", required=True
    )

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
    card.add_argument(
        "--explain",
        action="store_true",
        help="along its line: why each change was made, beside what was measured",
    )

    calls = commands.add_parser("calls", help="what models were asked on the way to a candidate")
    calls.add_argument("id", type=_identifier, help="its id, as in 412 or #412")
    calls.add_argument("--full", action="store_true", help="long passages whole")

    prompts = commands.add_parser("prompts", help="the tree of prompts and what each is worth")
    prompts.add_argument(
        "id", type=_identifier, nargs="?", help="one prompt's id: its record and its text"
    )
    commands.add_parser("models", help="what each model was asked, cost and was worth")

    diff = commands.add_parser("diff", help="what changed between two candidates")
    diff.add_argument("old", type=_identifier, metavar="A")
    diff.add_argument("new", type=_identifier, metavar="B")

    export = commands.add_parser("export", help="the fittest as files that seed another run")
    export.add_argument("folder", type=Path, metavar="DIR")
    export.add_argument("--top", type=_positive, default=10, metavar="K", help="how many (10)")
    export.add_argument("--force", action="store_true", help="write over files that are there")

    commands.add_parser("outcomes", help="what became of candidates and why, counted")
    commands.add_parser("operators", help="what each operator proposed and earned")
    commands.add_parser("list", help="the archives in a folder (the default there)")
    commands.add_parser("digest", help="one line that is equal for equal searches")
    return parser


def _with_command(given: list[str]) -> list[str]:
    """The arguments with `tree`, or `list` for a folder, put in where no command stands."""
    asks_help = any(word in ("-h", "--help") for word in given[:2])
    bare = len(given) == 1 or (len(given) > 1 and given[1].startswith("-"))
    if given and not given[0].startswith("-") and bare and not asks_help:
        return [given[0], "list" if Path(given[0]).is_dir() else "tree", *given[1:]]
    return given


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}; needs a whole number from 1 on")
    return int(text)


def _identifier(text: str) -> int:
    return _positive(text.removeprefix("#"))
