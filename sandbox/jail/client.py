"""The jail's client: keeps a jail process alive, hands it texts, believes nothing it says."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from genomes.check import check
from genomes.language.dimension import Dimension
from genomes.language.errors import GraphError
from genomes.language.graph import MAX_BYTES as MAX_GRAPH
from genomes.language.graph import Graph, deserialise
from genomes.language.params import Value
from genomes.refusal import Refusal
from genomes.report import MAX_REFUSALS, quote
from genomes.text import MAX_BYTES as MAX_TEXT
from sandbox.jail import frames
from sandbox.jail.caps import Caps
from sandbox.outcome import Crashed, Refused

START_S = 30.0
_PACKAGES = ("sandbox", "genomes", "RestrictedPython")
_MAX_WORDS = 1_000


class JailError(RuntimeError):
    """The jail itself does not work: no stranger's fault."""


class _LostError(Exception):
    """The process died, hung or sent what is no reply; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A text's graph.

    Attributes:
        graph: Built anew from the jail's reply, node by node, by the operator table.
        text: The graph, serialised.
    """

    graph: Graph
    text: str


class Jail:
    """Draws strangers' texts in a process of its own.

    Args:
        fields: The market's fields with their dimensions.
        wall_s: Seconds for one text, then the process is killed: a backstop behind fuel.
        memory_mb: Memory beyond what the process has at its start.
        caps: Fuel and sizes for one text.

    Raises:
        JailError: The process does not start.
    """

    def __init__(
        self,
        fields: Mapping[str, Dimension],
        *,
        wall_s: float = 5.0,
        memory_mb: int = 512,
        caps: Caps | None = None,
    ) -> None:
        self._fields = dict(fields)
        self._wall_s = wall_s
        self._memory_mb = memory_mb
        self._caps = caps or Caps()
        self._process: subprocess.Popen[bytes] | None = None
        self._asked = 0

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    def close(self) -> None:
        """Kill the process. The jail may be used again: it starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()

    def draw(
        self, text: str, values: Mapping[str, Value] | None = None
    ) -> Drawn | Refused | Crashed:
        """Draw one text.

        Args:
            text: A strategy's source, from anyone.
            values: Parameter values in place of the defaults, finite; None for the defaults.

        Returns:
            The graph; or why the text was refused; or Crashed where the process died or hung on
            it twice, or sent what is no graph.

        Raises:
            JailError: The process does not start.
        """
        if len(text) > MAX_TEXT:
            checked = check(text)
            assert isinstance(checked, tuple)
            return Refused(refusals=checked)
        reason = ""
        for _ in range(2):  # a death may have been another's fault; twice is its own
            try:
                return self._read_reply(self._ask({"text": text, "values": _plain(values)}))
            except _LostError as lost:
                reason = str(lost)
                self.close()
        return Crashed(stage="draw", reason=reason)

    def draw_many(self, texts: Iterable[str]) -> list[Drawn | Refused | Crashed]:
        """Draw texts one after another, in their order; one that crashes harms no other."""
        return [self.draw(text) for text in texts]

    # -- the process -------------------------------------------------------------------------------

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None:
            return self._process
        self._process = subprocess.Popen(
            [sys.executable, "-S", "-s", "-P", "-X", "utf8", "-m", "sandbox.jail.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            close_fds=True,
            cwd="/",
            env=environment(),
        )
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)
        hello = {
            "fields": {name: str(dimension) for name, dimension in self._fields.items()},
            "caps": asdict(self._caps),
            "memory_mb": self._memory_mb,
            "cpu_s": ceil(self._wall_s),
            "parent": os.getpid(),
        }
        deadline = time.monotonic() + START_S
        self._asked = 0
        try:
            self._write(self._process, frames.encode(hello), deadline)
            reply = self._read(self._process, deadline)
        except _LostError as lost:
            words = self._last_words(self._process)
            self.close()
            raise JailError(
                f"the jail did not start: {lost}; {words or 'it said nothing'}. "
                "Try python -m sandbox.jail.zygote in the same environment."
            ) from None
        if reply != {"id": 0, "ready": True}:
            self.close()
            raise JailError("the jail did not start: its first words were strange")
        return self._process

    def _last_words(self, process: subprocess.Popen[bytes]) -> str:
        process.kill()
        assert process.stderr is not None
        said = process.stderr.read(65_536).decode(errors="replace").strip()
        return quote(said.splitlines()[-1], 300) if said else ""

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        process = self._start()
        assert process.stdout is not None
        if _ready(process.stdout.fileno(), select.POLLIN, 0):
            raise _LostError("the jail's process ended, or spoke unasked")
        self._asked += 1
        deadline = time.monotonic() + self._wall_s
        self._write(process, frames.encode({"id": self._asked, **request}), deadline)
        reply = self._read(process, deadline)
        if reply.pop("id", None) != self._asked:
            raise _LostError("the jail answered another question")
        return reply

    def _write(self, process: subprocess.Popen[bytes], frame: bytes, deadline: float) -> None:
        assert process.stdin is not None
        rest = memoryview(frame)
        while rest:
            if not _ready(process.stdin.fileno(), select.POLLOUT, deadline):
                raise _LostError("the jail took no text in time")
            try:
                rest = rest[os.write(process.stdin.fileno(), rest) :]
            except BlockingIOError:
                continue
            except OSError:
                raise _LostError("the jail's process died") from None

    def _read(self, process: subprocess.Popen[bytes], deadline: float) -> dict[str, Any]:
        try:
            header = self._read_exactly(process, frames.HEADER, deadline)
            body = self._read_exactly(process, frames.length(header), deadline)
            return frames.decode(body)
        except frames.FrameError as error:
            raise _LostError(f"the jail sent no reply but {error}") from None

    def _read_exactly(self, process: subprocess.Popen[bytes], size: int, deadline: float) -> bytes:
        assert process.stdout is not None
        parts: list[bytes] = []
        while size:
            if not _ready(process.stdout.fileno(), select.POLLIN, deadline):
                raise _LostError(f"the jail gave no answer in {self._wall_s:g} s")
            try:
                part = os.read(process.stdout.fileno(), size)
            except BlockingIOError:
                continue
            if not part:
                raise _LostError("the jail's process died")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    # -- its words ---------------------------------------------------------------------------------

    def _read_reply(self, reply: dict[str, Any]) -> Drawn | Refused | Crashed:
        match reply:
            case {"graph": str(text), **rest} if not rest and len(text) <= MAX_GRAPH:
                try:
                    graph = deserialise(text, self._fields, max_nodes=self._caps.max_nodes)
                except GraphError as error:
                    # A graph the table cannot have drawn: the process is not what it was.
                    self.close()
                    return Crashed(stage="draw", reason=f"drew no graph: {quote(str(error), 200)}")
                return Drawn(graph=graph, text=text)
            case {"refusals": list(rows), **rest} if not rest and 0 < len(rows) <= MAX_REFUSALS:
                return Refused(refusals=tuple(_read_refusal(row) for row in rows))
            case _:
                raise _LostError("the jail answered neither graph nor refusals")


def environment() -> dict[str, str]:
    """The jail's whole environment: where its packages lie, and one hash seed for all."""
    roots: list[str] = []
    for name in _PACKAGES:
        spec = find_spec(name)
        if spec is None or not spec.origin:
            raise JailError(f"package {name} is not installed here: pip install -e .")
        roots.append(str(Path(spec.origin).resolve().parents[1]))
    return {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(roots)),
        "PYTHONHASHSEED": "0",
        "LC_ALL": "C.UTF-8",
    }


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    """Whether a pipe can be read or written, or is broken, before the deadline (monotonic, s)."""
    poll = select.poll()  # select() fails on descriptors from 1024 on, which a worker may have
    poll.register(descriptor, event)
    return bool(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))


def _plain(values: Mapping[str, Value] | None) -> dict[str, Value] | None:
    return None if values is None else json.loads(json.dumps(dict(values), allow_nan=False))


def _read_refusal(row: object) -> Refusal:
    match row:
        case {
            "rule": str(rule),
            "line": int(line),
            "column": int(column),
            "found": str(found),
            "instead": str(instead),
            **rest,
        } if (
            not rest
            and type(line) is int
            and type(column) is int
            and 0 <= line <= 1_000_000
            and 0 <= column <= 1_000_000
            and rule.isidentifier()
            and len(rule) <= 40
            and _is_safe(found)
            and _is_safe(instead)
        ):
            return Refusal(rule=rule, line=line, column=column, found=found, instead=instead)
        case _:
            raise _LostError("the jail sent a refusal that is none")


def _is_safe(words: str) -> bool:
    return len(words) <= _MAX_WORDS and words.isascii() and words.isprintable()
