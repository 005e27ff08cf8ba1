"""What a stranger costs: processor time, children's included, against a draw without a jail.

`python -m tests.benchmarks.bench_jail`: the strangers are what a run makes of the seeds in its
first generations, no text twice. They are drawn in this process; in a stream, as a run does it;
the same where nothing is remembered from one text to the next, as if no two were alike; asked one
at a time; and alone, as if none were tame: prepared in company, drawn in a process of its own.
Validation of the answer is part of a jailed draw.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from archive.store import Archive
from engine.evolve import main as evolve
from genomes.language.serial import deserialise
from sandbox.jail import frames, life, preparing
from sandbox.jail.caps import Caps
from sandbox.jail.client import Drawn, Jail
from tests.sandbox.jail.test_drawing import FIELDS

MARKET = life.Market(fields=FIELDS, caps=Caps())


def strangers_of_a_run(generations: int = 6, population: int = 64) -> list[str]:
    """Texts of a run's first generations that can be drawn, in their order, no two the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        words = ["--generations", generations, "--population", population, "--seed", 7]
        assert evolve([*map(str, words), "--workers", "0", "--archive", str(path)]) == 0
        with Archive.open(path, identity=None, readonly=True) as archive:
            texts = archive.texts([entry.id for entry in archive.entries(species="strategy")])
    with Jail(FIELDS) as jail:
        found = jail.draw_many(dict.fromkeys(texts.values()))
    drawn = zip(dict.fromkeys(texts.values()), found, strict=True)
    return [text for text, each in drawn if isinstance(each, Drawn)]


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


def in_this_process(work: Callable[[], None], strangers: int) -> float:
    """Milliseconds for one stranger."""
    start = spent()
    work()
    return (spent() - start) / strangers * 1e3


def jailed(strangers: Sequence[str], *, batch: int = 16, zygote: str = "") -> float:
    """Milliseconds for one stranger, a jail's start taken off.

    Args:
        strangers: The texts.
        batch: How many are asked together; a worker of a run gets about 16.
        zygote: A module in the place of the jail's own.
    """

    def one(texts: Sequence[str]) -> float:
        start = spent()
        with Jail(FIELDS) as jail:
            for first in range(0, len(texts), batch):
                jail.draw_many(texts[first : first + batch])
            _let_end(jail)
        return spent() - start

    with pytest.MonkeyPatch.context() as patch:
        if zygote:
            patch.setattr("sandbox.jail.client.ZYGOTE", f"tests.benchmarks.zygotes.{zygote}")
        empty = min(one(()) for _ in range(3))
        return (one(strangers) - empty) / len(strangers) * 1e3


def _let_end(jail: Jail) -> None:
    """Let the process end by itself: what a killed one's last child spent, nobody would count."""
    process = jail._process  # pyright: ignore[reportPrivateUsage]
    if process is None:
        jail._start()  # pyright: ignore[reportPrivateUsage]
        process = jail._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    assert process.stdin is not None
    process.stdin.close()
    process.wait()


def main(rounds: int = 7) -> None:
    """Print the figures, the best of some rounds that measure all of them in turn."""
    strangers = strangers_of_a_run()
    measures: dict[str, Callable[[], float]] = {
        "unjailed": lambda: in_this_process(lambda: unjailed(strangers), len(strangers)),
        "reading answers back": lambda: in_this_process(validated(strangers), len(strangers)),
        "in a stream": lambda: jailed(strangers),
        "in a stream, none alike": lambda: jailed(strangers, zygote="forgetful"),
        "one at a time": lambda: jailed(strangers, batch=1),
        "alone": lambda: jailed(strangers, zygote="lonely"),
        "alone, one at a time": lambda: jailed(strangers, batch=1, zygote="lonely"),
    }
    taken = [{name: measure() for name, measure in measures.items()} for _ in range(rounds)]
    found = {name: [each[name] for each in taken] for name in measures}
    print(f"{len(strangers)} strangers, ms of processor time for one")
    for name, took in found.items():
        print(f"{name:24} {min(took):.2f}   (median {sorted(took)[rounds // 2]:.2f})")


if __name__ == "__main__":
    main()
