"""Variations of one parent by exchange: an operator for its like, a field for its like."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

from genomes.language.table import Kind
from genomes.variation.edits import Draft, replaced
from genomes.variation.phrases import layer_words, listed
from genomes.variation.printer import code
from genomes.variation.program import LAYERS
from genomes.variation.reading import Reading
from genomes.variation.roles import reason_of, role_of
from genomes.variation.scale import CLOCK, swaps_of
from genomes.variation.sites import Setting, Site
from genomes.variation.tree import expression, name, target_of, with_parts, word_of

_BARS = ("open", "high", "low", "close", "volume")


def swap_operator(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Put another operator of the same arguments, scale and meaning in the place of one."""
    reading = parents[0]
    calls = [s for s in reading.live(Kind.SERIES) if word_of(s.node) and not s.in_loop]
    options = [
        (site, other)
        for site in calls
        for other in swaps_of(word_of(site.node))
        if reason_of(other) and not (other == "median" and "mean" in _called(site))
    ]
    if not options:
        return None
    words = sorted({word_of(site.node) for site, _ in options})
    word = rng.choice(words)
    site, other = rng.choice([o for o in options if word_of(o[0].node) == word])
    first = _first(site)
    alike = [
        s
        for s in calls
        if word_of(s.node) == word
        and ((s.function == site.function and _first(s) == first) or s.digest == site.digest)
    ]
    changes = [(s, with_parts(s.node, func=name(other))) for s in alike]
    places = sorted({s.function for s in alike}, key=LAYERS.index)
    verb = "use" if len(places) > 1 else "uses"
    where = listed([layer_words(p) for p in places])
    change = f"{where} {verb} {other}, {reason_of(other)}, in place of {word}."
    return Draft(program=replaced(reading.program, changes), change=change)


def _called(site: Site) -> str:
    """The words of a value, and of the local that holds it."""
    return code(site.node) + target_of(site.path[0] if site.path else None)


def _first(site: Site) -> str:
    return code(site.node.args[0]) if site.node.args else ""


# -- fields ----------------------------------------------------------------------------------------


def swap_field(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Read another field of the same dimension, in every linked place of a layer."""
    ways: list[Callable[[Reading, random.Random, Setting], Draft | None]]
    ways = [_extremes, _whole_bars, _edges_of_mean, _elsewhere]
    found = (way(parents[0], rng, setting) for way in rng.sample(ways, len(ways)))
    return next((draft for draft in found if draft is not None), None)


def _swapped(reading: Reading, changes: list[tuple[Site, str]], change: str) -> Draft:
    new: list[tuple[Site, ast.expr]] = [(site, expression(f"m.{word}")) for site, word in changes]
    return Draft(program=replaced(reading.program, new), change=change)


def _extremes(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Highs and lows of bars for those of closes in every channel, or the other way."""
    if not {"high", "low", "close"} <= set(setting.fields):
        return None
    found: list[tuple[Site, str]] = []
    for site in reading.live(Kind.SERIES):
        use = site.use
        if use is not None and use.operator in ("highest", "lowest") and use.argument == "x":
            found.append((site, "high" if use.operator == "highest" else "low"))
    edges = {edge for _, edge in found}
    what = "highs and lows" if len(edges) > 1 else f"{next(iter(edges), '')}s"
    if found and all(site.field == edge for site, edge in found):
        change = (
            f"the extremes are those of closes in place of {what}, so that spikes do not count."
        )
        return _swapped(reading, [(s, "close") for s, _ in found], change)
    if found and all(site.field == "close" for site, _ in found):
        change = f"the extremes are those of {what} in place of closes, so that spikes count too."
        return _swapped(reading, found, change)
    return None


def _tests_of_mean(reading: Reading) -> list[tuple[Site, Site, str]]:
    """The closes compared with a mean: the close, the mean, and on which side it must be."""
    places = {id(s.node): s for s in reading.live(Kind.SERIES)}
    found: list[tuple[Site, Site, str]] = []
    for site in reading.live(Kind.MASK):
        match site.node:
            case ast.Compare(left=left, ops=[sign], comparators=[right]):
                one, other = places.get(id(left)), places.get(id(right))
                if one is None or other is None or one.field != "close":
                    continue
                if role_of(reading.drawn, other.in_graph) == "average":
                    found.append((one, other, "above" if isinstance(sign, ast.Gt) else "below"))
            case _:
                pass
    return found


def _whole_bars(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Bars that lie beyond a mean in whole, in place of closes."""
    tests = _tests_of_mean(reading)
    if not tests or not {"high", "low"} <= set(setting.fields):
        return None
    what = {"above": "the low must be above it", "below": "the high must be below it"}
    asked = " and ".join(what[side] for side in sorted({side for *_, side in tests}))
    asked = asked.replace(" it", " the mean", 1)
    change = f"{asked}, not only the close, so that the test is stricter."
    pairs = [(site, "low" if side == "above" else "high") for site, _, side in tests]
    return _swapped(reading, pairs, change)


def _edges_of_mean(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """A close beyond the mean of highs, or of lows, in place of the mean of closes."""
    if not {"high", "low"} <= set(setting.fields):
        return None
    places = {id(s.node): s for s in reading.live(Kind.SERIES)}
    pairs: list[tuple[Site, str]] = []
    sides: set[str] = set()
    for _, mean, side in _tests_of_mean(reading):
        inner = places.get(id(mean.node.args[0])) if word_of(mean.node) else None
        if inner is None or inner.field != "close":
            return None
        pairs.append((inner, "high" if side == "above" else "low"))
        sides.add(side)
    if not pairs:
        return None
    what = {"above": "above the mean of highs", "below": "below the mean of lows"}
    asked = " or ".join(what[side] for side in sorted(sides))
    change = f"the close must be {asked}, not of closes, so that the test is stricter."
    return _swapped(reading, pairs, change)


def _elsewhere(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Another of a market's own fields of a dimension, wherever one is read."""
    sites = [s for s in reading.live(Kind.SERIES) if s.field and not s.is_asked_for]
    options = {
        (site.field, other): None
        for site in sites
        if site.field not in CLOCK
        for other, dimension in setting.fields.items()
        if other != site.field
        and dimension == site.dimension
        and other not in CLOCK
        and not {site.field, other} <= set(_BARS)
    }
    if not options:
        return None
    old, new = rng.choice(list(options))
    changes = [(s, new) for s in sites if s.field == old]
    return _swapped(reading, changes, f"it reads {new} wherever it read {old}.")
