"""The jail's process: `python -m sandbox.jail.zygote` draws one stranger's text after another.

It is started by exec with a scrubbed environment, holds the language and RestrictedPython and
nothing of the market, and talks in frames on the pipes it was born with. The first frame is the
market's fields, the caps and the limits; each further one is a text.
"""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from genomes.language.dimension import Dimension
from genomes.language.graph import Graph, serialise
from genomes.refusal import Refusal
from sandbox.jail import frames
from sandbox.jail.caps import Caps
from sandbox.jail.drawing import draw_text

_PR_SET_PDEATHSIG = 1
_MIB = 1024 * 1024


def main() -> int:
    """Serve until the parent closes the pipe; 0 at its end, 1 if the parent is gone already."""
    requests, replies = _channel()
    hello = frames.read(requests)
    if hello is None:
        return 1
    if not _die_with(int(hello["parent"])):
        return 1
    fields = {str(name): Dimension.parse(text) for name, text in hello["fields"].items()}
    caps = Caps(**hello["caps"])
    _confine(int(hello["memory_mb"]))
    gc.freeze()
    _send(replies, {"id": 0, "ready": True})
    while (request := frames.read(requests)) is not None:
        _allow_cpu(int(hello["cpu_s"]))
        _send(replies, answer(request, fields, caps))
    return 0


def answer(request: dict[str, Any], fields: dict[str, Dimension], caps: Caps) -> dict[str, Any]:
    """The reply to one text: its serialised graph, or its refusals.

    This is the stranger's whole life: a child forked for it would do this and no more.
    """
    drawn = draw_text(request["text"], request["values"], fields, caps)
    if isinstance(drawn, Graph):
        return {"id": request["id"], "graph": serialise(drawn)}
    return {"id": request["id"], "refusals": [_as_row(each) for each in drawn]}


def _as_row(refusal: Refusal) -> dict[str, Any]:
    return asdict(refusal)


def _channel() -> tuple[BinaryIO, BinaryIO]:
    """The pipes, taken from their usual numbers so that nothing can be printed into them."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return requests, replies


def _send(stream: BinaryIO, message: dict[str, Any]) -> None:
    stream.write(frames.encode(message))
    stream.flush()


def _die_with(parent: int) -> bool:
    """Ask to be killed when the parent ends; False if it has ended before we could ask.

    Linux means the parent's thread that started us: a jail opened in a short-lived thread is
    replaced when that thread ends. Elsewhere the end of the pipe must do.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent


def _confine(memory_mb: int) -> None:
    """What this process may never do again."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    statm = Path("/proc/self/statm")
    if statm.exists():  # address space counts what is mapped already
        mapped = int(statm.read_text().split()[0]) * resource.getpagesize()
        budget = mapped + memory_mb * _MIB
        resource.setrlimit(resource.RLIMIT_AS, (budget, budget))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))


def _allow_cpu(seconds: int) -> None:
    """Processor time for one stranger: a backstop, since fuel runs out long before."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(usage.ru_utime + usage.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (spent + seconds, hard))


if __name__ == "__main__":
    sys.exit(main())
