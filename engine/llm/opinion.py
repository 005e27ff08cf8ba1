"""What analyst, critic and rewriter reply: read, or said to be of no use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from engine.llm.payload import Payload, answer_of, blocks_of, cut_short, find_object
from engine.llm.shape import MAX_FILE, MAX_WORDS, figure, once, texts, too_long, wrong
from genomes.records.outcome import Unusable
from genomes.records.text import one_line, paragraph

MAX_ANALYSIS = 3_000
MAX_REASON = 300
MAX_REASONS = 8
MAX_SCORE = 10
NEUTRAL = 5.0
"""The score of a proposal whose critic gave none."""

_ANALYSIS_KEYS = {
    "root_cause": "Root cause",
    "conditions": "Conditions",
    "bias": "Bias",
    "try": "To try",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a critic thinks of a proposal.

    Attributes:
        decision: accept, revise or veto.
        reasons: Its reasons; one line each, cut, escaped.
        score: How good the proposal is, 0 to MAX_SCORE; NEUTRAL where it gives no such number.
        unread: Why it could not be read, as `Unusable.problem` names it; it then accepts, since a
            critic who cannot be understood has raised no objection.
    """

    decision: Literal["accept", "revise", "veto"]
    reasons: tuple[str, ...]
    score: float
    unread: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A prompt as a model rewrites it.

    Attributes:
        reason: What it changed and why; one line, cut, escaped.
        text: The whole prompt; whether it is one is for `genomes.prompt` to say.
    """

    reason: str
    text: str


def read_analysis(text: str, finish: str) -> str | Unusable:
    """An analyst's reply as lines for a briefing, cut; plain words are taken as they are.

    Returns:
        The lines, control characters escaped; or `empty`, `truncated` (nothing but thoughts),
        `declined`, `too_long`.
    """
    answer = answer_of(text, finish)
    if isinstance(answer, Unusable):
        return answer
    found = find_object(answer, _ANALYSIS_KEYS, finish)
    if isinstance(found, Unusable):
        return found if found.problem == "declined" else paragraph(answer, MAX_ANALYSIS)
    lines = [
        f"{title}: {one_line(words, MAX_WORDS)}"
        for key, title in _ANALYSIS_KEYS.items()
        for words in texts(found.value.get(key))
    ]
    if not lines:
        return Unusable(problem="empty", found="its object says nothing")
    return paragraph("\n".join(lines), MAX_ANALYSIS)


def read_verdict(text: str, finish: str) -> Verdict:
    """A critic's reply; what cannot be read accepts, and says why in `unread`."""
    answer = answer_of(text, finish)
    if isinstance(answer, Unusable):
        return unread(answer.problem)
    found = find_object(answer, ("verdict",), finish)
    if isinstance(found, Unusable):
        return unread(found.problem)
    score = figure(found.value.get("score"), MAX_SCORE)
    reasons = tuple(one_line(each, MAX_REASON) for each in texts(found.value.get("reasons")))
    said = found.value["verdict"]
    match said.strip().lower() if isinstance(said, str) else said:
        case "accept" | "revise" | "veto" as decision:
            return Verdict(
                decision=decision,
                reasons=reasons[:MAX_REASONS],
                score=score if isinstance(score, float) else NEUTRAL,
            )
        case _:
            return unread("wrong_shape")


def unread(problem: str) -> Verdict:
    """The verdict of a critic who was not understood, or gave no answer."""
    return Verdict(decision="accept", reasons=(), score=NEUTRAL, unread=problem)


def read_rewrite(text: str, finish: str) -> Rewritten | Unusable:
    """A rewriter's reply: an object, or one fenced block with words around it."""
    answer = answer_of(text, finish)
    if isinstance(answer, Unusable):
        return answer
    found = find_object(answer, ("prompt",), finish)
    if isinstance(found, Payload):
        return _rewritten(found.value)
    blocks = blocks_of(answer)
    if len(blocks) != 1 or found.problem == "wrong_shape":
        return found
    block = blocks[0]
    if finish == "length" and not block.closed:
        return cut_short("inside the prompt")
    around = answer[: block.span[0]] + " " + answer[block.span[1] :]
    return _rewritten({"prompt": block.body, "reason": around})


def _rewritten(value: Mapping[str, Any]) -> Rewritten | Unusable:
    prompt, reason = value["prompt"], value.get("reason") or ""
    if not isinstance(prompt, str) or not prompt.strip():
        return wrong("prompt", prompt, "the words of a prompt")
    if not isinstance(reason, str):
        return wrong("reason", reason, "words, in double quotes")
    text = once(prompt, [])
    if len(text) > MAX_FILE:
        return too_long(text)
    return Rewritten(reason=one_line(reason, MAX_WORDS), text=text.strip() + "\n")
