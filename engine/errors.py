"""What a command does with an error that has a way out: one sentence, exit code 2, no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass


class FinchError(Exception):
    """An error whose text says what was got, what is needed and what to do; no bug."""


@dataclass(slots=True)
class Status:
    """A command's exit code."""

    code: int = 0


@contextmanager
def explained(command: str, *, on_interrupt: str = "stopped") -> Generator[Status]:
    """Print errors that the user can fix as a sentence; others are bugs and keep their trace."""
    status = Status()
    try:
        yield status
    except KeyboardInterrupt:
        print(f"{command}: {on_interrupt}", file=sys.stderr)
        status.code = 130
    except BrokenPipeError:
        # The reader went away (| head): not an error. Nothing may be flushed to it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status.code = 141
    except Exception as error:
        if not _has_a_way_out(error):
            raise
        lines = _text(error).splitlines() or [type(error).__name__]
        print(f"{command}: {lines[0]}", *lines[1:], sep="\n", file=sys.stderr)
        status.code = 2


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _has_a_way_out(error: Exception) -> bool:
    from archive.errors import ArchiveError
    from engine.config import ConfigError
    from engine.llm.errors import ModelsError, Unanswered
    from engine.seeding import SeedError
    from sandbox.jail.client import JailError
    from sandbox.market import MarketError
    from sandbox.pool import PoolError

    return isinstance(
        error,
        ArchiveError
        | ConfigError
        | FinchError
        | JailError
        | ModelsError
        | SeedError
        | MarketError
        | PoolError
        | Unanswered
        | OSError,
    )
