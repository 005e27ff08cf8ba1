"""The screen: looks at a market's training bars before a search writes anything.

    found = screen(panel, terms, max_window=500)
    found.best.strategy                             # the text of a strategy
    Screener(panel, terms, max_window=500).help_for(weights)

`python -m sandbox.screen --market M` prints it.
"""

from __future__ import annotations

from sandbox.screen.atom import Atom
from sandbox.screen.helping import Help, Remedy
from sandbox.screen.result import Looks, Row, Screen
from sandbox.screen.scan import Screener, screen

__all__ = ["Atom", "Help", "Looks", "Remedy", "Row", "Screen", "Screener", "screen"]
