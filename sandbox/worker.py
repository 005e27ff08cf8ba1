"""A worker: propose, read, execute, measure. Untrusted text in, outcomes out."""

from __future__ import annotations

import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from types import TracebackType

from genomes.language.graph import Graph
from genomes.language.serial import Reader, serialise
from genomes.records.outcome import Crashed, DependsOnStart, Floored, Measured, Outcome, Refused
from genomes.records.text import quote
from genomes.variation import propose
from genomes.variation.defaults import with_defaults
from genomes.variation.sites import Setting
from sandbox.book import Targets
from sandbox.errand import Drawing, Request, Setup
from sandbox.execute import Executor, check_windows
from sandbox.idle import idle_reasons
from sandbox.jail.client import Drawn, Foreign, Jail
from sandbox.market.panel import Panel
from sandbox.measure import Measurement, measure
from sandbox.probe import Probe
from sandbox.remedy import REMEDIES, remedied
from sandbox.report import Report, report
from sandbox.returns import Question, Returns, returns
from sandbox.screen import Screen, Screener
from sandbox.study import Study, study

# Weights of a run begun later may differ by this much and no more once max_window bars have passed.
START_TOLERANCE = 1e-6


@dataclass(slots=True)
class Worker:
    """Holds the panel, a cache of computed nodes, and a jail. Close it, or use it with `with`."""

    panel: Panel
    setup: Setup
    _jail: Jail = field(init=False)
    _reader: Reader = field(init=False)
    _executor: Executor = field(init=False)
    _probe: Probe = field(init=False)
    _screener: Screener | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        setup = self.setup
        self._jail = Jail(setup.fields, wall_s=setup.draw_wall_s, isolation=setup.isolation)
        self._reader = Reader(setup.fields)
        self._executor = Executor(self.panel, cache_bytes=setup.cache_mb << 20)
        self._probe = Probe(
            self.panel,
            max_window=setup.max_window,
            costs=setup.terms.costs,
            fills=setup.terms.fills,
        )

    def prepare(self, share: int, of: int) -> None:
        """Compile one of `of` shares of the kernels, for this worker and the others."""
        from sandbox.kernels.ready import prepare

        prepare(share, of, screened=self.setup.screened)

    def propose(self, requests: Sequence[Request]) -> list[Drawing]:
        """Make and draw candidates, in order.

        A child of our own operators brings its graph, traced from the tree that was printed; every
        other text is read in the jail, and a foreign one is parsed nowhere else before that.
        """
        foreign = [str(each.text) for each in requests if each.text is not None and not each.own]
        read = iter(self._jail.read_foreign(foreign))
        made = [
            self._given(each, next(read))
            if each.text is not None and not each.own
            else self._make(each)
            for each in requests
        ]
        given = [one for one in made if one.failure is None and not one.graph]
        answers = self._jail.draw_many([one.text for one in given])
        drawn = dict(zip(map(id, given), answers, strict=True))
        return [self._drawn(one, drawn[id(one)]) if id(one) in drawn else one for one in made]

    def _given(self, request: Request, read: Foreign) -> Drawing:
        """A foreign text in its normal form with its graph, or what is against it.

        What its docstring is to say of the change is written once the jail has passed it; the text
        with that has no graph yet.
        """
        draft = Drawing(text=read.text, operator=request.operator, note="")
        if request.change and read.checked and not isinstance(read.answer, Crashed):
            try:
                return replace(draft, text=with_defaults(read.text, {}, request.change))
            except Exception as error:  # a reader that was taken over passes what it likes
                return replace(draft, failure=_crash("draw", error))
        return self._drawn(draft, read.answer)

    def _make(self, request: Request) -> Drawing:
        if request.text is not None:
            return Drawing(text=request.text, operator=request.operator, note="")
        setting = Setting(fields=self.setup.fields, max_window=self.setup.max_window)
        rng = random.Random(request.seed)
        helps = request.asked in REMEDIES
        made, looks = None, 0
        try:
            if helps:
                made, looks = remedied(
                    request.asked,
                    request.parents[0],
                    rng,
                    setting,
                    self._probe,
                    screener=self._eyes,
                    executor=self._executor,
                )
            if made is None:
                made = propose(request.operator, request.parents, rng, setting, self._probe)
        except Exception as error:
            failure = _crash("propose", error)
            acting = request.asked if helps else request.operator
            return Drawing(text="", operator=acting, note="", failure=failure)
        drawn = Drawing(text=made.text, operator=made.operator, note=made.note, looks=looks)
        return self._with_graph(drawn, made.graph, serialise(made.graph))

    def _drawn(self, draft: Drawing, answer: Drawn | Refused | Crashed) -> Drawing:
        if not isinstance(answer, Drawn):
            return replace(draft, failure=answer)
        return self._with_graph(draft, answer.graph, answer.text)

    def _with_graph(self, draft: Drawing, graph: Graph, text: str) -> Drawing:
        refusal = check_windows(graph, self.setup.max_window)
        if refusal is not None:
            return replace(draft, failure=Refused(refusals=(refusal,)))
        return replace(draft, graph=text, key=graph.key)

    def measure(self, graphs: Sequence[str]) -> list[Outcome]:
        """Execute and measure serialised graphs, in order."""
        return [self._outcome(text) for text in graphs]

    def _outcome(self, text: str) -> Outcome:
        try:
            return self._measure(text, self._reader.read(text))
        except MemoryError:
            raise
        except Exception as error:
            return _crash("measure", error)

    def _measure(self, text: str, graph: Graph) -> Outcome:
        depends = self._depends(text, graph)
        if depends is not None:
            return depends
        found = measure(self.panel, self._targets(graph), self.setup.terms, nodes=len(graph.nodes))
        if found.fitness is not None:  # warnings are read only of what has a fitness
            found = self._with_clips(graph, found)
        return _as_outcome(text, graph, found)

    def report(self, text: str) -> tuple[Outcome, Report]:
        """One serialised graph as `measure` answers it, and its books laid open.

        Raises:
            GraphError: The text is not a graph of this market.
        """
        graph = self._reader.read(text)
        books = report(self.panel, self._targets(graph), self.setup.terms, nodes=len(graph.nodes))
        found = self._with_clips(graph, books.measurement)
        if found.metrics["active"] == 0:
            idle = idle_reasons(self._executor, graph, self.setup.terms.window)
            found = replace(found, warnings=(*found.warnings, *idle))
        books = replace(books, measurement=found)
        depends = self._depends(text, graph)
        return depends or _as_outcome(text, graph, books.measurement), books

    def study(self, graphs: Sequence[str]) -> list[Study | None]:
        """What strategies did, in order, for models to explain; None where one cannot run."""
        return [self._study(text) for text in graphs]

    def _study(self, text: str) -> Study | None:
        try:
            graph = self._reader.read(text)
            return study(self.panel, self._targets(graph), self.setup.terms)
        except MemoryError:
            raise
        except Exception:  # measuring reports why; a briefing goes without
            return None

    def returns(self, questions: Sequence[Question]) -> list[Returns | None]:
        """Paths of returns under the terms asked for, in order; None where a graph cannot run."""
        return [self._returns(asked) for asked in questions]

    def _returns(self, asked: Question) -> Returns | None:
        try:
            targets = self._targets(self._reader.read(asked.graph))
        except MemoryError:
            raise
        except Exception:  # it could not have been measured either
            return None
        return returns(self.panel, targets, self.setup.terms, asked)

    def screen(self, questions: Sequence[None] = (None,)) -> list[Screen]:
        """What the market's training bars show of simple conditions; they are looked at once."""
        return [self._eyes.screen for _ in questions]

    @property
    def _eyes(self) -> Screener:
        if self._screener is None:
            self._screener = Screener(
                self.panel, self.setup.terms, max_window=self.setup.max_window
            )
        return self._screener

    def _depends(self, text: str, graph: Graph) -> DependsOnStart | None:
        difference = self._executor.depends_on_start(
            graph, max_window=self.setup.max_window, later_start=self.setup.later_start
        )
        if difference <= START_TOLERANCE:
            return None
        nodes = len(graph.nodes)
        return DependsOnStart(key=graph.key, graph=text, nodes=nodes, difference=difference)

    def _targets(self, graph: Graph) -> Targets:
        return self._executor.evaluate(graph).targets

    def _with_clips(self, graph: Graph, found: Measurement) -> Measurement:
        """With a warning where the signal had to be clipped."""
        clips = self._executor.signal_clips(graph)
        if not clips:
            return found
        warning = f"the signal left -1..1 in {clips} bars and was clipped"
        return replace(found, warnings=(warning, *found.warnings))

    def close(self) -> None:
        """End the jail."""
        self._jail.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _as_outcome(text: str, graph: Graph, found: Measurement) -> Measured | Floored:
    """A measurement as the archive keeps it."""
    key, nodes = graph.key, len(graph.nodes)
    if found.fitness is None:
        broken = found.floor
        assert broken is not None  # a measurement has one of the two
        return Floored(
            key=key,
            graph=text,
            nodes=nodes,
            floor=broken.name,
            figure=broken.figure,
            needed=broken.needed,
            metrics=found.metrics,
        )
    return Measured(
        key=key,
        graph=text,
        nodes=nodes,
        fitness=found.fitness,
        folds=found.folds,
        metrics=found.metrics,
        axes=found.axes,
        descriptor=found.descriptor,
        warnings=found.warnings,
    )


def _crash(stage: str, error: Exception) -> Crashed:
    """Our own machinery tripped over one candidate: stored, counted and shown, never a score."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{PurePath(frame.filename).name}:{frame.lineno}"
    return Crashed(stage=stage, reason=quote(f"{type(error).__name__} at {place}: {error}", 300))
