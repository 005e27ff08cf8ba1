"""The embedded market, and the command that describes markets."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sandbox.market import CLOCK_FIELDS, OHLCV, MarketError, load, resolve
from sandbox.market.__main__ import main
from sandbox.market.config import MARKETS
from sandbox.market.resolve import names_with_data
from tests.markets import make_frame

ROOT = Path(__file__).parents[3]


def test_the_embedded_market_is_two_indices_over_twenty_years(tmp_path: Path):
    market = load(resolve(None, base=tmp_path))
    panel, split = market.panel, market.split
    assert panel.symbols == ("NASDAQ", "SP500")
    assert split.sealed_end == 5031
    assert panel.bars == split.validation_end == 3773
    assert split.train_end == 2516
    assert panel.size == 2 * 3773
    assert panel.clock[0] == pd.Timestamp("1999-01-04").value
    assert set(panel.fields) == {*OHLCV, *CLOCK_FIELDS}
    assert panel.fields["open"][panel.offsets[1]] == 1229.22998
    assert panel.fields["close"][0] == 2208.050049
    assert panel.bars_per_year == pytest.approx(252, abs=1)
    assert panel.listed.tolist() == [2] * 3773
    assert np.isfinite(np.array(list(panel.fields.values()))).all()
    assert [f.kind for f in market.findings] == ["stale_opens"]


def test_importing_the_market_brings_no_heavy_package():
    code = (
        "import sys, sandbox.market; "
        "print([m for m in ('pandas', 'pyarrow', 'arch', 'rich', 'numba') if m in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "[]"


def test_loading_the_embedded_market_does_not_import_arch():
    code = (
        "import sys; from pathlib import Path; from sandbox.market import load, resolve; "
        "load(resolve(None, base=Path())); print('arch' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert answer.stdout.strip() == "False"


def test_the_command_describes_a_good_market(capsys: pytest.CaptureFixture[str]):
    assert main([]) == 0
    text = capsys.readouterr().out
    for part in (
        "2: NASDAQ, SP500",
        "1999-01-04   2009-01-02",
        "2018-12-31",
        "not loaded",
        "5 bp fee, 2 bp slippage",
        "next_close",
        "no bad bars before the sealed part",
        "price",
    ):
        assert part in text, part


def test_the_command_shows_bad_bars_and_fails_unless_they_are_dropped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    frame = make_frame({"A": [1.0] * 200, "B": [1.0] * 200})
    frame.loc[3, "close"] = -1.0
    frame.to_csv(tmp_path / "bars.csv", index=False)
    assert main([str(tmp_path / "bars.csv")]) == 1
    text = capsys.readouterr().out
    assert '1 bad bar, refused; fix it, or write bad_bars = "drop" in the market' in text
    assert "A: 1 bar (2020-01-09): each has a price of zero or below" in text
    (tmp_path / "m.toml").write_text('path = "bars.csv"\nbad_bars = "drop"', encoding="utf-8")
    assert main([str(tmp_path / "m.toml")]) == 0
    assert "1 bad bar, left out" in capsys.readouterr().out
    frame.loc[5:6, "close"] = -1.0
    frame.to_csv(tmp_path / "bars.csv", index=False)
    assert main([str(tmp_path / "bars.csv")]) == 1
    assert "3 bad bars, refused; fix them, or write bad_bars" in capsys.readouterr().out


def test_the_command_says_why_a_market_cannot_be_read(capsys: pytest.CaptureFixture[str]):
    assert main(["nowhere.csv"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "market 'nowhere.csv': neither a name nor a path" in captured.err
    assert "Traceback" not in captured.err


def test_help_teaches_what_a_market_may_be(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert "us_etf_daily" in text
    assert "exit status: 0" in text
    assert "one file per symbol" in text


def test_help_says_which_names_have_their_data_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    for name, path in {"far": "../gone.csv", "near": "near.csv", "own": "embedded"}.items():
        (tmp_path / f"{name}.toml").write_text(f'path = "{path}"', encoding="utf-8")
    column = 'path = "near.csv"\n[column.x]\nfile = "gone.csv"'
    (tmp_path / "half.toml").write_text(column, encoding="utf-8")
    (tmp_path / "wrong.toml").write_text("path = ", encoding="utf-8")
    (tmp_path / "near.csv").write_text("", encoding="utf-8")
    monkeypatch.setattr(sys.modules["sandbox.market.resolve"], "MARKETS", tmp_path)
    assert names_with_data() == ("near", "own")
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert "a name              near, own; without their data here: far, half, wrong\n" in text
    for name in ("far", "half", "wrong"):
        (tmp_path / f"{name}.toml").unlink()
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "a name              near, own\n" in capsys.readouterr().out


@pytest.mark.parametrize("columns", ["40", "80"])
def test_what_goes_into_a_pipe_is_not_wrapped(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", columns)
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    (stale,) = [line for line in lines if "the open repeats the previous close" in line]
    assert stale.endswith("fills already use the next close, as they should")
    assert any("hour, weekday" in line and "always" in line for line in lines)


def test_a_command_that_is_interrupted_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sandbox.market.__main__.load", interrupted)
    assert main([]) == 130
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_an_example_whose_data_are_not_here_says_where_they_are_expected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    folder = tmp_path / "configs" / "markets"
    folder.mkdir(parents=True)
    (folder / "far.toml").write_text('path = "../../data/far.csv"', encoding="utf-8")
    for module in ("resolve", "source"):
        monkeypatch.setattr(sys.modules[f"sandbox.market.{module}"], "MARKETS", folder)
    with pytest.raises(MarketError) as caught:
        load(resolve("far", base=tmp_path))
    assert caught.value.problems == (
        "far: an example that needs data which do not come with Finch: configs/markets/far.toml "
        f"expects them at {tmp_path}/data/far.csv (path = '../../data/far.csv'); put them there, "
        "or write a TOML of your own with another path",
    )
    make_frame({"A": [1.0] * 99}).to_csv(folder / "near.csv", index=False)
    text = 'path = "near.csv"\n[column.x]\nfile = "../../data/x.csv"'
    (folder / "half.toml").write_text(text, encoding="utf-8")
    with pytest.raises(MarketError, match=r"half: an example that needs data .*/data/x\.csv"):
        load(resolve("half", base=tmp_path))


SHARED = sorted(
    p.stem for p in MARKETS.glob("*.toml") if "shared/data" in p.read_text(encoding="utf-8")
)


@pytest.mark.skipif(
    not (MARKETS / "../../../shared/data/us_etf_daily.parquet").exists(),
    reason="the development data lie beside the checkout, not in it",
)
@pytest.mark.parametrize("name", SHARED)
def test_a_market_of_the_development_data_loads_without_bad_bars(name: str, tmp_path: Path):
    market = load(resolve(name, base=tmp_path))
    assert [f.text for f in market.findings if f.bad] == []
    assert market.panel.bars == market.split.validation_end < market.split.sealed_end
    assert set(market.config.column) <= set(market.panel.fields)
    for column in market.config.column:
        assert np.isfinite(market.panel.fields[column]).any()
    assert (market.panel.funding is not None) == (name == "crypto_perp_4h_funding")


def test_a_market_that_names_an_absent_file_says_so(tmp_path: Path):
    path = tmp_path / "m.toml"
    path.write_text('path = "../gone/x.parquet"', encoding="utf-8")
    with pytest.raises(MarketError, match="does not exist; a path is taken relative to the folder"):
        load(resolve("m.toml", base=tmp_path))
