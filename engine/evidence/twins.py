"""Gate 1: the same search on sign-flipped twins of its training bars, where there is no edge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from archive.store import Archive
from engine import VERSION, startup
from engine.config import build, merge
from engine.evidence.case import Case, EvidenceError, case_of
from engine.ledger import Ledger
from engine.loop import run
from engine.progress import Report
from engine.run import RUNS
from engine.statistics.samples import SampleError
from engine.statistics.trials import null_count
from genomes.records.outcome import Measured
from sandbox.market import twin
from sandbox.market.panel import DAY_NS, YEAR_DAYS

MOST = 10_000
_TWIN = 0x7717  # the purpose of a twin's random streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """What the search found on one twin.

    Attributes:
        number: From 1.
        best: Best training fitness; None where nothing had one.
        sharpe: Annual Sharpe ratio of that candidate's excess over the training bars.
        looks: Looks that were taken.
    """

    number: int
    best: float | None
    sharpe: float | None
    looks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The search beside its twins.

    Attributes:
        best: The search's own best fitness.
        twins: What it found on each.
        surrogate: Whether models wrote in the search, and structural operators in the twins.
        generations: Generations of each, after the seeds.
    """

    best: float
    twins: tuple[Twin, ...]
    surrogate: bool
    generations: int

    @property
    def above(self) -> int:
        """Twins on which the search found as much, or more."""
        return sum(each.best is not None and each.best >= self.best for each in self.twins)

    @property
    def p(self) -> float:
        """(1 + above) / (twins + 1)."""
        return (1 + self.above) / (len(self.twins) + 1)


def compare(
    case: Case, count: int, *, processes: int = 1, told: Callable[[Twin], None] = lambda _: None
) -> Comparison:
    """Run the twins that have not been run, and compare. Finished ones are kept beside the archive.

    Args:
        case: The archive on its training bars; no other bar is looked at.
        count: Twins.
        processes: Twins run at a time.
        told: Is told of each as it ends, kept ones first.

    Raises:
        EvidenceError: Nothing has a fitness, the count is out of range, or the twins that were kept
            are of another search.
    """
    best = case.archive.best()
    if best is None:
        raise EvidenceError(
            f"{case.place}: no strategy has a fitness, so nothing can be compared; search longer"
        )
    if not 1 <= count <= MOST:
        raise EvidenceError(f"--twins {count}: needs 1 to {MOST}; 19 is the least for p = 0.05")
    kept = Kept(folder_of(case))
    found = {each.number: each for each in kept.begin(_header(case)) if each.number <= count}
    for number in sorted(found):
        told(found[number])
    for one in _run(
        case, kept.folder, [n for n in range(1, count + 1) if n not in found], processes
    ):
        kept.add(one)
        found[one.number] = one
        told(one)
    return Comparison(
        best=best[1],
        twins=tuple(found[number] for number in sorted(found)),
        surrogate=case.modelled,
        generations=case.archive.generations() - 1,
    )


def kept(case: Case) -> Comparison | None:
    """The search beside the twins that were run so far; None where none was, or of another search.

    Args:
        case: The archive.
    """
    best = case.archive.best()
    store = Kept(folder_of(case))
    if best is None or not store.there:
        return None
    try:
        found = store.begin(_header(case))
    except EvidenceError:
        return None
    return Comparison(
        best=best[1],
        twins=tuple(sorted(found, key=lambda one: one.number)),
        surrogate=case.modelled,
        generations=case.archive.generations() - 1,
    )


def folder_of(case: Case) -> Path:
    """Where the twins of an archive are kept: beside it; in runs/ for a database."""
    if "://" in case.place:
        return RUNS / f"{case.run}.twins"
    return Path(case.place).with_suffix(".twins")


def seeds_of(seed: int, number: int) -> tuple[int, int]:
    """The seed of a twin's signs, and that of the search on it."""
    state = np.random.SeedSequence(seed, spawn_key=(_TWIN, number)).generate_state(2, np.uint64)
    return int(state[0]), int(state[1] >> np.uint64(1))


class Kept:
    """Finished twins of one search: a header and a line for each, in a folder."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made when something is kept."""
        self.folder = folder
        self._file = folder / "twins.jsonl"

    @property
    def there(self) -> bool:
        """Whether any were kept."""
        return self._file.exists()

    def begin(self, header: dict[str, Any]) -> list[Twin]:
        """The twins kept so far, of the search that the header describes.

        Raises:
            EvidenceError: They are of another search.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lines = self._file.read_text(encoding="utf-8").split("\n") if self._file.exists() else []
        whole = lines[:-1]  # what follows the last line's end is what a kill cut off
        if not whole:
            self._file.write_text(json.dumps(header) + "\n", encoding="utf-8")
            return []
        self._file.write_text("".join(line + "\n" for line in whole), encoding="utf-8")
        before = json.loads(whole[0])
        changed = [key for key in header if before.get(key) != header[key]]
        if changed:
            said = "; ".join(f"{key} was {before.get(key)}, is {header[key]}" for key in changed)
            raise EvidenceError(
                f"{self.folder}: holds twins of another search: {said}. Twins repeat one search "
                "to the letter; remove the folder to run those of the search as it is now"
            )
        return [Twin(**json.loads(line)) for line in whole[1:]]

    def add(self, one: Twin) -> None:
        """Keep a finished twin, and drop its archive."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(one)) + "\n")
        for path in self.folder.glob(f"twin-{one.number:04}.*"):
            path.unlink()


def _header(case: Case) -> dict[str, Any]:
    identity = case.archive.identity
    return {
        "config": identity.config_hash,
        "fingerprint": identity.fingerprint,
        "seed": identity.seed,
        "engine": VERSION,
        "generations": case.archive.generations() - 1,
    }


def _run(case: Case, folder: Path, numbers: list[int], processes: int) -> Iterator[Twin]:
    if processes <= 1 or len(numbers) <= 1:
        yield from (search(case, folder, number) for number in numbers)
        return
    one = partial(_elsewhere, case.place, str(case.ledger.path), case.config.market, folder)
    workers = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        for done in as_completed([workers.submit(one, number) for number in numbers]):
            yield done.result()
    finally:
        workers.shutdown(cancel_futures=True)


def _elsewhere(place: str, ledger: str, market: str, folder: Path, number: int) -> Twin:
    with case_of(place, Ledger(Path(ledger)), market=market) as case:
        return search(case, folder, number)


def search(case: Case, folder: Path, number: int) -> Twin:
    """Repeat a search on one twin, with its settings, seeds, screen and number of generations.

    Args:
        case: The search.
        folder: Its archive lies there until it has ended; what was killed goes on.
        number: Of the twin.
    """
    signs, seed = seeds_of(case.config.seed, number)
    table = merge(case.kept.table, {"llm": {"models": []}, "seed": seed, "sandbox": {"workers": 0}})
    planned = startup.plan(
        build(table),
        Path.cwd(),
        kept_seeds=case.kept.seeds,
        place=f"twin {number}",
        market=twin(case.market, signs),
    )
    place = folder / f"twin-{number:04}.sqlite"
    opened = Archive.open if place.exists() else Archive.create
    with opened(place, identity=planned.identity) as archive:
        generations = case.archive.generations() - 1
        if archive.generations() <= generations:
            with closing(startup.pool(planned.market, planned.config)) as pool:
                run(startup.assemble(planned, archive, pool), generations, _Silent())
        top = archive.top(1)
        outcome = top[0].outcome if top else None
        measured = outcome if isinstance(outcome, Measured) else None
        return Twin(
            number=number,
            best=measured.fitness if measured else None,
            sharpe=measured.metrics["excess_sharpe"] if measured else None,
            looks=sum(archive.looks().values()),
        )


class _Silent:
    """A watcher that says nothing and never stops a run."""

    stopping = False

    def progress(self, generation: int, stage: str, done: int, total: int) -> None:
        """Nothing."""

    def recorded(self, report: Report) -> None:
        """Nothing."""


def calibrate(case: Case, found: Comparison) -> float | None:
    """Put into the ledger how many independent trials on noise the search is worth.

    Returns:
        N such that the best of N useless candidates has the mean Sharpe ratio of the twins' bests;
        None where no twin had one, or where no N explains it.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    sharpes = [each.sharpe for each in found.twins if each.sharpe is not None]
    split = case.market.split
    clock = case.market.panel.clock
    years = float(clock[split.train_end - 1] - clock[split.score_from]) / (DAY_NS * YEAR_DAYS)
    try:
        null = null_count(sharpes, 1 / float(np.sqrt(years)))
    except SampleError:
        return None
    body = {
        "data": case.data.id,
        "run": case.run,
        "twins": len(found.twins),
        "null": round(null, 1),
    }
    if not any(row.kind == "null" and row.body == body for row in case.ledger.rows()):
        case.ledger.append("null", body)
    return null
