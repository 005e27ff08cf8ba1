"""A driver killed with SIGKILL loses no evaluation it kept and no generation it told."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from archive.store import Archive

ROOT = Path(__file__).parents[2]

DRIVER = """
import importlib.util, os, signal, sys
from collections.abc import Mapping
from archive.store import Archive

spec = importlib.util.spec_from_file_location("made", sys.argv[2])
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)


class Killing(Mapping):
    "A summary that is asked for after the candidates were written and before they are committed."
    def __getitem__(self, key): os.kill(os.getpid(), signal.SIGKILL)
    def __iter__(self): return iter(["now"])
    def __len__(self): return 1


archive = Archive.create(sys.argv[1], identity=made.IDENTITY)
first, second, _ = made.make_generations()
archive.tell(0, first, {"generation": 0})
archive.remember([made.make_measured(3, 0.3)])
archive.remember([made.make_measured(5, 0.5)])
archive.tell(1, second, Killing())
"""


def test_a_kill_in_the_middle_of_telling_loses_no_evaluation_and_no_generation(
    place, identity, measured, generations
):
    made = Path(__file__).with_name("conftest.py")
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, place, made], cwd=ROOT, capture_output=True, text=True
    )
    assert run.returncode == -signal.SIGKILL, run.stderr
    keys = [measured(3, 0.3).key, measured(5, 0.5).key]
    with Archive.open(place, identity=None, readonly=True) as archive:
        assert archive.generations() == 1  # a reader gets on with what a killed writer left
    with Archive.open(place, identity=identity) as archive:
        assert archive.generations() == 1
        assert list(archive.entries()) == generations[0]
        assert archive.recall(keys) == {
            keys[0]: measured(3, 0.3),
            keys[1]: measured(5, 0.5),
        }
        archive.tell(1, generations[1], {})
        assert list(archive.entries(generations=range(1, 2))) == generations[1]
    assert [file.name for file in place.parent.iterdir()] == [place.name]
