"""Expressions and statements as trees: Python's own `ast` nodes, never changed in place.

An edit makes new nodes on the way down to its place and shares the rest with the tree it came from,
so that two trees are alike where their nodes are the same object.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from genomes.check.names import RESERVED

Tree = TypeVar("Tree", bound=ast.AST)

_BELOW: dict[type, tuple[str, ...]] = {
    ast.Call: ("func", "args", "keywords"), ast.keyword: ("value",), ast.Attribute: ("value",),
    ast.BinOp: ("left", "right"), ast.UnaryOp: ("operand",), ast.Compare: ("left", "comparators"),
    ast.BoolOp: ("values",), ast.IfExp: ("test", "body", "orelse"), ast.Tuple: ("elts",),
    ast.List: ("elts",), ast.Dict: ("keys", "values"), ast.Subscript: ("value", "slice"),
    ast.Slice: ("lower", "upper", "step"), ast.ListComp: ("elt", "generators"),
    ast.GeneratorExp: ("elt", "generators"), ast.DictComp: ("key", "value", "generators"),
    ast.comprehension: ("target", "iter", "ifs"), ast.Assign: ("targets", "value"),
    ast.AugAssign: ("target", "value"), ast.Return: ("value",), ast.Expr: ("value",),
    ast.If: ("test", "body", "orelse"), ast.For: ("target", "iter", "body", "orelse"),
}  # fmt: skip


def children(node: ast.AST) -> list[Any]:
    """The nodes right below one, in the order of the text; names and numbers have none."""
    found: list[Any] = []
    below = _BELOW.get(type(node))
    if below:
        for name in below:
            value = getattr(node, name)
            if type(value) is list:
                found += value
            elif value is not None:
                found.append(value)
    return found


def walk(node: ast.AST) -> Iterator[Any]:
    """A node and all below it, each before what is below it, in the order of the text."""
    stack: list[Any] = [node]
    while stack:
        one = stack.pop()
        yield one
        below = children(one)
        below.reverse()
        stack += below


# -- making ----------------------------------------------------------------------------------------


def expression(text: str) -> Any:
    """The tree of an expression that we wrote, or that the checker passed."""
    return ast.parse(text, mode="eval").body


def name(word: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(id=word, ctx=ast.Load())


def assign(word: str, value: ast.expr) -> ast.Assign:
    """`word = value`."""
    target = ast.Name(id=word, ctx=ast.Store())
    return ast.Assign(targets=[target], value=value, type_comment=None)


def both(left: ast.expr, right: ast.expr) -> ast.BinOp:
    """`left & right`."""
    return ast.BinOp(left=left, op=ast.BitAnd(), right=right)


def call(word: str, *args: ast.expr) -> ast.Call:
    """`word(args)`."""
    return ast.Call(func=name(word), args=list(args), keywords=[])


def with_parts(node: Tree, **parts: Any) -> Tree:
    """A node with some of its fields others."""
    kind = type(node)
    new = kind.__new__(kind)
    new.__dict__.update(node.__dict__)
    new.__dict__.update(parts)
    return new


def replace(node: Tree, changes: Mapping[int, ast.AST]) -> Tree:
    """The tree with nodes replaced, by id() of the old one; what is not above them is shared."""
    done: Any = _replace(node, changes)
    return done


def _replace(node: Any, changes: Mapping[int, ast.AST]) -> Any:
    new = changes.get(id(node))
    if new is not None:
        return new
    made: dict[str, Any] = {}
    for field in _BELOW.get(type(node), ()):
        value = getattr(node, field)
        if type(value) is list:
            items = [_replace(item, changes) for item in value]
            if any(a is not b for a, b in zip(items, value, strict=True)):
                made[field] = items
        elif value is not None:
            child = _replace(value, changes)
            if child is not value:
                made[field] = child
    return with_parts(node, **made) if made else node


# -- asking ----------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _names(node: ast.AST) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Names read, names assigned, and attributes of plain names other than m."""
    loaded: set[str] = set()
    stored: set[str] = set()
    attributes: set[str] = set()
    stack: list[Any] = [node]
    while stack:
        one = stack.pop()
        kind = type(one)
        if kind is ast.Name:
            (loaded if type(one.ctx) is ast.Load else stored).add(one.id)
        elif kind is ast.Attribute and type(one.value) is ast.Name:
            loaded.add(one.value.id)
            if one.value.id != "m":
                attributes.add(one.attr)
        elif kind is not ast.Constant:
            stack += children(one)
    return frozenset(loaded), frozenset(stored), frozenset(attributes)


def loaded_names(node: ast.AST) -> frozenset[str]:
    """Names read below a node: not those assigned, nor attributes, nor keywords."""
    return _names(node)[0]


def stored_names(node: ast.AST) -> frozenset[str]:
    """Names assigned below a node, comprehensions' included."""
    return _names(node)[1]


def parameters(node: ast.AST) -> frozenset[str]:
    """The names read as attributes of a plain name other than m: `p.window` and the like."""
    return _names(node)[2]


def word_of(node: Any) -> str:
    """The name of the function that an expression calls; empty where it calls none by name."""
    if type(node) is ast.Call and type(node.func) is ast.Name:
        return node.func.id
    return ""


def is_number(node: Any) -> bool:
    """Whether an expression is a number as written, without a sign."""
    return type(node) is ast.Constant and type(node.value) in (int, float)


def is_p(node: Any) -> bool:
    """Whether an expression is a declared parameter: `p.window`."""
    return type(node) is ast.Attribute and type(node.value) is ast.Name and node.value.id == "p"


def target_of(node: Any) -> str:
    """The one plain name that a statement assigns; empty where it does not."""
    if type(node) is ast.Assign and len(node.targets) == 1 and type(node.targets[0]) is ast.Name:
        return node.targets[0].id
    return ""


def split_and(node: ast.expr) -> list[ast.expr]:
    """The conditions joined by `&`, in order."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd):
        return [*split_and(node.left), *split_and(node.right)]
    return [node]


# -- names -----------------------------------------------------------------------------------------


def rename(tree: Tree, names: Mapping[str, str]) -> Tree:
    """With names, read and assigned, renamed; attributes and keywords stay."""
    changes: dict[int, ast.AST] = {
        id(n): with_parts(n, id=names[n.id])
        for n in (walk(tree) if names else ())
        if type(n) is ast.Name and n.id in names
    }
    return replace(tree, changes) if changes else tree


def rename_parameters(tree: Tree, names: Mapping[str, str]) -> Tree:
    """With `p.old` read as `p.new`."""
    changes: dict[int, ast.AST] = {
        id(n): with_parts(n, attr=names[n.attr])
        for n in (walk(tree) if names else ())
        if type(n) is ast.Attribute
        and n.attr in names
        and type(n.value) is ast.Name
        and n.value.id != "m"
    }
    return replace(tree, changes) if changes else tree


def fresh_name(wanted: tuple[str, ...], taken: frozenset[str] | set[str]) -> str:
    """The first of some names that is free; no word of the language."""
    for stem in ("", "other_", "further_", "last_"):
        for word in wanted:
            if stem + word not in taken and stem + word not in RESERVED:
                return stem + word
    return fresh_name(tuple(f"{word}_again" for word in wanted), taken)
