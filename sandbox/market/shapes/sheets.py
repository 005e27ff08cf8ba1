"""Sheets: Excel workbooks and JSON documents as delimited text. Values only, bounded in size."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from sandbox.market.errors import MarketError
from sandbox.market.shapes.container import EXPANSION, FREE_BYTES, Container, opened

CELLS = 30_000_000
JSON_CHARACTERS = 512 << 20
_DEPTH = 4
_STAMPED = 8  # digits or more in the key of a record that is a stamp


def excel_text(path: Path, sheet: str) -> tuple[str, str]:
    """A sheet of a workbook as CSV text, and its name; of a formula the value it had when saved.

    Raises:
        MarketError: openpyxl is missing, several sheets hold rows and none is named, or it is too
            large.
    """
    try:
        import openpyxl
    except ImportError:
        raise MarketError(
            f"{path.name}: an Excel workbook needs the package openpyxl: pip install "
            "'finch[excel]', or save the sheet as CSV"
        ) from None
    with zipfile.ZipFile(path) as archive:
        size = sum(i.file_size for i in archive.infolist())
    if size > max(FREE_BYTES, EXPANSION * path.stat().st_size) or size > JSON_CHARACTERS:
        raise MarketError(f"{path.name}: unpacks to {size:,} bytes; save the sheet as CSV")
    book: Any = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
    try:
        names = [s.title for s in book.worksheets]
        if sheet and sheet not in names:
            raise MarketError(f"{path.name}: no sheet {sheet!r}; it has {', '.join(names)}")
        texts = {n: _cells(path, book[n]) for n in names if not sheet or n == sheet}
    finally:
        book.close()
    full = [n for n, text in texts.items() if text.count("\n") > 1]
    if len(full) > 1:
        raise MarketError(
            f"{path.name}: {len(full)} sheets hold rows ({', '.join(full[:5])}); write member = "
            f"{full[0]!r} in the market's TOML for one of them"
        )
    chosen = full[0] if full else next(iter(texts), "")
    return texts.get(chosen, ""), chosen


def _cells(path: Path, sheet: Any) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    count = 0
    for row in sheet.iter_rows(values_only=True):
        count += len(row)
        if count > CELLS:
            raise MarketError(f"{path.name}: over {CELLS:,} cells; save the sheet as CSV")
        if any(cell is not None for cell in row):
            writer.writerow([_cell(c) for c in row])
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.isoformat(sep=" ")
        case date() | time():
            return value.isoformat()
        case float():
            return repr(value)
        case _:
            return str(value)


def json_text(path: Path, container: Container) -> str:
    """A JSON document, or JSON lines, as CSV text: records, lists, columns, or either inside.

    Raises:
        MarketError: It is not JSON, too large, or holds no table, or several.
    """
    with opened(path, container) as file:
        text = file.read(JSON_CHARACTERS + 1)
    if len(text) > JSON_CHARACTERS:
        raise MarketError(f"{path.name}: a JSON file of over 512 MB; write it as Parquet or CSV")
    try:
        rows = _table(_parsed(text))
    except RecursionError:
        raise MarketError(f"{path.name}: JSON inside JSON too often; needs a table") from None
    except json.JSONDecodeError as error:
        raise MarketError(
            f"{path.name}: is not JSON (line {error.lineno}: {error.msg}); is it complete?"
        ) from None
    if rows is None:
        raise MarketError(
            f"{path.name}: JSON without a table; needs records [{{...}}, ...], lists [[...], ...], "
            'columns {"time": [...], "open": [...], ...}, or one JSON record per line'
        )
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _parsed(text: str) -> Any:
    # Numbers stay as they are written, so that they are read as those of a CSV file.
    keep: Any = {"parse_float": str, "parse_int": str, "parse_constant": str}
    try:
        return json.loads(text.lstrip("\ufeff"), **keep)
    except json.JSONDecodeError as error:
        if error.msg != "Extra data":
            raise
    return [json.loads(line, **keep) for line in text.splitlines() if line.strip()]


def _table(value: Any, depth: int = 0) -> list[list[str]] | None:
    """The rows of the one table inside a JSON value, the header first where it has one."""
    if depth > _DEPTH or not value:
        return None
    if isinstance(value, list):
        if all(isinstance(v, dict) for v in value):
            return _records(value)
        if all(isinstance(v, list) for v in value):
            return [[_plain(c) for c in row] for row in value]
        return None
    if not isinstance(value, dict):
        return None
    if "columns" in value and isinstance(value.get("data"), list):  # pandas, orient="split"
        index = value.get("index")
        head = [*([""] if index else []), *map(_plain, value["columns"])]
        keys = [[_plain(i)] for i in index] if index else [[] for _ in value["data"]]
        rows = zip(keys, value["data"], strict=False)
        return [head, *([*k, *map(_plain, r)] for k, r in rows)]
    lists = {k: v for k, v in value.items() if isinstance(v, list) and v and _flat(v)}
    if len(lists) > 1 and len({len(v) for v in lists.values()}) == 1:
        columns = zip(*lists.values(), strict=True)
        return [list(lists), *([_plain(c) for c in row] for row in columns)]
    inner = [v for v in value.values() if isinstance(v, dict) and _flat(v.values())]
    if len(inner) == len(value):
        return _keyed(value)
    found = [t for v in value.values() if (t := _table(v, depth + 1)) is not None]
    found = [t for t in found if len(t) > 1 and len(t[0]) > 1]
    return found[0] if len(found) == 1 else None


def _keyed(value: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Records by stamp, or (as pandas writes) columns by name."""
    first = next(iter(value))
    if sum(c.isdigit() for c in first) >= _STAMPED:
        return _records([{"time": stamp, **record} for stamp, record in value.items()])
    index = list(dict.fromkeys(k for column in value.values() for k in column))
    head = ["", *value]
    return [head, *([i, *(_plain(c.get(i)) for c in value.values())] for i in index)]


def _records(records: list[dict[str, Any]]) -> list[list[str]]:
    names = list(dict.fromkeys(name for record in records for name in record))
    return [names, *([_plain(record.get(n)) for n in names] for record in records)]


def _flat(values: Iterable[Any]) -> bool:
    return all(not isinstance(v, dict | list) for v in values)


def _plain(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
