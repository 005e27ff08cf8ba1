"""Tame code: bytecode that provably leaves its process as it found it, so that it may share one.

The argument is by closure. Tame code is made of the instructions below and no others, and loads
no global but the guards, the listed words and its own functions. So all it can hold is plain
numbers, strings, lists, tuples, dicts and generators that it built itself, the symbols of its own
drawing, and what a guard returns for these, which is one of them again. No instruction loads or
stores an attribute, imports, catches, formats, deletes, or stores a global of another's: nothing
that outlives the drawing is within reach. A process in which tame code alone has run is therefore
as it was born, but for caches whose contents decide nothing. What is not tame is not refused: it
is drawn in a process of its own, as is code of a Python whose instructions are not all known here.
"""

from __future__ import annotations

import inspect
import opcode
from collections.abc import Collection, Sequence
from types import CodeType

_INSTRUCTIONS = frozenset(
    # what is built and moved: constants, locals, closures of comprehensions, containers
    ["BUILD_CONST_KEY_MAP", "BUILD_LIST", "BUILD_MAP", "BUILD_TUPLE", "CACHE", "COPY",
     "COPY_FREE_VARS", "DICT_UPDATE", "EXTENDED_ARG", "LIST_APPEND", "LIST_EXTEND", "LOAD_CLOSURE",
     "LOAD_CONST", "LOAD_DEREF", "LOAD_FAST", "LOAD_FAST_AND_CLEAR", "LOAD_FAST_BORROW",
     "LOAD_FAST_BORROW_LOAD_FAST_BORROW", "LOAD_FAST_CHECK", "LOAD_FAST_LOAD_FAST",
     "LOAD_SMALL_INT", "MAKE_CELL", "MAP_ADD", "NOP", "POP_TOP", "PUSH_NULL", "STORE_DEREF",
     "STORE_FAST", "STORE_FAST_LOAD_FAST", "STORE_FAST_STORE_FAST", "SWAP",
     # names: the guards, the words, its own functions (checked by name)
     "LOAD_GLOBAL", "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE", "STORE_NAME",
     # calls, and items of what `_write_` returned
     "CALL", "CALL_KW", "KW_NAMES", "PRECALL", "STORE_SUBSCR",
     # comparisons and truth, which symbols refuse
     "COMPARE_OP", "CONTAINS_OP", "TO_BOOL", "UNARY_NOT",
     # the way through: jumps, loops over what `_getiter_` returned, returns
     "END_FOR", "FOR_ITER", "GET_ITER", "JUMP_BACKWARD", "JUMP_FORWARD",
     "JUMP_IF_FALSE_OR_POP", "JUMP_IF_TRUE_OR_POP", "NOT_TAKEN", "POP_ITER",
     "POP_JUMP_BACKWARD_IF_FALSE", "POP_JUMP_BACKWARD_IF_TRUE", "POP_JUMP_FORWARD_IF_FALSE",
     "POP_JUMP_FORWARD_IF_NONE", "POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_TRUE",
     "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_IF_TRUE",
     "RESUME", "RETURN_CONST", "RETURN_GENERATOR", "RETURN_VALUE", "UNPACK_SEQUENCE",
     "YIELD_VALUE"],
)  # fmt: skip
_TAME = frozenset(opcode.opmap[name] for name in _INSTRUCTIONS if name in opcode.opmap)

_COROUTINES = inspect.CO_COROUTINE | inspect.CO_ITERABLE_COROUTINE | inspect.CO_ASYNC_GENERATOR


def is_tame(codes: Sequence[CodeType], names: frozenset[str], own: Collection[str]) -> bool:
    """Whether code is tame.

    Args:
        codes: All code there is, compiled by the policy.
        names: The guards, words and builtins that it is given.
        own: The functions that its text defines, and no others.
    """
    if not names.isdisjoint(own):
        return False
    for code in codes:
        if code.co_flags & _COROUTINES or not _TAME.issuperset(code.co_code[::2]):
            return False
        for name in code.co_names:
            if not (name in names or name in own):
                return False
    return True


def codes_in(code: CodeType) -> list[CodeType]:
    """Code and all code inside it."""
    codes = [code]
    for each in codes:  # grows as it goes
        codes += [const for const in each.co_consts if isinstance(const, CodeType)]
    return codes


def names_in(codes: Sequence[CodeType]) -> frozenset[str]:
    """What code may load of its globals."""
    return frozenset[str]().union(*[each.co_names for each in codes])
