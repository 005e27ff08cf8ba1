"""The typed places of a strategy: each expression's kind, dimension, scale and use."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from genomes.language.dimension import Dimension
from genomes.language.table import OPERATORS, Kind, Scale
from genomes.variation.program import LAYERS
from genomes.variation.tree import word_of

_BARS_METHODS = {
    method: next(row.name for row in OPERATORS.values() if f".{method}(" in row.spelled)
    for method in ("shift", "diff", "pct_change", "rolling")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What variation knows of the market.

    Attributes:
        fields: The market's fields with their dimensions.
        max_window: Bars that no window and no warm-up may exceed.
    """

    fields: Mapping[str, Dimension]
    max_window: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a text would be refused, or is not worth an evaluation.

    Attributes:
        rule: A short word.
        found: What was found.
    """

    rule: str
    found: str


class Use(NamedTuple):
    """How an expression is used by the one around it.

    Attributes:
        operator: A row of the table, `compare`, or `Exits`.
        argument: Which argument it is there; for `compare` empty.
    """

    operator: str
    argument: str = ""


class Site(NamedTuple):
    """One expression of a strategy.

    Attributes:
        node: Its tree.
        function: The function it stands in.
        line: Its place among the function's lines.
        path: The trees above it, its statement first.
        kind: Series, Mask, or a plain number known when the graph is drawn.
        dimension: Of a Series; None fits every dimension.
        scale: The usual size of its values.
        op: The graph node it drew last: an operator, `field`, `const`; empty for plain numbers.
        digest: That node's digest; equal digests are equal values.
        in_graph: Its index in the graph; -1 where nothing uses it.
        number: The value of a plain number.
        live: Whether the strategy's behaviour depends on it.
    """

    node: Any
    function: str
    line: int
    path: tuple[Any, ...]
    kind: Kind
    dimension: Dimension | None
    scale: Scale
    op: str
    digest: bytes
    in_graph: int
    number: float | None
    live: bool

    @property
    def field(self) -> str:
        """The field it reads, if it is `m.close` and the like; else empty."""
        match self.node:
            case ast.Attribute(value=ast.Name(id="m"), attr=name):
                return name
            case _:
                return ""

    @property
    def use(self) -> Use | None:
        """How the expression around it uses it, where that is known."""
        return _use(self.node, self.path)

    @property
    def is_asked_for(self) -> bool:
        """Whether an operator asks for just that field there: the high in atr(high, ...)."""
        use = self.use
        return use is not None and any(
            arg.name == use.argument and arg.dimension in ("price", "volume")
            for arg in (OPERATORS[use.operator].args if use.operator in OPERATORS else ())
        )

    @property
    def in_loop(self) -> bool:
        """Whether it stands in a loop, a comprehension or a helper, whose other uses are unseen."""
        return self.function not in LAYERS or any(isinstance(n, _LOOPS) for n in self.path)


_LOOPS = (ast.For, ast.If, ast.ListComp, ast.GeneratorExp, ast.DictComp)


def _use(node: Any, path: tuple[Any, ...]) -> Use | None:
    above = path[-1] if path else None
    match above:
        case ast.Compare():
            return Use("compare")
        case ast.keyword(arg=str(argument)):
            word = word_of(path[-2])
            return Use(word, argument) if word in OPERATORS or word in _TAKERS else None
        case ast.Call(func=ast.Name(id=word)) if word in _TAKERS:
            return Use(word)
        case ast.Call(func=ast.Name(id=word), args=args) if word in OPERATORS:
            at = next((i for i, arg in enumerate(args) if arg is node), None)
            row = OPERATORS[word].args
            return Use(word, row[at].name) if at is not None and at < len(row) else None
        case ast.Call(func=ast.Attribute(attr=method), args=[first, *_]) if first is node:
            return Use(_BARS_METHODS[method], "n") if method in _BARS_METHODS else None
        case ast.Attribute(attr=method) if method in _BARS_METHODS:
            return Use(_BARS_METHODS[method], "x")
        case _:
            return None


_TAKERS = ("Exits", "min", "max")
