"""Finding market files: which there are, of which format, and what their headers say."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError

_TEXT = (".csv", ".csv.gz", ".txt", ".tsv", ".tsv.gz")
ENDINGS = {".parquet": "parquet", ".pq": "parquet", **dict.fromkeys(_TEXT, "csv")}
MARKETS = Path(__file__).resolve().parents[2] / "configs" / "markets"


def market_files(config: MarketConfig) -> dict[str, Path]:
    """Asset name (the file's, without its ending) -> file.

    Raises:
        MarketError: There is no such file or folder, or the folder holds no market files.
    """
    path = config.place(config.path)
    if path.is_file():
        return {_stem(path): path}
    if not path.exists():
        raise MarketError(missing_file(config, "path", config.path))
    files = sorted(p for p in path.iterdir() if p.is_file() and _ending(p) is not None)
    if not files:
        raise MarketError(
            f"{config.name}: the folder {path} has no file ending in {', '.join(ENDINGS)}"
        )
    stems = [_stem(p) for p in files]
    twice = sorted({s for s in stems if stems.count(s) > 1})
    if twice:
        raise MarketError(f"{path}: two files each for {', '.join(twice)}; keep one of each")
    return dict(zip(stems, files, strict=True))


def missing_file(config: MarketConfig, key: str, written: str) -> str:
    """The sentence for a path of a config that leads nowhere."""
    path = config.place(written)
    if config.folder == MARKETS and (MARKETS / f"{config.name}.toml").is_file():
        return (
            f"{config.name}: an example that needs data which do not come with Finch: "
            f"configs/markets/{config.name}.toml expects them at {path.resolve()} ({key} = "
            f"{written!r}); put them there, or write a TOML of your own with another {key}"
        )
    return (
        f"{config.name}: {key} = {written!r}: {path} does not exist; a path is taken relative to "
        "the folder of the TOML that names it"
    )


def _ending(path: Path) -> str | None:
    return next((e for e in ENDINGS if path.name.lower().endswith(e)), None)


def _stem(path: Path) -> str:
    ending = _ending(path)
    return path.name[: -len(ending)] if ending else path.stem


def file_format(path: Path) -> str:
    """The format, csv or parquet, by the ending.

    Raises:
        MarketError: The ending tells nothing.
    """
    ending = _ending(path)
    if ending is None:
        raise MarketError(
            f"{path.name}: cannot tell its format; needs an ending of {', '.join(ENDINGS)}, or "
            'format = "csv" or "parquet"'
        )
    return ENDINGS[ending]


def file_header(path: Path, form: str) -> tuple[list[str], str]:
    """Column names, and a CSV file's separator.

    Raises:
        MarketError: The file is broken, or its first line is not a header.
    """
    try:
        if form == "parquet":
            import pyarrow.parquet as pq

            return [str(n) for n in pq.read_schema(path).names], ""
        opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
        with opener(path, "rt", encoding="utf-8-sig") as file:
            line = str(file.readline()).rstrip("\r\n")
    except (OSError, ValueError, EOFError) as error:  # pyarrow's errors are ValueErrors
        raise MarketError(broken_file(path, form, error)) from error
    separator = max(",;\t|", key=line.count)
    names = [n.strip().strip('"') for n in line.split(separator)]
    if len(names) < 2:
        raise MarketError(
            f"{path.name}: its first line ({line[:60]!r}) is not a header of several columns; "
            "needs names such as time,open,high,low,close,volume"
        )
    return names, separator


def broken_file(path: Path, form: str, error: Exception) -> str:
    """The sentence for a file that a reader gave up on."""
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return f"{path.name}: cannot be read as {form} ({reason}); is it complete, and of that format?"
