"""What models were asked for: candidates with what was claimed of them, paid and come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, select

from archive.counts import HAVE_CAUSE, reason
from archive.tables import candidate, exchange, parentage, proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A candidate that models were asked for.

    Attributes:
        id: Its id.
        generation: The generation that proposed it.
        species: What kind of genome it is.
        parent: Id of its first parent; None where it has none.
        before: That parent's fitness; None unless measured.
        operator: The operator that proposed it.
        prompt: Id of the prompt that asked for it; None where none did.
        model: The model that wrote it; None where none did.
        kind: Its outcome's kind in one word.
        reason: What that was for, as `archive.counts.Fate` has it.
        fitness: Its fitness; None unless measured.
        probability: The probability its model gave to beating the parent; None if none.
        gain: Its worth, in [-1, 1]; None where nothing is to be learnt from it.
        tokens: Tokens that it took.
        cost: Money that it took.
    """

    id: int
    generation: int
    species: str
    parent: int | None
    before: float | None
    operator: str
    prompt: int | None
    model: str | None
    kind: str
    reason: str
    fitness: float | None
    probability: float | None
    gain: float | None
    tokens: int
    cost: float

    @property
    def better(self) -> bool | None:
        """Whether it beat its parent, as its model forecast; None where it had none to beat."""
        if self.before is None:
            return None
        return self.fitness is not None and self.fitness > self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The questions that one model was asked.

    Attributes:
        model: Its name.
        calls: How many.
        roles: Role -> how many, the most first.
        failures: Why there was no answer -> how often, the most first.
        tokens_in: Tokens of the questions.
        tokens_out: Tokens of the answers.
        cost: Money.
    """

    model: str
    calls: int
    roles: Sequence[tuple[str, int]]
    failures: Sequence[tuple[str, int]]
    tokens_in: int
    tokens_out: int
    cost: float


def written(connection: Connection) -> list[Written]:
    """Every candidate that models were asked for, in the order told."""
    parent = candidate.alias("parent")
    own = ("id", "generation", "species", "operator", "prompt", "model", "kind", "standing")
    asked = (
        select(
            *(candidate.c[name] for name in (*own, "fitness")),
            # The sentences of an outcome may be long; only these kinds hold their reason there.
            case(
                (candidate.c.kind.in_(sorted(HAVE_CAUSE)), candidate.c.payload), else_="{}"
            ).label("payload"),
            *(proposal.c[name] for name in ("probability", "gain", "tokens", "cost")),
            parentage.c.parent,
            parent.c.fitness.label("before"),
        )
        .join_from(proposal, candidate, proposal.c.candidate == candidate.c.id)
        .outerjoin(
            parentage, and_(parentage.c.child == candidate.c.id, parentage.c.position == 0)
        )
        .outerjoin(parent, parent.c.id == parentage.c.parent)
        .order_by(candidate.c.id)
    )  # fmt: skip
    return [_written(row) for row in connection.execute(asked)]


def asked(connection: Connection) -> list[Asked]:
    """What each model was asked, by name."""
    columns = [exchange.c[name] for name in ("model", "role", "failure")]
    counted = select(
        *columns,
        func.count().label("calls"),
        *(func.sum(exchange.c[name]).label(name) for name in ("tokens_in", "tokens_out", "cost")),
    ).group_by(*columns)
    groups: dict[str, list[Row[Any]]] = {}
    for row in connection.execute(counted.order_by(*columns)):
        groups.setdefault(row.model, []).append(row)
    return [
        Asked(
            model=model,
            calls=sum(row.calls for row in rows),
            roles=most((row.role, row.calls) for row in rows),
            failures=most((row.failure, row.calls) for row in rows if row.failure),
            tokens_in=sum(row.tokens_in for row in rows),
            tokens_out=sum(row.tokens_out for row in rows),
            cost=sum(row.cost for row in rows),
        )
        for model, rows in groups.items()
    ]


def most(counted: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Counts added up by name, the most first, ties by name."""
    totals: dict[str, int] = {}
    for name, count in counted:
        totals[name] = totals.get(name, 0) + count
    return sorted(totals.items(), key=lambda one: (-one[1], one[0]))


def _written(row: Row[Any]) -> Written:
    return Written(
        id=row.id,
        generation=row.generation,
        species=row.species,
        parent=row.parent,
        before=row.before,
        operator=row.operator,
        prompt=row.prompt,
        model=row.model,
        kind=row.kind,
        reason=reason(row.kind, row.standing, row.payload),
        fitness=row.fitness,
        probability=row.probability,
        gain=row.gain,
        tokens=row.tokens,
        cost=row.cost,
    )
