"""A small market with a known edge, and a search of it, shared by the tests of the gates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import engine
from engine.evidence.__main__ import main
from engine.ledger import Ledger
from sandbox.jail.client import Jail

BARS = 640
SIGNAL = "\n\ndef signal(f, m, p):\n    return f\n"
SEEDS = {
    "reversal": "def factor(m, p):\n    return -sign(m.close / m.close.shift(1) - 1)\n",
    "slow": "def factor(m, p):\n    return sign(m.close - sma(m.close, 20))\n",
    "flat": "def factor(m, p):\n    return where(m.weekday == 2, 1, -1)\n",
}


def bars(edge: float, n: int = BARS, seed: int = 3) -> pd.DataFrame:
    """Two assets whose returns turn by `edge` of the last one: n bars of one long path."""
    rng = np.random.default_rng(seed)
    frames: list[pd.DataFrame] = []
    for symbol in ("A", "B"):
        noise = rng.normal(0, 0.01, 2000)
        returns = np.zeros(2000)
        for t in range(1, 2000):
            returns[t] = -edge * returns[t - 1] + noise[t]
        close = 100 * np.cumprod(1 + returns)[:n]
        opened = np.r_[close[:1], close[:-1]]
        frames.append(
            pd.DataFrame(
                {
                    "date": pd.date_range("2018-01-01", periods=n, freq="B"),
                    "symbol": symbol,
                    "open": opened,
                    "high": np.fmax(opened, close),
                    "low": np.fmin(opened, close),
                    "close": close,
                    "volume": 1000.0,
                }
            )
        )
    return pd.concat(frames)


def write(folder: Path, frame: pd.DataFrame, name: str = "bars") -> Path:
    """The market's files; its TOML's path. No costs, and each open is the close before."""
    frame.to_csv(folder / f"{name}.csv", index=False)
    file = folder / f"{name}.toml"
    file.write_text(
        f'name = "{name}"\npath = "{name}.csv"\nmax_window = 40\n'
        "costs = {fee_bps = 0.0, slippage_bps = 0.0}\n"
    )
    return file


@dataclass
class World:
    """A searched market, a ledger of its own, and the command."""

    folder: Path
    archive: Path
    market: Path
    ledger: Ledger
    capsys: pytest.CaptureFixture[str]

    def __call__(self, command: str, *words: str, archive: Path | None = None) -> tuple[int, str]:
        """Exit code, and all that was said."""
        place = [] if command == "ledger" else [str(archive or self.archive)]
        code = main([command, *place, *words, "--ledger", str(self.ledger.path)])
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def kinds(self) -> list[str]:
        """The ledger's rows by kind."""
        return [row.kind for row in self.ledger.rows()]


def searched(folder: Path, edge: float, **more: object) -> Path:
    """Run a small search on a market of this edge; the archive's path."""
    folder.mkdir(parents=True, exist_ok=True)
    market = write(folder, bars(edge))
    mine = folder / "mine"
    mine.mkdir(exist_ok=True)
    head = "from genomes.language import sign, sma, where\n\n"
    for name, text in SEEDS.items():
        (mine / f"{name}.py").write_text(f'"""{name.title()}."""\n{head}{text}{SIGNAL}')
    settings = {"search.builtin_seeds": False, "search.screen": False, "objective.folds": 3}
    engine.evolve(
        generations=1,
        population=6,
        seed=5,
        workers=0,
        market=market,
        seed_from=mine,
        archive=folder / "run.sqlite",
        settings=settings | {"objective.min_active": 0.0, "ledger": str(folder / "none.jsonl")},
        **more,  # type: ignore[arg-type]
    )
    return folder / "run.sqlite"


class _Lent:
    """A jail that its user cannot close; starting one takes most of a small measurement."""

    def __init__(self, jail: Jail) -> None:
        self._jail = jail

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jail, name)

    def close(self) -> None: ...


@pytest.fixture(scope="session", autouse=True)
def shared_jail() -> Iterator[None]:
    """One jail for each set of fields in all tests of the gates, started as a run starts it."""
    jails: dict[str, Jail] = {}

    def lent(fields: Any, **settings: Any) -> _Lent:
        key = repr((sorted(fields.items()), settings))
        if key not in jails:
            jails[key] = Jail(fields, **settings)
        return _Lent(jails[key])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sandbox.worker.Jail", lent)
        yield
    for jail in jails.values():
        jail.close()


@pytest.fixture(scope="session")
def reverting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a search on a market that reverts strongly."""
    return searched(tmp_path_factory.mktemp("reverting"), 0.4)


@pytest.fixture(scope="session")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of a search on noise."""
    return searched(tmp_path_factory.mktemp("noisy"), 0.0)


@pytest.fixture
def world(reverting: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    """The reverting market's search with a fresh ledger."""
    capsys.readouterr()
    yield World(
        folder=tmp_path,
        archive=reverting,
        market=reverting.parent / "bars.toml",
        ledger=Ledger(tmp_path / "ledger.jsonl"),
        capsys=capsys,
    )
