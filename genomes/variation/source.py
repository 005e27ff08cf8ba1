"""Reading a strategy file into its parts. Functions that many files share are parsed once."""

from __future__ import annotations

import ast
import re
import textwrap
from functools import lru_cache
from typing import Any

from genomes.genome import split_docstring
from genomes.language.errors import LanguageError
from genomes.language.params import Bool, Choice, Float, Int
from genomes.variation.program import Declared, Function, Line, Program

REMEMBERED = 1024  # functions, some 20 KB each
_KINDS: dict[str, Any] = {"Int": Int, "Float": Float, "Bool": Bool, "Choice": Choice}
_DEF = re.compile(r"^(?:#.*\n)*def ", re.MULTILINE)
_QUOTE = re.compile(r"""\s*(?:#.*\n)*("{3}|'{3}|"|')""")
_PARAMS = re.compile(r"^(?:#.*\n)*PARAMS\b", re.MULTILINE)


class LayoutError(Exception):
    """A file is not laid out as a strategy is."""


def parse(text: str) -> Program:
    """A file's parts.

    Args:
        text: A text that the checker passed: an unchecked one is parsed behind the walls only.

    Raises:
        LayoutError: The file is not laid out as a strategy is, or is not Python.
    """
    quote = _QUOTE.match(text)  # words of a docstring are not code
    start = max(0, text.find(quote[1], quote.end())) if quote else 0
    starts = [match.start() for match in _DEF.finditer(text, start)]
    top = text[: starts[0]] if starts else text
    params = _PARAMS.search(top, start)
    pieces = [text[a:b].rstrip("\n") for a, b in zip(starts, [*starts, None][1:], strict=True)]
    try:
        above = _head(top[: params.start()] if params else top)
        declared, layout = _table(top[params.start() :].rstrip("\n")) if params else ((), "")
        functions = tuple(_function_of(piece) for piece in pieces)
    except SyntaxError:
        raise LayoutError("not Python, or a string with a line that begins with def") from None
    return Program(*above, declared, layout, functions)


def _nodes(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except (ValueError, RecursionError, MemoryError) as error:
        raise LayoutError(type(error).__name__) from None


def _head(text: str) -> tuple[str, str, tuple[str, ...]]:
    """The idea, the change, and the comments above the import."""
    idea = change = ""
    comments: tuple[str, ...] = ()
    for position, node in enumerate(_nodes(text)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(doc))) if position == 0:
                idea, change = split_docstring(_clean(doc))
            case ast.ImportFrom():
                comments = tuple(_above(text.split("\n"), node.lineno))
            case _:
                raise LayoutError(f"top-level {type(node).__name__}")
    return idea, change, comments


@lru_cache(maxsize=REMEMBERED)
def _table(text: str) -> tuple[tuple[Declared, ...], str]:
    """The parameters that PARAMS declares, and its layout."""
    rows = text.split("\n")
    match _nodes(text):
        case [
            ast.Assign(targets=[ast.Name(id="PARAMS")], value=ast.Dict() as table)
            | ast.AnnAssign(target=ast.Name(id="PARAMS"), value=ast.Dict() as table)
        ]:
            return _declared(table, rows, has_comments="#" in text), text + "\n"
        case _:
            raise LayoutError("PARAMS is not written as a dict of its own")


@lru_cache(maxsize=REMEMBERED)
def _function_of(text: str) -> Function:
    """One function, comments above included; shared by all files that have it."""
    match _nodes(text):
        case [ast.FunctionDef() as node]:
            return _function(node, text.split("\n"))
        case [_, other, *_]:
            raise LayoutError(f"top-level {type(other).__name__}")
        case _:
            raise LayoutError("not a function")


def _clean(doc: str) -> str:
    head, _, rest = doc.partition("\n")
    return f"{head.strip()}\n{textwrap.dedent(rest)}".strip()


def _above(rows: list[str], lineno: int) -> list[str]:
    """The comment lines right above a line of the file."""
    start = lineno - 1
    while start and rows[start - 1].startswith("#"):
        start -= 1
    return rows[start : lineno - 1]


def _function(node: ast.FunctionDef, rows: list[str]) -> Function:
    for arg in node.args.args:
        arg.annotation = None  # a tree of our own, not shared yet
    above = _above(rows, node.lineno)
    last = node.end_lineno or node.lineno
    before = node.body[0].lineno - 1  # rows of the head
    while before > node.lineno and not rows[before - 1].rstrip().endswith(":"):
        before -= 1  # comments between the head and the first statement are that one's
    inline = node.body[0].lineno == node.lineno
    lines: list[Line] = []
    end = node.lineno if inline else before
    for each in _without_annotations(node.body):
        stop = each.end_lineno or each.lineno
        if each.lineno <= end:  # beside another statement
            lines.append(Line(each))
        else:
            own = rows[end:stop]
            while own and not own[0].strip():
                own.pop(0)
            lines.append(Line(each, "\n".join(own), _comments(own)))
        end = max(end, stop)
    head = "" if inline else "\n".join([*above, *rows[node.lineno - 1 : before]])
    text = "\n".join([*above, *rows[node.lineno - 1 : last]]) + "\n"
    return Function(node.name, node.args, tuple(lines), text, head)


_PLAIN = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)


def _without_annotations(body: list[ast.stmt]) -> list[ast.stmt]:
    if all(type(node) in _PLAIN for node in body):
        return body
    plain: list[ast.stmt] = []
    for node in body:
        match node:
            case ast.AnnAssign(target=target, value=value):
                made: ast.stmt = ast.Pass()
                if value is not None:
                    made = ast.Assign(targets=[target], value=value, type_comment=None)
                plain.append(ast.copy_location(made, node))
                continue
            case ast.For() | ast.If():
                node.body = _without_annotations(node.body)
                node.orelse = _without_annotations(node.orelse)
            case _:
                pass
        plain.append(node)
    return plain


_COMMENT = re.compile(r"""(?:[^#"']|"[^"]*"|'[^']*')*(#.*)""")


def _comments(rows: list[str]) -> tuple[str, ...]:
    """The comments of some rows."""
    found = [_COMMENT.fullmatch(row) for row in rows if "#" in row]
    return tuple(match[1] for match in found if match)


def _declared(table: ast.Dict, rows: list[str], *, has_comments: bool) -> tuple[Declared, ...]:
    found: list[Declared] = []
    end = table.lineno
    for key, value in zip(table.keys, table.values, strict=True):
        match key, value:
            case ast.Constant(value=str(name)), ast.Call(func=ast.Name(id=kind)) if kind in _KINDS:
                pass
            case _:
                raise LayoutError("PARAMS: not a name and a parameter")
        try:
            args = [_value_of(a) for a in value.args]
            named = {str(k.arg): _value_of(k.value) for k in value.keywords}
            param = _KINDS[kind](*args, **named)
        except (LanguageError, ValueError, TypeError) as error:
            raise LayoutError(f"PARAMS: {error}") from None
        above, beside = (), ""
        stop = value.end_lineno or value.lineno
        if has_comments:
            above = _comments(rows[end : key.lineno - 1])
            beside = next(iter(_comments(rows[stop - 1 : stop])), "")
        source = " ".join((_segment(rows, value)).split())
        found.append(Declared(name=name, param=param, source=source, above=above, beside=beside))
        end = stop
    return tuple(found)


def _value_of(node: Any) -> Any:
    return node.value if type(node) is ast.Constant else ast.literal_eval(node)


def _segment(rows: list[str], node: ast.expr) -> str:
    """The text of an expression; the columns of a tree count bytes."""
    own = rows[node.lineno - 1 : node.end_lineno]
    if not all(row.isascii() for row in own):
        return ast.unparse(node)
    if len(own) == 1:
        return own[0][node.col_offset : node.end_col_offset]
    return " ".join([own[0][node.col_offset :], *own[1:-1], own[-1][: node.end_col_offset]])
