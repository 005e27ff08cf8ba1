"""Variations of how one parent trades its signal: exits and sizes added, changed, dropped."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes.language.analysis.essence import can_rest
from genomes.language.analysis.intervals import intervals
from genomes.language.graph import Graph
from genomes.language.params import Int
from genomes.variation import edit
from genomes.variation.conditions import has_fields
from genomes.variation.draft import (
    MAX_PARAMS,
    Draft,
    declare,
    float_param,
    number_text,
    window_param,
)
from genomes.variation.edit import expression, returned
from genomes.variation.legs import direction
from genomes.variation.program import Program
from genomes.variation.sites import Reading, Setting
from genomes.variation.wording import code, say, words_of

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
_ATR = "atr(m.high, m.low, m.close, 20) / m.close"


def _exit_value(
    name: str, kind: int, program: Program, rng: random.Random, setting: Setting
) -> tuple[Program, str, str]:
    """A new exit as code and in words, with the parameter it declares."""
    if name == "max_held":
        n = rng.choice((5, 10, 15) if kind < 0 else (40, 60, 90))
        if rng.random() < 0.4 and len(program.declared) < MAX_PARAMS:
            param = window_param(n, setting, low=max(2, n // 3))
            program, declared = declare(program, ("longest", "max_held"), param)
            return program, f"p.{declared}", f"{n} bars"
        return program, str(n), f"{n} bars"
    ranging = all(k in setting.fields for k in ("high", "low", "close"))
    if name == "stop_loss" and ranging and rng.random() < 0.4:
        k = rng.choice(("2", "3"))
        return program, f"{k} * {_ATR}", f"{k} times the 20-bar average true range"
    if name == "trailing_stop" and ranging and rng.random() < 0.4:
        k = rng.choice(("4", "5"))
        return program, f"{k} * {_ATR}", f"{k} times the 20-bar average true range"
    x = rng.choice({"take_profit": (0.06, 0.08, 0.1), "stop_loss": (0.05, 0.08, 0.1),
                    "trailing_stop": (0.12, 0.15, 0.2)}[name])  # fmt: skip
    if rng.random() < 0.3 and len(program.declared) < MAX_PARAMS:
        param = float_param(x, low=0.02, high=0.4)
        program, declared = declare(program, (name, f"exit_{name}"), param)
        return program, f"p.{declared}", percent(x)
    return program, number_text(x), percent(x)


def percent(x: float) -> str:
    """A share in words: 8 %."""
    return f"{100 * x:g} %"


def change_exits(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop what closes a trade besides the signal."""
    reading = parents[0]
    graph, tree = reading.graph, reading.program.function("exits")
    if graph is None:
        return None
    kind = direction(graph)
    call = returned(tree) if tree is not None else None
    if tree is None:
        names = fitting_exits(graph, kind, [])
        if not names:
            return None
        name = rng.choice(names)
        program, text, words = _exit_value(name, kind, reading.program, rng, setting)
        made: Any = cst.parse_statement(f"def exits(m, p):\n    return Exits({name}={text})\n")
        note = f"exits are new: a {name} of {words} {_EXIT_WORDS[name]}."
        return Draft(program=program.with_function(made), note=note)
    if not isinstance(call, cst.Call) or not call.args or not all(a.keyword for a in call.args):
        return None
    present = [a.keyword.value for a in call.args if a.keyword is not None]
    ways = ["add", "add", "change", "change", "drop"]
    for way in rng.sample(ways, len(ways)):
        found = None
        if way == "add":
            found = _added(reading, present, kind, rng, setting)
        elif way == "drop":
            found = _dropped(reading, tree, call, present, rng)
        else:
            found = _changed(reading, tree, call, kind, rng, setting)
        if found is not None:
            return found
    return None


def fitting_exits(graph: Graph, kind: int, present: list[str]) -> list[str]:
    """The exits that make sense: none where the signal never rests, so that nothing reopens."""
    if not can_rest(graph, intervals(graph)):
        return []
    words = words_of(graph)
    if "hold" not in words:
        return []  # a stop would lock it out for as long as it likes the asset
    names = ["stop_loss"]
    if kind > 0:
        names.append("trailing_stop")
    if kind < 0:
        if "highest" not in words and "trailing_stop" not in present:  # no way back from far below
            names.append("take_profit")
        if not {"since", "streak"} & words:
            names.append("max_held")
    return [n for n in names if n not in present]


def _added(
    reading: Reading,
    present: list[str],
    kind: int,
    rng: random.Random,
    setting: Setting,
) -> Draft | None:
    if reading.graph is None:
        return None
    names = fitting_exits(reading.graph, kind, present)
    if not names:
        return None
    name = rng.choice(names)
    program, text, words = _exit_value(name, kind, reading.program, rng, setting)
    made = with_exit(program, name, text)
    if made is None:
        return None
    note = f"the exits gain a {name} of {words}, which {_EXIT_WORDS[name]}."
    return Draft(program=made, note=note)


def _dropped(
    reading: Reading, tree: cst.FunctionDef, call: cst.Call, present: list[str], rng: random.Random
) -> Draft | None:
    program = reading.program
    if len(present) == 1:
        note = f"the {present[0]} is gone, so that the signal alone closes trades."
        return Draft(program=program.without_function("exits"), note=note)
    safe = [n for n in present if n != "stop_loss" or present != ["stop_loss", "take_profit"]]
    name = rng.choice(safe)
    args = _kept([a for a in call.args if a.keyword and a.keyword.value != name])
    rest = [n for n in present if n != name]
    stays = f"the {' and '.join(rest)} stay{'s' * (len(rest) == 1)}"
    note = f"the exits lose the {name}, {_LOST_WORDS[name]}; {stays}."
    return Draft(
        program=program.with_function(_with_args(tree, call, args)),
        note=note,
    )


def _changed(
    reading: Reading,
    tree: cst.FunctionDef,
    call: cst.Call,
    kind: int,
    rng: random.Random,
    setting: Setting,
) -> Draft | None:
    """A stop in another measure: as wide as the market's bars, or a plain share of the price."""
    ranging = all(k in setting.fields for k in ("high", "low", "close"))
    options = [
        a for a in call.args if a.keyword and a.keyword.value in ("stop_loss", "trailing_stop")
    ]
    if not options:
        return None
    chosen = rng.choice(options)
    name = chosen.keyword.value if chosen.keyword is not None else ""
    old = chosen.value
    params = reading.program.params
    if isinstance(old, cst.Float) and ranging:
        k = "3" if name == "stop_loss" else "5"
        words = f"{k} times the 20-bar average true range"
        text, why = f"{k} * {_ATR}", "so that it is wider when bars are"
        before = percent(float(old.value))
    elif isinstance(old, cst.BinaryOperation) and "atr" in code(old):
        x = 0.08 if name == "stop_loss" else 0.15
        text, words, why = number_text(x), percent(x), "so that it is the same in all markets"
        before = say(old, params).replace(" over close", "")
    else:
        return None
    args = [
        _keyword(name, text) if a.keyword and a.keyword.value == name else a
        for a in _kept(call.args)
    ]
    note = f"the {name} goes from {before} to {words}, {why}."
    new = _with_args(tree, call, args)
    return Draft(program=reading.program.with_function(new), note=note)


def _with_args(tree: cst.FunctionDef, call: cst.Call, args: list[cst.Arg]) -> cst.FunctionDef:
    separated = [
        a.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        if i + 1 < len(args)
        else a
        for i, a in enumerate(args)
    ]
    new = call.with_changes(args=separated, whitespace_before_args=cst.SimpleWhitespace(""))
    return edit.replace(tree, {id(call): new})


def with_exit(program: Program, name: str, text: str) -> Program | None:
    """With one exit added, or another in its place; None where exits are written otherwise."""
    tree = program.function("exits")
    if tree is None:
        made: Any = cst.parse_statement(f"def exits(m, p):\n    return Exits({name}={text})\n")
        return program.with_function(made)
    call = returned(tree)
    if not isinstance(call, cst.Call) or not all(a.keyword for a in call.args):
        return None
    args = [a for a in _kept(call.args) if a.keyword and a.keyword.value != name]
    order = list(_EXIT_WORDS)
    args.append(_keyword(name, text))
    args.sort(key=lambda a: order.index(a.keyword.value) if a.keyword is not None else 0)
    return program.with_function(_with_args(tree, call, args))


def _keyword(name: str, text: str) -> cst.Arg:
    call: Any = expression(f"Exits({name}={text})")
    return call.args[0]


def _kept(args: Any) -> list[cst.Arg]:
    return [
        a.with_changes(
            comma=cst.MaybeSentinel.DEFAULT, whitespace_after_arg=cst.SimpleWhitespace("")
        )
        for a in args
    ]


def dead_exits(graph: Graph) -> bool:
    """Whether a stop never acts: a trailing stop at least as tight stands before it."""
    values = {
        name: float(graph.nodes[graph.outputs[name]].statics[0])
        for name in ("stop_loss", "trailing_stop")
        if name in graph.outputs and graph.nodes[graph.outputs[name]].op == "const"
    }
    return len(values) == 2 and values["trailing_stop"] <= values["stop_loss"]


# -- size ------------------------------------------------------------------------------------------

# The code, what the size then does and why, the same as the end of an idea.
SIZES: tuple[tuple[str, str, str], ...] = (
    ("equal_weight(vol_target(s, returns(m.close), {n}, {risk}))",
     "aims each position at the same volatility, so that no asset or spell dominates the risk",
     "each position aimed at the same volatility"),
    ("inverse_vol(s, returns(m.close), {n})",
     "shares capital by inverse volatility, so that calm assets weigh more",
     "capital shared by inverse volatility"),
    ("normalize(s)", "shares out the whole capital, so that none lies idle beside a signal",
     "the whole capital shared out"),
    ("equal_weight(kelly(s, returns(m.close), {n}, 0.25))",
     "bets a quarter of Kelly's fraction, so that positions grow only while the signal has paid",
     "sized by a quarter of Kelly's fraction"),
    ("equal_weight(s * (1 - percent_rank(stdev(returns(m.close), 20), {n})))",
     "shrinks positions as volatility ranks higher, so that turbulent spells cost less",
     "smaller positions in turbulent spells"),
    ("normalize(s / stdev(returns(m.close), {n}))",
     "shares out the whole capital per unit of volatility, so that calm assets weigh more",
     "the whole capital shared per unit of volatility"),
)  # fmt: skip
_RISK_NAMES = ("risk_window", "normal", "usual", "memory", "window")


def change_size(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop how a signal becomes a weight."""
    reading = parents[0]
    program = reading.program
    old = program.function("size")
    if old is not None and len(old.body.body) > 1:
        return None  # the size is the idea
    if old is not None and rng.random() < 0.2:
        note = "the sizing of its own is gone: each asset has the same share of the capital."
        return Draft(
            program=program.without_function("size"), note=note, clause="equal shares for all"
        )
    here = {code(v) for v in [returned(old)] if v is not None} if old is not None else set[str]()
    if reading.graph is not None and has_degrees(reading.graph):
        forms = [s for s in SIZES if s[0].startswith("equal_weight(")]  # degrees are kept
    else:
        forms = list(SIZES)
    usable = [s for s in forms if has_fields(s[0], setting) and not _same_aim(s[0], here)]
    if not usable:
        return None
    form, does, clause = rng.choice(usable)
    words: dict[str, str] = {}
    if "{n}" in form:
        low = 60 if "percent_rank" in form or "kelly" in form else 20
        n = rng.choice((low, low + 20, low + 40))
        program, words["n"] = _risk_window(program, n, setting, rng)
    if "{risk}" in form:
        words["risk"] = number_text(rng.choice((0.005, 0.008, 0.01, 0.015)))
    made: Any = cst.parse_statement(f"def size(s, m, p):\n    return {form.format(**words)}\n")
    note = f"the size now {does}."
    return Draft(program=program.with_function(made), note=note, clause=clause)


def has_degrees(graph: Graph) -> bool:
    """Whether a signal means something by its size, which shares of the capital would undo."""
    parts = graph.below([graph.outputs["signal"]], ("clip_signal", "sub", "add", "neg"))
    sized = [node for node in parts if node.op in ("mul", "div", "where")]
    if not sized:
        return False
    ranks = any(graph.nodes[i].op.startswith("cross_") for i in sized[-1].args)
    return not ranks and "cross_zscore" not in words_of(graph)


def _same_aim(form: str, here: set[str]) -> bool:
    """Whether the size is such already: the same, or capital shared per unit of volatility."""
    inverse = ("inverse_vol(", "normalize(s / stdev(")
    return form in here or any(
        form.startswith(inverse) and code.startswith(inverse) for code in here
    )


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
