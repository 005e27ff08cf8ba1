"""What one row of the operator table says: arguments, dimensions, first valid bar, memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Memory = Literal["finite", "fading", "state"]
Static = int | float | str


class Kind(StrEnum):
    """What an argument or a result is."""

    SERIES = "Series"
    MASK = "Mask"
    BARS = "bars"  # a whole number of an asset's own bars, known when the graph is drawn
    NUMBER = "number"  # a plain number, known when the graph is drawn
    NAME = "name"  # a field's name


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of an operator.

    Attributes:
        name: Its keyword.
        kind: What it is.
        dimension: For a Series, a dimension (`1`, `price`, `volume`) or a variable (`a`, `b`) that
            the call binds; the same variable twice asks for the same dimension twice.
        low: Smallest value, for BARS and NUMBER.
        high: Largest value, for BARS and NUMBER.
        default: Value if it is left out; None where it must be given.
    """

    name: str
    kind: Kind
    dimension: str = ""
    low: float = 0
    high: float = 0
    default: float | None = None

    @property
    def is_node(self) -> bool:
        """Whether the argument is another node of the graph rather than a plain value."""
        return self.kind in (Kind.SERIES, Kind.MASK)


@dataclass(frozen=True, slots=True)
class Bars:
    """A count of bars, linear in the operator's BARS arguments: `Bars({"n": 2}, -1)` is 2 n - 1."""

    factors: dict[str, int] = field(default_factory=dict[str, int])
    offset: int = 0

    def at(self, statics: dict[str, Static]) -> int:
        """The count for given arguments."""
        return self.offset + sum(
            factor * int(statics[name]) for name, factor in self.factors.items()
        )

    def __str__(self) -> str:
        terms = [n if f == 1 else f"{f} {n}" for n, f in self.factors.items()]
        text = " + ".join(terms)
        if not text:
            return str(self.offset)
        if self.offset:
            text += f" {'+' if self.offset > 0 else '-'} {abs(self.offset)}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One row of the table: everything that tracer, checker, mutators, docs and tests need.

    Attributes:
        name: As written in a strategy.
        family: The heading under which it is documented.
        args: Its arguments in order; nodes before plain values.
        result: Kind of the result.
        dimension: For a Series result: `1`, a base dimension, or an expression over the variables
            of the arguments: `a`, `a*b`, `a/b`, `a^2`, `root(a)`.
        warm_up: Bars after its arguments are known until its own value is known. Before that the
            value is unknown.
        memory: finite: the value depends on the last warm_up + 1 bars only. fading: on all bars,
            with weights that vanish. state: on what happened since the start.
        doc: One line: formula, seeding, ddof.
        commutes: Whether the first two arguments may be exchanged without changing a bit.
        cross: Whether it looks across assets at one bar instead of along one asset's bars.
        spelled: How it is written if not as a call: `x + y`, `x.rolling(n).mean()`.
        public: Whether a strategy may call it by name.
        nodes: The arguments that are nodes.
        statics: The arguments that are plain values.
    """

    name: str
    family: str
    args: tuple[Arg, ...]
    result: Kind = Kind.SERIES
    dimension: str = ""
    warm_up: Bars = Bars()
    memory: Memory = "finite"
    doc: str
    commutes: bool = False
    cross: bool = False
    spelled: str = ""
    public: bool = True

    nodes: tuple[Arg, ...] = field(init=False, repr=False, compare=False)
    statics: tuple[Arg, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(a for a in self.args if a.is_node))
        object.__setattr__(self, "statics", tuple(a for a in self.args if not a.is_node))

    @property
    def signature(self) -> str:
        """How a call is written: `sma(x, n)`."""
        parts = [a.name if a.default is None else f"{a.name}={a.default:g}" for a in self.args]
        return f"{self.name}({', '.join(parts)})"
