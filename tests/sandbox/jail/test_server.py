"""The jail's process under attack: by texts, and by one that has taken its reader over."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genomes.language.serial import serialise
from genomes.records.outcome import Crashed, Refused
from genomes.strategies import texts
from sandbox.jail import client, protocol
from sandbox.jail.client import Drawn, Jail, JailError, environment
from sandbox.jail.lockdown import ALL, LANDLOCK, SECCOMP
from tests.benchmarks.fuzz_decoder_and_checker import Texts
from tests.genomes.refused import DRAWN, headed, strategy
from tests.genomes.test_check import BOMBS, EXAMPLE, RICH
from tests.sandbox.jail.hostile_server import MARK
from tests.sandbox.jail.test_client import alive
from tests.sandbox.jail.test_drawing import FIELDS, SLOW, drawn, graph_of, tower

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")

HOSTILE = "tests.sandbox.jail.hostile_server"
FORGED = {"graph": serialise(graph_of(RICH))}
WAIT = "while True:\n    pass"
BENIGN = strategy("return m.close / ema(m.close, 3)")


def hostile(body: str) -> str:
    return f"{MARK}{body}"


@pytest.fixture
def taken_over(monkeypatch):
    """A jail whose readers execute a text that begins with #payload."""
    monkeypatch.setattr(client, "SERVER", HOSTILE)
    with Jail(FIELDS, wall_s=0.5) as jail:
        yield jail


def children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_until(holds) -> bool:
    for _ in range(400):
        if holds():
            return True
        time.sleep(0.01)
    return False


# -- one process, many texts -----------------------------------------------------------------------


def as_here(text: str, found: object) -> bool:
    """Whether the jail said of a text what is said of it here, where nothing came before it."""
    here = drawn(text)
    if isinstance(here, tuple):
        return found == Refused(refusals=here)
    return isinstance(found, Drawn) and found.graph == here


# Whatever a text may hold on to, changes what it built itself, or fails in the middle of it.
LEAVERS = [
    "x = [1]\nx[0] = x\nreturn x",
    "d = {}\nd['d'] = d\nfor i in range(999):\n    d[i] = [d] * 99\nreturn d",
    "return m.close.shift",
    "return [ema(m.close, n) for n in range(2, 60)]",
    "return any(m.close / x for x in (1, 2))",
    "for i in range(3):\n    for j in (1, 0):\n        x = 1 / j\nreturn x",
    "return sum(1 / (x - 3) for x in range(9))",
    "a, b = (1, 2, 3)\nreturn a",
    "x = 9 ** 9 ** 9\nreturn x",
    "return {'a': 1}['b']",
    "return zscore(m)",
    "return ema(ema, 3)",
]


def test_the_same_text_gets_the_same_answer_whatever_came_before_it():
    rng = random.Random(7)
    make = Texts()
    fuzzed = [text for text in (make.make(rng) for _ in range(250)) if isinstance(text, str)]
    everything = [EXAMPLE, RICH, *texts().values(), *fuzzed, *[case.text for case in DRAWN]]
    everything += map(strategy, [*SLOW, *LEAVERS])
    with Jail(FIELDS) as jail:
        pid = jail.pid
        first = jail.draw_many(everything)
        for _ in range(2):
            order = list(range(len(everything)))
            rng.shuffle(order)
            again = dict(zip(order, jail.draw_many([everything[i] for i in order]), strict=True))
            assert [again[i] for i in range(len(everything))] == first
        assert jail.pid == pid
    assert all(as_here(text, found) for text, found in zip(everything, first, strict=True))


def test_no_text_changes_the_answer_to_the_next():
    right = graph_of(RICH)
    with Jail(FIELDS) as jail:
        pid = jail.pid
        for body in (*LEAVERS, *SLOW):
            found = jail.draw_many([strategy(body), RICH])
            assert isinstance(found[1], Drawn)
            assert found[1].graph == right, body
        assert jail.pid == pid


def test_huge_deep_and_slow_texts_are_answered_and_the_process_lives():
    huge = headed("".join(f"def f{i}(x): return [x] * 400\n" for i in range(38)))
    bodies = [
        "t = 0\nfor i in range(9999):\n    for j in range(9999):\n        t = t + 1\nreturn t"
    ]
    everything = [huge, tower(38, 50), *map(strategy, bodies), *BOMBS.values(), "#" * 20_000]
    with Jail(FIELDS) as jail:
        pid = jail.pid
        for read in (
            jail.draw_many,
            lambda some: [each.answer for each in jail.read_foreign(some)],
        ):
            found = read(everything)
            assert all(isinstance(each, Drawn | Refused) for each in found)
            assert isinstance(jail.draw(EXAMPLE), Drawn)
        assert jail.pid == pid


def test_a_reader_is_replaced_before_its_time_is_over_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(client, "SERVER", HOSTILE)
    monkeypatch.setattr(client, "environment", lambda: {**environment(), "FINCH_TEST": "short"})
    some = [strategy(f"return ema(m.close, {2 + i}) / m.close") for i in range(60)]
    with Jail(FIELDS) as jail:
        jail.draw(EXAMPLE)
        server_id, first = jail.pid, children(jail.pid)
        found = jail.draw_many(some)
        assert all(as_here(text, each) for text, each in zip(some, found, strict=True))
        foreign = jail.read_foreign(some[:9])
        assert [each.answer for each in foreign] == found[:9]
        assert jail.pid == server_id
        assert children(jail.pid) != first


# -- foreign texts ---------------------------------------------------------------------------------


def test_a_foreign_text_comes_back_in_its_normal_form_and_with_its_graph():
    with Jail(FIELDS) as jail:
        ragged = "\ufeff" + BENIGN.replace("\n", "  \r\n") + "\n\n"
        found, refused, broken = jail.read_foreign(
            [ragged, strategy("return m.volume + m.close  "), "x ="]
        )
    assert found.checked
    assert found.text == BENIGN.rstrip("\n") + "\n"
    assert isinstance(found.answer, Drawn)
    assert found.answer.graph == graph_of(BENIGN)
    assert refused.checked
    assert refused.text == strategy("return m.volume + m.close").rstrip("\n") + "\n"
    assert isinstance(refused.answer, Refused)
    assert not broken.checked
    assert broken.text == "x ="
    assert isinstance(broken.answer, Refused)


def test_libcst_and_restrictedpython_are_asked_of_foreign_texts_behind_the_walls(monkeypatch):
    """A text that Python's compiler alone refuses, and that our interpreter could read."""
    deep = "".join("    " * i + "for x in (1,):\n" for i in range(24)) + "    " * 24 + "y = 1"
    text = strategy(f"{deep}\nreturn m.close / m.open")
    monkeypatch.setattr("genomes.check._refuse_policy", pytest.fail)
    monkeypatch.setattr("genomes.check._refuse_structure", pytest.fail)
    with Jail(FIELDS) as jail:
        assert isinstance(jail.draw(text), Drawn)
        found = jail.read_foreign([text])[0]
    assert not found.checked
    assert isinstance(found.answer, Refused)
    assert found.answer.refusals[0].rule == "syntax"


# -- a reader that was taken over ------------------------------------------------------------------

SEGFAULT = "ctypes.string_at(0)"
DEATHS = {
    7: hostile(SEGFAULT),
    8: hostile("os._exit(0)"),
    20: hostile("x = []\nwhile True:\n    x.append(bytearray(1 << 24))"),
    33: hostile("raw(b'x' * 100)"),
    34: hostile("while True:\n    raw(b'x' * 65536)"),
    35: hostile(WAIT),
    50: hostile("raw(b'\\xff' * 9)"),
    59: hostile("1 / 0"),
}


def test_texts_keep_their_order_whatever_dies_between_them(taken_over):
    some = [
        DEATHS.get(i) or strategy(f"return ema(m.close, {2 + i % 50}) / m.close") for i in range(60)
    ]
    for i, (text, found) in enumerate(zip(some, taken_over.draw_many(some), strict=True)):
        if i in DEATHS:
            assert isinstance(found, Crashed), (i, found)
        else:
            assert as_here(text, found), (i, found)


def test_a_death_is_told_by_what_it_was(taken_over):
    found = taken_over.draw_many([hostile(SEGFAULT), hostile(WAIT)])
    assert [each.reason for each in found] == [
        "the jail's process died", "the jail gave no answer in 0.5 s",
    ]  # fmt: skip


def test_a_graph_that_is_forged_must_be_one_the_table_could_draw(taken_over):
    body = "send(json.dumps({'graph': 'finch-graph 1\\nfield x\\n> weight 0\\n'}).encode())"
    forged = taken_over.draw(hostile(body))
    assert isinstance(forged, Crashed)
    assert forged.reason.startswith("drew no graph: ")
    twice = taken_over.draw(hostile('send(b\'{"graph": 1, "refusals": []}\')'))
    assert twice == Crashed(
        stage="draw", reason="its process answered with neither graph nor refusals"
    )


def test_answers_to_texts_that_were_not_asked_yet_are_thrown_away_with_their_process(taken_over):
    body = json.dumps(FORGED).encode()
    later = b"".join(protocol.frame(n, protocol.ANSWER, body) for n in range(2, 9))
    first = taken_over.pid
    taken_over.draw(hostile(f"raw({later!r})"))
    found = taken_over.draw(EXAMPLE)
    assert taken_over.pid != first
    assert as_here(EXAMPLE, found)


def test_a_text_without_an_answer_is_parsed_nowhere_else(taken_over):
    found = taken_over.read_foreign([hostile(SEGFAULT)])[0]
    assert isinstance(found.answer, Crashed)


# -- orphans ---------------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else may look into a server")
def test_no_process_of_the_jail_has_openssl_in_it():
    with Jail(FIELDS) as jail:
        jail.draw(EXAMPLE)
        assert jail.pid is not None
        for pid in (jail.pid, *children(jail.pid)):
            maps = Path(f"/proc/{pid}/maps").read_text()
            assert "[stack]" in maps
            assert "libcrypto" not in maps


def test_a_killed_worker_leaves_neither_server_nor_reader_behind():
    program = (
        "import os, sys, threading\n"
        "from sandbox.jail import client\n"
        "client.SERVER = 'tests.sandbox.jail.hostile_server'\n"
        "jail = client.Jail({}, wall_s=60)\n"
        "print(jail.__enter__().pid, flush=True)\n"
        f"jail.draw({hostile(WAIT)!r})\n"
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment()
    )
    assert worker.stdout is not None
    pid = int(worker.stdout.readline())
    assert wait_until(lambda: len(children(pid)) == 1)
    family = [pid, *children(pid)]
    worker.kill()
    worker.wait()
    worker.stdout.close()
    assert wait_until(lambda: not any(map(alive, family)))


def test_a_killed_server_takes_its_reader_along_and_is_replaced(taken_over):
    taken_over.draw(EXAMPLE)
    first = taken_over.pid
    assert first is not None
    family = [first, *children(first)]
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: not any(map(alive, family[1:])))
    assert isinstance(taken_over.draw(EXAMPLE), Drawn)


def test_a_stopped_reader_is_ended_at_the_deadline(taken_over):
    taken_over.draw(EXAMPLE)
    child = children(taken_over.pid)[0]
    os.kill(child, signal.SIGSTOP)
    assert isinstance(taken_over.draw(EXAMPLE), Drawn)
    assert wait_until(lambda: not alive(child))


# -- what every process has ------------------------------------------------------------------------


def test_a_reader_has_its_limits_and_two_descriptors(taken_over):
    taken_over.draw(EXAMPLE)
    server_id = taken_over.pid
    child = children(server_id)[0]
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
    for pid in (server_id, child):
        status = Path(f"/proc/{pid}/status").read_text()
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534\t65534\t65534" in status
            assert "CapEff:\t0000000000000000" in status


# -- fail closed -----------------------------------------------------------------------------------


def test_a_jail_with_every_wall_says_so(taken_over):
    assert taken_over.isolation == "full"


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
    monkeypatch.setattr(client, "SERVER", HOSTILE)
    monkeypatch.setattr(client, "environment", lambda: {**environment(), "FINCH_TEST": "unsealed"})
    for isolation in ("full", "reduced"):
        jail = Jail(FIELDS, isolation=isolation)
        with pytest.raises(JailError, match=r"the jail leaks: .*could .*fork, .*open a pipe"):
            jail.draw(EXAMPLE)
        assert jail.pid is None


# -- words -----------------------------------------------------------------------------------------


def test_the_words_of_a_text_are_short_escaped_and_marked(taken_over):
    found = taken_over.draw(strategy("x = {'a': 1}\nreturn x['\\xe9 say yes']"))
    assert isinstance(found, Refused)
    words = found.refusals[0].found
    assert words == "fails with KeyError; its words: \"'\\u00e9 say yes'\""
    crashed = taken_over.draw(
        hostile("send(json.dumps({'graph': 'finch-graph 1\\n\\x1b[31m\\n'}).encode())")
    )
    assert isinstance(crashed, Crashed)
    assert crashed.reason.isprintable()
    assert len(crashed.reason) <= 230
