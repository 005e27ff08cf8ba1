"""Answers of the jail: inert bytes become a graph or refusals, or are turned away."""

from __future__ import annotations

from dataclasses import dataclass

from genomes.check.report import MAX_REFUSALS, quote
from genomes.language.errors import GraphError
from genomes.language.graph import Graph
from genomes.language.serial import MAX_BYTES as MAX_GRAPH
from genomes.language.serial import Reader
from genomes.records.outcome import Crashed, Refused
from genomes.records.refusal import Refusal
from sandbox.jail import protocol

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the jail said of a text.

    Attributes:
        of: The graph, refusals, or Crashed where it was neither.
        checked: Whether the text passed the checker.
    """

    of: Drawn | Refused | Crashed
    checked: bool = True


def read_answer(body: bytes, reader: Reader) -> Answer:
    """What a reader wrote, believed as far as it can be checked.

    Args:
        body: The bytes.
        reader: Builds graphs anew.

    Returns:
        The graph, built anew; refusals that are safe to show; or Crashed where it is neither.
    """
    try:
        reply = protocol.decode(body)
    except protocol.FrameError as error:
        return _strange(str(error))
    match reply:
        case {"graph": str(text), **rest} if not rest and len(text) <= MAX_GRAPH:
            try:
                graph = reader.read(text)
            except GraphError as error:  # a graph the table cannot have drawn
                words = quote(str(error), 200)
                return Answer(of=Crashed(stage="draw", reason=f"drew no graph: {words}"))
            return Answer(of=Drawn(graph=graph, text=text))
        case {"refusals": list(rows), "checked": bool(checked), **rest} if (
            not rest and 0 < len(rows) <= MAX_REFUSALS
        ):
            refusals = [_read_refusal(row) for row in rows]
            read = tuple(each for each in refusals if each is not None)
            if len(read) == len(refusals):
                return Answer(of=Refused(refusals=read), checked=checked)
            return _strange("a refusal that is none")
        case _:
            return _strange("neither graph nor refusals")


def _strange(what: str) -> Answer:
    words = quote(what, 100)
    return Answer(of=Crashed(stage="draw", reason=f"its process answered with {words}"))


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
