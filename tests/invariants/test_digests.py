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
    structural: "65e3e0b55ce87c30facb04b198e9e7cb52bc9d5e5258c23247f799a095650cf7",
    pareto: "089e7792eb77e8ee3f7523d69ae5e6e44b58d8fe4163381d196a49ec9e491da2",
    wide: "f7beba9eb3da1304cef0d0e78f1381dd4b89f50fac43cdd8d62ae1f67136d876",
    models: "aec569e73f9ab4509999f40a2d176e3fc332df66bcc78b95969eed3c1d6d9a87",
}


@pytest.mark.parametrize("run", FROZEN, ids=lambda run: run.__name__)
def test_a_known_run_gives_the_archive_it_always_gave(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.chdir(tmp_path)
    assert run(tmp_path) == FROZEN[run]
