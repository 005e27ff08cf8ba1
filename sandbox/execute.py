"""Execution: a validated graph over a market's panel, shared sub-expressions computed once."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from genomes.language.graph import BEHAVIOUR, Graph, Node
from genomes.language.table import OPERATORS, Kind
from genomes.records.refusal import Refusal
from sandbox.book import Targets
from sandbox.kernels.catalog import ACROSS, ALONG, BARWISE, BOTH
from sandbox.market.panel import F64, I32, I64, Panel

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Said:
    """What a graph says at each packed bar of the panel, known at the bar's close.

    Every array is (N,), read-only and float64; NaN where unknown. Those the graph does not have
    are None. `factor` and `signal` are for reports; the books act on the others.

    Attributes:
        weight: Target weight, before caps.
        stop_loss: Fraction of the entry price.
        take_profit: Fraction of the entry price.
        trailing_stop: Fraction of the best price since entry.
        max_held: Own bars after which a trade is closed.
        factor: The edge, of any dimension.
        signal: Direction, in -1..1.
    """

    weight: F64
    stop_loss: F64 | None = None
    take_profit: F64 | None = None
    trailing_stop: F64 | None = None
    max_held: F64 | None = None
    factor: F64 | None = None
    signal: F64 | None = None

    @property
    def targets(self) -> Targets:
        """What of it the books act on."""
        return Targets(
            weights=self.weight,
            stop_loss=self.stop_loss,
            take_profit=self.take_profit,
            trailing_stop=self.trailing_stop,
            max_held=self.max_held,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """The panel's layout as seen by a run that begins at a clock bar: M packed bars are left.

    Attributes:
        start: The clock bar.
        keep: (M,) packed positions that are left; None where all are.
        offsets: (A + 1,) where each asset's bars begin among them.
        order: (M,) the cross-sections.
        order_offsets: Where each clock bar's cross-section begins in `order`.
        listed: (M,) listed assets at each bar: the market's count, whatever the start.
    """

    start: int
    keep: I64 | None
    offsets: I64
    order: I32
    order_offsets: I64
    listed: I32


def _run_from(panel: Panel, start: int) -> _Run:
    listed = panel.listed[panel.bar]
    if start == 0:
        return _Run(
            start=0,
            keep=None,
            offsets=panel.offsets,
            order=panel.order,
            order_offsets=panel.order_offsets,
            listed=listed,
        )
    left = panel.bar >= start
    rank = np.concatenate(([0], np.cumsum(left)))  # how many are left before each position
    keep = np.flatnonzero(left)
    begins = panel.order_offsets[start:]
    return _Run(
        start=start,
        keep=keep,
        offsets=rank[panel.offsets],
        order=rank[panel.order[begins[0] :]].astype(np.int32),
        order_offsets=begins - begins[0],
        listed=listed[keep],
    )


class Executor:
    """Evaluates graphs over one panel and keeps what they share.

    Values are cached by (digest of the node, start), least recently used out first.
    """

    def __init__(self, panel: Panel, *, cache_bytes: int = 256 * MIB) -> None:
        self.panel = panel
        self.cached_bytes = 0
        self._cache_bytes = cache_bytes
        self._cache: OrderedDict[tuple[bytes, int], Any] = OrderedDict()
        self._runs: OrderedDict[int, _Run] = OrderedDict()

    def evaluate(self, graph: Graph, start: int = 0) -> Said:
        """The graph's outputs at every packed bar.

        Args:
            graph: A graph drawn with this market's fields.
            start: Clock bar at which the run begins: earlier bars are absent to it, as if every
                asset's data began there.

        Returns:
            Arrays over the whole panel's (N,) packed bars; NaN before `start`.

        Raises:
            ValueError: `start` lies outside the clock.
        """
        run = self._run(start)
        values = self._values(graph, graph.outputs.values(), run)
        return Said(**{name: self._spread(values[i], run) for name, i in graph.outputs.items()})

    def values(self, graph: Graph, wanted: Iterable[int]) -> dict[int, Any]:
        """The values of nodes by index, each (N,) over the panel's packed bars, read-only."""
        found = self._values(graph, wanted, self._run(0))
        return {i: np.broadcast_to(value, self.panel.size) for i, value in found.items()}

    def signal_clips(self, graph: Graph) -> int:
        """Packed bars at which the signal() of a strategy left -1..1 and was clipped."""
        index = graph.outputs.get("signal")
        if index is None or graph.nodes[index].op != "clip_signal":
            return 0
        raw = graph.nodes[index].args[0]
        return int(np.count_nonzero(np.abs(self._values(graph, [raw], self._run(0))[raw]) > 1))

    def depends_on_start(self, graph: Graph, *, max_window: int, later_start: int) -> float:
        """How far a run from a later start still is from the full run once it has settled.

        Args:
            graph: The graph; one with finite memory cannot depend on its start.
            max_window: Own bars after the later start within which a difference is forgiven.
            later_start: Clock bar at which the other run begins.

        Returns:
            The largest absolute difference of weights and exits, an unknown one counting as 0, over
            all bars at least `max_window` own bars after the asset's first in the later run; 0.0
            without a run where the graph's memory is finite.
        """
        if graph.memory == "finite":
            return 0.0
        run = self._run(later_start)
        keep = np.arange(self.panel.size) if run.keep is None else run.keep
        age = np.arange(len(keep)) - np.repeat(run.offsets[:-1], np.diff(run.offsets))
        settled = age >= max_window
        wanted = [i for name, i in graph.outputs.items() if name in BEHAVIOUR]
        full = self._values(graph, wanted, self._run(0))
        later = self._values(graph, wanted, run)
        worst = 0.0
        for i in wanted:
            one = np.nan_to_num(full[i][keep[settled]], posinf=np.inf, neginf=-np.inf)
            other = np.nan_to_num(later[i][settled], posinf=np.inf, neginf=-np.inf)
            apart = one != other  # an infinite value less itself is not a number
            if apart.any():
                worst = max(worst, float(np.abs(one[apart] - other[apart]).max()))
        return worst

    def _run(self, start: int) -> _Run:
        if not 0 <= start < max(self.panel.bars, 1):
            raise ValueError(
                f"start = {start}; needs a clock bar of the panel, 0 to {self.panel.bars - 1}"
            )
        run = self._runs.get(start)
        if run is None:
            run = self._runs[start] = _run_from(self.panel, start)
            if len(self._runs) > 4:
                self._runs.popitem(last=False)
        return run

    def _values(self, graph: Graph, wanted: Iterable[int], run: _Run) -> dict[int, Any]:
        """The values of the wanted nodes, by index; others are dropped after their last use."""
        uses: Counter[int] = Counter(wanted)
        values: dict[int, Any] = {}
        missing: list[int] = []
        for i in reversed(range(len(graph.nodes))):
            if not uses[i]:
                continue
            found = self._recall(graph.nodes[i], run)
            if found is None:
                missing.append(i)
                uses.update(graph.nodes[i].args)
            else:
                values[i] = found
        with np.errstate(all="ignore"):
            for i in reversed(missing):
                node = graph.nodes[i]
                value = self._compute(node, [values[a] for a in node.args], run)
                self._store(node, run, value)
                values[i] = value
                for a in node.args:
                    uses[a] -= 1
                    if not uses[a]:
                        del values[a]
        return values

    def _compute(self, node: Node, args: list[Any], run: _Run) -> Any:
        name = node.op
        if name in BARWISE:
            return BARWISE[name](*args, *node.statics)
        if name == "field":
            return self.panel.fields[str(node.statics[0])][run.keep]
        args = [np.ascontiguousarray(a) for a in args]
        if name in ALONG:
            return ALONG[name](*args, run.offsets, *node.statics)
        if name in ACROSS:
            return ACROSS[name](*args, run.order, run.order_offsets, *node.statics)
        if name == "equal_weight":
            return BOTH[name](*args, run.listed)
        if name == "inverse_vol":
            return BOTH[name](*args, run.offsets, run.order, run.order_offsets, *node.statics)
        raise KeyError(f"no kernel computes {name!r}: the executor does not know what it is given")

    def _recall(self, node: Node, run: _Run) -> Any:
        match node.op:
            case "const":
                return np.broadcast_to(np.float64(node.statics[0]), len(run.listed))
            case "truth":
                return np.broadcast_to(np.int8(node.statics[0]), len(run.listed))
            case "field" if run.keep is None:
                return self.panel.fields[str(node.statics[0])]
            case _:
                pass
        key = (node.digest, run.start)
        if key not in self._cache:
            return None
        self._cache.move_to_end(key)
        return self._cache[key]

    def _store(self, node: Node, run: _Run, value: Any) -> None:
        if value.nbytes > self._cache_bytes:
            return
        self._cache[node.digest, run.start] = value
        self.cached_bytes += value.nbytes
        while self.cached_bytes > self._cache_bytes:
            self.cached_bytes -= self._cache.popitem(last=False)[1].nbytes

    def _spread(self, value: F64, run: _Run) -> F64:
        """Values of a run on the whole panel's bars, read-only."""
        if run.keep is None:
            full = np.ascontiguousarray(value)
        else:
            full = np.full(self.panel.size, np.nan)
            full[run.keep] = value
        full.flags.writeable = False
        return full


def check_windows(graph: Graph, max_window: int) -> Refusal | None:
    """Whether a market whose windows end at `max_window` own bars takes the graph.

    Returns:
        A refusal by the rule `window` (an operator's count of bars is longer) or `warm_up` (the
        operators are, one behind the other); None where it is taken.
    """
    for node in graph.nodes:
        if node.op not in OPERATORS or OPERATORS[node.op].family == "cross-section":
            continue  # there a whole number counts assets
        operator = OPERATORS[node.op]
        for arg, value in zip(operator.statics, node.statics, strict=True):
            if arg.kind is Kind.BARS and int(value) > max_window:
                return _refusal(
                    "window",
                    f"{operator.name}() has {arg.name} = {value}",
                    f"use at most {max_window} bars in this market",
                )
    if graph.warm_up > max_window:
        return _refusal(
            "warm_up",
            f"needs {graph.warm_up} bars before every output is known",
            f"shorten windows, or nest fewer: this market allows {max_window} bars in all",
        )
    return None


def _refusal(rule: str, found: str, instead: str) -> Refusal:
    return Refusal(rule=rule, line=0, column=0, found=found, instead=instead)
