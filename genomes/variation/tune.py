"""Variations of one parent's numbers: declared defaults and literals."""

from __future__ import annotations

import ast
import random
from itertools import pairwise
from typing import Any

from genomes.language.params import Bool, Choice, Float, Int, Param
from genomes.language.table import OPERATORS, Arg, Kind, Trait, having
from genomes.language.table.sizing import FAMILY as SIZING
from genomes.variation.edits import (
    MAX_PARAMS,
    Draft,
    declare,
    float_param,
    round_number,
    tidy_bars,
    tidy_number,
    window_param,
)
from genomes.variation.names import names_for
from genomes.variation.phrases import layer_words, number_text
from genomes.variation.printer import code
from genomes.variation.program import Function, Program
from genomes.variation.reading import Reading
from genomes.variation.scale import CLOCK
from genomes.variation.sites import Setting, Site, Use
from genomes.variation.tree import (
    expression,
    is_number,
    is_p,
    loaded_names,
    replace,
    target_of,
    walk,
)

_STEPS = (0.5, 0.65, 0.8, 1.25, 1.5, 2.0)
_SMALL_STEPS = (0.65, 0.75, 0.8, 1.25, 1.4, 1.5)


def tune_parameter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Move one or two declared defaults within their ranges."""
    reading = parents[0]
    read = {s.node.attr for s in reading.live(Kind.NUMBER) if is_p(s.node)}
    names = [d.name for d in reading.program.declared if d.name in read]
    rng.shuffle(names)
    count = 2 if len(names) > 1 and rng.random() < 0.25 else 1
    program, notes, ways = reading.program, list[str](), list[str]()
    for name in names:
        old = program.params[name]
        new = moved(old, rng)
        if new is None:
            continue
        trial = program.with_param(name, new)
        if not _same_order(program, trial):
            continue
        program = trial
        goes = "" if notes else " goes"
        notes.append(f"{name}{goes} from {_shown(old.default)} to {_shown(new.default)}")
        ways.append(_way(reading, name, old, new))
        if len(notes) == count:
            break
    if not notes:
        return None
    reason = f": {ways[0]}" if ways[0] and len(set(ways)) == 1 else ""
    if len(notes) > 1:
        reason = reason.replace(": a ", ": ").replace("window", "windows").replace("test", "tests")
    return Draft(program=program, change=f"the parameter {' and '.join(notes)}{reason}.")


def _same_order(before: Program, after: Program) -> bool:
    """Whether the short windows are still the short ones, and well apart where they were."""
    old = {n: p.default for n, p in before.params.items() if isinstance(p, Int)}
    new = {n: p.default for n, p in after.params.items() if isinstance(p, Int)}
    return all(
        new[a] * 1.3 <= new[b]
        for a in old
        for b in old
        if old[a] * 1.3 <= old[b] and (new[a] != old[a] or new[b] != old[b])
    )


def moved(param: Param, rng: random.Random) -> Param | None:
    """A parameter with another default in its range; None where there is no other."""
    match param:
        case Int():
            steps = [tidy_bars(param.default * step) for step in _STEPS]
            steps += [param.default - 1, param.default + 1] if param.default < 6 else []
            choices = [n for n in steps if param.low <= n <= param.high and n != param.default]
            if not choices:
                choices = [n for n in (param.low, param.high) if n != param.default]
            return Int(rng.choice(choices), param.low, param.high) if choices else None
        case Float():
            span = param.high - param.low
            if param.log or (param.low > 0 and param.high / param.low > 4):
                values = [param.default * step for step in _SMALL_STEPS]
            else:
                values = [
                    param.default + span * part for part in (-0.2, -0.15, -0.1, 0.1, 0.15, 0.2)
                ]
            tidied = [round_number(v) if v > 0 else tidy_number(v) for v in values]
            choices = [v for v in tidied if param.low <= v <= param.high and v != param.default]
            if not choices:
                choices = [v for v in (param.low, param.high) if v != param.default]
            if not choices:
                return None
            return Float(float(rng.choice(choices)), param.low, param.high, param.log)
        case Bool():
            return Bool(not param.default)
        case Choice():
            others = [o for o in param.options if o != param.default]
            return Choice(rng.choice(others), param.options)


def _shown(value: object) -> str:
    return repr(value) if isinstance(value, float | str) else str(value)


def _way(reading: Reading, name: str, old: Param, new: Param) -> str:
    """What a moved default means at every place that reads it; empty where places differ."""
    if isinstance(old.default, bool | str) or isinstance(new.default, bool | str):
        return ""
    up = new.default > old.default
    places = [s for s in reading.live(Kind.NUMBER) if is_p(s.node) and s.node.attr == name]
    found = {way_of(site, up) for site in places}
    return found.pop() if len(found) == 1 else ""


_LAGS, _MEANS = ("lag", "lag_mask"), having(Trait.MEAN)


def way_of(site: Site, up: bool) -> str:
    """What a larger or a smaller number means where it stands, as the end of a sentence."""
    use = site.use
    if use is None:
        return _test_of(site, up)
    match use.operator, use.argument:
        case "compare", _:
            return _test_of(site, up)
        case "Exits", "max_held":
            return "trades may last longer" if up else "stale trades end sooner"
        case "Exits", "take_profit":
            return "gains run further" if up else "gains are taken sooner"
        case "Exits", _:
            return "trades have more room" if up else "losses are cut sooner"
        case name, ("target" | "fraction" | "limit") if _sizes(name):
            return "more risk is taken" if up else "less risk is taken"
        case name, "n" if name in _LAGS:
            return "the reading is older" if up else "the reading is fresher"
        case name, _ if name in _MEANS:
            return "a slower mean" if up else "a quicker mean"
        case _:
            bars = (arg := _argument(use)) is not None and arg.kind is Kind.BARS
            return ("a longer window" if up else "a shorter window") if bars else ""


def _test_of(site: Site, up: bool) -> str:
    """Whether the comparison a number stands in gets stricter; empty where that is not plain."""
    nodes: list[Any] = [*site.path, site.node]
    at = next((i for i, n in enumerate(nodes) if isinstance(n, ast.Compare)), None)
    if at is None or any(
        isinstance(n, ast.UnaryOp) and not isinstance(n.op, ast.USub) for n in nodes
    ):
        return ""
    test = nodes[at]
    if len(test.ops) != 1 or is_counted(test):
        return ""
    sign = 1 if up else -1
    for above, below in pairwise(nodes[at + 1 :]):
        match above:
            case ast.UnaryOp(op=ast.USub()):
                sign = -sign
            case ast.BinOp(op=ast.Sub(), right=right) if right is below:
                sign = -sign
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                pass
            case ast.BinOp(op=ast.Mult() | ast.Div(), left=left) if left is below:
                pass
            case _:
                return ""
    more = isinstance(test.ops[0], ast.Gt | ast.GtE)
    on_right = nodes[at + 1] is test.comparators[0]
    return "a stricter test" if (sign > 0) == (more == on_right) else "a looser test"


def _sizes(operator: str) -> bool:
    return operator in OPERATORS and OPERATORS[operator].family == SIZING


def _argument(use: Use) -> Arg | None:
    """The row of the table for an argument that is a plain number; None for others."""
    args = OPERATORS[use.operator].args if use.operator in OPERATORS else ()
    return next((a for a in args if a.name == use.argument and not a.is_node), None)


# -- literals --------------------------------------------------------------------------------------


def change_constant(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Nudge a literal, or lift it into PARAMS with a nudge."""
    reading = parents[0]
    options = [(s, v) for s in reading.live(Kind.NUMBER) if _is_free(s) and (v := _nudges(s))]
    if not options:
        return None
    site, values = rng.choice(options)
    value = rng.choice(values)
    program, function = reading.program, reading.program.by_name[site.function]
    text, what = number_text(value), f"{_what_of(site)} in {layer_words(site.function)}"
    change = f"{what} goes from {number_text(site.number or 0)} to {text}"
    way = way_of(site, value > (site.number or 0))
    has_room = "p" in function.given and len(program.declared) < MAX_PARAMS
    if has_room and rng.random() < 0.4:
        program, name = declare(program, _param_names(site), _param_for(site, value, setting))
        change = (
            f"{what} is now the parameter {name}: from {number_text(site.number or 0)} to {text}"
        )
        text, way = f"p.{name}", way and f", {way}"
    else:
        way = way and f": {way}"
    changes: dict[int, ast.AST] = {id(n): expression(text) for n in _twins(site, function)}
    lines = tuple(line.changed(replace(line.node, changes)) for line in function.lines)
    return Draft(
        program=program.with_function(function.with_lines(lines)), change=f"{change}{way}."
    )


def _what_of(site: Site) -> str:
    use = site.use
    if use is None or use.operator == "compare":
        return "the threshold"
    if use.operator == "Exits":
        return f"the {use.argument}"
    if use.operator in _LAGS:
        return "the lag"
    what = "window" if use.argument == "n" and not _sizes(use.operator) else use.argument
    return f"the {what} of {use.operator}"


def _twins(site: Site, function: Function) -> list[ast.AST]:
    """The literal itself, and where it is a threshold those of the mirrored comparison."""
    test = next((n for n in reversed(site.path) if isinstance(n, ast.Compare)), None)
    if test is None or site.use != Use("compare"):
        return [site.node]
    left = code(test.left)
    found: list[ast.AST] = []
    for line in function.lines:
        for node in walk(line.node):
            match node:
                case ast.Compare(left=other, comparators=[right]) if code(other) == left:
                    found += [n for n in walk(right) if is_number(n) and n.value == site.number]
                case _:
                    pass
    return found if any(n is site.node for n in found) else [site.node]


_COUNTING = having(Trait.COUNTS)
_FORMULAS = ("min", "max", "where", "fill", *_COUNTING)


def is_counted(node: ast.AST) -> bool:
    """Whether an expression tells bars or days: most other numbers there would mean nothing."""
    fields = {n.attr for n in walk(node) if isinstance(n, ast.Attribute)}
    return bool(loaded_names(node) & _COUNTING or fields & CLOCK)


def _is_free(site: Site) -> bool:
    """Whether a literal is a choice somebody made, not part of a formula such as x / y - 1."""
    use = site.use
    if use is None or not site.number or not is_number(site.node) or use.operator in _FORMULAS:
        return False
    if use.operator in _LAGS and site.number == 1:
        return False  # yesterday's is part of a formula
    if any(isinstance(n, ast.Compare) and is_counted(n) for n in site.path):
        return False
    return use.operator in ("compare", "Exits") or _argument(use) is not None


def _nudges(site: Site) -> list[float]:
    """The other numbers that may stand in a literal's place."""
    number, use = site.number or 0.0, site.use
    if use is None:
        return []
    whole = isinstance(site.node.value, int)
    low, high = 1e-4, 1e6
    arg = _argument(use)
    if arg is not None:
        low, high, whole = arg.low, arg.high, arg.kind is Kind.BARS
    elif use.argument == "max_held":
        whole = True
    elif use.operator == "Exits" and use.argument != "take_profit":
        high = 0.5
    elif use.operator == "compare" and 0 < number < 1:
        high = 0.95
    values: list[float] = [
        tidy_bars(number * s) if whole else round_number(number * s)
        for s in (_STEPS if whole else _SMALL_STEPS)
    ]
    if whole and number < 6:
        values += [number - 1, number + 1]
    return [v for v in values if low <= v <= high and v != number and v > 0]


def _param_for(site: Site, value: float, setting: Setting) -> Param:
    use = site.use
    arg = _argument(use) if use is not None else None
    if arg is not None and arg.kind is Kind.BARS:
        return window_param(int(value), setting, int(arg.low), int(arg.high))
    if use is not None and use.argument == "max_held":
        return window_param(int(value), setting)
    if use is not None and use.operator == "Exits":
        return float_param(value, high=0.5)
    is_share = isinstance(site.node.value, float) and 0 < (site.number or 0) < 1
    return float_param(value, high=0.95 if is_share else float("inf"))


def _param_names(site: Site) -> tuple[str, ...]:
    """Names by role for a number that becomes a parameter."""
    use = site.use
    if use is not None and use.operator == "Exits":
        return (use.argument, f"{site.function}_{use.argument}")
    if use is not None and use.operator in OPERATORS:
        if use.argument in ("fast", "slow", "smooth", "target", "fraction", "limit"):
            return (use.argument, f"{use.operator}_{use.argument}")
        if use.operator in _LAGS:
            return ("delay", "lag_bars")
        if _sizes(use.operator):
            return ("risk_window", "size_window")
        around = next((n for n in reversed(site.path) if isinstance(n, ast.Call)), None)
        role = names_for(around)[0] if around is not None else "reading"
        if Trait.OWN_NAME in OPERATORS[use.operator].traits:
            role = use.operator
        if (arg := _argument(use)) is not None and arg.kind is Kind.BARS:
            return (f"{role}_window", "window", f"{use.operator}_window")
        return (f"{role}_width", "band_width")
    local = target_of(site.path[0])
    if local in ("long", "short"):
        return ("entry", "threshold")
    return (f"{local}_level", "threshold") if local else ("threshold", "entry", "level")
