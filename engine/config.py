"""The config of a search: TOML, command line and defaults become one checked record."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, ValidationError

from archive.identity import RENAMED
from engine.settings import LLM, Part, Sandbox, Search
from sandbox.objective import Objective

FORMER = {
    "search.tune.prune": "is gone: every trial is measured on all folds; leave it out "
    "(a run that was begun with prune = true needs Finch 0.1)",
}
"""Keys of earlier versions, with what to say to those who still set them."""


class ConfigError(ValueError):
    """A config is wrong; the text lists every error, each with its path and the allowed range."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Config(Part):
    """A whole search.

    Attributes:
        market: A market's name, or the path of a market's .toml or of its data; empty for the
            embedded one.
        seed: Random seed of the whole run.
        objective: What fitness is.
        search: How the next candidates are chosen.
        llm: Language models: which are asked, when, and for what.
        sandbox: Where candidates run.
        ledger: File of the ledger of looks; empty: FINCH_LEDGER, else the user's data folder.
    """

    market: str = ""
    seed: int = Field(default=0, ge=0, lt=2**63)
    objective: Objective = Objective()
    search: Search = Search()
    llm: LLM = LLM()
    sandbox: Sandbox = Sandbox()
    ledger: str = ""

    def identity(self) -> dict[str, Any]:
        """The part that decides what is found: all but places, servers, budgets and the sandbox."""
        resting: set[str] | bool = not self.llm.models or {"server", "budget"}
        hidden = {
            "market": True,
            "seed": True,
            "sandbox": True,
            "ledger": True,
            "llm": resting,
        }
        return self.model_dump(mode="json", exclude=hidden)


def read(path: Path | None, settings: Sequence[str] = ()) -> dict[str, Any]:
    """A config file and `key=value` settings as one nested table; the settings win.

    Raises:
        ConfigError: The file cannot be read or is not TOML, or a setting is not `key=value`.
    """
    table: dict[str, Any] = {}
    if path is not None:
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError([f"{path}: cannot be read ({error.strerror})"]) from error
        except UnicodeDecodeError as error:
            raise ConfigError([f"{path}: is not UTF-8 text (byte {error.start})"]) from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError([f"{path}: is not TOML: {error}"]) from error
        market = table.get("market")
        if isinstance(market, str) and market and (path.parent / market).exists():
            table["market"] = str((path.parent / market).resolve())  # beside the file, as written
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals or not key.strip():
            raise ConfigError([f"--set {setting}: needs key=value, e.g. search.population=128"])
        _put(table, key.strip().split("."), _value(text.strip()), setting)
    return table


def build(table: Mapping[str, Any], where: str = "config") -> Config:
    """Check a table.

    Raises:
        ConfigError: Every error in it, each with its key's path, what it got and what it needs.
    """
    if "path" in table or "costs" in table:
        raise ConfigError([f"{where}: this is a market's TOML; pass it as --market"])
    try:
        return Config.model_validate(table)
    except ValidationError as error:
        problems = [_sentence(where, dict(e)) for e in error.errors(include_url=False)]
        raise ConfigError(problems) from None


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested tables as one; the second wins."""
    merged = dict(base)
    for key, value in over.items():
        mine = merged.get(key)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(mine, value)
        else:
            merged[key] = value
    return merged


def _put(table: dict[str, Any], path: list[str], value: Any, setting: str) -> None:
    for key in path[:-1]:
        inner = table.setdefault(key, {})
        if not isinstance(inner, dict):
            raise ConfigError([f"--set {setting}: {key} is not a table"])
        table = inner
    table[path[-1]] = value


def _value(text: str) -> Any:
    """A setting's value as TOML would read it; a bare word is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _sentence(where: str, error: dict[str, Any]) -> str:
    path = [str(part) for part in error["loc"]]
    key = ".".join(path)
    if key in FORMER:
        return f"{where}: {key}: {FORMER[key]}"
    if error["type"] == "extra_forbidden":
        if key in RENAMED:
            return f"{where}: {key}: is now called {RENAMED[key]}"
        known = _keys(path[:-1])
        close = difflib.get_close_matches(path[-1], known, n=1)
        if not close and len(path) == 1:
            parts = [f"{part}.{path[0]}" for part in known if path[0] in _keys([part])]
            close = parts[:1]
        hint = f"did you mean {close[0]}?" if close else f"known here: {', '.join(known)}"
        return f"{where}: {key}: unknown key; {hint}"
    needs = str(error["msg"]).removeprefix("Value error, ").replace("Input should be", "needs")
    example = "[0.25, 2.0]" if key.startswith("llm.prices") else '["jump", "regrow"]'
    needs = needs.removesuffix(", unable to parse string as an integer")
    needs = needs.replace("a valid tuple", f"a list, e.g. {example}")
    if key == "market" and isinstance(error["input"], dict):
        needs = (
            "needs a name or a path; a market's own settings go into its TOML: copy "
            "configs/markets/default.toml, set its name and path and pass it as --market"
        )
    field = _field(path)
    bounds = _bounds(field) if field is not None else ""
    return f"{where}: {key} = {json.dumps(error['input'], default=str)}; {needs}{bounds}"


def _field(path: Sequence[str]) -> Any:
    model: Any = Config
    field: Any = None
    for key in path:
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            return field
        field = model.model_fields.get(key)
        if field is None:
            return None
        model = field.annotation
    return field


def _bounds(field: Any) -> str:
    names = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    found = [
        f"{sign} {getattr(rule, name)}"
        for rule in field.metadata
        for name, sign in names.items()
        if getattr(rule, name, None) is not None
    ]
    default = field.get_default(call_default_factory=True)
    shown = "" if isinstance(default, BaseModel) else f"; the default is {default!r}"
    return f" ({', '.join(found)}{shown})" if found else f" ({shown.lstrip('; ')})" if shown else ""


def _keys(path: Sequence[str]) -> list[str]:
    field = _field(path)
    model = Config if field is None else field.annotation
    has_fields = isinstance(model, type) and issubclass(model, BaseModel)
    return sorted(model.model_fields) if has_fields else []
