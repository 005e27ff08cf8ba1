"""Every source gives the same market: stamps of all bars, values of those before a stamp only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import engine
from sandbox.market import (
    Files,
    MarketConfig,
    MarketError,
    Memory,
    Source,
    assemble,
    load,
    offered,
    resolve,
    source_of,
)
from sandbox.market.panel import F64
from sandbox.market.rows import NO_STAMP, Rows
from tests.markets import make_config, make_frame

DAY = 86_400 * 10**9
FIRST = pd.Timestamp("2020-01-06").value


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    closes = {s: np.exp(rng.normal(0, 0.02, 240).cumsum()).round(4).tolist() for s in "CAB"}
    return make_frame(
        closes, columns={"mood": {s: rng.normal(size=240).tolist() for s in "CAB"}},
        skip={"A": range(30), "B": range(90, 99), "C": range(200, 240)},
    )  # fmt: skip


def config_of(folder: Path, **keys: Any) -> MarketConfig:
    column = {"mood": {"known": "same_bar"}}
    return make_config(name="made", folder=folder, column=column, **keys)


def long_csv(folder: Path) -> Source:
    frame().to_csv(folder / "bars.csv", index=False)
    return Files(config_of(folder, path="bars.csv"))


def long_parquet(folder: Path) -> Source:
    frame().to_parquet(folder / "bars.parquet", index=False)
    return Files(config_of(folder, path="bars.parquet"))


def a_file_per_asset(folder: Path) -> Source:
    for symbol, own in frame().groupby("symbol"):
        own.drop(columns="symbol").to_csv(folder / f"{symbol}.csv.gz", index=False)
    return Files(config_of(folder, path="."))


def in_a_frame(folder: Path) -> Source:
    return Memory.of_frame(frame(), config_of(folder, path="memory"))


def of_a_panel(folder: Path) -> Source:
    return Memory.of_panel(assemble(frame(), config_of(folder, path="memory")))


def of_arrays(_: Path) -> Source:
    wide = frame().pivot_table(index="time", columns="symbol").reindex(columns=list("CAB"), level=1)
    clock = wide.index.to_numpy(dtype="M8[ns]").view(np.int64)
    names = ("open", "high", "low", "close", "volume", "mood")
    return Memory.of_arrays(clock, list("CAB"), {n: wide[n].to_numpy() for n in names})


MAKERS = [long_csv, long_parquet, a_file_per_asset, in_a_frame, of_a_panel, of_arrays]


@pytest.fixture(params=MAKERS, ids=lambda maker: maker.__name__)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Source:
    make: Callable[[Path], Source] = request.param
    return make(tmp_path)


def as_bars(rows: Rows) -> dict[tuple[str, int], tuple[float, ...]]:
    names = sorted(rows.values)
    columns = [rows.values[name].tolist() for name in names]
    labels = [rows.symbols[code] for code in rows.code]
    values = list(zip(*columns, strict=True))
    return dict(zip(zip(labels, rows.stamp.tolist(), strict=True), values, strict=True))


def expected(until: int | None = None, keep: str = "ABC") -> dict[tuple[str, int], Any]:
    names = ["close", "high", "low", "mood", "open", "volume"]
    bars = frame()
    stamps = bars["time"].to_numpy(dtype="M8[ns]").view(np.int64).tolist()
    return {
        (str(symbol), stamp): tuple(values)
        for symbol, stamp, values in zip(
            bars["symbol"], stamps, bars[names].to_numpy().tolist(), strict=True
        )
        if symbol in keep and (until is None or stamp < until)
    }


def test_stamps_are_all_of_them_without_a_value(source: Source):
    stamps = source.stamps()
    assert stamps.values == {}
    labels = [stamps.symbols[code] for code in stamps.code]
    assert set(zip(labels, stamps.stamp.tolist(), strict=True)) == set(expected())
    assert len(labels) == len(expected())
    assert stamps.symbols == ("A", "B", "C")
    assert (stamps.code.dtype, stamps.stamp.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize("until", [None, FIRST, FIRST + 1, FIRST + 95 * DAY, FIRST + 500 * DAY])
@pytest.mark.parametrize("keep", [None, "B", "CA", ""])
def test_rows_are_those_before_the_stamp_of_the_assets_asked_for(
    source: Source, until: int | None, keep: str | None
):
    rows = source.rows(until=until, keep=None if keep is None else frozenset(keep))
    assert as_bars(rows) == expected(until, "ABC" if keep is None else keep)
    assert all(v.dtype == np.float64 for v in rows.values.values())


def test_a_source_answers_the_same_at_every_call(source: Source):
    until = FIRST + 60 * DAY
    first = [source.stamps(), source.rows(until=until, keep=frozenset("AC"))]
    for before, after in zip(
        first, [source.stamps(), source.rows(until=until, keep=frozenset("AC"))], strict=True
    ):
        assert before.symbols == after.symbols
        assert before.code.tolist() == after.code.tolist()
        assert before.stamp.tolist() == after.stamp.tolist()
        for name, values in before.values.items():
            assert values.tolist() == after.values[name].tolist()


def test_a_market_is_the_same_from_any_source(source: Source, tmp_path: Path):
    reference = load(config_of(tmp_path), source=in_a_frame(tmp_path), through="train")
    market = load(config_of(tmp_path, path="anything"), source=source, through="train")
    assert market.fingerprint == reference.fingerprint
    assert market.panel.bars == market.split.train_end == 120
    assert [f.text for f in market.findings] == [f.text for f in reference.findings]


def test_no_value_beyond_the_stamp_is_in_what_a_source_gives(source: Source):
    """Beyond it lies what no test may see; what comes back shares no memory with it either."""
    until = FIRST + 100 * DAY
    rows = source.rows(until=until, keep=None)
    assert rows.stamp.max() < until
    for values in rows.values.values():
        whole = values if values.base is None else values.base
        assert whole.size <= len(rows.stamp) * len(rows.values)


def test_a_stamp_that_cannot_be_read_is_told_by_the_part_it_stands_in(tmp_path: Path):
    make_frame({"A": [1.0] * 50}).assign(time="noon").to_csv(tmp_path / "A.csv", index=False)
    stamps = Files(config_of(tmp_path, path=".").model_copy(update={"column": {}})).stamps()
    assert (stamps.stamp == NO_STAMP).all()
    assert stamps.silent[0].startswith("A.csv: no stamp of 'time' can be read, e.g. \"noon\"")


def test_arrays_that_do_not_fit_are_told(tmp_path: Path):
    good: dict[str, F64] = dict.fromkeys(("open", "high", "low"), np.ones((5, 2)))
    with pytest.raises(ValueError, match="close is missing"):
        Memory.of_arrays(np.arange(5), ["A", "B"], good)
    with pytest.raises(ValueError, match=r"\(5, 2\).*close is \(5, 1\)"):
        Memory.of_arrays(np.arange(5), ["A", "B"], good | {"close": np.ones((5, 1))})


def test_a_source_of_ones_own_may_change_what_another_gives(tmp_path: Path):
    """As calibration does: the same stamps and split, other prices."""

    class Doubled:
        def __init__(self, source: Source) -> None:
            self.stamps = source.stamps
            self.source = source

        def rows(self, *, until: int | None, keep: frozenset[str] | None) -> Rows:
            rows = self.source.rows(until=until, keep=keep)
            prices = {n: 2 * rows.values[n] for n in ("open", "high", "low", "close")}
            return replace(rows, values=rows.values | prices)

    config = resolve(None, base=tmp_path)
    plain, doubled = load(config), load(config, source=Doubled(source_of(config)))
    assert doubled.split == plain.split
    assert (doubled.panel.fields["close"] == 2 * plain.panel.fields["close"]).all()


def test_a_source_without_a_column_of_the_config_is_told(tmp_path: Path):
    config = config_of(tmp_path)
    bars = Memory.of_frame(frame(), config).bars
    prices = {n: v for n, v in bars.values.items() if n != "mood"}
    with pytest.raises(MarketError, match="made: its source gives no mood"):
        load(config, source=Memory(replace(bars, values=prices)))


def test_bars_in_memory_are_searched_by_the_name_they_are_offered_under(tmp_path: Path):
    config = config_of(tmp_path).model_copy(update={"source": of_arrays(tmp_path)})
    with offered(config) as name:
        assert resolve(name, base=tmp_path) is config
        found = engine.evolve(
            market=name, generations=1, population=4, seed=1, workers=0,
            archive=tmp_path / "run.sqlite",
        )  # fmt: skip
    assert len(found.candidates["return_at_double_cost"].dropna()) > 0
    with pytest.raises(MarketError, match="neither a name nor a path"):
        resolve("made", base=tmp_path)
    with (
        pytest.raises(MarketError, match="'default' is there already"),
        offered(config.model_copy(update={"name": "default"})),
    ):
        pass
