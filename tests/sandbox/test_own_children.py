"""What our own operators say that their children draw is what the jail draws, to the byte."""

from __future__ import annotations

import random

import pytest

from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.serial import serialise
from genomes.strategies import texts
from genomes.variation import OPERATORS, propose
from genomes.variation.sites import Setting
from sandbox.jail.client import Drawn, Jail

FIELDS = {
    "open": PRICE,
    "high": PRICE,
    "low": PRICE,
    "close": PRICE,
    "volume": VOLUME,
    "weekday": NUMBER,
    "month": NUMBER,
}
EACH = 64  # two thousand children in all


@pytest.mark.parametrize("seed", [1, 2])
def test_a_childs_graph_is_what_the_jail_draws_from_its_text(seed: int) -> None:
    rng = random.Random(seed)
    setting = Setting(fields=FIELDS, max_window=250)
    pool = list(texts().values())
    children = []
    for _ in range(EACH):
        for operator in OPERATORS:
            parents = [rng.choice(pool), rng.choice(pool)]
            child = propose(operator, parents, rng, setting)
            children.append(child)
            pool.append(child.text)
    with Jail(FIELDS) as jail:
        drawn = jail.draw_many([child.text for child in children])
    assert len(children) == EACH * len(OPERATORS)
    for child, answer in zip(children, drawn, strict=True):
        assert isinstance(answer, Drawn), (answer, child.text)
        assert answer.text == serialise(child.graph), child.text
