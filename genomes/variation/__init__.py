"""The operators of variation by name, and the one call that makes a child: `propose`."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from genomes.genome import origin_of
from genomes.language.analysis.essence import facts_of
from genomes.language.graph import Graph
from genomes.variation import crossover, graft, layers, mutate, sizing, swap, tune
from genomes.variation.draft import Draft, tidy
from genomes.variation.edit import code_of, loaded_names, returned, stored_names
from genomes.variation.jump import jump
from genomes.variation.legs import leg_digests
from genomes.variation.program import Program, text_of
from genomes.variation.sites import Reading, Setting, read, understand
from genomes.variation.sizing import dead_exits
from genomes.variation.wording import broken_words, outdated, retold, words_of

MAX_NODES = 60
MAX_LINES = 70
MAX_WIDTH = 100
TRIES = 10
FALLBACK_TRIES = 3
MOST_IDLE = 4  # times that an operator may find nothing before another is asked
JUMPS = 50

MOST_ALIKE = 0.99  # share of bars on which a child may hold just what its parent holds
MOST_JUMP = 5.0  # times as often, or as seldom, as its parent that a child may hold anything

Probe = Callable[[Graph], Any]
Make = Callable[[list[Reading], random.Random, Setting], Draft | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One operator.

    Attributes:
        parents: How many it takes.
        doc: What it does, in one line.
        make: Its function; None from it means that it finds nothing to do.
    """

    parents: int
    doc: str
    make: Make


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A child before it was judged.

    Attributes:
        text: The whole file.
        operator: The operator that made it, which need not be the one asked for.
        note: One plain sentence: what changed and why it could help.
        graph: What the text draws: it was traced from the very tree that was printed.
    """

    text: str
    operator: str
    note: str
    graph: Graph


def _variation(parents: int, make: Make) -> Variation:
    return Variation(parents=parents, doc=(make.__doc__ or "").split("\n")[0], make=make)


OPERATORS: dict[str, Variation] = {
    "tune_parameter": _variation(1, tune.tune_parameter),
    "change_constant": _variation(1, tune.change_constant),
    "swap_operator": _variation(1, swap.swap_operator),
    "swap_field": _variation(1, swap.swap_field),
    "regrow": _variation(1, mutate.regrow),
    "wrap": _variation(1, mutate.wrap),
    "shrink": _variation(1, mutate.shrink),
    "add_filter": _variation(1, layers.add_filter),
    "remove_filter": _variation(1, layers.remove_filter),
    "add_gate": _variation(1, layers.add_gate),
    "remove_gate": _variation(1, layers.remove_gate),
    "change_exits": _variation(1, sizing.change_exits),
    "change_size": _variation(1, sizing.change_size),
    "swap_layer": _variation(2, crossover.swap_layer),
    "cross_expression": _variation(2, graft.cross_expression),
    "jump": _variation(0, jump),
}
_FALLBACKS = tuple(name for name in OPERATORS if name != "jump")


def propose(
    operator: str,
    parents: Sequence[str],
    rng: random.Random,
    setting: Setting,
    probe: Probe | None = None,
) -> Proposal:
    """A child of some parents. The same arguments give the same child, everywhere.

    Args:
        operator: A name of OPERATORS. Where it finds nothing to do on these parents, others drawn
            from `rng` are tried, and `jump` last.
        parents: The texts of the parents; those beyond what the operator takes are left alone.
        rng: All chance comes from it; the global random state is left as it was.
        setting: The market's fields and the longest window.
        probe: Answers a graph with its weights on a small market, (n,) float64, NaN or 0 where it
            holds nothing; None where it cannot tell. A child that holds nothing, or what its parent
            holds on nearly every bar, or holds far more or less often, is then not proposed. It
            must depend on the graph alone.

    Raises:
        KeyError: There is no such operator.
        ValueError: The market is so bare that not even a jump finds a strategy.
    """
    first = OPERATORS[operator]
    readings = [read(text, setting) for text in parents]
    drawn = all(reading.graph is not None for reading in readings[: max(1, first.parents)])
    trial = _Trial(rng=rng, setting=setting, probe=probe)
    if operator != "jump" and readings and drawn:
        found = _attempt(operator, readings, trial, TRIES)
        if found is not None:
            return found
        for name in rng.sample(_FALLBACKS, len(_FALLBACKS)):
            if name != operator:
                found = _attempt(name, readings, trial, FALLBACK_TRIES)
                if found is not None:
                    return found
    for _ in range(JUMPS):
        found = _attempt("jump", readings, trial, TRIES)
        if found is not None:
            return found
    raise ValueError(
        f"no strategy of {len(setting.fields)} fields and windows up to {setting.max_window} bars "
        "could be written: give the market a price and max_window of 5 or more"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trial:
    """What every attempt of one proposal shares."""

    rng: random.Random
    setting: Setting
    probe: Probe | None


def _attempt(name: str, readings: list[Reading], trial: _Trial, tries: int) -> Proposal | None:
    operator = OPERATORS[name]
    if len(readings) < operator.parents:
        return None
    parents = readings[: operator.parents]
    if any(reading.graph is None for reading in parents):
        return None
    idle = 0
    for _ in range(tries):
        draft = operator.make(parents, trial.rng, trial.setting)
        if draft is None:
            idle += 1
            if idle == MOST_IDLE:
                return None
            continue
        program = tidy(draft.program, *(p.program for p in parents))
        child = understand(program, trial.setting, places=False)
        if child.graph is None or not worth_trying(child, child.graph, readings[:1] or parents):
            continue
        if parents and not draft.drops and one_sided(parents[0].graph, child.graph):
            continue
        told = _told(program, draft, child.graph, parents[0] if parents else None)
        if told is None:
            continue
        text = text_of(told)
        if fits_page(text, parents) and _acts(child.graph, parents, trial.probe):
            note = f"a new start: {told.idea}" if name == "jump" else draft.note
            sentence = _sentence(" ".join(note.split()))
            return Proposal(text=text, operator=name, note=sentence, graph=child.graph)
    return None


def _acts(graph: Graph, parents: list[Reading], probe: Probe | None) -> bool:
    """Whether the weights on a small market are worth an evaluation."""
    if probe is None:
        return True
    parent = parents[0].graph if parents else None
    return acts(probe(graph), probe(parent) if parent is not None else None)


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


def worth_trying(child: Reading, graph: Graph, parents: list[Reading]) -> bool:
    """Whether a child that draws is new in effect, uses its factor, and says nothing twice.

    A condition that can no longer be true, or false; a stop that another always precedes; a size
    that ignores the signal: what its parent does not have already, a child may not have.
    """
    drawn = [p.graph for p in parents if p.graph is not None]
    known = [p.facts or facts_of(g) for p, g in zip(parents, drawn, strict=False)]
    if any(graph.key == g.key for g in drawn):
        return False
    if child.needless - frozenset[bytes]().union(*(p.needless for p in parents)):
        return False
    if len(graph.nodes) > max([MAX_NODES, *(len(g.nodes) for g in drawn[:1])]):
        return False
    size = child.program.function("size")
    if size is not None and ("s" not in loaded_names(size) or _returns_s(size)):
        return False
    facts = facts_of(graph)
    if facts.constants > max((f.constants for f in known), default=0) or facts.weight == (0, 0):
        return False
    if any(facts.essence == f.essence for f in known):
        return False
    if dead_exits(graph) and not any(dead_exits(g) for g in drawn):
        return False
    return facts.reads_factor or any(not f.reads_factor for f in known)


def one_sided(before: Graph | None, after: Graph) -> bool:
    """Whether only one of a signal's two sides was edited, so that they no longer mirror."""
    if before is None:
        return False
    old, new = leg_digests(before), leg_digests(after)
    if len(old) != len(new) or len(old) < 2:
        return len(new) < len(old)
    return 0 < sum(a != b for a, b in zip(old, new, strict=True)) < len(old)


def _returns_s(size: cst.FunctionDef) -> bool:
    match returned(size):
        case cst.Name(value="s"):
            return True
        case _:
            return False


def fits_page(text: str, parents: list[Reading]) -> bool:
    """Whether a file is no longer than a page, or than the parent it comes from, and no wider."""
    lines = text.split("\n")
    if any(len(line) > MAX_WIDTH for line in lines):
        return False
    longest = max([MAX_LINES, *(p.lines for p in parents[:1])])
    return len(lines) - 1 <= longest


def _told(program: Program, draft: Draft, graph: Graph, parent: Reading | None) -> Program | None:
    """With a docstring that says what the strategy is, and what was changed.

    An idea that names what is gone is told anew, where the draft says how; its later paragraphs
    just go. None where it would be false and nothing better is at hand.
    """
    if parent is None or parent.graph is None:
        return replace(program, idea=draft.idea or program.idea, change="")
    change = _sentence(draft.note)
    if draft.idea or not program.idea:
        idea = draft.idea or retold("", draft.clause or "varied")
        return replace(program, idea=idea, change=change)
    words = words_of(graph)
    gone = words_of(parent.graph) - words
    names = _names(parent.program) - _names(program)
    broken = broken_words(gone, words, names, restricted=draft.restricts)
    head, *rest = program.idea.split("\n\n")
    size, waiting = _size_of(parent.program) != _size_of(program), "asking" in draft.clause
    kept = outdated(head, size=size, waiting=waiting) if size or waiting else head
    if kept is None:
        if not draft.clause:
            return None
        kept = f'After "{origin_of(head)}": {draft.clause}.'
    head = kept
    program = replace(program, idea="\n\n".join([head, *rest]))
    if draft.drops and len(leg_digests(graph)) < 2 and _SIDES.search(head):
        broken = _SIDES
    if broken is None:
        return replace(program, change=change)
    if not broken.search(head):
        idea = "\n\n".join([head, *(p for p in rest if not broken.search(p))])
        return replace(program, idea=idea, change=change)
    if not draft.clause:
        return None
    still = [p for p in rest if not broken.search(p)]
    idea = "\n\n".join([retold(head, draft.clause), *still])
    return replace(program, idea=idea, change=change)


_SIDES = re.compile(r"\bshort (what|side)|\bsell |underweight", re.IGNORECASE)


def _size_of(program: Program) -> str:
    tree = program.function("size")
    return code_of(tree) if tree is not None else ""


def _names(program: Program) -> set[str]:
    """The locals and parameters of a program."""
    found = set(program.params)
    for tree in program.functions:
        found |= stored_names(tree)
    return found


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:]
