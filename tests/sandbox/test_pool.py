"""The pool on Ray: answers in any order reach their questions, and the dead are replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from genomes.records.outcome import Crashed
from sandbox.errand import Request
from sandbox.pool import PoolError, RayPool, _scrubbed_environment, forget_secrets, is_secret
from tests.sandbox.mortal import Mortal

pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture
def pool(ray_cluster: None, tmp_path: Path) -> Iterator[RayPool]:
    made = RayPool(None, tmp_path, workers=2, worker=Mortal)  # type: ignore[arg-type]
    yield made
    made.close()


@pytest.fixture
def impatient(ray_cluster: None, tmp_path: Path) -> Iterator[RayPool]:
    made = RayPool(None, tmp_path, workers=2, batch_wall_s=5.0, worker=Mortal)  # type: ignore[arg-type]
    yield made
    made.close()


def test_every_question_gets_its_own_answer(pool: RayPool) -> None:
    questions = [f"graph {i}" for i in range(50)]
    answers = dict(pool.measure(questions))
    assert answers == {i: f"GRAPH {i}" for i in range(50)}


def test_a_dead_worker_is_replaced_and_its_batch_done_again(pool: RayPool) -> None:
    questions = [f"graph {i}" for i in range(20)]
    questions[7] = "die once"
    answers = dict(pool.measure(questions))
    assert answers[7] == "DIE ONCE"
    assert len(answers) == 20
    assert not any(isinstance(answer, Crashed) for answer in answers.values())


def test_what_kills_twice_is_stored_and_its_neighbours_are_not_lost(pool: RayPool) -> None:
    questions = [f"graph {i}" for i in range(20)]
    questions[3] = "die"
    answers = dict(pool.measure(questions))
    assert answers[3] == Crashed(stage="measure", reason="its worker died, twice")
    assert [answers[i] for i in range(20) if i != 3] == [f"GRAPH {i}" for i in range(20) if i != 3]


def test_a_hung_worker_is_replaced(impatient: RayPool) -> None:
    answers = dict(impatient.measure(["a", "hang once", "b"]))
    assert answers == {0: "A", 1: "HANG ONCE", 2: "B"}


def test_a_proposal_that_kills_keeps_its_text(pool: RayPool) -> None:
    requests = [Request(operator="seed", text="die"), Request(operator="seed", text="fine")]
    answers = dict(pool.propose(requests))
    assert answers[0].text == "die"
    assert answers[0].failure == Crashed(stage="propose", reason="its worker died, twice")
    assert answers[1].text == "FINE"


@pytest.mark.parametrize(
    "name",
    ["OPENAI_API_KEY", "aws_secret_access_key", "HTTPS_PROXY", "GITHUB_TOKEN", "DB_PASSWORD",
     "OPENAI_CUSTOM_HEADERS", "OPENAI_BASE_URL", "SENTRY_DSN", "SSHPASS", "MYSQL_PWD",
     "SLACK_WEBHOOK_URL", "SESSION_COOKIE", "AZURE_STORAGE_CONNECTION_STRING"],
)  # fmt: skip
def test_secrets_and_proxies_are_known_by_name(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["PATH", "PWD", "OLDPWD", "HOME", "LD_LIBRARY_PATH", "LC_ALL"])
def test_what_a_worker_needs_is_no_secret_by_name(name: str) -> None:
    assert not is_secret(name, "/usr/lib:/lib")


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        ("postgres://someone:canary@h.example/db", True),
        ("postgres://someone:can/ary@h.example/db", True),
        ("redis://:canary@h.example:6379/0", True),
        ("https://canary@h.example/17", True),
        ("mirror=https://someone:canary@h.example/simple", True),
        ("host=h user=u password=canary", True),
        ("Server=h;Pwd = canary", True),
        ("https://h.example/?api_key=canary", True),
        ("https://h.example:8080/simple", False),
        ("https://h.example/@scope/package", False),
        ("someone@h.example", False),
        ("password", False),
    ],
)
def test_a_secret_in_a_value_is_known_whatever_its_name(value: str, secret: bool) -> None:
    assert is_secret("SERVICE_URL", value) is secret
    assert is_secret("HARMLESS", value) is secret
    assert not is_secret("RAY_ADDRESS", value)


def test_a_remote_worker_forgets_secrets_whatever_ray_was_started_with(monkeypatch):
    address = "postgres://someone:canary@h.example/db"
    for name in ("OPENAI_API_KEY", "https_proxy", "MY_TOKEN", "RAY_AUTH_MODE", "HARMLESS"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("SERVICE_URL", address)
    forget_secrets()
    left = {name for name, value in os.environ.items() if value in ("canary", address)}
    assert left == {"RAY_AUTH_MODE", "HARMLESS"}


def test_secrets_are_hidden_while_ray_starts_and_back_after(monkeypatch):
    secrets = {"OPENAI_CUSTOM_HEADERS": "X: canary", "SERVICE_URL": "redis://:canary@h"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    with _scrubbed_environment():
        assert not secrets.keys() & os.environ.keys()
    assert secrets.items() <= os.environ.items()


def test_more_workers_than_the_machine_can_start_are_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    with pytest.raises(PoolError, match=r"33 workers .* 2 cores .* --workers to 2"):
        RayPool(None, None, workers=33)  # type: ignore[arg-type]
