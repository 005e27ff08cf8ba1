"""A language model rewrites a prompt, shown its record and its relatives'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.llm.conversation import repair
from engine.llm.gateway import Gateway
from engine.llm.opinion import Rewritten, read_rewrite
from engine.llm.role import Role, consult, echo, user
from engine.llm.schemas import PROMPT as SCHEMA
from engine.llm.thread import Pending
from engine.tasks import Draft, Task
from genomes.prompt import Prompt, fill, load, parse, placeholder_page
from genomes.records.merit import Interval, Merit
from genomes.records.outcome import Refused, Unusable
from genomes.records.proposal import Call, Proposal
from genomes.records.refusal import Refusal

REWRITE = "rewrite_prompt"
MAX_RELATIVES = 6
MAX_TOKENS = 4000


@dataclass(frozen=True, slots=True)
class _Order:
    """A prompt to write, and what the rewriter is told of its parent and that one's relatives."""

    task: Task
    seat: Role
    parent: Prompt
    shown: str
    record: str
    relatives: str
    hide: Callable[[str], str]


class Rewriter:
    """Asks for prompts, a generation at a time."""

    def __init__(
        self, gateway: Gateway, *, temperature: float, max_tokens: int, hide: Callable[[str], str]
    ) -> None:
        """For one run.

        Args:
            gateway: Takes the questions.
            hide: Masks untrusted text.
            temperature: As the protocol has it.
            max_tokens: Cap on an answer.
        """
        self._gateway, self._temperature, self._hide = gateway, temperature, hide
        self._max_tokens = min(max_tokens, MAX_TOKENS)
        self._asked: dict[int, tuple[list[int], Pending[list[Draft]]]] = {}

    def begin(
        self,
        generation: int,
        tasks: Sequence[Task],
        prompts: Mapping[int, Prompt],
        records: Mapping[int, Merit],
    ) -> None:
        """Start asking; does not wait.

        Args:
            generation: Their generation.
            tasks: What is to be written.
            prompts: All prompts by their ids.
            records: What came of those that were used.
        """
        if not tasks:
            return
        orders = [self._order(task, prompts, records) for task in tasks]
        pending = self._gateway.begin(_rewritten(self._gateway, order) for order in orders)
        self._asked[generation] = ([task.slot for task in tasks], pending)

    def replies(self, generation: int) -> dict[int, Draft]:
        """Wait for a generation's prompts: slot -> what was written."""
        if generation not in self._asked:
            return {}
        slots, pending = self._asked.pop(generation)
        return dict(zip(slots, pending.result(), strict=True))

    def _order(
        self, task: Task, prompts: Mapping[int, Prompt], records: Mapping[int, Merit]
    ) -> _Order:
        parent = prompts[task.parents[0]]
        kin = [
            (prompts[i], merit)
            for i, merit in records.items()
            if i != task.parents[0] and i in prompts and prompts[i].kind == parent.kind
        ]
        return _Order(
            task=task,
            seat=Role(
                models=task.models, temperature=self._temperature, max_tokens=self._max_tokens
            ),
            parent=parent,
            record=record_of(records.get(task.parents[0])),
            shown=self._hide(parent.text),
            relatives=self._hide("\n".join(_relative(*one) for one in kin[:MAX_RELATIVES])),
            hide=self._hide,
        )


async def _rewritten(gateway: Gateway, order: _Order) -> Draft:
    """A new prompt; a reply that cannot be used goes back once."""
    values = {
        "prompt": order.shown,
        "record": order.record,
        "relatives": order.relatives,
        "placeholders": placeholder_page(order.parent.kind),
    }
    messages = [user(fill(load("rewrite"), values))]
    calls: list[Call] = []
    mended, reason, text, model = "", "", "", None
    outcome: Unusable | Refused = Unusable(problem="no_answer", found="no model may be asked now")
    for attempt in range(2):
        exchange = await consult(
            gateway, "rewriter", order.seat, order.task.models, messages, SCHEMA,
            order.task.candidate, calls,
        )  # fmt: skip
        if exchange is None or exchange.failure:
            return _draft(outcome, text, calls, mended, reason, model)
        model = exchange.model
        reply = read_rewrite(exchange.text, exchange.finish)
        if isinstance(reply, Rewritten):
            reason, text = reply.reason, reply.text
            prompt = parse(reply.text, kinds=(order.parent.kind,))
            if isinstance(prompt, Prompt) and (lost := _lost(order.parent, prompt)):
                prompt = (lost,)
            if isinstance(prompt, Prompt):
                return _draft(None, prompt.text, calls, mended, reason, model)
            outcome, wrong = Refused(refusals=prompt), "\n".join(map(str, prompt))
        else:
            outcome, wrong = reply, f"{reply.found} [{reply.problem}]"
        if attempt == 0:
            mended = _first_problem(outcome)
            messages += [echo(exchange), repair(order.hide(wrong))]
    return _draft(outcome, text, calls, mended, reason, model)


def _lost(parent: Prompt, child: Prompt) -> Refusal | None:
    """What a prompt may not lose: the user's goal is checked all the same."""
    if "goal" not in parent.placeholders or "goal" in child.placeholders:
        return None
    return Refusal(
        rule="placeholder", line=0, column=0, found="has lost the placeholder {goal}",
        instead="give {goal} a section of its own, as before",
    )  # fmt: skip


def _draft(
    outcome: Unusable | Refused | None,
    text: str,
    calls: Sequence[Call],
    mended: str,
    reason: str,
    model: str | None,
) -> Draft:
    proposal = Proposal(
        hypothesis=reason, probability=None, mended=mended, calls=tuple(calls), gain=None
    )
    return Draft(text=text, outcome=outcome, note=reason, model=model, proposal=proposal)


def _first_problem(outcome: Unusable | Refused) -> str:
    if isinstance(outcome, Refused):
        return f"refused: {outcome.refusals[0].rule}"
    return f"unusable: {outcome.problem}"


def record_of(merit: Merit | None) -> str:
    """What came of a prompt, in a few lines."""
    if merit is None:
        return "It was not used yet."
    lines = [
        f"{merit.uses} uses; {merit.failures} of them came to nothing",
        f"mean gain {merit.gain:+.2f}; credit above an average prompt {_interval(merit.credit)}",
    ]
    if merit.control:
        lines.append("it is the control")
    elif merit.difference is not None:
        lines.append(f"difference to the control {_interval(merit.difference)}")
    if merit.cost:
        lines.append(f"cost of one use {merit.cost:.3g}")
    return "\n".join(lines)


def _relative(prompt: Prompt, merit: Merit) -> str:
    headings = ", ".join(section.heading for section in prompt.sections)
    said = record_of(merit).replace("\n", "; ")
    return f"- {prompt.title} (sections: {headings}): {said}"


def _interval(interval: Interval) -> str:
    return f"{interval.middle:+.2f} ({interval.low:+.2f} to {interval.high:+.2f})"
