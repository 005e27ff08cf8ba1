"""What a reply carries: its thoughts taken off, the JSON object or fenced blocks in it. Pure.

Nothing is evaluated and no two readings are possible: a key given twice is a problem, not a choice.
Tolerated, since each has one meaning only: words before and after the object, a fence around it, a
wrapper such as {"reply": {...}}, line feeds inside strings, a comma before a closing bracket. Not
tolerated: single or curly quotes around strings, comments, Python's literals.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from genomes.records.outcome import Unusable
from genomes.records.text import one_line

MAX_REPLY = 200_000
MAX_DEPTH = 16

_ATTEMPTS = 64  # braces at which an object may begin: prose and code have many
_WORK = 3 * MAX_REPLY  # characters looked at in all of them
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]]|"', re.DOTALL)
_COMMA = re.compile(r'("(?:[^"\\]|\\.)*+")|,(?=\s*[}\]])', re.DOTALL)
_THOUGHT = re.compile(r"\s*<(think|thinking|thought|reasoning|reflection)>", re.IGNORECASE)
_THOUGHT_END = re.compile(r"</(think|thinking|thought|reasoning|reflection)>", re.IGNORECASE)
_FENCE = re.compile(  # a line of prose may begin with accents, too: more than a language is prose
    r"[ \t]*+(`{3,}+|~{3,}+)[ \t]*+([\w+.-]*+)(?:[ \t]++\w++=[^\s`]*+)*+[ \t]*+\r?"
)
_SORRY = re.compile(
    r"\W*(?:i['\u2019]?m (?:(?:really|very|so) )?(?:sorry|unable)|i am (?:sorry|unable)|sorry\b|"
    r"i (?:can(?:no|['\u2019])t|won['\u2019]?t|will not|must decline)|as an ai\b|"
    r"(?:my )?apologies\b|unfortunately,? i\b)",
    re.IGNORECASE,
)
_DECLINED = ("declined", "content_filter", "refusal")


@dataclass(frozen=True, slots=True)
class Payload:
    """An object found in a reply.

    Attributes:
        value: Its keys and values, as JSON gives them; numbers may be NaN.
        tolerated: What had to be overlooked to read it, a word each.
    """

    value: dict[str, Any]
    tolerated: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block.

    Attributes:
        language: The word behind the opening fence, lower case.
        body: What stands between the fences.
        closed: Whether there is a closing fence.
        span: Where it stands with its fences, (start, end).
    """

    language: str
    body: str
    closed: bool
    span: tuple[int, int]


def answer_of(text: str, finish: str) -> str | Unusable:
    """The part of a reply that is meant as the answer, thoughts taken off; or why there is none."""
    if len(text) > MAX_REPLY:
        return Unusable(
            problem="too_long", found=f"{len(text)} characters; at most {MAX_REPLY} are read"
        )
    rest = text.removeprefix("\ufeff").strip()
    if finish in _DECLINED:
        said = f": {said_as(rest)}" if rest else ""
        return Unusable(problem="declined", found=f"the model declines{said}")
    rest = _without_thoughts(rest, finish).removeprefix("\ufeff").strip()
    if rest:
        return rest
    if finish == "length":
        return cut_short("before the answer began")
    return Unusable(
        problem="empty",
        found="there is nothing but thoughts" if text.strip() else "there is nothing",
    )


def cut_short(where: str) -> Unusable:
    """The reply was ended by the limit on its length."""
    return Unusable(problem="truncated", found=f"the reply ran into its limit of tokens {where}")


def said_as(text: str, limit: int = 120) -> str:
    """A few words of a reply, marked as its own."""
    return f"`{one_line(text.replace('`', chr(39)), limit)}`"


def _without_thoughts(text: str, finish: str) -> str:
    at = 0
    while opening := _THOUGHT.match(text, at):
        closing = _THOUGHT_END.search(text, opening.end())
        if closing is None:
            # Where the model forgot to end them, the answer may still stand in there.
            return "" if finish == "length" else text[opening.end() :]
        at = closing.end()
    rest = text[at:].lstrip()
    if not rest.startswith(("{", "`")):
        closing = _THOUGHT_END.search(rest)  # some servers swallow the opening tag
        if closing is not None:
            return rest[closing.end() :]
    return rest


def find_object(text: str, keys: Collection[str], finish: str) -> Payload | Unusable:
    """The first JSON object that has one of the keys, wherever it stands in an answer.

    Args:
        text: An answer, as `answer_of` gives it.
        keys: What tells the object from others: a model quotes examples and thinks aloud.
        finish: How the server says the answer ended.

    Returns:
        The object; or what is wrong with the first thing that begins like one: `too_deep`,
        `truncated`, `bad_json`, `wrong_shape` (it has none of the keys, or one twice); or
        `declined`, `no_json`.
    """
    problem: Unusable | None = None
    at, work = text.find("{"), 0
    for _ in range(_ATTEMPTS):
        if at < 0 or work > _WORK:
            break
        end = _end(text, at)
        if isinstance(end, Unusable):
            work += MAX_DEPTH
            problem = problem or end
        elif end is None:
            work += len(text) - at
            problem = problem or _unfinished(text, at, finish)
        else:
            work += end - at
            read = _read(text[at:end])
            if isinstance(read, Payload) and not read.value.keys().isdisjoint(keys):
                around = (text[:at] + text[end:]).strip()
                return Payload(read.value, (*read.tolerated, *_around(around)))
            if isinstance(read, Payload):
                problem = problem or _no_key(read.value, keys)
            elif read.problem == "wrong_shape":
                return read
            else:
                problem = problem or read
        at = text.find("{", at + 1)
    return problem or _no_object(text, finish)


def _end(text: str, at: int) -> int | Unusable | None:
    """Where the object that begins here ends; None where it does not."""
    depth = 0
    for token in _TOKEN.finditer(text, at):
        sign = token[0]
        if sign in "{[":
            depth += 1
            if depth > MAX_DEPTH:
                return Unusable(
                    problem="too_deep",
                    found=f"brackets nest more than {MAX_DEPTH} deep; the reply needs 3",
                )
        elif sign in "}]":
            depth -= 1
            if depth == 0:
                return token.end()
        elif sign == '"':
            return None
    return None


def _unfinished(text: str, at: int, finish: str) -> Unusable:
    if finish == "length":
        return cut_short(f"inside the object that begins at character {at}")
    return Unusable(
        problem="bad_json",
        found=f"the object that begins at character {at} is never closed; it ends with "
        f"{said_as(text[-60:])}",
    )


def _read(text: str) -> Payload | Unusable:
    """A balanced object of bounded depth."""
    value = _load(text)
    if isinstance(value, json.JSONDecodeError):
        mended = _COMMA.sub(lambda found: found[1] or "", text)
        again = value if mended == text else _load(mended)
        if isinstance(again, json.JSONDecodeError):
            near = text[max(value.pos - 20, 0) : value.pos + 20]
            return Unusable(
                problem="bad_json",
                found=f"what begins with a brace is not JSON at character {value.pos}, near "
                f"{said_as(near)}; keys and words stand in straight double quotes",
            )
        return again if isinstance(again, Unusable) else Payload(again, ("trailing_comma",))
    return value if isinstance(value, Unusable) else Payload(value, ())


def _load(text: str) -> dict[str, Any] | Unusable | json.JSONDecodeError:
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(found)
        if len(value) < len(found):
            twice.append(Counter(name for name, _ in found).most_common(1)[0][0])
        return value

    try:
        value = json.loads(text, strict=False, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        return error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits
        return json.JSONDecodeError(str(error), text, 0)
    if twice:
        return Unusable(problem="wrong_shape", found=f"the key {said_as(twice[0])} stands twice")
    return value


def _around(rest: str) -> tuple[str, ...]:
    if not rest:
        return ()
    return ("fence",) if re.fullmatch(r"(?:```|~~~)\w*\s*(?:```|~~~)?", rest) else ("prose",)


def _no_key(value: dict[str, Any], keys: Collection[str]) -> Unusable:
    found = ", ".join(said_as(key, 40) for key in list(value)[:5]) or "no key"
    return Unusable(
        problem="wrong_shape",
        found=f"the JSON object has {found}; it needs some of {', '.join(sorted(keys))}",
    )


def _no_object(text: str, finish: str) -> Unusable:
    if _SORRY.match(text[:200]):
        return Unusable(problem="declined", found=f"the model declines: {said_as(text)}")
    if finish == "length":
        return cut_short("without an object in it")
    return Unusable(problem="no_json", found=f"there is no JSON object in {said_as(text)}")


def blocks_of(text: str) -> list[Block]:
    """The fenced blocks, in order; a block ends at a fence at least as long as its own."""
    blocks: list[Block] = []
    fence, language, start, body = "", "", 0, 0
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        found = _FENCE.fullmatch(line.rstrip("\n"))
        if found and not fence:
            fence, language, start, body = found[1], found[2].lower(), at, end
        elif found and not found[2] and found[1].startswith(fence):
            blocks.append(Block(language, text[body:at], True, (start, end)))
            fence = ""
        at = end
    if fence:
        blocks.append(Block(language, text[body:], False, (start, len(text))))
    return blocks
