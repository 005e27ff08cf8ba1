"""Code in plain English: an expression as a phrase, a rule as a sentence, an idea told anew."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import libcst as cst

from genomes.genome import origin_of
from genomes.language.graph import BEHAVIOUR, Graph
from genomes.language.params import Float, Param
from genomes.language.table import OPERATORS
from genomes.variation import edit
from genomes.variation.edit import bare, code_of

MAX_IDEA = 240
_SIGNS: dict[type, str] = {
    cst.Add: "plus", cst.Subtract: "less", cst.Multiply: "times", cst.Divide: "over",
}  # fmt: skip
_TESTS: dict[type, str] = {
    cst.GreaterThan: "above", cst.LessThan: "below", cst.GreaterThanEqual: "at least",
    cst.LessThanEqual: "at most",
}  # fmt: skip


def say(node: Any, params: Mapping[str, Param]) -> str:
    """An expression as a phrase: `close is above its 50-bar mean`. Long ones are not cut."""
    match node:
        case cst.Name(value="f"):
            return "the factor"
        case cst.Name(value=name):
            return name.replace("_", " ")
        case cst.Attribute(value=cst.Name(value="p"), attr=cst.Name(value=name)):
            param = params.get(name)
            if param is None:
                return name
            return f"{param.default:g}" if isinstance(param, Float) else f"{param.default}"
        case cst.Attribute(value=cst.Name(value="m"), attr=cst.Name(value=name)):
            return name.replace("_", " ")
        case cst.Comparison(left=left, comparisons=[target]) if type(target.operator) in _TESTS:
            one, other = say(left, params), say(target.comparator, params)
            if len(one) > len(other) and re.fullmatch(r"\w+", other) and not other[0].isdigit():
                flip = {"above": "below", "below": "above", "at least": "at most"}
                word = _TESTS[type(target.operator)]
                return f"{other} is {flip.get(word, 'at least')} {_its(one, other)}"
            return f"{one} is {_TESTS[type(target.operator)]} {_its(other, one)}"
        case cst.BinaryOperation(operator=cst.BitAnd(), left=left, right=right):
            return f"{say(left, params)} and {say(right, params)}"
        case cst.BinaryOperation(operator=cst.BitOr(), left=left, right=right):
            return f"{say(left, params)} or {say(right, params)}"
        case cst.BinaryOperation() if type(node.operator) in _SIGNS:
            word = _SIGNS[type(node.operator)]
            return f"{say(node.left, params)} {word} {say(node.right, params)}"
        case cst.UnaryOperation(operator=cst.Minus()):
            return f"minus {say(node.expression, params)}"
        case cst.UnaryOperation(operator=cst.BitInvert()):
            return f"not {say(node.expression, params)}"
        case cst.Call(func=cst.Name(value=word), args=args):
            return _call(word, [a.value for a in args], params)
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="shift"), value=owner), args=args):
            n = say(args[0].value, params) if args else "1"
            return f"{say(owner, params)} {n} bar{'s' * (n != '1')} ago"
        case _:
            return " ".join(code_of(node).split())


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
    return f"{word}({', '.join(code_of(n) for n in nodes)})"


def listed(words: list[str]) -> str:
    """Words in a sentence: `a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# -- whether what was said still holds -------------------------------------------------------------

# What is said of fields and exits, and those of which any one makes it true.
_LEXICON: tuple[tuple[str, str], ...] = (
    ("volume", "volume|liquid"), ("trailing_stop", "trailing|with a stop"),
    ("stop_loss trailing_stop", r"\bstops?\b|single loss"), ("weekday", "week|monday|friday"),
    ("days_to_month_end", "month"),
)  # fmt: skip


def _lexicon() -> list[tuple[frozenset[str], str]]:
    """What is said of operators, fields and exits, with those of which any one makes it true."""
    alike: dict[str, list[str]] = {}
    for row in OPERATORS.values():
        for said in row.said:
            alike.setdefault(said, []).append(row.name)
    for names, said in _LEXICON:
        alike.setdefault(said, []).extend(names.split())
    return [(frozenset(names), said) for said, names in alike.items()]


_SAID = _lexicon()
_GENERAL = frozenset(
    ("risk", "width", "mean", "line", "long", "short", "normal", "between", "inside", "usual",
     "other", "scale", "days", "window", "size")
)  # fmt: skip


def words_of(graph: Graph) -> set[str]:
    """The operators, fields and exits that the behaviour of a graph is made of."""
    found = {name for name in BEHAVIOUR if name in graph.outputs}
    below = graph.below([graph.outputs[name] for name in found])
    return found | {str(n.statics[0]) if n.op == "field" else n.op for n in below}


def broken_words(
    lost: set[str], kept: set[str], names: set[str], *, restricted: bool
) -> re.Pattern[str] | None:
    """What an idea must not say once some operators, fields, exits and names are gone.

    Args:
        lost: Operators, fields and exits that the strategy no longer uses.
        kept: Those that it uses.
        names: Locals and parameters that are gone.
        restricted: Whether it now acts at fewer times than before.
    """
    parts: list[str] = []
    for alike, said in _SAID:
        if alike & lost and not alike & kept:
            parts.append(said)
    for name in sorted(names):
        parts += [_stem(w) for w in name.split("_") if len(w) > 3 and w not in _GENERAL]
    if restricted:
        parts.append(r"\balways")
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _stem(word: str) -> str:
    """A pattern for a word and its other forms: rising, rise; uptrend for trend."""
    stem = next((word.removesuffix(e) for e in ("ing", "ed", "y", "s") if word.endswith(e)), word)
    return stem if len(stem) >= 5 else rf"\b{stem}(e|es|en|ed|ing|s|y)?\b"


OWN = re.compile(r'After "[^"]*"(?: and "[^"]*")?: (.*)', re.DOTALL)


def retold(idea: str, clause: str) -> str:
    """A short idea in place of one that no longer holds: after what, and what is different.

    Args:
        idea: The old one.
        clause: What is different now, as the end of a sentence.
    """
    own = OWN.match(" ".join(idea.split()))
    before = own[1].rstrip(".") if own else ""
    if before:
        head = idea[: own.start(1)] if own else ""
        parts = [p for p in before.split("; ") if p != clause][-2:]
        text = f"{' '.join(head.split())} {'; '.join([*parts, clause])}."
        if len(text) <= MAX_IDEA:
            return text
    return f'After "{origin_of(idea) or "an earlier strategy"}": {clause}.'


_OF_SIZE = re.compile(r"with the (signal and )?size of|sized|.*capital|each position|smaller|equal")
_OF_WAITING = re.compile(r"only |unless ")


def outdated(idea: str, *, size: bool, waiting: bool) -> str | None:
    """An idea in our words without what later edits undid; None where nothing is left of it.

    Args:
        idea: The idea; a person's is returned as it is.
        size: Whether the size is another one now.
        waiting: Whether a condition is gone.
    """
    own = OWN.match(" ".join(idea.split()))
    if own is None or '" and "' in idea.split(": ")[0]:
        return idea
    parts = [
        p
        for p in own[1].rstrip(".").split("; ")
        if not (size and _OF_SIZE.match(p)) and not (waiting and _OF_WAITING.match(p))
    ]
    return f'After "{origin_of(idea)}": {"; ".join(parts)}.' if parts else None


def split_and(node: cst.BaseExpression) -> list[cst.BaseExpression]:
    """The conditions joined by `&`, in order."""
    match node:
        case cst.BinaryOperation(operator=cst.BitAnd(), left=left, right=right):
            return [*split_and(left), *split_and(right)]
        case _:
            return [node]


def code(node: cst.CSTNode) -> str:
    """An expression's code on one line, without parentheses of its own."""
    plain = bare(node) if isinstance(node, cst.BaseExpression) else node
    return " ".join(edit.code_of(plain).split())
