"""What a file may do to its reader: bombs, endless lines, formulas, two readings; the command."""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sandbox.market import Files, MarketConfig, MarketError, Panel, read_config
from sandbox.market.__main__ import main
from sandbox.market.shapes import container
from sandbox.market.shapes.dates import time_formats
from sandbox.market.shapes.marks import Marks, find_marks, number
from sandbox.market.source import Memory
from sandbox.market.splits import splits
from tests.markets import make_config, make_frame, make_panel
from tests.sandbox.market.shapes.written import HOURS, OHLCV, A, B, csv, titled, whole

HEAD = "Date,Open,High,Low,Close\n"


def told(folder: Path, name: str, body: str | bytes, **keys: object) -> str:
    (folder / name).write_bytes(body if isinstance(body, bytes) else body.encode())
    config = MarketConfig.model_validate({"name": "m", "path": name, "folder": folder, **keys})
    with pytest.raises(MarketError) as caught:
        Files(config).rows(until=None, keep=None)
    return str(caught.value)


@pytest.mark.parametrize("packed", ["zip", "gz"])
def test_a_bomb_is_not_unpacked(tmp_path: Path, packed: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(container, "FREE_BYTES", 1 << 20)
    bomb = (HEAD + "2020-01-01,1,1,1,1\n" * 200_000).encode()
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bars.csv", bomb)
    data = body.getvalue() if packed == "zip" else gzip.compress(bomb)
    text = told(tmp_path, f"bars.{packed}", data)
    assert f"bars.{packed}: unpacks to over 100 times its size" in text
    assert int(text.split("(")[1].split(" ")[0].replace(",", "")) < 2 << 20


def test_an_endless_line_ends_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(container, "LINE_BYTES", 1 << 20)
    body = HEAD + "2020-01-01,1,1,1," + "1" * (2 << 20)
    assert "bars.csv: has a line of over 1 MB" in told(tmp_path, "bars.csv", body)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<!DOCTYPE html><p>limit reached", "is a web page or XML, not a table"),
        (b"\x80\x04\x95cos\nsystem", "is a pickle, which is code; write its frame as Parquet"),
        (b"\xd0\xcf\x11\xe0old", "is an old Excel workbook (.xls); save it as .xlsx or CSV"),
        ("[" * 50_000, "JSON inside JSON too often; needs a table"),
        ('{"Note": "too many calls"}', "JSON without a table; needs records"),
        ('[{"time": 1,', "is not JSON (line 1:"),
        (b"PK\x03\x04", "cannot be read as csv (File is not a zip file)"),
    ],
)
def test_what_is_not_a_table_is_told_what_it_is(tmp_path: Path, body: str | bytes, text: str):
    assert f"bars.csv: {text}" in told(tmp_path, "bars.csv", body)


def test_a_formula_is_the_value_it_had_and_never_computed(tmp_path: Path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Date", "Open", "High", "Low", "Close"])
    book.active.append(["2020-01-02", 1, 1, 1, "=1+1"])
    book.save(tmp_path / "bars.xlsx")
    config = MarketConfig(name="m", path="bars.xlsx", folder=tmp_path)
    assert np.isnan(Files(config).rows(until=None, keep=None).values["close"]).all()


def test_a_workbook_without_openpyxl_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert told(tmp_path, "bars.xlsx", body.getvalue()) == (
        "bars.xlsx: an Excel workbook needs the package openpyxl: pip install 'finch[excel]', or "
        "save the sheet as CSV"
    )


def test_days_that_are_counts_are_not_epochs(tmp_path: Path):
    days = (A["time"] - pd.Timestamp("1899-12-30")).dt.days
    text = told(tmp_path, "bars.csv", csv(titled().assign(Date=days)))
    assert text.startswith("bars.csv: 'Date' counts (43832, ...) and is not a stamp")


def test_letters_that_may_be_prices_or_tickers_are_asked(tmp_path: Path):
    wide = pd.DataFrame({"Date": A["time"], **dict.fromkeys("OHLC", A["close"]), "SPY": 1.0})
    text = told(tmp_path, "bars.csv", csv(wide))
    assert text.startswith("bars.csv: O, H, L and C may be prices or tickers beside SPY; write")
    assert 'layout = "closes"' in text
    assert 'columns = { open = "O", high = "H", low = "L", close = "C" }' in text
    for keys, assets in (({"layout": "closes"}, 5), ({"columns": {"close": "C"}}, 1)):
        config = MarketConfig.model_validate(
            {"name": "m", "path": "bars.csv", "folder": tmp_path, **keys}
        )
        assert len(Files(config).stamps().symbols) == assets


def test_bars_without_a_header_are_refused_where_their_order_is_not_known(tmp_path: Path):
    own = whole(A)[["time", "low", "high", "close", "open", "volume"]]
    text = told(tmp_path, "bars.csv", csv(own, header=False))
    assert "bars.csv: has no header, and its columns are not the usual" in text
    assert 'names = ["time", "open", "high", "low", "close", "volume"]' in text


def test_two_volumes_of_which_none_is_known_are_asked(tmp_path: Path):
    own = titled().rename(columns={"Volume": "Volume ETH"}).assign(**{"Volume BTC": 1.0})
    text = told(tmp_path, "bars.csv", csv(own))
    assert 'write columns.volume = "Volume ETH" or columns.volume = "Volume BTC"' in text


def test_digits_of_a_time_of_day_are_not_read_in_another_length():
    assert time_formats("01/13/2020 0930") == ("%m/%d/%Y %H%M",)
    assert time_formats("01/13/2020 093015") == ("%m/%d/%Y %H%M%S",)
    assert time_formats("1012020") == ()


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        (["1,234.5", "12"], Marks(decimal=".", thousands=",")),
        (["1.234,5", "1.234"], Marks(decimal=",", thousands=".")),
        (["1,234", "1,234,567"], Marks(decimal=".", thousands=",")),
        (["1,234", "101.5"], Marks(decimal=".", thousands=",")),
        (["1,234", "101,5"], Marks(decimal=",")),
        (["1 234,5"], Marks(decimal=",", thousands=" ")),
        (["1\u202f234,5"], Marks(decimal=",", thousands=" ")),
        (["1'234.5"], Marks(decimal=".", thousands="'")),
        (["$12.5", "3.1M", "n/k"], Marks()),
        (["1.234"], Marks()),
        (["1,234", "5,678"], None),
        (["1,234", "1.234"], None),
        (["1,2", "1.5"], None),
    ],
)
def test_marks_are_found_from_all_cells_or_not_at_all(cells: list[str], marks: Marks | None):
    assert find_marks([pd.Series(cells, dtype=object)]) == marks


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.23M", 1_230_000), ("-2.5K", -2500), ("$1.5B", 1.5e9), ("1e3", 1000), ("3%", None)],
)  # fmt: skip
def test_a_number_is_read_exactly_or_not(text: str, value: float | None):
    read = number(text, Marks())
    assert np.isnan(read) if value is None else read == value


def test_a_frame_that_repeats_a_row_right_away_is_told_and_not_bad(tmp_path: Path):
    from sandbox.market.judge import judge

    frame = make_frame({"A": [1.0, 2.0, 3.0]}).iloc[[0, 1, 1, 2]]
    judgement = judge(Memory.of_frame(frame, make_config()).bars)
    assert [(f.kind, f.count, f.bad) for f in judgement.findings] == [("repeated", 1, False)]
    assert judgement.drop.tolist() == [False, False, True, False]
    other = frame.assign(close=[1.0, 2.0, 1.9, 3.0], low=0.5)
    assert [f.kind for f in judge(Memory.of_frame(other, make_config()).bars).findings] == [
        "duplicate"
    ]


def test_a_jump_by_a_whole_ratio_that_stays_looks_like_a_split():
    def opened_where_it_closes(**closes: np.ndarray) -> Panel:
        return make_panel(
            {s: c.tolist() for s, c in closes.items()},
            opens={s: c.tolist() for s, c in closes.items()},
        )

    walk = 100 * np.exp(np.random.default_rng(5).normal(0, 0.01, 60).cumsum())
    day = np.arange(60)
    (found,) = splits(opened_where_it_closes(A=walk / np.where(day < 30, 1.0, 4.0), B=walk))
    assert (found.kind, found.symbol, found.stamps) == ("split", "A", ("2020-02-05",))
    assert "1:4 at 2020-02-05" in found.text
    assert not found.bad
    assert splits(opened_where_it_closes(A=walk / np.where(day < 30, 1.0, 2.6))) == ()
    assert splits(opened_where_it_closes(A=walk / np.where(day == 30, 4.0, 1.0))) == ()


def test_the_command_says_the_shape_shows_bars_and_writes_a_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    own = titled(B, form="%d/%m/%Y").assign(**{n.title(): [f"{x:,}" for x in B[n]] for n in OHLCV})
    (tmp_path / "spx.csv").write_text(csv(own), encoding="utf-8")
    target = tmp_path / "sub" / "spx.toml"
    target.parent.mkdir()
    assert main([str(tmp_path / "spx.csv"), "--write", str(target)]) == 0
    text = capsys.readouterr().out
    assert "read as a table; stamps as %d/%m/%Y; commas between thousands" in text
    row = next(line for line in text.splitlines() if "2020-01-02 " in line and "spx" in line)
    assert row.split() == [
        "spx",
        "2020-01-02",
        "1,011.8",
        "1,012.06",
        "1,011.1",
        "1,011.91",
        "5,826,300",
    ]
    assert "stamped at 00:00, Mon to Fri, UTC" in text
    config = read_config(target)
    assert (config.path, config.time_format, config.thousands) == ("../spx.csv", "%d/%m/%Y", ",")
    assert main([str(tmp_path / "spx.csv"), "--write", str(target)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([str(target), "--write", str(tmp_path / "other.toml")]) == 2
    assert "is a market with a config already" in capsys.readouterr().err


def test_gaps_and_hours_are_those_of_the_bars(tmp_path: Path):
    from sandbox.market.seen import gaps, hours

    panel = make_panel({"A": [1.0] * 48}, bar="1h", skip={"A": range(10, 20)})
    assert gaps(panel) == "1, the longest 11h (A after 2020-01-06T09:00)"
    assert hours(panel, "UTC") == "stamped 00:00 to 23:00, Mon, Tue, UTC"
    assert gaps(make_panel({"A": [1.0] * 48}, bar="1h")) == "none"


def test_values_that_only_sealed_rows_have_are_not_made_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A wide table read up to a stamp gives no number from it on."""
    import sandbox.market.source as room

    wide = pd.DataFrame({"Date": HOURS["time"], "SPY": HOURS["close"], "QQQ": HOURS["close"]})
    wide.loc[100:, ["SPY", "QQQ"]] = 1e300
    (tmp_path / "w.csv").write_text(csv(wide), encoding="utf-8")
    seen: list[float] = []
    numbers = room.to_numbers

    def spy(series: pd.Series) -> object:
        values = numbers(series)
        seen.extend(values.tolist())
        return values

    monkeypatch.setattr(room, "to_numbers", spy)
    source = Files(MarketConfig(name="w", path="w.csv", folder=tmp_path))
    until = int(HOURS["time"].iloc[100].value)
    assert len(source.rows(until=until, keep=None).stamp) == 200
    assert len(source.stamps().stamp) == 320
    assert len(seen) == 200 * 4
    assert max(seen) < 1e300
