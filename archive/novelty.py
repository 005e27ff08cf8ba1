"""Novelty of behaviours: mean distance to the nearest members of the archive. In memory, no I/O."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archive.novelty_nb import DIMENSIONS, look_nb, meet_nb

NEIGHBOURS = 15
"""Nearest members that novelty is the mean distance to."""

# The distance of two descriptors is the chord of their directions, sqrt(2 - 2 cos): 0 for the same
# path, sqrt(2) for unrelated ones, 2 for the opposite. A metric, unlike 1 - cos, so that an index
# over it can prune; and finer between near behaviours, where 1 - cos is flat.


def unpack(descriptors: Sequence[bytes]) -> NDArray[np.int16]:
    """Descriptors as an outcome holds them to rows.

    Returns:
        (n, 64) int16.

    Raises:
        ValueError: One is not 64 little-endian int16, or too long for a unit vector of int16: its
            squared length must stay below 2^31.
    """
    for place, descriptor in enumerate(descriptors):
        if len(descriptor) != 2 * DIMENSIONS:
            raise ValueError(
                f"descriptor {place} has {len(descriptor)} bytes; needs {DIMENSIONS} int16, "
                f"{2 * DIMENSIONS} bytes"
            )
    flat = np.frombuffer(b"".join(descriptors), dtype="<i2")
    rows = flat.reshape(-1, DIMENSIONS).astype(np.int16)
    longest = int(_norms(rows).max(initial=0))
    if longest >= 2**31:
        raise ValueError(f"a descriptor's squared length is {longest}; needs less than 2^31")
    return rows


class Neighbours:
    """Every member's nearest distances, kept up to date as members come.

    What it holds is a function of the set of members: not of their batches, nor of their order.
    Brute force, n * 64 multiplications a newcomer; an approximate index may stand in its place.

    Attributes:
        size: Members.
    """

    def __init__(self, k: int = NEIGHBOURS) -> None:
        """Begin empty.

        Args:
            k: Neighbours that novelty is the mean distance to.
        """
        self.size = 0
        self._k = k
        self._descriptors = np.empty((0, DIMENSIONS), np.int16)
        self._norms = np.empty(0, np.int64)
        self._lengths = np.empty(0)
        self._nearest = np.empty((0, k))
        self._screens = np.empty(0)

    def add(self, descriptors: NDArray[np.int16]) -> None:
        """Make (n, 64) descriptors members; all members' neighbours are as of afterwards."""
        stop = self.size + len(descriptors)
        if stop > len(self._norms):
            self._grow(max(stop, 2 * len(self._norms), 256))
        self._descriptors[self.size : stop] = descriptors
        self._norms[self.size : stop] = _norms(descriptors)
        self._lengths[self.size : stop] = np.sqrt(self._norms[self.size : stop])
        meet_nb(
            self._descriptors,
            self._norms,
            self._lengths,
            self._nearest,
            self._screens,
            self.size,
            stop,
        )
        self.size = stop

    def look(self, descriptors: NDArray[np.int16]) -> NDArray[np.float64]:
        """The novelty that (n, 64) newcomers would have if all of them were added now.

        Returns:
            (n,) in [0, 2]; +inf for a single newcomer without any member.
        """
        nearest = np.full((len(descriptors), self._k), np.inf)
        newcomers = np.ascontiguousarray(descriptors)
        norms = _norms(newcomers)
        look_nb(newcomers, norms, self._descriptors, self._norms, self._lengths, self.size, nearest)
        return self._mean(nearest, self.size + len(descriptors) - 1)

    @property
    def novelty(self) -> NDArray[np.float64]:
        """Every member's novelty now, in the order added: (size,) in [0, 2]; +inf if alone."""
        return self._mean(self._nearest[: self.size], self.size - 1)

    @property
    def descriptors(self) -> NDArray[np.int16]:
        """Every member's descriptor, in the order added: (size, 64)."""
        return self._descriptors[: self.size]

    def _mean(self, nearest: NDArray[np.float64], others: int) -> NDArray[np.float64]:
        used = min(self._k, others)
        if used < 1:
            return np.full(len(nearest), np.inf)
        # Column by column, nearest first: NumPy's own sum of a row depends on its width and build.
        total = np.zeros(len(nearest))
        for column in range(used):
            total += nearest[:, column]
        return total / used

    def _grow(self, capacity: int) -> None:
        more = capacity - len(self._norms)
        self._descriptors = np.vstack([self._descriptors, np.empty((more, DIMENSIONS), np.int16)])
        self._norms = np.concatenate([self._norms, np.empty(more, np.int64)])
        self._nearest = np.vstack([self._nearest, np.full((more, self._k), np.inf)])
        self._lengths = np.concatenate([self._lengths, np.empty(more)])
        self._screens = np.concatenate([self._screens, np.full(more, -np.inf)])


def _norms(descriptors: NDArray[np.int16]) -> NDArray[np.int64]:
    wide = descriptors.astype(np.int64)
    return (wide * wide).sum(axis=1)
