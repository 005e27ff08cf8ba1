"""Editing LibCST trees: names read, expressions replaced, statements added.

The trees are walked by the few fields that hold code: LibCST's own visitors cost ten times as much.
Nodes never change, and a child shares most of its parent's: what is asked of a node is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import cache, lru_cache
from typing import Any, TypeVar

import libcst as cst

from genomes.check.names import RESERVED

Tree = TypeVar("Tree", bound=cst.CSTNode)

WIDTH = 100
_MODULE = cst.Module(body=[])
_CODE_FIELDS = {
    "body", "value", "func", "args", "left", "right", "comparisons", "comparator", "elements",
    "elt", "for_in", "inner_for_in", "iter", "ifs", "targets", "target", "test", "orelse",
    "expression", "slice", "index", "key", "default", "params",
}  # fmt: skip
_ARITHMETIC: dict[type, int] = {
    cst.BitOr: 6, cst.BitXor: 7, cst.BitAnd: 8, cst.Add: 11, cst.Subtract: 11, cst.Multiply: 12,
    cst.Divide: 12, cst.FloorDivide: 12, cst.Modulo: 12, cst.Power: 14,
}  # fmt: skip
_ATOM = 16


@cache
def _code_fields(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name in _CODE_FIELDS)


@lru_cache(maxsize=65_536)
def children(node: cst.CSTNode) -> tuple[cst.CSTNode, ...]:
    """The nodes directly below that hold code, in the order of the text."""
    found: list[cst.CSTNode] = []
    for name in _code_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += [item for item in value if isinstance(item, cst.CSTNode)]
    return tuple(found)


def walk(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and all below it that hold code, each before what is below it."""
    yield node
    for child in children(node):
        yield from walk(child)


@lru_cache(maxsize=16_384)
def code_of(node: cst.CSTNode) -> str:
    """The text of a node."""
    return _MODULE.code_for_node(node)


def expression(text: str) -> cst.BaseExpression:
    """The tree of an expression we wrote."""
    return cst.parse_expression(text)


def statement(text: str) -> cst.SimpleStatementLine:
    """The tree of a one-line statement we wrote."""
    tree = cst.parse_statement(text)
    if not isinstance(tree, cst.SimpleStatementLine):
        raise TypeError(f"{text!r} is not a simple statement")
    return tree


# -- names -----------------------------------------------------------------------------------------


def loaded_names(node: cst.CSTNode) -> set[str]:
    """Names read below a node: not those assigned, nor attributes, nor keywords."""
    return set(_loaded(node))


@lru_cache(maxsize=16_384)
def _loaded(node: cst.CSTNode) -> frozenset[str]:
    found: set[str] = set()
    _load(node, found)
    return frozenset(found)


def _load(node: cst.CSTNode, found: set[str]) -> None:
    match node:
        case cst.Name():
            found.add(node.value)
        case cst.AssignTarget():
            pass
        case cst.For() | cst.CompFor():
            for child in children(node):
                if child is not node.target:
                    _load(child, found)
        case cst.Param():
            if node.default is not None:
                _load(node.default, found)
        case _:
            for child in children(node):
                _load(child, found)


def stored_names(node: cst.CSTNode) -> set[str]:
    """Names assigned below a node, comprehensions' included."""
    return set(_stored(node))


@lru_cache(maxsize=16_384)
def _stored(node: cst.CSTNode) -> frozenset[str]:
    found: set[str] = set()
    for one in walk(node):
        if isinstance(one, cst.AssignTarget | cst.For | cst.CompFor | cst.AugAssign):
            found |= {n.value for n in walk(one.target) if isinstance(n, cst.Name)}
    return frozenset(found)


def bound_names(tree: cst.FunctionDef) -> set[str]:
    """A function's arguments and locals."""
    return {p.name.value for p in tree.params.params} | stored_names(tree)


def parameter_uses(node: cst.CSTNode) -> set[str]:
    """The names read as attributes of a plain name other than m: `p.window` and the like."""
    return {
        n.attr.value
        for n in walk(node)
        if isinstance(n, cst.Attribute) and isinstance(n.value, cst.Name) and n.value.value != "m"
    }


# -- replacing -------------------------------------------------------------------------------------


def replace(tree: Tree, changes: Mapping[int, cst.CSTNode]) -> Tree:
    """The tree with nodes replaced, by id() of the old one; what is not above them is shared.

    Parentheses are put round a new expression where its place asks for them, and nowhere else.
    """
    done: Any = _replace(tree, changes)
    return done


def _replace(node: cst.CSTNode, changes: Mapping[int, cst.CSTNode]) -> cst.CSTNode:
    new = changes.get(id(node))
    if new is not None:
        return new
    made: dict[str, Any] = {}
    for name in _code_fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            child = _replace(value, changes)
            if child is not value:
                made[name] = _fit(child, node, name) if id(value) in changes else child
        elif isinstance(value, list | tuple):
            items = [_replace(item, changes) for item in value]
            if any(a is not b for a, b in zip(items, value, strict=True)):
                made[name] = items
    return node.with_changes(**made) if made else node


def precedence(node: cst.CSTNode) -> int:
    """How tightly an expression's outermost operator binds."""
    match node:
        case cst.BinaryOperation():
            return _ARITHMETIC[type(node.operator)]
        case cst.UnaryOperation():
            return 4 if isinstance(node.operator, cst.Not) else 13
        case cst.Comparison():
            return 5
        case cst.BooleanOperation():
            return 3 if isinstance(node.operator, cst.And) else 2
        case cst.IfExp():
            return 1
        case cst.GeneratorExp():
            return _ATOM
        case cst.Tuple():
            return 0
        case _:
            return _ATOM


def _needed(parent: cst.CSTNode, slot: str) -> int:
    match parent:
        case cst.BinaryOperation(operator=cst.Power()):
            return 15 if slot == "left" else 13
        case cst.BinaryOperation() | cst.BooleanOperation():
            return precedence(parent) + (slot == "right")
        case cst.UnaryOperation():
            return precedence(parent)
        case cst.Comparison() | cst.ComparisonTarget():
            return 6
        case cst.Attribute() | cst.Subscript():
            return _ATOM
        case cst.Call() if slot == "func":
            return _ATOM
        case cst.IfExp():
            return 2
        case _:
            return 1


def _fit(child: cst.CSTNode, parent: cst.CSTNode, slot: str) -> cst.CSTNode:
    if not isinstance(child, cst.BaseExpression) or isinstance(child, cst.GeneratorExp):
        return child
    number = isinstance(child, cst.Integer | cst.Float)
    needs = precedence(child) < _needed(parent, slot) or (
        number and isinstance(parent, cst.Attribute)
    )
    if needs and not child.lpar:
        return child.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    if not needs and child.lpar and not isinstance(child, cst.Tuple):
        return child.with_changes(lpar=[], rpar=[])
    return child


def bare(node: cst.BaseExpression) -> cst.BaseExpression:
    """An expression without parentheses of its own."""
    return node.with_changes(lpar=[], rpar=[]) if node.lpar else node


def rename(tree: Tree, names: Mapping[str, str]) -> Tree:
    """With local names, read and assigned, renamed; attributes and keywords stay."""
    if not names:
        return tree
    changes: dict[int, cst.CSTNode] = {
        id(n): n.with_changes(value=names[n.value])
        for n in walk(tree)
        if isinstance(n, cst.Name) and n.value in names
    }
    return replace(tree, changes)


def rename_parameters(tree: Tree, names: Mapping[str, str]) -> Tree:
    """With `p.old` read as `p.new`."""
    changes: dict[int, cst.CSTNode] = {
        id(n): n.with_changes(attr=cst.Name(names[n.attr.value]))
        for n in walk(tree)
        if isinstance(n, cst.Attribute)
        and n.attr.value in names
        and isinstance(n.value, cst.Name)
        and n.value.value != "m"
    }
    return replace(tree, changes) if changes else tree


# -- statements ------------------------------------------------------------------------------------


def body_of(tree: cst.FunctionDef) -> list[Any]:
    """The statements of a function."""
    return list(tree.body.body)


def with_body(tree: cst.FunctionDef, statements: list[Any]) -> cst.FunctionDef:
    """A function with other statements."""
    return tree.with_changes(body=tree.body.with_changes(body=statements))


def returned(tree: cst.FunctionDef) -> cst.BaseExpression | None:
    """What a function returns, if its last statement is its only return."""
    returns = [n for n in walk(tree) if isinstance(n, cst.Return)]
    match body_of(tree):
        case [*_, cst.SimpleStatementLine(body=[cst.Return(value=value) as last])] if (
            len(returns) == 1 and returns[0] is last
        ):
            return value
        case _:
            return None


def insert_at(
    tree: cst.FunctionDef, at: int, new: list[cst.SimpleStatementLine]
) -> cst.FunctionDef:
    """With statements before the one at a position; a comment above that one stays with it."""
    body = body_of(tree)
    return with_body(tree, [*body[:at], *new, *body[at:]])


def fresh_name(wanted: tuple[str, ...], taken: set[str]) -> str:
    """The first of some names that is free; no word of the language."""
    for stem in ("", "other_", "further_", "last_"):
        for name in wanted:
            if stem + name not in taken and stem + name not in RESERVED:
                return stem + name
    return fresh_name(tuple(f"{name}_again" for name in wanted), taken)
