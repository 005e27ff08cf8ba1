"""A zygote that gives every text a process of its own."""

from __future__ import annotations

import sys

from sandbox.jail import keeper, zygote

keeper.TEXTS_PER_CHILD = 1

if __name__ == "__main__":
    sys.exit(zygote.main())
