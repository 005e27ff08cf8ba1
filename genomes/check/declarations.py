"""The parameters a strategy's text declares: `PARAMS = {"window": Int(20, low=5, high=60)}`."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from genomes.check.names import FIELD, PARAM_KINDS
from genomes.check.report import Report, quote
from genomes.language.errors import LanguageError
from genomes.language.params import MAX_PARAMS, Bool, Choice, Float, Int, Param

_KINDS: dict[str, Callable[..., Param]] = {
    "Int": Int, "Float": Float, "Bool": Bool, "Choice": Choice,
}  # fmt: skip
_SPELLED = {
    "Int": "write Int(20, low=5, high=60)",
    "Float": "write Float(2.0, low=1.0, high=4.0)",
    "Bool": "write Bool(True)",
    "Choice": 'write Choice("sma", options=("sma", "ema"))',
}
_FORM = 'write PARAMS = {"window": Int(20, low=5, high=60)}'
_RULE = "parameter"


class _LiteralError(Exception):
    def __init__(self, node: ast.AST) -> None:
        self.node = node


def read_params(report: Report, node: ast.expr | None) -> dict[str, Param]:
    """The parameters that the value of PARAMS declares; what is wrong goes to the report."""
    declared: dict[str, Param] = {}
    if not isinstance(node, ast.Dict):
        if node is not None:
            report.at(node, _RULE, "PARAMS is not written as a dict", _FORM)
        return declared
    if len(node.keys) > MAX_PARAMS:
        report.at(node, _RULE, f"PARAMS declares {len(node.keys)}", f"declare at most {MAX_PARAMS}")
        return declared
    for key, value in zip(node.keys, node.values, strict=True):
        match key:
            case ast.Constant(value=str(name)) if FIELD.fullmatch(name):
                if name in declared:
                    report.at(key, _RULE, f"PARAMS declares {name} twice", "keep one of them")
                param = _read_param(report, name, value)
                if param is not None:
                    declared[name] = param
            case None:
                report.at(node, _RULE, "PARAMS spreads another dict", _FORM)
            case ast.Constant(value=str(name)):
                report.at(
                    key, _RULE, f"PARAMS names a parameter {quote(name)}",
                    "names are lower case: letters, digits and underscores, as in fast_window",
                )  # fmt: skip
            case _:
                report.at(key, _RULE, "PARAMS has a name that is not a string", _FORM)
    return declared


def _read_param(report: Report, name: str, node: ast.expr) -> Param | None:
    match node:
        case ast.Call(func=ast.Name(id=kind)) if kind in PARAM_KINDS:
            pass
        case _:
            report.at(node, _RULE, f"PARAMS declares {name} without a range", _suggest(node))
            return None
    if any(keyword.arg is None for keyword in node.keywords):
        report.at(node, _RULE, f"{kind}() spreads a dict", _SPELLED[kind])
        return None
    try:
        args = [_literal(each) for each in node.args]
        named = {str(each.arg): _literal(each.value) for each in node.keywords}
        return _KINDS[kind](*args, **named)
    except _LiteralError as error:
        spelled = f"{_SPELLED[kind]}, in literals"
        report.at(error.node, _RULE, f"{kind}() gets an expression", spelled)
    except LanguageError as error:
        report.at(node, _RULE, quote(error.found, 120), error.instead)
    except (TypeError, ValueError):
        report.at(node, _RULE, f"{kind}() gets arguments it does not take", _SPELLED[kind])
    return None


def _literal(node: ast.expr) -> Any:
    if type(node) is ast.Constant and type(node.value) in (bool, int, float, str):
        return node.value
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            return -value
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            return tuple(_literal(each) for each in elements)
        case _:
            raise _LiteralError(node)


def _suggest(node: ast.expr) -> str:
    try:
        value = _literal(node)
    except _LiteralError:
        return _SPELLED["Int"]
    match value:
        case bool():
            return f"write Bool({value})"
        case int() if 0 < value <= 1_000_000:
            return f"write Int({value}, low={max(1, value // 2)}, high={value * 2})"
        case float() if 0 < value <= 1e6:
            return f"write Float({value}, low={value / 2:g}, high={value * 2:g})"
        case str():
            return _SPELLED["Choice"]
        case _:
            return _SPELLED["Float"]
