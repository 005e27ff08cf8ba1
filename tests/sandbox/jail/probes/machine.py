"""Plain Python that attacks the machine: what a stranger would run who broke the language's walls.

Each payload runs in a forked child with `say(words)`, which writes to the one descriptor that
stays, the targets of `confined.Targets` by name, and modules that were imported before: nothing is
blocked by the accident of a late import.
"""

# ruff: noqa: E501
# Attacks are easier to read in one line each.

from __future__ import annotations

from collections.abc import Iterator

from tests.sandbox.jail.probes.probe import (
    CPU,
    DESCRIPTORS,
    FILES,
    MEMORY,
    NETWORK,
    OUTPUT,
    PROCESSES,
    STATE,
    Canary,
    Probe,
)  # fmt: skip

WORKED = "it worked"
_SAY = f"say('{WORKED}')"

_FILE = {
    "open": "os.open(FILE, os.O_CREAT | os.O_WRONLY)",
    "openat2": "call(437, -100, FILE.encode(), struct.pack('QQQ', os.O_CREAT | os.O_WRONLY, 0o600, 0), 24)",
    "mkdir": "os.mkdir(FILE)",
    "symlink": "os.symlink('/etc/passwd', FILE)",
    "hard link": "os.link(KEEP, FILE)",
    "fifo": "os.mkfifo(FILE)",
    "local socket's file": "socket.socket(socket.AF_UNIX).bind(FILE)",
    "C library": "libc.fopen(FILE.encode(), b'w')",
}
_VANISHED = {
    "rename": "os.rename(KEEP, FILE)",
    "unlink": "os.unlink(KEEP)",
    "truncate": "os.truncate(KEEP, 0)",
    "chmod": "os.chmod(KEEP, 0o777)",
    "utime": "os.utime(KEEP, (1, 1))",
    "write": "os.write(os.open(KEEP, os.O_WRONLY), b'x')",
    "exchange": "os.replace(KEEP, KEEP + '2')",
}
_READ = {
    "read": "say(os.read(os.open(KEEP, 0), 99).decode())",
    "environment of the parent": "say(os.read(os.open(f'/proc/{PARENT}/environ', 0), 99999).decode())",
    "mapping of a file": "say(mmap.mmap(os.open(KEEP, 0), 0, prot=1)[:].decode())",
}
_WORKS = {
    FILES: {
        "list a folder": f"os.listdir('/')\n{_SAY}",
        "stat": f"os.stat(KEEP)\n{_SAY}",
        "access": f"assert os.access(KEEP, os.R_OK)\n{_SAY}",
        "own executable": f"os.readlink('/proc/self/exe')\n{_SAY}",
        "change folder": f"os.chdir('/tmp')\n{_SAY}",
        "own folder": f"os.getcwd()\n{_SAY}",
        "descriptor of a path": f"os.open('/', os.O_PATH)\n{_SAY}",
        "file system's figures": f"os.statvfs('/')\n{_SAY}",
        "anonymous file": f"os.memfd_create('a')\n{_SAY}",
        "shared memory's folder": f"os.open('/dev/shm/' + str(os.getpid()), os.O_CREAT | os.O_RDWR)\nos.unlink('/dev/shm/' + str(os.getpid()))\n{_SAY}",
        "watch of a folder": f"check(libc.inotify_init())\n{_SAY}",
        "ring of calls": f"call(425, 4, ctypes.create_string_buffer(240))\n{_SAY}",
        "new mount": f"check(libc.mount(b'none', b'/mnt', b'tmpfs', 0, None))\nlibc.umount(b'/mnt')\n{_SAY}",
        "new file system": f"call(430, b'tmpfs', 0)\n{_SAY}",
        "chroot": f"os.chroot('/tmp')\n{_SAY}",
    },
    NETWORK: {
        "listen": f"s = socket.socket()\ns.bind(('127.0.0.1', 0))\ns.listen()\n{_SAY}",
        "pair of sockets": f"socket.socketpair()\n{_SAY}",
        "datagram socket": f"socket.socket(2, 2)\n{_SAY}",
        "IPv6 socket": f"call(SOCKET, 10, 2, 0)\n{_SAY}",
        "netlink": f"call(SOCKET, 16, 3, 0)\n{_SAY}",
        "raw socket": f"socket.socket(2, 3, 1)\n{_SAY}",
        "packet socket": f"socket.socket(17, 3, 0)\n{_SAY}",
        "name of the machine": f"os.uname()\n{_SAY}",
    },
    PROCESSES: {
        "fork": f"if os.fork() == 0:\n    os._exit(0)\n{_SAY}",
        "fork of the C library": f"if check(libc.fork()) == 0:\n    os._exit(0)\n{_SAY}",
        "clone3": f"if call(435, struct.pack('QQQQQQQQ', 0, 0, 0, 0, 17, 0, 0, 0), 64) == 0:\n    os._exit(0)\n{_SAY}",
        "thread": f"t = threading.Thread(target=lambda: None)\nt.start()\nt.join()\n{_SAY}",
        "new session": f"os.setsid()\n{_SAY}",
        "new user namespace": f"check(libc.unshare(0x10000000))\n{_SAY}",
        "new process namespace": f"check(libc.unshare(0x20000000))\n{_SAY}",
        "life after the parent": f"check(libc.prctl(1, 0, 0, 0, 0))\n{_SAY}",
        "open to tracers": f"check(libc.prctl(4, 1, 0, 0, 0))\n{_SAY}",
        "filter of its own": f"check(libc.prctl(38, 1, 0, 0, 0))\n{_SAY}",
        "descriptor of a process": f"os.pidfd_open(VICTIM)\n{_SAY}",
        "handler of a signal": f"signal.signal(10, lambda *a: None)\n{_SAY}",
        "alarm": f"signal.setitimer(signal.ITIMER_REAL, 100)\n{_SAY}",
        "another user": f"os.setresuid(1, 1, 1)\n{_SAY}",
        "other groups": f"os.setgroups([1, 2])\n{_SAY}",
        "its own nice": f"os.nice(1)\n{_SAY}",
        "its own processors": f"os.sched_setaffinity(0, os.sched_getaffinity(0))\n{_SAY}",
        "key in the keyring": f"call(ADD_KEY, b'user', b'finch', b'x', 1, -2)\n{_SAY}",
        "kernel program": f"call(BPF, 0, struct.pack('IIII', 2, 4, 4, 1) + bytes(100), 116)\n{_SAY}",
        "performance counter": f"call(PERF, struct.pack('IIQ', 1, 128, 0) + bytes(112), 0, -1, -1, 0)\n{_SAY}",
        "handler of page faults": f"call(USERFAULT, 1)\n{_SAY}",
        "comparison of processes": f"call(KCMP, os.getpid(), os.getpid(), 1, 0, 0)\n{_SAY}",
        "personality": f"check(libc.personality(0x0400000))\n{_SAY}",
        "limits raised": f"resource.setrlimit(resource.RLIMIT_CPU, (100000, -1))\nresource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))\n{_SAY}",
    },
    MEMORY: {
        "executable memory": f"mmap.mmap(-1, 4096, prot=7)\n{_SAY}",
        "memory made executable": f"p = libc.mmap(None, 4096, 3, 0x22, -1, 0)\ncheck(libc.mprotect(p, 4096, 7))\n{_SAY}",
        "shared memory": f"mmap.mmap(-1, 4096, flags=1)\n{_SAY}",
        "machine code": (
            "p = libc.mmap(None, 4096, 7, 0x22, -1, 0)\nassert p != NO_MAP\ncode = CODE_42\n"
            "ctypes.memmove(p, code, len(code))\nassert ctypes.CFUNCTYPE(ctypes.c_int)(p)() == 42\n" + _SAY
        ),
        "calls of another architecture": (
            "p = libc.mmap(None, 4096, 7, 0x22, -1, 0)\nassert p != NO_MAP\ncode = CODE_INT80\n"
            "ctypes.memmove(p, code, len(code))\nassert ctypes.CFUNCTYPE(ctypes.c_int)(p)() == os.getpid()\n" + _SAY
        ),
        "locked memory": f"check(libc.mlock(ctypes.create_string_buffer(4096), 4096))\n{_SAY}",
    },
    DESCRIPTORS: {
        "copy of a descriptor": f"os.dup(RESULT)\n{_SAY}",
        "pipe": f"os.pipe()\n{_SAY}",
        "counter of events": f"os.eventfd(0)\n{_SAY}",
        "flags of a descriptor": f"fcntl.fcntl(RESULT, fcntl.F_GETFL)\n{_SAY}",
        "reading its result": f"os.fstat(RESULT)\n{_SAY}",
        "polling": f"select.select([], [], [], 0)\n{_SAY}",
        "epoll": f"select.epoll()\n{_SAY}",
        "message queue": f"check(libc.msgget(0, 0o1600))\n{_SAY}",
        "semaphores": f"check(libc.semget(0, 1, 0o1600))\n{_SAY}",
        "new shared segment": f"check(libc.shmget(0, 4096, 0o1600))\n{_SAY}",
        "timer's descriptor": f"check(libc.timerfd_create(0, 0))\n{_SAY}",
        "signals' descriptor": f"check(libc.signalfd(-1, bytes(128), 0))\n{_SAY}",
    },
    STATE: {
        "random bytes": f"os.urandom(8)\n{_SAY}",
        "random bytes of the C library": f"check(libc.getrandom(ctypes.create_string_buffer(8), 8, 0))\n{_SAY}",
        "load of the machine": f"check(libc.sysinfo(ctypes.create_string_buffer(256)))\n{_SAY}",
        "use of resources": f"resource.getrusage(0)\n{_SAY}",
        "clock by a call": f"call(CLOCK, 0, ctypes.create_string_buffer(16))\n{_SAY}",
        "number of the processor": f"call(GETCPU, ctypes.create_string_buffer(4), None, None)\n{_SAY}",
        "own number": f"assert os.getpid() > 0\n{_SAY}",
        "own user": f"assert os.getuid() in (0, 65534, UID)\n{_SAY}",
    },
}  # fmt: skip
_CONNECTION = {
    "TCP": "socket.socket().connect(('127.0.0.1', PORT))",
    "UDP": "socket.socket(2, 2).sendto(b'x', ('127.0.0.1', PORT))",
    "local stream": "socket.socket(1, 1).connect(LOCAL)",
    "local datagram": "socket.socket(1, 2).sendto(b'x', LOCAL_DATAGRAM)",
    "abstract": "socket.socket(1, 1).connect(ABSTRACT)",
    "TCP without delay": "socket.socket().sendto(b'x', 0x20000000, ('127.0.0.1', PORT))",
}
_VICTIM = {
    "kill": "os.kill(VICTIM, 9)",
    "stop": "os.kill(VICTIM, 19)",
    "tgkill": "call(TGKILL, VICTIM, VICTIM, 9)",
    "queued signal": "libc.sigqueue(VICTIM, 9, None)",
    "signal by descriptor": "signal.pidfd_send_signal(os.pidfd_open(VICTIM), 9)",
    "ptrace": "check(libc.ptrace(16, VICTIM, None, None))\nos.waitpid(VICTIM, 0)\nlibc.ptrace(8, VICTIM, None, None)\nlibc.kill(VICTIM, 9)",
    "its memory": "check(libc.process_vm_writev(VICTIM, IO_OWN, 1, IO_VICTIM, 1, 0))",
    "its memory by proc": "os.pwrite(os.open(f'/proc/{VICTIM}/mem', os.O_RDWR), b'changed!', ADDRESS)",
    "its priority": "os.setpriority(os.PRIO_PROCESS, VICTIM, 7)",
}
_TOKEN = {
    "memory of a process": "check(libc.process_vm_readv(VICTIM, IO_OWN, 1, IO_VICTIM, 1, 0))\nsay(OWN.raw.decode())",
    "memory of a process by proc": "say(os.pread(os.open(f'/proc/{VICTIM}/mem', 0), 8, ADDRESS).decode())",
}
_PARENT = {
    PROCESSES: {
        "signal to the parent": "os.kill(PARENT, 10)",
        "signal to the group": "os.kill(0, 10)",
        "signal to the parent by tgkill": "call(TGKILL, PARENT, PARENT, 10)",
        "priority of the parent": "os.setpriority(os.PRIO_PROCESS, PARENT, 3)",
        "limits of the parent": "resource.prlimit(PARENT, resource.RLIMIT_MEMLOCK, (4096, 4096))",
    },
    DESCRIPTORS: {
        "inherited pipe": "os.write(PIPE, b'x')",
        "inherited socket": "os.write(SOCKET_FD, b'x')",
        "inherited file": "os.write(FILE_FD, b'x')",
        "inherited file by vector": "os.writev(FILE_FD, [b'x'])",
        "inherited file by offset": "os.pwrite(FILE_FD, b'x', 0)",
        "sendfile": "os.sendfile(PIPE, SOURCE_FD, 0, 4)",
        "splice": "os.splice(SOURCE_FD, PIPE, 4)",
        "message on a socket": "socket.socket(fileno=os.dup(SOCKET_FD)).sendmsg([b'x'])",
        "every descriptor": "for i in range(3, 99):\n    if i != RESULT:\n        try:\n            os.write(i, b'x')\n        except OSError:\n            pass",
        "shared segment": "libc.shmat.restype = ctypes.c_void_p\np = libc.shmat(SEGMENT, None, 0)\nassert p not in (None, NO_MAP)\nctypes.memmove(p, b'changed!', 8)",
        "descriptor over another": "os.dup2(PIPE, RESULT)\nos.write(RESULT, b'x')",
    },
}  # fmt: skip
_INHERITED = {
    "inherited file": "say(os.read(SOURCE_FD, 99).decode())",
    "inherited file by offset": "say(os.pread(SOURCE_FD, 99, 0).decode())",
    "mapped inherited file": "say(mmap.mmap(SOURCE_FD, 0, prot=1)[:].decode())",
}
_MUCH = {
    "bytearray": "x = bytearray(300 << 20)",
    "anonymous mapping": "p = libc.mmap(None, 300 << 20, 3, 0x22, -1, 0)\nassert p != NO_MAP\nctypes.memset(p, 1, 300 << 20)",
    "many mappings": "for i in range(300):\n    p = libc.mmap(None, 1 << 20, 3, 0x22, -1, 0)\n    assert p != NO_MAP\n    ctypes.memset(p, 1, 1 << 20)",
    "many small objects": "x = [bytes(4000) for i in range(70000)]",
    "malloc": "libc.malloc.restype = ctypes.c_void_p\nfor i in range(300):\n    ctypes.memset(libc.malloc(1 << 20), 1, 1 << 20)",
    "mapping made longer": "libc.mremap.restype = ctypes.c_void_p\np = libc.mmap(None, 4096, 3, 0x22, -1, 0)\np = libc.mremap(ctypes.c_void_p(p), ctypes.c_size_t(4096), ctypes.c_size_t(300 << 20), 1)\nassert p not in (None, NO_MAP)\nctypes.memset(p, 1, 300 << 20)",
}
_OUTPUT = {
    "descriptor 1": "os.write(1, b'x')",
    "descriptor 2": "os.write(2, b'x')",
    "C library's output": "libc.puts(b'x')\nlibc.fflush(None)",
    "print": "print('x', flush=True)",
    "fault handler": "faulthandler.dump_traceback()",
    "terminal": "libc.perror(b'x')",
}
_SPAWN = {
    "execve": "os.execve(TOUCH, ['touch', FILE], {})",
    "posix_spawn": "os.posix_spawn(TOUCH, ['touch', FILE], {})\nimport time\ntime.sleep(0.2)",
    "C library's system": "libc.system(b'touch ' + FILE.encode())",
    "subprocess": "subprocess.run([TOUCH, FILE])",
    "a program from memory": (
        "d = os.memfd_create('a')\nos.sendfile(d, os.open(TOUCH, 0), 0, 1 << 28)\nos.execve(d, ['touch', FILE], {})"
    ),
}
_LEFT = {
    "daemon": "if os.fork() == 0:\n    os.setsid()\n    libc.prctl(1, 0, 0, 0, 0)\n    open(FILE, 'w').write(str(os.getpid()))\n    libc.sleep(9)\n    os._exit(0)\nlibc.usleep(100000)",
}
_HANG = {
    "sleep": "libc.sleep(5)",
    "pause": "libc.pause()",
    "reading an empty pipe": "os.read(EMPTY_FD, 1)",
    "stopping itself": "os.kill(os.getpid(), 19)",
}
_SPIN = {
    "loop": "while True:\n    pass",
    "one long call": "9 ** 9 ** 9",
}
ROOT = {
    "files: new mount", "files: chroot", "network: raw socket", "network: packet socket",
    "processes: new process namespace", "processes: another user", "processes: other groups",
    "files: new file system",
}  # fmt: skip
INTEL = {"memory: machine code", "memory: calls of another architecture"}


def probes() -> Iterator[Probe]:
    """All attacks on the machine."""

    def each(
        payloads: dict[str, str],
        category: str,
        canary: Canary,
        prefix: str = "",
        echo: str = WORKED,
    ) -> Iterator[Probe]:
        for short, text in payloads.items():
            name = f"{category}: {prefix}{short}"
            yield Probe(
                name=name, category=category, text=text, canary=canary, echo=echo, root=name in ROOT
            )

    yield from each(_FILE, FILES, Canary.FILE)
    yield from each(_VANISHED, FILES, Canary.VANISHED, "kept file, ")
    yield from each(_READ, FILES, Canary.ECHO, "secret, ", echo="canary-5f1c93")
    for category, payloads in _WORKS.items():
        yield from each(payloads, category, Canary.ECHO)
    yield from each(_CONNECTION, NETWORK, Canary.CONNECTION, "to us, ")
    yield from each(_VICTIM, PROCESSES, Canary.VICTIM, "victim, ")
    yield from each(_TOKEN, PROCESSES, Canary.ECHO, "secret, ", echo="@TOKEN@")
    for category, payloads in _PARENT.items():
        yield from each(payloads, category, Canary.PARENT, "parent, ")
    yield from each(_INHERITED, DESCRIPTORS, Canary.ECHO, "secret, ", echo="canary-5f1c93")
    yield from each(_MUCH, MEMORY, Canary.MEMORY, "much, ")
    yield from each(_OUTPUT, OUTPUT, Canary.OUTPUT)
    yield from each(_SPAWN, PROCESSES, Canary.FILE, "program, ")
    yield from each(_LEFT, PROCESSES, Canary.PROCESS, "left, ")
    yield from each(_HANG, CPU, Canary.HANG, "wait, ")
    yield from each(_SPIN, CPU, Canary.HANG, "spin, ")
