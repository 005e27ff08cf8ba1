"""Drawing a stranger's text, inside the jail: checked again, compiled, run on symbols.

Deterministic: the same text gives the same graph or the same refusals in any process.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import CodeType, TracebackType

from RestrictedPython.compile import compile_restricted_exec

from genomes.check import check, policy_refusals
from genomes.check.report import Report, quote
from genomes.check.text import broken, too_deep
from genomes.language.dimension import Dimension
from genomes.language.errors import LanguageError
from genomes.language.graph import Graph
from genomes.language.params import Param, Value
from genomes.language.strategy import LAYERS, draw
from genomes.refusal import Refusal
from sandbox.jail.caps import Caps
from sandbox.jail.guards import GLOBALS, Guards
from sandbox.jail.policy import Policy
from sandbox.jail.tame import codes_in, is_tame

FILENAME = "<strategy>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A checked and compiled text: inert, so it may serve many drawings with other values.

    Attributes:
        text: The normal form.
        code: Defines the functions; nothing else runs at the top level.
        params: The declared parameters.
        layers: First line of each layer.
        nodes: Nodes of the text's tree.
        tame: Whether the code provably leaves its process as it found it.
        names: What the code, and all code inside it, may load of its globals.
    """

    text: str
    code: CodeType
    params: Mapping[str, Param]
    layers: Mapping[str, int]
    nodes: int
    tame: bool
    names: frozenset[str]


@lru_cache(maxsize=4)
def prepare(text: str) -> Prepared | tuple[Refusal, ...]:
    """Check and compile a text; never raises."""
    checked = check(text)
    if isinstance(checked, tuple):
        return checked
    functions: list[ast.stmt] = [n for n in checked.tree.body if isinstance(n, ast.FunctionDef)]
    module = ast.Module(body=functions, type_ignores=[])
    layers = {n.name: n.lineno for n in functions if isinstance(n, ast.FunctionDef)}
    try:
        result = compile_restricted_exec(module, filename=FILENAME, policy=Policy)
    except (SyntaxError, ValueError) as error:  # what parses and yet does not compile
        return (broken(error, checked.text),)
    except (RecursionError, MemoryError):
        return too_deep()
    if result.code is None:
        return policy_refusals(result.errors)
    codes = codes_in(result.code)
    return Prepared(
        text=checked.text, code=result.code, params=checked.params,
        layers={name: layers[name] for name in LAYERS if name in layers}, nodes=checked.nodes,
        tame=is_tame(codes, GLOBALS),
        names=frozenset[str]().union(*[each.co_names for each in codes]),
    )  # fmt: skip


def draw_text(
    text: str,
    values: Mapping[str, Value] | None,
    fields: Mapping[str, Dimension],
    caps: Caps,
) -> Graph | tuple[Refusal, ...]:
    """The graph that a text draws on a market with such fields, or why not; never raises.

    Args:
        text: A strategy's source.
        values: Parameter values in place of the defaults; None for the defaults.
        fields: The market's fields with their dimensions.
        caps: Fuel and sizes.
    """
    prepared = prepare(text)
    if isinstance(prepared, tuple):
        return prepared
    guards = Guards(caps.fuel, 1 + prepared.nodes // caps.nodes_per_step)
    namespace = guards.namespace(prepared.names)
    entered: list[str] = []
    try:
        exec(prepared.code, namespace)
        for name, value in list(namespace.items()):
            if getattr(value, "__globals__", None) is namespace:
                noted = entered if name in LAYERS else None
                namespace[name] = guards.own(value, name, noted)
        layers = {name: namespace[name] for name in prepared.layers}
        return draw(
            {**layers, "PARAMS": dict(prepared.params)}, values, fields, max_nodes=caps.max_nodes
        )
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
    positions = last.tb_frame.f_code.co_positions()
    line, _, byte, _ = next(islice(positions, last.tb_lasti // 2, None), (None,) * 4)
    line = line or last.tb_lineno
    return line, 0 if byte is None else Report(prepared.text).column(line, byte)


def _words(error: BaseException) -> str:
    """What went wrong; the words may be a stranger's own, and are marked as such."""
    return f'{type(error).__name__}; its words: "{quote(str(error), 150)}"'


def _refusal(rule: str, line: int, column: int, found: str, instead: str) -> Refusal:
    return Refusal(rule=rule, line=line, column=column, found=found, instead=instead)
