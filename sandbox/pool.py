"""Workers on Ray: batches out, answers back in order, a dead or hung worker replaced."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from genomes.records.outcome import Crashed, Outcome
from sandbox.errand import Drawing, Request, Setup
from sandbox.market.panel import Panel
from sandbox.returns import Question, Returns
from sandbox.screen import Screen
from sandbox.study import Study
from sandbox.worker import Worker

BATCHES_PER_WORKER = 4  # small enough to level out slow ones, large enough to hide the round trip
MAX_BATCH = 32
MOST_PER_CORE = 16  # workers of one machine: beyond, starting them alone exhausts it


class PoolError(RuntimeError):
    """The workers cannot be had; the text says why and what to do."""


class Pool(Protocol):
    """Where candidates are made and measured.

    All methods are pure: the answers depend on the questions and the run's setup only, not on the
    number of workers, nor on who answered first. They yield (index of the question, answer) as
    answers come, each index once.
    """

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        """Make and draw candidates."""
        ...

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        """Execute and measure serialised graphs."""
        ...

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, Study | None]]:
        """Look closely at serialised graphs; None for one that cannot run."""
        ...

    def returns(self, questions: Sequence[Question]) -> Iterator[tuple[int, Returns | None]]:
        """Paths of returns under other terms than the run's; None for a graph that cannot run."""
        ...

    def screen(self) -> Screen:
        """Look at the training bars for simple conditions that earn something.

        Raises:
            PoolError: The worker that looked died, twice.
        """
        ...

    def close(self) -> None:
        """End the workers."""
        ...


class InProcess:
    """One worker in this process: for tests, a debugger, and a single measurement."""

    def __init__(self, panel: Panel, setup: Setup) -> None:
        self._worker = Worker(panel, setup)

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        """Make and draw candidates."""
        for start in range(0, len(requests), MAX_BATCH):
            batch = requests[start : start + MAX_BATCH]
            yield from enumerate(self._worker.propose(batch), start)

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        """Execute and measure serialised graphs."""
        for index, graph in enumerate(graphs):
            yield index, self._worker.measure([graph])[0]

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, Study | None]]:
        """Look closely at serialised graphs."""
        yield from enumerate(self._worker.study(graphs))

    def returns(self, questions: Sequence[Question]) -> Iterator[tuple[int, Returns | None]]:
        """Paths of returns under other terms."""
        yield from enumerate(self._worker.returns(questions))

    def screen(self) -> Screen:
        """Look at the training bars for simple conditions that earn something."""
        return self._worker.screen()[0]

    def close(self) -> None:
        """End the worker."""
        self._worker.close()


@dataclass(slots=True)
class _Batch:
    """Questions that travel together, and whether they did once before."""

    indices: list[int]
    again: bool = False


@dataclass(slots=True)
class _Job:
    """A batch under way."""

    actor: int
    batch: _Batch
    deadline: float
    result: Any = field(repr=False)


class RemoteWorker(Worker):
    """A worker in a process of its own: whatever Ray was started with, it has no secrets."""

    def __post_init__(self) -> None:
        forget_secrets()
        Worker.__post_init__(self)


class RayPool:
    """Ray actors, each a `Worker`; the panel lies once in Ray's shared memory.

    Args:
        panel: The market's bars.
        setup: What every worker is told.
        workers: How many.
        address: A cluster's address; None starts Ray on this machine.
        modules: Packages to bring along to a cluster's machines.
        batch_wall_s: A batch that takes longer has hung: its worker is replaced.
        start_wall_s: How long to wait for workers.
        worker: What each actor is.

    Raises:
        PoolError: Ray or its workers do not start; the text says what to change.
    """

    def __init__(
        self,
        panel: Panel,
        setup: Setup,
        *,
        workers: int,
        address: str | None = None,
        modules: Sequence[ModuleType] = (),
        batch_wall_s: float = 120.0,
        start_wall_s: float = 60.0,
        worker: type = RemoteWorker,
    ) -> None:
        cores = os.cpu_count() or 1
        if address is None and workers > MOST_PER_CORE * cores:
            raise PoolError(
                f"{workers} workers on this machine's {cores} cores would never start: lower "
                f"--workers to {cores}, or give a cluster with --ray-address"
            )
        import ray
        from ray import exceptions

        self._ray, self._errors = ray, exceptions
        self._batch_wall_s, self._start_wall_s = batch_wall_s, start_wall_s
        self._starting: set[int] = set()
        self._owns_ray = not ray.is_initialized()
        if self._owns_ray:
            _start(workers, address, modules)
        self._setup = setup
        self._panel = ray.put(panel)
        self._remote = ray.remote(num_cpus=1, max_restarts=0)(worker)
        self._actors: list[Any] = [self._new_actor() for _ in range(workers)]
        try:
            ready = [actor.measure.remote([]) for actor in self._actors]
            prepared = [actor.prepare.remote(i, workers) for i, actor in enumerate(self._actors)]
            ray.get(ready, timeout=start_wall_s)
            # What is not compiled by then, or was by a worker that died, is when it is needed.
            ray.wait(prepared, num_returns=workers, timeout=start_wall_s + batch_wall_s)
        except exceptions.GetTimeoutError:
            cpus = ray.cluster_resources().get("CPU", 0)
            self.close()
            raise PoolError(
                f"no Ray worker in {start_wall_s:g} s (asked for {workers} CPUs, the cluster has "
                f"{cpus:g}): lower --workers to {max(1, int(cpus))}"
            ) from None
        except exceptions.RayActorError as error:
            self.close()
            raise PoolError(f"a Ray worker died at its start: {str(error)[:400]}") from None

    def propose(self, requests: Sequence[Request]) -> Iterator[tuple[int, Drawing]]:
        """Make and draw candidates."""

        def lost(index: int, reason: str) -> Drawing:
            request = requests[index]
            return Drawing(
                text=request.text or "",
                operator=request.operator,
                note="",
                failure=Crashed(stage="propose", reason=reason),
            )

        return self._map("propose", requests, lost)

    def measure(self, graphs: Sequence[str]) -> Iterator[tuple[int, Outcome]]:
        """Execute and measure serialised graphs."""
        return self._map("measure", graphs, lambda _, why: Crashed(stage="measure", reason=why))

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, Study | None]]:
        """Look closely at serialised graphs."""
        return self._map("study", graphs, lambda _, why: None)

    def returns(self, questions: Sequence[Question]) -> Iterator[tuple[int, Returns | None]]:
        """Paths of returns under other terms."""
        return self._map("returns", questions, lambda _, why: None)

    def screen(self) -> Screen:
        """Look at the training bars for simple conditions that earn something."""
        answers = dict(self._map("screen", [None], lambda _, why: why))
        if isinstance(answers[0], Screen):
            return answers[0]
        raise PoolError(
            f"the screen of the market failed: {answers[0]}; run without it: "
            "--set search.screen=false"
        )

    def close(self) -> None:
        """End the workers, and Ray if this pool started it."""
        for actor in self._actors:
            self._ray.kill(actor)
        self._actors = []
        if self._owns_ray:
            self._ray.shutdown()

    def _new_actor(self) -> Any:
        return self._remote.remote(self._panel, self._setup)

    def _map(
        self, method: str, questions: Sequence[Any], lost: Callable[[int, str], Any]
    ) -> Iterator[tuple[int, Any]]:
        waiting = deque(_batches(len(questions), len(self._actors)))
        idle = list(range(len(self._actors)))
        jobs: list[_Job] = []
        while waiting or jobs:
            while waiting and idle:
                jobs.append(self._send(idle.pop(), method, waiting.popleft(), questions))
            for job in self._ended(jobs):
                jobs.remove(job)
                answers = self._answers(job)
                if not isinstance(answers, str):
                    yield from zip(job.batch.indices, answers, strict=True)
                else:
                    self._replace(job.actor)
                    if job.batch.again:
                        yield from ((i, lost(i, f"{answers}, twice")) for i in job.batch.indices)
                    else:
                        # One at a time, so that only what kills a worker is lost.
                        waiting.extend(_Batch([i], again=True) for i in job.batch.indices)
                idle.append(job.actor)

    def _ended(self, jobs: Sequence[_Job]) -> list[_Job]:
        """Wait for answers; the jobs that have one, or else those that are overdue."""
        first = min(job.deadline for job in jobs)
        patience = max(0.0, first - time.monotonic())
        done, _ = self._ray.wait([job.result for job in jobs], timeout=patience)
        answered = [job for job in jobs if job.result in done]
        return answered or [job for job in jobs if job.deadline <= time.monotonic()]

    def _answers(self, job: _Job) -> list[Any] | str:
        """A job's answers, or why there are none."""
        try:
            return self._ray.get(job.result, timeout=0)
        except self._errors.GetTimeoutError:
            return f"took more than {self._batch_wall_s:g} s"
        except self._errors.RayActorError:
            return "its worker died"

    def _send(self, actor: int, method: str, batch: _Batch, questions: Sequence[Any]) -> _Job:
        call = getattr(self._actors[actor], method)
        patience = self._batch_wall_s
        if actor in self._starting:  # a new worker imports and loads kernels first
            self._starting.discard(actor)
            patience += self._start_wall_s
        return _Job(
            actor=actor,
            batch=batch,
            deadline=time.monotonic() + patience,
            result=call.remote([questions[i] for i in batch.indices]),
        )

    def _replace(self, actor: int) -> None:
        self._ray.kill(self._actors[actor])
        self._actors[actor] = self._new_actor()
        self._starting.add(actor)


def _batches(count: int, workers: int) -> Iterator[_Batch]:
    size = max(1, min(MAX_BATCH, -(-count // (workers * BATCHES_PER_WORKER))))
    for start in range(0, count, size):
        yield _Batch(list(range(start, min(start + size, count))))


def _start(workers: int, address: str | None, modules: Sequence[ModuleType]) -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    try:
        with _scrubbed_environment():
            if address is None:
                ray.init(num_cpus=workers, include_dashboard=False, **options)
            else:
                folders = [str(Path(module.__file__ or "").parent) for module in modules]
                ray.init(address=address, runtime_env={"py_modules": folders}, **options)
    except Exception as error:  # Ray raises a bare Exception where a node times out
        where, remedy = (
            (f"at {address}", "check --ray-address, or leave it out for workers on this machine")
            if address
            else ("on this machine", "free memory and disk, or pass --workers 0 to do without Ray")
        )
        raise PoolError(f"Ray does not start {where}: {error}; {remedy}") from error


_SECRET_WORDS = (
    "KEY", "TOKEN", "SECRET", "PASS", "_PWD", "CREDENTIAL", "PROXY", "AUTH", "HEADER", "COOKIE",
    "BASE_URL", "DSN", "CONNECTION_STRING", "WEBHOOK",
)  # fmt: skip
_SECRET_VALUE = re.compile(
    r"""(?ix)
    ://(?:[^\s/@:]*:[^\s@]*|[^\s/@]+)@             # user info of an address
    | (?:password|passwd|pwd|secret|token|api[-_]?key|access[-_]?key|account[-_]?key)\s*[=:]\s*\S
    """
)


def is_secret(name: str, value: str = "") -> bool:
    """Whether an environment variable may hold a secret, or a way to the network.

    Its name says so, or else its value: an address with user info, or what looks like a password
    among other settings. Ray's own stay: without its token it refuses every connection.
    """
    if name.startswith("RAY_"):
        return False
    return any(word in name.upper() for word in _SECRET_WORDS) or bool(_SECRET_VALUE.search(value))


def forget_secrets() -> None:
    """Take what may be a secret out of this process's environment; Ray's own names stay."""
    for name, value in list(os.environ.items()):
        if is_secret(name, value):
            del os.environ[name]


@contextmanager
def _scrubbed_environment() -> Generator[None]:
    """Hide secrets while Ray starts: its processes inherit what the environment holds then."""
    hidden = {name: value for name, value in os.environ.items() if is_secret(name, value)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)
