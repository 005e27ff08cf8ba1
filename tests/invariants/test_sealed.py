"""Validation and sealed bars are in no process of a search: poisoned ones change not one byte."""

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


def write_market(folder: Path, *, poisoned: bool) -> Path:
    """Two assets; where poisoned, every later price and volume is a text that is not a number."""
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
        if poisoned:
            texts = {name: [*cells[:TRAIN]] + ["poison"] * TRAIN for name, cells in texts.items()}
        stamps = pd.date_range("2018-01-01", periods=BARS, freq="B")
        frames.append(pd.DataFrame({"date": stamps, "symbol": symbol, **texts}))
    folder.mkdir()
    pd.concat(frames).to_csv(folder / "bars.csv", index=False)
    file = folder / "market.toml"
    file.write_text('name = "small"\npath = "bars.csv"\nmax_window = 60\n')
    return file


def artefacts(folder: Path, *, poisoned: bool, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
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
    said = [made.digest, made.candidates.to_csv(), made.generations.to_csv()]
    said += [repr([(row.kind, row.body) for row in ledger.rows()])]
    said += [repr(found.outcome), found.equity.to_csv(), found.trades.to_csv()]
    monkeypatch.chdir(folder.parent)
    shutil.rmtree(folder)
    return left | {"said": "\n".join(said).encode()}


def test_poisoned_bars_after_training_change_nothing_in_any_artefact(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = artefacts(tmp_path / "run", poisoned=False, monkeypatch=monkeypatch)
    poisoned = artefacts(tmp_path / "run", poisoned=True, monkeypatch=monkeypatch)
    assert {"run.sqlite", "run.champion.py", "said"} <= plain.keys()
    assert b"def factor" in plain["run.sqlite"]
    assert b"'looks': {'backtests': 1}" in plain["said"]
    assert plain.keys() == poisoned.keys()
    assert [name for name in plain if plain[name] != poisoned[name]] == []


def test_what_a_search_loads_ends_with_training(tmp_path: Path) -> None:
    market = load_market(str(write_market(tmp_path / "m", poisoned=True)), Path.cwd())
    assert market.panel.bars == market.split.train_end == TRAIN
    assert market.split.sealed_end == BARS
