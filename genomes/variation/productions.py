"""The ways to write a value of each type, made from the operator table: the grammar of growing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.table import OPERATORS, Arg, Kind, On, Operator, Part, Scale, ScaleOf
from genomes.variation.scale import CLOCK, dispersion_of

COMMON = tuple(name for name, row in OPERATORS.items() if row.weight > 1)  # the commonest means
WINDOWS = (5, 10, 20, 50, 100, 200)
BOUNDS: dict[Scale, tuple[str, ...]] = {
    Scale.RETURN: ("0", "0.02", "0.05", "-0.02", "-0.05"),
    Scale.SCORE: ("0", "0.5", "1", "1.5", "-0.5", "-1", "-1.5"),
    Scale.SHARE: ("0.2", "0.3", "0.5", "0.7", "0.8"),
    Scale.PERCENT: ("30", "40", "50", "60", "70"),
    Scale.RATIO: ("0.8", "1", "1.2", "1.5"),
}


@dataclass(frozen=True, slots=True)
class Type:
    """What an expression is to the grammar.

    Attributes:
        name: `field`, `value`, `mask`, `bars`, `bound` or `width`.
        dimension: Of a value or a field.
        scale: Of a value or a bound.
    """

    name: str
    dimension: Dimension = NUMBER
    scale: Scale = Scale.SCORE


MASK, BARS, WIDTH = Type("mask"), Type("bars"), Type("width")
SHORT, LONG = Type("short bars"), Type("long bars")
ROLES = ("average", "volatility", "spread", "bar", "straightness", "up", "down", "calm", "lively",
         "trending", "sideways", "busy")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to write a value: a form with places, each of a type and a least precedence."""

    form: str
    result: Type
    args: tuple[Type, ...] = ()
    binds: tuple[int, ...] = ()
    precedence: int = 16
    weight: int = 1


def rules_for(fields: dict[str, Dimension], max_window: int) -> Iterator[Rule]:
    """All productions for a market: leaves, arithmetic and logic, and calls of operators."""
    windows = [n for n in WINDOWS if n <= max_window // 2] or [max(2, max_window // 4)]
    for n in windows:
        yield Rule(str(n), BARS)
    for k in ("1.5", "2", "2.5"):
        yield Rule(k, WIDTH)
    for scale, bounds in BOUNDS.items():
        for bound in bounds:
            kind = Type("bound", NUMBER, scale)
            yield Rule(bound, kind, precedence=13 if bound.startswith("-") else 16)
    for n in windows:
        if n >= 10:
            yield Rule(str(n), SHORT if n <= 20 else LONG)
    for rule in _parts(fields, windows):
        yield rule
        if rule.args in ((SHORT,), (LONG,)):  # DEAP ends its trees in leaves of the same type
            for n in windows:
                if n >= 10 and (n <= 20) == (rule.args == (SHORT,)):
                    yield Rule(rule.form.format(n), rule.result, precedence=rule.precedence)
    yield from _leaves(fields, windows)
    yield from _compounds({d: None for d in fields.values() if not d.is_plain})
    for row in OPERATORS.values():
        if row.weight:
            yield from _calls(row, fields)


def _leaves(fields: dict[str, Dimension], windows: list[int]) -> Iterator[Rule]:
    price = "close" if "close" in fields else next((f for f, d in fields.items() if d == PRICE), "")
    for name, dimension in fields.items():
        x = f"m.{name}"
        if name in CLOCK:
            yield from _clock(name)
            continue
        if dimension.is_plain:
            for n in windows:
                yield Rule(f"sma({x}, {n})", _plain(Scale.RETURN))
                yield Rule(f"zscore({x}, {n})", _plain(Scale.SCORE))
                yield Rule(f"percent_rank({x}, {n})", _plain(Scale.SHARE))
            continue
        for _ in range(3 if name in ("close", "volume") else 1):
            yield Rule(x, Type("field", dimension))
        for n in windows:
            yield Rule(f"sma({x}, {n})", _value(dimension, Scale.LEVEL))
            yield Rule(f"ema({x}, {n})", _value(dimension, Scale.LEVEL))
            yield Rule(f"stdev({x}, {n})", _value(dimension, Scale.WIDTH))
            yield Rule(f"change({x}, {n})", _value(dimension, Scale.MOVE))
            if dimension != PRICE:
                yield Rule(f"{x} / sma({x}, {n})", _plain(Scale.RATIO), precedence=12)
                yield Rule(f"zscore({x}, {n})", _plain(Scale.SCORE))
                yield Rule(f"percent_rank({x}, {n})", _plain(Scale.SHARE))
    if price:
        x = f"m.{price}"
        for n in windows:
            yield Rule(f"returns({x}, {n})", _plain(Scale.RETURN))
            yield Rule(f"zscore({x}, {n})", _plain(Scale.SCORE))
            yield Rule(f"range_position({x}, {n})", _plain(Scale.SHARE))
            yield Rule(f"stdev(returns({x}), {n})", _plain(Scale.SPREAD))
            yield Rule(f"{x} / sma({x}, {n})", _plain(Scale.RATIO), precedence=12)
            yield Rule(f"{x} > sma({x}, {n})", MASK, precedence=5)
            yield Rule(f"{x} < sma({x}, {n})", MASK, precedence=5)
        for n in (7, 14, 21):
            yield Rule(f"rsi({x}, {n})", _plain(Scale.PERCENT))
        for weight, edge, other, sign in ((3, "highest", "high", ">"), (3, "lowest", "low", "<")):
            y = f"m.{other}" if other in fields else x
            extreme = f"{edge}({y}, {{0}})"
            yield Rule(f"{x} {sign} lag({extreme}, 1)", MASK, (BARS,), (0,), 5, weight)
            yield Rule(f"{x} / {extreme} - 1", _plain(Scale.RETURN), (BARS,), (0,), 11, weight)


def _parts(fields: dict[str, Dimension], windows: list[int]) -> Iterator[Rule]:
    """What plays a known part in a strategy: means, volatilities, tests of trend and calm."""
    if "close" not in fields:
        return
    ranged, bars = {"high", "low"} <= fields.keys(), "m.high, m.low, m.close"
    average, volatility, path = Type("average"), Type("volatility"), Type("straightness")
    for word in _forms(Part.MEAN):
        yield Rule(f"{word}(m.close, {{0}})", average, (LONG,), (0,))
    for word in _forms(Part.DISPERSION):
        yield Rule(f"{word}(returns(m.close), {{0}})", volatility, (SHORT,), (0,))
        yield Rule(f"{word}(m.close, {{0}})", Type("spread"), (SHORT,), (0,))
    yield Rule("downside_stdev(returns(m.close), {0})", volatility, (SHORT,), (0,))
    for word in _forms(Part.STRAIGHTNESS):
        yield Rule(f"{word}(m.close, {{0}})", path, (SHORT,), (0,))
    for role, sign in (("up", ">"), ("down", "<")):
        mask = Type(role)
        yield Rule(f"m.close {sign} {{0}}", mask, (average,), (6,), 5, 3)
        for word in ("ema", "sma"):
            for fast, slow in ((10, 50), (20, 100), (50, 200)):
                if slow in windows:
                    form = f"{word}(m.close, {fast}) {sign} {word}(m.close, {slow})"
                    yield Rule(form, mask, precedence=5)
        yield Rule(f"returns(m.close, {{0}}) {sign} 0", mask, (LONG,), (0,), 5)
        yield Rule(f"slope(m.close, {{0}}) {sign} 0", mask, (LONG,), (0,), 5)
    for role, sign in (("calm", "<"), ("lively", ">")):
        for fast, slow in ((10, 50), (20, 100)):
            for word in _forms(Part.DISPERSION):
                if slow in windows:
                    x = f"{word}(returns(m.close), "
                    yield Rule(f"{x}{fast}) {sign} {x}{slow})", Type(role), precedence=5)
        yield Rule(f"percent_rank({{0}}, 100) {sign} 0.5", Type(role), (volatility,), (0,), 5, 3)
    for role, sign, level in (("trending", ">", 0.3), ("sideways", "<", 0.35)):
        yield Rule(f"{{0}} {sign} {level}", Type(role), (path,), (6,), 5, 2)
        if ranged:
            yield Rule(f"adx({bars}, {{0}}) {sign} 20", Type(role), (SHORT,), (0,), 5, 2)
    if ranged:
        yield Rule("parkinson(m.high, m.low, {0})", volatility, (SHORT,), (0,))
        yield Rule(f"atr({bars}, {{0}})", Type("bar"), (SHORT,), (0,))
        for word in COMMON:
            yield Rule(f"{word}(true_range({bars}), {{0}})", Type("bar"), (SHORT,), (0,))
        if "volume" in fields:
            yield Rule(f"vwap({bars}, m.volume, {{0}})", average, (LONG,), (0,))
        if "open" in fields:
            form = "garman_klass(m.open, m.high, m.low, m.close, {0})"
            yield Rule(form, volatility, (SHORT,), (0,))
    if "volume" in fields:
        for form in ("m.volume > 1.2 * {word}(m.volume, {n})", "percent_rank(m.volume, {n}) > 0.6"):
            for word in COMMON:
                for n in windows:
                    code = form.format(word=word, n=n)
                    if n >= 20:
                        yield Rule(code, Type("busy"), precedence=5)


def _forms(part: Part) -> list[str]:
    """The operators of a part that the grammar has forms of, in their turn."""
    rows = [row for row in OPERATORS.values() if row.part is part and row.turn]
    return [row.name for row in sorted(rows, key=lambda row: row.turn)]


def _clock(name: str) -> Iterator[Rule]:
    tests = {"weekday": (">= 3", "<= 1"), "days_to_month_end": ("< 5",), "hour": ("< 12", ">= 12")}
    for test in tests.get(name, ()):
        yield Rule(f"m.{name} {test}", MASK, precedence=5)


def _compounds(dimensions: dict[Dimension, None]) -> Iterator[Rule]:
    """Arithmetic, comparison and logic in the shapes people write."""
    ret, score, share = _plain(Scale.RETURN), _plain(Scale.SCORE), _plain(Scale.SHARE)
    spread = _plain(Scale.SPREAD)
    for d in dimensions:
        x, level = Type("field", d), _value(d, Scale.LEVEL)
        move, width = _value(d, Scale.MOVE), _value(d, Scale.WIDTH)
        yield Rule("{0} / {1} - 1", ret, (x, level), (12, 13), 11, 6)
        yield Rule("{0} / {1}", _plain(Scale.RATIO), (x, level), (12, 13), 12, 4)
        yield Rule("({0} - {1}) / {2}", score, (x, level, width), (11, 12, 13), 12, 4)
        yield Rule("{0} / {1}", ret, (move, x), (12, 13), 12, 2)
        yield Rule("{0} / {1}", score, (move, width), (12, 13), 12, 2)
        yield Rule("{0} / {1}", spread, (width, x), (12, 13), 12, 2)
        yield Rule("{0} - {1}", move, (x, level), (11, 12), 11, 4)
        for sign in "<>":
            yield Rule(f"{{0}} {sign} {{1}}", MASK, (x, level), (6, 6), 5, 4)
        yield Rule("crossover({0}, {1})", MASK, (x, level), (0, 0))
        yield Rule("crossunder({0}, {1})", MASK, (x, level), (0, 0))
    yield Rule("{0} / {1}", score, (ret, spread), (12, 13), 12, 6)
    for kind in (ret, score):
        yield Rule("-{0}", kind, (kind,), (13,), 13, 2)
        yield Rule("{0} - {1}", kind, (kind, kind), (11, 12), 11, 2)
    yield Rule("{0} + {1}", score, (score, score), (11, 12), 11, 3)
    yield Rule("{0} * {1}", score, (score, share), (12, 13), 12, 2)
    yield Rule("{0} / {1}", _plain(Scale.RATIO), (spread, spread), (12, 13), 12, 2)
    for scale in BOUNDS:
        for sign in "<>":
            bound = Type("bound", NUMBER, scale)
            yield Rule(f"{{0}} {sign} {{1}}", MASK, (_plain(scale), bound), (6, 6), 5, 4)
    yield Rule("{0} < {1}", MASK, (spread, spread), (6, 6), 5, 4)
    yield Rule("{0} & {1}", MASK, (MASK, MASK), (8, 9), 8, 3)
    yield Rule("{0} | {1}", MASK, (MASK, MASK), (6, 7), 6)


def _calls(row: Operator, fields: dict[str, Dimension]) -> Iterator[Rule]:
    """The rules of one operator: one for each kind of value it makes sense on."""
    parts: list[str] = []
    args: list[Type] = []
    free: list[int] = []
    for arg in row.args:
        match arg:
            case Arg(kind=Kind.SERIES, name=name, dimension=dimension):
                if dimension in ("price", "volume"):
                    if name not in fields:
                        return
                    parts.append(f"m.{name}")
                    continue
                free.append(len(args))
                args.append(MASK)  # bound below
            case Arg(kind=Kind.MASK):
                args.append(MASK)
            case Arg(kind=Kind.BARS, name=name, default=default):
                if default is not None and name not in ("n",):
                    continue
                args.append(BARS)
            case Arg(name="k"):
                args.append(WIDTH)
            case Arg(name="q"):
                args.append(Type("bound", NUMBER, Scale.SHARE))
            case _:
                return
        parts.append(f"{{{len(args) - 1}}}")
    form = f"{row.name}({', '.join(parts)})"
    binds = (0,) * len(args)
    if not free:
        result = _result(row, Scale.LEVEL, PRICE)
        if result is not None:
            yield Rule(form, result, tuple(args), binds)
        return
    for given in _domain(row, fields):
        for place in free:
            args[place] = given
        scale = Scale.LEVEL if given.name == "field" else given.scale
        result = _result(row, scale, given.dimension)
        if result is not None:
            weight = row.weight if given.name == "field" else 1
            yield Rule(form, result, tuple(args), binds, weight=weight)


def _domain(row: Operator, fields: dict[str, Dimension]) -> list[Type]:
    raw = [Type("field", d) for d in dict.fromkeys(fields.values()) if not d.is_plain]
    ret, score = _plain(Scale.RETURN), _plain(Scale.SCORE)
    if any(a.dimension == "1" for a in row.nodes):
        return [ret, score]
    match row.on:
        case On.RETURNS:
            return [ret]
        case On.FIELDS:
            return raw
        case On.FIELDS_AND_RETURNS:
            return [*raw, ret]
        case On.VALUES:
            return [*raw, ret, score]


def _result(row: Operator, scale: Scale, dimension: Dimension) -> Type | None:
    if row.result is Kind.MASK:
        return MASK
    base = {"price": PRICE, "volume": VOLUME}.get(row.dimension)
    if isinstance(row.scale, Scale):
        own = base or NUMBER
        known = row.scale in (*BOUNDS, Scale.SPREAD) if own.is_plain else True
        return Type("value", own, row.scale) if known else None
    if row.dimension == "1" and not dimension.is_plain:
        return None
    if row.scale is ScaleOf.DISPERSION:
        found = dispersion_of(scale)
        return _value(NUMBER if found is Scale.SPREAD else dimension, found)
    if row.scale is ScaleOf.CHANGE and not row.cross:
        return _value(dimension, Scale.MOVE)
    return _value(base or dimension, Scale.MOVE if row.name == "obv_change" else scale)


def _value(dimension: Dimension, scale: Scale) -> Type:
    return Type("value", dimension, scale)


def _plain(scale: Scale) -> Type:
    return Type("value", NUMBER, scale)
