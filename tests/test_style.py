"""The product's sentences follow the style sheet, tests/STYLE.md: they hold nothing it bans."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("engine", "archive", "sandbox", "genomes", "configs")

BANNED = {
    "untrusted, not stranger": r"\bstrangers?\b",
    "name who, not whoever, nobody, whom": r"\b(?:whoever|nobody|whom)\b",
    "fix, not mend": r"\bmend(?:s|ing|ed)?\b",
    "expensive, not dear": r"\bdear(?:er|est)?\b",
    "is not a, not is no": r"(?<!there )\b(?:is|are|was|were) no (?!longer|more|wider|worse)\w",
    "a number, not so many": r"\bso many\b",
    "ties: the first, not of equals": r"\bof equals\b",
    "what to do, not the way out": r"\bthe way out\b",
    "8%, not 8 %": r"\d %",
}

NOT_OURS = (
    "genomes/prompts/",  # what models read: data of the search
    "genomes/strategies/",  # genomes: their text is hashed
    "engine/llm/everyday.py",  # a list of English words
    "archive/migrations/",  # history
)

EXCEPTIONS = {
    "engine/llm/figures.py": r"\d %",  # what models read of a backtest
    **dict.fromkeys(  # the field, and the column, that hold what was wrong before a repair
        (
            "archive/reasons.py",
            "engine/llm/conversation.py",
            "engine/progress.py",
            "genomes/records/proposal.py",
        ),
        r"\bmended\b",
    ),
}


def sentences(file: Path) -> Iterator[tuple[int, str]]:
    """The lines of a file that people read: strings and comments of code, all of a text."""
    text = file.read_text(encoding="utf-8")
    if file.suffix != ".py":
        yield from enumerate(text.split("\n"), start=1)
        return
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in kinds and not token.string.strip("\"'").isidentifier():
            yield from enumerate(token.string.split("\n"), start=token.start[0])


def files() -> list[str]:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in FOLDERS
        for ending in ("*.py", "*.md", "*.toml")
        for path in (ROOT / folder).rglob(ending)
    ]
    return ["README.md", *(path for path in sorted(found) if not path.startswith(NOT_OURS))]


def faults(path: str) -> Iterator[str]:
    allowed = re.compile(EXCEPTIONS[path]) if path in EXCEPTIONS else None
    for number, line in sentences(ROOT / path):
        words = re.sub(r"`[^`]*`", "``", allowed.sub("", line) if allowed else line)
        for rule, banned in BANNED.items():
            if found := re.search(banned, words, re.IGNORECASE):
                yield f"{path}:{number}: {found[0]!r} ({rule}): {line.strip()[:100]}"


def test_the_product_reads_as_the_style_sheet_asks() -> None:
    found = [fault for path in files() for fault in faults(path)]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_an_exception_is_still_needed(path: str) -> None:
    lines = [line for _, line in sentences(ROOT / path)]
    assert any(re.search(EXCEPTIONS[path], line) for line in lines)
