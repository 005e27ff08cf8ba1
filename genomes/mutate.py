"""Variations of one parent's expressions: regrown, wrapped, shrunk."""

from __future__ import annotations

import random

import libcst as cst

from genomes.draft import (
    Draft,
    layer_words,
    put,
    quote,
)
from genomes.edit import bare, code_of, expression
from genomes.grow import clumsy, grow, type_of
from genomes.language.table import Kind
from genomes.scale import SMOOTHERS, Scale
from genomes.sites import Reading, Setting, Site

_SMOOTHING = frozenset((*SMOOTHERS, "lag", "total", "highest", "lowest"))


def _places(reading: Reading, *kinds: Kind) -> list[Site]:
    """Live sites worth changing: operations, not names, nor fields an operator asks for by name."""
    return [
        s
        for s in reading.live(*kinds)
        if isinstance(s.node, cst.Call | cst.BinaryOperation | cst.Comparison | cst.UnaryOperation)
        or (s.field and not s.is_asked_for)
    ]


def _chosen(sites: list[Site], rng: random.Random) -> Site:
    """One of some sites: mostly of the factor, next of the signal, seldom of the rest."""
    by_layer: dict[str, list[Site]] = {}
    for site in sites:
        by_layer.setdefault(site.function, []).append(site)
    weights = [{"factor": 5, "signal": 4}.get(name, 1) for name in by_layer]
    return rng.choice(by_layer[rng.choices(list(by_layer), weights)[0]])


def regrow(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by one grown from the operator table, of the same type."""
    reading = parents[0]
    sites = [s for s in _places(reading, Kind.SERIES, Kind.MASK) if not s.field]
    sites = [
        s
        for s in sites
        if not _takes_f(s)
        and type_of(s) is not None
        and s.op != "hold"
        and not isinstance(s.parent, cst.Element)
    ]
    if not sites:
        return None
    site = _chosen(sites, rng)
    type_ = type_of(site)
    if type_ is None:
        return None
    high = 1 if len(site.text) < 30 else 2
    new = grow(type_, setting, rng, low=1, high=high)
    if new is None or code_of(new) == site.text:
        return None
    program = put(reading.program, site, new, meaning="other")
    whole = site.function == "factor" and isinstance(site.parent, cst.Return)
    note = (
        f"in {layer_words(site.function)}, {quote(new)} replaces {quote(site.node)}, "
        "another measure of the same kind."
    )
    return Draft(program=program, note=note, grown=whole)


def _takes_f(site: Site) -> bool:
    """Whether replacing the site would cut the factor off: it reads f or s."""
    return bool(site.names & {"f", "s"}) and isinstance(site.parent, cst.Return)


def wrap(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Smooth, standardise, rank or lag an expression; or ask a condition for bars in a row."""
    reading = parents[0]
    sites = [
        s
        for s in reading.live(Kind.SERIES, Kind.MASK)
        if isinstance(
            s.node, cst.Call | cst.BinaryOperation | cst.Comparison | cst.Name | cst.Attribute
        )
        and not s.is_asked_for
        and s.op != "const"
        and not (isinstance(s.parent, cst.AugAssign))
        and s.function in ("factor", "signal")
    ]
    if not sites:
        return None
    site = _chosen(sites, rng)
    found = _wrapping(site, rng, setting)
    if found is None:
        return None
    text, why = found
    inner = code_of(bare(site.node))
    new = expression(text.format(x=inner))
    if clumsy(new):
        return None
    note = f"in {layer_words(site.function)}, {quote(site.node, 50)} is {why}."
    return Draft(program=put(reading.program, site, new), note=note)


def _wrapping(site: Site, rng: random.Random, setting: Setting) -> tuple[str, str] | None:
    top = setting.max_window // 2
    n = rng.choice([k for k in (3, 5, 10, 20) if k <= top] or [2])
    long = rng.choice([k for k in (50, 100, 150) if k <= top] or [max(2, top)])
    if site.kind is Kind.MASK:
        if site.op in ("hold", "crossover", "crossunder") or "hold" in site.text:
            return None
        k = rng.choice((2, 3))
        return (
            f"streak({{x}}, {k}) >= {k}",
            f"believed only after {k} bars in a row, since single bars deceive",
        )
    smooth_around = site.use is not None and site.use.operator in _SMOOTHING
    options: list[tuple[str, str]] = []
    if site.op not in _SMOOTHING and not smooth_around:
        word = rng.choice(("ema", "sma", "median"))
        options.append(
            (f"{word}({{x}}, {n})", f"smoothed over {n} bars, so that single bars weigh less")
        )
        if isinstance(site.node, cst.Name | cst.Call | cst.Attribute):
            options.append(
                (
                    f"{{x}}.shift({rng.choice((1, 2, 5))})",
                    "taken a little earlier, since the last bars are noisy",
                )
            )
    plain = site.dimension is not None and site.dimension.is_plain
    root = site.function == "factor" and isinstance(site.parent, cst.Return)
    if plain and root and site.op not in ("zscore", "cross_zscore", "cross_demean", "where"):
        if site.scale in (Scale.SCORE, Scale.RETURN):
            options.append(
                (
                    f"zscore({{x}}, {long})",
                    "measured against its own past, so that it means the same in every regime",
                )
            )
            options.append(
                (
                    "cross_demean({x})",
                    "measured against the other assets, so that the common move drops out",
                )
            )
        if site.scale in (Scale.SHARE, Scale.PERCENT, Scale.SPREAD, Scale.RATIO):
            options.append(
                (
                    f"zscore({{x}}, {long})",
                    "measured against its own past, so that it means the same in every regime",
                )
            )
    return rng.choice(options) if options else None


def shrink(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Replace an expression by a part of itself of the same type."""
    reading = parents[0]
    options: list[tuple[Site, Site]] = []
    outers = {
        id(s.node): s
        for s in _places(reading, Kind.SERIES, Kind.MASK)
        if not isinstance(s.node, cst.Attribute)
        and s.op != "hold"
        and not isinstance(s.parent, cst.Element)
    }
    for inner in reading.live(Kind.SERIES, Kind.MASK):
        if inner.op == "const" or inner.dimension is None:
            continue
        for above in inner.path:
            outer = outers.get(id(above))
            if outer is not None and _shrinks(outer, inner):
                options.append((outer, inner))
    if not options:
        return None
    outer, inner = rng.choice(options)
    program = put(reading.program, outer, bare(inner.node), meaning="other")
    note = (
        f"in {layer_words(outer.function)}, {quote(inner.node)} is all that is left of "
        f"{quote(outer.node)}, since the rest may be noise."
    )
    whole = outer.function == "factor" and isinstance(outer.parent, cst.Return)
    return Draft(program=program, note=note, grown=whole and len(inner.text) * 3 < len(outer.text))


def _shrinks(outer: Site, inner: Site) -> bool:
    if (outer.kind, outer.dimension) != (
        inner.kind,
        inner.dimension,
    ) or outer.digest == inner.digest:
        return False
    if any(isinstance(n, cst.ListComp | cst.GeneratorExp | cst.DictComp) for n in inner.path):
        return False
    if outer.scale == inner.scale:
        return True
    return outer.function == "factor" and isinstance(outer.parent, cst.Return)
