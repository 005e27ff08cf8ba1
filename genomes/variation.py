"""The operators of variation by name, and the one call that makes a child: `propose`."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import libcst as cst

from genomes import crossover, layers, mutate, sizing, swap, tune
from genomes.describe import phrase
from genomes.draft import OWN_WORDS, Draft, descent_of, tidy
from genomes.edit import loaded_names, returned
from genomes.genome import origin_of
from genomes.jump import jump
from genomes.language.graph import BEHAVIOUR, Graph
from genomes.program import Program, text_of
from genomes.sites import Reading, Setting, read, understand

MAX_NODES = 60
MAX_LINES = 70
MAX_WIDTH = 100
TRIES = 10
FALLBACK_TRIES = 3
JUMPS = 50

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
    """

    text: str
    operator: str
    note: str


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
    "cross_expression": _variation(2, crossover.cross_expression),
    "jump": _variation(0, jump),
}
_FALLBACKS = tuple(name for name in OPERATORS if name != "jump")


def propose(
    operator: str, parents: Sequence[str], rng: random.Random, setting: Setting
) -> Proposal:
    """A child of some parents. The same arguments give the same child, everywhere.

    Args:
        operator: A name of OPERATORS. Where it finds nothing to do on these parents, others drawn
            from `rng` are tried, and `jump` last.
        parents: The texts of the parents; those beyond what the operator takes are left alone.
        rng: All chance comes from it; the global random state is left as it was.
        setting: The market's fields and the longest window.

    Raises:
        KeyError: There is no such operator.
        ValueError: The market is so bare that not even a jump finds a strategy.
    """
    first = OPERATORS[operator]
    readings = [read(text, setting) for text in parents]
    drawn = all(reading.graph is not None for reading in readings[: max(1, first.parents)])
    if operator != "jump" and readings and drawn:
        found = _attempt(operator, readings, rng, setting, TRIES)
        if found is not None:
            return found
        for name in rng.sample(_FALLBACKS, len(_FALLBACKS)):
            if name != operator:
                found = _attempt(name, readings, rng, setting, FALLBACK_TRIES)
                if found is not None:
                    return found
    for _ in range(JUMPS):
        found = _attempt("jump", readings, rng, setting, TRIES)
        if found is not None:
            return found
    raise ValueError(
        f"no strategy of {len(setting.fields)} fields and windows up to {setting.max_window} bars "
        "could be written: give the market a price and max_window of 5 or more"
    )


def _attempt(
    name: str, readings: list[Reading], rng: random.Random, setting: Setting, tries: int
) -> Proposal | None:
    operator = OPERATORS[name]
    if len(readings) < operator.parents:
        return None
    parents = readings[: operator.parents]
    if any(reading.graph is None for reading in parents):
        return None
    for _ in range(tries):
        draft = operator.make(parents, rng, setting)
        if draft is None:
            continue
        program = tidy(draft.program, *(p.program for p in parents))
        child = understand(program, setting, places=False)
        if child.graph is None or not worth_trying(child, child.graph, readings):
            continue
        parent = parents[0] if parents else None
        told = _told(program, draft, child.graph, parent, jumped=name == "jump")
        text = text_of(told)
        if fits_page(text, parents):
            note = f"a new start: {told.idea}" if name == "jump" else draft.note
            return Proposal(text=text, operator=name, note=_sentence(note))
    return None


def worth_trying(child: Reading, graph: Graph, parents: list[Reading]) -> bool:
    """Whether a child that draws is new, uses its factor, and says nothing twice."""
    drawn = [p.graph for p in parents if p.graph is not None]
    if any(graph.key == g.key for g in drawn):
        return False
    if child.needless - frozenset[bytes]().union(*(p.needless for p in parents)):
        return False
    if len(graph.nodes) > max([MAX_NODES, *(len(g.nodes) for g in drawn[:1])]):
        return False
    size = child.program.function("size")
    if size is not None and ("s" not in loaded_names(size) or _returns_s(size)):
        return False
    return _uses_factor(graph) or not all(_uses_factor(g) for g in drawn)


def _returns_s(size: cst.FunctionDef) -> bool:
    match returned(size):
        case cst.Name(value="s"):
            return True
        case _:
            return False


def _uses_factor(graph: Graph) -> bool:
    wanted = graph.outputs["factor"]
    stack = [graph.outputs[name] for name in BEHAVIOUR if name in graph.outputs]
    seen: set[int] = set()
    while stack:
        index = stack.pop()
        if index == wanted:
            return True
        if index not in seen:
            seen.add(index)
            stack.extend(graph.nodes[index].args)
    return False


def fits_page(text: str, parents: list[Reading]) -> bool:
    """Whether a file is no longer than a page, or than the parent it comes from, and no wider."""
    lines = text.split("\n")
    if any(len(line) > MAX_WIDTH for line in lines):
        return False
    longest = max([MAX_LINES, *(text_of(p.program).count("\n") for p in parents[:1])])
    return len(lines) - 1 <= longest


def _drifted(parent: Reading | None, graph: Graph) -> bool:
    """Whether the factor is no longer what the idea's author had in mind.

    An idea in our own words is told anew with every change of the factor; a person's stays while
    most of the factor's operators do.
    """
    if parent is None or parent.graph is None:
        return False
    if parent.program.idea.startswith(OWN_WORDS):
        old_factor = parent.graph.nodes[parent.graph.outputs["factor"]]
        return old_factor.digest != graph.nodes[graph.outputs["factor"]].digest
    old, new = _factor_of(parent.graph), _factor_of(graph)
    kept = sum((Counter(old) & Counter(new)).values())
    return kept < 0.75 * len(old)


def _factor_of(graph: Graph) -> list[str]:
    """The operators and fields below the factor; gates and smoothing included."""
    seen: dict[int, None] = {}
    stack = [graph.outputs["factor"]]
    while stack:
        index = stack.pop()
        if index not in seen:
            seen[index] = None
            stack.extend(graph.nodes[index].args)
    nodes = [graph.nodes[i] for i in seen]
    return sorted(str(n.statics[0]) if n.op == "field" else n.op for n in nodes if n.op != "const")


def _told(
    program: Program, draft: Draft, graph: Graph, parent: Reading | None, *, jumped: bool
) -> Program:
    """With a docstring that says what the strategy is, and what was changed."""
    idea = draft.idea or program.idea
    if not draft.idea and (draft.grown or _drifted(parent, graph) or not idea):
        origin = origin_of(idea)
        idea = descent_of([origin] if origin else [])
    if "{factor}" in idea:
        idea = idea.replace("{factor}", phrase(graph, graph.outputs["factor"]))
    if jumped:
        return replace(program, idea=idea, change="")
    return replace(program, idea=idea, change=_sentence(draft.note))


def _sentence(note: str) -> str:
    return note[:1].upper() + note[1:]
