"""All prompts of the engine: Markdown files, read as text; `genomes.prompt` says what they mean."""

from __future__ import annotations

from importlib.resources import files


def texts() -> dict[str, str]:
    """The text of each prompt by its file's name without `.md`, sorted by name."""
    found = {
        entry.name.removesuffix(".md"): entry.read_text(encoding="utf-8")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".md")
    }
    return dict(sorted(found.items()))
