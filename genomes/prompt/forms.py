"""The kinds of prompts, and the placeholders that each kind may and must have."""

from __future__ import annotations

from dataclasses import dataclass

PLACEHOLDERS: dict[str, str] = {
    "parent": "the source text of the strategy to change",
    "figures": "its test results: fitness, metrics by stretch, asset and regime, its trades",
    "other": "the source text of a second strategy",
    "other_figures": "the second strategy's test results",
    "analysis": "what an analyst says went wrong with the first strategy, and what to try",
    "siblings": "what other children of the first strategy changed, and how they fared",
    "inspirations": "other strategies of this search: the best, different ones, recent ones",
    "lessons": "what past outcomes of this search teach",
    "failures": "what failed lately, and the refusals that this model gets most",
    "goal": "what the user wants a strategy to be",
    "child": "the source text of the strategy that is proposed",
    "hypothesis": "what its author says of it",
    "criticism": "what the critic says of it",
    "problem": "what was wrong with a reply, and what to write instead",
    "prompt": "the text of a prompt",
    "record": "what came of a prompt: gains, refusals, cost, difference to the control",
    "relatives": "the same of its relatives, with what sets them apart",
    "placeholders": "the placeholders that a prompt of a kind may have",
    "language": "the language page",
    "market": "what this market and this search are, without names and dates",
}
"""Every placeholder there is, and what stands in its place."""

RAW = frozenset(("language", "market", "placeholders"))
"""Words of our own: filled in as they are. All others are put between tags, as material."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a kind of prompt is made of.

    Attributes:
        required: Placeholders that it must have, and that must be given something.
        optional: Placeholders that it may have, and that may be given nothing.
        evolves: Whether it is a genome: written by models, varied, credited.
    """

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    evolves: bool = False

    @property
    def allowed(self) -> tuple[str, ...]:
        """All placeholders that it may have."""
        return self.required + self.optional


_MATERIAL = ("figures", "analysis", "siblings", "inspirations", "lessons", "failures", "goal")

FORMS: dict[str, Form] = {
    "mutate": Form(required=("parent",), optional=_MATERIAL, evolves=True),
    "cross": Form(
        required=("parent", "other"), optional=(*_MATERIAL, "other_figures"), evolves=True
    ),
    "system": Form(required=("language",), optional=("market",)),
    "reply": Form(),
    "analyst": Form(required=("parent", "figures")),
    "critic": Form(
        required=("parent", "child", "hypothesis"), optional=("figures", "siblings", "goal")
    ),
    "revise": Form(required=("criticism",)),
    "repair": Form(required=("problem",)),
    "rewrite": Form(required=("prompt", "record", "placeholders"), optional=("relatives",)),
}
"""Each kind of prompt, as the first line of its file names it."""

EVOLVABLE = tuple(kind for kind, form in FORMS.items() if form.evolves)


def placeholder_page(kind: str) -> str:
    """The placeholders of a kind, a line each: what the rewriter is told."""
    form = FORMS[kind]
    return "\n".join(
        f"- {{{name}}}: {PLACEHOLDERS[name]}" + ("; must be there" if name in form.required else "")
        for name in form.allowed
    )
