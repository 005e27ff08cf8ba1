"""Series and Mask: the symbols a strategy is drawn with. Each operation adds a node."""

# pyright: reportPrivateUsage=false, reportIncompatibleMethodOverride=false
# pyright: reportIncompatibleVariableOverride=false
# A strategy may call every public name of a symbol, so what the language itself needs is private.

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import Builder, Node
from genomes.language.symbol import Symbol, Unfinished, check_methods, methods_of, name_of
from genomes.language.table import Kind, Static
from genomes.language.windows import Ewm, Rolling, is_whole

Number = int | float

GONE: dict[str, str] = {
    "iloc": "a strategy sees no positions; use x.shift(n) for n bars ago",
    "loc": "a strategy sees no dates; use m.month, m.weekday or m.hour",
    "index": "a strategy sees no dates; use m.month, m.weekday or m.hour",
    "values": "there are no arrays; work with the series itself",
    "to_numpy": "there are no arrays; work with the series itself",
    "expanding": "a window must end; use x.rolling(n)",
    "cumsum": "a sum must end; use total(x, n)",
    "cumprod": "a product must end; use returns(x, n)",
    "cummax": "a window must end; use highest(x, n), or ratchet(x, reset)",
    "cummin": "a window must end; use lowest(x, n)",
    "bfill": "that looks into the future; use x.fillna(y)",
    "ffill": "use ema(x, n), or hold(enter, exit) for a state",
    "interpolate": "that looks into the future",
    "mean": "over which bars? use x.rolling(n).mean(), or cross_mean(x) over assets",
    "std": "over which bars? use x.rolling(n).std()",
    "sum": "over which bars? use x.rolling(n).sum()",
    "max": "over which bars? use x.rolling(n).max()",
    "min": "over which bars? use x.rolling(n).min()",
    "median": "over which bars? use x.rolling(n).median()",
    "quantile": "over which bars? use x.rolling(n).quantile(q)",
    "rank": "use cross_rank(x) over assets, or x.rolling(n).rank(pct=True) over time",
    "apply": "call the operators by name; helper functions take and give series",
    "map": "use where(condition, x, y)",
    "resample": "slower bars are not in the language; use a longer window",
    "any": "over which bars? use count(mask, n) > 0",
    "all": "over which bars? use mask.rolling(n).sum() == n",
}


class Value(Symbol):
    """What Series and Mask share: a node of a graph, and no truth value."""

    __slots__ = ("_builder", "_node")
    _called: ClassVar[str] = "a Series"

    def __init__(self, builder: Builder, node: int) -> None:
        self._builder = builder
        self._node = node

    @property
    def _info(self) -> Node:
        return self._builder.nodes[self._node]

    def _apply(self, op: str, *args: int, statics: tuple[Static, ...] = ()) -> Any:
        return wrap(self._builder, self._builder.apply(op, args, statics))

    def _other(self, value: object) -> int:
        return node_of(self._builder, value, "other")

    def __getattr__(self, name: str) -> NoReturn:
        raise LanguageError(
            "unknown_method",
            f"uses .{name} of {self._called}",
            GONE.get(name, f"it has: {', '.join(methods_of(type(self)))}"),
        )


@check_methods
class Series(Value):
    """A number per asset and bar, with a dimension."""

    __slots__ = ()

    @property
    def _dimension(self) -> Dimension | None:
        return self._info.dimension

    def _binary(self, op: str, other: object, *, swapped: bool = False) -> Any:
        builder = self._builder
        if type(other) is Series:
            index = other._node
        elif isinstance(other, LogSeries):
            raise other.refuse()
        else:
            index = node_of(builder, other, "an operand")
        pair = (index, self._node) if swapped else (self._node, index)
        return wrap(builder, builder.apply(op, pair))

    def __add__(self, other: object) -> Series:
        return self._binary("add", other)

    def __radd__(self, other: object) -> Series:
        return self._binary("add", other, swapped=True)

    def __sub__(self, other: object) -> Series:
        return self._binary("sub", other)

    def __rsub__(self, other: object) -> Series:
        return self._binary("sub", other, swapped=True)

    def __mul__(self, other: object) -> Series:
        return self._binary("mul", other)

    def __rmul__(self, other: object) -> Series:
        return self._binary("mul", other, swapped=True)

    def __truediv__(self, other: object) -> Series:
        return self._binary("div", other)

    def __rtruediv__(self, other: object) -> Series:
        return self._binary("div", other, swapped=True)

    def __neg__(self) -> Series:
        return self._apply("neg", self._node)

    def __pos__(self) -> Series:
        return self

    def __abs__(self) -> Series:
        return self._apply("abs", self._node)

    def __pow__(self, exponent: object) -> Series:
        power: Number | None = exponent if isinstance(exponent, int | float) else None
        match power:
            case bool():
                pass
            case 0.5:
                return self._apply("sqrt", self._node)
            case 1:
                return self
            case 2 | 3 | 4:
                product = self
                for _ in range(int(power) - 1):
                    product = product * self
                return product
            case -1:
                return 1 / self
            case _:
                pass
        raise LanguageError(
            "power", f"raises a Series to {name_of(exponent)}",
            "powers are 2, 3, 4, -1 and 0.5; else use exp(y * log(x))",
        )  # fmt: skip

    def __lt__(self, other: object) -> Mask:
        return self._binary("lt", other)

    def __le__(self, other: object) -> Mask:
        return self._binary("le", other)

    def __gt__(self, other: object) -> Mask:
        return self._binary("lt", other, swapped=True)

    def __ge__(self, other: object) -> Mask:
        return self._binary("le", other, swapped=True)

    def __eq__(self, other: object) -> Mask:  # type: ignore[override]
        return self._binary("eq", other)

    def __ne__(self, other: object) -> Mask:  # type: ignore[override]
        return self._binary("ne", other)

    __hash__ = Symbol.__hash__  # type: ignore[assignment]

    # -- pandas spellings, equal to pandas in value ------------------------------------------------

    def abs(self) -> Series:
        """As pandas: the absolute value."""
        return abs(self)

    def shift(self, periods: Number = 1) -> Series:
        """As pandas: the value `periods` own bars ago."""
        return self._apply("lag", self._node, statics=(periods,))

    def diff(self, periods: Number = 1) -> Series:
        """As pandas: x - x.shift(periods)."""
        return self._apply("change", self._node, statics=(periods,))

    def pct_change(self, periods: Number = 1) -> Series:
        """As pandas: x / x.shift(periods) - 1."""
        return self._apply("returns", self._node, statics=(periods,))

    def rolling(self, window: Number, min_periods: Number | None = None) -> Rolling:
        """As pandas: a window of the last `window` bars, known once all are."""
        if min_periods is not None and min_periods != window:
            raise LanguageError(
                "rolling", f"asks for min_periods={min_periods}", "leave it out: windows are full"
            )
        return Rolling(self, window)

    def ewm(
        self,
        com: Number | None = None,
        span: Number | None = None,
        halflife: Number | None = None,
        alpha: Number | None = None,
        adjust: object = True,
    ) -> Ewm:
        """As pandas with adjust=False: exponential weights, started at the first value."""
        if adjust is not False:
            raise LanguageError(
                "ewm",
                "leaves adjust at True",
                "write ewm(span=n, adjust=False), or ema(x, n)",
            )
        given = [
            (w, v) for w, v in (("span", span), ("com", com), ("alpha", alpha)) if v is not None
        ]
        if halflife is not None or len(given) != 1:
            raise LanguageError("ewm", "needs one of span, com, alpha", "write ewm(span=n, ...)")
        word, value = given[0]
        if isinstance(value, bool) or not isinstance(value, int | float):  # type: ignore[redundant-expr]
            raise LanguageError(
                "ewm", f"gets {name_of(value)} for {word}", "give a plain number: span=p.window"
            )
        if word == "alpha":
            if not 0 < value <= 1:
                raise LanguageError("ewm", f"alpha = {value}", "alpha lies in 0 < alpha <= 1")
            if is_whole(1 / value):
                return Ewm(self, "rma", 1 / value)
            return Ewm(self, "ema", 2 / value - 1)
        return Ewm(self, "ema", value if word == "span" else 2 * value + 1)

    def fillna(self, value: object) -> Series:
        """As pandas: x where known, else the value."""
        return self._binary("fill", value)

    def notna(self) -> Mask:
        """As pandas: where x is known."""
        return self._apply("known", self._node)

    def isna(self) -> Mask:
        """As pandas: where x is unknown."""
        return ~self.notna()

    def clip(self, lower: object = None, upper: object = None) -> Series:
        """As pandas: x held between two bounds, numbers or series."""
        held = self
        if lower is not None:
            held = held._binary("max", lower)
        if upper is not None:
            held = held._binary("min", upper)
        return held

    def where(self, cond: object, other: object) -> Series:
        """As pandas: x where cond, else other."""
        return _choose(self._builder, cond, self, other)

    def mask(self, cond: object, other: object) -> Series:
        """As pandas: other where cond, else x."""
        return _choose(self._builder, cond, other, self)

    def between(self, left: object, right: object) -> Mask:
        """As pandas: left <= x <= right."""
        return (self >= left) & (self <= right)


@check_methods
class Mask(Value):
    """True, false or unknown per asset and bar."""

    __slots__ = ()
    _called = "a Mask"

    def _join(self, op: str, other: object) -> Mask:
        if isinstance(other, bool):
            return self._apply(op, self._node, self._builder.truth(int(other)))
        if not isinstance(other, Mask):
            raise LanguageError(
                "kind", f"joins a Mask with {name_of(other)}",
                "put each comparison in parentheses: (x > 0) & (y > 0)",
            )  # fmt: skip
        return self._apply(op, self._node, other._node)

    def __and__(self, other: object) -> Mask:
        return self._join("and", other)

    def __or__(self, other: object) -> Mask:
        return self._join("or", other)

    __rand__, __ror__ = __and__, __or__

    def __xor__(self, other: object) -> Mask:
        if isinstance(other, bool):
            return ~self if other else self
        if not isinstance(other, Mask):
            return self._join("or", other)
        return (self & ~other) | (~self & other)

    __rxor__ = __xor__

    def __invert__(self) -> Mask:
        return self._apply("not", self._node)

    def _number(self) -> Series:
        return self._apply("as_number", self._node)

    def __add__(self, other: object) -> Series:
        return self._number() + other

    def __radd__(self, other: object) -> Series:
        return other + self._number()

    def __sub__(self, other: object) -> Series:
        return self._number() - other

    def __rsub__(self, other: object) -> Series:
        return other - self._number()

    def __mul__(self, other: object) -> Series:
        return self._number() * other

    def __rmul__(self, other: object) -> Series:
        return other * self._number()

    def __truediv__(self, other: object) -> Series:
        return self._number() / other

    def __rtruediv__(self, other: object) -> Series:
        return other / self._number()

    def __pow__(self, exponent: object) -> Series:
        return self._number() ** exponent

    def __neg__(self) -> Series:
        return -self._number()

    def __pos__(self) -> Series:
        return self._number()

    def __abs__(self) -> Series:
        return self._number()

    def _compare(self, other: object) -> NoReturn:
        raise LanguageError(
            "kind", "compares a Mask", "use it as it is, or ~mask; count(mask, n) > k counts bars"
        )

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = _compare  # type: ignore[assignment]
    __hash__ = Symbol.__hash__  # type: ignore[assignment]

    def shift(self, periods: Number = 1) -> Mask:
        """As pandas: the mask `periods` own bars ago."""
        return self._apply("lag_mask", self._node, statics=(periods,))

    def rolling(self, window: Number) -> Rolling:
        """As pandas on 1 and 0: a window of the last `window` bars."""
        return Rolling(self._number(), window)

    def astype(self, kind: object) -> Series:
        """As pandas: 1 where true, 0 where false."""
        return self._number()


@check_methods
class LogSeries(Unfinished):
    """log of a price or a volume: has no dimension of its own, so only differences may leave it."""

    __slots__ = ("_x",)
    _called = "the log of a price or volume"

    def __init__(self, x: Series) -> None:
        self._x = x

    def _misuse(self, what: str) -> LanguageError:
        name = self._x._dimension.phrase if self._x._dimension else "a value"
        return LanguageError(
            "dimension", f"uses the log of {name} as a number",
            "take a difference: log(x) - log(y), log(x / y), or log(x).diff(n)",
        )  # fmt: skip

    def __sub__(self, other: object) -> Series:
        if not isinstance(other, LogSeries):
            raise self.refuse()
        return log(self._x / other._x)

    def shift(self, periods: Number = 1) -> LogSeries:
        """The log `periods` own bars ago."""
        return LogSeries(self._x.shift(periods))

    def diff(self, periods: Number = 1) -> Series:
        """log(x / x.shift(periods))."""
        return self._x._apply("log_return", self._x._node, statics=(periods,))

    def __getattr__(self, name: str) -> NoReturn:
        raise self.refuse()

    def refuse(self) -> LanguageError:
        """Why this value may not be used like that."""
        return self._misuse("")


def wrap(builder: Builder, node: int) -> Series | Mask:
    """The symbol of a node."""
    return Series(builder, node) if builder.nodes[node].kind is Kind.SERIES else Mask(builder, node)


def node_of(builder: Builder, value: object, what: str) -> int:
    """The node of a symbol or a plain number; a Mask counts as 1 and 0.

    Raises:
        LanguageError: It is neither.
    """
    match value:
        case Series():
            return value._node
        case Mask():
            return value._number()._node
        case bool():
            return builder.const(float(value))
        case int() | float():
            return builder.const(value)
        case LogSeries():
            raise value.refuse()
        case _:
            raise LanguageError(
                "kind", f"gets {name_of(value)} for {what}", "give a Series or a plain number"
            )


def mask_of(builder: Builder, value: object, what: str) -> int:
    """The node of a Mask or of True or False.

    Raises:
        LanguageError: It is neither.
    """
    match value:
        case Mask():
            return value._node
        case bool():
            return builder.truth(int(value))
        case _:
            raise LanguageError(
                "kind", f"gets {name_of(value)} for {what}",
                "it needs a Mask: compare something, e.g. x > 0",
            )  # fmt: skip


def _choose(builder: Builder, condition: object, x: object, y: object) -> Series:
    index = builder.apply(
        "where",
        (
            mask_of(builder, condition, "condition"),
            node_of(builder, x, "x"),
            node_of(builder, y, "y"),
        ),
    )
    return Series(builder, index)


def log(x: object) -> Any:
    """The natural logarithm of a symbol: a LogSeries where it has a dimension."""
    if isinstance(x, Mask):
        x = x._number()
    if isinstance(x, LogSeries):
        raise x.refuse()
    if not isinstance(x, Series):
        raise LanguageError("kind", f"log() gets {name_of(x)} for x", "give a Series")
    if x._dimension is None or x._dimension.is_plain:
        return x._apply("log", x._node)
    return LogSeries(x)


METHODS: dict[type, frozenset[str]] = {
    cls: frozenset(methods_of(cls)) - {"refuse"} for cls in (Series, Mask, Rolling, Ewm, LogSeries)
}
