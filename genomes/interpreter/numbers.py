"""Plain numbers of an untrusted text, kept plain: whole numbers within 2**63, no complex ones."""

from __future__ import annotations

import operator
from typing import Any

from genomes.language.errors import LanguageError
from genomes.language.series import METHODS

MAX_WHOLE = 2**63
_MAX_BITS = 64

SYMBOLS = tuple(METHODS)
PLAIN = (int, float, bool)
KEYS = (int, float, bool, str)
OPERATIONS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}  # fmt: skip
UNARY = {"-": operator.neg, "+": operator.pos, "~": operator.invert}


def on_numbers(op: str, x: Any, y: Any) -> int | float:
    """Compute x op y of plain numbers.

    Raises:
        LanguageError: The result is huge or not real.
    """
    if op not in OPERATIONS:
        raise LanguageError("operator", f"uses {op} on numbers", "write * and /")
    whole = type(x) is not float and type(y) is not float
    if op == "**" and whole and int(x).bit_length() * y > _MAX_BITS:
        raise LanguageError(
            "number", "computes a whole number beyond 2**63", "write it as 10.0 ** n"
        )
    return bounded(OPERATIONS[op](x, y))


def bounded(value: Any) -> int | float:
    """The number, if it is real and not huge.

    Raises:
        LanguageError: It is neither.
    """
    if type(value) is float or (type(value) in PLAIN and abs(value) <= MAX_WHOLE):
        return value
    if type(value) is int:
        raise LanguageError("number", "computes a whole number beyond 2**63", "keep numbers small")
    raise LanguageError("number", "computes a number that is not real", "check a root")
