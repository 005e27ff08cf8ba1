"""A prompt's text read into its sections, every broken rule at once; and written back.

A prompt is Markdown. Its first line is `# kind: Title`; what follows is an introduction and
sections under `## Heading`. `{name}`, alone on a line, is a placeholder. Any other brace is an
ordinary character, unless it looks like a placeholder that went wrong (`{Parent}`, `{{parent}}`, a
word in braces within a line): that is refused, since its author meant something by it. A comment
`<!-- ... -->` at the head is for people and is not part of the prompt.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from genomes.check.report import Report
from genomes.prompt.forms import EVOLVABLE, FORMS, PLACEHOLDERS
from genomes.prompt.text import FENCE, PLACE, Prompt, Section, blocks, compose
from genomes.records.refusal import Refusal
from genomes.records.text import quote

MAX_BYTES = 8_000
MAX_TITLE = 80

_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_FIRST = re.compile(r"# *([A-Za-z]+) *: *(\S.*)")
_HEADING = re.compile(r"(##(?!#)|#(?= )) *(.*)")
_BRACED = re.compile(r"(?<!\{)\{++ *([A-Za-z_]\w*) *([!:.][^{}]*)?\}+")
_SPACES = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")


def parse(text: str | bytes, kinds: Sequence[str] = EVOLVABLE) -> Prompt | tuple[Refusal, ...]:
    """A prompt of one of the kinds, or its refusals in the order of the text. Never raises.

    Refusals count lines in the text as given, its comment included.
    """
    decoded = _decode(text)
    if not isinstance(decoded, str):
        return decoded
    report = Report(decoded)
    _characters(report)
    if len(report):
        return report.refusals()
    reader = _Reader(report, kinds)
    reader.read(decoded)
    if len(report):
        return report.refusals()
    return compose(reader.kind, reader.title, reader.preamble, reader.sections)


def _decode(text: str | bytes) -> str | tuple[Refusal, ...]:
    """Bare line feeds, no trailing blanks, no byte order mark; or why it cannot be read."""
    long = Refusal(
        rule="size", line=0, column=0, found=f"is longer than {MAX_BYTES} bytes",
        instead="say it in fewer words: each is paid for at every call",
    )  # fmt: skip
    if len(text) > MAX_BYTES:
        return (long,)
    try:
        data = text if isinstance(text, bytes) else text.encode()
        text = data.decode()
    except UnicodeError:
        return (
            Refusal(
                rule="encoding", line=0, column=0, found="has bytes that are not UTF-8",
                instead="write it in UTF-8",
            ),
        )  # fmt: skip
    if len(data) > MAX_BYTES:
        return (long,)
    text = _SPACES.sub(" ", text.removeprefix("\ufeff"))
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4)
    return "\n".join(line.rstrip(" ") for line in text.split("\n"))


def _characters(report: Report) -> None:
    for number, line in enumerate(report.lines, start=1):
        if line.isprintable():
            continue
        for column, character in enumerate(line, start=1):
            if not character.isprintable():
                report.add(
                    "character", number, column,
                    f"has the invisible character {quote(character)}", "remove it",
                )  # fmt: skip


class _Reader:
    """Reads one text; what it found stands in its attributes, what is wrong in the report."""

    def __init__(self, report: Report, kinds: Sequence[str]) -> None:
        self._report, self._kinds = report, kinds
        self.kind = self.title = self.preamble = ""
        self.sections: list[Section] = []

    def read(self, text: str) -> None:
        """Fill the attributes."""
        comment = _COMMENT.match(text)
        lines = text.split("\n")
        start = text.count("\n", 0, comment.end()) if comment else 0
        if comment:
            lines[start] = text[comment.end() :].split("\n", 1)[0]
        while start < len(lines) and not lines[start].strip():
            start += 1
        self._first(lines[start] if start < len(lines) else "", start + 1)
        found = self._split(lines, start + 1)
        self._places(lines, start + 1)
        self.preamble = "\n\n".join(blocks("\n".join(found[0][2])))
        for number, heading, body in found[1:]:
            self._section(number, heading, "\n\n".join(blocks("\n".join(body))))
        if not self.sections:
            self._report.add(
                "no_section", 0, 0, "has no section",
                "put each part under a line of two # signs, a blank and a heading",
            )  # fmt: skip

    def _first(self, line: str, number: int) -> None:
        found = _FIRST.fullmatch(line)
        asked = " or ".join(f"# {kind}: Title" for kind in self._kinds)
        if found is None or found[1].lower() not in self._kinds or found[1].lower() not in FORMS:
            self._report.add(
                "first_line", number, 0, f"begins with {quote(line) or 'nothing'}",
                f"the first line is {asked}, without anything before it",
            )  # fmt: skip
            return
        self.kind, self.title = found[1].lower(), " ".join(found[2].split())
        if len(self.title) > MAX_TITLE or set(self.title) & set("{}"):
            self._report.add(
                "first_line", number, 0, f"has the title {quote(self.title)}",
                f"a title has at most {MAX_TITLE} characters and no braces",
            )  # fmt: skip

    def _split(self, lines: list[str], start: int) -> list[tuple[int, str, list[str]]]:
        """The introduction and the sections: line number, heading, lines."""
        found: list[tuple[int, str, list[str]]] = [(start + 1, "", [])]
        fence = 0
        for number, line in enumerate(lines[start:], start=start + 1):
            if FENCE.match(line):
                fence = 0 if fence else number
            heading = None if fence else _HEADING.match(line)
            if heading is None:
                found[-1][2].append(line)
            elif len(heading[1]) == 2:
                found.append((number, " ".join(heading[2].split()), []))
            else:
                self._report.add(
                    "heading", number, 1, f"has the heading {quote(line)}",
                    "sections have two # signs; only the first line has one",
                )  # fmt: skip
        if fence:
            self._report.add(
                "fence", fence, 1, "opens a ``` that is never closed", "close it or remove it"
            )
        return found

    def _section(self, number: int, heading: str, body: str) -> None:
        known = {each.heading.casefold() for each in self.sections}
        self.sections.append(Section(heading=heading, body=body))
        if not heading or len(heading) > MAX_TITLE:
            self._report.add(
                "heading", number, 1, "has a heading that is empty or too long",
                f"write 1 to {MAX_TITLE} characters behind the two # signs",
            )  # fmt: skip
        elif heading.casefold() in known:
            self._report.add(
                "heading", number, 1, f"has the heading {quote(heading)} twice",
                "join the two sections, or rename one",
            )  # fmt: skip
        if not body:
            self._report.add(
                "empty_section", number, 1, f"says nothing under {quote(heading)}",
                "write what belongs there, or remove the heading",
            )  # fmt: skip

    def _places(self, lines: list[str], start: int) -> None:
        kind = self.kind or next((k for k in self._kinds if k in FORMS), EVOLVABLE[0])
        allowed, required = FORMS[kind].allowed, FORMS[kind].required
        listed = ", ".join(f"{{{name}}}" for name in allowed) or "none"
        seen: set[str] = set()
        fenced = False
        for number, line in enumerate(lines[start:], start=start + 1):
            fenced ^= FENCE.match(line) is not None
            alone = PLACE.fullmatch(line)
            for found in _BRACED.finditer(line):
                name, column = found[1].lower(), found.start() + 1
                if found[2] and name not in PLACEHOLDERS:
                    continue
                wrong = ""
                if name not in allowed:
                    self._report.add(
                        "unknown_placeholder", number, column, f"has {quote(found[0])}",
                        f"a {kind} prompt may have {listed}; "
                        "in running text write the word without braces",
                    )  # fmt: skip
                elif found[0] != f"{{{name}}}":
                    wrong = "which is spelt wrongly"
                elif alone is None:
                    wrong = "within a line"
                elif fenced:
                    wrong = "in a fence"
                elif name in seen:
                    wrong = "twice"
                if wrong:
                    self._report.add(
                        "placeholder", number, column, f"has {quote(found[0])} {wrong}",
                        f"write {{{name}}} once, on a line of its own, outside fences; "
                        "elsewhere write the word without braces",
                    )  # fmt: skip
                seen.add(name)
        for name in required:
            if name not in seen:
                self._report.add(
                    "missing_placeholder", 0, 0, f"has no {{{name}}}",
                    f"put {{{name}}} on a line of its own: {PLACEHOLDERS[name]}",
                )  # fmt: skip
