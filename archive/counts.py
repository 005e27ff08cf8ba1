"""What candidates come to: by what became of them, and by the operator that made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from archive.encoding import cause_in
from archive.tables import candidate
from genomes.records.entry import Species

HAVE_CAUSE = frozenset(("refused", "floored", "crashed", "unusable"))
"""Kinds of outcome that are counted by their cause, which the payload holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """Candidates that met the same end for the same reason.

    Attributes:
        kind: Their outcome's kind in one word.
        reason: The floor, the first refusal's rule, the stage of the crash or what was unusable;
            the standing where measured; "" where the kind says all.
        candidates: How many they are.
        first: Id of the first of them.
    """

    kind: str
    reason: str
    candidates: int
    first: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """What an operator made.

    Attributes:
        operator: Its name.
        candidates: What it proposed.
        measured: Those of them that have a fitness.
        tries: Those of them that could earn something.
        earned: What they earned together, over the whole run and without fading.
        best: The highest fitness among them; None where none was measured.
    """

    operator: str
    candidates: int
    measured: int
    tries: int
    earned: float
    best: float | None


def fates(connection: Connection, species: Species | None = None) -> list[Fate]:
    """Every end that candidates met: kinds and reasons by how many, the most first.

    Args:
        connection: To the archive.
        species: Only what became of genomes of this kind.
    """
    columns = (candidate.c[name] for name in ("id", "kind", "standing", "payload"))
    asked = select(*columns).order_by(candidate.c.id)
    if species is not None:
        asked = asked.where(candidate.c.species == species)
    counts: dict[tuple[str, str], int] = {}
    first: dict[tuple[str, str], int] = {}
    for row in connection.execute(asked):
        end = (row.kind, reason(row.kind, row.standing, row.payload))
        counts[end] = counts.get(end, 0) + 1
        first.setdefault(end, row.id)
    kinds: dict[str, int] = {}
    for (kind, _), count in counts.items():
        kinds[kind] = kinds.get(kind, 0) + count
    order = sorted(counts, key=lambda end: (-kinds[end[0]], end[0], -counts[end], end[1]))
    return [
        Fate(kind=end[0], reason=end[1], candidates=counts[end], first=first[end]) for end in order
    ]


def earnings(connection: Connection) -> list[Earning]:
    """What each operator made, by what a try of it earned, the most first."""
    count = func.count
    asked = select(
        candidate.c.operator,
        count().label("candidates"),
        count(candidate.c.fitness).label("measured"),
        count(candidate.c.credit).label("tries"),
        func.coalesce(func.sum(candidate.c.credit), 0.0).label("earned"),
        func.max(candidate.c.fitness).label("best"),
    ).group_by(candidate.c.operator)
    found = [Earning(**row) for row in connection.execute(asked).mappings()]
    return sorted(found, key=lambda one: (-_mean(one), -one.tries, one.operator))


def summed_up(fates: Sequence[Fate]) -> str:
    """Fates in one line, as in `50 floored: 31 min_trades, 19 max_drawdown; 2 duplicate`."""
    kinds: dict[str, list[Fate]] = {}
    for fate in fates:
        kinds.setdefault(fate.kind, []).append(fate)
    said: list[str] = []
    for kind, ends in kinds.items():
        reasons = ", ".join(f"{end.candidates:,} {end.reason}" for end in ends if end.reason)
        total = f"{sum(end.candidates for end in ends):,} {kind}"
        said.append(f"{total}: {reasons}" if reasons else total)
    return "; ".join(said)


def reason(kind: str, standing: str, payload: str) -> str:
    """Why a candidate met its end, as Fate has it, from its row's columns."""
    match kind:
        case "measured":
            return standing
        case "admitted":
            return "prompt"
        case _:
            return cause_in(kind, payload) if kind in HAVE_CAUSE else ""


def _mean(one: Earning) -> float:
    return one.earned / one.tries if one.tries else -1.0
