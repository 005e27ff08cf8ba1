"""Many runs: which are still to be made, one after another or several at a time, and stopping."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from engine.calibrate.search import Limits
from engine.calibrate.study import FINCH, Task, carry_out, row_file, row_of
from engine.config import ConfigError


@dataclass(slots=True)
class Stop:
    """Ctrl-C: the first ends each run after its generation, the second at once."""

    asked: bool = False
    _before: dict[int, Any] = field(default_factory=dict[int, Any])

    def listen(self) -> None:
        """From now on SIGINT and SIGTERM ask for a stop."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._asked)

    def restore(self) -> None:
        """As it was before `listen`."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _asked(self, number: int, frame: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


STOP = Stop()
"""Of this process."""


def check_study(out: Path, limits: Limits, cost_bps: float) -> None:
    """One folder holds one study: the same evaluations, settings and costs.

    Raises:
        ConfigError: It holds another one; the text says what differs.
        OSError: The folder cannot be written.
    """
    from engine import VERSION

    said: dict[str, Any] = {
        "evaluations": limits.evaluations,
        "settings": sorted(limits.settings),
        "cost_bps": cost_bps,
        "version": VERSION,
    }
    file = out / "study.json"
    out.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        file.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
        return
    kept = json.loads(file.read_text(encoding="utf-8"))
    differ = [f"{key} = {kept.get(key)!r}, not {said[key]!r}" for key in said
              if kept.get(key) != said[key]]  # fmt: skip
    if differ:
        what = f"--out {out}: holds runs with {'; '.join(differ)}"
        raise ConfigError([f"{what}. Take another folder, or the same flags"])


def run_all(tasks: Sequence[Task], out: Path, limits: Limits, *, workers: int, keep: bool) -> bool:
    """Make every run whose row is missing; False where the user stopped it.

    Args:
        tasks: All runs of the study.
        out: Its folder.
        limits: How far each goes.
        workers: Runs at a time, each in a process of its own; 1 runs them here.
        keep: Whether archives stay.

    Raises:
        As `carry_out`.
    """
    # The engine first: others go on for the CPU seconds that it took.
    due = [task for task in tasks if not row_file(out, task).exists()]
    waves = [[task for task in due if (task.method == FINCH) == first] for first in (True, False)]
    _say(f"{len(tasks) - len(due)} of {len(tasks)} runs are there; {len(due)} to go.")
    if workers == 1:
        return _here([task for wave in waves for task in wave], out, limits, keep)
    return all(_apart(wave, out, limits, keep, workers) for wave in waves)


def _here(due: Sequence[Task], out: Path, limits: Limits, keep: bool) -> bool:
    STOP.asked = False
    STOP.listen()
    try:
        for place, task in enumerate(due, start=1):
            head = f"[{place}/{len(due)}] {task.name}"
            done = carry_out(task, out, _limits(limits, head), keep=keep)
            if not done:
                return False
            _finished(head, out, task)
            if STOP.asked:
                return place == len(due)
    finally:
        STOP.restore()
    return True


def _apart(due: Sequence[Task], out: Path, limits: Limits, keep: bool, workers: int) -> bool:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    STOP.asked = False
    STOP.listen()
    complete = True
    try:
        with ProcessPoolExecutor(
            workers, mp_context=get_context("spawn"), initializer=_listen
        ) as pool:
            given = {pool.submit(_one, task, out, limits, keep): task for task in due}
            for place, answer in enumerate(as_completed(given), start=1):
                if answer.cancelled() or not answer.result():
                    complete = False
                else:
                    _finished(f"[{place}/{len(due)}] {given[answer].name}", out, given[answer])
                if STOP.asked:
                    for one in given:
                        one.cancel()
    finally:
        STOP.restore()
    return complete


def _listen() -> None:
    """In a new process: its own STOP hears Ctrl-C."""
    STOP.listen()


def _one(task: Task, out: Path, limits: Limits, keep: bool) -> bool:
    """A run in a process of its own; the parent's Ctrl-C reaches it, too."""
    return not STOP.asked and carry_out(task, out, _limits(limits, ""), keep=keep)


def _limits(limits: Limits, head: str) -> Limits:
    """With this process's own stop, and a line of progress on a terminal."""

    def progress(done: int, best: float | None) -> None:
        if head and sys.stderr.isatty():
            so_far = "none" if best is None else f"{best:.2f}"
            line = f"{head}: {done} of {limits.evaluations} evaluations, best fitness {so_far}"
            print(f"\r{line:<100}", end="", file=sys.stderr, flush=True)

    return replace(limits, stopping=lambda: STOP.asked, progress=progress)


def _finished(head: str, out: Path, task: Task) -> None:
    row = row_of(row_file(out, task))
    share = row["efficiency"]
    found = f"efficiency {share:.2f}" if share == share else "no edge"
    _say(
        f"{head}: {found}, true Sharpe {row['true_sharpe']:.2f}, training fitness "
        f"{row['train_fitness']:.2f}, {row['cpu_s']:.1f} s of CPU"
    )


def _say(line: str) -> None:
    start = f"\r{' ' * 100}\r" if sys.stderr.isatty() else ""
    print(f"{start}{line}", file=sys.stderr, flush=True)
