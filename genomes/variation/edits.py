"""A variation on its way to being a child: places edited, lines inserted, numbers declared."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Any

from genomes.language.params import Float, Int, Param
from genomes.variation.program import Function, Line, Program
from genomes.variation.sites import Setting, Site
from genomes.variation.tree import fresh_name, is_p, replace, target_of, walk, word_of

MAX_PARAMS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an operator proposes.

    Attributes:
        program: The program as edited, not yet tidy.
        change: One whole sentence: what changed, and why that could help.
        idea: The idea of a new start; empty where the parent's stands.
        anew: Whether the factor or the signal's direction was replaced, so that the parent's idea
            is no longer what this strategy is.
        drops: Whether a side of the signal may be gone.
    """

    program: Program
    change: str
    idea: str = ""
    anew: bool = False
    drops: bool = False


# -- places ----------------------------------------------------------------------------------------


def replaced(program: Program, changes: Iterable[tuple[Site, ast.expr]]) -> Program:
    """With other expressions in some places, all at once."""
    places: dict[str, dict[int, dict[int, ast.AST]]] = {}
    for site, new in changes:
        places.setdefault(site.function, {}).setdefault(site.line, {})[id(site.node)] = new
    for word, by_line in places.items():
        function = program.by_name[word]
        lines = list(function.lines)
        for at, nodes in by_line.items():
            lines[at] = lines[at].changed(replace(lines[at].node, nodes))
        program = program.with_function(_inlined(function.with_lines(tuple(lines)), set(by_line)))
    return program


def _inlined(function: Function, changed: set[int]) -> Function:
    """Without a local that an edit left as another name for a field or another local."""
    for at in changed:
        word = target_of(function.lines[at].node)
        value: Any = function.locals.get(word)
        if not isinstance(value, ast.Name | ast.Attribute) or word in _stored(function, at):
            continue
        lines = [
            line.changed(replace(line.node, {
                id(n): value for n in walk(line.node)
                if isinstance(n, ast.Name) and n.id == word and isinstance(n.ctx, ast.Load)
            })) for line in function.lines
        ]  # fmt: skip
        function = function.with_lines(tuple(lines))  # tidying drops the assignment
    return function


def _stored(function: Function, but: int) -> set[str]:
    return {
        n.id for i, line in enumerate(function.lines) if i != but for n in walk(line.node)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }  # fmt: skip


def inserted(function: Function, at: int, nodes: Sequence[ast.stmt]) -> Function:
    """With statements before the line of a position."""
    lines = function.lines
    return function.with_lines((*lines[:at], *(Line(node) for node in nodes), *lines[at:]))


def with_returned(function: Function, value: ast.expr, before: Sequence[ast.stmt] = ()) -> Function:
    """With another value returned, and statements before that."""
    last = function.lines[-1]
    function = function.with_lines((*function.lines[:-1], last.changed(ast.Return(value=value))))
    return inserted(function, len(function.lines) - 1, before)


def written(head: str, lines: Sequence[str]) -> Function:
    """A function we write: its head as `factor(m, p)`, and its lines."""
    text = f"def {head}:\n" + "\n".join(f"    {line}" for line in lines)
    tree: Any = ast.parse(text).body[0]
    return Function(tree.name, tree.args, tuple(Line(node) for node in tree.body))


def linked(sites: Iterable[Site], site: Site) -> list[Site]:
    """The places where the same value is written in the same words; edited together or not."""
    same = [s for s in sites if s.digest == site.digest and s.live and s.kind is site.kind]
    return [s for s in same if ast.dump(s.node) == ast.dump(site.node)]


def windows_in(node: ast.AST) -> list[Any]:
    """The windows written in an expression: the last argument of each call, number or `p.n`."""
    found: list[Any] = []
    for one in walk(node):
        if word_of(one) and len(one.args) > 1:
            last = one.args[-1]
            if is_p(last) or (isinstance(last, ast.Constant) and type(last.value) is int):
                found.append(last)
    return found


def with_window_of(new: Any, old: ast.AST) -> Any:
    """A new expression with the old one's window, where each has just one."""
    ours, theirs = windows_in(new), windows_in(old)
    if len(ours) == 1 and len(theirs) == 1:
        return replace(new, {id(ours[0]): theirs[0]})
    return new


# -- numbers ---------------------------------------------------------------------------------------


def tidy_number(value: float, digits: int = 2) -> float:
    """A number with few digits, as a person writes it: 0.0423 becomes 0.042."""
    return float(f"{value:.{digits}g}")


_BARS = (*range(1, 11), 12, 14, 16, 18, *range(20, 100, 5))
_BOUNDS = (1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400,
           500, 600, 800, 1000, 1500, 2000, 3000, 5000)  # fmt: skip
_LEADING = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10)


def tidy_bars(value: float) -> int:
    """A count of bars as a person writes it: in fives from 20 on, in tens from 100 on."""
    if value < 97.5:
        return min(_BARS, key=lambda n: (abs(n - value), n))
    return round(value / 10) * 10


def round_bound(value: float, at_most: float = 5000) -> int:
    """A bound of a window as a person writes it: 1, 2, 3, 5, 8, 10, 15, 20, ..."""
    return max((n for n in _BOUNDS if n <= min(value * 1.05, at_most)), default=1)


def round_number(value: float) -> float:
    """A setting as a person writes it: 0.05, 0.08, 1.5, 2, 25."""
    if value <= 0:
        return tidy_number(value)
    power = 10.0 ** floor(log10(value))
    return float(f"{min(_LEADING, key=lambda x: abs(x - value / power)) * power:.3g}")


def window_param(n: int, setting: Setting, low: int = 2, high: int = 5000) -> Int:
    """A declared window round n with a sensible range, in round numbers."""
    top = max(n, round_bound(4 * n, min(high, setting.max_window)))
    return Int(n, low=max(1, min(n, max(low, round_bound(n / 4)))), high=top)


def float_param(x: float, low: float = 0.0, high: float = float("inf")) -> Float:
    """A declared positive number round x with a sensible range."""
    x = float(x)
    return Float(
        x,
        low=min(x, max(low, tidy_number(x / 3, 1))),
        high=max(x, min(high, tidy_number(x * 3, 1))),
    )


def declare(program: Program, wanted: tuple[str, ...], param: Param) -> tuple[Program, str]:
    """With a new parameter under the first free of some names."""
    name = fresh_name(wanted, set(program.params))
    return program.with_param(name, param), name
