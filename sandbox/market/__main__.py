"""`python -m sandbox.market PATH|NAME`: describes a market and judges its bars."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.market.errors import MarketError
from sandbox.market.load import load
from sandbox.market.resolve import market_names, names_with_data, resolve

_UNWRAPPED = 100_000
_TEACHES = """
what it may be given:
  (nothing)           the embedded market: S&P 500 and Nasdaq, daily, 1999 to 2018
{names}
  a .toml             a market's own config; configs/markets/default.toml shows every key
  a file, a folder    CSV (.csv, .tsv, .txt; also .csv.gz, .tsv.gz) or Parquet: a long table, or
                      one file per symbol; time, symbol, open, high, low, close and volume are
                      found by their usual names

The sealed quarter is not loaded: only its stamps are read, to place the split.

exit status: 0 when the market may be used, 1 when it has bad bars and does not say what to do
with them (bad_bars = "drop"), 2 when it cannot be read, 130 when it was interrupted.

examples:
  python -m sandbox.market
  python -m sandbox.market my_bars.csv
  python -m sandbox.market configs/markets/crypto_perp_4h_funding.toml
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Describe the market that the arguments name; returns the exit status."""
    try:
        return _described(arguments)
    except MarketError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # the user pressed Ctrl-C and knows


def _described(arguments: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.market",
        description="Describe a market and judge its bars.",
        epilog=_teaches(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("market", nargs="?", metavar="PATH|NAME", help="which market; see below")
    asked = parser.parse_args(arguments)
    config = resolve(asked.market, base=Path.cwd())
    # A market with bad bars is described without them, so that one look shows everything.
    market = load(config.model_copy(update={"bad_bars": "drop"}))
    from dataclasses import replace

    from rich.console import Console

    from sandbox.market.describe import describe

    # What reads a pipe has no edge to wrap at.
    width = None if sys.stdout.isatty() else _UNWRAPPED
    Console(highlight=False, width=width).print(describe(replace(market, config=config)))
    bad = any(f.bad for f in market.findings)
    return 1 if bad and config.bad_bars == "refuse" else 0


def _teaches() -> str:
    from textwrap import fill

    here = names_with_data()
    without = [name for name in market_names() if name not in here]
    after = f"; without their data here: {', '.join(without)}" if without else ""
    names = fill(
        ", ".join(here) + after,
        width=100,
        initial_indent="  a name              ",
        subsequent_indent=" " * 22,
    )
    return _TEACHES.format(names=names)


if __name__ == "__main__":
    sys.exit(main())
