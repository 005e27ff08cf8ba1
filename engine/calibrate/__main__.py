"""`python -m engine.calibrate`: made markets, the engine on them, and how much it found."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

ABOUT = """\
How much of a known edge does the engine find, and how fast? Markets are made with a planted edge
of a known Sharpe ratio; the engine searches their training part as on any market; its champion,
chosen by validation as in any search, is measured on a long fresh path of the same law, beside the
oracle that holds the planted signal. Efficiency is the champion's true Sharpe over the oracle's.
"""

EPILOG = """\
kinds (lookbacks, days and hours are drawn per seed):
  null            one asset, volatility clusters, fat tails: no edge
  null-flipped    real training bars with drawn signs: no edge
  momentum        the return of some weeks goes on
  reversal        a close far from its mean comes back
  breakout        a close beyond the range, if volatility rises, is followed for some bars
  funding         a funding rate far from its mean is leaned against
  calendar        one weekday rises, another one falls
  regime          hidden: momentum in calm weeks, reversal in loud ones
  conjunction     the sign of a move times the sign of unusual volume
  pair            two assets around a common price
  lead-lag        the more volatile of two assets follows the other one
  cross-section   20 assets: what rose most falls back against the others
  triple          conjunction times the sign of unusual funding
  u-shape         funding far from its mean, on either side, lifts prices
  hour            4-hour bars: one hour rises, another one falls
  planted         all kinds with an edge
  all             all kinds

methods: finch (the engine), random (its grammar without selection), templates (random ones of one
or two conditions), deap (generational GP). All use the engine's evaluator. Where the engine has
run on the same market, the others go on for the CPU seconds it took: both comparisons are shown.

examples:
  python -m engine.calibrate run conjunction calendar --seeds 20 --out calib
  python -m engine.calibrate run planted --seeds 20 --workers 2 --out calib
  python -m engine.calibrate run null --seeds 100 --out calib      beside the others
  python -m engine.calibrate run funding --seeds 20 --sharpe 1 --out calib
  python -m engine.calibrate run conjunction --seeds 20 --out calib --method finch --method deap
  python -m engine.calibrate run conjunction --seeds 20 --out other --set search.selection=pareto
  python -m engine.calibrate table calib
  python -m engine.calibrate market breakout --seed 3 --out look    look at one: then
  python -m engine.backtest look/oracle.py --market look/breakout.toml

The same command continues a study: finished runs are not made again, and one that was stopped goes
on where it was. Ctrl-C stops after the current generation, a second one at once. CPU seconds are
those of the process and all its descendants (the jail, Ray's workers), user and system, from
/proc. Sharpe ratios are gross of costs unless --cost-bps, for a year of 252 bars.
"""


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    made = argparse.ArgumentParser(
        prog="finch calibrate",
        description=ABOUT,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="run|table|market")
    raw = argparse.RawDescriptionHelpFormatter
    run = commands.add_parser("run", help="run a method on many seeds of some kinds",
                              description=ABOUT, epilog=EPILOG, formatter_class=raw)  # fmt: skip
    add = run.add_argument
    add("kinds", nargs="+", metavar="KIND", help="kinds of market, listed below")
    add("--seeds", type=int, default=20, metavar="N", help="seeds per kind (default 20)")
    add("--first-seed", type=int, default=0, metavar="S", help="the first of them (default 0); "
        "tune on other seeds than you report")  # fmt: skip
    add("--evaluations", type=int, default=2000, metavar="N", help="evaluations per run: graphs "
        "measured, not duplicates (default 2000)")  # fmt: skip
    add("--sharpe", type=float, default=2.0, metavar="X", help="Sharpe ratio of the best possible "
        "position (default 2)")  # fmt: skip
    add("--cost-bps", type=float, default=0.0, metavar="X", help="fee per traded notional "
        "(default 0)")  # fmt: skip
    add("--method", action="append", metavar="NAME", dest="methods", help="who searches (default "
        "finch); may be repeated")  # fmt: skip
    add("--workers", type=int, default=1, metavar="N", help="runs at a time, each in a process of "
        "its own (default 1)")  # fmt: skip
    add("--out", type=Path, required=True, metavar="DIR", help="the study's folder: rows/*.parquet "
        "and unfinished work")  # fmt: skip
    add("--keep-archives", action="store_true", help="leave archives in DIR/work, for "
        "archive.show")  # fmt: skip
    add("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings",
        help="one setting of the engine, as in engine.evolve; may be repeated")  # fmt: skip
    table = commands.add_parser("table", help="print a study's table")
    table.add_argument("out", type=Path, metavar="DIR", help="the study's folder")
    market = commands.add_parser("market", help="write one made market and its oracle, to look at")
    add = market.add_argument
    add("kind", metavar="KIND", help="kind of market")
    add("--seed", type=int, default=0, metavar="S", help="its seed (default 0)")
    add("--sharpe", type=float, default=2.0, metavar="X", help="as in run")
    add("--cost-bps", type=float, default=0.0, metavar="X", help="as in run")
    add("--out", type=Path, required=True, metavar="DIR", help="folder for KIND.parquet, KIND.toml "
        "and oracle.py")  # fmt: skip
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the command; 0, 130 when Ctrl-C ended it, 2 when something is wrong."""
    asked = parser().parse_args(argv)
    from engine.errors import explained

    interrupted = "interrupted; the same command continues"
    with explained("finch calibrate", on_interrupt=interrupted) as status:
        match asked.command:
            case "run":
                status.code = _run(asked)
            case "table":
                _table(asked.out)
            case _:
                _market(asked)
    return status.code


def _run(asked: argparse.Namespace) -> int:
    from engine.calibrate.schedule import check_study, run_all
    from engine.calibrate.search import Limits
    from engine.calibrate.study import METHODS, Task
    from engine.config import build, read

    kinds = _kinds(asked.kinds)
    methods = list(dict.fromkeys(asked.methods or ["finch"]))
    _check_names("--method", methods, list(METHODS))
    _check_numbers(asked)
    build(read(None, asked.settings))  # before anything is made
    limits = Limits(evaluations=asked.evaluations, settings=tuple(asked.settings))
    check_study(asked.out, limits, asked.cost_bps)
    tasks = [
        Task(kind=kind, seed=seed, sharpe=asked.sharpe, method=method, cost_bps=asked.cost_bps)
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds)
        for kind in kinds
        for method in methods
    ]
    complete = run_all(tasks, asked.out, limits, workers=asked.workers, keep=asked.keep_archives)
    _table(asked.out)
    if complete:
        return 0
    print("Stopped; the same command continues.", file=sys.stderr)
    return 130


def _table(out: Path) -> None:
    from engine.calibrate.study import rows
    from engine.calibrate.table import lines
    from engine.config import ConfigError

    if not out.is_dir():
        raise ConfigError([f"{out}: is not a folder; needs the --out of a run"])
    for line in lines(rows(out)):
        print(line)


def _market(asked: argparse.Namespace) -> None:
    from engine.calibrate.kinds import KINDS
    from engine.calibrate.market import law, write

    _check_names("KIND", [asked.kind], list(KINDS))
    _check_numbers(asked)
    made = law(KINDS[asked.kind], asked.seed, asked.sharpe, asked.cost_bps)
    file = write(made.bars(), asked.out, asked.kind, asked.cost_bps)
    drawn = ", ".join(f"{name} {value}" for name, value in made.params.items())
    print(f"{file}: {made.kind.about} ({drawn or 'nothing is drawn'}; strength "
          f"{made.strength:.4f})")  # fmt: skip
    if made.kind.planted:
        oracle = asked.out / "oracle.py"
        oracle.write_text(made.oracle, encoding="utf-8")
        print(f"{oracle}: its oracle" + ("" if made.kind.exact else ", as far as it can be said"))
        print(f"python -m engine.backtest {oracle} --market {file}")


def _kinds(names: Sequence[str]) -> list[str]:
    from engine.calibrate.kinds import KINDS

    groups = {"planted": [k for k, kind in KINDS.items() if kind.planted], "all": list(KINDS)}
    _check_names("KIND", names, [*KINDS, *groups])
    found = [kind for name in names for kind in groups.get(name, [name])]
    return list(dict.fromkeys(found))


def _check_names(what: str, names: Sequence[str], known: Sequence[str]) -> None:
    from engine.config import ConfigError

    problems: list[str] = []
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
            problems.append(f"{what} {name}: is unknown; {hint}")
    if problems:
        raise ConfigError(problems)


def _check_numbers(asked: argparse.Namespace) -> None:
    from engine.config import ConfigError

    said = vars(asked)
    rules = (
        ("seeds", 1, 1_000_000), ("first_seed", 0, 2**62), ("seed", 0, 2**62),
        ("evaluations", 1, 10_000_000), ("workers", 1, 10_000),
        ("sharpe", 0.1, 10.0), ("cost_bps", 0.0, 1000.0),
    )  # fmt: skip
    problems = [
        f"--{name.replace('_', '-')} {said[name]}: needs {low} to {high}"
        for name, low, high in rules
        if name in said and not low <= said[name] <= high
    ]
    if problems:
        raise ConfigError(problems)


if __name__ == "__main__":
    sys.exit(main())
