"""`python -m sandbox.screen`: tables, files, and errors that say what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from genomes.check import Checked, check
from sandbox.screen.__main__ import main
from tests.markets import make_frame
from tests.sandbox.screen.markets import walk


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("market") / "bars.csv"
    fields = walk(8, bars=500).fields
    frame = make_frame({"A": fields["close"]}, volumes={"A": fields["volume"]})
    frame.to_csv(place, index=False)
    return str(place)


def test_tables_say_noise_looks_and_that_nothing_is_there(
    bars: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best, rows = tmp_path / "best.py", tmp_path / "rows.parquet"
    said = ["--market", bars, "--rows", "3", "--folds", "4"]
    assert main([*said, "--write", str(best), "--out", str(rows)]) == 0
    shown = capsys.readouterr().out
    assert "single conditions" in shown
    assert "products of two" in shown
    assert "nothing above noise" in shown
    assert "the best of as many looks at noise scores" in shown
    assert "note: one asset" in shown
    assert isinstance(check(best.read_text()), Checked)
    table = pd.read_parquet(rows)
    assert set(table["kind"]) == {"single", "product"}
    assert len(table["folds"][0]) == 4
    assert f"{(table['kind'] == 'single').sum():,} atoms" in shown


def test_json_holds_everything(bars: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--market", bars, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["looks"]["atoms"] == len(found["singles"])
    assert len(found["single_noise"]) == 24
    assert {"text", "phrase", "score", "excess", "folds"} <= set(found["products"][0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rows", "0"], "--rows = 0; needs 1 or more"),
        (["--out", "rows.xlsx"], "needs a name that ends in .json or .parquet"),
        (["--market", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_errors_say_what_to_do(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert said in capsys.readouterr().err
