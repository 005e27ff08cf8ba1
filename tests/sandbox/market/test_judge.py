"""Bad bars, each kind by symbol and stamp, all at once; and remarks on what may mislead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.market import Finding, assemble
from sandbox.market.config import MarketConfig
from sandbox.market.judge import judge
from sandbox.market.remark import remarks
from sandbox.market.source import Memory
from tests.markets import make_config, make_frame


def bars(n: int = 6, symbol: str = "A", start: str = "2020-01-06", bar: str = "1D") -> pd.DataFrame:
    """Good bars: open 10, high 12, low 9, close 11."""
    return pd.DataFrame(
        {
            "time": pd.date_range(start, periods=n, freq=bar),
            "symbol": symbol,
            "open": 10.0,
            "high": 12.0,
            "low": 9.0,
            "close": 11.0,
            "volume": 100.0,
        }
    )


def judged(frame: pd.DataFrame) -> dict[str, Finding]:
    return {f.kind: f for f in judge(Memory.of_frame(frame, make_config()).bars).findings}


def test_good_bars_have_no_findings():
    assert judged(bars()) == {}


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("high_below_low", "high", 8.0),
        ("open_outside", "open", 12.5),
        ("open_outside", "open", 8.5),
        ("close_outside", "close", 12.5),
        ("close_outside", "close", 8.5),
        ("not_a_number", "close", float("nan")),
        ("not_a_number", "volume", float("nan")),
        ("not_a_number", "high", float("inf")),
        ("not_positive", "low", 0.0),
        ("not_positive", "open", -1.0),
        ("negative_volume", "volume", -1.0),
    ],
)
def test_a_bad_value_is_reported_with_kind_symbol_and_stamp(kind: str, column: str, value: float):
    frame = bars()
    frame.loc[[2, 4], column] = value
    found = judged(frame)
    assert list(found) == [kind]
    assert found[kind].symbol == "A"
    assert found[kind].stamps == ("2020-01-08", "2020-01-10")
    assert found[kind].count == 2
    assert found[kind].bad
    assert "A: 2 bars (2020-01-08, 2020-01-10)" in found[kind].text


def test_swapped_high_and_low_are_called_high_below_low_and_nothing_else():
    swapped = bars().rename(columns={"high": "low", "low": "high"})
    assert [f.text for f in judge(Memory.of_frame(swapped, make_config()).bars).findings] == [
        "A: 6 bars (2020-01-06, 2020-01-07, 2020-01-08 and 3 more): each has its high below its low"
    ]


def test_the_columns_without_a_number_are_named():
    frame = bars(8)
    frame.loc[2, "volume"] = float("nan")
    assert judged(frame)["not_a_number"].text == (
        "A: 1 bar (2020-01-08): each has no finite number in volume"
    )
    frame.loc[4, ["high", "close"]] = float("nan")
    assert judged(frame)["not_a_number"].text == (
        "A: 2 bars (2020-01-08, 2020-01-10): each has no finite number in high, close or volume"
    )
    frame["volume"] = float("nan")
    assert judged(frame)["not_a_number"].text == "A: volume is empty in all 8 bars"
    frame["close"] = float("inf")
    assert judged(frame)["not_a_number"].text == "A: close and volume are not numbers in all 8 bars"


def test_an_asset_that_is_exactly_newest_first_is_told_and_no_fault():
    frame = pd.concat([bars()[::-1], bars(symbol="B")])
    judgement = judge(Memory.of_frame(frame, make_config()).bars)
    assert [(f.kind, f.count, f.bad, f.text) for f in judgement.findings] == [
        ("newest_first", 1, False, "newest first in the file (A): sorted")
    ]
    assert not judgement.drop.any()
    many = pd.concat([bars(3, symbol=s)[::-1] for s in "ABCDE"])
    assert judged(many)["newest_first"].text == (
        "newest first in the file (A, B, C and 2 more): sorted"
    )


def test_an_asset_that_is_newest_first_but_for_one_bar_is_unsorted():
    frame = bars().iloc[[5, 4, 2, 3, 1, 0]]
    found = judged(frame)
    assert list(found) == ["unsorted"]
    assert found["unsorted"].count == 4


def test_a_repeated_stamp_is_reported_and_only_the_later_row_goes():
    frame = pd.concat([bars(), bars().iloc[[1]].assign(close=10.5)], ignore_index=True)
    judgement = judge(Memory.of_frame(frame, make_config()).bars)
    by_kind = {f.kind: f for f in judgement.findings}
    assert by_kind["duplicate"].stamps == ("2020-01-07",)
    assert by_kind["duplicate"].count == 1
    assert np.flatnonzero(judgement.drop).tolist() == [6]
    assert "symbol" not in by_kind["duplicate"].text


def test_two_assets_without_a_symbol_column_are_taken_for_what_they_are():
    frame = pd.concat([bars(), bars()], ignore_index=True).drop(columns="symbol")
    found = judged(frame)["duplicate"]
    assert found.count == 6
    assert 'symbol = "..." in the market\'s TOML' in found.text


def test_unsorted_stamps_are_reported_and_may_stay():
    frame = bars().iloc[[0, 3, 1, 2, 4, 5]]
    judgement = judge(Memory.of_frame(frame, make_config()).bars)
    assert [(f.kind, f.stamps, f.count) for f in judgement.findings] == [
        ("unsorted", ("2020-01-07",), 1)
    ]
    assert not judgement.drop.any()


def test_assets_taking_turns_in_a_file_are_not_unsorted():
    frame = pd.concat([bars(), bars(symbol="B")]).sort_values("time", kind="stable")
    assert judged(frame) == {}


def test_unreadable_stamps_and_missing_symbols_are_reported():
    frame = bars().astype({"time": str})
    frame.loc[1, "time"] = "yesterday"
    frame.loc[2, "symbol"] = ""
    found = judged(frame)
    assert found["no_stamp"].stamps == ("?",)
    assert found["no_symbol"].stamps == ("2020-01-08",)


def test_every_kind_of_every_symbol_is_found_at_once():
    a, b = bars(), bars(symbol="B")
    a.loc[0, "high"] = 8.0
    a.loc[1, "close"] = float("nan")
    b.loc[0, "high"] = 8.0
    b.loc[3, "open"] = 0.0
    findings = judge(Memory.of_frame(pd.concat([a, b]), make_config()).bars).findings
    assert sorted((f.kind, f.symbol) for f in findings) == [
        ("high_below_low", "A"),
        ("high_below_low", "B"),
        ("not_a_number", "A"),
        ("not_positive", "B"),
    ]


def test_many_bad_bars_are_counted_and_the_first_three_named():
    found = judged(bars(10).assign(open=13.0))["open_outside"]
    assert found.count == 10
    assert found.stamps == ("2020-01-06", "2020-01-07", "2020-01-08")
    assert "and 7 more" in found.text


def test_rounding_of_adjusted_prices_is_not_a_bad_bar():
    frame = bars()
    frame.loc[1, "open"] = 12.0 * (1 + 5e-7)
    frame.loc[2, "close"] = 9.0 * (1 - 5e-7)
    assert judged(frame) == {}
    frame.loc[1, "open"] = 12.0 * (1 + 3e-6)
    assert judged(frame)["open_outside"].count == 1


WALK = [100.0 + (i * 7 % 5) for i in range(30)]


def spiked(closes: list[float], **more: Any) -> list[Finding]:
    frame = make_frame({"A": closes, "B": [1.0] * len(closes)}, **more)
    return [
        f for f in judge(Memory.of_frame(frame, make_config()).bars).findings if f.kind == "spike"
    ]


@pytest.mark.parametrize("factor", [100, 0.01])
def test_a_price_that_is_far_off_for_one_bar_and_comes_back_is_warned_of(factor: float):
    closes = [*WALK[:10], WALK[10] * factor, *WALK[11:]]
    (found,) = spiked(closes, opens={"A": WALK, "B": [1.0] * 30})
    assert (found.symbol, found.stamps, found.bad) == ("A", ("2020-01-16",), False)
    assert found.text == (
        "A: 1 bar (2020-01-16): each has a price that is over 5 times off the closes before and "
        'after it; write spikes = "drop" in the market\'s TOML to leave such bars out'
    )


@pytest.mark.parametrize("field", ["highs", "lows"])
def test_a_high_or_low_alone_is_a_spike_too(field: str):
    one = [max(a, b) for a, b in zip(WALK, [WALK[0], *WALK], strict=False)]
    other = [min(a, b) for a, b in zip(WALK, [WALK[0], *WALK], strict=False)]
    sides = {"highs": one, "lows": other}
    sides[field][20] = 5000.0 if field == "highs" else 0.1
    (found,) = spiked(WALK, **{field: {"A": sides[field], "B": [1.0] * 30}})
    assert found.stamps == ("2020-01-26",)


def test_a_spike_that_the_next_bar_opens_at_takes_that_bar_along():
    (found,) = spiked([*WALK[:10], 10_000, *WALK[11:]])  # make_frame opens at the previous close
    assert found.stamps == ("2020-01-16", "2020-01-17")


@pytest.mark.parametrize(
    "closes",
    [
        [*WALK[:10], *(100 * w for w in WALK[10:])],  # a jump that stays
        [*WALK[:10], *(w / 20 for w in WALK[10:])],  # a split that nobody adjusted
        [*WALK[:29], 10_000],  # the last bar: it may stay
        [10_000, *WALK[1:]],  # the first: a listing
        [*WALK[:10], 40, *WALK[11:]],  # a crash that is bought back
        [*WALK[:10], 10_000, 9_900, *WALK[12:]],  # two bars
    ],
)
def test_what_stays_or_is_large_but_possible_is_no_spike(closes: list[float]):
    assert spiked(closes) == []


def remarked(frame: pd.DataFrame, config: MarketConfig | None = None) -> dict[str, Finding]:
    config = config or make_config()
    return {f.kind: f for f in remarks(assemble(frame, config), config)}


def weekdays(closes: Sequence[float], symbol: str = "A", **more: Any) -> pd.DataFrame:
    frame = make_frame({symbol: closes}, **more)
    return frame[frame["time"].dt.day_of_week < 5]


def test_stale_opens_advise_filling_at_the_next_close():
    walk = [10 + (i * 7 % 5) for i in range(60)]
    frame = weekdays(walk)  # make_frame opens at the previous close
    finding = remarked(frame)["stale_opens"]
    assert not finding.bad
    assert 'write fills.fill = "next_close"' in finding.text
    filled = remarked(frame, make_config(fills={"fill": "next_close"}))["stale_opens"]
    assert "fills already use the next close" in filled.text
    assert "stale_opens" not in remarked(weekdays(walk, opens={"A": [9.5] * 60}))


def test_opening_at_the_last_close_is_natural_where_trading_never_stops():
    walk = [10 + (i * 7 % 5) for i in range(60)]
    assert "stale_opens" not in remarked(make_frame({"A": walk}))


def test_a_universe_without_a_delisting_is_called_survivors():
    closes = {s: [1.0] * 40 for s in "ABC"}
    assert remarked(make_frame(closes))["no_delistings"].count == 3
    ended = make_frame(closes, skip={"B": range(20, 40)})
    assert "no_delistings" not in remarked(ended)


def test_assets_that_end_early_are_counted_and_what_becomes_of_a_position_is_said():
    closes = {s: [1.0] * 40 for s in "ABCDEFGHI"}
    found = remarked(make_frame(closes, skip={s: range(30, 40) for s in "BCDEFGH"}))["end_early"]
    assert (found.count, found.bad) == (7, False)
    assert found.text.startswith("7 of 9 assets end early, without a bar in the last 7d of")
    assert "(B, C, D, E, F and 2 more)" in found.text
    assert "closed at the last price" in found.text
    alone = remarked(make_frame({"A": [1.0] * 40, "B": [1.0] * 40}, skip={"A": range(9, 40)}))
    assert alone["end_early"].text.startswith("1 of 2 assets ends early")
    paused = make_frame(closes, skip={"B": range(10, 39), "C": range(35, 40)})
    assert "end_early" not in remarked(paused)


def test_a_hole_longer_than_stale_after_is_reported_with_its_length():
    frame = make_frame({"A": [1.0] * 300}, skip={"A": range(20, 245)})
    finding = remarked(frame)["hole"]
    assert finding.symbol == "A"
    assert "no bar for 226d after 2020-01-25" in finding.text


def test_weekday_only_assets_among_others_are_named():
    both = pd.concat([weekdays([1.0] * 30, "FX"), make_frame({"COIN": [1.0] * 30})])
    assert "1 assets never trade on Saturdays (FX)" in remarked(both)["weekday_only"].text
    assert "weekday_only" not in remarked(weekdays([1.0] * 30, "FX"))


def test_a_column_known_late_or_for_few_assets_is_reported():
    frame = make_frame(
        {"A": [1.0] * 50, "B": [1.0] * 50},
        columns={"x": {"A": [float("nan")] * 40 + [1.0] * 10}, "y": {}},
    )
    config = make_config(column={"x": {"known": "same_bar"}, "y": {}})
    found = remarked(frame, config)
    assert found["column_partial"].stamps == ("2020-02-15",)
    assert "never for 1 of 2 assets" in found["column_partial"].text
    assert "column y is unknown at every bar" in found["column_unknown"].text


def test_unsorted_stamps_are_found_where_assets_take_turns():
    frame = pd.concat([bars(3), bars(3, "B")]).sort_values("time", kind="stable")
    swapped = frame.iloc[[0, 1, 4, 3, 2, 5]]  # A's third day before its second
    findings = judge(Memory.of_frame(swapped, make_config()).bars).findings
    assert [(f.kind, f.symbol, f.stamps) for f in findings] == [("unsorted", "A", ("2020-01-07",))]
