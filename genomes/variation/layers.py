"""Variations of when one parent acts: filters and regime gates, added and removed."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import libcst as cst

from genomes.language.analysis.intervals import intervals
from genomes.language.table import Kind
from genomes.variation import edit
from genomes.variation.conditions import Condition, has_fields, local_name, usable, with_windows
from genomes.variation.describe import names_for
from genomes.variation.draft import Draft, has_p, position_of, put
from genomes.variation.edit import bare, code_of, expression, fresh_name, returned, statement
from genomes.variation.legs import Leg, direction, legs_of, reads_clock
from genomes.variation.program import Program
from genomes.variation.scale import CENTRED, scales_of
from genomes.variation.sites import Reading, Setting, Site
from genomes.variation.wording import code, say, split_and, words_of

__all__ = ["add_filter", "add_gate", "has_fields", "remove_filter", "remove_gate"]
_MOST_GUARDS = 3


def _taken(tree: cst.FunctionDef) -> set[str]:
    return edit.bound_names(tree) | edit.loaded_names(tree)


def _guards(tree: cst.FunctionDef) -> int:
    """How many conditions already stand round the values of a function."""
    return sum(
        isinstance(n, cst.BitAnd) or (isinstance(n, cst.Name) and n.value == "where")
        for one in edit.walk(tree)
        for n in (one, getattr(one, "operator", None))
    )


# -- adding ----------------------------------------------------------------------------------------


def add_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the signal enter only where a further condition of the bar or the trend holds."""
    return _add(parents[0], rng, setting, regime=False)


def add_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Let the strategy act only in one regime of the market."""
    return _add(parents[0], rng, setting, regime=True)


def _add(reading: Reading, rng: random.Random, setting: Setting, *, regime: bool) -> Draft | None:
    tree, graph = reading.program.function("signal"), reading.graph
    if tree is None or graph is None or not has_p(tree) or _guards(tree) > 2 * _MOST_GUARDS:
        return None
    legs = legs_of(reading)
    if not regime and not (legs and legs[0].held):
        return None  # what single bars tell would switch a position on and off
    if not legs and _is_stance(reading):
        return None
    if any(len(split_and(leg.enter.node)) > _MOST_GUARDS for leg in legs):
        return None
    kind = direction(graph)
    found = usable(kind, words_of(graph), setting, regime=regime, sided=bool(legs))
    if not found:
        return None
    if legs and not legs[0].held:  # a quick condition would switch the position on and off
        found = [c for c in found if c.name == "rising"]
        if not found:
            return None
    condition = rng.choice(found)
    if [leg.side for leg in legs] == [1] and condition.alone:
        condition = replace(condition, says=condition.alone)
    if legs:
        return _on_legs(reading, tree, legs, condition, kind, rng, setting)
    if _gates_factor(reading) and rng.random() < 0.7:
        return _on_value(reading, "factor", condition, kind, rng, setting)
    return _on_value(reading, "signal", condition, kind, rng, setting)


def _is_stance(reading: Reading) -> bool:
    """Whether a signal without sides holds positions all the same, or only reads the calendar."""
    graph = reading.graph
    if graph is None:
        return True
    across = {"cross_rank", "cross_zscore", "cross_demean"}  # what balances over assets
    return (
        "hold" in words_of(graph)
        or reads_clock(graph)
        or bool(across & _calls(reading.program.function("signal")))
    )


def _gates_factor(reading: Reading) -> bool:
    """Whether a factor of 0 means no opinion: centred at 0, and not ranked."""
    graph = reading.graph
    if graph is None:
        return False
    index = graph.outputs["factor"]
    low, high = intervals(graph)[index]
    ranks = {"cross_rank", "cross_zscore", "cross_demean", "percent_rank", "zscore"}
    return (
        low < 0 < high
        and scales_of(graph)[index] in CENTRED
        and not ranks & _calls(reading.program.function("signal"))
    )


def _calls(tree: cst.FunctionDef | None) -> set[str]:
    return edit.loaded_names(tree) if tree is not None else set()


def _on_legs(
    reading: Reading,
    tree: cst.FunctionDef,
    legs: list[Leg],
    condition: Condition,
    kind: int,
    rng: random.Random,
    setting: Setting,
) -> Draft | None:
    program, words = with_windows(condition, reading.program, rng, setting)
    taken = _taken(tree)
    lines: list[cst.SimpleStatementLine] = []
    names: dict[int, str] = {}
    for side in sorted({leg.side for leg in legs}, reverse=True):
        name, form = condition.name, condition.code
        if condition.mirror[0]:
            name, form = (name, form) if side > 0 else condition.mirror
        elif names:
            names[side] = next(iter(names.values()))
            continue
        names[side] = local_name(name, taken)
        lines.append(statement(f"{names[side]} = {form.format(**words)}"))
    changes: dict[int, cst.CSTNode] = {
        id(leg.enter.node): _joined(leg.enter.node, names[leg.side]) for leg in legs
    }
    first = min(position_of(leg.enter) for leg in legs)
    tree = edit.replace(tree, changes)
    tree = edit.insert_at(tree, first, lines)
    verb = "enters" if legs[0].held else "acts"
    note = f"the signal {verb} only {condition.says}, {condition.why[kind]}."
    if condition.says.startswith("unless"):
        note = f"the signal no longer {verb} {_negated(condition.says)}, {condition.why[kind]}."
    return Draft(
        program=program.with_function(tree), note=note, clause=_clause(condition), restricts=True
    )


def _clause(condition: Condition) -> str:
    says = condition.says
    return says if says.startswith("unless") else f"only {says}"


def _negated(says: str) -> str:
    return "when " + says.removeprefix("unless ")


def _joined(left: cst.BaseExpression, name: str) -> cst.BaseExpression:
    template: Any = expression("x & y")
    plain = bare(left)
    return edit.replace(template, {id(template.left): plain, id(template.right): cst.Name(name)})


def _on_value(
    reading: Reading,
    layer: str,
    condition: Condition,
    kind: int,
    rng: random.Random,
    setting: Setting,
) -> Draft | None:
    tree = reading.program.function(layer)
    value = returned(tree) if tree is not None else None
    if tree is None or value is None or not has_p(tree) or "where" in edit.loaded_names(tree):
        return None
    program, words = with_windows(condition, reading.program, rng, setting)
    taken = _taken(tree)
    name = local_name(condition.name, taken)
    lines = [statement(f"{name} = {condition.code.format(**words)}")]
    inner = " ".join(code_of(bare(value)).split())
    if len(inner) > 50:
        local = fresh_name(names_for(value), taken | {name})
        lines.insert(0, statement(f"{local} = {inner}"))
        inner = local
    tree = edit.replace(tree, {id(value): expression(f"where({name}, {inner}, 0)")})
    tree = edit.insert_at(tree, len(tree.body.body) - 1, lines)
    what = "factor counts" if layer == "factor" else "signal stands"
    note = f"the {what} only {condition.says}, {condition.why[kind]}; else it is 0."
    if condition.says.startswith("unless"):
        note = f"the {layer} is 0 {_negated(condition.says)}, {condition.why[kind]}."
    return Draft(
        program=program.with_function(tree), note=note, clause=_clause(condition), restricts=True
    )


# -- removing --------------------------------------------------------------------------------------


def remove_filter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a condition of the signal's entries, on every side alike."""
    reading = parents[0]
    legs = legs_of(reading)
    if not legs:
        return _remove_where(reading, rng, "signal")
    parts = [[code(n) for n in split_and(leg.enter.node)] for leg in legs]
    if min(len(p) for p in parts) < 2:
        return None
    mirrors = _mirrors(reading.program)
    options: list[tuple[str, list[str]]] = []
    for text in parts[0]:
        wanted = [
            text if text in own else mirrors.get(text, "") if legs[0].side != leg.side else ""
            for leg, own in zip(legs, parts, strict=True)
        ]
        if all(w in own for w, own in zip(wanted, parts, strict=True)) and not _reads_f(text):
            options.append((text, wanted))
    if not options:
        return None
    text, wanted = rng.choice(options)
    changes: dict[int, cst.CSTNode] = {}
    dropped: Any = None
    for leg, gone in zip(legs, wanted, strict=True):
        kept = [n for n in split_and(leg.enter.node) if code(n) != gone]
        dropped = next(n for n in split_and(leg.enter.node) if code(n) == gone)
        if not kept:
            return None
        new = bare(kept[0])
        for more in kept[1:]:
            template: Any = expression("x & y")
            new = edit.replace(template, {id(template.left): new, id(template.right): bare(more)})
        changes[id(leg.enter.node)] = _placed(new, leg.enter)
    if dropped is None:
        return None
    tree = edit.replace(reading.program.by_name["signal"], changes)
    first = next(n for n in split_and(legs[0].enter.node) if code(n) == text)
    asked = _asked(first, reading.program)
    note = f"the signal no longer asks {asked}, so that it acts more often."
    clause = f"without asking {asked}"
    return Draft(program=reading.program.with_function(tree), note=note, clause=clause)


def _placed(new: cst.BaseExpression, site: Site) -> cst.BaseExpression:
    """A condition in its place, in parentheses only where arithmetic surrounds it."""
    if isinstance(site.parent, cst.BinaryOperation) and not isinstance(new, cst.Call | cst.Name):
        return new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return new


def _reads_f(text: str) -> bool:
    return "f" in edit.loaded_names(expression(text))


def _mirrors(program: Program) -> dict[str, str]:
    """Locals whose value is another's turned round: rising and falling."""
    tree = program.function("signal")
    found: dict[str, str] = {}
    values: dict[str, str] = {}
    for node in edit.walk(tree) if tree is not None else ():
        match node:
            case cst.Assign(
                targets=[cst.AssignTarget(target=cst.Name(value=name))],
                value=cst.Comparison() as value,
            ):
                values[code(value)] = name
            case _:
                pass
    for text, name in values.items():
        turned = text.replace(" < ", " \0 ").replace(" > ", " < ").replace(" \0 ", " > ")
        if turned != text and turned in values:
            found[name] = values[turned]
    return found


def _asked(node: Any, program: Program, layer: str = "signal") -> str:
    """What a condition asks: `that volume is above its mean`, or `for its condition "calm"`."""
    tree = program.function(layer)
    value = node
    if isinstance(node, cst.Name) and tree is not None:
        for one in edit.walk(tree):
            match one:
                case cst.Assign(
                    targets=[cst.AssignTarget(target=cst.Name(value=name))], value=made
                ) if name == node.value:
                    value = made
                case _:
                    pass
    said = say(value, program.params)
    if isinstance(node, cst.Name) and ("(" in said or " and " in said or len(said) > 70):
        return f'for its condition "{node.value}"'
    return f"that {said}"


def remove_gate(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Drop a regime gate: `where(condition, x, 0)` of the factor, or of the signal."""
    return _remove_where(parents[0], rng, "factor") or _remove_where(parents[0], rng, "signal")


def _remove_where(reading: Reading, rng: random.Random, layer: str) -> Draft | None:
    options: list[tuple[Site, cst.BaseExpression, cst.BaseExpression]] = []
    for site in reading.live(Kind.SERIES):
        match site.node:
            case cst.Call(
                func=cst.Name(value="where"),
                args=[cst.Arg(value=condition), cst.Arg(value=value), cst.Arg(value=other)],
            ) if site.function == layer and not isinstance(value, cst.Integer | cst.Float):
                zero = isinstance(other, cst.Integer) and other.value == "0"
                if zero or _is_part(other, value):
                    options.append((site, value, condition))
                elif _is_part(value, other):
                    options.append((site, other, condition))
            case _:
                pass
    if not options:
        return None
    site, kept, dropped = rng.choice(options)
    program = put(reading.program, site, bare(kept))
    asked = _asked(dropped, reading.program, layer)
    note = f"the {layer} no longer asks {asked}: it counts in full at all times."
    return Draft(program=program, note=note, clause=f"without asking {asked}")


def _is_part(small: Any, whole: cst.BaseExpression) -> bool:
    """Whether one value is the other over a number: room / 2 of room."""
    match small:
        case cst.BinaryOperation(operator=cst.Divide(), left=left, right=cst.Integer()):
            return left.deep_equals(whole)
        case _:
            return False
