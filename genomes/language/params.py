"""Declared parameters: the numbers of a strategy that a search may move, each with its range."""

# pyright: reportUnnecessaryIsInstance=false
# Strategies are untyped: what a type promises is still checked.

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genomes.language.errors import LanguageError
from genomes.language.symbol import Unfinished, check_init, name_of

Value = int | float | bool | str
_LARGEST = 10**9


def _fail(found: str, instead: str) -> LanguageError:
    return LanguageError("parameter", found, instead)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


@check_init("Int(20, low=5, high=60)")
@dataclass(frozen=True, slots=True)
class Int:
    """A whole number from low to high, both included."""

    default: int
    low: int
    high: int

    def __post_init__(self) -> None:
        for value in (self.default, self.low, self.high):
            if isinstance(value, bool) or not isinstance(value, int):
                raise _fail(
                    f"Int has {name_of(value)}", "give whole numbers: Int(20, low=5, high=60)"
                )
            if not _is_number(value):
                raise _fail(f"Int has {name_of(value)}", f"numbers go up to {_LARGEST:,}")
        if not self.low <= self.default <= self.high:
            raise _fail(
                f"Int({self.default}, low={self.low}, high={self.high})",
                "the default must lie from low to high",
            )

    def accepts(self, value: object) -> bool:
        """Whether a value may stand for this parameter."""
        return type(value) is int and self.low <= value <= self.high


@check_init("Float(2.0, low=1.0, high=4.0)")
@dataclass(frozen=True, slots=True)
class Float:
    """A number from low to high, both included; `log` says that it moves by factors."""

    default: float
    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        for value in (self.default, self.low, self.high):
            if not _is_number(value):
                raise _fail(
                    f"Float has {name_of(value)}", "give numbers: Float(2.0, low=1.0, high=4.0)"
                )
        if not self.low <= self.default <= self.high:
            raise _fail(
                f"Float({self.default}, low={self.low}, high={self.high})",
                "the default must lie from low to high",
            )
        if type(self.log) is not bool:
            raise _fail(f"Float has log={name_of(self.log)}", "write log=True, or leave it out")
        if self.log and self.low <= 0:
            raise _fail(f"Float(log=True) from {self.low}", "a log range begins above 0")

    def accepts(self, value: object) -> bool:
        """Whether a value may stand for this parameter."""
        return _is_number(value) and self.low <= value <= self.high  # type: ignore[operator]


@check_init("Bool(True)")
@dataclass(frozen=True, slots=True)
class Bool:
    """On or off."""

    default: bool

    def __post_init__(self) -> None:
        if type(self.default) is not bool:
            raise _fail(f"Bool has {name_of(self.default)}", "write Bool(True) or Bool(False)")

    def accepts(self, value: object) -> bool:
        """Whether a value may stand for this parameter."""
        return type(value) is bool


@check_init('Choice("sma", options=("sma", "ema"))')
@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few named or numbered ways."""

    default: int | float | str
    options: tuple[int | float | str, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.options, tuple | list) or not 2 <= len(self.options) <= 16:
            raise _fail(
                f"Choice has {name_of(self.options)} for options",
                'give 2 to 16 of them: Choice("sma", options=("sma", "ema"))',
            )
        object.__setattr__(self, "options", tuple(self.options))
        for option in self.options:
            if not (_is_number(option) or (isinstance(option, str) and len(option) <= 24)):
                raise _fail(
                    f"Choice has option {name_of(option)}", "options are numbers or short words"
                )
        if len(set(self.options)) != len(self.options):
            raise _fail(f"Choice repeats an option in {self.options!r}", "name each one once")
        if not self.accepts(self.default):
            raise _fail(
                f"Choice default {name_of(self.default)}", f"the default is one of {self.options!r}"
            )

    def accepts(self, value: object) -> bool:
        """Whether a value may stand for this parameter."""
        return any(type(value) is type(option) and value == option for option in self.options)


Param = Int | Float | Bool | Choice

MAX_PARAMS = 32


class ParamValues(Unfinished):
    """`p` in a strategy: the value of each declared parameter, by name."""

    __slots__ = ("_values",)
    _called = "p"
    _finish = "name a parameter: p.window"

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = dict(values)

    def __getattr__(self, name: str) -> Value:
        try:
            return self._values[name]
        except KeyError:
            known = ", ".join(self._values) or "none are declared"
            raise LanguageError(
                "unknown_parameter",
                f"p.{name} is not declared in PARAMS",
                f"declare it, or use one of: {known}",
            ) from None


def resolve(params: Mapping[str, Param], values: Mapping[str, Value] | None) -> dict[str, Value]:
    """The value of each parameter: the default, or what a tuner asks for.

    Raises:
        LanguageError: A value is for no declared parameter, or outside its range.
    """
    if len(params) > MAX_PARAMS:
        raise _fail(f"PARAMS declares {len(params)}", f"declare at most {MAX_PARAMS}")
    resolved: dict[str, Value] = {}
    for name, param in params.items():
        if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
            raise _fail(
                f"PARAMS has the key {name_of(name)}", 'write a name: PARAMS = {"window": Int(...)}'
            )
        if not isinstance(param, Int | Float | Bool | Choice):
            raise _fail(
                f"PARAMS[{name!r}] is {name_of(param)}",
                "declare Int(20, low=5, high=60), Float(...), Choice(...) or Bool(...)",
            )
        resolved[name] = param.default
    for name, value in (values or {}).items():
        if name not in resolved:
            raise _fail(f"a value for {name!r}", f"declared are: {', '.join(resolved) or 'none'}")
        if not params[name].accepts(value):
            raise _fail(f"{name} = {name_of(value)}", f"the range is {params[name]!r}")
        resolved[name] = value
    return resolved
