"""Variations of when one parent acts: filters of its signal and regime gates of its factor."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes import edit
from genomes.describe import names_for
from genomes.draft import (
    Draft,
    has_p,
    position_of,
    put,
    quote,
    window,
)
from genomes.edit import bare, code_of, expression, fresh_name, returned, statement
from genomes.grow import grow
from genomes.language.table import Kind
from genomes.productions import MASK
from genomes.program import Program
from genomes.sites import Reading, Setting, Site

# A name, the condition, what it is good for; {a} and {b} are a short and a long window.
CONDITIONS: tuple[tuple[str, str, str], ...] = (
    ("rising", "m.close > sma(m.close, {b})", "only while the longer trend is up"),
    ("falling", "m.close < sma(m.close, {b})", "only while the longer trend is down"),
    ("calm", "stdev(returns(m.close), {a}) < stdev(returns(m.close), {b})", "only in calm spells"),
    ("restless", "stdev(returns(m.close), {a}) > stdev(returns(m.close), {b})",
     "only when the market moves"),
    ("trending", "efficiency_ratio(m.close, {a}) > 0.3", "only while prices go somewhere"),
    ("ranging", "efficiency_ratio(m.close, {a}) < 0.3", "only while prices go nowhere"),
    ("directed", "adx(m.high, m.low, m.close, {a}) > 20", "only in a directed market"),
    ("busy", "m.volume > sma(m.volume, {b})", "only when many take part"),
    ("quiet", "m.volume < sma(m.volume, {b})", "only when few take part"),
    ("near_high", "m.close > 0.95 * highest(m.high, {b})", "only near the highs"),
    ("off_high", "m.close < 0.95 * highest(m.high, {b})", "only away from the highs"),
    ("narrow", "percent_rank(m.high - m.low, {b}) < 0.5", "only after narrow bars"),
    ("improving", "ema(m.close, {a}) > ema(m.close, {b})", "only while the averages agree"),
)  # fmt: skip


def _condition(
    program: Program, taken: set[str], rng: random.Random, setting: Setting
) -> tuple[Program, str, str, str] | None:
    """A program with what a new condition declares, and its name, code and reason."""
    if rng.random() < 0.25:
        grown = grow(MASK, setting, rng, low=1, high=1)
        if grown is None or is_event(grown):
            return None
        name = fresh_name(names_for(grown), taken)
        return program, name, code_of(grown), f"only where {quote(grown)}"
    usable = [c for c in CONDITIONS if has_fields(c[1], setting)]
    if not usable:
        return None
    name, form, why = rng.choice(usable)
    if name in taken:
        return None
    words: dict[str, str] = {}
    if "{a}" in form:
        program, words["a"] = window(
            program,
            (f"{name}_{'fast' if '{b}' in form else 'window'}",),
            rng.choice((10, 20, 30)),
            setting,
            rng,
        )
    if "{b}" in form:
        program, words["b"] = window(
            program,
            (f"{name}_{'slow' if '{a}' in form else 'window'}",),
            rng.choice((50, 100, 150)),
            setting,
            rng,
        )
    if words.get("a") == words.get("b"):
        return None
    return program, name, form.format(**words), why


def is_event(tree: cst.BaseExpression) -> bool:
    """Whether a condition holds on rare single bars, which makes no regime."""
    return bool(edit.loaded_names(tree) & {"crossover", "crossunder", "highest", "lowest"})


def has_fields(form: str, setting: Setting) -> bool:
    """Whether the market has every usual field that a piece of code reads."""
    return all(
        f"m.{name}" not in form or name in setting.fields
        for name in ("open", "high", "low", "close", "volume")
    )


def _taken(tree: cst.FunctionDef) -> set[str]:
    return edit.bound_names(tree) | edit.loaded_names(tree)


def _guards(expr: cst.CSTNode) -> int:
    """How many conditions already stand round a value."""
    return sum(
        isinstance(n, cst.BitAnd | cst.BitOr) or (isinstance(n, cst.Name) and n.value == "where")
        for one in edit.walk(expr)
        for n in (one, getattr(one, "operator", None))
    )


# -- filters ---------------------------------------------------------------------------------------


def add_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the signal act only where a further condition holds."""
    reading = parents[0]
    tree = reading.program.function("signal")
    if tree is None or not has_p(tree) or _guards(tree) >= 4:
        return None
    places = _filter_places(reading)
    found = _condition(reading.program, _taken(tree), rng, setting)
    if not places or found is None:
        return None
    site = rng.choice(places)
    program, name, code, why = found
    inner = code_of(bare(site.node))
    if site.kind is Kind.MASK:
        new: Any = _joined(expression("x & y"), bare(site.node), name)
    else:
        new = expression(f"where({name}, {inner}, 0)")
    tree = edit.replace(tree, {id(site.node): new})
    tree = edit.insert_at(tree, position_of(site), [statement(f"{name} = {code}")])
    note = f"the signal acts {why}, where its idea is likelier to hold."
    return Draft(program=program.with_function(tree), note=note)


def _joined(template: Any, left: cst.BaseExpression, name: str) -> cst.BaseExpression:
    return edit.replace(template, {id(template.left): left, id(template.right): cst.Name(name)})


def _filter_places(reading: Reading) -> list[Site]:
    """What a filter may guard: the entries of holds, and the value returned."""
    entries = [
        s
        for s in reading.live(Kind.MASK)
        if s.function == "signal"
        and s.use is not None
        and (s.use.operator, s.use.argument) == ("hold", "enter")
    ]
    if len(entries) == 1:
        return entries
    tree = reading.program.function("signal")
    value = returned(tree) if tree is not None else None
    return [s for s in reading.live(Kind.MASK, Kind.SERIES) if s.node is value]


def remove_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a condition of the signal."""
    return _remove_condition(parents[0], rng, "signal", "the signal no longer asks for")


def remove_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a regime gate of the factor."""
    return _remove_condition(parents[0], rng, "factor", "the factor no longer waits for")


def _remove_condition(reading: Reading, rng: random.Random, layer: str, words: str) -> Draft | None:
    options: list[tuple[Site, cst.BaseExpression, cst.BaseExpression]] = []
    masks = {id(s.node) for s in reading.live(Kind.MASK)}
    for site in reading.live(Kind.SERIES, Kind.MASK):
        if site.function != layer:
            continue
        match site.node:
            case cst.BinaryOperation(operator=cst.BitAnd() | cst.BitOr(), left=left, right=right):
                options += [(site, left, right), (site, right, left)]
            case cst.Call(
                func=cst.Name(value="where"),
                args=[cst.Arg(value=condition), cst.Arg(value=value), cst.Arg(value=other)],
            ):
                if isinstance(other, cst.Integer) and other.value == "0":
                    options.append((site, value, condition))
            case cst.BinaryOperation(operator=cst.Multiply(), left=left, right=right):
                if id(right) in masks:
                    options.append((site, left, right))
                if id(left) in masks:
                    options.append((site, right, left))
            case _:
                pass
    options = [o for o in options if not isinstance(o[1], cst.Integer | cst.Float)]
    if not options:
        return None
    site, kept, dropped = rng.choice(options)
    program = put(reading.program, site, bare(kept))
    note = f"{words} {quote(dropped)}, so that it acts on more bars."
    return Draft(program=program, note=note)


# -- gates -----------------------------------------------------------------------------------------


def add_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the factor speak only in one regime of the market; elsewhere it is 0, or the reverse."""
    reading = parents[0]
    tree = reading.program.function("factor")
    if tree is None or not has_p(tree) or _guards(tree) >= 2:
        return None
    value = returned(tree)
    site = next((s for s in reading.live(Kind.SERIES) if s.node is value), None)
    found = _condition(reading.program, _taken(tree), rng, setting)
    if value is None or site is None or found is None:
        return None
    program, name, code, why = found
    lines = [statement(f"{name} = {code}")]
    inner = code_of(bare(value))
    if not isinstance(value, cst.Name | cst.Call) or len(inner) > 50:
        local = fresh_name(names_for(value), _taken(tree) | {name})
        lines.insert(0, statement(f"{local} = {' '.join(inner.split())}"))
        inner = local
    reverse = rng.random() < 0.15
    other = f"-{inner}" if reverse and inner.isidentifier() else "0"
    new = expression(f"where({name}, {inner}, {other})")
    tree = edit.replace(tree, {id(value): new})
    tree = edit.insert_at(tree, len(tree.body.body) - 1, lines)
    what = "speaks as before" if other != "0" else "speaks"
    elsewhere = " and is reversed elsewhere" if other != "0" else ""
    note = f"the factor {what} {why}{elsewhere}, {_gate_why(rng)}."
    return Draft(program=program.with_function(tree), note=note)


def _gate_why(rng: random.Random) -> str:
    return rng.choice(
        ("since few edges pay in every regime", "since its edge may live in that regime alone")
    )
