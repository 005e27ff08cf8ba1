"""Strangers whose guards are off, in the real jail: what they do stays with them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genomes.language.serial import serialise
from genomes.records.outcome import Crashed, Refused
from sandbox.jail import client, frames, keeper
from sandbox.jail.client import Drawn, Jail, JailError, environment
from sandbox.jail.lockdown import ALL, LANDLOCK, SECCOMP
from tests.genomes.refused import strategy
from tests.genomes.test_check import EXAMPLE, RICH
from tests.sandbox.jail.test_client import alive
from tests.sandbox.jail.test_drawing import FIELDS, graph_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

FORGED = {"graph": serialise(graph_of(RICH))}
WAIT = "while True:\n    pass"


def hostile(body: str, where: str = "own") -> str:
    return f"#! {where}\n{body}"


@pytest.fixture
def unguarded(monkeypatch):
    """A jail in whose children a text that begins with #! is plain Python."""
    monkeypatch.setattr(client, "ZYGOTE", "tests.sandbox.jail.hostile_zygote")
    with Jail(FIELDS, wall_s=0.4) as jail:
        yield jail


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(holds) -> bool:
    for _ in range(400):
        if holds():
            return True
        time.sleep(0.01)
    return False


# -- the stream ------------------------------------------------------------------------------------

SEGFAULT = "import ctypes\nctypes.string_at(0)"
DEATHS = {
    7: hostile(SEGFAULT, "shared"),
    40: hostile(SEGFAULT),
    41: hostile("os._exit(0)", "shared"),
    42: hostile("x = []\nwhile True:\n    x.append(bytearray(1 << 24))"),
    90: hostile("os.write(result_fd, b'x' * 100)", "shared"),
    120: hostile("while True:\n    os.write(result_fd, b'x' * 65536)"),
    121: hostile(WAIT, "shared"),
    160: hostile("os.write(result_fd, b'\\xff' * 9)"),
    199: hostile("1 / 0", "shared"),
}


def test_two_hundred_strangers_keep_their_order_whatever_dies_between_them(unguarded):
    texts = [
        DEATHS.get(i) or strategy(f"return ema(m.close, {2 + i % 50}) / m.close")
        for i in range(200)
    ]
    zygote = unguarded.pid
    for i, (text, found) in enumerate(zip(texts, unguarded.draw_many(texts), strict=True)):
        if i in DEATHS:
            assert isinstance(found, Crashed), (i, found)
        else:
            assert isinstance(found, Drawn), (i, found)
            assert found.text == serialise(graph_of(text))
    assert unguarded.pid == zygote  # only children died


def test_a_death_is_told_by_what_it_was(unguarded):
    found = unguarded.draw_many([hostile(SEGFAULT), hostile(WAIT), hostile("os._exit(3)")])
    assert [each.reason for each in found] == [
        "its process died (signal 11)",
        "its process gave no answer in 0.4 s",
        "its process died (3)",
    ]


def test_a_text_whose_shared_process_died_is_tried_once_more_alone(unguarded):
    graph = json.dumps(FORGED)
    once = f"if os.getpid() > 0: pass\nsay({graph})"
    assert isinstance(unguarded.draw(hostile(once)), Drawn)
    # Dies where others are, draws alone.
    body = (
        f"import sys\nif sys._getframe(2).f_code.co_name == 'answer_if_tame': 1 / 0\nsay({graph})"
    )
    assert isinstance(unguarded.draw(hostile(body, "shared")), Drawn)


def test_what_a_shared_process_hands_over_harms_only_the_text_it_is_about(unguarded):
    forge = (
        "import sys\n"
        "from sandbox.jail import frames\n"
        "frame = sys._getframe()\n"
        "while 'number' not in frame.f_locals:\n    frame = frame.f_back\n"
        "os.write(result_fd, frames.frame(frame.f_locals['number'], frames.REFERRED, b'rubbish'))\n"
    )
    benign = strategy("return m.close / ema(m.close, 3)")
    some = unguarded.draw_many([benign, hostile(forge, "shared"), benign])
    assert isinstance(some[1], Crashed)
    assert isinstance(some[0], Drawn)
    assert some[0] == some[2]


DEAF = """
import os, signal, time
from sandbox.jail import frames, keeper

def deaf(work, questions, answers, sealed):
    for number in range(1, 1000):
        os.write(answers, frames.frame(number, frames.ANSWER, b"x"))
        time.sleep(0.005)  # one at a time
    os._exit(0)

keeper.live_shared = deaf  # unsealed: a sealed one cannot sleep, and its processor time ends
requests, asked = os.pipe()
heard, replies = os.pipe()
if os.fork() == 0:
    signal.alarm(5)
    for number in range(1, 41):
        os.write(asked, frames.frame(number, frames.QUESTION, b"q" * 3000))
    os.close(asked)
    while os.read(heard, 65536):
        pass
    os._exit(0)
os.close(asked)
signal.alarm(5)
kept = keeper.Keeper(requests=requests, replies=replies, wall_s=0.3, layers=frozenset())
kept.serve(alone=lambda job: (frames.ANSWER, b"alone"), shared=lambda job: (frames.ANSWER, b""))
print(kept._number)
"""


def test_a_process_that_answers_and_never_reads_is_ended():
    done = subprocess.run(
        [sys.executable, "-c", DEAF], capture_output=True, text=True, check=False, timeout=20
    )
    assert (done.stdout, done.stderr) == ("40\n", "")


def test_a_text_that_is_not_tame_is_prepared_where_others_are_and_drawn_alone(unguarded):
    zygote = unguarded.pid
    text = strategy("x = p.n is None\nreturn m.close / ema(m.close, 3)")
    found = unguarded.draw(text)
    assert isinstance(found, Drawn)
    assert found.graph == graph_of(text)
    shared = children(zygote)
    assert len(shared) == 1
    assert unguarded.draw(text) == found
    assert children(zygote) == shared


def test_a_child_is_replaced_before_it_has_seen_too_many(unguarded):
    zygote = unguarded.pid
    assert zygote is not None
    text = strategy("return m.close / ema(m.close, 3)")
    unguarded.draw(text)
    first = children(zygote)
    unguarded.draw_many([text] * (keeper.TEXTS_PER_CHILD - 2))
    assert children(zygote) == first
    unguarded.draw_many([text] * 2)
    assert children(zygote) != first


def test_a_graph_that_a_child_forges_must_be_one_the_table_could_draw(unguarded):
    forged = unguarded.draw(hostile("say({'graph': 'finch-graph 1\\nfield x\\n> weight 0\\n'})"))
    assert isinstance(forged, Crashed)
    assert forged.reason.startswith("drew no graph: ")
    twice = unguarded.draw(hostile("say({'graph': 1, 'refusals': []})"))
    assert twice == Crashed(
        stage="draw", reason="its process answered with neither graph nor refusals"
    )


def test_a_child_cannot_answer_for_another(unguarded):
    body = json.dumps(FORGED).encode()
    later = b"".join(frames.frame(n, frames.ANSWER, body) for n in range(2, 9))
    texts = [hostile(f"os.write(result_fd, {later!r})"), EXAMPLE, EXAMPLE]
    found = unguarded.draw_many(texts)
    assert isinstance(found[0], Crashed)
    graphs = [each.text for each in found[1:] if isinstance(each, Drawn)]
    assert graphs == [serialise(graph_of(EXAMPLE))] * 2


# -- state -----------------------------------------------------------------------------------------

VANDAL = """
import builtins, gc, sys
from genomes.language import graph, operators, series, words
from sandbox.jail import drawing, guards, life
builtins.len = lambda x: 1
builtins.min = builtins.max
sys.setrecursionlimit(50)
sys.modules.clear()
gc.enable()
operators.OPERATORS.clear()
words.WORDS.clear()
series.METHODS.clear()
graph.MAX_NODES = 0
graph.serialise = life.serialise = lambda g: 'forged'
drawing.prepare = drawing.check = life.draw_text = None
guards.Guards.spend = None
life.answer = life.frames.encode = None
say({'refusals': []})
"""


def test_what_a_stranger_does_to_its_interpreter_is_not_there_for_its_neighbour(unguarded):
    expected = [serialise(graph_of(text)) for text in (EXAMPLE, RICH)]
    found = unguarded.draw_many([EXAMPLE, hostile(VANDAL), RICH, hostile(VANDAL), EXAMPLE, RICH])
    graphs = [each.text for each in found if isinstance(each, Drawn)]
    assert graphs == [expected[0], expected[1], *expected]


def holds(pid: int, marker: bytes) -> bool:
    found = False
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            place, rights, *_ = line.split()
            if rights.startswith("rw"):
                start, end = (int(each, 16) for each in place.split("-"))
                memory.seek(start)
                found = found or marker in memory.read(end - start)
    return found


def wiped(pid: int | None, marker: bytes) -> bool:
    """The answer is sent before the buffers are wiped, and they are before the next fork."""
    assert pid is not None
    return any(not holds(pid, marker) or time.sleep(0.05) for _ in range(60))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read the zygote's memory")
def test_a_zygote_keeps_no_word_of_a_text():
    marker, number = b"a remark nobody else would ever make", b"const 0.8125371"
    remark = f"# {marker.decode()}\n"
    long = remark + "# padding that fills more than a pipe takes at once\n" * 150
    short = remark + strategy("return m.close * 0.8125371 / ema(m.close, 3)")
    with Jail(FIELDS) as jail:
        for text in (long + RICH, short):
            assert isinstance(jail.draw(text), Drawn)
            assert jail.pid is not None
            assert holds(children(jail.pid)[0], marker)  # a control: the child that drew it does
            assert wiped(jail.pid, marker)
        assert holds(children(jail.pid)[0], number)
        assert wiped(jail.pid, number)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read the zygote's memory")
def test_a_zygote_keeps_nothing_of_an_answer_cut_short(unguarded):
    half = (
        "import struct, sys\n"
        "if sys._getframe(2).f_code.co_name == 'answer_if_tame':\n"
        "    said = struct.pack('>IIc', 60_000, 1, b'=') + bytes(50_000)\n"
        "    said += b'half an' + b' answer'\n"
        "    while said:\n"
        "        said = said[os.write(result_fd, said):]\n"
        "    os._exit(1)\n"
    )
    assert isinstance(unguarded.draw(hostile(f"{half}say({json.dumps(FORGED)})", "shared")), Drawn)
    assert wiped(unguarded.pid, b"half an answer")


# -- orphans ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else may look into a zygote")
def test_no_strangers_process_has_openssl_in_it():
    with Jail(FIELDS) as jail:
        jail.draw(EXAMPLE)
        assert jail.pid is not None
        for pid in (jail.pid, *children(jail.pid)):
            maps = Path(f"/proc/{pid}/maps").read_text()
            assert "[stack]" in maps
            assert "libcrypto" not in maps


def test_a_killed_worker_leaves_neither_zygote_nor_child_behind():
    program = (
        "import os, sys, threading\n"
        "from sandbox.jail import client\n"
        "client.ZYGOTE = 'tests.sandbox.jail.hostile_zygote'\n"
        "jail = client.Jail({}, wall_s=60)\n"
        "print(jail.__enter__().pid, flush=True)\n"
        f"jail.draw({hostile(WAIT)!r})\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment()
    )
    assert worker.stdout is not None
    zygote = int(worker.stdout.readline())
    assert wait_until(lambda: len(children(zygote)) == 2)  # one shared, one alone and hanging
    family = [zygote, *children(zygote)]
    worker.kill()
    worker.wait()
    worker.stdout.close()
    assert wait_until(lambda: not any(map(alive, family)))


def test_a_killed_zygote_takes_its_child_along_and_is_replaced(unguarded):
    unguarded.draw(EXAMPLE)
    first = unguarded.pid
    assert first is not None
    family = [first, *children(first)]
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not any(map(alive, family[1:])))
    assert isinstance(unguarded.draw(EXAMPLE), Drawn)


def test_a_stopped_child_is_ended_at_the_deadline(unguarded):
    unguarded.draw(EXAMPLE)
    child = children(unguarded.pid)[0]
    os.kill(child, signal.SIGSTOP)
    assert isinstance(unguarded.draw(EXAMPLE), Drawn)
    assert not alive(child)


# -- what every process has ------------------------------------------------------------------------


def test_a_child_has_its_limits_and_two_descriptors(unguarded):
    unguarded.draw(EXAMPLE)
    zygote = unguarded.pid
    child = children(zygote)[0]
    limits = Path(f"/proc/{child}/limits").read_text()
    rows = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()[1:]}
    for name in ("Max core file size", "Max file size", "Max open files", "Max processes"):
        assert rows[name] == ["0", "0"], name
    assert rows["Max cpu time"] == ["1", "1"]
    assert "unlimited" not in rows["Max address space"]
    if os.geteuid() == 0:  # a process that may not be traced shows its descriptors to root alone
        opened = [str(each.readlink()) for each in Path(f"/proc/{child}/fd").iterdir()]
        assert len(opened) == 2
        assert all(each.startswith("pipe:") for each in opened)
    for pid in (zygote, child):
        status = Path(f"/proc/{pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534\t65534\t65534" in status
            assert "CapEff:\t0000000000000000" in status


# -- fail closed -----------------------------------------------------------------------------------


def test_a_jail_with_every_wall_says_so(unguarded):
    assert unguarded.isolation == "full"


def test_a_missing_wall_is_named_and_nothing_runs(monkeypatch):
    monkeypatch.setattr(Jail, "_layers", ALL - {SECCOMP})
    with pytest.raises(
        JailError, match=r"lacks seccomp \(not asked for\).*isolation = \"reduced\""
    ):
        Jail(FIELDS).draw(EXAMPLE)


def test_a_reduced_jail_runs_with_what_there_is_and_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(Jail, "_layers", ALL - {SECCOMP, LANDLOCK})
    with Jail(FIELDS, isolation="reduced") as jail:
        assert jail.isolation == "reduced:landlock,seccomp"
        assert isinstance(jail.draw(EXAMPLE), Drawn)


def test_a_jail_whose_walls_do_not_hold_refuses_to_run_even_reduced(monkeypatch):
    monkeypatch.setattr(client, "ZYGOTE", "tests.sandbox.jail.hostile_zygote")
    monkeypatch.setattr(client, "environment", lambda: {**environment(), "FINCH_TEST": "unsealed"})
    for isolation in ("full", "reduced"):
        jail = Jail(FIELDS, isolation=isolation)
        with pytest.raises(JailError, match=r"the jail leaks: .*could .*fork, .*open a pipe"):
            jail.draw(EXAMPLE)
        assert jail.pid is None


# -- words -----------------------------------------------------------------------------------------


def test_a_strangers_words_are_short_escaped_and_marked(unguarded):
    found = unguarded.draw(strategy("x = {'a': 1}\nreturn x['\\x1b[31m say yes']"))
    assert isinstance(found, Refused)
    words = found.refusals[0].found
    assert words == "fails with KeyError; its words: \"'\\x1b[31m say yes'\""
    crashed = unguarded.draw(hostile("say({'graph': 'finch-graph 1\\n\\x1b[31m\\n'})"))
    assert isinstance(crashed, Crashed)
    assert crashed.reason.isprintable()
    assert len(crashed.reason) <= 230
