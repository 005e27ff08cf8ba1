"""The C library's prctl and syscall, errors raised: what Python itself does not offer."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38

_LIBRARY: Any = ctypes.PyDLL(None, use_errno=True) if sys.platform == "linux" else None
_PRCTL: Any = None if _LIBRARY is None else _LIBRARY.prctl
_SYSCALL: Any = None if _LIBRARY is None else _LIBRARY.syscall
if _LIBRARY is not None:
    _PRCTL.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    _SYSCALL.restype = ctypes.c_long


def prctl(option: int, first: int, second: int = 0) -> int:
    """The kernel's prctl.

    Raises:
        OSError: It fails, or the platform is not Linux.
    """
    return _checked(_PRCTL, option, first, second, 0, 0)


def syscall(number: int, *arguments: Any) -> int:
    """A system call by its number; whole numbers are passed as they are.

    Raises:
        OSError: It fails, or the platform is not Linux.
    """
    return _checked(_SYSCALL, number, *arguments)


def _checked(function: Any, *arguments: Any) -> int:
    if function is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    done = function(*arguments)
    if done < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return done
