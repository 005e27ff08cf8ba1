"""A whole small run on the embedded market, as a user starts it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from archive.store import Archive
from engine.evolve import main as evolve
from engine.run import Arguments, search
from engine.validation import champion_of

RUN = {"generations": 3, "population": 10, "workers": 0, "seed": 7}


def run(path: Path, **more: object) -> str:
    """Run quietly; the archive's digest."""
    search(Arguments(archive=str(path), **(RUN | more)), quiet=True)  # type: ignore[arg-type]
    with Archive.open(path, identity=None, readonly=True) as archive:
        return archive.digest()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    path = tmp_path_factory.mktemp("whole") / "run.sqlite"
    return path, run(path)


def test_the_best_training_fitness_rises_over_the_seeds(whole: tuple[Path, str]) -> None:
    with Archive.open(whole[0], identity=None, readonly=True) as archive:
        best = [summary["best"] for summary in archive.summaries()]
    assert max(best[1:]) > best[0]  # type: ignore[type-var]


def test_every_candidate_is_stored_with_its_text_and_family(whole: tuple[Path, str]) -> None:
    with Archive.open(whole[0], identity=None, readonly=True) as archive:
        entries = list(archive.entries())
        assert archive.generations() == 4
    later = [entry for entry in entries if entry.generation > 0]
    assert len(later) == 30
    assert all("def factor(m, p)" in entry.text for entry in entries)
    assert all(entry.note for entry in later)
    assert {e.operator for e in later if not e.parents} <= {"jump", "screened_start"}


def test_the_champion_lies_beside_the_archive(whole: tuple[Path, str]) -> None:
    with Archive.open(whole[0], identity=None, readonly=True) as archive:
        chosen = champion_of(archive)
        assert chosen is not None
        text = (archive.get(chosen.id) if chosen.id else archive.top(1)[0]).text
    assert whole[0].with_suffix(".champion.py").read_text() == text


def test_another_seed_gives_another_archive(whole: tuple[Path, str], tmp_path: Path) -> None:
    assert run(tmp_path / "other.sqlite", seed=8) != whole[1]


@pytest.mark.xdist_group("ray")
def test_the_number_of_workers_changes_nothing(
    whole: tuple[Path, str], tmp_path: Path, ray_cluster: None
) -> None:
    """Against none, in this process; what one Ray worker answers, the suite of pools compares."""
    assert run(tmp_path / "run.sqlite", workers=2) == whole[1]


@pytest.mark.parametrize("delay", [0.0, 0.4])
def test_a_run_killed_and_resumed_finds_the_same(
    whole: tuple[Path, str], tmp_path: Path, delay: float
) -> None:
    path = tmp_path / "run.sqlite"
    words = ["--generations", "3", "--population", "10", "--seed", "7", "--workers", "0"]
    command = [sys.executable, "-m", "engine.evolve", *words, "--archive", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[:1] == ["1"]:  # generation 1 was told
            break
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with Archive.open(path, identity=None, readonly=True) as archive:
        assert archive.generations() >= 2
    assert run(path, resume=True) == whole[1]


def test_ctrl_c_ends_with_the_generation_and_says_how_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    words = ["--generations", "500", "--population", "10", "--workers", "0", "--archive", str(path)]
    words += ["--set", "search.screen=false"]
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "engine.evolve", *words],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.split()[:1] == ["1"]:
            break
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait() == 130
    process.stdout.close()
    assert "Continue with the same command and --resume --archive" in rest
    with Archive.open(path, identity=None, readonly=True) as archive:
        assert 2 <= archive.generations() < 500


def test_broken_seed_files_are_all_told_at_once_and_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "a.py").write_text("import os\n")
    (mine / "b.py").write_text("def factor(m, p):\n    return m.close + m.volume\n")
    (mine / "c.py").write_text(
        "def factor(m, p):\n    return m.close + m.volume\n\n\ndef signal(f, m, p):\n    return 1\n"
    )
    path = tmp_path / "run.sqlite"
    code = evolve(["--generations", "1", "--seed-from", str(mine), "--archive", str(path)])
    said = capsys.readouterr().err
    assert code == 2
    assert "a.py" in said
    assert "b.py" in said
    assert not path.exists()
    (mine / "a.py").unlink()
    (mine / "b.py").unlink()
    assert evolve(["--generations", "1", "--seed-from", str(mine), "--archive", str(path)]) == 2
    said = capsys.readouterr().err
    assert "c" in said
    assert "adds a price and a volume" in said
    assert not path.exists()


@pytest.mark.parametrize(("kept", "status"), [("false", 0), ("true", 2)])
def test_an_archive_that_names_a_setting_now_gone_goes_on_unless_it_was_used(
    whole: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    kept: str,
    status: int,
) -> None:
    path = tmp_path / "old.sqlite"
    path.write_bytes(whole[0].read_bytes())
    with sqlite3.connect(path) as connection:
        query = "UPDATE run SET config = json_set(config, '$.search.tune.prune', json(?))"
        connection.execute(query, (kept,))
    connection.close()
    words = ["--generations", "3", "--resume", "--archive", str(path), "--workers", "0"]
    assert evolve(words) == status
    assert ("search.tune.prune: is gone" in capsys.readouterr().err) == bool(status)


def test_resuming_a_run_that_is_complete_says_that_nothing_ran(
    whole: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--generations", "1", "--population", "10", "--seed", "7", "--workers", "0"]
    assert evolve([*words, "--resume", "--archive", str(whole[0])]) == 0
    assert "has 3 generations already, so nothing ran" in capsys.readouterr().out


def test_resuming_with_another_config_says_what_differs(
    whole: tuple[Path, str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = whole[0].read_bytes()
    words = ["--generations", "9", "--resume", "--archive", str(whole[0]), "--workers", "0"]
    assert evolve([*words, "--population", "11"]) == 2
    assert "search.population was 10, is 11" in capsys.readouterr().err
    assert evolve([*words, "--seed", "9"]) == 2
    assert "seed was 7, is 9" in capsys.readouterr().err
    assert whole[0].read_bytes() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--market", "nowhere"], "neither a name nor a path"),
        (["--set", "search.population=0"], ">= 1"),
        (["--set", "search.operators=['nosuch']"], "'nosuch' is unknown"),
        (["--config", "missing.toml"], "cannot be read"),
        (["--resume", "--archive", "nowhere.sqlite"], "nowhere.sqlite"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_2(
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert evolve(["--generations", "1", *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (tmp_path / "runs").exists()
