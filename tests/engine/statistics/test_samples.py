"""No statistic imports a heavy library before it is asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import engine.statistics

MODULES = sorted(
    path.stem
    for path in Path(engine.statistics.__file__).parent.glob("*.py")
    if path.stem != "__init__"
)


def test_there_are_modules() -> None:
    assert {"sharpe", "max_t", "spending", "ladder", "trials"} < set(MODULES)


def test_importing_them_all_brings_numpy_and_no_more() -> None:
    names = [f"engine.statistics.{name}" for name in MODULES]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        "heavy = {'scipy', 'statsmodels', 'arch', 'pandas', 'ray', 'numba'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_how_it_is_called(name: str) -> None:
    module = __import__(f"engine.statistics.{name}", fromlist=["x"])
    public = [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", "") == module.__name__
    ]
    assert public
    assert all(getattr(module, key).__doc__ for key in public)
