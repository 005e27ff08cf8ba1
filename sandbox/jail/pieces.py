"""Texts prepared piece by piece: a function that was met before is not read again.

What is remembered of a piece is inert and bounded, and decides nothing: a text is answered the same
whether its pieces are known or not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import CodeType

from genomes.check.pieces import Function, Pieces, Top, fit, is_declaring, name_in, read, split
from genomes.check.text import readable
from genomes.language.params import Param
from genomes.language.strategy import LAYERS
from sandbox.jail.guards import GLOBALS
from sandbox.jail.prepared import Prepared, compiled
from sandbox.jail.tame import codes_in, is_tame

_REMEMBERED = 1024  # pieces: some 10 MB


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A function, read and compiled."""

    said: Function
    code: CodeType
    tame: bool
    names: frozenset[str]


_Known = Top | _Compiled

_memory: dict[Hashable, _Known] = {}  # those met last stand last


def forget() -> None:
    """Forget all pieces."""
    _memory.clear()


def prepare_in_pieces(text: str) -> Prepared | None:
    """A checked and compiled text; None where the whole must be seen to say what is wrong."""
    normal = readable(text)
    if not isinstance(normal, str):
        return None
    pieces = split(normal)
    named = [name_in(piece) for piece in pieces]
    names = frozenset([name for name in named if name is not None])
    keys: list[Hashable] = [(piece, place == 0) for place, piece in enumerate(pieces)]
    found = [None if name else _recalled(key) for name, key in zip(named, keys, strict=True)]
    # A function is known by the parameters of its file, too.
    if None in [top for top, piece in zip(found, pieces, strict=True) if is_declaring(piece)]:
        tops = [place for place, name in enumerate(named) if name is None]
        if not _read(pieces, [each for each in tops if found[each] is None], keys, found, names):
            return None
    declared = frozenset(_params(found))
    for place, name in enumerate(named):
        if name is not None:
            keys[place] = (pieces[place].rstrip("\n"), names, declared)
            found[place] = _recalled(keys[place])
    missing = [place for place, known in enumerate(found) if known is None]
    if missing and not _read(pieces, missing, keys, found, names):
        return None
    return _put_together(normal, pieces, [known for known in found if known is not None])


def _recalled(key: Hashable) -> _Known | None:
    known = _memory.pop(key, None)
    if known is not None:
        _memory[key] = known
    return known


def _params(found: Sequence[_Known | None]) -> dict[str, Param]:
    for each in found:
        if isinstance(each, Top) and each.params is not None:
            return dict(each.params)
    return {}


def _read(
    pieces: Sequence[str],
    missing: Sequence[int],
    keys: Sequence[Hashable],
    found: list[_Known | None],
    names: frozenset[str],
) -> bool:
    """Read what is missing, all at once, and remember it; False where something is wrong."""
    declared = frozenset(_params(found))
    said = read([pieces[i] for i in missing], first=0 in missing, names=names, declared=declared)
    known = None if said is None else _compiled(said, names)
    if known is None:
        return False
    for place, each in zip(missing, known, strict=True):
        found[place] = _memory[keys[place]] = each
    while len(_memory) > _REMEMBERED:
        del _memory[next(iter(_memory))]
    return True


def _compiled(said: Pieces, names: frozenset[str]) -> list[_Known] | None:
    try:
        module = compiled(said.functions).code if said.functions else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    constants = module.co_consts if module is not None else ()
    codes = {each.co_name: each for each in constants if isinstance(each, CodeType)}
    known: list[_Known] = []
    for each in said.each:
        if isinstance(each, Top):
            known.append(each)
            continue
        code = codes.get(each.name)
        if code is None:
            return None
        inside = codes_in(code)
        loaded = frozenset[str]().union(*[one.co_names for one in inside])
        known.append(_Compiled(each, code, is_tame(inside, GLOBALS, names), loaded))
    return known


def _put_together(text: str, pieces: Sequence[str], known: Sequence[_Known]) -> Prepared | None:
    if not fit([each.said if isinstance(each, _Compiled) else each for each in known]):
        return None
    begins = accumulate([piece.count("\n") for piece in pieces], initial=1)
    lines = {
        each.said.name: (line, each)
        for line, each in zip(begins, known, strict=False)
        if isinstance(each, _Compiled)
    }
    functions = [each for _, each in lines.values()]
    return Prepared(
        text=text,
        functions={each.said.name: (each.code, each.said.defaults) for each in functions},
        params=_params(known), layers={name: lines[name][0] for name in LAYERS if name in lines},
        below={name: line - each.said.line for name, (line, each) in lines.items()},
        nodes=1 + sum([each.said.size for each in functions]),
        tame=all(each.tame for each in functions),
        names=frozenset[str]().union(*[each.names for each in functions]),
    )  # fmt: skip
