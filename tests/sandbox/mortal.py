"""A worker that dies or hangs when a text says so, once or always."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from sandbox.errand import Drawing, Request


class Mortal:
    """Answers in capitals, or not at all."""

    def __init__(self, panel: object, setup: Path) -> None:
        self.place = setup

    def _once(self, name: str) -> bool:
        """True the first time in any process."""
        try:
            (self.place / name).touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _answer(self, text: str) -> str:
        if text == "die" or (text == "die once" and self._once("died")):
            os._exit(1)
        if text == "hang" or (text == "hang once" and self._once("hung")):
            time.sleep(60)
        return text.upper()

    def prepare(self, share: int, of: int) -> None:
        pass

    def propose(self, requests: Sequence[Request]) -> list[Drawing]:
        return [
            Drawing(text=self._answer(r.text or ""), operator=r.operator, note="") for r in requests
        ]

    def measure(self, graphs: Sequence[str]) -> list[str]:
        return [self._answer(graph) for graph in graphs]

    def study(self, graphs: Sequence[str]) -> list[str]:
        return [self._answer(graph) for graph in graphs]
