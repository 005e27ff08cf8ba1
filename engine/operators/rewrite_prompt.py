"""A language model rewrites a prompt, shown its record and its relatives'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.llm.conversation import repair
from engine.llm.gateway import Gateway
from engine.llm.opinion import Rewritten, read_rewrite
from engine.llm.role import Role, consult, echo, user
from engine.llm.schemas import PROMPT as SCHEMA
from engine.settings import LLM
from genomes.prompt import Prompt, fill, load, parse, placeholder_page
from genomes.records.candidate import Candidate, Task
from genomes.records.merit import Interval, Merit
from genomes.records.outcome import Refused, Unusable
from genomes.records.proposal import Call, Proposal
from genomes.records.refusal import Refusal

REWRITE = "rewrite_prompt"
MAX_RELATIVES = 6
MAX_TOKENS = 4000


@dataclass(frozen=True, slots=True)
class Order:
    """A prompt to write, and what the rewriter is told of its parent and that one's relatives."""

    task: Task
    seat: Role
    parent: Prompt
    shown: str
    record: str
    relatives: str
    hide: Callable[[str], str]


def order(
    task: Task,
    prompts: Mapping[int, Prompt],
    records: Mapping[int, Merit],
    settings: LLM,
    hide: Callable[[str], str],
) -> Order:
    """What a rewriter is asked.

    Args:
        task: What is to be written.
        prompts: All prompts by their ids.
        records: What came of those that were used, best first.
        settings: How models are asked.
        hide: Masks untrusted text.
    """
    parent = prompts[task.parents[0]]
    kin = [
        (prompts[i], merit)
        for i, merit in records.items()
        if i != task.parents[0] and i in prompts and prompts[i].kind == parent.kind
    ]
    return Order(
        task=task,
        seat=Role(
            models=task.models,
            temperature=settings.temperature,
            max_tokens=min(settings.max_tokens, MAX_TOKENS),
        ),
        parent=parent,
        record=record_of(records.get(task.parents[0])),
        shown=hide(parent.text),
        relatives=hide("\n".join(_relative(*one) for one in kin[:MAX_RELATIVES])),
        hide=hide,
    )


async def rewritten(gateway: Gateway, order: Order) -> Candidate:
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
            return _written(order.task, outcome, text, calls, mended, reason, model)
        model = exchange.model
        reply = read_rewrite(exchange.text, exchange.finish)
        if isinstance(reply, Rewritten):
            reason, text = reply.reason, reply.text
            prompt = parse(reply.text, kinds=(order.parent.kind,))
            if isinstance(prompt, Prompt) and (lost := _lost(order.parent, prompt)):
                prompt = (lost,)
            if isinstance(prompt, Prompt):
                return _written(order.task, None, prompt.text, calls, mended, reason, model)
            outcome, wrong = Refused(refusals=prompt), "\n".join(map(str, prompt))
        else:
            outcome, wrong = reply, f"{reply.found} [{reply.problem}]"
        if attempt == 0:
            mended = _first_problem(outcome)
            messages += [echo(exchange), repair(order.hide(wrong))]
    return _written(order.task, outcome, text, calls, mended, reason, model)


def _lost(parent: Prompt, child: Prompt) -> Refusal | None:
    """What a prompt may not lose: the user's goal is checked all the same."""
    if "goal" not in parent.placeholders or "goal" in child.placeholders:
        return None
    return Refusal(
        rule="placeholder", line=0, column=0, found="has lost the placeholder {goal}",
        instead="give {goal} a section of its own, as before",
    )  # fmt: skip


def _written(
    task: Task,
    outcome: Unusable | Refused | None,
    text: str,
    calls: Sequence[Call],
    mended: str,
    reason: str,
    model: str | None,
) -> Candidate:
    proposal = Proposal(
        hypothesis=reason, probability=None, mended=mended, calls=tuple(calls), gain=None
    )
    return Candidate(
        task=task, text=text, outcome=outcome, note=reason, model=model, proposal=proposal
    )


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
