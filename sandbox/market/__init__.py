"""Markets: bars as packed panels, the split by time, what is known when, and bad bars.

config = resolve("us_etf_daily", base=Path.cwd())  # a name, a .toml, a file or a folder
market = load(config)                              # never the sealed bars
market.panel, market.split, market.fingerprint, market.findings
"""

from __future__ import annotations

from sandbox.market.assemble import assemble
from sandbox.market.config import Calendar, Column, Columns, MarketConfig, SplitConfig
from sandbox.market.errors import Finding, MarketError
from sandbox.market.load import Market, Period, load
from sandbox.market.panel import CLOCK_FIELDS, OHLCV, Panel
from sandbox.market.resolve import market_names, offered, read_config, resolve
from sandbox.market.source import Files, Memory, Source, source_of
from sandbox.market.split import Split
from sandbox.market.twin import twin

__all__ = [
    "CLOCK_FIELDS",
    "OHLCV",
    "Calendar",
    "Column",
    "Columns",
    "Files",
    "Finding",
    "Market",
    "MarketConfig",
    "MarketError",
    "Memory",
    "Panel",
    "Period",
    "Source",
    "Split",
    "SplitConfig",
    "assemble",
    "load",
    "market_names",
    "offered",
    "read_config",
    "resolve",
    "source_of",
    "twin",
]
