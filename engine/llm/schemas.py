"""What each role is asked to reply: JSON schemas in the form that `strict` servers take.

Every key is required and no other is allowed; what may be absent is null. They hold no bounds and
no formats, which many servers refuse: `engine.llm.reply` checks those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _schema(name: str, properties: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"title": name, **_object(properties)}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _text(description: str) -> dict[str, Any]:
    return {"type": "string", "description": description}


def _texts(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


STRATEGY = _schema(
    "strategy",
    {
        "idea": _text("The strategy after the change, in one sentence."),
        "hypothesis": _text("What you change, and why that should help."),
        "probability": {
            "type": "number",
            "description": "The probability, 0 to 1, that it beats its parent's fitness.",
        },
        "edits": {
            "type": ["array", "null"],
            "description": "Changes of the parent file; null where you give a whole file.",
            "items": _object(
                {
                    "search": _text("Lines of the parent file that occur exactly once."),
                    "replace": _text("What shall stand in their place."),
                }
            ),
        },
        "file": {
            "type": ["string", "null"],
            "description": "The whole new file; null where you give edits.",
        },
    },
)

ANALYSIS = _schema(
    "analysis",
    {
        "root_cause": _text("The one thing in the file that explains most of the loss."),
        "conditions": _text("The conditions in which it earns and those in which it loses."),
        "bias": _text("What is wrong with it all the time; what its losses have in common."),
        "try": _texts("At most three changes worth trying, the most promising first."),
    },
)

VERDICT = _schema(
    "verdict",
    {
        "verdict": {"type": "string", "enum": ["accept", "revise", "veto"]},
        "reasons": _texts("One to three reasons, the gravest first."),
        "score": {
            "type": "number",
            "description": "From 0 (certainly worse than before) to 10 (certainly better).",
        },
    },
)

PROMPT = _schema(
    "prompt",
    {
        "reason": _text("What you change in the prompt, and why that should raise the gain."),
        "prompt": _text("The whole new prompt."),
    },
)
