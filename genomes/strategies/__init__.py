"""The seed strategies: hand-written source files, read as text and never imported."""

from __future__ import annotations

from importlib.resources import files


def texts() -> dict[str, str]:
    """The source text of each seed by its file's name without `.py`, sorted by name."""
    found = {
        entry.name.removesuffix(".py"): entry.read_text(encoding="utf-8")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".py") and not entry.name.startswith("_")
    }
    return dict(sorted(found.items()))
