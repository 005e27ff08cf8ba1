"""The zygote's memory, put in order so that its children copy less of it.

A child copies every page that it writes to, and CPython writes to what it merely uses: each use
of an object is counted in it. So what children use shall lie close together. Code that a drawing
runs is copied to one place; and the gaps that start-up has left all over the memory are filled,
so that what a child makes lies on few pages of its own. Nothing here changes what any code does,
and where an interpreter keeps its memory otherwise, nothing is won and nothing lost.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import CodeType, FrameType, FunctionType
from typing import Any

# CPython's allocator of small objects: pools of one size of object each, behind a header.
_POOL, _HEADER, _STEP, _LARGEST = 1 << 14, 48, 16, 512
_IN_A_ROW = 24  # objects side by side from a pool's first place on: the pool is a new one
_MOST = 1 << 20  # bytes of one size that are tried: far beyond the gaps of any start
_LARGE = (65_536, 32_768, 16_384, 8_192, 4_096, 2_048, 1_024, 768, 640, 560, 520)
_BYTES = sys.getsizeof(b"")


def gather(work: Callable[[], object]) -> None:
    """Copy the code that some work runs to one place; it must then be warmed up again."""
    ran: dict[int, CodeType] = {}  # by identity: equal code of two functions is two places

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            ran[id(frame.f_code)] = frame.f_code

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    functions = [each for each in gc.get_objects() if type(each) is FunctionType]
    chosen = [each for each in functions if _has_run(each.__code__, ran)]
    copies: dict[int, CodeType] = {}
    for function in sorted(chosen, key=lambda each: sys.getsizeof(each.__code__)):
        function.__code__ = _copied(function.__code__, copies)


def _has_run(code: CodeType, ran: dict[int, CodeType]) -> bool:
    return id(code) in ran or any(_has_run(each, ran) for each in _inside(code))


def _inside(code: CodeType) -> list[CodeType]:
    return [each for each in code.co_consts if isinstance(each, CodeType)]


def _copied(code: CodeType, copies: dict[int, CodeType]) -> CodeType:
    """A copy of code and of all code inside it; functions that shared code go on sharing it."""
    if id(code) not in copies:
        inside = [_copied(e, copies) if isinstance(e, CodeType) else e for e in code.co_consts]
        copies[id(code)] = code.replace(co_consts=tuple(inside))
    return copies[id(code)]


def fill_gaps() -> list[object]:
    """What fills the gaps between the objects there are; to be kept."""
    gc.collect()
    return [*_fill_pools(), *_fill_heap()]


def _fill_pools() -> list[object]:
    """Objects of every small size, until they come from new pools."""
    kept: list[object] = []
    for size in range(_STEP, _LARGEST + 1, _STEP):
        made: list[object] = []
        row, before = 0, 0
        for _ in range(_MOST // size):
            one = _object(size)
            made.append(one)
            place = id(one)
            if place % _POOL == _HEADER:
                row = 1
            elif row:
                row = row + 1 if place == before + size else 0
            before = place
            if row == _IN_A_ROW:
                kept += made[:-row]
                break
        made.clear()
    return kept


def _object(size: int) -> object:
    """A new object that takes so many bytes of a pool."""
    if size <= _BYTES:
        return object() if size == _STEP else complex(size, size)
    return bytes(size - _BYTES)


def _fill_heap() -> list[object]:
    """Objects of larger sizes, the largest first, until they come from the heap's end."""
    end = max(map(id, [bytes(100_000) for _ in range(8)]))
    kept: list[object] = []
    for size in _LARGE:
        for _ in range(_MOST // size):
            one = bytes(size - _BYTES)
            if id(one) >= end:
                break
            kept.append(one)
    return kept
