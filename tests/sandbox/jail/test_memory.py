"""Memory put in order: code that ran lies together and does what it did, and gaps are filled."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.jail import memory

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="it is CPython's memory that is put in order"
)


def doubled(values: list[int], by: int = 2) -> list[int]:
    return [by * each for each in values]


def adder(first: int):
    def add(second: int) -> int:
        return first + second

    return add


def idle() -> str:
    return "idle"


def test_code_that_ran_is_a_copy_and_says_the_same():
    before = doubled.__code__
    memory.gather(lambda: doubled([1]))
    assert doubled.__code__ is not before
    assert doubled.__code__ == before
    assert list(doubled.__code__.co_positions()) == list(before.co_positions())
    assert doubled([1, 2]) == [2, 4]
    assert doubled([1, 2], by=3) == [3, 6]


def test_code_that_did_not_run_stays_where_it_was():
    before = idle.__code__
    memory.gather(lambda: doubled([1]))
    assert idle.__code__ is before


def test_functions_that_share_code_go_on_sharing_it():
    one, two = adder(1), adder(2)
    memory.gather(lambda: one(1))
    assert one.__code__ is two.__code__
    assert (one(1), two(1), adder(3)(1)) == (2, 3, 4)
    assert adder(4).__code__ is one.__code__


def test_a_profile_does_not_outlast_the_work_not_even_one_that_fails():
    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        memory.gather(fails)
    assert sys.getprofile() is None


MADE = """
from sandbox.jail import memory
scattered = {size: [bytes(size - 33) for _ in range(4_000)] for size in (64, 208, 480)}
for each in scattered.values():
    del each[::7]
gaps = memory.fill_gaps() if FILLED else []
for size in scattered:
    made = [bytes(size - 33) for _ in range(200)]
    print([id(b) - id(a) for a, b in zip(made, made[1:])].count(size))
"""


def side_by_side(filled: bool) -> list[int]:
    """In a process as it starts: of 200 objects of three sizes, how many lie beside the last."""
    script = MADE.replace("FILLED", repr(filled))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return [int(each) for each in done.stdout.split()]


def test_objects_made_after_the_gaps_are_filled_lie_side_by_side():
    assert max(side_by_side(filled=False)) < 100
    assert min(side_by_side(filled=True)) > 180


def test_what_fills_the_gaps_is_bounded():
    assert sum(map(sys.getsizeof, memory.fill_gaps())) < 50 << 20
