"""Containers: what a file is by its first bytes, and its text, bounded in size and line length."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from sandbox.market.errors import MarketError

HEAD_BYTES = 1 << 16
LINE_BYTES = 4 << 20  # a wide table of 20,000 assets has lines of 300 kB
# Price tables shrink 3 to 20 times. What grows more than this, and is large, was made to fill a
# memory.
FREE_BYTES = 64 << 20
EXPANSION = 100

Kind = Literal["text", "json", "parquet", "feather", "excel"]
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "feather"),
    (b"FEA1", "feather"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
)
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls); save it as .xlsx or CSV"),
    (b"%PDF", "a PDF; needs a table: CSV, Parquet, Feather, Excel (.xlsx) or JSON"),
    (b"\x89HDF", "an HDF5 file; write its frame as Parquet: frame.to_parquet(...)"),
    (b"Rar!", "a RAR archive; unpack it"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it"),
    (b"\x80\x04", "a pickle, which is code; write its frame as Parquet: frame.to_parquet(...)"),
    (b"\x80\x05", "a pickle, which is code; write its frame as Parquet: frame.to_parquet(...)"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """What a file is.

    Attributes:
        kind: Of its content: text is a delimited table.
        packed: gzip, bz2, xz or zip; "" for a plain file.
        member: The file inside a zip.
        encoding: Of text and JSON.
    """

    kind: Kind
    packed: str = ""
    member: str = ""
    encoding: str = "utf-8-sig"

    @property
    def said(self) -> tuple[str, ...]:
        """What of it is worth a word."""
        plain = self.encoding in ("utf-8-sig", "utf-8")
        text = () if plain or self.kind not in ("text", "json") else (self.encoding.upper(),)
        return (*text, *((self.packed,) if self.packed not in ("", "gzip") else ()))


def look(path: Path, member: str | None = None) -> Container:
    """What a file is, by its content and never by its name.

    Args:
        path: The file.
        member: Which file of a zip.

    Raises:
        MarketError: It is nothing that holds a table, or a zip with several files.
        OSError, ValueError, EOFError: It is broken.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    kind = next((name for magic, name in _MAGIC if head.startswith(magic)), "text")
    packed, inner = "", ""
    if kind == "zip":
        if _is_workbook(path):
            return Container(kind="excel", member=member or "")
        inner = _member(path, member)
    if kind in ("zip", "gzip", "bz2", "xz"):
        packed = kind
        with _raw(path, packed, inner) as raw:
            head = raw.read(HEAD_BYTES)
        kind = next((name for magic, name in _MAGIC if head.startswith(magic)), "text")
        if kind != "text":
            raise MarketError(f"{path.name}: holds {kind} inside {packed}; unpack it")
    if kind in ("parquet", "feather"):
        return Container(kind="parquet" if kind == "parquet" else "feather")
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise MarketError(f"{path.name}: is {what}")
    encoding = _encoding(head)
    start = head[:200].decode(encoding, "ignore").lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype", "<html", "<?xml")):
        raise MarketError(
            f"{path.name}: is a web page or XML, not a table (a download that failed?); needs CSV, "
            "Parquet, Feather, Excel (.xlsx) or JSON"
        )
    form: Kind = "json" if start.startswith(("{", "[")) else "text"
    return Container(kind=form, packed=packed, member=inner, encoding=encoding)


@contextmanager
def opened(path: Path, container: Container) -> Generator[TextIO]:
    """The text of a file, unpacked and decoded while it is read.

    Raises:
        MarketError: While reading: it unpacks to over EXPANSION times its size, or a line is longer
            than LINE_BYTES.
    """
    with _raw(path, container.packed, container.member) as raw:
        guard = _Guard(raw, path)
        buffered = io.BufferedReader(guard, 1 << 16)
        yield io.TextIOWrapper(buffered, encoding=container.encoding, newline="")


@contextmanager
def _raw(path: Path, packed: str, member: str) -> Generator[Any]:
    if packed == "zip":
        with zipfile.ZipFile(path) as archive, archive.open(member) as raw:
            yield raw
        return
    openers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open, "": open}
    with openers[packed](path, "rb") as raw:
        yield raw


class _Guard(io.RawIOBase):
    """Counts what is read, and ends at a bomb or an endless line."""

    def __init__(self, raw: Any, path: Path) -> None:
        self._raw, self._name = raw, path.name
        self._most = max(FREE_BYTES, EXPANSION * path.stat().st_size)
        self._read = self._line = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(len(buffer))
        size = len(data)
        buffer[:size] = data
        self._read += size
        if self._read > self._most:
            raise MarketError(
                f"{self._name}: unpacks to over {EXPANSION} times its size ({self._read:,} bytes so"
                " far), as no price table does; unpack it yourself if you trust it"
            )
        last = max(data.rfind(b"\n"), data.rfind(b"\r"))
        self._line = self._line + size if last < 0 else size - last - 1
        if self._line > LINE_BYTES:
            raise MarketError(
                f"{self._name}: has a line of over {LINE_BYTES >> 20} MB; needs a table with one "
                "bar per line"
            )
        return size


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _member(path: Path, wanted: str | None) -> str:
    with zipfile.ZipFile(path) as archive:
        infos = [i for i in archive.infolist() if not i.is_dir()]
    hidden = ("__MACOSX/", ".")
    infos = [i for i in infos if not i.filename.startswith(hidden)]
    names = [i.filename for i in infos]
    tables = [n for n in names if n.lower().endswith((".csv", ".txt", ".tsv", ".json"))]
    chosen = [wanted] if wanted else tables if len(tables) == 1 else names
    if not names:
        raise MarketError(f"{path.name}: an empty zip; needs one table in it")
    if len(chosen) > 1 or chosen[0] not in names:
        few = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        raise MarketError(
            f"{path.name}: holds {few}; write member = {names[0]!r} in the market's TOML for one of"
            " them, or unpack it and give the folder for all"
        )
    if next(i for i in infos if i.filename == chosen[0]).flag_bits & 1:
        raise MarketError(f"{path.name}: is encrypted; unpack it")
    return chosen[0]


def _encoding(head: bytes) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    if len(head) > 3 and 0 in head[:64]:
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return "latin-1"
    return "utf-8-sig"
