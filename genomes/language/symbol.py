"""What every symbol refuses, in a sentence: truth, loops, lengths, operators without meaning."""

# pyright: reportPrivateUsage=false
# A strategy may call every public name of a symbol, so what the language itself needs is private.

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import signature
from typing import Any, ClassVar, NoReturn, TypeVar

from genomes.language.errors import LanguageError

_C = TypeVar("_C", bound=type)

_INSTEAD = {
    "//": "write x / y; on plain numbers, as in p.window // 2, it is fine",
    "%": "on plain numbers it is fine; for a cycle compare m.weekday, m.month or m.hour",
    "@": "write x * y",
    "<<": "write x.shift(n) for n bars ago",
    ">>": "write x.shift(n) for n bars ago",
    "**": "powers are 2, 3, 4, -1 and 0.5; else use exp(y * log(x))",
    "divmod()": "write x / y",
    "round()": "use it as it is; windows are plain numbers: round(p.window / 2)",
    "int()": "use it as it is: it is a value per bar, not one number",
    "float()": "use it as it is: it is a value per bar, not one number",
    "complex()": "use it as it is: it is a value per bar, not one number",
    "an index or a range": "windows, lags and loops need plain numbers: a literal or one from p",
    "a call": "write it without ()",
    "a key": "name values in a list or a tuple, not by a key of a dict or set",
    "[...] =": "nothing is assigned into; use where(condition, x, y)",
    "& | ^ ~": "compare first: (x > 0) & (y > 0), in parentheses",
    "abs()": "compare or choose: where(mask, 1, 0)",
}


def _no(what: str) -> Callable[..., Any]:
    def refuse(self: Symbol, *_: object) -> NoReturn:
        raise self._misuse(what)

    return refuse


class Symbol:
    """A value that stands for something in the market: no operation of Python works on it unless
    a subclass says how, and each other one says what to write instead.
    """

    __slots__ = ()
    _called: ClassVar[str] = "a symbol"

    def _misuse(self, what: str) -> LanguageError:
        """The refusal of an operation: `//`, `round()`, `a key`."""
        verb = "uses" if what[0] in "/%@<>*&[+-=" or what.endswith("()") else "makes"
        link = "on" if verb == "uses" else "of"
        return LanguageError(
            "operator",
            f"{verb} {what} {link} {self._called}",
            _INSTEAD.get(what, "combine series by + - * / and comparisons"),
        )

    def __repr__(self) -> str:
        return self._called  # no address: what a strategy can see is the same on every machine

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _no("+ - *")
    __truediv__ = __rtruediv__ = __neg__ = __pos__ = _no("/ + -")
    __abs__ = _no("abs()")
    __floordiv__ = __rfloordiv__ = _no("//")
    __mod__ = __rmod__ = _no("%")
    __matmul__ = __rmatmul__ = _no("@")
    __lshift__ = __rlshift__ = _no("<<")
    __rshift__ = __rrshift__ = _no(">>")
    __pow__ = __rpow__ = _no("**")
    __divmod__ = __rdivmod__ = _no("divmod()")
    __round__ = __trunc__ = __floor__ = __ceil__ = _no("round()")
    __int__, __float__, __complex__ = _no("int()"), _no("float()"), _no("complex()")
    __index__ = _no("an index or a range")
    __call__ = _no("a call")
    __hash__ = _no("a key")  # type: ignore[assignment]
    __setitem__ = __delitem__ = _no("[...] =")
    __lt__ = __le__ = __gt__ = __ge__ = _no("< <= > >=")
    __eq__ = __ne__ = _no("== !=")  # type: ignore[assignment]
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = _no("& | ^ ~")

    def __bool__(self) -> bool:
        raise LanguageError(
            "truth",
            f"uses {self._called} as a boolean (if, and, or, not, chained comparison)",
            "use where(condition, x, y), and & | ~ between masks in parentheses",
        )

    def __iter__(self) -> NoReturn:
        raise LanguageError(
            "iteration",
            f"loops over {self._called}",
            "operators work on all bars at once; for the past use x.shift(n) or a window",
        )

    def __len__(self) -> int:
        raise LanguageError(
            "length", f"asks for the length of {self._called}", "a strategy sees no lengths"
        )

    def __getitem__(self, key: object) -> NoReturn:
        raise LanguageError("indexing", f"indexes {self._called}", "use x.shift(n) for n bars ago")


class Unfinished(Symbol):
    """A symbol that is not a value yet: every operation gets the same answer."""

    __slots__ = ()
    _finish: ClassVar[str] = ""

    def _misuse(self, what: str) -> LanguageError:
        return LanguageError("kind", f"uses {self._called} as a value", self._finish)

    def _refuse(self, *_: object) -> Any:
        raise self._misuse("")

    __bool__ = __iter__ = __len__ = __getitem__ = _refuse  # type: ignore[assignment]


def name_of(value: object) -> str:
    """What a value is, in an error's words: at most 40 characters, the same on every machine."""
    match value:
        case Symbol():
            return value._called
        case bool() | float() | str():
            return repr(value)[:40]
        case int():
            return str(value) if abs(value) < 10**20 else "a huge whole number"
        case None:
            return "None (did a function forget to return?)"
        case type():
            return f"the type {value.__name__}"[:40]
        case _ if callable(value):
            return "a function (call it)"
        case _:
            return f"a {type(value).__name__}"[:40]


def methods_of(cls: type) -> list[str]:
    """The public methods of a symbol's class, for errors and for the attribute guard."""
    return sorted(n for n, v in vars(cls).items() if not n.startswith("_") and callable(v))


def checked(function: Callable[..., Any], called: str, example: str) -> Callable[..., Any]:
    """The function, with wrong arguments refused in a sentence instead of by a TypeError."""
    known = signature(function)

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except TypeError:  # only now: binding arguments costs more than most functions
            try:
                known.bind(*args, **named)
            except TypeError as error:
                raise LanguageError("arguments", f"{called}: {error}", f"write {example}") from None
            raise

    return call


def check_methods(cls: _C) -> _C:
    """A class decorator: each public method says how it is written if its arguments are wrong."""
    for name in methods_of(cls):
        method = vars(cls)[name]
        parameters = [p.replace(annotation=p.empty) for p in signature(method).parameters.values()]
        written = f".{name}({', '.join(map(str, parameters[1:]))})"
        setattr(cls, name, checked(method, f".{name}()", written))
    return cls


def check_init(example: str) -> Callable[[_C], _C]:
    """A class decorator: a record of the language says how it is written."""

    def decorate(cls: _C) -> _C:
        init = vars(cls)["__init__"]
        cls.__init__ = checked(init, f"{cls.__name__}()", example)  # type: ignore[misc]
        return cls

    return decorate
