"""Texts prepared piece by piece: a function that was met before is not read again.

What is remembered of a piece is inert and bounded, and decides nothing: a text is answered the same
whether its pieces are known or not.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from types import CodeType

from genomes.check.pieces import Function, Pieces, Top, fit, name_in, read, read_docstring, split
from genomes.check.text import readable
from genomes.language.strategy import LAYERS
from sandbox.jail.guards import GLOBALS
from sandbox.jail.prepared import Prepared, compiled
from sandbox.jail.tame import codes_in, is_tame, names_in

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
    if not pieces:
        return None
    found = [_recalled(piece, first=place == 0) for place, piece in enumerate(pieces)]
    missing = [place for place, known in enumerate(found) if known is None]
    if missing:
        params = next((top.params for top in found if isinstance(top, Top) and top.params), {})
        names = frozenset(filter(None, map(name_in, pieces)))
        said = read([pieces[i] for i in missing], first=0 in missing, names=names, declared=params)
        compiled = None if said is None else _compiled(said)
        if compiled is None:
            return None
        for place, each in zip(missing, compiled, strict=True):
            found[place] = each
            _remember(pieces[place], each, first=place == 0)
    return _put_together(normal, pieces, [known for known in found if known is not None])


def _recalled(piece: str, *, first: bool) -> _Known | None:
    key = (piece.rstrip("\n"), first)
    known = _memory.pop(key, None)
    if known is not None:
        _memory[key] = known
    elif first:
        known = read_docstring(piece)
    return known


def _remember(piece: str, known: _Known, *, first: bool) -> None:
    _memory[(piece.rstrip("\n"), first)] = known
    while len(_memory) > _REMEMBERED:
        del _memory[next(iter(_memory))]


def _compiled(said: Pieces) -> list[_Known] | None:
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
        tame = is_tame(inside, GLOBALS, each.own)
        known.append(_Compiled(each, code, tame, names_in(inside)))
    return known


def _put_together(text: str, pieces: Sequence[str], known: Sequence[_Known]) -> Prepared | None:
    tops = [each for each in known if isinstance(each, Top)]
    functions = [each for each in known if isinstance(each, _Compiled)]
    if not fit(tops, [each.said for each in functions]):
        return None
    layers: dict[str, int] = {}
    below: dict[str, int] = {}
    line = 1
    for piece, each in zip(pieces, known, strict=True):
        if isinstance(each, _Compiled):
            name = each.said.name
            layers[name] = line
            below[name] = line - each.said.line
        line += piece.count("\n")
    return Prepared(
        text=text,
        functions={each.said.name: (each.code, each.said.defaults) for each in functions},
        params=next((top.params for top in tops if top.params is not None), {}),
        layers={name: layers[name] for name in LAYERS if name in layers},
        below=below,
        nodes=1 + sum([each.said.size for each in functions]),
        tame=all(each.tame for each in functions) and GLOBALS.isdisjoint(layers),
        names=frozenset[str]().union(*[each.names for each in functions]),
    )
