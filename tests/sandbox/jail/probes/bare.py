"""Runs attacks by text with the walls down, each in a forked child: which canaries die?

`python -m tests.sandbox.jail.probes.bare` reads a job as JSON and writes what it saw as JSON. In
the mode `plain` a text is executed as Python, with all builtins; in the mode `guards` only the
checker is away.
"""

from __future__ import annotations

import ast
import atexit
import builtins
import contextlib
import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import libcst

from genomes.check import Checked
from genomes.interpreter import Caps, read_checked
from genomes.language import VOCABULARY
from genomes.language.dimension import Dimension
from genomes.language.graph import Graph
from genomes.language.serial import serialise
from genomes.language.strategy import draw
from tests.sandbox.jail.probes.probe import SECRET, Canary

_MIB = 1 << 20
_ROOM = 160 * _MIB
_MUCH = 48  # MiB
_PATIENCE = {Canary.HANG: 0.12, Canary.PARSER: 0.25}


@dataclass(frozen=True)
class Seen:
    """What a child left behind."""

    reply: str
    code: int
    rss_mb: float
    neighbour: str


class Stage:
    """What attacks aim at: a free path, a kept file, a port, a process."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="finch"))
        self.kept = self.folder / "kept"
        self.kept.write_text(SECRET)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self.tcp.getsockname()[1]
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", self.port))
        self.number = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.enter()

    def enter(self) -> None:
        """A fresh path and a living victim for the next attack."""
        self.number += 1
        self.path = self.folder / f"f{self.number}"
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(["sleep", "600"])
        self.victim = self.process.pid

    def aim(self, text: str) -> str:
        """The text with its targets in it."""
        for name, value in (
            ("@FILE@", self.path), ("@KEEP@", self.kept), ("@PORT@", self.port),
            ("@VICTIM@", self.victim),
        ):  # fmt: skip
            text = text.replace(name, str(value))
        return text

    def connected(self) -> bool:
        """Whether somebody knocked since the last time."""
        ready, _, _ = select.select([self.tcp, self.udp], [], [], 0)
        for each in ready:
            if each is self.tcp:
                each.accept()[0].close()
            else:
                each.recv(1 << 16)
        return bool(ready)

    def left(self) -> bool:
        """Whether a process whose id stands in the free path is alive; it is ended."""
        for _ in range(50):
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

    def struck(self) -> bool:
        """Whether the victim ended."""
        time.sleep(0.01)
        return not alive(self.victim)

    def close(self) -> None:
        """End the victim, and leave nothing."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.tcp.close()
        self.udp.close()
        shutil.rmtree(self.folder)


def resident_mb() -> float:
    """What this process holds now; its peak (ru_maxrss) outlives exec and would be its parent's."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def alive(pid: int) -> bool:
    """Whether a process runs: no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def execute(text: str, fields: dict[str, Dimension]) -> str:
    """The answer to a text that is executed as Python."""
    space: dict[str, Any] = {"__builtins__": vars(builtins), "__name__": "strategy", **VOCABULARY}
    try:
        source = text.encode(errors="surrogatepass")  # bytes, so that cookies are obeyed
        exec(compile(source, "<strategy>", "exec", dont_inherit=True), space)
        return "graph " + serialise(draw(space, None, fields))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def guarded(text: str, fields: dict[str, Dimension]) -> str:
    """The answer to a text that nobody checked, from the interpreter alone."""
    try:
        checked = Checked(text=text, tree=ast.parse(text), params={})
    except SyntaxError:
        return "refused: syntax"
    drawn = read_checked(checked, None, fields, Caps())
    return "graph " + serialise(drawn) if isinstance(drawn, Graph) else f"refused: {drawn[0]}"


def live(probe: dict[str, Any], text: str, job: dict[str, Any], out: int) -> None:
    """The child's life; never returns."""
    atexit._clear()
    fields = {name: Dimension.parse(each) for name, each in job["fields"].items()}
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(job["output"], 1)
    os.dup2(job["output"], 2)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + _ROOM, mapped + _ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_MIB, _MIB))
    patience = _PATIENCE if job["mode"] == "plain" else {}  # nothing hangs behind guards
    signal.setitimer(signal.ITIMER_REAL, patience.get(probe["canary"], 20.0))
    neighbour = ""
    try:
        if probe["canary"] == Canary.PARSER:
            libcst.parse_module(text)
            reply = "parsed"
        else:
            reply = (execute if job["mode"] == "plain" else guarded)(text, fields)
            with contextlib.suppress(ValueError):
                sys.stdout.flush()
        if probe["canary"] == Canary.NEIGHBOUR:
            try:
                neighbour = execute(job["example"], fields)
            except BaseException as error:
                neighbour = repr(error)
            sys.settrace(None)
            sys.setprofile(None)
    except Exception as error:
        reply = f"{type(error).__name__}"
    except BaseException:
        os._exit(3)
    told = json.dumps([reply[:200_000], neighbour]).encode()
    while told:
        told = told[os.write(out, told) :]
    atexit._run_exitfuncs()
    os._exit(0)


def watch(probe: dict[str, Any], stage: Stage, job: dict[str, Any]) -> Seen:
    """Fork a child for one attack and wait for its end."""
    inward, outward = os.pipe()
    os.ftruncate(job["output"], 0)
    os.lseek(job["output"], 0, os.SEEK_SET)
    pid = os.fork()
    if pid == 0:
        os.close(inward)
        try:
            live(probe, stage.aim(probe["text"]), job, outward)
        finally:
            os._exit(4)
    os.close(outward)
    parts: list[bytes] = []
    while select.select([inward], [], [], 25)[0] and (part := os.read(inward, 1 << 16)):
        parts.append(part)
        with contextlib.suppress(ValueError):  # who left a process behind left the pipe open
            json.loads(b"".join(parts))
            break
    os.close(inward)
    _, status, usage = os.wait4(pid, 0)
    try:
        reply, neighbour = json.loads(b"".join(parts))
    except ValueError:
        reply, neighbour = "", ""
    return Seen(reply, os.waitstatus_to_exitcode(status), usage.ru_maxrss / 1024, neighbour)


def succeeded(probe: dict[str, Any], seen: Seen, stage: Stage, job: dict[str, Any]) -> bool:
    """Whether the canary died."""
    match probe["canary"]:
        case Canary.FILE:
            return os.path.lexists(stage.path)
        case Canary.CONNECTION:
            return stage.connected()
        case Canary.ECHO:
            return probe["echo"] in seen.reply
        case Canary.PROCESS:
            return stage.left()
        case Canary.VICTIM:
            return stage.struck()
        case Canary.HANG:
            return seen.code == -signal.SIGALRM
        case Canary.MEMORY:
            return seen.rss_mb > job["rss_mb"] + _MUCH or "MemoryError" in seen.reply
        case Canary.DEATH:
            return not seen.reply and seen.code != -signal.SIGALRM
        case Canary.PARSER:
            return not seen.reply
        case Canary.OUTPUT:
            return os.fstat(job["output"]).st_size > 0
        case Canary.NEIGHBOUR:
            return seen.neighbour != job["expected"]
        case Canary.DRAWN | Canary.VARIES:
            return seen.reply.startswith("graph ")
        case _:
            raise ValueError(probe["canary"])


def main() -> None:
    """Run the job's attacks; write a list of [name, succeeded, reply]."""
    job = json.loads(sys.stdin.read())
    job["output"] = os.memfd_create("output")
    fields = {name: Dimension.parse(each) for name, each in job["fields"].items()}
    job["expected"] = execute(job["example"], fields)
    assert job["expected"].startswith("graph ")
    job["rss_mb"] = resident_mb()
    stage = Stage()
    answers: list[tuple[str, bool, str, int]] = []
    atexit.register(stage.close)
    for probe in job["probes"]:
        stage.enter()
        seen = watch(probe, stage, job)
        won = succeeded(probe, seen, stage, job)
        answers.append((probe["name"], won, seen.reply[:4_000], seen.code))
        stage.connected()
    sys.stdout.write(json.dumps(answers))


if __name__ == "__main__":
    main()
