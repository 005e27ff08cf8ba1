"""Finalists: the few of an archive that a gate judges, chosen on training bars and frozen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine import startup
from engine.evidence.case import Case, EvidenceError
from genomes.records.entry import Entry
from sandbox.errand import Request
from sandbox.market import Market
from sandbox.market.panel import F64
from sandbox.returns import Question, Returns
from sandbox.terms import Terms

MOST = 10
LOOKED_AT = 200
"""The fittest candidates that diverse ones are chosen from."""
UNLIKE = 0.7
"""Diverse: paths of returns correlate by less than this, in size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finalist:
    """One strategy, or the equal-weight ensemble of several.

    Attributes:
        name: For people.
        ids: Candidates of the archive.
        texts: Their sources.
    """

    name: str
    ids: tuple[int, ...]
    texts: tuple[str, ...]

    @property
    def hash(self) -> str:
        """SHA-256, hex, of its source, or of its members' hashes: what is frozen."""
        if len(self.texts) == 1:
            return source_hash(self.texts[0])
        return hashlib.sha256("\n".join(map(source_hash, self.texts)).encode()).hexdigest()

    @property
    def body(self) -> dict[str, object]:
        """As a row of the ledger holds it."""
        return {"name": self.name, "ids": list(self.ids), "hash": self.hash}


def source_hash(text: str) -> str:
    """SHA-256, hex, of a source."""
    return hashlib.sha256(text.encode()).hexdigest()


def choose(case: Case, count: int) -> list[Finalist]:
    """The champion, the fittest that are unlike it and each other, and their ensemble.

    The champion came through the search's validation; it is the fittest on training bars where
    validation was not asked.

    Args:
        case: The archive and its training bars; nothing else is looked at.
        count: Finalists, the ensemble among them; fewer where too few are diverse. One is the
            champion alone.

    Raises:
        EvidenceError: The count is out of range, or nothing has a fitness.
    """
    if not 1 <= count <= MOST:
        raise EvidenceError(
            f"--finalists {count}: needs 1 to {MOST}: each shares the level with the others, so "
            "every further one makes a discovery harder. Nothing was opened or spent"
        )
    top = case.archive.top(LOOKED_AT)
    if not top:
        raise EvidenceError(
            f"{case.place}: no strategy has a fitness, so there is nothing to judge; search longer"
        )
    champion = case.champion()
    if champion is not None:
        first = case.archive.get(champion)
        top = [first, *(one for one in top if one.id != champion)]
    diverse = _diverse(case, top)
    alone = diverse[: max(1, count - 1)]
    made = [Finalist(name=f"candidate {one.id}", ids=(one.id,), texts=(one.text,)) for one in alone]
    if count > 1 and len(diverse) > 1:
        ids = tuple(one.id for one in diverse)
        name = f"ensemble of {', '.join(map(str, ids))}"
        made.append(Finalist(name=name, ids=ids, texts=tuple(one.text for one in diverse)))
    return made


def frozen(case: Case, bodies: Sequence[Mapping[str, object]]) -> list[Finalist]:
    """Finalists as a row of the ledger froze them, with their sources from the archive.

    Raises:
        EvidenceError: The archive does not hold these sources under these ids.
    """
    made: list[Finalist] = []
    for body in bodies:
        ids = tuple(int(each) for each in body["ids"])  # type: ignore[attr-defined]
        texts = case.archive.texts(ids)
        found = Finalist(
            name=str(body["name"]), ids=ids, texts=tuple(texts.get(each, "") for each in ids)
        )
        if found.hash != body["hash"]:
            raise EvidenceError(
                f"{case.place}: {found.name} is not the source that was frozen (hash "
                f"{found.hash[:12]}, needs {str(body['hash'])[:12]}); give the archive as it was. "
                "Nothing was opened or spent"
            )
        made.append(found)
    return made


def paths(
    case: Case, market: Market, finalists: Sequence[Finalist], window: tuple[int, int]
) -> list[Returns]:
    """What finalists earned per bar of a window; an ensemble is the mean of its members.

    A member that cannot run there earns nothing.

    Args:
        case: The archive's settings.
        market: Loaded as far as the window.
        finalists: Whose sources are read again, in the jail.
        window: Clock bars, from and to (exclusive).
    """
    terms = Terms.over(market, case.config.objective, window)
    texts = list(dict.fromkeys(text for each in finalists for text in each.texts))
    pool = startup.pool(market, case.config, terms)
    try:
        drawings = dict(pool.propose([Request(operator="file", text=text) for text in texts]))
        graphs = [drawings[i].graph for i in range(len(texts))]
        answers = dict(pool.returns([Question(graph=graph) for graph in graphs if graph]))
    finally:
        pool.close()
    ran = iter(answers[i] for i in range(len(answers)))
    found = {text: next(ran) if graph else None for text, graph in zip(texts, graphs, strict=True)}
    start, stop = window
    nothing = Returns(
        stamps=market.panel.clock[start:stop],
        net=np.zeros(stop - start),
        excess=np.zeros(stop - start),
        bars_per_year=market.panel.density(start, stop),
    )
    return [_together([found[text] or nothing for text in each.texts]) for each in finalists]


def _together(members: Sequence[Returns]) -> Returns:
    first = members[0]
    if len(members) == 1:
        return first
    return Returns(
        stamps=first.stamps,
        net=np.mean([each.net for each in members], axis=0),
        excess=np.mean([each.excess for each in members], axis=0),
        bars_per_year=first.bars_per_year,
    )


def _diverse(case: Case, top: Sequence[Entry]) -> list[Entry]:
    """The champion, then each next one of positive fitness that is unlike all taken before."""
    pool = startup.pool(case.market, case.config)
    try:
        asked = [Question(graph=one.outcome.graph) for one in top]  # type: ignore[union-attr]
        answers = dict(pool.returns(asked))
    finally:
        pool.close()
    taken: list[Entry] = []
    units: list[F64] = []
    for index, one in enumerate(top):
        path = answers[index]
        unit = None if path is None else _unit(path.excess)
        if not taken:
            taken.append(one)
            units += [] if unit is None else [unit]
            continue
        if unit is None or one.outcome.fitness <= 0:  # type: ignore[union-attr]
            continue
        if all(abs(float(unit @ other)) < UNLIKE for other in units):
            taken.append(one)
            units.append(unit)
        if len(taken) == MOST:
            break
    return taken


def _unit(path: F64) -> F64 | None:
    centred = path - path.mean()
    length = float(np.sqrt((centred**2).sum()))
    return centred / length if length > 0 else None
