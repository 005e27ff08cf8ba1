"""The books' conventions, one sentence each, on bars small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills
from sandbox.kernels import book_layout as layout
from tests.sandbox.panels import DAY_NS, flat_bars, panel_of

FREE = Costs(fee_bps=0, slippage_bps=0, capital=1000)
NAN = float("nan")


def books(bars, shares, *, costs=FREE, funding=None, **said):
    """Books of orders in shares over one asset's (open, high, low, close) bars, from bar 0."""
    exits = {
        name: np.broadcast_to(np.array(said.pop(name), dtype=float), len(shares))
        for name in ("stop_loss", "take_profit", "trailing_stop", "max_held")
        if name in said
    }
    rows = [(t, *map(float, bar)) for t, bar in enumerate(bars)]
    panel = panel_of([rows], funding=funding)
    return keep_books(
        panel,
        Targets(weights=np.array(shares, dtype=float), units="shares", **exits),
        window=(0, panel.bars),
        costs=costs,
        fills=Fills(**said),
        records=True,
    )


def weights_books(panel, weights, *, costs=FREE, window=None, **said):
    return keep_books(
        panel,
        Targets(weights=np.array(weights, dtype=float)),
        window=window or (0, panel.bars),
        costs=costs,
        fills=Fills(**said),
        records=True,
    )


def exit_of(book, row=0):
    """(exit bar, exit price, reason) of a trade."""
    trade = book.trades[row]
    return int(trade[2]), trade[5], layout.REASONS[int(trade[9])]


# -- where orders fill ---------------------------------------------------------------------------


def test_a_weight_decided_at_a_close_fills_at_the_next_open():
    book = books([(10, 11, 9, 10), (12, 14, 11, 13), (13, 13, 13, 13)], [5, 5, 5])
    assert book.equity * 1000 == pytest.approx([1000, 1005, 1005])


def test_a_weight_decided_at_a_close_fills_at_the_next_close_where_asked():
    bars = [(10, 11, 9, 10), (12, 14, 11, 13), (13, 15, 13, 15)]
    book = books(bars, [5, 5, 5], fill="next_close")
    assert book.equity * 1000 == pytest.approx([1000, 1000, 1010])


def test_what_was_decided_before_the_window_is_not_traded():
    panel = panel_of([flat_bars([10, 11, 12, 13])])
    book = weights_books(panel, [1, 1, 1, 1], window=(2, 4))
    assert book.equity == pytest.approx([1, 1])
    assert book.path[layout.TRADED] == pytest.approx([0, 1])


def test_shares_come_from_equity_at_the_price_of_the_fill():
    panel = panel_of([[(0, 10, 10, 10, 10), (1, 20, 20, 20, 20), (2, 30, 30, 30, 30)]])
    book = weights_books(panel, [0.5, 0.5, 0])
    # 0.5 of 1000 at 20 is 25 shares; at 30 they make 1250.
    assert book.equity * 1000 == pytest.approx([1000, 1000, 1250])


def test_all_fills_of_a_bar_use_the_same_equity():
    panel = panel_of([flat_bars([10, 10, 20, 20]), flat_bars([10, 10, 10, 10])])
    book = weights_books(panel, [0.5, 0.5, 0.5, 0.5] * 2)
    # At bar 2 equity is 1500: both assets are brought to 750, one sells 250, the other buys 250.
    assert book.path[layout.TRADED, 2] == pytest.approx(500 / 1000)
    assert book.path[layout.GROSS, 2] == pytest.approx(1)


def test_an_asset_without_a_bar_counts_at_its_last_close_and_fills_at_its_own_next_open():
    first = [(0, 10, 10, 10, 10), (1, 10, 10, 10, 10), (3, 10, 10, 10, 10)]
    late = [(0, 10, 10, 10, 10), (3, 12, 12, 12, 12)]
    panel = panel_of([first, late], bars=4)
    book = weights_books(panel, [0, 0, 0, 1, 1])
    assert book.path[layout.TRADED] == pytest.approx([0, 0, 0, 1])


def test_an_unknown_weight_is_zero():
    panel = panel_of([flat_bars([10] * 4)])
    book = weights_books(panel, [1, NAN, NAN, NAN])
    assert book.path[layout.GROSS] == pytest.approx([0, 1, 0, 0])


def test_weights_are_capped_per_asset_first_and_by_gross_then():
    panel = panel_of([flat_bars([10] * 2), flat_bars([10] * 2)])
    book = weights_books(panel, [3, 3, -0.5, -0.5], max_weight=1, max_gross=1.2)
    # 3 -> 1; 1 + 0.5 = 1.5 -> both times 0.8.
    assert book.path[layout.NET_EXPOSURE, 1] == pytest.approx(0.8 - 0.4)
    assert book.path[layout.GROSS, 1] == pytest.approx(1.2)
    assert (book.clipped, book.scaled) == (2, 1)


def test_the_gross_cap_counts_targets_of_assets_that_have_no_bar():
    held = [(0, 10, 10, 10, 10), (1, 10, 10, 10, 10)]
    panel = panel_of([held, flat_bars([10] * 4)], bars=4)
    book = weights_books(panel, [1, 1, 0, 1, 1, 1])
    assert book.path[layout.NET_EXPOSURE, 2] == pytest.approx(1.5)  # absent: cannot be trimmed
    assert book.path[layout.TRADED, 2] == pytest.approx(0.5)


def test_differences_up_to_the_band_are_not_traded_but_zero_always_is():
    panel = panel_of([flat_bars([10] * 5)])
    book = weights_books(panel, [0.5, 0.55, 0.65, 0.0, 0.0], no_trade_band=0.1)
    assert book.path[layout.TRADED] == pytest.approx([0, 0.5, 0, 0.15, 0.65])
    small = weights_books(panel, [0.2, 0.04, 0.0, 0.0, 0.0], no_trade_band=0.15)
    assert small.path[layout.TRADED] == pytest.approx([0, 0.2, 0.16, 0.04, 0])


# -- costs ---------------------------------------------------------------------------------------


def test_fees_and_slippage_are_paid_on_every_fill():
    costs = Costs(fee_bps=100, slippage_bps=50, capital=1000)
    book = books([(10, 10, 10, 10)] * 4, [10, 0, 0, 0], costs=costs)
    bought, sold = 10 * 10.05, 10 * 9.95
    expected = 1000 - bought * 1.01 + sold * 0.99
    assert book.equity[-1] * 1000 == pytest.approx(expected)
    assert book.path[layout.TRADED, 1] == pytest.approx(bought / 1000)
    assert book.path[layout.COST, 1] == pytest.approx((0.5 + bought * 0.01) / 1000)


def test_impact_grows_with_the_share_of_the_bars_volume():
    panel = panel_of([flat_bars([10.0] * 3)], volume=100.0)
    targets = Targets(weights=np.array([20.0, 20.0, 20.0]), units="shares")
    costs = Costs(fee_bps=0, slippage_bps=0, impact_bps=1000, capital=1000)
    book = keep_books(panel, targets, window=(0, 3), costs=costs, fills=Fills())
    # A fifth of the volume moves the price by 2 %: 20 shares cost 0.2 more each.
    assert book.equity[-1] * 1000 == pytest.approx(1000 - 20 * 0.2)


def test_shorts_pay_borrow_for_every_clock_bar():
    costs = Costs(fee_bps=0, slippage_bps=0, borrow_bps_per_year=252, capital=1000)
    book = books([(10, 10, 10, 10)] * 3, [-20, -20, -20], costs=costs)
    assert book.equity * 1000 == pytest.approx([1000, 999.98, 999.96])
    assert book.path[layout.COST, 1] == pytest.approx(0.02 / 1000)
    long = books([(10, 10, 10, 10)] * 3, [20, 20, 20], costs=costs)
    assert long.equity[-1] == 1


def test_longs_pay_positive_funding_and_shorts_receive_it():
    rates = [[0.5, 0.01, NAN, -0.01]]
    bars = [(10, 10, 10, 10)] * 4
    long = books(bars, [10] * 4, funding=rates)
    assert long.equity * 1000 == pytest.approx([1000, 999, 999, 1000])
    short = books(bars, [-10] * 4, funding=rates)
    assert short.equity * 1000 == pytest.approx([1000, 1001, 1001, 1000])
    assert long.stats[0, layout.A_FUNDING] == pytest.approx(0)


def test_a_position_sold_at_the_open_pays_no_funding_for_that_bar():
    book = books([(10, 10, 10, 10)] * 3, [10, 0, 0], funding=[[0.1, 0.0, 0.1]])
    assert book.equity[-1] == 1


# -- exits ---------------------------------------------------------------------------------------

CALM = (100, 101, 99, 100)


def test_a_stop_fills_at_its_price_inside_the_bar():
    book = books([CALM, CALM, (100, 100, 90, 95)], [1, 1, 1], stop_loss=0.05)
    assert exit_of(book) == (2, 95, "stop_loss")


def test_a_short_is_stopped_above():
    book = books([CALM, CALM, (100, 110, 100, 105)], [-1, -1, -1], stop_loss=0.05)
    assert exit_of(book) == (2, 105, "stop_loss")


def test_a_gap_through_the_stop_fills_at_the_open():
    bars = [CALM, CALM, (90, 97, 88, 92)]
    assert exit_of(books(bars, [1] * 3, stop_loss=0.05)) == (2, 90, "stop_loss")
    optimistic = books(bars, [1] * 3, stop_loss=0.05, gap="stop")
    assert exit_of(optimistic) == (2, 95, "stop_loss")


def test_even_the_optimistic_gap_fills_at_the_open_where_the_bar_never_came_back():
    bars = [CALM, CALM, (90, 93, 88, 92)]
    assert exit_of(books(bars, [1] * 3, stop_loss=0.05, gap="stop")) == (2, 90, "stop_loss")


def test_a_target_fills_at_its_price_and_a_gap_through_it_as_asked():
    bars = [CALM, CALM, (100, 112, 100, 105)]
    assert exit_of(books(bars, [1] * 3, take_profit=0.1)) == (2, pytest.approx(110), "take_profit")
    gapped = [CALM, CALM, (115, 118, 105, 116)]
    at_target = books(gapped, [1] * 3, take_profit=0.1)
    assert exit_of(at_target) == (2, pytest.approx(110), "take_profit")
    at_open = books(gapped, [1] * 3, take_profit=0.1, target_gap="open")
    assert exit_of(at_open) == (2, 115, "take_profit")
    never_back = [CALM, CALM, (115, 118, 112, 116)]
    nearest = books(never_back, [1] * 3, take_profit=0.1)
    assert exit_of(nearest) == (2, 112, "take_profit")


@pytest.mark.parametrize(("first", "price"), [("stop", 95), ("target", 105)])
def test_where_one_bar_reaches_both_the_named_one_goes_first(first, price):
    book = books(
        [CALM, CALM, (100, 106, 94, 100)],
        [1] * 3,
        stop_loss=0.05,
        take_profit=0.05,
        first=first,
    )
    assert exit_of(book)[1] == pytest.approx(price)


def test_stops_are_armed_at_the_fill_or_a_bar_later():
    bars = [CALM, (100, 100, 94, 98), (98, 98, 96, 97)]
    assert exit_of(books(bars, [1] * 3, stop_loss=0.05)) == (1, 95, "stop_loss")
    later = books(bars, [1] * 3, stop_loss=0.05, stops_armed="next_bar")
    assert exit_of(later) == (2, 97, "open")


@pytest.mark.parametrize(
    ("base", "price"),
    [("fill", 102 * 0.9), ("decision_close", 100 * 0.9), ("fill_bar_close", 104 * 0.9)],
)
def test_a_stop_is_measured_from_the_named_base(base, price):
    book = books(
        [CALM, (102, 105, 101, 104), (104, 104, 80, 85)],
        [1] * 3,
        stop_loss=0.1,
        stop_base=base,
        stops_armed="next_bar",
    )
    assert exit_of(book)[1] == pytest.approx(price)


def test_a_base_that_is_known_at_the_close_cannot_be_armed_at_the_fill():
    with pytest.raises(ValidationError, match="next_bar"):
        Fills(stop_base="fill_bar_close")


def test_a_stop_on_a_resized_position_is_measured_from_its_average_cost():
    bars = [CALM, (100, 100, 100, 100), (110, 110, 110, 110), (110, 110, 90, 95)]
    book = books(bars, [1, 2, 2, 2], stop_loss=0.1)
    assert exit_of(book)[1] == pytest.approx(105 * 0.9)
    assert book.trades[0, 4] == pytest.approx(105)


def test_a_trailing_stop_follows_the_best_price_of_earlier_bars():
    bars = [CALM, (100, 120, 100, 118), (118, 125, 109, 110), (110, 111, 100, 101)]
    book = books(bars, [1] * 4, trailing_stop=0.1)
    # Bar 2's own high of 125 does not move the stop it is held against: 120 x 0.9 = 108 < 109.
    assert exit_of(book) == (3, 110, "trailing_stop")


def test_the_tighter_of_stop_loss_and_trailing_stop_holds():
    bars = [CALM, (100, 120, 100, 118), (118, 118, 90, 95)]
    assert exit_of(books(bars, [1] * 3, trailing_stop=0.1, stop_loss=0.05))[1:] == (
        108,
        "trailing_stop",
    )
    fell = [CALM, CALM, (100, 100, 80, 90)]
    assert exit_of(books(fell, [1] * 3, trailing_stop=0.1, stop_loss=0.05))[1:] == (
        95,
        "stop_loss",
    )


def test_a_stop_series_holds_from_the_decision_and_each_close_changes_the_next_bar():
    bars = [CALM, (100, 100, 96, 100), (100, 100, 96, 100), (100, 100, 96, 100)]
    # Decided with 5 %; 3 % is known at the close of bar 2 and works in bar 3.
    changing = books(bars, [1] * 4, stop_loss=[0.05, 0.05, 0.03, 0.03])
    assert exit_of(changing) == (3, 97, "stop_loss")
    # An unknown value leaves the last known one, a zero takes the stop away.
    unknown = books(bars, [1] * 4, stop_loss=[0.05, 0.03, NAN, NAN])
    assert exit_of(unknown) == (2, 97, "stop_loss")
    fell = [CALM, CALM, (100, 100, 90, 100), CALM]
    gone = books(fell, [1] * 4, stop_loss=[0.05, 0.0, 0.0, 0.0])
    assert exit_of(gone)[2] == "open"
    never = books(fell, [1] * 4, stop_loss=[NAN, NAN, 0.05, 0.05])
    assert exit_of(never)[2] == "open"


def test_a_signals_order_at_the_open_goes_before_or_after_a_stop_of_the_bar():
    bars = [CALM, CALM, (100, 100, 90, 95), CALM]
    assert exit_of(books(bars, [1, 0, 0, 0], stop_loss=0.05)) == (2, 100, "signal")
    stop_first = books(bars, [1, 0, 0, 0], stop_loss=0.05, signal_first=False)
    assert exit_of(stop_first) == (2, 95, "stop_loss")


def test_a_stop_that_goes_first_drops_the_order_of_its_bar():
    bars = [CALM, CALM, (100, 100, 90, 95), CALM, CALM]
    book = books(bars, [1, -1, -1, -1, -1], stop_loss=0.05, signal_first=False)
    assert exit_of(book)[2] == "stop_loss"
    assert book.trades[1, 1] == 3  # the reversal enters a bar late


def test_after_a_stop_the_asset_stays_flat_until_its_signal_was_zero_or_turned():
    bars = [CALM, CALM, (100, 100, 90, 100), CALM, CALM, CALM, CALM]
    held = books(bars, [1] * 7, stop_loss=0.05)
    assert len(held.trades) == 1
    again = books(bars, [1, 1, 1, 0, 1, 1, 1], stop_loss=0.05)
    assert again.trades[:, 1].tolist() == [1, 5]
    unknown = books(bars, [1, 1, 1, NAN, 1, 1, 1], stop_loss=0.05)
    assert unknown.trades[:, 1].tolist() == [1, 5]
    turned = books(bars, [1, 1, 1, -1, -1, -1, -1], stop_loss=0.05)
    assert turned.trades[:, 1].tolist() == [1, 4]


def test_with_immediate_re_entry_the_next_target_is_taken_at_once():
    bars = [CALM, CALM, (100, 100, 90, 100), CALM, CALM]
    book = books(bars, [1] * 5, stop_loss=0.05, reenter="immediate")
    assert book.trades[:, 1].tolist() == [1, 3]
    at_close = books(bars, [1] * 5, stop_loss=0.05, reenter="immediate", fill="next_close")
    assert at_close.trades[:, 1].tolist() == [1, 3]  # not at the close of the stop's own bar


def test_a_position_is_closed_after_its_longest_hold():
    bars = [CALM] * 8
    at_open = books(bars, [1] * 8, max_held=3)
    assert exit_of(at_open) == (4, 100, "max_held")
    assert at_open.trades[0, 8] == 3
    at_close = books(bars, [1] * 8, max_held=3, fill="next_close")
    assert exit_of(at_close) == (4, 100, "max_held")
    again = books(bars, [1] * 8, max_held=3, reenter="immediate")
    assert again.trades[:, 1].tolist() == [1, 5]


# -- trades, delisting, ruin ---------------------------------------------------------------------


def test_a_trade_runs_from_flat_to_flat_with_its_average_cost():
    bars = [(p, p, p, p) for p in (10, 10, 20, 30, 30)]
    book = books(bars, [10, 30, 5, 0, 0])
    assert len(book.trades) == 1
    _, entry, exit_, side, cost, price, pnl, _, held, _ = book.trades[0]
    # 10 at 10 and 20 at 20; 25 sold at 30, then 5 at 30.
    assert (entry, exit_, side, held) == (1, 4, 1, 3)
    assert (cost, price) == (pytest.approx(500 / 30), 30)
    assert pnl * 1000 == pytest.approx(30 * 30 - 500)


def test_a_reversal_ends_one_trade_and_begins_the_next_in_the_same_bar():
    costs = Costs(fee_bps=100, slippage_bps=0, capital=1000)
    book = books([(10, 10, 10, 10)] * 4, [10, -10, 0, 0], costs=costs)
    assert book.trades[:, 1:4].tolist() == [[1, 2, 1], [2, 3, -1]]
    assert book.trades[:, 6] * 1000 == pytest.approx([-2, -2])
    assert book.equity[-1] * 1000 == pytest.approx(996)


def test_an_asset_that_stops_having_bars_is_closed_at_its_last_close_with_costs():
    gone = flat_bars([10.0, 10.0, 8.0])
    panel = panel_of([gone, flat_bars([10.0] * 12)], bars=12)
    costs = Costs(fee_bps=100, slippage_bps=0, capital=1000)
    book = keep_books(
        panel,
        Targets(weights=np.array([50.0] * 3 + [0.0] * 12), units="shares"),
        window=(0, 12),
        costs=costs,
        fills=Fills(),
        stale_ns=4 * DAY_NS,
        records=True,
    )
    assert exit_of(book) == (7, 8, "delisted")  # bar 2 plus more than 4 days
    assert book.equity[6] * 1000 == pytest.approx(1000 - 5 - 100)
    assert book.equity[7] * 1000 == pytest.approx(1000 - 5 - 100 - 4)
    assert book.path[layout.GROSS, 7:].tolist() == [0] * 5


def test_a_halt_is_held_through_and_meets_the_first_price_after_it():
    halted = [*flat_bars([10.0, 10.0, 10.0]), *flat_bars([2.0, 2.0], start=14)]
    panel = panel_of([halted, flat_bars([10.0] * 16)], bars=16)
    book = keep_books(
        panel,
        Targets(weights=np.array([50.0] * 5 + [0.0] * 16), units="shares"),
        window=(0, 16),
        costs=FREE,
        fills=Fills(),
        stale_ns=4 * DAY_NS,
        records=True,
    )
    assert book.equity[13] * 1000 == pytest.approx(1000)
    assert book.equity[14] * 1000 == pytest.approx(1000 - 50 * 8)
    assert layout.REASONS[int(book.trades[0][9])] == "open"


def test_until_it_is_over_a_halt_looks_to_every_other_order_like_a_delisting():
    before = flat_bars([10.0, 11.0, 10.0])
    other = flat_bars([10.0, 11.0, 12.0, 11.0, 12.0, 13.0, 12.0, 11.0, 12.0, 13.0, 12.0, 14.0])
    halt = panel_of([[*before, *flat_bars([3.0], start=11)], other], bars=12)
    gone = panel_of([before, other], bars=12)
    rules = {"stale_ns": 4 * DAY_NS, "window": (0, 12), "costs": FREE, "fills": Fills()}
    one = keep_books(halt, Targets(weights=np.full(16, 0.8)), **rules)
    two = keep_books(gone, Targets(weights=np.full(15, 0.8)), **rules)
    assert one.equity[:11] == pytest.approx(two.equity[:11], rel=1e-12)
    closing = two.path[layout.TRADED, 7] - one.path[layout.TRADED, 7]
    assert closing == pytest.approx(one.path[layout.GROSS, 6] - 0.5, abs=0.2)
    traded = one.path[layout.TRADED, 8:11]
    assert traded == pytest.approx(two.path[layout.TRADED, 8:11], rel=1e-12)
    assert (traded > 0).all()


def test_ruin_ends_trading_with_equity_as_it_stands():
    bars = [(10, 10, 10, 10), (10, 10, 10, 10), (40, 40, 40, 40), (10, 10, 10, 10)]
    book = books(bars, [-50, -50, -50, -50])
    assert book.ruined_at == 2
    assert book.equity * 1000 == pytest.approx([1000, 1000, -500, -500])
    assert book.net[3] == 0
    assert exit_of(book)[2] == "ruin"


def test_an_equity_of_exactly_zero_is_ruin_without_undefined_figures():
    book = books([(10, 10, 10, 10), (10, 10, 10, 10), (30, 30, 30, 30), (9, 9, 9, 9)], [-50] * 4)
    assert book.ruined_at == 2
    assert book.net.tolist() == [0, 0, -1, 0]
    assert np.isfinite(book.path).all()


# -- the benchmark -------------------------------------------------------------------------------


def test_the_own_past_benchmark_is_the_mean_of_earlier_weights_times_the_assets_return():
    panel = panel_of([flat_bars([100, 110, 121, 121 * 1.1, 121 * 1.21])])
    book = weights_books(panel, [0.5, 1.0, 0.0, 0.0, 0.0])
    # In force: 0, 0.5, 1, 0, 0. Means of what was before, from the first position: -, -, 0.5,
    # 0.75, 0.5.
    assert book.benchmark == pytest.approx([0, 0, 0.05, 0.075, 0.05])


def test_the_market_is_the_mean_return_of_the_assets_that_have_a_bar():
    panel = panel_of([flat_bars([100, 110, 110]), [(0, 50, 50, 50, 50), (2, 60, 60, 60, 60)]])
    book = weights_books(panel, [0] * 5)
    assert book.path[layout.MARKET] == pytest.approx([0, 0.1, 0.1])


# -- errors --------------------------------------------------------------------------------------


def test_an_array_of_the_wrong_length_is_refused_by_name():
    panel = panel_of([flat_bars([10] * 3)])
    with pytest.raises(ValueError, match=r"weights has shape \(2,\); needs \(3,\)"):
        weights_books(panel, [1, 1])


def test_a_window_outside_the_clock_is_refused():
    panel = panel_of([flat_bars([10] * 3)])
    with pytest.raises(ValueError, match=r"window \(0, 4\)"):
        weights_books(panel, [1, 1, 1], window=(0, 4))


def test_the_presets_have_names():
    assert Fills.like("pessimistic") == Fills()
    assert Fills.like("vectorbt").stop_base == "fill_bar_close"
    assert Fills.like("backtesting.py").stop_base == "decision_close"
    assert Fills.like("freqtrade").gap == "stop"
    with pytest.raises(ValueError, match="pessimistic, vectorbt, backtesting"):
        Fills.like("zipline")  # type: ignore[arg-type]
