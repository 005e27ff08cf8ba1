"""What there is to tell a model: parents, relatives, inspirations and lessons, gathered by task."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from archive.population import Population
from archive.store import Archive
from engine.llm.briefing import Inspiration, Material, Shown, brief, facts
from engine.llm.conversation import Assignment
from engine.llm.goal import Goal
from engine.llm.knowledge import Knowledge
from engine.llm.masking import Mask
from genomes.prompt import Prompt, Section
from genomes.records.candidate import Task
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from sandbox.pool import Pool
from sandbox.study import Study

KEPT = 2048  # candidates and studies in memory
SIBLINGS = 16
LESSONS = 8
FAILURES = 6
REFUSALS = 4
CHOICE = 8  # members of each kind that inspirations are taken from


class Library:
    """What a run's recorded candidates have to tell; it is asked by one thread."""

    def __init__(
        self,
        *,
        archive: Archive,
        pool: Pool,
        population: Population,
        shown: Shown,
        system: str,
        goal: Goal,
        tokens: int,
    ) -> None:
        """Start with nothing recorded.

        Args:
            archive: Knows the candidates.
            pool: Studies them.
            population: The measured ones as recorded.
            shown: Masks them.
            system: The strategist's system message.
            goal: What the user wants.
            tokens: What a briefing may take.
        """
        self._archive, self._pool, self._population = archive, pool, population
        self._shown, self._system, self._goal, self._tokens = shown, system, goal, tokens
        self._knowledge = Knowledge(shown.mask.prose)
        self._entries: OrderedDict[int, Entry] = OrderedDict()
        self._studies: OrderedDict[str, Study | None] = OrderedDict()
        self._children: dict[int, deque[int]] = {}
        self._failed: deque[Entry] = deque(maxlen=FAILURES)
        self._prompts: dict[str, Prompt] = {}  # text -> as it is shown

    def observe(self, entries: Sequence[Entry]) -> None:
        """Learn from a generation that was recorded."""
        self._knowledge.tell(entries)
        for entry in entries:
            if entry.species != "strategy":
                continue
            self._keep(entry)
            for parent in entry.parents[:1]:
                self._children.setdefault(parent, deque(maxlen=SIBLINGS)).append(entry.id)
            if entry.proposal is not None and not isinstance(entry.outcome, Measured):
                self._failed.appendleft(entry)

    def assignments(self, tasks: Sequence[Task], prompts: Mapping[int, Prompt]) -> list[Assignment]:
        """What each task's model is told, in order.

        Args:
            tasks: Each with a prompt and one or two parents.
            prompts: All prompts by their ids.
        """
        best, different, recent = self._members()
        relatives = {i for task in tasks for i in self._children.get(task.parents[0], ())}
        parents = {i for task in tasks for i in task.parents}
        entries = self._fetch({*best, *different, *recent, *relatives, *parents})
        studies = self._study([entries[i] for i in sorted(parents)])
        made: list[Assignment] = []
        lessons: dict[int, list[str]] = {}  # the same parent is asked about more than once
        told: dict[int, dict[str, str]] = {}
        for task in tasks:
            parent, *others = (entries[i] for i in task.parents)
            other = others[0] if others else None
            inspiring = [
                Inspiration(why=why, entry=entries[chosen])
                for why, ids in (("best", best), ("different", different), ("recent", recent))
                if (chosen := _one(ids, task.candidate, task.parents)) is not None
            ]
            kin = self._children.get(parent.id, ())
            if parent.id not in lessons:
                lessons[parent.id] = self._knowledge.lessons(parent, LESSONS, without=set(kin))
            material = Material(
                shown=self._shown,
                parent=parent,
                study=studies.get(parent.id),
                other=other,
                other_study=studies.get(other.id) if other else None,
                siblings=[entries[i] for i in kin],
                inspirations=_distinct(inspiring),
                lessons=lessons[parent.id],
                failures=tuple(self._failed),
                refusals=self._knowledge.refusals(task.models[0], REFUSALS),
                goal=self._goal,
            )
            assert task.prompt is not None  # every model is asked with one
            if parent.id not in told:
                told[parent.id] = facts(material)
            made.append(self._assignment(task, prompts[task.prompt], material, told[parent.id]))
        return made

    def twin(self, candidate: int) -> str:
        """What the author of a duplicate is shown of the original."""
        there = self._fetch([candidate]).get(candidate)
        of = "another one of this round" if there is None else self._shown.about(there)
        return (
            "It is a duplicate: it computes the same, bar by bar, as a strategy that is already "
            f"there. That one is:\n{of}\nChange what it does."
        )

    def _assignment(
        self, task: Task, prompt: Prompt, material: Material, told: Mapping[str, str]
    ) -> Assignment:
        asked = self._prompts.get(prompt.text)
        if asked is None:
            asked = self._prompts[prompt.text] = _masked(prompt, self._shown.mask)

        def task_of(analysis: str) -> str:
            return brief(asked, replace(material, analysis=analysis), self._tokens)

        return Assignment(
            draw=task.candidate,
            parent=self._shown.source(material.parent),
            system=self._system,
            brief=task_of,
            wants_analysis="analysis" in prompt.placeholders,
            facts=told,
            mask=self._shown.mask,
        )

    def _members(self) -> tuple[list[int], list[int], list[int]]:
        """Ids of the best, of the most novel, and of the newest of the better half."""
        population = self._population
        ids, fitness = population.ids, population.fitness
        best = ids[np.argsort(-fitness, kind="stable")[:CHOICE]]
        novel = ids[np.argsort(-population.novelty, kind="stable")[:CHOICE]]
        better = ids[fitness >= population.statistics.median][-CHOICE:]
        return best.tolist(), novel.tolist(), better[::-1].tolist()

    def _study(self, entries: Iterable[Entry]) -> dict[int, Study | None]:
        """What these did, by id; looked at once for each graph."""
        keyed = [
            (entry.id, entry.outcome) for entry in entries if isinstance(entry.outcome, Measured)
        ]
        fresh = {o.key: o.graph for _, o in keyed if o.key not in self._studies}
        for index, study in self._pool.study(list(fresh.values())):
            self._studies[list(fresh)[index]] = study
        found = {number: self._studies[outcome.key] for number, outcome in keyed}
        while len(self._studies) > KEPT:
            self._studies.popitem(last=False)
        return found

    def _fetch(self, ids: Iterable[int]) -> dict[int, Entry]:
        wanted = set(ids)
        found = {i: self._entries[i] for i in wanted if i in self._entries}
        for entry in self._archive.entries(ids=wanted - found.keys()):
            found[entry.id] = entry
            self._keep(entry)
        return found

    def _keep(self, entry: Entry) -> None:
        self._entries[entry.id] = entry
        if len(self._entries) > KEPT:
            self._entries.popitem(last=False)


def _masked(prompt: Prompt, mask: Mask) -> Prompt:
    """The prompt as it is asked with: models wrote it, too, and may name a market or a year."""
    sections = tuple(
        Section(heading=mask.prose(each.heading), body=mask.prose(each.body))
        for each in prompt.sections
    )
    preamble = mask.prose(prompt.preamble)
    if (preamble, sections) == (prompt.preamble, prompt.sections):
        return prompt
    return replace(prompt, preamble=preamble, sections=sections)


def _one(ids: Sequence[int], turn: int, without: Sequence[int]) -> int | None:
    """The one whose turn it is, parents left out."""
    free = [i for i in ids if i not in without]
    return free[turn % len(free)] if free else None


def _distinct(inspirations: Sequence[Inspiration]) -> list[Inspiration]:
    seen: set[int] = set()
    return [each for each in inspirations if not (each.entry.id in seen or seen.add(each.entry.id))]
