"""The split by time: fractions, dates, embargo, max_window, folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.market import MarketError, Split
from sandbox.market.split import move_split, place_split
from tests.markets import make_config

DAY = 86_400_000_000_000


def clock(n: int, start: str = "2000-01-01", step: int = DAY) -> np.ndarray:
    return pd.Timestamp(start).value + np.arange(n, dtype=np.int64) * step


def test_the_default_is_half_a_quarter_and_a_quarter_with_an_embargo():
    split = place_split(clock(1000), make_config())
    assert split == Split(
        train_start=0,
        score_from=75,  # 15 % of 500
        train_end=500,
        validation_start=520,
        validation_end=750,
        sealed_start=770,
        sealed_end=1000,
        max_window=75,
        embargo_bars=20,
    )


def test_fractions_are_rounded_and_not_cut_by_binary_fractions():
    split = place_split(
        clock(1000), make_config(split={"train": 0.7, "validation": 0.1, "sealed": 0.2})
    )
    assert (split.train_end, split.validation_end) == (700, 800)


def test_max_window_is_500_bars_at_most_unless_written():
    assert place_split(clock(20_000), make_config()).max_window == 500
    assert place_split(clock(1000), make_config(max_window=200)).score_from == 200


def test_a_span_of_max_window_becomes_bars_by_the_training_parts_bars_per_year():
    hourly = clock(10_000, step=DAY // 24)
    assert place_split(hourly, make_config(max_window="20d")).max_window == 480
    weekdays = np.array([t for t in clock(2001) if (t // DAY + 3) % 7 < 5])
    assert place_split(weekdays, make_config(max_window="364d")).max_window == 260


def test_dates_place_the_split_in_the_markets_zone():
    dates = {"train_until": "2000-07-01", "validation_until": "2000-10-01", "embargo_bars": 3}
    split = place_split(clock(366), make_config(split=dates))
    assert (split.train_end, split.validation_start, split.validation_end) == (182, 185, 274)
    zoned = make_config(split=dates, timezone="America/New_York")
    assert place_split(clock(366), zoned).train_end == 183  # July begins there at 04:00 UTC


@pytest.mark.parametrize(
    ("train", "validation", "problem"),
    [
        (
            "2030-01-01",
            "2014-01-01T12:30:00",
            "test: split.train_until (2030-01-01) lies after split.validation_until (2014-01-01 "
            "12:30:00); training ends before validation does: swap them, or move one",
        ),
        (
            "2000-07-01",
            "2000-07-01",
            "test: split.train_until (2000-07-01) is the same as split.validation_until "
            "(2000-07-01); training ends before validation does: swap them, or move one",
        ),
        (
            "2030-01-01",
            "2031-01-01",
            "test: split.train_until (2030-01-01) lies after the last bar (2000-12-31), so "
            "validation has no bars; move it back",
        ),
        (
            "1999-01-01",
            "2000-07-01",
            "test: split.train_until (1999-01-01) does not lie after the first bar (2000-01-01), "
            "so training has no bars; move it on",
        ),
    ],
)
def test_dates_that_leave_a_part_empty_are_told_as_dates(train: str, validation: str, problem: str):
    split = {"train_until": train, "validation_until": validation}
    with pytest.raises(MarketError) as caught:
        place_split(clock(366), make_config(name="test", split=split))
    assert caught.value.problems == (problem,)


def test_no_sealed_part_leaves_all_the_rest_to_validation():
    split = place_split(
        clock(101), make_config(split={"train": 0.5, "validation": 0.5, "sealed": 0})
    )
    assert (split.validation_end, split.sealed_start, split.sealed_end) == (101, 101, 101)


@given(st.integers(1, 12), st.integers(0, 400), st.integers(12, 500))
def test_folds_are_contiguous_cover_the_scored_bars_and_differ_by_one_at_most(
    n: int, score_from: int, scored: int
):
    end = score_from + scored
    split = Split(
        train_start=0,
        score_from=score_from,
        train_end=end,
        validation_start=end,
        validation_end=end + 1,
        sealed_start=end + 1,
        sealed_end=end + 1,
        max_window=score_from,
        embargo_bars=0,
    )
    edges = split.fold_edges(n)
    assert edges.dtype == np.int64
    assert (edges[0], edges[-1], len(edges)) == (score_from, end, n + 1)
    lengths = np.diff(edges)
    assert lengths.min() >= 1
    assert lengths.max() - lengths.min() <= 1


def test_more_folds_than_bars_are_refused():
    split = place_split(clock(100), make_config(max_window=40))
    with pytest.raises(ValueError, match="11 folds over 10 scored bars; needs 1 to 10"):
        split.fold_edges(11)
    assert len(split.fold_edges()) == 7


def test_too_few_bars_say_what_is_missing_and_every_part_at_once():
    with pytest.raises(MarketError) as caught:
        place_split(clock(40), make_config(max_window=19))
    training, validation = caught.value.problems
    assert "training has 20 of 40 clock bars (2000-01-01 to 2000-02-09)" in training
    assert "max_window is 19, which leaves 1 to score; needs at least 6" in training
    assert "validation has 10 of 40" in validation
    assert "the embargo takes 20" in validation


def test_a_clock_that_lost_dropped_bars_keeps_the_parts_dates():
    whole = clock(1000)
    split = place_split(whole, make_config())
    loaded = np.delete(whole[:750], [3, 499, 500, 600])
    moved = move_split(split, whole, loaded, 750)
    assert loaded[moved.train_end - 1] < whole[500] <= loaded[moved.train_end]
    assert loaded[moved.validation_start] == whole[520]
    assert moved.validation_end == len(loaded) == 746
    assert moved.sealed_end == 996
    assert moved.score_from == 75
