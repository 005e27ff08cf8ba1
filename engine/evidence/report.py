"""The report: what was searched, how many looks it took, and what may be believed; one record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from archive.lineage import best_path, family
from engine.evidence import shown, twins
from engine.evidence.case import Case, EvidenceError
from engine.evidence.finalists import Finalist, paths
from engine.evidence.pictures import Picture, bars, cloud, curve, marks
from engine.evidence.sealed import sealed_window
from engine.ledger import Campaign, Opening
from engine.ledger.data import Span
from engine.statistics import bootstrap, haircut, overfitting, sharpe
from engine.validation import champion_of
from genomes.genome import Genome
from genomes.records.entry import Entry
from genomes.records.outcome import Measured
from sandbox.market.panel import DAY_NS, YEAR_DAYS
from sandbox.returns import Returns

COMPARED = 30  # of the fittest, for the probability of backtest overfitting
BLOCKS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading, its lines and its pictures."""

    title: str
    lines: tuple[str, ...]
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What may be believed of a search.

    Attributes:
        title: The market, and the archive.
        verdict: First sentence, without statistics.
        sections: In the order read.
        source: The champion's file.
    """

    title: str
    verdict: str
    sections: tuple[Section, ...]
    source: str


def reported(case: Case) -> Report:
    """Put the report together. Training bars and the ledger are read, and no other bar.

    Args:
        case: The archive on its market.

    Raises:
        EvidenceError: Nothing has a fitness.
        LedgerError: The ledger was edited, or cannot be read or written.
    """
    chosen = case.champion()
    top = case.archive.top(COMPARED)
    if not top:
        raise EvidenceError(
            f"{case.place}: no strategy has a fitness, so there is nothing to report; search longer"
        )
    champion = top[0] if chosen is None else case.archive.get(chosen)
    accounts = case.accounts()
    campaign = accounts.campaign(case.data)
    try:
        window, _ = sealed_window(case)
    except EvidenceError:
        window = None
    openings = accounts.openings(case.data, window) if window else []
    mine = [one for one in openings if one.row.body["run"] == case.run and one.answer]
    split = case.market.split
    judged = [
        Finalist(name=f"candidate {one.id}", ids=(one.id,), texts=(one.text,))
        for one in (champion, *(one for one in top if one.id != champion.id))
    ]
    earned = paths(case, case.market, judged, (split.score_from, split.train_end))
    return Report(
        title=f"{case.market.name}: what may be believed of {case.place}",
        verdict=_verdict(mine, campaign),
        sections=(
            Section(title="What was searched", lines=tuple(_searched(case, campaign))),
            _champion(case, champion, earned[0]),
            Section(title="How good luck alone would look", lines=tuple(_luck(campaign, earned))),
            _gates(case, champion, window, openings),
            _search(case, champion),
        ),
        source=champion.text,
    )


def _verdict(mine: Sequence[Opening], campaign: Campaign) -> str:
    if not mine:
        return (
            f"Not judged yet: this is the best of {campaign.raw:,} looks at the same bars, and the "
            "bars that could tell skill from luck have not been opened."
        )
    return next(shown.answered(mine[-1]))


def _searched(case: Case, campaign: Campaign) -> Iterator[str]:
    train, validation, sealed = case.market.periods
    yield f"{case.market.name}: {', '.join(case.market.panel.symbols[:12])}"
    for name, period in (("training", train), ("validation", validation), ("sealed", sealed)):
        if period.bars:
            yield f"{name}: {shown.span((period.start, period.end))}, {period.bars:,} bars"
    yield (
        f"this search: {case.archive.generations() - 1} generations, "
        f"{case.archive.count():,} candidates, seed {case.config.seed}"
    )
    yield from (line.strip() for line in list(shown.campaign(campaign))[1:])
    if case.modelled:
        yield (
            "language models wrote in this search: where their training data reach into these "
            "bars, the later windows are contaminated, and only bars to come can tell"
        )


def _champion(case: Case, champion: Entry, earned: Returns) -> Section:
    outcome = champion.outcome
    assert isinstance(outcome, Measured)
    chosen = champion_of(case.archive)
    ladder = chosen.ladder if chosen else None
    lines = [
        f"candidate {champion.id}, generation {champion.generation}: "
        f"{' '.join(Genome(text=champion.text).idea.split())}",
        f"training fitness {outcome.fitness:.3f}; by fold "
        + ", ".join(f"{fold:.2f}" for fold in outcome.folds),
        f"training Sharpe {earned.sharpe:.2f} a year, over its own benchmark",
    ]
    if ladder is not None:
        answer = f"{ladder.best:.2f}" if ladder.releases else "no challenger was a step above 0"
        lines.append(
            f"validation: {answer}, in steps of {ladder.step:.2f} "
            f"({ladder.questions} challengers asked about, {ladder.releases} answers)"
        )
    dates = [shown.day(int(stamp)) for stamp in (earned.stamps[0], earned.stamps[-1])]
    edges = [
        (edge - case.market.split.score_from) / len(earned.net)
        for edge in case.market.split.fold_edges(case.config.objective.folds).tolist()
    ]
    wealth = np.cumprod(1 + earned.net)
    fallen = wealth / np.maximum.accumulate(np.maximum(wealth, 1)) - 1
    pictures = (
        curve("Wealth of the champion on training bars, folds marked", wealth, dates, edges),
        curve("Its fall from the highest wealth so far", fallen, dates, edges),
        bars("The objective's statistic by fold", outcome.folds),
    )
    return Section(title="The champion", lines=tuple(lines), pictures=pictures)


def _luck(campaign: Campaign, earned: Sequence[Returns]) -> Iterator[str]:
    """What the training figures are worth after all looks."""
    first = earned[0]
    year, excess = first.bars_per_year, first.excess
    if not float(excess.std()) > 0:
        yield "the champion did nothing but its benchmark"
        return
    sample = sharpe.moments(excess)
    annual, years = sample.sharpe * math.sqrt(year), sample.bars / year
    drawn = bootstrap.intervals(excess, bars_per_year=year, seed=0)
    yield (
        f"training Sharpe {annual:.2f}, {drawn.level:.0%} interval {drawn.sharpe.low:.2f} to "
        f"{drawn.sharpe.high:.2f} (stationary bootstrap; the choice of the best not allowed for)"
    )
    yield (
        f"probability that a single strategy with this record has an edge (PSR): "
        f"{sharpe.probabilistic(sample):.3f}"
    )
    looks = max(2, campaign.raw)
    deflated = sharpe.deflated(sample, trials=looks, variance=1 / (sample.bars - 1))
    yield (
        f"the best of {looks:,} useless independent looks would show "
        f"{deflated.benchmark * math.sqrt(year):.2f}; deflated Sharpe ratio (DSR) "
        f"{deflated.probability:.3f}. Looks are related, so this is harsh, and not a gate"
    )
    if annual > 0:
        cut = haircut.haircut(annual, years=years, tests=looks)
        yield (
            f"Sharpe after a haircut for as many tests (Harvey and Liu, Bonferroni): "
            f"{cut.sharpe:.2f}, {cut.share:.0%} less"
        )
        need = sharpe.minimum_track_record(sample) / year
        more = f", {need - years:.1f} more than there are" if need > years else ""
        yield f"years of such returns to tell one strategy from none at 5%: {need:.1f}{more}"
    if len(earned) >= 10 and sample.bars >= 4 * BLOCKS:
        found = overfitting.pbo(np.column_stack([one.excess for one in earned]), blocks=BLOCKS)
        yield (
            f"probability of backtest overfitting (PBO) among the {len(earned)} fittest: "
            f"{found.probability:.2f}; on noise it is .23 to .74, so this is a figure and no test"
        )


def _gates(
    case: Case, champion: Entry, window: Span | None, openings: Sequence[Opening]
) -> Section:
    lines: list[str] = []
    pictures: list[Picture] = []
    compared = twins.kept(case)
    if compared is None or not compared.twins:
        lines.append(
            f"gate 1, twins: not run. python -m engine.evidence twins {case.place} repeats the "
            "search on markets of noise"
        )
    else:
        lines += [line.strip() for line in shown.compared(case, compared, 0)]
        bests = [one.best for one in compared.twins if one.best is not None]
        pictures.append(marks("Best fitness on twins, and on the market", bests, compared.best))
    if window is None:
        lines.append("gate 2, the sealed window: this market's split leaves too few bars")
    elif not openings:
        years = max(window[1] - window[0], 1) / (DAY_NS * YEAR_DAYS)
        least = sharpe.detectable(years, tests=1)
        lines.append(
            f"gate 2, the sealed window {shown.span(window)}: not opened. It would find a true "
            f"Sharpe of {least:.2f} with 80% probability, one strategy alone; "
            f"python -m engine.evidence open {case.place}"
        )
    else:
        lines += [line.strip() for one in openings for line in shown.answered(one)]
    lines.append(
        "gate 3, bars to come: python -m engine.evidence forward "
        f"{case.place} --bars NEW compares champion and challengers on them"
    )
    return Section(title="The gates", lines=tuple(lines), pictures=tuple(pictures))


def _search(case: Case, champion: Entry) -> Section:
    """Where the champion came from, and what else was found."""
    kin = family(case.archive.kin("strategy"))
    path = [kin[one] for one in best_path(kin, champion.id)]
    lines = [
        f"{one.id}, generation {one.generation}, {one.operator}"
        + ("" if one.fitness is None else f", fitness {one.fitness:.3f}")
        + (f": {one.note}" if one.note else "")
        for one in path
    ]
    found = [
        (one.novelty, one.fitness)
        for one in kin.values()
        if one.fitness is not None and one.novelty is not None and math.isfinite(one.novelty)
    ]
    steps = [one.fitness for one in path if one.fitness is not None]
    pictures = [bars("Fitness along the champion's line", steps)]
    if found:
        pictures.append(cloud("All strategies: fitness against novelty", found))
    return Section(
        title="Where the champion came from", lines=tuple(lines), pictures=tuple(pictures)
    )
