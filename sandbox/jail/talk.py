"""Talking with a jail's process: frames out and in, with patience, believing nothing."""

from __future__ import annotations

import os
import select
import subprocess
import time

from sandbox.jail import protocol


class LostError(Exception):
    """The process died, hung or sent an invalid frame; says which."""


class Talk:
    """Frames to and from one process, with patience.

    Writing and reading go on together: a process that waits for its answer to be read takes no
    further question.

    Args:
        process: With pipes that do not block.
        patience_s: How long nothing may be heard while something is awaited.
    """

    def __init__(self, process: subprocess.Popen[bytes], patience_s: float) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        self._patience_s = patience_s
        self._outgoing = bytearray()
        self._incoming = bytearray()

    def is_heard(self) -> bool:
        """Whether the process said something, or ended, unasked."""
        if self._incoming:
            return True
        poll = select.poll()  # select() fails on descriptors from 1024 on, which a worker may have
        poll.register(self._from, select.POLLIN)
        return bool(poll.poll(0))

    def say(self, frame: bytes) -> None:
        """Send a frame, now or while listening."""
        self._outgoing += frame
        self._push()

    def hear(self) -> tuple[int, bytes, bytes]:
        """The next frame: number, kind, body.

        Raises:
            LostError: None comes in time, or what comes is none.
        """
        deadline = time.monotonic() + self._patience_s
        try:
            number, kind, size = protocol.read_header(self._take(protocol.HEADER, deadline))
        except protocol.FrameError as error:
            raise LostError(f"the jail sent no frame: {error}") from None
        return number, kind, self._take(size, deadline)

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._incoming) < size:
            poll = select.poll()
            poll.register(self._from, select.POLLIN)
            if self._outgoing:
                poll.register(self._to, select.POLLOUT)
            ready = dict(poll.poll(max(0.0, deadline - time.monotonic()) * 1000))
            if not ready:
                raise LostError(f"the jail gave no answer in {self._patience_s:g} s")
            if self._to in ready:
                self._push()
            if self._from in ready:
                part = os.read(self._from, 1 << 16)
                if not part:
                    raise LostError("the jail's process died")
                self._incoming += part
        taken = bytes(self._incoming[:size])
        del self._incoming[:size]
        return taken

    def _push(self) -> None:
        while self._outgoing:
            try:
                del self._outgoing[: os.write(self._to, self._outgoing)]
            except BlockingIOError:
                return
            except OSError:
                raise LostError("the jail's process died") from None
