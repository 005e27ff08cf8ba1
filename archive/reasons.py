"""Why a candidate was made: models' own words beside what came of it, and their debate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from archive.figures import cut, figure, said
from archive.lineage import Family, best_path
from archive.views import label
from archive.written import most
from genomes.records.entry import Entry
from genomes.records.exchange import SHARED, Exchange, Message
from genomes.records.outcome import Duplicate, Measured
from genomes.records.proposal import Call
from genomes.records.text import escaped, fixed, one_line
from genomes.records.trial import Trial

SHORT_LINES, SHORT_CHARACTERS = 8, 600
"""What is shown of a long passage unless all of it is asked for."""


def explained(
    entry: Entry, family: Family, entries: Mapping[int, Entry], titles: Mapping[int, str]
) -> list[RenderableType]:
    """Along the best line to a candidate: why each change was made, and what came of it.

    Args:
        entry: The candidate.
        family: All candidates of its species.
        entries: The candidates on its best line, and their parents, by id.
        titles: Title of each prompt that asked for one of them, by id.
    """
    parts: list[RenderableType] = []
    for step in best_path(family, entry.id):
        one = entries[step]
        generation = f"  generation {one.generation}"
        parts.append(Text.assemble("  ", label(family, family[step]), generation))
        parts += [said(f"    {line}", style) for line, style in _why(one, titles)]
        effects = [line for parent in one.parents if (line := _effect(one, entries[parent]))]
        parts += [Text(f"    {line}") for line in dict.fromkeys(effects)]
        if one.parents and (verdict := _verdict(one, entries[one.parents[0]])):
            parts.append(Text(f"    {verdict}", style="yellow"))
    return parts


def made(entry: Entry, titles: Mapping[int, str], trials: Sequence[Trial]) -> list[RenderableType]:
    """How a candidate was made, in a few lines: by which model and why, or by which trials.

    Args:
        entry: The candidate.
        titles: Title of the prompt that asked for it, by id.
        trials: What a tuner tried on the way to it.
    """
    parts: list[RenderableType] = []
    if entry.proposal is not None or entry.model is not None:
        parts += [said(line, style) for line, style in _why(entry, titles)]
    if entry.proposal is not None:
        told = entry.proposal
        count = len(told.calls)
        parts.append(
            Text(
                f"{count} question{'' if count == 1 else 's'}, {told.tokens:,} tokens, cost "
                f"{figure(told.cost)}; calls {entry.id} shows them",
                style="dim",
            )
        )
    if trials:
        ends = ", ".join(f"{count:,} {end}" for end, count in most((t.state, 1) for t in trials))
        found = [t.fitness for t in trials if t.state == "measured" and t.fitness is not None]
        best = f"; fitness up to {max(found):.3f}" if found else ""
        parts.append(Text(f"Tuned in {len(trials):,} trials: {ends}{best}"))
    return parts


def debate(
    entry: Entry, exchanges: Sequence[tuple[Call, Exchange | None]], full: bool
) -> list[RenderableType]:
    """Each question on the way to a candidate, and its answer.

    Args:
        entry: The candidate.
        exchanges: Its calls, each with what the transcript holds of it.
        full: Whether passages are shown whole.
    """
    if not exchanges:
        return [Text(f"#{entry.id} was made by {one_line(entry.operator)}: no model was asked.")]
    parts: list[RenderableType] = []
    shown: dict[str, int] = {}  # passage -> the question it was shown with
    for number, (call, exchange) in enumerate(exchanges, start=1):
        title = f"{number}. {one_line(call.role)}, {one_line(call.model)}"
        parts.append(Text.assemble((title, "bold"), f"  {_took(call, exchange)}"))
        if exchange is None:
            parts.append(Text("   The transcript does not hold it.", style="yellow"))
            continue
        for message in exchange.messages:
            first = shown.setdefault(message.text, number)
            if first < number:
                parts.append(Text(f"   {message.speaker}: as in question {first}", style="cyan"))
            else:
                parts += _passage(message, full)
        parts += [said(f"   attempt failed: {one_line(one)}", "dim") for one in exchange.attempts]
        if exchange.failure:
            parts.append(said(f"   no answer: {one_line(exchange.failure)}", "red"))
        else:
            parts += _passage(Message(speaker="assistant", text=exchange.text), full)
        parts.append(Text())
    return parts if full else [*parts, Text("Long passages are cut; --full shows all.", "dim")]


def _why(one: Entry, titles: Mapping[int, str]) -> list[tuple[str, str]]:
    """Who made it and why, as they say: lines, each with its style."""
    if one.proposal is None and one.model is None:
        return [(one_line(f"{one.operator}: {one.note}" if one.note else one.operator), "")]
    title = titles.get(one.prompt) if one.prompt is not None else None
    asked = f", asked with #{one.prompt}" if one.prompt is not None else ""
    asked += f" ({one_line(title)})" if title else ""
    lines = [(f"{one_line(one.model or 'no model')}{asked}, by {one_line(one.operator)}", "cyan")]
    told = one.proposal
    if told is None:
        return lines
    if told.hypothesis.strip():
        lines.append((f'it says: "{one_line(told.hypothesis.strip())}"', ""))
    else:
        lines.append(("it gave no reason", ""))
    if told.probability is not None and one.parents:
        lines.append((f"it gave {told.probability:.0%} to beating #{one.parents[0]}", ""))
    if told.mended:
        lines.append((f"its first attempt went back: {one_line(told.mended)}", ""))
    return lines


def _effect(one: Entry, parent: Entry) -> str:
    """What a candidate is worth beside a measured parent, overall and by fold."""
    if not isinstance(parent.outcome, Measured):
        return ""
    before, outcome = parent.outcome, one.outcome
    if not isinstance(outcome, Measured):
        return f"measured: nothing to compare with #{parent.id}: {_end(one)}"
    change = outcome.fitness - before.fitness
    text = (
        f"measured: fitness {before.fitness:.3f} (#{parent.id}) -> {outcome.fitness:.3f} "
        f"({change:+.3f})"
    )
    if len(before.folds) == len(outcome.folds) and outcome.folds:
        folds = zip(before.folds, outcome.folds, strict=True)
        text += "; folds " + " ".join(fixed(new - old, signed=True) for old, new in folds)
    return text


def _verdict(one: Entry, parent: Entry) -> str:
    """Says so where what a model forecast and what was measured disagree; else nothing."""
    forecast = one.proposal.probability if one.proposal else None
    if forecast is None or not isinstance(parent.outcome, Measured):
        return ""
    if not isinstance(one.outcome, Measured):
        came = f"it came to nothing ({_end(one)})" if forecast > 0.5 else ""
    else:
        change = one.outcome.fitness - parent.outcome.fitness
        came = ""
        if forecast > 0.5 and change <= 0:
            came = f"it came out worse, by {-change:.3f}" if change else "it came out the same"
        elif forecast < 0.5 and change > 0:
            came = f"it came out better, by {change:.3f}"
    stated = "better" if forecast > 0.5 else "no better"
    chance = forecast if forecast > 0.5 else 1 - forecast
    return f"Said and measured disagree: {stated}, at {chance:.0%}; {came}." if came else ""


def _end(one: Entry) -> str:
    match one.outcome:
        case Duplicate() as outcome:
            return f"it is #{outcome.of} again"
        case outcome if outcome.cause:
            return f"{outcome.kind}: {one_line(outcome.cause)}"
        case _:
            return one_line(one.standing)


def _took(call: Call, exchange: Exchange | None) -> str:
    if exchange is None:
        return ""
    shared = ", shared" if call.draw == SHARED else ""
    took = exchange.tokens_in + exchange.tokens_out
    paid = ", paid for by another candidate" if took and not call.tokens else ""
    ended = f", ended by {one_line(exchange.finish)}" if exchange.finish not in ("", "stop") else ""
    cost = f", cost {figure(exchange.cost)}" if exchange.cost else ""
    return (
        f"{exchange.tokens_in:,} tokens in, {exchange.tokens_out:,} out{cost}, "
        f"{exchange.seconds:.1f} s{shared}{paid}{ended}"
    )


def _passage(message: Message, full: bool) -> list[RenderableType]:
    text = escaped(message.text).strip("\n")
    lines = text.split("\n")
    more = ""
    if not full:
        lines = cut(text, SHORT_CHARACTERS).split("\n")[:SHORT_LINES]
        if "\n".join(lines) != text:
            more = f", {len(text):,} characters"
    return [
        Text(f"   {message.speaker}{more}:", style="cyan"),
        *(Text(f"      {line}") for line in lines),
    ]
