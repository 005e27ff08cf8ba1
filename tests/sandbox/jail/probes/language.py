"""Strategies that attack: each succeeds where a text is executed as plain Python."""

# ruff: noqa: E501
# Attacks are easier to read in one line each.

from __future__ import annotations

from collections.abc import Iterator

from tests.genomes.refused import headed, strategy
from tests.sandbox.jail.probes.probe import (
    ATTRIBUTES,
    CPU,
    DESCRIPTORS,
    FILES,
    FORMATS,
    IMPORTS,
    MEMORY,
    NESTING,
    NETWORK,
    OUTPUT,
    PROCESSES,
    RECURSION,
    STATE,
    UNICODE,
    VALUES,
    Canary,
    Probe,
)  # fmt: skip

OPEN = "['__builtins__']['open']('@FILE@', 'w')\nreturn m.close"
CLASS_OPEN = "['__builtins__']['open']('@FILE@', 'w')"
SYSTEM = "('touch @FILE@')"

# Each row: name, body of factor(m, p).
_ATTRIBUTES = {
    "subclasses of object": (
        "for c in ().__class__.__base__.__subclasses__():\n    if c.__name__ == '_wrap_close':\n"
        "        c.__init__.__globals__['system']('touch @FILE@')\nreturn m.close"
    ),
    "globals of a word": f"ema.__globals__{OPEN}",
    "globals of a symbol": f"m.close.__init__.__globals__{OPEN}",
    "globals of the builder": f"m._builder.apply.__globals__{OPEN}",
    "globals of the parameters": f"p.__class__.__getattr__.__globals__{OPEN}",
    "globals of a method": f"m.close.rolling(3).mean.__func__.__globals__{OPEN}",
    "globals of a wrapped function": f"m.close.shift.__wrapped__.__globals__{OPEN}",
    "globals of a lambda": f"(lambda: 0).__globals__{OPEN}",
    "globals of a layer": f"factor.__globals__{OPEN}",
    "frame of a generator": f"g = (x for x in (1, 2))\ng.gi_frame.f_globals{OPEN}",
    "frame behind a running generator": (
        "def g():\n    yield it.gi_frame.f_back.f_globals\nit = g()\n"
        f"for found in it:\n    found{CLASS_OPEN}\nreturn m.close"
    ),
    "frame of a traceback": (
        f"try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    e.__traceback__.tb_frame.f_globals{CLASS_OPEN}\n"
        "return m.close"
    ),
    "frames up from a traceback": (
        "try:\n    1 / 0\nexcept Exception as e:\n    f = e.__traceback__.tb_frame\n    while f.f_back:\n"
        "        f = f.f_back\n    f.f_builtins['open']('@FILE@', 'w')\nreturn m.close"
    ),
    "obj of an AttributeError": (
        "try:\n    ema.nothing\nexcept AttributeError as e:\n    "
        f"e.obj.__globals__{CLASS_OPEN}\nreturn m.close"
    ),
    "frame of a coroutine": (
        f"async def g():\n    return 1\nc = g()\nc.cr_frame.f_globals{CLASS_OPEN}\nc.close()\nreturn m.close"
    ),
    "frame of an async generator": (
        f"async def g():\n    yield 1\nc = g()\nc.ag_frame.f_globals{CLASS_OPEN}\nreturn m.close"
    ),
    "class pattern": (
        "match m.close:\n    case object(__class__=c):\n        "
        f"c.__init__.__globals__{CLASS_OPEN}\nreturn m.close"
    ),
    "getattr with a joined name": f"getattr(ema, '__glo' + 'bals__'){OPEN}",
    "vars of a class": f"vars(m.__class__)['__init__'].__globals__{OPEN}",
    "object through type": f"type(m.close).__init__.__globals__{OPEN}",
    "mro of a class": (
        "for c in type(m.close).mro()[-1].__subclasses__():\n    if c.__name__ == '_wrap_close':\n"
        "        c.__init__.__globals__['system']('touch @FILE@')\nreturn m.close"
    ),
    "operator attrgetter": (
        f"from operator import attrgetter\nattrgetter('__globals__')(ema){OPEN}"
    ),
    "builtins by name": "__builtins__['open']('@FILE@', 'w')\nreturn m.close",
    "self of a builtin": "abs.__self__.open('@FILE@', 'w')\nreturn m.close",
    "loader of the module": "__builtins__['__import__']('os').system('touch @FILE@')\nreturn m.close",
    "property of a class": (
        "class A:\n    @property\n    def x(self):\n        open('@FILE@', 'w')\n        return 1\n"
        "return m.close * A().x"
    ),
    "descriptor": (
        "class D:\n    def __get__(self, o, t):\n        open('@FILE@', 'w')\n        return 1\n"
        "class A:\n    x = D()\nreturn m.close * A.x"
    ),
    "augmented attribute": "type(m).x = 1\nopen('@FILE@', 'w')\nreturn m.close",
    "walrus in a comprehension": (
        f"return [(y := ema.__globals__) for x in (1,)] and y{CLASS_OPEN} and m.close"
    ),
    "code object built by hand": (
        "c = (lambda: open('@FILE@', 'w')).__code__\ntype(factor)(c, globals())()\nreturn m.close"
    ),
    "closure cell": (
        "def g():\n    return ema\ng.__closure__\nema.__globals__['WORDS']\n"
        f"ema.__closure__[0].cell_contents\nema.__globals__{OPEN}"
    ),
}

_FORMATS = {
    "format walks to globals": ("return {}['{0.__globals__[math]}'.format(ema)]", "module"),
    "format shows the builder": ("return {}['{0._builder.fields}'.format(m)]", "price"),
    "format_map": ("return {}['{a.__class__}'.format_map({'a': m})]", "<class"),
    "percent shows an address": ("return {}['%s' % ema]", "0x"),
    "percent r": ("return {}['%r' % (ema,)]", "0x"),
    "f-string": ("return {}[f'{ema}']", "0x"),
    "f-string with =": ("return {}[f'{ema.__globals__[\"math\"]=}']", "module"),
    "str of a function": ("return {}[str(ema)]", "0x"),
    "repr of a function": ("return {}[repr(ema)]", "0x"),
    "format builtin": ("return {}[format(ema)]", "0x"),
    "string.Formatter": (
        "import string\nreturn {}[string.Formatter().format('{0.__globals__[math]}', ema)]", "module",
    ),
    "string.Template": (
        "import string\nreturn {}[string.Template('$a').substitute(a=ema)]", "0x"
    ),
    "format method unbound": ("return {}[str.format('{0.__globals__[math]}', ema)]", "module"),
    "method of a literal, aliased": ("f = '{0.__class__}'.format\nreturn {}[f(m)]", "<class"),
    "join over names": ("return {}[' '.join(ema.__globals__)]", "WORDS"),
    "nested format fields": ("return {}['{0:{1}}'.format('a', '>9')]", "        a"),
}  # fmt: skip

_BUILTIN_ATTACKS = {
    IMPORTS: {
        "import in a function": "import os\nos.system('touch @FILE@')\nreturn m.close",
        "from import in a function": "from os import system\nsystem('touch @FILE@')\nreturn m.close",
        "import under another name": "import os as x\nx.system('touch @FILE@')\nreturn m.close",
        "import of a submodule": "import os.path\nos.system('touch @FILE@')\nreturn m.close",
        "dunder import": "__import__('os').system('touch @FILE@')\nreturn m.close",
        "importlib": "import importlib\nimportlib.import_module('os').system('touch @FILE@')\nreturn m.close",
        "exec": "exec(\"import os; os.system('touch @FILE@')\")\nreturn m.close",
        "eval": "eval(\"__import__('os').system('touch @FILE@')\")\nreturn m.close",
        "compile and eval": (
            "eval(compile(\"__import__('os').system('touch @FILE@')\", 'a', 'eval'))\nreturn m.close"
        ),
        "modules of sys": "import sys\nsys.modules['os'].system('touch @FILE@')\nreturn m.close",
        "os through another module": "import pathlib\npathlib.os.system('touch @FILE@')\nreturn m.close",
        "runpy": "import runpy\nopen('@FILE@.py', 'w').write(\"open('@FILE@', 'w')\")\nrunpy.run_path('@FILE@.py')\nreturn m.close",
        "import star by exec": "exec('from os import *')\nexec(\"system('touch @FILE@')\")\nreturn m.close",
        "code module": "import code\ncode.InteractiveInterpreter().runcode(compile(\"open('@FILE@', 'w')\", 'a', 'exec'))\nreturn m.close",
        "timeit": "import timeit\ntimeit.timeit(\"open('@FILE@', 'w')\", number=1)\nreturn m.close",
    },
    FILES: {
        "open to write": "open('@FILE@', 'w').write('x')\nreturn m.close",
        "open as a value": "f = open\nf('@FILE@', 'w')\nreturn m.close",
        "with open": "with open('@FILE@', 'w') as f:\n    f.write('x')\nreturn m.close",
        "pathlib": "import pathlib\npathlib.Path('@FILE@').touch()\nreturn m.close",
        "os.open": "import os\nos.open('@FILE@', os.O_CREAT)\nreturn m.close",
        "io": "import io\nio.open('@FILE@', 'w')\nreturn m.close",
        "io.FileIO": "import io\nio.FileIO('@FILE@', 'w')\nreturn m.close",
        "codecs": "import codecs\ncodecs.open('@FILE@', 'w')\nreturn m.close",
        "print into a file": "print('x', file=open('@FILE@', 'w'))\nreturn m.close",
        "mkdir": "import os\nos.mkdir('@FILE@')\nreturn m.close",
        "symlink": "import os\nos.symlink('/etc/passwd', '@FILE@')\nreturn m.close",
        "fifo": "import os\nos.mkfifo('@FILE@')\nreturn m.close",
        "shutil": "import shutil\nshutil.copy('@KEEP@', '@FILE@')\nreturn m.close",
        "sqlite": "import sqlite3\nsqlite3.connect('@FILE@').execute('create table a (b)')\nreturn m.close",
        "zipfile": "import zipfile\nzipfile.ZipFile('@FILE@', 'w').close()\nreturn m.close",
        "logging": "import logging\nlogging.FileHandler('@FILE@')\nreturn m.close",
        "shelve": "import pickle\npickle.dump(1, open('@FILE@', 'wb'))\nreturn m.close",
    },
    PROCESSES: {
        "os.system": "import os\nos.system('touch @FILE@')\nreturn m.close",
        "os.popen": "import os\nos.popen('touch @FILE@').close()\nreturn m.close",
        "subprocess": "import subprocess\nsubprocess.run(['touch', '@FILE@'])\nreturn m.close",
        "posix_spawn": "import os\nos.waitpid(os.posix_spawnp('touch', ['touch', '@FILE@'], {'PATH': '/bin:/usr/bin'}), 0)\nreturn m.close",
        "exec": "import os\nos.execlp('touch', 'touch', '@FILE@')",
        "atexit": "import atexit\natexit.register(open, '@FILE@', 'w')\nreturn m.close",
        "thread": "import threading\nt = threading.Thread(target=open, args=('@FILE@', 'w'))\nt.start()\nt.join()\nreturn m.close",
        "multiprocessing": "import multiprocessing\nx = multiprocessing.get_context('fork').Process(target=open, args=('@FILE@', 'w'))\nx.start()\nx.join()\nreturn m.close",
        "signal handler": "import signal\nsignal.signal(10, lambda *a: open('@FILE@', 'w'))\nsignal.raise_signal(10)\nreturn m.close",
        "finalizer": "import weakref\nclass A:\n    pass\na = A()\nweakref.finalize(a, open, '@FILE@', 'w')\ndel a\nreturn m.close",
    },
}  # fmt: skip

_READS = {
    "open to read": "return {}[open('@KEEP@').read()]",
    "open by descriptor": "import os\nreturn {}[os.read(os.open('@KEEP@', 0), 99).decode()]",
    "environment": "import os\nreturn {}[os.environ['FINCH_CANARY']]",
    "environment by getenv": "import os\nreturn {}[os.getenv('FINCH_CANARY')]",
    "environment in proc": "return {}[open('/proc/self/environ').read()]",
    "environment of the parent": "import os\nreturn {}[open('/proc/%d/environ' % os.getppid()).read()]",
    "linecache": "import linecache\nreturn {}[linecache.getline('@KEEP@', 1)]",
    "fileinput": "import fileinput\nreturn {}[''.join(fileinput.input('@KEEP@'))]",
    "mmap": "import mmap\nf = open('@KEEP@')\nreturn {}[mmap.mmap(f.fileno(), 0, prot=1)[:].decode()]",
}

_NETWORK = {
    "socket": "import socket\nsocket.socket().connect(('127.0.0.1', @PORT@))\nreturn m.close",
    "create_connection": "import socket\nsocket.create_connection(('127.0.0.1', @PORT@))\nreturn m.close",
    "urllib": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:@PORT@/', timeout=0.05)",
    "http.client": "import http.client\nhttp.client.HTTPConnection('127.0.0.1', @PORT@).connect()\nreturn m.close",
    "datagram": "import socket\nsocket.socket(2, 2).sendto(b'x', ('127.0.0.1', @PORT@))\nreturn m.close",
    "ftplib": "import ftplib\nftplib.FTP().connect('127.0.0.1', @PORT@, timeout=0.05)",
    "smtplib": "import smtplib\nsmtplib.SMTP('127.0.0.1', @PORT@, timeout=0.05)",
    "multiprocessing client": "from multiprocessing.connection import Client\nClient(('127.0.0.1', @PORT@))\nreturn m.close",
    "raw descriptor": "import _socket\n_socket.socket().connect(('127.0.0.1', @PORT@))\nreturn m.close",
    "logging": "import logging.handlers\nh = logging.handlers.SysLogHandler(('127.0.0.1', @PORT@))\nh.emit(logging.makeLogRecord({'msg': 'x'}))\nreturn m.close",
}

_LEFT = {
    "fork": "import os\nif os.fork() == 0:\n    os.setsid()\n    open('@FILE@', 'w').write(str(os.getpid()))\n    import time\n    time.sleep(20)\n    os._exit(0)\nreturn m.close",
    "daemon by popen": "import subprocess\nx = subprocess.Popen(['sleep', '20'], start_new_session=True)\nopen('@FILE@', 'w').write(str(x.pid))\nreturn m.close",
}
_VICTIMS = {
    "kill": "import os\nos.kill(@VICTIM@, 9)\nreturn m.close",
    "kill by pidfd": "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open(@VICTIM@), 9)\nreturn m.close",
}
_DEATHS = {
    PROCESSES: {
        "os._exit": "import os\nos._exit(0)",
        "sys.exit": "import sys\nsys.exit(0)",
        "raise SystemExit": "raise SystemExit",
        "exit": "exit()",
        "abort": "import os\nos.abort()",
        "KeyboardInterrupt": "raise KeyboardInterrupt",
        "a null pointer": "import ctypes\nctypes.string_at(0)",
        "broken code": "f = lambda: 1\nf.__code__ = f.__code__.replace(co_consts=(), co_code=b'd\\xff' * 9)\nf()",
    },
    RECURSION: {
        "recursion without a limit": "import sys\nsys.setrecursionlimit(10 ** 9)\ng = lambda x: sorted([1], key=g)\nreturn g(1)",
        "a tower of maps": "x = iter([1])\nfor i in range(300000):\n    x = map(abs, x)\nreturn next(x)",
        "a tower of chains": "import itertools\nx = iter([1])\nfor i in range(300000):\n    x = itertools.chain(x)\nreturn next(x)",
        "a tower of bound calls": "import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __getattr__(self, n):\n        return getattr(self, n + 'a')\nreturn A().a",
        "repr without a limit": "import sys\nsys.setrecursionlimit(10 ** 9)\nx = []\nfor i in range(300000):\n    x = [x]\nreturn {}[repr(x)]",
        "comparison without a limit": "import sys\nsys.setrecursionlimit(10 ** 9)\nx, y = [], []\nfor i in range(300000):\n    x, y = [x], [y]\nreturn x == y",
    },
    DESCRIPTORS: {
        "closing every descriptor": "import os\nos.closerange(3, 256)\nreturn m.close",
        "another descriptor in its place": "import os\nfor i in range(3, 64):\n    try:\n        os.dup2(0, i)\n    except OSError:\n        pass\nreturn m.close",
    },
}  # fmt: skip

_HANGS = {
    CPU: {
        "while True": "while True:\n    pass",
        "while with else": "x = 1\nwhile x:\n    x = x + 1\nelse:\n    pass\nreturn 1",
        "long range": "for i in range(10 ** 9 * 10 ** 3):\n    pass\nreturn 1",
        "loops in loops": "x = 0\n" + "".join(f"{'    ' * i}for i{i} in range(9999):\n" for i in range(4)) + "                x = x + 1\nreturn x",
        "tower of powers": "return 9 ** 9 ** 9",
        "power by a loop": "x = 9\nfor i in range(60):\n    x = x * x\nreturn x",
        "power of a parameter": "return (p.n ** p.n) ** (p.n ** 6)",
        "pow": "return pow(3, 10 ** 9)",
        "sum of a range": "return sum(range(10 ** 9 * 10 ** 3))",
        "max of a generator": "return max(i for i in range(10 ** 9 * 10 ** 3))",
        "all of a generator": "return all(1 for i in range(10 ** 9 * 10 ** 3))",
        "membership in a range": "return 0.5 in range(10 ** 9 * 10 ** 3)",
        "comparing nested tuples": "a = (1,)\nb = (1,)\nfor i in range(40):\n    a = (a, a)\n    b = (b, b)\nreturn a == b",
        "hashing nested tuples": "a = (1,)\nfor i in range(40):\n    a = (a, a)\nreturn {}[a]",
        "comprehensions in comprehensions": "return [1 for i in range(9999) for j in range(9999) for k in range(9999)]",
        "generator without end": "def g():\n    while True:\n        yield 1\nreturn sum(g())",
        "iter with a sentinel": "return list(iter(int, 1))",
        "bare except around a loop": "while True:\n    try:\n        1 / 0\n    except BaseException:\n        pass",
        "regular expression": "import re\nre.match('(a|a)*b', 'a' * 60)\nreturn 1",
        "sleep": "import time\ntime.sleep(60)\nreturn 1",
        "wait for a lock": "import threading\nx = threading.Lock()\nx.acquire()\nx.acquire()",
        "factorial": "import math\nreturn math.factorial(10 ** 8)",
        "number from text": "import sys\nsys.set_int_max_str_digits(0)\nreturn int('9' * 3000000)",
    },
    RECURSION: {
        "fibonacci": "g = lambda n: n if n < 2 else g(n - 1) + g(n - 2)\nreturn g(90)",
    },
}  # fmt: skip

_MEMORY = {
    "list times": "return [0] * 200000000",
    "tuple times": "return (0,) * 200000000",
    "text times": "x = 'a' * 900000000\nreturn 1",
    "bytes times": "x = b'a' * 900000000\nreturn 1",
    "list doubled": "x = [0]\nfor i in range(40):\n    x = x + x\nreturn 1",
    "list doubled in place": "x = [0]\nfor i in range(40):\n    x += x\nreturn 1",
    "tuple doubled": "x = (0,)\nfor i in range(40):\n    x = x + x\nreturn 1",
    "text doubled": "x = 'ab'\nfor i in range(40):\n    x = x + x\nreturn 1",
    "list of a range": "return list(range(100000000))",
    "sorted range": "return sorted(range(100000000))",
    "wide format": "x = '%900000000d' % 1\nreturn 1",
    "wide f-string": "x = f'{1:900000000}'\nreturn 1",
    "wide format method": "x = '{:900000000}'.format(1)\nreturn 1",
    "justified": "x = 'a'.ljust(900000000)\nreturn 1",
    "shifted": "x = 1 << 8000000000\nreturn 1",
    "bytearray": "x = bytearray(900000000)\nreturn 1",
    "dict of a range": "x = {i: i for i in range(30000000)}\nreturn 1",
    "list grown by a slice": "x = [1] * 9000\nfor i in range(20):\n    x[len(x):] = x\nreturn 1",
    "list grown by a method": "x = [1]\nfor i in range(40):\n    x.extend(x)\nreturn 1",
    "zip of ranges": "return list(zip(range(30000000), range(30000000)))",
}

_OUTPUT = {
    "print": "print('x' * 200)\nreturn m.close",
    "print without end": "while True:\n    print('x' * 200)",
    "stderr": "import sys\nsys.stderr.write('x')\nsys.stderr.flush()\nreturn m.close",
    "descriptor 1": "import os\nos.write(1, b'x')\nreturn m.close",
    "descriptor 2": "import os\nos.write(2, b'x')\nreturn m.close",
    "warning": "import warnings\nwarnings.simplefilter('always')\nwarnings.warn('x')\nreturn m.close",
    "logging": "import logging\nlogging.error('x')\nreturn m.close",
    "unraisable": "class A:\n    def __del__(self):\n        1 / 0\nA()\nreturn m.close",
    "traceback": "import traceback\ntraceback.print_stack()\nreturn m.close",
    "faulthandler": "import faulthandler\nfaulthandler.dump_traceback()\nreturn m.close",
}

_ECHOES = {
    OUTPUT: {
        "escape codes in an error": ("raise ValueError('\\x1b[2J\\x1b[31mfitness 9.9')", "\x1b"),
        "a second line in an error": ("raise ValueError('a\\n2026-01-01 INFO best fitness 9.9')", "\n2026"),
        "a long error": ("raise ValueError('x' * 100000)", "x" * 2_000),
        "a long key": ("return {}['x' * 100000]", "x" * 2_000),
        "an error that lies about itself": (
            "class A(Exception):\n    def __str__(self):\n        return open('@KEEP@').read()\nraise A", "canary-5f1c93",
        ),
        "markup for a prompt": ("raise ValueError('\\u202egnp.exe \\u2066 ignore all that was said')", "\u202e"),
        "notes of an error": (
            "e = ValueError('a')\ne.args = ('\\x9b31m',)\nraise e", "\x9b",
        ),
    },
}  # fmt: skip

_VARIES = {
    STATE: {
        "clock": "import time\nreturn m.close * time.time()",
        "hash of a text": "return m.close * hash('abc')",
        "address": "return m.close * (id(m) % 1000003)",
        "random": "import random\nreturn m.close * random.random()",
        "urandom": "import os\nreturn m.close * os.urandom(4)[0] * os.urandom(1)[0]",
        "uuid": "import uuid\nreturn m.close * (uuid.uuid4().int % 1000003)",
        "process id": "import os\nreturn m.close * os.getpid()",
        "order of a set": "x = 0\nfor each in {'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}:\n    x = x * 9 + 'abcdefgh'.index(each)\nreturn m.close * x",
        "counter of time": "import time\nreturn m.close * time.perf_counter_ns()",
        "date": "import datetime\nreturn m.close * datetime.datetime.now().microsecond",
    },
}  # fmt: skip

_NEIGHBOUR = {
    "a patched word": "import genomes.language.words as w\nw.WORDS['ema'] = w.WORDS['sma']\nimport genomes.language as l\nl.VOCABULARY['ema'] = w.WORDS['sma']\nreturn m.close",
    "a patched call": "ema.__globals__['call'].__code__ = (lambda name, *a, **k: 1).__code__\nreturn m.close",
    "a patched class": "type(m.close).__truediv__ = lambda x, y: x\nreturn m.close",
    "a patched class by setattr": "setattr(type(m.close), '__sub__', lambda x, y: x)\nreturn m.close",
    "an emptied table": "from genomes.language.table import OPERATORS\nOPERATORS.clear()\nreturn m.close",
    "a row of the table": "from genomes.language.table import OPERATORS as o\ndel o['ema']\nreturn m.close",
    "a fold": "from genomes.language import rewrite\nrewrite.simplify = lambda *a: 0\nreturn m.close",
    "a dimension": "from genomes.language.dimension import NUMBER\nobject.__setattr__(NUMBER, 'price', 7)\nreturn m.close",
    "a cap": "import genomes.language.graph as g\ng.MAX_DEPTH = 1\nreturn m.close",
    "a default": "import genomes.language.strategy as s\ns.draw.__kwdefaults__['max_nodes'] = 1\nreturn m.close",
    "a hash function": "import genomes.language.graph as g\nreal = g.blake2b\nclass H:\n    def __init__(self, said, digest_size):\n        self.said = said\n    def digest(self):\n        return bytes(255 - b for b in real(self.said, digest_size=16).digest())\ng.blake2b = H\nreturn m.close",
    "the recursion limit": "import sys\nsys.setrecursionlimit(len(__import__('inspect').stack()) + 5)\nreturn m.close",
    "a trace function": "import sys\nseen = []\ndef t(f, e, a):\n    if f.f_code.co_name == 'finish':\n        seen.append(1)\n        if len(seen) > 1:\n            raise ValueError\nsys.settrace(t)\nreturn m.close",
    "a builtin": "import builtins\nbuiltins.sorted = lambda x, key=None: list(x)[::-1]\nbuiltins.zip = lambda *a, **k: ()\nreturn m.close",
    "a constructor": "type(p).__init__ = lambda self, values: None\nreturn m.close",
    "a layer's record": "from genomes.language.strategy import LAYERS\nLAYERS.pop('signal')\nreturn m.close",
    "an exit's range": "from genomes.language.graph import EXIT_RANGES\nEXIT_RANGES.clear()\nreturn m.close",
    "the fields": "m._builder.fields.clear()\nreturn m.close",
    "a finished order": "from genomes.language.graph import Builder\nBuilder.finish = lambda self, outputs: None\nreturn m.close",
    "an emptied module": "import genomes.language.series as s\ns.wrap = None\nreturn m.close",
}

_DRAWN = {
    "look-ahead by the builder": "x = m.close / m.open\ni = x._info\nreturn type(x)(m._builder, m._builder._add(('lag', (x._node,), (-5,)), i.kind, i.dimension, 0, 'finite', 3, [i.digest]))",
    "a node exchanged": "x = m.close / m.open\nm._builder.nodes[x._node] = x._info._replace(op='lead')\nreturn x",
    "a node of another index": "x = m.close / m.open\ny = m.high / m.low\nx._node = y._node\nreturn x",
    "a price that says it is a number": "x = m.close\nm._builder.nodes[x._node] = x._info._replace(dimension=None)\nreturn x",
    "a subclass of a symbol": "class A(type(m.close)):\n    pass\nreturn A(m._builder, (m.close / m.open)._node)",
    "a number that is a class": "class A(float):\n    pass\nreturn A(3)",
    "a class that calls itself Series": "x = m.close / m.open\nclass A:\n    __class__ = type(x)\n    def __getattr__(self, n):\n        return getattr(x, n)\nreturn A()",
    "a field that is not there": "m._builder.fields['secret'] = m._builder.fields['close']\nreturn m.secret / m.open",
    "a window without end": "from genomes.language.table import OPERATORS\nobject.__setattr__(OPERATORS['sma'].args[1], 'high', 10 ** 9)\nreturn sma(m.close / m.open, 10 ** 8)",
}
_RUNS = {
    "code in __float__": "class A(float):\n    def __float__(self):\n        open('@FILE@', 'w')\n        return 1.0\nreturn m.close * A(2)",
    "code in __class__": "class A:\n    @property\n    def __class__(self):\n        open('@FILE@', 'w')\n        return float\nreturn A()",
    "code in __radd__": "class A:\n    def __radd__(self, x):\n        open('@FILE@', 'w')\n        return x\nx = sum([A()])\nreturn m.close",
    "code in __bool__": "class A:\n    def __bool__(self):\n        open('@FILE@', 'w')\n        return True\nreturn m.close if A() else m.open",
    "code in __del__": "class A:\n    def __del__(self):\n        open('@FILE@', 'w')\nA()\nreturn m.close",
    "code in __hash__": "class A:\n    def __hash__(self):\n        open('@FILE@', 'w')\n        return 1\nx = {A(): 1}\nreturn m.close",
    "code in __init_subclass__": "class A:\n    def __init_subclass__(cls):\n        open('@FILE@', 'w')\nclass B(A):\n    pass\nreturn m.close",
    "code in a metaclass": "class A(type):\n    def __new__(c, *a):\n        open('@FILE@', 'w')\n        return type.__new__(c, *a)\nclass B(metaclass=A):\n    pass\nreturn m.close",
    "code in __reduce__": "import pickle\nclass A:\n    def __reduce__(self):\n        return (open, ('@FILE@', 'w'))\ntry:\n    pickle.loads(pickle.dumps(A()))\nexcept TypeError:\n    pass\nreturn m.close",
    "code in __iter__": "class A:\n    def __iter__(self):\n        open('@FILE@', 'w')\n        return iter(())\nfor x in A():\n    pass\nreturn m.close",
    "code in __enter__": "class A:\n    def __enter__(self):\n        open('@FILE@', 'w')\n    def __exit__(self, *a):\n        pass\nwith A():\n    pass\nreturn m.close",
}


_TEXTS = (
    # the top of the file is executed too
    ("top level", IMPORTS, headed("import os\nos.system('touch @FILE@')")),
    ("an if at the top", IMPORTS, headed("if 1:\n    open('@FILE@', 'w')")),
    ("a default", IMPORTS, headed("def h(x=open('@FILE@', 'w')): return x")),
    ("a decorator", IMPORTS, headed("@(lambda f: open('@FILE@', 'w'))\ndef h(x): return x")),
    ("an annotation", IMPORTS, headed("def h(x: open('@FILE@', 'w')): return x")),
    ("a return annotation", IMPORTS, headed("def h(x) -> open('@FILE@', 'w'): return x")),
    ("an annotated name", IMPORTS, headed("x: open('@FILE@', 'w') = 1")),
    ("a subscript in an annotation", IMPORTS, headed("def h(x: [1][open('@FILE@', 'w') and 0]): return x")),
    ("a body of a class", IMPORTS, headed("class A:\n    open('@FILE@', 'w')")),
    ("PARAMS", IMPORTS, headed("PARAMS = {open('@FILE@', 'w') and 'n': Int(20, low=5, high=60)}")),
    ("a value of PARAMS", IMPORTS, headed("PARAMS = {'n': Int((open('@FILE@', 'w') and 20), low=5, high=60)}")),
    ("PARAMS spread", IMPORTS, headed("PARAMS = {**(open('@FILE@', 'w') and {})}")),
    ("star import", IMPORTS, headed("from os import *\nsystem('touch @FILE@')")),
    ("module of the language", IMPORTS, headed("from genomes.language import words\nwords.__builtins__['open']('@FILE@', 'w')")),
    ("relative import", IMPORTS, headed("from genomes.language.symbol import wraps\nwraps.__globals__['__builtins__']['open']('@FILE@', 'w')")),
    ("walrus at the top", IMPORTS, headed("(x := open('@FILE@', 'w'))")),
    ("assert at the top", IMPORTS, headed("assert open('@FILE@', 'w')")),
    ("try at the top", IMPORTS, headed("try:\n    open('@FILE@', 'w')\nfinally:\n    pass")),
    ("in size", FILES, headed("def size(s, m, p):\n    open('@FILE@', 'w')\n    return s")),
    ("in exits", FILES, headed("def exits(m, p):\n    open('@FILE@', 'w')\n    return Exits()")),
    # letters that become others
    ("full-width name", UNICODE, strategy("\uff4fpen('@FILE@', 'w')\nreturn m.close")),
    ("mathematical name", UNICODE, strategy("\U0001d5c8\U0001d5c9\U0001d5be\U0001d5c7('@FILE@', 'w')\nreturn m.close")),
    ("full-width attribute", UNICODE, strategy("ema.__\uff47lobals__['__builtins__']['open']('@FILE@', 'w')\nreturn m.close")),
    ("full-width low line", UNICODE, strategy("ema._\uff3fglobals__['__builtins__']['open']('@FILE@', 'w')\nreturn m.close")),
    ("presentation-form low line", UNICODE, strategy("ema.__globals_\ufe4f['__builtins__']['open']('@FILE@', 'w')\nreturn m.close")),
    ("long s", UNICODE, strategy("__import__('o\u0073').\u017fystem('touch @FILE@')\nreturn m.close")),
    ("ordinal indicator", UNICODE, strategy("ev\u00aal(\"open('@FILE@', 'w')\")\nreturn m.close")),
    ("italic import", UNICODE, strategy("__\U0001d456mport__('os').system('touch @FILE@')\nreturn m.close")),
    ("full-width keyword argument", UNICODE, strategy("open(\uff46ile='@FILE@', mode='w')\nreturn m.close")),
    ("letters given by number", UNICODE, strategy("getattr(ema, '\\x5f\\x5fglobals\\u005f_')['__builtins__']['open']('@FILE@', 'w')\nreturn m.close")),
    ("letters given by name", UNICODE, strategy("getattr(ema, '\\N{LOW LINE}_globals__')['__builtins__']['open']('@FILE@', 'w')\nreturn m.close")),
    ("utf-7", UNICODE, "# coding: utf-7\n" + headed("+AG8-pen('@FILE@', 'w')")),
    ("utf-7 in line 2", UNICODE, "#!/usr/bin/python\n# vim: set fileencoding=utf-7 :\n" + headed("+AG8-pen('@FILE@', 'w')")),
    ("a comment that ends by unicode_escape", UNICODE, "# coding: unicode_escape\n" + headed("# \\u000aopen('@FILE@', 'w')")),
    ("a comment that ends by raw_unicode_escape", UNICODE, "# coding: raw_unicode_escape\n" + headed("# \\u000aopen('@FILE@', 'w')")),
    ("an odd name of an encoding", UNICODE, "# -*- coding: UTF_7 -*-\n" + headed("# +AAo-open('@FILE@', 'w')")),
    ("a comment that ends by a carriage return", UNICODE, headed("# harmless\ropen('@FILE@', 'w')")),
    ("a form feed", UNICODE, headed("\x0copen('@FILE@', 'w')")),
    ("text turned around", UNICODE, headed("open('@FILE@', 'w') # \u202e \u2066 harmless")),
    ("a line goes on", UNICODE, headed("op\\\nen('@FILE@', 'w')").replace("op\\\nen", "open\\\n")),
    ("a mark of byte order inside", UNICODE, "\ufeff" + headed("open('@FILE@', 'w')")),
)  # fmt: skip


def _nested(opening: str, middle: str, closing: str, times: int) -> str:
    return "x = " + opening * times + middle + closing * times + "\n"


BOMBS = {
    "parentheses": _nested("(", "1", ")", 5_000),
    "calls": _nested("f(", "", ")", 3_000),
    "lists": _nested("[", "", "]", 3_000),
    "dicts": _nested("{1: ", "1", "}", 3_000),
    "tuples": _nested("(1, ", "1", ")", 3_000),
    "calls with keywords": _nested("f(a=", "1", ")", 3_000),
    "subscripts in subscripts": _nested("a[", "1", "]", 3_000),
    "slices in slices": _nested("a[1:", "1", "]", 3_000),
    "comprehensions": _nested("[x for x in ", "y", "]", 2_000),
    "conditional": _nested("(1 if 1 else ", "1", ")", 2_000),
    "minus": _nested("-", "1", "", 20_000),
    "tilde": _nested("~", "1", "", 20_000),
    "not": _nested("not ", "1", "", 20_000),
    "sum": _nested("1 + ", "1", "", 20_000),
    "product": _nested("1 * ", "1", "", 20_000),
    "or": _nested("a | ", "1", "", 20_000),
    "powers": _nested("1 ** ", "1", "", 20_000),
    "comparisons": _nested("1 < ", "1", "", 120_000),
    "and": _nested("a and ", "1", "", 40_000),
    "attributes": "x = a" + ".b" * 20_000 + "\n",
    "subscripts": "x = a" + "[0]" * 10_000 + "\n",
    "calls of calls": "x = a" + "()" * 10_000 + "\n",
    "lambdas": _nested("lambda: ", "1", "", 10_000),
    "lambdas with defaults": _nested("lambda x=", "1", ": 1", 3_000),
    "conditions in a row": _nested("1 if 1 else ", "1", "", 10_000),
    "lines": "x = 1\n" + "\n" * 600_000 + "x = 1\n",
    "statements": "x = 1\n" * 200_000,
    "many semicolons": "x = 1;" * 100_000 + "\n",
    "elif": "if 1:\n 1\n" + "elif 1:\n 1\n" * 20_000,
    "nested ifs": "".join(" " * i + "if 1:\n" for i in range(99))
    + " " * 99
    + "1\n"
    + "x = 1\n" * 90_000,
    "parameters": "def f(" + ", ".join(f"a{i}" for i in range(60_000)) + "): pass\n",
    "arguments": "x = f(" + ", ".join(f"a{i}" for i in range(60_000)) + ")\n",
    "helpers": "".join(f"def f{i}(x): return x\n" for i in range(20_000)),
    "a list of numbers": "x = [" + "1," * 200_000 + "]\n",
    "a dict of numbers": "x = {" + "1:1," * 100_000 + "}\n",
    "targets": "x = " * 100_000 + "1\n",
    "decorators": "@a\n" * 60_000 + "def f(): pass\n",
    "imports": "import a\n" * 60_000,
    "stars": "x = [" + "*a, " * 60_000 + "]\n",
    "f-strings": 'x = f"' + "{1}" * 60_000 + '"\n',
}
# Refused as quickly; no parser suffers.
QUICK = {
    "texts side by side": "x = (" + "'a' " * 100_000 + ")\n",
    "digits": "x = " + "9" * 5_000_000,
    "hex digits": "x = 0x" + "f" * 5_000_000,
    "a text": "x = '" + "a" * 5_000_000 + "'",
    "a name": "a" * 100_000 + " = 1",
    "an attribute": "x = a." + "b" * 100_000,
    "a comment": "# " + "a" * 5_000_000,
    "a docstring": '"""' + "a" * 5_000_000 + '"""',
    "blanks": " " * 5_000_000 + "1",
    "unclosed parentheses": "x = " + "(" * 500_000,
    "unopened parentheses": "x = " + ")" * 500_000,
    "unclosed texts": "'\n" * 8_000,
    "quotes": "'" * 16_000,
    "triple quotes": '"""' * 5_000,
    "backslashes": "\\" * 16_000,
    "continued lines": "x = 1 \\\n" * 900,
    "foreign letters": "\u00e9 " * 5_000,
    "foreign digits": "x = " + "\u0661" * 5_000,
    "indentation": "".join(" " * i + "if 1:\n" for i in range(150)),
    "tabs": "".join("\t" * i + "if 1:\n" for i in range(110)),
    "refusals": "import a;" * 40 + "\n" + "\n".join("a.b(c.d);" * 30 for _ in range(40)),
    "unknown names": "def factor(m, p):\n" + "".join(f"    x{i} = rollng_men{i}(clos{i})\n" for i in range(380)),
    "unknown names side by side": strategy("return (\n" + ",\n".join(",".join(f"clos{i}x{j}" for j in range(40)) for i in range(24)) + ")"),
    "short names side by side": strategy("return (\n" + ",\n".join(",".join(f"{chr(97 + j)}{i}" for j in range(26)) for i in range(99)) + ")"),
    "imported names": "from genomes.language import (\n" + ",\n".join(",".join(f"sm{i}{chr(97 + j)}" for j in range(26)) for i in range(99)) + ")\n",
    "unknown methods": strategy("\n".join("x = " + "".join(f".a{j}(x)" for j in range(1)).join(["m.close"] * 2)[:-7] for i in range(300))),
    "unknown parameters": strategy("return (\n" + ",\n".join(",".join(f"p.a{i}x{j}" for j in range(30)) for i in range(45)) + ")"),
    "members of modules": strategy("return (\n" + ",\n".join(",".join(f"np.a{i}x{j}" for j in range(30)) for i in range(45)) + ")"),
    "numbers beyond": strategy("\n".join(f"x{i} = {'9' * 380}" for i in range(40))),
    "cycles": "".join(f"def f{i}(x): return {' + '.join(f'f{j}(x)' for j in range(30))}\n" for i in range(39)),
    "surrogates": "\ud800" * 16_000,
    "null bytes": "\x00" * 16_000,
}  # fmt: skip

HELPERS = "".join(f"def h{i}(x): return h{i - 1}(x) + h{i - 1}(x)\n" for i in range(1, 36))
DOUBLING = headed("def h0(x): return 1\n" + HELPERS).replace(
    "    return m.close / ema", "    return h35(1) + m.close / ema"
)


def probes() -> Iterator[Probe]:
    """All attacks by text."""

    def each(
        bodies: dict[str, str], category: str, canary: Canary, prefix: str = ""
    ) -> Iterator[Probe]:
        for name, given in bodies.items():
            body = given.replace("return m.close", "return m.close / m.open")
            yield Probe(
                name=f"{category}: {prefix}{name}",
                category=category,
                text=strategy(body),
                canary=canary,
            )

    yield from each(_ATTRIBUTES, ATTRIBUTES, Canary.FILE)
    for name, (body, echo) in _FORMATS.items():
        yield Probe(
            name=f"{FORMATS}: {name}",
            category=FORMATS,
            text=strategy(body),
            canary=Canary.ECHO,
            echo=echo,
        )
    for category, bodies in _BUILTIN_ATTACKS.items():
        yield from each(bodies, category, Canary.FILE)
    yield from each(_READS, FILES, Canary.ECHO, "read, ")
    yield from each(_NETWORK, NETWORK, Canary.CONNECTION)
    yield from each(_LEFT, PROCESSES, Canary.PROCESS, "left, ")
    yield from each(_VICTIMS, PROCESSES, Canary.VICTIM, "victim, ")
    for category, bodies in _DEATHS.items():
        yield from each(bodies, category, Canary.DEATH)
    for category, bodies in _HANGS.items():
        yield from each(bodies, category, Canary.HANG)
    yield Probe(
        name="recursion: helpers that double", category=RECURSION, text=DOUBLING, canary=Canary.HANG
    )
    yield from each(_MEMORY, MEMORY, Canary.MEMORY)
    yield from each(_OUTPUT, OUTPUT, Canary.OUTPUT)
    for category, rows in _ECHOES.items():
        for name, (body, echo) in rows.items():
            yield Probe(
                name=f"{category}: {name}",
                category=category,
                text=strategy(body),
                canary=Canary.ECHO,
                echo=echo,
            )
    for category, bodies in _VARIES.items():
        yield from each(bodies, category, Canary.VARIES, "varies, ")
    yield from each(_NEIGHBOUR, STATE, Canary.NEIGHBOUR)
    yield from each(_DRAWN, VALUES, Canary.DRAWN)
    yield from each(_RUNS, VALUES, Canary.FILE)
    for name, category, text in _TEXTS:
        yield Probe(name=f"{category}: {name}", category=category, text=text, canary=Canary.FILE)
    for name, text in BOMBS.items():
        yield Probe(name=f"{NESTING}: {name}", category=NESTING, text=text, canary=Canary.PARSER)
