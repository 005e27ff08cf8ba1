"""A strategist's reply read as a file or edits, or as `Unusable` with the problem's name.

A reply is words and nothing else: it can name no fitness, no parent and no standing, since no key
but those asked for is read. Others are ignored and noted in `tolerated`, as is all else that was
overlooked. Nothing here raises, whatever a reply holds, and time is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.llm.payload import Block, Payload, answer_of, blocks_of, cut_short, find_object
from engine.llm.shape import MAX_FILE, MAX_WORDS, figure, once, too_long, wrong
from genomes.check.text import decode, normal_form
from genomes.patch import Edit, apply_edits
from genomes.records.outcome import Unusable
from genomes.records.text import one_line, storable

MAX_IDEA = 200

_STRATEGY_KEYS = frozenset({"idea", "hypothesis", "probability", "file", "edits"})
_SOURCE = re.compile(r"def (?:factor|signal)\s*\(")
_SOURCE_START = re.compile(r"\"\"\"|'''|(?:from|import|def) |PARAMS\b|#")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a strategist writes: either a whole file or edits.

    Attributes:
        idea: The strategy in a sentence; one line, cut, escaped; empty where it says none.
        hypothesis: What it changes and why that should help; likewise.
        probability: The probability it gives to beating the parent; None if it gives none.
        file: The whole file; None where there are edits.
        edits: Edits of the parent.
        tolerated: What was overlooked to read it, a word each: `prose`, `fence`, `python` (a fenced
            or bare file and no JSON), `trailing_comma`, `figure_in_words`, `unknown_keys`,
            `both` (the file counts), `file_in_fence`, `escaped_twice`.
    """

    idea: str
    hypothesis: str
    probability: float | None
    file: str | None
    edits: tuple[Edit, ...]
    tolerated: tuple[str, ...]


def read_strategy(text: str, finish: str) -> Written | Unusable:
    """A strategist's reply.

    Args:
        text: The reply, whatever it is.
        finish: How the server says it ended (stop, length, declined, ...).

    Returns:
        What it writes; or `empty`, `truncated`, `declined`, `too_long`, `too_deep`, `no_json`,
        `bad_json`, `wrong_shape`.
    """
    answer = answer_of(text, finish)
    if isinstance(answer, Unusable):
        return answer
    found = find_object(answer, ("file", "edits"), finish)
    if isinstance(found, Payload):
        return _written(found)
    return _python(answer, finish) or found


def _written(found: Payload) -> Written | Unusable:
    value = found.value
    tolerated = list(found.tolerated)
    if value.keys() - _STRATEGY_KEYS:
        tolerated.append("unknown_keys")
    for name in ("idea", "hypothesis", "file"):
        if not isinstance(value.get(name), str | None):
            return wrong(name, value[name], "words, in double quotes")
    probability = figure(value.get("probability"), 1)
    if isinstance(probability, str):
        return wrong("probability", value["probability"], probability)
    if isinstance(value.get("probability"), str):
        tolerated.append("figure_in_words")
    edits = _edits(value.get("edits"), tolerated)
    if isinstance(edits, Unusable):
        return edits
    file = _file(value.get("file") or "", tolerated)
    if len(file) > MAX_FILE:
        return too_long(file)
    if file and edits:
        tolerated.append("both")
    if not file and not edits:
        return Unusable(
            problem="wrong_shape", found="there is neither a `file` nor any of `edits`; give one"
        )
    return Written(
        idea=one_line(value.get("idea") or "", MAX_IDEA),
        hypothesis=one_line(value.get("hypothesis") or "", MAX_WORDS),
        probability=probability,
        file=file or None,
        edits=() if file else edits,
        tolerated=tuple(dict.fromkeys(tolerated)),
    )


def _edits(value: object, tolerated: list[str]) -> tuple[Edit, ...] | Unusable:
    if value is None:
        return ()
    if not isinstance(value, list):
        return wrong("edits", value, 'a list of {"search": ..., "replace": ...}')
    edits: list[Edit] = []
    for number, each in enumerate(value, start=1):
        if not isinstance(each, dict):
            return wrong(f"edits[{number}]", each, '{"search": ..., "replace": ...}')
        for name in ("search", "replace"):
            if not isinstance(each.get(name), str):
                return wrong(f"edits[{number}].{name}", each.get(name), "words")
        if each.keys() - {"search", "replace"}:
            tolerated.append("unknown_keys")
        search, replace = (once(each[name], tolerated) for name in ("search", "replace"))
        edits.append(Edit(search=search, replace=replace))
    return tuple(edits)


def _file(text: str, tolerated: list[str]) -> str:
    text = once(text.removeprefix("\ufeff"), tolerated)
    if text.lstrip().startswith(("```", "~~~")):
        blocks = blocks_of(text)
        if blocks and not (text[: blocks[0].span[0]] + text[blocks[0].span[1] :]).strip():
            tolerated.append("file_in_fence")
            text = blocks[0].body
    return text if text.strip() else ""


def _python(answer: str, finish: str) -> Written | Unusable | None:
    """A file in a fence, or bare, and the words around it; None where there is none."""
    if answer.startswith("{"):
        return None  # an object went wrong, and what looks like a file is a part of it
    blocks = [block for block in blocks_of(answer) if _is_source(block)]
    if blocks:
        block = max(blocks, key=lambda each: len(each.body))
    elif _SOURCE_START.match(answer) and _SOURCE.search(answer):
        block = Block("", answer, True, (0, len(answer)))
    else:
        return None
    if finish == "length" and block.span[1] == len(answer) and not (blocks and block.closed):
        return cut_short("inside the file")
    if len(block.body) > MAX_FILE:
        return too_long(block.body)
    around = answer[: block.span[0]] + " " + answer[block.span[1] :]
    return Written(
        idea="",
        hypothesis=one_line(around, MAX_WORDS),
        probability=None,
        file=storable(block.body),
        edits=(),
        tolerated=("python",),
    )


def _is_source(block: Block) -> bool:
    return not block.body.lstrip().startswith("{") and bool(_SOURCE.search(block.body))


def compose(written: Written, parent: str, own: str | None = None) -> str | Unusable:
    """The new file's text.

    Args:
        written: What the strategist wrote.
        parent: The text that edits apply to.
        own: What it wrote before in the same conversation; edits that do not fit the parent may
            mean that.

    Returns:
        The text; or `unchanged`, or what is wrong with the edits, named as in `genomes.patch`.
    """
    if written.file is not None:
        text: str | Unusable = written.file
    else:
        text = _edited(written.edits, parent)
        if isinstance(text, Unusable) and own is not None:
            again = _edited(written.edits, own)
            text = text if isinstance(again, Unusable) else again
    if isinstance(text, str) and _normal(text) == _normal(parent):
        return Unusable(problem="unchanged", found="the file is the parent's, to the letter")
    return text


def _edited(edits: Sequence[Edit], text: str) -> str | Unusable:
    new = apply_edits(text, edits)
    if isinstance(new, str):
        return new
    found = "; ".join(str(misfit) for misfit in new[:3])
    return Unusable(problem=new[0].problem, found=found)


def _normal(text: str) -> str:
    decoded = decode(text)
    return normal_form(decoded) if isinstance(decoded, str) else text
