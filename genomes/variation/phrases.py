"""Code in plain English, by the table: an expression as a phrase, a strategy as an idea."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from genomes.language.params import Float, Param
from genomes.language.table import OPERATORS
from genomes.variation.printer import code
from genomes.variation.program import LAYERS, Program
from genomes.variation.reading import Reading

MAX_PHRASE = 160
_SIGNS: dict[type, str] = {
    ast.Add: "plus", ast.Sub: "less", ast.Mult: "times", ast.Div: "over",
    ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip
_TESTS: dict[type, str] = {
    ast.Gt: "above", ast.Lt: "below", ast.GtE: "at least", ast.LtE: "at most", ast.Eq: "equal to",
}  # fmt: skip
_FLIPPED = {"above": "below", "below": "above", "at least": "at most", "at most": "at least"}


def say(node: Any, params: Mapping[str, Param]) -> str:
    """An expression as a phrase: `close is above its 50-bar mean`. Long ones are not cut."""
    match node:
        case ast.Name(id=name):
            return "the factor" if name == "f" else name.replace("_", " ")
        case ast.Attribute(value=ast.Name(id="p"), attr=name):
            param = params.get(name)
            if param is None:
                return name
            return f"{param.default:g}" if isinstance(param, Float) else f"{param.default}"
        case ast.Attribute(value=ast.Name(id="m"), attr=name):
            return name.replace("_", " ")
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _TESTS:
            test, one, other = _TESTS[type(op)], say(left, params), say(right, params)
            if len(one) > len(other) and re.fullmatch(r"[^\W\d]\w*", other) and test in _FLIPPED:
                test, one, other = _FLIPPED[test], other, one
            return f"{one} is {test} {_its(other, one)}"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
            return f"{say(left, params)} {_SIGNS[type(op)]} {say(right, params)}"
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return f"-{value}"
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return f"minus {say(inner, params)}"
        case ast.UnaryOp(op=ast.Invert(), operand=inner):
            return f"not {say(inner, params)}"
        case ast.Call(func=ast.Name(id=word), args=args, keywords=[]):
            return _call(word, args, params)
        case ast.Call(func=ast.Attribute(attr="shift", value=owner), args=args):
            n = say(args[0], params) if args else "1"
            return f"{say(owner, params)} {n} bar{'s' * (n != '1')} ago"
        case _:
            return code(node)


def _its(phrase: str, subject: str) -> str:
    """`the 50-bar mean of close` beside close: `its 50-bar mean`."""
    if phrase.startswith(f"{subject} ") and phrase.endswith(" ago"):
        return f"what it was {phrase.removeprefix(f'{subject} ')}"
    head, of, rest = phrase.rpartition(" of ")
    return head.replace("the ", "its ", 1) if of and rest == subject else phrase


def _call(word: str, nodes: list[Any], params: Mapping[str, Param]) -> str:
    row = OPERATORS.get(word)
    if row is not None and row.phrase:
        left_out = ["1" for a in row.statics if a.default == 1]
        args = [*(say(n, params) for n in nodes), *left_out]
        if row.of_returns and args[0].startswith("the return of"):
            return f"the {args[1]}-bar {row.of_returns}"
        try:
            return row.phrase.format(*args).replace("the 1-bar return", "the return")
        except IndexError:
            pass
    return f"{word}({', '.join(code(n) for n in nodes)})"


def listed(words: list[str]) -> str:
    """Words in a sentence: `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def layer_words(function: str) -> str:
    """A function inside a sentence."""
    return f"the {function}" if function in LAYERS else f"{function}()"


def number_text(value: float) -> str:
    """A number as written: whole ones without a point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else repr(float(value))


def percent(x: float) -> str:
    """A share in words: 8%."""
    return f"{100 * x:g}%"


_BY_DIRECTION = {1: "Trend following", -1: "Reversal", 0: "Positions"}


def idea_of(reading: Reading) -> str:
    """What a strategy is, in the table's words, where the words of its last author are outdated."""
    program = reading.program
    what = factor_phrase(program) or f"{listed(sorted(_nouns(reading)))} of the market"
    sides = "long only" if _never_short(reading) else "long and short"
    return f"{_BY_DIRECTION[reading.direction]} by {what}: {sides}."


def factor_phrase(program: Program) -> str:
    """The factor as a phrase, its locals in words; empty where the table has none for it."""
    factor = program.by_name["factor"]
    value = factor.returned
    phrase = say(value, program.params) if value is not None else "("
    words = {word: say(v, program.params) for word, v in factor.locals.items()}
    for word, meaning in words.items():
        phrase = re.sub(rf"\b{word.replace('_', ' ')}\b", lambda _, m=meaning: m, phrase, count=1)
    return phrase if len(phrase) <= MAX_PHRASE and not re.search(r"[(\[=]", phrase) else ""


def _nouns(reading: Reading) -> set[str]:
    """What the operators of a factor are called."""
    graph = reading.drawn
    below = graph.below([graph.outputs["factor"]])
    found = {OPERATORS[n.op].nouns.split()[0] for n in below
             if n.op in OPERATORS and OPERATORS[n.op].nouns}  # fmt: skip
    return {noun.replace("_", " ") for noun in found} or {"prices"}


def _never_short(reading: Reading) -> bool:
    return reading.facts.weight[0] >= 0
