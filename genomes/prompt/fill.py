"""Putting material in the places of a prompt, once: what is put in is never read again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from genomes.prompt.forms import FORMS, PLACEHOLDERS, RAW
from genomes.prompt.library import load
from genomes.prompt.text import Prompt, blocks, leads_up, place

_CLOSING = re.compile(rf"<(?=\s*/\s*(?:{'|'.join(PLACEHOLDERS)})\b)", re.IGNORECASE)


def fill(prompt: Prompt, values: Mapping[str, str]) -> str:
    """The message that a model is sent: without the first line, material between tags.

    A placeholder that is given nothing goes, together with a paragraph before it that leads up to
    it with a colon; a section of which nothing is left goes as a whole. A prompt that evolves is
    followed by `reply.md`, so that no variation can lose it.

    Args:
        prompt: From `parse` or `load`.
        values: Name -> text for each placeholder of the prompt; others of its kind are ignored, so
            that one mapping serves all prompts of a kind. Blank text is nothing.

    Raises:
        ValueError: A placeholder of the prompt has no value, a required one a blank value, or a
            value has a name that no prompt of this kind knows.
    """
    form = FORMS[prompt.kind]
    unknown = sorted(set(values) - set(form.allowed))
    missing = [name for name in prompt.placeholders if name not in values]
    blank = [n for n in form.required if n in prompt.placeholders and not values.get(n, "").strip()]
    for names, wrong in (
        (unknown, "are unknown to it: leave them out"),
        (missing, 'have no value: give each a text, "" for nothing'),
        (blank, "are required, and blank: give each a text"),
    ):
        if names:
            listed = ", ".join(f"{{{name}}}" for name in names)
            raise ValueError(f'{prompt.kind} prompt "{prompt.title}": {listed} {wrong}')
    parts = [_filled(prompt.preamble, values)]
    for section in prompt.sections:
        body = _filled(section.body, values)
        parts.append(body and f"## {section.heading}\n\n{body}")
    if form.evolves:
        parts.append(fill(load("reply"), {}))
    return "\n\n".join(filter(None, parts))


def mark(name: str, text: str) -> str:
    """Text as material: between tags that it cannot close itself.

    A closing tag of ours inside it gets a blank behind its `<`; nothing else changes, so that edits
    find what they look for.
    """
    inside = _CLOSING.sub("< ", text.strip("\n"))
    return f"<{name}>\n{inside}\n</{name}>"


def _filled(body: str, values: Mapping[str, str]) -> str:
    parts: list[str] = []
    lead = False
    for block in blocks(body):
        name = place(block)
        if not name:
            parts.append(block)
        elif values[name].strip():
            parts.append(values[name].strip("\n") if name in RAW else mark(name, values[name]))
        elif lead:
            parts.pop()
        lead = not name and leads_up(block)
    return "\n\n".join(parts)
