"""Outcomes and texts to columns and back, exactly: floats by repr, NaN and infinities too."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from genomes.records.outcome import (
    Admitted,
    Crashed,
    DependsOnStart,
    Duplicate,
    Floored,
    Measured,
    Outcome,
    Refused,
    Unusable,
)
from genomes.records.refusal import Refusal

T = TypeVar("T")

ESCAPED = "\x1a"
"""Begins a text that is written in escapes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An outcome as an archive keeps it.

    Attributes:
        kind: Its kind in one word.
        key: Canonical key of its graph, hex; None where nothing was drawn.
        fitness: Only where measured; for the index, as in the payload.
        nodes: Nodes in its graph; None where nothing was drawn.
        payload: JSON object of what has no column of its own.
        metrics: JSON object of the raw figures; None where nothing ran to the end.
        descriptor: The behaviour descriptor's bytes; only where measured.
    """

    kind: str
    key: str | None = None
    fitness: float | None = None
    nodes: int | None = None
    payload: str
    metrics: str | None = None
    descriptor: bytes | None = None


def encode(outcome: Outcome) -> Encoded:
    """The outcome in columns; `decode` gives it back equal, to the bit of every float."""
    kind = outcome.kind
    match outcome:
        case Measured():
            payload = {
                "graph": outcome.graph,
                "fitness": _json_float(outcome.fitness),
                "folds": [_json_float(fold) for fold in outcome.folds],
                "axes": _json_floats(outcome.axes),
                "warnings": list(outcome.warnings),
            }
            return Encoded(
                kind=kind,
                key=outcome.key,
                fitness=float(outcome.fitness),
                nodes=int(outcome.nodes),
                payload=_json(payload),
                metrics=_json(_json_floats(outcome.metrics)),
                descriptor=bytes(outcome.descriptor),
            )
        case Floored():
            payload = {
                "graph": outcome.graph,
                "floor": outcome.floor,
                "figure": _json_float(outcome.figure),
                "needed": _json_float(outcome.needed),
            }
            return Encoded(
                kind=kind,
                key=outcome.key,
                nodes=int(outcome.nodes),
                payload=_json(payload),
                metrics=_json(_json_floats(outcome.metrics)),
            )
        case DependsOnStart():
            payload = {"graph": outcome.graph, "difference": _json_float(outcome.difference)}
            return Encoded(
                kind=kind, key=outcome.key, nodes=int(outcome.nodes), payload=_json(payload)
            )
        case Refused():
            rows = [[r.rule, r.line, r.column, r.found, r.instead] for r in outcome.refusals]
            return Encoded(kind=kind, payload=_json({"refusals": rows}))
        case Duplicate():
            return Encoded(kind=kind, key=outcome.key, payload=_json({"of": int(outcome.of)}))
        case Crashed():
            payload = {"stage": outcome.stage, "reason": outcome.reason}
            return Encoded(kind=kind, payload=_json(payload))
        case Unusable():
            payload = {"problem": outcome.problem, "found": outcome.found}
            return Encoded(kind=kind, payload=_json(payload))
        case Admitted():
            return Encoded(kind=kind, key=outcome.key, payload=_json({}))


def decode(encoded: Encoded) -> Outcome:
    """The outcome that `encode` was given.

    Raises:
        ValueError: A kind this version does not know, or columns that do not fit the kind.
    """
    payload: dict[str, Any] = json.loads(encoded.payload)
    try:
        return _decoders[encoded.kind](encoded, payload)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no outcome: kind {encoded.kind!r}, {error!r}") from error


def cause_in(kind: str, payload: str) -> str:
    """The cause of an outcome whose payload is at hand, and none of its other columns."""
    return decode(Encoded(kind=kind, key="", nodes=0, payload=payload, metrics="{}")).cause


def encode_text(text: str) -> str:
    """The text as every database can hold it; `decode_text` gives it back to the character.

    No database takes half a surrogate pair (a model's JSON may hold one), and PostgreSQL no NUL:
    a text with one is written in escapes behind a mark, every other stands as it is.
    """
    try:
        text.encode()  # a hundredth of what a search for such characters takes
        plain = "\0" not in text and not text.startswith(ESCAPED)
    except UnicodeEncodeError:
        plain = False
    return text if plain else ESCAPED + text.encode("unicode_escape").decode("ascii")


def decode_text(kept: str) -> str:
    """The text that `encode_text` was given."""
    if not kept.startswith(ESCAPED):
        return kept
    return kept.removeprefix(ESCAPED).encode("ascii").decode("unicode_escape")


def _measured(encoded: Encoded, payload: dict[str, Any]) -> Measured:
    return Measured(
        key=_known(encoded.key),
        graph=payload["graph"],
        nodes=_known(encoded.nodes),
        fitness=float(payload["fitness"]),
        folds=tuple(float(fold) for fold in payload["folds"]),
        metrics=_floats(encoded.metrics),
        axes={name: float(figure) for name, figure in payload["axes"].items()},
        descriptor=_known(encoded.descriptor),
        warnings=tuple(payload["warnings"]),
    )


def _floored(encoded: Encoded, payload: dict[str, Any]) -> Floored:
    return Floored(
        key=_known(encoded.key),
        graph=payload["graph"],
        nodes=_known(encoded.nodes),
        floor=payload["floor"],
        figure=float(payload["figure"]),
        needed=float(payload["needed"]),
        metrics=_floats(encoded.metrics),
    )


def _depends_on_start(encoded: Encoded, payload: dict[str, Any]) -> DependsOnStart:
    return DependsOnStart(
        key=_known(encoded.key),
        graph=payload["graph"],
        nodes=_known(encoded.nodes),
        difference=float(payload["difference"]),
    )


def _refused(encoded: Encoded, payload: dict[str, Any]) -> Refused:
    return Refused(
        refusals=tuple(
            Refusal(rule=rule, line=line, column=column, found=found, instead=instead)
            for rule, line, column, found, instead in payload["refusals"]
        )
    )


def _duplicate(encoded: Encoded, payload: dict[str, Any]) -> Duplicate:
    return Duplicate(key=_known(encoded.key), of=payload["of"])


def _crashed(encoded: Encoded, payload: dict[str, Any]) -> Crashed:
    return Crashed(stage=payload["stage"], reason=payload["reason"])


def _unusable(encoded: Encoded, payload: dict[str, Any]) -> Unusable:
    return Unusable(problem=payload["problem"], found=payload["found"])


def _admitted(encoded: Encoded, payload: dict[str, Any]) -> Admitted:
    return Admitted(key=_known(encoded.key))


_decoders = {
    "measured": _measured,
    "floored": _floored,
    "depends_on_start": _depends_on_start,
    "refused": _refused,
    "duplicate": _duplicate,
    "crashed": _crashed,
    "unusable": _unusable,
    "admitted": _admitted,
}


def _known(value: T | None) -> T:
    if value is None:
        raise KeyError("a column is empty")
    return value


def _json(value: object) -> str:
    # Keys keep their order: metrics are shown in the order they were measured in.
    # ASCII only: a refused text may hold half a surrogate pair, which UTF-8 cannot.
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _json_float(value: float) -> float | str:
    """The float itself, or "nan", "inf", "-inf", which JSON has no number for."""
    value = float(value)
    return value if math.isfinite(value) else repr(value)


def _json_floats(values: Mapping[str, float]) -> dict[str, float | str]:
    return {name: _json_float(value) for name, value in values.items()}


def _floats(metrics: str | None) -> dict[str, float]:
    return {name: float(value) for name, value in json.loads(_known(metrics)).items()}
