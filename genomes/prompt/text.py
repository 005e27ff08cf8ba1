"""A prompt as a value: its sections, and the blocks that a section is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from genomes.prompt.forms import PLACEHOLDERS

FENCE = re.compile(r" *`{3,}[\w+.-]*$", re.MULTILINE)
PLACE = re.compile(r" *\{([a-z_]+)\} *")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A unit of variation.

    Attributes:
        heading: Its heading, without the signs.
        body: Its blocks (paragraphs, lists, fences, placeholders) with a blank line between them.
    """

    heading: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt that keeps the rules; `parse` makes one.

    Attributes:
        text: The whole file in normal form, without a comment: parsed again it gives this prompt.
        kind: A name of FORMS.
        title: A few words for people; the model is not shown them.
        preamble: What stands before the first section; may be empty.
        sections: At least one.
        placeholders: Their names, in the order of the text; none twice.
    """

    text: str
    kind: str
    title: str
    preamble: str
    sections: tuple[Section, ...]
    placeholders: tuple[str, ...]

    @property
    def key(self) -> str:
        """Hash of its kind and of all words that a model is shown, however they are spaced."""
        shown = [self.preamble]
        for section in self.sections:
            shown += ["##", section.heading, section.body]
        words = [self.kind, *" ".join(shown).split()]
        return blake2b(" ".join(words).encode(), digest_size=16).hexdigest()


def compose(kind: str, title: str, preamble: str, sections: Sequence[Section]) -> Prompt:
    """A prompt from its parts. It is not checked: only `parse` says whether it keeps the rules."""
    parts = [f"# {kind}: {title}", preamble]
    for section in sections:
        parts += [f"## {section.heading}", section.body]
    names = [n for body in (preamble, *(s.body for s in sections)) for n in places(body)]
    return Prompt(
        text="\n\n".join(part for part in parts if part) + "\n",
        kind=kind, title=title, preamble=preamble, sections=tuple(sections),
        placeholders=tuple(names),
    )  # fmt: skip


def blocks(body: str) -> tuple[str, ...]:
    """What blank lines part; a fence is one block, and so is a placeholder."""
    found: list[list[str]] = [[]]
    fenced = False
    for line in body.split("\n"):
        edge = FENCE.match(line) is not None
        if edge and not fenced:
            found.append([line])
            fenced = True
        elif fenced:
            found[-1].append(line)
            if edge:
                found.append([])
                fenced = False
        elif place(line):
            found += [[line.strip()], []]
        elif line.strip():
            found[-1].append(line)
        else:
            found.append([])
    return tuple("\n".join(lines) for lines in found if lines)


def place(line: str) -> str:
    """The name of the placeholder that a line or block is; empty where it is none."""
    found = PLACE.fullmatch(line)
    return found[1] if found and found[1] in PLACEHOLDERS else ""


def places(body: str) -> Iterator[str]:
    """The placeholders of a body, in order."""
    return filter(None, map(place, blocks(body)))


def leads_up(block: str) -> bool:
    """Whether a block ends with a colon, and so says nothing without what follows it."""
    return block.endswith(":")
