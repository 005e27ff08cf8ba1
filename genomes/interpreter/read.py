"""Reading a strategy's text: checked, then walked on symbols; a graph or refusals with places.

Deterministic: the same text gives the same graph or the same refusals in any process, whatever
was read there before.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from typing import Any

from genomes.check import Checked, check
from genomes.check.report import Report, quote
from genomes.check.text import too_deep
from genomes.interpreter.caps import Caps
from genomes.interpreter.guards import Guards
from genomes.interpreter.walk import FRAMES, Walk
from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import Graph, Known
from genomes.language.params import Value
from genomes.language.strategy import LAYERS, draw
from genomes.records.refusal import Refusal


def read_text(
    text: str,
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    caps: Caps,
    known: Known | None = None,
) -> Graph | tuple[Refusal, ...]:
    """The graph that a text means on a market with such fields, or why not; never raises.

    Args:
        text: A strategy's source.
        values: Parameter values in place of the defaults; None for the defaults.
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes.
        known: What was worked out for other texts on the same fields; decides nothing.
    """
    checked = check(text)
    if isinstance(checked, tuple):
        return checked
    return read_checked(checked, values, fields, caps, known)


def read_checked(
    checked: Checked,
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    caps: Caps,
    known: Known | None = None,
) -> Graph | tuple[Refusal, ...]:
    """`read_text` for a checked text, whose tree is left as it is."""
    if sys.getrecursionlimit() < FRAMES:  # the walk's own bound comes first, wherever it is called
        sys.setrecursionlimit(FRAMES)
    nodes = {node.name: node for node in checked.tree.body if isinstance(node, ast.FunctionDef)}
    walk = Walk(Guards(caps.fuel, 1 + checked.nodes // caps.nodes_per_step))
    try:
        walk.define(nodes)
        layers: dict[str, Any] = {name: walk.functions[name] for name in LAYERS if name in nodes}
        layers["PARAMS"] = dict(checked.params)
        return draw(layers, values, fields, max_nodes=caps.max_nodes, known=known)
    except LanguageError as error:
        return _refused(
            walk, checked, nodes, error.rule, quote(error.found, 300), quote(error.instead, 900)
        )
    except MemoryError:
        return _refused(
            walk, checked, nodes, "memory", "takes too much memory", "build smaller lists"
        )
    except RecursionError:
        return too_deep()
    except Exception as error:  # the text's own: whatever it is, it is an answer
        return _refused(
            walk, checked, nodes, "error", f"fails with {_words(error)}", "fix this expression"
        )


def _refused(
    walk: Walk, checked: Checked, nodes: Mapping[str, ast.FunctionDef], rule: str, found: str,
    instead: str,
) -> tuple[Refusal, ...]:  # fmt: skip
    """A refusal at the node that acted; else at the layer that had been called."""
    line, column = 0, 0
    if walk.at is not None:
        line = getattr(walk.at, "lineno", 0)
        column = Report(checked.text).column(line, getattr(walk.at, "col_offset", 0))
    elif walk.layer:
        line, column = nodes[walk.layer].lineno, 1
    return (Refusal(rule=rule, line=line, column=column, found=found, instead=instead),)


def _words(error: BaseException) -> str:
    """What went wrong; the words may be the text's own, and are marked as such."""
    return f'{type(error).__name__}; its words: "{quote(str(error), 150)}"'
