"""What the tests of variation share: a market's setting, four strategies, a draw by execution."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from genomes.language import VOCABULARY
from genomes.language.dimension import NUMBER, PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.strategy import draw
from genomes.language.words import WORDS
from genomes.variation.sites import Setting

FIELDS = {
    "open": PRICE,
    "high": PRICE,
    "low": PRICE,
    "close": PRICE,
    "volume": VOLUME,
    "weekday": NUMBER,
    "month": NUMBER,
    "days_to_month_end": NUMBER,
}

TREND = '''"""Trend by two averages: the fast mean above the slow one says who is in control."""

from genomes.language import Exits, Float, Int, ema, hold

PARAMS = {
    "fast": Int(20, low=5, high=60),
    "slow": Int(100, low=60, high=240),
    "margin": Float(0.01, low=0.0, high=0.05),  # of the slow mean
}


def factor(m, p):
    return ema(m.close, p.fast) / ema(m.close, p.slow) - 1


def signal(f, m, p):
    return hold(enter=f > p.margin, exit=f < 0)


def exits(m, p):
    return Exits(stop_loss=0.08)
'''

REVERSAL = '''"""Reversal: a stretched price snaps back, unless the market is falling."""

from genomes.language import Float, Int, normalize, sma, where, zscore

PARAMS = {
    "window": Int(20, low=5, high=60),
    "entry": Float(1.5, low=0.5, high=3.0),
}


def stretched(x, n):
    return zscore(x, n)


def factor(m, p):
    rising = m.close > sma(m.close, 100)
    # a falling market goes on falling
    return where(rising, -stretched(m.close, p.window), 0)


def signal(f, m, p):
    return (f > p.entry) & (m.volume > sma(m.volume, 50))


def size(s, m, p):
    return normalize(s)
'''

LOOPED = '''"""Momentum over several windows at once."""

from genomes.language import returns, stdev


def factor(m, p):
    total = 0
    for n in range(1, 4):
        total = total + returns(m.close, 10 * n) / stdev(returns(m.close), 10 * n)
    return total / 3


def signal(f, m, p):
    return f.clip(-1, 1)
'''

PLAIN = '''"""Range: near the top of its range a price goes on."""

from genomes.language import range_position, sma

PARAMS = {}


def factor(m, p):
    return range_position(m.close, 50) - 0.5


def signal(f, m, p):
    strong = sma(f, 5) > 0.2
    return strong
'''


@pytest.fixture
def setting() -> Setting:
    """A daily market with volume and a calendar."""
    return Setting(fields=FIELDS, max_window=250)


@pytest.fixture
def programs() -> dict[str, str]:
    """Four small strategies of different shapes."""
    return {"trend": TREND, "reversal": REVERSAL, "looped": LOOPED, "plain": PLAIN}


@pytest.fixture
def drawn() -> Callable[[str], Graph]:
    """Execute a trusted text and draw it, as a worker's jail would."""

    def run(text: str) -> Graph:
        namespace = {**VOCABULARY, **{name: WORDS[name] for name in ("abs", "min", "max")}}
        exec(compile(text, "<strategy>", "exec"), namespace)
        return draw(namespace, None, FIELDS)

    return run
