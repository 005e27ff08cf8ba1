"""The builtins that a strategy may call: Python's by meaning, counted and bounded by the guards."""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType
from typing import TYPE_CHECKING, Any

from genomes.check.names import BUILTINS
from genomes.interpreter.numbers import PLAIN, SYMBOLS, bounded
from genomes.language.errors import LanguageError
from genomes.language.series import name_of
from genomes.language.words import WORDS

if TYPE_CHECKING:
    from genomes.interpreter.guards import Guards

MAX_RANGE = 10_000
_MAX_DIGITS = 12

OWN_BUILTINS = BUILTINS - {"abs"}  # that is a word of the language


class Builtins:
    """The builtins of one reading; its guards hold the fuel."""

    def __init__(self, guards: Guards) -> None:
        self._guards = guards

    def named(self, name: str) -> Callable[..., Any]:
        """The builtin of a name in OWN_BUILTINS."""
        return getattr(self, f"_{name}")

    def _range(self, *bounds: Any) -> range:
        for each in bounds:
            if type(each) is not int:
                raise LanguageError(
                    "arguments", f"range() gets {name_of(each)}", "give whole numbers: range(5)"
                )
        values = range(*bounds)
        length = max(0, (values.stop - values.start + values.step) // values.step)
        if length > MAX_RANGE:
            raise LanguageError(
                "size", f"loops over a range of more than {MAX_RANGE}",
                "windows do that: sma(x, n), total(x, n)",
            )  # fmt: skip
        return values

    def _listed(self, values: tuple[Any, ...]) -> list[Any]:
        one = values[0] if len(values) == 1 else None
        if type(one) in (range, list, tuple, dict, GeneratorType):
            return list(self._guards.iterate(one))
        return list(values)

    def _min(self, *values: Any) -> Any:
        return self._extreme("min", values)

    def _max(self, *values: Any) -> Any:
        return self._extreme("max", values)

    def _extreme(self, name: str, values: tuple[Any, ...]) -> Any:
        listed = self._listed(values)
        self._guards.spend(1 + len(listed))
        for each in listed:
            self._refuse_nested(name, each)
        return WORDS[name](*listed)

    def _refuse_nested(self, name: str, value: Any) -> None:
        if not (type(value) in PLAIN or isinstance(value, SYMBOLS)):
            raise LanguageError(
                "arguments", f"{name}() gets {name_of(value)}", "give it series and plain numbers"
            )

    def _sum(self, values: Any, start: Any = 0) -> Any:
        total, started = start, start != 0 if type(start) in PLAIN else True
        for value in self._guards.iterate(values):
            # Python begins with 0 + x; leaving that out keeps x, and its -0.0, as it is.
            total, started = (self._guards.binary("+", total, value) if started else value), True
            self._refuse_nested("sum", total)
        return total

    def _len(self, values: Any) -> int:
        if type(values) in (list, tuple, dict, range, str) or isinstance(values, SYMBOLS):
            return len(values)
        raise LanguageError("length", f"asks for the length of {name_of(values)}", "it has none")

    def _any(self, values: Any) -> bool:
        return any(map(bool, self._guards.iterate(values)))

    def _all(self, values: Any) -> bool:
        return all(map(bool, self._guards.iterate(values)))

    def _bool(self, value: Any = False) -> bool:
        return bool(value)

    def _tuple(self, values: Any = ()) -> tuple[Any, ...]:
        return tuple(self._guards.iterate(values))

    def _list(self, values: Any = ()) -> list[Any]:
        return list(self._guards.iterate(values))

    def _dict(self, pairs: Any = (), **named: Any) -> dict[Any, Any]:
        if type(pairs) is dict:
            self._guards.spend(len(pairs) // 8)
            return {**pairs, **named}
        made: dict[Any, Any] = {}
        for pair in self._guards.iterate(pairs):
            key, value = self._guards.iterate(pair)
            made[self._guards.key(key)] = value
        return {**made, **named}

    def _enumerate(self, values: Any, start: int = 0) -> list[tuple[int, Any]]:
        return list(enumerate(self._guards.iterate(values), self._whole("enumerate", start)))

    def _zip(self, *values: Any, strict: bool = False) -> list[tuple[Any, ...]]:
        return list(zip(*map(self._guards.iterate, values), strict=bool(strict)))

    def _sorted(self, values: Any, *, reverse: bool = False) -> list[Any]:
        listed = list(self._guards.iterate(values))
        if not all(type(v) in PLAIN for v in listed) and not all(type(v) is str for v in listed):
            raise LanguageError(
                "arguments", "sorted() gets more than plain numbers",
                "across assets use cross_rank(x)",
            )  # fmt: skip
        return sorted(listed, reverse=bool(reverse))

    def _number(self, name: str, value: Any) -> int | float:
        if type(value) in PLAIN:
            return value
        if isinstance(value, SYMBOLS):
            raise LanguageError(
                "arguments", f"{name}() gets {name_of(value)}",
                "use it as it is: it is a value per bar, not one number",
            )  # fmt: skip
        raise LanguageError("arguments", f"{name}() gets {name_of(value)}", "give a plain number")

    def _whole(self, name: str, value: Any) -> int:
        if type(value) is not int:
            raise LanguageError(
                "arguments", f"{name}() gets {name_of(value)}", "give a whole number"
            )
        return value

    def _round(self, value: Any, ndigits: Any = None) -> int | float:
        number = self._number("round", value)
        if ndigits is None:
            return bounded(round(number))
        digits = self._whole("round", ndigits)
        if abs(digits) > _MAX_DIGITS:
            raise LanguageError(
                "number", f"rounds to {name_of(digits)} digits", f"at most {_MAX_DIGITS}"
            )
        return bounded(round(number, digits))

    def _int(self, value: Any = 0) -> int:
        return int(bounded(int(self._number("int", value))))

    def _float(self, value: Any = 0.0) -> float:
        return float(self._number("float", value))
