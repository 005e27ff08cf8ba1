"""The literals of a strategy's text: plain values, bounded, too few to hide a table of prices."""

from __future__ import annotations

import ast

from genomes.check.report import Report, quote
from genomes.check.text import SPACES, Parsed
from genomes.check.tree import from_the_top

MAX_NUMBER = 1e9
MIN_NUMBER = 1e-100  # but 0: quotients of far smaller ones overflow where a range is searched
MAX_NUMBERS = 400
MAX_STRING = 200
_UNPRINTED = f"\n\t{SPACES}"


def read_literals(report: Report, parsed: Parsed) -> int:
    """Read all literals of a file; how many numbers it has. What is wrong goes to the report."""
    numbers = 0
    for part in parsed.parts:
        for node in part.kinds.get(ast.Constant, ()):
            kind = type(node.value)
            if kind is int or kind is float:
                numbers += 1
                if not abs(node.value) <= MAX_NUMBER:
                    report.at(
                        node, "literal", "writes a number beyond a billion",
                        "keep numbers within 1e9; ratios of values are small",
                    )  # fmt: skip
                elif 0 < abs(node.value) < MIN_NUMBER:
                    report.at(
                        node, "literal", f"writes a number below {MIN_NUMBER:g}",
                        "write 0, or a number that makes a difference, such as 1e-9",
                    )  # fmt: skip
            elif kind is str:
                if len(node.value) > MAX_STRING and node not in _docstrings(parsed.tree):
                    report.at(
                        node, "literal", f"writes a string of {len(node.value)} characters",
                        f"strings have at most {MAX_STRING}; say more in the docstring",
                    )  # fmt: skip
                if not node.value.isprintable():
                    _refuse_unseen(report, node, node.value)
            elif kind is not bool and node.value is not None:
                report.at(
                    node, "literal", f"writes a literal of type {kind.__name__}",
                    "write a number, a string, True, False or None",
                )  # fmt: skip
    if numbers > MAX_NUMBERS:
        first = _numbers(parsed.tree)[MAX_NUMBERS]
        found = f"writes more than {MAX_NUMBERS} numbers"
        report.at(first, "literal", found, "a strategy is a rule, not a table")
    return numbers


def _refuse_unseen(report: Report, node: ast.Constant, words: str) -> None:
    """What may not stand in a text may not be spelled in it either: its words reach terminals,
    prompts and databases, and operators write them out.
    """
    unseen = next((c for c in words if not (c.isprintable() or c in _UNPRINTED)), None)
    if unseen is not None:
        report.at(node, "character", f"spells the invisible character {quote(unseen)}", "remove it")


def _numbers(tree: ast.Module) -> list[ast.Constant]:
    constants = [node for node in from_the_top(tree) if type(node) is ast.Constant]
    return [node for node in constants if type(node.value) in (int, float)]


def _docstrings(tree: ast.Module) -> list[ast.AST]:
    owners = [tree, *(node for node in tree.body if isinstance(node, ast.FunctionDef))]
    firsts = [owner.body[0] for owner in owners if owner.body]
    return [first.value for first in firsts if isinstance(first, ast.Expr)]
