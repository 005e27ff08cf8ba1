"""Collecting refusals while a text is read: each with its place, in the order of the text."""

from __future__ import annotations

import ast
from dataclasses import replace

from genomes.records.refusal import Refusal
from genomes.records.text import quote

MAX_REFUSALS = 20
MAX_FOUND = 300
MAX_INSTEAD = 900


class Report:
    """The refusals of one text.

    Attributes:
        lines: The text's lines, to turn byte offsets into columns.
    """

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self._found: set[Refusal] = set()

    def __len__(self) -> int:
        return len(self._found)

    @property
    def crowded(self) -> bool:
        """Whether so much was found that advice which takes time to find is left out."""
        return len(self._found) >= 4 * MAX_REFUSALS

    def column(self, line: int, byte: int) -> int:
        """The column, from 1, of a byte offset, from 0, as the parser counts them."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        if text.isascii():
            return byte + 1
        return len(text.encode()[:byte].decode(errors="ignore")) + 1

    def at(self, node: ast.AST, rule: str, found: str, instead: str) -> None:
        """Add a refusal at a node."""
        line, byte = getattr(node, "lineno", 0), getattr(node, "col_offset", 0)
        self.add(rule, line, self.column(line, byte) if line else 0, found, instead)

    def at_member(self, node: ast.Attribute, rule: str, found: str, instead: str) -> None:
        """Add a refusal at the name behind the dot: a chain of methods may have many lines."""
        line, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        column = self.column(line, end - len(node.attr.encode()))
        self.add(rule, line, column, found, instead)

    def add(self, rule: str, line: int, column: int, found: str, instead: str) -> None:
        """Add a refusal at a place; line 0 for the whole text."""
        self._found.add(Refusal(rule=rule, line=line, column=column, found=found, instead=instead))

    def refusals(self) -> tuple[Refusal, ...]:
        """The first refusals in the order of the text, safe to show for any text."""
        if not self._found:
            return ()
        ordered = sorted(self._found, key=lambda r: (r.line, r.column, r.rule, r.found, r.instead))
        return tuple(
            replace(
                each, found=quote(each.found, MAX_FOUND), instead=quote(each.instead, MAX_INSTEAD)
            )
            for each in ordered[:MAX_REFUSALS]
        )
