"""Writes reference.json: what vectorbt and backtesting.py make of given bars and signals.

Run by hand, in an environment with requirements.txt:  python tests/golden/make_reference.py
Engines are fed precomputed states (1 long, 0 flat, -1 short, decided at the close), so that only
fills, exits and costs are compared.
"""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import backtesting
import numpy as np
import pandas as pd
import vectorbt as vbt
from backtesting import Backtest, Strategy
from backtesting.test import GOOG

CASH = 1_000_000.0
EVERY = 20
HERE = Path(__file__).parent


def synthetic(seed: int, bars: int, gap: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows, price = [], 100.0
    for _ in range(bars):
        open_ = price * np.exp(rng.normal(0, gap))
        path = open_ * np.exp(np.cumsum(rng.normal(0, 0.004, 8)))
        price = path[-1]
        rows.append((open_, max(open_, path.max()), min(open_, path.min()), price))
    frame = pd.DataFrame(rows, columns=["Open", "High", "Low", "Close"]).round(3)
    frame["Volume"] = 1000.0
    frame.index = pd.date_range("2000-01-03", periods=bars, freq="D")
    return frame


def crossing(close: pd.Series) -> np.ndarray:
    fast, slow = close.rolling(5).mean(), close.rolling(15).mean()
    return np.where(slow.isna(), 0, np.where(fast > slow, 1, -1)).astype(int)


DATA = {
    "goog": GOOG[["Open", "High", "Low", "Close", "Volume"]].iloc[:1400],
    "gappy": synthetic(7, 1000, 0.008),
    "one": synthetic(1, 300, 0.004),
    "two": synthetic(2, 300, 0.004),
    "three": synthetic(3, 300, 0.004),
}
STATES = {name: crossing(frame["Close"]) for name, frame in DATA.items()}


def state_of(data: str, side: str) -> np.ndarray:
    state = STATES[data]
    return np.maximum(state, 0) if side == "long" else state


def run_vectorbt(case: dict) -> tuple[np.ndarray, int]:
    frame = DATA[case["data"]]
    state = pd.Series(state_of(case["data"], case["side"]), index=frame.index)
    told = state.shift(1, fill_value=0)
    before = told.shift(1, fill_value=0)
    anew = told != before if case["fills"].get("reenter") == "reset" else True
    exits = case["exits"]
    stop = exits.get("stop_loss", exits.get("trailing_stop", np.nan))
    base = case["fills"].get("stop_base", "fill_bar_close")
    made = vbt.Portfolio.from_signals(
        frame["Close"],
        entries=(told > 0) & anew,
        exits=(told == 0),
        short_entries=(told < 0) & anew,
        short_exits=(told == 0),
        price=frame["Open"],
        open=frame["Open"],
        high=frame["High"],
        low=frame["Low"],
        size=case["shares"],
        size_type="amount",
        upon_opposite_entry="reverse",
        sl_stop=stop,
        sl_trail="trailing_stop" in exits,
        tp_stop=exits.get("take_profit", np.nan),
        stop_entry_price="close" if base == "fill_bar_close" else "fillprice",
        fees=case["fee_bps"] / 1e4,
        slippage=case["slippage_bps"] / 1e4,
        init_cash=CASH,
        freq="D",
    )
    return made.value().to_numpy(), int(made.trades.closed.count())


def run_vectorbt_weights(case: dict) -> tuple[np.ndarray, int]:
    names = case["data"].split("+")
    opens = pd.concat([DATA[n]["Open"] for n in names], axis=1, keys=names)
    closes = pd.concat([DATA[n]["Close"] for n in names], axis=1, keys=names)
    weights = pd.DataFrame(
        {n: case["weight"] * state_of(n, case["side"]) for n in names}, index=opens.index
    ).shift(1)
    made = vbt.Portfolio.from_orders(
        closes,
        size=weights,
        size_type="targetpercent",
        price=opens,
        val_price=opens,
        fees=case["fee_bps"] / 1e4,
        slippage=case["slippage_bps"] / 1e4,
        init_cash=CASH,
        group_by=True,
        cash_sharing=True,
        call_seq="auto",
        freq="D",
    )
    return made.value().to_numpy(), -1


def run_backtesting(case: dict) -> tuple[np.ndarray, int]:
    state = state_of(case["data"], case["side"])
    exits, shares = case["exits"], case["shares"]
    at_fill = case["fills"].get("stops_armed", "at_fill") == "at_fill"
    reset = case["fills"].get("reenter") == "reset"

    class Follow(Strategy):
        def init(self):
            self.blocked = 0  # the side a stop has left, until the state changes
            self.closed = 0
            self.asked = False
            self.peak = 0.0

        def next(self):
            i = len(self.data) - 1
            now = int(state[i])
            stopped = len(self.closed_trades) - self.closed > self.asked
            self.closed = len(self.closed_trades)
            self.asked = False
            if stopped and reset:
                left = int(np.sign(self.closed_trades[-1].size))
                self.blocked = left if state[i - 1] == left else 0
            if self.blocked and now != self.blocked:
                self.blocked = 0
            side = int(np.sign(self.position.size))
            fell_due = False
            for trade in self.trades:
                if not at_fill and trade.sl is None and "stop_loss" in exits:
                    trade.sl = trade.entry_price * (1 - side * exits["stop_loss"])
                if not at_fill and trade.tp is None and "take_profit" in exits:
                    trade.tp = trade.entry_price * (1 + side * exits["take_profit"])
                if "trailing_stop" in exits:
                    best = self.data.High[-1] if side > 0 else self.data.Low[-1]
                    fresh = trade.entry_bar == i
                    if fresh:
                        self.peak = self.data.Close[-2] if at_fill else trade.entry_price
                    if at_fill or not fresh:
                        self.peak = max(self.peak, best) if side > 0 else min(self.peak, best)
                    trade.sl = self.peak * (1 - side * exits["trailing_stop"])
                fell_due = i + 1 - trade.entry_bar >= exits.get("max_held", 1e9)
            if fell_due and now == side:
                self.position.close()
                self.asked = True
                if reset:
                    self.blocked = side
                return
            if side and now != side:
                self.position.close()
                self.asked = True
            if now and now != side and now != self.blocked:
                close = self.data.Close[-1]
                bracket = {}
                if at_fill and "stop_loss" in exits:
                    bracket["sl"] = close * (1 - now * exits["stop_loss"])
                if at_fill and "trailing_stop" in exits:
                    bracket["sl"] = close * (1 - now * exits["trailing_stop"])
                if at_fill and "take_profit" in exits:
                    bracket["tp"] = close * (1 + now * exits["take_profit"])
                (self.buy if now > 0 else self.sell)(size=shares, **bracket)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        stats = Backtest(
            DATA[case["data"]], Follow, cash=CASH, commission=case["fee_bps"] / 1e4, margin=0.1
        ).run()
    return stats["_equity_curve"]["Equity"].to_numpy(), len(stats["_trades"])


def cases() -> list[dict]:
    out: list[dict] = []

    def add(engine, data, side, *, fee=10, slip=0, shares=100, fills=None, weight=None, **exits):
        out.append(
            {
                "engine": engine,
                "data": data,
                "side": side,
                "fee_bps": fee,
                "slippage_bps": slip,
                "shares": shares,
                "weight": weight,
                "fills": fills or {},
                "exits": exits,
            }
        )

    both = {"stop_loss": 0.03, "take_profit": 0.05}
    for data in ("goog", "gappy"):
        for engine in ("vectorbt", "backtesting.py"):
            for side in ("long", "both"):
                add(engine, data, side, fee=0)
                add(engine, data, side)
                add(engine, data, side, **both)
                add(engine, data, side, stop_loss=0.02)
                add(engine, data, side, take_profit=0.03)
                add(engine, data, side, trailing_stop=0.04)
            add(engine, data, "long", fills={"reenter": "reset"}, **both)
        add("vectorbt", data, "both", slip=5)
        add("vectorbt", data, "both", fills={"stop_base": "fill"}, **both)
        add("vectorbt", data, "both", fills={"stop_base": "fill"}, trailing_stop=0.04)
        later = {"stops_armed": "next_bar", "stop_base": "fill"}
        add("backtesting.py", data, "both", fills=later, **both)
        add("backtesting.py", data, "both", fills=later, trailing_stop=0.04)
        add("backtesting.py", data, "both", fills={"reenter": "reset"}, **both)
        add("backtesting.py", data, "both", max_held=6)
        add("backtesting.py", data, "both", fills={"reenter": "reset"}, max_held=6)
    add("vectorbt", "goog", "both", weight=0.5)
    add("vectorbt", "goog", "long", weight=0.9, slip=3)
    add("vectorbt", "one+two+three", "both", weight=0.3)
    add("vectorbt", "one+two+three", "long", weight=0.3, slip=3)
    return out


def main() -> None:
    made = []
    for case in cases():
        if case["weight"] is not None:
            equity, trades = run_vectorbt_weights(case)
        elif case["engine"] == "vectorbt":
            equity, trades = run_vectorbt(case)
        else:
            equity, trades = run_backtesting(case)
        sampled = np.append(equity[::EVERY], equity[-1])
        made.append(case | {"trades": trades, "equity": [round(float(e), 4) for e in sampled]})
        print(len(made), case["engine"], case["data"], case["side"], equity[-1], trades)
    bars = {
        name: {
            "state": "".join("-0+"[s + 1] for s in STATES[name]),
            "ohlc": "\n".join(
                " ".join(f"{price:.10g}" for price in row)
                for row in frame[["Open", "High", "Low", "Close"]].to_numpy()
            ),
        }
        for name, frame in DATA.items()
    }
    reference = {
        "versions": {"vectorbt": vbt.__version__, "backtesting.py": backtesting.__version__},
        "cash": CASH,
        "every": EVERY,
        "bars": bars,
        "cases": made,
    }
    (HERE / "reference.json").write_text(json.dumps(reference, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
