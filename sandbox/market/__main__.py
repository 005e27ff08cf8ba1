"""`python -m sandbox.market PATH|NAME`: describes a market and judges its bars."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.market.errors import MarketError
from sandbox.market.load import load
from sandbox.market.resolve import market_names, resolve

_TEACHES = """
what it may be given:
  (nothing)           the embedded market: S&P 500 and Nasdaq, daily, 1999 to 2018
  a name              {names}
  a .toml             a market's own config; configs/markets/default.toml shows every key
  a file, a folder    CSV (also .csv.gz) or Parquet, long or one file per symbol; time, symbol,
                      open, high, low, close and volume are found by their usual names

The sealed quarter is not loaded: only its stamps are read, to place the split.

exit status: 0 when the market may be used, 1 when it has bad bars and does not say what to do
with them (bad_bars = "drop"), 2 when it cannot be read.

examples:
  python -m sandbox.market
  python -m sandbox.market my_bars.csv
  python -m sandbox.market configs/markets/crypto_perp_4h_funding.toml
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Describe the market that the arguments name; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.market",
        description="Describe a market and judge its bars.",
        epilog=_TEACHES.format(names=", ".join(market_names())),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("market", nargs="?", metavar="PATH|NAME", help="which market; see below")
    asked = parser.parse_args(arguments)
    try:
        config = resolve(asked.market, base=Path.cwd())
        # A market with bad bars is described without them, so that one look shows everything.
        market = load(config.model_copy(update={"bad_bars": "drop"}))
    except MarketError as error:
        print(error, file=sys.stderr)
        return 2
    from dataclasses import replace

    from rich.console import Console

    from sandbox.market.describe import describe

    Console(highlight=False).print(describe(replace(market, config=config)))
    bad = any(f.bad for f in market.findings)
    return 1 if bad and config.bad_bars == "refuse" else 0


if __name__ == "__main__":
    sys.exit(main())
