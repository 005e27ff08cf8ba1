"""A program's normal form: nothing unused, and changed lines that fit the page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace as with_fields
from typing import Any

from genomes.variation.names import names_for
from genomes.variation.printer import WIDTH, code, statement
from genomes.variation.program import LAYERS, Function, Line, Program
from genomes.variation.tree import (
    assign,
    children,
    fresh_name,
    loaded_names,
    name,
    replace,
    stored_names,
    word_of,
)


def tidy(program: Program, *sources: Program) -> Program:
    """A program without what nothing uses, its changed lines not too long.

    Args:
        program: The program.
        sources: What it was made from: lines it shares with them stay as they are.
    """
    whole = {id(f) for source in sources for f in source.functions}
    written = {id(line) for source in sources for f in source.functions for line in f.lines}
    functions = tuple(
        f if id(f) in whole else _settled(_pruned(f), written) for f in program.functions
    )
    reached = _reached(functions)
    functions = tuple(f for f in functions if f.name in reached)
    if any(a is not b for a, b in zip(functions, program.functions, strict=False)) or len(
        functions
    ) != len(program.functions):
        program = with_fields(program, functions=functions)
    used = frozenset[str]().union(*(f.parameters for f in functions))
    declared = tuple(d for d in program.declared if d.name in used)
    if len(declared) < len(program.declared):
        program = with_fields(program, declared=declared, layout="")
    return program


def _reached(functions: tuple[Function, ...]) -> set[str]:
    by_name = {f.name: f for f in functions}
    reached: set[str] = set()
    waiting = [layer for layer in LAYERS if layer in by_name]
    while waiting:
        one = waiting.pop()
        if one not in reached:
            reached.add(one)
            waiting.extend((by_name[one].loaded - by_name[one].bound) & by_name.keys())
    return reached


def _pruned(function: Function) -> Function:
    """Without assignments and loops of which nothing is read, and what only they read."""
    lines = function.lines
    if not any(_only_stores(line.node) for line in lines):
        return function
    while True:
        loads = [loaded_names(line.node) for line in lines]
        kept: list[Line] = []
        for i, line in enumerate(lines):
            if not _only_stores(line.node):
                kept.append(line)
                continue
            stored = stored_names(line.node)
            if any(stored & names for j, names in enumerate(loads) if i != j):
                read = frozenset[str]().union(*loads)
                kept.append(line.changed(_of_pair(line.node, read)))
        if len(kept) == len(lines) and all(a is b for a, b in zip(kept, lines, strict=True)):
            return function if lines is function.lines else function.with_lines(lines)
        lines = tuple(kept)


def _of_pair(node: ast.stmt, read: frozenset[str]) -> ast.stmt:
    """`a, b = x, y` without the side that nothing reads."""
    match node:
        case ast.Assign(
            targets=[ast.Tuple(elts=[ast.Name(id=one), ast.Name(id=other)])],
            value=ast.Tuple(elts=[first, second]),
        ) if not {one, other} <= read:
            return assign(one, first) if one in read else assign(other, second)
        case _:
            return node


def _only_stores(node: ast.stmt) -> bool:
    match node:
        case ast.Assign(targets=targets):
            return all(isinstance(t, ast.Name | ast.Tuple) for t in targets)
        case ast.AugAssign():
            return True
        case ast.For(body=body, orelse=orelse):
            return all(_only_stores(one) for one in (*body, *orelse))
        case _:
            return False


# -- lines that fit --------------------------------------------------------------------------------


def _settled(function: Function, written: set[int]) -> Function:
    lines: list[Line] = []
    taken = set(function.taken)
    for line in function.lines:
        lines += [line] if id(line) in written or line.text else _fold(line, taken)
    lines = _returned_directly(lines, written)
    return function.with_lines(tuple(lines))


def _returned_directly(lines: list[Line], written: set[int]) -> list[Line]:
    """`x = a` and then `return x`, if an edit left that, as `return a`."""
    if len(lines) < 2 or (id(lines[-1]) in written and id(lines[-2]) in written):
        return lines
    made, last = lines[-2], lines[-1]
    match made.node, last.node:
        case ast.Assign(targets=[ast.Name(id=word)], value=value), ast.Return(
            value=ast.Name(id=read)
        ) if word == read:
            new = Line(ast.Return(value=value), "", made.comments + last.comments)
            fits = len(statement(new.node)) <= WIDTH
            return [*lines[:-2], new] if fits else lines
        case _:
            return lines


def _fold(line: Line, taken: set[str]) -> list[Line]:
    """A line, and before it what must get names of its own for it to fit the page."""
    if not isinstance(line.node, ast.Assign | ast.Return) or len(statement(line.node)) <= WIDTH:
        return [line]
    sides = _two_sides(line.node, taken)
    if sides:
        made = [inner for one in sides for inner in _fold(Line(one), taken)]
        return [Line(made[0].node, "", line.comments), *made[1:]]
    before: list[Line] = []
    node: Any = line.node
    while (length := len(statement(node))) > WIDTH:
        part = _foldable(node, length)
        if part is None:
            break
        word = fresh_name(names_for(part), taken)
        taken.add(word)
        before += _fold(Line(assign(word, part)), taken)
        node = replace(node, {id(part): name(word)})
    lines = [*before, Line(node)]
    return [Line(lines[0].node, "", line.comments), *lines[1:]]


def _two_sides(node: ast.stmt, taken: set[str]) -> list[ast.stmt]:
    """`return hold(...) - hold(...)` too long for a line as a long and a short side."""
    match node:
        case ast.Return(value=ast.BinOp(op=ast.Sub(), left=left, right=right)) if (
            word_of(left) == word_of(right) == "hold" and not {"long", "short"} & taken
        ):
            taken |= {"long", "short"}
            both = ast.BinOp(left=name("long"), op=ast.Sub(), right=name("short"))
            return [assign("long", left), assign("short", right), ast.Return(value=both)]
        case _:
            return []


def _foldable(node: ast.stmt, length: int) -> ast.expr | None:
    """The part of a long statement that is best given a name: about half of it."""
    best: tuple[float, ast.expr] | None = None
    for part in _plain_parts(node):
        size = len(code(part))
        if 16 <= size <= length - 30:
            distance = abs(size - 0.5 * length)
            if best is None or distance < best[0]:
                best = (distance, part)
    return best[1] if best else None


def _plain_parts(node: Any) -> Iterator[ast.expr]:
    """Calls and operations that may be computed beforehand: none of a comprehension's."""
    whole = isinstance(node, ast.Return | ast.Assign)
    for child in children(node):
        if isinstance(child, ast.ListComp | ast.GeneratorExp | ast.DictComp | ast.IfExp):
            continue
        is_part = isinstance(child, ast.Call | ast.BinOp | ast.Compare)
        if is_part and not whole and not isinstance(node, ast.Attribute):
            yield child
        yield from _plain_parts(child)
