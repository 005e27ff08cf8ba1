"""What a value is for: a mean of prices, a volatility, a test of trend. Only like replaces like."""

from __future__ import annotations

from typing import Any

import libcst as cst

from genomes.language.dimension import PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.table import Kind
from genomes.variation import edit
from genomes.variation.edit import walk
from genomes.variation.program import Program
from genomes.variation.scale import SMOOTHERS
from genomes.variation.sites import Reading, Site

AVERAGES = ("sma", "ema", "rma", "wma", "median", "kama", "hull")
SPREADS = ("stdev", "ew_stdev", "mean_abs_dev")
STRAIGHT = ("efficiency_ratio", "r_squared")
_LONG = 15  # bars from which a change of price is a trend

# What is true of each by itself, whatever stood there before.
WHY = {
    "sma": "which weighs all its bars alike", "ema": "which weighs recent bars more",
    "wma": "which weighs recent bars more", "rma": "which forgets slowly",
    "median": "which single wild bars hardly move", "hull": "which lags less",
    "kama": "which moves little in zigzags", "linear_fit": "which lags less",
    "stdev": "which feels large moves most", "ew_stdev": "which weighs recent moves more",
    "mean_abs_dev": "which single shocks sway less",
    "downside_stdev": "which counts falls only",
    "parkinson": "which sees the range within each bar",
    "garman_klass": "which sees each bar's range and its open",
    "atr": "which sees gaps and ranges", "vwap": "which weighs bars by their volume",
    "efficiency_ratio": "which asks how much of the path led somewhere",
    "r_squared": "which asks how well a straight line fits",
    "percent_rank": "which a single extreme does not stretch",
    "range_position": "which tells how far from the extremes it is",
}  # fmt: skip


def role_of(graph: Graph, index: int) -> str:
    """The part a value plays in a strategy; empty where it is none we know."""
    if index < 0:
        return ""
    node = graph.nodes[index]
    if node.kind is Kind.MASK:
        return _mask_role(graph, index)
    first = graph.nodes[node.args[0]] if node.args else None
    price = first is not None and first.op == "field" and first.dimension == PRICE
    returns = (
        first is not None
        and first.op == "returns"
        and first.statics[0] == 1
        and graph.nodes[first.args[0]].op == "field"
    )
    match node.op:
        case op if op in AVERAGES and price:
            return "average"
        case "vwap" | "donchian_middle":
            return "average"
        case op if op in SMOOTHERS and first is not None and first.dimension == VOLUME:
            return "usual volume" if first.op == "field" else ""
        case op if op in SPREADS and returns:
            return "volatility"
        case "downside_stdev" if returns:
            return "volatility"
        case "parkinson" | "garman_klass":
            return "volatility"
        case op if op in SPREADS and price:
            return "spread"
        case "atr":
            return "bar"
        case op if op in SMOOTHERS and first is not None and first.op == "true_range":
            return "bar"
        case op if op in STRAIGHT and price:
            return "straightness"
        case _:
            return ""


def _mask_role(graph: Graph, index: int) -> str:
    node = graph.nodes[index]
    if node.op not in ("lt", "le"):
        return ""
    low, high = node.args
    small, large = graph.nodes[low], graph.nodes[high]
    one, other = role_of(graph, low), role_of(graph, high)
    if one == "average" and (large.op == "field" or other == "average"):
        return "up" if large.op == "field" or _window(graph, high) < _window(graph, low) else "down"
    if other == "average" and (small.op == "field" or one == "average"):
        return "down" if small.op == "field" or _window(graph, low) < _window(graph, high) else "up"
    if one == other == "volatility":
        return "calm" if _window(graph, low) < _window(graph, high) else "lively"
    if other in ("straightness",) and small.op == "const":
        return "trending"
    if one in ("straightness",) and large.op == "const":
        return "sideways"
    if large.op == "adx" and small.op == "const":
        return "trending"
    if small.op == "adx" and large.op == "const":
        return "sideways"
    if large.op == "field" and large.dimension == VOLUME:
        return "busy" if _is_usual(graph, low) else ""
    return ""


def _is_usual(graph: Graph, index: int) -> bool:
    node = graph.nodes[index]
    if node.op == "mul":
        return any(role_of(graph, i) == "usual volume" for i in node.args)
    return role_of(graph, index) == "usual volume"


def _window(graph: Graph, index: int) -> float:
    statics = graph.nodes[index].statics
    return float(statics[0]) if statics else 0.0


def windows_in(node: cst.CSTNode) -> list[Any]:
    """The windows written in an expression: the last argument of each call, number or `p.n`."""
    found: list[Any] = []
    for one in walk(node):
        match one:
            case cst.Call(func=cst.Name(value=word), args=[_, *_, cst.Arg(value=last)]) if word:
                match last:
                    case cst.Integer() | cst.Attribute(value=cst.Name(value="p")):
                        found.append(last)
                    case _:
                        pass
            case _:
                pass
    return found


def linked(reading: Reading, site: Site) -> list[Site]:
    """The places where the same value is written in the same words; edited together or not."""
    return [s for s in reading.sites if s.digest == site.digest and s.text == site.text and s.live]


def beside_its_like(reading: Reading, site: Site, role: str) -> bool:
    """Whether a value is set against another of its role: the fast mean over the slow one."""
    graph = reading.graph
    parent = site.parent
    if graph is None:
        return True
    if isinstance(parent, cst.ComparisonTarget):
        parent = site.path[-2]
    nodes = {id(s.node): s.index for s in reading.sites}
    match parent:
        case cst.BinaryOperation(left=left, right=right):
            pair = (left, right)
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(comparator=right)]):
            pair = (left, right)
        case cst.Arg():
            call: Any = site.path[-2]
            pair = tuple(a.value for a in call.args)
        case _:
            return False
    return any(p is not site.node and role_of(graph, nodes.get(id(p), -1)) == role for p in pair)


def replaced(program: Program, changes: list[tuple[Site, cst.BaseExpression]]) -> Program:
    """With several places changed at once."""
    by_function: dict[str, dict[int, cst.CSTNode]] = {}
    for site, new in changes:
        by_function.setdefault(site.function, {})[id(site.node)] = new.deep_clone()
    for name, nodes in by_function.items():
        program = program.with_function(edit.replace(program.by_name[name], nodes))
    return program
