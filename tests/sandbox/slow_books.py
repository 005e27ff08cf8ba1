"""The books once more, slow and obvious: one object an asset, plain Python, nothing shared."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from sandbox.book import WEEK_NS, Targets
from sandbox.fills import Costs, Fills
from sandbox.market.panel import Panel


@dataclass
class Position:
    """One asset: its bars by clock bar, what it holds, what it was told."""

    bars: dict[int, int]
    shares: float = 0.0
    average: float = 0.0
    base: float = 0.0
    peak: float = 0.0
    entry: int = -1
    entry_bar: int = -1
    flow: float = 0.0
    equity_at_entry: float = 0.0
    target: float = 0.0
    blocked: int = 0
    fractions: dict[str, float] = field(default_factory=dict)
    last: float | None = None
    last_bar: int | None = None
    last_equity: float = math.nan
    in_force: float = 0.0
    past: list[float] = field(default_factory=list)

    @property
    def allowed(self) -> float:
        return 0.0 if self.blocked and sign(self.target) == self.blocked else self.target


def sign(x: float) -> int:
    return int(x > 0) - int(x < 0)


@dataclass
class SlowBook:
    equity: list[float] = field(default_factory=list)
    net: list[float] = field(default_factory=list)
    benchmark: list[float] = field(default_factory=list)
    market: list[float] = field(default_factory=list)
    traded: list[float] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    gross: list[float] = field(default_factory=list)
    net_exposure: list[float] = field(default_factory=list)
    trades: list[tuple[float, ...]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    ruined_at: int | None = None


class SlowBooks:
    """Walks a window; every number is looked up by clock bar in a dict."""

    def __init__(
        self, panel: Panel, targets: Targets, costs: Costs, fills: Fills, stale_ns: int = WEEK_NS
    ) -> None:
        self.panel, self.targets, self.costs, self.fills = panel, targets, costs, fills
        self.stale_ns = stale_ns
        self.cash = costs.capital
        self.assets = [
            Position(
                bars={int(panel.bar[i]): i for i in range(panel.offsets[a], panel.offsets[a + 1])}
            )
            for a in range(panel.assets)
        ]
        self.out = SlowBook()

    def price(self, name: str, i: int) -> float:
        return float(self.panel.fields[name][i])

    def walk(self, start: int, stop: int) -> SlowBook:
        for asset in self.assets:
            before = [t for t in asset.bars if t < start]
            if before:
                asset.last_bar = max(before)
                asset.last = self.price("close", asset.bars[asset.last_bar])
        previous = self.cash
        for t in range(start, stop):
            if self.out.ruined_at is not None:
                self.out.equity.append(self.out.equity[-1])
                for row in (
                    "net",
                    "benchmark",
                    "market",
                    "traded",
                    "cost",
                    "gross",
                    "net_exposure",
                ):
                    getattr(self.out, row).append(0.0)
                continue
            previous = self.one_bar(t, previous)
        return self.out

    def marked(self, t: int, name: str) -> float:
        total = self.cash
        for asset in self.assets:
            if asset.shares:
                total += asset.shares * (
                    self.price(name, asset.bars[t]) if t in asset.bars else asset.last
                )
        return total

    def one_bar(self, t: int, previous: float) -> float:
        self.t, self.bar_traded, self.bar_cost = t, 0.0, 0.0
        benchmark, gains = 0.0, []
        self.now = self.marked(t, "open")
        if self.now <= 0:
            for asset in self.assets:
                if t in asset.bars:
                    asset.last = self.price("open", asset.bars[t])
        else:
            scale = self.scale()
            for asset in self.assets:
                if t in asset.bars:
                    self.through_the_bar(asset, asset.bars[t], scale)
                else:
                    self.absent(asset)
            for asset in self.assets:
                if t not in asset.bars:
                    continue
                if asset.last is not None:
                    gain = self.price("close", asset.bars[t]) / asset.last - 1
                    gains.append(gain)
                    if asset.past:
                        past = sum(asset.past) / len(asset.past)
                        drifted = asset.last_equity / previous
                        benchmark += past * drifted * gain
                if asset.past or asset.in_force:
                    asset.past.append(asset.in_force)
            self.now = self.marked(t, "close")
            if self.now > 0 and self.fills.fill == "next_close":
                scale = self.scale()
                for asset in self.assets:
                    if t in asset.bars:
                        i = asset.bars[t]
                        self.order(asset, i, self.price("close", i), scale)
            for asset in self.assets:
                if t in asset.bars:
                    self.decide(asset, asset.bars[t])
        equity = self.cash + sum(a.shares * a.last for a in self.assets if a.shares)
        for asset in self.assets:
            if t in asset.bars:
                asset.last_equity = equity
        out = self.out
        out.equity.append(equity / self.costs.capital)
        out.net.append(equity / previous - 1)
        out.benchmark.append(benchmark)
        out.market.append(sum(gains) / len(gains) if gains else 0.0)
        out.traded.append(self.bar_traded / previous)
        out.cost.append(self.bar_cost / previous)
        if equity <= 0:
            out.ruined_at = t
            out.gross.append(0.0)
            out.net_exposure.append(0.0)
            return equity
        worths = [a.shares * a.last for a in self.assets if a.shares]
        out.gross.append(sum(abs(w) for w in worths) / equity)
        out.net_exposure.append(sum(worths) / equity)
        return equity

    def scale(self) -> float:
        asked = sum(abs(asset.allowed) for asset in self.assets if not self.stale(asset))
        if self.targets.units == "shares" or asked <= self.fills.max_gross:
            return 1.0
        return self.fills.max_gross / asked

    def through_the_bar(self, asset: Position, i: int, scale: float) -> None:
        open_fill = self.fills.fill == "next_open"
        if open_fill and not self.fills.signal_first and asset.shares:
            found = self.exit(asset, i)
            if found:
                self.carry(asset, self.price("open", i), i)
                self.leave(asset, i, *found)
                return
            watched = True
        else:
            watched = False
        if open_fill:
            self.order(asset, i, self.price("open", i), scale)
        if not asset.shares:
            return
        self.carry(asset, self.price("open", i), i)
        fresh = asset.entry == i
        if fresh and self.fills.stops_armed == "next_bar":
            return
        if watched and not fresh:
            return
        found = self.exit(asset, i)
        if found:
            self.leave(asset, i, *found)

    def absent(self, asset: Position) -> None:
        if asset.shares:
            self.carry(asset, asset.last, None)
            if self.stale(asset) and max(asset.bars) < self.t:
                asset.target = 0.0
                last_i = asset.bars[asset.last_bar]
                self.trade(asset, last_i, 0.0, asset.last, self.slippage(), "delisted", None)

    def stale(self, asset: Position) -> bool:
        if asset.last_bar is None or self.t in asset.bars:
            return False
        return self.panel.clock[self.t] - self.panel.clock[asset.last_bar] > self.stale_ns

    def slippage(self) -> float:
        return self.costs.slippage_bps / 10_000

    def order(self, asset: Position, i: int, quote: float, scale: float) -> None:
        target = asset.allowed
        if self.targets.units == "shares":
            want = target
            asset.in_force = target * quote / self.now
        else:
            asset.in_force = target * scale
            want = asset.in_force * self.now / quote
            gap = abs(asset.in_force - asset.shares * quote / self.now)
            if target != 0 and gap <= self.fills.no_trade_band:
                return
        if want == asset.shares:
            return
        adverse = self.slippage()
        if self.costs.impact_bps:
            share = abs(want - asset.shares) / self.price("volume", i)
            adverse += self.costs.impact_bps / 10_000 * min(share, 1.0)
        reason = "signal" if target == asset.target else "max_held"
        base = {
            "fill": None,
            "decision_close": asset.last,
            "fill_bar_close": quote,
        }[self.fills.stop_base]
        self.trade(asset, i, want, quote, min(adverse, 0.5), reason, base)

    def trade(
        self,
        asset: Position,
        i: int,
        want: float,
        quote: float,
        adverse: float,
        reason: str,
        base: float | None,
    ) -> None:
        price = quote * (1 + adverse if want > asset.shares else 1 - adverse)
        legs = [want - asset.shares]
        if asset.shares and sign(want) != sign(asset.shares):
            legs = [-asset.shares, want]
        for leg in legs:
            if not leg:
                continue
            opening = asset.shares == 0
            fee = abs(leg) * price * self.costs.fee_bps / 10_000
            self.cash -= leg * price + fee
            asset.flow -= leg * price + fee
            self.bar_traded += abs(leg) * price
            self.bar_cost += fee + abs(leg) * abs(price - quote)
            grown = asset.shares + leg
            if opening:
                asset.average = price
                asset.base = asset.peak = price if base is None else base
                asset.entry, asset.entry_bar = i, self.t
                asset.equity_at_entry = self.now
                for name in ("stop_loss", "take_profit", "trailing_stop"):
                    given = getattr(self.targets, name)
                    asset.fractions[name] = math.nan if given is None else given[i - 1]
                asset.fractions["max_held"] = math.nan
            elif abs(grown) > abs(asset.shares):
                asset.average = (asset.average * asset.shares + price * leg) / grown
                if base is None:
                    asset.base = asset.average
            side = sign(asset.shares)
            asset.shares = grown
            if leg == legs[0] and not opening and sign(want) != side:
                asset.shares = 0.0
                self.out.trades.append(
                    (
                        self.assets.index(asset),
                        asset.entry_bar,
                        self.t,
                        side,
                        asset.average,
                        price,
                        asset.flow / self.costs.capital,
                        asset.flow / asset.equity_at_entry,
                        i - asset.entry,
                    )
                )
                self.out.reasons.append(reason)
                asset.flow = 0.0
        asset.shares = want

    def carry(self, asset: Position, mark: float, i: int | None) -> None:
        paid = 0.0
        if i is not None and self.panel.funding is not None:
            rate = float(self.panel.funding[i])
            paid += 0.0 if math.isnan(rate) else rate * asset.shares * mark
        if asset.shares < 0:
            borrowed = -asset.shares * mark * self.costs.borrow_bps_per_year / 10_000
            borrowed /= self.panel.bars_per_year
            self.bar_cost += borrowed
            paid += borrowed
        self.cash -= paid
        asset.flow -= paid

    def exit(self, asset: Position, i: int) -> tuple[float, str] | None:
        """Long and short written out apart, on purpose."""
        open_, high, low = (self.price(name, i) for name in ("open", "high", "low"))
        long = asset.shares > 0
        stops: list[tuple[float, str]] = []
        if asset.fractions["stop_loss"] > 0:
            f = asset.fractions["stop_loss"]
            stops.append((asset.base * (1 - f if long else 1 + f), "stop_loss"))
        if asset.fractions["trailing_stop"] > 0:
            f = asset.fractions["trailing_stop"]
            stops.append((asset.peak * (1 - f if long else 1 + f), "trailing_stop"))
        asset.peak = max(asset.peak, high) if long else min(asset.peak, low)
        stopped = None
        if stops:
            pick = max if long else min
            level, name = pick(stops, key=lambda stop: stop[0])
            if long and low <= level:
                fill = level
                if open_ <= level and (self.fills.gap == "open" or high < level):
                    fill = open_
                stopped = fill, name
            if not long and high >= level:
                fill = level
                if open_ >= level and (self.fills.gap == "open" or low > level):
                    fill = open_
                stopped = fill, name
        reached = None
        if asset.fractions["take_profit"] > 0:
            f = asset.fractions["take_profit"]
            goal = asset.base * (1 + f if long else 1 - f)
            if long and high >= goal:
                reached = goal, "take_profit"
                if open_ >= goal:
                    reached = (
                        (open_ if self.fills.target_gap == "open" else max(goal, low)),
                        "take_profit",
                    )
            if not long and low <= goal:
                reached = goal, "take_profit"
                if open_ <= goal:
                    reached = (
                        (open_ if self.fills.target_gap == "open" else min(goal, high)),
                        "take_profit",
                    )
        if stopped and reached:
            return stopped if self.fills.first == "stop" else reached
        return stopped or reached

    def leave(self, asset: Position, i: int, price: float, reason: str) -> None:
        if sign(asset.target) == sign(asset.shares):
            asset.blocked = sign(asset.shares)
        self.trade(asset, i, 0.0, price, self.slippage(), reason, None)

    def decide(self, asset: Position, i: int) -> None:
        asset.last = self.price("close", i)
        asset.last_bar = self.t
        target = float(self.targets.weights[i])
        if math.isnan(target):
            target = 0.0
        if self.targets.units == "weights":
            target = max(-self.fills.max_weight, min(self.fills.max_weight, target))
        asset.target = target
        if self.fills.reenter == "immediate" or sign(target) != asset.blocked:
            asset.blocked = 0
        if not asset.shares:
            return
        if self.fills.stop_base == "fill_bar_close" and asset.entry == i:
            asset.base = asset.peak = asset.last
        for name in ("stop_loss", "take_profit", "trailing_stop", "max_held"):
            given = getattr(self.targets, name)
            if given is not None and not np.isnan(given[i]):
                asset.fractions[name] = float(given[i])
        longest = asset.fractions["max_held"]
        if longest > 0 and i + 1 - asset.entry >= longest and sign(target) == sign(asset.shares):
            asset.blocked = sign(asset.shares)
