"""Loading files: formats and layouts, the sealed part, bad bars, fingerprints."""

from __future__ import annotations

import gzip
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.market import MarketConfig, MarketError, load, resolve
from sandbox.market.names import find_name
from sandbox.market.rows import to_stamps
from tests.markets import make_frame

SEALED = 1e300  # a price that no test may ever see read


def walk(n: int = 400, seed: int = 1) -> list[float]:
    return np.exp(np.random.default_rng(seed).normal(0, 0.01, n).cumsum()).round(4).tolist()


def two() -> pd.DataFrame:
    return make_frame({"B": walk(seed=2), "A": walk()}, skip={"A": range(30)})


def config(folder: Path, path: str = "bars.csv", **keys: Any) -> MarketConfig:
    return MarketConfig.model_validate({"name": "two", "path": path, "folder": folder, **keys})


def written(folder: Path, frame: pd.DataFrame, name: str = "bars.csv") -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return folder


def test_a_long_csv_is_loaded_up_to_the_end_of_validation(tmp_path: Path):
    frame = two()
    market = load(config(written(tmp_path, frame)))
    panel, split = market.panel, market.split
    assert market.name == "two"
    assert panel.symbols == ("A", "B")
    assert panel.bars == split.validation_end == 300
    assert (split.train_end, split.validation_start, split.sealed_end) == (200, 220, 400)
    assert split.score_from == split.max_window == 30
    assert panel.offsets.tolist() == [0, 270, 570]
    own = frame[(frame["symbol"] == "A")]["close"].to_numpy()[:270]
    assert panel.fields["close"][:270].tolist() == own.tolist()
    assert panel.bars_per_year == pytest.approx(365.25)


@pytest.mark.parametrize("through", ["train", "validation", "sealed"])
def test_each_part_is_a_prefix_of_the_next(tmp_path: Path, through: Any):
    folder = written(tmp_path, two())
    whole, part = load(config(folder), through="sealed"), load(config(folder), through=through)
    n = {"train": 200, "validation": 300, "sealed": 400}[through]
    assert part.panel.bars == n
    assert part.split == whole.split
    assert part.panel.bars_per_year == whole.panel.bars_per_year
    assert part.panel.clock.tolist() == whole.panel.clock[:n].tolist()
    assert part.panel.listed.tolist() == whole.panel.listed[:n].tolist()
    own = part.panel.offsets[1]
    for name, values in part.panel.fields.items():
        assert values[:own].tolist() == whole.panel.fields[name][:own].tolist(), name


def test_periods_tell_the_parts_dates_without_their_prices(tmp_path: Path):
    train, validation, sealed = load(config(written(tmp_path, two()))).periods
    assert [p.bars for p in (train, validation, sealed)] == [200, 80, 80]
    assert train.start == pd.Timestamp("2020-01-06").value
    assert validation.start == pd.Timestamp("2020-01-06").value + 220 * 86_400 * 10**9
    assert sealed.end == pd.Timestamp("2020-01-06").value + 399 * 86_400 * 10**9


@pytest.mark.parametrize("name", ["bars.csv", "bars.csv.gz", "bars.parquet"])
def test_sealed_values_are_read_by_nobody(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    frame = two().assign(mood=1.0)
    late = frame["time"] >= pd.Timestamp("2020-01-06") + pd.Timedelta(days=300)
    frame.loc[late, ["open", "high", "low", "close", "volume", "mood"]] = SEALED
    written(tmp_path, frame, name)
    written(tmp_path, frame.loc[frame["symbol"] == "B", ["time", "mood"]], "mood" + name[4:])
    seen: list[float] = []
    for module in ("source", "assemble"):
        room = sys.modules[f"sandbox.market.{module}"]
        numbers = room.to_numbers

        def spy(series: pd.Series, numbers: Any = numbers) -> Any:
            values = numbers(series)
            seen.extend(values.tolist())
            return values

        monkeypatch.setattr(room, "to_numbers", spy)
    columns = {
        "mood": {},
        "other": {"file": "mood" + name[4:], "from": "mood", "pays_funding": True},
    }
    market = load(config(tmp_path, name, column=columns))
    assert market.panel.bars == 300
    assert len(seen) > 5 * 570
    assert max(seen) < SEALED
    assert load(config(tmp_path, name, column=columns), through="sealed").panel.bars == 400
    assert max(seen) == SEALED


def test_spikes_are_kept_and_told_or_left_out(tmp_path: Path):
    frame = two()
    frame.loc[(frame["symbol"] == "B") & (frame.index == 50), "high"] = 400.0
    folder = written(tmp_path, frame)
    kept, left_out = load(config(folder)), load(config(folder, spikes="drop"))
    for market, bars, kind in ((kept, 570, "spike"), (left_out, 569, "left_out")):
        assert market.panel.size == bars
        (found,) = [f for f in market.findings if f.kind in ("spike", "left_out")]
        assert (found.kind, found.symbol, found.stamps) == (kind, "B", ("2020-02-25",))
    assert found.text.endswith('before and after it; left out, as spikes = "drop" says')
    assert kept.panel.fields["high"].max() == 400.0
    assert left_out.panel.fields["high"].max() < 10
    assert "spikes" not in left_out.config.model_dump()


def test_bad_sealed_bars_neither_stop_nor_change_a_search(tmp_path: Path):
    frame = two()
    good = load(config(written(tmp_path, frame)))
    late = frame["time"] >= pd.Timestamp("2020-01-06") + pd.Timedelta(days=300)
    frame.loc[late, "close"] = -1.0
    bad = load(config(written(tmp_path, frame)))
    assert bad.fingerprint == good.fingerprint
    with pytest.raises(MarketError, match="200 bad bars"):
        load(config(tmp_path), through="sealed")


def test_every_layout_of_the_same_bars_gives_the_same_market(tmp_path: Path):
    frame = two()
    first = load(config(written(tmp_path, frame)))
    layouts = [
        load(config(written(tmp_path, frame, name), name))
        for name in ("bars.parquet", "bars.csv.gz")
    ]
    for ending in ("csv", "parquet"):
        folder = tmp_path / ending
        folder.mkdir()
        for symbol, own in frame.groupby("symbol"):
            written(folder, own.drop(columns="symbol"), f"{symbol}.{ending}")
        layouts.append(load(config(tmp_path, ending)))
    text = frame.rename(columns=str.title).to_csv(index=False, sep=";")
    (tmp_path / "semi.txt").write_text("\ufeff" + text, encoding="utf-8")
    layouts.append(load(config(tmp_path, "semi.txt")))
    epoch = frame.assign(time=frame["time"].astype("int64") // _unit(frame) * 1000)
    layouts.append(load(config(written(tmp_path, epoch, "epoch.csv"), "epoch.csv")))
    european = frame.assign(time=frame["time"].dt.strftime("%d/%m/%Y"))
    written(tmp_path, european, "eu.csv")
    layouts.append(load(config(tmp_path, "eu.csv", time_format="%d/%m/%Y")))
    days = frame.assign(time=frame["time"].dt.strftime("%Y%m%d").astype(int))
    layouts.append(load(config(written(tmp_path, days, "days.csv"), "days.csv")))
    dates = frame.assign(time=frame["time"].dt.date)
    layouts.append(load(config(written(tmp_path, dates, "dates.parquet"), "dates.parquet")))
    indexed = frame.set_index("time").rename_axis(None)
    indexed.to_csv(tmp_path / "indexed.csv")
    layouts.append(load(config(tmp_path, "indexed.csv")))
    zoned = frame.assign(time=frame["time"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"))
    layouts.append(load(config(written(tmp_path, zoned, "zoned.parquet"), "zoned.parquet")))
    layouts.append(load(config(written(tmp_path, zoned, "zoned.csv"), "zoned.csv")))
    assert [m.fingerprint for m in layouts] == [first.fingerprint] * len(layouts)


def _unit(frame: pd.DataFrame) -> int:
    """How many of the frame's stamp units a second has."""
    return int(pd.Timedelta("1s") / pd.Timedelta(1, frame["time"].dt.unit))


def test_tickers_that_spell_a_missing_value_are_tickers(tmp_path: Path):
    frame = make_frame({"NA": walk(), "NAN": walk(seed=2), "null": walk(seed=3)})
    assert load(config(written(tmp_path, frame))).panel.symbols == ("NA", "NAN", "null")


def test_names_may_be_given_where_they_cannot_be_inferred(tmp_path: Path):
    frame = two().rename(columns={"time": "wann", "symbol": "wer", "close": "Schluss"})
    keys = {"time": "wann", "symbol": "wer", "columns": {"close": "Schluss"}}
    market = load(config(written(tmp_path, frame), **keys))
    assert market.panel.symbols == ("A", "B")
    assert market.unused == ()


def test_columns_nobody_asked_for_are_told(tmp_path: Path):
    assert load(config(written(tmp_path, two().assign(sector="x", vwap=1)))).unused == (
        "sector",
        "vwap",
    )


def test_symbols_exclude_and_min_bars_choose_assets(tmp_path: Path):
    written(tmp_path, two())
    assert load(config(tmp_path, symbols=["B"])).panel.symbols == ("B",)
    assert load(config(tmp_path, exclude=["B"])).panel.symbols == ("A",)
    market = load(config(tmp_path, min_bars=280))
    assert market.panel.symbols == ("B",)
    short = next(f for f in market.findings if f.kind == "too_few_bars")
    assert (short.symbol, short.count) == ("A", 270)
    with pytest.raises(MarketError, match="min_bars = 301 leaves no asset; the longest has 300"):
        load(config(tmp_path, min_bars=301))
    with pytest.raises(MarketError) as caught:
        load(config(tmp_path, symbols=["BB", "Q"], exclude=["R"]))
    assert caught.value.problems == (
        "two: symbols = 'BB' is not in the files; did you mean 'B'?",
        "two: symbols = 'Q' is not in the files; it has A, B",
        "two: exclude = 'R' is not in the files; it has A, B",
    )


def test_bad_bars_are_refused_all_at_once_or_dropped_and_counted(tmp_path: Path):
    frame = two().reset_index(drop=True)
    begin = int(frame.index[frame["symbol"] == "A"][0])
    frame.loc[5, "close"] = float("nan")
    frame.loc[7, "high"] = 1e-3
    frame.loc[begin + 3, "low"] = 0.0
    frame = pd.concat([frame, frame.iloc[[begin + 9]]])
    written(tmp_path, frame)
    with pytest.raises(MarketError) as caught:
        load(config(tmp_path))
    heading, *each = caught.value.problems
    assert heading.startswith("two: 5 bad bars; fix the file, or write bad_bars = ")
    assert sorted(p.split(" (")[0].strip() + " " + p.split("each ")[1][:12] for p in each) == [
        "A: 1 bar comes again ",
        "A: 1 bar has a price ",
        "A: 1 bar is stamped b",
        "B: 1 bar has its high",
        "B: 1 bar has no finit",
    ]
    market = load(config(tmp_path, bad_bars="drop"))
    assert market.panel.offsets.tolist() == [0, 269, 569 - 2]
    assert sum(f.count for f in market.findings if f.bad) == 5


def test_dropping_every_bar_of_a_stamp_moves_the_split_along(tmp_path: Path):
    frame = make_frame({"A": walk()})
    frame.loc[[10, 250], "close"] = -1.0
    market = load(config(written(tmp_path, frame), bad_bars="drop"))
    assert market.panel.bars == market.split.validation_end == 298
    assert market.split.train_end == 199
    assert market.split.score_from == 30


def test_an_asset_that_lists_in_the_sealed_part_is_not_in_the_market(tmp_path: Path):
    frame = make_frame({"A": walk(), "NEW": walk()}, skip={"NEW": range(350)})
    assert load(config(written(tmp_path, frame))).panel.symbols == ("A",)


def test_the_fingerprint_is_the_same_in_another_process(tmp_path: Path):
    written(tmp_path, two())
    code = (
        "from pathlib import Path; from sandbox.market import load, resolve; "
        f"print(load(resolve('bars.csv', base=Path({str(tmp_path)!r}))).fingerprint)"
    )
    root = Path(__file__).parents[3]
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    mine = load(resolve("bars.csv", base=tmp_path)).fingerprint
    assert answer.stdout.strip() == mine
    assert len(mine) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"split": {"train": 0.6, "validation": 0.15, "sealed": 0.25}},
        {"split": {"embargo_bars": 21}},
        {"max_window": 31},
        {"symbols": ["A"]},
        {"timezone": "Asia/Tokyo"},
        {"calendar": {"zone": "Asia/Tokyo"}},
        {"column": {"x": {"from": "volume"}}},
        {"column": {"x": {"from": "volume", "known": "same_bar"}}},
        {"column": {"x": {"from": "volume", "dimension": "volume"}}},
        {"column": {"x": {"from": "volume", "pays_funding": True}}},
    ],
)
def test_the_fingerprint_sees_what_shapes_a_measurement(tmp_path: Path, change: dict[str, Any]):
    written(tmp_path, two())
    base = load(config(tmp_path)).fingerprint
    plain = load(config(tmp_path, column={"x": {"from": "volume"}})).fingerprint
    changed = load(config(tmp_path, **change)).fingerprint
    assert changed != base
    if change != {"column": {"x": {"from": "volume"}}}:
        assert changed != plain


def test_the_fingerprint_sees_the_last_digit_of_a_price_but_not_names_or_costs(tmp_path: Path):
    frame = make_frame({"A": walk()})
    base = load(config(written(tmp_path, frame, "a.parquet"), "a.parquet")).fingerprint
    same = config(tmp_path, "a.parquet", costs={"fee_bps": 1}).model_copy(update={"name": "x"})
    assert load(same).fingerprint == base
    frame.loc[50, "volume"] = np.nextafter(1000.0, 2000.0)
    moved = load(config(written(tmp_path, frame, "b.parquet"), "b.parquet"))
    assert moved.fingerprint != base


def test_a_config_travels_and_dumps_without_the_folder(tmp_path: Path):
    there = config(tmp_path)
    assert pickle.loads(pickle.dumps(there)) == there
    assert "folder" not in there.model_dump()


def test_a_file_of_further_columns_is_answered_with_how_to_attach_it(tmp_path: Path):
    own = pd.DataFrame({"time": ["2020-01-01"], "Funding Rate": [0.1]})
    own.to_csv(tmp_path / "rates.csv", index=False)
    with pytest.raises(MarketError) as caught:
        load(config(tmp_path, "rates.csv"))
    text = str(caught.value)
    assert "rates.csv: no open, high, low, close (it has time, Funding Rate)" in text
    assert '[column.funding_rate]\n    file = "rates.csv"\n    from = "Funding Rate"' in text


def test_every_file_that_lacks_a_column_is_named_at_once(tmp_path: Path):
    folder = tmp_path / "many"
    folder.mkdir()
    frame = make_frame({"A": walk()}).drop(columns="symbol")
    written(folder, frame, "a.csv")
    written(folder, frame.drop(columns=["high", "low"]), "b.csv")
    written(folder, frame.rename(columns={"time": "when"}), "c.csv")
    (folder / "d.csv").write_text("")
    (folder / "e.parquet").write_bytes(b"PAR1 broken")
    (folder / "f.csv.gz").write_bytes(gzip.compress(b"time,open")[:10])
    with pytest.raises(MarketError) as caught:
        load(config(tmp_path, "many"))
    b, c, d, e, f = caught.value.problems
    assert b.startswith("b.csv: no column for high, low (it has time, open, close, volume)")
    assert 'columns.high = "..."' in b
    assert c.startswith("c.csv: no time column (looked for time, date, timestamp")
    assert d.startswith("d.csv: its first line ('') is not a header")
    assert e.startswith("e.parquet: cannot be read as parquet (")
    assert f.startswith("f.csv.gz: cannot be read as csv (")


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"time": "when"}, "bars.csv: time = 'when' is not there; it has time, symbol, open"),
        ({"symbol": "who"}, "bars.csv: symbol = 'who' is not there"),
        ({"columns": {"close": "C"}}, "bars.csv: columns.close = 'C' is not there"),
        ({"column": {"x": {}}}, "bars.csv: column.x comes from 'x', which is not there"),
        ({"column": {"x": {"file": "no.csv"}}}, "column.x.file = 'no.csv': .* does not exist"),
        ({"path": "no.csv"}, "path = 'no.csv': .* does not exist; a path is taken relative"),
        ({"path": "."}, None),
    ],
)
def test_a_config_that_asks_for_what_is_not_there_is_told(
    tmp_path: Path, keys: dict[str, Any], text: str | None
):
    written(tmp_path, two())
    if text is None:  # a folder that is there is a folder of markets
        assert load(config(tmp_path, **keys)).panel.assets == 2
        return
    with pytest.raises(MarketError, match=text):
        load(config(tmp_path, **keys))


def test_an_empty_folder_and_a_file_that_is_no_table_say_what_is_needed(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MarketError, match=r"has no file ending in \.parquet, \.pq, \.csv"):
        load(config(tmp_path, "empty"))
    (tmp_path / "bars.xlsx").write_text("x")
    with pytest.raises(MarketError, match=r"bars\.xlsx: its first line \('x'\) is not a header"):
        load(config(tmp_path, "bars.xlsx"))


def test_columns_of_assets_or_times_beyond_the_loaded_part_are_unknown_and_no_error(tmp_path: Path):
    frame = make_frame({"A": walk(), "LATE": walk()}, skip={"LATE": range(250)})
    written(tmp_path, frame)
    days = pd.date_range("2020-01-06", periods=400)
    pd.DataFrame({"time": days, "x": 1.0}).to_csv(tmp_path / "late.csv", index=False)
    end = pd.DataFrame({"time": days[350:], "symbol": "A", "y": 1.0})
    end.to_csv(tmp_path / "end.csv", index=False)
    columns = {"x": {"file": "late.csv", "symbol": "LATE"}, "y": {"file": "end.csv"}}
    panel = load(config(tmp_path, column=columns), through="train").panel
    assert panel.symbols == ("A",)
    assert np.isnan(panel.fields["x"]).all()
    assert np.isnan(panel.fields["y"]).all()
    whole = load(config(tmp_path, column=columns)).panel
    assert np.isnan(whole.fields["x"][: whole.offsets[1]]).all()
    assert whole.fields["x"][whole.offsets[1] + 1 :].tolist() == [1.0] * 49


def test_a_broken_stamp_in_a_column_file_is_told(tmp_path: Path):
    written(tmp_path, two())
    (tmp_path / "x.csv").write_text("time,x\n2020-01-06,1\n06/01/2020,2\n", encoding="utf-8")
    with pytest.raises(MarketError, match=r"column\.x \(x\.csv\): 1 stamps cannot be read"):
        load(config(tmp_path, column={"x": {"file": "x.csv"}}))


def test_bars_per_year_is_counted_before_the_sealed_part_whatever_is_loaded(tmp_path: Path):
    daily = make_frame({"A": walk(300)})
    hourly = make_frame({"A": walk(100)}, start="2020-11-02", bar="1h")
    written(tmp_path, pd.concat([daily, hourly]))
    markets = [load(config(tmp_path), through=t) for t in ("train", "validation", "sealed")]
    assert [m.panel.bars_per_year for m in markets] == [pytest.approx(365.25)] * 3


@pytest.mark.parametrize(("unit", "size"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_numbers_are_epoch_stamps_in_the_unit_of_their_size(unit: str, size: int):
    stamps = pd.Series([946_684_800 * size, 1_583_971_200 * size])
    expected = [pd.Timestamp(day).value for day in ("2000-01-01", "2020-03-12")]
    assert to_stamps(stamps, "UTC").tolist() == expected


def test_of_two_columns_with_the_same_name_but_for_case_the_first_is_taken():
    assert find_name(["Close", "close"], ["close"]) == "Close"
