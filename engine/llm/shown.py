"""What of a run's candidates is shown to models: masked, cut, and kept by id."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from threading import RLock
from typing import TypeVar

from engine.llm.fates import fate_of, idea_of
from engine.llm.figures import figures, key_figures
from engine.llm.masking import Mask
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from genomes.records.text import one_line, paragraph
from sandbox.study import Study

SAID = 240  # characters of untrusted text on one line

T = TypeVar("T")
_ACCENTS = re.compile("`+")


class Shown:
    """What of a run's candidates is shown, masked: made once for each and kept by id."""

    def __init__(self, mask: Mask, kept: int = 4096) -> None:
        """For one run: ids mean other candidates in another.

        Args:
            mask: Hides symbols and dates.
            kept: Most texts in memory.
        """
        self.mask = mask
        self._kept: OrderedDict[tuple[object, ...], object] = OrderedDict()
        self._most = kept
        self._lock = RLock()

    def source(self, entry: Entry) -> str:
        """The strategy's text as a model sees it: edits are applied to this text."""
        return self._once(
            ("source", entry.id), lambda: paragraph(self.mask.source(entry.text)) + "\n"
        )

    def fenced(self, entry: Entry) -> str:
        """Its source in a fence of accents that nothing in it can close."""

        def made() -> str:
            source = self.source(entry)
            fence = "`" * max(3, 1 + max(map(len, _ACCENTS.findall(source)), default=0))
            return f"{fence}python\n{source}{fence}"

        return self._once(("fenced", entry.id), made)

    def figures(self, entry: Entry, study: Study | None) -> list[str]:
        """Its figures, in blocks; nothing where it has no fitness."""
        outcome = entry.outcome
        if not isinstance(outcome, Measured):
            return []
        return self._once(("figures", entry.id, study is None), lambda: figures(outcome, study))

    def about(self, entry: Entry) -> str:
        """Its idea and its key figures, in two lines."""

        def made() -> str:
            idea = one_line(self.mask.prose(idea_of(entry.text)), SAID) or "(no docstring)"
            outcome = entry.outcome
            return f"{idea}\n{key_figures(outcome)}" if isinstance(outcome, Measured) else idea

        return self._once(("about", entry.id), made)

    def tried(self, entry: Entry) -> str:
        """What was done to make it, in its author's words."""

        def made() -> str:
            said = entry.proposal.hypothesis if entry.proposal else entry.note
            return one_line(self.mask.prose(said), SAID) or self.mask.prose(entry.operator)

        return self._once(("tried", entry.id), made)

    def fate(self, entry: Entry) -> str:
        """Why it has no fitness, in one line."""
        return self._once(
            ("fate", entry.id), lambda: one_line(self.mask.prose(fate_of(entry.outcome)), SAID)
        )

    def _once(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        with self._lock:  # models' thread writes briefings while the main thread gathers material
            return self._found(key, make)

    def _found(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]  # type: ignore[return-value]
        made = self._kept[key] = make()
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return made
