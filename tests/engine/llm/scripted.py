"""Scripted models: what they write, good or bad, is a function of the question."""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

_DEFAULT = re.compile(r"(Int|Float)\(([-\d.]+), low=([-\d.]+), high=([-\d.]+)")
_PARENT = re.compile(r"<parent>\n(.*?)\n</parent>", re.DOTALL)


def author(body: dict[str, Any]) -> str:
    """A strategist that moves a parameter, sometimes badly; an analyst; a critic; a rewriter."""
    said = "\n".join(message["content"] for message in body["messages"])
    digest = hashlib.sha256(json.dumps([body.get("seed"), said]).encode()).hexdigest()
    rng = random.Random(digest)
    last = body["messages"][-1]["content"]
    if '"ready"' in last:
        return '{"ready": true}'
    if "You explain the backtest" in last:
        return json.dumps(
            {"root_cause": "late", "conditions": "calm", "bias": "long", "try": ["wait"]}
        )
    if "The changed strategy" in last:
        verdict = rng.choice(["accept", "accept", "revise", "veto"])
        return json.dumps({"verdict": verdict, "reasons": ["cost"], "score": rng.randint(0, 10)})
    if "asks a language model to change" in said:
        return json.dumps({"reason": "shorter", "prompt": _prompt(last, rng)})
    return _strategy(said, rng)


def _prompt(said: str, rng: random.Random) -> str:
    old = re.search(r"<prompt>\n(.*?)\n</prompt>", said, re.DOTALL)
    text = old[1] if old else "# mutate: New\n\nChange it.\n\n## Strategy\n\n{parent}\n"
    return text.rstrip() + f"\n\n## Hint {rng.randint(0, 9)}\n\nThink of cost {rng.random():.3f}.\n"


def _strategy(said: str, rng: random.Random) -> str:
    found = _PARENT.search(said)
    kind = rng.random()
    if kind < 0.06:
        return "I would rather talk about the weather."
    if kind < 0.1:
        return '{"idea": "cut'
    parent = found[1] if found else ""
    places = list(_DEFAULT.finditer(parent))
    edits = []
    if kind < 0.16 or not places:
        edits = [{"search": "no such line", "replace": "x"}]
    elif kind < 0.24:
        edits = [{"search": "def factor(m, p):", "replace": "def factor(m, p):\n    import os"}]
    else:
        place = rng.choice(places)
        low, high = float(place[3]), float(place[4])
        value: float | int = round(rng.uniform(low, high), 3)
        value = int(value) if place[1] == "Int" else value
        whole = parent[parent.rfind("\n", 0, place.start()) + 1 : place.end()]
        new = whole.replace(f"({place[2]},", f"({value},", 1)
        edits = [{"search": whole.strip(), "replace": new.strip()}]
    return json.dumps(
        {
            "idea": "another pace",
            "hypothesis": f"A pace of {rng.random():.2f} suits the noise better.",
            "probability": round(rng.random(), 2),
            "edits": edits,
            "file": None,
        }
    )
