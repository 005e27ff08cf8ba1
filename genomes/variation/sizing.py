"""Variations of how one parent trades its signal: exits and sizes added, changed, dropped."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable

from genomes.language.analysis.essence import can_rest
from genomes.language.graph import Graph
from genomes.language.params import Int
from genomes.language.table import Trait, having
from genomes.variation.conditions import has_fields
from genomes.variation.edits import MAX_PARAMS, Draft, declare, float_param, window_param, written
from genomes.variation.phrases import listed, number_text, percent, say
from genomes.variation.printer import code
from genomes.variation.program import Program
from genomes.variation.reading import Reading
from genomes.variation.sites import Setting
from genomes.variation.tree import expression, with_parts, word_of

_EXIT_WORDS = {
    "stop_loss": "bounds what one trade can lose",
    "trailing_stop": "gives back only part of a gain",
    "take_profit": "takes gains before they revert",
    "max_held": "ends trades that have gone stale",
}
_LOST_WORDS = {
    "stop_loss": "so that a deep setback alone closes nothing",
    "trailing_stop": "so that giving back a gain closes nothing",
    "take_profit": "so that gains may run",
    "max_held": "so that trades last as long as the signal",
}
_LEVELS = {"take_profit": (0.06, 0.08, 0.1), "stop_loss": (0.05, 0.08, 0.1),
           "trailing_stop": (0.12, 0.15, 0.2)}  # fmt: skip
_RANGES = {"stop_loss": ("2", "3"), "trailing_stop": ("4", "5")}
_ATR = "atr(m.high, m.low, m.close, 20) / m.close"
_IN_RANGES = "{} times the 20-bar average true range"
Parts = dict[str, ast.expr]


def exits_of(program: Program) -> Parts | None:
    """The exits by name; empty without any, None where they are written otherwise."""
    function = program.function("exits")
    if function is None:
        return {}
    made = function.returned
    if not isinstance(made, ast.Call) or word_of(made) != "Exits" or made.args:
        return None
    return {str(k.arg): k.value for k in made.keywords}


def with_exits(program: Program, exits: Parts) -> Program:
    """With other exits, in the order in which the language names them; without any for none."""
    if not exits:
        return program.without_function("exits")
    ordered = [n for n in _EXIT_WORDS if n in exits]
    keywords = [ast.keyword(arg=n, value=exits[n]) for n in ordered]
    function = program.function("exits") or written("exits(m, p)", ["return Exits()"])
    last = function.lines[-1]
    made = with_parts(function.returned or expression("Exits()"), keywords=keywords)
    lines = (*function.lines[:-1], last.changed(ast.Return(value=made)))
    return program.with_function(function.with_lines(lines))


def change_exits(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop what closes a trade besides the signal."""
    reading = parents[0]
    present = exits_of(reading.program)
    if present is None:
        return None
    ways: list[Callable[[Reading, Parts, random.Random, Setting], Draft | None]]
    ways = [_added, _added, _changed, _changed, _dropped] if present else [_added]
    found = (way(reading, present, rng, setting) for way in rng.sample(ways, len(ways)))
    return next((draft for draft in found if draft is not None), None)


def fitting_exits(reading: Reading, present: Parts) -> list[str]:
    """The exits that make sense: none where the signal never rests, so that nothing reopens."""
    graph, words = reading.drawn, reading.words
    if "hold" not in words or not can_rest(graph, reading.ranges):
        return []  # a stop would lock it out for as long as it likes the asset
    names = ["stop_loss"]
    if reading.direction > 0:
        names.append("trailing_stop")
    if reading.direction < 0:
        if "highest" not in words and "trailing_stop" not in present:  # no way back from far below
            names.append("take_profit")
        if not {"since", "streak"} & words:
            names.append("max_held")
    return [n for n in names if n not in present]


def _added(reading: Reading, present: Parts, rng: random.Random, setting: Setting) -> Draft | None:
    names = fitting_exits(reading, present)
    if not names:
        return None
    name = rng.choice(names)
    program, text, words = _new_exit(name, reading, rng, setting)
    program = with_exits(program, {**present, name: expression(text)})
    change = f"the exits gain a {name} of {words}, which {_EXIT_WORDS[name]}."
    if not present:
        change = f"exits are new: a {name} of {words} {_EXIT_WORDS[name]}."
    return Draft(program=program, change=change)


def _new_exit(
    name: str, reading: Reading, rng: random.Random, setting: Setting
) -> tuple[Program, str, str]:
    """A new exit as code and in words, with the parameter it declares."""
    program = reading.program
    has_room = len(program.declared) < MAX_PARAMS
    if name == "max_held":
        n = rng.choice((5, 10, 15) if reading.direction < 0 else (40, 60, 90))
        if not has_room or rng.random() > 0.4:
            return program, str(n), f"{n} bars"
        param = window_param(n, setting, low=max(2, n // 3))
        program, declared = declare(program, ("longest", "max_held"), param)
        return program, f"p.{declared}", f"{n} bars"
    if name in _RANGES and has_fields(_ATR, setting) and rng.random() < 0.4:
        k = rng.choice(_RANGES[name])
        return program, f"{k} * {_ATR}", _IN_RANGES.format(k)
    x = rng.choice(_LEVELS[name])
    if not has_room or rng.random() > 0.3:
        return program, number_text(x), percent(x)
    program, declared = declare(program, (name, f"exit_{name}"), float_param(x, low=0.02, high=0.4))
    return program, f"p.{declared}", percent(x)


def _dropped(reading: Reading, present: Parts, rng: random.Random, setting: Setting) -> Draft:
    alone = set(present) == {"stop_loss", "take_profit"}  # gains cut, losses not: no way to trade
    name = rng.choice([n for n in present if not (alone and n == "stop_loss")])
    rest = {n: v for n, v in present.items() if n != name}
    change = f"the {name} is gone, so that the signal alone closes trades."
    if rest:
        stays = f"the {listed(list(rest))} stay{'s' * (len(rest) == 1)}"
        change = f"the exits lose the {name}, {_LOST_WORDS[name]}; {stays}."
    return Draft(program=with_exits(reading.program, rest), change=change)


def _changed(
    reading: Reading, present: Parts, rng: random.Random, setting: Setting
) -> Draft | None:
    """A stop in another measure: as wide as the market's bars, or a plain share of the price."""
    options = [n for n in ("stop_loss", "trailing_stop") if n in present]
    if not options:
        return None
    name = rng.choice(options)
    old, before = present[name], say(present[name], reading.program.params)
    if isinstance(old, ast.Constant) and has_fields(_ATR, setting):
        k = _RANGES[name][1]
        text, words, before = f"{k} * {_ATR}", _IN_RANGES.format(k), percent(float(before))
        why = "so that it is wider when bars are"
    elif isinstance(old, ast.BinOp) and "atr(" in code(old):
        x = 0.08 if name == "stop_loss" else 0.15
        text, words, before = number_text(x), percent(x), before.replace(" over close", "")
        why = "so that it is the same in all markets"
    else:
        return None
    change = f"the {name} goes from {before} to {words}, {why}."
    program = with_exits(reading.program, {**present, name: expression(text)})
    return Draft(program=program, change=change)


def dead_exits(graph: Graph) -> bool:
    """Whether a stop never acts: a trailing stop at least as tight stands before it."""
    values = {
        name: float(graph.nodes[graph.outputs[name]].statics[0])
        for name in ("stop_loss", "trailing_stop")
        if name in graph.outputs and graph.nodes[graph.outputs[name]].op == "const"
    }
    return len(values) == 2 and values["trailing_stop"] <= values["stop_loss"]


# -- size ------------------------------------------------------------------------------------------

# The code, and what the size then does and why.
SIZES: tuple[tuple[str, str], ...] = (
    ("equal_weight(vol_target(s, returns(m.close), {n}, {risk}))",
     "aims each position at the same volatility, so that no asset or spell dominates the risk"),
    ("inverse_vol(s, returns(m.close), {n})",
     "shares capital by inverse volatility, so that calm assets weigh more"),
    ("normalize(s)", "shares out the whole capital, so that none lies idle beside a signal"),
    ("equal_weight(kelly(s, returns(m.close), {n}, 0.25))",
     "bets a quarter of Kelly's fraction, so that positions grow only while the signal has paid"),
    ("equal_weight(s * (1 - percent_rank(stdev(returns(m.close), 20), {n})))",
     "shrinks positions as volatility ranks higher, so that turbulent spells cost less"),
    ("normalize(s / stdev(returns(m.close), {n}))",
     "shares out the whole capital per unit of volatility, so that calm assets weigh more"),
)  # fmt: skip
_RISK_NAMES = ("risk_window", "normal", "usual", "memory", "window")
_INVERSE = ("inverse_vol(", "normalize(s / stdev(")


def change_size(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop how a signal becomes a weight."""
    reading, program = parents[0], parents[0].program
    old = program.function("size")
    if old is not None and (len(old.lines) > 1 or old.returned is None):
        return None  # the size is the idea
    if old is not None and rng.random() < 0.2:
        change = "the sizing of its own is gone: each asset has the same share of the capital."
        return Draft(program=program.without_function("size"), change=change)
    here = code(old.returned) if old is not None and old.returned is not None else ""
    forms = [
        form
        for form in SIZES
        if has_fields(form[0], setting)
        and not (form[0] == here or (form[0].startswith(_INVERSE) and here.startswith(_INVERSE)))
        and (form[0].startswith("equal_weight(") or not has_degrees(reading))  # degrees are kept
    ]
    if not forms:
        return None
    form, does = rng.choice(forms)
    words: dict[str, str] = {}
    if "{n}" in form:
        low = 60 if "percent_rank" in form or "kelly" in form else 20
        program, words["n"] = _risk_window(program, rng.choice((low, low + 20, low + 40)), setting,
                                           rng)  # fmt: skip
    if "{risk}" in form:
        words["risk"] = number_text(rng.choice((0.005, 0.008, 0.01, 0.015)))
    made = written("size(s, m, p)", [f"return {form.format(**words)}"])
    return Draft(program=program.with_function(made), change=f"the size now {does}.")


_ADDS = having(Trait.ADDS)


def has_degrees(reading: Reading) -> bool:
    """Whether a signal means something by its size, which shares of the capital would undo."""
    graph = reading.drawn
    parts = graph.below([graph.outputs["signal"]], _ADDS)
    sized = [node for node in parts if node.op in ("mul", "div", "where")]
    if not sized:
        return False
    ranks = any(graph.nodes[i].op.startswith("cross_") for i in sized[-1].args)
    return not ranks and "cross_zscore" not in reading.words


def _risk_window(
    program: Program, n: int, setting: Setting, rng: random.Random
) -> tuple[Program, str]:
    n = min(n, max(2, setting.max_window // 2))
    for one in program.declared:
        near = isinstance(one.param, Int) and 0.7 * n <= one.param.default <= 1.5 * n
        if near and one.name in _RISK_NAMES:
            return program, f"p.{one.name}"
    if rng.random() < 0.5 or len(program.declared) >= MAX_PARAMS:
        return program, str(n)
    program, name = declare(
        program, ("risk_window", "size_window"), window_param(n, setting, low=10)
    )
    return program, f"p.{name}"
