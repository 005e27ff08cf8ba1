"""The policy by which a stranger's tree is compiled: RestrictedPython's, and more guards."""

from __future__ import annotations

import ast

from RestrictedPython.transformer import RestrictingNodeTransformer

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
}  # fmt: skip
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~"}


class Policy(RestrictingNodeTransformer):
    """RestrictedPython's policy, and arithmetic, comparisons and keys under guard as well."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:  # noqa: N802
        """Write x + y as _binary_("+", x, y)."""
        node = self.node_contents_visit(node)
        sign = _SIGNS.get(type(node.op))
        if sign is None:
            self.not_allowed(node)
            return node
        return _guarded("_binary_", node, ast.Constant(sign), node.left, node.right)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:  # noqa: N802
        """Write -x as _unary_("-", x), unless x is a literal."""
        node = self.node_contents_visit(node)
        sign = _UNARY.get(type(node.op))
        if sign is None or (_is_number(node.operand) and sign != "~"):
            return node
        return _guarded("_unary_", node, ast.Constant(sign), node.operand)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:  # noqa: N802
        """Write x < y as _operand_(x) < _operand_(y)."""
        node = self.node_contents_visit(node)
        node.left = _guarded("_operand_", node.left, node.left)
        node.comparators = [_guarded("_operand_", each, each) for each in node.comparators]
        return node

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:  # noqa: N802
        """Write {k: v ...} as {_key_(k): v ...}."""
        node = self.node_contents_visit(node)
        node.key = _guarded("_key_", node.key, node.key)
        return node


def _guarded(guard: str, place: ast.expr, *args: ast.expr) -> ast.expr:
    call = ast.Call(func=ast.Name(guard, ast.Load()), args=list(args), keywords=[])
    return ast.fix_missing_locations(ast.copy_location(call, place))


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
