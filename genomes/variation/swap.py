"""Variations of one parent by exchange: an operator for its like, a field for its like."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes.language.table import Kind
from genomes.variation.draft import Draft, layer_words
from genomes.variation.edit import expression
from genomes.variation.roles import reason_of, replaced, role_of
from genomes.variation.scale import CLOCK, swaps_of
from genomes.variation.sites import Reading, Setting, Site
from genomes.variation.wording import code

_BARS = ("open", "high", "low", "close", "volume")


def swap_operator(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Put another operator of the same arguments, scale and meaning in the place of one."""
    reading = parents[0]
    options: list[tuple[Site, str, str]] = []
    for site in reading.live(Kind.SERIES):
        match site.node:
            case cst.Call(func=cst.Name(value=word)) if not _is_scaled(site):
                options += [(site, word, other) for other in swaps_of(word) if reason_of(other)]
            case _:
                pass
    options = [o for o in options if not _misnamed(o[0], o[2])]
    if not options:
        return None
    words = sorted({word for _, word, _ in options})
    chosen = rng.choice(words)
    site, word, other = rng.choice([o for o in options if o[1] == chosen])
    changes: list[tuple[Site, cst.BaseExpression]] = []
    for like in _alike(reading, site, word):
        node: Any = like.node
        changes.append((like, node.with_changes(func=cst.Name(other))))
    places = sorted(
        {s.function for s, _ in changes}, key=("factor", "signal", "size", "exits").index
    )
    where = " and ".join(layer_words(p) for p in places)
    verb = "use" if len(places) > 1 else "uses"
    note = f"{where} {verb} {other}, {reason_of(other)}, in place of {word}."
    return Draft(program=replaced(reading.program, changes), note=note)


def _is_scaled(site: Site) -> bool:
    """Whether a call stands in a loop or a helper, whose other uses are not seen."""
    return site.function not in ("factor", "signal", "size", "exits") or any(
        isinstance(n, cst.ListComp | cst.GeneratorExp | cst.DictComp) for n in site.path
    )


def _misnamed(site: Site, other: str) -> bool:
    """Whether a local or a parameter calls the value by what it would no longer be."""
    if other != "median":
        return False
    holder = next((n for n in site.path if isinstance(n, cst.Assign)), None)
    names = site.text + (holder.targets[0].target.value if _plain(holder) else "")  # type: ignore[union-attr]
    return "mean" in names


def _plain(holder: cst.Assign | None) -> bool:
    return holder is not None and isinstance(holder.targets[0].target, cst.Name)


def _alike(reading: Reading, site: Site, word: str) -> list[Site]:
    """The calls of the same operator on the same value in a layer, and the same value elsewhere."""
    first = _first(site)
    return [
        s
        for s in reading.live(Kind.SERIES)
        if isinstance(s.node, cst.Call)
        and isinstance(s.node.func, cst.Name)
        and s.node.func.value == word
        and ((s.function == site.function and _first(s) == first) or s.digest == site.digest)
        and not _is_scaled(s)
    ]


def _first(site: Site) -> str:
    node: Any = site.node
    return code(node.args[0].value) if node.args else ""


# -- fields ----------------------------------------------------------------------------------------


def swap_field(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Read another field of the same dimension, in every linked place of a layer."""
    reading = parents[0]
    ways = [_extremes, _whole_bars, _edges_of_mean, _elsewhere]
    for way in rng.sample(ways, len(ways)):
        found = way(reading, rng, setting)
        if found is not None:
            return found
    return None


def _swapped(reading: Reading, changes: list[tuple[Site, str]], note: str) -> Draft:
    new: list[tuple[Site, cst.BaseExpression]] = [
        (site, expression(f"m.{name}")) for site, name in changes
    ]
    return Draft(program=replaced(reading.program, new), note=note)


def _extremes(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Highs and lows of bars for those of closes in every channel, or the other way."""
    if not {"high", "low", "close"} <= set(setting.fields):
        return None
    found = [
        s
        for s in reading.live(Kind.SERIES)
        if s.use is not None and s.use.operator in ("highest", "lowest") and s.use.argument == "x"
    ]
    wide = [s for s in found if s.field == ("high" if _edge(s) == "highest" else "low")]
    closes = [s for s in found if s.field == "close"]
    edges = {_edge(s) for s in found}
    what = "highs and lows" if len(edges) > 1 else "highs" if "highest" in edges else "lows"
    if wide and len(wide) == len(found):
        note = f"the extremes are those of closes in place of {what}, so that spikes do not count."
        return _swapped(reading, [(s, "close") for s in wide], note)
    if closes and len(closes) == len(found):
        note = f"the extremes are those of {what} in place of closes, so that spikes count too."
        pairs = [(s, "high" if _edge(s) == "highest" else "low") for s in closes]
        return _swapped(reading, pairs, note)
    return None


def _edge(site: Site) -> str:
    return site.use.operator if site.use is not None else ""


def _tests_of_mean(reading: Reading) -> list[tuple[Site, Site, str]]:
    """The closes compared with a mean: the close, the mean, and on which side it must be."""
    graph = reading.graph
    if graph is None:
        return []
    places = {id(s.node): s for s in reading.live(Kind.SERIES)}
    found: list[tuple[Site, Site, str]] = []
    for site in reading.live(Kind.MASK):
        match site.node:
            case cst.Comparison(
                left=left, comparisons=[cst.ComparisonTarget(operator=sign, comparator=right)]
            ):
                one, other = places.get(id(left)), places.get(id(right))
                if one is None or other is None or one.field != "close":
                    continue
                if role_of(graph, other.index) == "average":
                    side = "above" if isinstance(sign, cst.GreaterThan) else "below"
                    found.append((one, other, side))
            case _:
                pass
    return found


def _whole_bars(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Bars that lie beyond a mean in whole, in place of closes."""
    tests = _tests_of_mean(reading)
    if not tests or not {"high", "low"} <= set(setting.fields):
        return None
    sides = sorted({side for *_, side in tests})
    what = {"above": "the low must be above it", "below": "the high must be below it"}
    asked = " and ".join(what[side] for side in sides).replace(" it", " the mean", 1)
    note = f"{asked}, not only the close, so that the test is stricter."
    pairs = [(site, "low" if side == "above" else "high") for site, _, side in tests]
    return _swapped(reading, pairs, note)


def _edges_of_mean(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """A close beyond the mean of highs, or of lows, in place of the mean of closes."""
    tests = _tests_of_mean(reading)
    if not {"high", "low"} <= set(setting.fields):
        return None
    places = {id(s.node): s for s in reading.live(Kind.SERIES)}
    pairs: list[tuple[Site, str]] = []
    sides: set[str] = set()
    for _, mean, side in tests:
        match mean.node:
            case cst.Call(args=[cst.Arg(value=inner), *_]) if id(inner) in places:
                if places[id(inner)].field != "close":
                    return None
                pairs.append((places[id(inner)], "high" if side == "above" else "low"))
                sides.add(side)
            case _:
                return None
    if not pairs:
        return None
    what = {"above": "above the mean of highs", "below": "below the mean of lows"}
    asked = " or ".join(what[side] for side in sorted(sides))
    note = f"the close must be {asked}, not of closes, so that the test is stricter."
    return _swapped(reading, pairs, note)


def _elsewhere(reading: Reading, rng: random.Random, setting: Setting) -> Draft | None:
    """Another of a market's own fields of a dimension, wherever one is read."""
    options: list[tuple[str, str]] = []
    for site in reading.live(Kind.SERIES):
        name = site.field
        if name and name not in CLOCK and not site.is_asked_for:
            options += [
                (name, other)
                for other, dimension in setting.fields.items()
                if other != name
                and dimension == site.dimension
                and other not in CLOCK
                and not {name, other} <= set(_BARS)
            ]
    if not options:
        return None
    old, new = rng.choice(list(dict.fromkeys(options)))
    sites = [s for s in reading.live(Kind.SERIES) if s.field == old and not s.is_asked_for]
    note = f"it reads {new} wherever it read {old}."
    return _swapped(reading, [(s, new) for s in sites], note)
