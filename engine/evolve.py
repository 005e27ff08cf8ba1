"""`python -m engine.evolve`: arguments in, a search, its summary out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import Command

if TYPE_CHECKING:
    from engine.run import Arguments, Found

EXAMPLES = """\
examples:
  python -m engine.evolve --generations 30                      the embedded market, no key needed
  python -m engine.evolve --generations 30 --market bars.csv    your own bars (CSV, Parquet, folder)
  python -m engine.evolve --generations 60 --resume             continue the newest run
  python -m engine.evolve --generations 30 --seed-from mine/    begin with your own strategies
  python -m engine.evolve --generations 30 --set search.selection=random --set objective.folds=4
  python -m engine.evolve --generations 30 --llm gpt-5-mini     models write half of the candidates
  python -m engine.evolve --generations 9 --llm qwen3 --llm-base-url http://localhost:11434/v1

a line for each generation:
  best, best now      the highest fitness so far, and of this generation
  median, novelty     medians of this generation's fitness and distance from other candidates
  ok/dup/floor/refused
                      counts: with a fitness; same graph as an earlier one; below a minimum such
                      as 30 trades, or dependent on the start; not a valid strategy
  cand/s, left        candidates per second; time left

then look at what was found:
  python -m archive.show runs/0001.sqlite                       the lineage tree
  python -m archive.show runs/0001.sqlite top                   the fittest
"""


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    made = argparse.ArgumentParser(
        prog="finch evolve",
        description="Evolve trading strategies: a population of source files is varied, measured "
        "on a market's training bars, and kept in an archive scored by fitness and novelty.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--generations", type=int, metavar="N", help="generations after the seeds; when resuming, "
        "the total; may be left out with --replay")  # fmt: skip
    add("--population", type=int, metavar="M", help="candidates per generation (default 64)")
    add("--market", metavar="PATH|NAME", help="a market's name (python -m sandbox.market "
        "--help lists them), a .toml, a CSV or Parquet file, or a folder; default: S&P 500 and "
        "Nasdaq, embedded")  # fmt: skip
    add("--config", type=Path, metavar="FILE", help="settings in TOML; configs/search.toml shows "
        "them all")  # fmt: skip
    add("--seed-from", type=Path, nargs="+", action="extend", default=[], metavar="PATH",
        help="your own strategy files, or folders of them, to start from")  # fmt: skip
    add("--archive", metavar="PATH|URL", help="where to store the results (default: the next "
        "runs/NNNN.sqlite)")  # fmt: skip
    add("--resume", action="store_true", help="continue an archive: the newest in runs/, or "
        "--archive")  # fmt: skip
    add("--workers", type=int, metavar="N", help="Ray workers (default 2); 0 runs in this process")
    add("--ray-address", metavar="A", help="a Ray cluster, e.g. ray://head:10001")
    add("--seed", type=int, metavar="S", help="random seed of the whole run (default 0)")
    add("--llm", metavar="MODEL[,MODEL]", help="let language models write candidates, too; the API "
        "key is OPENAI_API_KEY in the environment or in .env")  # fmt: skip
    add("--llm-base-url", metavar="URL", help="any OpenAI-compatible server, e.g. "
        "http://localhost:11434/v1 (Ollama), https://openrouter.ai/api/v1")  # fmt: skip
    add("--goal", metavar="TEXT", help="what the models should look for, in your own words")
    add("--replay", metavar="ARCHIVE", help="repeat a whole search from its recorded replies, "
        "offline, into a new archive")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="one setting, e.g. search.selection=pareto; may be repeated")  # fmt: skip
    return made


def arguments(argv: Sequence[str] | None) -> Arguments:
    """The flags as a record."""
    from engine.run import Arguments

    said = vars(parser().parse_args(argv))
    said["seed_from"] = tuple(said["seed_from"])
    return Arguments(**said)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a search; 0 when it ended, 130 when Ctrl-C ended it, 2 when something is wrong."""
    asked = arguments(argv)
    from engine.errors import explained

    interrupted = "interrupted; rerun with --resume to continue"
    with explained("finch evolve", on_interrupt=interrupted) as status:
        from engine.run import search

        found = search(asked)
        _summary(found)
        status.code = 130 if found.stopped else 0
    return status.code


def _summary(found: Found) -> None:
    from rich.console import Console

    from engine.summary import closing
    from genomes.records.text import escaped

    console = Console(soft_wrap=True, highlight=False)
    for line in closing(found):
        console.print(escaped(line), markup=False)


if __name__ == "__main__":
    sys.exit(main())
sys.modules[__name__].__class__ = Command
