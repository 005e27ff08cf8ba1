"""Compiling before anything is asked: the kernels a run will use, dealt out among its workers."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from genomes.language.table import OPERATORS

_BOOKS = ("portfolio_nb", "metrics_nb")
_SCREEN = "screen_nb"


def prepare(share: int, of: int, *, screened: bool) -> None:
    """Compile one share of the kernels into the disk's cache, or load them from there.

    Two processes that start on an empty cache would each compile everything, at the same time. Of
    `of` processes that compile a share each, none compiles what another does, and all read it from
    the disk afterwards.

    Args:
        share: Which share, from 0.
        of: How many there are.
        screened: Whether the training bars are screened, which takes two kernels more.
    """
    for compile_one in deal(kernels_of(screened=screened), of)[share]:
        compile_one()


def kernels_of(*, screened: bool) -> list[Any]:
    """Those of the books, of every operator and of the screen."""
    operators = {row.kernel.partition(".")[0] for row in OPERATORS.values()} - {"numpy"}
    names = [*_BOOKS, *sorted(operators), *([_SCREEN] if screened else [])]
    found: dict[int, Any] = {}
    for name in names:
        for value in vars(import_module(f"sandbox.kernels.{name}")).values():
            if hasattr(value, "prepare"):
                found[id(value)] = value
    return list(found.values())


def deal(kernels: list[Any], shares: int) -> list[list[Callable[[], None]]]:
    """The longest kernel first, each to the share with the least so far: even to a second or so."""
    dealt: list[list[Callable[[], None]]] = [[] for _ in range(shares)]
    sizes = [0] * shares
    for kernel in sorted(kernels, key=size_of, reverse=True):
        least = sizes.index(min(sizes))
        dealt[least].append(kernel.prepare)
        sizes[least] += size_of(kernel)
    return dealt


def size_of(kernel: Any) -> int:
    """What compiling costs, roughly: the bytes of Python's own code."""
    return len(kernel.__wrapped__.__code__.co_code)
