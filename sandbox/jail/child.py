"""A child of the keeper from its fork to its end: sealed, given texts or one, answering, gone."""

from __future__ import annotations

import os
import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sandbox.jail import frames, lockdown
from sandbox.jail.lockdown import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a child is given.

    Attributes:
        question: The client's question.
        handed: What a shared child that referred it handed over; empty for nothing.
        open_fds: The descriptors that are open.
    """

    question: bytes
    handed: bytes = b""
    open_fds: frozenset[int] = frozenset()


# What a child does -> frames.ANSWER and the answer, or, where others share the child,
# frames.REFERRED and what is handed over.
Work = Callable[[Job], tuple[bytes, bytes]]


def live_shared(work: Work, questions: int, answers: int, sealed: Seal) -> NoReturn:
    """Be a child that texts share, until its keeper ends it.

    Args:
        work: What is done with each.
        questions: The descriptor that texts come on.
        answers: The descriptor that answers go out on.
        sealed: What is given up before the first.
    """
    try:
        lockdown.seal(sealed)
        open_fds = frozenset((questions, answers))
        while True:
            number, question = _read(questions)
            _say(answers, number, work(Job(question=question, open_fds=open_fds)))
    finally:  # whatever happens: a child never goes on as if it were the keeper
        os._exit(70)


def live_alone(
    work: Work, number: int, question: memoryview, handed: memoryview, answers: int, sealed: Seal
) -> NoReturn:
    """Be a child that one text has for itself: it is born knowing it.

    Args:
        work: What is done with it.
        number: Its number.
        question: The text.
        handed: What a shared child handed over.
        answers: The descriptor that the answer goes out on.
        sealed: What is given up before.
    """
    try:
        lockdown.seal(sealed)
        open_fds = frozenset((answers,))
        job = Job(question=bytes(question), handed=bytes(handed), open_fds=open_fds)
        _say(answers, number, work(job))
        os._exit(0)
    finally:  # as above
        os._exit(70)


def _say(answers: int, number: int, said: tuple[bytes, bytes]) -> None:
    frame = frames.frame(number, *said)
    while frame:
        frame = frame[os.write(answers, frame) :]


def _read(descriptor: int) -> tuple[int, bytes]:
    """A question's number and body; no other is sent before this one is answered."""
    data = _part(descriptor)
    while len(data) < frames.HEADER:
        data += _part(descriptor)
    number, _, size = frames.read_header(data[: frames.HEADER])
    while len(data) < frames.HEADER + size:
        data += _part(descriptor)
    return number, data[frames.HEADER :]


def _part(descriptor: int) -> bytes:
    """What has come; the end of the pipe is the end of the child."""
    return os.read(descriptor, 2 * select.PIPE_BUF) or os._exit(0)
