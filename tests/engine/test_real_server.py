"""Whole runs against real inference servers, installed from packages, with a model of noise.

By hand: `FINCH_SERVERS=FOLDER pytest -m slow -s -n 0 tests/engine/test_real_server.py`. The folder
keeps a virtual environment for each server, made where it is missing (1.5 GB, some minutes). One of
them passes over the schema of a reply, and the model's words are what they are; the other one keeps
to it, and the words stand in the right places of the right JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.store import Archive
from engine.llm.schemas import STRATEGY
from genomes.records.exchange import Exchange
from genomes.records.outcome import Unusable
from tests.engine.llm import noise

FOLDER = os.environ.get("FINCH_SERVERS", "")
ROOT = Path(__file__).parents[2]
POPULATION, GENERATIONS = 6, 3

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="FINCH_SERVERS names no folder to keep servers in"),
    pytest.mark.xdist_group("real_server"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A server to install and start.

    Attributes:
        packages: What pip installs; all of it from packages, no weights.
        form: The model's, as `noise.py` makes it.
        command: Python, model's folder, port -> the words that start it.
        answers: Its log -> how many answers it gave.
        max_tokens: Cap on an answer.
        keeps_to_schema: Whether its answers do.
        knows_names: Whether it knows a model that it has from one that it has not.
    """

    packages: tuple[str, ...]
    form: str
    command: Callable[[str, Path, int], Sequence[str]]
    answers: Callable[[str], int]
    max_tokens: int
    keeps_to_schema: bool
    knows_names: bool


def serve_transformers(python: str, _folder: Path, port: int) -> Sequence[str]:
    program = str(Path(python).with_name("transformers"))
    return [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]


LLAMA_CPP = """
import sys, threading, xllamacpp
settings = xllamacpp.CommonParams()
settings.model.path, settings.port = sys.argv[1], int(sys.argv[2])
settings.model_alias = {sys.argv[3]}
settings.n_parallel, settings.n_ctx = 2, 2 * int(sys.argv[4])
settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(settings)
threading.Event().wait()
"""


def serve_llama_cpp(python: str, folder: Path, port: int) -> Sequence[str]:
    file = str(folder / "noise.gguf")
    return [python, "-c", LLAMA_CPP, file, str(port), noise.NAME, str(noise.CONTEXT)]


KINDS = {
    "transformers": Kind(
        packages=("torch==2.13.0", "transformers[serving]==5.23.0"),
        form="transformers",
        command=serve_transformers,
        answers=lambda log: log.count('/chat/completions HTTP/1.1" 200'),
        max_tokens=200,
        keeps_to_schema=False,
        knows_names=True,
    ),
    "llama_cpp": Kind(
        packages=("xllamacpp==2026.10.11549", "gguf==0.19.0", "tokenizers==0.23.3"),
        form="gguf",
        command=serve_llama_cpp,
        answers=lambda log: log.count("| stop processing:") - log.count("got exception:"),
        max_tokens=500,
        keeps_to_schema=True,
        knows_names=False,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What happened.

    Attributes:
        kind: The server's.
        run: The run against it.
        answered: Questions that the server says it answered in that run.
        stranger: A run with a model that it has not; None where it takes any name.
        off: A run while it was off.
        replay: The first run again, while it was off.
        folder: Where `run.sqlite` and the others lie.
    """

    kind: Kind
    run: subprocess.CompletedProcess[str]
    answered: int
    stranger: subprocess.CompletedProcess[str] | None
    off: subprocess.CompletedProcess[str]
    replay: subprocess.CompletedProcess[str]
    folder: Path


@pytest.fixture(scope="module", params=KINDS)
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shown]:
    name = request.param
    kind = KINDS[name]
    folder = tmp_path_factory.mktemp(name)
    python = installed(Path(FOLDER) / name, kind)
    maker = [python, str(ROOT / "tests/engine/llm/noise.py"), kind.form, str(folder)]
    subprocess.run(maker, check=True, capture_output=True)
    with serving(kind, python, folder) as url:
        began = time.perf_counter()
        run = evolve(kind, folder, "run", url)
        print(f"\n{name}: {time.perf_counter() - began:.0f} s\n{run.stdout}{run.stderr}")
        answered = kind.answers(log_of(folder))
        stranger = evolve(kind, folder, "stranger", url, "finch/nois") if kind.knows_names else None
    yield Shown(
        kind=kind,
        run=run,
        answered=answered,
        stranger=stranger,
        off=evolve(kind, folder, "off", url),
        replay=finch(folder, "--replay", "run.sqlite", "--archive", "replay.sqlite"),
        folder=folder,
    )


def installed(place: Path, kind: Kind) -> str:
    """The Python of a virtual environment that has the server."""
    python = str(place.absolute() / "bin" / "python")
    if not Path(python).exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", *kind.packages]
    done = subprocess.run(pip, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:]
        pytest.skip(f"{' '.join(kind.packages)} cannot be installed: {' '.join(last)}")
    return python


@contextlib.contextmanager
def serving(kind: Kind, python: str, folder: Path) -> Iterator[str]:
    """A server on a free port, its words in `server.log`; its base URL."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    offline = {"HF_HOME": str(folder), "HF_HUB_OFFLINE": "1"}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            kind.command(python, folder, port), stdout=log, stderr=log, env=os.environ | offline
        )
    url = f"http://127.0.0.1:{port}/v1"
    try:
        for _ in range(120):
            assert process.poll() is None, log_of(folder)
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{url}/models", timeout=5).close()
                break
            time.sleep(1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def log_of(folder: Path) -> str:
    return (folder / "server.log").read_text(errors="replace")


def evolve(
    kind: Kind, folder: Path, name: str, url: str, model: str = noise.NAME
) -> subprocess.CompletedProcess[str]:
    """A small run, as a user starts it."""
    settings = (
        "llm.share=0.7", f"llm.max_tokens={kind.max_tokens}", "llm.briefing_tokens=1500",
        "llm.server.concurrency=2", "llm.server.timeout_s=600", "llm.prompts.every=1",
        "llm.prompts.by_model=1", "search.tune.trials=0",
    )  # fmt: skip
    return finch(
        folder, "--generations", str(GENERATIONS), "--population", str(POPULATION), "--seed", "7",
        "--llm", model, "--llm-base-url", url, "--archive", f"{name}.sqlite",
        *(word for setting in settings for word in ("--set", setting)),
    )  # fmt: skip


def finch(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "_API_KEY" not in name}
    return subprocess.run(
        [sys.executable, "-m", "engine.evolve", "--workers", "0", *words],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)},
        timeout=1800,
    )


def opened(shown: Shown, name: str = "run") -> Archive:
    return Archive.open(shown.folder / f"{name}.sqlite", identity=None, readonly=True)


def test_a_run_on_noise_is_orderly(shown: Shown) -> None:
    assert shown.run.returncode == 0, shown.run.stderr
    assert not shown.run.stderr
    with opened(shown) as archive:
        assert archive.generations() == GENERATIONS + 1
        entries = [entry for entry in archive.entries() if entry.generation > 0]
    slots = [entry for entry in entries if entry.operator.startswith("model_")]
    assert len(slots) >= GENERATIONS
    assert all(entry.model == noise.NAME and entry.proposal for entry in slots)
    assert all(entry.standing for entry in slots)
    problems = Counter(e.outcome.problem for e in slots if isinstance(e.outcome, Unusable))
    assert sum(problems.values()) == sum(entry.standing == "unusable" for entry in slots)
    for problem, count in problems.items():
        assert re.search(rf"\b\d+ {problem}\b", shown.run.stdout), (problem, count)
    print(Counter((entry.operator, entry.standing) for entry in slots), problems)


def test_every_reply_of_the_server_is_in_the_transcript(shown: Shown) -> None:
    with opened(shown) as archive:
        kept = list(archive.transcript)
        calls = [call for e in archive.entries() if e.proposal for call in e.proposal.calls]
    told(kept)
    answers = [each for each in kept if not each.failure]
    assert len(answers) == shown.answered
    assert len(answers) > len(kept) / 2
    assert all(each.tokens_in > 0 for each in answers)
    assert calls
    assert {(call.key, call.draw) for call in calls} <= {(each.key, each.draw) for each in kept}
    assert {"probe", "analyst", "strategist", "rewriter"} <= {each.role for each in kept}


def test_answers_have_the_shape_asked_for_where_the_server_sees_to_it(shown: Shown) -> None:
    with opened(shown) as archive:
        kept = [each for each in archive.transcript if each.role == "strategist"]
    whole = [each for each in kept if each.finish == "stop"]
    shaped = [each for each in whole if list(parsed(each.text)) == STRATEGY["required"]]
    assert whole
    assert bool(shaped) == shown.kind.keeps_to_schema


def parsed(text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def told(kept: Sequence[Exchange]) -> None:
    """For the note: who was asked, how it ended, how fast it went, what the words were like."""
    print(Counter((each.role, each.finish or each.failure) for each in kept))
    print(Counter(attempt for each in kept for attempt in each.attempts))
    spoken, seconds = sum(e.tokens_out for e in kept), sum(e.seconds for e in kept)
    read = sum(e.tokens_in for e in kept)
    print(f"{len(kept)} replies, {read} tokens in, {spoken} out, {seconds:.0f} s of waiting")
    for role in ("probe", "analyst", "strategist", "rewriter"):
        first = next((each for each in kept if each.role == role), None)
        if first:
            print(f"  {role} ({first.finish}, {first.tokens_in} in): {first.text[:160]!r}")


def test_the_replay_with_the_server_off_has_the_same_digest(shown: Shown) -> None:
    assert shown.replay.returncode == 0, shown.replay.stderr
    with opened(shown) as run, opened(shown, "replay") as replay:
        assert replay.digest() == run.digest()


def test_a_model_or_server_that_is_not_there_is_one_sentence(shown: Shown) -> None:
    print(shown.stranger and shown.stranger.stderr, shown.off.stderr)
    assert shown.off.returncode == 2
    assert re.fullmatch(r"finch evolve: no server answers at .*\n", shown.off.stderr)
    assert not (shown.folder / "off.sqlite").exists()
    if shown.stranger is None:
        return  # it answers as the one model it has, whatever name it is asked by
    assert shown.stranger.returncode == 2
    assert re.fullmatch(r"finch evolve: .* the model 'finch/nois' .*\n", shown.stranger.stderr)
    assert not (shown.folder / "stranger.sqlite").exists()
