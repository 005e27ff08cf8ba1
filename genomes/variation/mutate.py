"""Variations of one parent's expressions: regrown, wrapped, shrunk."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from typing import Any

from genomes.language.params import Int
from genomes.language.table import Kind, Trait, having
from genomes.variation.edits import Draft, linked, replaced, with_returned, with_window_of
from genomes.variation.grow import clumsy, grow
from genomes.variation.legs import legs_of
from genomes.variation.phrases import layer_words, listed, say
from genomes.variation.printer import code
from genomes.variation.productions import ROLES, Type
from genomes.variation.reading import Reading
from genomes.variation.roles import beside_its_like, reason_of, role_of
from genomes.variation.sites import Setting, Site
from genomes.variation.tree import (
    call,
    expression,
    is_number,
    is_p,
    loaded_names,
    split_and,
    word_of,
)

_SMOOTHERS, _STEADY = having(Trait.SMOOTHS), having(Trait.STEADY)
_RARE, _COUNTS = having(Trait.RARE), having(Trait.COUNTS)
_COMMON = frozenset(("m", "p", "f", "s", "returns", "true_range"))
_ROLE_WORDS = {
    "average": "the average", "volatility": "volatility", "spread": "the spread",
    "bar": "the usual bar", "straightness": "straightness", "usual volume": "usual volume",
}  # fmt: skip
Way = Callable[[Reading, random.Random], Draft | None]


def regrow(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by one grown from the operator table that plays the same part."""
    reading = parents[0]
    options: list[tuple[Site, str]] = []
    for site in reading.live(Kind.SERIES, Kind.MASK):
        if may_be_replaced(reading, site):
            role = role_of(reading.drawn, site.in_graph)
            if role in ROLES and not beside_its_like(reading, site, role):
                options.append((site, role))
    if not options:
        return None
    for _ in range(4):
        site, role = rng.choice(options)
        new = grow(Type(role), setting, rng, low=1, high=2)
        if new is None or (loaded_names(new) & loaded_names(site.node)) - _COMMON:
            continue
        new = with_window_of(new, site.node)
        if code(new) != code(site.node):
            places = linked(reading.sites, site)
            program = replaced(reading.program, [(s, new) for s in places])
            return Draft(program=program, change=_regrown(reading, places, new, role))
    return None


def may_be_replaced(reading: Reading, site: Site) -> bool:
    """Whether another measure of the same thing may stand in a place."""
    if site.function not in ("factor", "signal", "size") or site.op == "downside_stdev":
        return False  # falls alone were meant
    if not (isinstance(site.node, ast.Compare) or word_of(site.node)):
        return False
    # one of two measures: another might never count
    return not {"min", "max"} & reading.program.by_name[site.function].loaded


def _regrown(reading: Reading, places: list[Site], new: ast.expr, role: str) -> str:
    site, params = places[0], reading.program.params
    where = listed([layer_words(f) for f in dict.fromkeys(s.function for s in places)])
    if site.kind is Kind.MASK:
        now, before = say(new, params), say(site.node, params)
        return f"{where} now asks that {now}, and no longer that {before}."
    why = reason_of(word_of(new))
    return (
        f"in {where}, {_ROLE_WORDS[role]} is now {say(new, params)}"
        f"{', ' + why + ',' if why else ''} in place of {say(site.node, params)}."
    )


# -- wrapping --------------------------------------------------------------------------------------


def wrap(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Smooth the factor or a signal of degrees; or ask a condition for some bars in a row."""
    ways: list[Way] = [_confirmed, _smoothed_factor, _smoothed_signal]
    found = (way(parents[0], rng) for way in rng.sample(ways, len(ways)))
    return next((draft for draft in found if draft is not None), None)


def _confirmed(reading: Reading, rng: random.Random) -> Draft | None:
    """A condition of every side's entry, believed only after some bars in a row."""
    legs = legs_of(reading)
    places = {id(s.node): s for s in reading.sites if s.kind is Kind.MASK}
    each = [split_and(leg.enter.node) for leg in legs]
    if not legs or any(len(own) != len(each[0]) for own in each):
        return None
    if any(loaded_names(leg.enter.node) & _COUNTS for leg in legs):
        return None
    options: list[list[Site]] = []
    for conditions in zip(*each, strict=True):
        chosen = [places[id(n)] for n in conditions if id(n) in places]
        ops = {site.op for site in chosen}
        alike = len(chosen) == len(legs) and (ops == {"lt"} or ops == {"le"})
        if alike and not any(_is_rare(reading, site) for site in chosen):
            options.append(chosen)
    if not options:
        return None
    chosen, k = rng.choice(options), rng.choice((2, 3))
    changes = {id(s.node): (s, expression(f"streak({code(s.node)}, {k}) >= {k}")) for s in chosen}
    first, params = chosen[0].node, reading.program.params
    if isinstance(first, ast.Name):
        what = f'the condition "{first.id}"'
    else:
        of = say(first.left if isinstance(first, ast.Compare) else first, params)
        many = len({code(s.node) for s in chosen}) > 1
        what = f"each side's condition on {of}" if many else f"the condition on {of}"
    change = f"{what} must hold for {k} bars in a row, so that one odd bar opens nothing."
    return Draft(program=replaced(reading.program, changes.values()), change=change)


def _is_rare(reading: Reading, site: Site) -> bool:
    """Whether a condition tells an event: a close beyond an old extreme, a crossing, a gap."""
    if site.in_graph < 0:
        return True
    for node in reading.drawn.below([site.in_graph]):
        if node.op in _RARE:
            return True
        if node.op == "returns" and int(node.statics[0]) in range(2, 11):
            return True
        if node.op == "field" and node.statics[0] in ("open", "volume"):
            return True
    return False


def _smoothed_factor(reading: Reading, rng: random.Random) -> Draft | None:
    """The factor smoothed over a few bars, where it is neither smooth nor an event."""
    function, graph = reading.program.by_name["factor"], reading.drawn
    value = function.returned
    index = graph.outputs["factor"]
    if value is None or reading.reads_clock() or _below_smooth(reading, index):
        return None
    if graph.nodes[index].op == "as_number":
        return None  # a condition
    below = list(graph.below([index]))
    if any(n.op == "where" or (n.op == "field" and n.statics[0] == "open") for n in below):
        return None
    sharp = any(n.op == "rsi" or (n.op == "returns" and int(n.statics[0]) > 1) for n in below)
    if reading.direction < 0 and sharp:
        return None  # it waits for one sharp move
    n, word = rng.choice((3, 5)), rng.choice(("ema", "sma", "median"))
    known = reading.program.params.get("smooth")
    is_near = isinstance(known, Int) and known.default <= 2 * n
    new = call(word, value, expression("p.smooth" if is_near else str(n)))
    if clumsy(new):
        return None
    shown = known.default if is_near and known is not None else n
    named = {"ema": "an exponential mean", "sma": "a mean", "median": "a median"}[word]
    change = f"the factor is {named} over {shown} bars, so that a single bar weighs less."
    return Draft(program=reading.program.with_function(with_returned(function, new)), change=change)


def _below_smooth(reading: Reading, index: int) -> bool:
    """Whether a value is a mean already, or measures what moves slowly or for few bars only."""
    graph = reading.drawn
    node = graph.nodes[index]
    while node.op in ("neg", "sub", "div", "mul", "clip", "zscore"):
        sides = [graph.nodes[i] for i in node.args]
        node = next((s for s in sides if s.op not in ("const", "field")), sides[0])
        if node.op in _STEADY or node.op == "lag":
            return True
    return node.op in _STEADY or node.op == "rsi"


def _smoothed_signal(reading: Reading, rng: random.Random) -> Draft | None:
    """A signal of degrees that moves over a few bars, so that it trades less."""
    function = reading.program.by_name["signal"]
    value = function.returned
    if value is None or reading.reads_clock() or "hold" in function.loaded:
        return None
    if "f" not in loaded_names(value) or loaded_names(value) & (_SMOOTHERS | {"where"}):
        return None
    symbol = reading.symbol(value)
    if symbol is None or symbol.kind is not Kind.SERIES:
        return None  # a condition, not degrees
    n, word = rng.choice((3, 5)), rng.choice(("ema", "sma"))
    new = call(word, value, expression(str(n)))
    named = "an exponential mean" if word == "ema" else "a mean"
    change = (
        f"the signal is {named} of itself over {n} bars, so that positions build up step by step "
        "and less is traded."
    )
    return Draft(program=reading.program.with_function(with_returned(function, new)), change=change)


# -- shrinking -------------------------------------------------------------------------------------


def shrink(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by a part of itself: one side, one of two measures, unsmoothed."""
    reading = parents[0]
    options: list[tuple[Site, Any, str]] = []
    for site in reading.live(Kind.SERIES):
        if site.function in ("factor", "signal", "size"):
            options += [(site, kept, change) for kept, change in _parts(reading, site)]
    if not options:
        return None
    site, kept, change = rng.choice(options)
    one_side = change == _LONG_ONLY
    program = replaced(reading.program, [(site, kept)])
    return Draft(program=program, change=change, anew=one_side, drops=one_side)


_LONG_ONLY = "the short side is gone: the strategy is long or flat."


def _parts(reading: Reading, site: Site) -> list[tuple[Any, str]]:
    """The parts that may stand for a whole, with what has changed then."""
    params, layer = reading.program.params, layer_words(site.function)
    match site.node:
        case ast.Call(func=ast.Name(id=word), args=[x, n]) if word in _SMOOTHERS:
            inner = reading.symbol(x)
            plain = inner is not None and inner.dimension is not None and inner.dimension.is_plain
            if isinstance(x, ast.Attribute) or not plain:
                return []
            over = say(n, params)
            gone = f"the smoothing over {over} bars is gone"
            return [(x, f"in {layer}, {gone}, so that it answers at once.")]
        case ast.Call(func=ast.Name(id="max" | "min" as word), args=[a, b]) if not (
            is_number(a) or is_number(b)
        ):
            side = "larger" if word == "max" else "smaller"
            one, other = say(a, params), say(b, params)
            return [(kept, f"in {layer}, {said} alone counts, not the {side} of {one} and {other}.")
                    for kept, said in ((a, one), (b, other))]  # fmt: skip
        case ast.BinOp(op=ast.Sub(), left=left) if _is_pair(reading, site.node):
            return [(left, _LONG_ONLY)]
        case ast.BinOp(op=ast.Div(), left=ast.Name(id=("short" | "long") as word) as left) if (
            site.function == "signal" and is_number(site.node.right)
        ):
            return [(left, f"the {word} side is taken at full size.")]
        case ast.BinOp(op=ast.Mult(), left=share, right=ast.Call() as right) if (
            site.function == "size" and is_p(share)
        ):
            gone = say(share, {})
            return [(right, f"the size is no longer scaled by {gone}: all capital is used.")]
        case _:
            return []


def _is_pair(reading: Reading, node: ast.BinOp) -> bool:
    is_whole = reading.program.by_name["signal"].returned is node
    return is_whole and sorted(leg.side for leg in legs_of(reading)) == [-1, 1]
