"""The wall, attacked: every attack succeeds where the wall is down, and none where it is up."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pytest

import sandbox
from genomes.language.serial import serialise
from genomes.records.outcome import Crashed, Refused
from genomes.strategies import texts
from sandbox.jail import client
from sandbox.jail.client import Drawn, Jail
from sandbox.jail.lockdown import ALL, LANDLOCK, UID
from tests.genomes.test_check import EXAMPLE, RICH
from tests.sandbox.jail.hostile_server import MARK
from tests.sandbox.jail.probes import language, machine, taken
from tests.sandbox.jail.probes.bare import Stage
from tests.sandbox.jail.probes.probe import CATEGORIES, FORGED, SECRET, STATE, Canary, Probe
from tests.sandbox.jail.test_drawing import FIELDS, graph_of

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the lockdown is Linux's"),
    pytest.mark.xdist_group("probes"),
]

BENIGN = [EXAMPLE, RICH, *texts().values()]
BY_TEXT = list(language.probes())
ON_MACHINE = [
    probe
    for probe in machine.probes()
    if (os.geteuid() == 0 or not probe.root)
    and (os.uname().machine == "x86_64" or probe.name not in machine.INTEL)
]
ROOT = Path(sandbox.__file__).parents[1]
_REPLIES = 1 << 16


def run(module: str, job: dict[str, object], seed: str = "0") -> list[list[object]]:
    """What a module of this folder saw, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"tests.sandbox.jail.probes.{module}"],
        input=json.dumps(job), capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "FINCH_CANARY": SECRET, "PYTHONHASHSEED": seed},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout)


def bare(mode: str, probes: Sequence[Probe], seed: str = "0") -> list[list[object]]:
    job = {
        "mode": mode, "example": EXAMPLE, "probes": [asdict(probe) for probe in probes],
        "fields": {name: str(each) for name, each in FIELDS.items()},
    }  # fmt: skip
    return run("bare", job, seed)


def confined(layers: frozenset[str]) -> list[list[object]]:
    job = {"layers": sorted(layers), "probes": [asdict(probe) for probe in ON_MACHINE]}
    return run("confined", job)


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Future[list[list[object]]]]]:
    """All runs in processes of their own, two at a time."""
    varying = [probe for probe in BY_TEXT if probe.canary == Canary.VARIES]
    others = [probe for probe in BY_TEXT if probe.canary != Canary.VARIES]
    guarded = [probe for probe in BY_TEXT if probe.canary != Canary.PARSER]
    with ThreadPoolExecutor(2) as pool:
        yield {
            "bare, one half": pool.submit(bare, "plain", others[::2] + varying, "1"),
            "bare, other half": pool.submit(bare, "plain", others[1::2] + varying, "2"),
            "guards": pool.submit(bare, "guards", guarded),
            "machine, down": pool.submit(confined, frozenset()),
            "machine, up": pool.submit(confined, ALL),
            "machine, no files": pool.submit(confined, ALL - {LANDLOCK, UID}),
        }


def named(rows: Sequence[Sequence[object]], won: bool) -> dict[object, object]:
    return {name: reply for name, success, reply, *_ in rows if success is won}


# -- the wall is down ------------------------------------------------------------------------------


def test_every_attack_by_text_succeeds_where_texts_are_executed(seen):
    halves = [seen["bare, one half"].result(), seen["bare, other half"].result()]
    assert not named(halves[0], False)
    assert not named(halves[1], False)
    assert sum(map(len, halves)) >= len(BY_TEXT)


def test_what_depends_on_the_process_differs_between_two(seen):
    one, other = (
        {row[0]: row[2] for row in seen[half].result() if "varies" in str(row[0])}
        for half in ("bare, one half", "bare, other half")
    )
    assert len(one) >= 10
    assert not [name for name in one if one[name] == other[name]]


def test_every_attack_on_the_machine_succeeds_where_nothing_is_confined(seen):
    assert not named(seen["machine, down"].result(), False)


# -- the wall is up --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jail]:
    with pytest.MonkeyPatch.context() as patch, Jail(FIELDS, wall_s=20.0) as jail:
        patch.setenv("FINCH_CANARY", SECRET)
        assert jail.isolation == "full"
        yield jail


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


def spoken(jail: Jail) -> bool:
    """Whether anything came out beside the answers."""
    assert jail._process is not None
    assert jail._process.stderr is not None
    return bool(select.select([jail._process.stderr], [], [], 0)[0])


def reply_of(found: Drawn | Refused | Crashed) -> str:
    if isinstance(found, Refused):
        return "\n".join(map(str, found.refusals))
    return found.text if isinstance(found, Drawn) else found.reason


def test_every_benign_strategy_is_drawn(jail):
    for text, found in zip(BENIGN, jail.draw_many(BENIGN), strict=True):
        assert isinstance(found, Drawn), reply_of(found)
        assert found.text == serialise(graph_of(text))


@pytest.mark.parametrize("category", sorted({probe.category for probe in BY_TEXT}))
def test_no_attack_by_text_succeeds_and_the_next_text_is_answered(jail, stage, category):
    first, honest = jail.pid, jail.draw(EXAMPLE)
    assert isinstance(honest, Drawn)
    for probe in BY_TEXT:
        if probe.category != category:
            continue
        stage.enter()
        stage.connected()
        text = stage.aim(probe.text)
        found = jail.draw(text)
        reply = reply_of(found)
        assert isinstance(found, Refused), (probe.name, reply)
        assert "memory" not in {each.rule for each in found.refusals}, probe.name
        assert not os.path.lexists(stage.path), probe.name
        assert stage.kept.read_text() == SECRET, probe.name
        assert not stage.connected(), probe.name
        assert not Path(f"{stage.path}.py").exists(), probe.name
        assert SECRET not in reply, probe.name
        assert "0x" not in reply, probe.name
        assert probe.canary != Canary.ECHO or probe.echo not in reply, probe.name
        assert len(reply) < _REPLIES, probe.name
        assert reply.replace("\n", "").isprintable(), probe.name
        assert jail.draw(EXAMPLE) == honest, probe.name
        assert jail.pid == first, probe.name
    assert not stage.struck()
    assert not spoken(jail)


def test_two_processes_refuse_alike(jail):
    with Jail(FIELDS) as other:
        some = [probe.text for probe in BY_TEXT if probe.category == STATE]
        assert jail.draw_many(some) == other.draw_many(some)


def test_the_interpreter_holds_without_the_checker(seen):
    assert not named(seen["guards"].result(), True)


def test_nothing_of_the_machine_can_be_reached_when_the_language_has_fallen(seen):
    assert not named(seen["machine, up"].result(), True)


def test_seccomp_and_limits_hold_without_landlock_and_without_another_user(seen):
    assert not named(seen["machine, no files"].result(), True)


def test_the_server_holds_no_shared_memory_and_no_file(jail):
    jail.draw(EXAMPLE)
    status = Path(f"/proc/{jail.pid}/status").read_text()
    maps = Path(f"/proc/{jail.pid}/maps")
    assert "Threads:\t1\n" in status
    with contextlib.suppress(PermissionError):  # who is no root may not look
        assert not [line for line in maps.read_text().splitlines() if line.split()[1][1::2] == "ws"]
        opened = [str(each.readlink()) for each in Path(f"/proc/{jail.pid}/fd").iterdir()]
        assert all(each.startswith("pipe:") or each == "/dev/null" for each in opened)


# -- a reader that was taken over ------------------------------------------------------------------


@pytest.fixture(scope="module")
def captive() -> Iterator[Jail]:
    """A jail in which a text may do as it likes with the reader's process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "SERVER", "tests.sandbox.jail.hostile_server")
        with Jail(FIELDS, wall_s=1.0, memory_mb=64) as jail:
            yield jail


@pytest.mark.parametrize("name", [*taken.DEATHS, *taken.LIES])
def test_whatever_a_text_does_to_its_process_the_next_one_is_answered(captive, name):
    payload = {**taken.DEATHS, **taken.LIES}[name]
    right = serialise(graph_of(EXAMPLE))
    some = captive.draw_many([EXAMPLE, MARK + payload, EXAMPLE, RICH])
    assert [type(each) for each in some] == [Drawn, type(some[1]), Drawn, Drawn]
    assert not isinstance(some[1], Drawn)
    assert reply_of(some[1]).isprintable()
    assert some[0] == some[2]
    assert reply_of(some[2]) == right


def sending(data: bytes) -> str:
    """A payload that answers with such a body and ends."""
    packed = base64.b85encode(zlib.compress(data)).decode()
    return f"{MARK}import base64, zlib\nsend(zlib.decompress(base64.b85decode({packed!r})))"


@pytest.mark.parametrize("name", taken.GRAPHS)
def test_a_forged_graph_gets_nowhere(captive, name):
    data = json.dumps({"graph": taken.GRAPHS[name]}).encode()
    assert isinstance(taken.believe(data), list)
    forged, honest = captive.draw_many([sending(data), EXAMPLE])
    assert isinstance(forged, Crashed), reply_of(forged)
    assert forged.reason.startswith("drew no graph: ")
    assert forged.reason.isprintable()
    assert reply_of(honest) == serialise(graph_of(EXAMPLE))


def test_the_graph_that_forgeries_start_from_is_a_good_one(captive):
    good = json.dumps({"graph": taken.GOOD}).encode()
    assert reply_of(captive.draw(sending(good))) == taken.GOOD


def test_one_of_two_orders_is_a_graph_and_the_other_a_forgery(captive):
    found = captive.draw_many(
        [f"{MARK}send(protocol.encode({{'graph': {each!r}}}))" for each in taken.SUMS]
    )
    assert sorted(type(each).__name__ for each in found) == ["Crashed", "Drawn"]


@pytest.mark.parametrize("name", taken.ANSWERS)
def test_a_forged_answer_gets_nowhere(captive, name):
    data = taken.ANSWERS[name]
    taken.believe(data)
    forged, honest = captive.draw_many([sending(data), EXAMPLE])
    assert isinstance(forged, Crashed), reply_of(forged)
    assert forged.reason.startswith(("its process answered with ", "drew no graph: "))
    assert forged.reason.isprintable()
    assert len(forged.reason) < 400
    assert reply_of(honest) == serialise(graph_of(EXAMPLE))


# -- how many --------------------------------------------------------------------------------------


def test_there_are_attacks_of_every_kind_and_no_two_of_one_name():
    names = [probe.name for probe in BY_TEXT], [probe.name for probe in machine.probes()]
    assert all(len(each) == len(set(each)) for each in names)
    counts = Counter(probe.category for probe in (*BY_TEXT, *machine.probes()))
    counts[FORGED] = len(taken.GRAPHS) + len(taken.ANSWERS)
    assert set(counts) == set(CATEGORIES)
    assert sum(counts.values()) >= 400
    assert min(counts.values()) >= 8
