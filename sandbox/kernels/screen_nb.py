"""Scores of many positions at once: fold statistics of products and legs, beside flipped returns.

A position is decided at a close and fills at the asset's next open or close. Its earnings are those
of the books to the first order: no drift between two rebalancings, no caps, no impact, no ruin. One
row of positions is combined with a block of LANES columns, so that every loop over lanes is
elementwise and every sum runs over bars in order: a result depends on its pair alone, not on how
pairs are shared among threads.
"""

# pyright: basic
from __future__ import annotations

import numpy as np
from numba import njit, types

from sandbox.kernels.compiled import COUNT, NUMBER, OFFSETS, VALUES, YES_NO, kernel

LANES = 128
PRODUCT, LEG = 0, 1
# Sums kept per fold and lane: excess gross, cost, their squares and product; gross and its square.
SUMS = 7

_SINGLES = types.Array(types.float32, 2, "C", readonly=True)
_TABLE = types.Array(types.float64, 2, "C", readonly=True)
_LANES = types.Array(types.boolean, 1, "C", readonly=True)
_ROW_OUT, _TABLE_OUT, _CUBE_OUT = (types.Array(types.float64, n, "C") for n in (1, 2, 3))
_SIDES_OUT = types.Array(types.int8, 1, "C")


@kernel(
    VALUES, _SINGLES, COUNT, OFFSETS, OFFSETS, VALUES, VALUES, VALUES, OFFSETS, OFFSETS, COUNT,
    _TABLE, COUNT, NUMBER, NUMBER, YES_NO, _CUBE_OUT, _CUBE_OUT,
    nogil=True, error_model="numpy",
)  # fmt: skip
def fold_sums(
    row,
    block,
    mode,
    asset,
    before,
    old_earns,
    new_earns,
    market,
    bar_offsets,
    fold_ends,
    step,
    signs,
    assets,
    cost,
    carry,
    at_close,
    sums,
    flipped,
):
    """Walk one row of positions, combined with a block of columns, through the window.

    Args:
        row: (N,) weights per packed bar.
        block: (N, LANES) positions per packed bar.
        mode: PRODUCT: row x column; LEG: row + column.
        asset: (E,) asset of each entry: an own bar of an asset, in order of the clock.
        before: (E,) the packed bar at which the position of the entry was decided.
        old_earns: (E,) what the position held until the fill earns in this bar, per weight.
        new_earns: (E,) what the position held from the fill on earns.
        market: (E,) return from close to close, which the benchmark earns; 0 for no benchmark.
        bar_offsets: (T + 1,) where each clock bar's entries begin.
        fold_ends: (F,) one past each fold's last clock bar, counted from the window's first.
        step: Clock bars whose returns are flipped together; every fold begins a new group.
        signs: (G, W) the sign of each group's returns in each of W flipped worlds.
        assets: How many there are.
        cost: Per traded weight.
        carry: Half of what a unit of short weight pays per bar.
        at_close: Whether fills are at the close.
        sums: (F, SUMS, LANES) is filled.
        flipped: (F, W, LANES) is filled: sums of excess gross in the flipped worlds.
    """
    worlds = signs.shape[1]
    held = np.zeros((assets, LANES), np.float32)
    past = np.zeros((assets, LANES), np.float32)
    age = np.zeros((assets, LANES), np.float32)
    want = np.zeros(LANES, np.float32)
    force = np.zeros(LANES, np.float32)
    gross = np.zeros(LANES, np.float32)
    excess = np.zeros(LANES, np.float32)
    paid = np.zeros(LANES, np.float32)
    zero, unit = np.float32(0), np.float32(1)
    per_trade, per_bar = np.float32(cost), np.float32(carry)
    group = np.zeros(LANES)
    sums[:] = 0.0
    flipped[:] = 0.0
    t = 0
    g = 0
    for f in range(len(fold_ends)):
        in_group = 0
        while t < fold_ends[f]:
            gross[:] = zero
            excess[:] = zero
            paid[:] = zero
            for e in range(bar_offsets[t], bar_offsets[t + 1]):
                a = asset[e]
                p = before[e]
                one = np.float32(row[p])
                if mode == PRODUCT:
                    for k in range(LANES):
                        want[k] = one * block[p, k]
                else:
                    for k in range(LANES):
                        want[k] = one + block[p, k]
                old = np.float32(old_earns[e])
                new = np.float32(new_earns[e])
                moved = np.float32(market[e])
                for k in range(LANES):
                    gross[k] += held[a, k] * old + want[k] * new
                for k in range(LANES):
                    excess[k] += past[a, k] / max(age[a, k], unit) * moved
                for k in range(LANES):
                    paid[k] += abs(want[k] - held[a, k]) * per_trade
                if at_close:
                    for k in range(LANES):
                        force[k] = held[a, k]
                else:
                    for k in range(LANES):
                        force[k] = want[k]
                if per_bar > zero:
                    for k in range(LANES):
                        paid[k] += abs(force[k]) * per_bar
                for k in range(LANES):
                    past[a, k] += force[k]
                for k in range(LANES):
                    live = age[a, k] > zero or force[k] != zero
                    age[a, k] += unit if live else zero
                for k in range(LANES):
                    held[a, k] = want[k]
            for k in range(LANES):
                excess[k] = gross[k] - excess[k]
            for k in range(LANES):
                sums[f, 0, k] += excess[k]
            for k in range(LANES):
                sums[f, 1, k] += paid[k]
            for k in range(LANES):
                sums[f, 2, k] += excess[k] * excess[k]
            for k in range(LANES):
                sums[f, 3, k] += excess[k] * paid[k]
            for k in range(LANES):
                sums[f, 4, k] += paid[k] * paid[k]
            for k in range(LANES):
                sums[f, 5, k] += gross[k]
            for k in range(LANES):
                sums[f, 6, k] += gross[k] * gross[k]
            for k in range(LANES):
                group[k] += excess[k]
            t += 1
            in_group += 1
            if in_group == step or t == fold_ends[f]:
                for w in range(worlds):
                    sign = signs[g, w]
                    for k in range(LANES):
                        flipped[f, w, k] += sign * group[k]
                group[:] = 0.0
                in_group = 0
                g += 1


@njit(cache=True, nogil=True, error_model="numpy")
def ratio(gain, cost, square, product, costs, gross, gross_square, n, min_risk, year):
    """One fold's Sharpe ratio from its sums, the risk at least a share of the gross one."""
    if n < 2:
        return 0.0
    mean = (gain - cost) / n
    second = square - 2 * product + costs - n * mean * mean
    if not second > 1e-18 * (square + costs):
        return 0.0
    risk = np.sqrt(second / (n - 1))
    net = gross_square - gross * gross / n
    least = min_risk * np.sqrt(max(net, 0.0) / (n - 1))
    risk = max(risk, least)
    return min(max(mean * year / risk, -100.0), 100.0)


@njit(cache=True, nogil=True, error_model="numpy")
def together(values, spread):
    """The aggregate of folds: their mean less a share of their standard deviation, ddof 1."""
    n = len(values)
    mean = 0.0
    for value in values:
        mean += value
    mean /= n
    if n < 2:
        return mean
    second = 0.0
    for value in values:
        second += (value - mean) * (value - mean)
    return mean - spread * np.sqrt(second / (n - 1))


@kernel(
    _CUBE_OUT, _CUBE_OUT, _TABLE, VALUES, _LANES, NUMBER, NUMBER, NUMBER, YES_NO, _ROW_OUT,
    _SIDES_OUT, _TABLE_OUT, _ROW_OUT, _TABLE_OUT,
    nogil=True, error_model="numpy",
)  # fmt: skip
def judge(
    sums,
    flipped,
    kept,
    lengths,
    lanes,
    min_risk,
    year,
    spread,
    both,
    scores,
    turned,
    folds,
    risks,
    best,
):
    """Scores of a block of lanes from its sums, and the best of them in each flipped world.

    Args:
        sums: As `fold_sums` fills it.
        flipped: As `fold_sums` fills it.
        kept: (F, LANES) what is earned in every flipped world: a parent's edge; else zeros.
        lengths: (F,) clock bars of each fold.
        lanes: (LANES,) whether each lane counts.
        min_risk: As in the objective.
        year: Root of the bars per year.
        spread: Share of the folds' deviation that is taken off.
        both: Whether a position may be turned round.
        scores: (LANES,) is filled; -inf where the lane does not count.
        turned: (LANES,) int8, is filled: -1 where the position scores better turned round.
        folds: (LANES, F) is filled: the fold statistics of the better side.
        risks: (LANES,) is filled: root mean square of the gross earnings per bar.
        best: (W, LANES) raised to the score of each lane in each flipped world where that is
            higher. Its risk is that of the returns as they are: signs change no square, and the
            mean and the product with costs are small beside it.
    """
    count = len(lengths)
    one = np.zeros(count)
    other = np.zeros(count)
    scale = np.zeros((count, LANES))
    charge = np.zeros((count, LANES))
    for k in range(LANES):
        scores[k] = -np.inf
        turned[k] = 1
        if not lanes[k]:
            continue
        for f in range(count):
            s = sums[f, :, k]
            n = lengths[f]
            one[f] = ratio(s[0], s[1], s[2], s[3], s[4], s[5], s[6], n, min_risk, year)
            other[f] = ratio(-s[0], s[1], s[2], -s[3], s[4], -s[5], s[6], n, min_risk, year)
            risk = np.sqrt(max((s[2] + s[4]) / (n - 1), min_risk * min_risk * s[6] / (n - 1)))
            scale[f, k] = year / (n * risk) if s[2] > 1e-18 * s[6] and n > 1 else 0.0
            charge[f, k] = (s[1] - kept[f, k]) * scale[f, k]
        gross = 0.0
        bars = 0.0
        for f in range(count):
            gross += sums[f, 6, k]
            bars += lengths[f]
        risks[k] = np.sqrt(gross / bars)
        scores[k] = together(one, spread)
        opposite = together(other, spread) if both else -np.inf
        better = opposite > scores[k]
        if better:
            scores[k] = opposite
            turned[k] = -1
        for f in range(count):
            folds[k, f] = other[f] if better else one[f]
    mean = np.zeros(LANES)
    square = np.zeros(LANES)
    taken = spread if count > 1 else 0.0
    for w in range(len(best)):
        highest = best[w]
        for side in (1.0, -1.0):
            if side < 0 and not both:
                continue
            mean[:] = 0.0
            square[:] = 0.0
            for f in range(count):
                gain, unit, off = flipped[f, w], scale[f], charge[f]
                for k in range(LANES):
                    value = side * gain[k] * unit[k] - off[k]
                    mean[k] += value
                    square[k] += value * value
            for k in range(LANES):
                mean[k] /= count
                second = max(square[k] - count * mean[k] * mean[k], 0.0)
                mean[k] -= taken * np.sqrt(second / max(count - 1, 1))
            for k in range(LANES):
                if lanes[k] and mean[k] > highest[k]:
                    highest[k] = mean[k]
