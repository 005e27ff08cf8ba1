"""Further columns: what was known when, and what funding a bar paid."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.market import MarketError, Panel, assemble
from sandbox.market.assemble import Feed, paid_during_bars
from tests.markets import make_config, make_frame, make_panel

NAN = float("nan")


def series(values: dict[str, float], **more: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"time": pd.to_datetime(list(values)), "value": list(values.values()), **more}
    )


def joined(
    own: pd.DataFrame, *, bars: int = 4, bar: str = "1D", symbols: str = "A", **column: object
) -> Panel:
    """Bars from Monday 2020-01-06 on with a column `x` of its own frame."""
    config = make_config(column={"x": {"file": "x.csv", "from": "value", **column}})
    closes = {s: [1.0] * bars for s in symbols}
    return make_panel(closes, config=config, series={"x": own}, bar=bar)


def same(found: np.ndarray, expected: list[float]) -> None:
    np.testing.assert_array_equal(found, np.array(expected, dtype=float))


def test_a_column_of_the_same_file_is_known_one_bar_later():
    frame = make_frame({"A": [1, 1, 1], "B": [1, 1, 1]}, columns={"x": {"A": [1, 2, 3]}})
    panel = assemble(frame, make_config(column={"x": {}}))
    same(panel.fields["x"], [NAN, 1, 2, NAN, NAN, NAN])


def test_same_bar_is_known_at_the_close_of_its_bar():
    frame = make_frame({"A": [1, 1, 1]}, columns={"x": {"A": [1, NAN, 3]}})
    panel = assemble(frame, make_config(column={"x": {"known": "same_bar"}}))
    same(panel.fields["x"], [1, NAN, 3])


def test_a_span_delays_by_time_and_not_by_bars():
    panel = joined(series({"2020-01-05": 5, "2020-01-07": 7}), known="2d")
    same(panel.fields["x"], [NAN, 5, 5, 7])


def test_a_value_holds_until_the_next_is_known_and_nan_ends_it():
    own = series({"2020-01-06": 1, "2020-01-08": NAN})
    same(joined(own, bars=5, known="same_bar").fields["x"], [1, 1, NAN, NAN, NAN])


def test_next_bar_is_the_assets_own_bar_across_its_gaps():
    frame = make_frame({"A": [1] * 5}, skip={"A": [1, 2]})
    config = make_config(column={"x": {"file": "x.csv", "from": "value"}})
    own = series({"2020-01-06": 6, "2020-01-07": 7, "2020-01-09": 9})
    panel = assemble(frame, config, {"x": own})
    same(panel.fields["x"], [NAN, 6, 9])


def test_a_slower_column_waits_for_its_own_next_row():
    """A daily value stamped at the day's start may be that day's close: 4h later is too early."""
    own = series({"2020-01-06": 6, "2020-01-07": 7, "2020-01-08": 8})
    panel = joined(own, bars=14, bar="4h", known="next_bar")
    same(panel.fields["x"], [NAN] * 6 + [6] * 6 + [7] * 2)


def test_a_file_without_symbols_goes_to_all_assets_or_to_the_one_named():
    own = series({"2020-01-06": 6})
    same(joined(own, bars=2, symbols="AB", known="same_bar").fields["x"], [6, 6, 6, 6])
    one = joined(own, bars=2, symbols="AB", known="same_bar", symbol="B")
    same(one.fields["x"], [NAN, NAN, 6, 6])


def test_a_files_names_are_mapped_to_the_markets():
    own = series({"2020-01-06": 6, "2020-01-07": 7}, coin=["A", "C"])
    config = make_config(
        column={
            "x": {
                "file": "x.csv",
                "from": "value",
                "symbol_column": "coin",
                "symbol_format": "{}USDT",
                "known": "same_bar",
            }
        }
    )
    panel = make_panel({"AUSDT": [1, 1], "BUSDT": [1, 1]}, config=config, series={"x": own})
    same(panel.fields["x"], [6, 6, NAN, NAN])


def test_funding_is_paid_in_the_bar_of_its_stamp_while_the_field_is_delayed():
    own = series({"2020-01-06 00:00": 1, "2020-01-06 08:00": 2, "2020-01-07 16:00": 4})
    panel = joined(own, bars=3, symbols="AB", symbol="B", known="1d", pays_funding=True)
    assert panel.funding is not None
    assert not panel.funding.flags.writeable
    same(panel.funding, [0, 0, 0, 3, 4, 0])
    same(panel.fields["x"], [NAN, NAN, NAN, NAN, 1, 2])


def test_no_paying_column_means_no_funding():
    assert make_panel({"A": [1, 2]}).funding is None


def test_funding_across_a_gap_is_paid_by_the_bar_before_it_and_none_after_the_last_bar():
    bars = np.array([0, 10, 40])
    feed = Feed(np.array([-1, 9, 15, 39, 49, 50]), np.array([1.0, 2, 4, 8, 16, 32]))
    assert paid_during_bars(feed, bars, 10).tolist() == [2, 12, 16]


def test_a_column_whose_assets_are_none_of_the_markets_says_how_to_map_them():
    own = series({"2020-01-06": 6}, symbol=["ZUSD"])
    with pytest.raises(MarketError, match=r"none of its 1 assets \(ZUSD\.\.\.\).*symbol_format"):
        joined(own)
    with pytest.raises(MarketError, match="symbol = 'Q' is not in the market; it has A"):
        joined(series({"2020-01-06": 6}), symbol="Q")


def test_two_values_at_one_stamp_are_refused():
    own = pd.concat([series({"2020-01-06": 6})] * 2)
    with pytest.raises(MarketError, match="1 stamps have two values, the first at 2020-01-06"):
        joined(own)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(MarketError, match=r"column\.x \(x\.csv\): no column 'value'"):
        joined(series({"2020-01-06": 6}).rename(columns={"value": "other"}))
    with pytest.raises(MarketError, match=r"column\.y comes from 'z', which is not there"):
        make_panel({"A": [1, 2]}, config=make_config(column={"y": {"from": "z"}}))
    with pytest.raises(MarketError, match="pass its frame"):
        make_panel({"A": [1]}, config=make_config(column={"y": {"file": "y.csv"}}))


HOUR = 3_600_000_000_000
DELAYS = {"same_bar": 0, "6h": 6 * HOUR, "2d": 48 * HOUR}


@settings(max_examples=120, deadline=None)
@given(
    st.lists(st.integers(0, 60), min_size=1, max_size=15, unique=True).map(sorted),
    st.lists(st.integers(-10, 60), min_size=1, max_size=15, unique=True).map(sorted),
    st.sampled_from(["next_bar", "same_bar", "6h", "2d"]),
    st.data(),
)
def test_a_value_changes_nothing_at_bars_before_it_was_known(
    bars: list[int], stamps: list[int], known: str, data: st.DataObject
):
    start = pd.Timestamp("2020-01-06")
    frame = pd.DataFrame({"time": [start + pd.Timedelta(hours=2 * b) for b in bars]}).assign(
        open=1.0, high=1.0, low=1.0, close=1.0
    )
    times = [start + pd.Timedelta(hours=2 * s) for s in stamps]
    config = make_config(column={"x": {"file": "x.csv", "from": "value", "known": known}})
    values = np.arange(len(stamps), dtype=float)
    changed = data.draw(st.integers(0, len(stamps) - 1))
    other = values.copy()
    other[changed] = data.draw(st.sampled_from([-1.0, NAN]))
    one, two = (
        assemble(frame, config, {"x": pd.DataFrame({"time": times, "value": v})})
        for v in (values, other)
    )
    moved = ~np.isclose(one.fields["x"], two.fields["x"], equal_nan=True)
    stamp = times[changed].value
    at = one.clock[one.bar]
    earliest = stamp + 1 if known == "next_bar" else stamp + DELAYS[known]
    assert not moved[at < earliest].any()
    if known == "next_bar":  # nor in the first bar at or after the stamp
        first = np.flatnonzero(at >= stamp)[:1]
        own_bar = np.median(np.diff(stamps)) if len(stamps) > 1 else 0
        market_bar = np.median(np.diff(bars)) if len(bars) > 1 else 0
        if own_bar <= market_bar:
            assert not moved[first].any()


def test_a_same_file_column_of_one_asset_is_unknown_for_the_others():
    frame = make_frame({"A": [1, 1], "B": [1, 1]}, columns={"x": {"A": [1, 2], "B": [3, 4]}})
    panel = assemble(frame, make_config(column={"x": {"symbol": "B", "known": "same_bar"}}))
    same(panel.fields["x"], [NAN, NAN, 3, 4])


def test_all_paying_columns_are_paid():
    frame = make_frame({"A": [1, 1]}, columns={"x": {"A": [1, 2]}, "y": {"A": [10, NAN]}})
    columns = {"x": {"pays_funding": True}, "y": {"pays_funding": True}}
    panel = assemble(frame, make_config(column=columns))
    assert panel.funding is not None
    same(panel.funding, [11, 2])
