"""The kinds of made markets: what is planted in each, what is drawn per seed, and its oracle."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.calibrate import several_nb, single_nb
from engine.calibrate.bars import (
    Bars,
    around,
    business_days,
    four_hours,
    innovations,
)
from engine.calibrate.null import sign_flipped
from engine.calibrate.single_nb import BURN, DAILY

Params = Mapping[str, int | float]
Draw = Callable[[np.random.Generator], dict[str, int | float]]
Make = Callable[[Params, float, np.random.Generator, int], Bars]

ASSETS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A law of made markets.

    Attributes:
        name: What the command calls it.
        about: What is planted, in a line.
        draw: The parameters of one seed.
        make: Bars of the law, from parameters, strength, a stream and how many.
        oracle: Its file in `engine.calibrate.oracles`; empty for a market without an edge.
        exact: Whether that file says all that was planted; the language cannot say a hidden state.
        solved: Strength by target Sharpe in closed form; None where a pilot path tells.
        values: Parameters of the oracle's file, from the drawn ones and the strength.
        fresh: Bars of the path that true Sharpe ratios are measured on.
    """

    name: str
    about: str
    draw: Draw
    make: Make
    oracle: str = ""
    exact: bool = True
    solved: Callable[[float], float] | None = None
    values: Callable[[Params, float], dict[str, int | float]] = lambda params, _: dict(params)
    fresh: int = 60_000

    @property
    def planted(self) -> bool:
        """Whether there is an edge."""
        return bool(self.oracle)


def lookback(rng: np.random.Generator, low: int, high: int) -> int:
    """A whole number from low to high, log-uniform."""
    return int(math.exp(rng.uniform(math.log(low), math.log(high + 1))))


def _two_of(n: int, step: int = 1) -> Draw:
    def draw(rng: np.random.Generator) -> dict[str, int | float]:
        rise, fall = rng.choice(n, 2, replace=False) * step
        return {"before_rise": int(rise), "before_fall": int(fall)}

    return draw


def _u_shape(rng: np.random.Generator) -> dict[str, int | float]:
    """The middle is where the mean signal is 0, so that holding the asset earns nothing."""
    days = lookback(rng, 30, 120)
    middle = np.interp(days, (30, 45, 60, 80, 120), (1.071, 1.052, 1.027, 0.992, 0.936))
    return {"days": days, "middle": round(float(middle), 3)}


def _single(code: int, order: tuple[str, ...] = (), *, hourly: bool = False) -> Make:
    """One asset with funding; `order` is how the kernel wants the parameters."""

    def make(params: Params, strength: float, rng: np.random.Generator, n: int) -> Bars:
        total = BURN + n
        values = np.array([float(params[name]) for name in order])
        clock = np.arange(total + 1, dtype=np.int64) % (6 if hourly else 5)
        if code == single_nb.CLOCK:  # the kernel asks for the bar to come
            values = (values / 4 + 1) % 6 if hourly else (values + 1) % 5
        made = single_nb.path(
            code,
            values,
            strength,
            innovations(rng, total),
            rng.standard_exponential((2, total)),
            rng.standard_normal((2, total)),
            rng.random(total),
            clock,
        )[:, BURN:]
        names = ("open", "high", "low", "close", "volume")
        return Bars(
            symbols=("MADE",),
            stamps=four_hours(n) if hourly else business_days(n),
            prices={name: made[i : i + 1] for i, name in enumerate(names)},
            columns={"funding": made[single_nb.RATE : single_nb.RATE + 1]},
            weights=made[single_nb.SIGNAL : single_nb.SIGNAL + 1],
            edge=made[single_nb.SIGNAL] ** 2,
        )

    return make


def _pair(params: Params, theta: float, rng: np.random.Generator, n: int) -> Bars:
    total = BURN + n
    made = several_nb.pair(theta, innovations(rng, total), innovations(rng, total))
    returns, risk, weights = made
    return _several(returns, risk, weights, np.zeros(total), rng, ("LEFT", "RIGHT"))


def _lead(params: Params, strength: float, rng: np.random.Generator, n: int) -> Bars:
    total = BURN + n
    leader = int(params["leader"])
    returns, risk, weights = several_nb.lead(
        leader, int(params["move"]), int(params["delay"]), strength, innovations(rng, 2, total)
    )
    edge = weights[1 - leader] ** 2
    return _several(returns, risk, weights, edge, rng, ("LEFT", "RIGHT"))


def _cross_section(params: Params, strength: float, rng: np.random.Generator, n: int) -> Bars:
    total = BURN + n
    returns, risk, weights = several_nb.cross_section(
        int(params["days"]), strength, innovations(rng, ASSETS, total), innovations(rng, total)
    )
    symbols = tuple(f"MADE{a:02}" for a in range(ASSETS))
    return _several(returns, risk, weights, np.zeros(total), rng, symbols)


def _several(
    returns: np.ndarray,
    risk: np.ndarray,
    weights: np.ndarray,
    edge: np.ndarray,
    rng: np.random.Generator,
    symbols: tuple[str, ...],
) -> Bars:
    return Bars(
        symbols=symbols,
        stamps=business_days(returns.shape[1] - BURN),
        prices=around(returns, risk, rng),
        weights=weights[:, BURN:],
        edge=edge[BURN:],
    )


def _theta(sharpe: float) -> float:
    """The pair's speed of reversion: its Sharpe per bar is sqrt(theta / (2 - theta))."""
    q = sharpe**2 / 252
    return 2 * q / (1 + q)


def _cross_strength(sharpe: float) -> float:
    """The cross-section's: every bar has the same ranks, so the same sum of squared signals."""
    ranks = 1 - 2 * (np.arange(ASSETS) + 0.5) / ASSETS
    return math.sqrt(sharpe**2 / 252 / float((ranks**2).sum()))


def _pair_values(params: Params, theta: float) -> dict[str, int | float]:
    return {"wide": round(min(max(DAILY / math.sqrt(theta * (2 - theta)), 0.005), 0.5), 4)}


def _lead_values(params: Params, strength: float) -> dict[str, int | float]:
    return {name: params[name] for name in ("move", "delay")}


_ALL = (
    Kind(
        name="null",
        about="N1: one asset, GJR-GARCH with Student-t innovations, no edge",
        draw=lambda rng: {},
        make=_single(single_nb.NULL),
    ),
    Kind(
        name="null-flipped",
        about="N2: S&P 500 and Nasdaq training bars, the sign of each bar drawn: no edge",
        draw=lambda rng: {},
        make=sign_flipped,
    ),
    Kind(
        name="momentum",
        about="tanh of the return over some weeks, in units of its deviation",
        draw=lambda rng: {"move": lookback(rng, 8, 60), "risk": lookback(rng, 40, 100)},
        make=_single(single_nb.MOMENTUM, ("move", "risk")),
        oracle="momentum",
    ),
    Kind(
        name="reversal",
        about="minus half the z-score of the close over some days, held in -1..1",
        draw=lambda rng: {"days": lookback(rng, 5, 25)},
        make=_single(single_nb.REVERSAL, ("days",)),
        oracle="reversal",
    ),
    Kind(
        name="breakout",
        about="1 or -1 for some bars after a close beyond the range, if volatility rises",
        draw=lambda rng: {
            "range": lookback(rng, 10, 45),
            "hold": int(rng.integers(3, 9)),
            "fast": int(rng.integers(4, 9)),
            "slow": lookback(rng, 40, 90),
        },
        make=_single(single_nb.BREAKOUT, ("range", "hold", "fast", "slow")),
        oracle="breakout",
    ),
    Kind(
        name="funding",
        about="minus the sign of funding's z-score where that is beyond 1",
        draw=lambda rng: {"days": lookback(rng, 40, 160)},
        make=_single(single_nb.FUNDING, ("days",)),
        oracle="funding",
    ),
    Kind(
        name="calendar",
        about="one weekday rises, another one falls",
        draw=_two_of(5),
        make=_single(single_nb.CLOCK, ("before_rise", "before_fall")),
        oracle="calendar",
    ),
    Kind(
        name="regime",
        about="a hidden state, calm or loud: momentum in the one, reversal in the other",
        draw=lambda rng: {
            "move": lookback(rng, 8, 60),
            "risk": lookback(rng, 40, 100),
            "days": lookback(rng, 5, 25),
        },
        make=_single(single_nb.REGIME, ("move", "risk", "days")),
        oracle="regime",
        exact=False,
    ),
    Kind(
        name="conjunction",
        about="the sign of a clear move times the sign of log volume less its mean",
        draw=lambda rng: {
            "move": lookback(rng, 6, 25),
            "risk": lookback(rng, 40, 100),
            "volume": lookback(rng, 10, 40),
        },
        make=_single(single_nb.CONJUNCTION, ("move", "risk", "volume")),
        oracle="conjunction",
    ),
    Kind(
        name="pair",
        about="two assets, their log spread reverts to 0",
        draw=lambda rng: {},
        make=_pair,
        oracle="pair",
        exact=False,
        solved=_theta,
        values=_pair_values,
    ),
    Kind(
        name="lead-lag",
        about="two assets, the more volatile one follows the other some bars later",
        draw=lambda rng: {
            "leader": int(rng.integers(2)),
            "move": int(rng.integers(1, 7)),
            "delay": int(rng.integers(0, 4)),
        },
        make=_lead,
        oracle="lead_lag",
        values=_lead_values,
    ),
    Kind(
        name="cross-section",
        about=f"{ASSETS} assets, ranks of the return over some days revert",
        draw=lambda rng: {"days": lookback(rng, 2, 20)},
        make=_cross_section,
        oracle="cross_section",
        solved=_cross_strength,
        fresh=20_000,
    ),
    Kind(
        name="triple",
        about="conjunction, times the sign of funding less its mean",
        draw=lambda rng: {
            "move": lookback(rng, 6, 25),
            "risk": lookback(rng, 40, 100),
            "volume": lookback(rng, 10, 40),
            "funding": lookback(rng, 30, 120),
        },
        make=_single(single_nb.TRIPLE, ("move", "risk", "volume", "funding")),
        oracle="triple",
    ),
    Kind(
        name="u-shape",
        about="funding far from its mean on either side lifts prices, near it they fall",
        draw=_u_shape,
        make=_single(single_nb.U_SHAPE, ("days", "middle")),
        oracle="u_shape",
    ),
    Kind(
        name="hour",
        about="4-hour bars: one hour of the day rises, another one falls",
        draw=_two_of(6, 4),
        make=_single(single_nb.CLOCK, ("before_rise", "before_fall"), hourly=True),
        oracle="hour",
    ),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by its name."""
