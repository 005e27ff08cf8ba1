"""Variations of when one parent acts: filters and regime gates, added and removed."""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from typing import Any

from genomes.language.table import OPERATORS, Kind, Trait, having
from genomes.variation.conditions import Condition, usable, with_windows
from genomes.variation.edits import Draft, inserted, replaced, with_returned
from genomes.variation.legs import Leg, legs_of
from genomes.variation.names import names_for
from genomes.variation.phrases import say
from genomes.variation.printer import code
from genomes.variation.program import Function, Program
from genomes.variation.reading import Reading
from genomes.variation.scale import CENTRED
from genomes.variation.sites import Setting, Site
from genomes.variation.tree import (
    assign,
    both,
    call,
    expression,
    fresh_name,
    loaded_names,
    name,
    split_and,
    walk,
)

_MOST_GUARDS = 3
_RANKS = having(Trait.RANKS)
_ACROSS = {n for n in _RANKS if OPERATORS[n].cross}  # what balances over assets


def add_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the signal enter only where a further condition of the bar or the trend holds."""
    return _add(parents[0], rng, setting, regime=False)


def add_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the strategy act only in one regime of the market."""
    return _add(parents[0], rng, setting, regime=True)


def _add(reading: Reading, rng: random.Random, setting: Setting, *, regime: bool) -> Draft | None:
    function = reading.program.by_name["signal"]
    if "p" not in function.given or _guards(function) > 2 * _MOST_GUARDS:
        return None
    legs = legs_of(reading)
    if not regime and not (legs and legs[0].held):
        return None  # what single bars tell would switch a position on and off
    if not legs and _is_stance(reading):
        return None
    if any(len(split_and(leg.enter.node)) > _MOST_GUARDS for leg in legs):
        return None
    kind = reading.direction
    found = usable(kind, reading.words, setting, regime=regime, sided=bool(legs))
    if legs and not legs[0].held:  # a quick condition would switch the position on and off
        found = [c for c in found if c.name == "rising"]
    if not found:
        return None
    condition = rng.choice(found)
    if [leg.side for leg in legs] == [1] and condition.alone:
        condition = replace(condition, says=condition.alone)
    if legs:
        return _on_legs(reading, legs, condition, rng, setting)
    layer = "factor" if _gates_factor(reading) and rng.random() < 0.7 else "signal"
    return _on_value(reading, layer, condition, rng, setting)


def _guards(function: Function) -> int:
    """How many conditions already stand round the values of a function."""
    return sum(
        isinstance(n, ast.BitAnd) or (isinstance(n, ast.Name) and n.id == "where")
        for line in function.lines
        for one in walk(line.node)
        for n in (one, getattr(one, "op", None))
    )


def _is_stance(reading: Reading) -> bool:
    """Whether a signal without sides holds positions all the same, or only reads the calendar."""
    loaded = reading.program.by_name["signal"].loaded
    return "hold" in reading.words or reading.reads_clock() or bool(_ACROSS & loaded)


def _gates_factor(reading: Reading) -> bool:
    """Whether a factor of 0 means no opinion: centred at 0, and not ranked."""
    index = reading.drawn.outputs["factor"]
    low, high = reading.ranges[index]
    ranked = _RANKS & reading.program.by_name["signal"].loaded
    return low < 0 < high and reading.scales[index] in CENTRED and not ranked


def _on_legs(
    reading: Reading, legs: list[Leg], condition: Condition, rng: random.Random, setting: Setting
) -> Draft:
    program, windows = with_windows(condition, reading.program, rng, setting)
    ours = (condition.name, condition.code)
    forms = {1: ours, -1: condition.mirror if condition.mirror[0] else ours}
    made = {
        side: (word, expression(form.format(**windows))) for side, (word, form) in forms.items()
    }
    program = guarded(program, legs, made)
    verb = "enters" if legs[0].held else "acts"
    change = f"the signal {verb} only {condition.says}, {condition.why[reading.direction]}."
    if condition.says.startswith("unless"):
        when = _when(condition)
        change = f"the signal no longer {verb} {when}, {condition.why[reading.direction]}."
    return Draft(program=program, change=change)


def guarded(
    program: Program, legs: list[Leg], conditions: dict[int, tuple[str, ast.expr]]
) -> Program:
    """With a further condition on the entry of every side.

    Args:
        program: The program.
        legs: The sides of its signal.
        conditions: For each side, 1 and -1: a name for a local, and the condition.
    """
    function = program.by_name["signal"]
    lines: list[ast.stmt] = []
    names: dict[str, str] = {}
    changes: list[tuple[Site, ast.expr]] = []
    taken = set(function.taken)
    for leg in sorted(legs, key=lambda leg: -leg.side):
        wanted, condition = conditions[leg.side]
        if wanted not in names:
            names[wanted] = fresh_name((wanted, f"is_{wanted}"), taken)
            taken.add(names[wanted])
            lines.append(assign(names[wanted], condition))
        changes.append((leg.enter, both(leg.enter.node, name(names[wanted]))))
    function = replaced(program, changes).by_name["signal"]
    first = min(leg.enter.line for leg in legs)
    return program.with_function(inserted(function, first, lines))


def _when(condition: Condition) -> str:
    return "when " + condition.says.removeprefix("unless ")


def _on_value(
    reading: Reading, layer: str, condition: Condition, rng: random.Random, setting: Setting
) -> Draft | None:
    function = reading.program.by_name[layer]
    if function.returned is None or "p" not in function.given or "where" in function.loaded:
        return None
    program, windows = with_windows(condition, reading.program, rng, setting)
    program = zeroed(program, layer, condition.name, expression(condition.code.format(**windows)))
    what, why = f"{layer} {'counts' if layer == 'factor' else 'stands'}", condition.why
    change = f"the {what} only {condition.says}, {why[reading.direction]}; else it is 0."
    if condition.says.startswith("unless"):
        change = f"the {layer} is 0 {_when(condition)}, {why[reading.direction]}."
    return Draft(program=program, change=change)


def zeroed(program: Program, layer: str, wanted: str, condition: ast.expr) -> Program:
    """With a layer's value where a condition holds, else 0. The layer returns a single value."""
    function = program.by_name[layer]
    value = function.returned
    assert value is not None  # the caller asked
    taken = set(function.taken)
    word = fresh_name((wanted, f"is_{wanted}"), taken)
    lines: list[ast.stmt] = [assign(word, condition)]
    if len(code(value)) > 50:
        local = fresh_name(names_for(value), taken | {word})
        lines.insert(0, assign(local, value))
        value = name(local)
    guard = call("where", name(word), value, expression("0"))
    return program.with_function(with_returned(function, guard, lines))


# -- removing --------------------------------------------------------------------------------------


def remove_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a condition of the signal's entries, on every side alike."""
    reading = parents[0]
    legs = legs_of(reading)
    if not legs:
        return _remove_where(reading, rng, ("signal",))
    parts = [{code(n): n for n in split_and(leg.enter.node)} for leg in legs]
    mirrors = _mirrors(reading.program.by_name["signal"])
    options: list[list[str]] = []
    for text in parts[0]:
        wanted = [
            text if text in own else mirrors.get(text, "") if legs[0].side != leg.side else ""
            for leg, own in zip(legs, parts, strict=True)
        ]
        fits = all(w in own and len(own) > 1 for w, own in zip(wanted, parts, strict=True))
        if fits and "f" not in loaded_names(parts[0][text]):
            options.append(wanted)
    if not options:
        return None
    wanted = rng.choice(options)
    changes: list[tuple[Site, ast.expr]] = []
    for leg, own, gone in zip(legs, parts, wanted, strict=True):
        first, *others = [n for text, n in own.items() if text != gone]
        for other in others:
            first = both(first, other)
        changes.append((leg.enter, first))
    asked = _asked(parts[0][wanted[0]], reading.program, "signal")
    change = f"the signal no longer asks {asked}, so that it acts more often."
    return Draft(program=replaced(reading.program, changes), change=change)


def _mirrors(function: Function) -> dict[str, str]:
    """Locals whose value is another's turned round: rising and falling."""
    values = {code(v): word for word, v in function.locals.items() if isinstance(v, ast.Compare)}
    found: dict[str, str] = {}
    for text, word in values.items():
        turned = text.replace(" < ", " \0 ").replace(" > ", " < ").replace(" \0 ", " > ")
        if turned != text and turned in values:
            found[word] = values[turned]
    return found


def _asked(node: Any, program: Program, layer: str) -> str:
    """What a condition asks: `that volume is above its mean`, or `for its condition "calm"`."""
    local = node.id if isinstance(node, ast.Name) else ""
    said = say(program.by_name[layer].locals.get(local, node), program.params)
    if local and ("(" in said or " and " in said or len(said) > 70):
        return f'for its condition "{local}"'
    return f"that {said}"


def remove_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a regime gate: `where(condition, x, 0)` of the factor, or of the signal."""
    return _remove_where(parents[0], rng, ("factor", "signal"))


def _remove_where(reading: Reading, rng: random.Random, layers: tuple[str, ...]) -> Draft | None:
    options: list[tuple[Site, Any, Any]] = []
    for site in reading.live(Kind.SERIES):
        match site.node:
            case ast.Call(func=ast.Name(id="where"), args=[condition, value, other]) if (
                site.function in layers and not isinstance(value, ast.Constant)
            ):
                if code(other) == "0" or _is_part(other, value):
                    options.append((site, value, condition))
                elif _is_part(value, other):
                    options.append((site, other, condition))
            case _:
                pass
    if not options:
        return None
    site, kept, dropped = rng.choice(options)
    asked = _asked(dropped, reading.program, site.function)
    change = f"the {site.function} no longer asks {asked}: it counts in full at all times."
    return Draft(program=replaced(reading.program, [(site, kept)]), change=change)


def _is_part(small: Any, whole: ast.expr) -> bool:
    """Whether one value is the other over a number: room / 2 of room."""
    match small:
        case ast.BinOp(op=ast.Div(), left=left, right=ast.Constant()):
            return code(left) == code(whole)
        case _:
            return False
