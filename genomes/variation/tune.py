"""Variations of one parent's numbers: declared defaults and literals."""

from __future__ import annotations

import random
from itertools import pairwise

import libcst as cst

from genomes.language.params import Bool, Choice, Float, Int, Param
from genomes.language.table import OPERATORS, Kind, Trait, having
from genomes.language.table.sizing import FAMILY as SIZING
from genomes.variation.describe import names_for
from genomes.variation.draft import (
    MAX_PARAMS,
    Draft,
    declare,
    float_param,
    has_p,
    layer_words,
    number_text,
    round_number,
    tidy_bars,
    tidy_number,
    window_param,
)
from genomes.variation.edit import code_of, expression, loaded_names, replace, walk
from genomes.variation.program import Program
from genomes.variation.scale import CLOCK
from genomes.variation.sites import Reading, Setting, Site

_STEPS = (0.5, 0.65, 0.8, 1.25, 1.5, 2.0)
_SMALL_STEPS = (0.65, 0.75, 0.8, 1.25, 1.4, 1.5)


def tune_parameter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Move one or two declared defaults within their ranges."""
    reading = parents[0]
    names = [d.name for d in reading.program.declared if _is_used(reading, d.name)]
    if not names:
        return None
    rng.shuffle(names)
    count = 2 if len(names) > 1 and rng.random() < 0.25 else 1
    program, notes, ways = reading.program, list[str](), list[str]()
    for name in names[:count]:
        old = program.params[name]
        new = moved(old, rng)
        if new is None:
            continue
        trial = program.with_param(name, new)
        if not _same_order(program, trial):
            continue
        program = trial
        moves = "" if notes else " goes"
        notes.append(f"{name}{moves} from {_shown(old.default)} to {_shown(new.default)}")
        ways.append(_way(reading, name, old, new))
    if not notes:
        return None
    reason = f": {ways[0]}" if ways[0] and len(set(ways)) == 1 else ""
    if len(notes) > 1:
        reason = reason.replace(": a ", ": ").replace("window", "windows").replace("test", "tests")
    return Draft(program=program, note=f"the parameter {' and '.join(notes)}{reason}.")


def _is_used(reading: Reading, name: str) -> bool:
    """Whether the behaviour depends on a parameter."""
    return any(s.live and s.text == f"p.{name}" for s in reading.sites)


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
    found = {way_of(site, up) for site in reading.sites if site.live and site.text == f"p.{name}"}
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
        case name, argument if name in OPERATORS and _is_bars(name, argument):
            return "a longer window" if up else "a shorter window"
        case _:
            return ""


def _test_of(site: Site, up: bool) -> str:
    """Whether the comparison a number stands in gets stricter; empty where that is not plain."""
    nodes = [*site.path, site.node]
    at = next((i for i, n in enumerate(nodes) if isinstance(n, cst.Comparison)), None)
    if at is None or any(isinstance(n, cst.UnaryOperation) and not isinstance(n.operator, cst.Minus)
                         for n in nodes):  # fmt: skip
        return ""
    test = nodes[at]
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or is_counted(test):
        return ""
    sign = 1 if up else -1
    inner = nodes[at + 1 :]
    for above, below in pairwise(inner):
        match above:
            case cst.UnaryOperation(operator=cst.Minus()):
                sign = -sign
            case cst.BinaryOperation(operator=cst.Subtract(), right=right) if right is below:
                sign = -sign
            case cst.BinaryOperation(operator=cst.Add() | cst.Subtract()):
                pass
            case cst.BinaryOperation(operator=cst.Multiply() | cst.Divide(), left=left) if (
                left is below
            ):
                pass
            case cst.ComparisonTarget():
                pass
            case _:
                return ""
    more = isinstance(test.comparisons[0].operator, cst.GreaterThan | cst.GreaterThanEqual)
    on_right = bool(inner) and isinstance(inner[0], cst.ComparisonTarget)
    stricter = (sign > 0) == (more == on_right)
    return "a stricter test" if stricter else "a looser test"


def _sizes(operator: str) -> bool:
    return operator in OPERATORS and OPERATORS[operator].family == SIZING


def _is_bars(operator: str, argument: str) -> bool:
    return any(a.name == argument and a.kind is Kind.BARS for a in OPERATORS[operator].args)


def change_constant(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Nudge a literal, or lift it into PARAMS with a nudge."""
    reading = parents[0]
    sites = [s for s in reading.sites if s.live and _is_free_number(s)]
    if not sites:
        return None
    site = rng.choice(sites)
    value = _nudged(site, rng)
    if value is None or site.use is None:
        return None
    way = way_of(site, value > (site.number or 0))
    reason = f": {way}" if way else ""
    old = number_text(site.number or 0)
    tree = reading.program.by_name[site.function]
    lifted = (
        has_p(tree) and rng.random() < 0.4 and len(reading.program.declared) < MAX_PARAMS
        and value > 0
    )  # fmt: skip
    program, name, text = reading.program, "", number_text(value)
    if lifted:
        param = _param_for(site, value, setting)
        program, name = declare(program, _param_names(site), param)
        text = f"p.{name}"
    changes: dict[int, cst.CSTNode] = {id(n): expression(text) for n in _twins(site, tree)}
    program = program.with_function(replace(tree, changes))
    what = _what_of(site)
    where = layer_words(site.function)
    if lifted:
        note = f"{what} in {where} is now the parameter {name}: from {old} to {number_text(value)}"
        return Draft(program=program, note=f"{note}, {way}." if way else f"{note}.")
    note = f"{what} in {where} goes from {old} to {number_text(value)}{reason}."
    return Draft(program=program, note=note)


def _what_of(site: Site) -> str:
    use = site.use
    if use is None or use.operator == "compare":
        return "the threshold"
    if use.operator == "Exits":
        return f"the {use.argument}"
    if use.operator in ("lag", "lag_mask"):
        return "the lag"
    if _sizes(use.operator) and use.argument != "n":
        return f"the {use.argument} of {use.operator}"
    return f"the window of {use.operator}" if use.argument == "n" else (
        f"the {use.argument} of {use.operator}"
    )  # fmt: skip


def _twins(site: Site, tree: cst.FunctionDef) -> list[cst.CSTNode]:
    """The literal itself, and where it is a threshold those of the mirrored comparison."""
    if site.use is None or site.use.operator != "compare":
        return [site.node]
    test = next((n for n in reversed(site.path) if isinstance(n, cst.Comparison)), None)
    if test is None:
        return [site.node]
    left = code_of(test.left)
    found: list[cst.CSTNode] = []
    for node in walk(tree):
        match node:
            case cst.Comparison(left=other, comparisons=[target]) if code_of(other) == left:
                found += [
                    n
                    for n in walk(target.comparator)
                    if isinstance(n, cst.Integer | cst.Float) and n.deep_equals(site.node)
                ]
            case _:
                pass
    return found if any(n is site.node for n in found) else [site.node]


_COUNTING = having(Trait.COUNTS)


def is_counted(node: cst.CSTNode) -> bool:
    """Whether an expression tells bars or days: most other numbers there would mean nothing."""
    fields = {n.attr.value for n in walk(node) if isinstance(n, cst.Attribute)}
    return bool(loaded_names(node) & _COUNTING or fields & CLOCK)


def _is_free_number(site: Site) -> bool:
    """Whether a literal is a choice somebody made, not part of a formula such as x / y - 1."""
    if not isinstance(site.node, cst.Integer | cst.Float) or site.use is None or not site.number:
        return False
    if site.use.operator in ("lag", "lag_mask") and site.number == 1:
        return False  # yesterday's is part of a formula
    if site.use.operator in ("min", "max", "where", "fill", *_COUNTING):
        return False
    if any(isinstance(n, cst.Comparison) and is_counted(n) for n in site.path):
        return False
    if site.use.operator in OPERATORS:
        return any(
            a.name == site.use.argument and not a.is_node for a in OPERATORS[site.use.operator].args
        )
    return site.use.operator in ("compare", "Exits")


def _nudged(site: Site, rng: random.Random) -> float | None:
    number, use = site.number or 0.0, site.use
    if use is None:
        return None
    whole = isinstance(site.node, cst.Integer)
    low, high = 1e-4, 1e6
    if use.operator in OPERATORS:
        arg = next(a for a in OPERATORS[use.operator].args if a.name == use.argument)
        low, high = arg.low, arg.high
        whole = arg.kind is Kind.BARS
    elif use.argument == "max_held":
        whole = True
    elif use.operator == "Exits" and use.argument != "take_profit":
        high = 0.5
    elif use.operator == "compare" and 0 < number < 1:
        high = 0.95
    values = [
        tidy_bars(number * s) if whole else round_number(number * s)
        for s in (_STEPS if whole else _SMALL_STEPS)
    ]
    if whole and number < 6:
        values += [number - 1, number + 1]
    choices = [v for v in values if low <= v <= high and v != number and v > 0]
    return rng.choice(choices) if choices else None


def _param_for(site: Site, value: float, setting: Setting) -> Param:
    use = site.use
    if use is not None and use.operator in OPERATORS and _is_bars(use.operator, use.argument):
        arg = next(a for a in OPERATORS[use.operator].args if a.name == use.argument)
        return window_param(int(value), setting, int(arg.low), int(arg.high))
    if use is not None and use.argument == "max_held":
        return window_param(int(value), setting)
    if use is not None and use.operator == "Exits":
        return float_param(value, high=0.5)
    share = isinstance(site.node, cst.Float) and 0 < (site.number or 0) < 1
    high = 0.95 if share else float("inf")
    return float_param(value, high=high)


def _param_names(site: Site) -> tuple[str, ...]:
    """Names by role for a number that becomes a parameter."""
    use = site.use
    if use is None:
        return ("level",)
    if use.operator == "Exits":
        return (use.argument, f"{site.function}_{use.argument}")
    if use.operator in OPERATORS:
        if use.argument in ("fast", "slow", "smooth", "target", "fraction", "limit"):
            return (use.argument, f"{use.operator}_{use.argument}")
        call = next((n for n in reversed(site.path) if isinstance(n, cst.Call)), None)
        role = names_for(call)[0] if call is not None else "reading"
        if Trait.OWN_NAME in OPERATORS[use.operator].traits:
            role = use.operator
        if use.operator in ("lag", "lag_mask"):
            return ("delay", "lag_bars")
        if _sizes(use.operator) and use.argument == "n":
            return ("risk_window", "size_window")
        if _is_bars(use.operator, use.argument):
            return (f"{role}_window", "window", f"{use.operator}_window")
        return (f"{role}_width", "band_width")
    local = next(
        (
            n.targets[0].target.value
            for n in site.path
            if isinstance(n, cst.Assign) and isinstance(n.targets[0].target, cst.Name)
        ),
        "",
    )
    if local in ("long", "short"):
        return ("entry", "threshold")
    return (f"{local}_level", "threshold") if local else ("threshold", "entry", "level")
