"""The oracles: for each planted kind, the strategy that knows what was planted, as a file."""

from __future__ import annotations

from pathlib import Path


def text(name: str) -> str:
    """The source of one oracle, its parameters at their defaults.

    Raises:
        OSError: There is none of that name.
    """
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
