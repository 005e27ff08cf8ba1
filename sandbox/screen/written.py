"""What a screen found, written down: an expression, a sentence, a strategy file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from genomes.language import VOCABULARY
from sandbox.screen.atom import Atom

_CALLED = re.compile(r"(?<![.\w])([a-z_]\w*)\(")


def expression(atoms: Sequence[Atom], *, turned: bool) -> str:
    """The position as an expression over `m`: the product of its atoms, or minus that."""
    if len(atoms) == 1:
        text = atoms[0].text
        return f"-({text})" if turned else text
    text = " * ".join(f"({atom.text})" for atom in atoms)
    return f"-{text}" if turned else text


def said(atoms: Sequence[Atom], *, turned: bool) -> str:
    """The position in plain English."""
    text = ", times ".join(atom.phrase for atom in atoms)
    return f"the opposite of {text}" if turned else text


def strategy(atoms: Sequence[Atom], *, turned: bool) -> str:
    """A strategy file that holds the position as its signal."""
    phrase = said(atoms, turned=turned)
    return written(expression(atoms, turned=turned), phrase[0].upper() + phrase[1:])


def written(text: str, idea: str) -> str:
    """A strategy file whose factor and signal are one expression.

    Args:
        text: The expression, a Series in -1..1.
        idea: A sentence without its full stop; it becomes the docstring.
    """
    words = sorted({word for word in _CALLED.findall(text) if word in VOCABULARY})
    imported = f"from genomes.language import {', '.join(words)}\n\n\n" if words else "\n"
    return (
        f'"""{idea}."""\n\n{imported}'
        f"def factor(m, p):\n    return {text}\n\n\n"
        "def signal(f, m, p):\n    return f\n"
    )
