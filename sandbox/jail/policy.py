"""The policy by which a stranger's tree is compiled: RestrictedPython's, and more guards.

RestrictedPython asks about every node by a method of that node's name; the methods are kept here
by type, contents are visited by a table of the fields that hold nodes, and places are copied to
new nodes only: the same answers at a third of the cost.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, TypeVar

from RestrictedPython.transformer import INSPECT_ATTRIBUTES, RestrictingNodeTransformer

_Node = TypeVar("_Node", bound=ast.AST)

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}

# The fields to visit. What is left out (contexts, signs) RestrictedPython allows unconditionally.
_BELOW: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Assign: ("targets", "value"),
    ast.Attribute: ("value",),
    ast.BinOp: ("left", "right"),
    ast.BoolOp: ("values",),
    ast.Call: ("func", "args", "keywords"),
    ast.Compare: ("left", "comparators"),
    ast.Constant: (),
    ast.Expr: ("value",),
    ast.Name: (),
    ast.Return: ("value",),
    ast.UnaryOp: ("operand",),
    ast.arg: ("annotation",),
    ast.keyword: ("value",),
}


class Policy(RestrictingNodeTransformer):
    """RestrictedPython's policy, and arithmetic, comparisons and keys under guard as well."""

    def visit(self, node: ast.AST) -> Any:
        """Ask the method that is named for the node."""
        kind = type(node)
        method = _METHODS.get(kind)
        if method is None:
            method = getattr(Policy, f"visit_{kind.__name__}", Policy.generic_visit)
            _METHODS[kind] = method
        return method(self, node)

    def node_contents_visit(self, node: _Node) -> _Node:
        """Visit the contents of a node."""
        names = _BELOW.get(type(node))
        if names is None:
            return super().node_contents_visit(node)
        for name in names:
            below = getattr(node, name)
            if type(below) is list:
                visited = map(self.visit, below)  # expressions: one gives one, or None if refused
                below[:] = [each for each in visited if each is not None]
            elif below is not None:
                setattr(node, name, self.visit(below))
        return node

    def visit_Name(self, node: ast.Name) -> Any:  # noqa: N802
        """A name: `print` is RestrictedPython's matter, each other one is checked."""
        if node.id in ("print", "printed"):
            return super().visit_Name(node)
        if type(node.ctx) is ast.Load:
            self.used_names[node.id] = True
        self.check_name(node, node.id)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        """Write a.b as _getattr_(a, "b"); all else is RestrictedPython's matter."""
        attr = node.attr
        if attr[0] == "_" or attr.endswith("__roles__") or attr in INSPECT_ATTRIBUTES:
            return super().visit_Attribute(node)
        if type(node.ctx) is not ast.Load:
            return super().visit_Attribute(node)
        holder = self.visit(node.value)
        return _guarded("_getattr_", node, holder, _place(ast.Constant(attr), node))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:  # noqa: N802
        """Write x + y as _binary_("+", x, y)."""
        node = self.node_contents_visit(node)
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            self.not_allowed(node)
            return node
        return _guarded("_binary_", node, _place(ast.Constant(sign), node), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # noqa: N802
        """Write -x as _unary_("-", x), unless x is a literal."""
        node = self.node_contents_visit(node)
        sign = _UNARY.get(type(node.op))
        if sign is None or (_is_number(node.operand) and sign != "~"):
            return node
        return _guarded("_unary_", node, _place(ast.Constant(sign), node), node.operand)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:  # noqa: N802
        """Write x < y as _operand_(x) < _operand_(y)."""
        node = self.node_contents_visit(node)
        node.left = _guarded("_operand_", node.left or node, node.left)
        node.comparators = [_guarded("_operand_", each, each) for each in node.comparators]
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:  # noqa: N802
        """Write {k: v ...} as {_key_(k): v ...}."""
        node = self.node_contents_visit(node)
        node.key = _guarded("_key_", node.key, node.key)
        return node


_METHODS: dict[type[ast.AST], Callable[[Policy, Any], Any]] = {}


def _guarded(guard: str, place: ast.expr, *args: ast.expr) -> ast.expr:
    name = _place(ast.Name(guard, ast.Load()), place)
    return _place(ast.Call(func=name, args=list(args), keywords=[]), place)


def _place(node: Any, place: ast.expr) -> Any:
    node.lineno, node.col_offset = place.lineno, place.col_offset
    node.end_lineno, node.end_col_offset = place.end_lineno, place.end_col_offset
    return node


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
