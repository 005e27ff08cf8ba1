"""Variations of two parents: layers exchanged, with the helpers and parameters they need."""

from __future__ import annotations

import ast
import random
from dataclasses import replace

from genomes.genome import title_of
from genomes.language.graph import Graph
from genomes.language.table import Scale, Trait, having
from genomes.variation.edits import Draft, with_returned, written
from genomes.variation.phrases import listed
from genomes.variation.program import LAYERS, Function, Program
from genomes.variation.reading import Reading
from genomes.variation.scale import CENTRED
from genomes.variation.sites import Setting
from genomes.variation.sizing import exits_of, fitting_exits, has_degrees
from genomes.variation.tidy import tidy
from genomes.variation.tree import (
    call,
    expression,
    fresh_name,
    parameters,
    rename,
    rename_parameters,
    word_of,
)

_TAKEN = (("signal",), ("signal", "size"), ("exits",), ("size",))
_HELD_NAMES = frozenset(("patience", "held", "longest", "max_held", "exit_max_held"))


def title(reading: Reading) -> str:
    """What a parent is called in a sentence."""
    return title_of(reading.program.idea) or "another strategy"


def swap_layer(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """The factor of the first parent with the signal, size or exits of the second."""
    for names in rng.sample(_TAKEN, len(_TAKEN)):
        if all(name in parents[1].program.by_name for name in names):
            found = _taking(parents[0], parents[1], names, setting)
            if found is not None:
                return found
    return None


def _taking(
    ours: Reading, theirs: Reading, names: tuple[str, ...], setting: Setting
) -> Draft | None:
    if ours.program.idea == theirs.program.idea:
        return None
    if "signal" in names and not _suits(ours, theirs):
        return None
    if names == ("exits",) and not _exits_suit(ours, theirs):
        return None
    if names == ("size",) and has_degrees(ours) and not _keeps_degrees(theirs):
        return None
    program = ours.program
    for name in names:
        program = program.without_function(name)
    program, functions = carry(tidy(program, program), theirs.program, names, names[0])
    for function in functions:
        program = program.with_function(function)
    scaled = False
    if "signal" in names:
        found = _rescaled(program, ours, theirs, setting)
        if found is None:
            return None
        program, scaled = found
    verb = "come" if len(names) > 1 or names == ("exits",) else "comes"
    end = ", and the factor is standardised for it" if scaled else ""
    change = f'the {listed(list(names))} {verb} from "{title(theirs)}"{end}.'
    whole = "signal" in names
    return Draft(program=program, change=change, anew=whole, drops=whole)


def _suits(ours: Reading, theirs: Reading) -> bool:
    """Whether a signal may read our factor: it asks for more than that it is known, by prices."""
    return (
        theirs.facts.reads_factor
        and ours.direction != 0
        and theirs.direction == ours.direction
        and not ours.reads_clock()
        and not theirs.reads_clock("signal")
    )


def _exits_suit(ours: Reading, theirs: Reading) -> bool:
    return (
        bool(fitting_exits(ours, {}))
        and suitable_exits(theirs)
        and ours.direction == theirs.direction
        and ("highest" in ours.words) == ("highest" in theirs.words)
    )


def _keeps_degrees(theirs: Reading) -> bool:
    return word_of(theirs.program.by_name["size"].returned) == "equal_weight"


def suitable_exits(theirs: Reading) -> bool:
    """Whether exits can be read elsewhere: what is held longest is called so."""
    held = (exits_of(theirs.program) or {}).get("max_held")
    return held is None or not parameters(held) - _HELD_NAMES


_RANKS = having(Trait.RANKS) | {"sign", "known"}


def _is_scale_free(graph: Graph) -> bool:
    """Whether a signal reads no more of its factor than its sign or its rank."""
    factor = graph.outputs["factor"]
    for node in graph.nodes:
        if factor not in node.args or node.op in _RANKS:
            continue
        others = [graph.nodes[i] for i in node.args if i != factor]
        if node.op not in ("lt", "le") or any(o.op != "const" or o.statics[0] for o in others):
            return False
    return True


_LONG = 100


def _rescaled(
    program: Program, ours: Reading, theirs: Reading, setting: Setting
) -> tuple[Program, bool] | None:
    """With the factor of the size that the new signal was meant for, and whether it was changed.

    None where it cannot be.
    """
    other = theirs.drawn
    mine, needed = _factor_scale(ours), _factor_scale(theirs)
    free = _is_scale_free(other)
    index = other.outputs["factor"]
    ranked = all(n.op in _RANKS for n in other.nodes if index in n.args)
    # f > 0 beyond a high says more than a sign
    if mine is needed or (free and (ranked or "highest" not in theirs.words)):
        return program, False
    value = program.by_name["factor"].returned
    if needed is not Scale.SCORE or mine not in CENTRED or value is None:
        return None
    if setting.max_window < 2 * _LONG:
        return None
    new = with_returned(program.by_name["factor"], call("zscore", value, expression(str(_LONG))))
    return program.with_function(new), True


def _factor_scale(reading: Reading) -> Scale:
    """The size of the factor's values, whatever their sign."""
    graph = reading.drawn
    index = graph.outputs["factor"]
    while graph.nodes[index].op == "neg":
        index = graph.nodes[index].args[0]
    return reading.scales[index]


# -- bringing what is needed -----------------------------------------------------------------------


def carry(
    program: Program, source: Program, wanted: tuple[str, ...] | ast.expr, label: str
) -> tuple[Program, list[Function]]:
    """Bring functions of another program, with its helpers and parameters that they need.

    Args:
        program: The receiver.
        source: The program they are from.
        wanted: Names of its functions, or an expression of its: brought as a function `_`.
        label: What it is, for new names: `signal`, `trend`.

    Returns:
        The receiver with all that is needed, and the functions reading it by its new names. A
        parameter of the same name and declaration is shared; another gets a new name.
    """
    if isinstance(wanted, ast.expr):
        functions = [_holding(wanted)]
    else:
        functions = [source.by_name[name] for name in wanted]
    helpers = _helpers(source, functions)
    everything = [*helpers, *functions]
    used = frozenset[str]().union(*(f.parameters for f in everything))
    renamed: dict[str, str] = {}
    for one in source.declared:
        own = program.params.get(one.name)
        if one.name not in used or own == one.param:
            continue
        name = one.name
        if own is not None:
            stem = f"{label}_{name}" if not name.startswith(label) else f"new_{name}"
            name = fresh_name((stem, f"{name}_of_{label}"), set(program.params))
            renamed[one.name] = name
        program = program.with_declared(replace(one, name=name))
    names: dict[str, str] = {}
    for helper in helpers:
        own = program.function(helper.name)
        if own is not None and own.printed() != helper.printed():
            names[helper.name] = fresh_name((f"{label}_{helper.name}",), set(program.by_name))
    moved = [_renamed(f, names, renamed) for f in everything]
    for helper in moved[: len(helpers)]:
        program = program.with_function(helper)
    return program, moved[len(helpers) :]


def carry_expression(
    program: Program, source: Program, value: ast.expr, label: str
) -> tuple[Program, ast.expr]:
    """`carry` for an expression that reads no locals."""
    program, (holder,) = carry(program, source, value, label)
    moved = holder.returned
    assert moved is not None
    return program, moved


def _holding(value: ast.expr) -> Function:
    return with_returned(written("_(m, p)", ["return 0"]), value)


def _renamed(function: Function, names: dict[str, str], params: dict[str, str]) -> Function:
    """A function that reads helpers and parameters by other names."""
    if not names and not params:
        return function
    lines = tuple(
        line.changed(rename_parameters(rename(line.node, names), params)) for line in function.lines
    )
    if function.name in names:
        head = function.head.replace(f"def {function.name}(", f"def {names[function.name]}(")
        function = replace(function, name=names[function.name], head=head)
        return function.with_lines(lines)
    if all(a is b for a, b in zip(lines, function.lines, strict=True)):
        return function
    return function.with_lines(lines)


def _helpers(source: Program, functions: list[Function]) -> list[Function]:
    by_name = {n: f for n, f in source.by_name.items() if n not in LAYERS}
    found: set[str] = set()
    waiting = list(functions)
    while waiting:
        function = waiting.pop()
        for name in sorted((function.loaded - function.bound) & by_name.keys() - found):
            found.add(name)
            waiting.append(by_name[name])
    return [f for f in source.functions if f.name in found]
