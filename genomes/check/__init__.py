"""Checking a strategy's text: bytes, characters, tree, names; every refusal at once."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from genomes.check.grammar import Grammar
from genomes.check.literals import read_literals
from genomes.check.report import Report, quote
from genomes.check.shape import read_shape
from genomes.check.text import Parsed, broken, parse, readable, too_deep
from genomes.check.tree import strip_annotations
from genomes.language.params import Param
from genomes.records.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A text that keeps the rules.

    Attributes:
        text: Its normal form: bare line feeds, no trailing blanks, one newline at the end.
        tree: Its tree, annotations gone, places as in the text. A compiler changes the tree that it
            is given.
        params: The declared parameters, in order.
        nodes: Nodes of its functions.
    """

    text: str
    tree: ast.Module
    params: Mapping[str, Param]
    nodes: int = 0


def check(text: str | bytes) -> Checked | tuple[Refusal, ...]:
    """Whether a text is a strategy of the language. Standard library only; never raises.

    What depends on values (a Series asked for one truth, a price compared with 5) shows when the
    strategy is drawn.

    Returns:
        The checked text, or its first 20 refusals in the order of the text. Texts that cannot be
        read as Python are refused for that alone.
    """
    normal = readable(text)
    if not isinstance(normal, str):
        return normal
    parsed = parse(normal)
    if not isinstance(parsed, Parsed):
        return parsed
    report = Report(normal)
    shape = read_shape(report, parsed)
    read_literals(report, parsed)
    Grammar(report, shape).read()
    if len(report):
        return report.refusals()
    strip_annotations(parsed.tree, parsed.parts)
    nodes = 1 + sum(part.size for part in shape.parts.values())
    return Checked(text=normal, tree=parsed.tree, params=shape.params or {}, nodes=nodes)


def check_foreign(text: str | bytes) -> Checked | tuple[Refusal, ...]:
    """`check`, and then what guards against a gap in it: for texts of models and users.

    LibCST must read the text and give it back to the letter, since patches are applied with LibCST;
    RestrictedPython's policy must have no objection. Both see only what `check`
    passed: LibCST's parser can be crashed by texts that Python's refuses.
    """
    checked = check(text)
    if not isinstance(checked, Checked):
        return checked
    return _refuse_structure(checked.text) or _refuse_policy(checked.text) or checked


def _refuse_structure(text: str) -> tuple[Refusal, ...]:
    import libcst

    try:
        again = libcst.parse_module(text).code
    except (libcst.ParserSyntaxError, RecursionError, ValueError) as error:
        line = getattr(error, "raw_line", 0)
        found = f"cannot be edited: {quote(type(error).__name__)}"
    else:
        if again == text:
            return ()
        line, found = 0, "does not survive being read and written"
    return (
        Refusal(
            rule="structure", line=line, column=0, found=found,
            instead="write one plain statement a line",
        ),
    )  # fmt: skip


def _refuse_policy(text: str) -> tuple[Refusal, ...]:
    from RestrictedPython.compile import compile_restricted_exec

    parsed = parse(text)
    if not isinstance(parsed, Parsed):
        return parsed
    strip_annotations(parsed.tree, parsed.parts)
    try:
        result = compile_restricted_exec(parsed.tree, filename="<strategy>")
    except (SyntaxError, ValueError) as error:  # what parses and yet does not compile: f(x=1, x=2)
        return (broken(error, text),)
    except (RecursionError, MemoryError):
        return too_deep()
    return policy_refusals(result.errors)


def policy_refusals(errors: Sequence[str]) -> tuple[Refusal, ...]:
    """RestrictedPython's complaints, `Line 3: ...`, as refusals."""
    refusals: list[Refusal] = []
    for error in errors[:20]:
        place, _, words = error.partition(": ")
        number = place.removeprefix("Line ")
        refusals.append(
            Refusal(
                rule="policy", line=int(number) if number.isdecimal() else 0, column=0,
                found=f"breaks RestrictedPython's policy: {quote(words, 120)}",
                instead="write plain functions, names and calls",
            )
        )  # fmt: skip
    return tuple(refusals)
