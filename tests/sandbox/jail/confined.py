"""Runs plain Python behind chosen walls, each piece in a forked child: `python -m ...confined`.

Reads a list of {code, layers, cpu_s, memory_mb} as JSON; writes, for each, what it said by
`say()` and the signal that ended it.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
from typing import Any

from sandbox.jail.lockdown import Limits, confine

PARENT = os.getpid()
NAMES = (ctypes, mmap, os, resource, signal, socket, sys)


def run(piece: dict[str, Any], other: int) -> dict[str, Any]:
    """One piece of code in a child of its own."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            live(piece, writer, other)
        finally:
            os._exit(70)
    os.close(writer)
    said = b""
    while part := os.read(reader, 65_536):
        said += part
    os.close(reader)
    _, status = os.waitpid(pid, 0)
    return {"said": said.decode(), "signal": status & 0x7F}


def live(piece: dict[str, Any], writer: int, other: int) -> None:
    """A child's whole life."""
    limits = Limits(memory_mb=piece.get("memory_mb", 64), cpu_s=piece.get("cpu_s", 5))
    names: dict[str, Any] = {each.__name__: each for each in NAMES}
    names |= {"parent": PARENT, "other": other, "result": writer, "said": ""}
    confine(result_fd=writer, layers=frozenset(piece["layers"]), limits=limits)
    try:
        exec(piece["code"], names)
        said = names["said"] or "done"
    except BaseException as error:
        said = f"{type(error).__name__}"
    os.write(writer, said.encode())
    os._exit(0)


if __name__ == "__main__":
    inherited, _ = os.pipe()[::-1]
    print(json.dumps([run(piece, inherited) for piece in json.load(sys.stdin)]))
