"""`python -m sandbox.screen`: what simple conditions show on a market's training bars."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.market.errors import MarketError

if TYPE_CHECKING:
    from sandbox.market import Market
    from sandbox.screen.result import Screen

_TEACHES = """
how it looks:
  An atom is one simple position: the sign of a 20-bar return, a z-score beyond 1, a weekday, the
  rank of an asset. There are some 800: every operator of the language with one window, on windows
  from 3 to 192 bars, the clock, further columns, the other assets. Each is scored by itself, and so
  is every product of two: a sign times a sign is a condition on a condition.
  Score: mean Sharpe ratio over the training folds less half its standard deviation, after costs
  and the position's own past exposure, as a search scores a strategy.

how to read it:
  excess   the score less that of the best of as many looks at noise: the same positions on returns
           whose signs were drawn at random, 24 times. Below 0: what noise gives.
  *        above noise: a market without an edge shows one in at most 5% of all scans.
  folds    the Sharpe ratio of each fold; +- is the standard error of their mean.
A scan is tens of thousands of looks at the same bars. What it finds is where to search, not proof.

exit status: 0 scanned, 2 the market cannot be used, 130 interrupted.

examples:
  python -m sandbox.screen
  python -m sandbox.screen --market us_etf_daily --rows 20
  python -m sandbox.screen --market bars.parquet --write best.py
  python -m sandbox.screen --out screen.parquet
"""


def parser() -> argparse.ArgumentParser:
    """The command's flags."""
    made = argparse.ArgumentParser(
        prog="python -m sandbox.screen",
        description="Scan a market's training bars for simple conditions and products of two.",
        epilog=_TEACHES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--market", metavar="PATH|NAME", help="as in engine.evolve; default: the embedded one")
    add("--rows", type=int, default=10, metavar="N", help="rows of each table (10)")
    add("--seed", type=int, default=0, metavar="N", help="of the noise (0)")
    add("--folds", type=int, default=6, metavar="N", help="folds of the training bars (6)")
    add("--threads", type=int, default=1, metavar="N", help="changes the time only (1)")
    add("--json", action="store_true", help="print everything as JSON instead of tables")
    add("--out", type=Path, metavar="FILE", help="write all rows (.json or .parquet)")
    add(
        "--write",
        type=Path,
        metavar="FILE",
        help="write the row with the best excess as a strategy",
    )
    return made


def main(
    arguments: Sequence[str] | None = None,
    looked: Callable[[Market, Screen], None] | None = None,
) -> int:
    """Scan the market that the arguments name; returns the exit status.

    Args:
        arguments: The flags.
        looked: Is told what was scanned, before it is shown.
    """
    asked = parser().parse_args(arguments)
    try:
        return _scanned(asked, looked)
    except (MarketError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _scanned(asked: argparse.Namespace, looked: Callable[[Market, Screen], None] | None) -> int:
    for flag, low in (("rows", 1), ("folds", 1), ("threads", 1), ("seed", 0)):
        if getattr(asked, flag) < low:
            raise ValueError(f"--{flag} = {getattr(asked, flag)}; needs {low} or more")
    if asked.out is not None and asked.out.suffix not in (".json", ".parquet"):
        raise ValueError(f"--out {asked.out}: needs a name that ends in .json or .parquet")
    from sandbox.market import load, resolve
    from sandbox.objective import Objective
    from sandbox.screen.scan import screen
    from sandbox.terms import Terms

    market = load(resolve(asked.market, base=Path.cwd()), through="train")
    terms = Terms.of_training(market, Objective(folds=asked.folds))
    before = time.process_time()
    found = screen(
        market.panel,
        terms,
        max_window=market.split.max_window,
        seed=asked.seed,
        threads=asked.threads,
    )
    spent = time.process_time() - before
    if looked is not None:
        looked(market, found)
    if asked.json:
        print(json.dumps({"market": market.name, **found.as_dict()}))
    else:
        from sandbox.screen.show import show

        show(found, market, terms, rows=asked.rows, cpu_s=spent)
    _write(found, asked.out)
    if asked.write is not None and found.best is not None:
        asked.write.write_text(found.best.strategy, encoding="utf-8")
        print(f"the row with the best excess is in {asked.write}", file=sys.stderr)
    return 0


def _write(found: Screen, place: Path | None) -> None:
    if place is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.suffix == ".json":
        place.write_text(json.dumps(found.as_dict()), encoding="utf-8")
    else:
        import pandas as pd

        pd.DataFrame(found.records).drop(columns="atoms").to_parquet(place, index=False)
    print(f"{len(found.records)} rows in {place}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
