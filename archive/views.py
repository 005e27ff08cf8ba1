"""What people see of an archive, as rich renderables: tree, table, card, diff."""

from __future__ import annotations

import ast
import difflib
import math
from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from archive.figures import figure, pairs, said, table
from archive.lineage import Family, Line, best_path, gain, steps
from genomes.records.entry import Entry, Kin
from genomes.records.outcome import (
    Admitted,
    Crashed,
    DependsOnStart,
    Duplicate,
    Floored,
    Measured,
    Refused,
    Unusable,
)
from genomes.records.text import escaped, fixed, one_line

COLUMNS: dict[str, tuple[str, ...]] = {
    "sharpe": ("sharpe",),
    "drawdown": ("drawdown", "max_drawdown"),
    "turnover": ("turnover",),
    "trades": ("trades",),
}
"""Columns of the table that are metrics, each with the names it may have in an outcome."""

LEAST_IDEA = 20
"""Columns that a docstring's first line keeps in the narrowest terminal."""

FIRST_TO_GO = ("novelty", "gen", "operator", "turnover", "trades", "drawdown", "sharpe")
"""Columns that a narrow terminal's table does without, in this order."""

OWN = ("fitness", "novelty", "generation", "nodes", "id")
"""What else candidates can be sorted by."""


def headline(text: str) -> str:
    """The first line of a strategy's docstring; of its text where it has none or is not Python."""
    try:
        idea = ast.get_docstring(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        idea = None
    lines = (idea or text).strip().splitlines()
    return lines[0].strip() if lines else ""


def sort_value(entry: Entry, name: str) -> float | None:
    """What a measured candidate is sorted by; None where it has no such figure.

    Args:
        entry: Measured.
        name: One of OWN, a column of the table, or a metric or axis of the outcome.
    """
    outcome = entry.outcome
    assert isinstance(outcome, Measured)
    own: dict[str, float | None] = {
        "fitness": outcome.fitness,
        "novelty": entry.novelty,
        "generation": entry.generation,
        "nodes": outcome.nodes,
        "id": entry.id,
    }
    value = own[name] if name in own else _first(figures_of(entry), COLUMNS.get(name, (name,)))
    return None if value is None or math.isnan(value) else value


def figures_of(entry: Entry) -> Mapping[str, float]:
    """A measured candidate's metrics and axes by name."""
    outcome = entry.outcome
    return {**outcome.metrics, **outcome.axes} if isinstance(outcome, Measured) else {}


def tree(family: Family, lines: Sequence[Line], drawn: int, width: int) -> list[RenderableType]:
    """The forest of descent, one line a candidate or folded chain; only folded ones are dim.

    Args:
        family: All candidates.
        lines: As `archive.lineage.layout` laid them out.
        drawn: Candidates those lines stand for.
        width: Columns to stay within; what an operator did is cut short, figures never are.
    """
    shown: list[RenderableType] = [_branch(family, line, width) for line in lines]
    if not family:
        shown.append(Text("No candidates yet."))
    elif drawn < len(family):
        shown.append(
            Text(f"{drawn:,} of {len(family):,} candidates; --all shows every one", style="dim")
        )
    return shown


def top(entries: Sequence[Entry], box: bool, width: int, sort: str = "fitness") -> Table:
    """A table of measured candidates, a row each, with the first line of its docstring last.

    Args:
        entries: The candidates.
        box: Whether it has rules.
        width: Columns to stay within: the docstrings give way, then the columns of FIRST_TO_GO;
            what is shown is never cut.
        sort: What they are sorted by, whose column stays.
    """
    columns = [_column(entry) for entry in entries]
    names = ["id", "fitness", *COLUMNS, "novelty", "gen", "operator"]
    stays = {"generation": "gen"}.get(sort, sort)
    going = [name for name in FIRST_TO_GO if name != stays]
    while True:
        rows = [[column[name] for name in names] for column in columns]
        left = width - (table(box, names, rows).width or 0) - 2
        if left >= LEAST_IDEA or not going:
            break
        names.remove(going.pop(0))
    for entry, row in zip(entries, rows, strict=True):
        idea = Text(one_line(headline(entry.text)))
        idea.truncate(max(left, LEAST_IDEA), overflow="ellipsis")
        row.append(idea.plain)
    return table(box, [*names, "idea"], rows, left="operator idea")


def _column(entry: Entry) -> dict[str, str]:
    """A measured candidate's cells by their columns' names."""
    return {
        "id": f"#{entry.id}",
        "fitness": fixed(sort_value(entry, "fitness")),
        **{name: figure(sort_value(entry, name)) for name in COLUMNS},
        "novelty": fixed(entry.novelty),
        "gen": str(entry.generation),
        "operator": entry.operator,
    }


def card(
    entry: Entry,
    family: Family,
    children: Sequence[int],
    source: RenderableType,
    *,
    made: Sequence[RenderableType] = (),
    lineage: Sequence[RenderableType] | None = None,
) -> list[RenderableType]:
    """Everything about one candidate.

    Args:
        entry: The candidate.
        family: All candidates of its species.
        children: Ids of its children.
        source: Its text, as it is to be shown.
        made: What else is known of how it was made.
        lineage: The line it comes from, where there is more to say of it than its steps.
    """
    one = family[entry.id]
    place = f"  generation {entry.generation}, slot {entry.slot}"
    parts: list[RenderableType] = [
        Text.assemble(label(family, one), place),
        Text(_step(entry)),
        Text(),
        *_outcome(entry),
        *([Text(), *made] if made else []),
        Text(),
        Text("Lineage", style="bold"),
        *(_lineage(entry, family) if lineage is None else lineage),
    ]
    for title, ids in (("Parents", entry.parents), ("Children", children)):
        parts += [Text(), Text(f"{title}: {len(ids) or 'none'}", style="bold")]
        parts += [Text.assemble("  ", label(family, family[each])) for each in ids]
    return [*parts, Text(), Text("Source", style="bold"), source]


def _lineage(entry: Entry, family: Family) -> list[RenderableType]:
    path = [family[step] for step in best_path(family, entry.id)]
    return [Text.assemble("  ", label(family, kin), f"  {_step(kin)}") for kin in path]


def diff(old: Entry, new: Entry, box: bool) -> list[RenderableType]:
    """What changed from one candidate to another: the source as a unified diff, then figures."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    changes = difflib.unified_diff(
        old.text.splitlines(),
        new.text.splitlines(),
        f"#{old.id} {headline(old.text)}",
        f"#{new.id} {headline(new.text)}",
        lineterm="",
    )
    lines = [said(line, styles.get(line[:1], "")) for line in changes]
    parts: list[RenderableType] = [*lines] or [Text("The sources are equal.")]
    before, after = _all_figures(old), _all_figures(new)
    rows: list[list[str]] = []
    for name in [*before, *(name for name in after if name not in before)]:
        one, other = before.get(name), after.get(name)
        change = None if one is None or other is None else other - one
        rows.append([name, figure(one), figure(other), figure(change, signed=True)])
    rows.append(["outcome", old.standing, new.standing, ""])
    names = ["figure", f"#{old.id}", f"#{new.id}", "change"]
    return [*parts, Text(), table(box, names, rows, left="figure")]


def guides(line: Line, width: int) -> str:
    """What leads to a line of a drawn tree from its left; its depth where that is too wide."""
    lead = "".join("   " if last else "│  " for last in line.last[:-1])
    if len(lead) > width:
        lead = f"({len(line.last)} deep) "
    return lead + ("" if not line.last else "└─ " if line.last[-1] else "├─ ")


def _branch(family: Family, line: Line, width: int) -> Text:
    text = Text(guides(line, width // 2))
    one = line.folded[-1]
    if len(line.folded) > 1:
        text.append(f"… {steps(family, line.folded)} …")
        text.stylize("dim")
    else:
        text.append_text(label(family, one))
        others = "".join(f" × #{parent}" for parent in one.parents[1:])
        if one.operator != one.standing:  # a seed is a seed by `seed`
            text.append(f"  {one_line(one.operator)}{others}", style="cyan")
        text.append(f"  {one_line(one.note)}" if one.note else "")
    more = f"  (+{line.hidden:,} more)" if line.hidden else ""
    text.truncate(max(width - len(more), 20), overflow="ellipsis")
    return text.append(more, style="dim")


def _step(one: Entry | Kin) -> str:
    """How a candidate came about: its operator, and what that did where it said so."""
    return one_line(f"{one.operator}: {one.note}" if one.note else one.operator)


def label(family: Family, one: Kin) -> Text:
    """A candidate in a few words: id, fitness, its gain over its best parent, standing."""
    if one.fitness is None:
        return Text(f"#{one.id} {one.standing}")
    text = Text()
    text.append(f"#{one.id} {one.fitness:.3f}", style="bold")
    change = gain(one, family)
    if change is not None:
        text.append(f" {change:+.3f}", style="green" if change > 0 else "red" if change < 0 else "")
    return text.append(f" {one.standing}")


def _outcome(entry: Entry) -> list[RenderableType]:
    match entry.outcome:
        case Measured() as outcome:
            folds = " ".join(fixed(fold) for fold in outcome.folds)
            figures = {"fitness": outcome.fitness, "novelty": entry.novelty, **outcome.metrics}
            return [
                pairs(figures),
                Text(f"Folds: {folds}"),
                *_behaviour(outcome.axes),
                *(said(f"Warning: {warning}", "yellow") for warning in outcome.warnings),
                Text(f"Graph: {outcome.nodes} nodes, key {outcome.key}", style="dim"),
            ]
        case Floored() as outcome:
            why = f"{outcome.floor} is {figure(outcome.figure)}, needs {figure(outcome.needed)}"
            return [Text(f"No fitness: {why}.", style="yellow"), pairs(outcome.metrics)]
        case DependsOnStart() as outcome:
            why = (
                "No fitness: begun later in the data it holds other weights, by up to "
                f"{figure(outcome.difference)}; a date could hide in them."
            )
            return [Text(why, style="yellow")]
        case Refused() as outcome:
            parts: list[RenderableType] = [Text("Refused; nothing ran.", style="yellow")]
            lines = entry.text.splitlines()
            for refusal in outcome.refusals:
                parts.append(said(f"  {refusal}"))
                if 1 <= refusal.line <= len(lines):
                    before = lines[refusal.line - 1][: max(refusal.column - 1, 0)]
                    parts.append(said(f"    {lines[refusal.line - 1]}", "bold"))
                    parts.append(Text(" " * (4 + len(escaped(before))) + "^", style="red"))
            return parts
        case Duplicate() as outcome:
            return [Text(f"Its graph is that of #{outcome.of}; nothing ran.", style="yellow")]
        case Crashed() as outcome:
            return [said(f"A worker failed at {outcome.stage}: {outcome.reason}", "red")]
        case Unusable() as outcome:
            return [said(f"Nothing to draw ({outcome.problem}): {outcome.found}", "yellow")]
        case Admitted() as outcome:
            return [Text(f"A prompt that may be used; `prompts {entry.id}` shows its record.")]


def _behaviour(axes: Mapping[str, float]) -> list[RenderableType]:
    """The axes along which behaviours are told apart, by name; nothing where there are none."""
    return [Text("Behaviour", style="bold"), pairs(axes)] if axes else []


def _all_figures(entry: Entry) -> Mapping[str, float]:
    match entry.outcome:
        case Measured() as outcome:
            return {"fitness": outcome.fitness, **outcome.metrics, "nodes": outcome.nodes}
        case Floored() as outcome:
            return {**outcome.metrics, "nodes": outcome.nodes}
        case _:
            return {}


def _first(figures: Mapping[str, float], names: Sequence[str]) -> float | None:
    return next((figures[name] for name in names if name in figures), None)
