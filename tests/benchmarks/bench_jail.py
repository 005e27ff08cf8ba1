"""What a stranger costs: processor time, children's included, against a draw without a jail.

`python -m tests.benchmarks.bench_jail`: the strangers are what a run makes of the seeds in its
first generations, no text twice; and the seeds, again and again. They are drawn in this process;
in a stream, as a run does it; the same where nothing is remembered from one text to the next, as
if no two were alike; asked one at a time; and alone, as if none were tame: prepared in company,
drawn in a process of its own. Validation of the answer is part of a jailed draw.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archive.store import Archive
from engine.evolve import main as evolve
from genomes.strategies import texts
from sandbox.jail import frames, life
from sandbox.jail.caps import Caps
from sandbox.jail.client import Drawn, Jail
from sandbox.jail.prepared import Prepared
from sandbox.jail.preparing import prepare_as_a_whole
from tests.sandbox.jail.test_drawing import FIELDS

OURS = "tests.benchmarks.zygotes"
MARKET = life.Market(fields=FIELDS, caps=Caps())


def strangers_of_a_run(generations: int = 6, population: int = 64) -> list[str]:
    """Texts of a run's first generations that can be drawn, in their order, no two the same."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.sqlite"
        words = ["--generations", generations, "--population", population, "--seed", 7]
        assert evolve([*map(str, words), "--workers", "0", "--archive", str(path)]) == 0
        with Archive.open(path, identity=None, readonly=True) as archive:
            ids = [entry.id for entry in archive.entries(species="strategy")]
            found = [*dict.fromkeys(archive.texts(ids).values())]
    with Jail(FIELDS) as jail:
        drawn = zip(found, jail.draw_many(found), strict=True)
        return [text for text, each in drawn if isinstance(each, Drawn)]


def spent(jail: Jail) -> float:
    """Processor milliseconds of this process, and of a jail's with all that it started."""
    total = time.process_time() * 1e3
    if jail.pid is not None:
        told = Path(f"/proc/{jail.pid}/stat").read_text().rpartition(")")[2].split()
        ended = int(told[13]) + int(told[14])  # its children that ended, user and system
        total += ended * 1e3 / os.sysconf("SC_CLK_TCK") + _on_processor(jail.pid)
        children = Path(f"/proc/{jail.pid}/task/{jail.pid}/children").read_text().split()
        total += sum(_on_processor(int(child)) for child in children)
    return total


def _on_processor(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def unjailed(batch: Sequence[str], _: Jail) -> None:
    """Check, compile, draw and serialise, here, and remember nothing."""
    for text in batch:
        MARKET.known.clear()
        prepared = prepare_as_a_whole(text)
        assert isinstance(prepared, Prepared)
        frames.encode(life.answer_prepared(prepared, None, MARKET))


def together(batch: Sequence[str], jail: Jail) -> None:
    """Ask a jail for all at once, as a run's workers do."""
    jail.draw_many(batch)


def one_by_one(batch: Sequence[str], jail: Jail) -> None:
    """Ask a jail for one after the other."""
    for text in batch:
        jail.draw(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way of having strangers drawn.

    Attributes:
        draw: Draws some, in a jail or without one.
        zygote: The jail's zygote; None for no jail.
        batch: How many are drawn between two looks at the clock.
    """

    draw: Callable[[Sequence[str], Any], None]
    zygote: str | None = "sandbox.jail.zygote"
    batch: int = 16

    def measured(self, strangers: Sequence[str]) -> list[float]:
        """Milliseconds for each batch, the jail's start left out."""
        took: list[float] = []
        with pytest.MonkeyPatch.context() as patch, Jail(FIELDS) as jail:
            jail.close()
            if self.zygote is not None:
                patch.setattr("sandbox.jail.client.ZYGOTE", self.zygote)
                jail.draw("")  # a refusal: its processes have started
            for first in range(0, len(strangers), self.batch):
                start = spent(jail)
                self.draw(strangers[first : first + self.batch], jail)
                took.append(spent(jail) - start)
        return took


def main(rounds: int = 20) -> None:
    """Print the figures: each batch at its best of some rounds, since other work disturbs some."""
    ways: dict[str, Way] = {
        "unjailed": Way(draw=unjailed, zygote=None),
        "in a stream": Way(draw=together),
        "the same, none alike": Way(draw=together, zygote=f"{OURS}.forgetful"),
        "one at a time": Way(draw=one_by_one),
        "alone": Way(draw=together, zygote=f"{OURS}.lonely", batch=64),
    }
    for name, strangers in (("a run's", strangers_of_a_run()), ("seeds", [*texts().values()] * 10)):
        taken = [
            {name: way.measured(strangers) for name, way in ways.items()} for _ in range(rounds)
        ]
        print(f"{len(strangers)} strangers ({name}), ms of processor time for one")
        for way in ways:
            best = [min(batches) for batches in zip(*[each[way] for each in taken], strict=True)]
            whole = sorted(sum(each[way]) for each in taken)[rounds // 2]
            print(
                f"{way:22} {sum(best) / len(strangers):.2f}"
                f"   (a median round {whole / len(strangers):.2f})"
            )


if __name__ == "__main__":
    main()
