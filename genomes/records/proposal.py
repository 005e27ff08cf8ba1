"""The record of a model's proposal: what it claims, and the questions it took."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One question on the way to a proposal; key and draw find it in the transcript.

    Attributes:
        role: Who was asked.
        model: The model that was asked.
        key: As in `genomes.records.exchange.Exchange`.
        draw: As there.
        failure: Why there was no answer; empty where there was.
        tokens: Tokens of question and answer; 0 where another candidate paid for it.
        cost: Money; 0 where another candidate paid for it.
    """

    role: str
    model: str
    key: str
    draw: int
    failure: str
    tokens: int
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a model says of a candidate it wrote.

    Attributes:
        hypothesis: What it changed and why that should help, in its words.
        probability: The probability it gives to beating its first parent, 0 to 1; None if none.
        mended: What was wrong with its first attempt (`refused: dimension`, `duplicate`,
            `unusable: no_json`), where that went back once; empty where the first one stood.
        calls: The questions, in the order asked: with them a debate can be read again.
        gain: Its credit for the model and prompt that proposed it, in [-1, 1]: see `engine.uses`;
            None where nothing is to be learnt from it (no answer from any model).
    """

    hypothesis: str
    probability: float | None
    mended: str
    calls: tuple[Call, ...]
    gain: float | None

    @property
    def tokens(self) -> int:
        """Tokens that it took."""
        return sum(call.tokens for call in self.calls)

    @property
    def cost(self) -> float:
        """Money that it took."""
        return sum(call.cost for call in self.calls)
