"""Files whose stamps or numbers cannot be read: what is told, and what makes them read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.market import MarketConfig, MarketError, load, resolve
from sandbox.market.__main__ import main
from sandbox.market.rows import number_remedy, stamp_remedy
from sandbox.market.shapes.dates import time_formats
from tests.markets import make_frame

TOML = "in the market's TOML"


def two(n: int = 400) -> pd.DataFrame:
    walks = [np.exp(np.random.default_rng(s).normal(7, 0.01, n).cumsum() / 100) for s in (1, 2)]
    return make_frame({"A": walks[0].round(4).tolist(), "B": walks[1].round(4).tolist()})


def config(folder: Path, frame: pd.DataFrame | None = None, **keys: Any) -> MarketConfig:
    if frame is not None:
        frame.to_csv(folder / "bars.csv", index=False)
    return MarketConfig.model_validate(
        {"name": "two", "path": "bars.csv", "folder": folder, **keys}
    )


def told(config: MarketConfig) -> tuple[str, ...]:
    with pytest.raises(MarketError) as caught:
        load(config)
    return caught.value.problems


def dated(frame: pd.DataFrame, form: str) -> pd.DataFrame:
    return frame.assign(time=frame["time"].dt.strftime(form))


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("29/01/1993", f'write time_format = "%d/%m/%Y" {TOML}'),
        ("01/29/1993", f'write time_format = "%m/%d/%Y" {TOML}'),
        ("03/04/1993", f'write time_format = "%d/%m/%Y" (or "%m/%d/%Y") {TOML}'),
        ("29.01.1993 16:30", f'write time_format = "%d.%m.%Y %H:%M" {TOML}'),
        ("1/29/1993 4:30 PM", f'write time_format = "%m/%d/%Y %I:%M %p" {TOML}'),
        ("29-Jan-1993", f'write time_format = "%d-%b-%Y" {TOML}'),
        ("soon", f'write time_format = "..." {TOML}, as in "%d/%m/%Y %H:%M"'),
    ],
)
def test_a_stamp_is_answered_with_the_format_that_reads_it(text: str, remedy: str):
    assert stamp_remedy(text, None) == remedy


def test_a_format_that_did_not_read_a_stamp_is_not_advised():
    assert stamp_remedy("03/04/1993", "%d/%m/%Y") == f'write time_format = "%m/%d/%Y" {TOML}'
    assert time_formats("03/04/1993") == ("%d/%m/%Y", "%m/%d/%Y")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("1,234.50", f'write thousands = "," {TOML}'),
        ("24,13", f'write decimal = "," {TOML}'),
        ("1,234", f'write thousands = "," (or decimal = ",") {TOML}'),
        ("1.234,50", f'write decimal = "," and thousands = "." {TOML}'),
        ("$24.13", "needs plain, finite numbers such as 1234.5"),
        ("inf", "needs plain, finite numbers such as 1234.5"),
    ],
)
def test_a_number_is_answered_with_the_marks_that_read_it(text: str, remedy: str):
    assert number_remedy(text) == remedy


def test_dates_that_are_not_iso_are_read_or_told_with_the_format_to_write(tmp_path: Path):
    frame = two()
    either = frame[frame["time"].dt.day <= 12]
    assert told(config(tmp_path, dated(either, "%m/%d/%Y"))) == (
        "bars.csv: every stamp of 'time' reads in more than one way (no day above 12 tells); write "
        f"one of these {TOML}:\n"
        '    time_format = "%d/%m/%Y"    # 3 April 1993 is 03/04/1993\n'
        '    time_format = "%m/%d/%Y"    # 3 April 1993 is 04/03/1993',
    )
    found = load(config(tmp_path, dated(frame, "%m/%d/%Y")))
    assert found.findings[0].text == "read as a table; stamps as %m/%d/%Y"
    assert found.fingerprint == load(config(tmp_path, frame)).fingerprint
    config(tmp_path, dated(frame, "%m/%d/%Y"))
    assert load(config(tmp_path, time_format="%m/%d/%Y")).panel.symbols == ("A", "B")
    assert told(config(tmp_path, time_format="%Y/%m/%d")) == (
        "bars.csv: no stamp of 'time' is as time_format = \"%Y/%m/%d\" says, e.g. "
        f'"01/06/2020"; write time_format = "%d/%m/%Y" (or "%m/%d/%Y") {TOML}',
    )


def test_every_file_without_a_readable_stamp_is_named_up_to_five(tmp_path: Path):
    own = two()[:9].drop(columns="symbol").assign(time="6th of January")
    (tmp_path / "many").mkdir()
    for name in "abcdefg":
        own.to_csv(tmp_path / "many" / f"{name}.csv", index=False)
    own[:0].to_csv(tmp_path / "many" / "a.csv", index=False)
    own.assign(time="").to_csv(tmp_path / "many" / "b.csv", index=False)
    problems = told(config(tmp_path, path="many"))
    assert len(problems) == 6
    assert problems[0] == "a.csv: has a header and no rows"
    assert problems[1] == "b.csv: 'time', its time column, is empty in every row"
    assert problems[2].startswith("c.csv: no stamp of 'time' can be read, e.g. \"6th of ")
    assert problems[5] == "and 2 more files without a bar that can be read"


def test_a_file_with_a_header_only_is_told(tmp_path: Path):
    expected = ("bars.csv: has a header and no rows",)
    assert told(config(tmp_path, two()[:0])) == expected
    assert told(config(tmp_path, min_bars=9, symbols=["A"])) == expected


def test_chosen_assets_without_a_readable_stamp_are_told(tmp_path: Path):
    frame = two().astype({"time": str})
    frame.loc[frame["symbol"] == "A", "time"] = "soon"
    expected = ("two: its files hold no bar with a readable stamp",)
    assert told(config(tmp_path, frame, symbols=["A"])) == expected
    assert told(config(tmp_path, symbols=["A"], min_bars=9)) == expected


def test_a_stamp_among_good_ones_is_quoted(tmp_path: Path):
    frame = two().astype({"time": str})
    frame.loc[7, "time"] = "yesterday"
    assert told(config(tmp_path, frame))[1:] == (
        '  A: 1 bar (?): each has a stamp that cannot be read as a time, e.g. "yesterday"',
    )


def test_excluding_every_asset_is_told(tmp_path: Path):
    assert told(config(tmp_path, two(), exclude=["A", "B"])) == (
        "two: exclude leaves no asset (A, B)",
    )


@pytest.mark.parametrize("bad_bars", ["refuse", "drop"])
def test_prices_that_are_no_numbers_are_quoted_for_each_asset(tmp_path: Path, bad_bars: str):
    frame = two()
    texts = [f"{x} or so" for x in frame["close"]]
    assert told(config(tmp_path, frame.assign(close=texts), bad_bars=bad_bars)) == (
        "two: every bar is bad, so no bars are left to load:",
        f'  A: close is not a number in all 300 bars, e.g. "{texts[0]}"; needs plain, finite '
        "numbers such as 1234.5",
        f'  B: close is not a number in all 300 bars, e.g. "{texts[400]}"; needs plain, finite '
        "numbers such as 1234.5",
    )


def test_a_few_prices_that_are_no_numbers_are_quoted(tmp_path: Path):
    frame = two().astype({"close": object, "open": object})
    frame.loc[3, "close"] = "1,234"
    frame.loc[5, "open"] = "n/k"
    heading, found = told(config(tmp_path, frame, decimal="."))
    assert heading.startswith("two: 2 bad bars; fix the file, or write bad_bars = ")
    assert found == (
        "  A: 2 bars (2020-01-09, 2020-01-11): each has no finite number in open or close, e.g. "
        'open "n/k"; needs plain, finite numbers such as 1234.5'
    )
    frame.loc[5, "open"] = frame.loc[4, "close"]
    assert told(config(tmp_path, frame, decimal=".")) == (
        f'two: 1 bad bar; fix the file, or write bad_bars = "drop" {TOML} to leave them out '
        "(unsorted ones are sorted) and have them counted:",
        "  A: 1 bar (2020-01-09): each has no finite number in close, e.g. "
        f'"1,234"; write thousands = "," (or decimal = ",") {TOML}',
    )


def test_infinite_prices_are_quoted(tmp_path: Path):
    frame = two()
    frame.loc[3, "close"] = np.inf
    assert told(config(tmp_path, frame))[1] == (
        "  A: 1 bar (2020-01-09): each has no finite number in close, e.g. "
        '"inf"; needs plain, finite numbers such as 1234.5'
    )


def test_no_text_of_the_sealed_part_is_quoted(tmp_path: Path):
    frame = two().astype({"close": object})
    frame.loc[[350, 750], "close"] = "sealed"
    assert load(config(tmp_path, frame)).findings == ()


@pytest.mark.parametrize(
    ("decimal", "thousands"), [(",", "."), (",", None), (".", ","), (".", " ")]
)
def test_decimal_and_thousands_read_the_same_market(
    tmp_path: Path, decimal: str, thousands: str | None
):
    frame = two()
    prices = ["open", "high", "low", "close"]
    frame[prices] = (frame[prices] * 1000).round(2)
    frame["volume"] = 1234.0
    columns = {"mood": {"file": "mood.csv", "symbol_format": "{}"}}
    own = pd.DataFrame({"time": frame["time"], "symbol": "A", "mood": 2500.25})[:400]

    def marked(number: float) -> str:
        text = f"{number:,}" if thousands else f"{number}"
        return text.translate(str.maketrans({",": thousands or "", ".": decimal}))

    own.to_csv(tmp_path / "mood.csv", index=False)
    plain = load(config(tmp_path, frame, column=columns))
    assert plain.panel.fields["mood"][5] == 2500.25
    for name in [*prices, "volume"]:
        frame[name] = [marked(int(x) if x == int(x) else x) for x in frame[name]]
    own["mood"] = [marked(x) for x in own["mood"]]
    own.to_csv(tmp_path / "mood.csv", index=False, sep=";")
    keys = {"decimal": decimal, "thousands": thousands, "column": columns}
    market = load(config(tmp_path, frame, **keys))
    assert market.fingerprint == plain.fingerprint
    assert market.config.model_dump() == plain.config.model_dump()


def test_a_file_that_is_newest_first_is_sorted_and_told(tmp_path: Path):
    frame = two()
    plain = load(config(tmp_path, frame))
    market = load(config(tmp_path, frame[::-1]))
    assert market.fingerprint == plain.fingerprint
    assert [(f.kind, f.text) for f in market.findings] == [
        ("newest_first", "newest first in the file (A, B): sorted")
    ]


def test_the_command_takes_a_newest_first_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    config(tmp_path, two()[::-1])
    assert main([str(tmp_path / "bars.csv")]) == 0
    text = capsys.readouterr().out
    assert "no bad bars before the sealed part\n  newest first in the file (A, B): sorted" in text


@pytest.mark.parametrize("name", ["bars.tsv", "bars.tsv.gz"])
def test_a_lone_file_of_tab_separated_text_is_a_market(tmp_path: Path, name: str):
    plain = load(config(tmp_path, two()))
    two().to_csv(tmp_path / name, sep="\t", index=False)
    assert load(resolve(name, base=tmp_path)).fingerprint == plain.fingerprint


LONG = (
    "needs a long table (time, symbol, open, high, low, close, volume), or one file per symbol "
    "(time, open, high, low, close, volume)"
)


def test_a_wide_table_is_told_what_is_needed_instead(tmp_path: Path):
    wide = pd.DataFrame(columns=["Date", "SPY", "QQQ", "BRK-B"])
    assert told(config(tmp_path, wide)) == (
        "bars.csv: no open, high, low, close (it has Date, SPY, QQQ, BRK-B): a wide table, with "
        f"one column per asset; {LONG}",
    )
    many = pd.DataFrame(columns=["Date", *(f"T{i}" for i in range(20))])
    assert "T9, T10 and 9 more): a wide table" in told(config(tmp_path, many))[0]


def test_columns_that_may_be_assets_or_measures_are_told_both(tmp_path: Path):
    (text,) = told(config(tmp_path, pd.DataFrame(columns=["time", "gold", "silver"])))
    assert text == (
        "bars.csv: no open, high, low, close (it has time, gold, silver), so it is not bars. Where "
        f"each column is an asset: {LONG}. Where they are further columns: attach it to a market "
        'that has bars, in that market\'s TOML:\n    [column.gold]\n    file = "bars.csv"\n    '
        'from = "gold"\n    known = "next_bar"    # or "same_bar", or a span after its stamp such '
        'as "1d"'
    )


def test_measures_by_symbol_are_further_columns_only(tmp_path: Path):
    (text,) = told(config(tmp_path, pd.DataFrame(columns=["time", "symbol", "OI", "OIC"])))
    assert "so it is not bars but further columns. Attach it to a market" in text
    assert "wide table" not in text
