"""Whether a draft is worth an evaluation. It looks at graphs and at weights, never at text."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from genomes.language.graph import Graph
from genomes.variation.edits import Draft
from genomes.variation.printer import WIDTH
from genomes.variation.reading import Reading
from genomes.variation.sizing import dead_exits

MAX_NODES = 60
MAX_LINES = 70
MOST_ALIKE = 0.99  # share of bars on which a child may hold just what its parent holds
MOST_JUMP = 5.0  # times as often, or as seldom, as its parent that a child may hold anything

Probe = Callable[[Graph], Any]


def objection_to(draft: Draft, child: Reading, parents: list[Reading], probe: Probe | None) -> str:
    """What is against a draft, as a short word; empty where it is worth an evaluation.

    What its parent does not have already, a child may not have: a condition that can no longer be
    true, or false; a stop that another always precedes; a size that ignores the signal.

    Args:
        draft: As its operator made it.
        child: The reading of its tidy program.
        parents: The readings of its parents; none for a new start.
        probe: As `propose` takes it.
    """
    graph = child.graph
    if graph is None:
        return child.reason.rule if child.reason is not None else "nothing drawn"
    if any(graph.key == p.drawn.key for p in parents):
        return "duplicate"
    if len(graph.nodes) > max([MAX_NODES, *(len(p.drawn.nodes) for p in parents[:1])]):
        return "too large"
    if _size_ignores_signal(child):
        return "idle size"
    if _says_twice(child, parents):
        return "needless"
    if parents and not draft.drops and one_sided(parents[0], child):
        return "one side"
    if dead_exits(graph) and not any(dead_exits(p.drawn) for p in parents):
        return "dead stop"
    facts, known = child.facts, [p.facts for p in parents]
    if facts.constants > max((f.constants for f in known), default=0) or facts.weight == (0, 0):
        return "dead part"
    if any(facts.essence == f.essence for f in known):
        return "same in effect"
    if not facts.reads_factor and all(f.reads_factor for f in known):
        return "idle factor"
    if probe is None or acts(probe(graph), probe(parents[0].drawn) if parents else None):
        return ""
    return "acts like its parent"


def _size_ignores_signal(child: Reading) -> bool:
    size = child.program.function("size")
    if size is None:
        return False
    return "s" not in size.loaded or isinstance(size.returned, ast.Name)


def _says_twice(child: Reading, parents: list[Reading]) -> bool:
    """Whether a line that changed has an operator that leaves a value as it is."""
    written = {id(line) for p in parents for f in p.program.functions for line in f.lines}
    new = [line for f in child.program.functions for line in f.lines if id(line) not in written]
    found = child.needless(new)
    if not found:
        return False
    old = (line for p in parents for f in p.program.functions for line in f.lines)
    known = set[bytes]().union(*(p.needless(old) for p in parents))
    return bool(found - known)


def one_sided(before: Reading, after: Reading) -> bool:
    """Whether only one of a signal's two sides was edited, so that they no longer mirror."""
    old, new = before.sides, after.sides
    if len(old) != len(new) or len(old) < 2:
        return len(new) < len(old)
    return 0 < sum(a != b for a, b in zip(old, new, strict=True)) < len(old)


def acts(child: Any, parent: Any) -> bool:
    """Whether a child's weights are worth an evaluation beside its parent's.

    Args:
        child: (n,) float64, NaN where nothing is known; None tells nothing.
        parent: The same bars of the parent; None without one.
    """
    if child is None:
        return True
    held = (child == child) & (child != 0)
    share = float(held.mean())
    if share == 0:
        return False
    if parent is None or len(parent) != len(child):
        return True
    both_unknown = (child != child) & (parent != parent)
    if float(((child == parent) | both_unknown).mean()) > MOST_ALIKE:
        return False
    before = float(((parent == parent) & (parent != 0)).mean())
    return before == 0 or 1 / MOST_JUMP <= share / before <= MOST_JUMP


def fits_page(text: str, parents: list[Reading]) -> bool:
    """Whether a file is no longer than a page, or than the parent it comes from, and no wider."""
    lines = text.split("\n")
    if any(len(line) > WIDTH for line in lines):
        return False
    return len(lines) - 1 <= max([MAX_LINES, *(p.rows for p in parents[:1])])
