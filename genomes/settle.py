"""Tidying a function: locals nobody reads go, changed lines stand on one line and fit the page."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import libcst as cst

from genomes.edit import (
    WIDTH,
    bare,
    bound_names,
    children,
    code_of,
    fresh_name,
    loaded_names,
    replace,
    statement,
    walk,
    with_body,
)


def prune_locals(tree: cst.FunctionDef) -> cst.FunctionDef:
    """Without assignments that nobody reads, and what only they read."""
    while True:
        read: dict[str, int] = {}
        for line in _simple_statements(tree.body):
            own = _only_targets(line)
            for name in loaded_names(line):
                if name not in own:
                    read[name] = read.get(name, 0) + 1
        for node in walk(tree):  # tests and iterables of compound statements
            if isinstance(node, cst.If | cst.For):
                part = node.test if isinstance(node, cst.If) else node.iter
                for name in loaded_names(part):
                    read[name] = read.get(name, 0) + 1
        new = tree.with_changes(body=_prune_block(tree.body, read))
        if sum(1 for _ in _simple_statements(new.body)) == sum(
            1 for _ in _simple_statements(tree.body)
        ):
            return new
        tree = new


def _simple_statements(block: cst.BaseSuite) -> Iterator[cst.SimpleStatementLine]:
    for node in walk(block):
        if isinstance(node, cst.SimpleStatementLine):
            yield node


def _only_targets(line: cst.SimpleStatementLine) -> set[str]:
    match line.body:
        case [cst.Assign(targets=[cst.AssignTarget(target=target)])]:
            return {n.value for n in walk(target) if isinstance(n, cst.Name)}
        case [cst.AugAssign(target=cst.Name(value=name))]:
            return {name}
        case _:
            return set()


def _prune_block(block: Any, read: Mapping[str, int]) -> Any:
    kept: list[Any] = []
    for line in block.body:
        match line:
            case cst.SimpleStatementLine():
                targets = _only_targets(line)
                if targets and not any(name in read for name in targets):
                    continue
                kept.append(line)
            case cst.For():
                body = _prune_block(line.body, read)
                if body.body:
                    kept.append(line if body is line.body else line.with_changes(body=body))
            case _:
                kept.append(line)
    same = len(kept) == len(block.body) and all(
        a is b for a, b in zip(kept, block.body, strict=True)
    )
    return block if same else block.with_changes(body=kept)


def settle(
    tree: cst.FunctionDef,
    known: Set[int],
    name_for: Callable[[cst.CSTNode], tuple[str, ...]],
) -> cst.FunctionDef:
    """A function whose changed statements stand on one line each, none longer than the page.

    Args:
        tree: The function as edited.
        known: id() of the statements that somebody else wrote and nobody changed: they stay.
        name_for: Good names for a local that holds an expression, best first.
    """
    body: list[Any] = []
    taken = bound_names(tree) | loaded_names(tree)
    for line in tree.body.body:
        if isinstance(line, cst.SimpleStatementLine) and id(line) not in known:
            body.extend(_fold(_flat(line), taken, name_for))
        else:
            body.append(line)
    body = _returned_directly(body, known)
    first = body[0]
    lines = list(first.leading_lines)
    while lines and lines[0].comment is None:
        lines.pop(0)
    if len(lines) != len(first.leading_lines):
        body[0] = first.with_changes(leading_lines=lines)
    return with_body(tree, body)


def _returned_directly(body: list[Any], known: Set[int]) -> list[Any]:
    """`x = a` and then `return x`, if an edit left that, as `return a`."""
    match body:
        case [
            *_,
            cst.SimpleStatementLine(
                body=[
                    cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value)
                ]
            ) as made,
            cst.SimpleStatementLine(body=[cst.Return(value=cst.Name(value=read)) as last]) as end,
        ] if name == read and not (id(made) in known and id(end) in known):
            lines = [*made.leading_lines, *end.leading_lines]
            new = end.with_changes(body=[last.with_changes(value=value)], leading_lines=lines)
            width = len(code_of(new.with_changes(leading_lines=())).strip()) + 4
            return [*body[:-2], new] if width <= WIDTH else body
        case _:
            return body


def _flat(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine:
    """A statement on one line; comments inside it go above."""
    text = code_of(line.with_changes(leading_lines=())).strip("\n")
    if "\n" not in text:
        return line
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
    ]
    new = statement(ast.unparse(ast.parse(text)))
    above = [*line.leading_lines, *(cst.EmptyLine(comment=cst.Comment(c)) for c in comments)]
    return new.with_changes(leading_lines=above)


def _fold(
    line: cst.SimpleStatementLine,
    taken: set[str],
    name_for: Callable[[cst.CSTNode], tuple[str, ...]],
) -> list[cst.SimpleStatementLine]:
    above = line.leading_lines
    line = line.with_changes(leading_lines=())
    made: list[cst.SimpleStatementLine] = []
    while (length := len(code_of(line).strip()) + 4) > WIDTH:
        part = _foldable(line, length)
        if part is None:
            break
        name = fresh_name(name_for(part), taken)
        taken.add(name)
        made.append(statement(f"{name} = {code_of(bare(part))}"))
        line = replace(line, {id(part): cst.Name(name)})
    lines = [inner for one in made for inner in _fold(one, taken, name_for)] + [line]
    return [lines[0].with_changes(leading_lines=above), *lines[1:]] if above else lines


def _foldable(line: cst.SimpleStatementLine, length: int) -> cst.BaseExpression | None:
    """The part of a long statement that is best given a name: about half of it."""
    best: tuple[float, cst.BaseExpression] | None = None
    for node in _plain_expressions(line):
        size = len(code_of(bare(node)))
        if 16 <= size <= length - 30:
            distance = abs(size - 0.5 * length)
            if best is None or distance < best[0]:
                best = (distance, node)
    return best[1] if best else None


def _plain_expressions(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """Calls and operations that may be computed beforehand: none of a comprehension's."""
    for child in children(node):
        if isinstance(child, cst.ListComp | cst.GeneratorExp | cst.DictComp | cst.IfExp):
            continue
        if isinstance(child, cst.Call | cst.BinaryOperation | cst.Comparison) and not (
            isinstance(node, cst.Return | cst.Assign)
            or (isinstance(child, cst.Call) and _is_window(child))
            or (isinstance(node, cst.Attribute))
        ):
            yield child
        yield from _plain_expressions(child)


def _is_window(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value in ("rolling", "ewm")
