"""A study: runs are scored, kept, continued where they stopped, and shown in a table."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.calibrate import study
from engine.calibrate.__main__ import EPILOG, main
from engine.calibrate.cpu import cpu_s
from engine.calibrate.kinds import KINDS
from engine.calibrate.market import graph_of, law
from engine.calibrate.search import Limits, Meter, Step, Trace
from engine.calibrate.study import METHODS, Task, carry_out, row_file, row_of, scored
from engine.calibrate.table import BARS, lines
from genomes.language.serial import serialise
from sandbox.market import load, resolve

TASK = Task(kind="calendar", seed=0, sharpe=2.0)
LIMITS = Limits(evaluations=40, settings=("search.population=12",))
TIMED = ("cpu_s", "wall_s")


def untimed(row: dict[str, Any]) -> dict[str, Any]:
    return {key: repr(value) for key, value in row.items() if not key.startswith(TIMED)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("whole")
    assert carry_out(TASK, out, LIMITS)
    assert not (out / "work" / TASK.name).exists()
    return row_of(row_file(out, TASK))


def test_a_row_says_what_was_found_and_what_it_took(whole: dict[str, Any]) -> None:
    assert whole["evaluations"] == 40
    assert whole["candidates"] >= 40
    assert whole["cpu_s"] > 0.1
    assert "def factor(m, p)" in whole["champion"]
    assert whole["efficiency"] == pytest.approx(whole["true_sharpe"] / whole["cap_sharpe"])
    assert whole["oracle_fitness"] > 1.0
    assert whole["oracle_sharpe"] == pytest.approx(whole["cap_sharpe"], rel=1e-3)


def test_a_run_that_was_stopped_goes_on_to_the_same_row(
    whole: dict[str, Any], tmp_path: Path
) -> None:
    assert not carry_out(TASK, tmp_path, replace(LIMITS, stopping=lambda: True))
    assert not row_file(tmp_path, TASK).exists()
    spent = (tmp_path / "work" / TASK.name / "cpu.jsonl").read_text()
    assert len(spent.splitlines()) == 1
    with (tmp_path / "work" / TASK.name / "cpu.jsonl").open("a") as file:
        file.write("[1, 12.")  # a kill while it was written
    done: list[int] = []
    going = replace(LIMITS, progress=lambda evaluated, best: done.append(evaluated))
    assert carry_out(TASK, tmp_path, going, keep=True)
    assert untimed(row_of(row_file(tmp_path, TASK))) == untimed(whole)
    assert done[0] > 18  # the seeds were not measured again
    assert (tmp_path / "work" / TASK.name / "archive.sqlite").exists()


def test_a_finished_run_is_not_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made: list[str] = []

    def fake(task: Task, out: Path, limits: Limits, *, keep: bool = False) -> bool:
        made.append(task.name)
        study._save(row(task.kind, seed=task.seed), row_file(out, task))
        return True

    monkeypatch.setattr("engine.calibrate.schedule.carry_out", fake)
    words = ["run", "momentum", "null", "--out", str(tmp_path), "--evaluations", "9"]
    assert main([*words, "--seeds", "1"]) == 0
    assert main([*words, "--seeds", "2"]) == 0
    assert made == [
        "momentum-sr2-finch-s0", "null-sr2-finch-s0", "momentum-sr2-finch-s1", "null-sr2-finch-s1",
    ]  # fmt: skip
    said = capsys.readouterr()
    assert "2 of 4 runs are there; 2 to go" in said.err
    assert main(["table", str(tmp_path)]) == 0
    assert capsys.readouterr().out in said.out
    assert main([*words, "--seeds", "1", "--set", "search.population=8"]) == 2
    assert "settings = [], not ['search.population=8']" in capsys.readouterr().err


def test_a_run_in_a_process_of_its_own_finds_what_one_in_this_process_does(tmp_path: Path) -> None:
    words = ["run", "momentum", "--method", "templates", "--seeds", "1"]
    words += ["--evaluations", "12"]
    assert main([*words, "--out", str(tmp_path / "one")]) == 0
    assert main([*words, "--out", str(tmp_path / "two"), "--workers", "2"]) == 0
    one, two = (study.rows(tmp_path / name) for name in ("one", "two"))
    assert [untimed(row) for row in one] == [untimed(row) for row in two]
    assert len(one) == 1


def test_each_champion_is_scored_on_the_fresh_path(tmp_path: Path) -> None:
    from engine.calibrate.market import panel, write

    made = law(KINDS["calendar"], 0, 2.0)
    market = write(made.bars(), tmp_path, "calendar")
    fields = panel(made.bars(), "calendar", 0.0)[0].dimensions
    graphs = [
        serialise(graph_of(text, fields))
        for text in (made.oracle.replace("- (", "+ ("), made.oracle)
    ]
    steps = tuple(
        Step(evaluation=10 * i, cpu_s=2.0 * i, fitness=float(i), graph=graph)
        for i, graph in enumerate(graphs, start=1)
    )
    trace = Trace(steps=steps, fittest=steps, evaluations=50, candidates=60, cpu_s=9.0)
    found = scored(TASK, made, market, trace, replace(LIMITS, evaluations=50, cpu_s=2.0))
    assert found["efficiency"] == pytest.approx(1.0, abs=1e-3)
    assert abs(found["efficiency_cpu"]) < 0.3  # the second champion took longer than the engine
    assert (found["evaluations_80%"], found["cpu_s_80%"]) == (20, 4.0)
    assert (found["evaluations_95%"], found["train_fitness"]) == (20, 2.0)
    half = replace(trace, steps=steps[:1])
    assert abs(scored(TASK, made, market, half, LIMITS)["efficiency"]) < 0.3
    nothing = scored(TASK, made, market, replace(trace, steps=()), LIMITS)
    assert (nothing["efficiency"], math.isnan(nothing["train_fitness"])) == (0.0, True)
    assert math.isnan(nothing["evaluations_50%"])


def row(kind: str, *, seed: int = 0, **figures: float) -> dict[str, Any]:
    null = not KINDS[kind].planted
    base = {
        "kind": kind, "sharpe": 2.0, "method": "finch", "seed": seed, "cpu_s": 10.0,
        "train_fitness": 1.0, "true_sharpe": 0.5, "oracle_fitness": 1.5, "oracle_sharpe": 1.8,
        "efficiency": math.nan if null else 0.5, "efficiency_fittest": math.nan if null else 0.25,
        "efficiency_cpu": math.nan,
    }  # fmt: skip
    for name in ("evaluations", "cpu_s"):
        base |= {f"{name}_{share}": math.nan for share in ("50%", "80%", "95%")}
    return base | figures


def test_the_table_has_medians_quartiles_and_the_bar() -> None:
    rows = [
        row("calendar", seed=seed, efficiency=share, **{"evaluations_50%": when})
        for seed, (share, when) in enumerate(
            [(0.1, math.nan), (0.2, math.nan), (0.4, 70), (0.6, 30), (0.8, 50)]
        )
    ]
    line = list(lines(rows))[1].split()
    assert line[:4] == ["calendar", "2", "finch", "5"]
    assert line[4:9] == ["0.40", "[0.20,", "0.60]", "0.25", f"{BARS['calendar', 2.0]:.2f}"]
    assert line[13] == "70/-/-"


def test_the_table_says_of_nulls_how_well_their_champions_looked() -> None:
    rows = [row("null", seed=s, train_fitness=1 + s / 10, true_sharpe=-s / 100) for s in range(5)]
    text = list(lines(rows))[-1]
    assert "min 1.00, median 1.20, 95% 1.38, max 1.40" in text
    assert "true Sharpe -0.020 (standard error 0.007)" in text
    assert list(lines([])) == ["No run is finished yet."]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "momentun", "--out", "x"], "KIND momentun: is unknown; did you mean momentum?"),
        (["run", "null", "--out", "x", "--seeds", "0"], "--seeds 0: needs 1 to"),
        (["run", "null", "--out", "x", "--evaluations", "-1"], "--evaluations -1: needs 1 to"),
        (["run", "null", "--out", "x", "--workers", "0"], "--workers 0: needs 1 to"),
        (["run", "null", "--out", "x", "--sharpe", "nan"], "--sharpe nan: needs 0.1 to 10"),
        (["run", "null", "--out", "x", "--method", "finsh"], "did you mean finch?"),
        (["run", "null", "--out", "x", "--set", "search.populaton=3"], "did you mean population?"),
        (["market", "reversl", "--out", "x"], "did you mean reversal?"),
        (["table", "nowhere"], "nowhere: is not a folder"),
    ],
)
def test_a_bad_flag_is_answered_with_what_is_needed(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_help_names_every_kind_and_method_and_comes_at_once() -> None:
    assert all(f"\n  {kind} " in EPILOG for kind in KINDS)
    assert all(f" {method} (" in EPILOG for method in METHODS)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "engine.calibrate", "run", "--help"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--first-seed" in done.stdout
    assert not any(f" {heavy}\n" in done.stderr for heavy in ("numba", "numpy", "pandas"))


def test_a_market_is_written_with_its_oracle_for_a_person(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["market", "hour", "--seed", "3", "--out", str(tmp_path)]) == 0
    made = law(KINDS["hour"], 3, 2.0)
    assert (tmp_path / "oracle.py").read_text() == made.oracle
    assert f"before_rise {made.params['before_rise']}" in capsys.readouterr().out
    loaded = load(resolve(str(tmp_path / "hour.toml"), base=tmp_path))
    assert sorted(set(loaded.panel.fields["hour"])) == [0, 4, 8, 12, 16, 20]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    words = "import time; t = time.process_time()\nwhile time.process_time() - t < 0.3: pass\n"
    running = subprocess.Popen(
        [sys.executable, "-c", words + "print(1, flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    yield running
    running.kill()
    running.wait()


def test_cpu_seconds_count_children_while_they_live_and_once_they_ended(
    child: subprocess.Popen[str],
) -> None:
    before = cpu_s()
    assert child.stdout is not None
    child.stdout.readline()
    alive = cpu_s()
    assert alive - before >= 0.1
    child.communicate("\n")
    assert cpu_s() >= alive - 0.02
    start = time.process_time()
    while time.process_time() - start < 0.1:
        pass
    assert cpu_s() - alive >= 0.08


def test_without_proc_the_process_counts_its_own_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    assert cpu_s() == pytest.approx(sum(os.times()[:4]), abs=0.05)


def test_a_meter_ends_a_run_with_its_evaluations(tmp_path: Path) -> None:
    meter = Meter(tmp_path / "cpu.jsonl", Limits(evaluations=10))
    meter._count({"kinds": {"measured": 4, "floored": 3, "duplicate": 9}, "best": None})
    assert (meter.evaluated, meter.best) == (7, None)
    meter._count({"kinds": {"measured": 1}, "best": -2.0})
    assert (meter.evaluated, meter.best) == (8, -2.0)
