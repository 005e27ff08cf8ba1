"""Variations of two parents: an expression, a condition or an exit of one put into the other."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from typing import Any

from genomes.language.table import Kind
from genomes.variation.crossover import carry_expression, suitable_exits, title
from genomes.variation.edits import Draft, linked, replaced, with_window_of
from genomes.variation.layers import guarded
from genomes.variation.legs import legs_of
from genomes.variation.mutate import may_be_replaced
from genomes.variation.names import names_for
from genomes.variation.phrases import layer_words, percent, say
from genomes.variation.printer import code
from genomes.variation.program import Function
from genomes.variation.reading import Reading
from genomes.variation.roles import beside_its_like, role_of
from genomes.variation.sites import Setting, Site
from genomes.variation.sizing import exits_of, fitting_exits, with_exits
from genomes.variation.tree import is_number, loaded_names, replace, split_and, walk, word_of


def cross_expression(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """An expression of the second parent in the first: in a place of its part, or a condition."""
    ours, theirs = parents
    ways: list[Callable[[Reading, Reading, random.Random], Draft | None]]
    ways = [_exchanged, _borrowed, _exit_of]
    found = (way(ours, theirs, rng) for way in rng.sample(ways, len(ways)))
    return next((draft for draft in found if draft is not None), None)


def self_contained(function: Function, value: ast.expr) -> ast.expr | None:
    """An expression with its locals' values in their places; None where that cannot be.

    What is left reads the function's arguments, the language's words and helpers only.
    """
    for _ in range(8):
        local = loaded_names(value) & (function.bound - set(function.given))
        if not local:
            return value
        if not local <= function.locals.keys() or any(_stores(function, n) != 1 for n in local):
            return None
        changes: dict[int, ast.AST] = {
            id(n): function.locals[n.id]
            for n in walk(value)
            if isinstance(n, ast.Name) and n.id in local
        }
        value = replace(value, changes)
    return None


def _stores(function: Function, name: str) -> int:
    return sum(
        isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)
        for line in function.lines
        for n in walk(line.node)
    )


def _exchanged(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """A value of ours measured as the other parent measures what plays the same part."""
    donors: dict[str, list[Site]] = {}
    for site in theirs.live(Kind.SERIES, Kind.MASK):
        if not site.in_loop and (isinstance(site.node, ast.Compare) or word_of(site.node)):
            donors.setdefault(role_of(theirs.drawn, site.in_graph), []).append(site)
    pairs = [
        (place, donor)
        for place in ours.live(Kind.SERIES, Kind.MASK)
        if may_be_replaced(ours, place)
        and (role := role_of(ours.drawn, place.in_graph))
        and not beside_its_like(ours, place, role)
        for donor in donors.get(role, ())
        if donor.digest != place.digest and not _same_word(donor.node, place.node)
    ]
    if not pairs:
        return None
    place, donor = rng.choice(pairs)
    value = self_contained(theirs.program.by_name[donor.function], donor.node)
    if value is None or loaded_names(value) & {"f", "s"}:
        return None
    label = names_for(value)[0]
    program, new = carry_expression(ours.program, theirs.program, value, label)
    new = with_window_of(new, place.node)
    said, before = say(new, program.params), say(place.node, ours.program.params)
    places = linked(ours.sites, place)
    change = (
        f'{layer_words(place.function)} takes {said}, as "{title(theirs)}" does, in place of '
        f"{before}."
    )
    return Draft(program=replaced(program, [(s, new) for s in places]), change=change)


def _same_word(donor: Any, place: Any) -> bool:
    return bool(word_of(donor)) and word_of(donor) == word_of(place)


def _exit_of(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """An exit as the other parent writes it, in the place of ours or beside it."""
    have, given = exits_of(ours.program), exits_of(theirs.program)
    if have is None or not given or not suitable_exits(theirs):
        return None
    fitting = fitting_exits(ours, {})
    if not fitting:
        return None
    source = theirs.program.by_name["exits"]
    options = [
        (name, value)
        for name, raw in given.items()
        if (name in have or name in fitting)
        and (value := self_contained(source, raw)) is not None
        and not (name in have and code(have[name]) == code(value))
    ]
    if not options:
        return None
    name, value = rng.choice(options)
    program, value = carry_expression(ours.program, theirs.program, value, "exit")
    said = say(value, program.params).replace(" over close", "")
    if is_number(value) or said.replace(".", "").isdigit():
        said = f"{said} bars" if name == "max_held" else percent(float(said))
    subject = f"the {name} is now" if name in have else f"a {name} is new,"
    change = f'{subject} that of "{title(theirs)}": {said}.'
    return Draft(program=with_exits(program, {**have, name: value}), change=change)


_OF_TRENDS = frozenset(("trending", "lively"))


def _borrowed(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """A condition that the other parent's entries wait for, for ours to wait for as well."""
    legs, given = legs_of(ours), legs_of(theirs)
    if not legs or not given or not (len(legs) <= len(given) or len(given) == 1):
        return None
    source = theirs.program.by_name["signal"]
    places = {id(s.node): s for s in theirs.sites}
    each = [{code(n): n for n in split_and(leg.enter.node)} for leg in given]
    own_roles = {role_of(ours.drawn, i) for i in range(len(ours.drawn.nodes))} - {""}
    taken = ours.program.by_name["signal"].taken
    options: list[tuple[str, ast.expr]] = []
    for text, node in each[0].items():
        site = places.get(id(node))
        if site is None or not isinstance(node, ast.Name) or node.id in taken:
            continue
        role = role_of(theirs.drawn, site.in_graph)
        if role in own_roles or not all(text in own for own in each):
            continue
        kind = ours.direction
        fits = (
            (role in _OF_TRENDS and kind > 0)
            or (role == "sideways" and kind < 0 and "highest" not in ours.words)
            or role in ("calm", "busy")
            or (role == "up" and [leg.side for leg in legs] == [1])
            or (not role and kind == theirs.direction and len(given) >= len(legs))
        )
        value = self_contained(source, node) if fits else None
        if value is not None and "f" not in loaded_names(value):
            options.append((node.id, value))
    if not options:
        return None
    word, value = rng.choice(options)
    program, value = carry_expression(ours.program, theirs.program, value, "signal")
    program = guarded(program, legs, {1: (word, value), -1: (word, value)})
    said = say(value, program.params)
    asks = f"that {said}" if "(" not in said and len(said) < 90 else f"for its {word} state"
    return Draft(program=program, change=f'the signal also asks {asks}, as "{title(theirs)}" does.')
