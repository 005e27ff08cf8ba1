"""From a frame to a panel: the packed layout, the clock fields, who is listed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.language.dimension import NUMBER, PRICE, VOLUME
from sandbox.market import CLOCK_FIELDS, MarketError, assemble
from sandbox.market.panel import listed_count
from tests.markets import make_config, make_frame, make_panel

DAY = 86_400_000_000_000


def test_bars_are_packed_asset_after_asset_and_an_absent_bar_is_absent():
    panel = make_panel({"B": [1, 2, 3], "A": [4, 5, 6]}, skip={"A": [1]})
    assert panel.symbols == ("A", "B")
    assert panel.offsets.tolist() == [0, 2, 5]
    assert panel.bar.tolist() == [0, 2, 0, 1, 2]
    assert panel.fields["close"].tolist() == [4, 6, 1, 2, 3]
    assert (panel.assets, panel.bars, panel.size) == (2, 3, 5)
    assert panel.clock.tolist() == [
        pd.Timestamp(day).value for day in ("2020-01-06", "2020-01-07", "2020-01-08")
    ]


def test_cross_sections_list_each_clock_bars_positions_in_the_order_of_assets():
    panel = make_panel({"B": [1, 2, 3], "A": [4, 5, 6]}, skip={"A": [1]})
    assert panel.order.tolist() == [0, 2, 3, 1, 4]
    assert panel.order_offsets.tolist() == [0, 2, 3, 5]


def test_arrays_have_the_documented_types_and_cannot_be_written():
    panel = make_panel({"A": [4, 5, 6]}, columns={"mood": {"A": [1, 2, 3]}})
    expected = {
        "clock": np.int64,
        "offsets": np.int64,
        "bar": np.int32,
        "listed": np.int32,
        "order": np.int32,
        "order_offsets": np.int64,
    }
    for name, dtype in expected.items():
        array = getattr(panel, name)
        assert array.dtype == dtype, name
        assert not array.flags.writeable, name
    for name, array in panel.fields.items():
        assert array.dtype == np.float64, name
        assert not array.flags.writeable, name


def test_fields_have_dimensions_and_an_absent_volume_is_no_field():
    frame = make_frame({"A": [4, 5, 6]}, columns={"turnover": {"A": [1, 2, 3]}})
    config = make_config(column={"turnover": {"dimension": "price * volume", "known": "same_bar"}})
    panel = assemble(frame, config)
    assert panel.dimensions["open"] == panel.dimensions["close"] == PRICE
    assert panel.dimensions["volume"] == VOLUME
    assert panel.dimensions["turnover"] == PRICE * VOLUME
    assert all(panel.dimensions[name] == NUMBER for name in CLOCK_FIELDS)
    assert panel.fields.keys() == panel.dimensions.keys()
    assert "volume" not in assemble(frame.drop(columns="volume"), config).fields


def test_a_frame_in_any_order_and_with_other_names_gives_the_same_panel():
    frame = make_frame({"B": [1, 2, 3], "A": [4, 5, 6]}, skip={"A": [1]})
    other = frame.sample(frac=1, random_state=3).rename(
        columns={"time": "Date", "symbol": "Ticker", "open": "OPEN", "close": "Adj Close"}
    )
    one, two = assemble(frame, make_config()), assemble(other, make_config())
    assert one.symbols == two.symbols
    assert one.bar.tolist() == two.bar.tolist()
    for name in one.fields:
        assert one.fields[name].tolist() == two.fields[name].tolist(), name


def test_a_frame_without_symbols_is_one_asset_and_its_index_may_be_the_time():
    frame = make_frame({"A": [4, 5, 6]}).drop(columns="symbol").set_index("time")
    panel = assemble(frame, make_config(name="gold"))
    assert panel.symbols == ("gold",)
    assert panel.fields["close"].tolist() == [4, 5, 6]


def test_a_bar_that_comes_twice_is_refused_by_symbol_and_stamp():
    frame = make_frame({"A": [4, 5, 6]})
    with pytest.raises(MarketError, match="1 bars come twice, the first of A at 2020-01-07"):
        assemble(pd.concat([frame, frame.iloc[[1]]]), make_config())


def test_clock_fields_tell_the_time_of_each_bar():
    panel = make_panel({"A": [1.0] * 5}, start="2020-02-28 22:30", bar="45min")
    fields = panel.fields
    assert fields["hour"].tolist() == [22, 23, 0, 0, 1]
    assert fields["minute_of_day"].tolist() == [1350, 1395, 0, 45, 90]
    assert fields["weekday"].tolist() == [4, 4, 5, 5, 5]
    assert fields["month"].tolist() == [2] * 5
    assert fields["days_to_month_end"].tolist() == [1, 1, 0, 0, 0]
    assert fields["bars_from_open"].tolist() == [0, 1, 0, 1, 2]


def test_weekday_0_is_monday_and_stamps_before_1970_are_told_right():
    panel = make_panel({"A": [1.0] * 7}, start="1960-02-29")  # a Monday in a leap year
    assert panel.fields["weekday"].tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert panel.fields["days_to_month_end"].tolist()[:2] == [0, 30]
    assert panel.fields["month"].tolist()[:2] == [2, 3]


def test_sessions_and_clock_fields_follow_the_calendars_zone_and_start():
    config = make_config(calendar={"zone": "America/New_York", "session_start": "17:00:00"})
    panel = make_panel({"A": [1.0] * 6}, config=config, start="2020-01-06 20:00", bar="1h")
    assert panel.fields["hour"].tolist() == [15, 16, 17, 18, 19, 20]
    assert panel.fields["bars_from_open"].tolist() == [0, 1, 0, 1, 2, 3]


def test_each_asset_counts_its_own_bars_from_the_open():
    panel = make_panel({"A": [1.0] * 6, "B": [1.0] * 6}, bar="8h", skip={"B": [0, 4]})
    a, b = panel.offsets[1], panel.offsets[2]
    assert panel.fields["bars_from_open"][:a].tolist() == [0, 1, 2, 0, 1, 2]
    assert panel.fields["bars_from_open"][a:b].tolist() == [0, 1, 0, 1]


def test_a_clock_set_back_does_not_open_the_session_again():
    config = make_config(calendar={"zone": "Europe/Berlin", "session_start": "02:30:00"})
    panel = make_panel({"A": [1.0] * 6}, config=config, start="2020-10-25 00:00", bar="30min")
    # Wall clock: 02:00 02:30 (opens) 02:00 again, 02:30 again, 03:00 03:30
    assert panel.fields["hour"].tolist() == [2, 2, 2, 2, 3, 3]
    assert panel.fields["bars_from_open"].tolist() == [0, 0, 1, 2, 3, 4]


def test_naive_stamps_are_wall_clock_times_of_the_markets_zone():
    panel = make_panel(
        {"A": [1.0, 2.0]}, config=make_config(timezone="America/New_York"), start="2020-07-01"
    )
    assert panel.clock[0] == pd.Timestamp("2020-07-01 04:00").value
    assert panel.fields["hour"].tolist() == [0, 0]


def test_listed_counts_assets_until_stale_after_their_last_bar():
    panel = make_panel(
        {"A": [1.0] * 8, "B": [1.0] * 8},
        config=make_config(stale_after="2d"),
        skip={"B": [0, 2, 4, 5, 6, 7]},
    )
    assert panel.listed.tolist() == [1, 2, 2, 2, 2, 2, 1, 1]


def _listed_slowly(stamps: list[list[int]], clock: list[int], stale: int) -> list[int]:
    return [sum(any(0 <= t - s <= stale for s in own) for own in stamps) for t in clock]


stamp_sets = st.lists(
    st.lists(st.integers(0, 40), min_size=1, max_size=12, unique=True).map(sorted),
    min_size=1,
    max_size=4,
)


@given(stamp_sets, st.integers(1, 10))
def test_listed_equals_its_definition(stamps: list[list[int]], stale: int):
    clock = sorted({s for own in stamps for s in own})
    offsets = np.cumsum([0, *(len(own) for own in stamps)])
    bar = np.array([clock.index(s) for own in stamps for s in own], dtype=np.int32)
    got = listed_count(np.array(clock, dtype=np.int64), offsets, bar, stale)
    assert got.tolist() == _listed_slowly(stamps, clock, stale)


@settings(max_examples=40, deadline=None)
@given(stamp_sets, st.integers(0, 40))
def test_later_bars_change_no_earlier_listed_count_or_clock_field(
    stamps: list[list[int]], cut: int
):
    rows = [
        (pd.Timestamp("2020-02-25") + pd.Timedelta(hours=9 * s), f"S{a}", 1.0, 1.0, 1.0, 1.0)
        for a, own in enumerate(stamps)
        for s in own
    ]
    frame = pd.DataFrame(rows, columns=["time", "symbol", "open", "high", "low", "close"])
    early = frame[frame["time"] <= frame["time"].min() + pd.Timedelta(hours=9 * cut)]
    config = make_config(stale_after="2d")
    whole, part = assemble(frame, config), assemble(early, config)
    assert part.listed.tolist() == whole.listed[: part.bars].tolist()
    for name in CLOCK_FIELDS:
        for a, symbol in enumerate(part.symbols):
            own = part.fields[name][part.offsets[a] : part.offsets[a + 1]]
            begin = whole.offsets[whole.symbols.index(symbol)]
            assert own.tolist() == whole.fields[name][begin : begin + len(own)].tolist()


def test_bars_per_year_is_measured_from_the_stamps():
    assert make_panel({"A": [1.0] * 50}, bar="4h").bars_per_year == pytest.approx(365.25 * 6)
    weekdays = make_panel({"A": [1.0] * 29}, skip={"A": [5, 6, 12, 13, 19, 20, 26, 27]})
    assert weekdays.bars_per_year == pytest.approx(365.25 * 20 / 28)


def test_float32_prices_become_the_float64_they_equal():
    frame = make_frame({"A": [0.1, 0.2]}).astype({"close": "float32"})
    closes = assemble(frame, make_config()).fields["close"]
    assert closes.tolist() == [float(np.float32(0.1)), float(np.float32(0.2))]
