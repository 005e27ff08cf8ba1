"""Descent: ancestors, descendants, the line to a candidate, the tree as lines to print. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from genomes.records.entry import Kin

SHORTEST_FOLD = 3
"""Candidates in a row that are worth folding."""

Family = Mapping[int, Kin]
"""Candidates by id; closed under parents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a drawn tree.

    Attributes:
        last: For each ancestor line but the root's, and itself: whether it is the last of its
            siblings; its length is the depth.
        folded: The candidates it stands for: one, or a folded chain from the top down.
        hidden: Children that are not drawn.
    """

    last: tuple[bool, ...]
    folded: tuple[Kin, ...]
    hidden: int


def family(kin: Iterable[Kin]) -> dict[int, Kin]:
    """Candidates by id, in the order given."""
    return {one.id: one for one in kin}


def gain(one: Kin, family: Family) -> float | None:
    """Its fitness less that of its best measured parent; None where either is missing."""
    rivals = [fitness for parent in one.parents if (fitness := family[parent].fitness) is not None]
    return None if one.fitness is None or not rivals else one.fitness - max(rivals)


def ancestors(family: Family, candidate: int) -> list[int]:
    """Everybody it descends from, by any parent, latest first; itself not included."""
    found: set[int] = set()
    waiting = list(family[candidate].parents)
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting.extend(family[one].parents)
    return sorted(found, reverse=True)


def descendants(family: Family, candidate: int) -> list[int]:
    """Everybody that descends from it, by any parent, in the order told; itself not included."""
    found = {candidate}
    # Parents are told before their children, so one pass in the order told finds all.
    for one in sorted(family):
        if not found.isdisjoint(family[one].parents):
            found.add(one)
    return sorted(found - {candidate})


def best_path(family: Family, candidate: int) -> list[int]:
    """The line from a seed or jump to it that takes the fittest parent at every step.

    Returns:
        Ids from the oldest to itself. Of equally fit parents the one its text was made from first.
    """
    path = [candidate]
    while parents := family[path[-1]].parents:
        path.append(max(parents, key=lambda parent: _fitness(family[parent])))
    return path[::-1]


def trunk(family: Family, candidate: int) -> list[int]:
    """The line from a seed or jump to it along the texts each was made from, oldest first."""
    path = [candidate]
    while parents := family[path[-1]].parents:
        path.append(parents[0])
    return path[::-1]


def fittest(family: Family, count: int) -> list[int]:
    """The fittest measured candidates, best first; ties: the earlier one first."""
    measured = [one for one in family.values() if one.fitness is not None]
    return [one.id for one in sorted(measured, key=lambda one: (-_fitness(one), one.id))[:count]]


def leading(family: Family, best: Collection[int], relatives: int = 2) -> set[int]:
    """The candidates worth drawing: some, their trunks, and the nearest of their family.

    Args:
        family: All candidates.
        best: Ids of those that matter.
        relatives: How many of the fittest measured children of each of these go with it.
    """
    children = _children(family)
    kept = {one for each in best for one in trunk(family, each)}
    for one in best:
        fit = [child for child in children.get(one, ()) if family[child].fitness is not None]
        fit.sort(key=lambda child: (-_fitness(family[child]), child))
        kept.update(fit[:relatives])
    return kept


def layout(
    family: Family,
    drawn: Collection[int] | None = None,
    *,
    depth: int | None = None,
    fold: bool = True,
    whole: Collection[int] = (),
) -> list[Line]:
    """The forest of descent from top to bottom: each candidate below the one its text came from.

    Args:
        family: All candidates.
        drawn: Ids to draw; with each its trunk. None draws all.
        depth: Lines are not drawn deeper than this; roots have depth 0.
        fold: Whether three and more candidates in a row with one drawn child each become one line.
        whole: Ids that are never folded.

    Returns:
        Lines in the order to print.
    """
    every = _children(family)
    children = every if drawn is None else _children(family, drawn)
    roots = [one for one in family if not family[one].parents and (drawn is None or one in drawn)]
    lines: list[Line] = []
    waiting: list[tuple[int, tuple[bool, ...]]] = [(root, ()) for root in reversed(roots)]
    while waiting:
        one, last = waiting.pop()
        chain = _chain(one, children, whole) if fold and last else [one]
        deeper = depth is None or len(last) < depth
        below = children.get(chain[-1], []) if deeper else []
        lines.append(
            Line(
                last=last,
                folded=tuple(family[member] for member in chain),
                hidden=sum(len(every.get(member, ())) for member in chain)
                - (len(chain) - 1 + len(below)),
            )
        )
        youngest = len(below) - 1
        waiting += [
            (child, (*last, place == youngest)) for place, child in reversed([*enumerate(below)])
        ]
    return lines


def steps(family: Family, chain: Sequence[Kin]) -> str:
    """A folded chain in words, as in `7 steps, +0.21`: the gain over the candidate above it."""
    above = family[chain[0].parents[0]].fitness
    final = chain[-1].fitness
    change = "" if above is None or final is None else f", {final - above:+.2f}"
    return f"{len(chain)} steps{change}"


def _chain(one: int, children: Mapping[int, list[int]], whole: Collection[int]) -> list[int]:
    """The candidates from here on that have one child each, if worth a fold; else just this one."""
    chain: list[int] = []
    while one not in whole and len(below := children.get(one, [])) == 1:
        chain.append(one)
        one = below[0]
    return chain if len(chain) >= SHORTEST_FOLD else chain[:1] or [one]


def _children(family: Family, drawn: Collection[int] | None = None) -> dict[int, list[int]]:
    """Each candidate's children by the text they were made from, in the order told."""
    children: dict[int, list[int]] = {}
    for one in family.values():
        if one.parents and (drawn is None or one.id in drawn):
            children.setdefault(one.parents[0], []).append(one.id)
    return children


def _fitness(one: Kin) -> float:
    return float("-inf") if one.fitness is None else one.fitness
