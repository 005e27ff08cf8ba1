"""Sealed bars are in no process of a search; validation bars move its champion, nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import engine
from engine.ledger import Ledger
from engine.startup import load_market

BARS = 420
TRAIN = BARS // 2
SEALED = 3 * BARS // 4


def write_market(folder: Path, *, poisoned: int = BARS) -> Path:
    """Two assets; from a bar on every price and volume is a text that is not a number."""
    rng = np.random.default_rng(3)
    frames: list[pd.DataFrame] = []
    for symbol in ("A", "B"):
        close = 100 * np.cumprod(1 + rng.normal(0.0003, 0.01, BARS))
        opened = np.r_[close[:1], close[:-1]] * (1 + rng.normal(0, 0.002, BARS))
        columns = {
            "open": opened,
            "high": np.fmax(opened, close) * 1.002,
            "low": np.fmin(opened, close) * 0.998,
            "close": close,
            "volume": rng.integers(1000, 9000, BARS).astype(float),
        }
        texts = {name: [f"{value:.6f}" for value in values] for name, values in columns.items()}
        for cells in texts.values():
            cells[poisoned:] = ["poison"] * (BARS - poisoned)
        stamps = pd.date_range("2018-01-01", periods=BARS, freq="B")
        frames.append(pd.DataFrame({"date": stamps, "symbol": symbol, **texts}))
    folder.mkdir()
    pd.concat(frames).to_csv(folder / "bars.csv", index=False)
    file = folder / "market.toml"
    file.write_text('name = "small"\npath = "bars.csv"\nmax_window = 60\n')
    return file


def artefacts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, poisoned: int = BARS
) -> dict[str, bytes]:
    """All that a search and a backtest leave and say, by name; the same folder every time."""
    market = write_market(folder, poisoned=poisoned)
    monkeypatch.chdir(folder)
    ledger = Ledger(folder.parent / f"{poisoned}.jsonl")
    monkeypatch.setenv("FINCH_LEDGER", str(ledger.path))
    made = engine.evolve(
        generations=2, population=8, seed=5, workers=0, market="market.toml", archive="run.sqlite"
    )
    found = engine.backtest("run.champion.py", market=str(market))
    left = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "bars.csv"}
    left["candidates"] = f"{made.digest} {made.candidates.to_csv()}".encode()
    said = [repr([(row.kind, row.body) for row in ledger.rows()])]
    said += [made.generations.to_csv(), repr(found.outcome), found.equity.to_csv()]
    left["said"] = "\n".join([*said, found.trades.to_csv()]).encode()
    monkeypatch.chdir(folder.parent)
    shutil.rmtree(folder)
    return left


def test_poisoned_sealed_bars_change_nothing_in_any_artefact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = artefacts(tmp_path / "run", monkeypatch)
    poisoned = artefacts(tmp_path / "run", monkeypatch, poisoned=SEALED)
    assert {"run.sqlite", "run.champion.py", "candidates", "said"} <= plain.keys()
    assert b"def factor" in plain["run.sqlite"]
    assert b"'looks': {'backtests': 1}" in plain["said"]
    assert plain.keys() == poisoned.keys()
    assert [name for name in plain if plain[name] != poisoned[name]] == []


def test_poisoned_validation_bars_change_no_candidate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = artefacts(tmp_path / "run", monkeypatch)
    poisoned = artefacts(tmp_path / "run", monkeypatch, poisoned=TRAIN)
    assert plain["candidates"] == poisoned["candidates"]


def test_what_a_search_loads_ends_with_training(tmp_path: Path) -> None:
    market = load_market(str(write_market(tmp_path / "m", poisoned=TRAIN)), Path.cwd())
    assert market.panel.bars == market.split.train_end == TRAIN
    assert market.split.sealed_end == BARS
