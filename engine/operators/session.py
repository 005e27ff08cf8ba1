"""One tuning session: which values of one parent's parameters are tried next, and what came of it.

The objective is the training fitness, as for everyone else: the best of n trials is in part the
luckiest of n, and more so with more trials. Every trial is therefore kept as a look at the data.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.operators.importance import importances_of
from engine.operators.space import anywhere, distribution_of, grid, readable, size_of, tunable
from engine.settings import Tune
from genomes.check import Checked, check
from genomes.language.params import Value
from genomes.records.trial import State, Trial
from genomes.variation.defaults import with_defaults

if TYPE_CHECKING:
    from optuna import Study

REPEATS = 4  # in a row: then Optuna has settled on a few values, and one is drawn at random
MOST_DRAWS = 30  # for each trial wanted, before the space counts as used up


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """A parent to tune.

    Attributes:
        candidate: Id that the tuned candidate will have.
        text: The parent's text.
        fitness: The parent's fitness; None where it has none.
        seed: Every choice comes from it.
    """

    candidate: int
    text: str
    fitness: float | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Values to be tried.

    Attributes:
        number: Its place in the session; 0 is the parent as it stands.
        values: Parameter -> value.
        text: The parent's text with them as defaults.
    """

    number: int
    values: Mapping[str, Value]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an attempt.

    Attributes:
        key: Its graph's key; empty where none was drawn.
        state: What became of it; never `duplicate`, which the session finds out itself.
        fitness: Its fitness where it was measured, else None.
    """

    key: str
    state: State
    fitness: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What a session came to.

    Attributes:
        candidate: As asked.
        text: The parent's text with the best other values as defaults; None where there is nothing
            to tune, or nothing else could be measured.
        note: One sentence: what was changed, or why nothing was.
        trials: Every attempt, in order; the first is the parent as it stands.
        importances: Parameter -> its share of what sets the best quarter of trials apart, 1 in all;
            empty where too little was measured.
    """

    candidate: int
    text: str | None
    note: str
    trials: tuple[Trial, ...]
    importances: Mapping[str, float] = field(default_factory=dict[str, float])


class Session:
    """Asks for batches of attempts and is told what became of them, in the order asked."""

    def __init__(self, tuning: Tuning, settings: Tune) -> None:
        self._tuning, self._settings = tuning, settings
        checked = check(tuning.text)
        declared = checked.params if isinstance(checked, Checked) else {}
        self._declared = {name: param.default for name, param in declared.items()}
        self._params = tunable(declared)
        self._rng = random.Random(tuning.seed)
        self._repeats = 0
        self._planned = self._plan() if self._params else []
        self._study = _study(tuning.seed, settings) if self._params else None
        self._open: dict[int, Any] = {}  # number -> Optuna's trial
        self._tried: set[tuple[Value, ...]] = set()
        self._results: dict[str, Result] = {}  # key -> what its first attempt came to
        self._told: list[Result] = []  # of a duplicate, the result of the first
        self._trials: list[Trial] = []
        self._values: list[Mapping[str, Value]] = []

    @property
    def expected(self) -> int:
        """Attempts that it will make, at most."""
        return int(min(self._space, self._settings.trials + 1)) if self._params else 0

    @property
    def _space(self) -> float:
        return math.prod(size_of(param) for param in self._params.values())

    def ask(self) -> list[Attempt]:
        """The next batch; empty when the session is over."""
        settings, first = self._settings, not self._values
        wanted = min(settings.batch + first, self.expected - len(self._values))
        batch: list[Attempt] = []
        draws = wanted * MOST_DRAWS
        while len(batch) < wanted and (self._planned or (draws and settings.method != "grid")):
            draws -= not self._planned
            values = self._draw()
            if values is not None:
                batch.append(
                    Attempt(
                        number=len(self._values),
                        values=values,
                        text=with_defaults(self._tuning.text, values),
                    )
                )
                self._values.append(values)
        return batch

    def _plan(self) -> list[dict[str, Value]]:
        """The points that are settled from the start: the parent's own, then those of a grid."""
        settings = self._settings
        own = {name: param.default for name, param in self._params.items()}
        match settings.method:
            case _ if self._space <= settings.trials + 1:
                most = settings.trials + 1
            case "grid":
                most = settings.trials
            case "grid_then_tpe":
                most = (settings.trials + 1) // 2
            case "tpe":
                most = 0
        points = grid(self._params, most) if most else []
        # In no order, so that every batch sees the whole of the space.
        self._rng.shuffle(points)
        return [own, *(point for point in points if point != own)]

    def _draw(self) -> dict[str, Value] | None:
        """The next point, planned or drawn by Optuna; None where it was tried before."""
        from optuna.trial import TrialState

        assert self._study is not None
        if not self._planned and self._repeats >= REPEATS:
            self._planned.append(anywhere(self._params, self._rng))
        if self._planned:
            self._study.enqueue_trial(self._planned.pop(0))
        space = {name: distribution_of(param) for name, param in self._params.items()}
        trial = self._study.ask(space)
        values = {name: readable(p, trial.params[name]) for name, p in self._params.items()}
        if tuple(values.values()) in self._tried:
            self._study.tell(trial, state=TrialState.FAIL)  # so that it weighs nothing
            self._repeats += 1
            return None
        self._repeats = 0
        self._tried.add(tuple(values.values()))
        self._open[len(self._values)] = trial
        return values

    def tell(self, number: int, result: Result) -> None:
        """What became of an attempt; in the order asked, or sessions would differ by chance.

        Raises:
            ValueError: Another attempt is due.
        """
        if number != len(self._trials):
            due = len(self._trials)
            raise ValueError(f"results come in order: expected attempt {due}, got {number}")
        state, fitness = result.state, result.fitness
        if result.key and result.key in self._results:
            state, fitness = "duplicate", None
            result = self._results[result.key]
        elif result.key:
            self._results[result.key] = result
        self._told.append(result)
        self._tell_study(self._open.pop(number), result)
        self._trials.append(
            Trial(
                candidate=self._tuning.candidate,
                number=number,
                values={**self._declared, **self._values[number]},
                key=result.key,
                state=state,
                fitness=fitness,
            )
        )

    def _tell_study(self, trial: Any, result: Result) -> None:
        from optuna.trial import TrialState

        assert self._study is not None
        if result.fitness is not None:
            self._study.tell(trial, result.fitness)
            return
        self._study.tell(trial, state=TrialState.PRUNED)  # as bad as can be

    def result(self) -> Tuned:
        """What it came to; ask it when a batch is empty."""
        if not self._trials:
            return self._nothing("Nothing to tune: PARAMS declares no parameter with two values.")
        tried, own = len(self._trials) - 1, self._trials[0]
        others = [t for t in self._trials[1:] if t.state == "measured"]
        best = max(others, key=lambda t: (t.fitness or 0.0, -t.number), default=None)
        if best is None or best.fitness is None:
            return self._nothing(f"No other values could be measured in {_count(tried)}.")
        before = own.fitness if own.state == "measured" else self._tuning.fitness
        moves = ", ".join(
            f"{name} {_shown(self._declared[name])} -> {_shown(value)}"
            for name, value in self._values[best.number].items()
            if value != self._declared[name]
        )
        none = "" if before is None or best.fitness > before else ", none of which beat the parent"
        fitness = [told.fitness for told in self._told]
        importances = importances_of(self._params, self._values, fitness)
        most = max(importances, key=lambda name: importances[name], default=None)
        why = f"; {most} mattered most ({importances[most]:.2f})" if most else ""
        note = f"Tuned {moves} in {_count(tried)}{none}{why}."
        return Tuned(
            candidate=self._tuning.candidate,
            text=with_defaults(self._tuning.text, self._values[best.number], change=note),
            note=note,
            trials=tuple(self._trials),
            importances=importances,
        )

    def _nothing(self, note: str) -> Tuned:
        return Tuned(
            candidate=self._tuning.candidate, text=None, note=note, trials=tuple(self._trials)
        )


def _study(seed: int, settings: Tune) -> Study:
    """An Optuna study in memory. Attempts under way repel new ones (Optuna's constant liar)."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(
        seed=seed % 2**32, n_startup_trials=max(4, settings.trials // 4)
    )
    return optuna.create_study(direction="maximize", sampler=sampler, study_name="tuning")


def _shown(value: Value) -> str:
    """A value inside a sentence; of untrusted text only what cannot end a docstring is kept."""
    return re.sub(r"[^\w .:%+-]", "?", value) if isinstance(value, str) else str(value)


def _count(trials: int) -> str:
    return f"{trials} trial{'' if trials == 1 else 's'}"
