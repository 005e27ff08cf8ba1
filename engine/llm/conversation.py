"""Who speaks when: analyst, strategist, critic and debate, until a candidate's text is there.

A candidate is a function of the answers alone: drafts are asked at the same time and read in their
order. What one role says reaches another as material between tags (`genomes.prompt.fill`), cut,
masked, and with nothing invisible in it. A model's own reply goes on in its conversation as it was
said, the only words that are not masked: its edits must fit them, and a mask would tell it which of
its guesses are right. What we say of that reply is masked. An answer that cannot be used goes back
once; a candidate never goes back twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from engine.llm.author import Author, repair
from engine.llm.masking import Mask
from engine.llm.opinion import MAX_SCORE, NEUTRAL, Verdict, read_analysis, read_verdict, unread
from engine.llm.payload import said_as
from engine.llm.reply import Written
from engine.llm.role import MAX_ECHO, Asker, Role, consult, echo, user
from engine.llm.schemas import ANALYSIS, VERDICT
from engine.settings import LLM
from genomes.prompt import fill, load
from genomes.records.exchange import SHARED, Message
from genomes.records.outcome import Unusable
from genomes.records.proposal import Call, Proposal
from genomes.records.text import paragraph


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """The roles of a run.

    Attributes:
        strategist: Writes.
        analyst: Explains the parent's backtest; None for no such role.
        critic: Judges a proposal before it is tested; None for no such role.
        drafts: Drafts of each candidate; the critic's score chooses among those that it lets pass.
        rounds: How often a strategist answers a critic that does not accept.
    """

    strategist: Role
    analyst: Role | None = None
    critic: Role | None = None
    drafts: int = 1
    rounds: int = 1

    @classmethod
    def of(cls, settings: LLM) -> Roles:
        """As the config has them."""

        def role(models: tuple[str, ...], temperature: float) -> Role:
            names = models or settings.models
            return Role(models=names, temperature=temperature, max_tokens=settings.max_tokens)

        critic = settings.debate > 0 or settings.drafts > 1
        return cls(
            strategist=role(settings.models, settings.temperature),
            analyst=role(settings.analyst, 0.0) if settings.analysis else None,
            critic=role(settings.critic, 0.0) if critic else None,
            drafts=settings.drafts,
            rounds=settings.debate,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What is asked for.

    Attributes:
        draw: The id that the candidate will have.
        parent: Text of the first parent as the models are shown it; edits change this text.
        system: The strategist's system message.
        brief: The strategist's task, given the analysis ("" for none).
        wants_analysis: Whether that task has a place for it; otherwise the analyst is not asked.
        facts: Values of `figures`, `siblings` and `goal`, for the analyst's and critic's prompts.
        mask: Hides symbols and dates in what is said on the way; what is given here is masked.
    """

    draw: int
    parent: str
    system: str
    brief: Callable[[str], str]
    wants_analysis: bool
    facts: Mapping[str, str]
    mask: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What came of it; either a text or a problem.

    Attributes:
        text: The candidate's text, unchecked.
        problem: Why there is none.
        written: The reply the text was made from, or the last one that could be read.
        model: The model that wrote it; the last one asked if none did; None if none could be asked.
        mended: As in `Proposal.mended`.
        calls: The questions of all roles and drafts, in the order asked, none twice. What a call
            with draw SHARED cost is its first asker's to bear, who is for the driver to say.
        messages: The conversation that led to the text, its answer included.
        fates: What became of each draft, a few words each.
    """

    text: str | None
    problem: Unusable | None
    written: Written | None
    model: str | None
    mended: str
    calls: tuple[Call, ...]
    messages: tuple[Message, ...]
    fates: tuple[str, ...]

    @property
    def proposal(self) -> Proposal:
        """What the model says of it; its gain is not known yet."""
        said = self.written
        return Proposal(
            hypothesis=(said.hypothesis or said.idea) if said else "",
            probability=said.probability if said else None,
            mended=self.mended,
            calls=self.calls,
            gain=None,
        )


@dataclass(slots=True)
class _Masked(Author):
    """An author who is told nothing unmasked after the task, whatever a message quotes."""

    mask: Mask = field(kw_only=True)

    async def answer(self, said: Message | None) -> str | Unusable:
        """One question, and its answer as a text."""
        hidden = said and user(self.mask.quoted(said.text))
        return await Author.answer(self, hidden)  # a class with slots has no super()


async def draft(gateway: Asker, roles: Roles, assignment: Assignment) -> Draft:
    """Lead the conversation for one candidate.

    Returns:
        The draft with the critic's best score, ties: the first; without a usable one, the first
        one's problem: any of `engine.llm.reply.read_strategy` and `compose`, `vetoed`, `no_answer`.

    Raises:
        BudgetSpent, Unanswered, Closed: From the gateway, once every question under way is
        answered.
    """
    calls: list[Call] = []
    task = assignment.brief(await _analyse(gateway, roles, assignment, calls))
    authors = [
        _Masked(
            gateway, roles.strategist, assignment.draw, assignment.parent,
            [Message(speaker="system", text=assignment.system), user(_alternative(task, number))],
            mask=assignment.mask,
        )
        for number in range(roles.drafts)
    ]  # fmt: skip
    debates = [_debate(gateway, roles, assignment, author) for author in authors]
    ends = await asyncio.gather(*debates, return_exceptions=True)
    scores: list[float | Unusable] = []
    for end in ends:
        if isinstance(end, BaseException):
            raise end
        scores.append(end)
    usable = [n for n, score in enumerate(scores) if not isinstance(score, Unusable)]
    best = max(usable, key=lambda n: (scores[n], -n), default=0)
    chosen, problem = authors[best], scores[best]
    unique: dict[tuple[str, int], Call] = {}
    for call in chain(calls, *(author.calls for author in authors)):
        unique.setdefault((call.key, call.draw), call)
    return Draft(
        text=None if isinstance(problem, Unusable) else chosen.text,
        problem=problem if isinstance(problem, Unusable) else None,
        written=chosen.written,
        model=chosen.model,
        mended=chosen.mended,
        calls=tuple(unique.values()),
        messages=tuple(chosen.messages),
        fates=tuple(_fate(score, n == best) for n, score in enumerate(scores)),
    )


async def mend(
    gateway: Asker, roles: Roles, assignment: Assignment, draft: Draft, *, wrong: str, words: str
) -> Draft:
    """Tell the model what was wrong with its text, and read its answer.

    The critic is not asked again.

    Args:
        gateway: As in `draft`, and so are the next two.
        roles: Who is asked.
        assignment: What was asked for.
        draft: A draft whose text was refused, crashed or duplicates another.
        wrong: That in two words, as `Proposal.mended` keeps it: `refused: dimension`, `duplicate`.
        words: The same in sentences, with what to do instead.

    Returns:
        A draft with the new text, or with the new problem; the given one, with nothing asked, if it
        has no text or went back before.
    """
    if draft.text is None or draft.mended:
        return draft
    author = _Masked(
        gateway, roles.strategist, assignment.draw, assignment.parent, list(draft.messages),
        mask=assignment.mask,
    )  # fmt: skip
    author.text, author.written, author.model = draft.text, draft.written, draft.model
    end = await author.answer(repair(words))
    usable = isinstance(end, str)
    return replace(
        draft,
        text=end if isinstance(end, str) else None,
        problem=None if isinstance(end, str) else end,
        written=author.written,
        model=author.model,
        mended=wrong,
        calls=(*draft.calls, *author.calls),
        messages=tuple(author.messages),
        fates=(*draft.fates, "mended" if usable else "not mended"),
    )


async def _analyse(gateway: Asker, roles: Roles, assignment: Assignment, calls: list[Call]) -> str:
    """What the analyst says; empty without an analyst."""
    seat = roles.analyst
    figures = assignment.facts.get("figures", "")
    if seat is None or not assignment.wants_analysis or not figures.strip():
        return ""
    facts = {"parent": assignment.parent, "figures": figures}
    question = [user(fill(load("analyst"), facts))]
    exchange = await consult(
        gateway, "analyst", seat, seat.models, question, ANALYSIS, SHARED, calls
    )
    if exchange is None or exchange.failure:
        return ""
    said = read_analysis(exchange.text, exchange.finish)
    return said if isinstance(said, str) else ""


async def _debate(
    gateway: Asker, roles: Roles, assignment: Assignment, author: Author
) -> float | Unusable:
    """One draft to its end: its score, or why it is none."""
    text = await author.write()
    if isinstance(text, Unusable):
        return text
    if roles.critic is None:
        return NEUTRAL
    questions = [user(_proposal(assignment, author, assignment.facts))]
    left = roles.rounds
    while True:
        verdict = await _judge(gateway, roles.critic, assignment.draw, questions, author.calls)
        if verdict.decision == "accept" or not left:
            break
        left -= 1
        criticism = assignment.mask.prose(_criticism(verdict))
        said = fill(load("revise"), {"criticism": criticism})
        if isinstance(await author.write(user(said)), Unusable):
            break  # what stood before is judged by what was said of it
        questions.append(user(_proposal(assignment, author, {})))
    if verdict.decision == "veto":
        reasons = "; ".join(verdict.reasons) or "no reason"
        return Unusable(problem="vetoed", found=f"the critic gives {said_as(reasons, 400)}")
    return verdict.score


async def _judge(
    gateway: Asker, seat: Role, draw: int, talk: list[Message], calls: list[Call]
) -> Verdict:
    """The critic's verdict on the last proposal of a talk, which goes on with its answer."""
    exchange = await consult(gateway, "critic", seat, seat.models, talk, VERDICT, draw, calls)
    if exchange is None or exchange.failure:
        return unread("no_answer")
    talk.append(echo(exchange))
    return read_verdict(exchange.text, exchange.finish)


def _alternative(task: str, number: int) -> str:
    if not number:
        return task
    return f"{task}\n\n(alternative {number + 1}: propose something different from the obvious)"


def _proposal(assignment: Assignment, author: Author, facts: Mapping[str, str]) -> str:
    """The critic's question; what it was told before is not told again."""
    said, mask = author.written, assignment.mask
    hypothesis = (said.hypothesis or said.idea) if said else ""
    return fill(
        load("critic"),
        {
            "parent": assignment.parent,
            "child": paragraph(mask.source(author.text or ""), MAX_ECHO) or "(empty)",
            "hypothesis": mask.prose(hypothesis) or "(nothing)",
            **{name: facts.get(name, "") for name in ("figures", "siblings", "goal")},
        },
    )


def _criticism(verdict: Verdict) -> str:
    return "\n".join((f"{verdict.decision}:", *(f"- {each}" for each in verdict.reasons)))


def _fate(end: float | Unusable, chosen: bool) -> str:
    if isinstance(end, Unusable):
        return end.problem
    return f"{'chosen' if chosen else 'passed over'} ({end:.3g} of {MAX_SCORE})"
