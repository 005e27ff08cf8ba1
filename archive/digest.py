"""The digest of an archive: equal for equal searches, whatever machine and time they ran on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from archive.rows import Told

COUNTED = (
    "generation",
    "slot",
    "species",
    "text",
    "operator",
    "key",
    "kind",
    "fitness",
    "metrics",
    "standing",
    "novelty",
    "credit",
)
"""The columns of a candidate that count, beside its parents.

An outcome's sentences do not: a crash may name a process. Nor do ids: they follow from the order.
"""


def digest_of(candidates: Iterable[Told]) -> str:
    """SHA-256 over candidates in slot order, hex."""
    total = hashlib.sha256()
    for row, parents in candidates:
        # Floats by repr, and a line of JSON a candidate: no field can run into the next.
        counted: list[str] = [repr(getattr(row, name)) for name in COUNTED]
        total.update(json.dumps([counted, parents]).encode() + b"\n")
    return total.hexdigest()
