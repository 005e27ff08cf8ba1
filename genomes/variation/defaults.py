"""New defaults for the parameters a text declares: all else in it stays to the letter. Pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from genomes.genome import split_docstring
from genomes.language.params import Value
from genomes.variation.program import docstring_text, literal

Edit = tuple[int, int, str]  # from byte, to byte, what stands there instead


def with_defaults(text: str, values: Mapping[str, Value], change: str = "") -> str:
    """A strategy's text with other defaults, and a docstring that says so.

    Comments, layout and ranges stay as they are: only the defaults' own literals are replaced.

    Args:
        text: A text that the checker passed.
        values: Parameter -> new default. Parameters left out keep theirs.
        change: What the docstring says was changed; empty leaves the docstring alone.

    Raises:
        ValueError: A value is for no declared parameter.
        SyntaxError: The text is not Python.
    """
    tree = ast.parse(text)
    places = _places(tree)
    unknown = sorted(set(values) - set(places))
    if unknown:
        raise ValueError(
            f"defaults for {', '.join(unknown)}: declared are {', '.join(places) or 'none'}"
        )
    source = text.encode()
    begins = [0]
    for line in source.splitlines(keepends=True):
        begins.append(begins[-1] + len(line))
    edits: list[Edit] = [
        (*_span(places[name], begins), literal(value)) for name, value in values.items()
    ]
    if change:
        edits.append(_retold(tree, begins, change))
    for start, stop, new in sorted(edits, reverse=True):
        source = source[:start] + new.encode() + source[stop:]
    return source.decode()


def _places(tree: ast.Module) -> dict[str, ast.expr]:
    """The default of each declared parameter, as it stands in the tree."""
    found: dict[str, ast.expr] = {}
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="PARAMS")], value=ast.Dict() as table):
                pass
            case ast.AnnAssign(target=ast.Name(id="PARAMS"), value=ast.Dict() as table):
                pass
            case _:
                continue
        for key, value in zip(table.keys, table.values, strict=True):
            match key, value:
                case ast.Constant(value=str(name)), ast.Call(args=[default, *_]):
                    found[name] = default
                case ast.Constant(value=str(name)), ast.Call(keywords=keywords):
                    named = {each.arg: each.value for each in keywords}
                    if "default" in named:
                        found[name] = named["default"]
                case _:
                    pass
    return found


def _span(node: ast.expr, begins: list[int]) -> tuple[int, int]:
    """From which byte to which a node stands: the columns of a tree count bytes."""
    assert node.end_lineno is not None and node.end_col_offset is not None  # parsed, not built
    start = begins[node.lineno - 1] + node.col_offset
    return start, begins[node.end_lineno - 1] + node.end_col_offset


def _retold(tree: ast.Module, begins: list[int], change: str) -> Edit:
    """The docstring with its idea kept and another change, or a new one at the top."""
    idea, _ = split_docstring(ast.get_docstring(tree) or "")
    told = docstring_text(idea, change)
    match tree.body:
        case [ast.Expr(value=ast.Constant(value=str()) as first), *_]:
            return (*_span(first, begins), told)
        case _:
            return (0, 0, f"{told}\n\n")
