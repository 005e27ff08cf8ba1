"""The books: target weights in, fills, exits, costs and equity out, bar by bar on the common clock.

Assets are packed one after another (offsets, bar); the walk goes over the common clock with one
pointer an asset and one shared cash. In every clock bar, in this order:

1. Mark. Equity at the open: cash and positions at the opens of this bar; an asset without a bar
   counts at its last close. Not above zero: ruin.
2. Orders at the open (next_open). What was decided at the asset's previous own close is filled:
   shares = weight x equity at the open / open, for all assets from the same equity. Caps go over
   the whole vector of targets, those of absent assets included: each asset first (at the decision),
   then the gross, which scales all down alike. Slippage and impact move the price against the
   trade; the fee is charged on what was paid.
3. Carry. Funding (longs pay rate x notional) and borrow (shorts) on what is held after the open.
4. Exits inside the bar: stop (the tighter of stop loss and trailing stop) and target. Their
   fractions are those known at the previous own close: the deciding bar's at the entry, and each
   later close's from the next bar on (unknown keeps the last known one; 0 or less is none). A
   trailing stop follows the best price of watched bars before this one.
5. Gaps. Without a bar nothing can be traded: a position is held through the gap at its last close,
   its order waits, and both meet the first price after it. After stale_ns without a bar the asset's
   target no longer counts towards the gross of the others. Only an asset that has no later bar at
   all ends: its position is closed at its last close, with costs, stale_ns after it. Until then a
   halt and a delisting look the same to every decision.
6. Orders at the close (next_close), from equity at the close.
7. Decisions. The targets of this close are read; exits of positions held for max_held bars by the
   next fill become orders to close.
8. Mark. Equity at the close; not above zero: ruin, which ends trading with equity as it stands.

The benchmark is what the strategy's own past would have earned: per asset, the mean of the weights
that were in force in earlier bars, from its first one that was not 0, times the asset's return from
close to close. Over a gap that mean drifts as the position does, with the equity since the last bar
before it. (A mean that also counted the warm-up before would lag behind a constant weight, and
the difference would be pure beta.)

A trade runs from flat to flat; its entry price is the average cost. Decisions before `start` are
not traded, so the books are flat in the first clock bar.
"""

# pyright: basic
from __future__ import annotations

import numpy as np
from numba import types

from sandbox.kernels.book_layout import (
    A_COST,
    A_FUNDING,
    A_LARGEST,
    A_PNL,
    A_TRADED,
    A_TURNED,
    ALLOWED,
    AT_ENTRY,
    AVERAGE,
    BASE,
    BENCHMARK,
    BLOCK,
    COST,
    DELISTED,
    ENTRY,
    ENTRY_BAR,
    EQUITY,
    FLOW,
    GROSS,
    IN_FORCE,
    LAST,
    LAST_BAR,
    MARKET,
    MAX_HELD,
    MOST_ADVERSE,
    NET_EXPOSURE,
    PAST_BARS,
    PAST_SUM,
    PEAK,
    SHARES,
    SIGNAL,
    STOP_BASE_DECISION,
    STOP_BASE_FILL_BAR,
    TARGET,
    TRADED,
)
from sandbox.kernels.compiled import COUNT, NUMBER, OFFSETS, VALUES, YES_NO, kernel
from sandbox.kernels.exit_nb import arm, close_trade, follow, watch
from sandbox.kernels.path_nb import first_from, to_ratios

ABSENT, STALE = -1, -2  # instead of an asset's packed bar

_TABLE = types.Array(types.float64, 2, "C")


@kernel(
    COUNT, COUNT, OFFSETS, OFFSETS, types.Array(types.int32, 1, "C", readonly=True),
    *[VALUES] * 11,
    YES_NO, YES_NO, YES_NO, COUNT, *[YES_NO] * 5,
    *[NUMBER] * 8, COUNT, YES_NO, YES_NO,
    *[_TABLE] * 4,
    error_model="numpy",
)  # fmt: skip
def portfolio(
    start,
    stop,
    clock,
    offsets,
    bar,
    open_,
    high,
    low,
    close,
    volume,
    funding,
    targets,
    stop_loss,
    take_profit,
    trailing_stop,
    max_held,
    in_shares,
    next_close,
    arm_next_bar,
    stop_base,
    gap_at_stop,
    target_gap_at_open,
    target_first,
    signal_first,
    reset,
    no_trade_band,
    max_weight,
    max_gross,
    fee,
    slippage,
    impact,
    borrow,
    capital,
    stale_ns,
    paths,
    listing,
    path,
    stats,
    records,
    state,
):
    """Walk the books from one clock bar to another.

    Args:
        start: First clock bar of the window.
        stop: One past its last.
        clock: (T,) stamps, nanoseconds.
        offsets: (A + 1,) where each asset's packed bars begin.
        bar: (N,) clock bar of each packed bar.
        open_: (N,) prices, finite and above zero; so high, low, close.
        high: As open_.
        low: As open_.
        close: As open_.
        volume: (N,) or empty; for impact only.
        funding: (N,) rate longs pay during the bar, NaN counts as 0; or empty.
        targets: (N,) weights decided at each own close, NaN counts as 0; shares if `in_shares`.
        stop_loss: (N,) fractions, or empty for none; so the next two.
        take_profit: As stop_loss.
        trailing_stop: As stop_loss.
        max_held: (N,) own bars from fill to fill, or empty.
        in_shares: Targets are numbers of shares; no caps, no band.
        next_close: Orders fill at closes instead of opens.
        arm_next_bar: Exits watch from the bar after the fill's.
        stop_base: STOP_BASE_FILL, STOP_BASE_DECISION or STOP_BASE_FILL_BAR.
        gap_at_stop: A gap through a stop fills at the stop wherever the bar came back to it.
        target_gap_at_open: A gap through a target fills at the open.
        target_first: The target goes first where one bar reaches both.
        signal_first: Orders at the open go before exits of the same bar.
        reset: After an exit, flat until the target was 0 or changed sign.
        no_trade_band: Weight differences up to this are not traded.
        max_weight: Cap on an absolute weight.
        max_gross: Cap on their sum.
        fee: Per traded notional, a fraction.
        slippage: Adverse move, a fraction.
        impact: Adverse move at a traded share of 1, a fraction.
        borrow: Per short notional and clock bar, a fraction.
        capital: Starting equity.
        stale_ns: An asset without a bar for longer is stale.
        paths: Fill everything; else only equity, net returns, the last two answers and `state`.
        listing: Keep what a list of trades shows and nothing else asks for.
        path: (8, stop - start) out, zero before, rows as PATH: equity over capital; traded notional
            and cost over equity at the previous close; exposures over equity at the close.
        stats: (A, 12) out, zero before, columns as STATS.
        records: (R, 10) out, columns as RECORD, the first R trades by exit.
        state: (A, FIELDS) out, zero before: what each asset held at the end.

    Returns:
        (clock bar of ruin or -1, trades closed, weights clipped, bars scaled down).
    """
    assets = len(offsets) - 1
    nxt, here = np.empty(assets, np.int64), np.empty(assets, np.int64)
    for a in range(assets):
        nxt[a] = first_from(bar, offsets[a], offsets[a + 1], start)
        state[a, LAST_BAR] = -1
        if nxt[a] > offsets[a]:
            state[a, LAST] = close[nxt[a] - 1]
            state[a, LAST_BAR] = bar[nxt[a] - 1]
    early = not next_close and not signal_first
    from_close = stop_base == STOP_BASE_FILL_BAR
    watch_fill = not arm_next_bar and not from_close
    has_exits = len(stop_loss) > 0 or len(take_profit) > 0 or len(trailing_stop) > 0
    exits = has_exits or len(max_held) > 0
    inside = has_exits or borrow > 0 or len(funding) > 0
    cash = capital
    closed = clipped = scaled = 0
    ruined = -1

    for t in range(start, stop):
        # Every asset's bar, equity at the open, and what follows from closes alone.
        traded = cost = benchmark = market = 0.0
        present = 0
        ending = False
        marked = closing = cash
        asked = 0.0
        for a in range(assets):
            i = nxt[a]
            held = state[a, SHARES]
            if i < offsets[a + 1] and bar[i] == t:
                here[a] = i
                nxt[a] = i + 1
                marked += held * open_[i]
                asked += abs(state[a, ALLOWED])
                closing += held * close[i]
            else:
                since = int(state[a, LAST_BAR])
                worth = held * state[a, LAST]
                marked += worth
                closing += worth
                if since >= 0 and clock[t] - clock[since] > stale_ns:
                    here[a] = STALE
                    ending |= held != 0 and i == offsets[a + 1]
                else:
                    here[a] = ABSENT
                    asked += abs(state[a, ALLOWED])
        bankrupt = marked <= 0
        if bankrupt:  # gone before the open: nothing else happens in this bar
            benchmark = market = 0.0
            present = 0
            for a in range(assets):
                if here[a] >= 0:
                    state[a, LAST] = open_[here[a]]

        for phase in range(2):  # 0: from the open on, 1: at the close
            ordering = (phase == 1) == next_close
            if bankrupt:
                break
            if phase == 1 and paths:
                for a in range(assets):
                    i = here[a]
                    if i < 0:
                        continue
                    if state[a, LAST_BAR] >= 0:
                        gained = close[i] / state[a, LAST] - 1
                        market += gained
                        present += 1
                        if state[a, PAST_BARS] > 0:
                            past = state[a, PAST_SUM] / state[a, PAST_BARS]
                            since = int(state[a, LAST_BAR]) - start
                            if since < t - 1 - start:
                                past *= path[EQUITY, since] / path[EQUITY, t - 1 - start]
                            benchmark += past * gained
                    if state[a, IN_FORCE] != 0 or state[a, PAST_BARS] > 0:
                        state[a, PAST_SUM] += state[a, IN_FORCE]
                        state[a, PAST_BARS] += 1
            if phase > next_close:
                break
            if phase == 1:
                if inside or ending:  # something may have been traded since the open
                    closing = cash
                    if has_exits:  # one that fired lets its asset want nothing
                        asked = 0.0
                    for a in range(assets):
                        i = here[a]
                        closing += state[a, SHARES] * (close[i] if i >= 0 else state[a, LAST])
                        if has_exits and i != STALE:
                            asked += abs(state[a, ALLOWED])
                marked = closing
                if marked <= 0:
                    break
            elif next_close and not (inside or ending):
                continue
            scale = 1.0
            if asked > max_gross and not in_shares and ordering:
                scale = max_gross / asked
                scaled += 1

            for a in range(assets):
                i = here[a]
                if state[a, SHARES] == 0 and state[a, ALLOWED] == 0:
                    if i >= 0 and ordering:
                        state[a, IN_FORCE] = 0.0
                    continue
                left = False  # an exit has fired in this bar
                looked = False
                first_step = 0 if has_exits and early and i >= 0 else 1
                last_step = 2 if phase == 0 and (inside or ending) else 1
                for step in range(first_step, last_step + 1):  # 0 exits early, 1 order, 2 exits
                    held = state[a, SHARES]
                    want = held
                    quote = state[a, LAST]
                    base = 0.0  # of stops; 0 is the average cost
                    adverse = slippage
                    reason = SIGNAL

                    if step == 1:
                        if i < 0 or left or not ordering:
                            continue
                        quote = open_[i] if phase == 0 else close[i]
                        target = state[a, ALLOWED]
                        if in_shares:
                            want = target
                            state[a, IN_FORCE] = target * quote / marked
                        else:
                            weight = target * scale
                            want = weight * marked / quote
                            state[a, IN_FORCE] = weight
                            moved = abs(weight - held * quote / marked)
                            if target != 0 and moved <= no_trade_band:
                                want = held
                        if want == held:
                            continue
                        if impact > 0:
                            lot = abs(want - held)
                            known = len(volume) > 0 and volume[i] > lot
                            adverse += impact * (lot / volume[i] if known else 1.0)
                        if stop_base == STOP_BASE_DECISION:
                            base = state[a, LAST]
                        elif from_close:
                            base = quote  # until the bar has closed
                        if target != state[a, TARGET]:
                            reason = MAX_HELD
                    elif held == 0:
                        continue
                    else:
                        fresh = state[a, ENTRY] == i
                        watched = watch_fill if fresh else not looked
                        if i < 0:
                            if i == STALE and nxt[a] == offsets[a + 1]:
                                state[a, TARGET] = state[a, ALLOWED] = 0.0
                                want = 0.0
                                reason = DELISTED
                        elif has_exits and watched:
                            looked = True
                            side = 1.0 if held > 0 else -1.0
                            price, reason = watch(
                                state,
                                a,
                                side,
                                open_[i],
                                high[i],
                                low[i],
                                gap_at_stop,
                                target_gap_at_open,
                                target_first,
                            )
                            if reason != SIGNAL:
                                quote = price
                                want = 0.0
                                left = True
                                if state[a, TARGET] * side > 0:
                                    state[a, BLOCK] = side
                                    state[a, ALLOWED] = 0.0
                        if step == 2 or left:
                            mark = open_[i] if i >= 0 else state[a, LAST]
                            paid = 0.0
                            if i >= 0 and len(funding) > 0 and not np.isnan(funding[i]):
                                paid = held * mark * funding[i]
                                stats[a, A_FUNDING] += paid
                            if held < 0:
                                borrowed = -held * mark * borrow
                                paid += borrowed
                                cost += borrowed
                                stats[a, A_COST] += borrowed
                            cash -= paid
                            state[a, FLOW] -= paid
                            stats[a, A_PNL] -= paid
                        if want == held:
                            continue

                    # A trade, from held to want. A reversal is two fills at one price: one
                    # closes the old trade, the other opens the new one.
                    delta = want - held
                    adverse = min(adverse, MOST_ADVERSE)
                    price = quote * (1 + adverse) if delta > 0 else quote * (1 - adverse)
                    closes = held != 0 and (want == 0 or (want > 0) != (held > 0))
                    if closes:
                        flow = held * price - abs(held) * price * fee
                        cash += flow
                        if paths:
                            own = nxt[a] - 1
                            close_trade(
                                state,
                                stats,
                                records,
                                a,
                                t,
                                own,
                                price,
                                flow,
                                reason,
                                closed,
                                capital,
                            )
                            closed += 1
                    bought = want if closes else delta
                    notional = abs(bought) * price
                    flow = -bought * price - notional * fee
                    if bought != 0:
                        cash += flow
                        if paths:
                            state[a, FLOW] += flow
                            stats[a, A_PNL] += flow
                    if want != 0:
                        if closes or held == 0:
                            state[a, AVERAGE] = price
                            state[a, BASE] = price if base == 0 else base
                            state[a, PEAK] = state[a, BASE]
                            state[a, ENTRY] = i
                            state[a, ENTRY_BAR] = t
                            state[a, AT_ENTRY] = marked
                            if has_exits:
                                arm(state, a, i - 1, stop_loss, take_profit, trailing_stop)
                        elif (exits or listing) and abs(want) > abs(held):
                            state[a, AVERAGE] = (state[a, AVERAGE] * held + price * delta) / want
                            if base == 0:
                                state[a, BASE] = state[a, AVERAGE]
                    state[a, SHARES] = want
                    if paths:
                        if closes:
                            notional += abs(held) * price
                        spent = abs(delta) * abs(price - quote) + notional * fee
                        traded += notional
                        cost += spent
                        stats[a, A_TRADED] += notional
                        stats[a, A_COST] += spent
                        stats[a, A_TURNED] += notional / marked
                        size = abs(want) * price / marked
                        stats[a, A_LARGEST] = max(stats[a, A_LARGEST], size)

        # Decisions at the close, and the last mark.
        equity = cash
        gross = net = 0.0
        for a in range(assets):
            i = here[a]
            held = state[a, SHARES]
            if i >= 0 and not bankrupt:
                state[a, LAST] = close[i]
                state[a, LAST_BAR] = t
                target = targets[i]
                if np.isnan(target):
                    target = 0.0
                if not in_shares and abs(target) > max_weight:
                    target = max_weight if target > 0 else -max_weight
                    clipped += 1
                state[a, TARGET] = target
                if exits:
                    if not reset or target * state[a, BLOCK] <= 0:
                        state[a, BLOCK] = 0.0
                    if held != 0:
                        follow(
                            state,
                            a,
                            i,
                            held,
                            target,
                            close[i],
                            from_close,
                            stop_loss,
                            take_profit,
                            trailing_stop,
                            max_held,
                        )
                    if target * state[a, BLOCK] > 0:
                        target = 0.0
                state[a, ALLOWED] = target
            worth = held * state[a, LAST]
            equity += worth
            net += worth
            gross += abs(worth)

        k = t - start
        path[EQUITY, k] = equity
        if paths:
            path[BENCHMARK, k] = benchmark
            path[MARKET, k] = market / present if present > 0 else 0.0
            path[TRADED, k] = traded
            path[COST, k] = cost
            path[GROSS, k] = gross
            path[NET_EXPOSURE, k] = net
        if equity <= 0:
            path[GROSS, k] = path[NET_EXPOSURE, k] = 0.0
            for later in range(k + 1, stop - start):
                path[EQUITY, later] = equity
            ruined = t
            break

    to_ratios(path, stop - start if ruined < 0 else ruined - start + 1, ruined, capital, paths)
    for a in range(assets):
        stats[a, A_PNL] += state[a, SHARES] * state[a, LAST]
        for column in (A_PNL, A_TRADED, A_COST, A_FUNDING):
            stats[a, column] /= capital
    return ruined, closed, clipped, scaled
