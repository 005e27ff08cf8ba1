"""Search/replace edits on a text: each search occurs exactly once, or its edit fails. Pure.

A search is found as it stands, but never where it would cut a word, a number or an indentation in
two. Where it is not found so, whole lines are compared, and then these differences do not matter
and no others: blanks at the ends of lines, blank lines around the search, the line endings, and an
indentation that is shifted by the same amount in all lines (its replacement is shifted, too). Words
are never matched by likeness.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from genomes.records.text import quote

MAX_EDITS = 20
MAX_CHARS = 32_768
TAB = 4

Problem = Literal["no_match", "many_matches", "overlap", "empty_search", "unchanged", "size"]

_SHOWN = 6  # places of a search that occurs too often
_WORK = 1_000_000  # characters compared for one search: bounds texts made of one repeated word
_WORD = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change.

    Attributes:
        search: What stands in the text, exactly once.
        replace: What shall stand there.
    """

    search: str
    replace: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Why edits could not be applied.

    Attributes:
        problem: In one word; misfits are counted by it.
        edit: Which edit, from 1; 0 where all of them are meant.
        found: What was found, with lines of the text, in one sentence; words of the edit or of the
            text are cut, escaped and stand between accents.
    """

    problem: Problem
    edit: int
    found: str

    def __str__(self) -> str:
        return f"edit {self.edit}: {self.found}" if self.edit else self.found


@dataclass(frozen=True, slots=True)
class _Span:
    """A place in the text, what shall stand there, and the edit that says so."""

    start: int
    end: int
    words: str
    edit: int


def apply_edits(text: str, edits: Sequence[Edit]) -> str | tuple[Misfit, ...]:
    """The text with all edits applied; every search is looked for in the text as it was.

    Time grows linearly with the text and the edits. Never raises.

    Returns:
        The new text, lines ended by a bare line feed; or what is wrong with each edit that fails.
    """
    edits = tuple(Edit(search=_feeds(e.search), replace=_feeds(e.replace)) for e in edits)
    size = sum(len(each.search) + len(each.replace) for each in edits)
    if len(edits) > MAX_EDITS or max(size, len(text)) > MAX_CHARS:
        found = (
            f"{len(edits)} edits of {size} characters on a text of {len(text)}; at most "
            f"{MAX_EDITS} edits and {MAX_CHARS} characters"
        )
        return (Misfit(problem="size", edit=0, found=found),)
    lines = _Lines(_feeds(text))
    places = [_place(lines, number, edit) for number, edit in enumerate(edits, start=1)]
    misfits = tuple(each for each in places if isinstance(each, Misfit))
    spans = sorted(
        (each for each in places if isinstance(each, _Span)), key=lambda span: span.start
    )
    misfits += tuple(_overlaps(lines, spans))
    if misfits:
        return misfits
    new = _joined(lines.text, spans)
    if new == lines.text:
        found = "the edits change nothing" if edits else "there are no edits"
        return (Misfit(problem="unchanged", edit=0, found=found),)
    return new


def _feeds(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _joined(text: str, spans: Sequence[_Span]) -> str:
    parts: list[str] = []
    at = 0
    for span in spans:
        parts += (text[at : span.start], span.words)
        at = span.end
    return "".join((*parts, text[at:]))


def _overlaps(lines: _Lines, spans: Sequence[_Span]) -> list[Misfit]:
    return [
        Misfit(
            problem="overlap",
            edit=after.edit,
            found=f"changes line {lines.number(after.start)}, as edit {before.edit} does; "
            "make one edit of the two",
        )
        for before, after in pairwise(spans)
        if after.start < before.end
    ]


def _place(lines: _Lines, number: int, edit: Edit) -> _Span | Misfit:
    search, replace = edit.search, edit.replace
    if not search.strip():
        return Misfit(
            problem="empty_search", edit=number,
            found="has nothing to search for; to add lines, search for the line before and repeat "
            "it in the replacement",
        )  # fmt: skip
    if search.endswith("\n"):
        search, replace = search.rstrip("\n"), replace.rstrip("\n")
    starts = lines.exact(search)
    if starts:
        spans = [_literal(lines, start, search, replace, number) for start in starts]
    else:
        spans = lines.shifted(search, replace, number)
    if len(spans) == 1:
        return spans[0]
    if spans:
        at = ", ".join(str(lines.number(span.start)) for span in spans[:_SHOWN])
        more = ", ..." if len(spans) > _SHOWN else ""
        found = (
            f"`{_brief(search)}` occurs more than once, on lines {at}{more}; search for more lines"
        )
        return Misfit(problem="many_matches", edit=number, found=found)
    return Misfit(problem="no_match", edit=number, found=lines.nearest(search))


def _literal(lines: _Lines, start: int, search: str, replace: str, edit: int) -> _Span:
    """As it stands; a replacement whose other lines were written from column 0 is moved in."""
    end = start + len(search)
    base = lines.indent_before(start)
    _, *others = replace.split("\n")
    if base and others and lines.text[end : end + 1] in ("", "\n"):
        indents = [_indent(line) for line in others if line.strip()]
        if indents and min(indents) < base:
            head, *rest = _moved(replace, base) or [replace]
            replace = "\n".join((head.lstrip(" "), *rest))
    return _Span(start, end, replace, edit)


def _moved(text: str, shift: int) -> list[str] | None:
    """The lines indented by so much more, or less; None where that is less than nothing."""
    moved: list[str] = []
    for line in text.split("\n"):
        words = line.strip()
        width = _indent(line) + shift
        if words and width < 0:
            return None
        moved.append(" " * width + words if words else "")
    return moved


def _indent(line: str) -> int:
    head = line[: len(line) - len(line.lstrip(" \t"))]
    return len(head.expandtabs(TAB))


def _brief(search: str) -> str:
    return quote(" ".join(search.split()))


def _cuts(text: str, at: int) -> bool:
    """Whether a word or a number goes on across a place."""
    before, after = text[at - 1 : at] if at else "", text[at : at + 1]
    if (before.isalnum() or before == "_") and (after.isalnum() or after == "_"):
        return True
    if before == "." and after.isdigit():
        return text[max(at - 2, 0) : at - 1].isdigit()
    return before.isdigit() and after == "." and text[at + 1 : at + 2].isdigit()


@dataclass(slots=True)
class _Lines:
    """A text as lines, for finding in it; what only misses need is made when one occurs."""

    text: str
    lines: list[str] = field(init=False)
    starts: list[int] = field(init=False)
    _codes: dict[tuple[str, int], str] = field(init=False, default_factory=dict)
    _coded: str = field(init=False, default="")

    def __post_init__(self) -> None:
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def number(self, at: int) -> int:
        """The line, from 1, of a place in the text."""
        return self.text.count("\n", 0, at) + 1

    def indent_before(self, at: int) -> int:
        """The indentation before a place, where nothing else stands before it in its line."""
        head = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        return 0 if head.strip() else _indent(head)

    def exact(self, search: str) -> list[int]:
        """Where it stands as it is, cutting nothing in two; not more than _SHOWN + 1 places."""
        text = self.text
        starts: list[int] = []
        at = text.find(search)
        for _ in range(max(_WORK // len(search), 1)):
            if at < 0 or len(starts) > _SHOWN:
                break
            cuts = _cuts(text, at) or _cuts(text, at + len(search))
            if not cuts and not (search[0] in " \t" and text[at - 1 : at] in (" ", "\t")):
                starts.append(at)
            at = text.find(search, at + 1)
        return starts

    def shifted(self, search: str, replace: str, edit: int) -> list[_Span]:
        """Where its lines stand but for blanks at their ends and a common shift."""
        lines = search.strip("\n").split("\n")
        while not lines[0].strip():
            del lines[0]
        while not lines[-1].strip():
            del lines[-1]
        first = lines[0].strip()
        codes = self._code()
        wanted = [codes.get(token, "") for token in _tokens(lines)[1:]]
        if not all(wanted):
            return []
        spans: list[_Span] = []
        for at in self._runs("".join(wanted)):
            if self.lines[at].strip() != first:
                continue
            shift = _indent(self.lines[at]) - _indent(lines[0])
            moved = replace.split("\n") if shift == 0 else _moved(replace, shift)
            if moved is None:
                continue
            words = "\n".join(moved).strip("\n").rstrip()
            start, end = self.starts[at], self.starts[at + len(lines)] - 1
            spans.append(_Span(start, end, words, edit))
            if len(spans) > _SHOWN:
                break
        return spans

    def _runs(self, wanted: str) -> list[int]:
        """Lines after which the wanted ones follow; all lines where nothing needs to follow."""
        if not wanted:
            return list(range(len(self.lines)))
        found: list[int] = []
        at = self._coded.find(wanted, 1)
        for _ in range(max(_WORK // len(wanted), 1)):
            if at < 0:
                break
            found.append(at - 1)
            at = self._coded.find(wanted, at + 1)
        return found

    def _code(self) -> dict[tuple[str, int], str]:
        """A letter for each different line, so that runs of lines are found as strings are."""
        if not self._coded:
            codes = self._codes
            self._coded = "".join(
                codes.setdefault(token, chr(len(codes) + 1)) for token in _tokens(self.lines)
            )
        return self._codes

    def nearest(self, search: str) -> str:
        """Which of its lines the text does not have, and the line that has most of its words."""
        known = {line.strip() for line in self.lines}
        wanted = [line.strip() for line in search.split("\n") if line.strip()]
        missing = next((line for line in wanted if line not in known), None)
        words = Counter(_WORD.findall(missing or wanted[0]))
        best, number = 0.0, 0
        for at, line in enumerate(self.lines, start=1):
            others = Counter(_WORD.findall(line))
            both = (words & others).total()
            likeness = 2 * both / max(words.total() + others.total(), 1)
            if likeness > best:
                best, number = likeness, at
        where = (
            f"; the nearest is line {number}: `{_brief(self.lines[number - 1])}`" if number else ""
        )
        if missing is None and len(wanted) > 1:
            return (
                f"its lines do not stand one after the other like that, starting with "
                f"`{_brief(wanted[0])}`{where}"
            )
        if missing is None:
            return f"`{_brief(wanted[0])}` stands there with another indentation{where}"
        return f"`{_brief(missing)}` does not occur{where}"


def _tokens(lines: Sequence[str]) -> list[tuple[str, int]]:
    """Each line's words, and its indentation over that of the line with words before it."""
    tokens: list[tuple[str, int]] = []
    before = 0
    for line in lines:
        words = line.strip()
        indent = _indent(line) if words else before
        tokens.append((words, indent - before))
        before = indent
    return tokens
