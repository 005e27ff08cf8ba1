"""`engine.backtest`: one's own file measured, or its refusal explained."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import engine
from engine.backtest import main
from genomes.records.outcome import Measured
from genomes.strategies import texts


@pytest.fixture
def strategy(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(texts()["rsi_pullback"])
    return path


def test_figures_folds_assets_trades_and_equity_agree(strategy: Path) -> None:
    found = engine.backtest(strategy)
    assert isinstance(found.outcome, Measured)
    total = found.metrics["total_return"]
    assert found.equity["equity"].iloc[-1] - 1 == pytest.approx(total)
    assert found.assets["pnl"].sum() == pytest.approx(total)
    assert (1 + found.folds["total_return"]).prod() - 1 == pytest.approx(total)
    assert len(found.trades) >= found.metrics["trades"]
    assert found.folds["statistic"].tolist() == pytest.approx(list(found.outcome.folds))


def test_trades_and_equity_are_written_as_asked(
    strategy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trades, equity = tmp_path / "out" / "trades.csv", tmp_path / "equity.parquet"
    assert main([str(strategy), "--trades", str(trades), "--equity", str(equity)]) == 0
    said = capsys.readouterr().out
    assert "fitness" in said
    assert "training part only" in said
    written = pd.read_csv(trades)
    assert {"symbol", "entry", "exit", "side", "pnl", "reason"} <= set(written.columns)
    assert list(pd.read_parquet(equity).columns)[:2] == ["time", "equity"]


def test_a_refusal_names_line_column_and_what_to_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "def factor(m, p):\n    return m.close.shift(-1) / m.close\n\n\n"
        "def signal(f, m, p):\n    return f > 1\n"
    )
    assert main([str(path)]) == 1
    said = capsys.readouterr().out
    assert "line 2, column" in said
    assert "future" in said


def test_a_window_longer_than_the_market_allows_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from genomes.language import sma\n\n\ndef factor(m, p):\n"
        "    return m.close / sma(m.close, 2000) - 1\n\n\ndef signal(f, m, p):\n    return f > 0\n"
    )
    assert main([str(path)]) == 1
    assert "at most 377 bars" in capsys.readouterr().out


def test_a_state_that_remembers_the_start_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        "from genomes.language import ratchet\n\n\ndef factor(m, p):\n"
        "    return m.close / ratchet(m.close, m.close < 0)\n\n\n"
        "def signal(f, m, p):\n    return f > 0.9\n"
    )
    assert main([str(path)]) == 1
    assert "from a later start" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.py"], "nowhere.py"),
        (["mine.py", "--trades", "trades.xls"], ".csv or .parquet"),
        (["mine.py", "--set", "objective.folds=0"], "objective.folds = 0"),
    ],
)
def test_what_is_wrong_is_a_sentence_and_exit_2(
    words: list[str],
    said: str,
    strategy: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(strategy.parent)
    assert main(words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


IDLE = '''"""A condition that is never true: {0}."""

from genomes.language import hold, rsi, sma


def factor(m, p):
    return (50 - rsi(m.close, 4)) / 50


def signal(f, m, p):
    return hold(enter={0}, exit=rsi(m.close, 4) > 60) * 1
'''


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("(rsi(m.close, 4) < 0) & (m.close > sma(m.close, 50))", ("rsi(m.close, 4) < 0",)),
        (
            "(m.close / m.open > 3) & (m.close.rolling(9).mean() < m.low / 2)",
            ("(m.close / m.open) > 3", "m.close.rolling(9).mean() < (m.low / 2)"),
        ),
        (
            "(rsi(m.close, 4) < 30) & (rsi(m.close, 4) > 70)",
            ("(rsi(m.close, 4) > 70) & (rsi(m.close, 4) < 30)",),
        ),
    ],
)
def test_a_strategy_that_never_trades_says_which_parts_are_never_true(
    condition: str, said: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "idle.py"
    path.write_text(IDLE.format(condition))
    found = engine.backtest(path)
    assert len(found.trades) == 0
    idle = [w for w in found.warnings if w.startswith("never trades")]
    assert idle == [f"never trades: {part} is true in no scored bar" for part in said]


def test_a_strategy_that_trades_is_not_explained(tmp_path: Path) -> None:
    path = tmp_path / "long_only.py"
    short = " - hold(enter=rsi(m.close, 4) < 0, exit=m.close > m.open)\n"
    path.write_text(IDLE.format("rsi(m.close, 4) < 30").replace(" * 1\n", short))
    found = engine.backtest(path)
    assert len(found.trades) > 9
    assert found.warnings == ()
