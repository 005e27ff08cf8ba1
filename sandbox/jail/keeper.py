"""The keeper: forks children for strangers' texts, moves bytes in and out, keeps the deadline.

Texts go, one frame each, through one child after another until a child has seen enough or dies. The
text that it died of, or that it says needs a process of its own, is tried once more alone, in a
child that has seen nothing; the others go on. Who refers a text may hand over what it made of it:
that is bytes for the text's own child, and binds nobody else. The keeper reads no byte of a
stranger, and its buffers are wiped after each: what it forks knows nothing of those before.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sandbox.jail import frames, lockdown
from sandbox.jail.child import Work, live_alone, live_shared
from sandbox.jail.lockdown import Limits, Seal

TEXTS_PER_CHILD = 1024  # spreads the cost of a fork, and of reading what is remembered later

_KILL = int(signal.SIGKILL)


class _EndedError(Exception):
    """A child died, was late, or said too much; says which."""


@dataclass(slots=True)
class _Child:
    """A living child and the pipes to and from it; one of its own is born with its question."""

    pid: int
    answers: int
    questions: int | None = None
    seen: int = 0
    said_more: bool = False


@dataclass(slots=True)
class Keeper:
    """Moves texts into children and their answers out.

    Attributes:
        requests: The descriptor that texts come on.
        replies: The descriptor that answers go out on.
        wall_s: Seconds for one text in one child.
        layers: What each child puts up.
        limits: What each child may take.
    """

    requests: int
    replies: int
    wall_s: float = 5.0
    layers: frozenset[str] = lockdown.ALL
    limits: Limits = field(default_factory=Limits)
    _question: memoryview = field(default_factory=lambda: _buffer(frames.MAX_FRAME))
    _answer: memoryview = field(default_factory=lambda: _buffer(frames.HEADER + frames.MAX_FRAME))
    _used: int = 0  # bytes of the answer's buffer
    _number: int = 0
    _shared: _Child | None = None

    def hello(self) -> dict[str, Any] | None:
        """The first frame, which is the client's own words; None if there is none."""
        size = self._receive()
        return None if size is None else frames.decode(bytes(self._question[:size]))

    def say(self, message: dict[str, Any]) -> None:
        """Tell the client something in our own words."""
        self._send(frames.ANSWER, memoryview(frames.encode(message)))

    def trial(self, work: Work, fatal: Mapping[str, Work]) -> list[str] | str:
        """What our own work could do in children of both kinds that no stranger may.

        Args:
            work: Answers with a list of what it could do.
            fatal: By name, work that succeeds by giving no answer.

        Returns:
            The names of all that could be done; or why the work gave no answer.
        """
        found: set[str] = set()
        for shared in (True, False):
            try:
                _, size = self._ask_shared(0, work) if shared else self._ask_alone(0, 0, work)
            except _EndedError as ended:
                return str(ended)
            finally:
                self._retire()
            told = frames.decode(bytes(self._answer[frames.HEADER : frames.HEADER + size]))
            found |= set(told["holes"])
        for name, each in fatal.items():
            try:
                self._ask_alone(0, 0, each)
            except _EndedError:
                found.add(name)
        return sorted(found)

    def serve(self, *, alone: Work, shared: Work) -> None:
        """Answer one text after another until the client closes the pipe."""
        while (size := self._receive()) is not None:
            self._number += 1
            self._answer_one(size, alone, shared)
            self._question[:size] = bytes(size)
        self._retire()  # waited for, so that what it spent is known

    def _answer_one(self, size: int, alone: Work, shared: Work) -> None:
        kind, said, handed = frames.REFERRED, 0, 0
        with suppress(_EndedError):  # perhaps another's fault, or the machine's: once more, alone
            kind, said = self._ask_shared(size, shared)
        try:
            if kind != frames.ANSWER:
                handed = said
                kind, said = self._ask_alone(size, handed, alone)
            self._send(kind, self._answer[frames.HEADER : frames.HEADER + said])
        except _EndedError as ended:
            self._send(frames.LOST, memoryview(str(ended).encode()))
        self._wipe()

    def _wipe(self) -> None:
        """Forget an answer: the next one may be shorter, and the next child shall not know it."""
        self._answer[: self._used] = bytes(self._used)
        self._used = 0

    # -- the client --------------------------------------------------------------------------------

    def _receive(self) -> int | None:
        """Read a question into its buffer; its size, None at the end of the pipe."""
        header = bytearray(frames.HEADER)
        if not self._fill(memoryview(header)):
            return None
        _, _, size = frames.read_header(bytes(header))
        return size if self._fill(self._question[:size]) else None

    def _fill(self, view: memoryview) -> bool:
        while view:
            count = os.readv(self.requests, [view])
            if count == 0:
                return False
            view = view[count:]
        return True

    def _send(self, kind: bytes, body: memoryview) -> None:
        head = frames.header(self._number, kind, len(body))
        sent = os.writev(self.replies, [head, body]) - len(head)
        while sent < len(body):  # the header is far smaller than a pipe
            sent += os.write(self.replies, body[sent:])

    # -- a child -----------------------------------------------------------------------------------

    def _ask_shared(self, size: int, work: Work) -> tuple[bytes, int]:
        """Have the child that texts share work on the question.

        Returns:
            The kind of what it said, and its size in the answer's buffer.

        Raises:
            _EndedError: The child ended without an answer; it is gone.
        """
        if self._shared is None:
            self._shared = self._fork_shared(work)
        child = self._shared
        deadline = time.monotonic() + self.wall_s
        kind, said = self._hear(child, deadline, size, (frames.ANSWER, frames.REFERRED))
        child.seen += 1
        if child.seen >= TEXTS_PER_CHILD or child.said_more:
            self._end(child)
        return kind, said

    def _ask_alone(self, size: int, handed: int, work: Work) -> tuple[bytes, int]:
        """Have a child of its own work on the question, and on what was handed over.

        Returns:
            As `_ask_shared`.

        Raises:
            _EndedError: The child ended without an answer.
        """
        child = self._fork_alone(size, handed, work)
        answer = self._hear(child, time.monotonic() + self.wall_s, None, (frames.ANSWER,))
        self._end(child)
        return answer

    def _hear(
        self, child: _Child, deadline: float, size: int | None, kinds: tuple[bytes, ...]
    ) -> tuple[bytes, int]:
        """Tell a child the question, if it has still to be told, and read what it says."""
        try:
            if size is not None:
                self._tell(child, size, deadline)
            kind, said = self._listen(child, deadline, kinds)
        except _EndedError as ended:
            self._wipe()
            how = _way(self._end(child))
            raise _EndedError(f"its process {str(ended) or how}") from None
        return kind, said

    def _read_header(self, kinds: tuple[bytes, ...]) -> tuple[bytes, int]:
        try:
            number, kind, said = frames.read_header(bytes(self._answer[: frames.HEADER]))
        except frames.FrameError as error:
            raise _EndedError(str(error)) from None
        if number != self._number or kind not in kinds:
            raise _EndedError("answered what it was not asked")
        return kind, said

    def _tell(self, child: _Child, size: int, deadline: float) -> None:
        """Write the question to a child; what is longer than a pipe waits to be read."""
        assert child.questions is not None
        head = frames.header(self._number, frames.QUESTION, size)
        try:
            if len(head) + size <= select.PIPE_BUF:
                self._await(child.questions, select.POLLOUT, deadline)  # it may not have read
                os.writev(child.questions, [head, self._question[:size]])
                return
            for rest in (memoryview(head), self._question[:size]):
                while rest:
                    self._await(child.questions, select.POLLOUT, deadline)
                    rest = rest[os.write(child.questions, rest[: select.PIPE_BUF]) :]
        except BrokenPipeError:
            raise _EndedError from None

    def _listen(
        self, child: _Child, deadline: float, kinds: tuple[bytes, ...]
    ) -> tuple[bytes, int]:
        """Read an answer into its buffer; its kind and the size of what it says."""
        heard = self._hear_part(child, 0, deadline)
        while heard < frames.HEADER:
            heard += self._hear_part(child, heard, deadline)
        kind, said = self._read_header(kinds)
        while heard < frames.HEADER + said:
            heard += self._hear_part(child, heard, deadline)
        child.said_more = heard > frames.HEADER + said
        return kind, said

    def _hear_part(self, child: _Child, heard: int, deadline: float) -> int:
        self._await(child.answers, select.POLLIN, deadline)
        count = os.readv(child.answers, [self._answer[heard:]])
        if count == 0:
            raise _EndedError
        self._used = max(self._used, heard + count)
        return count

    def _await(self, descriptor: int, event: int, deadline: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise _EndedError(f"gave no answer in {self.wall_s:g} s")

    def _fork_shared(self, work: Work) -> _Child:
        questions_out, questions_in = os.pipe()
        answers_out, answers_in = os.pipe()
        sealed = self._sealing(answers_in, questions_out)
        pid = os.fork()
        if pid == 0:
            live_shared(work, questions_out, answers_in, sealed)
        os.close(questions_out)
        os.close(answers_in)
        return _Child(pid, answers_out, questions_in)

    def _fork_alone(self, size: int, handed: int, work: Work) -> _Child:
        answers_out, answers_in = os.pipe()
        sealed = self._sealing(answers_in, None)
        pid = os.fork()
        if pid == 0:
            begin, end = frames.HEADER, frames.HEADER + handed
            question, rest = self._question[:size], self._answer[begin:end]
            live_alone(work, self._number, question, rest, answers_in, sealed)
        os.close(answers_in)
        return _Child(pid, answers_out)

    def _sealing(self, answers: int, questions: int | None) -> Seal:
        return lockdown.sealing(
            result_fd=answers, request_fd=questions, layers=self.layers,
            limits=self.limits, parent=os.getpid(),
        )  # fmt: skip

    def _end(self, child: _Child) -> int:
        """Kill a child; the status it ended with, its own if it had ended."""
        if child is self._shared:
            self._shared = None
        if child.questions is not None:
            os.close(child.questions)
        os.close(child.answers)
        os.kill(child.pid, _KILL)
        return os.waitpid(child.pid, 0)[1]

    def _retire(self) -> None:
        if self._shared is not None:
            self._end(self._shared)


def _way(status: int) -> str:
    return f"died (signal {status & 0x7F})" if status & 0x7F else f"died ({status >> 8})"


def _buffer(size: int) -> memoryview:
    return memoryview(bytearray(size))
