"""The values that a declared parameter may take in a search: levels, distributions, figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from genomes.language.params import Bool, Choice, Float, Int, Param, Value

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

ALIKE = 1e-9  # ends of a float's range that differ by no more than this share are one value
DIGITS = 3  # significant ones of a float, as a person would write it
WIDE = 8  # whole numbers whose range spans this factor move by factors, as windows do


def size_of(param: Param) -> float:
    """How many values a parameter has; inf where they are not to be counted."""
    match param:
        case Int():
            return param.high - param.low + 1
        case Float():
            width = param.high - param.low  # within rounding, logarithms of both ends are equal
            return math.inf if width > ALIKE * max(abs(param.low), abs(param.high)) else 1
        case Bool():
            return 2
        case Choice():
            return len(param.options)


def tunable(params: Mapping[str, Param]) -> dict[str, Param]:
    """Those parameters that have more than one value."""
    return {name: param for name, param in params.items() if size_of(param) > 1}


def distribution_of(param: Param) -> BaseDistribution:
    """What Optuna draws a parameter from."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    match param:
        case Int():
            return IntDistribution(param.low, param.high, log=moves_by_factors(param))
        case Float():
            return FloatDistribution(param.low, param.high, log=param.log)
        case Bool():
            return CategoricalDistribution((False, True))
        case Choice():
            return CategoricalDistribution(param.options)


def moves_by_factors(param: Int | Float) -> bool:
    """Whether a range is searched on a logarithmic scale."""
    if isinstance(param, Float):
        return param.log
    return param.low >= 1 and param.high >= WIDE * param.low


def readable(param: Param, value: Value) -> Value:
    """A drawn value as a person would write it, inside the parameter's range.

    Floats get 3 significant digits; more where the range is so narrow that they would hardly move,
    fewer near zero of a linear range, where they would say nothing.
    """
    if not isinstance(param, Float) or isinstance(value, str):
        return value
    low, high = float(param.low), float(param.high)
    x = float(value)
    span = math.floor(math.log10(high - low))
    decimals = DIGITS - 1 - (math.floor(math.log10(abs(x))) if x else span)
    if not param.log:
        decimals = min(max(decimals, DIGITS - 1 - span), DIGITS + 1 - span)
    return min(max(round(x, decimals), low), high)


def grid(params: Mapping[str, Param], most: int) -> list[dict[str, Value]]:
    """An even grid over all parameters of limited size, in the order of the parameters.

    Every parameter begins with its default alone; one after the other gets one level more, those
    with the fewest first, as long as the points stay within the limit. Small spaces are covered.

    Args:
        params: The parameters; at least one.
        most: Points; at least 1.
    """
    levels = dict.fromkeys(params, 1)
    growing = list(params)
    while growing:
        name = min(growing, key=lambda each: levels[each])  # ties: the first declared
        points = math.prod(levels.values()) // levels[name] * (levels[name] + 1)
        if levels[name] < size_of(params[name]) and points <= most:
            levels[name] += 1
        else:
            growing.remove(name)
    axes = [_levels(param, levels[name]) for name, param in params.items()]
    return [dict(zip(params, point, strict=True)) for point in product(*axes)]


def anywhere(params: Mapping[str, Param], rng: Random) -> dict[str, Value]:
    """A point of the space at random, on the scales that its parameters move on."""
    return {name: _anywhere(param, rng) for name, param in params.items()}


def _anywhere(param: Param, rng: Random) -> Value:
    match param:
        case Bool():
            return rng.random() < 0.5
        case Choice():
            return rng.choice(param.options)
        case Int():
            return round(_at(param, rng.random()))
        case Float():
            return readable(param, _at(param, rng.random()))


def _levels(param: Param, count: int) -> list[Value]:
    """Values spread evenly over a range, each in the middle of its share of it."""
    if count == 1:
        return [param.default]
    shares = [(i + 0.5) / count for i in range(count)]
    match param:
        case Bool():
            return [False, True]
        case Choice():
            return [param.options[math.floor(s * len(param.options))] for s in shares]
        case Int():
            return _whole(param, shares)
        case Float():
            return [readable(param, _at(param, share)) for share in shares]


def _whole(param: Int, shares: Sequence[float]) -> list[Value]:
    """Whole numbers at shares of a range, moved up as little as keeps them apart."""
    found: list[Value] = []
    lowest = param.low
    for share in shares:  # only at its lower end are they too close: no one is moved beyond it
        value = max(round(_at(param, share)), lowest)
        found.append(value)
        lowest = value + 1
    return found


def _at(param: Int | Float, share: float) -> float:
    """The value at a share of a range, on the scale that it moves on."""
    low, high = float(param.low), float(param.high)
    if moves_by_factors(param):
        return low * (high / low) ** share
    return low + (high - low) * share
