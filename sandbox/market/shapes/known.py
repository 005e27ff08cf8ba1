"""Known shapes, as rows of a table: by which columns each is recognised, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from sandbox.market.names import plain

Order = Literal["day", "month"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A kind of file with a header.

    Attributes:
        name: What the line says.
        has: Names, as `plain` has them, that are all there.
        columns: Ours (or "time") -> its name, where the usual names would take another column.
        order: What its source writes first in dates such as 03/04/1993, where it is known.
        note: A further word on how it is read.
    """

    name: str
    has: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict[str, str])
    order: Order | None = None
    note: str = ""


# The first that fits is taken, so the particular come before the general.
SHAPES = (
    Shape(name="Alpha Vantage", has=("timestamp", "adjusted close", "split coefficient")),
    Shape(name="Alpha Vantage", has=("open", "adjusted close", "dividend amount")),
    Shape(
        name="MetaTrader 5",
        has=("date", "open", "tickvol"),
        columns={"volume": "tickvol"},
        note="TICKVOL is the volume",
    ),
    Shape(name="Stooq", has=("ticker", "per", "date", "open", "vol")),
    Shape(name="MetaStock", has=("ticker", "dtyyyymmdd", "open")),
    Shape(name="CryptoDataDownload", has=("unix", "date", "symbol"), columns={"time": "date"}),
    Shape(name="Investing.com", has=("price", "open", "change %"), columns={"close": "price"}),
    Shape(name="NASDAQ.com", has=("close/last", "open"), order="month"),
    Shape(name="Quandl", has=("ex dividend", "split ratio", "adj close")),
    Shape(name="Tiingo", has=("adjclose", "divcash", "splitfactor")),
    Shape(name="Sharadar", has=("ticker", "closeadj", "closeunadj")),
    Shape(name="Norgate", has=("date", "unadjusted close")),
    Shape(name="EODHD", has=("date", "open", "adjusted close")),
    Shape(name="yfinance", has=("open", "dividends", "stock splits")),
    Shape(name="Yahoo or yfinance", has=("date", "open", "adj close", "volume")),
    Shape(name="Yahoo or yfinance", has=("datetime", "open", "adj close", "volume")),
    Shape(name="Binance klines", has=("open time", "open", "close time")),
    Shape(name="OKX", has=("ts", "o", "volccy")),
    Shape(name="Bybit", has=("start at", "symbol", "period", "open")),
    Shape(name="Polygon", has=("ticker", "window start", "transactions")),
    Shape(name="Polygon or Alpaca", has=("o", "h", "l", "c", "t", "vw")),
    Shape(name="Kraken", has=("time", "vwap", "count")),
    Shape(name="Interactive Brokers", has=("date", "average", "barcount")),
    Shape(name="Interactive Brokers", has=("date", "wap", "count")),
    Shape(name="Dukascopy", has=("gmt time", "open"), order="day"),
)


def known_shape(names: Sequence[str]) -> Shape | None:
    """The first shape of SHAPES whose columns are all there."""
    there = {plain(n) for n in names}
    return next((s for s in SHAPES if there.issuperset(s.has)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headless:
    """A kind of file without a header.

    Attributes:
        name: What the line says.
        width: How many columns it has; 0 for any number.
        stamp: What its stamps are: "s", "ms" (or finer epochs), "text", or "any".
        prices: Where open, high, low and close are among the four columns after the stamps.
        rest: What the columns after the prices are.
    """

    name: str
    width: int
    stamp: Literal["s", "ms", "text", "any"]
    prices: tuple[str, str, str, str]
    rest: tuple[str, ...] = ("volume",)


OHLC = ("open", "high", "low", "close")
_BINANCE = ("volume", "close_time", "quote_volume", "trades", "taker_base", "taker_quote", "ignore")
_OKX = ("volume", "volume_contract", "volume_quote", "confirm")
# Each is checked on the bars: its high must be the highest of the four, its low the lowest.
HEADLESS = (
    Headless(name="Binance klines", width=12, stamp="ms", prices=OHLC, rest=_BINANCE),
    Headless(name="OKX candles", width=9, stamp="ms", prices=OHLC, rest=_OKX),
    Headless(name="Bybit klines", width=7, stamp="ms", prices=OHLC, rest=("volume", "turnover")),
    Headless(name="Kraken OHLCVT", width=7, stamp="s", prices=OHLC, rest=("volume", "trades")),
    Headless(name="ccxt candles", width=6, stamp="ms", prices=OHLC),
    Headless(name="Coinbase candles", width=6, stamp="s", prices=("low", "high", "open", "close")),
    Headless(
        name="KuCoin candles",
        width=7,
        stamp="s",
        prices=("open", "close", "high", "low"),
        rest=("volume", "turnover"),
    ),
    Headless(name="bars without a header", width=0, stamp="any", prices=OHLC),
)
