"""What one row of the operator table holds: all that any room of the house knows of an operator."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from math import inf
from typing import Literal

# Of a value: on the last warm_up + 1 bars only; on all bars, with weights that vanish; on what
# happened since the start.
Memory = Literal["finite", "fading", "state"]
Static = int | float | str


class Kind(StrEnum):
    """What an argument or a result is."""

    SERIES = "Series"
    MASK = "Mask"
    BARS = "bars"  # a whole number of an asset's own bars, known when the graph is drawn
    NUMBER = "number"  # a plain number, known when the graph is drawn
    NAME = "name"  # a field's name


class Runs(Enum):
    """What a kernel is given, after the arrays of the operator's node arguments."""

    BARWISE = auto()  # its plain values: one bar at a time
    ALONG = auto()  # each asset's offsets, then the plain values
    ACROSS = auto()  # the order of bars by time and its offsets, then the plain values
    BOTH = auto()  # along and across: the executor knows how


class Scale(StrEnum):
    """The usual size of a value."""

    LEVEL = "level"  # a price, a volume
    MOVE = "move"  # a difference of levels
    WIDTH = "width"  # a positive distance: atr, stdev of a level
    RETURN = "return"  # small, around 0
    SCORE = "score"  # of size 1, around 0
    SHARE = "share"  # 0..1
    PERCENT = "percent"  # 0..100
    WIDE = "wide"  # of size 100, around 0
    SPREAD = "spread"  # small and positive: volatility of returns
    RATIO = "ratio"  # around 1
    COUNT = "count"  # bars
    MASK = "mask"
    CONSTANT = "constant"


class ScaleOf(Enum):
    """How a result's scale follows from the scales of the arguments."""

    SAME = auto()  # that of the first
    DISPERSION = auto()  # that of the spread of the first
    CHANGE = auto()  # that of a change of the first
    RULE = auto()  # arithmetic: by a rule of its own
    ANY = auto()  # none is known


class Response(Enum):
    """How a value answers a recent rise of the prices it is made from."""

    RISES = auto()  # as its arguments do: rises with prices
    FALLS = auto()  # against its arguments
    LAGS = auto()  # as its first argument, older: a mean, an extreme
    FIRST = auto()  # as its first argument
    TURNED = auto()  # against its first argument
    WINDOWS = auto()  # as its first argument where the first window is the shorter of two
    MOVE = auto()  # as its first argument where that is never negative, else not known
    TOGETHER = auto()  # rises where all its arguments do, else not known
    NEITHER = auto()  # does not answer: a spread, a strength
    RULE = auto()  # arithmetic and logic: by a rule of its own
    UNKNOWN = auto()


class Span(Enum):
    """How an interval of values follows from those of the arguments."""

    WITHIN = auto()  # always within the bounds
    OF_BARS = auto()  # within the bounds where the arguments are a bar's prices, else `otherwise`
    OF_POSITIVE = auto()  # within the bounds where no argument is negative, else `otherwise`
    SAME = auto()  # that of the first argument
    SIGN = auto()  # the sign of the first argument
    COUNT = auto()  # 0 to the first plain argument
    RULE = auto()  # arithmetic and logic: by a rule of its own
    FREE = auto()  # anything


@dataclass(frozen=True, slots=True)
class Range:
    """Where values can lie: never narrower than the truth."""

    span: Span
    low: float = -inf
    high: float = inf
    otherwise: tuple[float, float] = (-inf, inf)


class Part(Enum):
    """What an operator's value is for in a strategy; only like replaces like."""

    NONE = auto()
    AVERAGE = auto()  # of prices, by itself: vwap
    MEAN = auto()  # an average where it takes a price
    DISPERSION = auto()  # volatility where it takes returns, a spread where it takes a price
    VOLATILITY = auto()  # by itself: parkinson
    DOWNSIDE = auto()  # volatility where it takes returns
    BAR = auto()  # the usual bar's size
    STRAIGHTNESS = auto()  # how straight a path of prices is


class On(Enum):
    """What values the grammar writes an operator on."""

    FIELDS = auto()  # raw prices and volumes, so that nothing is smoothed twice
    RETURNS = auto()
    FIELDS_AND_RETURNS = auto()
    VALUES = auto()  # fields, returns and scores


class Trait(Enum):
    """What variation asks of an operator beside all that."""

    SMOOTHS = auto()  # a mean in the wide sense: its values move less than what it takes
    STEADY = auto()  # moves slowly by itself: smoothing it again says nothing
    COUNTS = auto()  # tells bars: most other numbers beside it would mean nothing
    RANKS = auto()  # reads no more of a value than where it stands among others
    RARE = auto()  # tells an event rather than a state
    DIFFERS = auto()  # means nothing where two arguments are the same
    MEAN = auto()  # a larger window makes a slower mean
    OWN_NAME = auto()  # a parameter of its window is called by the operator's name
    ADDS = auto()  # passes the sides of a signal on: sums, signs, clips
    PAIRED = auto()  # the screen of a market multiplies it by others: the first of its kind
    UNSCREENED = auto()  # the screen leaves it out: another row says the same of a market


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
    """One row of the table. Nothing has a default: to forget a fact is a type error.

    Attributes:
        name: As written in a strategy.
        family: The heading under which it is documented.
        args: Its arguments in order; nodes before plain values.
        result: Kind of the result.
        dimension: For a Series result: `1`, a base dimension, or an expression over the variables
            of the arguments: `a`, `a*b`, `a/b`, `a^2`, `root(a)`.
        warm_up: Bars after its arguments are known until its own value is known. Before that the
            value is unknown.
        memory: On which bars the value depends.
        doc: One line: formula, seeding, ddof.
        commutes: Whether the first two arguments may be exchanged without changing a bit.
        public: Whether a strategy may call it by name.
        spelled: How it is written if not as a call: `x + y`, `x.rolling(n).mean()`.
        synonyms: Other names under which people know it, between spaces.
        kernel: Module and function that compute it; looked up by sandbox.kernels.catalog.
        runs: What that kernel is given.
        scale: The usual size of its values.
        range: Where its values can lie.
        response: How it answers a rise of prices.
        families: The kinds of idea it stands for, of genomes.language.analysis.families.
        phrase: It in a sentence, with its arguments: `the {1}-bar mean of {0}`; empty for none.
        of_returns: What it is called when it takes returns; empty for nothing special.
        nouns: What a local that holds it deserves to be called, best first, between spaces.
        reason: What is true of it by itself, whatever stood there before: `which lags less`.
        part: What its value is for.
        turn: Its turn among the grammar's forms of its part; 0 where it has no such form.
        swap: Operators of one class and the same arguments may replace each other; empty for none.
        weight: Of its rules in the grammar, on raw fields (1 elsewhere); 0 where it never grows.
        on: What the grammar writes it on.
        traits: What else variation asks.
        nodes: The arguments that are nodes.
        statics: The arguments that are plain values.
    """

    name: str
    family: str
    args: tuple[Arg, ...]
    result: Kind
    dimension: str
    warm_up: Bars
    memory: Memory
    doc: str
    commutes: bool
    public: bool
    spelled: str
    synonyms: str
    kernel: str
    runs: Runs
    scale: Scale | ScaleOf
    range: Range
    response: Response
    families: tuple[str, ...]
    phrase: str
    of_returns: str
    nouns: str
    reason: str
    part: Part
    turn: int
    swap: str
    weight: int
    on: On
    traits: tuple[Trait, ...]

    nodes: tuple[Arg, ...] = field(init=False, repr=False, compare=False)
    statics: tuple[Arg, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "nodes", tuple(a for a in self.args if a.is_node))
        object.__setattr__(self, "statics", tuple(a for a in self.args if not a.is_node))

    @property
    def cross(self) -> bool:
        """Whether it looks across assets at one bar instead of along one asset's bars."""
        return self.runs in (Runs.ACROSS, Runs.BOTH)

    @property
    def signature(self) -> str:
        """How a call is written: `sma(x, n)`."""
        parts = [a.name if a.default is None else f"{a.name}={a.default:g}" for a in self.args]
        return f"{self.name}({', '.join(parts)})"
