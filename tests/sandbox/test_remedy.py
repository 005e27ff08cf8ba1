"""Remedies: what would help a parent is found where it was planted, and not where nothing was."""

from __future__ import annotations

import random
from functools import cache

import numpy as np
import pytest

from genomes.variation.sites import Setting
from sandbox.execute import Executor
from sandbox.market.panel import Panel
from sandbox.remedy import REMEDIES, remedied
from sandbox.screen import Screener
from tests.markets import make_panel
from tests.sandbox.screen.markets import WINDOW, terms_on, walk

PARENT = '''"""Follow the last 13 bars."""

from genomes.language import log_return, sign


def factor(m, p):
    return sign(log_return(m.close, 13))


def signal(f, m, p):
    return f
'''


def gated(seed: int, bars: int = 2400) -> Panel:
    """Follows its last 13 bars while volume is high, and is a random walk while it is low."""
    rng = np.random.default_rng(seed)
    volume = np.exp(rng.normal(0, 0.5, bars))
    log = np.zeros(bars)
    for t in range(30, bars - 1):
        moved = np.sign(log[t] - log[t - 13])
        busy = np.log(volume[t]) > np.log(volume[t - 18 : t + 1]).mean()
        log[t + 1] = log[t] + 0.01 * (0.5 * moved * busy + rng.standard_normal())
    return make_panel({"A": 100 * np.exp(log)}, volumes={"A": 1000 * volume})


PLANTED = gated(1)
WALKS = [walk(seed) for seed in range(3)]


@cache
def screener(number: int) -> Screener:
    """Of PLANTED, or of one of WALKS: each looks at its market once."""
    panel = WALKS[number] if number >= 0 else PLANTED
    return Screener(panel, terms_on(panel), max_window=WINDOW)


def help_with(operator: str, number: int, seed: int = 0):
    panel = screener(number).panel
    return remedied(
        operator,
        PARENT,
        random.Random(seed),
        Setting(fields=panel.dimensions, max_window=WINDOW),
        None,
        screener=screener(number),
        executor=Executor(panel, cache_bytes=1 << 24),
    )


def test_a_planted_gate_is_found_and_written_with_what_it_gains() -> None:
    made, looks = help_with("screened_gate", -1)
    assert made is not None
    assert "m.volume" in made.text
    assert made.operator == "screened_gate"
    assert "By the screen it gains" in made.note
    assert looks > 100


@pytest.mark.parametrize("operator", REMEDIES)
def test_nothing_helps_on_a_random_walk(operator: str) -> None:
    found = [help_with(operator, number)[0] for number in range(3)]
    assert found.count(None) >= 2


def test_the_same_seed_gives_the_same_child() -> None:
    assert help_with("screened_gate", -1, 3) == help_with("screened_gate", -1, 3)
