"""A prepared text: checked and compiled, inert, and handed from one process to another."""

from __future__ import annotations

import ast
import marshal
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from types import CodeType
from typing import Any, get_args

from RestrictedPython.compile import CompileResult, compile_restricted_exec

from genomes.language.params import Param, Value
from sandbox.jail.frames import MAX_FRAME
from sandbox.jail.policy import Policy

FILENAME = "<strategy>"
_PARAMS: dict[str, Any] = {kind.__name__: kind for kind in get_args(Param)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A checked and compiled text: inert, so it may serve many drawings with other values.

    Attributes:
        text: The normal form.
        module: Defines the functions; nothing else runs at the top level. None where they were
            compiled apart.
        functions: Functions that were compiled apart, and the defaults of their last arguments.
        params: The declared parameters.
        layers: First line of each layer.
        below: For functions compiled apart: how many lines further down they stand in this text.
        nodes: Nodes of the functions' trees.
        tame: Whether the code provably leaves its process as it found it.
        names: What the code, and all code inside it, may load of its globals.
    """

    text: str
    module: CodeType | None = None
    functions: Mapping[str, tuple[CodeType, tuple[Value | None, ...]]]
    params: Mapping[str, Param]
    layers: Mapping[str, int]
    below: Mapping[str, int]
    nodes: int
    tame: bool
    names: frozenset[str]


def compiled(functions: list[ast.stmt]) -> CompileResult:
    """Functions, compiled by the policy; what it refuses is among the errors.

    Raises:
        SyntaxError, ValueError: What parses need not compile.
        RecursionError, MemoryError: The trees are too deep.
    """
    module = ast.Module(body=functions, type_ignores=[])
    return compile_restricted_exec(module, filename=FILENAME, policy=Policy)


def handed_over(prepared: Prepared, values: Mapping[str, Value] | None) -> bytes:
    """A prepared text, and values in place of its defaults, for another process.

    Empty where it is too long to hand over.
    """
    told = {each.name: getattr(prepared, each.name) for each in fields(prepared)}
    told["params"] = [
        (name, type(each).__name__, astuple(each)) for name, each in prepared.params.items()
    ]
    body = marshal.dumps((told, None if values is None else dict(values)))
    return body if len(body) <= MAX_FRAME else b""


def taken_over(handed: bytes) -> tuple[Prepared, Mapping[str, Value] | None]:
    """What `handed_over` wrote. Bytes can be forged: only for a process behind all walls."""
    told, values = marshal.loads(handed)
    told["params"] = {name: _PARAMS[kind](*of) for name, kind, of in told["params"]}
    return Prepared(**told), values
