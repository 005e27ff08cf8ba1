"""Why a strategy never trades: the parts of its conditions that are true in no scored bar."""

from __future__ import annotations

import re

import numpy as np

from genomes.language.graph import Graph, Node
from genomes.language.table import OPERATORS, Kind
from sandbox.execute import Executor

SHOWN = 3
_DEPTH = 6
_TURNED = {"lt": "y > x", "le": "y >= x"}  # a number goes to the right
_INFIX = re.compile(r"[xy] [^ ]+ [xy]|mask \* 1")


def idle_reasons(executor: Executor, graph: Graph, window: tuple[int, int]) -> tuple[str, ...]:
    """What keeps a strategy's weight at nothing, at most SHOWN sentences; none where unclear.

    A condition that is never true is blamed on its first parts that are never true by themselves;
    `a & b` is blamed as a whole where each of both is true at times.

    Args:
        executor: Over the market.
        graph: A strategy that held nothing in the window.
        window: Clock bars from and to (exclusive) in which it was measured.
    """
    nodes, panel = graph.nodes, executor.panel
    inside = (panel.bar >= window[0]) & (panel.bar < window[1])
    weight = graph.outputs["weight"]
    if np.isnan(executor.values(graph, [weight])[weight][inside]).all():
        return (
            f"never trades: its weight is unknown in every scored bar (it needs {graph.warm_up:,} "
            "bars before, and every field it reads)",
        )
    masks = [i for i, node in enumerate(nodes) if node.kind is Kind.MASK]
    values = executor.values(graph, masks)
    never = {i for i in masks if not (values[i] == 1)[inside].any()}
    blamed: dict[int, None] = {}
    stack, seen = [weight], set[int]()
    while stack:
        index = stack.pop()
        if index in seen:
            continue
        seen.add(index)
        node = nodes[index]
        if node.kind is not Kind.MASK:
            stack.extend(reversed(node.args))
        elif index in never:
            parts = node.args[:1] if node.op == "hold" else node.args  # not what ends it
            parts = [i for i in parts if i in never]
            stack.extend(reversed(parts))
            if not parts:
                blamed[index] = None
    return tuple(
        f"never trades: {_written(nodes, index)} is true in no scored bar"
        for index in list(blamed)[:SHOWN]
    )


def _written(nodes: tuple[Node, ...], index: int, depth: int = _DEPTH) -> str:
    """A node as a strategy writes it; what lies deeper is three dots."""
    node = nodes[index]
    if node.op in ("field", "const", "truth"):
        value = node.statics[0]
        return f"m.{value}" if node.op == "field" else f"{value:g}" if node.op == "const" else "..."
    if not depth:
        return "..."
    row = OPERATORS[node.op]
    args = [_written(nodes, i, depth - 1) for i in node.args]
    plain = [repr(s) if isinstance(s, str) else f"{s:g}" for s in node.statics]
    if not row.spelled:
        return f"{node.op}({', '.join([*args, *plain])})"
    bare = [OPERATORS[nodes[i].op].spelled if nodes[i].op in OPERATORS else "" for i in node.args]
    args = [f"({a})" if _INFIX.fullmatch(s) else a for a, s in zip(args, bare, strict=True)]
    names = dict(zip([a.name for a in (*row.nodes, *row.statics)], [*args, *plain], strict=True))
    spelled = row.spelled
    if node.op in _TURNED and nodes[node.args[0]].op == "const":
        spelled = _TURNED[node.op]
    return re.sub(r"\b[a-z]+\b", lambda word: names.get(word[0], word[0]), spelled)
