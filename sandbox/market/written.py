"""Written configs: the TOML that reads a market's files as they have been read."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from sandbox.market.config import MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.files import DataFile
from sandbox.market.shapes.marks import Marks


def write_config(target: Path, config: MarketConfig, files: Sequence[DataFile]) -> None:
    """Write a market's TOML beside or away from its files.

    Raises:
        MarketError: The file exists, or its folder does not.
    """
    text = config_text(config, files, target.parent)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise MarketError(
            f"{target}: exists already; choose another name for --write, or delete it"
        ) from None
    except OSError as error:
        raise MarketError(f"{target}: cannot be written ({error.strerror})") from error


def config_text(config: MarketConfig, files: Sequence[DataFile], folder: Path) -> str:
    """The TOML, with paths relative to a folder; only keys on which all files agree."""
    where = config.place(config.path).resolve()
    try:
        path = Path(os.path.relpath(where, folder.resolve())).as_posix()
    except ValueError:  # on another drive
        path = where.as_posix()
    lines = [f"name = {_text(config.name)}", f"path = {_text(path)}"]
    each = [_keys(config, f) for f in files]
    lines += [f"{key} = {value}" for key, value in each[0].items() if _agreed(each, key)]
    said = sorted({f"# read as {' '.join('; '.join(f.said).split())}" for f in files if f.said})
    settings = ['# bad_bars = "drop"    # leave bad bars out, and count them', "", "[fills]"]
    return "\n".join([*said[:3], *lines, *settings, f"fill = {_text(config.fills.fill)}", ""])


def _agreed(each: list[dict[str, str]], key: str) -> bool:
    return all(keys.get(key) == each[0][key] for keys in each)


def _keys(config: MarketConfig, data: DataFile) -> dict[str, str]:
    """The keys of a market's TOML that pin how a file is read."""
    keys: dict[str, str] = {}
    if config.member:
        keys["member"] = _text(config.member)
    if data.headless:
        keys["names"] = "[" + ", ".join(_text(n) for n in data.names) + "]"
    if data.closes:
        keys["layout"] = _text("closes")
    keys["time"] = _text(data.time)
    for name, value in (
        ("clock", data.clock),
        ("time_format", data.time_format),
        ("symbol", data.symbol),
    ):
        if value is not None:
            keys[name] = _text(value)
    if not data.groups:
        columns = {f: n for f, n in data.columns.items() if f not in config.column}
        keys["columns"] = "{ " + ", ".join(f"{f} = {_text(n)}" for f, n in columns.items()) + " }"
    if data.adjusted is not None or any("adjusted" in c for _, c in data.groups):
        keys["adjusted"] = "true"
    elif config.adjusted is False:
        keys["adjusted"] = "false"
    if data.marks is not None and data.marks != Marks():
        keys["decimal"] = _text(data.marks.decimal)
        if data.marks.thousands:
            keys["thousands"] = _text(data.marks.thousands)
    keys["timezone"] = _text(data.zone)
    return keys


def _text(value: str) -> str:
    """A TOML string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
