"""The words a strategy calls: one function for each public operator, made from the table."""

# pyright: reportPrivateUsage=false
# A strategy may call every public name of a symbol, so what the language itself needs is private.

from __future__ import annotations

import math
from collections.abc import Callable
from math import isfinite
from types import GeneratorType
from typing import Any, cast

from genomes.language import series as symbols
from genomes.language.errors import LanguageError
from genomes.language.graph import Builder, check_statics
from genomes.language.operators import OPERATORS
from genomes.language.series import LogSeries, Mask, Series, Value, mask_of, node_of, wrap
from genomes.language.symbol import name_of
from genomes.language.table import Arg, Kind, Operator, Static


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _clip(x: float, low: float, high: float) -> float:
    return max(low, min(high, x))


def _cap(x: float, limit: float) -> float:
    return max(-limit, min(limit, x))


def _abs(x: float) -> float:
    return abs(x)


_ON_NUMBERS: dict[str, Callable[..., float]] = {
    "abs": _abs,
    "sign": _sign,
    "sqrt": math.sqrt,
    "log": math.log,
    "exp": math.exp,
    "tanh": math.tanh,
    "clip": _clip,
    "cap": _cap,
}
# Words that take more than their row of the table says.
_ALSO = frozenset([*_ON_NUMBERS, "where", "log", "min", "max", "lag", "change"])


def arguments(operator: Operator, args: tuple[object, ...], named: dict[str, object]) -> list[Any]:
    """The values of a call in the table's order, defaults filled in.

    Raises:
        LanguageError: One is missing, unknown, or given twice.
    """

    def wrong(found: str) -> LanguageError:
        return LanguageError(
            "arguments", f"{operator.name}() {found}", f"write {operator.signature}"
        )

    if len(args) > len(operator.args):
        raise wrong(f"gets {len(args)} arguments")
    values: dict[str, object] = {a.name: v for a, v in zip(operator.args, args, strict=False)}
    for name, value in named.items():
        if name in values:
            raise wrong(f"gets {name} twice")
        values[name] = value
    known = [a.name for a in operator.args]
    for name in values:
        if name not in known:
            raise wrong(f"gets an unknown argument {name}")
    for arg in operator.args:
        if arg.name not in values:
            if arg.default is None:
                raise wrong(f"misses {arg.name}")
            values[arg.name] = int(arg.default) if arg.kind is Kind.BARS else arg.default
    return [values[name] for name in known]


def _builder_of(operator: Operator, values: list[Any]) -> Builder:
    for value in values:
        if isinstance(value, Value):
            return value._builder
        if isinstance(value, LogSeries):
            return value._x._builder
    raise LanguageError(
        "kind", f"{operator.name}() gets no Series", f"write {operator.signature} with m.close, ..."
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _static(operator: Operator, arg: Arg, value: object) -> Static:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise LanguageError(
            "arguments",
            f"{operator.name}() gets {name_of(value)} for {arg.name}",
            "give a plain number: a literal or one from p",
        )
    return value


def call(name: str, *args: object, **named: object) -> Any:
    """Call an operator of the table by name.

    Raises:
        LanguageError: The arguments do not fit.
    """
    operator = OPERATORS[name]
    if named or len(args) != len(operator.args):
        values = arguments(operator, args, named)
    else:
        values: list[Any] = list(args)
    if name in _ALSO:
        if name in _ON_NUMBERS and all(map(_is_number, values)):
            return _on_numbers(name, values)
        if name == "where" and isinstance(values[0], bool) and all(map(_is_number, values)):
            return values[1] if values[0] else values[2]
        if name == "log":
            return symbols.log(values[0])
        if name in ("min", "max") and any(isinstance(v, Mask) for v in values):
            raise LanguageError("kind", f"{name}() gets a Mask", "use & or | between masks")
    builder = _builder_of(operator, values)
    if name in _ALSO:
        special = _special(builder, name, values)
        if special is not None:
            return special
    nodes: list[int] = []
    statics: list[Static] = []
    for arg, value in zip(operator.args, values, strict=True):
        if arg.kind is Kind.SERIES:
            is_series = type(value) is Series
            nodes.append(
                value._node if is_series else node_of(builder, value, f"{arg.name} of {name}()")
            )
        elif arg.kind is Kind.MASK:
            nodes.append(mask_of(builder, value, f"{arg.name} of {name}()"))
        else:
            statics.append(_static(operator, arg, value))
    return wrap(builder, builder.apply(name, tuple(nodes), tuple(statics)))


def _special(builder: Builder, name: str, values: list[Any]) -> Any:
    """Calls that also take what their row of the table does not say: logs and masks."""
    first = values[0]
    match name:
        case "lag" if isinstance(first, Mask | LogSeries):
            return first.shift(values[1])
        case "change" if isinstance(first, LogSeries):
            return first.diff(values[1])
        case "where":
            _, x, y = values
            if isinstance(x, Mask | bool) and isinstance(y, Mask | bool):
                masks = [wrap(builder, mask_of(builder, v, "where()")) for v in values]
                condition, a, b = cast("list[Any]", masks)
                return (condition & a) | (~condition & b)
        case _:
            pass
    return None


def _on_numbers(name: str, values: list[float]) -> float:
    operator = OPERATORS[name]
    check_statics(operator, tuple(values[len(operator.nodes) :]))
    try:
        result = _ON_NUMBERS[name](*values)
        if isfinite(result) and all(map(isfinite, values)):
            return result
    except (ValueError, OverflowError):
        pass
    raise LanguageError(
        "number",
        f"{name}({', '.join(map(name_of, values))}) is not a number",
        "keep numbers finite",
    )


def extreme(name: str, *values: Any) -> Any:
    """`min` and `max` as a strategy has them: over numbers, over series, or over a list of them."""
    if len(values) == 1:
        if not isinstance(values[0], list | tuple | GeneratorType):
            raise LanguageError(
                "arguments",
                f"{name}() of {name_of(values[0])} alone",
                f"write {name}(x, y), or x.rolling(n).{name}() over the last n bars",
            )
        values = tuple(values[0])
    if not values:
        raise LanguageError("arguments", f"{name}() of nothing", f"write {name}(x, y)")
    best = values[0]
    for value in values[1:]:
        if _is_number(best) and _is_number(value):
            best = (min if name == "min" else max)(best, value)
        else:
            best = call(name, best, value)
    return best


def _word(name: str) -> Callable[..., Any]:
    def word(*args: Any, **named: Any) -> Any:
        return call(name, *args, **named)

    word.__name__ = word.__qualname__ = name
    operator = OPERATORS[name]
    word.__doc__ = f"{operator.signature}: {operator.doc}"
    return word


def _extreme(name: str) -> Callable[..., Any]:
    def word(*values: Any, **named: Any) -> Any:
        if named:
            raise LanguageError(
                "arguments", f"{name}() gets {', '.join(named)}", f"write {name}(x, y)"
            )
        return extreme(name, *values)

    word.__name__ = word.__qualname__ = name
    return word


WORDS: dict[str, Callable[..., Any]] = {
    **{
        name: _word(name) for name, row in OPERATORS.items() if row.public and name != "clip_signal"
    },
    "min": _extreme("min"),
    "max": _extreme("max"),
}
