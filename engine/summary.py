"""What a run says at its end: the champion, its figures, its file, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genomes.genome import Genome
from genomes.records.outcome import Measured

if TYPE_CHECKING:
    from engine.session import Found

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


def closing(found: Found) -> Iterator[str]:
    """The closing lines of a run."""
    yield ""
    if found.spent:
        yield found.spent
    if found.stopped:
        told = f"after generation {found.generations - 1}" if found.generations else "at once"
        yield (
            f"Stopped {told}; all of it is in {found.archive}. "
            f"Continue with --resume --archive {found.archive}."
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
        yield f"  its file: {found.champion_file}"
        yield (
            "  These are training figures of the best of many: they show what the search "
            "optimised, not what will be earned. Nothing here is evidence yet."
        )
    yield from found.notes
    yield f"Archive: {found.archive}  (python -m archive.show {found.archive})"
