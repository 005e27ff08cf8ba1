"""Preparing a stranger's text: checked and compiled, and nothing of it run.

Functions that were met before are remembered: what a strategy inherits from its parent to the
letter is not read again. What is remembered is inert and bounded, and decides nothing: a text is
answered the same whether its functions are known or not.
"""

from __future__ import annotations

import ast
import marshal
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from types import CodeType
from typing import Any, get_args

from RestrictedPython.compile import CompileResult, compile_restricted_exec

from genomes.check import check, policy_refusals
from genomes.check.pieces import Function, fit, name_in, read_function, read_top, split
from genomes.check.text import broken, readable, too_deep
from genomes.language.params import Param
from genomes.language.strategy import LAYERS
from genomes.refusal import Refusal
from sandbox.jail.frames import MAX_FRAME
from sandbox.jail.guards import GLOBALS
from sandbox.jail.policy import Policy
from sandbox.jail.tame import codes_in, is_tame

FILENAME = "<strategy>"
_PARAMS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Param)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A checked and compiled text: inert, so it may serve many drawings with other values.

    Attributes:
        text: The normal form.
        codes: Define the functions; nothing else runs at the top level.
        params: The declared parameters.
        layers: First line of each layer.
        above: For functions compiled by themselves: how many lines of the text stand above.
        nodes: Nodes of the functions' trees.
        tame: Whether the code provably leaves its process as it found it.
        names: What the code, and all code inside it, may load of its globals.
    """

    text: str
    codes: tuple[CodeType, ...]
    params: Mapping[str, Param]
    layers: Mapping[str, int]
    above: Mapping[str, int]
    nodes: int
    tame: bool
    names: frozenset[str]


@lru_cache(maxsize=4)
def prepare(text: str) -> Prepared | tuple[Refusal, ...]:
    """Check and compile a text; never raises."""
    return _in_pieces(text) or _as_a_whole(text)


def forget() -> None:
    """Forget all texts and functions."""
    for each in (prepare, _top, _function):
        each.cache_clear()


def handed_over(prepared: Prepared) -> bytes:
    """A prepared text for another process; empty where it is too long to hand over."""
    told = {each.name: getattr(prepared, each.name) for each in fields(prepared)}
    told["params"] = [
        (name, type(each).__name__, astuple(each)) for name, each in prepared.params.items()
    ]
    body = marshal.dumps(told)
    return body if len(body) <= MAX_FRAME else b""


def taken_over(handed: bytes) -> Prepared:
    """What `handed_over` wrote. Bytes can be forged: only for a process behind all walls."""
    told = marshal.loads(handed)
    told["params"] = {name: _PARAMS[kind](*values) for name, kind, values in told["params"]}
    return Prepared(**told)


def _as_a_whole(text: str) -> Prepared | tuple[Refusal, ...]:
    checked = check(text)
    if isinstance(checked, tuple):
        return checked
    functions = [node for node in checked.tree.body if isinstance(node, ast.FunctionDef)]
    lines = {each.name: each.lineno for each in functions}
    try:
        result = _compiled(ast.Module(body=[*functions], type_ignores=[]))
    except (SyntaxError, ValueError) as error:  # what parses and yet does not compile
        return (broken(error, checked.text),)
    except (RecursionError, MemoryError):
        return too_deep()
    if result.code is None:
        return policy_refusals(result.errors)
    codes = codes_in(result.code)
    return Prepared(
        text=checked.text, codes=(result.code,), params=checked.params,
        layers={name: lines[name] for name in LAYERS if name in lines}, above={},
        nodes=checked.nodes, tame=is_tame(codes, GLOBALS, lines),
        names=frozenset[str]().union(*[each.co_names for each in codes]),
    )  # fmt: skip


def _compiled(tree: ast.Module) -> CompileResult:
    return compile_restricted_exec(tree, filename=FILENAME, policy=Policy)


@dataclass(frozen=True, slots=True)
class _Known:
    """A function by itself, compiled."""

    function: Function
    code: CodeType
    tame: bool
    names: frozenset[str]


_top = lru_cache(maxsize=256)(read_top)


@lru_cache(maxsize=1024)
def _function(piece: str, names: frozenset[str], params: frozenset[str]) -> _Known | None:
    read = read_function(piece, names, params)
    if read is None:
        return None
    function, tree = read
    try:
        code = _compiled(tree).code
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if code is None:
        return None
    codes = codes_in(code)
    loaded = frozenset[str]().union(*[each.co_names for each in codes])
    return _Known(function, code, is_tame(codes, GLOBALS, names), loaded)


def _in_pieces(text: str) -> Prepared | None:
    """As `_as_a_whole` has it; None where that is to say what is wrong."""
    normal = readable(text)
    if not isinstance(normal, str):
        return None
    pieces = split(normal)
    named = [(name_in(piece), piece) for piece in pieces]
    tops = [_top(piece, first=piece is pieces[0]) for name, piece in named if name is None]
    params = next((top.params for top in tops if top and top.params is not None), {})
    names, declared = frozenset([name for name, _ in named if name]), frozenset(params)
    known: list[_Known] = []
    for name, piece in named:
        if name is not None:
            each = _function(piece.rstrip("\n"), names, declared)
            if each is None or each.function.name != name:
                return None
            known.append(each)
    read = [top for top in tops if top is not None]
    functions = [each.function for each in known]
    if len(read) != len(tops) or not fit(read, functions):
        return None
    above = _lines_above(named)
    return Prepared(
        text=normal, codes=tuple([each.code for each in known]), params=params,
        layers={name: above[name] + 1 for name in LAYERS if name in above}, above=above,
        nodes=1 + sum([each.size for each in functions]), tame=all(each.tame for each in known),
        names=frozenset[str]().union(*[each.names for each in known]),
    )  # fmt: skip


def _lines_above(named: Sequence[tuple[str | None, str]]) -> dict[str, int]:
    """For each function: how many lines of the text stand above it."""
    above: dict[str, int] = {}
    lines = 0
    for name, piece in named:
        if name is not None:
            above[name] = lines
        lines += piece.count("\n")
    return above
