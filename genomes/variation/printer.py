"""The one printer: expressions and statements as text, in the style of the formatter."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

WIDTH = 100
_ATOM = 16
_SIGNS: dict[type, tuple[str, int]] = {
    ast.BitOr: ("|", 6), ast.BitXor: ("^", 7), ast.BitAnd: ("&", 8), ast.Add: ("+", 11),
    ast.Sub: ("-", 11), ast.Mult: ("*", 12), ast.Div: ("/", 12), ast.FloorDiv: ("//", 12),
    ast.Mod: ("%", 12), ast.Pow: ("**", 14),
}  # fmt: skip
_UNARY: dict[type, tuple[str, int]] = {
    ast.USub: ("-", 13), ast.UAdd: ("+", 13), ast.Invert: ("~", 13), ast.Not: ("not ", 4),
}  # fmt: skip
_TESTS: dict[type, str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


@lru_cache(maxsize=4096)
def code(node: ast.expr) -> str:
    """An expression on one line, without parentheses of its own."""
    return _write(node)[0]


def _write(node: Any) -> tuple[str, int]:
    return _WRITERS[type(node)](node)


def _fit(node: Any, needed: int) -> str:
    """An expression where its place binds so tightly."""
    text, tightness = _write(node)
    return f"({text})" if tightness < needed else text


def _listed(nodes: list[Any]) -> str:
    return ", ".join([_fit(n, 1) for n in nodes])


def _binary(node: Any) -> tuple[str, int]:
    sign, binds = _SIGNS[type(node.op)]
    if sign == "**":
        left, right = _fit(node.left, 15), _fit(node.right, 13)
        space = "" if _is_simple(node.left) and _is_simple(node.right) else " "
        return f"{left}{space}**{space}{right}", binds
    return f"{_fit(node.left, binds)} {sign} {_fit(node.right, binds + 1)}", binds


def _is_simple(node: Any) -> bool:
    """Whether the formatter sets no blanks round the power of such operands."""
    if type(node) is ast.UnaryOp:
        node = node.operand
    while type(node) is ast.Attribute:
        node = node.value
    return type(node) is ast.Name or (type(node) is ast.Constant and type(node.value) is not str)


def _unary(node: Any) -> tuple[str, int]:
    sign, binds = _UNARY[type(node.op)]
    return f"{sign}{_fit(node.operand, binds)}", binds


def _compare(node: Any) -> tuple[str, int]:
    parts = [_fit(node.left, 6)]
    for op, right in zip(node.ops, node.comparators, strict=True):
        parts += (_TESTS[type(op)], _fit(right, 6))
    return " ".join(parts), 5


def _logic(node: Any) -> tuple[str, int]:
    word, binds = ("and", 3) if type(node.op) is ast.And else ("or", 2)
    return f" {word} ".join([_fit(n, binds + 1) for n in node.values]), binds


def _call(node: Any) -> tuple[str, int]:
    args = [_fit(n, 1) for n in node.args]
    args += [f"{k.arg}={_fit(k.value, 1)}" for k in node.keywords]
    if len(args) == 1 and type(node.args and node.args[0]) is ast.GeneratorExp:
        return f"{_fit(node.func, _ATOM)}{args[0]}", _ATOM
    return f"{_fit(node.func, _ATOM)}({', '.join(args)})", _ATOM


def _constant(node: Any) -> tuple[str, int]:
    value = node.value
    return json.dumps(value, ensure_ascii=False) if type(value) is str else repr(value), _ATOM


def _attribute(node: Any) -> tuple[str, int]:
    text = _fit(node.value, _ATOM)
    return f"({text}).{node.attr}" if type(
        node.value
    ) is ast.Constant else f"{text}.{node.attr}", 16


def _tuple(node: Any) -> tuple[str, int]:
    comma = "," if len(node.elts) == 1 else ""
    return (f"{_listed(node.elts)}{comma}", 0) if node.elts else ("()", _ATOM)


def _dict(node: Any) -> tuple[str, int]:
    pairs = [f"{_fit(k, 1)}: {_fit(v, 1)}" for k, v in zip(node.keys, node.values, strict=True)]
    return f"{{{', '.join(pairs)}}}", _ATOM


def _slice(node: Any) -> tuple[str, int]:
    low, high = ("" if n is None else _fit(n, 1) for n in (node.lower, node.upper))
    return f"{low}:{high}" + (f":{_fit(node.step, 1)}" if node.step is not None else ""), 0


def _loops(node: Any) -> str:
    parts: list[str] = []
    for one in node.generators:
        parts.append(f"for {_fit(one.target, 0)} in {_fit(one.iter, 2)}")
        parts += [f"if {_fit(test, 2)}" for test in one.ifs]
    return " ".join(parts)


_WRITERS: dict[type, Callable[[Any], tuple[str, int]]] = {
    ast.Name: lambda n: (n.id, _ATOM),
    ast.Constant: _constant,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.IfExp: lambda n: (f"{_fit(n.body, 2)} if {_fit(n.test, 2)} else {_fit(n.orelse, 1)}", 1),
    ast.Tuple: _tuple,
    ast.List: lambda n: (f"[{_listed(n.elts)}]", _ATOM),
    ast.Dict: _dict,
    ast.Subscript: lambda n: (f"{_fit(n.value, _ATOM)}[{_fit(n.slice, 0)}]", _ATOM),
    ast.Slice: _slice,
    ast.ListComp: lambda n: (f"[{_fit(n.elt, 1)} {_loops(n)}]", _ATOM),
    ast.GeneratorExp: lambda n: (f"({_fit(n.elt, 1)} {_loops(n)})", _ATOM),
    ast.DictComp: lambda n: (f"{{{_fit(n.key, 1)}: {_fit(n.value, 1)} {_loops(n)}}}", _ATOM),
}


# -- statements ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def statement(node: Any, indent: str = "    ") -> str:
    """A statement as its lines, indented, without a newline at the end."""
    match node:
        case ast.Assign():
            left = " = ".join(_fit(target, 0) for target in node.targets)
            return f"{indent}{left} = {_fit(node.value, 0)}"
        case ast.AugAssign():
            sign, _ = _SIGNS[type(node.op)]
            return f"{indent}{_fit(node.target, 0)} {sign}= {_fit(node.value, 0)}"
        case ast.Return():
            return f"{indent}return" + (f" {_fit(node.value, 0)}" if node.value else "")
        case ast.Expr():
            return f"{indent}{_fit(node.value, 0)}"
        case ast.For():
            head = f"{indent}for {_fit(node.target, 0)} in {_fit(node.iter, 1)}:"
            return "\n".join([head, _block(node.body, indent), *_otherwise(node.orelse, indent)])
        case ast.If():
            head = f"{indent}if {_fit(node.test, 1)}:"
            return "\n".join([head, _block(node.body, indent), *_otherwise(node.orelse, indent)])
        case _:
            return indent + type(node).__name__.lower()  # pass, break, continue


def _block(body: list[Any], indent: str) -> str:
    return "\n".join(statement(one, indent + "    ") for one in body)


def _otherwise(body: list[Any], indent: str) -> list[str]:
    match body:
        case []:
            return []
        case [ast.If() as inner]:
            return [f"{indent}el{statement(inner, indent).lstrip()}"]
        case _:
            return [f"{indent}else:", _block(body, indent)]
