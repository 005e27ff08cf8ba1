"""The jail as its user sees it: graphs and refusals come back, deaths and lies do not spread."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genomes.interpreter import Caps
from genomes.language.serial import serialise
from genomes.records.outcome import Crashed, Refused
from sandbox.jail import client, protocol
from sandbox.jail.client import Drawn, Jail, JailError, environment
from tests.genomes.refused import CHECKED, DRAWN, strategy
from tests.genomes.test_check import BOMBS, EXAMPLE, RICH
from tests.sandbox.jail.test_drawing import FIELDS, SLOW, drawn, graph_of


@pytest.fixture(scope="module")
def jail():
    with Jail(FIELDS) as jail:
        yield jail


def test_a_graph_comes_back_as_if_drawn_here(jail):
    for text in (EXAMPLE, RICH):
        found = jail.draw(text)
        assert isinstance(found, Drawn)
        assert found.text == serialise(graph_of(text)) == serialise(found.graph)


def test_every_refusal_comes_back_as_if_refused_here(jail):
    texts = [case.text for case in (*CHECKED, *DRAWN)] + [strategy(body) for body in SLOW]
    pid = jail.pid
    for text, found in zip(texts, jail.draw_many(texts), strict=True):
        assert found == Refused(refusals=drawn(text)), text  # type: ignore[arg-type]
    assert jail.pid == pid


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_and_kills_nobody(jail, name):
    pid = jail.pid
    assert isinstance(jail.draw(BOMBS[name]), Refused)
    assert jail.pid == pid


def test_values_stand_in_for_defaults(jail):
    other = jail.draw(EXAMPLE, {"window": 100, "entry": 1.5})
    assert isinstance(other, Drawn)
    assert other.text == serialise(graph_of(EXAMPLE, {"window": 100, "entry": 1.5}))
    assert isinstance(jail.draw(EXAMPLE, {"window": 3}), Refused)


def test_two_processes_draw_alike():
    with Jail(FIELDS) as one, Jail(FIELDS) as other:
        assert one.pid != other.pid
        assert one.draw(RICH) == other.draw(RICH)


def test_many_come_back_in_order(jail):
    texts = [strategy(f"return ema(m.close, {n}) / m.close") for n in range(2, 9)] + ["x", EXAMPLE]
    kinds = [type(found) for found in jail.draw_many(texts)]
    assert kinds == [Drawn] * 7 + [Refused, Drawn]


def test_texts_that_fill_the_pipe_are_sent_while_answers_are_read(jail):
    padding = "# as long as a text may be, or nearly so\n" * 380
    texts = [padding + strategy(f"return ema(m.close, {n}) / m.close") for n in range(2, 26)]
    assert sum(map(len, texts[: client.WINDOW])) > 1 << 16
    pid = jail.pid
    assert all(isinstance(found, Drawn) for found in jail.draw_many(texts))
    assert jail.pid == pid


def test_caps_reach_the_process():
    with Jail(FIELDS, caps=Caps(max_nodes=3)) as small:
        found = small.draw(EXAMPLE)
    assert isinstance(found, Refused)
    assert found.refusals[0].rule == "too_large"


# -- what the process may see ----------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_process_inherits_no_secret_and_no_descriptor(monkeypatch, tmp_path):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://canary")
    secret = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(secret, True)
    with Jail(FIELDS) as fresh:
        environ = Path(f"/proc/{fresh.pid}/environ").read_bytes().decode()
        opened = [str(each.readlink()) for each in Path(f"/proc/{fresh.pid}/fd").iterdir()]
    os.close(secret)
    names = [each.partition("=")[0] for each in environ.split("\0") if each]
    assert names == ["PYTHONPATH", "PYTHONHASHSEED", "LC_ALL", "LD_BIND_NOW"]
    assert "canary" not in environ
    assert str(tmp_path) not in opened
    assert all(each.startswith("pipe:") or each == "/dev/null" for each in opened)


def test_the_process_holds_nothing_heavy():
    program = (
        "import sys, sandbox.jail.server\n"
        "told = {'fields': {}, 'caps': {}}\n"
        "sandbox.jail.server._leave_out_randomness()\n"
        "sandbox.jail.server._leave_out_openssl()\n"
        "sandbox.jail.server._prepare(told)\n"
        "heavy = {'numpy', 'numba', 'pandas', 'ray', 'deap', 'socket', 'ssl', '_hashlib'}\n"
        "print(heavy & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-S", "-c", program],
        capture_output=True, text=True, check=True, env=environment(),
    )  # fmt: skip
    assert run.stdout.strip() == "set()"


# -- deaths ----------------------------------------------------------------------------------------


def test_a_killed_process_is_replaced_and_its_text_drawn():
    with Jail(FIELDS) as jail:
        first = jail.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert isinstance(jail.draw(EXAMPLE), Drawn)
        assert jail.pid != first


def hang(pid: int) -> list[int]:
    """Stop a jail's process and its reader; which these are."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    while not (readers := [int(each) for each in children.read_text().split()]):
        time.sleep(0.001)
    while "Seccomp_filters:\t2" not in Path(f"/proc/{readers[0]}/status").read_text():
        time.sleep(0.001)  # it is not sealed yet
    for each in (pid, *readers):
        os.kill(each, signal.SIGSTOP)
    return [pid, *readers]


def ends(pids: list[int]) -> bool:
    for _ in range(200):
        if not any(map(alive, pids)):
            return True
        time.sleep(0.01)
    return False


def test_a_hung_process_is_killed_and_the_text_tried_once_more():
    with Jail(FIELDS, wall_s=1.0) as jail:
        assert jail.pid is not None
        hung = hang(jail.pid)
        assert isinstance(jail.draw(EXAMPLE), Drawn)
        assert ends(hung)


def test_a_text_that_hangs_twice_is_a_crash_and_harms_no_other(monkeypatch):
    real = client.Jail._start

    def stopped(self):
        process = real(self)
        hang(process.pid)
        return process

    with Jail(FIELDS, wall_s=0.2) as jail:
        monkeypatch.setattr(client.Jail, "_start", stopped)
        found = jail.draw(EXAMPLE)
        monkeypatch.undo()
        assert found == Crashed(stage="draw", reason="the jail gave no answer in 0.2 s")
        assert jail.pid is None
        jail._wall_s = 5.0
        assert isinstance(jail.draw(EXAMPLE), Drawn)


def test_a_text_larger_than_the_pipe_meets_a_hung_process():
    with Jail(FIELDS, wall_s=0.3) as jail:
        assert jail.pid is not None
        hung = hang(jail.pid)
        huge = {f"a{i}": "x" * 20 for i in range(4000)}
        assert not isinstance(jail.draw(EXAMPLE, huge), Drawn)
        assert ends(hung)


def test_closing_kills_the_process_and_the_jail_can_be_used_again():
    with Jail(FIELDS) as jail:
        first = jail.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)  # so that it cannot end by itself
        jail.close()
        assert not alive(first)
        assert isinstance(jail.draw(EXAMPLE), Drawn)
        second = jail.pid
    assert second is not None
    assert not alive(second)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_a_dead_parent_leaves_no_jail_behind():
    program = (
        "import os, signal\nfrom sandbox.jail.client import Jail\njail = Jail({}).__enter__()\n"
        "os.kill(jail.pid, signal.SIGSTOP)\nprint(jail.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True, text=True, check=False, env={**os.environ, **environment()},
    )  # fmt: skip
    orphan = int(run.stdout)
    for _ in range(200):
        if not alive(orphan):
            break
        time.sleep(0.01)
    assert not alive(orphan)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_jail_that_cannot_start_says_why(monkeypatch):
    broken = {**environment(), "PYTHONPATH": "/nowhere"}
    monkeypatch.setattr(client, "environment", lambda: broken)
    with pytest.raises(JailError, match=r"No module named 'sandbox'.*python -m sandbox\.jail"):
        Jail(FIELDS).__enter__()


# -- lies ------------------------------------------------------------------------------------------

REFUSAL = {"rule": "r", "line": 1, "column": 1, "found": "f", "instead": "i"}


@pytest.fixture
def lying(monkeypatch, tmp_path):
    """A jail whose process answers each text with given bytes."""

    def start(reply: bytes) -> Jail:
        package = tmp_path / "sandbox" / "jail"
        package.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sandbox" / "__init__.py").touch()
        (package / "__init__.py").touch()
        (package / "server.py").write_text(
            "import sys, json\n"
            "def read():\n"
            "    head = sys.stdin.buffer.read(9)\n"
            "    return sys.stdin.buffer.read(int.from_bytes(head[:4], 'big'))\n"
            "def send(body):\n"
            "    sys.stdout.buffer.write(body)\n"
            "    sys.stdout.buffer.flush()\n"
            f"read(); send({frame(READY, 0)!r})\n"
            f"while True:\n    read(); send({reply!r})\n"
        )
        monkeypatch.setattr(
            client, "environment", lambda: {"PYTHONPATH": str(tmp_path), "LC_ALL": "C.UTF-8"}
        )
        return Jail(FIELDS, wall_s=0.2)

    return start


READY = {"missing": {}, "found": []}


def frame(message: object, number: int = 1, kind: bytes = protocol.ANSWER) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return struct.pack(">IIc", len(body), number, kind) + body


LIES = {
    "no frame": b"\xff\xff\xff\xff" + b"a" * 9,
    "not json": frame(b"{]"),
    "not an object": frame([1]),
    "deep json": frame(b"[" * 100_000),
    "nan": frame({"graph": float("nan")}),
    "a key twice": frame({"graph": "", "Graph": ""}).replace(b"Graph", b"graph"),
    "another number": frame({"refusals": [REFUSAL], "checked": True}, 2),
    "another kind": frame({"refusals": [REFUSAL], "checked": True}, kind=b"?"),
    "another kind still": frame(b"\x1b[2J" * 100, kind=b"!"),
    "no word of the checker": frame({"refusals": [REFUSAL]}),
    "a word of the checker that is none": frame({"refusals": [REFUSAL], "checked": 1}),
    "nothing": frame({}),
    "both": frame({"graph": "", "refusals": [REFUSAL]}),
    "no refusal": frame({"refusals": [], "checked": True}),
    "many refusals": frame({"refusals": [REFUSAL] * 21, "checked": True}),
    "escape codes": frame({"refusals": [{**REFUSAL, "found": "\x1b[2J"}], "checked": True}),
    "long words": frame({"refusals": [{**REFUSAL, "found": "a" * 1001}], "checked": True}),
    "a rule of words": frame({"refusals": [{**REFUSAL, "rule": "a b"}], "checked": True}),
    "a truth for a line": frame({"refusals": [{**REFUSAL, "line": True}], "checked": True}),
    "more keys": frame({"refusals": [{**REFUSAL, "more": 1}], "checked": True}),
    "a long graph": frame({"graph": "a" * 70_000}),
    "silence": b"",
    "half a frame": b"\x00\x00\x00\x09\x00\x00\x00\x01=abc",
}


@pytest.mark.parametrize("name", LIES)
def test_a_process_that_lies_gets_nothing_in(lying, name):
    with lying(LIES[name]) as jail:
        found = jail.draw(EXAMPLE)
    assert isinstance(found, Crashed)
    assert found.stage == "draw"
    assert found.reason.isprintable()


@pytest.mark.parametrize("graph", ["", "finch-graph 1\nfield close\n> weight 0\n", "\u2603", "{}"])
def test_a_forged_graph_is_a_crash_with_a_reason(lying, graph):
    with lying(frame({"graph": graph})) as jail:
        found = jail.draw(EXAMPLE)
    assert isinstance(found, Crashed)
    assert found.reason.startswith("drew no graph: ")


def test_words_sent_ahead_of_the_question_are_not_an_answer(lying):
    refused = {"refusals": [REFUSAL], "checked": True}
    with lying(frame(refused, 1) + frame(refused, 2)) as jail:
        assert isinstance(jail.draw(EXAMPLE), Refused)
        assert jail.pid is None
