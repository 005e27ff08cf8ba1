"""Variations of two parents: an expression, a condition or an exit of one put into the other."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes.genome import origin_of
from genomes.language.analysis.essence import can_rest
from genomes.language.analysis.intervals import intervals
from genomes.language.table import Kind
from genomes.variation import edit
from genomes.variation.crossover import carry, suitable_exits
from genomes.variation.describe import names_for
from genomes.variation.draft import Draft, layer_words, position_of
from genomes.variation.edit import bare, bound_names, loaded_names
from genomes.variation.legs import direction, legs_of
from genomes.variation.program import LAYERS, Program
from genomes.variation.roles import beside_its_like, linked, replaced, role_of, windows_in
from genomes.variation.sites import Reading, Setting, Site
from genomes.variation.sizing import fitting_exits, percent, with_exit
from genomes.variation.wording import say, split_and, words_of


def cross_expression(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """An expression of the second parent in the first: in a place of its part, or a condition."""
    ours, theirs = parents[0], parents[1]
    ways = [_exchanged, _borrowed, _exit_of]
    for way in rng.sample(ways, len(ways)):
        found = way(ours, theirs, rng)
        if found is not None:
            return found
    return None


def _may_leave(site: Site, source: Program) -> bool:
    tree = source.by_name[site.function]
    return (
        isinstance(site.node, cst.Call | cst.Comparison | cst.Name)
        and site.function in LAYERS
        and not any(
            isinstance(n, cst.For | cst.If | cst.ListComp | cst.GeneratorExp | cst.DictComp)
            for n in (*site.path, *tree.body.body)
        )
    )


def _exchanged(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """A value of ours measured as the other parent measures what plays the same part."""
    mine, other = ours.graph, theirs.graph
    if mine is None or other is None:
        return None
    donors = [
        (s, role)
        for s in theirs.live(Kind.SERIES, Kind.MASK)
        if _is_plain(s.node) and _may_leave(s, theirs.program) and (role := role_of(other, s.index))
    ]
    pairs = [
        (place, donor)
        for place in ours.live(Kind.SERIES, Kind.MASK)
        if _is_plain(place.node)
        and place.op != "downside_stdev"  # falls alone were meant
        and place.function in ("factor", "signal", "size")
        and (role := role_of(mine, place.index))
        and not beside_its_like(ours, place, role)
        for donor, part in donors
        if part == role and donor.digest != place.digest and not _same_word(donor, place)
    ]
    if not pairs:
        return None
    place, donor = rng.choice(pairs)
    source = theirs.program.by_name[donor.function]
    if (_lines_needed(source, donor) or [None])[0] is not None:
        return None  # it needs lines of its own
    program, (new,) = carry(
        ours.program, theirs.program, [bare(donor.node)], names_for(donor.node)[0]
    )
    old, given = windows_in(place.node), windows_in(new)
    if len(old) == 1 and len(given) == 1:
        new = edit.replace(new, {id(given[0]): old[0].deep_clone()})
    said = say(new, program.params)
    program = replaced(program, [(s, new) for s in linked(ours, place)])
    title = origin_of(theirs.program.idea) or "another strategy"
    note = (
        f'{layer_words(place.function)} takes {said}, as "{title}" does, in place of '
        f"{say(place.node, ours.program.params)}."
    )
    return Draft(program=program, note=note)


def _is_plain(node: cst.BaseExpression) -> bool:
    """Whether an expression is a comparison, or a call of an operator by name."""
    match node:
        case cst.Comparison() | cst.Call(func=cst.Name()):
            return True
        case _:
            return False


def _same_word(donor: Site, place: Site) -> bool:
    match donor.node, place.node:
        case cst.Call(func=one), cst.Call(func=other):
            return one.deep_equals(other)
        case _:
            return False


def _exit_of(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """An exit as the other parent writes it, in the place of ours or beside it."""
    mine, tree = ours.graph, theirs.program.function("exits")
    call = edit.returned(tree) if tree is not None else None
    if mine is None or not isinstance(call, cst.Call) or not suitable_exits(theirs):
        return None
    own = ours.program.function("exits")
    present = edit.returned(own) if own is not None else None
    have = {
        a.keyword.value: edit.code_of(a.value)
        for a in (present.args if isinstance(present, cst.Call) else ())
        if a.keyword is not None
    }
    wanted = {*have, *fitting_exits(mine, direction(mine), list(have))}
    options = [
        a
        for a in call.args
        if a.keyword is not None
        and a.keyword.value in wanted
        and have.get(a.keyword.value) != edit.code_of(a.value)
    ]
    if not options or not can_rest(mine, intervals(mine)):
        return None
    chosen = rng.choice(options)
    name = chosen.keyword.value if chosen.keyword is not None else ""
    program, (value,) = carry(ours.program, theirs.program, [chosen.value], "exit")
    made = with_exit(program, name, edit.code_of(value))
    if made is None:
        return None
    said = say(value, program.params).replace(" over close", "")
    if said.replace(".", "").isdigit():
        said = f"{said} bars" if name == "max_held" else percent(float(said))
    title = origin_of(theirs.program.idea) or "another strategy"
    subject = f"the {name} is now" if name in have else f"a {name} is new,"
    note = f'{subject} that of "{title}": {said}.'
    return Draft(program=made, note=note)


_OF_TRENDS = frozenset(("trending", "lively"))
_OF_REVERSALS = frozenset(("sideways",))


def _borrowed(ours: Reading, theirs: Reading, rng: random.Random) -> Draft | None:
    """A condition that the other parent's entries wait for, for ours to wait for as well."""
    mine, other = ours.graph, theirs.graph
    legs, given = legs_of(ours), legs_of(theirs)
    tree = ours.program.function("signal")
    if mine is None or other is None or tree is None or not legs or not given:
        return None
    if not (len(legs) <= len(given) or len(given) == 1):
        return None
    masks = {id(s.node): s for s in theirs.sites}
    each = [{edit.code_of(n): n for n in split_and(leg.enter.node)} for leg in given]
    shared = [n for text, n in each[0].items() if all(text in own for own in each)]
    kind, theirs_kind = direction(mine), direction(other)
    taken = bound_names(tree) | loaded_names(tree)
    options: list[Site] = []
    for node in shared:
        site = masks.get(id(node))
        if site is None or not isinstance(node, cst.Name) or node.value in taken:
            continue
        role = role_of(other, site.index)
        fits = (
            (role in _OF_TRENDS and kind > 0)
            or (role in _OF_REVERSALS and kind < 0 and "highest" not in words_of(mine))
            or role in ("calm", "busy")
            or (role == "up" and [leg.side for leg in legs] == [1])
            or (not role and kind == theirs_kind and len(given) >= len(legs))
        )
        own_roles = {role_of(mine, i) for i in range(len(mine.nodes))} - {""}
        if fits and role not in own_roles and "f" not in _all_names(theirs, site):
            options.append(site)
    if not options:
        return None
    donor = rng.choice(options)
    lines = _lines_needed(theirs.program.by_name["signal"], donor)
    if not lines or len(lines) > 2:
        return None
    program, trees = carry(ours.program, theirs.program, list(lines), "signal")
    local = {n for t in trees for n in edit.stored_names(t)}
    if local & taken:
        return None
    name: Any = donor.node
    changes: dict[int, cst.CSTNode] = {}
    for leg in legs:
        template: Any = edit.expression("x & y")
        changes[id(leg.enter.node)] = edit.replace(
            template,
            {id(template.left): bare(leg.enter.node), id(template.right): cst.Name(name.value)},
        )
    tree = edit.replace(tree, changes)
    clean = [t.deep_clone().with_changes(leading_lines=()) for t in trees]
    tree = edit.insert_at(tree, min(position_of(leg.enter) for leg in legs), clean)
    title = origin_of(theirs.program.idea) or "another strategy"
    value = trees[-1].body[0].value
    said = say(value, program.params)
    asks = f"that {said}" if "(" not in said and len(said) < 90 else f"for its {name.value} state"
    note = f'the signal also asks {asks}, as "{title}" does.'
    return Draft(program=program.with_function(tree), note=note, restricts=True)


def _all_names(reading: Reading, site: Site) -> set[str]:
    """The names a local's value reads, through other locals."""
    lines = _lines_needed(reading.program.by_name[site.function], site) or []
    return {n for line in lines for n in loaded_names(line)}


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
