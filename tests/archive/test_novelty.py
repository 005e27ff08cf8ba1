"""Novelty: exact, and a function of who is there, not of how they came."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.novelty import NEIGHBOURS, Neighbours, unpack


def slow_distance(x: list[int], y: list[int]) -> float:
    dot = sum(a * b for a, b in zip(x, y, strict=True))
    nx, ny = sum(a * a for a in x), sum(b * b for b in y)
    if nx == 0 or ny == 0:
        return 0.0 if nx == ny else math.sqrt(2.0)
    return math.sqrt(max(0.0, 2.0 - 2.0 * (dot / math.sqrt(float(nx) * float(ny)))))


def slow_novelty(rows: np.ndarray, k: int) -> list[float]:
    members = rows.tolist()
    novelties = []
    for one in range(len(members)):
        others = [y for other, y in enumerate(members) if other != one]
        nearest = sorted(slow_distance(members[one], y) for y in others)[:k]
        total = 0.0
        for distance in nearest:
            total += distance
        novelties.append(total / len(nearest) if nearest else math.inf)
    return novelties


@st.composite
def descriptors(draw) -> np.ndarray:
    """Up to 24 rows: near ones, equal ones, opposite ones and zeros among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    centres = rng.standard_normal((3, 64))
    rows = []
    for kind in draw(
        st.lists(st.sampled_from(["near", "far", "equal", "zero", "opposite"]), max_size=24)
    ):
        row = centres[rng.integers(3)] + rng.standard_normal(64) * 0.05
        if kind == "far":
            row = rng.standard_normal(64)
        packed = np.rint(row / np.linalg.norm(row) * 32767).astype(np.int16)
        if kind == "zero":
            packed = np.zeros(64, np.int16)
        if kind in ("equal", "opposite") and rows:
            packed = rows[rng.integers(len(rows))] * (1 if kind == "equal" else -1)
        rows.append(packed)
    return np.array(rows, np.int16).reshape(-1, 64)


@settings(deadline=None)
@given(descriptors(), st.sampled_from([1, 2, NEIGHBOURS]))
def test_novelty_is_its_slow_twins_to_the_bit(rows, k):
    neighbours = Neighbours(k)
    neighbours.add(rows)
    assert neighbours.novelty.tolist() == slow_novelty(rows, k)


@settings(deadline=None)
@given(descriptors(), st.data())
def test_batches_do_not_matter(rows, data):
    whole, parts = Neighbours(3), Neighbours(3)
    whole.add(rows)
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4).map(sorted))
    for start, stop in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        parts.add(rows[start:stop])
    assert parts.novelty.tolist() == whole.novelty.tolist()
    assert parts.descriptors.tolist() == rows.tolist()


@settings(deadline=None)
@given(descriptors(), descriptors())
def test_strangers_are_looked_at_as_if_they_were_added(members, strangers):
    neighbours = Neighbours(3)
    neighbours.add(members)
    before = neighbours.novelty.tolist()
    looked = neighbours.look(strangers).tolist()
    assert neighbours.novelty.tolist() == before
    neighbours.add(strangers)
    assert neighbours.novelty.tolist()[len(members) :] == looked


def test_many_members_are_kept_through_growth():
    rows = np.random.default_rng(3).integers(-4000, 4000, (300, 64)).astype(np.int16)
    neighbours = Neighbours()
    for start in range(0, 300, 50):
        neighbours.add(rows[start : start + 50])
    assert neighbours.size == 300
    assert neighbours.novelty.tolist() == slow_novelty(rows, NEIGHBOURS)


def test_distances_run_from_same_to_unrelated_to_opposite():
    axes = np.zeros((3, 64), np.int16)
    axes[0, 0], axes[1, 1], axes[2, 0] = 32767, 100, -5
    for pair, expected in (([0, 0], 0.0), ([0, 1], math.sqrt(2)), ([0, 2], 2.0)):
        neighbours = Neighbours()
        neighbours.add(axes[pair])
        assert neighbours.novelty.tolist() == [expected, expected]


def test_length_does_not_matter_but_a_zero_is_its_own_kind():
    rows = np.zeros((4, 64), np.int16)
    rows[0, :2], rows[1, :2] = (3, 4), (3000, 4000)
    neighbours = Neighbours(1)
    neighbours.add(rows)
    assert neighbours.novelty.tolist() == [0.0, 0.0, 0.0, 0.0]
    neighbours = Neighbours(3)
    neighbours.add(rows[:3])
    assert neighbours.novelty.tolist()[2] == math.sqrt(2.0)


def test_whoever_is_alone_is_infinitely_novel():
    neighbours = Neighbours()
    one = unpack([bytes(128)])
    assert neighbours.novelty.tolist() == []
    assert neighbours.look(one).tolist() == [math.inf]
    neighbours.add(one)
    assert neighbours.novelty.tolist() == [math.inf]
    assert neighbours.look(unpack([])).tolist() == []


def test_descriptors_are_unpacked_little_endian():
    rows = unpack([bytes([1, 0] + [0, 255] + [0] * 124)])
    assert rows[0, :3].tolist() == [1, -256, 0]


@pytest.mark.parametrize(
    ("descriptor", "said"),
    [
        (bytes(127), "descriptor 1 has 127 bytes; needs 64 int16, 128 bytes"),
        (bytes([255, 127] * 64), "squared length is 68715282496; needs less than"),
    ],
)
def test_what_is_no_unit_path_is_refused(descriptor, said):
    with pytest.raises(ValueError, match=said):
        unpack([bytes(128), descriptor])
