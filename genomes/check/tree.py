"""A text's tree, walked once: bounded in depth and size, each statement's nodes sorted by kind."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Kinds = Mapping[type[ast.AST], list[Any]]

# The fields that hold nodes, for the kinds of node that make up nearly all of a strategy.
_PLAIN = {
    "arg", "attr", "ctx", "id", "is_async", "kind", "level", "module", "name", "op",
    "type_comment", "type_ignores",
}  # fmt: skip
_COMMON: tuple[type[ast.AST], ...] = (
    ast.Assign, ast.Attribute, ast.AugAssign, ast.BinOp, ast.BoolOp, ast.Call, ast.Compare,
    ast.DictComp, ast.Dict, ast.Expr, ast.For, ast.FunctionDef, ast.GeneratorExp, ast.If,
    ast.IfExp, ast.ImportFrom, ast.List, ast.ListComp, ast.Module, ast.Name, ast.Return,
    ast.Subscript, ast.Tuple, ast.UnaryOp, ast.arg, ast.arguments, ast.comprehension, ast.keyword,
)  # fmt: skip
_BELOW: dict[type[ast.AST], tuple[str, ...]] = {
    **{kind: tuple(name for name in kind._fields if name not in _PLAIN) for kind in _COMMON},
    **dict.fromkeys((ast.Constant, ast.alias, *ast.cmpop.__subclasses__()), ()),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A statement at the top level of a file.

    Attributes:
        node: The statement.
        kinds: It and all below it by their kind, each kind from the top down; signs are left out.
        size: How many these are.
    """

    node: ast.stmt
    kinds: Kinds
    size: int


def parts_of(tree: ast.Module, *, max_depth: int, max_nodes: int) -> list[Part] | str:
    """The parts of a file; `size` if they have more nodes, or `depth` if it is as deep as that."""
    parts: list[Part] = []
    is_deep, left = False, max_nodes
    for statement in tree.body:
        kinds: defaultdict[type[ast.AST], list[Any]] = defaultdict(list)
        level: list[Any] = [statement]
        size, depth = 0, 0
        while level:
            size += len(level)
            depth += 1
            if depth == max_depth:
                is_deep = True
                break
            level = _sorted_in(level, kinds)
        left -= size
        if left < 0:
            return "size"
        parts.append(Part(statement, kinds, size))
    return "depth" if is_deep else parts


def _sorted_in(level: list[Any], kinds: defaultdict[type[ast.AST], list[Any]]) -> list[Any]:
    """Sort nodes in by their kind; the nodes right below them, signs such as `+` left out."""
    below: list[Any] = []
    for node in level:
        kind = type(node)
        kinds[kind].append(node)
        names = _BELOW.get(kind)
        if not names:
            if names is None:
                _append_children(node, below)
            continue
        for name in names:
            value = getattr(node, name)
            if type(value) is list:
                below += value if None not in value else [each for each in value if each]
            elif value is not None:
                below.append(value)
    return below


def _append_children(node: ast.AST, below: list[Any]) -> None:
    for value in vars(node).values():
        if isinstance(value, list):
            below += [each for each in value if isinstance(each, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields:
            below.append(value)


def from_the_top(tree: ast.Module) -> list[Any]:
    """All nodes of a bounded tree, each level from the left to the right."""
    found: list[Any] = []
    level: list[Any] = [tree]
    while level:
        found += level
        level = _sorted_in(level, defaultdict(list))
    return found


def strip_annotations(tree: ast.Module, parts: Iterable[Part]) -> None:
    """Take annotations away: they are welcome, and name things that are not there."""
    blocks: list[Any] = [tree]
    found = False
    for part in parts:
        for each in part.kinds.get(ast.arg, ()):
            each.annotation = None
        for each in part.kinds.get(ast.FunctionDef, ()):
            each.returns = None
        found = found or ast.AnnAssign in part.kinds
        for kind in _BLOCKS:
            blocks += part.kinds.get(kind, ())
    for block in blocks if found else ():
        block.body = [_plain(each) for each in block.body]
        if type(block) in (ast.If, ast.For):
            block.orelse = [_plain(each) for each in block.orelse]


_BLOCKS = (ast.FunctionDef, ast.If, ast.For)


def _plain(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.AnnAssign):
        return node
    if node.value is None:
        return ast.copy_location(ast.Pass(), node)
    return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
