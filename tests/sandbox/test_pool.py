"""The pool on Ray: answers in any order reach their questions, and the dead are replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.errand import Request
from sandbox.outcome import Crashed
from sandbox.pool import RayPool, forget_secrets, is_secret
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
    ["OPENAI_API_KEY", "aws_secret_access_key", "HTTPS_PROXY", "GITHUB_TOKEN", "DB_PASSWORD"],
)
def test_secrets_and_proxies_are_known_by_name(name: str) -> None:
    assert is_secret(name)
    assert not is_secret("PATH")


def test_a_remote_worker_forgets_secrets_whatever_ray_was_started_with(monkeypatch):
    for name in ("OPENAI_API_KEY", "https_proxy", "MY_TOKEN", "RAY_AUTH_MODE", "HARMLESS"):
        monkeypatch.setenv(name, "canary")
    forget_secrets()
    left = {name for name, value in os.environ.items() if value == "canary"}
    assert left == {"RAY_AUTH_MODE", "HARMLESS"}
