"""The statements that a strategy's functions may consist of."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from genomes.check.expressions import Expressions
from genomes.check.report import Report
from genomes.check.shape import Shape

_STATEMENTS: dict[str, tuple[str, str]] = {
    "While": ("loops with while", "write for ... in range(n)"),
    "Try": ("catches errors", "remove the try: nothing raises; unknown values stay unknown"),
    "TryStar": ("catches errors", "remove the try: nothing raises"),
    "With": ("uses with", "remove it: a strategy opens nothing"),
    "ClassDef": ("defines a class", "write plain functions: factor(m, p), signal(f, m, p)"),
    "FunctionDef": ("defines a function inside a function", "move it to the top level"),
    "AsyncFunctionDef": ("defines an async function", "write def, at the top level"),
    "AsyncFor": ("uses async for", "write for"),
    "AsyncWith": ("uses async with", "remove it"),
    "Import": ("imports inside a function", "there is one import, at the top"),
    "ImportFrom": ("imports inside a function", "there is one import, at the top"),
    "Global": ("uses global", "pass values as arguments and return them"),
    "Nonlocal": ("uses nonlocal", "pass values as arguments and return them"),
    "Delete": ("deletes a name", "remove the del: nothing needs it"),
    "Assert": ("asserts", "remove it; ranges stand in PARAMS"),
    "Raise": ("raises", "remove it: unknown values stay unknown"),
    "Match": ("uses match", "write if and elif on parameters"),
    "TypeAlias": ("names a type", "remove it"),
}


class Grammar:
    """Reads functions statement by statement; what is not listed is refused by name."""

    def __init__(self, report: Report, shape: Shape) -> None:
        self._report = report
        self._shape = shape
        self._expressions = Expressions(report, shape)
        self._loops = 0

    def read(self) -> None:
        """Read all functions of the file."""
        for name, node in self._shape.functions.items():
            self._function(name, node)

    def _function(self, name: str, node: ast.FunctionDef) -> None:
        self._expressions.enter(name)
        for each in node.args.args:
            if each.annotation is not None:
                self._annotation(each.annotation)
        self._annotation(node.returns)
        match node.body[0]:
            case ast.Expr(value=ast.Constant(value=str())):
                self._statements(node.body[1:])
            case _:
                self._statements(node.body)

    def _refuse(self, node: ast.AST, rule: str, found: str, instead: str) -> None:
        self._report.at(node, rule, found, instead)

    def _statements(self, nodes: Iterable[ast.stmt]) -> None:
        for node in nodes:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Return(value=value):
                if value is not None:
                    self._expressions.read(value)
            case ast.Assign(targets=targets, value=value):
                self._expressions.read(value)
                for target in targets:
                    self._expressions.store(target)
            case ast.AnnAssign(target=target, value=value, annotation=annotation):
                self._annotation(annotation)
                self._expressions.store(target)
                if value is not None:
                    self._expressions.read(value)
            case ast.AugAssign(target=target, op=op, value=value):
                self._augmented(node, target, op, value)
            case ast.For(target=target, iter=iterated, body=body, orelse=orelse):
                self._expressions.read(iterated)
                self._expressions.store(target)
                self._loops += 1
                self._statements(body)
                self._loops -= 1
                self._statements(orelse)
            case ast.If(test=test, body=body, orelse=orelse):
                self._expressions.read(test)
                self._statements(body)
                self._statements(orelse)
            case ast.Expr(value=value):
                before = len(self._report)
                self._expressions.read(value)
                if len(self._report) == before:
                    self._refuse(
                        node, "no_effect", "computes a value and drops it", "name it, or remove it"
                    )
            case ast.Break() | ast.Continue() if not self._loops:
                word = type(node).__name__.lower()
                self._refuse(node, "syntax", f"has a {word} outside of a loop", "remove it")
            case ast.Pass() | ast.Break() | ast.Continue():
                pass
            case _:
                found, instead = _STATEMENTS.get(
                    type(node).__name__, (f"uses {type(node).__name__}", "remove it")
                )
                self._refuse(node, "statement", found, instead)
                if isinstance(node, ast.While | ast.With | ast.Try):
                    self._statements(node.body)

    def _augmented(
        self, node: ast.AugAssign, target: ast.expr, op: ast.operator, value: ast.expr
    ) -> None:
        self._expressions.read(value)
        self._expressions.sign(node, op, value)
        if isinstance(target, ast.Subscript):
            self._refuse(target, "indexing", "changes an item in place", "write d[k] = d[k] + x")
        else:
            self._expressions.store(target)

    def _annotation(self, node: ast.expr | None) -> None:
        if node is None:
            return
        for each in ast.walk(node):
            if not isinstance(
                each,
                ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.Tuple | ast.BinOp
                | ast.BitOr | ast.List | ast.expr_context,
            ):  # fmt: skip
                self._refuse(node, "expression", "has an annotation that computes", "leave it out")
                return
