"""Seccomp: the system calls a confined process may still make, assembled as a kernel filter.

Whatever is not listed fails with EPERM; another architecture's calls kill the process.
Source: linux/seccomp.h, linux/filter.h; numbers from the kernel's tables of calls.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sandbox.jail import system

_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000  # calls of the x32 ABI pass for x86_64's but for this bit
_SET_SECCOMP, _FILTER = 22, 2  # prctl's option, and its mode

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_NUMBERS: dict[str, tuple[int | None, int | None]] = {  # on x86_64 and aarch64
    "brk": (12, 214), "clock_gettime": (228, 113), "clone": (56, 220), "clone3": (435, 435),
    "close": (3, 57), "close_range": (436, 436), "exit": (60, 93), "exit_group": (231, 94),
    "fork": (57, None), "futex": (202, 98), "getpid": (39, 172), "getppid": (110, 173),
    "gettid": (186, 178), "kill": (62, 129), "mmap": (9, 222), "mremap": (25, 216),
    "munmap": (11, 215), "pipe2": (293, 59), "poll": (7, None), "ppoll": (271, 73),
    "prctl": (157, 167), "prlimit64": (302, 261), "read": (0, 63), "readv": (19, 65),
    "restart_syscall": (219, 128), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139), "set_robust_list": (273, 99), "wait4": (61, 260),
    "write": (1, 64), "writev": (20, 66),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """What an argument must be: (low 32 bits and mask) == value.

    Attributes:
        argument: Its position, from 0.
        mask: Which bits matter.
        value: What they must be.
    """

    argument: int
    mask: int
    value: int


Rules = Mapping[str, Sequence[tuple[Check, ...]]]  # any one of the alternatives must hold in full

_ALWAYS: Sequence[tuple[Check, ...]] = ((),)
_ALL_BITS = 0xFFFFFFFF
_MEMORY: Rules = {
    # Private anonymous memory that is never executable: no shellcode, nothing shared.
    "mmap": ((Check(2, 0x4, 0), Check(3, 0x23, 0x22)),),
    "munmap": _ALWAYS, "mremap": _ALWAYS, "brk": _ALWAYS,
    "exit": _ALWAYS, "exit_group": _ALWAYS, "rt_sigreturn": _ALWAYS,
}  # fmt: skip


def for_reader(result_fd: int, request_fd: int | None = None) -> Rules:
    """What a reader may do: compute, write to one descriptor, read one, end."""
    rules = {**_MEMORY, "write": ((Check(0, _ALL_BITS, result_fd),),)}
    return rules if request_fd is None else {**rules, "read": ((Check(0, _ALL_BITS, request_fd),),)}


def for_server() -> Rules:
    """What the server may do: fork plainly, confine and kill its children, talk on its pipes.

    Of prctl it has what confines: PR_SET_PDEATHSIG and PR_SET_SECCOMP; limits it may set for
    itself only; the one signal it may send is SIGKILL.
    """
    forks = [(Check(0, _ALL_BITS, flags), Check(1, _ALL_BITS, 0)) for flags in (0x01200011, 0x11)]
    names = (
        "read", "readv", "write", "writev", "close", "close_range", "pipe2", "poll", "ppoll",
        "wait4", "fork", "futex", "clock_gettime", "getpid", "getppid", "gettid",
        "set_robust_list", "rt_sigaction", "rt_sigprocmask", "restart_syscall",
    )  # fmt: skip
    return {
        **_MEMORY,
        **dict.fromkeys(names, _ALWAYS),
        "clone": forks,
        "kill": ((Check(1, _ALL_BITS, 9),),),
        "prctl": ((Check(0, _ALL_BITS, 1),), (Check(0, _ALL_BITS, _SET_SECCOMP),)),
        "prlimit64": ((Check(0, _ALL_BITS, 0),),),
    }


def program(rules: Rules, machine: str | None = None) -> bytes:
    """The filter of some rules, as the kernel reads it.

    Raises:
        OSError: This machine's architecture has no table here.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    column = list(_ARCHITECTURES).index(machine)
    code = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _instruction(_RETURN, _KILL),
        _instruction(_LOAD, _NUMBER),
        _instruction(_AT_LEAST, _X32, 0, 1),
        _instruction(_RETURN, _KILL),
    ]
    for name, alternatives in rules.items():
        number = _NUMBERS[name][column]
        if number is not None:
            block = _block(alternatives)
            code += [_instruction(_EQUAL, number, 0, len(block)), *block]
    clone3 = _NUMBERS["clone3"][column]
    assert clone3 is not None
    code += [  # a C library asks for clone3 first, and for clone only where there is none
        _instruction(_EQUAL, clone3, 0, 1),
        _instruction(_RETURN, _ERRNO | errno.ENOSYS),
        _instruction(_RETURN, _ERRNO | errno.EPERM),
    ]
    return b"".join(code)


def _block(alternatives: Sequence[tuple[Check, ...]]) -> list[bytes]:
    code: list[bytes] = []
    for checks in alternatives:
        tests = [
            [
                _instruction(_LOAD, _ARGUMENTS + 8 * check.argument),
                _instruction(_AND, check.mask),
                _instruction(_EQUAL, check.value, 0, 3 * (len(checks) - index - 1) + 1),
            ]
            for index, check in enumerate(checks)
        ]
        code += [each for test in tests for each in test] + [_instruction(_RETURN, _ALLOW)]
    return [*code, _instruction(_RETURN, _ERRNO | errno.EPERM)]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", code, if_true, if_false, value)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


@dataclass(frozen=True, slots=True)
class Filter:
    """An assembled filter in memory, ready for many processes.

    Attributes:
        code: The instructions.
        told: What the kernel is pointed at.
    """

    code: bytes
    told: _Program


def prepared(rules: Rules) -> Filter:
    """The filter of some rules, assembled once; a forked child then installs it at once.

    Raises:
        OSError: The platform has no seccomp, or no table here.
    """
    if sys.platform != "linux" or sys.byteorder != "little":
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    code = program(rules)
    return Filter(code, _Program(len(code) // 8, code))


@lru_cache(maxsize=4)
def reader_filter(result_fd: int, request_fd: int | None = None) -> Filter:
    """The filter of a reader that answers on one descriptor, and may read another."""
    return prepared(for_reader(result_fd, request_fd))


def install(filter_: Filter) -> None:
    """Hold this process, and all it forks, to a filter; no_new_privs must be set.

    Raises:
        OSError: The kernel has no seccomp, or forbids it.
    """
    system.prctl(_SET_SECCOMP, _FILTER, ctypes.addressof(filter_.told))
