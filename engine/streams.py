"""Random streams: one for each (seed, generation, slot, purpose)."""

from __future__ import annotations

import numpy as np

SELECT, VARY = 0, 1  # purposes; a new one takes the next number, so old archives stay as they are


def stream(seed: int, generation: int, slot: int, purpose: int) -> np.random.Generator:
    """The generator of one purpose of one slot."""
    sequence = np.random.SeedSequence(seed, spawn_key=(generation, slot, purpose))
    return np.random.Generator(np.random.PCG64(sequence))


def seed_of(seed: int, generation: int, slot: int, purpose: int) -> int:
    """A 64-bit seed for what draws from elsewhere (Python's random, DEAP)."""
    sequence = np.random.SeedSequence(seed, spawn_key=(generation, slot, purpose))
    return int(sequence.generate_state(1, np.uint64)[0])
