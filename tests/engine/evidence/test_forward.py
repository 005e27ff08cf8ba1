"""Gate 3: bars that came after, judged by finalists frozen before; overlap and gaps are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine.evidence.case import case_of
from engine.evidence.finalists import choose
from engine.evidence.forward import forward
from sandbox.market import Memory, load, resolve
from sandbox.market.joined import Joined
from tests.engine.evidence.conftest import BARS, World, bars

NEW = 260


def later(edge: float, first: int = BARS, n: int = NEW) -> pd.DataFrame:
    """The bars of the same path from a place on."""
    whole = bars(edge, first + n)
    return whole[whole["date"] >= whole["date"].unique()[first]]


def written(folder: Path, frame: pd.DataFrame) -> str:
    path = folder / "new.csv"
    frame.to_csv(path, index=False)
    return str(path)


def test_an_edge_that_goes_on_is_shown_and_the_finalists_of_the_first_time_stay(
    world: World,
) -> None:
    code, said = world("forward", "--bars", written(world.folder, later(0.4)), "--finalists", "2")
    assert code == 0
    assert said.startswith("Keep the champion, candidate ")
    assert f"{NEW} bars (0.99 years)" in said
    rows = [row for row in world.ledger.rows() if row.kind == "forward"]
    assert len(rows[0].body["finalists"]) == 2
    with case_of(str(world.archive), world.ledger) as case:
        found = forward(case, str(world.folder / "new.csv"), 5)
        names = [found.champion.finalist.name, *(one.finalist.name for one in found.challengers)]
        assert names == [each["name"] for each in rows[0].body["finalists"]]
        assert [each.body for each in choose(case, 2)] == rows[0].body["finalists"]
    assert found.champion.returns.sharpe > 3
    assert found.champion.process.peak > 2
    assert found.promoted is None


def test_more_bars_continue_what_fewer_said_and_a_lost_edge_shows_nothing(world: World) -> None:
    with case_of(str(world.archive), world.ledger) as case:
        few = forward(case, written(world.folder, later(0.4, n=100)), 1)
        many = forward(case, written(world.folder, later(0.4)), 1)
        nothing = later(0.4).assign(open=100.0, high=100.0, low=100.0, close=100.0)
        lost = forward(case, written(world.folder, nothing), 1)
    np.testing.assert_allclose(many.champion.returns.net[:100], few.champion.returns.net)
    assert many.champion.process.peak >= few.champion.process.peak
    assert lost.champion.process.peak == 1.0
    assert not lost.champion.shown


def test_a_challenger_is_promoted_only_at_its_share_of_the_level(world: World) -> None:
    from engine.evidence.forward import _duels
    from sandbox.returns import Returns

    rng = np.random.default_rng(1)
    noise = [rng.normal(0, 0.01, 2500) for _ in range(3)]
    drift = (0.0, 0.0, 0.002)
    paths = [
        Returns(stamps=np.arange(2500), net=n + d, excess=n + d, bars_per_year=252.0)
        for n, d in zip(noise, drift, strict=True)
    ]
    with case_of(str(world.archive), world.ledger) as case:
        three = choose(case, 3)
    found = _duels(three, paths, (0, 1))
    assert found.promoted is found.challengers[1]
    assert not found.challengers[0].shown
    assert found.champion.threshold == pytest.approx(20)
    assert found.challengers[0].threshold == pytest.approx(40)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (later(0.4, first=BARS - 5), "5 of its 260 bars overlap the old ones"),
        (later(0.4, first=BARS + 5), "no bars between 2020-06-12 and 2020-06-22"),
        (later(0.4).query("date < '2020-09-01' or date > '2020-09-15'"), "no bars between 2020-08"),
        (later(0.4).query("symbol == 'A'"), "has no B; needs every asset that is still listed"),
        (later(0.4, n=19), "has 19 bars; needs at least 20"),
    ],
)
def test_bars_that_do_not_follow_are_refused_and_nothing_is_recorded(
    world: World, frame: pd.DataFrame, said: str
) -> None:
    code, heard = world("forward", "--bars", written(world.folder, frame))
    assert code == 2
    assert said in heard
    assert "forward" not in world.kinds()


def test_a_file_that_is_not_there_is_refused(world: World) -> None:
    code, said = world("forward", "--bars", "nowhere.csv")
    assert code == 2
    assert "nowhere.csv: does not exist; needs a file" in said


def test_joined_bars_are_those_of_one_file(world: World) -> None:
    config = resolve(str(world.market), base=Path.cwd())
    parts = [Memory.of_frame(frame, config) for frame in (bars(0.4), later(0.4))]
    joined = load(config.model_copy(update={"source": Joined(*parts)}), through="sealed")
    whole = Memory.of_frame(bars(0.4, BARS + NEW), config)
    one = load(config.model_copy(update={"source": whole}), through="sealed")
    assert joined.fingerprint == one.fingerprint
