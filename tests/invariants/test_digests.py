"""Four whole runs, known to the byte.

A change that is meant to change nothing a search does leaves these digests alone; one that is
meant to freezes the new ones and says so.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import engine
from tests.engine.llm.scripted import author
from tests.engine.llm.server import ScriptedServer

KEY = "sk-finch-1234567890abcdef"


def wide_market(path: Path) -> Path:
    """Seventy assets with a common factor, late listings and gaps."""
    rng = np.random.default_rng(20)
    bars, assets = 1800, 70
    stamps = pd.date_range("2015-01-05", periods=bars, freq="B")
    common = rng.normal(0.0002, 0.008, bars)
    frames: list[pd.DataFrame] = []
    for asset in range(assets):
        returns = common * rng.uniform(0.5, 1.5) + rng.normal(0, 0.01, bars)
        close = (100 * np.exp(np.cumsum(returns))).round(4)
        opened = np.r_[close[:1], close[:-1]] * (1 + rng.normal(0, 0.002, bars)).round(4)
        high = np.fmax(opened, close) * 1.004
        low = np.fmin(opened, close) * 0.996
        volume = rng.integers(1_000, 100_000, bars)
        frame = pd.DataFrame(
            {
                "date": stamps,
                "symbol": f"A{asset:02d}",
                "open": opened.round(4),
                "high": high.round(4),
                "low": low.round(4),
                "close": close,
                "volume": volume,
            }
        )
        if asset % 10 == 0:
            frame = frame.iloc[asset:]
        if asset % 7 == 0:
            frame = frame.drop(frame.index[100 + asset : 103 + asset])
        frames.append(frame)
    file = path / "wide.csv"
    pd.concat(frames).to_csv(file, index=False)
    return file


def structural(path: Path) -> str:
    return engine.evolve(
        generations=6, population=16, seed=7, workers=0, archive=path / "run.sqlite"
    ).digest


def pareto(path: Path) -> str:
    return engine.evolve(
        generations=5,
        population=16,
        seed=11,
        workers=0,
        archive=path / "run.sqlite",
        settings={"search.selection": "pareto", "search.tune.trials": 4},
    ).digest


def wide(path: Path) -> str:
    return engine.evolve(
        generations=3,
        population=12,
        seed=3,
        workers=0,
        market=wide_market(path),
        archive=path / "run.sqlite",
    ).digest


def models(path: Path) -> str:
    with ScriptedServer(author, key=KEY) as server:
        found = engine.evolve(
            generations=4,
            population=10,
            seed=5,
            workers=0,
            llm=["small", "large"],
            llm_base_url=server.url,
            archive=path / "run.sqlite",
            settings={"llm.share": 0.6, "llm.debate": 1, "llm.prompts.every": 2},
        )
    again = engine.evolve(replay=path / "run.sqlite", workers=0, archive=path / "again.sqlite")
    assert again.digest == found.digest
    return found.digest


FROZEN = {
    structural: "5805a88fe720c834ffe4f48fba48bb255667a393d3e573bfd1a6a01dcb472320",
    pareto: "1ab0182ef8e616f25057b3d624cca5606400511d602f1fee50fc600e4983882c",
    wide: "58536b7b5a288ad00b62503ae6526c74ab54e833e5650ebdc61df1ad4e06d488",
    models: "11c85e44185c087babf0204e60b4494c2ebca574caec474b8993963b854a229b",
}


@pytest.mark.parametrize("run", FROZEN, ids=lambda run: run.__name__)
def test_a_known_run_gives_the_archive_it_always_gave(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path) == FROZEN[run]
