"""Between the archive's records and the rows of its tables."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from archive.encoding import Encoded, decode, decode_text, encode, encode_text
from archive.identity import Identity, with_new_names
from archive.tables import candidate, generation, parentage, proposal, run
from genomes.records.entry import Entry
from genomes.records.proposal import Call, Proposal
from genomes.records.text import storable
from genomes.records.trial import Trial

OUTCOME = ("kind", "key", "fitness", "nodes", "payload", "metrics", "descriptor")
"""The columns an outcome is kept in, as Encoded names them."""

CALL = ("role", "model", "key", "draw", "failure", "tokens", "cost")
"""The fields of a call, in the order a proposal keeps them."""

Told = tuple[Row[Any], tuple[int, ...]]
"""A row of `candidate` with the ids of its parents."""


def of_identity(identity: Identity) -> dict[str, object]:
    """The columns of `run`, the id aside."""
    return {
        "market": identity.market,
        "fingerprint": identity.fingerprint,
        "config": identity.config,
        "config_hash": identity.config_hash,
        "seed": str(identity.seed),
        "isolation": identity.isolation,
        "engine": identity.engine,
    }


def identity(connection: Connection) -> Identity | None:
    """What the archive is a function of; None where no run was begun."""
    row = connection.execute(select(run)).first()
    if row is None:
        return None
    return Identity(
        market=row.market,
        fingerprint=row.fingerprint,
        config=with_new_names(row.config),
        seed=int(row.seed),
        isolation=row.isolation,
        engine=row.engine,
    )


def of_outcome(encoded: Encoded) -> dict[str, Any]:
    """The columns an outcome is kept in."""
    return {name: getattr(encoded, name) for name in OUTCOME}


def outcome(row: Row[Any]) -> Encoded:
    """The outcome in a row that has its columns."""
    return Encoded(**{name: getattr(row, name) for name in OUTCOME})


def of_entry(entry: Entry) -> dict[str, Any]:
    """The columns of `candidate`; parents and proposals have tables of their own."""
    return {
        "id": entry.id,
        "generation": entry.generation,
        "slot": entry.slot,
        "species": entry.species,
        "text": storable(entry.text),
        "operator": entry.operator,
        "note": storable(entry.note),
        "prompt": entry.prompt,
        "model": entry.model,
        "standing": entry.standing,
        "novelty": entry.novelty,
        "credit": entry.credit,
        **of_outcome(encode(entry.outcome)),
    }


def entry(row: Row[Any], parents: tuple[int, ...], proposed: Proposal | None) -> Entry:
    """The record in a row of `candidate`, with its parents and what its model says of it."""
    return Entry(
        id=row.id,
        generation=row.generation,
        slot=row.slot,
        species=row.species,
        text=row.text,
        parents=parents,
        operator=row.operator,
        note=row.note,
        outcome=decode(outcome(row)),
        standing=row.standing,
        novelty=row.novelty,
        credit=row.credit,
        prompt=row.prompt,
        model=row.model,
        proposal=proposed,
    )


def of_proposal(candidate_id: int, proposed: Proposal) -> dict[str, Any]:
    """The columns of `proposal`.

    Raises:
        ValueError: Its probability or gain is NaN, which SQL does not have.
    """
    for name in ("probability", "gain"):
        figure = getattr(proposed, name)
        if figure is not None and math.isnan(figure):
            raise ValueError(f"candidate {candidate_id}: its proposal's {name} is NaN")
    calls = [[getattr(call, name) for name in CALL] for call in proposed.calls]
    return {
        "candidate": candidate_id,
        "hypothesis": encode_text(proposed.hypothesis),
        "probability": proposed.probability,
        "mended": encode_text(proposed.mended),
        "gain": proposed.gain,
        "tokens": proposed.tokens,
        "cost": proposed.cost,
        "calls": json.dumps(calls, allow_nan=False, separators=(",", ":")),
    }


def proposals(connection: Connection, candidates: Collection[int]) -> dict[int, Proposal]:
    """What models say of these candidates, by id; only of those a model was asked for."""
    asked = select(proposal).where(proposal.c.candidate.in_(candidates))
    return {row.candidate: _proposal(row) for row in connection.execute(asked)}


def of_trial(tried: Trial) -> dict[str, Any]:
    """The columns of `trial`."""
    return {
        "candidate": tried.candidate,
        "number": tried.number,
        "params": json.dumps(dict(tried.values), separators=(",", ":")),
        "key": tried.key,
        "state": tried.state,
        "fitness": tried.fitness,
    }


def tried(row: Row[Any]) -> Trial:
    """The record in a row of `trial`."""
    return Trial(
        candidate=row.candidate,
        number=row.number,
        values=json.loads(row.params),
        key=row.key,
        state=row.state,
        fitness=row.fitness,
    )


def entries(connection: Connection, asked: Select[Any]) -> list[Entry]:
    """The candidates that a question of `candidate` finds, in its order."""
    found = told(connection, asked)
    proposed = proposals(connection, [row.id for row, _ in found])
    return [entry(row, parents, proposed.get(row.id)) for row, parents in found]


def told(connection: Connection, asked: Select[Any]) -> list[Told]:
    """The rows of `candidate` that a question finds, in its order, with their parents."""
    found = connection.execute(asked).all()
    parents: dict[int, list[int]] = {row.id: [] for row in found}
    kin = select(parentage.c.child, parentage.c.parent).where(parentage.c.child.in_(parents))
    for child, parent in connection.execute(kin.order_by(parentage.c.child, parentage.c.position)):
        parents[child].append(parent)
    return [(row, tuple(parents[row.id])) for row in found]


def complete(connection: Connection) -> int:
    """Generations told completely."""
    return connection.scalar(select(func.count()).select_from(generation)) or 0


def check_order(
    connection: Connection, number: int, entries: Sequence[Entry], trials: Sequence[Trial]
) -> None:
    """See that a generation is the next, its candidates in order, and what they name there.

    Raises:
        ValueError: It is not, with what stands there and what is needed.
    """
    due = complete(connection)
    if number != due:
        raise ValueError(f"expected generation {due}, got {number}")
    last = connection.scalar(select(func.max(candidate.c.id))) or 0
    slot = -1
    for due, entry in enumerate(entries, start=last + 1):
        if entry.id != due or entry.generation != number or entry.slot <= slot:
            raise ValueError(
                f"expected candidate {due} of generation {number}, slot {slot + 1} or later; got "
                f"{entry.id} of generation {entry.generation}, slot {entry.slot}"
            )
        if not all(1 <= parent <= last for parent in entry.parents):
            raise ValueError(
                f"candidate {entry.id} has parents {entry.parents}; they must be of earlier "
                f"generations: ids 1 to {last}"
            )
        slot = entry.slot
    asked_for = {entry.prompt for entry in entries if entry.prompt is not None}
    prompts = select(candidate.c.id).where(
        candidate.c.id.in_(sorted(asked_for)), candidate.c.species == "prompt"
    )
    unknown = asked_for.difference(connection.scalars(prompts)) if asked_for else asked_for
    if unknown:
        raise ValueError(
            f"generation {number} names prompts {sorted(unknown)}; a prompt must be a candidate of "
            "species prompt of an earlier generation"
        )
    others = {one.candidate for one in trials}.difference(entry.id for entry in entries)
    if others:
        raise ValueError(
            f"generation {number} has trials of {sorted(others)}; a trial must belong to a "
            "candidate of its generation"
        )


def finite(value: object) -> object:
    """A JSON value with null in place of NaN and infinities, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        hypothesis=decode_text(row.hypothesis),
        probability=row.probability,
        mended=decode_text(row.mended),
        gain=row.gain,
        calls=tuple(
            Call(**dict(zip(CALL, fields, strict=True))) for fields in json.loads(row.calls)
        ),
    )
