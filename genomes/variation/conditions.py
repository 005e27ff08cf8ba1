"""The conditions that filters and gates are made of: what each asks, and of which ideas."""

from __future__ import annotations

import random
from dataclasses import dataclass

from genomes.language.params import Int
from genomes.variation.edits import MAX_PARAMS, declare, round_bound, window_param
from genomes.variation.program import Program
from genomes.variation.sites import Setting

TREND, REVERSAL, OTHER = 1, -1, 0
ANY = (TREND, REVERSAL, OTHER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A state of the market that a strategy may wait for.

    Attributes:
        name: Of the local that holds it.
        code: {a} is a short window, {b} a long one.
        says: When it holds: `while volatility is below its longer norm`.
        why: A reason, for strategies that follow trends, lean against moves, or do neither.
        windows: The usual short and long window.
        wanted: Names for a parameter that holds its longest window.
        clash: Operators and fields of a signal that asks for much the same already.
        mirror: Name, code of the same condition for the short side; empty where it is for both.
        regime: Whether it tells slow states of the market rather than single bars.
        alone: What it asks, where there is a long side only.
    """

    name: str
    code: str
    says: str
    why: dict[int, str]
    windows: tuple[tuple[int, ...], tuple[int, ...]] = ((20,), (100,))
    wanted: tuple[str, ...] = ("regime",)
    clash: frozenset[str] = frozenset()
    mirror: tuple[str, str] = ("", "")
    regime: bool = True
    alone: str = ""


def _ops(names: str) -> frozenset[str]:
    return frozenset(names.split())


_WITH_TREND = "so that it does not trade against the longer trend"
CONDITIONS: tuple[Condition, ...] = (
    Condition(
        name="rising", code="m.close > sma(m.close, {b})",
        says="in the direction of the longer trend", alone="while the longer trend is up",
        why={TREND: "since a move in its direction has further to go",
             REVERSAL: "since a move against a trend is the one that is given back",
             OTHER: "since falling markets are the turbulent ones"},
        windows=((20,), (100, 150, 200)), wanted=("trend", "long_trend"),
        clash=_ops("sma ema kama"),
        mirror=("falling", "m.close < sma(m.close, {b})"),
    ),
    Condition(
        name="calm", code="stdev(returns(m.close), {a}) < stdev(returns(m.close), {b})",
        says="while volatility is below its longer norm",
        why={TREND: "since trends last longer in calm markets",
             REVERSAL: "since a shock in a calm market is seldom news",
             OTHER: "since the risk is smaller then"},
        windows=((10, 20), (60, 100, 120)), wanted=("regime", "calm_memory"),
        clash=_ops("stdev downside_stdev percent_rank"),
    ),
    Condition(
        name="directed", code="adx(m.high, m.low, m.close, {a}) > 20",
        says="while ADX is above 20", why={TREND: "since a trend follower needs a trend"},
        windows=((14,), (14,)), wanted=("adx_window",),
        clash=_ops("adx efficiency_ratio bollinger_position"),
    ),
    Condition(
        name="undirected", code="adx(m.high, m.low, m.close, {a}) < 25",
        says="while ADX is below 25", why={REVERSAL: "since strong trends run over those who lean "
                                           "against them"},
        windows=((14,), (14,)), wanted=("adx_window",),
        clash=_ops("adx efficiency_ratio bollinger_position highest"),
    ),
    Condition(
        name="straight", code="efficiency_ratio(m.close, {a}) > 0.3",
        says="while the path of the last weeks is straight",
        why={TREND: "since zigzags are mostly chance"},
        windows=((20, 30), (20,)), wanted=("path",),
        clash=_ops("adx efficiency_ratio r_squared bollinger_position"),
    ),
    Condition(
        name="sideways", code="efficiency_ratio(m.close, {a}) < 0.4",
        says="while prices go sideways", why={REVERSAL: "since a straight move is rarely given "
                                              "back"},
        windows=((10, 20), (20,)), wanted=("path",),
        clash=_ops("adx efficiency_ratio r_squared bollinger_position highest"),
    ),
    Condition(
        name="busy", code="m.volume > sma(m.volume, {b})",
        says="on volume above its mean",
        why={TREND: "since a move that many took part in is likelier to go on"},
        windows=((20,), (20, 50)), wanted=("usual", "usual_volume"), clash=_ops("volume"),
        regime=False,
    ),
    Condition(
        name="thin", code="m.volume < 1.5 * sma(m.volume, {b})",
        says="unless volume is more than half above its mean",
        why={REVERSAL: "since heavy volume tells of news, which is not given back"},
        windows=((20,), (20, 50)), wanted=("usual", "usual_volume"), clash=_ops("volume"),
        regime=False,
    ),
    Condition(
        name="narrow_before", code="percent_rank(m.high - m.low, {b}).shift(1) < 0.5",
        says="after a bar narrower than most",
        why={TREND: "since moves begin in quiet bars"},
        windows=((20,), (50, 100)), wanted=("usual", "usual_range"),
        clash=_ops("percent_rank"), regime=False,
    ),
    Condition(
        name="closed_high", code="m.close > (m.high + m.low) / 2",
        says="after a close in the half of the bar that points its way",
        alone="after a close in the upper half of the bar",
        why={TREND: "since that side still pressed at the end",
             REVERSAL: "since the other side has begun to yield"},
        clash=_ops("open"), mirror=("closed_low", "m.close < (m.high + m.low) / 2"), regime=False,
    ),
    Condition(
        name="active", code="stdev(returns(m.close), {a}) > 0.7 * stdev(returns(m.close), {b})",
        says="unless volatility has died down",
        why={TREND: "since dull markets do not move far enough to pay",
             REVERSAL: "since there is little to give back in a dull market"},
        windows=((10, 20), (60, 100)), wanted=("regime", "usual_noise"),
        clash=_ops("stdev downside_stdev percent_rank"),
    ),
)  # fmt: skip


def has_fields(form: str, setting: Setting) -> bool:
    """Whether the market has every usual field that a piece of code reads."""
    return all(
        f"m.{name}" not in form or name in setting.fields
        for name in ("open", "high", "low", "close", "volume")
    )


def usable(
    kind: int, words: set[str], setting: Setting, *, regime: bool, sided: bool
) -> list[Condition]:
    """The conditions that suit an idea and are not asked for already.

    Args:
        kind: 1 for a follower of trends, -1 for one who leans against moves, else 0.
        words: Operators and fields of the strategy's behaviour.
        setting: The market.
        regime: Whether slow states are wanted, or what single bars tell.
        sided: Whether each side of the signal can be given its own condition.
    """
    return [
        c
        for c in CONDITIONS
        if kind in c.why
        and has_fields(c.code, setting)
        and not c.clash & words
        and not (kind == REVERSAL and c.name == "rising" and "highest" in words)  # far below it
        and c.regime is regime
        and (sided or not c.mirror[0])
    ]


def with_windows(
    condition: Condition, program: Program, rng: random.Random, setting: Setting
) -> tuple[Program, dict[str, str]]:
    """A program and the texts of a condition's windows: a parameter of it, a number, a new one."""
    words: dict[str, str] = {}
    for key, choices in zip("ab", condition.windows, strict=True):
        if f"{{{key}}}" not in condition.code:
            continue
        n, most = rng.choice(choices), max(2, setting.max_window // (2 if key == "b" else 4))
        n = n if n <= most else round_bound(most)
        short_beside_long = key == "a" and "{b}" in condition.code
        program, words[key] = _window(
            program, () if short_beside_long else condition.wanted, n, setting, rng
        )
    return program, words


_SHARED = {"trend": ("slow",), "regime": ("normal", "memory"), "usual": ("normal",)}


def _window(
    program: Program, wanted: tuple[str, ...], n: int, setting: Setting, rng: random.Random
) -> tuple[Program, str]:
    if not wanted:
        return program, str(n)
    for one in program.declared:
        near = isinstance(one.param, Int) and 0.7 * n <= one.param.default <= 1.4 * n
        if near and (one.name in wanted or one.name in _SHARED.get(wanted[0], ())):
            return program, f"p.{one.name}"
    if rng.random() < 0.5 or len(program.declared) >= MAX_PARAMS:
        return program, str(n)
    param = window_param(n, setting, low=max(5, round_bound(n / 2)))
    program, name = declare(program, wanted, param)
    return program, f"p.{name}"
