"""The walls, one by one: what each stops alone, and that without them each attempt succeeds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from sandbox.jail import landlock, lockdown, seccomp
from sandbox.jail.client import environment
from sandbox.jail.lockdown import ALL, DESCRIPTORS, LANDLOCK, RLIMITS, SECCOMP, UID

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

ROOT = os.geteuid() == 0

# Plain Python, all builtins and ctypes at hand; the walls any one of which stops it.
ATTEMPTS: dict[str, tuple[str, set[str]]] = {
    "read a file": ("os.open(os.devnull, os.O_RDWR)", {SECCOMP, LANDLOCK, RLIMITS}),
    "list a folder": ("os.listdir('/')", {SECCOMP, LANDLOCK, RLIMITS}),
    "look at a file": ("os.stat('/')", {SECCOMP}),
    "change folder": ("os.chdir('/')", {SECCOMP}),
    "run a program": ("os.execv('/bin/true', ['true'])", {SECCOMP, LANDLOCK}),
    "fork": ("os._exit(0) if os.fork() == 0 else None", {SECCOMP, RLIMITS}),
    "start a thread": ("import _thread; _thread.start_new_thread(int, ())", {SECCOMP, RLIMITS}),
    "open a UDP socket": ("socket.socket(type=socket.SOCK_DGRAM)", {SECCOMP, RLIMITS}),
    "open a local socket": ("socket.socket(socket.AF_UNIX)", {SECCOMP, RLIMITS}),
    "make an anonymous file": ("os.memfd_create('x')", {SECCOMP, RLIMITS}),
    "open a pipe": ("os.pipe()", {SECCOMP, RLIMITS}),
    "signal its parent": ("os.kill(parent, 0)", {SECCOMP, LANDLOCK} | ({UID} if ROOT else set())),
    "write elsewhere": ("os.write(other, b'x')", {SECCOMP, DESCRIPTORS}),
    "duplicate a descriptor": ("os.dup(result)", {SECCOMP, RLIMITS}),
    "allocate": ("bytearray(200 << 20)", {RLIMITS}),
    "map shared memory": ("mmap.mmap(-1, 4096)", {SECCOMP}),
    "map executable memory": (
        "mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)", {SECCOMP},
    ),
    "make memory executable": (
        "x = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n"
        "a = ctypes.addressof(ctypes.c_char.from_buffer(x))\n"
        "libc = ctypes.PyDLL(None)\n"
        "if libc.mprotect(ctypes.c_void_p(a), ctypes.c_size_t(4096), 7): raise OSError",
        {SECCOMP},
    ),
    "draw random bytes": ("os.getrandom(1)", {SECCOMP}),
    "ask who it is": ("os.getpid() > 0 or 1 / 0", {SECCOMP}),
    "outlive its parent": (
        "libc = ctypes.PyDLL(None)\nif libc.prctl(1, 0, 0, 0, 0): raise OSError", {SECCOMP},
    ),
    "ignore a signal": ("signal.signal(signal.SIGTERM, signal.SIG_IGN)", {SECCOMP}),
    "sleep": ("import time; time.sleep(0.001)", {SECCOMP}),
    "leave its user": ("os.unshare if 0 else ctypes.PyDLL(None)\n"
                       "if ctypes.PyDLL(None).unshare(0x10000000): raise OSError", {SECCOMP}),
}  # fmt: skip
if ROOT:
    ATTEMPTS["become root"] = ("os.setresuid(0, 0, 0)", {SECCOMP, UID})


def run(pieces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.sandbox.jail.confined"],
        input=json.dumps(pieces), capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    return json.loads(done.stdout)


def run_each(layers: dict[str, set[str] | frozenset[str]]) -> dict[str, str]:
    pieces = [{"code": ATTEMPTS[name][0], "layers": sorted(up)} for name, up in layers.items()]
    return {name: end["said"] for name, end in zip(layers, run(pieces), strict=True)}


def test_behind_all_walls_nothing_succeeds():
    found = run_each(dict.fromkeys(ATTEMPTS, ALL))
    assert {name for name, said in found.items() if said == "done"} == set()


def test_each_attempt_succeeds_once_the_walls_that_stop_it_are_down():
    found = run_each({name: ALL - stops for name, (_, stops) in ATTEMPTS.items()})
    found.pop("run a program")  # it has become another program, and says nothing
    assert {name: said for name, said in found.items() if said != "done"} == {}


@pytest.mark.parametrize("layer", sorted(ALL))
def test_each_wall_alone_stops_what_it_is_there_for(layer):
    stopped = [name for name, (_, stops) in ATTEMPTS.items() if layer in stops]
    # A limit on processes does not bind root.
    up = {layer, UID} if layer == RLIMITS else {layer}
    found = run_each(dict.fromkeys(stopped, up))
    assert stopped or layer == UID
    assert {name for name, said in found.items() if said == "done"} == set()


def test_with_seccomp_down_the_other_walls_still_keep_files_and_programs_out():
    names = ["read a file", "list a folder", "run a program", "write elsewhere"]
    found = run_each(dict.fromkeys(names, ALL - {SECCOMP}))
    assert "done" not in found.values()


def test_computing_works_behind_all_walls():
    code = (
        "x = [list(range(n)) for n in range(2000)]\n"
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    pass\n"
        "said = str(len(compile('a = [i for i in range(3)]', 'x', 'exec').co_code) > 0)"
    )
    assert run([{"code": code, "layers": sorted(ALL)}]) == [{"said": "True", "signal": 0}]


def test_memory_that_runs_out_is_an_error_and_no_more():
    code = "x = []\nwhile True:\n    x.append(bytearray(1 << 20))"
    assert run([{"code": code, "layers": sorted(ALL)}]) == [{"said": "MemoryError", "signal": 0}]


def test_processor_time_ends_even_inside_one_call_of_c():
    pieces = [{"code": "9 ** (9 ** 9)", "layers": sorted(ALL), "cpu_s": 1}]
    assert run(pieces) == [{"said": "", "signal": signal.SIGKILL}]


@pytest.mark.skipif(not ROOT, reason="only root can become nobody")
def test_root_becomes_nobody():
    code = "said = str((os.getresuid(), os.getresgid(), os.getgroups()))"
    found = run([{"code": code, "layers": sorted(ALL - {SECCOMP})}])
    assert found[0]["said"] == str(((65534,) * 3, (65534,) * 3, []))


def test_the_wish_to_die_with_the_parent_survives_the_change_of_user():
    code = (
        "libc = ctypes.PyDLL(None)\nwish = ctypes.c_int()\n"
        "libc.prctl(2, ctypes.byref(wish))\nsaid = f'{wish.value} {libc.prctl(3, 0, 0, 0, 0)}'"
    )
    found = run([{"code": code, "layers": sorted(up)} for up in (ALL - {SECCOMP}, {LANDLOCK})])
    assert [end["said"] for end in found] == ["9 0", "9 0"]  # SIGKILL, and not dumpable


# -- tables ----------------------------------------------------------------------------------------


def test_landlock_handles_what_each_version_of_the_kernel_knows():
    sizes = {abi: len(landlock.ruleset(abi)) for abi in (1, 3, 4, 5, 6, 7)}
    assert sizes == {1: 8, 3: 8, 4: 16, 5: 16, 6: 24, 7: 24}
    files = [int.from_bytes(landlock.ruleset(abi)[:8], "little") for abi in (1, 2, 3, 4, 5, 9)]
    assert files == [0x1FFF, 0x3FFF, 0x7FFF, 0x7FFF, 0xFFFF, 0xFFFF]


def interpret(program: bytes, number: int, arguments: tuple[int, ...], architecture: int) -> int:
    """What the kernel would answer: a slow, obvious machine for the few instructions in use."""
    import struct

    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, architecture, 0, *padded)
    code = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    at = accumulator = 0
    while True:
        op, if_true, if_false, value = code[at]
        at += 1
        match op:
            case 0x20:
                accumulator = struct.unpack_from("<I", data, value)[0]
            case 0x54:
                accumulator &= value
            case 0x15:
                at += if_true if accumulator == value else if_false
            case 0x35:
                at += if_true if accumulator >= value else if_false
            case 0x06:
                return value
            case _:
                raise AssertionError(op)


ALLOW, KILL, EPERM = 0x7FFF0000, 0x80000000, 0x00050001
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_lets_through_what_is_listed_and_nothing_else(machine):
    architecture, column = MACHINES[machine]
    program = seccomp.program(seccomp.for_reader(7, 5), machine)
    numbers = {name: row[column] for name, row in seccomp._NUMBERS.items()}

    def ask(name: str, *arguments: int) -> int:
        number = numbers[name]
        assert number is not None
        return interpret(program, number, arguments, architecture)

    assert ask("write", 7) == ask("read", 5) == ask("exit_group", 0) == ALLOW
    assert ask("write", 8) == ask("write", 5) == ask("read", 7) == EPERM
    assert ask("write", 7 | 1 << 32) == ALLOW  # the kernel, too, looks at the low half only
    assert ask("mmap", 0, 4096, 3, 0x22) == ALLOW
    assert ask("mmap", 0, 4096, 7, 0x22) == ask("mmap", 0, 4096, 4, 0x22) == EPERM
    assert ask("mmap", 0, 4096, 3, 0x21) == ask("mmap", 0, 4096, 3, 0x02) == EPERM
    for name in ("clone", "kill", "prctl", "prlimit64", "pipe2", "wait4", "futex"):
        assert ask(name) == EPERM
    assert interpret(program, numbers["clone3"] or 0, (), architecture) == 0x00050026  # ENOSYS
    assert interpret(program, 0x40000001, (), architecture) == KILL  # x32
    assert interpret(program, 1, (7,), 0x40000003) == KILL  # another architecture
    listed = {numbers[name] for name in seccomp.for_reader(7, 5)}
    for number in set(range(600)) - listed:
        assert interpret(program, number, (7,) * 6, architecture) != ALLOW


@pytest.mark.parametrize("machine", MACHINES)
def test_the_server_may_fork_plainly_and_kill_and_confine(machine):
    architecture, column = MACHINES[machine]
    program = seccomp.program(seccomp.for_server(), machine)

    def ask(name: str, *arguments: int) -> int:
        return interpret(program, seccomp._NUMBERS[name][column] or 0, arguments, architecture)

    assert ask("clone", 0x01200011, 0) == ask("kill", 5, 9) == ask("prlimit64", 0, 7) == ALLOW
    assert ask("clone", 0x01200011 | 0x10000000, 0) == EPERM  # a user namespace
    assert ask("clone", 0x00000111, 0) == EPERM  # shared memory
    assert ask("kill", 5, 15) == ask("prlimit64", 1, 7) == ask("prctl", 4, 1) == EPERM


def test_an_unknown_architecture_has_no_filter():
    with pytest.raises(OSError, match="no table of system calls for m68k"):
        seccomp.program(seccomp.for_server(), "m68k")


def test_layers_have_names():
    assert frozenset({"uid", "rlimits", "landlock", "seccomp", "descriptors"}) == lockdown.ALL
