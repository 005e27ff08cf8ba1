"""Every operator of the table: equal to its slow twin, causal, known when it says, scale-free."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.language.table import OPERATORS, Kind, Operator, Static
from sandbox.execute import Executor
from sandbox.market.panel import Panel
from tests.sandbox.kernels import twins
from tests.sandbox.kernels.panels import (
    NAMES,
    dimension_of,
    draw_fields,
    draw_panel,
    draw_statics,
    graph_of,
    make_panel,
    run,
    select,
    with_fields,
)

few = settings(max_examples=6, deadline=None, derandomize=True, database=None)
seeds = st.integers(0, 2**32 - 1)

# Equal to the twin to the bit: order, counting and logic; the rest within 1e-9.
EXACT = {
    "lag", "lag_mask", "highest", "lowest", "bars_since_highest", "bars_since_lowest", "median",
    "percent_rank", "count", "since", "streak", "hold", "cooldown", "ratchet", "crossover",
    "crossunder", "donchian_middle", "aroon", "cross_rank", "cross_median", "cross_top",
    "cross_bottom", "cross_share", "true_range", "change", "quantile",
    *twins.ELEMENTWISE,
} - {"exp", "log", "tanh"}  # fmt: skip


def masks_as_numbers(operator: Operator, panel: Panel) -> list[np.ndarray]:
    """The inputs as the twins take them: masks are 0, 1 or NaN."""
    columns: list[np.ndarray] = []
    for arg in operator.nodes:
        x = panel.fields[arg.name]
        columns.append(
            np.where(np.isnan(x), np.nan, x > 0) if arg.kind is Kind.MASK else np.array(x)
        )
    return columns


def twin_of(operator: Operator, statics: tuple[Static, ...], panel: Panel) -> np.ndarray:
    """The values by the slow twins."""
    columns = masks_as_numbers(operator, panel)
    out = np.full(panel.size, np.nan)
    name = operator.name
    if name in twins.ELEMENTWISE:
        for i in range(panel.size):
            out[i] = twins.ELEMENTWISE[name](*(float(c[i]) for c in columns), *statics)
    elif name in twins.ALONG:
        for a in range(panel.assets):
            own = slice(panel.offsets[a], panel.offsets[a + 1])
            out[own] = twins.ALONG[name](*(c[own] for c in columns), *statics)
    else:
        if name == "inverse_vol":
            vol = np.full(panel.size, np.nan)
            for a in range(panel.assets):
                own = slice(panel.offsets[a], panel.offsets[a + 1])
                vol[own] = twins.stdev(columns[1][own], *statics)
            columns, statics = [columns[0], vol], ()
        for t in range(panel.bars):
            here = panel.order[panel.order_offsets[t] : panel.order_offsets[t + 1]]
            if name == "equal_weight":
                out[here] = columns[0][here] / panel.listed[t]
            elif name == "inverse_vol":
                out[here] = twins.inverse_vol(*(c[here].tolist() for c in columns))
            else:
                out[here] = twins.ACROSS[name](*(c[here].tolist() for c in columns), *statics)
    return out


def assert_alike(got: np.ndarray, wanted: np.ndarray, exact: bool) -> None:
    np.testing.assert_array_equal(np.isnan(got), np.isnan(wanted))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(wanted))
    finite = np.isfinite(wanted)
    if exact:
        np.testing.assert_array_equal(got[finite], wanted[finite])
    elif finite.any():
        size = np.abs(wanted[finite]).max()
        np.testing.assert_allclose(got[finite], wanted[finite], rtol=1e-9, atol=1e-12 * size)


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=seeds, unknown=st.sampled_from([0.0, 0.02, 0.2]))
def test_equals_its_slow_twin(name: str, seed: int, unknown: float) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng, unknown=unknown)
    with np.errstate(all="ignore"):
        wanted = twin_of(operator, statics, panel)
    assert_alike(run(operator, statics, panel), wanted, name in EXACT)


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=seeds)
def test_later_bars_change_nothing(name: str, seed: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng, unknown=0.05)
    past = panel.bar <= rng.integers(10, 55)
    now = run(operator, statics, panel)[past]
    dropped = run(operator, statics, select(panel, past))
    other = {
        name: np.where(past, values, draw_fields(operator, panel.size, rng, unknown=0.1)[name])
        for name, values in panel.fields.items()
    }
    changed = run(operator, statics, with_fields(panel, **other))[past]
    assert now.tobytes() == dropped.tobytes()
    assert now.tobytes() == changed.tobytes()


def known_fields(operator: Operator, size: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Inputs that leave nothing unknown: positive, never twice the same, candles with a range."""
    walk = np.exp(rng.normal(0, 0.02, size).cumsum())
    fields = {
        "open": walk * 1.001, "high": walk * 1.01 + rng.random(size) / 100, "low": walk * 0.98,
        "close": walk, "volume": 100 + rng.random(size),
    }  # fmt: skip
    for arg in operator.nodes:
        fields.setdefault(
            arg.name, rng.normal(0, 1, size) if arg.kind is Kind.MASK else 1 + rng.random(size)
        )
    return {arg.name: fields[arg.name] for arg in operator.nodes}


def known_panel(operator: Operator, rng: np.random.Generator, bars: int = 70) -> Panel:
    fields = known_fields(operator, 3 * bars, rng)
    dimensions = draw_panel(operator, rng).dimensions
    return make_panel([range(bars)] * 3, fields, dimensions)


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=seeds)
def test_is_known_from_its_first_valid_bar_on_and_not_before(name: str, seed: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = known_panel(operator, rng)
    graph = graph_of(operator, statics, panel.dimensions)
    first = graph.nodes[graph.outputs["factor"]].first_valid
    for own in np.isnan(run(operator, statics, panel)).reshape(3, -1):
        assert own[:first].all()
        assert not own[first:].any()


# Which bars of the last warm_up + 1 an operator with finite memory looks at: all, unless here.
ENDS_ONLY = {"lag": 1, "lag_mask": 1, "change": 2, "returns": 2, "log_return": 2}
SKIPS_UNKNOWN = {"known", "fill", "and", "or", "where", "since"}
GIVEN_TO_ALL = {"cross_mean", "cross_median", "cross_share"}


@pytest.mark.parametrize("name", [n for n in NAMES if OPERATORS[n].memory == "finite"])
@few
@given(seed=seeds)
def test_an_unknown_value_is_forgotten_to_the_bit_with_its_window(name: str, seed: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = known_panel(operator, rng)
    named = {a.name: v for a, v in zip(operator.statics, statics, strict=True)}
    reach, place = operator.warm_up.at(named), 30
    which = operator.nodes[int(rng.integers(len(operator.nodes)))].name
    values = panel.fields[which].copy()
    values[place] = np.nan
    clean = run(operator, statics, panel)[:70]
    got = run(operator, statics, with_fields(panel, **{which: values}))[:70]
    assert got[:place].tobytes() == clean[:place].tobytes()
    assert got[place + reach + 1 :].tobytes() == clean[place + reach + 1 :].tobytes()
    hit = np.isnan(got[place : place + reach + 1])
    if name in ENDS_ONLY:
        assert hit[-1]
        assert hit[0] == (ENDS_ONLY[name] == 2)
        assert hit.sum() == ENDS_ONLY[name]
    elif name not in SKIPS_UNKNOWN | GIVEN_TO_ALL:
        # a window over lagged values does not reach the newest; one over the newest only, no older
        assert hit.any()
        assert (
            hit[0] or which in ("volume", "signal", "returns", "close") or name == "autocorrelation"
        )


WINDOWED = [
    n for n in NAMES
    if OPERATORS[n].memory == "finite" and not OPERATORS[n].cross and n not in ENDS_ONLY
    and n not in ("vol_target", "kelly")
    and any(a.kind is Kind.BARS for a in OPERATORS[n].statics)
    and any(a.kind is Kind.SERIES for a in OPERATORS[n].nodes)
]  # fmt: skip
RECURSIVE = [
    n for n in NAMES
    if OPERATORS[n].memory != "finite" and any(a.kind is Kind.SERIES for a in OPERATORS[n].nodes)
]  # fmt: skip


@pytest.mark.parametrize("name", [*WINDOWED, *RECURSIVE])
@few
@given(seed=seeds, sign=st.sampled_from([-1, 1]))
def test_an_infinite_value_counts_as_unknown(name: str, seed: int, sign: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng)
    which = str(rng.choice([a.name for a in operator.nodes if a.kind is Kind.SERIES]))
    lost = rng.random(panel.size) < 0.05
    unknown, infinite = panel.fields[which].copy(), panel.fields[which].copy()
    unknown[lost], infinite[lost] = np.nan, sign * np.inf
    wanted = run(operator, statics, with_fields(panel, **{which: unknown}))
    got = run(operator, statics, with_fields(panel, **{which: infinite}))
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("name", [n for n in NAMES if OPERATORS[n].cross])
@few
@given(seed=seeds)
def test_an_unknown_asset_is_as_good_as_absent_from_its_cross_section(name: str, seed: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = known_panel(operator, rng)
    which = operator.nodes[-1].name
    values = panel.fields[which].copy()
    values[:70] = np.nan
    unknown = run(operator, statics, with_fields(panel, **{which: values}))
    absent = run(operator, statics, select(panel, np.arange(210) >= 70))
    np.testing.assert_array_equal(unknown[70:], absent)
    if name in GIVEN_TO_ALL:
        np.testing.assert_array_equal(unknown[:70], absent[:70])
    else:
        assert np.isnan(unknown[:70]).all()


@pytest.mark.parametrize("name", [n for n in NAMES if not OPERATORS[n].cross])
@few
@given(seed=seeds)
def test_an_asset_alone_has_the_same_values(name: str, seed: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng, unknown=0.05)
    together = run(operator, statics, panel)
    owner = np.repeat(np.arange(panel.assets), np.diff(panel.offsets))
    for a in range(panel.assets):
        mine = owner == a
        alone = run(operator, statics, select(panel, mine))
        assert together[mine].tobytes() == alone.tobytes()


@pytest.mark.parametrize("name", NAMES)
@few
@given(seed=seeds)
def test_scaling_each_asset_by_powers_of_two_scales_the_result_to_the_bit(
    name: str, seed: int
) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng, unknown=0.05)
    graph = graph_of(operator, statics, panel.dimensions)
    asset = np.repeat(np.arange(panel.assets), np.diff(panel.offsets))
    price, volume = (rng.integers(-12, 13, panel.assets)[asset] for _ in range(2))

    def scale(values: np.ndarray, dimension: object) -> np.ndarray:
        return np.ldexp(values, price * dimension.price + volume * dimension.volume)  # type: ignore[attr-defined]

    scaled = {n: scale(v, panel.dimensions[n]) for n, v in panel.fields.items()}
    wanted = run(operator, statics, panel)
    dimension = graph.nodes[graph.outputs["factor"]].dimension
    got = run(operator, statics, with_fields(panel, **scaled))
    np.testing.assert_array_equal(got, scale(wanted, dimension))


@pytest.mark.parametrize("name", [n for n in NAMES if OPERATORS[n].memory == "finite"])
@few
@given(seed=seeds, start=st.integers(0, 40))
def test_finite_memory_gives_the_same_from_a_later_start(name: str, seed: int, start: int) -> None:
    operator, rng = OPERATORS[name], np.random.default_rng(seed)
    statics = draw_statics(operator, rng)
    panel = draw_panel(operator, rng, unknown=0.05)
    named = {a.name: v for a, v in zip(operator.statics, statics, strict=True)}
    graph = graph_of(operator, statics, panel.dimensions)
    executor = Executor(panel)
    full, later = executor.evaluate(graph).factor, executor.evaluate(graph, start).factor
    assert full is not None and later is not None
    settled = panel.bar >= start
    for a in range(panel.assets):
        own = np.arange(panel.offsets[a], panel.offsets[a + 1])
        settled[own[settled[own]][: operator.warm_up.at(named)]] = False
    if operator.cross:  # an asset's value then takes in others, which must have settled too
        settled &= ~np.isin(panel.bar, panel.bar[~settled])
    assert_alike(later[settled], full[settled], name in EXACT)


def test_of_equal_values_the_first_assets_are_on_top() -> None:
    operator = OPERATORS["cross_top"]
    x = {"x": np.array([2.0, 1.0, 2.0, 2.0, np.nan])}
    panel = make_panel([[0]] * 5, x, {"x": dimension_of(operator, "x")})
    np.testing.assert_array_equal(run(operator, (2,), panel), [1, 0, 1, 0, np.nan])
    np.testing.assert_array_equal(run(OPERATORS["cross_bottom"], (2,), panel), [1, 1, 0, 0, np.nan])


def test_since_is_unknown_only_where_nothing_is_known_within_its_limit() -> None:
    operator = OPERATORS["since"]
    mask = {"mask": np.array([1, -1, np.nan, np.nan, np.nan, np.nan, -1, 1, np.nan, np.nan])}
    panel = make_panel([range(10)], mask, {"mask": dimension_of(operator, "mask")})
    wanted = [np.nan, np.nan, 2, 2, np.nan, np.nan, 2, 0, 1, 2]
    np.testing.assert_array_equal(run(operator, (2,), panel), wanted)


def test_every_operator_has_a_twin() -> None:
    special = {"equal_weight", "inverse_vol"}
    assert {*twins.ELEMENTWISE, *twins.ALONG, *twins.ACROSS, *special} == set(OPERATORS)
