"""What a call of an operator must be given and what it gives: kinds, dimensions, bars to warm up.

The table says it in words and names; here each row stands ready for the graph's builder, which
asks for every node that is drawn or read back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.errors import LanguageError
from genomes.language.operators import OPERATORS
from genomes.language.table import Arg, Kind, Memory, Operator, Static

_BASES = {"": NUMBER, "1": NUMBER, "price": PRICE, "volume": VOLUME}

Bound = dict[str, Dimension]  # what each variable of a row stands for in one call


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row of the table, ready for calls.

    Attributes:
        operator: The row.
        kinds: Kinds of its node arguments, in order.
        needs: For each of these, the dimension that it must have, the variable that it binds, or
            None where it has no dimension.
        result: Kind of the result.
        dimension: Dimension of the result, from what the variables stand for; None where it is
            `base` whatever they stand for.
        base: That dimension.
        statics: How many plain arguments it takes.
        factors: Position of a plain argument, and bars to warm up for each unit of it.
        offset: Bars to warm up besides.
        memory: Its own memory.
        commutes: Whether its two arguments may be exchanged without changing a bit.
    """

    operator: Operator
    kinds: list[Kind]
    needs: tuple[Dimension | str | None, ...]
    result: Kind
    dimension: Callable[[Bound], Dimension | None] | None
    base: Dimension | None
    statics: int
    factors: tuple[tuple[int, int], ...]
    offset: int
    memory: Memory
    commutes: bool

    def warm_up(self, statics: Sequence[Static]) -> int:
        """Bars after its arguments are known until its own value is."""
        bars = self.offset
        for position, factor in self.factors:
            bars += factor * int(statics[position])
        return bars

    def bind(self, dimensions: Sequence[Dimension | None]) -> Dimension | None:
        """The dimension of a call's result; None fits every dimension.

        Args:
            dimensions: One for each node argument, None for constants that fit every dimension.

        Raises:
            LanguageError: The dimensions do not go together; the text says how to fix it.
        """
        bound: Bound = {}
        for position, need in enumerate(self.needs):
            given = dimensions[position]
            if need is None or given is None or need is given:
                continue
            if isinstance(need, str):
                first = bound.setdefault(need, given)
                if first is not given and first != given:
                    raise _clash(self.operator, first, given)
            elif need != given:
                raise _misfit(self.operator, self.operator.nodes[position], given, need)
        return self.base if self.dimension is None else self.dimension(bound)


def _product(bound: Bound) -> Dimension | None:
    a, b = bound.get("a"), bound.get("b")
    if a is None or b is None:
        return None
    return a if b is NUMBER else b if a is NUMBER else a * b


def _quotient(bound: Bound) -> Dimension | None:
    a, b = bound.get("a"), bound.get("b", NUMBER)
    if a is None:
        return None
    return a if b is NUMBER else NUMBER if a is b else a / b


def _square(bound: Bound) -> Dimension | None:
    return bound["a"] ** 2 if "a" in bound else None


def _root(bound: Bound) -> Dimension | None:
    if "a" not in bound:
        return None
    root = bound["a"].root()
    if root is None:
        raise LanguageError(
            "dimension",
            f"takes the square root of {bound['a'].phrase}",
            "take the root of a ratio or of a square: sqrt(x / y)",
        )
    return root


_EXPRESSIONS: dict[str, Callable[[Bound], Dimension | None]] = {
    "a*b": _product, "a/b": _quotient, "a^2": _square, "root(a)": _root,
}  # fmt: skip


def _result(expression: str) -> Callable[[Bound], Dimension | None] | None:
    if expression in _BASES:
        return None
    return _EXPRESSIONS.get(expression) or (lambda bound: bound.get(expression))


def _need(arg: Arg) -> Dimension | str | None:
    if arg.kind is not Kind.SERIES:
        return None
    return _BASES.get(arg.dimension, arg.dimension)


def _rule(operator: Operator) -> Rule:
    assert not operator.commutes or len(operator.nodes) == 2, operator.name
    positions = {arg.name: position for position, arg in enumerate(operator.statics)}
    return Rule(
        operator=operator,
        kinds=[arg.kind for arg in operator.nodes],
        needs=tuple(_need(arg) for arg in operator.nodes),
        result=operator.result,
        dimension=_result(operator.dimension),
        base=_BASES.get(operator.dimension),
        statics=len(operator.statics),
        factors=tuple((positions[name], n) for name, n in operator.warm_up.factors.items()),
        offset=operator.warm_up.offset,
        memory=operator.memory,
        commutes=operator.commutes,
    )


def _misfit(operator: Operator, arg: Arg, got: Dimension, needed: Dimension) -> LanguageError:
    way = (
        "divide by another value of the same dimension first, e.g. close / sma(close, 20)"
        if needed.is_plain
        else f"give it {needed.phrase}, e.g. m.{arg.name}"
    )
    return LanguageError(
        "dimension",
        f"{operator.name}() gets {got.phrase} for {arg.name}, which must be {needed.phrase}",
        way,
    )


_VERBS = {
    "add": "adds",
    "sub": "subtracts",
    "lt": "compares",
    "le": "compares",
    "eq": "compares",
    "ne": "compares",
}


def _clash(operator: Operator, one: Dimension, other: Dimension) -> LanguageError:
    verb = _VERBS.get(operator.name)
    found = (
        f"{verb} {one.phrase} and {other.phrase}"
        if verb
        else f"{operator.name}() gets {one.phrase} and {other.phrase}, which must be alike"
    )
    return LanguageError(
        "dimension",
        found,
        "divide by a value of the same dimension first, e.g. close / sma(close, 20) > 1.05",
    )


RULES: dict[str, Rule] = {name: _rule(operator) for name, operator in OPERATORS.items()}
