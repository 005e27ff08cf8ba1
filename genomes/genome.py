"""What is said of a genome without running it: its text, title, layers and length. Pure."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

LAYER = re.compile(r"^def (factor|signal|size|exits)\(", re.MULTILINE)
CHANGE_MARK = "Changed: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Genome:
    """A strategy file as it stands in the archive.

    Attributes:
        text: The whole file.
    """

    text: str

    @property
    def idea(self) -> str:
        """What the strategy is, in its docstring's words; empty where it has none."""
        return split_docstring(docstring(self.text))[0]

    @property
    def change(self) -> str:
        """What the last variation changed; empty for a file that was not varied."""
        return split_docstring(docstring(self.text))[1]

    @property
    def title(self) -> str:
        """A few words for a tree or a table: the idea up to its first colon or full stop."""
        return title_of(self.idea)

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers it defines, in the order of the file."""
        return tuple(LAYER.findall(self.text))

    @property
    def lines(self) -> int:
        """Lines of the file."""
        return self.text.count("\n") + (not self.text.endswith("\n"))


def docstring(text: str) -> str:
    """The docstring of a file, unindented; empty where there is none or the text is not Python."""
    try:
        return ast.get_docstring(ast.parse(text)) or ""
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def split_docstring(doc: str) -> tuple[str, str]:
    """The idea, and what was changed last; both may be empty."""
    idea, _, change = doc.partition("\n\n" + CHANGE_MARK)
    if doc.startswith(CHANGE_MARK):
        idea, change = "", doc.removeprefix(CHANGE_MARK)
    return idea.strip(), " ".join(change.split())


def title_of(idea: str, width: int = 60) -> str:
    """The idea up to its first colon, semicolon or full stop, cut at a word to the width."""
    head = re.split(r"[:;]|\.(?=\s|$)", " ".join(idea.split()), maxsplit=1)[0].strip()
    if len(head) <= width:
        return head
    return head[: width - 3].rsplit(" ", 1)[0] + "..."
