"""Which kernel computes which operator of the table, and what it is given."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from genomes.language.table import OPERATORS, Operator, Runs

Function = Callable[..., Any]


def _kernel(row: Operator) -> Function:
    """The function that a row names: `numpy.add`, or `window_nb.sma` in this folder.

    Raises:
        LookupError: There is no such module or function.
    """
    module, _, name = row.kernel.partition(".")
    try:
        home = import_module(module if module == "numpy" else f"sandbox.kernels.{module}")
        return getattr(home, name)
    except (ImportError, AttributeError) as error:
        raise LookupError(
            f"the table's row of {row.name} names the kernel {row.kernel!r}, which is not there; "
            f"write it in sandbox/kernels/{module}.py or correct the row"
        ) from error


def _those(runs: Runs) -> dict[str, Function]:
    return {name: _kernel(row) for name, row in OPERATORS.items() if row.runs is runs}


# (x..., plain values...): bar by bar; arrays may be broadcast
BARWISE: dict[str, Function] = _those(Runs.BARWISE)

# (x..., offsets, plain values...): along each asset's own bars
ALONG: dict[str, Function] = _those(Runs.ALONG)

# (x..., order, order_offsets, plain values...): across assets at each bar
ACROSS: dict[str, Function] = _those(Runs.ACROSS)

# both along and across: the executor knows what each is given
BOTH: dict[str, Function] = _those(Runs.BOTH)
