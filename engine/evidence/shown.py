"""What the gates say, in lines; an answer begins with a sentence without statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from engine.evidence.case import Case
from engine.evidence.forward import LEVEL, Forward
from engine.evidence.sealed import Offer
from engine.evidence.twins import Comparison
from engine.ledger import Campaign, Opening
from engine.ledger.data import Span
from engine.statistics import spending
from engine.statistics.e_process import expected_years
from engine.statistics.proportion import clopper_pearson

DISCOVERY = "Discovery"
NONE = "No discovery"


def day(stamp: int) -> str:
    """A stamp's day, UTC."""
    return f"{datetime.fromtimestamp(stamp / 1e9, UTC):%Y-%m-%d}"


def span(window: Span) -> str:
    """A span in words."""
    return f"{day(window[0])} to {day(window[1])}"


def level(alpha: float) -> str:
    """A level or p-value."""
    return f"{alpha:.4f}"


def offered(case: Case, offer: Offer) -> Iterator[str]:
    """What an opening would judge, cost, and could find."""
    yield (
        f"{case.market.name}: sealed window {span(offer.window)}, {offer.bars} bars "
        f"({offer.years:.1f} years)."
    )
    if offer.pending:
        yield (
            f"Opening {offer.number} of it was recorded on {offer.pending.row.time[:10]} and did "
            f"not come to its end; it is paid for, and this command goes on with it."
        )
    yield (
        f"This is opening {offer.number} of these bars: a discovery needs an adjusted p of at most "
        f"{level(offer.alpha)}. What is spent: the next opening will need "
        f"{level(offer.following)}."
    )
    yield (
        f"A true Sharpe of {offer.detectable:.2f} over its own past exposure would be found with "
        "80% probability; a smaller one is likely to be missed."
    )
    if offer.seen:
        yield (
            f"NOT SEALED: the ledger has {offer.seen:,} looks at bars of this window by searches "
            "or backtests with another split; read the answer as indicative."
        )
    if case.modelled:
        yield (
            "Language models wrote in this search; if their training data reach into this window, "
            "it is contaminated, and only later bars can tell."
        )
    yield "Finalists, frozen by the hash of their sources:"
    for each in offer.finalists:
        yield f"  {each.hash[:12]}  {each.name}"


def answered(opening: Opening) -> Iterator[str]:
    """What an opening found."""
    body, answer = opening.row.body, opening.answer
    if answer is None:
        yield (
            f"Opening {body['k']} of {span(opening.window)} on {opening.row.time[:10]}, by "
            f"{body['archive']}: did not come to its end."
        )
        return
    yield _verdict(answer["found"], body["alpha"])
    yield (
        f"Opening {body['k']} of {span(opening.window)} on {opening.row.time[:10]}, by "
        f"{body['archive']}; level {level(body['alpha'])}"
        + ("; NOT SEALED, indicative only" if body["seen"] else "")
    )
    yield f"  {'adjusted p':>10} {'Sharpe':>8} {'return':>9}  finalist"
    for each in answer["found"]:
        yield (
            f"  {level(each['p']):>10} {each['sharpe']:>8.2f} {each['total_return']:>9.1%}  "
            f"{each['name']}"
        )
    yield (
        "  Sharpe: per year, of the return over the objective's benchmark. Adjusted p: how often "
        "finalists without an edge would look as good, the best of them counted."
    )


def _verdict(found: Sequence[Mapping[str, Any]], alpha: float) -> str:
    names = [each["name"] for each in found if each["discovery"]]
    if names:
        return (
            f"{DISCOVERY}: {' and '.join(names)} earned more on bars that the search never saw "
            f"than luck explains (without any edge, one opening in {1 / alpha:.0f} would say so)."
        )
    return (
        f"{NONE}: on bars that the search never saw, its finalists did not earn more than luck "
        "explains. That is the usual result, and a valid one."
    )


def opened_before(openings: Sequence[Opening]) -> Iterator[str]:
    """What was found before, and what a new opening would pay."""
    for each in openings:
        yield from answered(each)
        yield ""
    following = len(openings) + 1
    yield (
        f"Nothing was opened now. A new opening of these bars would be number {following}, at a "
        f"level of {level(spending.alpha(following))}; --again asks for it."
    )


def compared(case: Case, found: Comparison, others: int) -> Iterator[str]:
    """What gate 1 found; others: further searches of the same bars in the ledger."""
    share = clopper_pearson(found.above, len(found.twins))
    few = 1 / (len(found.twins) + 1) > LEVEL
    if found.p <= LEVEL:
        verdict = "the search found more on these bars than it finds on noise"
    elif few and not found.above:
        verdict = "too few twins to tell these bars from noise"
    else:
        verdict = "the search finds as much on noise, so what it found here shows no skill"
    word = "indicative: " if found.surrogate else ""
    yield f"{word}{verdict}.".capitalize()
    yield (
        f"Gate 1 of {case.place}: best training fitness {found.best:.3f}; on {found.above} of "
        f"{len(found.twins)} sign-flipped twins as much or more: p = {found.p:.3f} (share of twins "
        f"{share.low:.2f} to {share.high:.2f} with 95% confidence)."
    )
    bests = sorted(-np.inf if each.best is None else each.best for each in found.twins)
    yield (
        f"  on twins   lowest {_fitness(bests[0])}, median "
        f"{_fitness(float(np.median(bests)))}, highest {_fitness(bests[-1])}, after the same "
        f"{found.generations} generations, screens included"
    )
    if few:
        yield f"  {len(found.twins)} twins cannot show p <= {LEVEL}; 19 are the least"
    if found.surrogate:
        yield (
            "  models wrote in this search, and structural operators in the twins: models would "
            "find more on noise, too, so this p-value is too small"
        )
    if others:
        yield (
            f"  searches of these bars in the ledger beside this one: {others}; the twins repeat "
            "this one only, and the p-value does not count the others"
        )


def _fitness(value: float) -> str:
    return f"{value:.3f}" if np.isfinite(value) else "none"


def judged(case: Case, found: Forward) -> Iterator[str]:
    """What new bars say of champion and challengers."""
    winner = found.promoted
    if winner is not None:
        yield (
            f"Promote {winner.finalist.name}: on bars that came after the search it did better "
            "than the champion, by more than luck explains."
        )
    else:
        yield (
            f"Keep the champion, {found.champion.finalist.name}: no challenger has shown to be "
            "better on bars that came after the search."
        )
    bars = len(found.champion.returns.net)
    yield (
        f"Gate 3 of {case.place}: {span(found.window)}, {bars} bars "
        f"({bars / found.champion.returns.bars_per_year:.2f} years); nothing was fitted again"
    )
    yield f"  {'evidence':>9} {'highest':>8} {'needed':>7} {'Sharpe':>7} {'return':>8}  finalist"
    for each, role in ((found.champion, "champion, against its benchmark"), *(
        (one, "against the champion") for one in found.challengers
    )):  # fmt: skip
        process, path = each.process, each.returns
        yield (
            f"  {process.value:>9.3f} {process.peak:>8.3f} {each.threshold:>7.0f} "
            f"{path.sharpe:>7.2f} {float(np.prod(1 + path.net) - 1):>8.1%}  "
            f"{each.finalist.name}, {role}"
        )
    yield (
        "  Evidence: wealth of a bet, from 1; without an edge it ever reaches what is needed in at "
        f"most {LEVEL:.0%} of cases, however often one looks. At a Sharpe difference of 1 expect "
        f"{expected_years(1.0, LEVEL):.0f} years; bring all new bars so far each time."
    )


def campaign(one: Campaign) -> Iterator[str]:
    """One campaign of the ledger."""
    names = ", ".join(dict.fromkeys(each.market for each in one.data))
    symbols = sorted({symbol for each in one.data for symbol in each.symbols})
    some = ", ".join(symbols[:6]) + (f" and {len(symbols) - 6} more" if len(symbols) > 6 else "")
    whole = (min(each.span[0] for each in one.data), max(each.span[1] for each in one.data))
    yield f"{names}: {some}, {span(whole)}"
    by = ", ".join(f"{count:,} {kind}" for kind, count in sorted(one.looks.items()))
    yield f"  looks     {one.raw:,} raw ({by or 'none'}); {one.distinct:,} distinct"
    searches = len(one.runs)
    yield f"  searches  {searches}"
    for run, body in one.null.items():
        yield (
            f"  null      search {run}: its best is that of {body['null']:,.0f} independent "
            f"trials on noise, by {body['twins']} twins"
        )
    if not one.null:
        yield "  null      not calibrated: python -m engine.evidence twins ARCHIVE"
    yield f"  ladder    {one.validations} challengers were put to validation"
    for each in one.openings:
        found = "did not end" if each.answer is None else _short(each.answer["found"])
        yield (
            f"  opening   {each.row.body['k']} on {each.row.time[:10]}, {span(each.window)}, level "
            f"{level(each.row.body['alpha'])}: {found}"
        )
    following = len(one.openings) + 1
    yield (
        f"  next      opening {following}, at a level of {level(spending.alpha(following))}, where "
        "it sees bars opened before"
        if one.openings
        else f"  next      opening 1, at a level of {level(spending.alpha(1))}"
    )


def _short(found: Sequence[Mapping[str, Any]]) -> str:
    names = [each["name"] for each in found if each["discovery"]]
    return f"{DISCOVERY.lower()}: {', '.join(names)}" if names else NONE.lower()
