"""From what a person wrote (a name, a TOML, a file, a folder) to a market's config."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from sandbox.market.config import EMBEDDED, MARKETS, Column, MarketConfig
from sandbox.market.errors import MarketError
from sandbox.market.files import ENDINGS

DEFAULT = "default"
# What no TOML may say, and why.
_SET = {
    "folder": "paths are taken relative to the TOML's folder",
    "source": "it is set from Python; a TOML names files: path = ...",
}
# What a search's TOML says and a market's never does: a user hands one over for the other.
_SEARCH = {"market", "seed", "objective", "search", "sandbox"}


_offered: dict[str, MarketConfig] = {}


@contextmanager
def offered(config: MarketConfig) -> Generator[str]:
    """A name by which `resolve` finds a config in this process while the block lasts.

    It gives bars in memory to everything that takes a market's name:

        made = MarketConfig(name="null-7", path="memory", source=Memory.of_arrays(...))
        with offered(made) as name:
            engine.evolve(market=name, ...)

    Raises:
        MarketError: The name is taken.
    """
    if config.name in market_names():
        raise MarketError(f"market {config.name!r} is there already; give yours another name")
    _offered[config.name] = config
    try:
        yield config.name
    finally:
        del _offered[config.name]


def market_names() -> tuple[str, ...]:
    """The names that `resolve` knows: the TOML files of configs/markets, and those offered."""
    return tuple(sorted({*_offered, *(p.stem for p in MARKETS.glob("*.toml"))}))


def names_with_data() -> tuple[str, ...]:
    """Those of `market_names()` whose files all are where their TOML expects them."""
    return tuple(name for name in market_names() if _has_data(name))


def _has_data(name: str) -> bool:
    try:
        config = resolve(name, base=MARKETS)
    except MarketError:
        return False
    files = [c.file for c in config.column.values() if c.file is not None]
    files += [config.path] if config.path != EMBEDDED and config.source is None else []
    return all(config.place(file).exists() for file in files)


def resolve(market: str | None, *, base: Path) -> MarketConfig:
    """The config of a market.

    Args:
        market: None or "default" for the embedded market; a name in `market_names()`; or the path
            of a .toml, of a CSV or Parquet file, or of a folder of them, with all else inferred.
        base: The folder that a relative path begins in.

    Raises:
        MarketError: Neither a name nor a readable path, or the TOML is wrong: every problem in it.
    """
    if market is None:
        market = DEFAULT
    if market in _offered:
        return _offered[market]
    if market in market_names():
        return read_config(MARKETS / f"{market}.toml")
    path = base / Path(market).expanduser()
    if path.is_dir():
        return MarketConfig(name=path.resolve().name, path=path.name or ".", folder=path.parent)
    if path.is_file() and path.suffix.lower() == ".toml":
        return read_config(path)
    if path.is_file():
        name = path.name.split(".")[0]
        return MarketConfig(name=name, path=path.name, folder=path.parent)
    names = [*market_names()]
    close = difflib.get_close_matches(market, names, n=1, cutoff=0.5)
    hint = f"; did you mean {close[0]}?" if close else ""
    raise MarketError(
        f"market {market!r}: neither a name nor a path that exists ({path}){hint}\n"
        f"  names: {', '.join(names)}\n"
        f"  paths: a market's .toml, a file ({', '.join(ENDINGS)}), or a folder of such files"
    )


def read_config(path: Path) -> MarketConfig:
    """A market's TOML; its paths are relative to its folder, its name is the file's by default.

    Raises:
        MarketError: It cannot be read, is not TOML, or has wrong keys: every problem in it.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MarketError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise MarketError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise MarketError(f"{path}: is not TOML: {error}") from error
    if "path" not in table and _SEARCH & table.keys():
        raise MarketError(f"{path.name}: this is a search's settings: pass it as --config")
    problems = [
        f"{path.name}: {key}: unknown key; {what}" for key, what in _SET.items() if key in table
    ]
    table = {key: value for key, value in table.items() if key not in _SET}
    try:
        config = MarketConfig.model_validate({"name": path.stem, "folder": path.parent, **table})
    except ValidationError as error:
        problems += [_sentence(path.name, dict(e)) for e in error.errors()]
    else:
        if not problems:
            return config
    raise MarketError(problems)


def _sentence(where: str, error: dict[str, Any]) -> str:
    """One pydantic error as `file: key.path = what it got; what it needs`."""
    loc = [str(part) for part in error["loc"]]
    # A union adds its members to the path, a key of a dict adds "[key]": neither is in the TOML.
    loc = [p for p in loc if p not in ("[key]", "int", "str") and not p.startswith("function-")]
    loc = [p for p in loc if not p.startswith("constrained")]
    key = ".".join(loc) or "the file"
    if error["type"] == "extra_forbidden":
        known = _keys(loc[:-1])
        close = difflib.get_close_matches(loc[-1], known, n=1, cutoff=0.6)
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        return f"{where}: {key}: unknown key; {hint}"
    if error["type"] == "missing":
        return f'{where}: {key} is missing; e.g. {key} = "{EMBEDDED}"'
    text = str(error["msg"]).removeprefix("Value error, ")
    text = text.replace("Input should be", "needs")
    got = error["input"]
    shown = "" if isinstance(got, dict | BaseModel) else f" = {got!r}"
    return f"{where}: {key}{shown}; {text}"


def _keys(loc: list[str]) -> list[str]:
    """The keys a table of the config may have."""
    model: Any = MarketConfig
    for part in loc:
        if model is MarketConfig and part == "column":
            break
        model = model.model_fields[part].annotation
    if loc and loc[0] == "column":
        model = Column
    return [f.alias or n for n, f in model.model_fields.items() if n not in _SET]
