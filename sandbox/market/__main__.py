"""`python -m sandbox.market PATH|NAME`: describes a market and judges its bars."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sandbox.market.assemble import spacing
from sandbox.market.config import EMBEDDED
from sandbox.market.errors import MarketError, bad_bars
from sandbox.market.load import Market, Period, load
from sandbox.market.panel import CLOCK_FIELDS, OHLCV, span_text, stamp_text
from sandbox.market.remark import began_late, ended, own_stamps
from sandbox.market.resolve import market_names, names_with_data, resolve
from sandbox.market.seen import first_bars, gaps, hours
from sandbox.market.source import Files, source_of
from sandbox.market.written import write_config

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

_SHOWN = 12

_UNWRAPPED = 100_000
_TEACHES = """
what it may be given:
  (nothing)           the embedded market: S&P 500 and Nasdaq, daily, 1999 to 2018
{names}
  a .toml             a market's own config; configs/markets/default.toml shows every key
  a file, a folder    text (CSV, tabs, semicolons), Parquet, Feather, Excel or JSON, plain or packed
                      (gzip, zip): a long table, one file per symbol, or columns for each symbol, as
                      brokers, exchanges and vendors write them. What it is, is found out from the
                      content and said in a line; where two readings are possible it asks

The parts: a search and a backtest load `train` only; this command checks the bars of `validation`,
too; of `sealed` only the stamps are read, to place the split. A market's TOML sets the shares.

exit status: 0 when the market may be used, 1 when it has bad bars and does not say what to do
with them (bad_bars = "drop"), 2 when it cannot be read, 130 when it was interrupted.

examples:
  python -m sandbox.market
  python -m sandbox.market my_bars.csv
  python -m sandbox.market my_bars.csv --write my_market.toml
  python -m sandbox.market my_market.toml
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
    parser.add_argument(
        "--write", metavar="TOML", type=Path, help="write the config that reads it the same way"
    )
    asked = parser.parse_args(arguments)
    config = resolve(asked.market, base=Path.cwd())
    source = source_of(config)
    # A market with bad bars is described without them, so that one look shows everything.
    market = load(config.model_copy(update={"bad_bars": "drop"}), source=source)
    from dataclasses import replace

    from rich.console import Console

    # What reads a pipe has no edge to wrap at.
    width = None if sys.stdout.isatty() else _UNWRAPPED
    Console(highlight=False, width=width).print(_description(replace(market, config=config)))
    if asked.write is not None:
        toml = (asked.market or "").lower().endswith(".toml")
        if toml or asked.market in market_names() or not isinstance(source, Files):
            raise MarketError(
                f"--write: {config.name} is a market with a config already; it writes one for a "
                "file or a folder of bars"
            )
        write_config(asked.write, config, source.resolved())
        print(f"written: {asked.write}; it reads these files the same way")
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


def _description(market: Market) -> Group:
    """Everything worth seeing about a market, for `rich`'s console. Holds no sealed price."""
    from rich.console import Group
    from rich.text import Text

    title = Text(market.name, style="bold")
    where = (
        "embedded: prices from the installed package arch"
        if market.config.path == EMBEDDED
        else market.config.path
    )
    title.append(f"  {where}", style="dim")
    parts = [title, Text()]
    told = [f for f in market.findings if f.kind == "read_as"]
    plain = ["read as a table with a header"] if market.config.path != EMBEDDED else []
    parts += [Text(t, style="bold cyan") for t in [f.text for f in told] or plain]
    parts += [_facts_table(market), first_bars(market.panel)]
    parts += [_split_table(market), _fields_table(market)]
    if market.unused:
        parts.append(
            Text(
                f"not used: {', '.join(market.unused)} (a table [column.NAME] makes one a field)",
                style="dim",
            )
        )
    parts.append(Text())
    bad = [f for f in market.findings if f.bad]
    if bad:
        them = "it" if sum(f.count for f in bad) == 1 else "them"
        verdict = (
            "left out (unsorted ones sorted)"
            if market.config.bad_bars == "drop"
            else f'refused; fix {them}, or write bad_bars = "drop" in the market\'s TOML'
        )
        parts.append(Text(f"{bad_bars(bad)}, {verdict}", style="bold red"))
        parts += [Text(f"  {f.text}", style="red") for f in bad]
    else:
        parts.append(Text("no bad bars before the sealed part", style="bold green"))
    parts += [
        Text(f"  {f.text}", style="yellow") for f in market.findings if not f.bad and f not in told
    ]
    return Group(*parts)


def _facts_table(market: Market) -> Table:
    from rich.table import Table

    panel, config = market.panel, market.config
    bar = spacing([own_stamps(panel, a) for a in range(panel.assets)])
    late, gone = began_late(panel, config), ended(panel, config)
    counts = np.diff(panel.offsets)
    costs, fills = config.costs, config.fills
    table = Table.grid(padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column()
    for name, text in (
        ("assets", f"{panel.assets}: {_few(list(panel.symbols))}"),
        ("listed late", f"{len(late)}: {_few(late)}" if late else "none"),
        ("delisted", f"{len(gone)}: {_few(gone)}" if gone else "none"),
        ("bars", f"{panel.size:,} on a clock of {panel.bars:,}, before the sealed part"),
        ("per asset", f"{counts.min():,} to {counts.max():,}"),
        ("bar", f"{span_text(bar)}; {panel.bars_per_year:.6g} clock bars a year"),
        (
            "costs",
            f"{costs.fee_bps:g} bp fee, {costs.slippage_bps:g} bp slippage, "
            f"{costs.impact_bps:g} bp impact, {costs.borrow_bps_per_year:g} bp a year borrow"
            + (", funding" if panel.funding is not None else ""),
        ),
        ("fills", f"{fills.fill}; gap at {fills.gap}, {fills.first} first"),
        ("gaps", gaps(panel)),
        ("hours", hours(panel, config.zone)),
        ("clock", f"{config.zone}, sessions from {config.calendar.session_start:%H:%M}"),
        (
            "scored",
            f"from {stamp_text(int(panel.clock[market.split.score_from]))}, after max_window = "
            f"{market.split.max_window:,} bars",
        ),
        ("fingerprint", market.fingerprint[:16]),
    ):
        table.add_row(name, text)
    return table


def _split_table(market: Market) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("part", "first bar", "last bar"):
        table.add_column(name, no_wrap=True)
    table.add_column("clock bars", justify="right")
    table.add_column("")
    split = market.split
    notes = ("", f"embargo {split.embargo_bars}", "not loaded")
    for period, note in zip(market.periods, notes, strict=True):
        table.add_row(period.name, *_dates(period), f"{period.bars:,}", note)
    return table


def _fields_table(market: Market) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    panel, config = market.panel, market.config
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("field", "dimension", "known", "known from", "from"):
        table.add_column(name, overflow="fold")
    names = [f for f in panel.fields if f not in CLOCK_FIELDS]
    for name in names:
        values = panel.fields[name]
        known = panel.bar[~np.isnan(values)]
        since = stamp_text(int(panel.clock[known.min()])) if len(known) else "never"
        column = config.column.get(name)
        when = "at the close" if name in OHLCV or column is None else column.known
        origin = "" if column is None else Path(column.file or "the same file").name
        if column is not None and column.pays_funding:
            origin += ", paid by longs"
        table.add_row(name, str(panel.dimensions[name]), when, since, origin)
    table.add_row(", ".join(CLOCK_FIELDS), "number", "ahead", "always", "")
    return table


def _dates(period: Period) -> tuple[str, str]:
    return (stamp_text(period.start), stamp_text(period.end)) if period.bars else ("", "")


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + ("..." if len(names) > _SHOWN else "")


if __name__ == "__main__":
    sys.exit(main())
