"""The items of a prompt's blocks: list entries and paragraphs, and what is done with them."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from genomes.prompt.text import FENCE, blocks, leads_up, place

_ITEM = re.compile(r"(?:[-*+]|\d+[.)]) ")
_NUMBER = re.compile(r"\d+(?=[.)] )")


def items_of(block: str) -> tuple[str, ...]:
    """The items of a list, its lead-in first if it has one; any other block is one item."""
    if FENCE.match(block) or place(block):
        return (block,)
    found: list[list[str]] = []
    for line in block.split("\n"):
        if not found or _ITEM.match(line):
            found.append([line])
        else:
            found[-1].append(line)
    return tuple("\n".join(lines) for lines in found)


def joined(items: Sequence[str]) -> str:
    """Items as one block, numbers counted anew."""
    lines: list[str] = []
    number = 0
    for item in items:
        if _NUMBER.match(item):
            number += 1
            lines.append(_NUMBER.sub(str(number), item, count=1))
        else:
            lines.append(item)
    return "\n".join(lines)


def is_listed(item: str) -> bool:
    """Whether it is an entry of a list."""
    return _ITEM.match(item) is not None


def is_advice(item: str) -> bool:
    """Whether it can go without harm to what is around it: no placeholder, fence or lead-in."""
    return not (place(item) or FENCE.match(item) or leads_up(item))


def ends_in_list(body: str) -> bool:
    """Whether the last thing in a body is an entry of a list."""
    parts = blocks(body)
    return bool(parts) and is_listed(items_of(parts[-1])[-1])


def without(body: str, names: Collection[str]) -> str:
    """A body without some placeholders and the paragraphs that lead up to them."""
    parts: list[str] = []
    for block in blocks(body):
        if place(block) not in names:
            parts.append(block)
        elif parts and leads_up(parts[-1]):
            parts.pop()
    return "\n\n".join(parts)


def plain(item: str) -> str:
    """Its words alone, to tell whether two items say the same."""
    return _words(item).casefold()


def short(item: str, width: int = 60) -> str:
    """Its first words, quoted, for a note."""
    words = _words(item)
    return f'"{words}"' if len(words) <= width else f'"{words[: width - 3].rsplit(" ", 1)[0]}..."'


def _words(item: str) -> str:
    return " ".join(_ITEM.sub("", item, count=1).split())
