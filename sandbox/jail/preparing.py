"""Preparing a stranger's text: checked and compiled, and nothing of it run."""

from __future__ import annotations

import ast
from functools import lru_cache

from genomes.check import check, policy_refusals
from genomes.check.text import broken, too_deep
from genomes.language.strategy import LAYERS
from genomes.records.refusal import Refusal
from sandbox.jail import pieces
from sandbox.jail.guards import GLOBALS
from sandbox.jail.pieces import prepare_in_pieces
from sandbox.jail.prepared import Prepared, compiled
from sandbox.jail.tame import codes_in, is_tame, names_in


@lru_cache(maxsize=4)
def prepare(text: str) -> Prepared | tuple[Refusal, ...]:
    """Check and compile a text; never raises."""
    return prepare_in_pieces(text) or prepare_as_a_whole(text)


def forget() -> None:
    """Forget all texts and all pieces of them."""
    prepare.cache_clear()
    pieces.forget()


def prepare_as_a_whole(text: str) -> Prepared | tuple[Refusal, ...]:
    """A checked and compiled text; or all that is wrong with it, each in its place."""
    checked = check(text)
    if isinstance(checked, tuple):
        return checked
    functions = [node for node in checked.tree.body if isinstance(node, ast.FunctionDef)]
    lines = {each.name: each.lineno for each in functions}
    try:
        result = compiled([*functions])
    except (SyntaxError, ValueError) as error:  # what parses and yet does not compile
        return (broken(error, checked.text),)
    except (RecursionError, MemoryError):
        return too_deep()
    if result.code is None:
        return policy_refusals(result.errors)
    codes = codes_in(result.code)
    return Prepared(
        text=checked.text, module=result.code, functions={}, params=checked.params,
        layers={name: lines[name] for name in LAYERS if name in lines}, below={},
        nodes=checked.nodes, tame=is_tame(codes, GLOBALS, lines),
        names=names_in(codes),
    )  # fmt: skip
