"""Variations of one parent's numbers: declared defaults and literals."""

from __future__ import annotations

import random

import libcst as cst

from genomes.describe import names_for
from genomes.draft import (
    MAX_PARAMS,
    Draft,
    declare,
    float_param,
    has_p,
    layer_words,
    number_text,
    put,
    quote,
    tidy_bars,
    tidy_number,
    window_param,
)
from genomes.edit import expression, loaded_names, walk
from genomes.language.operators import OPERATORS
from genomes.language.params import Bool, Choice, Float, Int, Param
from genomes.language.table import Kind
from genomes.scale import CLOCK
from genomes.sites import Reading, Setting, Site

_STEPS = (0.5, 0.65, 0.8, 1.25, 1.5, 2.0)


def tune_parameter(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Move one or two declared defaults within their ranges."""
    reading = parents[0]
    names = [d.name for d in reading.program.declared]
    if not names:
        return None
    rng.shuffle(names)
    count = 2 if len(names) > 1 and rng.random() < 0.25 else 1
    program, notes, reason = reading.program, list[str](), ""
    for name in names[:count]:
        old = program.params[name]
        new = moved(old, rng)
        if new is None:
            continue
        program = program.with_param(name, new)
        notes.append(f"{name} from {_shown(old.default)} to {_shown(new.default)}")
        reason = reason or _reason(reading, name, old, new)
    if not notes:
        return None
    what = "the parameter" if len(notes) == 1 else "the parameters"
    moves = "goes" if len(notes) == 1 else "go"
    note = f"{what} {' and '.join(notes).replace(' from', f' {moves} from', 1)}, {reason}."
    return Draft(program=program, note=note)


def moved(param: Param, rng: random.Random) -> Param | None:
    """A parameter with another default in its range; None where there is no other."""
    match param:
        case Int():
            steps = [tidy_bars(param.default * step) for step in _STEPS]
            steps += [param.default - 1, param.default + 1] if param.default < 12 else []
            choices = [n for n in steps if param.low <= n <= param.high and n != param.default]
            if not choices:
                choices = [n for n in (param.low, param.high) if n != param.default]
            return Int(rng.choice(choices), param.low, param.high) if choices else None
        case Float():
            span = param.high - param.low
            if param.log or (param.low > 0 and param.high / param.low > 4):
                values = [param.default * step for step in _STEPS]
            else:
                values = [param.default + span * part for part in (-0.3, -0.2, -0.1, 0.1, 0.2, 0.3)]
            tidied = [tidy_number(v) for v in values]
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


def _reason(reading: Reading, name: str, old: Param, new: Param) -> str:
    up = isinstance(old.default, int | float) and isinstance(new.default, int | float) and (
        new.default > old.default
    )  # fmt: skip
    for site in reading.sites:
        if site.use is not None and site.text == f"p.{name}":
            return reason_for(site.use.operator, site.use.argument, up)
    if "window" in name or isinstance(old, Int):
        return reason_for("sma", "n", up)
    return "to shift how often and how much it acts"


def reason_for(operator: str, argument: str, up: bool) -> str:
    """Why a number that an operator takes might better be larger, or smaller."""
    match operator, argument:
        case "compare", _:
            return "which moves the line between acting and waiting"
        case "Exits", "max_held":
            return "so that trades last longer" if up else "so that stale trades end sooner"
        case "Exits", "take_profit":
            return "so that gains run further" if up else "so that gains are taken sooner"
        case "Exits", _:
            return "so that trades have more room" if up else "so that losses are cut sooner"
        case (("vol_target" | "kelly" | "cap"), ("target" | "fraction" | "limit")):
            return "for more risk where it is paid" if up else "for less risk"
        case name, argument if name in OPERATORS and _is_bars(name, argument):
            return "for a steadier reading" if up else "for a quicker reading"
        case _:
            return "to shift how often and how much it acts"


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
    reason = reason_for(site.use.operator, site.use.argument, value > (site.number or 0))
    old = number_text(site.number or 0)
    tree = reading.program.by_name[site.function]
    lifted = (
        has_p(tree) and rng.random() < 0.4 and len(reading.program.declared) < MAX_PARAMS
        and value > 0
    )  # fmt: skip
    if lifted:
        param = _param_for(site, value, setting)
        program, name = declare(reading.program, _param_names(site), param)
        program = put(program, site, expression(f"p.{name}"))
        where = layer_words(site.function)
        note = (
            f"the {old} in {where} became the parameter {name}, "
            f"set to {number_text(value)}, {reason}."
        )
        return Draft(program=program, note=note)
    program = put(reading.program, site, expression(number_text(value)))
    where = f" of {quote(site.use.operator)}" if site.use.operator in OPERATORS else ""
    if site.use.operator == "Exits":
        where = f" of {site.use.argument}"
    note = (
        f"the {old}{where} in {layer_words(site.function)} became {number_text(value)}, {reason}."
    )
    return Draft(program=program, note=note)


_COUNTING = frozenset(("streak", "count", "since", "bars_since_highest", "bars_since_lowest"))


def is_counted(node: cst.CSTNode) -> bool:
    """Whether an expression tells bars or days: most other numbers there would mean nothing."""
    fields = {n.attr.value for n in walk(node) if isinstance(n, cst.Attribute)}
    return bool(loaded_names(node) & _COUNTING or fields & CLOCK)


def _is_free_number(site: Site) -> bool:
    """Whether a literal is a choice somebody made, not part of a formula such as x / y - 1."""
    if not isinstance(site.node, cst.Integer | cst.Float) or site.use is None or not site.number:
        return False
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
    values = [tidy_bars(number * s) if whole else tidy_number(number * s) for s in _STEPS]
    if whole and number < 10:
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
    return (f"{local}_level", "threshold") if local else ("threshold", "entry", "level")
