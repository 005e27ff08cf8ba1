"""Variations of how one parent trades its signal: exits and sizes added, changed, dropped."""

from __future__ import annotations

import random
from typing import Any

import libcst as cst

from genomes import edit
from genomes.draft import (
    MAX_PARAMS,
    Draft,
    declare,
    float_param,
    number_text,
    quote,
    tidy_number,
    window,
    window_param,
)
from genomes.edit import expression, returned
from genomes.layers import has_fields
from genomes.program import Program
from genomes.sites import Reading, Setting

_EXIT_WORDS = {
    "stop_loss": "a stop-loss bounds what one trade can lose",
    "trailing_stop": "a trailing stop gives back only part of a gain",
    "take_profit": "a target takes gains before they revert",
    "max_held": "a longest holding time frees capital from stale trades",
}


def _exit_value(
    name: str, program: Program, rng: random.Random, setting: Setting
) -> tuple[Program, str]:
    if name == "max_held":
        n = rng.choice((5, 10, 20, 40, 60))
        if rng.random() < 0.4 and len(program.declared) < MAX_PARAMS:
            program, param = declare(program, ("patience", "max_held"), window_param(n, setting))
            return program, f"p.{param}"
        return program, str(n)
    ranging = all(k in setting.fields for k in ("high", "low", "close"))
    if name in ("stop_loss", "trailing_stop") and ranging and rng.random() < 0.35:
        k = rng.choice(("2", "3", "4", "5"))
        return program, f"{k} * atr(m.high, m.low, m.close, 20) / m.close"
    x = rng.choice({"take_profit": (0.05, 0.1, 0.15, 0.25), "stop_loss": (0.03, 0.05, 0.08, 0.12)}
                   .get(name, (0.05, 0.08, 0.12, 0.2)))  # fmt: skip
    if rng.random() < 0.4 and len(program.declared) < MAX_PARAMS:
        param = float_param(x, low=0.005, high=0.5)
        program, declared = declare(program, (name, f"exit_{name}"), param)
        return program, f"p.{declared}"
    return program, number_text(x)


def change_exits(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop what closes a trade besides the signal."""
    reading = parents[0]
    program = reading.program
    tree = program.function("exits")
    if tree is None:
        names = rng.sample(list(_EXIT_WORDS), rng.choice((1, 1, 2)))
        names = [n for n in _EXIT_WORDS if n in names]
        parts: list[str] = []
        for name in names:
            program, text = _exit_value(name, program, rng, setting)
            parts.append(f"{name}={text}")
        code = f"def exits(m, p):\n    return Exits({', '.join(parts)})\n"
        made: Any = cst.parse_statement(code)
        note = f"exits were added: {_EXIT_WORDS[names[0]]}."
        return Draft(program=program.with_function(made), note=note)
    call = returned(tree)
    if not isinstance(call, cst.Call) or not all(a.keyword for a in call.args):
        return None
    present = [a.keyword.value for a in call.args if a.keyword is not None]
    absent = [n for n in _EXIT_WORDS if n not in present]
    match rng.choice(("add", "add", "change", "change", "drop")):
        case "add" if absent:
            name = rng.choice(absent)
            program, text = _exit_value(name, program, rng, setting)
            args = [*_kept(call.args), _keyword(name, text)]
            note = f"the exits gained {name}: {_EXIT_WORDS[name]}."
        case "drop" if len(present) > 1:
            name = rng.choice(present)
            args = _kept([a for a in call.args if a.keyword and a.keyword.value != name])
            note = f"the exits lost {name}, which may have closed trades that were right."
        case "drop":
            note = "the exits are gone, so that the signal alone closes trades."
            return Draft(program=program.without_function("exits"), note=note)
        case _:
            name = rng.choice(present)
            program, text = _exit_value(name, program, rng, setting)
            args = [
                _keyword(name, text) if a.keyword and a.keyword.value == name else a
                for a in _kept(call.args)
            ]
            note = f"the {name} is now {quote(text)}, since {_EXIT_WORDS[name]}."
    separated = [
        a.with_changes(comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" ")))
        if i + 1 < len(args)
        else a
        for i, a in enumerate(args)
    ]
    new = call.with_changes(args=separated, whitespace_before_args=cst.SimpleWhitespace(""))
    return Draft(program=program.with_function(edit.replace(tree, {id(call): new})), note=note)


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


# -- size ------------------------------------------------------------------------------------------

# The code, what it is good for; {n} is a window, {risk} a volatility per bar.
SIZES: tuple[tuple[str, str], ...] = (
    ("equal_weight(vol_target(s, returns(m.close), {n}, {risk}))",
     "positions aim at the same volatility, so no asset or spell dominates"),
    ("inverse_vol(s, returns(m.close), {n})", "calm assets weigh more, so risk is spread evenly"),
    ("normalize(s)", "the whole capital goes to what the signal likes most"),
    ("equal_weight(kelly(s, returns(m.close), {n}, 0.25))",
     "positions grow only while the signal has been paying"),
    ("equal_weight(s * (1 - percent_rank(stdev(returns(m.close), 20), {n})))",
     "positions shrink in turbulent spells, which rarely pay for their risk"),
    ("normalize(s / stdev(returns(m.close), {n}))",
     "the signal is taken per unit of risk and uses the whole capital"),
)  # fmt: skip


def change_size(parents: list[Reading], rng: random.Random, setting: Setting) -> Draft | None:
    """Add, change or drop how a signal becomes a weight."""
    reading = parents[0]
    program = reading.program
    old = program.function("size")
    if old is not None and rng.random() < 0.25:
        note = "the own sizing is gone, so that the signal is shared out equally."
        return Draft(program=program.without_function("size"), note=note)
    usable = [s for s in SIZES if has_fields(s[0], setting)]
    if not usable:
        return None
    form, why = rng.choice(usable)
    words: dict[str, str] = {}
    if "{n}" in form:
        wanted = ("risk_window", "size_window")
        program, words["n"] = window(program, wanted, rng.choice((20, 40, 60, 100)), setting, rng)
    if "{risk}" in form:
        words["risk"] = number_text(tidy_number(rng.choice((0.005, 0.008, 0.01, 0.015, 0.02))))
    made: Any = cst.parse_statement(f"def size(s, m, p):\n    return {form.format(**words)}\n")
    if old is not None:
        made = made.with_changes(leading_lines=old.leading_lines)
    return Draft(program=program.with_function(made), note=f"the size is new: {why}.")
