"""What people see of prompts and models: what was made with each, and what that was worth."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from rich.console import RenderableType
from rich.text import Text

from archive.figures import cut, figure, said, table
from archive.forecast import Brier, Forecast, brier
from archive.lineage import Family, layout
from archive.views import guides
from archive.written import Asked, Written, most
from genomes.prompt import control
from genomes.records.entry import Entry
from genomes.records.merit import Arm, Interval, Merit
from genomes.records.text import fixed, one_line

COLUMNS = ("kind", "uses", "refused", "gain", "credit", "to control", "cost", "Brier", "claim")
"""Columns of the table of prompts, beside their names."""

FIRST_TO_GO = ("Brier", "cost", "credit", "refused", "gain")
"""Columns that a narrow terminal's table does without, in this order."""

LEAST_TITLE = 16
"""Columns that a prompt's title keeps in the narrowest terminal."""

REFUSED = ("refused", "unusable")
"""Kinds of outcome of what could not even be drawn."""

UNRECORDED = (
    "credit is not recorded here: an earlier version wrote this archive; --resume it for one more "
    "generation to record it."
)

COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
"""What may stand before a prompt's first line: for people, no part of it."""

HEADING = re.compile(r"#\s*(\w+)\s*:\s*(.*)")
"""The first line of a prompt, as in `# mutate: Ask what the worst trades share`."""


def heading(text: str) -> tuple[str, str]:
    """A prompt's kind and title, also where it breaks rules; no kind where it names none."""
    first = COMMENT.sub("", text, count=1).strip().split("\n", 1)[0].strip()
    found = HEADING.fullmatch(first)
    return (found[1].lower(), found[2].strip()) if found else ("", first.lstrip("# "))


def controls(prompts: Iterable[Entry]) -> set[int]:
    """Ids of the prompts that others of their kind are compared with: seeds, known by their name.

    Args:
        prompts: Candidates that are prompts.
    """
    return {
        entry.id
        for entry in prompts
        if entry.operator == f"seed prompt {control(heading(entry.text)[0])}"
    }


def tree(
    family: Family,
    prompts: Mapping[int, Entry],
    written: Sequence[Written],
    merits: Mapping[Arm, Merit],
    box: bool,
    width: int,
) -> list[RenderableType]:
    """The prompts in use, each below its parent, with their track records.

    Args:
        family: All prompts.
        prompts: Those that may be used, by id.
        written: What models were asked for, in the order told.
        merits: What the run recorded of their worth.
        box: Whether the table has rules.
        width: Columns to stay within; titles give way.
    """
    if not prompts:
        return [Text("No prompts: no model wrote in this run. --llm MODEL adds one.")]
    made = _by_prompt(written)
    lines = layout(family, drawn=set(prompts), fold=False)
    ids = [line.folded[0].id for line in lines]
    records = [_record(one, prompts, made.get(one, []), merits.get(one)) for one in ids]
    names, going = list(COLUMNS), list(FIRST_TO_GO)
    while True:
        rows = [[record[name] for name in names] for record in records]
        left = width - (table(box, names, rows, left="kind claim").width or 0) - 4
        if left >= LEAST_TITLE or not going:
            break
        names.remove(going.pop(0))
    whole = [
        [cut(f"{guides(line, 24)}#{one} {_title(prompts[one].text)}", max(left, LEAST_TITLE)), *row]
        for line, one, row in zip(lines, ids, rows, strict=True)
    ]
    parts: list[RenderableType] = [table(box, ["prompt", *names], whole, left="prompt kind claim")]
    others = len(family) - len(prompts)
    if others:
        parts.append(Text(f"{others:,} more were rejected; see outcomes", style="dim"))
    return [*parts, *_legend("prompt", bool(made) and not merits)]


def prompt(
    entry: Entry,
    prompts: Mapping[int, Entry],
    written: Sequence[Written],
    merit: Merit | None,
    source: RenderableType,
    *,
    made: Sequence[RenderableType] = (),
) -> list[RenderableType]:
    """One prompt: its record, what became of what it asked for, and its text.

    Args:
        entry: The prompt.
        prompts: Those that may be used, by id.
        written: What models were asked for, in the order told.
        merit: What the run recorded of its worth, if anything.
        source: Its text, as it is to be shown.
        made: What a model that wrote it says of it.
    """
    used = _by_prompt(written).get(entry.id, [])
    kind, title = heading(entry.text)
    parts: list[RenderableType] = [
        said(f"#{entry.id} {one_line(title)}", "bold"),
        said(f"{kind or 'prompt'}, {entry.standing}, generation {entry.generation}"),
        said(one_line(f"{entry.operator}: {entry.note}" if entry.note else entry.operator)),
    ]
    if entry.parents:
        parts.append(Text("From " + ", ".join(f"#{parent}" for parent in entry.parents)))
    parts += [*made, Text(), Text(f"Uses: {len(used) or 'none'}", style="bold")]
    if used:
        ends = most(_end(one) for one in used)
        parts.append(said("  " + ", ".join(f"{count:,} {end}" for end, count in ends)))
        models = most((one.model or "no model", 1) for one in used)
        parts.append(said("  by " + ", ".join(f"{name} ({count:,})" for name, count in models)))
        if paid := _mean([one.cost for one in used]):
            parts.append(Text(f"  cost of one: {figure(paid)}"))
        parts.append(Text(f"  {_forecasts(used)}"))
        parts.append(Text(f"  mean gain: {_gain(used)}"))
    if merit is not None:
        parts.append(Text(f"  credit: {_interval(merit.credit)}"))
        parts.append(_compared(entry.id, prompts, merit))
    return [*parts, Text(), Text("Text", style="bold"), source]


def models(
    asked: Sequence[Asked],
    written: Sequence[Written],
    merits: Mapping[Arm, Merit],
    box: bool,
) -> list[RenderableType]:
    """Every model: what it was asked, what it wrote, and what that was worth.

    Args:
        asked: What each model was asked.
        written: What models were asked for, in the order told.
        merits: What the run recorded of their worth.
        box: Whether the table has rules.
    """
    wrote: dict[str, list[Written]] = {}
    for one in written:
        if one.model is not None and one.species == "strategy":
            wrote.setdefault(one.model, []).append(one)
    calls = {one.model: one for one in asked}
    if not calls and not wrote:
        return [Text("No model was asked anything. --llm MODEL adds one.")]
    names = ["model", "calls", "failed", "tokens", "cost", "wrote", "measured", "refused"]
    names += ["unusable", "gain", "credit", "Brier"]
    rows: list[list[str]] = []
    details: list[RenderableType] = []
    for name in sorted(calls.keys() | wrote.keys()):
        had, made = calls.get(name), wrote.get(name, [])
        merit = merits.get(name)
        failed = sum(count for _, count in had.failures) if had else 0
        row = [
            name,
            f"{had.calls:,}" if had else "-",
            f"{failed:,}" if had else "-",
            f"{had.tokens_in + had.tokens_out:,}" if had else "-",
            figure(had.cost or None) if had else "-",
            f"{len(made):,}",
            *(_share(made, [kind]) for kind in ("measured", "refused", "unusable")),
            _gain(made),
            _interval(merit.credit if merit else None),
            _score(made),
        ]
        rows.append(row)
        details += _details(name, had, made)
    tokens, cost = sum(h.tokens_in + h.tokens_out for h in asked), sum(h.cost for h in asked)
    total = f"In all {sum(had.calls for had in asked):,} questions, {tokens:,} tokens, cost "
    return [
        table(box, names, rows, left="model"),
        Text(total + (figure(cost) if cost else "not known: no price in llm.prices, or 0")),
        *([Text(), *details] if details else []),
        *_legend("model", bool(wrote) and not merits),
    ]


def _by_prompt(written: Iterable[Written]) -> dict[int, list[Written]]:
    made: dict[int, list[Written]] = {}
    for one in written:
        if one.prompt is not None:
            made.setdefault(one.prompt, []).append(one)
    return made


def _record(
    one: int, prompts: Mapping[int, Entry], made: Sequence[Written], merit: Merit | None
) -> dict[str, str]:
    """A prompt's cells by their columns' names."""
    difference = _interval(merit.difference if merit else None)
    return {
        "kind": one_line(heading(prompts[one].text)[0]) or "-",
        "uses": f"{len(made):,}",
        "refused": _share(made, REFUSED),
        "gain": _gain(made),
        "credit": _interval(merit.credit if merit else None),
        "to control": "control" if one in controls(prompts.values()) else difference,
        "cost": figure(_mean([each.cost for each in made]) or None),
        "Brier": _score(made),
        "claim": f"* {merit.claim}" if merit and merit.claim else "",
    }


def _compared(one: int, prompts: Mapping[int, Entry], merit: Merit) -> Text:
    if one in controls(prompts.values()):
        return Text("  The control: the others are compared with it.")
    if merit.difference is None:
        return Text("  It never met the control, so nothing is said of the difference.")
    ends = {"better": "better than the control", "worse": "worse than the control"}
    end = ends[merit.claim] if merit.claim else "no significant difference from the control yet"
    return Text(f"  difference to control: {_interval(merit.difference)}: {end}")


def _forecasts(made: Sequence[Written]) -> str:
    found = _brier(made)
    if found is None:
        return "Brier score: n/a (no forecasts)"
    return (
        f"Brier score: {found.score:.3f} [{found.low:.3f}, {found.high:.3f}] over {found.count:,}: "
        f"said {found.said:.0%}, came true {found.came_true:.0%}"
    )


def _details(name: str, had: Asked | None, made: Sequence[Written]) -> list[RenderableType]:
    """What a model's row has no room for: who it was, what failed and why, nothing where all is."""
    listed = {
        "asked as": had.roles if had else [],
        "no answer": had.failures if had else [],
        "unusable": most((one.reason, 1) for one in made if one.kind == "unusable"),
        "refused": most((one.reason, 1) for one in made if one.kind == "refused"),
    }
    parts = [
        f"{title}: " + ", ".join(f"{count:,} {word}" for word, count in counts)
        for title, counts in listed.items()
        if counts
    ]
    return [said(f"{one_line(name)}: {one_line('; '.join(parts))}")] if parts else []


def _legend(of: Literal["prompt", "model"], unrecorded: bool) -> list[RenderableType]:
    lines = [
        "gain: a child's over its parent, cut to [-1, 1]; -1 for what was not measured. credit: "
        "above that of an average use, with its 95% interval; cost counted.",
    ]
    if of == "prompt":
        lines.append(
            "to control: credit above the control's, in intervals that hold together with 95%; "
            "* leaves out 0. cost: of one use."
        )
    lines.append("Brier: of the stated chance to beat the parent; 0 is best, 0.25 a coin's.")
    if unrecorded:
        lines.append(UNRECORDED)
    return [Text(line, style="dim") for line in lines]


def _title(text: str) -> str:
    return one_line(heading(text)[1])


def _end(one: Written) -> tuple[str, int]:
    return (f"{one.kind} ({one.reason})" if one.reason else one.kind), 1


def _share(made: Sequence[Written], kinds: Sequence[str]) -> str:
    return f"{sum(one.kind in kinds for one in made) / len(made):.0%}" if made else "-"


def _gain(made: Sequence[Written]) -> str:
    gains = [one.gain for one in made if one.gain is not None]
    return f"{math.fsum(gains) / len(gains):+.3f}" if gains else "-"


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _brier(made: Iterable[Written]) -> Brier | None:
    forecasts = [
        Forecast(probability=one.probability, true=one.better)
        for one in made
        if one.probability is not None and one.better is not None
    ]
    return brier(forecasts) if forecasts else None


def _score(made: Iterable[Written]) -> str:
    found = _brier(made)
    return fixed(found.score if found else None)


def _interval(one: Interval | None) -> str:
    return "-" if one is None else f"{one.middle:+.3f} [{one.low:+.3f}, {one.high:+.3f}]"
