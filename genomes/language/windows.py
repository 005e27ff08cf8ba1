"""Rolling and Ewm: windows of a Series, before they are asked for a value."""

# pyright: reportPrivateUsage=false

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from genomes.language.errors import LanguageError
from genomes.language.symbol import Unfinished, check_methods, methods_of, name_of
from genomes.language.table import Static

if TYPE_CHECKING:
    from genomes.language.series import Series

Number = int | float


@check_methods
class Rolling(Unfinished):
    """`x.rolling(n)`: what may be asked of a window."""

    __slots__ = ("_n", "_x")
    _called = "a rolling window"
    _finish = "ask it for something: x.rolling(n).mean()"

    def __init__(self, x: Series, n: Number) -> None:
        self._x, self._n = x, n

    def _ask(self, op: str, *others: int, statics: tuple[Static, ...] = ()) -> Series:
        return self._x._apply(op, self._x._node, *others, statics=(self._n, *statics))

    def mean(self) -> Series:
        """As pandas."""
        return self._ask("sma")

    def sum(self) -> Series:
        """As pandas."""
        return self._ask("total")

    def std(self, ddof: Number = 1) -> Series:
        """As pandas, ddof 1."""
        return self._spread("stdev", ddof)

    def var(self, ddof: Number = 1) -> Series:
        """As pandas, ddof 1."""
        return self._spread("variance", ddof)

    def _spread(self, op: str, ddof: Number) -> Series:
        if ddof != 1:
            raise LanguageError("rolling", f"asks for ddof={ddof}", "ddof is 1")
        return self._ask(op)

    def max(self) -> Series:
        """As pandas."""
        return self._ask("highest")

    def min(self) -> Series:
        """As pandas."""
        return self._ask("lowest")

    def median(self) -> Series:
        """As pandas."""
        return self._ask("median")

    def skew(self) -> Series:
        """As pandas."""
        return self._ask("skewness")

    def kurt(self) -> Series:
        """As pandas."""
        return self._ask("kurtosis")

    def quantile(self, q: Number) -> Series:
        """As pandas, linear between ranks."""
        return self._ask("quantile", statics=(q,))

    def rank(self, pct: object = False) -> Series:
        """As pandas with pct=True."""
        ranks = self._ask("percent_rank")
        return ranks if pct is True else ranks * self._n

    def corr(self, other: object) -> Series:
        """As pandas, over pairs of a full window."""
        return self._ask("correlation", self._x._other(other))

    def cov(self, other: object) -> Series:
        """As pandas, over pairs of a full window, ddof 1."""
        return self._ask("covariance", self._x._other(other))

    def __getattr__(self, name: str) -> NoReturn:
        known = ", ".join(methods_of(Rolling))
        raise LanguageError("unknown_method", f"uses .rolling(n).{name}", f"it has: {known}")


@check_methods
class Ewm(Unfinished):
    """`x.ewm(..., adjust=False)`: what may be asked of exponential weights."""

    __slots__ = ("_n", "_op", "_x")
    _called = "x.ewm(...)"
    _finish = "ask it: x.ewm(span=n, adjust=False).mean()"

    def __init__(self, x: Series, op: str, n: Number) -> None:
        self._x, self._op, self._n = x, op, n

    def mean(self) -> Series:
        """As pandas."""
        if not is_whole(self._n):
            raise LanguageError(
                "ewm",
                f"means a window of {name_of(self._n)} bars",
                "windows are whole: use span=n",
            )
        return self._x._apply(self._op, self._x._node, statics=(round(self._n),))

    def __getattr__(self, name: str) -> NoReturn:
        raise LanguageError(
            "unknown_method", f"uses .ewm(...).{name}", "it has: mean; for std use ew_stdev(x, n)"
        )


def is_whole(window: Number) -> bool:
    """Whether a window is a whole number, up to the rounding of 2 / (2 / (n + 1)) - 1."""
    return abs(window) < 1e9 and abs(window - round(window)) < 1e-9
