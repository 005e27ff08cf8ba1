"""Variations of two parents: layers exchanged, with the helpers and parameters they need."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import libcst as cst

from genomes.genome import origin_of
from genomes.language.analysis.essence import facts_of
from genomes.language.graph import Graph
from genomes.variation import edit
from genomes.variation.draft import Draft, tidy
from genomes.variation.edit import bare, bound_names, fresh_name, loaded_names, parameter_uses
from genomes.variation.legs import direction, reads_clock
from genomes.variation.program import LAYERS, Program
from genomes.variation.scale import CENTRED, Scale, scales_of
from genomes.variation.sites import Reading, Setting
from genomes.variation.sizing import fitting_exits, has_degrees
from genomes.variation.wording import listed, words_of

_TAKEN = (("signal",), ("signal", "size"), ("signal",), ("exits",), ("size",))
_HELD_NAMES = frozenset(("patience", "held", "longest", "max_held", "exit_max_held"))


def swap_layer(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """The factor of the first parent with the signal, size or exits of the second."""
    ours, theirs = parents[0], parents[1]
    ways = list(dict.fromkeys(_TAKEN))
    for names in sorted(ways, key=lambda _: rng.random()):
        if all(theirs.program.function(n) is not None for n in names):
            found = _taking(ours, theirs, names, setting)
            if found is not None:
                return found
    return None


def _taking(
    ours: Reading, theirs: Reading, names: tuple[str, ...], setting: Setting
) -> Draft | None:
    mine, other = ours.graph, theirs.graph
    if mine is None or other is None or ours.program.idea == theirs.program.idea:
        return None
    if "signal" in names and not _suits(mine, other):
        return None
    if names == ("exits",) and not (
        fitting_exits(mine, direction(mine), [])
        and suitable_exits(theirs)
        and direction(mine) == direction(other)
        and ("highest" in words_of(mine)) == ("highest" in words_of(other))
    ):
        return None
    if names == ("size",) and has_degrees(mine) and not _keeps_degrees(theirs):
        return None
    program = ours.program
    for name in names:
        program = program.without_function(name)
    program = tidy(program, program)
    trees: list[Any] = [theirs.program.by_name[n] for n in names]
    program, trees = carry(program, theirs.program, trees, names[0])
    for tree in trees:
        program = program.with_function(tree)
    if "signal" in names:
        scaled = _rescaled(program, mine, other, setting)
        if scaled is None:
            return None
        program = scaled
    first = origin_of(ours.program.idea) or "one strategy"
    second = origin_of(theirs.program.idea) or "another"
    what = listed(list(names))
    verb = "come" if len(names) > 1 or names == ("exits",) else "comes"
    note = f'the {what} {verb} from "{second}".'
    if "signal" in names and program.by_name["factor"] is not ours.program.by_name["factor"]:
        note = f"{note[:-1]}, and the factor is standardised for it."
    if "signal" in names and first != second:
        idea = (
            f'After "{first}" and "{second}": the factor of the one with the {what} of the other.'
        )
        return Draft(program=program, note=note, idea=idea, drops=True)
    clause = f'with the {what} of "{second}"' if names != ("exits",) else ""
    return Draft(program=program, note=note, clause=clause)


def _suits(mine: Graph, other: Graph) -> bool:
    """Whether a signal may read our factor: it asks for more than that it is known, by prices."""
    return (
        facts_of(other).reads_factor
        and direction(mine) != 0
        and direction(other) == direction(mine)
        and not reads_clock(mine)
        and not reads_clock(other, "signal")
    )


def _keeps_degrees(theirs: Reading) -> bool:
    value = edit.returned(theirs.program.by_name["size"])
    return value is not None and edit.code_of(value).startswith("equal_weight(")


def suitable_exits(theirs: Reading) -> bool:
    """Whether exits can be read elsewhere: what is held longest is called so."""
    call = edit.returned(theirs.program.by_name["exits"])
    for node in edit.walk(call) if call is not None else ():
        match node:
            case cst.Arg(keyword=cst.Name(value="max_held"), value=value):
                if edit.parameter_uses(value) - _HELD_NAMES:
                    return False
            case _:
                pass
    return True


_RANKS = frozenset(
    ("cross_rank", "cross_zscore", "cross_demean", "percent_rank", "zscore", "sign", "known")
)


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


def _is_ranked(graph: Graph) -> bool:
    """Whether a signal compares its factor with nothing but itself."""
    factor = graph.outputs["factor"]
    return all(n.op in _RANKS for n in graph.nodes if factor in n.args)


def _rescaled(program: Program, mine: Graph, other: Graph, setting: Setting) -> Program | None:
    """With the factor of the size that the new signal was meant for; None where it cannot be."""
    ours, theirs = _factor_scale(mine), _factor_scale(other)
    if ours is theirs or (_is_scale_free(other) and _is_ranked(other)):
        return program
    if _is_scale_free(other) and "highest" not in words_of(other):  # f > 0 beyond a high says more
        return program
    value = edit.returned(program.by_name["factor"])
    if theirs is not Scale.SCORE or ours not in CENTRED or value is None:
        return None
    if setting.max_window < 2 * _LONG:
        return None
    code = " ".join(edit.code_of(bare(value)).split())
    tree = program.by_name["factor"]
    new = edit.expression(f"zscore({code}, {_LONG})")
    return program.with_function(edit.replace(tree, {id(value): new}))


_LONG = 100


def _factor_scale(graph: Graph) -> Scale:
    """The size of the factor's values, whatever their sign."""
    index = graph.outputs["factor"]
    while graph.nodes[index].op == "neg":
        index = graph.nodes[index].args[0]
    return scales_of(graph)[index]


def carry(
    program: Program, source: Program, trees: list[Any], label: str
) -> tuple[Program, list[Any]]:
    """Bring what some trees of another program need: its helpers and its parameters.

    Args:
        program: The receiver.
        source: The program the trees are from.
        trees: Functions or expressions of it.
        label: What they are, for new names: `signal`, `trend`.

    Returns:
        The receiver with all that is needed, and the trees reading it by its new names. A parameter
        of the same name and declaration is shared; one of another declaration gets a new name.
    """
    helpers = _helpers(source, trees)
    everything = [*helpers, *trees]
    used = {name for tree in everything for name in parameter_uses(tree)}
    renamed: dict[str, str] = {}
    for one in source.declared:
        if one.name not in used:
            continue
        own = program.params.get(one.name)
        if own == one.param:
            continue
        name = one.name
        if own is not None:
            stems = (f"{label}_{name}" if not name.startswith(label) else f"new_{name}",)
            name = fresh_name((*stems, f"{name}_of_{label}"), set(program.params))
            renamed[one.name] = name
        program = program.with_declared(replace(one, name=name))
    names: dict[str, str] = {}
    for helper in helpers:
        name = helper.name.value
        own = program.function(name)
        if own is not None and not own.deep_equals(helper):
            names[name] = fresh_name((f"{label}_{name}",), set(program.by_name))
    moved: list[Any] = []
    for tree in everything:
        tree = edit.rename_parameters(tree, renamed)
        if names:
            tree = edit.rename(tree, names)
            if isinstance(tree, cst.FunctionDef) and tree.name.value in names:
                tree = tree.with_changes(name=cst.Name(names[tree.name.value]))
        moved.append(tree)
    for helper in moved[: len(helpers)]:
        program = program.with_function(helper)
    return program, moved[len(helpers) :]


def _helpers(source: Program, trees: list[Any]) -> list[cst.FunctionDef]:
    by_name = {n: f for n, f in source.by_name.items() if n not in LAYERS}
    found: set[str] = set()
    waiting: list[cst.CSTNode] = list(trees)
    while waiting:
        tree = waiting.pop()
        own = bound_names(tree) if isinstance(tree, cst.FunctionDef) else set[str]()
        for name in sorted((loaded_names(tree) - own) & by_name.keys() - found):
            found.add(name)
            waiting.append(by_name[name])
    return [f for f in source.functions if f.name.value in found]
