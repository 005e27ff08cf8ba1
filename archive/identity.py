"""What one archive is a function of: the market, the config, the seed and the build."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archive.errors import Difference

RENAMED: Mapping[str, str] = {
    "objective.risk_floor": "objective.min_risk",
    "search.explore": "search.epsilon",
    "search.memory": "search.discount",
    "search.cost_weight": "search.cost_penalty",
    "llm.cost_weight": "llm.cost_penalty",
    "llm.lag": "llm.pipeline_depth",
}
"""Settings that archives of version 0.1 may hold under an old name -> the name now."""

FORMER: dict[tuple[str, ...], object] = {("search", "tune", "prune"): False}
"""Settings of earlier versions, with the value at which they asked for what Finch does now."""

ADDED: dict[tuple[str, ...], object] = {
    ("search", "screen"): False,
    ("search", "residuals"): 0,
    ("search", "validation_step"): 0.0,
}
"""Settings that earlier versions did not have, with the value at which Finch does what they did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Everything that decides what a run finds; two runs of one identity hold the same archive.

    Attributes:
        market: The market's name, for people.
        fingerprint: Hash of the market's bars, calendar, costs and split; it alone decides
            whether two markets are the same.
        config: The settings that decide what is found, as JSON text of one object. How long and on
            what machine a run goes (generations, workers, addresses) is not part of it.
        seed: Seed of every random stream.
        isolation: How untrusted text is isolated: `full`, or `reduced:` and the missing layers.
        engine: Version of the engine.
    """

    market: str
    fingerprint: str
    config: str
    seed: int
    isolation: str
    engine: str

    def __post_init__(self) -> None:
        if not isinstance(json.loads(self.config), dict):
            raise ValueError(  # noqa: TRY004 - the text's content, not its type
                f"Identity: config is {self.config[:40]!r}; needs JSON text of one object"
            )

    @property
    def config_hash(self) -> str:
        """SHA-256 of the config, hex; the order of its keys and its spacing do not matter."""
        canonical = json.dumps(json.loads(self.config), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def with_new_names(config: str) -> str:
    """A config, as JSON text of one object, with the names that its settings have now."""
    table = json.loads(config)
    held = [(old, new) for old, new in RENAMED.items() if _part(table, old).keys() & {_key(old)}]
    for old, new in held:
        part = _part(table, old)
        part[_key(new)] = part.pop(_key(old))
    return json.dumps(table, sort_keys=True) if held else config


def differences(old: Identity, new: Identity) -> list[Difference]:
    """The settings in which two identities differ, the market aside, sorted by key.

    Args:
        old: As an archive was begun.
        new: As it is asked for now.

    Returns:
        Config keys as dotted paths, then the seed, the isolation and the engine's version.
    """
    before, after = _flat(current(old.config)), _flat(current(new.config))
    found = [
        Difference(key=key, old=before.get(key, "absent"), new=after.get(key, "absent"))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    for name, one, other in (
        ("seed", old.seed, new.seed),
        ("isolation", old.isolation, new.isolation),
        ("engine version", old.engine, new.engine),
    ):
        if one != other:
            found.append(Difference(key=name, old=json.dumps(one), new=json.dumps(other)))
    return found


def _part(table: dict[str, Any], path: str) -> dict[str, Any]:
    part = table.get(path.split(".")[0])
    return part if isinstance(part, dict) else {}


def _key(path: str) -> str:
    return path.split(".")[1]


def current(config: str) -> dict[str, Any]:
    """An archived config as an object: without settings that are gone and asked for nothing, and
    with those that came later, so that a run that is resumed goes on as it began.
    """
    table: dict[str, Any] = json.loads(config)
    for path, value in ADDED.items():
        part: Any = table.get(path[0])
        if isinstance(part, dict):
            part.setdefault(path[1], value)
    for path, value in FORMER.items():
        inner: Any = table
        for key in path[:-1]:
            inner = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and inner.get(path[-1]) is value:
            del inner[path[-1]]
    return table


def _flat(config: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    """The leaves of a nested object as JSON text, by dotted path; an empty object is a leaf."""
    flat: dict[str, str] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = json.dumps(value, sort_keys=True)
    return flat
