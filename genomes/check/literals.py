"""The literals of a strategy's text: plain values, bounded, too few to hide a table of prices."""

from __future__ import annotations

import ast

from genomes.check.report import Report
from genomes.check.text import Parsed

MAX_NUMBER = 1e9
MAX_NUMBERS = 400
MAX_STRING = 200


def read_literals(report: Report, parsed: Parsed) -> None:
    """Read all literals of a file; what is wrong goes to the report."""
    docstrings = _docstrings(parsed.tree)
    numbers = 0
    for node in parsed.nodes:
        if not isinstance(node, ast.Constant):
            continue
        if type(node.value) in (int, float):
            numbers += 1
            if numbers == MAX_NUMBERS + 1:
                report.at(
                    node, "literal", f"writes more than {MAX_NUMBERS} numbers",
                    "a strategy is a rule, not a table",
                )  # fmt: skip
        _read_literal(report, node, node in docstrings)


def _read_literal(report: Report, node: ast.Constant, is_docstring: bool) -> None:
    match node.value:
        case bool() | None:
            pass
        case int() | float() as value:
            if not abs(value) <= MAX_NUMBER:
                report.at(
                    node, "literal", "writes a number beyond a billion",
                    "keep numbers within 1e9; ratios of values are small",
                )  # fmt: skip
        case str() as value:
            if len(value) > MAX_STRING and not is_docstring:
                report.at(
                    node, "literal", f"writes a string of {len(value)} characters",
                    f"strings have at most {MAX_STRING}; say more in the docstring",
                )  # fmt: skip
        case value:
            report.at(
                node, "literal", f"writes a literal of type {type(value).__name__}",
                "write a number, a string, True, False or None",
            )  # fmt: skip


def _docstrings(tree: ast.Module) -> list[ast.AST]:
    owners = [tree, *(node for node in tree.body if isinstance(node, ast.FunctionDef))]
    firsts = [owner.body[0] for owner in owners if owner.body]
    return [first.value for first in firsts if isinstance(first, ast.Expr)]
