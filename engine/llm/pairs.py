"""What symbols without a sign in them are made of: BTC and USDT of BTCUSDT. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MIN_PAIR = 6  # letters of a pair that is known by its currency alone
MIN_STEM = 3

_NAMES = (
    "USDT USDC BUSD TUSD FDUSD USD EUR GBP JPY CHF AUD CAD NZD CNY CNH HKD SGD KRW INR TRY BRL "
    "MXN ZAR SEK NOK BTC ETH BNB PERP"
)
_CURRENCIES = tuple(_NAMES.split())  # the end of a pair without a sign
_RUN = re.compile(r"[^\W_]+")

Affixes = tuple[frozenset[str], frozenset[str]]


def affixes(symbols: Sequence[str]) -> Affixes:
    """(beginnings, ends) of 3 or 4 letters that at least half of the symbols share, and two do."""
    names = [max(_RUN.findall(symbol), key=len, default="") for symbol in symbols]
    starts = Counter(name[:n] for name in names for n in (3, 4) if len(name) > n + 1)
    ends = Counter(name[-n:] for name in names for n in (3, 4) if len(name) > n + 1)
    needed = max(2, -(-len(names) // 2))

    def often(counts: Counter[str]) -> frozenset[str]:
        return frozenset(s for s, count in counts.items() if count >= needed and s.isalpha())

    return often(starts), often(ends)


def halves(run: str, shared: Affixes) -> list[str]:
    """What a run without signs is made of: the parts of each way to part it, stems first."""
    starts, ends = shared
    found: dict[str, None] = {}
    for n in (4, 3):
        if len(run) > n + 1 and run[-n:] in ends:
            found |= dict.fromkeys((run[:-n], run[-n:]))
        if len(run) > n + 1 and run[:n] in starts:
            found |= dict.fromkeys((run[n:], run[:n]))
    if len(run) >= MIN_PAIR and run.isupper():
        for each in _CURRENCIES:
            if run.endswith(each) and len(run) - len(each) >= MIN_STEM:
                found |= dict.fromkeys((run.removesuffix(each), each))
    return list(found)
