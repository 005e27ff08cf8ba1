"""Guards: what an untrusted text may do when it is read, and the fuel it burns.

The interpreter asks them for every attribute, item, turn of a loop, sum and comparison. Whatever
could grow without bound (numbers, lists, loops, calls) is counted or capped here, so a refusal is
the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from types import GeneratorType
from typing import Any

from genomes.check.names import WORDS as LISTED
from genomes.check.report import quote
from genomes.interpreter.builtins import OWN_BUILTINS, Builtins
from genomes.interpreter.numbers import (
    KEYS,
    MAX_WHOLE,
    OPERATIONS,
    PLAIN,
    SYMBOLS,
    UNARY,
    on_numbers,
)
from genomes.language import VOCABULARY
from genomes.language.errors import LanguageError
from genomes.language.params import ParamValues
from genomes.language.series import METHODS, name_of
from genomes.language.strategy import Market
from genomes.language.words import WORDS

MAX_ITEMS = 10_000

_SEQUENCES = (list, tuple)


class Guards:
    """The guards of one reading: they share one tank of fuel.

    Args:
        fuel: Units; an operation, a call, an attribute takes one.
        step: Units for a turn of a loop or a call of the text's own function; larger for longer
            texts, so that fuel bounds the work whatever stands in the loop.
    """

    def __init__(self, fuel: int, step: int) -> None:
        self._tank, self._left, self.step = fuel, fuel, step
        self._builtins = Builtins(self)
        self._words: dict[str, Callable[..., Any]] = {}

    def spend(self, units: int) -> None:
        """Burn fuel.

        Raises:
            LanguageError: There is none left.
        """
        self._left -= units
        if self._left < 0:
            raise LanguageError(
                "fuel", f"takes more than {self._tank} steps to draw",
                "shorten loops and nested calls; a readable strategy needs a few hundred",
            )  # fmt: skip

    def named(self, name: str) -> Callable[..., Any] | None:
        """A listed word or builtin, counted; None where the language has no such name."""
        known = self._words.get(name)
        if known is None:
            if name in _LISTED:
                known = self._called(name, _LISTED[name])
            elif name in OWN_BUILTINS:
                known = self._builtins.named(name)
            else:
                return None
            self._words[name] = known
        return known

    def _called(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **named: Any) -> Any:
            self.spend(1)
            for value in (*args, *named.values()) if named else args:
                # Lists must not get into the language: nested ones are slow to compare or print.
                if not (isinstance(value, SYMBOLS) or type(value) in KEYS or value is None):
                    raise LanguageError(
                        "arguments", f"{name}() gets {name_of(value)}",
                        "give it series and plain numbers, one by one",
                    )  # fmt: skip
            try:
                return function(*args, **named)
            except TypeError as error:
                raise LanguageError(
                    "arguments", f"{name}() gets arguments it does not take",
                    f"python -m genomes.language says which: {_plain_words(error)}",
                ) from None  # fmt: skip

        return called

    # -- what the interpreter asks for -------------------------------------------------------------

    def attribute(self, holder: Any, name: str) -> Any:
        """A field of m, a parameter of p, a listed method of a symbol."""
        self.spend(1)
        kind = type(holder)
        if name.startswith("_"):
            raise LanguageError("attribute", f"uses .{name[:40]}", "nothing hidden is there")
        if kind is Market or kind is ParamValues:
            return kind.__getattr__(holder, name)
        if name in METHODS.get(kind, ()):
            return self._called(f".{name}", getattr(holder, name))
        if kind in METHODS:
            raise _no_method(kind, holder, name)
        raise LanguageError(
            "attribute", f"uses .{name[:40]} of {name_of(holder)}",
            "attributes are m.close, p.window and methods of series",
        )  # fmt: skip

    def item(self, holder: Any, key: Any) -> Any:
        """An item of a list, tuple or dict; series say what to write instead."""
        self.spend(1)
        if isinstance(holder, SYMBOLS):
            return holder[0]  # refuses
        kind = type(holder)
        if kind is dict and type(key) in KEYS:
            return holder[key]
        if kind in _SEQUENCES and type(key) is slice:
            if all(type(each) in (int, type(None)) for each in (key.start, key.stop, key.step)):
                self.spend(len(holder) // 8)
                return holder[key]
        elif kind in _SEQUENCES and type(key) is int:
            return holder[key]
        raise LanguageError(
            "indexing", f"takes {name_of(holder)} at {name_of(key)}",
            "brackets are for lists, tuples and dicts, with plain numbers and strings",
        )  # fmt: skip

    def iterate(self, values: Any) -> Iterator[Any]:
        """The turns of a loop over a range, list, tuple, dict or comprehension."""
        if isinstance(values, SYMBOLS):
            iter(values)  # refuses
        if type(values) not in (range, list, tuple, dict, GeneratorType):
            raise LanguageError(
                "iteration", f"loops over {name_of(values)}",
                "loop over range(n), a tuple, a list or a dict",
            )  # fmt: skip
        return self._turns(values)

    def _turns(self, values: Any) -> Generator[Any, None, None]:
        for value in values:
            self.spend(self.step)
            yield value

    def binary(self, op: str, x: Any, y: Any) -> Any:
        """Compute x op y: symbols by the language, plain numbers bounded, lists joined."""
        self.spend(1)
        kinds = type(x), type(y)
        if kinds[0] in PLAIN and kinds[1] in PLAIN:
            return on_numbers(op, x, y)
        if isinstance(x, SYMBOLS) or isinstance(y, SYMBOLS):
            if op == "**" and not (kinds[1] in PLAIN or isinstance(y, SYMBOLS)):
                raise LanguageError("power", f"raises to {name_of(y)}", "powers are plain numbers")
            if op in OPERATIONS:
                return OPERATIONS[op](x, y)
        elif op == "+" and kinds[0] is kinds[1] and kinds[0] in _SEQUENCES:
            return self._sized(x, y, len(x) + len(y), op)
        elif op == "*" and kinds[0] in _SEQUENCES and kinds[1] is int:
            return self._sized(x, y, len(x) * y, op)
        raise LanguageError(
            "operator", f"uses {op} on {name_of(x)} and {name_of(y)}",
            "arithmetic is for series and plain numbers",
        )  # fmt: skip

    def set_item(self, holder: Any, key: Any, value: Any) -> None:
        """Set an item of a list or dict of the text's own."""
        self.spend(1)
        if (type(holder) is dict and type(key) in KEYS) or (
            type(holder) is list and type(key) is int
        ):
            holder[key] = value
            return
        raise LanguageError(
            "indexing", f"sets an item of {name_of(holder)}",
            "only lists and dicts of one's own are changed; choose with where(condition, x, y)",
        )  # fmt: skip

    def _sized(self, x: Any, y: Any, size: int, op: str) -> Any:
        if size > MAX_ITEMS:
            raise LanguageError(
                "size", f"makes a list of {min(size, MAX_WHOLE)} items",
                f"lists have at most {MAX_ITEMS}",
            )  # fmt: skip
        self.spend(max(size, 0) // 8)
        return OPERATIONS[op](x, y)

    def unary(self, op: str, x: Any) -> Any:
        """-x, +x, ~x."""
        self.spend(1)
        if type(x) in PLAIN or isinstance(x, SYMBOLS):
            return UNARY[op](x)
        raise LanguageError(
            "operator", f"uses {op} on {name_of(x)}", "it is for series and plain numbers"
        )

    def operand(self, x: Any) -> Any:
        """A side of a comparison: nested lists take time like 2**depth to compare.

        A range is walked item by item for what is not a whole number.
        """
        self.spend(1)
        if type(x) is range:
            self.spend(len(x) // 8)
        elif type(x) in _SEQUENCES or type(x) is dict:
            self.spend(len(x) // 8)
            for each in x:
                if type(each) in _SEQUENCES or type(each) is dict:
                    raise LanguageError(
                        "operator", "compares nested lists", "compare numbers, one by one"
                    )
        return x

    def key(self, x: Any) -> Any:
        """A key of a dict."""
        if type(x) in KEYS:
            return x
        raise LanguageError(
            "indexing", f"makes a key of {name_of(x)}", "keys are strings and plain numbers"
        )


def _no_method(kind: type, holder: Any, name: str) -> LanguageError:
    try:
        kind.__getattr__(holder, name)
    except LanguageError as error:
        return error
    return LanguageError("unknown_method", f"uses .{name[:40]}", "no such method")


def _plain_words(error: Exception) -> str:
    return quote(str(error), 120)


_LISTED = {name: word for name, word in VOCABULARY.items() if name in LISTED}
_LISTED["abs"] = WORDS["abs"]
