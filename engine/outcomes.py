"""Outcomes as they come: graphs are measured by the pool, and kept before anything is lost."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from genomes.records.outcome import Outcome
from sandbox.pool import Pool

REMEMBER_EVERY = 32  # results a commit: a kill loses fewer than these, and they are found again

Remember = Callable[[Sequence[Outcome]], None]


@contextmanager
def measured(
    pool: Pool, graphs: Sequence[str], remember: Remember
) -> Generator[Generator[tuple[int, Outcome]]]:
    """The outcomes of graphs, in the order they come, each with the index of its graph.

    Use it with `with`: whatever ends the block, what was measured until then is remembered.

    Args:
        pool: Measures them.
        graphs: Serialised.
        remember: Keeps outcomes at once.
    """
    unsaved: list[Outcome] = []

    def answers() -> Generator[tuple[int, Outcome]]:
        for index, outcome in pool.measure(graphs):
            unsaved.append(outcome)
            if len(unsaved) >= REMEMBER_EVERY:
                remember(list(unsaved))
                unsaved.clear()
            yield index, outcome

    try:
        yield answers()
    finally:
        if unsaved:
            remember(unsaved)
