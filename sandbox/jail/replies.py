"""Replies of strangers' processes: inert bytes become a graph or refusals, or are turned away."""

from __future__ import annotations

from dataclasses import dataclass

from genomes.check.report import MAX_REFUSALS, quote
from genomes.language.errors import GraphError
from genomes.language.graph import Graph
from genomes.language.serial import MAX_BYTES as MAX_GRAPH
from genomes.language.serial import Reader
from genomes.records.outcome import Crashed, Refused
from genomes.records.refusal import Refusal
from sandbox.jail import frames

_MAX_WORDS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A text's graph.

    Attributes:
        graph: Built anew from the jail's reply, node by node, by the operator table.
        text: The graph, serialised.
    """

    graph: Graph
    text: str


def read_reply(body: bytes, reader: Reader) -> Drawn | Refused | Crashed:
    """What a stranger's process wrote, believed as far as it can be checked.

    Args:
        body: The bytes.
        reader: Builds graphs anew.

    Returns:
        The graph, built anew; refusals that are safe to show; or Crashed where it is neither.
    """
    try:
        reply = frames.decode(body)
    except frames.FrameError as error:
        return _strange(str(error))
    match reply:
        case {"graph": str(text), **rest} if not rest and len(text) <= MAX_GRAPH:
            try:
                graph = reader.read(text)
            except GraphError as error:  # a graph the table cannot have drawn
                return Crashed(stage="draw", reason=f"drew no graph: {quote(str(error), 200)}")
            return Drawn(graph=graph, text=text)
        case {"refusals": list(rows), **rest} if not rest and 0 < len(rows) <= MAX_REFUSALS:
            refusals = [_read_refusal(row) for row in rows]
            read = tuple(each for each in refusals if each is not None)
            if len(read) == len(refusals):
                return Refused(refusals=read)
            return _strange("a refusal that is none")
        case _:
            return _strange("neither graph nor refusals")


def _strange(what: str) -> Crashed:
    return Crashed(stage="draw", reason=f"its process answered with {quote(what, 100)}")


def _read_refusal(row: object) -> Refusal | None:
    match row:
        case {
            "rule": str(rule),
            "line": int(line),
            "column": int(column),
            "found": str(found),
            "instead": str(instead),
            **rest,
        } if (
            not rest
            and type(line) is int
            and type(column) is int
            and 0 <= line <= 1_000_000
            and 0 <= column <= 1_000_000
            and rule.isidentifier()
            and len(rule) <= 40
            and _is_safe(found)
            and _is_safe(instead)
        ):
            return Refusal(rule=rule, line=line, column=column, found=found, instead=instead)
        case _:
            return None


def _is_safe(words: str) -> bool:
    return len(words) <= _MAX_WORDS and words.isascii() and words.isprintable()
