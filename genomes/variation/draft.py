"""A variation on its way to being text: what was changed and why, and how it is tidied."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor, log10
from typing import Any, Literal

import libcst as cst

from genomes.language.params import Float, Int, Param
from genomes.variation import edit
from genomes.variation.describe import names_for, opposite
from genomes.variation.edit import bound_names, code_of, loaded_names, parameter_uses
from genomes.variation.program import LAYERS, Program
from genomes.variation.settle import prune_locals, settle
from genomes.variation.sites import Setting, Site

MAX_PARAMS = 12
Meaning = Literal["same", "opposite", "other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What an operator proposes.

    Attributes:
        program: The program as edited, not yet tidy.
        note: One plain sentence: what changed, and why that could help.
        idea: The idea in new words; empty where the old one still holds.
        clause: What is different, as the end of an idea told anew where the old one is broken;
            empty where the draft is to be dropped then.
        restricts: Whether it acts at fewer times than its parent.
        drops: Whether a side of the signal may be gone.
    """

    program: Program
    note: str
    idea: str = ""
    clause: str = ""
    restricts: bool = False
    drops: bool = False


def tidy(program: Program, *sources: Program) -> Program:
    """A program's normal form: nothing unused, changed lines on one line each and not too long.

    Args:
        program: The program.
        sources: What it was made from: statements it shares with them stay as they are.
    """
    written = [tree for source in sources for tree in source.functions]
    whole = {id(tree) for tree in written}
    known = {id(line) for tree in written for line in tree.body.body}
    functions = tuple(
        tree if id(tree) in whole else settle(prune_locals(tree), known, names_for)
        for tree in program.functions
    )
    program = replace(program, functions=functions)
    program = replace(program, functions=_reached(program))
    used = {name for tree in program.functions for name in parameter_uses(tree)}
    declared = tuple(d for d in program.declared if d.name in used)
    if len(declared) < len(program.declared):
        program = replace(program, declared=declared, layout="")
    return program


def layer_words(function: str) -> str:
    """A function inside a sentence."""
    return f"the {function}" if function in LAYERS else f"{function}()"


def _reached(program: Program) -> tuple[cst.FunctionDef, ...]:
    by_name = program.by_name
    reached: set[str] = set()
    waiting = [name for name in LAYERS if name in by_name]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            tree = by_name[name]
            waiting.extend((loaded_names(tree) - bound_names(tree)) & by_name.keys())
    return tuple(f for f in program.functions if f.name.value in reached)


# -- changing an expression ------------------------------------------------------------------------


def put(
    program: Program, site: Site, new: cst.BaseExpression, *, meaning: Meaning = "same"
) -> Program:
    """With an expression in the place of a site.

    Args:
        program: The program of the site's reading.
        site: The place.
        new: Its new expression.
        meaning: What became of it; a local that held it whole is renamed so that its name is true.
    """
    tree = program.by_name[site.function]
    changed = edit.replace(tree, {id(site.node): new})
    local = _local_of(site)
    if local is not None:
        whole = _value_of(changed, local)
        changed = _rename_local(changed, local, new if whole is None else whole, meaning)
    return program.with_function(changed)


def _value_of(tree: cst.FunctionDef, local: str) -> cst.BaseExpression | None:
    for node in edit.walk(tree):
        match node:
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                if name == local:
                    return value
            case _:
                pass
    return None


def _local_of(site: Site) -> str | None:
    """The local whose value the site is, all of it or most of it, if it is assigned once."""
    holder = next((n for n in site.path if isinstance(n, cst.Assign)), None)
    match holder:
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            if len(site.text) * 5 < len(code_of(value)) * 3:
                return None
            assigned = [
                n
                for n in edit.walk(site.path[0])
                if isinstance(n, cst.AssignTarget | cst.AugAssign)
                and isinstance(n.target, cst.Name)
                and n.target.value == name
            ]
            return name if len(assigned) == 1 else None
        case _:
            return None


def _rename_local(
    tree: cst.FunctionDef, local: str, new: cst.BaseExpression, meaning: Meaning
) -> cst.FunctionDef:
    if isinstance(new, cst.Name | cst.Attribute):
        return _inline(tree, local, new)
    if meaning == "same":
        return tree
    taken = bound_names(tree) | loaded_names(tree)
    if meaning == "opposite":
        name = opposite(local)
        name = name if name not in taken else edit.fresh_name(names_for(new), taken)
    else:
        if local in names_for(new):
            return tree
        name = edit.fresh_name(names_for(new), taken)
    return edit.rename(tree, {local: name})


def _inline(tree: cst.FunctionDef, local: str, value: cst.BaseExpression) -> cst.FunctionDef:
    """With every reading of a local replaced by its value; the assignment is left to pruning."""
    changes: dict[int, cst.CSTNode] = {}
    targets = {id(n.target) for n in edit.walk(tree) if isinstance(n, cst.AssignTarget)}
    for node in edit.walk(tree):
        if isinstance(node, cst.Name) and node.value == local and id(node) not in targets:
            changes[id(node)] = value.deep_clone()
    return edit.replace(tree, changes)


def position_of(site: Site) -> int:
    """The place, in its function's body, of the statement that holds a site."""
    tree: Any = site.path[0]
    return next(i for i, line in enumerate(tree.body.body) if line is site.path[2])


def has_p(tree: cst.FunctionDef) -> bool:
    """Whether a function is given the parameters."""
    return any(param.name.value == "p" for param in tree.params.params)


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


def number_text(value: float) -> str:
    """A number as written: whole ones without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else repr(value)


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
    name = edit.fresh_name(wanted, set(program.params))
    return program.with_param(name, param), name
