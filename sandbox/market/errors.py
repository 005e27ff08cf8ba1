"""What can be wrong with a market: one exception with every problem, and findings on bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


class MarketError(ValueError):
    """A market cannot be read as asked. Carries all problems found, not the first one.

    Attributes:
        problems: Sentences, each saying where, what it got, what it needs and what to do.
    """

    def __init__(self, problems: Iterable[str] | str) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One observation about a market's bars.

    Attributes:
        kind: Its name: high_below_low, stale_opens, no_delistings...
        symbol: The asset; "" where it concerns the market.
        stamps: The first few stamps concerned, ISO, UTC.
        count: How many bars (or assets, where it concerns the market).
        text: One sentence, with what to do.
        bad: Whether a bar is wrong, rather than worth knowing about.
    """

    kind: str
    symbol: str
    stamps: tuple[str, ...]
    count: int
    text: str
    bad: bool = False


def bad_bars(findings: Sequence[Finding]) -> str:
    """How many bars are bad: "1 bad bar", "5,463 bad bars"."""
    total = sum(f.count for f in findings if f.bad)
    return f"{total:,} bad bar{'' if total == 1 else 's'}"
