"""What a run says at its start, and at its end: the champion, its figures, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genomes.genome import Genome
from genomes.records.outcome import Measured

if TYPE_CHECKING:
    from engine.run import Found
    from engine.settings import LLM
    from engine.startup import Plan

_FIGURES = (
    ("sharpe", "Sharpe", "{:.2f}"),
    ("excess_sharpe", "Sharpe over its own past exposure", "{:.2f}"),
    ("cagr", "return per year", "{:.1%}"),
    ("max_drawdown", "largest drawdown", "{:.1%}"),
    ("turnover", "turnover per year", "{:.1f}"),
    ("trades", "trades", "{:.0f}"),
    ("return_at_double_cost", "total return at doubled costs", "{:.1%}"),
    ("return_at_delay", "total return one bar late", "{:.1%}"),
)


def opening(planned: Plan, place: str, replay: str | None) -> Iterator[tuple[str, str | None]]:
    """The first lines of a run, each with its style: market, seeds, models, and what is odd.

    Args:
        planned: The run.
        place: Path or URL of its archive.
        replay: The archive whose answers are given again; None where models are asked.
    """
    from engine.llm.keys import INVITATION

    market, config = planned.market, planned.config
    scored = market.split.train_end - market.split.score_from
    yield (
        f"{market.name}: {market.panel.assets} assets, training on {scored} bars after "
        f"{market.split.score_from} of warm-up. {len(planned.seeds)} seeds, population "
        f"{config.search.population}, seed {config.seed}, archive {place}",
        None,
    )
    if config.llm.models:
        yield _of_models(config.llm), None
    notes = [finding.text for finding in market.findings[:5]]
    if planned.left_out:
        notes.append(
            "built-in seeds left out, since they need a field that this market lacks or a "
            f"longer memory than max_window = {market.split.max_window} bars: "
            f"{', '.join(planned.left_out)}"
        )
    yield from ((f"  note: {note}", "yellow") for note in notes)
    if replay is not None:
        yield f"  replays {replay}: no model is asked, at no cost", None
    elif not config.llm.models:
        yield f"  {INVITATION}", "dim"


def _of_models(settings: LLM) -> str:
    """The models of a run in a line."""
    share = (
        "a share of candidates that adapts to credit"
        if settings.share == "auto"
        else f"{settings.share:.0%} of candidates"
    )
    when = f", every {settings.every} generations" if settings.every > 1 else ""
    when += f", after {settings.plateau} generations without progress" if settings.plateau else ""
    goal = _goal(settings) if settings.goal or settings.category else ""
    return f"  models: {', '.join(settings.models)}, for {share}{when}{goal}"


def _goal(settings: LLM) -> str:
    """The goal, and the category that candidates are checked for."""
    from engine.llm.goal import goal_of

    category = settings.category or goal_of(settings.goal).category
    said = f'; goal: "{settings.goal}"' if settings.goal else "; goal"
    if not category:
        return said
    read = "" if settings.category else "read as "
    return f"{said} ({read}{category}; llm.category changes it)"


def _of_validation(found: Found) -> Iterator[str]:
    """What the ladder released, and what it took."""
    ladder = found.ladder
    if ladder is None or ladder.best is None:
        return
    asked = "1 challenger was" if ladder.questions == 1 else f"{ladder.questions} challengers were"
    if not ladder.releases:
        yield (
            f"  validation: {asked} put to it, and none was {ladder.step:.2f} above its own past "
            "exposure, so this is the fittest in training only"
        )
        return
    yield (
        f"  validation: Sharpe over its own past exposure about {ladder.best:.2f}, in steps of "
        f"{ladder.step:.2f}; {asked} put to it, {ladder.releases} became champion"
    )


def closing(found: Found) -> Iterator[str]:
    """The closing lines of a run."""
    yield ""
    if found.spent:
        yield found.spent
    if found.stopped:
        last = f"after generation {found.generations - 1}" if found.generations else "at once"
        yield (
            f"Stopped {last}; all of it is in {found.archive}. "
            f"Continue with the same command and --resume --archive {found.archive}."
        )
    champion = found.champion
    if champion is None or not isinstance(champion.outcome, Measured):
        counts = ", ".join(f"{count} {floor}" for floor, count in found.floors.items())
        yield (
            "No strategy met the minimum requirements. That is a valid result. "
            f"({counts or 'none ran'})"
        )
    else:
        outcome = champion.outcome
        idea = Genome(text=champion.text).idea
        yield f"Champion: candidate {champion.id}, generation {champion.generation}"
        yield f"  {' '.join(idea.split())}"
        yield f"  fitness {outcome.fitness:.3f} over {len(outcome.folds)} folds: " + ", ".join(
            f"{fold:.2f}" for fold in outcome.folds
        )
        yield "  " + "; ".join(
            f"{label} {form.format(outcome.metrics[name])}"
            for name, label, form in _FIGURES
            if name in outcome.metrics
        )
        yield from _of_validation(found)
        yield f"  its file: {found.champion_file}"
        yield (
            "  These are training figures of the best of many: they show what the search "
            "optimised, not what will be earned. Nothing here is evidence yet: "
            f"python -m engine.evidence twins {found.archive} compares it with noise, and "
            f"python -m engine.evidence open {found.archive} with bars that it did not see."
        )
    yield from found.notes
    yield f"Archive: {found.archive}  (python -m archive.show {found.archive})"
