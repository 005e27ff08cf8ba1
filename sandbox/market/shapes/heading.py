"""Headings: a text's separator, the lines above its bars, and the names of its columns."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass
from typing import TextIO

from sandbox.market.errors import MarketError
from sandbox.market.names import ADJUSTED, TIME_NAMES, plain
from sandbox.market.shapes.known import HEADLESS, OHLC
from sandbox.market.shapes.marks import find_marks, number

LINES = 200
CHARACTERS = 8 << 20
FIELDS = {*OHLC, "volume", *ADJUSTED, "dividends", "stock splits", "capital gains", "repaired"}
_HEADERS = 3  # lines of a header at most
_SEPARATORS = "\t;|,"
SPACES = r"\s+"

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ;,].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([ ,].*)?"
    r"|\d{4}-[A-Za-z]{3}-\d{1,2}.*|\d{1,2}[- ][A-Za-z]{3}[- ]\d{2,4}.*"
    r"|[A-Za-z]{3} \d{1,2}, \d{4}.*|[A-Za-z]{3} [A-Za-z]{3} \d{1,2} \d{4}.*"
    r"|(19|20|21)\d{6}([ T]\d.*)?"
)
_EPOCH = re.compile(r"\d{9,19}(\.\d*)?")
CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?|\d{1,6}")
_NUMBER = re.compile(r"[-+(]?\W{0,3}\d[\d.,' \u00a0]*([eE][-+]?\d+)?\W{0,2}[KkMmBbTt%]?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What stands above a text's bars.

    Attributes:
        separator: Between its columns; SPACES for any white space.
        skip: Lines above the first bar.
        names: Of its columns, each once.
        tickers: Name -> (asset, field) where columns are grouped by asset; empty otherwise.
        body: The first bars, cell by cell.
        said: What is worth a word.
        headless: Whether the names were found from the bars.
    """

    separator: str
    skip: int
    names: tuple[str, ...]
    tickers: dict[str, tuple[str, str]]
    body: list[list[str]]
    said: tuple[str, ...] = ()
    headless: bool = False


def read_heading(file: TextIO, where: str, given: tuple[str, ...] | None) -> Heading:
    """The heading of a text.

    Args:
        file: At its start.
        where: The file's name.
        given: The columns' names, where the market's TOML says them.

    Raises:
        MarketError: It has no columns, or no header and bars that read in more than one way.
    """
    lines: list[str] = []
    left = CHARACTERS
    while len(lines) < LINES and left > 0 and (line := file.readline(left)):
        lines.append(line.rstrip("\r\n"))
        left -= len(line)
    separator = _separator(lines)
    if separator is None:
        first = lines[0] if lines else ""
        raise MarketError(
            f"{where}: its first line ({first[:60]!r}) is not a header of several columns; "
            "needs names such as time,open,high,low,close,volume"
        )
    rows = [_split(line, separator) for line in lines]
    width = Counter(len(r) for r in rows if len(r) > 1).most_common(1)[0][0]
    start = next(i for i, r in enumerate(rows) if len(r) >= max(2, width - 1))
    said = (
        (f"{start} line{'s' if start > 1 else ''} on top left out",) if any(lines[:start]) else ()
    )
    end = start
    while end < min(start + _HEADERS, len(rows)) and not _is_bar(rows[end], first=end == start):
        end += 1
    body = [r for r in rows[end:] if len(r) > 1 or any(r)]
    head = rows[start:end]
    width = max(width, *(len(r) for r in head or [[]]), len(given or ()))
    if given is not None:
        if len(given) < width:
            raise MarketError(
                f"{where}: names has {len(given)}, its lines have {width} columns; name each one"
            )
        return Heading(separator=separator, skip=end, names=given, tickers={}, body=body)
    if not head:
        names, name = headless_names(body, where)
        return Heading(
            separator=separator, skip=end, names=names, tickers={}, body=body,
            said=(name, *said), headless=True,
        )  # fmt: skip
    if body and len(head[0]) == len(body[0]) - 1 and body[0][-1]:  # as R writes row names
        head = [["", *r] for r in head]
    names, tickers = _named(head, width)
    return Heading(
        separator=separator, skip=end, names=names, tickers=tickers, body=body, said=said
    )


def is_time(text: str) -> bool:
    """Whether a cell is written as a stamp: a date, with or without a time, or an epoch."""
    text = text.strip()
    return _DATE.fullmatch(text) is not None or _EPOCH.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _is_bar(cells: list[str], *, first: bool) -> bool:
    """Whether a line is a bar and not a part of the header."""
    stamped = [i for i, c in enumerate(cells[:3]) if is_time(c)]
    if first:  # a header may have tickers that are numbers
        rest = [c for i, c in enumerate(cells) if i not in stamped[:1]]
        return bool(stamped) and any(_is_number(c) for c in rest)
    return bool(stamped) or any(_is_number(c) for c in cells)


def _separator(lines: list[str]) -> str | None:
    full = [re.sub(r'"[^"]*"', "", line) for line in lines if line.strip()]
    for mark in _SEPARATORS:
        counts = Counter(line.count(mark) for line in full)
        counts.pop(0, None)
        if counts and counts.most_common(1)[0][1] >= max(1, 0.5 * len(full)):
            return mark
    best = max(_SEPARATORS, key=lambda m: max((line.count(m) for line in full), default=0))
    if any(best in line for line in full):
        return best
    counts = Counter(len(line.split()) for line in full)
    if counts and counts.most_common(1)[0][0] >= 5:
        return SPACES
    return None


def _split(line: str, separator: str) -> list[str]:
    if separator == SPACES:
        return line.split()
    cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True), [""])
    return [c.strip() for c in cells]


def _named(head: list[list[str]], width: int) -> tuple[tuple[str, ...], dict[str, tuple[str, str]]]:
    rows = [[*r, *[""] * (width - len(r))] for r in head]
    if len(rows) > 1 and (pair := _fields_and_tickers(rows)) is not None:
        fields, tickers = pair
        index = next((r[0] for r in rows[2:] if r[0] and not any(r[1:])), rows[0][0])
        names = [index if plain(index) not in ("price", "ticker", "") else "Date"]
        found: dict[str, tuple[str, str]] = {}
        for field, ticker in zip(fields[1:], tickers[1:], strict=True):
            names.append(_once(f"{ticker} {field}".strip() or "column", names))
            if field and ticker:
                found[names[-1]] = (ticker, plain(field))
        return tuple(names), found
    names = []
    for place, cell in enumerate(rows[0]):
        cell = cell.strip().strip('"').strip()
        blank = not cell and place > 0
        names.append(_once(f"column {place + 1}" if blank else cell, names))
    return tuple(names), {}


def _fields_and_tickers(rows: list[list[str]]) -> tuple[list[str], list[str]] | None:
    if plain(rows[0][0]) in TIME_NAMES:  # a whole header, with units below it
        return None
    rows = [rows[0][:1] + _filled(rows[0][1:]), rows[1]]
    for fields, tickers in (rows, rows[::-1]):
        words = [plain(c) for c in fields[1:] if c]
        other = [c for c in tickers[1:] if c]
        if (
            not words
            or not set(words) <= FIELDS
            or ("close" not in words and "adj close" not in words)
        ):
            continue
        if len(other) >= len(words) and not {plain(c) for c in other} <= FIELDS:
            return fields, tickers
    return None


def _filled(cells: list[str]) -> list[str]:
    """With what a merged cell says in each column below it."""
    filled: list[str] = []
    for cell in cells:
        filled.append(cell or (filled[-1] if filled else ""))
    return filled


def _once(name: str, taken: list[str]) -> str:
    place, found = 1, name
    while found in taken:
        found = f"{name}.{place}"
        place += 1
    return found


def headless_names(body: list[list[str]], where: str) -> tuple[tuple[str, ...], str]:
    """The names of bars' columns without a header, and what such a file is called.

    Raises:
        MarketError: The bars read in more than one way, or in none.
    """
    width = Counter(len(r) for r in body).most_common(1)[0][0]
    rows = [r for r in body if len(r) == width]
    lead = next(i for i, c in enumerate(rows[0]) if is_time(c))
    names = (
        ["symbol"]
        if lead == 1 and not _is_number(rows[0][0])
        else [f"column {i + 1}" for i in range(lead)]
    )
    stamp = rows[0][lead]
    clock = width > lead + 5 and all(CLOCK.fullmatch(r[lead + 1]) for r in rows)
    clock = clock and not _EPOCH.fullmatch(stamp) and _clock_like([r[lead + 1] for r in rows])
    names += ["date", "time"] if clock else ["time"]
    start = len(names)
    marks = find_marks([_series(r) for r in zip(*(x[start:] for x in rows), strict=True)])
    values = [[number(c, marks) if marks else float("nan") for c in r[start:]] for r in rows]
    known = [v for v in values if len(v) > 3 and all(x == x for x in v[:4])]
    kind = "text" if not _EPOCH.fullmatch(stamp) else "s" if len(stamp.split(".")[0]) < 11 else "ms"
    fits = [
        s for s in HEADLESS
        if s.width in (0, width) and s.stamp in ("any", kind) and known
        and all(_ordered(dict(zip(s.prices, v, strict=False))) for v in known)
    ]  # fmt: skip
    if not fits:
        raise MarketError(_asks(rows[0], where, "has no header, and its columns are not the usual"))
    shape = next((s for s in fits if s.prices == OHLC), fits[0])
    rest = width - start - 4
    names += [*shape.prices, *shape.rest[:rest]]
    names += [f"column {i + 1}" for i in range(len(names), width)]
    if shape.width == 0 and rest > 1 and all(0.2 < v[4] / v[3] < 2 for v in known if v[3]):
        what = f"has no header, and its column {start + 5} may be an adjusted close or the volume"
        raise MarketError(_asks(rows[0], where, what))
    return tuple(names), shape.name


def _clock_like(cells: list[str]) -> bool:
    """Times of day, and no prices that are whole numbers."""
    return all(":" in c for c in cells) or all(len(c) in (4, 6) and int(c) < 240_000 for c in cells)


def _ordered(bar: dict[str, float]) -> bool:
    top, bottom = max(bar.values()), min(bar.values())
    return bar["high"] >= top * (1 - 1e-6) and bar["low"] <= bottom * (1 + 1e-6)


def _series(cells: tuple[str, ...]):
    import pandas as pd

    return pd.Series(list(cells), dtype=object)


def _asks(row: list[str], where: str, what: str) -> str:
    width = len(row)
    usual = ["time", "open", "high", "low", "close", "volume"]
    usual += [f"column {i + 1}" for i in range(6, width)]
    other = ["time", "open", "high", "low", "close", "adj close", "volume"]
    other += [f"column {i + 1}" for i in range(7, width)]
    lines = [f"    names = {usual[:width]}".replace("'", '"')]
    lines += [f"    names = {other[:width]}".replace("'", '"')] if width > 6 else []
    return (
        f"{where}: {what} (its first bar: {', '.join(row)[:120]}); name all {width} of them in the "
        "market's TOML, as in one of these:\n" + "\n".join(lines)
    )
