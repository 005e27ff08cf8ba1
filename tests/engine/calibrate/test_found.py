"""The search comes across what was planted, because it looks before it writes."""

from __future__ import annotations

from pathlib import Path

from engine.calibrate.search import Limits
from engine.calibrate.study import Task, carry_out, row_file, row_of


def test_a_planted_edge_is_found_in_few_evaluations_and_without_looking_is_not(
    tmp_path: Path,
) -> None:
    task = Task(kind="conjunction", seed=2000, sharpe=2.0)
    found: dict[bool, float] = {}
    for looks in (True, False):
        out = tmp_path / str(looks)
        settings = ("search.population=24", f"search.screen={str(looks).lower()}")
        assert carry_out(task, out, Limits(evaluations=100, settings=settings))
        found[looks] = row_of(row_file(out, task))["efficiency"]
    assert found[True] > 0.6
    assert found[False] < 0.3
