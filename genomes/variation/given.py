"""Children of a given expression: a strategy made of it, or a parent with it added.

For a proposer that looks before it writes, with a screen of conditions say. The drafts are judged
and printed as the operators' are. Expressions are the language's own text; a bare field's name is
read as `m.` field.
"""

from __future__ import annotations

import ast
from typing import Literal

from genomes.check import Checked, check
from genomes.check.text import Parsed, parse
from genomes.language.table import Kind
from genomes.variation.edits import Draft, with_returned, written
from genomes.variation.layers import guarded, zeroed
from genomes.variation.legs import legs_of
from genomes.variation.names import names_for
from genomes.variation.program import Program
from genomes.variation.reading import Reading, understand
from genomes.variation.sites import Reason, Setting
from genomes.variation.tree import call, expression, replace, walk

Part = Literal["gate", "filter", "leg"]
MAX_LENGTH = 1000


def strategy_of(text: str, setting: Setting) -> Draft | Reason:
    """A draft of a new strategy whose factor is an expression, traded by its sign or as it is."""
    found = understood(text, setting)
    if isinstance(found, Reason):
        return found
    reading, value = found
    rule = "return f" if _is_weight(reading) else "return sign(f)"
    if _is_mask(reading, value):
        value = call("where", value, expression("1"), expression("0"))
    factor = with_returned(written("factor(m, p)", ["return 0"]), value)
    return Draft(program=Program(functions=(factor, written("signal(f, m, p)", [rule]))), change="")


def addition_to(
    parent: Reading, part: Part, text: str, phrase: str, setting: Setting
) -> Draft | Reason:
    """A draft of a parent with an expression added.

    Args:
        parent: The parent's reading.
        part: `gate`: the signal is 0 where the condition does not hold. `filter`: every entry of
            a signal made of sides waits for it. `leg`: half of the weight follows the expression.
        text: The expression; a number stands for the condition that it is above 0.
        phrase: What it says, as the end of a sentence: `volatility is below its norm`.
        setting: The market.
    """
    found = understood(text, setting)
    if isinstance(found, Reason):
        return found
    reading, value = found
    program, signal = parent.program, parent.program.by_name["signal"]
    now = signal.returned
    if now is None:
        return Reason(rule="signal", found="the signal returns in more than one place")
    if part == "leg":
        if not (_is_weight(reading) or _is_mask(reading, value)):
            value = call("sign", value)
        both = ast.BinOp(left=now, op=ast.Add(), right=value)
        half = ast.BinOp(left=both, op=ast.Div(), right=ast.Constant(value=2))
        change = f"half of the weight now follows a second leg: {phrase}."
        program = program.with_function(with_returned(signal, half))
        return Draft(program=program, change=change, drops=True)
    if not _is_mask(reading, value):
        value = ast.Compare(left=value, ops=[ast.Gt()], comparators=[ast.Constant(value=0)])
    word = names_for(value)[0]
    if part == "gate":  # both sides are gated alike
        program = zeroed(program, "signal", word, value)
        change = f"the signal stands only while {phrase}; else it is 0."
        return Draft(program=program, change=change, drops=True)
    legs = legs_of(parent)
    if not legs:
        return Reason(rule="signal", found="the signal has no sides whose entries could wait")
    program = guarded(program, legs, {1: (word, value), -1: (word, value)})
    return Draft(program=program, change=f"the signal enters only while {phrase}.")


def understood(text: str, setting: Setting) -> tuple[Reading, ast.expr] | Reason:
    """An expression, and the reading of a strategy of nothing else; or what is against it."""
    if len(text) > MAX_LENGTH:
        return Reason(rule="size", found=f"more than {MAX_LENGTH} characters")
    parsed = parse(text.strip())  # bounded in depth and size
    if not isinstance(parsed, Parsed):
        return Reason(rule=parsed[0].rule, found=parsed[0].found)
    match parsed.tree.body:
        case [ast.Expr(value=value)]:
            pass
        case _:
            return Reason(rule="given", found="not a single expression")
    fields: dict[int, ast.AST] = {
        id(n): expression(f"m.{n.id}")
        for n in walk(value)
        if isinstance(n, ast.Name) and n.id in setting.fields
    }
    value = replace(value, fields)
    factor = with_returned(written("factor(m, p)", ["return 0"]), value)
    program = Program(functions=(factor, written("signal(f, m, p)", ["return sign(f)"])))
    checked = check("\n\n".join(f.printed() for f in program.functions))
    if not isinstance(checked, Checked):
        return Reason(rule=checked[0].rule, found=checked[0].found)
    reading = understand(program, setting)
    if reading.graph is None:
        return reading.reason or Reason(rule="given", found="draws nothing")
    return reading, value


def _is_mask(reading: Reading, value: ast.expr) -> bool:
    symbol = reading.symbol(value)
    return symbol is not None and symbol.kind is Kind.MASK


def _is_weight(reading: Reading) -> bool:
    low, high = reading.ranges[reading.drawn.outputs["factor"]]
    return low >= -1 and high <= 1
