"""The shape of a strategy's file: docstring, one import, PARAMS, layers and helper functions."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from genomes.check import advice
from genomes.check.declarations import read_params
from genomes.check.names import BUILTINS, IMPORTABLE, RESERVED
from genomes.check.report import Report, quote
from genomes.check.text import Parsed
from genomes.check.tree import Part
from genomes.language.params import Param
from genomes.language.strategy import LAYERS, REQUIRED

T = TypeVar("T")

MAX_FUNCTIONS = 40
LANGUAGE = "genomes.language"
_IMPORT = f"write from {LANGUAGE} import ema, where and what else is called by name"
_TOP = "the file holds a docstring, the import, PARAMS, factor, signal, size, exits and helpers"


@dataclass
class Shape:
    """What stands at the top level of a file.

    Attributes:
        params: The declared parameters; None where none are declared.
        functions: Layers and helpers by name.
        parts: For each function, its node and all below.
        names: The names of all functions; more than are here, where this is a piece of a file.
        declared: The names of all parameters; likewise.
    """

    params: Mapping[str, Param] | None = None
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict[str, ast.FunctionDef])
    parts: dict[str, Part] = field(default_factory=dict[str, Part])
    names: Collection[str] = ()
    declared: Collection[str] = ()


def read_shape(report: Report, parsed: Parsed) -> Shape:
    """The file's parts; what does not belong there goes to the report."""
    shape = Shape()
    shape.names = shape.functions
    read_parts(report, parsed.parts, shape)
    shape.declared = shape.params or ()
    for name in REQUIRED:
        if name not in shape.functions:
            report.add(
                "layer", 0, 0, f"has no function {name}",
                f"define {name}({', '.join(LAYERS[name])})",
            )  # fmt: skip
    if len(shape.functions) > MAX_FUNCTIONS:
        report.add(
            "size", 0, 0, f"defines {len(shape.functions)} functions",
            f"define at most {MAX_FUNCTIONS}",
        )  # fmt: skip
    else:
        _refuse_cycles(report, shape)
    return shape


def read_parts(report: Report, parts: Sequence[Part], shape: Shape, *, first: bool = True) -> None:
    """Read statements that stand at the top level.

    Args:
        report: Told of what does not belong there.
        parts: The statements.
        shape: Told of what does.
        first: Whether the file begins with them.
    """
    for position, part in enumerate(parts):
        match node := part.node:
            case ast.Expr(value=ast.Constant(value=str())) if first and position == 0:
                pass
            case ast.Expr(value=ast.Constant(value=str())):
                report.at(
                    node, "module", "has a string below its first line", "the docstring comes first"
                )
            case ast.ImportFrom(module="__future__"):
                _read_future(report, node)
            case ast.Import() | ast.ImportFrom():
                _read_import(report, node)
            case (
                ast.Assign(targets=[ast.Name(id="PARAMS")], value=value)
                | ast.AnnAssign(target=ast.Name(id="PARAMS"), value=value)
            ):
                if shape.params is not None:
                    report.at(node, "rebinding", "sets PARAMS twice", "keep one dict")
                shape.params = read_params(report, value)
            case ast.FunctionDef():
                _read_function(report, node, part, shape)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                report.at(
                    node, "module", "sets a value outside of functions",
                    "declare it in PARAMS, or write it where it is used",
                )  # fmt: skip
            case ast.ClassDef():
                report.at(
                    node, "statement", f"defines a class {quote(node.name)}",
                    "write plain functions: factor(m, p), signal(f, m, p)",
                )  # fmt: skip
            case ast.AsyncFunctionDef():
                report.at(node, "statement", "defines an async function", "write def")
            case ast.If():
                report.at(
                    node, "module", "runs an if outside of functions",
                    "remove it: the engine calls factor and signal",
                )  # fmt: skip
            case _:
                found = f"has {_name(node)} outside of functions"
                report.at(node, "module", found, f"remove it: {_TOP}")


def _name(node: ast.AST) -> str:
    words = {"Expr": "an expression", "For": "a for loop", "Try": "a try", "With": "a with"}
    return words.get(type(node).__name__, f"a statement ({type(node).__name__})")


def _read_future(report: Report, node: ast.ImportFrom) -> None:
    if [each.name for each in node.names] != ["annotations"]:
        report.at(node, "import", "imports from __future__", "remove the import")


def _read_import(report: Report, node: ast.Import | ast.ImportFrom) -> None:
    if isinstance(node, ast.Import) or node.level or node.module != LANGUAGE:
        module = "." * node.level + (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        found = module or ", ".join(each.name for each in node.names)
        other = f"remove it: there are no other modules; {_IMPORT}"
        instead = _IMPORT if LANGUAGE in found else other
        report.at(node, "import", f"imports {quote(found)}", instead)
        return
    for each in node.names:
        if each.name == "*":
            report.at(each, "import", "imports everything", _IMPORT)
        elif each.asname is not None:
            report.at(
                each, "import", f"imports {quote(each.name)} under another name",
                f"import it as it is, and write {quote(each.name)}",
            )  # fmt: skip
        elif each.name in BUILTINS:
            report.at(each, "import", f"imports {each.name}", f"remove it: {each.name} is there")
        elif each.name not in IMPORTABLE:
            report.at(
                each, "import", f"imports {quote(each.name)}, which the language has not",
                advice.LISTED if report.crowded else advice.for_name(each.name),
            )  # fmt: skip


def _read_function(report: Report, node: ast.FunctionDef, part: Part, shape: Shape) -> None:
    name = node.name
    if name in shape.functions:
        report.at(node, "rebinding", f"defines {quote(name)} twice", "keep one of them")
        return
    if name.startswith("_"):
        report.at(
            node, "rebinding", f"defines {quote(name)}",
            f"names do not begin with an underscore: write {quote(name.strip('_')) or 'helper'}",
        )  # fmt: skip
    elif name in RESERVED and name not in LAYERS:
        report.at(
            node, "rebinding", f"defines {name}, a name of the language",
            f"choose another name, such as my_{name}",
        )  # fmt: skip
    shape.functions[name] = node
    shape.parts[name] = part
    for decorator in node.decorator_list:
        report.at(decorator, "function", "has a decorator", "remove it: functions are plain")
    for parameter in getattr(node, "type_params", ()):  # from Python 3.12 on: def trend[T](x)
        report.at(parameter, "function", "has a type parameter", "remove it: functions are plain")
    _read_arguments(report, node)


def _read_arguments(report: Report, node: ast.FunctionDef) -> None:
    arguments = node.args
    names = tuple([each.arg for each in arguments.args])
    plain = not (
        arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg
    )
    if node.name in LAYERS:
        if names != LAYERS[node.name] or arguments.defaults or not plain:
            report.at(
                node, "layer", f"defines {node.name} with other arguments",
                f"write def {node.name}({', '.join(LAYERS[node.name])}):",
            )  # fmt: skip
    elif not plain:
        report.at(
            node, "function", f"{quote(node.name)} takes *, / or ** arguments",
            "write plain arguments: def trend(x, n=20):",
        )  # fmt: skip
    known: set[str] = set()
    for each in arguments.args:
        if each.arg in known:
            report.at(
                each, "syntax", f"names two arguments {quote(each.arg)}", "choose another name"
            )
        known.add(each.arg)
        if each.arg.startswith("_") or (each.arg in RESERVED):
            report.at(
                each, "rebinding", f"names an argument {quote(each.arg)}",
                f"choose another name, such as {quote(each.arg.strip('_'))}_value",
            )  # fmt: skip
    for default in arguments.defaults:
        value = default.operand if isinstance(default, ast.UnaryOp) else default
        if not isinstance(value, ast.Constant):
            report.at(default, "function", "has a default that is not a literal", "write n=20")


def _refuse_cycles(report: Report, shape: Shape) -> None:
    calls = {name: calls_of(part, shape.names) for name, part in shape.parts.items()}
    for name, called, node in leading_back(calls):
        report.at(
            node, "recursion", f"{quote(name)} calls {quote(called)}, which leads back",
            "functions are not recursive: use for ... in range(n), ema or ratchet",
        )  # fmt: skip


def calls_of(part: Part, names: Collection[str]) -> list[tuple[str, ast.AST]]:
    """Which functions of the file a function calls, and where."""
    return [
        (each.func.id, each)
        for each in part.kinds.get(ast.Call, ())
        if type(each.func) is ast.Name and each.func.id in names
    ]


def leading_back(calls: Mapping[str, Sequence[tuple[str, T]]]) -> Iterator[tuple[str, str, T]]:
    """The calls that lead back to their caller: who calls, who is called, and where."""
    done: set[str] = set()
    trail: list[str] = []

    def visit(name: str) -> Iterator[tuple[str, str, T]]:
        trail.append(name)
        for called, where in calls[name]:
            if called in trail:
                yield name, called, where
            elif called not in done:
                yield from visit(called)
        trail.pop()
        done.add(name)

    for name in calls:
        if name not in done:
            yield from visit(name)
