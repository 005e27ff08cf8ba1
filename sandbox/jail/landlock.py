"""Landlock: no file, no directory, no TCP, no signal to outside, for this process and its children.

Source: linux/landlock.h; each version of the interface adds rights to what it handles.
"""

from __future__ import annotations

import ctypes
import os
import struct

from sandbox.jail import system

_CREATE, _RESTRICT = 444, 446  # the same on every architecture
_VERSION = 1

_BITS = {1: 13, 2: 14, 3: 15, 5: 16}  # file rights from that version on: refer, truncate, ioctl
_NET = 0b11  # bind and connect TCP, from 4 on
_SCOPED = 0b11  # abstract sockets and signals, from 6 on


def version() -> int:
    """The kernel's version of the interface.

    Raises:
        OSError: It has none, or it is switched off.
    """
    return system.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))


def ruleset(abi: int) -> bytes:
    """What is handled, and so denied, at a version of the interface."""
    files = (1 << max(bits for since, bits in _BITS.items() if since <= abi)) - 1
    if abi < 4:
        return struct.pack("Q", files)
    if abi < 6:
        return struct.pack("QQ", files, _NET)
    return struct.pack("QQQ", files, _NET, _SCOPED)


def deny_all() -> None:
    """Deny whatever the kernel's version can deny; no_new_privs must be set.

    Raises:
        OSError: The kernel has no Landlock, or it is switched off.
    """
    handled = ruleset(version())
    descriptor = system.syscall(_CREATE, handled, ctypes.c_size_t(len(handled)), ctypes.c_uint32(0))
    try:
        system.syscall(_RESTRICT, ctypes.c_int(descriptor), ctypes.c_uint32(0))
    finally:
        os.close(descriptor)
