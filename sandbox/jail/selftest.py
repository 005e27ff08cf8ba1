"""The jail's self-test: inside a sealed process, what no text may do is really tried."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable
from typing import Any

from sandbox.jail import system

_MIB = 1024 * 1024
_CALLS = {  # on x86_64 and aarch64
    "socket": (41, 198), "memfd_create": (319, 279), "ptrace": (101, 117), "mmap": (9, 222),
    "unshare": (272, 97), "getrandom": (318, 278),
}  # fmt: skip
_UNIX, _INET, _STREAM, _DATAGRAM = 1, 2, 1, 2
_EVERYTHING, _PRIVATE_ANONYMOUS, _NEW_USER = 0x7, 0x22, 0x10000000


def holes(open_fds: frozenset[int], server: int, memory_mb: int) -> list[str]:
    """What could be done that no text may do: nothing, in a jail that works.

    Args:
        open_fds: The descriptors the process has: those of its questions and answers.
        server: The process to send a signal to (0, which does nothing).
        memory_mb: The limit that must hold.
    """
    attempts: dict[str, Callable[[], Any]] = {
        "read a file": lambda: os.open(os.devnull, os.O_RDWR),
        "list a folder": lambda: os.listdir("/"),  # noqa: PTH208  (pathlib is not loaded here)
        "create a file": lambda: _create(f"/tmp/finch-jail-{server}"),
        "open a TCP socket": lambda: _call("socket", _INET, _STREAM, 0),
        "open a UDP socket": lambda: _call("socket", _INET, _DATAGRAM, 0),
        "open a local socket": lambda: _call("socket", _UNIX, _STREAM, 0),
        "make an anonymous file": lambda: _call("memfd_create", b"x", 0),
        "open a pipe": os.pipe,
        "fork": _fork,
        "send a signal": lambda: os.kill(server, 0),
        "trace a process": lambda: _call("ptrace", 0, 0, 0, 0),
        "leave its namespace": lambda: _call("unshare", _NEW_USER),
        "become another user": lambda: os.setresuid(0, 0, 0),
        "read elsewhere": lambda: _elsewhere(open_fds, lambda fd: os.read(fd, 0)),
        "write elsewhere": lambda: _elsewhere(open_fds, lambda fd: os.write(fd, b"")),
        "allocate beyond its limit": lambda: bytearray((memory_mb + 64) * _MIB),
        "map executable memory": _map_executable,
        "draw random bytes": lambda: _call("getrandom", ctypes.create_string_buffer(1), 1, 0),
    }
    return [name for name, attempt in attempts.items() if _succeeds(attempt)]


def run_a_program() -> None:
    """Returns where no program can be run; a caller that hears nothing more knows that one can."""
    _succeeds(lambda: os.execv("/bin/sh", ["sh", "-c", ""]))


def _succeeds(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (OSError, MemoryError):
        return False
    return True


def _call(name: str, *arguments: Any) -> int:
    column = {"x86_64": 0, "aarch64": 1}.get(platform.machine())
    if column is None:
        raise OSError(f"no number of {name} for this machine")
    plain = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return system.syscall(_CALLS[name][column], *plain)


def _create(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    os.unlink(path)  # noqa: PTH108


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _elsewhere(open_fds: frozenset[int], touch: Callable[[int], Any]) -> None:
    """Raises where no other descriptor gives or takes as much as nothing."""
    for descriptor in set(range(64)) - open_fds:
        try:
            touch(descriptor)
        except OSError:
            continue
        return
    raise OSError("no other descriptor is open")


def _map_executable() -> None:
    _call("mmap", 0, 4096, _EVERYTHING, _PRIVATE_ANONYMOUS, -1, 0)
