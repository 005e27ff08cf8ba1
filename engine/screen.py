"""`python -m engine.screen`: as `python -m sandbox.screen`, and its looks go into the ledger."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.market import Market
    from sandbox.screen import Screen


def main(argv: Sequence[str] | None = None) -> int:
    """Scan the market that the arguments name; returns the exit status."""
    from engine.errors import explained
    from sandbox.screen.__main__ import main as scan

    with explained("finch screen") as status:
        status.code = scan(argv, _counted)
    return status.code


def _counted(market: Market, found: Screen) -> None:
    from engine.ledger import Ledger, place_of
    from engine.ledger.counting import looked

    def complain(words: str) -> None:
        print(f"note: {words}", file=sys.stderr)

    looked(Ledger(place_of()), market, "screen", asdict(found.looks), complain)


if __name__ == "__main__":
    sys.exit(main())
