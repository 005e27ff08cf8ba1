"""Price files of every shape, all written from the same known bars."""

from __future__ import annotations

import bz2
import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

OHLCV = ["open", "high", "low", "close", "volume"]
N = 160
ADJUSTED = 0.8  # of a close before the middle bar, as after a dividend


def bars(
    seed: int = 1, start: str = "2020-01-02", freq: str = "B", price: float = 95.0
) -> pd.DataFrame:
    """Known bars: prices of two decimals, whole volumes, a UTC time column."""
    rng = np.random.default_rng(seed)
    close = (price * np.exp(rng.normal(0, 0.01, N).cumsum())).round(2)
    opened = np.r_[close[0], close[:-1]] + rng.choice([-0.11, 0.13], N)
    high = np.maximum(opened, close) + rng.integers(1, 90, N) / 100
    low = np.minimum(opened, close) - rng.integers(1, 90, N) / 100
    return pd.DataFrame(
        {
            "time": pd.date_range(start, periods=N, freq=freq).astype("datetime64[ns]"),
            "open": opened.round(2), "high": high.round(2), "low": low.round(2), "close": close,
            "volume": (rng.integers(10, 90_000, N) * 100).astype(float),
        }
    )  # fmt: skip


A, B = bars(), bars(2, price=1010.0)
HOURS = bars(3, "2020-01-09", "h", price=1010.0)
Known = dict[str, pd.DataFrame]


@dataclass(frozen=True)
class Shape:
    """A file of a shape.

    Attributes:
        name: What the shape is.
        write: Writes it into a folder and returns the file's name, and what it holds.
        said: What the line about it has to hold.
        refused: What the error has to hold, where it may not be read unasked.
        keys: Keys of the market's TOML that the error asks for, and that then read it.
    """

    name: str
    write: Callable[[Path], tuple[str, Known]]
    said: str = ""
    refused: str = ""
    keys: dict[str, object] = field(default_factory=dict)


SHAPES: list[Shape] = []


def shape(name: str, *, said: str = "", refused: str = "", **keys: object):
    def add(write: Callable[[Path], tuple[str, Known]]):
        SHAPES.append(Shape(name, write, said, refused, keys))
        return write

    return add


def text(
    folder: Path, name: str, body: str, known: Known | None = None, encoding: str = "utf-8"
) -> tuple[str, Known]:
    (folder / name).write_bytes(body.encode(encoding))
    return name, {name.split(".")[0]: A} if known is None else known


def titled(frame: pd.DataFrame = A, index: str = "Date", form: str = "%Y-%m-%d") -> pd.DataFrame:
    own = frame.rename(columns=str.title).rename(columns={"Time": index})
    return own.assign(**{index: frame["time"].dt.strftime(form)})


def whole(frame: pd.DataFrame) -> pd.DataFrame:
    """Volumes as whole numbers."""
    return frame.assign(**{c: frame[c].astype("int64") for c in frame if c.lower() == "volume"})


def flat(frame: pd.DataFrame) -> pd.DataFrame:
    """What is known of bars of which only the close was written."""
    own = frame[["time", "close"]]
    return own.assign(open=frame["close"], high=frame["close"], low=frame["close"])


def ms(frame: pd.DataFrame, unit: int = 10**6) -> np.ndarray:
    return frame["time"].astype("int64").to_numpy() // unit


def csv(frame: pd.DataFrame, **keys: object) -> str:
    return str(frame.to_csv(index=False, **keys))  # type: ignore[call-overload]


def lines(frame: pd.DataFrame, stamps: object, **keys: object) -> str:
    """Bars without a header."""
    return csv(whole(frame)[OHLCV].assign(t=stamps)[["t", *OHLCV]], header=False, **keys)


def adjusted() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Bars with an adjusted close, and what they are when they are scaled to it."""
    factor = np.where(np.arange(N) < N // 2, ADJUSTED, 1.0)
    adj = (A["close"] * factor).round(6)
    scaled = A.assign(**{c: A[c] * (adj / A["close"]) for c in OHLCV[:3]}, close=adj)
    return A.assign(adj=adj), scaled


def multi(fields: list[str], by: str = "field") -> pd.DataFrame:
    """A yfinance frame of two tickers."""
    parts = {
        (f, s): frame[f.lower()].to_numpy()
        for f in fields
        for s, frame in (("AAPL", A), ("MSFT", B))
    }
    frame = pd.DataFrame(parts, index=pd.DatetimeIndex(A["time"], name="Date"))
    frame.columns.names = ["Price", "Ticker"]
    return frame if by == "field" else frame.swaplevel(axis=1).sort_index(axis=1)


YF = ["Close", "High", "Low", "Open", "Volume"]
PAIR: Known = {"AAPL": A, "MSFT": B}


# ----------------------------------------------------------------------------- yfinance, Yahoo


@shape("yfinance: one ticker, three header lines", said="yfinance, one ticker")
def _(folder: Path):
    own = multi(YF).xs("AAPL", axis=1, level=1, drop_level=False)
    return text(folder, "yf.csv", own.to_csv(), {"AAPL": A})


@shape("yfinance: several tickers, by column", said="yfinance, several tickers")
def _(folder: Path):
    return text(folder, "yf.csv", multi(YF).to_csv(), PAIR)


@shape("yfinance: several tickers, by ticker", said="yfinance, several tickers")
def _(folder: Path):
    return text(folder, "yf.csv", multi(YF, "ticker").to_csv(), PAIR)


@shape("yfinance: several tickers, Adj Close", said="Adj Close used")
def _(folder: Path):
    frame, scaled = adjusted()
    own = multi(YF)
    own[("Adj Close", "AAPL")] = frame["adj"].to_numpy()
    own[("Adj Close", "MSFT")] = B["close"].to_numpy()
    return text(folder, "yf.csv", own.to_csv(), {"AAPL": scaled, "MSFT": B})


@shape("yfinance: several tickers, gaps", said="yfinance, several tickers")
def _(folder: Path):
    own = multi(YF)
    own.loc[own.index[:40], pd.IndexSlice[:, "MSFT"]] = np.nan
    return text(folder, "yf.csv", own.to_csv(), {"AAPL": A, "MSFT": B[40:]})


@shape("yfinance: Parquet of the multi-index frame", said="yfinance, several tickers")
def _(folder: Path):
    multi(YF).to_parquet(folder / "yf.parquet")
    return "yf.parquet", PAIR


@shape("yfinance: Parquet by ticker, gaps", said="yfinance, several tickers")
def _(folder: Path):
    own = multi(YF, "ticker")
    own.loc[own.index[-30:], pd.IndexSlice["AAPL", :]] = np.nan
    own.to_parquet(folder / "yf.parquet")
    return "yf.parquet", {"AAPL": A[:-30], "MSFT": B}


@shape("yfinance: before 2024, two header lines", said="yfinance, several tickers")
def _(folder: Path):
    own = multi(YF)
    own.columns.names = [None, None]
    return text(folder, "yf.csv", own.to_csv(), PAIR)


@shape("yfinance: flat, Adj Close", said="Adj Close used: open, high and low scaled by it")
def _(folder: Path):
    frame, scaled = adjusted()
    own = titled(frame).rename(columns={"Adj": "Adj Close"})
    return text(folder, "SPY.csv", csv(own), {"SPY": scaled})


@shape("Yahoo: the site's download", said="Yahoo or yfinance")
def _(folder: Path):
    frame, scaled = adjusted()
    own = titled(frame).rename(columns={"Adj": "Adj Close"})
    own = own[["Date", "Open", "High", "Low", "Close", "Adj Close", "Volume"]]
    return text(folder, "SPY.csv", csv(whole(own)), {"SPY": scaled})


@shape("yfinance: Ticker.history, with a zone", said="yfinance")
def _(folder: Path):
    stamps = A["time"].dt.tz_localize("America/New_York")
    own = titled().assign(Date=stamps.astype(str), Dividends=0.0, **{"Stock Splits": 0.0})
    known = A.assign(time=stamps.dt.tz_convert("UTC").dt.tz_localize(None))
    return text(folder, "SPY.csv", csv(own), {"SPY": known})


@shape("R quantmod: SPY.Open, SPY.High", said="columns for each asset, one ticker")
def _(folder: Path):
    own = titled().rename(columns=lambda c: c if c == "Date" else f"SPY.{c}")
    return text(folder, "q.csv", csv(own), {"SPY": A})


# ----------------------------------------------------------------------------- exchanges


def klines(frame: pd.DataFrame, unit: int) -> pd.DataFrame:
    start = ms(frame, unit)
    own = whole(frame)[OHLCV]
    own.insert(0, "open_time", start)
    return own.assign(
        close_time=start + 3_600_000_000_000 // unit - 1, quote_volume=own["close"] * 3.0,
        count=7, taker_buy_volume=1.5, taker_buy_quote_volume=2.5, ignore=0,
    )  # fmt: skip


for _unit, _size in (("ms", 10**6), ("us", 10**3)):

    @shape(f"Binance: klines without a header, {_unit}", said="Binance klines")
    def _(folder: Path, size: int = _size):
        return text(
            folder, "BTCUSDT.csv", csv(klines(HOURS, size), header=False), {"BTCUSDT": HOURS}
        )


@shape("Binance: klines in a zip", said="Binance klines")
def _(folder: Path):
    with zipfile.ZipFile(folder / "BTCUSDT.zip", "w") as archive:
        archive.writestr("BTCUSDT-1h.csv", csv(klines(HOURS, 10**6), header=False))
    return "BTCUSDT.zip", {"BTCUSDT": HOURS}


@shape("Binance: klines with a header", said="Binance klines")
def _(folder: Path):
    return text(folder, "BTCUSDT.csv", csv(klines(HOURS, 10**6)), {"BTCUSDT": HOURS})


@shape("CryptoDataDownload: an address on top, newest first", said="CryptoDataDownload")
def _(folder: Path):
    own = titled(HOURS, form="%Y-%m-%d %H:%M:%S").rename(columns={"Volume": "Volume BTC"})
    own.insert(0, "Unix", ms(HOURS))
    own.insert(2, "Symbol", "BTC/USDT")
    own = own.assign(**{"Volume USDT": HOURS["volume"] * 3})[::-1]
    body = "https://www.CryptoDataDownload.com\n" + csv(own)
    return text(folder, "Binance_BTCUSDT_1h.csv", body, {"BTC/USDT": HOURS})


@shape("CryptoDataDownload: old, hours as 05-PM", said="stamps as %Y-%m-%d %I-%p")
def _(folder: Path):
    own = titled(HOURS, form="%Y-%m-%d %I-%p").rename(columns={"Volume": "Volume USD"})
    own.insert(1, "Symbol", "BTCUSD")
    own.insert(6, "Volume BTC", HOURS["volume"])
    own["Volume USD"] = HOURS["volume"] * 3
    body = "https://www.CryptoDataDownload.com\n" + csv(own[::-1])
    return text(folder, "cdd.csv", body, {"BTCUSD": HOURS})


@shape("Kraken: OHLCVT without a header", said="Kraken OHLCVT")
def _(folder: Path):
    body = csv(
        whole(HOURS)[OHLCV].assign(t=ms(HOURS, 10**9), n=5)[["t", *OHLCV, "n"]], header=False
    )
    return text(folder, "XBTUSD_60.csv", body, {"XBTUSD_60": HOURS})


@shape("Kraken: API, with vwap", said="Kraken")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9), vwap=1.0, count=5)
    own = own[["time", "open", "high", "low", "close", "vwap", "volume", "count"]]
    return text(folder, "k.csv", csv(own), {"k": HOURS})


@shape("Coinbase: time, low, high, open, close")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9))[["time", "low", "high", "open", "close", "volume"]]
    return text(folder, "c.csv", csv(own[::-1]), {"c": HOURS})


@shape("Coinbase: candles without a header", said="Coinbase candles")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9))[["time", "low", "high", "open", "close", "volume"]]
    return text(folder, "c.csv", csv(own[::-1], header=False), {"c": HOURS})


@shape("Bitstamp: timestamp in s")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9)).rename(columns={"time": "timestamp"})
    return text(folder, "b.csv", csv(own), {"b": HOURS})


@shape("Bitstamp at Kaggle: Volume_(BTC)")
def _(folder: Path):
    own = titled(HOURS, "Timestamp").assign(Timestamp=ms(HOURS, 10**9))
    own = own.rename(columns={"Volume": "Volume_(BTC)"})
    own = own.assign(**{"Volume_(Currency)": 1.0, "Weighted_Price": 1.0})
    return text(folder, "b.csv", csv(own), {"b": HOURS})


@shape("Bybit: start_at", said="Bybit")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9), symbol="BTCUSD", period=60)
    own = own.rename(columns={"time": "start_at"})
    return text(folder, "b.csv", csv(own), {"BTCUSD": HOURS})


@shape("Bybit: klines without a header", said="Bybit klines")
def _(folder: Path):
    body = lines(HOURS, ms(HOURS)).replace("\n", ",12345.5\n")
    return text(folder, "b.csv", body, {"b": HOURS})


@shape("OKX: ts, o, h, l, c, vol", said="OKX")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS)).rename(
        columns={"time": "ts", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "vol"}
    )
    return text(
        folder, "x.csv", csv(own.assign(volCcy=1.0, volCcyQuote=2.0, confirm=1)), {"x": HOURS}
    )


@shape("ccxt: OHLCV lists without a header", said="ccxt candles")
def _(folder: Path):
    return text(folder, "x.csv", lines(HOURS, ms(HOURS)), {"x": HOURS})


@shape("ccxt: OHLCV lists as JSON", said="ccxt candles; JSON")
def _(folder: Path):
    rows = [[int(t), *v] for t, v in zip(ms(HOURS), HOURS[OHLCV].to_numpy().tolist(), strict=True)]
    return text(folder, "x.json", json.dumps(rows), {"x": HOURS})


@shape("KuCoin: time, open, close, high, low", said="KuCoin candles")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 10**9), turnover=1.0)
    own = own[["time", "open", "close", "high", "low", "volume", "turnover"]]
    return text(folder, "x.csv", csv(own, header=False), {"x": HOURS})


# ----------------------------------------------------------------------------- vendors


def stooq(frame: pd.DataFrame, ticker: str, clock: str = "000000") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "<TICKER>": ticker, "<PER>": "D", "<DATE>": frame["time"].dt.strftime("%Y%m%d"),
            "<TIME>": clock, "<OPEN>": frame["open"], "<HIGH>": frame["high"],
            "<LOW>": frame["low"], "<CLOSE>": frame["close"], "<VOL>": frame["volume"],
            "<OPENINT>": 0,
        }
    )  # fmt: skip


@shape("Stooq: <TICKER>,<PER>,<DATE>,<TIME>", said="Stooq")
def _(folder: Path):
    return text(folder, "aapl.us.txt", csv(stooq(A, "AAPL.US")), {"AAPL.US": A})


@shape("Stooq: hours, HHMMSS without a leading zero", said="Stooq")
def _(folder: Path):
    own = stooq(HOURS, "X.US").assign(**{"<TIME>": HOURS["time"].dt.strftime("%H%M%S").astype(int)})
    return text(folder, "x.us.txt", csv(own), {"X.US": HOURS})


@shape("Stooq: the plain one")
def _(folder: Path):
    return text(folder, "spx.csv", csv(titled()))


@shape("Alpha Vantage: 1. open, newest first")
def _(folder: Path):
    own = titled().rename(columns={n.title(): f"{i}. {n}" for i, n in enumerate(OHLCV, 1)})
    return text(folder, "IBM.csv", csv(own.rename(columns={"Date": "date"})[::-1]))


@shape("Alpha Vantage: 5. adjusted close", said="5. adjusted close used")
def _(folder: Path):
    frame, scaled = adjusted()
    names = ["open", "high", "low", "close", "adj", "volume"]
    own = frame[["time", *names]].rename(columns={n: f"{i}. {n}" for i, n in enumerate(names, 1)})
    own = own.rename(columns={"5. adj": "5. adjusted close", "time": "date"})
    own = own.assign(**{"7. dividend amount": 0.0, "8. split coefficient": 1.0})
    return text(folder, "IBM.csv", csv(own[::-1]), {"IBM": scaled})


@shape("Alpha Vantage: CSV, adjusted", said="Alpha Vantage")
def _(folder: Path):
    frame, scaled = adjusted()
    own = frame.rename(columns={"time": "timestamp", "adj": "adjusted_close"})
    own = own.assign(dividend_amount=0.0, split_coefficient=1.0)
    return text(folder, "IBM.csv", csv(own[::-1]), {"IBM": scaled})


@shape("Alpha Vantage: JSON", said="JSON")
def _(folder: Path):
    days = {
        f"{t:%Y-%m-%d}": {f"{i}. {n}": f"{v:.2f}" for i, (n, v) in enumerate(row.items(), 1)}
        for t, row in zip(A["time"], A[OHLCV].to_dict("records"), strict=True)
    }
    body = {"Meta Data": {"2. Symbol": "IBM"}, "Time Series (Daily)": days}
    return text(folder, "IBM.json", json.dumps(body))


@shape("MetaTrader 5: <DATE>, <TIME>, tabs", said="MetaTrader 5")
def _(folder: Path):
    own = pd.DataFrame(
        {
            "<DATE>": HOURS["time"].dt.strftime("%Y.%m.%d"),
            "<TIME>": HOURS["time"].dt.strftime("%H:%M:%S"),
            "<OPEN>": HOURS["open"], "<HIGH>": HOURS["high"], "<LOW>": HOURS["low"],
            "<CLOSE>": HOURS["close"], "<TICKVOL>": HOURS["volume"], "<VOL>": 0, "<SPREAD>": 3,
        }
    )  # fmt: skip
    return text(folder, "EURUSD.csv", csv(own, sep="\t"), {"EURUSD": HOURS})


@shape("MetaTrader 5: days, UTF-16", said="MetaTrader 5")
def _(folder: Path):
    own = (
        titled()
        .rename(columns=lambda c: f"<{c.upper()}>")
        .rename(columns={"<VOLUME>": "<TICKVOL>"})
    )
    own = own.assign(**{"<DATE>": A["time"].dt.strftime("%Y.%m.%d"), "<VOL>": 0, "<SPREAD>": 1})
    return text(folder, "D1.csv", csv(own, sep="\t"), {"D1": A}, "utf-16")


@shape("MetaTrader 4: 2020.01.01,00:00 without a header", said="bars without a header")
def _(folder: Path):
    body = lines(HOURS, HOURS["time"].dt.strftime("%Y.%m.%d,%H:%M")).replace('"', "")
    return text(folder, "EURUSD60.csv", body, {"EURUSD60": HOURS})


@shape("Investing.com: Vol. with K and M, Change %", said="Investing.com")
def _(folder: Path):
    form = "%m/%d/%Y"
    own = pd.DataFrame(
        {
            "Date": B["time"].dt.strftime(form), "Price": [f"{x:,.2f}" for x in B["close"]],
            "Open": [f"{x:,.2f}" for x in B["open"]], "High": [f"{x:,.2f}" for x in B["high"]],
            "Low": [f"{x:,.2f}" for x in B["low"]],
            "Vol.": [f"{v / 1e6:.4f}M" if v > 1e6 else f"{v / 1e3:.1f}K" for v in B["volume"]],
            "Change %": "0.12%",
        }
    )  # fmt: skip
    return text(folder, "SPX.csv", csv(own[::-1], quoting=1), {"SPX": B}, "utf-8-sig")


@shape("NASDAQ.com: Close/Last, $", said="NASDAQ.com")
def _(folder: Path):
    own = pd.DataFrame({"Date": A["time"].dt.strftime("%m/%d/%Y")})
    own["Close/Last"] = [f"${x}" for x in A["close"]]
    own["Volume"] = A["volume"].astype("int64")
    for name in ("Open", "High", "Low"):
        own[name] = [f"${x}" for x in A[name.lower()]]
    return text(folder, "AAPL.csv", csv(own[::-1]))


@shape("NASDAQ.com: days up to the 12th only", said="NASDAQ.com")
def _(folder: Path):
    own = A[A["time"].dt.day <= 12]
    body = pd.DataFrame({"Date": own["time"].dt.strftime("%m/%d/%Y"), "Close/Last": own["close"]})
    body = body.assign(Volume=own["volume"], Open=own["open"], High=own["high"], Low=own["low"])
    return text(folder, "AAPL.csv", csv(body[::-1]), {"AAPL": own})


@shape("Polygon: v, vw, o, c, h, l, t, n", said="Polygon")
def _(folder: Path):
    own = HOURS.assign(t=ms(HOURS), vw=1.0, n=3).rename(columns={c: c[0] for c in OHLCV})
    return text(folder, "p.csv", csv(own[["v", "vw", "o", "c", "h", "l", "t", "n"]]), {"p": HOURS})


@shape("Polygon: JSON results", said="JSON")
def _(folder: Path):
    own = HOURS.assign(t=ms(HOURS), vw=1.0, n=3).rename(columns={c: c[0] for c in OHLCV})
    body = {
        "ticker": "X",
        "resultsCount": N,
        "results": own.drop(columns="time").to_dict("records"),
    }
    return text(folder, "p.json", json.dumps(body), {"p": HOURS})


@shape("Polygon: flat files, ns, several tickers", said="Polygon")
def _(folder: Path):
    own = HOURS.assign(time=ms(HOURS, 1), transactions=2, ticker="X")
    own = pd.concat([own, own.assign(ticker="Y")]).rename(columns={"time": "window_start"})
    own = own[["ticker", "volume", "open", "close", "high", "low", "window_start", "transactions"]]
    (folder / "p.csv.gz").write_bytes(gzip.compress(csv(own).encode()))
    return "p.csv.gz", {"X": HOURS, "Y": HOURS}


@shape("Tiingo: adjClose and all others", said="adjusted prices used")
def _(folder: Path):
    frame, scaled = adjusted()
    raw = frame[["time", "close", "high", "low", "open", "volume"]].rename(columns={"time": "date"})
    for name in ("close", "high", "low", "open"):
        raw[f"adj{name.title()}"] = scaled[name]
    raw["date"] = frame["time"].dt.strftime("%Y-%m-%dT00:00:00.000Z")
    raw = raw.assign(adjVolume=A["volume"] * 2, divCash=0.0, splitFactor=1.0)
    return text(folder, "T.csv", csv(raw), {"T": scaled.assign(volume=A["volume"] * 2)})


@shape("Quandl: Adj. Open and all others, newest first", said="Quandl")
def _(folder: Path):
    _, scaled = adjusted()
    own = titled().assign(**{"Ex-Dividend": 0.0, "Split Ratio": 1.0})
    for name in OHLCV:
        own[f"Adj. {name.title()}"] = scaled[name]
    return text(folder, "WIKI-AAPL.csv", csv(own[::-1]), {"WIKI-AAPL": scaled})


@shape("EODHD: Adjusted_close", said="EODHD")
def _(folder: Path):
    frame, scaled = adjusted()
    own = titled(frame).rename(columns={"Adj": "Adjusted_close"})
    return text(folder, "E.csv", csv(own), {"E": scaled})


@shape("FRED: one column of values", said="FRED")
def _(folder: Path):
    own = pd.DataFrame({"observation_date": A["time"].dt.strftime("%Y-%m-%d"), "SP500": A["close"]})
    own["SP500"] = own["SP500"].astype(object)
    own.loc[[5, 60], "SP500"] = "."
    return text(folder, "SP500.csv", csv(own), {"SP500": flat(A.drop([5, 60]))})


@shape("TradingView: time, open, high, low, close, Volume")
def _(folder: Path):
    own = HOURS.rename(columns={"volume": "Volume"}).assign(time=ms(HOURS, 10**9))
    return text(folder, "tv.csv", csv(own), {"tv": HOURS})


@shape("Interactive Brokers: two spaces, barCount", said="Interactive Brokers")
def _(folder: Path):
    own = HOURS.rename(columns={"time": "date"}).assign(average=1.0, barCount=3)
    own["date"] = HOURS["time"].dt.strftime("%Y%m%d  %H:%M:%S")
    return text(folder, "ib.csv", csv(own), {"ib": HOURS})


@shape("Interactive Brokers: a zone behind the stamp", said="Interactive Brokers")
def _(folder: Path):
    own = HOURS.rename(columns={"time": "date"}).assign(average=1.0, barCount=3)
    own["date"] = HOURS["time"].dt.strftime("%Y%m%d %H:%M:%S US/Eastern")
    stamps = HOURS["time"].dt.tz_localize("US/Eastern").dt.tz_convert("UTC").dt.tz_localize(None)
    return text(folder, "ib.csv", csv(own), {"ib": HOURS.assign(time=stamps)})


@shape("Norgate: Unadjusted Close", said="Norgate")
def _(folder: Path):
    own = titled(form="%Y%m%d").assign(**{"Unadjusted Close": 1.0, "Dividend": 0.0})
    return text(folder, "N.csv", csv(own), {"N": A})


@shape("Kibot: date and time without a header", said="bars without a header")
def _(folder: Path):
    body = lines(HOURS, HOURS["time"].dt.strftime("%m/%d/%Y,%H:%M")).replace('"', "")
    return text(folder, "IBM.txt", body, {"IBM": HOURS})


@shape("FirstRateData: without a header", said="bars without a header")
def _(folder: Path):
    return text(folder, "F.txt", lines(HOURS, HOURS["time"].astype(str)), {"F": HOURS})


@shape("HistData: 20200106 000000;o;h;l;c;v", said="bars without a header")
def _(folder: Path):
    body = lines(HOURS, HOURS["time"].dt.strftime("%Y%m%d %H%M%S"), sep=";")
    return text(folder, "H.csv", body, {"H": HOURS})


@shape("Dukascopy: Gmt time, day first", said="Dukascopy")
def _(folder: Path):
    own = titled(HOURS, "Gmt time", "%d.%m.%Y %H:%M:%S.000")
    return text(folder, "D.csv", csv(own), {"D": HOURS})


@shape("Barchart: Last, a line below", said="1 line below the last bar left out")
def _(folder: Path):
    own = titled(form="%m/%d/%Y").rename(columns={"Date": "Time", "Close": "Last"})
    own = own.assign(Change=0.1, **{"%Chg": "0.1%"})[::-1]
    foot = '"Downloaded from Barchart.com as of 12-01-2020 05:00pm CST"\n'
    return text(folder, "ZW.csv", csv(own) + foot, {"ZW": A})


@shape("MetaStock: <TICKER>,<DTYYYYMMDD>", said="MetaStock")
def _(folder: Path):
    own = titled(form="%Y%m%d").rename(columns=lambda c: f"<{c.upper()}>")
    own = own.rename(columns={"<DATE>": "<DTYYYYMMDD>", "<VOLUME>": "<VOL>"})
    own.insert(0, "<TICKER>", "GOLD")
    return text(folder, "g.txt", csv(own), {"GOLD": A})


@shape("Twelve Data: JSON values, newest first", said="JSON")
def _(folder: Path):
    own = A.rename(columns={"time": "datetime"}).assign(datetime=A["time"].dt.strftime("%Y-%m-%d"))
    body = {
        "meta": {"symbol": "X"},
        "values": own[::-1].astype(str).to_dict("records"),
        "status": "ok",
    }
    return text(folder, "t.json", json.dumps(body), {"t": A})


@shape("Finnhub: JSON columns", said="JSON")
def _(folder: Path):
    own = {c[0]: A[c].tolist() for c in OHLCV}
    body = own | {"t": ms(A, 10**9).tolist(), "s": "ok"}
    return text(folder, "f.json", json.dumps(body), {"f": A})


# ----------------------------------------------------------------------------- layouts


@shape("wide closes", said="one close for each asset; open, high and low are the close")
def _(folder: Path):
    own = pd.DataFrame({"Date": A["time"], "SPY": A["close"], "BRK-B": B["close"]})
    return text(folder, "w.csv", csv(own), {"SPY": flat(A), "BRK-B": flat(B)})


@shape("wide closes, names that may be measures", refused='layout = "closes"', layout="closes")
def _(folder: Path):
    own = pd.DataFrame({"Date": A["time"], "gold": A["close"], "silver": B["close"]})
    return text(folder, "w.csv", csv(own), {"gold": flat(A), "silver": flat(B)})


@shape("wide closes, Parquet", said="one close for each asset")
def _(folder: Path):
    own = pd.DataFrame({"SPY": A["close"], "QQQ": B["close"]}).set_index(
        pd.DatetimeIndex(A["time"])
    )
    own.to_parquet(folder / "w.parquet")
    return "w.parquet", {"SPY": flat(A), "QQQ": flat(B)}


for _name in ("symbol", "Ticker", "ASSET", "code"):

    @shape(f"long, with a column {_name}")
    def _(folder: Path, name: str = _name):
        own = pd.concat([titled().assign(**{name: "AAPL"}), titled(B).assign(**{name: "MSFT"})])
        return text(folder, "l.csv", csv(own.sort_values("Date", kind="stable")), PAIR)


@shape("pandas: CSV with an unnamed index")
def _(folder: Path):
    return text(folder, "p.csv", A.set_index("time").rename_axis(None).to_csv())


@shape("pandas: CSV with a row number")
def _(folder: Path):
    return text(folder, "p.csv", A.to_csv())


@shape("pandas: JSON, columns", said="JSON")
def _(folder: Path):
    own = A.assign(time=ms(A))
    return text(folder, "p.json", own.to_json())


@shape("pandas: JSON, split", said="JSON")
def _(folder: Path):
    return text(folder, "p.json", A.assign(time=ms(A)).to_json(orient="split"))


@shape("JSON records", said="JSON")
def _(folder: Path):
    return text(folder, "p.json", A.to_json(orient="records", date_format="iso"))


@shape("JSON lines", said="JSON")
def _(folder: Path):
    return text(folder, "p.jsonl", A.assign(time=ms(A)).to_json(orient="records", lines=True))


# ----------------------------------------------------------------------------- how it is written


@shape("day first", said="stamps as %d/%m/%Y")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%d/%m/%Y")))


@shape("month first", said="stamps as %m/%d/%Y")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%m/%d/%Y")))


@shape(
    "day or month first, nothing tells", refused='time_format = "%m/%d/%Y"', time_format="%d/%m/%Y"
)
def _(folder: Path):
    own = A[A["time"].dt.day <= 12]
    return text(folder, "d.csv", csv(titled(own, form="%d/%m/%Y")), {"d": own})


@shape("2-Jan-2020")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%d-%b-%Y")))


@shape("Jan 02, 2020")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%b %d, %Y")))


@shape("YYYYMMDD")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%Y%m%d")))


@shape("separate date and time columns", said="Date and Time are one stamp")
def _(folder: Path):
    own = titled(HOURS)
    own.insert(1, "Time", HOURS["time"].dt.strftime("%H:%M"))
    return text(folder, "d.csv", csv(own), {"d": HOURS})


@shape("ISO with a zone that changes")
def _(folder: Path):
    stamps = A["time"].dt.tz_localize("Europe/Berlin")
    known = A.assign(time=stamps.dt.tz_convert("UTC").dt.tz_localize(None))
    return text(folder, "d.csv", csv(A.assign(time=[t.isoformat() for t in stamps])), {"d": known})


@shape("2020-01-06 00:00:00 UTC")
def _(folder: Path):
    own = titled(HOURS, "Datetime", "%Y-%m-%d %H:%M:%S UTC")
    return text(folder, "d.csv", csv(own), {"d": HOURS})


for _unit, _size in (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)):

    @shape(f"epochs in {_unit}")
    def _(folder: Path, size: int = _size):
        own = titled(HOURS, "Open time").assign(**{"Open time": ms(HOURS, size)})
        return text(folder, "d.csv", csv(own), {"d": HOURS})


@shape("UPPER CASE")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled().rename(columns=str.upper)))


@shape("UTF-16")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled()), encoding="utf-16")


@shape("UTF-16 without a mark")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled()), encoding="utf-16-le")


@shape("UTF-8 with a mark")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled()), encoding="utf-8-sig")


@shape("latin-1", said="LATIN-1")
def _(folder: Path):
    own = titled().assign(symbol="Nestl\xe9")
    return text(folder, "d.csv", csv(own), {"Nestl\xe9": A}, "latin-1")


@shape("gzip")
def _(folder: Path):
    (folder / "d.csv.gz").write_bytes(gzip.compress(csv(titled()).encode()))
    return "d.csv.gz", {"d": A}


@shape("bzip2", said="bz2")
def _(folder: Path):
    (folder / "d.csv.bz2").write_bytes(bz2.compress(csv(titled()).encode()))
    return "d.csv.bz2", {"d": A}


@shape("zip", said="zip")
def _(folder: Path):
    with zipfile.ZipFile(folder / "d.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.csv", csv(titled()))
    return "d.zip", {"d": A}


@shape("zip of two tables", refused="member = 'a.csv'", member="b.csv")
def _(folder: Path):
    with zipfile.ZipFile(folder / "d.zip", "w") as archive:
        archive.writestr("a.csv", csv(titled(B)))
        archive.writestr("b.csv", csv(titled()))
    return "d.zip", {"d": A}


@shape("Feather")
def _(folder: Path):
    A.to_feather(folder / "d.feather")
    return "d.feather", {"d": A}


@shape("Parquet with a zoned index")
def _(folder: Path):
    stamps = pd.DatetimeIndex(A["time"]).tz_localize("America/New_York")
    A[OHLCV].set_index(stamps).rename_axis(None).to_parquet(folder / "d.parquet")
    return "d.parquet", {"d": A.assign(time=stamps.tz_convert("UTC").tz_localize(None))}


@shape("Parquet under a wrong name")
def _(folder: Path):
    A.to_parquet(folder / "d.csv")
    return "d.csv", {"d": A}


@shape("Excel", said="sheet 'Sheet1' of an Excel workbook")
def _(folder: Path):
    titled().assign(Date=A["time"]).to_excel(folder / "d.xlsx", index=False)
    return "d.xlsx", {"d": A}


@shape("Excel, several sheets", refused="write member = 'one'", member="two")
def _(folder: Path):
    with pd.ExcelWriter(folder / "d.xlsx") as book:
        titled(B).to_excel(book, sheet_name="one", index=False)
        titled().to_excel(book, sheet_name="two", index=False)
    return "d.xlsx", {"d": A}


@shape("semicolons and decimal commas", said="decimal comma")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled(form="%d.%m.%Y"), sep=";", decimal=","))


@shape("semicolons, decimal commas, dots between thousands", said="dots between thousands")
def _(folder: Path):
    own = whole(titled(B, form="%d.%m.%Y"))
    for name in ("Open", "High", "Low", "Close"):
        own[name] = [f"{x:,.2f}".translate(str.maketrans(",.", ".,")) for x in B[name.lower()]]
    own["Volume"] = [f"{x:,}".replace(",", ".") for x in own["Volume"]]
    return text(folder, "d.csv", csv(own, sep=";"), {"d": B})


@shape("commas between thousands", said="commas between thousands")
def _(folder: Path):
    own = titled(B)
    for name in OHLCV:
        own[name.title()] = [f"{x:,}" for x in B[name]]
    return text(folder, "d.csv", csv(own), {"d": B})


@shape(
    "comma before three digits, nothing tells",
    refused='thousands = "," (or decimal = ",")',
    decimal=",",
)
def _(folder: Path):
    own = titled()
    for name in OHLCV[:4]:
        own[name.title()] = [f"{x:.3f}".replace(".", ",") for x in A[name] / 10]
    known = A.assign(**{c: (A[c] / 10).round(3) for c in OHLCV[:4]})
    return text(folder, "d.csv", csv(whole(own), sep=";"), {"d": known})


@shape("currencies: $1,234.5")
def _(folder: Path):
    own = titled(B)
    for name in ("Open", "High", "Low", "Close"):
        own[name] = [f"${x:,}" for x in B[name.lower()]]
    return text(folder, "d.csv", csv(own), {"d": B})


@shape("a total and blank lines below", said="1 line below the last bar left out")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled()) + "\n\nTotal,,,,,123456\n\n")


@shape("a title and comments above", said="3 lines on top left out")
def _(folder: Path):
    return text(folder, "d.csv", "Prices of SPY\n# made by hand\n\n" + csv(titled()))


@shape("units below the header")
def _(folder: Path):
    return text(folder, "d.csv", csv(titled()).replace("\n", "\n,USD,USD,USD,USD,shares\n", 1))


@shape("rows that come twice, one below the other")
def _(folder: Path):
    own = titled().loc[[*range(N - 1), N - 1, N - 1]]
    return text(folder, "d.csv", csv(own))


@shape("no header, and seven columns: adjusted close or volume", refused="names = [",
       names=["time", "open", "high", "low", "close", "adj", "volume"])  # fmt: skip
def _(folder: Path):
    own = titled().assign(Adj=A["close"])[["Date", "Open", "High", "Low", "Close", "Adj", "Volume"]]
    return text(folder, "d.csv", csv(own, header=False))


@shape(
    "two columns that may be the close",
    refused='columns.close = "Settle"',
    columns={"close": "Settle"},
)
def _(folder: Path):
    own = titled().rename(columns={"Close": "Settle"}).assign(Last=1.0)
    return text(folder, "d.csv", csv(own))


@shape("white space between columns")
def _(folder: Path):
    body = csv(titled(), sep=" ").replace(" ", "   ")
    return text(folder, "d.txt", body)
