"""The jail's process: `python -m sandbox.jail.zygote` has strangers drawn in its children.

It is started by exec with a scrubbed environment, holds the language and RestrictedPython and
nothing of the market, and talks in frames on the pipes it was born with. The first frame is the
market's fields, the caps and the limits; each further one is a text. It confines itself before
the first text, tests that the walls hold, and then moves bytes that it never reads.
"""

from __future__ import annotations

import gc
import os
import sys
from types import ModuleType

from sandbox.jail import lockdown
from sandbox.jail.keeper import Keeper
from sandbox.jail.lockdown import Limits


def main() -> int:
    """Serve until the parent closes the pipe; 0 at its end, 1 if the parent is gone already."""
    requests, replies = _channel()
    keeper = Keeper(requests, replies)
    hello = keeper.hello()
    if hello is None:
        return 1
    lockdown.die_with_parent()
    if os.getppid() != hello["parent"]:
        return 1
    # RestrictedPython imports it to offer it. It would reseed itself in every child, and no
    # stranger shall have it.
    sys.modules["random"] = ModuleType("random")
    _leave_out_openssl()
    from sandbox.jail import life

    market = life.Market.read(hello)
    life.warm_up(market)
    keeper.wall_s, keeper.limits = float(hello["wall_s"]), Limits(**hello["limits"])
    missing = _enclose(keeper, frozenset(hello["layers"]))
    gc.collect()
    gc.freeze()  # no collection may touch, and so copy, what the children share
    gc.disable()
    found = keeper.trial(life.trial(keeper.limits), {"run a program": life.program_trial})
    keeper.say({"missing": missing, "found": found})
    keeper.serve(alone=life.drawing(market), shared=life.drawing_if_tame(market))
    return 0


def _enclose(keeper: Keeper, layers: frozenset[str]) -> dict[str, str]:
    """Put up every layer that can be had; the others, each with the reason."""
    missing = dict.fromkeys(sorted(lockdown.ALL - layers), "not asked for")
    missing |= lockdown.enclose(layers=layers, limits=keeper.limits)
    keeper.layers = lockdown.ALL - missing.keys()
    return missing


def _leave_out_openssl() -> None:
    """Give `hashlib` its one function that graphs need, without the library behind the others.

    OpenSSL's pages would be handed to every child, and no stranger shall have it.
    """
    try:
        from _blake2 import blake2b
    except ImportError:
        return
    sys.modules["hashlib"] = ModuleType("hashlib")
    sys.modules["hashlib"].__dict__["blake2b"] = blake2b


def _channel() -> tuple[int, int]:
    """The pipes, taken from their usual numbers so that nothing can be printed into them."""
    requests, replies = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return requests, replies


if __name__ == "__main__":
    sys.exit(main())
