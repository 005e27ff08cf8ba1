"""Variations of two parents: layers exchanged, and an expression of one put into the other."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import libcst as cst

from genomes import edit
from genomes.describe import names_for
from genomes.draft import Draft, descent_of, layer_words, position_of, put, quote, tidy
from genomes.edit import bare, bound_names, fresh_name, loaded_names, parameter_uses
from genomes.genome import origin_of
from genomes.language.table import Kind
from genomes.program import LAYERS, Program
from genomes.scale import CENTRED, Scale, scales_of
from genomes.sites import Reading, Setting, Site
from genomes.tune import is_counted

_TAKEN = (
    ("signal", "size", "exits"),
    ("signal", "size", "exits"),
    ("signal",),
    ("exits",),
    ("size",),
    ("size", "exits"),
)


def swap_layer(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """The factor of the first parent with the signal, size or exits of the second."""
    ours, theirs = parents[0], parents[1]
    names = rng.choice(_TAKEN)
    given = [n for n in names if theirs.program.function(n) is not None]
    lost = [n for n in names if n not in given and ours.program.function(n) is not None]
    if not given and not lost:
        return None
    program = ours.program
    for name in names:
        program = program.without_function(name)
    kept_before = set(program.by_name)
    program = _unused_gone(program)
    trees: list[Any] = [theirs.program.by_name[n] for n in given]
    program, trees = carry(program, theirs.program, trees, given[0] if given else "signal")
    for tree in trees:
        program = program.with_function(tree)
    if "signal" in given and kept_before:
        program = _rescaled(program, ours, theirs, setting)
    source = origin_of(theirs.program.idea) or "another strategy"
    note = _exchange_note(given, lost, source)
    idea = ""
    if "signal" in given and ours.program.idea != theirs.program.idea:
        idea = descent_of([origin_of(p.program.idea) for p in (ours, theirs)])
    return Draft(program=program, note=note, idea=idea)


def _exchange_note(given: list[str], lost: list[str], source: str) -> str:
    many = len(lost) > 1 or lost == ["exits"]
    gone = f"the {_listed(lost)} {'are' if many else 'is'} gone" if lost else ""
    if not given:
        return f'{gone}, as in "{source}", so that the signal alone decides.'
    verb = "come" if len(given) > 1 or given == ["exits"] else "comes"
    also = f" and {gone}" if lost else ""
    return (
        f'the {_listed(given)} {verb} from "{source}"{also}, to act on this factor in another way.'
    )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _unused_gone(program: Program) -> Program:
    """Without the helpers and parameters that only dropped layers used."""
    return tidy(program, program)


def _rescaled(program: Program, ours: Reading, theirs: Reading, setting: Setting) -> Program:
    """With the factor standardised where the new signal was meant for values of another size."""
    mine, other = _factor_scale(ours), _factor_scale(theirs)
    fits = mine is other or (mine in CENTRED and other is not Scale.SCORE) or mine is Scale.SCORE
    value = edit.returned(program.by_name["factor"])
    if fits or other not in CENTRED or value is None or setting.max_window < 2 * _LONG:
        return program
    code = " ".join(edit.code_of(bare(value)).split())
    tree = program.by_name["factor"]
    new = edit.expression(f"zscore({code}, {_LONG})")
    return program.with_function(edit.replace(tree, {id(value): new}))


_LONG = 100


def _factor_scale(reading: Reading) -> Scale:
    """The size of the factor's values, whatever their sign."""
    graph = reading.graph
    if graph is None:
        return Scale.CONSTANT
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


def cross_expression(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """An expression of the second parent in a place of its type in the first."""
    ours, theirs = parents[0], parents[1]
    donors = [s for s in theirs.live(Kind.SERIES, Kind.MASK) if _may_leave(s, theirs.program)]
    places = [s for s in ours.live(Kind.SERIES, Kind.MASK) if _may_go(s)]
    rng.shuffle(places)
    for place in places[:8]:
        fitting = [d for d in donors if _fits(d, place)]
        if not fitting:
            continue
        donor = rng.choice(fitting)
        found = _transplant(ours, theirs, place, donor)
        if found is not None:
            return found
    return None


def _may_leave(site: Site, source: Program) -> bool:
    tree = source.by_name[site.function]
    return (
        isinstance(site.node, cst.Call | cst.BinaryOperation | cst.Comparison)
        and site.function in LAYERS
        and not any(
            isinstance(n, cst.For | cst.If | cst.ListComp | cst.GeneratorExp | cst.DictComp)
            for n in (*site.path, *tree.body.body)
        )
        and 10 <= len(site.text) <= 90
        and not is_counted(site.node)
    )


def _may_go(site: Site) -> bool:
    return (
        isinstance(site.node, cst.Call | cst.BinaryOperation | cst.Comparison)
        and site.function in ("factor", "signal", "size")
        and not any(
            isinstance(n, cst.For | cst.ListComp | cst.GeneratorExp | cst.DictComp)
            for n in site.path
        )
        and site.op not in ("const", "clip_signal")
        and not isinstance(site.parent, cst.Element)
    )


def _fits(donor: Site, place: Site) -> bool:
    return (
        (donor.kind, donor.dimension, donor.scale) == (place.kind, place.dimension, place.scale)
        and donor.digest != place.digest
        and ("hold" not in (donor.op, place.op) or _both_stances(donor, place))
        and ("f" not in donor.names or place.function == "signal")
        and ("s" in donor.names) == ("s" in place.names)
    )


def _both_stances(donor: Site, place: Site) -> bool:
    """Whether a hold takes another's place as the whole signal: a long side is no short side."""
    return donor.op == place.op and isinstance(place.parent, cst.Return)


def _transplant(ours: Reading, theirs: Reading, place: Site, donor: Site) -> Draft | None:
    source = theirs.program.by_name[donor.function]
    lines = _lines_needed(source, donor)
    if lines is None or len(lines) > 3:
        return None
    target = ours.program.by_name[place.function]
    allowed = {p.name.value for p in target.params.params}
    local = {n for line in lines for n in edit.stored_names(line)}
    outside = {n for t in (*lines, donor.node) for n in loaded_names(t)} - local
    if (outside & {"f", "s", "m", "p"}) - allowed:
        return None
    label = names_for(donor.node)[0]
    program, trees = carry(ours.program, theirs.program, [*lines, bare(donor.node)], label)
    known = _assigned(target, position_of(place))
    trees = [
        t
        for t in trees
        if not (isinstance(t, cst.SimpleStatementLine) and edit.code_of(t).strip() in known)
    ]
    local = {n for t in trees[:-1] for n in edit.stored_names(t)}
    taken = bound_names(target) | loaded_names(target)
    names = {
        n: fresh_name((f"{label}_{n}", f"{n}_here"), taken) for n in sorted(local) if n in taken
    }
    trees = [edit.rename(t, names) for t in trees]
    moved: list[Any] = [t.deep_clone() for t in trees[:-1]]
    new: Any = trees[-1].deep_clone()
    program = put(program, place, new, meaning="other")
    if moved:
        tree = program.by_name[place.function]
        bare_lines = [line.with_changes(leading_lines=()) for line in moved]
        tree = edit.insert_at(tree, position_of(place), bare_lines)
        program = program.with_function(tree)
    whole = place.function == "factor" and isinstance(place.parent, cst.Return)
    title = origin_of(theirs.program.idea) or "another strategy"
    note = (
        f'{layer_words(place.function)} borrows {quote(donor.node, 60)} from "{title}" '
        f"in place of {quote(place.node, 50)}, since it may serve here too."
    )
    return Draft(program=program, note=note, grown=whole)


def _assigned(tree: cst.FunctionDef, before: int) -> set[str]:
    """The assignments a function makes before a position, as code."""
    return {edit.code_of(line).strip() for line in tree.body.body[:before]}


def _lines_needed(source: cst.FunctionDef, donor: Site) -> list[Any] | None:
    """The assignments of the donor's function that its expression needs, in order."""
    given = {p.name.value for p in source.params.params}
    needed = donor.names - given
    lines: list[Any] = []
    at = next((i for i, s in enumerate(source.body.body) if s is donor.path[2]), None)
    if at is None:
        return None
    for line in reversed(source.body.body[:at]):
        stored = edit.stored_names(line)
        if not stored & needed:
            continue
        match line:
            case cst.SimpleStatementLine(
                body=[cst.Assign(targets=[cst.AssignTarget(target=cst.Name())])]
            ):
                lines.insert(0, line)
                needed = (needed - stored) | (loaded_names(line) - given)
            case _:
                return None
    return lines
