"""A thread with an event loop, so that the main thread goes on measuring while models answer."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Coroutine
from typing import Any, Generic, TypeVar

POLL_S = 0.2
"""A waiting main thread wakes so often: on some systems Ctrl-C reaches no thread that sleeps."""

T = TypeVar("T")


class Pending(Generic[T]):
    """Something that is being worked on in the other thread."""

    def __init__(self, future: concurrent.futures.Future[T]) -> None:
        self._future = future

    @property
    def done(self) -> bool:
        """Whether it has come to an end."""
        return self._future.done()

    def wait(self, seconds: float) -> bool:
        """Wait for it, but no longer; whether it has come to an end."""
        concurrent.futures.wait([self._future], timeout=min(seconds, POLL_S))
        return self._future.done()

    def result(self) -> T:
        """Wait for it. Ctrl-C ends the waiting, not the work.

        Raises:
            Exception: What it raised.
        """
        while not self.wait(POLL_S):
            pass
        return self._future.result()


class LoopThread:
    """The thread; it starts when it is needed and dies with the process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it has been needed."""
        return self._loop is not None

    def begin(self, work: Coroutine[Any, Any, T]) -> Pending[T]:
        """Start something; does not wait."""
        loop = self._loop
        if loop is None:
            loop = self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(
                target=_turn, args=(loop,), name=self._name, daemon=True
            )
            self._thread.start()
        return Pending(asyncio.run_coroutine_threadsafe(work, loop))

    def close(self) -> None:
        """Cancel what still runs, end the thread."""
        loop, thread = self._loop, self._thread
        self._loop = self._thread = None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        asyncio.set_event_loop(None)
        loop.close()
