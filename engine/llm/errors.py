"""What can go wrong with language models; what a model writes is an outcome, never an error.

Exception
├─ ModelError      one attempt at one question came to nothing; the gateway goes on from there
├─ ModelsError     a run cannot begin: a key, an address or a model is wrong
├─ BudgetSpent     a run ends here, and can be resumed
├─ Unanswered      a replay met a question without a recorded answer
└─ Closed          a question came after the gateway was closed
"""

from __future__ import annotations

from collections.abc import Sequence


class ModelError(Exception):
    """An attempt has no answer.

    Attributes:
        kind: Why, in one word, as an exchange's `failure` keeps it:
            connection (refused or unreachable), reset (the connection broke), timeout, endless (the
            reply is longer than the cap), bad_json, bad_shape (no envelope of the protocol),
            bad_encoding, empty_choices, rate, server (5xx), auth (401, 403), payment (402, or a
            quota is used up), unknown_model (404), unsupported (501: it does not do what is asked),
            too_long (more than the model's context), redirect, bad_request.
        said: The server's words: cut, control characters escaped, secrets redacted.
        retry_after_s: When the server wants to be asked again, in seconds from now; None if it did
            not say.
        final: Whether asking again cannot help.
        tokens_in: Tokens of the question, where the server counted them all the same.
        tokens_out: Tokens of the useless answer, likewise.
    """

    def __init__(
        self,
        kind: str,
        said: str,
        *,
        retry_after_s: float | None = None,
        final: bool = False,
        tokens_in: int = 0,
        tokens_out: int = 0,
    ) -> None:
        super().__init__(f"{kind}: {said}")
        self.kind, self.said = kind, said
        self.retry_after_s, self.final = retry_after_s, final
        self.tokens_in, self.tokens_out = tokens_in, tokens_out


class ModelsError(Exception):
    """The models cannot be asked; the text lists every problem, each with its remedy."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class BudgetSpent(Exception):  # noqa: N818 - a budget that does its work is not an error
    """A budget is used up: no further question is asked. What was answered is kept.

    Attributes:
        budget: Which one: money, tokens, calls, seconds.
        spent: What is used up of it; more than the limit where answers under way came after.
        limit: The limit.
    """

    def __init__(self, budget: str, spent: float, limit: float) -> None:
        super().__init__(
            f"the budget of {limit:,.6g} {budget} is used up ({spent:,.6g} spent): raise "
            f"llm.budget.{budget} and go on with --resume; no paid answer is lost"
        )
        self.budget, self.spent, self.limit = budget, spent, limit


class Unanswered(Exception):  # noqa: N818 - named for what the question is
    """A replay met a question that the transcript has no answer for.

    Attributes:
        role: Who was to be asked.
        model: The model that was to be asked.
        draw: The candidate that the answer was for; 0 if it was for all.
        key: The question's key.
        words: How its last message begins.
    """

    def __init__(self, *, role: str, model: str, draw: int, key: str, words: str) -> None:
        asker = f"candidate {draw}" if draw else "all who ask it"
        super().__init__(
            f"the transcript has no answer of {model} ({role}) for {asker}, question {key[:12]}... "
            f'that begins "{words}": the run, its data or Finch differ from the recorded one; go '
            "on without --replay to ask it"
        )
        self.role, self.model, self.draw, self.key, self.words = role, model, draw, key, words


class Closed(Exception):  # noqa: N818 - named for the state
    """The gateway was closed while a question waited to be asked."""
