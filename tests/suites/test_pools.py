"""Every pool answers each question once, under its own index, with any order and workers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from genomes import strategies
from genomes.records.outcome import Crashed, Refused
from sandbox.errand import Request, Setup
from sandbox.market.panel import Panel
from sandbox.pool import InProcess, Pool, RayPool
from sandbox.remedy import REMEDIES
from sandbox.returns import Question
from tests.engine.fakes import FakePool
from tests.sandbox.panels import random_panel

pytestmark = pytest.mark.xdist_group("ray")

TEXTS = list(strategies.texts().values())[:6]
"""Enough for several batches on two workers."""


@pytest.fixture(scope="module")
def panel() -> Panel:
    return random_panel(np.random.default_rng(4), bars=600, assets=3, gaps=0.05)


def setup_of(panel: Panel) -> Setup:
    from sandbox.fills import Costs, Fills
    from sandbox.objective import Objective
    from sandbox.terms import Terms

    return Setup(
        fields=dict(panel.dimensions),
        terms=Terms(
            window=(100, 600),
            edges=tuple(int(edge) for edge in np.linspace(100, 600, 7)),
            costs=Costs(),
            fills=Fills(),
            objective=Objective(min_trades=None, min_active=None, min_return_at_double_cost=None),
        ),
        max_window=100,
        isolation="reduced",
    )


@pytest.fixture(scope="module")
def reference(panel: Panel) -> Iterator[InProcess]:
    pool = InProcess(panel, setup_of(panel))
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def on_ray(ray_cluster: None, panel: Panel) -> Iterator[RayPool]:
    pool = RayPool(panel, setup_of(panel), workers=2)
    yield pool
    pool.close()


@pytest.fixture(params=["reference", "on_ray"])
def real(request: pytest.FixtureRequest) -> Pool:
    """The pools that run strategies."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["reference", "on_ray", "fake", "fake, shuffled"])
def pool(request: pytest.FixtureRequest) -> Pool:
    if request.param.startswith("fake"):
        return FakePool(order=3 if "shuffled" in request.param else 0)  # type: ignore[return-value]
    return request.getfixturevalue(request.param)


def requests() -> list[Request]:
    given = [Request(operator=f"seed {i}", text=text) for i, text in enumerate(TEXTS)]
    made = [Request(operator="jump", seed=seed) for seed in range(6)]
    return [*given, Request(operator="seed bad", text="def factor(m, p)\n"), *made]


def graphs(pool: Pool) -> list[str]:
    drawings = dict(pool.propose(requests()))
    return [drawings[i].graph for i in sorted(drawings) if drawings[i].graph]


def test_each_question_is_answered_once_under_its_index(pool: Pool) -> None:
    asked = requests()
    drawings = list(pool.propose(asked))
    assert sorted(index for index, _ in drawings) == list(range(len(asked)))
    for index, drawing in drawings:
        if asked[index].text is not None:
            assert drawing.operator == asked[index].operator
    found = graphs(pool)
    for method in (pool.measure, pool.study):
        assert sorted(index for index, _ in method(found)) == list(range(len(found)))


def test_no_question_is_no_answer(pool: Pool) -> None:
    assert list(pool.propose([])) == []
    assert list(pool.measure([])) == []
    assert list(pool.study([])) == []


def test_the_same_question_has_the_same_answer_in_any_company(pool: Pool) -> None:
    asked = requests()
    together = dict(pool.propose(asked))
    found = graphs(pool)
    outcomes = dict(pool.measure(found))
    for index in (0, len(asked) - 1):
        assert dict(pool.propose([asked[index]])) == {0: together[index]}
    for index in (0, len(found) - 1):
        assert repr(dict(pool.measure([found[index]]))) == repr({0: outcomes[index]})


def test_a_drawing_has_a_graph_and_key_or_a_failure(pool: Pool) -> None:
    for _, drawing in pool.propose(requests()):
        assert bool(drawing.graph) == bool(drawing.key) == (drawing.failure is None)


def test_pools_that_run_strategies_agree_to_the_bit(real: Pool, reference: InProcess) -> None:
    assert dict(real.propose(requests())) == dict(reference.propose(requests()))
    found = graphs(reference)
    assert repr(sorted(real.measure(found))) == repr(sorted(reference.measure(found)))
    studies, others = dict(real.study(found)), dict(reference.study(found))
    assert [repr(studies[i]) for i in range(len(found))] == [
        repr(others[i]) for i in range(len(found))
    ]


def test_a_screen_is_the_same_in_every_pool_that_runs_strategies(
    real: Pool, reference: InProcess
) -> None:
    assert real.screen().as_dict() == reference.screen().as_dict()


def test_what_would_help_a_parent_is_the_same_in_every_pool(
    real: Pool, reference: InProcess
) -> None:
    asked = [
        Request(operator="regrow", asked=asked, parents=(text,), seed=seed)
        for asked in REMEDIES
        for seed, text in enumerate(TEXTS[:3])
    ]
    found = dict(real.propose(asked))
    assert found == dict(reference.propose(asked))
    assert all(drawing.graph for drawing in found.values())
    looked = [drawing.operator != "jump" for drawing in found.values()]  # one parent is not read
    assert looked == [drawing.looks > 0 for drawing in found.values()]
    assert sum(looked) == 4


def test_what_cannot_run_is_an_outcome_of_that_one_only(real: Pool) -> None:
    good = graphs(real)[0]
    found = dict(real.measure([good, "no graph", good]))
    assert isinstance(found[1], Crashed)
    assert not isinstance(found[0], Crashed)
    assert repr(found[0]) == repr(found[2])
    assert dict(real.study(["no graph"])) == {0: None}


def test_a_refused_text_is_a_failure_with_its_text(real: Pool) -> None:
    [(_, drawing)] = real.propose([Request(operator="user", text="def factor(m, p)\n")])
    assert isinstance(drawing.failure, Refused)
    assert drawing.text == "def factor(m, p)\n"


def test_paths_of_returns_are_the_same_in_every_pool(real: Pool, reference: InProcess) -> None:
    asked = [Question(graph=graph, delay=1, cost_factor=2.0) for graph in graphs(reference)[:3]]
    paths, others = dict(real.returns(asked)), dict(reference.returns(asked))
    assert [repr(paths[i]) for i in range(3)] == [repr(others[i]) for i in range(3)]
