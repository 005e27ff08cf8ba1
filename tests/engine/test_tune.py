"""Tuning: on a pool that answers by a planted formula, and on a small market."""

from __future__ import annotations

import hashlib
import json
import logging
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.operators.importance import importances_of
from engine.operators.session import Result, Session, Tuned, Tuning
from engine.operators.space import grid, readable, size_of
from engine.operators.tune import tune
from engine.settings import Tune
from genomes.check import Checked, check
from genomes.genome import Genome
from genomes.language.params import Bool, Choice, Float, Int, Value
from genomes.records.outcome import Crashed, Floored, Measured, Outcome, Refused
from genomes.records.refusal import Refusal
from sandbox.errand import Drawing, Request, Setup
from sandbox.fills import Costs, Fills
from sandbox.objective import Objective
from sandbox.pool import InProcess
from sandbox.screen import Screen
from sandbox.terms import Terms
from tests.sandbox.panels import random_panel

Values = Mapping[str, Value]
BODY = """

def factor(m, p):
    return m.close / sma(m.close, 5) - 1


def signal(f, m, p):
    return f > 0
"""
HEAD = '"""Planted: what is tuned is known."""\n\nfrom genomes.language import sma\n\n'
WINDOW = 'PARAMS = {"window": Int(40, low=10, high=200), "entry": Float(3.5, low=1.0, high=4.0)}'
SMALL = (
    'PARAMS = {"on": Bool(True), "kind": Choice("b", options=("a", "b", "c")), '
    '"n": Int(2, low=1, high=3), "fixed": Int(5, low=5, high=5)}'
)
LOOK = Tune(trials=24, batch=6)


def strategy(params: str) -> str:
    return HEAD + params + "\n" + BODY


def planted(values: Values) -> float:
    """Best at window 90, entry 1.7; entry matters far more."""
    window, entry = float(values["window"]), float(values["entry"])
    return 2 - 0.05 * math.log(window / 90) ** 2 - (entry - 1.7) ** 2


def small(values: Values) -> float:
    return {"a": 0.0, "b": 1.0, "c": 3.0}[str(values["kind"])] + bool(values["on"]) * float(
        values["n"]
    )


def refuse_nothing(values: Values) -> bool:
    return False


class Planted:
    """Draws a text to its defaults, and measures them by a formula, in a shuffled order."""

    def __init__(
        self,
        formula: Callable[[Values], float],
        *,
        order: int = 0,
        refused: Callable[[Values], bool] = refuse_nothing,
        floored: Callable[[Values], bool] = refuse_nothing,
        crashed: Callable[[Values], bool] = refuse_nothing,
        blind: Sequence[str] = (),
        folds: int = 6,
        dies_after: int = -1,
    ) -> None:
        self.formula, self.order, self.blind, self.folds = formula, order, blind, folds
        self.refused, self.floored, self.crashed = refused, floored, crashed
        self.dies_after = dies_after
        self.rounds: list[int] = []
        self.measured: list[str] = []

    def _shuffled(self, n: int) -> list[int]:
        if not self.order:
            return list(range(n))
        return np.random.default_rng(self.order).permutation(n).tolist()

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        self.rounds.append(len(requests))
        assert all(request.own for request in requests)
        for index in self._shuffled(len(requests)):
            yield index, self.draw(requests[index].text or "")

    def draw(self, text: str) -> Drawing:
        checked = check(text)
        assert isinstance(checked, Checked), checked
        values = {name: param.default for name, param in checked.params.items()}
        made = Drawing(text=text, operator="tune", note="")
        if self.refused(values):
            refusal = Refusal(rule="window", line=0, column=0, found="long", instead="short")
            return replace(made, failure=Refused(refusals=(refusal,)))
        seen = {name: value for name, value in values.items() if name not in self.blind}
        graph = json.dumps(seen)
        return replace(made, graph=graph, key=hashlib.sha256(graph.encode()).hexdigest()[:32])

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        for index in self._shuffled(len(graphs)):
            if self.dies_after == 0:
                raise KeyboardInterrupt
            self.dies_after -= 1
            self.measured.append(graphs[index])
            yield index, self.outcome(graphs[index])

    def screen(self) -> Screen:
        raise AssertionError("tuning looks at no screen")

    def _folds(self, graph: str) -> list[float]:
        value = self.formula(json.loads(graph))
        return [value + 0.1 * math.sin(value * 50 + fold) for fold in range(self.folds)]

    def outcome(self, graph: str) -> Outcome:
        values = json.loads(graph)
        key = hashlib.sha256(graph.encode()).hexdigest()[:32]
        if self.crashed(values):
            return Crashed(stage="measure", reason="its worker died, twice")
        if self.floored(values):
            return Floored(
                key=key, graph=graph, nodes=5, floor="min_trades", figure=1, needed=30, metrics={}
            )
        return Measured(
            key=key,
            graph=graph,
            nodes=5,
            fitness=self.formula(values),
            folds=tuple(self._folds(graph)),
            metrics={},
            axes={},
            descriptor=b"",
        )

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, None]]:
        raise AssertionError("tuning studies nothing")

    def close(self) -> None: ...


class Memory:
    """What an archive remembers."""

    def __init__(self, outcomes: Iterable[Outcome] = ()) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.remember(list(outcomes))

    def recall(self, keys: Iterable[str]) -> dict[str, Outcome]:
        return {key: self.outcomes[key] for key in keys if key in self.outcomes}

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Measured | Floored):
                self.outcomes.setdefault(outcome.key, outcome)


def tuned(
    pool: Planted,
    *params: str,
    settings: Tune = LOOK,
    memory: Memory | None = None,
    fitness: float | None = None,
    seed: int = 3,
) -> list[Tuned]:
    known = memory or Memory()
    tunings = [
        Tuning(candidate=100 + i, text=strategy(one), fitness=fitness, seed=seed + i)
        for i, one in enumerate(params)
    ]
    return tune(tunings, pool, known.recall, known.remember, settings, lambda done, total: None)


def params_of(text: str | None) -> dict[str, Value]:
    assert text is not None
    checked = check(text)
    assert isinstance(checked, Checked), checked
    return {name: param.default for name, param in checked.params.items()}


ODD = {
    "ends alike": "Float(999999999.9999999, low=999999999.9999999, high=1e9, log=True)",
    "ends far apart": "Float(1.0, low=1e-100, high=1e9, log=True)",
    "a narrow range": "Float(1.0, low=1.0, high=1.0000000000000002)",
    "whole numbers": "Int(0, low=-1000000000, high=1000000000)",
    "two zeros": "Float(0.0, low=-0.0, high=0.0)",
    "mixed": """Choice(1, options=(1, 1.5, "a", 'it"s', "two\\nlines", "b\\\\"))""",
    "huge floats": "Float(-1e9, low=-1e9, high=1000000000)",
}


@pytest.mark.parametrize("method", ["grid", "tpe", "grid_then_tpe"])
def test_whatever_ranges_a_stranger_declares_the_session_comes_to_its_end(method) -> None:
    declared = [
        f'PARAMS = {{"n": {one}, "x": Float(0.5, low=0.0, high=1.0)}}' for one in ODD.values()
    ]
    settings = Tune(method=method, trials=24, batch=6)
    found = tuned(Planted(lambda values: float(values["x"])), *declared, settings=settings)
    assert [params_of(one.text)["x"] > 0.5 for one in found] == [True] * len(ODD)


# -- what it finds ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["grid", "tpe", "grid_then_tpe"])
def test_a_planted_optimum_is_approached_by_every_method(method) -> None:
    [found] = tuned(
        Planted(planted), WINDOW, settings=LOOK.model_copy(update={"method": method, "trials": 48})
    )
    own, best = planted({"window": 40, "entry": 3.5}), planted(params_of(found.text))
    assert found.trials[0].fitness == own
    assert best > 1.9 > own + 2
    assert best == max(trial.fitness or -9 for trial in found.trials if trial.state == "measured")
    assert len(found.trials) <= 49


def test_tpe_comes_closer_than_draws_at_random() -> None:
    closer = 0
    for seed in range(6):
        settings = Tune(method="tpe", trials=48, batch=4)
        [found] = tuned(Planted(planted), WINDOW, settings=settings, seed=seed)
        rng = random.Random(seed)
        points = [
            {"window": rng.randint(10, 200), "entry": rng.uniform(1, 4)} for _ in found.trials
        ]
        closer += planted(params_of(found.text)) > max(map(planted, points))
    assert closer >= 4


@pytest.mark.parametrize("method", ["grid", "tpe", "grid_then_tpe"])
def test_a_space_that_fits_is_tried_whole_each_point_once(method) -> None:
    settings = Tune(method=method, trials=17, batch=5)
    [found] = tuned(Planted(small), SMALL, settings=settings)
    tried = Counter(tuple(trial.values.values()) for trial in found.trials)
    points = {(on, k, n, 5) for on in (False, True) for k in "abc" for n in (1, 2, 3)}
    assert set(tried) == points
    assert max(tried.values()) == 1
    assert params_of(found.text) == {"on": True, "kind": "c", "n": 3, "fixed": 5}
    assert found.note.startswith("Tuned kind b -> c, n 2 -> 3 in 17 trials; kind mattered most (0.")


def test_values_drawn_again_are_not_tried_again() -> None:
    options = ", ".join(map(str, range(12)))
    params = f'PARAMS = {{"k": Choice(3, options=({options}))}}'
    settings = Tune(method="tpe", trials=10, batch=4)
    for seed in range(4):
        [found] = tuned(Planted(lambda v: float(v["k"])), params, settings=settings, seed=seed)
        tried = [trial.values["k"] for trial in found.trials]
        assert len(set(tried)) == len(tried) == 11
        assert "duplicate" not in {trial.state for trial in found.trials}


def test_the_winner_is_the_parents_text_with_other_defaults_and_says_so() -> None:
    [found] = tuned(Planted(planted), WINDOW)
    assert found.text is not None
    values = params_of(found.text)
    assert Genome(text=found.text).change == found.note
    assert Genome(text=found.text).idea == Genome(text=strategy(WINDOW)).idea
    assert f"window 40 -> {values['window']}, entry 3.5 -> {values['entry']} in" in found.note
    body = found.text.split('"""', 2)[2]
    assert body == strategy(WINDOW).split('"""', 2)[2].replace(
        "Int(40", f"Int({values['window']}"
    ).replace("Float(3.5", f"Float({values['entry']}")


def test_the_parameter_that_matters_is_named() -> None:
    settings = LOOK.model_copy(update={"trials": 40})
    [found] = tuned(Planted(planted), WINDOW, settings=settings)
    assert math.isclose(sum(found.importances.values()), 1)
    assert found.importances["entry"] > found.importances["window"]
    assert f"entry mattered most ({found.importances['entry']:.2f})." in found.note


def test_what_came_to_nothing_counts_for_importance() -> None:
    params = {"kind": Choice("a", ("a", "b")), "x": Float(0.5, 0.0, 1.0)}
    points = [{"kind": kind, "x": i / 12} for kind in "ab" for i in range(12)]
    fitness = [None if p["kind"] == "b" else float(p["x"]) / 100 for p in points]
    every_b_failed = importances_of(params, points, fitness)
    assert 0.1 < every_b_failed["kind"] < 0.5  # counted, and as bad, not as good
    assert importances_of(params, points[:12], fitness[:12])["kind"] < 0.01
    assert importances_of(params, points[:7], fitness[:7]) == {}
    assert importances_of(params, points, [1.0] * 24) == {}
    assert importances_of({"x": params["x"]}, points, fitness) == {}


def test_where_nothing_beats_the_parent_the_best_other_trial_is_the_answer_and_it_is_said() -> None:
    at_best = WINDOW.replace("Int(40", "Int(90").replace("Float(3.5", "Float(1.7")
    [found] = tuned(Planted(planted), at_best, fitness=2.0)
    others = [trial.fitness for trial in found.trials[1:] if trial.state == "measured"]
    assert planted(params_of(found.text)) == max(f for f in others if f is not None)
    assert "none of which beat the parent" in found.note


@pytest.mark.parametrize("params", ["PARAMS = {}", 'PARAMS = {"n": Int(5, low=5, high=5)}', ""])
def test_where_nothing_is_declared_there_is_nothing_to_tune(params: str) -> None:
    pool = Planted(planted)
    [found] = tuned(pool, params)
    assert (found.text, found.trials) == (None, ())
    assert found.note == "Nothing to tune: PARAMS declares no parameter with two values."
    assert pool.rounds == []


def test_no_parents_no_work() -> None:
    assert tuned(Planted(planted)) == []


# -- what becomes of trials ------------------------------------------------------------------------


def test_a_refused_trial_is_recorded_and_the_session_goes_on() -> None:
    pool = Planted(planted, refused=lambda v: float(v["window"]) > 60)
    [found] = tuned(pool, WINDOW)
    states = Counter(trial.state for trial in found.trials)
    assert states["refused"] >= 3
    assert states["measured"] >= 5
    for trial in found.trials:
        if trial.state == "refused":
            assert (trial.key, trial.fitness) == ("", None)
            assert float(trial.values["window"]) > 60
    assert float(params_of(found.text)["window"]) <= 60


def test_floored_and_crashed_trials_are_recorded_and_never_win() -> None:
    pool = Planted(
        planted,
        floored=lambda v: float(v["entry"]) < 2.0,
        crashed=lambda v: 2.0 <= float(v["entry"]) < 2.4,
    )
    [found] = tuned(pool, WINDOW)
    states = {trial.state for trial in found.trials}
    assert states == {"measured", "floored", "crashed"}
    assert float(params_of(found.text)["entry"]) >= 2.4


def test_where_nothing_can_be_measured_there_is_no_answer_but_every_trial() -> None:
    pool = Planted(planted, floored=lambda v: v != {"window": 40, "entry": 3.5})
    [found] = tuned(pool, WINDOW)
    assert found.text is None
    assert found.note == "No other values could be measured in 24 trials."
    assert [t.state for t in found.trials] == ["measured"] + ["floored"] * 24


def test_a_parameter_without_effect_makes_duplicates_that_cost_nothing_and_never_win() -> None:
    pool = Planted(lambda v: -float(v["n"]), blind=("on", "kind"))
    [found] = tuned(pool, SMALL, settings=Tune(method="grid", trials=17))
    states = Counter(trial.state for trial in found.trials)
    assert states == {"measured": 3, "duplicate": 15}
    assert len(pool.measured) == 3
    assert params_of(found.text)["n"] == 1
    own = found.trials[0].key
    assert all(trial.fitness is None for trial in found.trials if trial.state == "duplicate")
    assert any(trial.key == own for trial in found.trials[1:])


def test_every_trial_carries_its_candidate_number_and_whole_values() -> None:
    one, other = tuned(Planted(lambda v: float(v["n"])), SMALL, SMALL)
    assert [trial.number for trial in one.trials] == list(range(len(one.trials)))
    assert {trial.candidate for trial in one.trials} == {100}
    assert {trial.candidate for trial in other.trials} == {101}
    assert one.trials[0].values == {"on": True, "kind": "b", "n": 2, "fixed": 5}
    assert all(len(trial.values) == 4 for trial in one.trials)


# -- the same, whatever the circumstances ----------------------------------------------------------


@pytest.mark.parametrize("method", ["grid", "tpe", "grid_then_tpe"])
def test_the_order_of_the_pools_answers_changes_nothing(method) -> None:
    settings = LOOK.model_copy(update={"method": method})
    results = [
        tuned(Planted(planted, order=order), WINDOW, WINDOW, settings=settings)
        for order in (0, 1, 5)
    ]
    assert results[0] == results[1] == results[2]


def test_another_seed_tries_other_values() -> None:
    [one], [other] = (tuned(Planted(planted), WINDOW, seed=seed) for seed in (3, 4))
    assert one.trials[0].values == other.trials[0].values
    assert one.trials[1:] != other.trials[1:]


def test_sessions_side_by_side_are_as_each_alone() -> None:
    pool = Planted(planted, floored=lambda v: float(v["entry"]) > 3.6)
    together = tuned(pool, WINDOW, WINDOW, WINDOW)
    for i in range(3):
        [alone] = tuned(Planted(planted, floored=pool.floored), WINDOW, seed=3 + i)
        assert replace(alone, candidate=0, trials=()) == replace(
            together[i], candidate=0, trials=()
        )
        assert [replace(t, candidate=0) for t in alone.trials] == [
            replace(t, candidate=0) for t in together[i].trials
        ]
    assert max(pool.rounds) == 21  # three batches of 6, and the parents themselves


@pytest.mark.parametrize("share", [0.3, 0.7, 1.0])
def test_what_the_archive_remembers_already_changes_nothing_but_the_work(share: float) -> None:
    floored = lambda v: float(v["window"]) > 120  # noqa: E731
    pool = Planted(planted, floored=floored)
    whole = tuned(pool, WINDOW, WINDOW)
    rng = random.Random(1)
    graphs = sorted(set(pool.measured))
    known = [pool.outcome(graph) for graph in graphs if rng.random() < share]
    assert {type(outcome) for outcome in known} == {Measured, Floored}
    again = Planted(planted, floored=floored)
    assert tuned(again, WINDOW, WINDOW, memory=Memory(known)) == whole
    remembered = {outcome.graph for outcome in known if isinstance(outcome, Measured | Floored)}
    assert not remembered & set(again.measured)


@pytest.mark.parametrize("after", [0, 5, 12, 30])
def test_killed_and_started_again_it_comes_to_the_same_and_measures_nothing_twice(
    after: int,
) -> None:
    whole = tuned(Planted(planted), WINDOW, WINDOW)
    memory = Memory()
    dying = Planted(planted, dies_after=after)
    with pytest.raises(KeyboardInterrupt):
        tuned(dying, WINDOW, WINDOW, memory=memory)
    assert len(memory.outcomes) == after
    pool = Planted(planted)
    assert tuned(pool, WINDOW, WINDOW, memory=memory) == whole
    assert not set(dying.measured) & set(pool.measured)
    assert len(set(pool.measured)) == len(pool.measured)


def test_the_global_random_states_are_left_alone() -> None:
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    tuned(Planted(planted), WINDOW)
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


def test_optuna_says_nothing() -> None:
    said: list[logging.LogRecord] = []
    listener = logging.Handler()
    listener.emit = said.append  # type: ignore[method-assign]
    logging.getLogger("optuna").addHandler(listener)
    logging.getLogger("optuna").setLevel(logging.INFO)
    try:
        tuned(Planted(planted), WINDOW)
    finally:
        logging.getLogger("optuna").removeHandler(listener)
    assert said == []


def test_progress_counts_up_to_what_was_expected() -> None:
    told: list[tuple[int, int]] = []
    tunings = [Tuning(candidate=1, text=strategy(WINDOW), fitness=None, seed=1)]
    memory = Memory()
    tune(
        tunings,
        Planted(planted),
        memory.recall,
        memory.remember,
        LOOK,
        lambda done, total: told.append((done, total)),
    )
    assert told == [(7, 25), (13, 25), (19, 25), (25, 25)]


def test_a_session_takes_results_in_the_order_asked_only() -> None:
    session = Session(Tuning(candidate=1, text=strategy(WINDOW), fitness=None, seed=1), LOOK)
    assert len(session.ask()) == 7
    with pytest.raises(ValueError, match="results come in order: expected attempt 0, got 1"):
        session.tell(1, Result(key="", state="refused"))


def test_a_strangers_word_cannot_end_the_docstring() -> None:
    nasty = 'PARAMS = {"kind": Choice("a", options=("a", \'"""\\nimport os\', "c\\\\"))}'
    formula = lambda v: {"a": 0.0, "c\\": 1.0}.get(str(v["kind"]), 2.0)  # noqa: E731
    [found] = tuned(Planted(formula), nasty)
    assert params_of(found.text) == {"kind": '"""\nimport os'}
    assert found.note == "Tuned kind a -> ????import os in 2 trials."


# -- the space -------------------------------------------------------------------------------------


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(1e-6, 1e6),
    share=st.floats(0, 1),
)
def test_a_readable_float_lies_in_its_range_and_near_what_was_drawn(
    low: float, span: float, share: float
) -> None:
    high = low + span
    if not low < high:
        return
    x = min(max(low + share * (high - low), low), high)
    found = readable(Float(low, low, high), x)
    assert isinstance(found, float)
    assert low <= found <= high
    assert abs(found - x) <= max(abs(x), high - low) / 100


@pytest.mark.parametrize(
    ("param", "x", "figure"),
    [
        (Float(2.0, 1.0, 4.0), 2.36519, 2.37),
        (Float(0.02, 0.0, 0.05), 0.0123456, 0.0123),
        (Float(100.0, 100.0, 100.5), 100.123456, 100.123),
        (Float(1e-4, 1e-6, 1.0, log=True), 0.0000123456, 0.0000123),
        (Float(0.0, -1.0, 1.0), 0.00000123, 0.0),
        (Float(3, 1, 1000), 371.6, 372.0),
        (Float(1.0, 0.9995, 1.2), 0.99951, 1.0),
        (Int(5, 1, 9), 7, 7),
        (Bool(True), False, False),
        (Choice(1.2345, (1.2345, 2)), 1.2345, 1.2345),
    ],
)
def test_figures_are_written_as_a_person_would(param, x: Value, figure: Value) -> None:
    assert readable(param, x) == figure


PARAMS = st.one_of(
    st.tuples(st.integers(1, 50), st.integers(1, 400)).map(lambda t: Int(t[0], t[0], sum(t))),
    st.floats(1.0, 50.0).map(lambda x: Float(x, x, x * 9, log=x > 20)),
    st.just(Bool(False)),
    st.integers(2, 16).map(lambda n: Choice(0, tuple(range(n)))),
)


@given(st.lists(PARAMS, min_size=1, max_size=6), st.integers(1, 40))
def test_a_grid_keeps_to_its_limit_its_ranges_and_repeats_nothing(params, most: int) -> None:
    named = {f"p{i}": param for i, param in enumerate(params)}
    points = grid(named, most)
    assert 1 <= len(points) <= most
    assert len({tuple(point.values()) for point in points}) == len(points)
    assert all(named[name].accepts(value) for point in points for name, value in point.items())
    space = math.prod(size_of(param) for param in params)
    assert len(points) == min(space, most) or len(params) > 1
    assert len(points) == space or space > most


def test_a_grid_spreads_evenly_and_by_factors_where_a_range_is_wide() -> None:
    assert [p["n"] for p in grid({"n": Int(10, 0, 100)}, 5)] == [10, 30, 50, 70, 90]
    assert [p["n"] for p in grid({"n": Int(10, 1, 10_000)}, 4)] == [3, 32, 316, 3162]
    assert [p["x"] for p in grid({"x": Float(1.0, 0.0, 3.0)}, 3)] == [0.5, 1.5, 2.5]


# -- on a market -----------------------------------------------------------------------------------

TREND = '''"""Trend: above its mean a price goes on."""

from genomes.language import Float, Int, ema, hold, sma

PARAMS = {
    "window": Int(20, low=5, high=400),
    "margin": Float(0.0, low=0.0, high=0.02),
}


def factor(m, p):
    return ema(m.close, 5) / sma(m.close, p.window) - 1


def signal(f, m, p):
    return hold(enter=f > p.margin, exit=f < 0)
'''


@pytest.fixture(scope="module")
def market() -> Iterator[InProcess]:
    panel = random_panel(np.random.default_rng(4), bars=600, assets=3, gaps=0.05, early_end=True)
    edges = tuple(int(edge) for edge in np.linspace(100, 600, 7))
    free = Objective(min_trades=None, min_active=None, min_return_at_double_cost=None)
    setup = Setup(
        fields=dict(panel.dimensions),
        terms=Terms(window=(100, 600), edges=edges, costs=Costs(), fills=Fills(), objective=free),
        max_window=100,
        isolation="reduced",
    )
    pool = InProcess(panel, setup)
    yield pool
    pool.close()


def test_on_a_market_windows_beyond_it_are_refused_trials_and_the_rest_is_measured(
    market: InProcess,
) -> None:
    memory = Memory()
    settings = Tune(method="grid_then_tpe", trials=20, batch=5)
    tuning = Tuning(candidate=9, text=TREND, fitness=None, seed=1)
    arguments = (memory.recall, memory.remember, settings, lambda done, total: None)
    [found] = tune([tuning], market, *arguments)
    states = {trial.state for trial in found.trials}
    assert {"measured", "refused"} <= states
    assert all(
        (trial.state == "refused") == (float(trial.values["window"]) > 100)
        for trial in found.trials
    )
    [drawn] = dict(market.propose([Request(operator="seed", text=found.text)])).values()
    [measured] = dict(market.measure([drawn.graph])).values()
    assert isinstance(measured, Measured)
    assert measured.fitness == max(t.fitness for t in found.trials if t.state == "measured")  # type: ignore[type-var]
    assert tune([tuning], market, *arguments) == [found]  # everything is remembered by now


def test_a_text_of_our_own_skips_the_guards_against_strangers_and_not_the_checker(
    market: InProcess,
) -> None:
    own = Request(operator="tune", text=TREND, own=True)
    strange = Request(operator="tune", text=TREND)
    broken = Request(operator="tune", text=TREND.replace("Int(20", "Int(2000"), own=True)
    drawn = dict(market.propose([own, strange, broken]))
    assert drawn[0] == drawn[1]
    assert isinstance(drawn[2].failure, Refused)
