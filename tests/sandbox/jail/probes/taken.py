"""What a reader that was taken over may try: forged graphs and answers, deaths, lies.

`tests.sandbox.jail.hostile_server` executes them: the real client and the real walls.
"""

# ruff: noqa: E501
# Attacks are easier to read in one line each.

from __future__ import annotations

import base64
import json
import pickle
from collections.abc import Callable
from typing import Any

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


# -- deaths and lies -------------------------------------------------------------------------------

DEATHS: dict[str, str] = {
    "a silent end": "os._exit(0)",
    "an end with a status": "os._exit(3)",
    "an abort": "os.abort()",
    "a signal to itself": "os.kill(os.getpid(), 9)",
    "a null pointer": "import ctypes\nctypes.string_at(0)",
    "half an answer": "raw(protocol.frame(number, protocol.ANSWER, b'x' * 99)[:50])\nos._exit(0)",
    "an answer, then a bad end": "send(protocol.encode({'refusals': []}))\nos._exit(9)",
    "an answer, then no end": "raw(b'{}')\nwhile True:\n    pass",
    "a loop": "while True:\n    pass",
    "a flood": "while True:\n    raw(b'x' * 60000)",
    "too deep": "sys.setrecursionlimit(10 ** 9)\ndef g(x):\n    return sorted([x], key=g)\ng(1)",
    "all memory": "x = []\nwhile True:\n    x.append(bytearray(1 << 20))",
    "another's pipes": "for i in range(99):\n    try:\n        os.write(i, b'x' * 99) if i != result_fd else None\n        os.read(i, 99)\n    except OSError:\n        pass\nos._exit(1)",
}  # fmt: skip
LIES: dict[str, str] = {  # told to the client
    "an exit by exception": "raise SystemExit",
    "an exception": "raise KeyError('x')",
    "words that are no words": "answer = '\\x1b[2J\\n'",
    "another's number": "raw(protocol.frame(number + 1, protocol.ANSWER, b'{}'))",
    "another kind of frame": "raw(protocol.frame(number, b'!', b'all is well'))",
    "a frame that never ends": "raw(b'\\x00' * 4 + b'\\xff' * 9)",
    "its own question again": "os.read(result_fd, 9)",
    "more than a frame": "send(b'\\x00' * protocol.MAX_FRAME)",
}  # fmt: skip
