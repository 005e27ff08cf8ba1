"""The user's goal: requirements in words, a category, and a cheap check whether a text serves it.

What is checked, by rules on the graph and without data:

| in the goal | a strategy serves it unless |
|---|---|
| momentum, trend | it reads no price, or its weight falls when prices have risen |
| reversal | it reads no price, or its weight rises when prices have risen |
| carry | it reads none of the market's further columns (passes where the market has none) |
| volatility, seasonality, cross-section, breakout, volume | nothing in it is of that family |
| no shorting, long only | its weight is not bounded below by 0 |
| short only | its weight is not bounded above by 0 |
| no stops; no take profit; no time exit; no exits | it has such an exit |
| no volume, no seasonality, no cross-section, no volatility | something in it is of that family |

Everything else (another category, any further words) passes: the model is told, it is not checked.
So does a direction that no rule decides (`genomes.language.analysis`). The bounds on a weight must
be
proved: `.clip(0, 1)` or `max(s, 0)` at the end of signal() is always understood.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from genomes.language.analysis.direction import PRICES, direction
from genomes.language.analysis.families import families, family_of_field
from genomes.language.analysis.intervals import intervals
from genomes.language.dimension import Dimension
from genomes.language.graph import Graph
from genomes.language.serial import deserialise, serialise

_WORDS: dict[str, str] = {
    "momentum": r"momentum|winners|relative strength",
    "trend": r"trends?|trend[- ]following|moving[- ]averages?",
    "reversal": r"reversals?|(?:mean[- ])?reversion|mean[- ]reverting|contrarian|fad(?:e|ing)|"
    r"oversold|overbought|buy(?:ing)? (?:the )?dips?",
    "carry": r"carry|funding|yields?|roll yield|basis",
    "volatility": r"volatility|vol[- ]target(?:ing|ed)?|variance|low[- ]vol",
    "seasonality": r"seasonal(?:ity)?|calendar|turn[- ]of[- ](?:the[- ])?month|day[- ]of[- ]week|"
    r"weekdays?|month[- ]ends?",
    "cross-section": r"cross[- ]section(?:al)?|long[- ]short|market[- ]neutral|relative value|"
    r"rank(?:s|ing|ed)?",
    "breakout": r"break[- ]?outs?|channels?|donchian|new highs?",
    "volume": r"volume|money flow|order flow",
}
CATEGORIES = tuple(_WORDS)

_NOT = r"\b(?:no|not|never|without|avoid(?:ing)?|don'?t|do not|neither|nor|non)\b"
_GAP = (  # filling words, then up to three others of a list: "no leverage, stops or shorts"
    r"(?:[\s-]+(?:any|the|a|an|use|using|of|go|going|be|take|have)\b)*[\s-]+"
    r"(?:[\w-]+(?:,\s*(?:or\s|and\s|nor\s)?|\s+(?:or|and|nor)\s+)){0,3}"
)
_CATEGORY = {name: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for name, words in _WORDS.items()}


def _forbids(words: str) -> re.Pattern[str]:
    return re.compile(rf"{_NOT}{_GAP}(?:{words})\b", re.IGNORECASE)


_SIDES = {
    "long": re.compile(
        rf"\blong[- ]only\b|\bonly (?:go )?long\b|{_NOT}{_GAP}short(?:s|ing)?\b"
        r"(?!\s*(?:-|term|move|window|run))",  # "no short-term moves" is another matter
        re.IGNORECASE,
    ),
    "short": re.compile(r"\bshort[- ]only\b|\bonly (?:go )?short\b", re.IGNORECASE),
}
_EXITS: dict[str, tuple[re.Pattern[str], tuple[str, ...]]] = {
    "stops": (
        _forbids(r"(?:trailing )?stops?(?:[- ]loss(?:es)?)?"),
        ("stop_loss", "trailing_stop"),
    ),
    "profit targets": (_forbids(r"(?:take[- ]profits?|profit targets?)"), ("take_profit",)),
    "time exits": (_forbids(r"(?:time (?:exits?|stops?)|max_held)"), ("max_held",)),
    "exits": (_forbids(r"exits"), ("stop_loss", "take_profit", "trailing_stop", "max_held")),
}
_NAMED = ("volatility", "seasonality", "cross-section", "volume")
_FORBIDDEN = {name: _forbids(_WORDS[name]) for name in _NAMED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the user wants a strategy to be.

    Attributes:
        text: In the user's words; may be empty.
        category: One of CATEGORIES, another word, or None.
        fields: The market's fields with their dimensions, so that nothing is asked for which it
            does not have.
    """

    text: str
    category: str | None = None
    fields: Mapping[str, Dimension] = field(default_factory=dict[str, Dimension])


def goal_of(
    text: str, category: str | None = None, fields: Mapping[str, Dimension] | None = None
) -> Goal:
    """A goal; where no category is given, the one its words speak of most, if they speak of any."""
    given = category.strip().lower() if category else None
    return Goal(text=text, category=given or category_of(text), fields=dict(fields or {}))


def category_of(text: str) -> str | None:
    """The category that a text speaks of most; ties: the first in CATEGORIES; None if none.

    What stands behind a no, not, never, without or avoid does not count.
    """
    wanted = re.sub(
        rf"{_NOT}[^.;:!?]*?(?=[.;:!?]|\bbut\b|\bwith\b|$)", " ", text, flags=re.IGNORECASE
    )
    counts = {name: len(words.findall(wanted)) for name, words in _CATEGORY.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else None


def serves(goal: Goal, graph: str | Graph, source: str = "") -> str | None:
    """Whether a strategy serves a goal, as far as a cheap check can tell.

    Args:
        goal: The goal.
        graph: The strategy's graph, or what `serialise` gives for it in the goal's market.
        source: Its text. What it says of itself proves nothing, so it is not looked at.

    Returns:
        None where it does, or where that is unknown; else a sentence that says what is missing and
        how to fix it.
    """
    drawn = deserialise(graph, goal.fields) if isinstance(graph, str) else graph
    text = serialise(drawn)
    missing = _category(goal, text, drawn)
    if missing is not None:
        return missing
    for side, words in _SIDES.items():
        if words.search(goal.text):
            return _side(side, drawn) or _forbidden(goal, text, drawn)
    return _forbidden(goal, text, drawn)


def _category(goal: Goal, text: str, drawn: Graph) -> str | None:
    match goal.category:
        case "momentum" | "trend" as name:
            return _leaning(name, 1, drawn)
        case "reversal" as name:
            return _leaning(name, -1, drawn)
        case "carry":
            columns = sorted(name for name in goal.fields if "carry" in family_of_field(name))
            if not columns or drawn.fields & set(columns):
                return None
            return (
                "the goal is carry, but the strategy reads none of what an asset pays or costs: "
                f"build the factor on m.{', m.'.join(columns)}"
            )
        case "breakout" | "volatility" | "seasonality" | "cross-section" | "volume" as name:
            if name == "volume" and goal.fields and "volume" not in goal.fields:
                return None
            if name in families(text):
                return None
            return f"the goal is {name}, but the strategy uses none of it: {_WAYS[name]}"
        case _:
            return None


_WAYS = {
    "breakout": "compare the price with highest(), lowest(), a band or a channel of earlier bars",
    "volatility": "use stdev(), atr() or another measure of volatility",
    "seasonality": "use m.weekday, m.month, m.hour or another clock field",
    "cross-section": "compare assets with a cross_... operator",
    "volume": "use m.volume or an operator that takes it",
}


def _leaning(name: str, wanted: int, drawn: Graph) -> str | None:
    if not drawn.fields & set(PRICES):
        return f"the goal is {name}, but the strategy reads no price: build the factor on m.close"
    if direction(drawn) != -wanted:
        return None
    does, should = ("falls", "rise") if wanted > 0 else ("rises", "fall")
    return (
        f"the goal is {name}, but the weight {does} when prices have risen: it should {should}; "
        "turn the sign of the factor"
    )


def _side(side: str, drawn: Graph) -> str | None:
    low, high = intervals(drawn)[drawn.outputs["weight"]]
    if side == "long" and low < 0:
        return (
            "the goal allows no shorts, but the weight can be below 0: "
            "end signal() with .clip(0, 1), or return a Mask"
        )
    if side == "short" and high > 0:
        return "the goal allows shorts only, but the weight can be above 0: end with .clip(-1, 0)"
    return None


def _forbidden(goal: Goal, text: str, drawn: Graph) -> str | None:
    for name, (words, exits) in _EXITS.items():
        found = [each for each in exits if each in drawn.outputs]
        if found and words.search(goal.text):
            return f"the goal allows no {name}, but exits() sets {', '.join(found)}: leave it out"
    has = families(text)
    for name, words in _FORBIDDEN.items():
        if name in has and words.search(goal.text):
            return f"the goal allows no {name}, but the strategy uses it: leave it out"
    return None
