"""What an untrusted text costs: processor time, children's included, against a read without a jail.

`python -m tests.benchmarks.bench_jail`: the texts are what a run makes of the seeds in its first
generations, no text twice; and the seeds, again and again. They are read in this process; in the
jail in a stream, as a run does it; asked one at a time; and as foreign texts, for which LibCST and
RestrictedPython are asked as well. Validation of the answer is part of a jailed read.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from archive.store import Archive
from engine.evolve import main as evolve
from genomes.interpreter import Caps
from genomes.strategies import texts
from sandbox.jail import protocol, server
from sandbox.jail.client import Drawn, Jail
from tests.sandbox.jail.test_drawing import FIELDS


def texts_of_a_run(generations: int = 6, population: int = 64) -> list[str]:
    """Texts of a run's first generations that can be drawn, in their order, no two the same."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FINCH_LEDGER"] = str(Path(folder) / "ledger.jsonl")  # never the user's
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
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6
    except (FileNotFoundError, ProcessLookupError):  # it ended since it was listed
        return 0.0


def unjailed(batch: Sequence[str], _: Jail, *, foreign: bool = False) -> None:
    """Check, read and serialise, here, and remember nothing."""
    for text in batch:
        terms = server.Terms(fields=FIELDS, caps=Caps())
        reply = server.answer({"text": text, "values": None, "foreign": foreign}, terms)
        protocol.encode(reply)


def unjailed_foreign(batch: Sequence[str], jail: Jail) -> None:
    """`unjailed`, and LibCST and RestrictedPython are asked."""
    unjailed(batch, jail, foreign=True)


def together(batch: Sequence[str], jail: Jail) -> None:
    """Ask a jail for all at once, as a run's workers do."""
    jail.draw_many(batch)


def foreign(batch: Sequence[str], jail: Jail) -> None:
    """Ask a jail for all at once, as texts of models and users."""
    jail.read_foreign(batch)


def one_by_one(batch: Sequence[str], jail: Jail) -> None:
    """Ask a jail for one after the other."""
    for text in batch:
        jail.draw(text)


def measured(
    way: Callable[[Sequence[str], Jail], None], texts_: Sequence[str], batch: int = 16
) -> list[float]:
    """Milliseconds for each batch, the jail's start left out."""
    took: list[float] = []
    with Jail(FIELDS) as jail:
        jail.draw("")  # a refusal: its processes have started
        for first in range(0, len(texts_), batch):
            start = spent(jail)
            way(texts_[first : first + batch], jail)
            took.append(spent(jail) - start)
    return took


def main(rounds: int = 20) -> None:
    """Print the figures: each batch at its best of some rounds, since other work disturbs some."""
    ways = {
        "unjailed": unjailed,
        "in a stream": together,
        "one at a time": one_by_one,
        "unjailed, foreign": unjailed_foreign,
        "foreign, in a stream": foreign,
    }
    for name, some in (("a run's", texts_of_a_run()), ("seeds", [*texts().values()] * 10)):
        taken = [{name: measured(way, some) for name, way in ways.items()} for _ in range(rounds)]
        print(f"{len(some)} texts ({name}), ms of processor time for one")
        for way in ways:
            best = [min(batches) for batches in zip(*[each[way] for each in taken], strict=True)]
            whole = sorted(sum(each[way]) for each in taken)[rounds // 2]
            print(
                f"{way:22} {sum(best) / len(some):.2f}   (a median round {whole / len(some):.2f})"
            )


if __name__ == "__main__":
    main()
