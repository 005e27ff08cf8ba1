"""What a sample of returns must be before a statistic is computed from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

F64 = NDArray[np.float64]


class SampleError(ValueError):
    """A sample or argument that a statistic cannot use: what was got, is needed, and to do."""


def path(values: ArrayLike, *, at_least: int = 2, name: str = "returns") -> F64:
    """A path of finite numbers, (n,).

    Raises:
        SampleError: Another shape, fewer than `at_least` values, or a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise SampleError(
            f"{name}: got shape {array.shape}; needs one path, (bars,): pass one column at a time"
        )
    _long_enough(array, at_least, name)
    _finite(array, name)
    return array


def matrix(
    values: ArrayLike, *, at_least: int = 2, wide: bool = False, name: str = "returns"
) -> F64:
    """Paths side by side, (bars, configurations), all finite.

    Args:
        values: A row per bar, a column per configuration. One path, (bars,), becomes one column.
        at_least: The fewest bars.
        wide: Accept more configurations than bars, which is else taken for a transposed matrix.
        name: What a message calls it.

    Raises:
        SampleError: Another shape, too few bars, transposed, or a value that is not finite.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or array.shape[1] == 0:
        raise SampleError(
            f"{name}: got shape {array.shape}; needs (bars, configurations), with a column at least"
        )
    if not wide and array.shape[1] > array.shape[0]:
        raise SampleError(
            f"{name}: got shape {array.shape}, more configurations than bars; needs (bars, "
            "configurations): transpose it, or pass wide=True if it is that wide"
        )
    _long_enough(array, at_least, name)
    _finite(array, name)
    return array


def not_constant(array: F64, name: str = "returns") -> F64:
    """The same array, (n,) or (n, k), if each path varies.

    Raises:
        SampleError: A path is constant, to rounding: a Sharpe ratio divides by its deviation.
    """
    still = np.atleast_1d(constant(array))
    if still.any():
        where = "" if array.ndim == 1 else f" in column {int(np.flatnonzero(still)[0])}"
        raise SampleError(
            f"{name}: got a constant path{where}; needs returns that vary: leave out strategies "
            "that never trade"
        )
    return array


def constant(array: F64) -> NDArray[np.bool_]:
    """Whether each path, along axis 0, varies by no more than rounding."""
    spread = array.max(axis=0) - array.min(axis=0)
    return np.asarray(spread <= 1e-12 * np.abs(array).max(axis=0))


def probability(value: float, name: str) -> float:
    """The same number, if it lies strictly between 0 and 1."""
    if not 0 < value < 1:
        raise SampleError(f"{name}: got {value}; needs a probability above 0 and below 1")
    return float(value)


def count(value: float, name: str, *, at_least: float = 1) -> float:
    """The same number, if it is finite and `at_least` that large."""
    if not (np.isfinite(value) and value >= at_least):
        raise SampleError(f"{name}: got {value}; needs a number >= {at_least}")
    return value


def p_values(values: Sequence[float] | F64) -> F64:
    """A path of p-values, (n,), n >= 1."""
    array = path(values, at_least=1, name="p-values")
    if ((array < 0) | (array > 1)).any():
        bad = array[(array < 0) | (array > 1)][0]
        raise SampleError(f"p-values: got {bad}; needs numbers from 0 to 1")
    return array


def _long_enough(array: F64, at_least: int, name: str) -> None:
    if array.shape[0] < at_least:
        raise SampleError(
            f"{name}: got {array.shape[0]} bars; needs at least {at_least}: use a longer window"
        )


def _finite(array: F64, name: str) -> None:
    if not np.isfinite(array).all():
        first = np.argwhere(~np.isfinite(array))[0].tolist()
        raise SampleError(
            f"{name}: got {array[tuple(first)]} at {first}; needs finite numbers: drop the bars "
            "before the first position, and write 0 for bars without one"
        )
