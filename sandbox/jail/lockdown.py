"""Lockdown: what a process gives up before it may see an untrusted text, layer by layer.

Two steps, since the second is paid for each reader: `enclose` is the server's, once, and what
it takes away its readers never had; `seal` is each reader's own. `confine` is both at once.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.jail import landlock, seccomp, system

UID, RLIMITS, LANDLOCK, SECCOMP, DESCRIPTORS = (
    "uid", "rlimits", "landlock", "seccomp", "descriptors",
)  # fmt: skip
ALL = frozenset((UID, RLIMITS, LANDLOCK, SECCOMP, DESCRIPTORS))

_UNPRIVILEGED = 65_534
_MIB = 1024 * 1024
_DESCRIPTORS = 64  # what the server may have open
_HIGHEST = 1 << 20
_KILL = int(signal.SIGKILL)


class LockdownError(OSError):
    """A layer cannot be put up; says which."""

    def __init__(self, layer: str, why: str) -> None:
        super().__init__(f"{layer}: {why}")
        self.layer = layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one reader may take of the machine: backstops behind fuel.

    Attributes:
        memory_mb: Address space beyond what the process has mapped already.
        cpu_s: Processor time, whole seconds.
    """

    memory_mb: int = 512
    cpu_s: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a child is to give up, worked out before it is forked: what it touches is copied.

    Attributes:
        parent: Its parent's id.
        limits: Limits and their values, soft and hard.
        closed: Descriptors to close, as ranges.
        told: The filter of its system calls; None for none.
    """

    parent: int
    limits: tuple[tuple[int, tuple[int, int]], ...]
    closed: tuple[tuple[int, int], ...]
    told: seccomp.Filter | None


def confine(*, result_fd: int, layers: frozenset[str] = ALL, limits: Limits | None = None) -> None:
    """Give up everything but computing, memory and one descriptor; for a forked child.

    Afterwards the process can write to `result_fd` and end; it dies with its parent.

    Args:
        result_fd: The one descriptor that stays.
        layers: Which walls to put up; a test takes one down at a time.
        limits: Memory and processor time.

    Raises:
        LockdownError: A layer cannot be put up here.
    """
    limits = limits or Limits()
    parent = os.getppid()
    missing = enclose(layers=layers - {SECCOMP}, limits=limits)
    for layer, why in missing.items():
        raise LockdownError(layer, why)
    seal(sealing(result_fd=result_fd, layers=layers, limits=limits, parent=parent))


def enclose(*, layers: frozenset[str], limits: Limits) -> dict[str, str]:
    """Give up, for this process and all its children, what no reader needs.

    What stays is what the server needs: its descriptors, forks, and SIGKILL for its children.

    Returns:
        The layers that cannot be put up here, each with the reason.
    """
    mapped = _mapped()  # /proc is out of reach later
    missing: dict[str, str] = {}

    def put_up(layer: str, step: Callable[[], None]) -> None:
        if layer in layers:
            try:
                step()
            except (OSError, ValueError) as error:
                missing[layer] = str(error)

    put_up(UID, _drop_uid)
    if sys.platform == "linux":
        system.prctl(system.PR_SET_NO_NEW_PRIVS, 1)
        system.prctl(system.PR_SET_DUMPABLE, 0)
    die_with_parent()  # a change of uid clears the wish
    put_up(RLIMITS, lambda: _limit_memory(mapped, limits.memory_mb))
    put_up(LANDLOCK, landlock.deny_all)
    put_up(SECCOMP, lambda: seccomp.install(seccomp.prepared(seccomp.for_server())))
    return missing


def sealing(
    *,
    result_fd: int,
    layers: frozenset[str],
    limits: Limits,
    parent: int,
    request_fd: int | None = None,
) -> Seal:
    """Work out what a reader gives up beyond what its server did.

    Args:
        result_fd: The one descriptor that stays and may be written to.
        request_fd: One more, to be read; None where there is nothing to read.
        layers: Which walls to put up.
        limits: Processor time.
        parent: The server's id: a reader whose server is gone already ends.

    Raises:
        LockdownError: A layer cannot be put up here.
    """
    try:
        told = seccomp.reader_filter(result_fd, request_fd) if SECCOMP in layers else None
    except OSError as error:
        raise LockdownError(SECCOMP, str(error)) from None
    return Seal(
        parent=parent,
        limits=_process_limits(limits.cpu_s) if RLIMITS in layers else (),
        closed=_all_but(result_fd, request_fd) if DESCRIPTORS in layers else (),
        told=told,
    )


def seal(sealed: Seal) -> None:
    """Give up, for this process, what was worked out.

    Raises:
        LockdownError: A layer cannot be put up here.
    """
    die_with_parent()
    if os.getppid() != sealed.parent:
        os._exit(1)
    for limit, values in sealed.limits:
        resource.setrlimit(limit, values)
    for start, end in sealed.closed:
        os.closerange(start, end)
    if sealed.told is not None:
        try:
            seccomp.install(sealed.told)
        except OSError as error:
            raise LockdownError(SECCOMP, str(error)) from None


def die_with_parent() -> None:
    """Ask to be killed when the parent ends.

    Linux means the parent's thread that started us: a jail opened in a short-lived thread is
    replaced when that thread ends. Elsewhere the end of the pipe must do.
    """
    if sys.platform == "linux":
        system.prctl(system.PR_SET_PDEATHSIG, _KILL)


def _all_but(*kept: int | None) -> tuple[tuple[int, int], ...]:
    """All descriptors but some, as ranges."""
    found = sorted(each for each in kept if each is not None)
    starts = [0, *(each + 1 for each in found)]
    return tuple(zip(starts, [*found, _HIGHEST], strict=True))


def _drop_uid() -> None:
    """Become an unprivileged user; without root the user stays the same."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(_UNPRIVILEGED, _UNPRIVILEGED, _UNPRIVILEGED)
        os.setresuid(_UNPRIVILEGED, _UNPRIVILEGED, _UNPRIVILEGED)


def _mapped() -> int:
    """Bytes of address space in use; 0 where /proc does not say."""
    try:
        statm = os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return 0
    try:
        return int(os.read(statm, 100).split()[0]) * resource.getpagesize()
    finally:
        os.close(statm)


def _limit_memory(mapped: int, memory_mb: int) -> None:
    budget = mapped + memory_mb * _MIB
    if mapped:  # the limit counts what is mapped already
        resource.setrlimit(resource.RLIMIT_AS, (budget, budget))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))


def _process_limits(cpu_s: int) -> tuple[tuple[int, tuple[int, int]], ...]:
    return (
        (resource.RLIMIT_CPU, (cpu_s, cpu_s)),
        (resource.RLIMIT_NOFILE, (0, 0)),
        (resource.RLIMIT_NPROC, (0, 0)),
    )
