"""Each shape of price file is read as the bars it was written from, or refused with a reason."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from sandbox.market import Files, Market, MarketConfig, MarketError, load, read_config
from sandbox.market.written import write_config
from tests.sandbox.market.shapes.written import SHAPES, Known, Shape

EXCEL = importlib.util.find_spec("openpyxl") is not None


def market_of(folder: Path, path: str, **keys: object) -> Market:
    table = {"name": "m", "path": path, "folder": folder, "split": {"embargo_bars": 1}, **keys}
    return load(MarketConfig.model_validate(table), through="sealed")


def assert_known(market: Market, known: Known) -> None:
    panel = market.panel
    assert panel.symbols == tuple(sorted(known))
    for a, symbol in enumerate(panel.symbols):
        own = slice(panel.offsets[a], panel.offsets[a + 1])
        bars = known[symbol]
        stamps = bars["time"].to_numpy(dtype="M8[ns]").view(np.int64)
        assert panel.clock[panel.bar[own]].tolist() == stamps.tolist()
        for name in bars.columns.drop("time"):
            read = panel.fields[name][own]
            np.testing.assert_allclose(read, bars[name].to_numpy(), rtol=1e-12, err_msg=name)
    assert ("volume" in panel.fields) == ("volume" in next(iter(known.values())))


def assert_written_reads_the_same(market: Market, target: Path) -> None:
    """What `finch market FILE --write` writes gives the same rows, and is no other way."""
    target.parent.mkdir()
    source = Files(market.config)
    rows = source.rows(until=None, keep=None)
    write_config(target, market.config, source.resolved())
    again = Files(read_config(target)).rows(until=None, keep=None)
    assert again.symbols == rows.symbols
    assert again.stamp.tolist() == rows.stamp.tolist()
    assert again.values.keys() == rows.values.keys()
    for name, values in rows.values.items():
        np.testing.assert_array_equal(again.values[name], values)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.name)
def test_a_shape_is_read_as_its_bars_or_refused_with_the_lines_that_read_it(
    shape: Shape, tmp_path: Path
):
    if "Excel" in shape.name and not EXCEL:
        pytest.skip("openpyxl is not installed")
    path, known = shape.write(tmp_path)
    if shape.refused:
        with pytest.raises(MarketError) as caught:
            market_of(tmp_path, path)
        assert shape.refused in str(caught.value)
        assert path.split(".")[0] in str(caught.value)
    market = market_of(tmp_path, path, **shape.keys)
    assert_known(market, known)
    assert_written_reads_the_same(market, tmp_path / "out" / "m.toml")
    if shape.said:
        (text,) = [f.text for f in market.findings if f.kind == "read_as"]
        assert text.startswith("read as ")
        assert shape.said in text


def test_at_least_sixty_of_seventy_shapes_load_unasked():
    assert len({s.name for s in SHAPES}) == len(SHAPES) >= 70
    assert sum(not s.refused for s in SHAPES) >= 60
