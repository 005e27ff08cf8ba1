"""The tuner of a run: a generation's tuning tasks, side by side, as drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from engine.operators.session import TuneSettings, Tuning
from engine.settings import Tune
from engine.state import Search
from engine.tasks import Draft, Work


class Tuner:
    """Tunes a generation's parents together; see `engine.operators.tune`."""

    def __init__(self, search: Search, settings: Tune) -> None:
        """Tune for a run.

        Args:
            search: The run: its workers, its archive, its population.
            settings: How.
        """
        self._search = search
        self._settings = TuneSettings(
            method=settings.method,
            trials=settings.trials,
            batch=settings.batch,
            prune=settings.prune,
        )

    def __call__(
        self,
        work: Sequence[Work],
        texts: Mapping[int, str],
        progress: Callable[[int, int], None],
    ) -> Iterator[tuple[int, Draft]]:
        """Tune the parents of all these tasks; without a better text a draft has none."""
        from engine.operators.tune import tune  # brings Optuna

        search = self._search
        tunings = [self._tuning(one, texts) for one in work]
        found = tune(
            tunings,
            search.pool,
            search.archive.recall,
            search.archive.remember,
            self._settings,
            progress,
        )
        for one, tuned in zip(work, found, strict=True):
            draft = Draft(text=tuned.text or "", note=tuned.note, trials=tuned.trials, own=True)
            yield one.task.slot, draft

    def _tuning(self, one: Work, texts: Mapping[int, str]) -> Tuning:
        parent, population = one.task.parents[0], self._search.population
        row = population.rows([parent])[0]
        fitness = float(population.fitness[row]) if row >= 0 else None
        return Tuning(
            candidate=one.task.candidate,
            text=texts[parent],
            fitness=fitness,
            seed=one.task.seed,
        )
