"""Combinatorial purged splits and their paths."""

from __future__ import annotations

import math

import numpy as np
import pytest

from engine.statistics import splits as cpcv
from engine.statistics.samples import SampleError


def test_six_groups_by_two_are_15_splits_and_5_paths() -> None:
    found = cpcv.splits(600, groups=6, tests=2, purge=5, embargo=10)
    assert len(found) == 15
    assert cpcv.paths(6, 2).shape == (5, 6)
    assert found[0].train[0] == 215
    assert found[0].test.tolist() == list(range(200))


@pytest.mark.parametrize(("groups", "tests"), [(6, 2), (6, 1), (8, 3), (10, 2), (5, 4)])
def test_counts_are_binomial(groups: int, tests: int) -> None:
    number = math.comb(groups, tests)
    assert len(cpcv.splits(100, groups=groups, tests=tests)) == number
    assert cpcv.paths(groups, tests).shape == (tests * number // groups, groups)


def test_no_bar_is_trained_and_tested_nor_near_a_tested_piece() -> None:
    for split in cpcv.splits(613, purge=5, embargo=10):
        tested = set(split.test.tolist())
        for bar in split.train.tolist():
            assert tested.isdisjoint(range(bar - 15, bar + 6))
    # A bar between: purged before a piece, purged and embargoed after.
    middle = cpcv.splits(600, purge=5, embargo=10)[9]
    assert middle.test.tolist() == list(range(200, 400))
    assert middle.train.tolist() == [*range(195), *range(415, 600)]


def test_each_tested_group_of_each_split_lies_on_one_path() -> None:
    paths = cpcv.paths(7, 3)
    pairs = {(int(split), group) for path in paths for group, split in enumerate(path)}
    assert len(pairs) == paths.size == math.comb(7, 3) * 3
    found = cpcv.splits(70, groups=7, tests=3)
    for split, group in pairs:
        assert group * 10 in found[split].test


def test_quartiles_are_over_whole_paths() -> None:
    rng = np.random.default_rng(0)
    tested = np.full((15, 602), np.nan)
    for row, split in zip(tested, cpcv.splits(602), strict=True):
        row[split.test] = rng.standard_normal(split.test.size) + 0.05
    found = cpcv.path_quartiles(tested)
    assert found.sharpes.shape == (5,)
    path = cpcv.paths()[3]
    edges = [0, 101, 202, 302, 402, 502, 602]
    joined = np.concatenate([tested[path[g], edges[g] : edges[g + 1]] for g in range(6)])
    assert found.sharpes[3] == pytest.approx(joined.mean() / joined.std(ddof=1))
    assert found.low <= found.median <= found.high
    assert found.median == sorted(found.sharpes)[2]


def test_one_strategy_for_all_splits_has_one_path() -> None:
    returns = np.random.default_rng(1).standard_normal(600)
    found = cpcv.path_quartiles(np.tile(returns, (15, 1)))
    assert found.low == pytest.approx(found.high)


def test_bad_numbers_say_what_is_needed() -> None:
    with pytest.raises(SampleError, match="groups 6, tests 6: needs 1 <= tests < groups <= 20"):
        cpcv.splits(600, tests=6)
    with pytest.raises(SampleError, match="bars: got 5; needs at least one per group, 6"):
        cpcv.splits(5)
    with pytest.raises(SampleError, match="purge -1, embargo 0: needs numbers of bars >= 0"):
        cpcv.splits(60, purge=-1)
    with pytest.raises(SampleError, match="leave no bar to train on beside the groups"):
        cpcv.splits(60, purge=30)
    with pytest.raises(SampleError, match=r"got shape \(14, 60\); needs \(15, bars\)"):
        cpcv.path_quartiles(np.zeros((14, 60)))
    with pytest.raises(SampleError, match="got nan"):
        cpcv.path_quartiles(np.full((15, 60), np.nan))
