"""Growing expressions from the operator table with DEAP's typed genetic programming.

A type is a dimension and a scale (a price level, a return, a share in 0..1, a Mask, a window), so
what grows is not only legal but of a size that a person would write: an RSI is compared with 30.
"""

from __future__ import annotations

import ast
import random
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from genomes.language.dimension import Dimension
from genomes.language.table import Trait, having
from genomes.variation.printer import code
from genomes.variation.productions import MASK, Rule, Type, rules_for
from genomes.variation.sites import Setting
from genomes.variation.tree import expression, walk, word_of

MAX_TEXT = 80
_SMOOTHED = having(Trait.SMOOTHS) | {"lag", "ew_stdev"}


@dataclass(slots=True)
class Grammar:
    """The rules for a market, and DEAP's primitive set made from them."""

    rules: list[Rule]
    primitives: Any
    classes: dict[Type, type]
    by_name: dict[str, Rule] = field(default_factory=dict[str, Rule])


@contextmanager
def deap_random(rng: random.Random) -> Generator[None]:
    """DEAP draws from the global `random`: seeded here, and put back as it was."""
    state = random.getstate()
    random.seed(rng.getrandbits(64))
    try:
        yield
    finally:
        random.setstate(state)


def grow(
    type_: Type, setting: Setting, rng: random.Random, *, low: int = 1, high: int = 2
) -> ast.expr | None:
    """An expression of a type, of a few operators.

    Args:
        type_: What it must be.
        setting: The market.
        rng: All chance comes from it.
        low: Smallest depth of operators.
        high: Largest depth.

    Returns:
        Its tree, or None if this market has nothing of the type or only clumsy ones came up.
    """
    from deap import gp  # type: ignore[import-untyped]

    grammar = _grammar(tuple(setting.fields.items()), setting.max_window)
    kind = grammar.classes.get(type_)
    if kind is None or not grammar.primitives.terminals[kind]:
        return None
    for _ in range(6):
        with deap_random(rng):
            try:
                drawn: Any = gp.genGrow(grammar.primitives, low, high, kind)
            except IndexError:
                return None
        text, _ = _write(iter(drawn), grammar)
        if len(text) <= MAX_TEXT:
            tree = expression(text)
            if not clumsy(tree):
                return tree
    return None


def _write(nodes: Iterator[Any], grammar: Grammar) -> tuple[str, int]:
    rule = grammar.by_name[next(nodes).name]
    parts: list[str] = []
    for needed in rule.binds:
        text, tightness = _write(nodes, grammar)
        parts.append(f"({text})" if tightness < needed else text)
    return rule.form.format(*parts), rule.precedence


def clumsy(tree: ast.expr) -> bool:
    """Whether an expression is degenerate: a mean of a mean, an operator of itself."""
    for node in walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=outer), args=[inner, *_]):
                word = word_of(inner)
                if word and (word == outer or (word in _SMOOTHED and outer in _SMOOTHED)):
                    return True
            case ast.UnaryOp(operand=ast.UnaryOp()):
                return True
            case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right]):
                if code(left) == code(right):
                    return True
            case _:
                pass
    return False


# -- the grammar -----------------------------------------------------------------------------------


@lru_cache(maxsize=16)
def _grammar(fields: tuple[tuple[str, Dimension], ...], max_window: int) -> Grammar:
    from deap import gp  # type: ignore[import-untyped]

    rules = list(rules_for(dict(fields), max_window))
    types: dict[Type, None] = {}
    for rule in rules:
        types.update(dict.fromkeys((rule.result, *rule.args)))
    written = {r.result for r in rules}
    while True:  # a rule with a place that nothing fits is not a rule
        usable = [r for r in rules if all(a in written for a in r.args)]
        if len(usable) == len(rules):
            break
        rules, written = usable, {r.result for r in usable}
    classes = {t: type(f"T{i}", (), {}) for i, t in enumerate(types)}
    primitives: Any = gp.PrimitiveSetTyped("strategy", [], classes[MASK])
    grammar = Grammar(rules, primitives, classes)
    for number, rule in enumerate(rules):
        name = f"rule{number}"
        grammar.by_name[name] = rule
        kind = classes[rule.result]
        if rule.args:
            primitive = gp.Primitive(name, [classes[a] for a in rule.args], kind)
            primitives.primitives[kind].extend([primitive] * rule.weight)
            primitives.prims_count += 1
        else:
            primitives.terminals[kind].append(gp.Terminal(name, True, kind))
            primitives.terms_count += 1
    for type_, kind in classes.items():  # DEAP asks every type for primitives before full depth
        if not primitives.primitives[kind]:
            leaves = [gp.Primitive(t.name, [], kind) for t in primitives.terminals[kind]]
            primitives.primitives[kind].extend(leaves)
        del type_
    primitives.prims_count = max(1, 2 * primitives.terms_count)  # a leaf in three before full depth
    return grammar
