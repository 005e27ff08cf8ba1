"""How a strategy varies: the operators by name, and the one call that makes a child, `propose`.

To add an operator:
1. Write `def my_move(parents, rng, setting) -> Draft | None` in the module of its kind, or a new
   one. Its docstring's first line is what users read of it.
2. `parents[0]` is a Reading: `.program` (functions, lines, parameters), `.drawn` (the graph),
   `.live(Kind.SERIES)` (the typed places that count), `.direction`, `.words`, `.facts`.
3. List all places where it can act; none: return None, which says that there is nothing to do.
4. Choose by `rng` and nothing else; new code comes from `expression("sma(m.close, 20)")`.
5. Edit by `replaced(program, [(site, new), ...])`, `inserted`, `with_returned`, `declare`.
6. Return `Draft(program=..., change="the signal ..., so that ...")`: one whole, true sentence. Say
   `anew=True` where the factor or the signal's direction is another one now.
7. Register it below with a weight. Tidying, drawing, judging and printing are not its matter.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from genomes.language.graph import Graph
from genomes.variation import crossover, graft, layers, mutate, sizing, swap, tune
from genomes.variation.edits import Draft
from genomes.variation.given import Part, addition_to, strategy_of
from genomes.variation.judge import Probe, fits_page, objection_to
from genomes.variation.jump import jump, sentence
from genomes.variation.phrases import idea_of
from genomes.variation.program import Program, text_of
from genomes.variation.reading import Reading, read, understand
from genomes.variation.sites import Reason, Setting
from genomes.variation.tidy import tidy

TRIES = 10
FALLBACK_TRIES = 3
JUMPS = 50
MOST_REPEATS = 2  # drafts that were refused before, until an operator gives up
NOTHING, REPEATED = "nothing to do", "refused before"

Make = Callable[[list[Reading], random.Random, Setting], Draft | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One operator.

    Attributes:
        parents: How many it takes.
        doc: What it does, in one line.
        make: Its function; None from it means that it finds nothing to do.
        weight: How often it is tried where another found nothing; 0 for never.
    """

    parents: int
    doc: str
    make: Make
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A child before it was measured.

    Attributes:
        text: The whole file.
        operator: The operator that made it; another than the one asked for where that found
            nothing to do on these parents.
        note: One whole sentence: what changed and why it could help.
        graph: What the text draws: it was drawn from the very trees that were printed.
        passed: Why the operator that was asked for did not make it: `nothing to do`, or what was
            against its last draft; empty where it did.
    """

    text: str
    operator: str
    note: str
    graph: Graph
    passed: str = ""


def _variation(parents: int, make: Make, weight: int = 1) -> Variation:
    doc = (make.__doc__ or "").split("\n")[0]
    return Variation(parents=parents, doc=doc, make=make, weight=weight)


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
    "jump": _variation(0, jump, weight=0),
}


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
            from `rng` are tried, and `jump` last; the answer names the one that acted.
        parents: The texts of the parents, checked before; those beyond what the operator takes are
            not read.
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
    readings = [read(text, setting) for text in parents[: first.parents]]
    passed = "no parent that can be read" if first.parents else ""
    if readings and all(reading.graph is not None for reading in readings):
        found = _attempt(operator, readings, rng, setting, probe, TRIES)
        if isinstance(found, Proposal):
            return found
        passed = found
        others = [name for name, other in OPERATORS.items() if name != operator and other.weight]
        for name in _shuffled(others, rng):
            if OPERATORS[name].parents <= len(readings):
                found = _attempt(name, readings, rng, setting, probe, FALLBACK_TRIES)
                if isinstance(found, Proposal):
                    return replace(found, passed=passed)
    for _ in range(JUMPS):
        found = _attempt("jump", [], rng, setting, probe, TRIES)
        if isinstance(found, Proposal):
            return replace(found, passed=passed)
    raise ValueError(
        f"no strategy of {len(setting.fields)} fields and windows up to {setting.max_window} bars "
        "could be written: give the market a price and max_window of 5 or more"
    )


def propose_from(
    text: str, phrase: str, setting: Setting, probe: Probe | None = None
) -> Proposal | Reason:
    """A new strategy of a given expression, `sign(zscore(close, 20)) * (weekday < 3)`, say.

    Args:
        text: The factor, as text of the language; a bare field's name is read as `m.` field.
        phrase: What it believes, a sentence or more: the idea of its docstring.
        setting: The market.
        probe: As `propose` takes it.

    Returns:
        The child, with the operator `given`; or what is against it.
    """
    draft = strategy_of(text, setting)
    if isinstance(draft, Reason):
        return draft
    idea = sentence(phrase.strip())
    draft = replace(draft, idea=idea, change=f"a new start: {idea}")
    return _given(draft, [], setting, probe)


def propose_with(
    parent: str, part: Part, text: str, phrase: str, setting: Setting, probe: Probe | None = None
) -> Proposal | Reason:
    """A parent with a given expression added: a gate, a filter or a second leg.

    Args:
        parent: The parent's text, checked before.
        part: As `given.addition_to` takes it.
        text: The expression, as `propose_from` takes it.
        phrase: What it says, as the end of a sentence: `volatility is below its norm`.
        setting: The market.
        probe: As `propose` takes it.

    Returns:
        The child, with the operator `given`; or what is against it.
    """
    reading = read(parent, setting)
    if reading.graph is None:
        return reading.reason or Reason(rule="layout", found="the parent draws nothing")
    draft = addition_to(reading, part, text, phrase, setting)
    return draft if isinstance(draft, Reason) else _given(draft, [reading], setting, probe)


def _given(
    draft: Draft, parents: list[Reading], setting: Setting, probe: Probe | None
) -> Proposal | Reason:
    found = finished(draft, parents, setting, probe)
    if isinstance(found, str):
        return Reason(rule="judged", found=found)
    return Proposal(text=found.text, operator="given", note=found.change, graph=found.graph)


def _shuffled(names: list[str], rng: random.Random) -> list[str]:
    """Operators in random order, the heavier ones sooner (Efraimidis & Spirakis 2006)."""
    keys = {name: rng.random() ** (1 / OPERATORS[name].weight) for name in names}
    return sorted(names, key=lambda name: -keys[name])


def _attempt(
    name: str,
    readings: list[Reading],
    rng: random.Random,
    setting: Setting,
    probe: Probe | None,
    tries: int,
) -> Proposal | str:
    """A child of one operator, or why there is none."""
    operator = OPERATORS[name]
    parents = readings[: operator.parents]
    refused: set[str] = set()
    why, repeats = NOTHING, 0
    for _ in range(tries):
        draft = operator.make(parents, rng, setting)
        if draft is None:
            break
        found = finished(draft, parents, setting, probe, refused)
        if isinstance(found, Finished):
            return Proposal(text=found.text, operator=name, note=found.change, graph=found.graph)
        repeats += found == REPEATED
        if repeats > MOST_REPEATS:
            break
        why = found if found != REPEATED else why
    return why


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A draft that was accepted, as text.

    Attributes:
        text: The whole file.
        graph: What it draws.
        change: One whole sentence: what changed.
    """

    text: str
    graph: Graph
    change: str


def finished(
    draft: Draft,
    parents: list[Reading],
    setting: Setting,
    probe: Probe | None = None,
    refused: set[str] | None = None,
) -> Finished | str:
    """The text and the graph of a draft, or in a word what is against it.

    The text is made last, for what was accepted only.

    Args:
        draft: What an operator made of the parents.
        parents: Their readings.
        setting: The market.
        probe: As `propose` takes it.
        refused: Keys of graphs that were refused before; a new one is added.
    """
    program = tidy(draft.program, *(p.program for p in parents))
    child = understand(program, setting, parents[0] if parents else None)
    key = child.graph.key if child.graph is not None else ""
    against = REPEATED
    if refused is None or key not in refused:
        against = objection_to(draft, child, parents, probe)
    if against:
        if refused is not None:
            refused.add(key)
        return against
    change = sentence(draft.change)
    text = text_of(told(draft, child, parents, change))
    if not fits_page(text, parents):
        return "page"
    return Finished(text=text, graph=child.drawn, change=change)


def told(draft: Draft, child: Reading, parents: list[Reading], change: str) -> Program:
    """With a docstring by one rule: the idea as its last author wrote it, and this step's change.

    The idea is made anew, from the table's phrases, where the factor or the direction was replaced.
    """
    program = child.program
    if draft.idea or not parents:
        return replace(program, idea=draft.idea or program.idea, change=change if parents else "")
    anew = draft.anew or not program.idea or child.direction != parents[0].direction
    return replace(program, idea=idea_of(child) if anew else program.idea, change=change)
