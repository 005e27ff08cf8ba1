"""How a position ends in the books: its exits, where it leaves inside a bar, the closed trade."""

# pyright: basic
from __future__ import annotations

import numpy as np
from numba import njit

from sandbox.kernels.book_layout import (
    A_GAIN,
    A_HELD,
    A_LOSS,
    A_PNL,
    A_RETURN,
    A_TRADES,
    A_WINS,
    AT_ENTRY,
    AVERAGE,
    BASE,
    BLOCK,
    ENTRY,
    ENTRY_BAR,
    FLOW,
    LONGEST,
    PEAK,
    SHARES,
    STOP_F,
    STOP_LOSS,
    TAKE_F,
    TRAIL_F,
    TRAILING_STOP,
)


@njit(cache=True, error_model="numpy")
def leave(side, o, h, low, stop, target, gap_at_stop, target_gap_at_open, target_first):
    """Where a position leaves a bar: (price, 0 none | 1 stop | 2 target).

    Shorts are mirrored (prices times -1), so that one logic serves both sides. `stop` and `target`
    are mirrored levels already; -inf and inf where there is none.
    """
    best, worst = (h, low) if side > 0 else (-low, -h)
    begin = side * o
    stopped = worst <= stop
    reached = best >= target
    if stopped and not (target_first and reached):
        if begin > stop:
            return side * stop, 1
        if gap_at_stop and best >= stop:
            return side * stop, 1
        return o, 1
    if reached:
        if begin < target:
            return side * target, 2
        if target_gap_at_open:
            return o, 2
        return side * max(target, worst), 2
    return 0.0, 0


@njit(cache=True, error_model="numpy")
def watch(state, a, side, o, h, low, gap_at_stop, target_gap_at_open, target_first):
    """Look at one bar of a position; its best price then counts this bar, too.

    Returns:
        (price, reason): as `leave`, the reason TRAILING_STOP where that was the tighter stop.
    """
    level = -np.inf
    goal = np.inf
    by_trail = False
    if state[a, STOP_F] > 0:
        level = side * (state[a, BASE] * (1 - side * state[a, STOP_F]))
    if state[a, TRAIL_F] > 0:
        trail = side * (state[a, PEAK] * (1 - side * state[a, TRAIL_F]))
        if trail > level:
            level = trail
            by_trail = True
    if state[a, TAKE_F] > 0:
        goal = side * (state[a, BASE] * (1 + side * state[a, TAKE_F]))
    price, reason = leave(
        side, o, h, low, level, goal, gap_at_stop, target_gap_at_open, target_first
    )
    state[a, PEAK] = max(state[a, PEAK], h) if side > 0 else min(state[a, PEAK], low)
    if reason == STOP_LOSS and by_trail:
        reason = TRAILING_STOP
    return price, reason


@njit(cache=True, error_model="numpy")
def arm(state, a, decided, stop_loss, take_profit, trailing_stop):
    """Set a new position's fractions: those of the packed bar that decided it."""
    if len(stop_loss) > 0:
        state[a, STOP_F] = stop_loss[decided]
    if len(take_profit) > 0:
        state[a, TAKE_F] = take_profit[decided]
    if len(trailing_stop) > 0:
        state[a, TRAIL_F] = trailing_stop[decided]


@njit(cache=True, error_model="numpy")
def follow(
    state, a, i, held, target, price, from_close, stop_loss, take_profit, trailing_stop, max_held
):
    """Read a held position's exits at a close; a known fraction replaces the last one.

    Args:
        state: The assets' state.
        a: The asset.
        i: Its packed bar.
        held: Shares.
        target: What this close decides.
        price: The close.
        from_close: Stops of a position are measured from the close of the bar of its fill.
        stop_loss: As the portfolio has them; so the next three.
        take_profit: As stop_loss.
        trailing_stop: As stop_loss.
        max_held: As stop_loss.
    """
    fresh = state[a, ENTRY] == i
    if fresh and from_close:
        state[a, BASE] = state[a, PEAK] = price
    if len(stop_loss) > 0 and not np.isnan(stop_loss[i]):
        state[a, STOP_F] = stop_loss[i]
    if len(take_profit) > 0 and not np.isnan(take_profit[i]):
        state[a, TAKE_F] = take_profit[i]
    if len(trailing_stop) > 0 and not np.isnan(trailing_stop[i]):
        state[a, TRAIL_F] = trailing_stop[i]
    if len(max_held) > 0:
        if fresh or not np.isnan(max_held[i]):
            state[a, LONGEST] = max_held[i]
        after = i + 1 - state[a, ENTRY]  # own bars, by the next fill
        due = state[a, LONGEST] > 0 and after >= state[a, LONGEST]
        if due and target * held > 0:
            state[a, BLOCK] = 1.0 if held > 0 else -1.0


@njit(cache=True, error_model="numpy")
def close_trade(state, stats, records, a, t, own, price, flow, reason, closed, capital):
    """Count a trade that a fill closes, and list it where there is room.

    Args:
        state: The assets' state, before the fill.
        stats: Their figures.
        records: Closed trades.
        a: The asset.
        t: Clock bar.
        own: The asset's last packed bar.
        price: Of the fill.
        flow: Cash from it.
        reason: Why, of REASONS.
        closed: Trades closed before.
        capital: Starting equity.
    """
    stats[a, A_PNL] += flow
    pnl = state[a, FLOW] + flow
    state[a, FLOW] = 0.0
    lasted = own - state[a, ENTRY]
    stats[a, A_TRADES] += 1
    stats[a, A_RETURN] += pnl / state[a, AT_ENTRY]
    stats[a, A_HELD] += lasted
    if pnl > 0:
        stats[a, A_WINS] += 1
        stats[a, A_GAIN] += pnl / capital
    else:
        stats[a, A_LOSS] -= pnl / capital
    if closed < len(records):
        records[closed, 0] = a
        records[closed, 1] = state[a, ENTRY_BAR]
        records[closed, 2] = t
        records[closed, 3] = 1.0 if state[a, SHARES] > 0 else -1.0
        records[closed, 4] = state[a, AVERAGE]
        records[closed, 5] = price
        records[closed, 6] = pnl / capital
        records[closed, 7] = pnl / state[a, AT_ENTRY]
        records[closed, 8] = lasted
        records[closed, 9] = reason
