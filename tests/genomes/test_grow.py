"""Grown expressions: of the type asked for, short, and by chance that is ours alone."""

from __future__ import annotations

import random

import pytest

from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.table import Kind, Scale
from genomes.variation.grow import MAX_TEXT, clumsy, grow
from genomes.variation.printer import code as code_of
from genomes.variation.productions import BOUNDS, MASK, Type
from genomes.variation.reading import Reading, read
from genomes.variation.sites import Setting, Site
from genomes.variation.tree import expression

PLAIN_SCALES = (Scale.RETURN, Scale.SCORE, Scale.SHARE, Scale.PERCENT, Scale.RATIO, Scale.SPREAD)
TYPES = [
    MASK,
    Type("value", PRICE, Scale.LEVEL),
    Type("value", PRICE, Scale.WIDTH),
    Type("value", PRICE, Scale.MOVE),
    Type("value", VOLUME, Scale.LEVEL),
    *(Type("value", NUMBER, scale) for scale in PLAIN_SCALES),
]


def type_of(site: Site) -> Type | None:
    """The grammar's type of a site; None for plain numbers and constants."""
    if site.kind is Kind.MASK:
        return MASK
    if site.kind is not Kind.SERIES or site.dimension is None:
        return None
    scale = site.scale
    if site.dimension.is_plain:
        if scale in (Scale.COUNT, Scale.CONSTANT):
            return None
        known = scale in (*BOUNDS, Scale.SPREAD)
        return Type("value", NUMBER, scale if known else Scale.SCORE)
    known = scale in (Scale.LEVEL, Scale.MOVE, Scale.WIDTH)
    return Type("value", site.dimension, scale if known else Scale.LEVEL)


def placed(code: str, setting: Setting) -> tuple[Reading, Site]:
    text = f'''"""x."""

from genomes.language import where


def factor(m, p):
    grown = {code}
    return where(m.close > m.open, grown, grown)


def signal(f, m, p):
    return f.notna()
'''
    reading = read(text, setting)
    return reading, next(s for s in reading.sites if code_of(s.node) == code)


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: f"{t.name}-{t.dimension}-{t.scale}")
def test_what_grows_is_of_the_type_asked_for(type_: Type, setting: Setting) -> None:
    rng = random.Random(3)
    for _ in range(25):
        tree = grow(type_, setting, rng, low=1, high=2)
        if tree is None:
            continue
        code = code_of(tree)
        assert len(code) <= MAX_TEXT
        assert not clumsy(tree)
        if type_ == MASK:
            text = f"where({code}, m.close / m.open, 1)"
            reading, _ = placed(text, setting)
            site = next(s for s in reading.sites if code_of(s.node) == code)
            assert site.kind is Kind.MASK, code
        else:
            _, site = placed(code, setting)
            assert site.dimension == type_.dimension, code
            assert type_of(site) == type_, code


def test_the_same_seed_grows_the_same_and_another_seed_something_else(setting: Setting) -> None:
    def grown(seed: int) -> list[str]:
        rng = random.Random(seed)
        trees = [grow(MASK, setting, rng) for _ in range(10)]
        return [code_of(t) for t in trees if t is not None]

    assert grown(1) == grown(1)
    assert grown(1) != grown(2)
    assert len(set(grown(1))) > 6


def test_growing_leaves_the_global_random_state_as_it_was(setting: Setting) -> None:
    random.seed(42)
    state = random.getstate()
    grow(MASK, setting, random.Random(1))
    assert random.getstate() == state


def test_windows_leave_room_for_others_within_the_longest(setting: Setting) -> None:
    short = Setting(fields=setting.fields, max_window=30)
    rng = random.Random(5)
    for _ in range(60):
        tree = grow(MASK, short, rng)
        assert tree is None or not any(f" {n})" in code_of(tree) for n in (20, 50, 100, 200))


def test_a_market_without_volume_gets_expressions_without_it() -> None:
    bare = Setting(fields={"close": PRICE}, max_window=250)
    rng = random.Random(5)
    for _ in range(60):
        tree = grow(MASK, bare, rng)
        assert tree is None or "volume" not in code_of(tree)
    assert grow(Type("value", VOLUME, Scale.LEVEL), bare, rng) is None


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("sma(ema(x, 5), 5)", True),
        ("zscore(zscore(x, 5), 5)", True),
        ("x > x", True),
        ("m.close / m.close", True),
        ("sma(x, 5) > x", False),
        ("zscore(sma(x, 5), 20)", False),
    ],
)
def test_what_nobody_would_write_is_called_clumsy(code: str, answer: bool) -> None:
    assert clumsy(expression(code)) is answer
