"""`python -m engine.evidence`: the ledger of looks, and the gates that say what may be believed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.ledger import Ledger

EXAMPLES = """\
examples:
  python -m engine.evidence ledger                       what was tried on which bars, and what is left
  python -m engine.evidence twins runs/0001.sqlite       gate 1: the same search on 19 markets of noise
  python -m engine.evidence open runs/0001.sqlite        gate 2: finalists on the sealed window, once
  python -m engine.evidence report runs/0001.sqlite      all of it on one page: report.html or .md
  python -m engine.evidence forward runs/0001.sqlite --bars new.csv   gate 3: on bars that came after

The ledger is one file outside all archives: --ledger, `ledger` in the config of a search, FINCH_LEDGER, or
~/.local/share/finch/ledger.jsonl. Every search, screen and backtest adds its looks to it.

exit code: 0 answered, whatever the answer; 2 refused or an error: nothing was spent
"""  # noqa: E501


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    made = argparse.ArgumentParser(
        prog="finch evidence",
        description="What may be believed of what a search found.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, doc: str, archive: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=doc, description=doc)
        if archive:
            one.add_argument("archive", metavar="ARCHIVE", help="path or URL of a search's archive")
            one.add_argument("--market", metavar="PATH|NAME", help="where its market lies now")
            one.add_argument("--workers", type=int, default=0, metavar="N", help="Ray workers; 0, "
                             "the default, measures in this process")  # fmt: skip
        one.add_argument("--ledger", metavar="FILE", default="", help="the ledger of looks")
        one.add_argument("--config", type=Path, metavar="FILE", help="a search's config, for its "
                         "`ledger`")  # fmt: skip
        return one

    command("ledger", "what was tried on which bars, and what is left to spend", archive=False)
    noise = command("twins", "repeat the search on sign-flipped twins of its training bars")
    noise.add_argument("--twins", type=int, default=19, metavar="M", help="how many; default: 19, "
                       "the least for p = 0.05; finished ones are kept")  # fmt: skip
    noise.add_argument("--processes", type=int, default=1, metavar="N", help="twins at a time")
    opening = command("open", "judge finalists on the sealed window, once")
    opening.add_argument("--finalists", type=int, default=3, metavar="K", help="1 to 10, the last "
                         "of them an ensemble; default: 3")  # fmt: skip
    opening.add_argument("--yes", action="store_true", help="open without asking")
    opening.add_argument("--again", action="store_true", help="open bars that were opened before, "
                         "at the lower level of a further opening")  # fmt: skip
    page = command("report", "what was searched, how many looks it took, and what may be believed")
    page.add_argument("--out", type=Path, metavar="FILE", help="an .html page, or .md; default: "
                      "beside the archive, .report.html")  # fmt: skip
    after = command("forward", "champion against challengers on bars that came after")
    after.add_argument("--bars", required=True, metavar="NEW", help="file, folder or TOML of all "
                       "bars after the market's last one")  # fmt: skip
    after.add_argument("--finalists", type=int, default=3, metavar="K", help="as in open; once "
                       "opened or begun, those frozen then")  # fmt: skip
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the command; 0 answered, 2 refused or an error, 130 when Ctrl-C ended it."""
    asked = parser().parse_args(argv)
    from engine.errors import explained

    interrupted = "interrupted; the same command continues"
    with explained("finch evidence", on_interrupt=interrupted) as status:
        from engine.config import build, read
        from engine.ledger import Ledger, place_of

        said = asked.ledger or build(read(asked.config)).ledger
        ledger = Ledger(place_of(said))
        match asked.command:
            case "ledger":
                status.code = _ledger(ledger)
            case "twins":
                _twins(ledger, asked)
            case "report":
                _report(ledger, asked)
            case "forward":
                _forward(ledger, asked)
            case _:
                _open(ledger, asked)
    return status.code


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)


def _ledger(ledger: Ledger) -> int:
    from engine.evidence import shown
    from engine.ledger import Accounts

    rows, problem = ledger.read()
    print(f"{ledger.path}: {len(rows)} rows" + ("" if problem else ", and the chain holds"))
    for each in Accounts(rows).campaigns():
        print()
        _say(shown.campaign(each))
    if problem:
        print(f"finch evidence: {problem}", file=sys.stderr)
    return 2 if problem else 0


def _report(ledger: Ledger, asked: argparse.Namespace) -> None:
    from engine.evidence import written
    from engine.evidence.case import EvidenceError, case_of
    from engine.evidence.report import reported

    beside = Path("report.html")
    if "://" not in asked.archive:
        beside = Path(asked.archive).with_suffix(".report.html")
    out: Path = asked.out or beside
    ways = {".html": written.html, ".md": written.markdown}
    if out.suffix not in ways:
        raise EvidenceError(f"--out {out}: needs a name that ends in .html or .md")
    with case_of(asked.archive, ledger, market=asked.market, workers=asked.workers) as case:
        found = reported(case)
    out.write_text(ways[out.suffix](found), encoding="utf-8")
    _say([found.verdict, f"The report: {out}"])


def _twins(ledger: Ledger, asked: argparse.Namespace) -> None:
    from engine.evidence import shown, twins
    from engine.evidence.case import case_of

    def told(one: twins.Twin) -> None:
        best = "none" if one.best is None else f"{one.best:.3f}"
        print(f"twin {one.number}: best fitness {best}, {one.looks:,} looks", flush=True)

    with case_of(asked.archive, ledger, market=asked.market) as case:
        accounts = case.accounts()
        found = twins.compare(case, asked.twins, processes=asked.processes, told=told)
        twins.calibrate(case, found)
        others = len(accounts.campaign(case.data).runs) - 1
        _say(["", *shown.compared(case, found, others)])


def _forward(ledger: Ledger, asked: argparse.Namespace) -> None:
    from engine.evidence import shown
    from engine.evidence.case import case_of
    from engine.evidence.forward import forward

    with case_of(asked.archive, ledger, market=asked.market, workers=asked.workers) as case:
        _say(shown.judged(case, forward(case, asked.bars, asked.finalists)))


def _open(ledger: Ledger, asked: argparse.Namespace) -> None:
    from engine.evidence import sealed, shown
    from engine.evidence.case import case_of

    with case_of(asked.archive, ledger, market=asked.market, workers=asked.workers) as case:
        offer = sealed.offer(case, asked.finalists)
        if offer.before and not asked.again and not offer.pending:
            _say(shown.opened_before(offer.before))
            return
        _say(shown.offered(case, offer))
        _confirm(asked.yes)
        _say(["", *shown.answered(sealed.opened(case, offer))])


def _confirm(sure: bool) -> None:
    """Ask, unless told not to.

    Raises:
        EvidenceError: The answer is not `open`, or there is no terminal to ask in.
    """
    from engine.evidence.case import EvidenceError

    if sure:
        return
    if not sys.stdin.isatty():
        raise EvidenceError("opening needs a confirmation: add --yes. Nothing was opened or spent")
    if input('Type "open" to open the window: ').strip() != "open":
        raise EvidenceError("not confirmed; nothing was opened or spent")


if __name__ == "__main__":
    sys.exit(main())
