"""A made market of one seed: its law settled, its bars as a file, as a panel, and as a truth."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.calibrate.bars import F64, Bars
from engine.calibrate.kinds import Kind, Params
from engine.calibrate.oracles import text as oracle_text
from sandbox.book import Targets, keep_books
from sandbox.fills import Costs, Fills

if TYPE_CHECKING:
    import pandas as pd

    from genomes.language.dimension import Dimension
    from genomes.language.graph import Graph
    from sandbox.market import MarketConfig, Panel

BARS = 5040
MAX_WINDOW = 260
PILOT = 40_000
YEAR = 252
_PARAMS, _PILOT, _TRAIN, _FRESH = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """What makes the bars of one kind, seed and target Sharpe.

    Attributes:
        kind: The kind.
        seed: Every randomness of it.
        sharpe: Of the best possible position, a year of 252 bars, gross of costs; 0 for a null.
        params: What was drawn for the seed; the same at every Sharpe.
        strength: Drift as a share of volatility, at signal 1; a pair's speed of reversion.
        cost_bps: Fee per traded notional.
    """

    kind: Kind
    seed: int
    sharpe: float
    params: Params
    strength: float
    cost_bps: float = 0.0

    @property
    def oracle(self) -> str:
        """The oracle's source for this seed; empty for a market without an edge."""
        from genomes.variation.defaults import with_defaults

        if not self.kind.planted:
            return ""
        values = self.kind.values(self.params, self.strength)
        return with_defaults(oracle_text(self.kind.oracle), values)

    def bars(self) -> Bars:
        """The market that a search is given: 20 years of days, training is their first half."""
        rng = _stream(self.kind, self.seed, _TRAIN)
        return self.kind.make(self.params, self.strength, rng, BARS)

    def fresh(self, n: int | None = None) -> Bars:
        """A longer path of the same law, which no search has seen."""
        rng = _stream(self.kind, self.seed, _FRESH)
        return self.kind.make(self.params, self.strength, rng, n or self.kind.fresh)


def law(kind: Kind, seed: int, sharpe: float, cost_bps: float = 0.0) -> Law:
    """The law of one seed: parameters are drawn, and the strength is set for the Sharpe.

    The best possible position holds drift over variance; its Sharpe a year is sqrt(252 A / (1 - A))
    with A the mean of x / (1 + x), x the squared ratio of drift to volatility. A path of 40,000
    bars has the ratios at strength 1; they hardly depend on the strength.

    Source: reference/statistics.md, C2.
    """
    params = kind.draw(_stream(kind, seed, _PARAMS))
    strength = 0.0
    if kind.planted and sharpe > 0:
        strength = kind.solved(sharpe) if kind.solved else _solved(kind, seed, sharpe, params)
    return Law(
        kind=kind,
        seed=seed,
        sharpe=sharpe if kind.planted else 0.0,
        params=params,
        strength=strength,
        cost_bps=cost_bps,
    )


def _solved(kind: Kind, seed: int, sharpe: float, params: Params) -> float:
    q = sharpe**2 / YEAR
    wanted = q / (1 + q)
    strength = 0.1 * sharpe
    for _ in range(2):
        edge = kind.make(params, strength, _stream(kind, seed, _PILOT), PILOT).edge
        low, high = 0.0, 10.0
        for _ in range(50):
            strength = (low + high) / 2
            x = strength**2 * edge
            low, high = (
                (strength, high) if float(np.mean(x / (1 + x))) < wanted else (low, strength)
            )
    return strength


def _stream(kind: Kind, seed: int, purpose: int) -> np.random.Generator:
    key = (zlib.crc32(kind.name.encode()), purpose)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def frame(bars: Bars) -> pd.DataFrame:
    """The bars as a long frame: time, symbol, open, high, low, close, volume, further columns."""
    import pandas as pd

    assets, n = bars.weights.shape
    columns: dict[str, Any] = {
        "time": np.tile(bars.stamps.view("M8[ns]"), assets),
        "symbol": np.repeat(np.array(bars.symbols, dtype=object), n),
    }
    values = {**bars.prices, **bars.columns}
    return pd.DataFrame(columns | {name: each.reshape(-1) for name, each in values.items()})


def settings(bars: Bars, name: str, cost_bps: float) -> dict[str, Any]:
    """The market's config, as its TOML says it."""
    return {
        "name": name,
        "path": f"{name}.parquet",
        "max_window": MAX_WINDOW,
        "costs": {"fee_bps": cost_bps, "slippage_bps": 0.0},
        "fills": {"fill": "next_open"},  # the open is the close before
        "column": {column: {"known": "same_bar"} for column in bars.columns},
    }


def panel(bars: Bars, name: str, cost_bps: float) -> tuple[Panel, MarketConfig]:
    """The bars as the sandbox takes them: the one place that knows how a panel is made."""
    from sandbox.market import MarketConfig, assemble

    config = MarketConfig.model_validate(settings(bars, name, cost_bps))
    return assemble(frame(bars), config), config


def write(bars: Bars, folder: Path, name: str, cost_bps: float = 0.0) -> Path:
    """Write the market as NAME.parquet and NAME.toml; returns the TOML's path.

    Raises:
        OSError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    frame(bars).to_parquet(folder / f"{name}.parquet", index=False)
    file = folder / f"{name}.toml"
    file.write_text("\n".join(_toml(settings(bars, name, cost_bps))) + "\n", encoding="utf-8")
    return file


def _toml(table: Mapping[str, Any], at: str = "") -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"[{at}]"] if at and plain else []
    lines += [f"{key} = {_literal(value)}" for key, value in plain.items()]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _toml(value, f"{at}.{key}" if at else key)
    return lines


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def graph_of(text: str, fields: Mapping[str, Dimension]) -> Graph:
    """The graph of one of our own texts, read in this process.

    Raises:
        ValueError: The language refuses the text.
    """
    from genomes.interpreter.caps import Caps
    from genomes.interpreter.read import read_text

    graph = read_text(text, None, fields, Caps())
    if isinstance(graph, tuple):
        raise ValueError("\n".join(map(str, graph)))  # noqa: TRY004 (the text is wrong)
    return graph


class Truth:
    """True Sharpe ratios: a long fresh path of a law, on which graphs are measured in process."""

    def __init__(self, made: Law, n: int | None = None) -> None:
        """Make the path.

        Args:
            made: The law.
            n: Bars; by default the kind's own number.
        """
        from genomes.language.serial import Reader
        from sandbox.execute import Executor

        bars = made.fresh(n)
        self._panel, config = panel(bars, made.kind.name, made.cost_bps)
        self._costs: Costs = config.costs
        self._fills: Fills = config.fills
        self._reader = Reader(dict(sorted(self._panel.dimensions.items())))
        self._executor = Executor(self._panel)
        self.cap = self._sharpe(Targets(weights=bars.weights.reshape(-1)))

    @property
    def error(self) -> float:
        """Standard error of a Sharpe ratio here."""
        return (YEAR / (self._panel.bars - MAX_WINDOW)) ** 0.5

    def sharpe(self, graph: str | Graph) -> float:
        """Sharpe ratio, a year of 252 bars, of a graph, serialised or not; 0 without a trade.

        Raises:
            GraphError: The text is not a graph of this market.
        """
        read = self._reader.read(graph) if isinstance(graph, str) else graph
        return self._sharpe(self._executor.evaluate(read).targets)

    def _sharpe(self, targets: Targets) -> float:
        net: F64 = keep_books(
            self._panel,
            targets,
            window=(MAX_WINDOW, self._panel.bars),
            costs=self._costs,
            fills=self._fills,
            paths=False,
        ).net
        risk = float(net.std(ddof=1))
        return float(net.mean()) / risk * YEAR**0.5 if risk > 0 else 0.0
