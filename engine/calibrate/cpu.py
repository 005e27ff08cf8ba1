"""CPU seconds of a process and all its descendants, living and ended."""

from __future__ import annotations

import os
from pathlib import Path


def cpu_s() -> float:
    """User and system seconds of this process, its workers and their children, so far.

    /proc has the times of the living and, in each, those of the children it has waited for: Ray's
    processes and the jail count, too. Without /proc only this process and its ended children do.
    """
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # it ended
            continue
        number = int(stat.parent.name)
        parents[number] = int(words[1])
        ticks[number] = sum(map(int, words[11:15]))
    mine = os.getpid()
    if mine not in parents:
        return sum(os.times()[:4])
    total = sum(ticks[number] for number in parents if _descends(number, mine, parents))
    return total / os.sysconf("SC_CLK_TCK")


def _descends(number: int, root: int, parents: dict[int, int]) -> bool:
    while number in parents:
        if number == root:
            return True
        number = parents[number]
    return False
