"""What a stranger costs: processor time, children's included, against a draw without a jail.

`python -m tests.benchmarks.bench_jail`: in this process, in a stream (texts share a process), asked
one at a time, and alone (a process for each). Validation of the answer is part of a jailed draw.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Sequence

import pytest

from genomes.language.graph import deserialise
from genomes.strategies import texts
from sandbox.jail import frames, life, preparing
from sandbox.jail.caps import Caps
from sandbox.jail.client import Jail
from tests.sandbox.jail.test_drawing import FIELDS

MARKET = life.Market(fields=FIELDS, caps=Caps())


def spent() -> float:
    """Processor seconds of this process and of all its children that ended."""
    both = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def unjailed(strangers: Sequence[str]) -> None:
    """Check, compile, draw and serialise, here."""
    for text in strangers:
        preparing.forget()
        frames.encode(life.answer({"text": text, "values": None}, MARKET))


def validated(strangers: Sequence[str]) -> Callable[[], None]:
    """Reading the answers back."""
    graphs = [life.answer({"text": text, "values": None}, MARKET)["graph"] for text in strangers]

    def work() -> None:
        for graph in graphs:
            deserialise(graph, FIELDS)

    return work


def in_this_process(work: Callable[[], None], strangers: int, rounds: int = 25) -> float:
    """Milliseconds for one stranger, the best of some rounds."""
    took: list[float] = []
    for _ in range(rounds):
        start = spent()
        work()
        took.append((spent() - start) / strangers * 1e3)
    return min(took)


def jailed(strangers: Sequence[str], *, batch: int, rounds: int = 20, repeats: int = 5) -> float:
    """Milliseconds for one stranger, a jail's start taken off; the best of some repeats of both."""

    def one(count: int) -> float:
        start = spent()
        with Jail(FIELDS) as jail:
            for _ in range(count):
                for first in range(0, len(strangers), batch):
                    jail.draw_many(strangers[first : first + batch])
            _let_end(jail)
        return spent() - start

    empty = min(one(0) for _ in range(repeats))
    served = min(one(rounds) for _ in range(repeats))
    return (served - empty) / rounds / len(strangers) * 1e3


def _let_end(jail: Jail) -> None:
    """Let the process end by itself: what a killed one's last child spent, nobody would count."""
    process = jail._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def main() -> None:
    """Print the figures and what the jail adds."""
    strangers = list(texts().values())
    bare = in_this_process(lambda: unjailed(strangers), len(strangers))
    read = in_this_process(validated(strangers), len(strangers))
    found = {"in a stream": jailed(strangers, batch=len(strangers))}
    found["one at a time"] = jailed(strangers, batch=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.jail.client.ZYGOTE", "tests.benchmarks.lonely_zygote")
        found["alone"] = jailed(strangers, batch=1)
    print(f"{len(strangers)} strangers, ms of processor time for one")
    print(f"unjailed       {bare:.2f}   (reading an answer back {read:.2f})")
    for name, took in found.items():
        print(f"{name:14} {took:.2f}   the jail adds {took - bare:.2f}")


if __name__ == "__main__":
    main()
