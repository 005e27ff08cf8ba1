"""Which bars were looked at: two markets are the same data where symbols and periods overlap."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from sandbox.market import Market

ALIKE = 1.5
"""Bar sizes within this ratio are one: holidays and gaps move a median."""

Span = tuple[int, int]
"""First and last stamp, UTC nanoseconds, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """The bars of a market.

    Attributes:
        market: Its name, for people.
        symbols: Its assets.
        bar_ns: The median distance of two stamps.
        span: From its first bar to its last, the sealed ones included.
    """

    market: str
    symbols: tuple[str, ...]
    bar_ns: int
    span: Span

    @property
    def id(self) -> str:
        """A short hash."""
        return hashlib.sha256(json.dumps(self.body, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def body(self) -> dict[str, Any]:
        """As a row holds it."""
        return {
            "market": self.market,
            "symbols": list(self.symbols),
            "bar_ns": self.bar_ns,
            "span": list(self.span),
        }

    @classmethod
    def of_body(cls, body: Mapping[str, Any]) -> Data:
        """From a row."""
        first, last = body["span"]
        return cls(
            market=body["market"],
            symbols=tuple(body["symbols"]),
            bar_ns=body["bar_ns"],
            span=(first, last),
        )

    def is_same(self, other: Data) -> bool:
        """Whether both have an asset, the size of a bar and a part of time in common.

        So neither a new archive, nor one more bar, nor an asset less makes other data of it.
        """
        sizes = sorted((max(self.bar_ns, 1), max(other.bar_ns, 1)))
        return (
            sizes[1] <= ALIKE * sizes[0]
            and overlap(self.span, other.span)
            and not set(self.symbols).isdisjoint(other.symbols)
        )


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a stamp in common."""
    return one[0] <= other[1] and other[0] <= one[1]


def data_of(market: Market) -> Data:
    """What a market's bars are in the ledger, whatever part of it is loaded."""
    clock = market.panel.clock
    parts = [period for period in market.periods if period.bars]
    return Data(
        market=market.name,
        symbols=market.panel.symbols,
        bar_ns=int(np.median(np.diff(clock))) if len(clock) > 1 else 0,
        span=(parts[0].start, parts[-1].end),
    )
