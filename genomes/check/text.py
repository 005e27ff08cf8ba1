"""A strategy's text before it is read: bytes, characters, brackets, depth, and the normal form."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from genomes.check.report import Report, quote
from genomes.check.tree import Part, parts_of
from genomes.records.refusal import Refusal

MAX_BYTES = 16_384
MAX_LINES = 1_000
MAX_LINE = 400
MAX_BRACKETS = 50
MAX_DEPTH = 60
MAX_NODES = 4_000

_COOKIE = re.compile(r"^[ \t]*#.*?coding[:=][ \t]*([-\w.]+)")  # as PEP 263 reads it
_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*)"
    r'|"""(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^"\\\n]|\\.)*+(?:"|\Z|(?=\n))'
    r"|'(?:[^'\\\n]|\\.)*+(?:'|\Z|(?=\n))"
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<foreign>[^\x00-\x7f]+)",
    re.DOTALL,
)
_ASCII = {
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2212": "-", "\u2013": "-",
    "\u00d7": "*", "\u00f7": "/", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=", "\u00b2": "**2",
}  # fmt: skip
SPACES = "\u00a0\u202f"  # not printable to Python, yet harmless in a comment


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree, and its statements with all their nodes."""

    tree: ast.Module
    parts: list[Part]


def _whole(rule: str, found: str, instead: str) -> tuple[Refusal, ...]:
    return (Refusal(rule=rule, line=0, column=0, found=found, instead=instead),)


_TOO_LONG = "a readable strategy needs a tenth of that: shorten it"
_TOO_DEEP = _whole(
    "too_deep",
    "nests too deeply",
    f"nest at most {MAX_BRACKETS} brackets and {MAX_DEPTH} expressions; name the parts",
)


def decode(source: str | bytes) -> str | tuple[Refusal, ...]:
    """The text of a file, newlines as a bare line feed, without a byte order mark."""
    if len(source) > MAX_BYTES:
        return _whole("size", f"is longer than {MAX_BYTES} bytes", _TOO_LONG)
    try:
        data = source if isinstance(source, bytes) else source.encode()
        text = data.decode()
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        before = source[:start].decode() if isinstance(source, bytes) else source[:start]
        return (
            Refusal(
                rule="encoding", line=before.count("\n") + 1,
                column=len(before) - before.rfind("\n"),
                found="has bytes that are not UTF-8", instead="save the file as UTF-8",
            ),
        )  # fmt: skip
    if len(data) > MAX_BYTES:
        return _whole("size", f"is longer than {MAX_BYTES} bytes", _TOO_LONG)
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def readable(source: str | bytes) -> str | tuple[Refusal, ...]:
    """The normal form of a text that any parser may see; else why none may."""
    decoded = decode(source)
    if not isinstance(decoded, str):
        return decoded
    normal = normal_form(decoded)
    return scan(normal) or normal


def normal_form(text: str) -> str:
    """The text without trailing blanks and with one newline at its end; places stay as they are."""
    text = text.rstrip(" \t\n")
    if " \n" in text or "\t\n" in text:
        text = "\n".join([line.rstrip(" \t") for line in text.split("\n")])
    return text + "\n"


def scan(text: str) -> tuple[Refusal, ...]:
    """What is wrong with a decoded text before any parser may see it."""
    report = Report(text)
    lines = report.lines
    if len(lines) > MAX_LINES + 1:
        return _whole("size", f"has more than {MAX_LINES} lines", _TOO_LONG)
    is_ascii = text.isascii()
    if not is_ascii or max(map(len, lines)) > MAX_LINE or not "".join(lines).isprintable():
        _scan_lines(report, lines)
    for number, line in enumerate(lines[:2], start=1):
        cookie = _COOKIE.match(line)
        if cookie and cookie[1].lower().replace("_", "-") not in ("utf-8", "utf8"):
            report.add(
                "encoding", number, cookie.start(1) + 1,
                f"declares the encoding {quote(cookie[1])}",
                "remove the line: strategies are UTF-8",
            )  # fmt: skip
    if is_ascii and sum(map(text.count, "([{")) <= MAX_BRACKETS:
        return report.refusals()  # too few brackets to nest too deeply, wherever they stand
    depth = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "open":
            depth += 1
            if depth > MAX_BRACKETS:
                return _TOO_DEEP
        elif kind == "close":
            depth -= 1
        elif kind == "foreign":
            start = token.start()
            line = text.count("\n", 0, start) + 1
            first = token["foreign"][0]
            report.add(
                "character", line, start - (text.rfind("\n", 0, start) + 1) + 1,
                f"writes {quote(token['foreign'])} outside a string or comment",
                f"write {_ASCII[first]}" if first in _ASCII
                else "names and signs are plain ASCII letters, digits and signs",
            )  # fmt: skip
    return report.refusals()


def _scan_lines(report: Report, lines: list[str]) -> None:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE:
            report.add(
                "size", number, 0, f"is a line of {len(line)} characters",
                f"break it: lines have at most {MAX_LINE}",
            )  # fmt: skip
        if not line.isascii() or not line.isprintable():
            _scan_characters(report, number, line)


def _scan_characters(report: Report, number: int, line: str) -> None:
    for column, character in enumerate(line, start=1):
        if not character.isprintable() and character != "\t" and character not in SPACES:
            report.add(
                "character", number, column,
                f"has the invisible character {quote(character)}", "remove it",
            )  # fmt: skip


def parse(text: str) -> Parsed | tuple[Refusal, ...]:
    """The tree of a scanned text, not more than MAX_DEPTH deep and of MAX_NODES nodes."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        return (broken(error, text),)
    except (MemoryError, RecursionError):
        return _TOO_DEEP
    except ValueError as error:
        return _whole("syntax", f"is not Python: {quote(str(error))}", "write plain Python")
    # Places are left out on purpose: the parser gives up on deep trees at a depth that depends on
    # its caller's, and the answer must be the same on both sides of that limit.
    match parts_of(tree, max_depth=MAX_DEPTH, max_nodes=MAX_NODES):
        case "size":
            return _whole("size", f"has more than {MAX_NODES} names, numbers and signs", _TOO_LONG)
        case "depth":
            return _TOO_DEEP
        case parts:
            assert isinstance(parts, list)
            return Parsed(tree, parts)


def too_deep() -> tuple[Refusal, ...]:
    """The refusal of a text that nests too deeply."""
    return _TOO_DEEP


def broken(error: SyntaxError | ValueError, text: str) -> Refusal:
    """The refusal of a text that Python's parser or compiler does not take."""
    lines = text.split("\n")
    line = min(max(getattr(error, "lineno", None) or 1, 1), len(lines))
    words = quote(lines[line - 1].strip())
    instead = "syntax error: check brackets, quotes, colons and indentation"
    if any(each.startswith("```") for each in lines):
        instead = "give the file alone, without ``` around it"
    elif words.startswith(("print ", "exec ")):
        instead = "a strategy says nothing but its values: remove it"
    message = quote(getattr(error, "msg", None) or str(error) or "invalid syntax", 120)
    return Refusal(
        rule="syntax", line=line, column=max(getattr(error, "offset", None) or 0, 0),
        found=f"is not Python: {message}" + (f", at {words}" if words else ""), instead=instead,
    )  # fmt: skip
