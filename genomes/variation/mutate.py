"""Variations of one parent's expressions: regrown, wrapped, shrunk."""

from __future__ import annotations

import random
import re
from typing import Any

import libcst as cst

from genomes.language.params import Int
from genomes.language.table import Kind
from genomes.variation import edit
from genomes.variation.draft import Draft, layer_words, put
from genomes.variation.edit import bare, code_of, expression, returned
from genomes.variation.grow import clumsy, grow
from genomes.variation.legs import direction, legs_of, reads_clock
from genomes.variation.productions import ROLES, Type
from genomes.variation.program import Program
from genomes.variation.roles import WHY, beside_its_like, linked, replaced, role_of, windows_in
from genomes.variation.scale import SMOOTHERS
from genomes.variation.sites import Reading, Setting, Site
from genomes.variation.wording import code, listed, say, split_and

_SMOOTH = frozenset((*SMOOTHERS, "total", "macd", "macd_signal", "macd_histogram"))
_COMMON = frozenset(("m", "p", "f", "s", "returns", "true_range"))
_ROLE_WORDS = {
    "average": "the average", "volatility": "volatility", "spread": "the spread",
    "bar": "the usual bar", "straightness": "straightness", "usual volume": "usual volume",
}  # fmt: skip


def regrow(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by one grown from the operator table that plays the same part."""
    reading = parents[0]
    graph = reading.graph
    if graph is None:
        return None
    options: list[tuple[Site, str]] = []
    for site in reading.live(Kind.SERIES, Kind.MASK):
        if site.function not in ("factor", "signal", "size"):
            continue
        if {"min", "max"} & edit.loaded_names(reading.program.by_name[site.function]):
            continue  # one of two measures: another might never count
        if not _is_plain(site.node) or site.op == "downside_stdev":
            continue  # falls alone were meant
        role = role_of(graph, site.index)
        if role in ROLES and not beside_its_like(reading, site, role):
            options.append((site, role))
    if not options:
        return None
    site, role = rng.choice(options)
    new = grow(Type(role), setting, rng, low=1, high=2)
    if new is None or (edit.loaded_names(new) & edit.loaded_names(site.node)) - _COMMON:
        return None
    new = _same_window(new, site.node)
    if code_of(new) == site.text:
        return None
    places = linked(reading, site)
    program = replaced(reading.program, [(s, new) for s in places])
    return Draft(program=program, note=_regrown_note(reading.program, places, new, role))


def _is_plain(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Comparison) or bool(_word(node))


def _word(node: cst.BaseExpression) -> str:
    match node:
        case cst.Call(func=cst.Name(value=word)):
            return word
        case _:
            return ""


def _same_window(new: cst.BaseExpression, old: cst.BaseExpression) -> cst.BaseExpression:
    """The new expression with the old one's window, where each has just one."""
    ours, theirs = windows_in(new), windows_in(old)
    if len(ours) == 1 and len(theirs) == 1:
        return edit.replace(new, {id(ours[0]): theirs[0].deep_clone()})
    return new


def _regrown_note(program: Program, places: list[Site], new: cst.BaseExpression, role: str) -> str:
    site = places[0]
    where = listed([layer_words(f) for f in dict.fromkeys(s.function for s in places)])
    params = program.params
    if site.kind is Kind.MASK:
        was = say(site.node, params)
        return f"{where} now asks that {say(new, params)}, and no longer that {was}."
    why = WHY.get(_word(new), "")
    return (
        f"in {where}, {_ROLE_WORDS[role]} is now {say(new, params)}"
        f"{', ' + why + ',' if why else ''} in place of {say(site.node, params)}."
    )


# -- wrapping --------------------------------------------------------------------------------------


def wrap(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Smooth the factor or a signal of degrees; or ask a condition for some bars in a row."""
    reading = parents[0]
    ways = [_confirmed, _smoothed_factor, _smoothed_signal]
    for way in rng.sample(ways, len(ways)):
        found = way(reading, rng, setting)
        if found is not None:
            return found
    return None


def _confirmed(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """A condition of every side's entry, believed only after some bars in a row."""
    legs = legs_of(reading)
    graph = reading.graph
    if not legs or graph is None:
        return None
    masks = {id(s.node): s for s in reading.sites if s.kind is Kind.MASK}
    each = [[n for n in split_and(leg.enter.node) if id(n) in masks] for leg in legs]
    if any(not own for own in each):
        return None
    if any(w in leg.enter.text for leg in legs for w in ("streak", "count", "since")):
        return None
    first = rng.choice(each[0])
    place = each[0].index(first)
    if any(len(own) != len(each[0]) for own in each):
        return None
    chosen: list[Any] = [own[place] for own in each]
    ops = {masks[id(n)].op for n in chosen}
    if not ops <= {"lt", "le"} or len(ops) > 1:
        return None
    if any(_is_rare(reading, masks[id(n)]) for n in chosen):
        return None
    k = rng.choice((2, 3))
    program = reading.program
    tree = program.by_name["signal"]
    changes = {id(n): expression(f"streak({code(n)}, {k}) >= {k}") for n in chosen}
    wrapped: dict[int, cst.CSTNode] = {
        i: e.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        if any(len(split_and(leg.enter.node)) > 1 for leg in legs) or not legs[0].held
        else e
        for i, e in changes.items()
    }
    tree = edit.replace(tree, wrapped)
    if isinstance(chosen[0], cst.Name):
        what = f'the condition "{chosen[0].value}"'
    elif len({code(n) for n in chosen}) > 1:
        what = f"each side's condition on {_subject(chosen[0], program)}"
    else:
        what = f"the condition on {_subject(chosen[0], program)}"
    note = f"{what} must hold for {k} bars in a row, so that one odd bar opens nothing."
    return Draft(program=program.with_function(tree), note=note, restricts=True)


def _subject(node: Any, program: Program) -> str:
    left = node.left if isinstance(node, cst.Comparison) else node
    return say(left, program.params)


def _is_rare(reading: Reading, site: Site) -> bool:
    """Whether a condition tells an event: a close beyond an old extreme, a crossing, a gap."""
    graph = reading.graph
    if graph is None or site.index < 0:
        return True
    for node in graph.below([site.index]):
        if node.op in ("highest", "lowest", "crossover", "crossunder", "hold", "count", "since",
                       "streak", "lag", "rsi"):  # fmt: skip
            return True
        if node.op == "returns" and int(node.statics[0]) in range(2, 11):
            return True
        if node.op == "field" and node.statics[0] in ("open", "volume"):
            return True
    return False


def _smoothed_factor(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """The factor smoothed over a few bars, where it is neither smooth nor an event."""
    tree, graph = reading.program.function("factor"), reading.graph
    value = returned(tree) if tree is not None else None
    site = next((s for s in reading.live(Kind.SERIES) if s.node is value), None)
    if site is None or graph is None or reads_clock(graph) or _below_smooth(reading, site):
        return None
    if "where" in site.text or "open" in site.text:
        return None
    if direction(graph) < 0 and re.search(r"returns\(m\.\w+, |rsi", code_of(site.path[0])):
        return None  # it waits for one sharp move
    n = rng.choice((3, 5))
    window = _existing(reading.program, ("smooth",), n)
    word = rng.choice(("ema", "sma", "median"))
    new = expression(f"{word}({code(site.node)}, {window or n})")
    if clumsy(new):
        return None
    shown = reading.program.params["smooth"].default if window else n
    name = {"ema": "an exponential mean", "sma": "a mean", "median": "a median"}[word]
    note = f"the factor is {name} over {shown} bars, so that a single bar weighs less."
    return Draft(program=put(reading.program, site, new), note=note)


def _existing(program: Program, names: tuple[str, ...], n: int) -> str:
    for name in names:
        param = program.params.get(name)
        if isinstance(param, Int) and param.default <= 2 * n:
            return f"p.{name}"
    return ""


def _below_smooth(reading: Reading, site: Site) -> bool:
    """Whether a value is a mean already, or measures what moves slowly or for few bars only."""
    graph = reading.graph
    if graph is None:
        return True
    node = graph.nodes[site.index]
    while node.op in ("neg", "sub", "div", "mul", "clip", "zscore"):
        if node.op in ("sub", "div", "mul"):
            sides = [graph.nodes[i] for i in node.args]
            node = next((s for s in sides if s.op not in ("const", "field")), sides[0])
        else:
            node = graph.nodes[node.args[0]]
        if node.op in _SMOOTH or node.op in ("stdev", "highest", "lowest", "lag"):
            return True
    return node.op in _SMOOTH or node.op in ("stdev", "highest", "lowest", "rsi", "bars_since_high")


def _smoothed_signal(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """A signal of degrees that moves over a few bars, so that it trades less."""
    tree, graph = reading.program.function("signal"), reading.graph
    value = returned(tree) if tree is not None else None
    site = next((s for s in reading.live(Kind.SERIES) if s.node is value), None)
    if site is None or graph is None or reads_clock(graph) or "hold" in edit.loaded_names(tree):  # type: ignore[arg-type]
        return None
    if not site.names & {"f"} or any(f"{w}(" in site.text for w in (*SMOOTHERS, "where")):
        return None
    n = rng.choice((3, 5))
    word = rng.choice(("ema", "sma"))
    new = expression(f"{word}({code(site.node)}, {n})")
    why = "so that positions build up step by step and less is traded"
    name = "an exponential mean" if word == "ema" else "a mean"
    note = f"the signal is {name} of itself over {n} bars, {why}."
    return Draft(program=put(reading.program, site, new), note=note)


# -- shrinking -------------------------------------------------------------------------------------


def shrink(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by a part of itself: one side, one of two measures, unsmoothed."""
    reading = parents[0]
    options: list[tuple[Site, cst.BaseExpression, str, str]] = []
    params = reading.program.params
    for site in reading.live(Kind.SERIES):
        if site.function not in ("factor", "signal", "size"):
            continue
        node: Any = site.node
        match node:
            case cst.Call(func=cst.Name(value=word), args=[cst.Arg(value=x), cst.Arg()]) if (
                word in SMOOTHERS and _is_smoothing(reading, x)
            ):
                what = say(node.args[1].value, params)
                note = f"in {layer_words(site.function)}, the smoothing over {what} bars is gone"
                options.append((site, x, f"{note}, so that it answers at once.", "not smoothed"))
            case cst.Call(func=cst.Name(value="max" | "min" as word), args=[a, b]):
                for kept, gone in ((a.value, b.value), (b.value, a.value)):
                    if not isinstance(kept, cst.Integer | cst.Float) and not isinstance(
                        gone, cst.Integer | cst.Float
                    ):
                        side = "larger" if word == "max" else "smaller"
                        one, other = say(kept, params), say(gone, params)
                        text = f"{one} alone counts, not the {side} of {one} and {other}"
                        options.append(
                            (site, kept, f"in {layer_words(site.function)}, {text}.", text)
                        )
            case cst.BinaryOperation(operator=cst.Subtract(), left=left) if _is_pair(reading, node):
                note = "the short side is gone: the strategy is long or flat."
                options.append((site, left, note, "long only"))
            case cst.BinaryOperation(
                operator=cst.Divide(), left=cst.Name() as left, right=cst.Integer()
            ) if site.function == "signal" and left.value in ("short", "long"):
                note = f"the {left.value} side is taken at full size."
                options.append((site, left, note, f"the {left.value} side at full size"))
            case cst.BinaryOperation(
                operator=cst.Multiply(),
                left=cst.Attribute(value=cst.Name(value="p")) as share,
                right=cst.Call() as right,
            ) if site.function == "size":
                note = f"the size is no longer scaled by {share.attr.value}: all capital is used."
                options.append((site, right, note, "with all capital at work"))
            case _:
                pass
    if not options:
        return None
    site, kept, note, clause = rng.choice(options)
    program = put(reading.program, site, bare(kept))
    return Draft(program=program, note=note, clause=clause, drops=clause == "long only")


def _is_smoothing(reading: Reading, x: Any) -> bool:
    """Whether a mean is taken of something computed, not of a field."""
    if not isinstance(x, cst.Call | cst.BinaryOperation | cst.Name):
        return False
    site = next((s for s in reading.sites if s.node is x), None)
    return site is not None and site.dimension is not None and site.dimension.is_plain


def _is_pair(reading: Reading, node: cst.BinaryOperation) -> bool:
    legs = legs_of(reading)
    tree = reading.program.function("signal")
    value = returned(tree) if tree is not None else None
    return value is node and sorted(leg.side for leg in legs) == [-1, 1]
