"""A cut panel is what the market would be if the other bars had never been."""

from __future__ import annotations

import numpy as np
import pytest

from sandbox.market.panel import cut
from tests.markets import make_panel

PANEL = make_panel(
    {"A": [1.0, 2, 3, 4, 5, 6], "B": [9.0, 8, 7, 6, 5, 4], "C": [3.0] * 6}, skip={"B": [2, 3]}
)


def test_a_cut_keeps_the_bars_asked_for_and_their_values() -> None:
    part = cut(PANEL, assets=[0, 1], start=1, stop=5)
    assert part.symbols == ("A", "B")
    assert part.bars == 4
    assert part.offsets.tolist() == [0, 4, 6]
    assert part.bar.tolist() == [0, 1, 2, 3, 0, 3]
    assert part.fields["close"].tolist() == [2, 3, 4, 5, 8, 5]
    assert part.clock.tolist() == PANEL.clock[1:5].tolist()


def test_its_cross_sections_are_by_bar_then_asset() -> None:
    part = cut(PANEL, assets=[0, 1], start=1, stop=5)
    rows = np.split(part.order, part.order_offsets[1:-1])
    assert [part.fields["close"][row].tolist() for row in rows] == [[2, 8], [3], [4], [5, 5]]


def test_a_cut_of_everything_is_the_panel() -> None:
    whole = cut(PANEL, assets=[0, 1, 2], start=0, stop=PANEL.bars)
    for name in ("offsets", "bar", "order", "order_offsets", "listed"):
        assert np.array_equal(getattr(whole, name), getattr(PANEL, name)), name


@pytest.mark.parametrize(("assets", "start", "stop"), [([], 0, 3), ([0], 3, 3), ([0], 0, 99)])
def test_a_cut_outside_the_panel_is_refused(assets: list[int], start: int, stop: int) -> None:
    with pytest.raises(ValueError, match="needs an asset and bars within"):
        cut(PANEL, assets=assets, start=start, stop=stop)
