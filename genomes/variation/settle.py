"""Tidying a function: unused locals go, changed lines stand on one line and fit the page."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator, Mapping, Set
from typing import Any

import libcst as cst

from genomes.variation.edit import (
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
    """Without unused assignments, and what only they read."""
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
        body = _prune_block(tree.body, read)
        if body is tree.body:
            return tree
        new = tree.with_changes(body=body)
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
                kept.append(_of_pair(line, read))
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


def _of_pair(line: cst.SimpleStatementLine, read: Mapping[str, int]) -> cst.SimpleStatementLine:
    """`a, b = x, y` without the unused side."""
    match line.body:
        case [
            cst.Assign(
                targets=[cst.AssignTarget(target=cst.Tuple(elements=names))],
                value=cst.Tuple(elements=values),
            )
        ] if len(names) == len(values):
            pairs = [
                (code_of(n.value), code_of(bare(v.value)))
                for n, v in zip(names, values, strict=True)
                if not isinstance(n.value, cst.Name) or n.value.value in read
            ]
            if len(pairs) == len(names):
                return line
            left, right = (", ".join(side) for side in zip(*pairs, strict=True))
            return statement(f"{left} = {right}").with_changes(leading_lines=line.leading_lines)
        case _:
            return line


def settle(
    tree: cst.FunctionDef,
    known: Set[int],
    name_for: Callable[[cst.CSTNode], tuple[str, ...]],
) -> cst.FunctionDef:
    """A function whose changed statements stand on one line each, none longer than the page.

    Args:
        tree: The function as edited.
        known: id() of the statements that another author wrote and that are unchanged: they stay.
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
    sides = _two_sides(line, taken)
    if sides is not None:
        lines = [inner for one in sides for inner in _fold(one, taken, name_for)]
        return [lines[0].with_changes(leading_lines=above), *lines[1:]]
    broken = _broken(line)
    if broken is not None:
        return [broken.with_changes(leading_lines=above)]
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


def _broken(line: cst.SimpleStatementLine) -> cst.SimpleStatementLine | None:
    """A call too long for a line with its arguments on one of their own, as the formatter does."""
    match line.body:
        case [cst.Assign(value=cst.Call(func=cst.Name()) as call)] | [
            cst.Return(value=cst.Call(func=cst.Name()) as call)
        ] if call.args and not call.lpar:
            pass
        case _:
            return None
    text = code_of(line).strip()
    if len(text) + 4 <= WIDTH:
        return None
    args = [code_of(a.with_changes(comma=cst.MaybeSentinel.DEFAULT)) for a in call.args]
    inside = ", ".join(args)
    head = text[: text.index("(", text.index(code_of(call.func)))]
    if len(head) + len(inside) + 2 != len(text):
        return None
    if len(inside) + 8 > WIDTH:
        if max(map(len, args)) + 9 > WIDTH or len(args) < 2:
            return None
        inside = ",\n        ".join(args) + ","
    tree = cst.parse_module(f"def f():\n    {head}(\n        {inside}\n    )\n")
    function: Any = tree.body[0]
    return function.body.body[0]


def _two_sides(
    line: cst.SimpleStatementLine, taken: set[str]
) -> list[cst.SimpleStatementLine] | None:
    """`return hold(...) - hold(...)` too long for a line as a long and a short side."""
    match line.body:
        case [
            cst.Return(
                value=cst.BinaryOperation(
                    operator=cst.Subtract(),
                    left=cst.Call(func=cst.Name(value="hold")) as left,
                    right=cst.Call(func=cst.Name(value="hold")) as right,
                )
            )
        ] if not {"long", "short"} & taken and len(code_of(line).strip()) + 4 > WIDTH:
            taken |= {"long", "short"}
            lines = [f"long = {code_of(left)}", f"short = {code_of(right)}", "return long - short"]
            return [statement(text) for text in lines]
        case _:
            return None


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
