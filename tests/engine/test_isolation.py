"""Which isolation a run demands, and which one its archive records."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import startup
from engine.config import build
from engine.run import Arguments, search
from engine.seeding import Seed
from sandbox.jail.client import Jail, JailError
from sandbox.jail.lockdown import ALL, LANDLOCK

TEXT = "def factor(m, p):\n    return m.close\ndef signal(f, m, p):\n    return 1\n"
SEEDS = [Seed(name="plain", text=TEXT)]


def recorded(**settings: object) -> str:
    config = build({"sandbox": settings})
    return startup.plan(config, Path.cwd(), kept_seeds=SEEDS).identity.isolation


def test_a_run_behind_every_wall_is_recorded_as_full() -> None:
    assert recorded() == "full"
    assert recorded(isolation="reduced") == "full"


def test_a_run_with_a_wall_missing_must_be_asked_for_and_is_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Jail, "_layers", ALL - {LANDLOCK})
    with pytest.raises(JailError, match="lacks landlock"):
        recorded()
    assert recorded(isolation="reduced") == "reduced:landlock"


def test_other_machines_may_have_fewer_walls_than_this_one() -> None:
    assert recorded(isolation="reduced", ray_address="ray://head:1") == "reduced"
    assert recorded(isolation="full", ray_address="ray://head:1") == "full"


def test_a_command_says_which_wall_is_missing_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Jail, "_layers", ALL - {LANDLOCK})
    path = tmp_path / "run.sqlite"
    with pytest.raises(JailError, match=r'isolation = "reduced" under \[sandbox\]'):
        search(Arguments(archive=str(path), generations=1, workers=0), quiet=True)
    assert not path.exists()
