"""The knowledge base: what past outcomes teach, found by failure, family and phrase.

An SQLite full-text table in memory, filled with told candidates in order, and tallies beside it. It
is a function of the entries told and of nothing else: a resumed run tells them again. Failures are
lessons here and never parents.
"""

from __future__ import annotations

import re
import sqlite3
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from engine.llm.fates import fate_of, idea_of
from genomes.language.analysis.families import FAMILIES, families
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed, Measured, Outcome, Refused
from genomes.records.text import one_line

MAX_WORDS = 48  # of a candidate's phrases that can be found again
MAX_TERMS = 4  # of a question
MAX_MATCHES = (
    600  # candidates that the terms of one question may have together: bm25 reads them all
)
RECENT = 2_000  # where every term is commoner than that, only the newest candidates are looked at
MAX_COUNTED = 50_000  # different words that are counted; beyond, the rare ones are forgotten
SAID = 160  # characters of untrusted text in a lesson

_WORD = re.compile(r"\w{2,24}")
_ASKED = re.compile(r'"([^"]+)"|(\w+)')
_DULL_WORDS = (
    "the and of to in is it on at by or an as be for from that this with where when what which "
    "while than then its are was not no out but more most less one two all after before over "
    "under they their them has have had will would can could should may only also into up down so "
    "if how each other same strategy changed"
)
_DULL = frozenset(_DULL_WORDS.split())


@dataclass(frozen=True, slots=True)
class Lesson:
    """What became of one candidate.

    Attributes:
        candidate: Its id.
        text: In a sentence.
    """

    candidate: int
    text: str


_STYLES = (  # a strategy is called by the first of these families that it has
    "seasonality", "carry", "regression", "cross-section", "breakout", "oscillator", "short move",
    "momentum", "moving average", "volume", "volatility",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a measured candidate, a parent perhaps."""

    families: frozenset[str]
    fitness: float


@dataclass(slots=True)
class _Tally:
    """How one kind of change to one kind of strategy fared."""

    tries: int = 0
    better: int = 0
    gains: list[float] = field(default_factory=list[float])  # sorted
    failures: Counter[str] = field(default_factory=Counter[str])

    @property
    def median(self) -> float:
        """The median gain; -1 where nothing could be measured."""
        if not self.gains:
            return -1.0
        half = len(self.gains) // 2
        return (self.gains[half] + self.gains[~half]) / 2

    def __str__(self) -> str:
        parts = [f"{self.tries:,} tries"]
        if self.gains:
            parts += [f"{self.median:+.2g} median", f"{self.better:,} better than the parent"]
        if self.failures:
            reason, count = min(self.failures.items(), key=lambda held: (-held[1], held[0]))
            parts.append(f"{self.failures.total():,} without fitness (mostly {reason}, {count:,})")
        return ", ".join(parts)


class Knowledge:
    """Tell it candidates in order; ask it for lessons. Not for several threads at once."""

    def __init__(self, hide: Callable[[str], str]) -> None:
        """Begin empty.

        Args:
            hide: Masks untrusted text (`Mask.prose`), once, when it is recorded.
        """
        self._hide = hide
        self._table = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._table.execute(
            "CREATE VIRTUAL TABLE lesson USING fts5(failure, family, phrase, said UNINDEXED, "
            "tokenize = \"unicode61 tokenchars '_'\")"
        )
        self._counts: Counter[str] = Counter()
        self._measured: dict[int, _Known] = {}
        self._changes: dict[str, dict[str, _Tally]] = {}  # style -> change -> how it fared
        self._refused: dict[tuple[str | None, str], tuple[int, int, str]] = {}
        self._told = 0

    def tell(self, entries: Iterable[Entry]) -> None:
        """Take in told candidates, in the order of their ids; prompts are passed over.

        Raises:
            ValueError: A candidate was told already.
        """
        rows: list[tuple[int, str, str, str, str]] = []
        for entry in entries:
            if entry.id <= self._told:
                raise ValueError(f"candidate {entry.id} told; the last one was {self._told}")
            self._told = entry.id
            if entry.species == "strategy":
                rows.append(self._row(entry))
        self._table.execute("BEGIN")
        self._table.executemany(
            "INSERT INTO lesson(rowid, failure, family, phrase, said) VALUES (?, ?, ?, ?, ?)", rows
        )
        self._table.execute("COMMIT")

    def lessons(self, parent: Entry, limit: int, *, without: Collection[int] = ()) -> list[str]:
        """Lessons from past outcomes for changing a strategy, the most informative first.

        First what kinds of change did to strategies of its style (by the size of the median gain
        and how often it was tried), then what became of others with its words, then what is
        refused most.

        Args:
            parent: The strategy.
            limit: Most results.
            without: Ids that are told elsewhere: its own children, say.
        """
        kinds = families(_graph(parent.outcome))
        found = self._of_changes(_style(kinds))[: (limit + 1) // 2]
        refused = self._refused_most(None, max(1, limit // 4)) if limit > len(found) else []
        left = limit - len(found) - len(refused)
        if left > 0:
            words = " ".join((*sorted(kinds), self._hide(idea_of(parent.text))))
            others = self.search(words, left + len(without) + 1)
            skip = {parent.id, *without}
            found += [each.text for each in others if each.candidate not in skip][:left]
        found += [f"{text} ({count:,} times)" if count > 1 else text for count, text in refused]
        return found[:limit]

    def search(self, words: str, limit: int) -> list[Lesson]:
        """Candidates found by words in their failure, family, docstring or hypothesis.

        Args:
            words: Any words; those between double quotes are one phrase. The rarest that candidates
                have are looked for, as many as bound the work.
            limit: Most results.

        Returns:
            The best by bm25 first, ties: the earlier candidate; where all words are too common
            for that, the newest that have the two rarest.
        """
        sized = self._sized(words)
        terms: list[str] = []
        work = 0
        for size, term in sized:
            work += size
            if len(terms) == MAX_TERMS or work > MAX_MATCHES:
                break
            terms.append(f'"{term}"')
        if terms:
            asked, order, first = " OR ".join(terms), "bm25(lesson), rowid", 0
        elif sized:
            asked = " AND ".join(f'"{term}"' for _, term in sized[:2])
            order, first = "rowid DESC", self._told - RECENT
        else:
            return []
        rows = self._table.execute(
            "SELECT rowid, said FROM lesson WHERE lesson MATCH ? AND rowid > ? "
            f"ORDER BY {order} LIMIT ?",
            (asked, first, max(0, limit)),
        )
        return [Lesson(number, said) for number, said in rows]

    def refusals(self, model: str | None, limit: int) -> dict[str, int]:
        """What a model's replies were refused for most: rule with its latest example -> how often.

        Args:
            model: The model; None for any.
            limit: Most results.
        """
        return {text: count for count, text in self._refused_most(model, limit)}

    def __len__(self) -> int:
        return self._table.execute("SELECT count(*) FROM lesson").fetchone()[0]

    # -- telling -----------------------------------------------------------------------------------

    def _row(self, entry: Entry) -> tuple[int, str, str, str, str]:
        outcome = entry.outcome
        parent = self._measured.get(entry.parents[0]) if entry.parents else None
        own = families(_graph(outcome))
        kinds = own or (parent.families if parent else own)
        if isinstance(outcome, Measured):
            self._measured[entry.id] = _Known(own, outcome.fitness)
        if isinstance(outcome, Refused) and outcome.refusals:
            self._refuse(entry, outcome)
        if parent is not None:
            self._try(parent, own, entry)
        said = self._hide(entry.proposal.hypothesis if entry.proposal else entry.note)
        words = f"{self._hide(idea_of(entry.text))} {said}"
        phrase = " ".join(_WORD.findall(words.lower())[:MAX_WORDS])
        failure = f"{outcome.kind} {entry.standing} {outcome.cause}"
        self._count(f"{failure} {' '.join(kinds)} {phrase}")
        return entry.id, failure, " ".join(sorted(kinds)), phrase, self._said(entry, said, parent)

    def _said(self, entry: Entry, said: str, parent: _Known | None) -> str:
        """The candidate in a sentence: what was done, and what became of it."""
        idea = one_line(said, SAID) or entry.operator
        match entry.outcome:
            case Measured(fitness=fitness) if parent is not None:
                end = f"{fitness - parent.fitness:+.2g} against its parent"
            case Measured(fitness=fitness):
                end = f"fitness {fitness:.2g}"
            case _:
                end = one_line(self._hide(fate_of(entry.outcome)), SAID)
        return f"{idea}: {end}"

    def _refuse(self, entry: Entry, outcome: Refused) -> None:
        first = outcome.refusals[0]
        found, instead = (
            one_line(self._hide(words), SAID) for words in (first.found, first.instead)
        )
        text = f"refused: {first.rule} ({found}): {instead}"
        for model in dict.fromkeys((None, entry.model)):
            count = self._refused.get((model, first.rule), (0, 0, ""))[0]
            self._refused[model, first.rule] = (count + 1, entry.id, text)

    def _try(self, parent: _Known, own: frozenset[str], entry: Entry) -> None:
        if not own:
            return  # what it would have changed is not known
        changes = self._changes.setdefault(_style(parent.families), {})
        tally = changes.setdefault(_change(parent.families, own, entry), _Tally())
        tally.tries += 1
        if isinstance(entry.outcome, Measured):
            gain = entry.outcome.fitness - parent.fitness
            insort(tally.gains, gain)
            tally.better += gain > 0
        else:
            crashed = isinstance(entry.outcome, Crashed)  # its cause is a stage of our machinery
            why = "" if crashed else entry.outcome.cause
            tally.failures[why or entry.outcome.kind] += 1

    def _count(self, words: str) -> None:
        self._counts.update(set(_WORD.findall(words.lower())))
        if len(self._counts) > MAX_COUNTED:
            self._counts = Counter({w: n for w, n in self._counts.items() if n > 1})

    # -- answering ---------------------------------------------------------------------------------

    def _sized(self, words: str) -> list[tuple[int, str]]:
        """Words and phrases that candidates have, with how many at most have them; rarest first."""
        sized: dict[str, int] = {}
        for phrase, word in _ASKED.findall(words.lower()):
            if word in _DULL:
                continue
            parts = _WORD.findall(phrase or word)
            counts = [self._counts.get(part, 0) for part in parts]
            if parts and min(counts) > 0:
                sized[" ".join(parts)] = sum(counts)
        return sorted((size, term) for term, size in sized.items())

    def _of_changes(self, style: str) -> list[str]:
        """What changes did to strategies of a style, the clearest first; two tries at least."""
        said: list[tuple[float, str]] = []
        for change, tally in self._changes.get(style, {}).items():
            if tally.tries > 1:
                weight = abs(tally.median) * tally.tries**0.5
                said.append((-weight, f"in {style} strategies, {change}: {tally}"))
        return [text for _, text in sorted(said)]

    def _refused_most(self, model: str | None, limit: int) -> list[tuple[int, str]]:
        own = [held for (who, _), held in self._refused.items() if who == model]
        most = sorted(own, key=lambda held: (-held[0], held[1]))
        return [(count, text) for count, _, text in most[:limit]]


def _graph(outcome: Outcome) -> str:
    return getattr(outcome, "graph", "")


def _style(kinds: frozenset[str]) -> str:
    return next((name for name in _STYLES if name in kinds), "other")


def _change(before: frozenset[str], after: frozenset[str], entry: Entry) -> str:
    """What kind of change it was, coarse enough to be tried more than once."""
    added = [name for name in FAMILIES if name in after - before]
    gone = [name for name in FAMILIES if name in before - after]
    if len(added) + len(gone) > 2:
        return "changing most of it"
    if added and gone:
        return f"{added[0]} in place of {gone[0]}"
    if added:
        return f"adding {' and '.join(added)}"
    if gone:
        return f"removing {' and '.join(gone)}"
    return f"{entry.operator} within the same families"
