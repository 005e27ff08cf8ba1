"""What a value is for: a mean of prices, a volatility, a test of trend. Only like replaces like."""

from __future__ import annotations

import ast

from genomes.language.dimension import PRICE, VOLUME
from genomes.language.graph import Graph
from genomes.language.table import OPERATORS, Kind, Part, Trait
from genomes.variation.reading import Reading
from genomes.variation.sites import Site

_LONG = 15  # bars from which a change of price is a trend


def reason_of(word: str) -> str:
    """What is true of an operator by itself, whatever stood there before; empty for nothing."""
    return OPERATORS[word].reason if word in OPERATORS else ""


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
    row = OPERATORS.get(node.op)
    if row is None:
        return ""
    smooths = Trait.SMOOTHS in row.traits and first is not None
    match row.part:
        case Part.MEAN if price:
            return "average"
        case Part.AVERAGE:
            return "average"
        case _ if smooths and first is not None and first.dimension == VOLUME:
            return "usual volume" if first.op == "field" else ""
        case Part.DISPERSION | Part.DOWNSIDE if returns:
            return "volatility"
        case Part.VOLATILITY:
            return "volatility"
        case Part.DISPERSION if price:
            return "spread"
        case Part.BAR:
            return "bar"
        case _ if smooths and first is not None and first.op == "true_range":
            return "bar"
        case Part.STRAIGHTNESS if price:
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


def beside_its_like(reading: Reading, site: Site, role: str) -> bool:
    """Whether a value is set against another of its role: the fast mean over the slow one."""
    match site.path[-1] if site.path else None:
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
            beside: list[ast.expr] = [left, right]
        case ast.Call(args=args):
            beside = args
        case _:
            return False
    drawn = [reading.symbol(one) for one in beside if one is not site.node]
    digests = {node.digest for node in drawn if node is not None}
    graph = reading.drawn
    return any(n.digest in digests and role_of(graph, i) == role for i, n in enumerate(graph.nodes))
