"""The policy by which a stranger's tree is compiled: RestrictedPython's, and more guards.

RestrictedPython asks about every node by a method of that node's name. The methods are kept here
by type and contents are visited by a table of the fields that hold nodes; what RestrictedPython
would let pass, as nearly all of a strategy, is let pass here at once, and what it would look at
closely is handed on to it: the same answers at a fifth of the cost.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

from RestrictedPython.transformer import (
    FORBIDDEN_FUNC_NAMES,
    INSPECT_ATTRIBUTES,
    PrintInfo,
    RestrictingNodeTransformer,
)

_Node = TypeVar("_Node", bound=ast.AST)

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}

# What RestrictedPython allows wherever it stands (contexts, signs), and what holds no node.
_PLAIN = {"arg", "attr", "ctx", "id", "name", "op", "ops", "type_comment", "type_ignores"}
_BELOW: dict[type[ast.AST], tuple[str, ...]] = {
    kind: tuple(name for name in kind._fields if name not in _PLAIN)
    for kind in (
        ast.Assign, ast.Attribute, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare, ast.Dict,
        ast.Expr, ast.FunctionDef, ast.If, ast.IfExp, ast.List, ast.ListComp, ast.Module,
        ast.Return, ast.Tuple, ast.UnaryOp, ast.arg, ast.arguments, ast.keyword,
    )
}  # fmt: skip


class _Prints(PrintInfo):
    """Who prints, scope by scope, as RestrictedPython keeps it, without a generator for each."""

    def __init__(self) -> None:
        super().__init__()
        self._outer: list[tuple[bool, bool]] = []

    def new_print_scope(self) -> Any:
        """A context manager: nothing is printed in it yet, and what was stays as it was."""
        return self

    def __enter__(self) -> None:
        self._outer.append((self.print_used, self.printed_used))
        self.print_used = self.printed_used = False

    def __exit__(self, *_: object) -> None:
        self.print_used, self.printed_used = self._outer.pop()


class Policy(RestrictingNodeTransformer):
    """RestrictedPython's policy, and arithmetic, comparisons and keys under guard as well.

    Loops without a bound and the making of text, which RestrictedPython allows, are refused.
    """

    def __init__(self, *told: Any) -> None:
        super().__init__(*told)
        self.print_info = _Prints()

    def visit(self, node: ast.AST) -> Any:
        """Ask the method that is named for the node."""
        return _METHODS[type(node)](self, node)

    def node_contents_visit(self, node: _Node) -> _Node:
        """Visit the contents of a node."""
        names = _BELOW.get(type(node))
        if names is None:
            return super().node_contents_visit(node)
        for name in names:
            below = getattr(node, name)
            if type(below) is list:
                if below:
                    self._visit_all(below)
            elif below is not None:
                becomes = _METHODS[type(below)](self, below)
                if becomes is not below:
                    setattr(node, name, becomes)
        return node

    def _visit_all(self, nodes: list[Any]) -> None:
        """Visit nodes and put in their place what each becomes: one, several or, refused, none."""
        is_flat = True
        for position, node in enumerate(nodes):
            if node is not None:  # as is the key of **x in a dict
                becomes = _METHODS[type(node)](self, node)
                if becomes is not node:
                    is_flat = is_flat and becomes is not None and type(becomes) is not list
                    nodes[position] = [] if becomes is None else becomes
        if not is_flat:
            nodes[:] = [
                each for found in nodes for each in (found if type(found) is list else [found])
            ]

    def visit_Constant(self, node: ast.Constant) -> Any:  # noqa: N802
        """A literal, which has no contents."""
        return node

    def visit_arg(self, node: ast.arg) -> Any:
        """An argument, whose name its function's visit has checked."""
        return node if node.annotation is None else super().visit_arg(node)

    def visit_Name(self, node: ast.Name) -> Any:  # noqa: N802
        """A name: `print` is RestrictedPython's matter, each other one is checked."""
        name = node.id
        if name in FORBIDDEN_FUNC_NAMES or name[0] == "_" or name[-1] == "_":
            return super().visit_Name(node)
        if type(node.ctx) is ast.Load:
            self.used_names[name] = True
        return node

    def visit_Call(self, node: ast.Call) -> Any:  # noqa: N802
        """A call: `exec`, `eval` and spread arguments are RestrictedPython's matter."""
        if type(node.func) is ast.Name and node.func.id in ("exec", "eval"):
            return super().visit_Call(node)
        for each in node.args:
            if type(each) is ast.Starred:
                return super().visit_Call(node)
        for keyword in node.keywords:
            if keyword.arg is None:
                return super().visit_Call(node)
        return self.node_contents_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        """Write a.b as _getattr_(a, "b"); all else is RestrictedPython's matter."""
        attr = node.attr
        if attr[0] == "_" or attr.endswith("__roles__") or attr in INSPECT_ATTRIBUTES:
            return super().visit_Attribute(node)
        if type(node.ctx) is not ast.Load:
            return super().visit_Attribute(node)
        holder = _METHODS[type(node.value)](self, node.value)
        return _guarded(_GETATTR, node, [holder, _place(ast.Constant(attr), node)])

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:  # noqa: N802
        """Write x + y as _binary_("+", x, y)."""
        left = _METHODS[type(node.left)](self, node.left)
        right = _METHODS[type(node.right)](self, node.right)
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            self.not_allowed(node)
            return node
        return _guarded(_BINARY, node, [_place(ast.Constant(sign), node), left, right])

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # noqa: N802
        """Write -x as _unary_("-", x), unless x is a literal."""
        node = self.node_contents_visit(node)
        sign = _UNARY.get(type(node.op))
        if sign is None or (_is_number(node.operand) and sign != "~"):
            return node
        return _guarded(_UNARY_GUARD, node, [_place(ast.Constant(sign), node), node.operand])

    def visit_Compare(self, node: ast.Compare) -> ast.AST:  # noqa: N802
        """Write x < y as _operand_(x) < _operand_(y)."""
        node = self.node_contents_visit(node)
        node.left = _guarded(_OPERAND, node.left or node, [node.left])
        node.comparators = [_guarded(_OPERAND, each, [each]) for each in node.comparators]
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:  # noqa: N802
        """Write {k: v ...} as {_key_(k): v ...}."""
        node = self.node_contents_visit(node)
        node.key = _guarded(_KEY, node.key, [node.key])
        return node

    def generic_visit(self, node: ast.AST) -> Any:
        """Deny what RestrictedPython does not know; the node stays, for whoever holds it."""
        super().generic_visit(node)
        return node

    def _deny(self, node: ast.AST) -> ast.AST:
        self.not_allowed(node)
        return node

    # No guard sees the turns of a while, so no fuel would bound them; nor how long a text becomes.
    visit_While = visit_JoinedStr = visit_TemplateStr = visit_Await = _deny  # noqa: N815


class _Methods(dict[type[ast.AST], Callable[[Policy, Any], Any]]):
    """The policy's methods by the kind of node; what has none is denied."""

    def __missing__(self, kind: type[ast.AST]) -> Callable[[Policy, Any], Any]:
        self[kind] = getattr(Policy, f"visit_{kind.__name__}", Policy.generic_visit)
        return self[kind]


_METHODS = _Methods()


def _guard(name: str) -> ast.Name:
    """The name of a guard, one node for all its calls: nothing changes it, and it never fails."""
    return ast.Name(name, ast.Load(), lineno=1, col_offset=0, end_lineno=1, end_col_offset=0)


_GETATTR, _BINARY, _UNARY_GUARD = _guard("_getattr_"), _guard("_binary_"), _guard("_unary_")
_OPERAND, _KEY = _guard("_operand_"), _guard("_key_")


def _guarded(guard: ast.Name, place: ast.expr, args: list[Any]) -> ast.expr:
    return _place(ast.Call(guard, args, []), place)


def _place(node: Any, place: ast.expr) -> Any:
    node.lineno, node.col_offset = place.lineno, place.col_offset
    node.end_lineno, node.end_col_offset = place.end_lineno, place.end_col_offset
    return node


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
