"""Drawing a stranger's text, inside the jail: checked again, compiled, run on symbols.

Deterministic: the same text gives the same graph or the same refusals in any process.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from types import FunctionType, TracebackType

from genomes.check.report import Report, quote
from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import Graph, Known
from genomes.language.params import Value
from genomes.language.strategy import LAYERS, draw
from genomes.records.refusal import Refusal
from sandbox.jail.caps import Caps
from sandbox.jail.guards import Guards
from sandbox.jail.prepared import FILENAME, Prepared
from sandbox.jail.preparing import prepare


def draw_text(
    text: str,
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    caps: Caps,
    known: Known | None = None,
) -> Graph | tuple[Refusal, ...]:
    """The graph that a text draws on a market with such fields, or why not; never raises.

    Args:
        text: A strategy's source.
        values: Parameter values in place of the defaults; None for the defaults.
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes.
        known: What was worked out for other texts on the same fields.
    """
    prepared = prepare(text)
    if isinstance(prepared, tuple):
        return prepared
    return draw_prepared(prepared, values, fields, caps, known)


def draw_prepared(
    prepared: Prepared,
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    caps: Caps,
    known: Known | None = None,
) -> Graph | tuple[Refusal, ...]:
    """`draw_text` for a text that was checked and compiled."""
    guards = Guards(caps.fuel, 1 + prepared.nodes // caps.nodes_per_step)
    namespace = guards.namespace(prepared.names)
    entered: list[str] = []
    try:
        if prepared.module is not None:
            exec(prepared.module, namespace)
        for name, (code, defaults) in prepared.functions.items():
            namespace[name] = FunctionType(code, namespace, name, defaults)
        for name, value in list(namespace.items()):
            if getattr(value, "__globals__", None) is namespace:
                noted = entered if name in LAYERS else None
                namespace[name] = guards.own(value, name, noted)
        layers = {name: namespace[name] for name in prepared.layers}
        layers["PARAMS"] = dict(prepared.params)
        return draw(layers, values, fields, max_nodes=caps.max_nodes, known=known)
    except LanguageError as error:
        line, column = _place(error.__traceback__, prepared, entered)
        found, instead = quote(error.found, 300), quote(error.instead, 900)
        return (_refusal(error.rule, line, column, found, instead),)
    except MemoryError as error:
        line, column = _place(error.__traceback__, prepared, entered)
        return (_refusal("memory", line, column, "takes too much memory", "build smaller lists"),)
    except Exception as error:  # a stranger's own: whatever it is, it is an answer
        line, column = _place(error.__traceback__, prepared, entered)
        return (
            _refusal("error", line, column, f"fails with {_words(error)}", "mend this expression"),
        )
    finally:
        namespace.clear()  # its functions hold it, so nobody else would


def _place(
    traceback: TracebackType | None, prepared: Prepared, entered: list[str]
) -> tuple[int, int]:
    """Line and column of the innermost frame of the text; else the layer that had been entered."""
    last: TracebackType | None = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == FILENAME:
            last = traceback
        traceback = traceback.tb_next
    if last is None:
        return (prepared.layers[entered[-1]], 1) if entered else (0, 0)
    code = last.tb_frame.f_code
    positions = code.co_positions()
    line, _, byte, _ = next(islice(positions, last.tb_lasti // 2, None), (None,) * 4)
    line = (line or last.tb_lineno) + prepared.below.get(code.co_qualname.partition(".")[0], 0)
    return line, 0 if byte is None else Report(prepared.text).column(line, byte)


def _words(error: BaseException) -> str:
    """What went wrong; the words may be a stranger's own, and are marked as such."""
    return f'{type(error).__name__}; its words: "{quote(str(error), 150)}"'


def _refusal(rule: str, line: int, column: int, found: str, instead: str) -> Refusal:
    return Refusal(rule=rule, line=line, column=column, found=found, instead=instead)
