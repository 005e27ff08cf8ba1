"""A zygote that takes no text for tame: each is drawn in a process of its own."""

from __future__ import annotations

import sys

from sandbox.jail import tame, zygote

tame._TAME = frozenset()  # pyright: ignore[reportPrivateUsage]

if __name__ == "__main__":
    sys.exit(zygote.main())
