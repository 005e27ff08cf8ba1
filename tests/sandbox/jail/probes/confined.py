"""Runs attacks on the machine in confined children: which canaries die?

`python -m tests.sandbox.jail.probes.confined` reads a job as JSON (which layers are up, which
attacks) and writes a list of [name, succeeded, answer] as JSON.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import fcntl
import json
import mmap
import os
import platform
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from sandbox.jail import lockdown
from sandbox.jail.lockdown import Limits
from tests.sandbox.jail.probes.bare import alive, resident_mb
from tests.sandbox.jail.probes.probe import SECRET, Canary

_MIB = 1 << 20
_LIMITS = Limits(memory_mb=64, cpu_s=1)
_NOBODY = 65_534
_INTEL = platform.machine() == "x86_64"
_CALLS = {  # on x86_64 and aarch64
    "SOCKET": (41, 198), "ADD_KEY": (248, 217), "BPF": (321, 280), "PERF": (298, 241),
    "USERFAULT": (323, 282), "KCMP": (312, 272), "TGKILL": (234, 131), "CLOCK": (228, 113),
    "GETCPU": (309, 168),
}  # fmt: skip
_CODE_42 = b"\xb8\x2a\x00\x00\x00\xc3"  # mov eax, 42; ret
_CODE_INT80 = b"\x53\xb8\x14\x00\x00\x00\xcd\x80\x5b\xc3"  # 32-bit getpid


_SPINS_S = 1.4  # of processor time, where the limit is one second
_WAITS_S = 0.15
_PATIENCE_S = 30.0  # for what ends by itself, or by a limit, on a busy machine


class Targets:
    """What attacks aim at; each attack finds them as they were."""

    def __init__(self) -> None:
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.mmap.restype = ctypes.c_void_p
        self.libc.mmap.argtypes = (
            [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
        )
        self.libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.folder = Path(tempfile.mkdtemp(prefix="finch"))
        self.folder.chmod(0o777)
        self.kept = self.folder / "kept"
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.local = str(self.folder / "local")
        self.local_datagram = str(self.folder / "datagram")
        self.abstract = f"\0finch{os.getpid()}"
        self.unix = [socket.socket(1, kind) for kind in (1, 2, 1)]
        names = (self.local, self.local_datagram, self.abstract)
        for each, name in zip(self.unix, names, strict=True):
            each.bind(name)
        for name in names[:2]:
            Path(name).chmod(0o777)
        self.unix[0].listen()
        self.unix[2].listen()
        self.pipe, self.pipe_in = os.pipe()
        self.empty, self.empty_in = os.pipe()
        self.requests, self.requests_in = os.pipe()
        self.near, self.far = socket.socketpair()
        self.output = os.memfd_create("output")
        self.file = os.memfd_create("inherited")
        source = self.folder / "source"
        source.write_text(SECRET)
        self.source = os.open(source, os.O_RDONLY)
        self.segment = self.libc.shmget(0, 4096, 0o1666)
        self.libc.shmat.restype = ctypes.c_void_p
        self.shared = self.libc.shmat(self.segment, None, 0)
        self.signals = 0
        self.victim, self.number = 0, 0
        self.memory = ctypes.create_string_buffer(8)
        self.token = os.urandom(4).hex()
        signal.signal(signal.SIGUSR1, self._count)

    def _count(self, *_: object) -> None:
        self.signals += 1

    def set_up(self) -> None:
        """Everything as it should be found."""
        self.number += 1
        self.path = self.folder / f"f{self.number}"
        if not self.kept.exists() or self._kept() != (SECRET, 0o666, 1_000_000.0):
            self.kept.unlink(missing_ok=True)
            self.kept.write_text(SECRET)
            self.kept.chmod(0o666)
            os.utime(self.kept, (1e6, 1e6))
        if not self.victim or not alive(self.victim):
            self._raise_victim()
        ctypes.memset(self.shared, 0, 8)
        for each in (self.output, self.file):
            os.ftruncate(each, 0)
            os.lseek(each, 0, os.SEEK_SET)
        os.lseek(self.source, 0, os.SEEK_SET)
        self.signals = 0
        self.heard()
        self.touched()

    def _raise_victim(self) -> None:
        self.victim = os.fork()
        if self.victim == 0:
            os.setpgid(0, 0)
            if os.geteuid() == 0:  # as low as the strangers, so that only the walls protect it
                os.setresgid(_NOBODY, _NOBODY, _NOBODY)
                os.setresuid(_NOBODY, _NOBODY, _NOBODY)
            self.libc.prctl(4, 1, 0, 0, 0)
            self.memory.raw = self.token.encode()
            while True:
                signal.pause()
        time.sleep(0.03)
        self.priority = os.getpriority(os.PRIO_PROCESS, self.victim)

    def _kept(self) -> tuple[str, int, float]:
        told = self.kept.stat()
        return self.kept.read_text(), told.st_mode & 0o777, told.st_mtime

    def changed(self) -> bool:
        """Whether the kept file is not what it was."""
        return not self.kept.exists() or self._kept() != (SECRET, 0o666, 1_000_000.0)

    def heard(self) -> bool:
        """Whether anybody knocked."""
        ready, _, _ = select.select([self.tcp, self.udp, *self.unix], [], [], 0)
        for each in ready:
            if each.type == socket.SOCK_STREAM:
                each.accept()[0].close()
            else:
                each.recv(99)
        return bool(ready)

    def touched(self) -> bool:
        """Whether this process, or what it holds, was changed."""
        ready, _, _ = select.select([self.pipe, self.near, self.empty], [], [], 0)
        for each in ready:
            os.read(each if isinstance(each, int) else each.fileno(), 99)
        found = bool(ready) or self.signals > 0 or os.fstat(self.file).st_size > 0
        found = found or ctypes.string_at(self.shared, 8) != bytes(8)
        if os.getpriority(os.PRIO_PROCESS, 0) != 0:
            found = True
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, 0, 0)
        if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == 4096:
            found = True
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_MEMLOCK, (8192, 8192))
        return found

    def struck(self) -> bool:
        """Whether the victim was killed, stopped or changed."""
        for _ in range(15):  # a signal takes its time on a busy machine
            try:
                hit = self._hit()
            except OSError:  # it ended while we looked
                hit = True
            if hit:
                self.close()
                return True
            time.sleep(0.01)
        return False

    def _hit(self) -> bool:
        if not alive(self.victim):
            return True
        stopped = (
            Path(f"/proc/{self.victim}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
        )
        held = os.pread(
            memory := os.open(f"/proc/{self.victim}/mem", 0), 8, ctypes.addressof(self.memory)
        )
        os.close(memory)
        return (
            stopped
            or held != self.token.encode()
            or os.getpriority(os.PRIO_PROCESS, self.victim) != self.priority
        )

    def left(self) -> bool:
        """Whether a process whose number stands in the free path is alive; it is ended."""
        for _ in range(50):  # a busy machine starts it late
            if self.path.is_file() and self.path.read_text().isdigit():
                break
            time.sleep(0.01)
        else:
            return False
        pid = int(self.path.read_text())
        there = alive(pid)
        if there:
            os.kill(pid, signal.SIGKILL)
        return there

    def close(self) -> None:
        """End the victim."""
        if self.victim:
            os.kill(self.victim, signal.SIGKILL)
            os.waitpid(self.victim, 0)
            self.victim = 0

    def space(self, result_fd: int, parent: int) -> dict[str, Any]:
        """What a payload finds by name."""
        own = ctypes.create_string_buffer(b"changed!", 8)
        address = ctypes.addressof(self.memory)

        def vector(at: int) -> Any:
            return struct.pack("QQ", at, 8)

        def check(result: int) -> int:
            if result == -1:
                raise OSError(ctypes.get_errno())
            return result

        def call(number: int, *arguments: Any) -> int:
            plain = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
            return check(self.libc.syscall(ctypes.c_long(number), *plain))

        def say(words: str) -> None:
            os.write(result_fd, words.encode())

        column = 0 if _INTEL else 1
        return {
            "os": os, "socket": socket, "ctypes": ctypes, "struct": struct, "mmap": mmap,
            "signal": signal, "resource": resource, "threading": threading, "select": select,
            "fcntl": fcntl, "subprocess": subprocess, "faulthandler": faulthandler,
            "libc": self.libc, "call": call, "check": check, "say": say,
            "FILE": str(self.path), "KEEP": str(self.kept), "PORT": self.port,
            "LOCAL": self.local, "LOCAL_DATAGRAM": self.local_datagram, "ABSTRACT": self.abstract,
            "VICTIM": self.victim, "PARENT": parent, "RESULT": result_fd, "PIPE": self.pipe_in,
            "SOCKET_FD": self.far.fileno(), "FILE_FD": self.file, "SOURCE_FD": self.source,
            "EMPTY_FD": self.empty, "SEGMENT": self.segment, "ADDRESS": address, "OWN": own,
            "IO_OWN": vector(ctypes.addressof(own)), "IO_VICTIM": vector(address),
            "UID": os.getuid(), "NO_MAP": ctypes.c_void_p(-1).value,
            "CODE_42": _CODE_42, "CODE_INT80": _CODE_INT80,
            "TOUCH": shutil.which("touch"),
            **{name: numbers[column] for name, numbers in _CALLS.items()},
        }  # fmt: skip


def live(probe: dict[str, Any], targets: Targets, layers: frozenset[str], out: int) -> None:
    """The child's life; never returns."""
    parent = os.getppid()
    space = targets.space(out, parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(targets.output, 1)
    os.dup2(targets.output, 2)
    code = compile(probe["text"], "<payload>", "exec")
    if layers:
        missing = lockdown.enclose(layers=layers, limits=_LIMITS)  # as server and reader do it
        assert not missing, missing
        sealed = lockdown.sealing(
            result_fd=out, request_fd=targets.requests, layers=layers, limits=_LIMITS, parent=parent
        )
        lockdown.seal(sealed)
    with contextlib.suppress(BaseException):
        exec(code, space)
    os._exit(0)


def attack(probe: dict[str, Any], targets: Targets, layers: frozenset[str]) -> tuple[bool, str]:
    """Run one attack; whether its canary died, and what it said."""
    targets.set_up()
    base = resident_mb()
    inward, outward = os.pipe()
    os.set_blocking(inward, False)
    pid = os.fork()
    if pid == 0:
        try:
            live(probe, targets, layers, outward)
        finally:
            os.write(outward, b"could not be confined")
            os._exit(70)
    os.close(outward)
    spins, waits = "CPU: spin" in probe["name"], "CPU: wait" in probe["name"]
    ended = _wait(pid, _WAITS_S if waits else _PATIENCE_S, _SPINS_S if spins else None)
    if ended is None:
        os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
    else:
        status, usage = ended
    reply = ""
    with contextlib.suppress(BlockingIOError):
        reply = os.read(inward, 1 << 16).decode(errors="replace")
    os.close(inward)
    reply += f" [{os.waitstatus_to_exitcode(status)}]"
    if os.waitstatus_to_exitcode(status) == 70:
        return True, reply
    match probe["canary"]:
        case Canary.FILE:
            won = os.path.lexists(targets.path)
        case Canary.VANISHED:
            won = targets.changed()
        case Canary.ECHO:
            won = probe["echo"].replace("@TOKEN@", targets.token) in reply
        case Canary.CONNECTION:
            won = targets.heard()
        case Canary.VICTIM:
            won = targets.struck()
        case Canary.PARENT:
            won = targets.touched()
        case Canary.MEMORY:
            won = usage.ru_maxrss / 1024 > base + 150
        case Canary.OUTPUT:
            won = os.fstat(targets.output).st_size > 0
        case Canary.PROCESS:
            won = targets.left()
        case Canary.HANG:
            won = ended is None
        case _:
            raise ValueError(probe["canary"])
    return won, reply


def _wait(pid: int, seconds: float, busy_s: float | None) -> tuple[int, Any] | None:
    """A child's status and use of resources; None where it does not end in time.

    Args:
        pid: The child.
        seconds: How long it may live.
        busy_s: How long it may compute.
    """
    deadline = time.monotonic() + seconds
    pause = 0.0005
    while time.monotonic() < deadline:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            return status, usage
        if busy_s is not None and _busy(pid) > busy_s:
            return None
        time.sleep(pause)
        pause = min(0.02, pause * 1.5)
    return None


def _busy(pid: int) -> float:
    """Processor time of a process, seconds."""
    told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run the job."""
    job = json.loads(sys.stdin.read())
    os.setpgid(0, 0)
    targets = Targets()
    layers = frozenset(job["layers"])
    answers: list[tuple[str, bool, str]] = []
    try:
        for probe in job["probes"]:
            won, reply = attack(probe, targets, layers)
            answers.append((probe["name"], won, reply))
    finally:
        targets.close()
        targets.libc.shmctl(targets.segment, 0, None)
        shutil.rmtree(targets.folder, ignore_errors=True)
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main()
