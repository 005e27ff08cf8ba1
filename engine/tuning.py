"""The tuner of a run: a generation's tuning tasks, side by side, as drafts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from archive.population import Population
from archive.store import Archive
from engine.operators.session import TuneSettings, Tuning
from engine.settings import Tune
from engine.tasks import Draft, Work
from sandbox.pool import Pool


class Tuner:
    """Tunes a generation's parents together; see `engine.operators.tune`."""

    def __init__(
        self, pool: Pool, archive: Archive, population: Population, settings: Tune
    ) -> None:
        """Tune for a run.

        Args:
            pool: Where trials are measured.
            archive: Where what was measured is kept, and looked for.
            population: The measured candidates as told.
            settings: How.
        """
        self._pool, self._archive, self._population = pool, archive, population
        self._settings = TuneSettings(
            method=settings.method,
            trials=settings.trials,
            batch=settings.batch,
        )

    def __call__(
        self,
        work: Sequence[Work],
        texts: Mapping[int, str],
        progress: Callable[[int, int], None],
    ) -> Iterator[tuple[int, Draft]]:
        """Tune the parents of a generation's tasks together.

        Args:
            work: The slots to tune for.
            texts: Parent -> its text.
            progress: Told how many trials are done, of how many.

        Returns:
            (slot, what was made of it); without a text where there was nothing better.
        """
        from engine.operators.tune import tune  # brings Optuna

        tunings = [self._tuning(one, texts) for one in work]
        found = tune(
            tunings,
            self._pool,
            self._archive.recall,
            self._archive.remember,
            self._settings,
            progress,
        )
        for one, tuned in zip(work, found, strict=True):
            draft = Draft(text=tuned.text or "", note=tuned.note, trials=tuned.trials, own=True)
            yield one.task.slot, draft

    def _tuning(self, one: Work, texts: Mapping[int, str]) -> Tuning:
        parent = one.task.parents[0]
        return Tuning(
            candidate=one.task.candidate,
            text=texts[parent],
            fitness=self._population.fitness_of(parent),
            seed=one.task.seed,
        )
