"""How a kernel is compiled: one signature, at its first call, from the disk's cache if there."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]

# Read-only in the signature, so that arrays that may be written to are taken as well.
VALUES: Any = types.Array(types.float64, 1, "C", readonly=True)
TRUTHS: Any = types.Array(types.int8, 1, "C", readonly=True)
OFFSETS: Any = types.Array(types.int64, 1, "C", readonly=True)
PLACES: Any = types.Array(types.int32, 1, "C", readonly=True)
COUNT: Any = types.int64
NUMBER: Any = types.float64
YES_NO: Any = types.boolean

P = ParamSpec("P")
R = TypeVar("R")


def kernel(*signature: Any, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Compile a function for one signature only, at its first call or before (`prepare`).

    Compiling all kernels when they are imported would cost every process what it never uses; left
    to itself, numba would compile a kernel once for arrays that may be written to and once more
    for those that may not.

    Args:
        signature: The types of the arguments.
        options: More of numba's: error_model, nogil.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        dispatcher = cast("Any", njit(cache=True, **options)(function))

        def prepare() -> None:
            if not dispatcher.overloads:
                dispatcher.compile(signature)
                dispatcher.disable_compile()

        @wraps(function)
        def call(*args: P.args, **named: P.kwargs) -> R:
            prepare()
            return dispatcher(*args, **named)

        cast("Any", call).prepare = prepare
        return call

    return decorate
