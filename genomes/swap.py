"""Variations of one parent by exchange: an operator, a comparison's direction, a field."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes.draft import (
    Draft,
    layer_words,
    put,
    quote,
)
from genomes.edit import bare, code_of, expression
from genomes.edit import replace as replace_nodes
from genomes.language.operators import OPERATORS
from genomes.language.table import Kind
from genomes.scale import CLOCK, swaps_of
from genomes.sites import Reading, Setting, Site
from genomes.tune import is_counted

_FLIPS: dict[type, type] = {
    cst.LessThan: cst.GreaterThan,
    cst.GreaterThan: cst.LessThan,
    cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.LessThanEqual,
}
_METHOD_SWAPS = {"mean": "median", "median": "mean", "max": "min", "min": "max"}


def swap_operator(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Put another operator of the same arguments and scale in a place, or turn a condition."""
    reading = parents[0]
    calls: list[tuple[Site, str]] = []
    turns: list[Site] = []
    for site in reading.live(Kind.SERIES, Kind.MASK):
        match site.node:
            case cst.Call(func=cst.Name(value=word)) if word in OPERATORS:
                calls += [(site, other) for other in swaps_of(word)]
            case cst.Call(func=cst.Attribute(attr=cst.Name(value=word), value=cst.Call())):
                if word in _METHOD_SWAPS:
                    calls.append((site, f".{_METHOD_SWAPS[word]}"))
            case cst.Comparison(comparisons=[target]) if type(target.operator) in _FLIPS:
                if not is_counted(site.node):
                    turns.append(site)
            case cst.Call(func=cst.Name(value=("min" | "max"))):
                turns.append(site)
            case _:
                pass
    if calls and (not turns or rng.random() < 0.8):
        places = list({id(site): site for site, _ in calls}.values())
        chosen = rng.choice(places)
        return _swap_call(reading, chosen, rng.choice([o for s, o in calls if s is chosen]))
    return _turn(reading, rng.choice(turns)) if turns else None


def _swap_call(reading: Reading, site: Site, other: str) -> Draft:
    node: Any = site.node
    old = node.func.value if isinstance(node.func, cst.Name) else f".{node.func.attr.value}"
    if isinstance(node.func, cst.Name):
        func = cst.Name(other)
    else:
        func = node.func.with_changes(attr=cst.Name(other[1:]))
    new = node.with_changes(func=func)
    turned = {old, other} in (
        {"crossover", "crossunder"}, {"highest", "lowest"}, {"cross_top", "cross_bottom"},
        {".max", ".min"}, {"plus_di", "minus_di"},
    )  # fmt: skip
    program = put(reading.program, site, new, meaning="opposite" if turned else "same")
    why = (
        "to look at the other side of the same idea"
        if turned
        else "which weighs the same bars in another way"
    )
    new_word, old_word = other.lstrip("."), old.lstrip(".")
    return Draft(
        program=program,
        note=f"{layer_words(site.function)} uses {new_word} in place of {old_word}, {why}.",
    )


def _turn(reading: Reading, site: Site) -> Draft:
    node: Any = site.node
    if isinstance(node, cst.Call):
        word = code_of(node.func)
        return _swap_call(reading, site, "min" if word == "max" else "max")
    target = node.comparisons[0]
    sign = _FLIPS[type(target.operator)](
        whitespace_before=target.operator.whitespace_before,
        whitespace_after=target.operator.whitespace_after,
    )
    new = node.with_changes(comparisons=[target.with_changes(operator=sign)])
    program = put(reading.program, site, new, meaning="opposite")
    note = (
        f"{layer_words(site.function)} asks for {quote(bare(new))}, "
        "the other side of the same condition."
    )
    return Draft(program=program, note=note)


def swap_field(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Read another field of the same dimension."""
    reading = parents[0]
    options: list[tuple[Site, str]] = []
    for site in reading.live(Kind.SERIES):
        if site.field and not site.is_asked_for:
            name = site.field
            if name in CLOCK:
                continue
            options += [
                (site, other)
                for other, dimension in setting.fields.items()
                if other != name and dimension == site.dimension and other not in CLOCK
            ]
    if not options:
        return None
    site, other = rng.choice(options)
    program = put(reading.program, site, expression(f"m.{other}"))
    if rng.random() < 0.5:  # everywhere in the function, as a person would
        alike = [
            s for s, o in options if o == other and (s.function, s.op) == (site.function, site.op)
        ]
        changes: dict[int, cst.CSTNode] = {
            id(s.node): expression(f"m.{other}") for s in alike if s.field == site.field
        }
        tree = reading.program.by_name[site.function]
        program = reading.program.with_function(replace_nodes(tree, changes))
    note = (
        f"{layer_words(site.function)} reads {other} in place of {site.field}, "
        "which may carry the same idea with less noise."
    )
    return Draft(program=program, note=note)
