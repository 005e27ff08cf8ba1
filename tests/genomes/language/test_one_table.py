"""What is known of an operator stands in its row: the product is read for tables beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from genomes.language.analysis.families import FAMILIES
from genomes.language.table import OPERATORS, Operator

HOUSE = Path(__file__).parents[3]
ROOMS = ("engine", "archive", "sandbox", "genomes")
# Python's own signs and words are everywhere; what counts is what is called by its name.
NAMED = {n for n, row in OPERATORS.items() if row.public} - {"abs", "min", "max"}

# Where a set of operators is a decision of the module itself.
ALLOWED = {
    "genomes/language/rewrite.py": "rewrites to the bit are code, one function for each operator",
    "genomes/language/words.py": "what Python's math gives for plain numbers, and special calls",
    "genomes/variation/conditions.py": "what says the same as a condition, condition by condition",
    "genomes/variation/mutate.py": "the means that a factor is smoothed with, in the note's words",
}


def operators_in(node: ast.AST) -> set[str]:
    """The operators that a literal collection, or a string of words, names."""
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            words = one.value.split()
            named = [w for w in words if w in NAMED]
            if 2 * len(named) > len(words):
                found.update(named)
    return found


def side_tables(source: str) -> Iterator[tuple[int, list[str]]]:
    """Line and names of each outermost literal collection that names three operators or more."""
    stack: list[ast.AST] = [ast.parse(source)]
    while stack:
        node = stack.pop()
        literal = isinstance(node, ast.Dict | ast.List | ast.Set | ast.Tuple | ast.Constant)
        named = operators_in(node) if literal else set[str]()
        if len(named) >= 3:
            yield getattr(node, "lineno", 0), sorted(named)
        else:
            stack.extend(ast.iter_child_nodes(node))


def sources() -> list[Path]:
    """The product's modules but the table itself and the strategies that a run starts from."""
    kept = ("genomes/language/table/", "genomes/strategies/")
    return [
        path
        for room in ROOMS
        for path in sorted((HOUSE / room).rglob("*.py"))
        if not path.relative_to(HOUSE).as_posix().startswith(kept)
    ]


def test_no_module_keeps_a_table_of_operators_beside_the_table() -> None:
    found = [
        f"{name}:{line} lists {', '.join(named)}: make it a field of the rows"
        for path in sources()
        if (name := path.relative_to(HOUSE).as_posix()) not in ALLOWED
        for line, named in side_tables(path.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", ALLOWED)
def test_no_module_is_allowed_a_table_it_no_longer_keeps(name: str) -> None:
    assert list(side_tables((HOUSE / name).read_text()))


@pytest.mark.parametrize("name", OPERATORS)
def test_a_row_names_known_families_and_speaks_of_arguments_it_has(name: str) -> None:
    row = OPERATORS[name]
    assert set(row.families) <= set(FAMILIES)
    row.phrase.format(*(arg.name for arg in row.args))


def test_a_row_that_forgets_a_fact_is_an_error() -> None:
    given = [f for f in fields(Operator) if f.init]
    assert not [
        f.name for f in given if f.default is not MISSING or f.default_factory is not MISSING
    ]


def test_a_side_table_is_seen_in_every_spelling() -> None:
    for text in (
        'A = {"sma": 1, "ema": 2, "rsi": 3}',
        'A = frozenset(("sma", "ema", "rsi"))',
        'A = "sma ema rsi".split()',
        'def f(): return [("sma", 1), ("ema rsi", 2)]',
    ):
        assert [named for _, named in side_tables(text)] == [["ema", "rsi", "sma"]]
    assert not list(side_tables('"""The mean sma of what ema said to rsi."""'))
