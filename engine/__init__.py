"""The search: what to try next, and what to believe.

`engine.evolve(...)` and `engine.backtest(...)` do what the commands do, and return frames.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.api import backtest, evolve

VERSION = "0.1.0"


class Command(ModuleType):
    """A command's module that can be called.

    `python -m engine.evolve` needs a module of that name, and importing it hides a function of the
    same name; so the module itself answers the call.
    """

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What the function of this name in `engine.api` does."""
        api = import_module("engine.api")
        return getattr(api, self.__name__.rpartition(".")[2])(*args, **named)


def __getattr__(name: str) -> Any:
    if name in ("evolve", "backtest"):
        return import_module(f"engine.{name}")
    raise AttributeError(f"module 'engine' has no attribute {name!r}")


__all__ = ["VERSION", "backtest", "evolve"]
