"""Panels and graphs for the tests of operators: every input is a field, whatever its dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from genomes.language.dimension import NUMBER, PRICE, VOLUME, Dimension
from genomes.language.graph import Builder, Graph
from genomes.language.table import OPERATORS, Kind, Operator, Static
from sandbox.execute import Executor
from sandbox.market.panel import Panel

_DIMENSIONS = {"a": PRICE, "b": VOLUME, "1": NUMBER, "price": PRICE, "volume": VOLUME}
_CANDLES = ("open", "high", "low", "close")


def make_panel(
    bars: Sequence[Sequence[int]],
    fields: Mapping[str, np.ndarray],
    dimensions: Mapping[str, Dimension],
    *,
    clock: int | None = None,
) -> Panel:
    """A panel from each asset's clock bars and packed fields; an asset is listed from its first."""
    bar = np.array([b for own in bars for b in own], np.int32)
    offsets = np.cumsum([0, *(len(own) for own in bars)]).astype(np.int64)
    count = clock if clock is not None else int(bar.max(initial=-1)) + 1
    order = np.lexsort((np.arange(len(bar)), bar)).astype(np.int32)
    firsts = np.array([own[0] for own in bars if len(own)])
    frozen = {name: np.ascontiguousarray(values, float) for name, values in fields.items()}
    for values in frozen.values():
        values.flags.writeable = False
    return Panel(
        symbols=tuple(f"a{i}" for i in range(len(bars))),
        clock=np.arange(count, dtype=np.int64),
        offsets=offsets,
        bar=bar,
        fields=frozen,
        dimensions=dict(dimensions),
        funding=None,
        listed=np.array([(firsts <= t).sum() for t in range(count)], np.int32),
        order=order,
        order_offsets=np.searchsorted(bar[order], np.arange(count + 1)).astype(np.int64),
        bars_per_year=252.0,
    )


def dimension_of(operator: Operator, name: str) -> Dimension:
    """The dimension of the field that stands for an argument."""
    if operator.name == "sqrt":
        return PRICE * PRICE
    arg = next(a for a in operator.nodes if a.name == name)
    return NUMBER if arg.kind is Kind.MASK else _DIMENSIONS[arg.dimension]


def draw_statics(operator: Operator, rng: np.random.Generator) -> tuple[Static, ...]:
    """Plain arguments in range, windows small."""
    statics: list[Static] = []
    for arg in operator.statics:
        if arg.kind is Kind.BARS:
            wide = 3 if operator.family == "cross-section" else 8 if rng.random() < 0.7 else 14
            statics.append(int(rng.integers(arg.low, arg.low + wide)))
        else:
            low = max(arg.low, -3)
            statics.append(float(rng.uniform(low, min(arg.high, low + 3))))
    if operator.name == "clip":
        statics.sort()
    return tuple(statics)


def draw_fields(
    operator: Operator, size: int, rng: np.random.Generator, *, unknown: float = 0.0
) -> dict[str, np.ndarray]:
    """A field for each node argument; with `unknown`, that share of values is NaN or infinite.

    Candles are proper candles; other values are walks, noise, or few whole numbers with many ties.
    """
    walk = np.exp(rng.normal(0, 0.02, size).cumsum() + rng.normal(0, 3))
    wick = np.exp(np.abs(rng.normal(0, 0.01, (2, size))))
    open_ = walk * np.exp(rng.normal(0, 0.01, size))
    if rng.random() < 0.3:  # bars at which nothing happens
        quiet = rng.random(size) < 0.5
        open_[quiet], wick[:, quiet] = walk[quiet], 1.0
    candles = {
        "open": open_,
        "close": walk,
        "high": np.maximum(open_, walk) * wick[0],
        "low": np.minimum(open_, walk) / wick[1],
        "volume": np.exp(rng.normal(8, 1, size)) * (rng.random(size) < 0.9),
    }
    fields: dict[str, np.ndarray] = {}
    for arg in operator.nodes:
        if arg.kind is Kind.MASK:
            values = rng.choice([-1.0, 1.0], size)
        elif arg.dimension in ("price", "volume"):
            values = candles[arg.name].copy()
        else:
            values = _anything(size, rng)
        lost = rng.random(size) < unknown
        values[lost] = rng.choice([np.nan, np.nan, np.inf, -np.inf], size)[lost]
        if arg.kind is Kind.MASK:
            values[np.isinf(values)] = np.nan
        fields[arg.name] = values
    return fields


def _anything(size: int, rng: np.random.Generator) -> np.ndarray:
    match rng.integers(4):
        case 0:
            return 100 + rng.normal(0, 1, size).cumsum()
        case 1:
            return rng.normal(0, 1, size)
        case 2:
            return rng.integers(-2, 3, size).astype(float)
        case _:
            return np.exp(rng.normal(0, 2, size))


def draw_bars(rng: np.random.Generator, *, clock: int = 60, assets: int = 4) -> list[list[int]]:
    """Clock bars of assets that begin late, end early and miss bars; the last has one bar only."""
    bars = [list(range(clock))]
    for _ in range(assets - 2):
        first, last = int(rng.integers(0, 12)), int(rng.integers(clock - 12, clock))
        bars.append([t for t in range(first, last) if rng.random() < 0.9])
    return [*bars, [int(rng.integers(0, clock))]]


def draw_panel(
    operator: Operator, rng: np.random.Generator, *, unknown: float = 0.0, clock: int = 60
) -> Panel:
    """A ragged panel with the fields that `graph_of` wants."""
    bars = draw_bars(rng, clock=clock)
    fields = draw_fields(operator, sum(map(len, bars)), rng, unknown=unknown)
    return make_panel(bars, fields, {n: dimension_of(operator, n) for n in fields}, clock=clock)


def graph_of(
    operator: Operator, statics: tuple[Static, ...], dimensions: Mapping[str, Dimension]
) -> Graph:
    """The graph of one call on fields of its arguments' names; a Mask result as a number."""
    builder = Builder(dimensions)
    args: list[int] = []
    for arg in operator.nodes:
        node = builder.field(arg.name)
        if arg.kind is Kind.MASK:
            node = builder.apply("lt", (builder.const(0), node))
        args.append(node)
    result = builder.apply(operator.name, tuple(args), statics)
    if operator.result is Kind.MASK:
        result = builder.apply("as_number", (result,))
    return builder.finish({"factor": result, "weight": builder.const(0)})


def run(operator: Operator, statics: tuple[Static, ...], panel: Panel) -> np.ndarray:
    """The operator's values on a panel's fields."""
    factor = Executor(panel).evaluate(graph_of(operator, statics, panel.dimensions)).factor
    assert factor is not None
    return factor


def with_fields(panel: Panel, **fields: np.ndarray) -> Panel:
    """The panel with other values in some fields."""
    return replace(panel, fields={**panel.fields, **fields})


def select(panel: Panel, keep: np.ndarray) -> Panel:
    """The panel with the kept packed bars only; the clock stays."""
    bars = [
        [int(panel.bar[i]) for i in range(panel.offsets[a], panel.offsets[a + 1]) if keep[i]]
        for a in range(panel.assets)
    ]
    fields = {name: values[keep] for name, values in panel.fields.items()}
    made = make_panel(bars, fields, panel.dimensions, clock=panel.bars)
    return replace(made, listed=panel.listed)


NAMES = sorted(OPERATORS)
