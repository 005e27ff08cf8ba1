"""A jail whose child was taken over: texts that begin with `#payload` are executed as they are.

The real client and the real zygote, with a drawing that lets a stranger do as it likes.
"""

# ruff: noqa: E501
# Attacks are easier to read in one line each.

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sandbox
import sandbox.jail

MARK = "#payload\n"
HOLE = '''
import base64, ctypes, gc, os, sys, zlib  # before the lockdown: no file can be opened later
from dataclasses import replace
from genomes.records.refusal import Refusal
from sandbox.jail import frames, pieces, real_drawing
from sandbox.jail.real_drawing import *

PLAIN = "def factor(m, p):\\n    return m.close\\n\\ndef signal(f, m, p):\\n    return f\\n"


def prepare(text):
    """Payloads are drawn alone, as is all that is not provably tame."""
    if text.startswith("#payload\\n"):
        return replace(real_drawing.prepare(PLAIN), text=text, tame=False)
    return real_drawing.prepare(text)


def draw_text(text, values, fields, caps, *known):
    if not text.startswith("#payload\\n"):
        return real_drawing.draw_text(text, values, fields, caps, *known)
    return run(text, fields)


def draw_prepared(prepared, values, fields, caps, *known):
    if not prepared.text.startswith("#payload\\n"):
        return real_drawing.draw_prepared(prepared, values, fields, caps, *known)
    return run(prepared.text, fields)


def run(text, fields):
    space = {"os": os, "sys": sys, "gc": gc, "frames": frames, "drawing": real_drawing, "local": local}
    space |= {"send": send, "raw": raw, "find": find, "answer": None}
    exec(text, space)
    words = str(space["answer"])
    return (Refusal(rule="told", line=0, column=0, found=words, instead="nothing"),)


def local(name):
    frame = sys._getframe()
    while frame is not None:
        if name in frame.f_locals:
            return frame.f_locals[name]
        frame = frame.f_back
    raise KeyError(name)


def send(body):
    """Answer with a body of one's own."""
    raw(frames.frame(local("number"), frames.ANSWER, body))


def raw(data):
    """Bytes on the one descriptor that is open."""
    while data:
        data = data[os.write(local("answers"), data):]


def find(backwards):
    """Whether a word of another lies anywhere that Python can reach; given the other way round."""
    seen = [o for o in gc.get_objects() for o in (o, *gc.get_referents(o))]
    for root in (real_drawing.prepare, pieces._memory, pieces._memory.values()):
        seen += [o for each in gc.get_referents(root) for o in (each, *gc.get_referents(each))]
    for root in (sys.modules["__main__"], sys.modules[__name__]):
        seen += gc.get_referents(root)
    frame = sys._getframe()
    while frame is not None:
        keeper = frame.f_locals.get("self")
        if hasattr(keeper, "_question"):
            seen += [bytes(keeper._question), bytes(keeper._answer)]
        frame = frame.f_back
    seen += [o.text for o in seen if isinstance(o, Prepared)]
    texts = [o for o in seen if isinstance(o, (str, bytes, bytearray, memoryview))]
    word = backwards[::-1]
    return any(word in o if isinstance(o, str) else word.encode() in bytes(o) for o in texts)
'''


def build(folder: Path) -> str:
    """Lay the packages out in a folder with the hole in place; the folder, to search first."""
    jail = folder / "sandbox" / "jail"
    jail.mkdir(parents=True)
    (folder / "sandbox" / "__init__.py").touch()
    for each in Path(sandbox.jail.__file__).parent.glob("*.py"):
        name = "real_drawing.py" if each.name == "drawing.py" else each.name
        (jail / name).symlink_to(each)
    (jail / "drawing.py").write_text(HOLE)
    for each in Path(sandbox.__file__).parent.glob("*.py"):
        if each.name != "__init__.py":
            (folder / "sandbox" / each.name).symlink_to(each)
    return str(folder)


# -- forged answers --------------------------------------------------------------------------------

GOOD = (
    "finch-graph 1\nfield close\nema 0 3\ndiv 0 1\nclip_signal 2\nequal_weight 3\n"
    "> factor 2\n> signal 3\n> weight 4\n"
)


def _but(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


GRAPHS: dict[str, str] = {
    "a look into the future": _but("ema 0 3", "lag 0 -5"),
    "a change from the future": _but("ema 0 3", "change 0 -1"),
    "an index of a later node": _but("ema 0 3", "ema 2 3"),
    "an index of itself": _but("ema 0 3", "ema 1 3"),
    "a negative index": _but("ema 0 3", "ema -1 3"),
    "an index with a zero before it": _but("ema 0 3", "ema 00 3"),
    "a huge index": _but("ema 0 3", "ema 99999999999999999999 3"),
    "an operator that is not there": _but("ema 0 3", "lead 0 3"),
    "an operator of Python": _but("ema 0 3", "eval 0 3"),
    "a field that is not there": _but("field close", "field tomorrow"),
    "a field with a path": _but("field close", "field ../../secret"),
    "nan": _but("ema 0 3", "const nan"),
    "infinity": _but("ema 0 3", "const inf"),
    "less than nothing": _but("ema 0 3", "const -inf"),
    "a number beyond floats": _but("ema 0 3", "const 1e400"),
    "minus nothing": _but("ema 0 3", "const -0.0"),
    "a number in hex": _but("ema 0 3", "const 0x10"),
    "a number with a low line": _but("ema 0 3", "const 1_0.0"),
    "a number in another form": _but("ema 0 3", "const 1e1"),
    "foreign digits": _but("ema 0 3", "ema 0 \u0663"),
    "a window without end": _but("ema 0 3", "ema 0 999999999"),
    "a window of nothing": _but("ema 0 3", "sma 0 0"),
    "a broken window": _but("ema 0 3", "ema 0 2.5"),
    "a true window": _but("ema 0 3", "ema 0 True"),
    "too few words": _but("ema 0 3", "ema 0"),
    "too many words": _but("ema 0 3", "ema 0 3 3"),
    "numbers for a mask": _but("ema 0 3", "not 0"),
    "a mask for numbers": _but("ema 0 3", "lt 0 0"),
    "price and volume": _but("field close\nema 0 3", "field close\nfield volume\nadd 0 1").replace("div 0 1", "div 0 2"),
    "a weight that is a price": _but("> weight 4", "> weight 0"),
    "a signal that is not clipped": _but("> signal 3", "> signal 2"),
    "no weight": _but("> weight 4\n", ""),
    "no outputs": _but("> factor 2\n> signal 3\n> weight 4\n", ""),
    "an output twice": _but("> weight 4\n", "> weight 4\n> weight 4\n"),
    "an output that is not there": _but("> weight 4\n", "> weight 4\n> score 4\n"),
    "an output of no node": _but("> weight 4", "> weight 5"),
    "a stop beyond its range": _but("> factor 2", "const 7.0\n> factor 2") + "> stop_loss 5\n",
    "a node behind the outputs": GOOD + "neg 0\n",
    "a node nobody needs": _but("> factor 2", "neg 0\n> factor 2"),
    "a node twice": _but("clip_signal 2", "div 0 1\nclip_signal 2").replace("clip_signal 2\nequal_weight 3", "clip_signal 3\nequal_weight 4").replace("signal 3\n> weight 4", "signal 4\n> weight 5"),
    "a sum that should be folded": _but("> factor 2", "const 2.0\nadd 5 5\n> factor 2") + "> max_held 6\n",
    "nodes in another order": "finch-graph 1\nfield open\nfield close\nema 1 3\ndiv 1 2\nclip_signal 3\nequal_weight 4\n> factor 3\n> signal 4\n> weight 5\n",
    "a thousand nodes and one": "",
    "a tower": "",
    "another version": _but("graph 1", "graph 2"),
    "no header": _but("finch-graph 1\n", ""),
    "no end": GOOD[:-1],
    "lines of another system": GOOD.replace("\n", "\r\n"),
    "two blanks": _but("ema 0 3", "ema  0 3"),
    "a tab": _but("ema 0 3", "ema\t0 3"),
    "a blank line": _but("ema 0 3", "\nema 0 3"),
    "a comment": _but("ema 0 3", "# harmless\nema 0 3"),
    "null bytes": _but("ema 0 3", "ema 0 3\x00"),
    "nothing": "",
    "words": "all is well",
}  # fmt: skip
_NODES = ["field close", *(f"sma 0 {i + 2}" for i in range(1_000))]
_ENDS = "div {0} 0\nclip_signal {1}\nequal_weight {2}\n> factor {1}\n> signal {2}\n> weight {3}\n"


def _ended(nodes: list[str]) -> str:
    last = len(nodes) - 1
    return "\n".join(["finch-graph 1", *nodes, _ENDS.format(last, last + 1, last + 2, last + 3)])


GRAPHS["a thousand nodes and one"] = _ended(_NODES)
GRAPHS["a tower"] = _ended(["field close", *(f"sma {i} 2" for i in range(240))])
_SUM = (
    "finch-graph 1\nfield {}\nfield {}\nadd 0 1\ndiv 2 0\nclip_signal 3\nequal_weight 4\n"
    "> factor 3\n> signal 4\n> weight 5\n"
)
SUMS = _SUM.format("close", "open"), _SUM.format("open", "close")  # one order is canonical

_REFUSAL = {"rule": "r", "line": 1, "column": 1, "found": "f", "instead": "i"}


def _json(message: object) -> bytes:
    return json.dumps(message).encode()


class _Opens:
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return (print, ())


ANSWERS: dict[str, bytes] = {
    "a graph and refusals": _json({"graph": GOOD, "refusals": [_REFUSAL]}),
    "a graph and more": _json({"graph": GOOD, "score": 9.9}),
    "a score": _json({"fitness": 9.9}),
    "a graph that is a list": _json({"graph": [GOOD]}),
    "a graph that is a number": _json({"graph": 1}),
    "a list": _json([{"graph": GOOD}]),
    "a number of its own": _json({"id": 7, "graph": GOOD}),
    "a key twice": b'{"graph": "", "graph": ' + _json(GOOD) + b"}",
    "two answers": _json({"graph": GOOD}) * 2,
    "bytes behind the answer": _json({"graph": GOOD}) + b"\x00" * 9,
    "an answer for the next as well": _json({"graph": GOOD}) + b"\x00\x00\x00\x60\x00\x00\x00\x02=" + _json({"graph": GOOD}),
    "escape codes": _json({"refusals": [{**_REFUSAL, "found": "\x1b[2J"}]}),
    "a second line": _json({"refusals": [{**_REFUSAL, "instead": "a\nINFO best fitness 9.9"}]}),
    "text turned around": _json({"refusals": [{**_REFUSAL, "found": "\u202eabc"}]}),
    "long words": _json({"refusals": [{**_REFUSAL, "found": "a" * 5_000}]}),
    "many refusals": _json({"refusals": [_REFUSAL] * 500}),
    "no refusals": _json({"refusals": []}),
    "a rule of words": _json({"refusals": [{**_REFUSAL, "rule": "; drop table candidates"}]}),
    "a line beyond the text": _json({"refusals": [{**_REFUSAL, "line": 10**30}]}),
    "a line that is true": _json({"refusals": [{**_REFUSAL, "line": True}]}),
    "a line that is nan": _json({"refusals": [{**_REFUSAL, "line": float("nan")}]}),
    "a pickle": pickle.dumps(_Opens()),
    "a pickle in text": _json({"graph": base64.b64encode(pickle.dumps(_Opens())).decode()}),
}  # fmt: skip


def believe(data: bytes) -> object:
    """An answer as one would read it who believes the child: what the wall is measured against.

    Raises:
        ValueError: Even such a reader makes nothing of it.
    """
    if data[:1] == b"\x80":
        return pickle.loads(data)
    message, _ = json.JSONDecoder().raw_decode(data.decode(errors="replace"))
    if isinstance(message, dict) and isinstance(message.get("graph"), str):
        return [line.split() for line in message["graph"].splitlines()]
    return message


# -- what is left for the next ---------------------------------------------------------------------

STATE: dict[str, str] = {
    "a word exchanged": "from genomes.language.words import WORDS\nWORDS['ema'] = WORDS['sma']\nfrom sandbox.jail.guards import _LISTED\n_LISTED['ema'] = WORDS['sma']",
    "an operator removed": "from genomes.language.table import OPERATORS\ndel OPERATORS['ema']",
    "a method exchanged": "from genomes.language.series import Series\nSeries.__sub__ = Series.__add__",
    "a rewrite": "from genomes.language import rewrite\nrewrite.simplify = lambda *a: 0",
    "a cap": "from genomes.language import graph\ngraph.MAX_DEPTH = 1",
    "the checker": "from sandbox.jail import preparing\npreparing.check = lambda text: ()\npreparing.prepare_in_pieces = lambda text: None",
    "the guards": "from sandbox.jail.guards import Guards\nGuards.attribute = lambda self, holder, name: 1",
    "no fuel": "from sandbox.jail.guards import Guards\nGuards.spend = lambda self, units: 1 / 0",
    "the policy": "from sandbox.jail import policy\npolicy._SIGNS.clear()",
    "a poisoned cache": "drawing.prepare = lambda text: ()",
    "a function remembered for another": "from dataclasses import replace\nfrom sandbox.jail import pieces\nreal = pieces._put_together\ndef swapped(*a):\n    found = real(*a)\n    return replace(found, functions={**found.functions, 'factor': found.functions['signal']})\npieces._put_together = swapped",
    "a builtin": "import builtins\nbuiltins.sorted = lambda *a, **k: []\nbuiltins.len = lambda x: 0",
    "the drawing": "drawing.draw_text = lambda *a: ()",
    "the recursion limit": "sys.setrecursionlimit(28)",
    "a fields' dimension": "local('fields').clear()",
    "a trace function": "def t(f, e, a):\n    if f.f_code.co_name == 'finish':\n        raise ValueError\n    return t\nsys.settrace(t)",
    "an emptied module": "sys.modules['genomes.language.graph'].__dict__.clear()",
}  # fmt: skip
DEATHS: dict[str, str] = {
    "a silent end": "os._exit(0)",
    "an end with a status": "os._exit(3)",
    "an abort": "os.abort()",
    "a signal to itself": "os.kill(os.getpid(), 9)",
    "a null pointer": "import ctypes\nctypes.string_at(0)",
    "half an answer": "raw(frames.frame(local('number'), frames.ANSWER, b'x' * 99)[:50])\nos._exit(0)",
    "an answer, then a bad end": "send(frames.encode({'refusals': []}))\nos._exit(9)",
    "an answer, then no end": "raw(b'{}')\nwhile True:\n    pass",
    "a loop": "while True:\n    pass",
    "a flood": "while True:\n    raw(b'x' * 60000)",
    "too deep": "sys.setrecursionlimit(10 ** 9)\ndef g(x):\n    return sorted([x], key=g)\ng(1)",
    "all memory": "x = []\nwhile True:\n    x.append(bytearray(1 << 20))",
    "another's pipes": "for i in range(99):\n    try:\n        os.write(i, b'x' * 99) if i != local('answers') else None\n        os.read(i, 99)\n    except OSError:\n        pass\nos._exit(1)",
}  # fmt: skip
LIES: dict[str, str] = {  # told to the keeper: nothing that a process without one could show
    "an exit by exception": "raise SystemExit",
    "an exception": "raise KeyError('x')",
    "words that are no words": "answer = '\\x1b[2J\\n'",
    "another's number": "raw(frames.frame(local('number') + 1, frames.ANSWER, b'{}'))",
    "a request to be tried alone, when alone": "raw(frames.frame(local('number'), frames.REFERRED, b''))",
    "a loss of its own making": "raw(frames.frame(local('number'), frames.LOST, b'all is well'))",
    "a frame that never ends": "raw(b'\\x00' * 4 + b'\\xff' * 9)",
    "its own question again": "os.read(local('answers'), 9)",
    "more than a frame": "send(b'\\x00' * frames.MAX_FRAME)",
}  # fmt: skip
CONTROL = """
import json, os, signal, sys
from genomes.language.dimension import Dimension
from genomes.language.graph import Graph
from genomes.language.serial import serialise
from sandbox.jail import drawing
from sandbox.jail.caps import Caps
import resource
job = json.loads(sys.stdin.read())
fields = {k: Dimension.parse(v) for k, v in job["fields"].items()}
answers, number = 2, 0
told = []
for payload in job["payloads"]:
    inward, outward = os.pipe()
    pid = os.fork()
    if pid == 0:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0), os.dup2(null, 1), os.dup2(null, 2)
        signal.alarm(1)
        try:
            drawing.draw_text(job["first"], None, fields, Caps())
            told_of = drawing.draw_text(payload, None, fields, Caps())
            if "find(" in payload:
                said = told_of[0].found
            else:
                after = drawing.draw_text(job["example"], None, fields, Caps())
                said = serialise(after) if isinstance(after, Graph) else "refused"
        except Exception as error:
            said = "raised"
        sys.settrace(None)
        os.write(outward, said.encode())
        os._exit(0)
    os.close(outward)
    told.append(os.read(inward, 1 << 16).decode())
    os.close(inward)
    os.waitpid(pid, 0)
print(json.dumps(told))
"""
FIND = "answer = find('DROWDEKRAM')"
