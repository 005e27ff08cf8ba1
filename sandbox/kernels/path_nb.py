"""The two ends of a walk through the books: where it begins, and its path as ratios to equity."""

# pyright: basic
from __future__ import annotations

from numba import njit

from sandbox.kernels.book_layout import COST, EQUITY, GROSS, NET, NET_EXPOSURE, TRADED


@njit(cache=True)
def first_from(bar, low, high, start):
    """The first place from low to high (exclusive) whose bar is not before `start`; else high."""
    while low < high:
        middle = (low + high) // 2
        if bar[middle] < start:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True, error_model="numpy")
def to_ratios(path, live, ruined, capital, paths):
    """Turn a path of money into one of ratios, in place.

    In loops of their own: the compiler makes vectors of them, which it cannot in the walk.

    Args:
        path: (8, n) rows as PATH.
        live: Clock bars up to the last one that was walked.
        ruined: Not negative where the last of them ended in ruin.
        capital: Starting equity.
        paths: Whether there is more than equity.
    """
    for k in range(live):
        path[NET, k] = path[EQUITY, k] / (path[EQUITY, k - 1] if k > 0 else capital) - 1
    if paths:
        for k in range(live):
            path[TRADED, k] /= path[EQUITY, k - 1] if k > 0 else capital
            path[COST, k] /= path[EQUITY, k - 1] if k > 0 else capital
        for k in range(live if ruined < 0 else live - 1):
            path[GROSS, k] /= path[EQUITY, k]
            path[NET_EXPOSURE, k] /= path[EQUITY, k]
    for k in range(path.shape[1]):
        path[EQUITY, k] /= capital
