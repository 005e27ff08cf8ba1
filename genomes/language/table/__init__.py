"""The one operator table: a row holds all that any room of the house knows of an operator.

The tracer, the checker, the grammar, the analysis of graphs, the wording of notes, the reference
page, the model's briefing, the kernels' catalogue and the property tests read it; none of them
holds a list of operators of its own (tests/genomes/language/test_one_table.py sees to that).
Formulas in `doc`: x[t] is the value at an asset's own bar t; sums run over the last n own bars
including t; an unknown in a window makes the value unknown; an infinite value counts as unknown
inside a window, a recursion or a cross-section, as in pandas. Recursions (ema and what is made of
it, state) keep their last value where an input is unknown.

How to add an operator:

1. Choose its family's file here, and copy the row that is most like it; its place is its place on
   the reference page and in the grammar. row.py says what each field means, args.py has the words.
2. `doc` is its formula in one line, with seeding, ddof and where it is unknown.
3. `args`, `dimension`, `warm_up`, `memory` are promises: the property tests hold it to each.
4. Write its kernel in the family's `sandbox/kernels/*_nb.py`, and name it: `kernel="file_nb.name"`.
5. Write its slow, obvious twin in tests/sandbox/kernels/twins.py, and give it the same name there;
   say in test_constant_windows.py beside it what it gives where nothing moves.
6. `range`, `response`, `scale`: what cannot be otherwise; FREE, UNKNOWN and ANY are always right.
7. `phrase`, `nouns`, `reason`: how notes speak of it; empty where they need not.
   `families`: of FAMILIES in genomes/language/analysis/families.py.
8. `weight`, `on`, `part`, `swap`, `traits`: how variation uses it. With weight 0, turn 0 and no
   swap it is never written by variation, and no structural run changes. Models read of it in their
   system message either way: freeze new digests in tests/invariants/test_digests.py and say so.
9. Run `pytest tests/genomes tests/sandbox/kernels tests/sandbox/test_intervals.py
   tests/sandbox/test_direction.py tests/invariants/test_digests.py`.
10. If another module must be touched, the table lacks a fact: add a field and fill every row.
"""

from __future__ import annotations

from genomes.language.table import (
    arithmetic,
    averages,
    change,
    cross_section,
    dispersion,
    events,
    extremes,
    logic,
    oscillators,
    regression,
    sizing,
    trends,
)
from genomes.language.table.args import MAX_BARS
from genomes.language.table.row import (
    Arg,
    Bars,
    Kind,
    Memory,
    On,
    Operator,
    Part,
    Range,
    Response,
    Runs,
    Scale,
    ScaleOf,
    Span,
    Static,
    Trait,
)


def _build() -> dict[str, Operator]:
    modules = (
        arithmetic, logic, change, averages, dispersion, extremes, regression, trends, oscillators,
        cross_section, events, sizing,
    )  # fmt: skip
    rows = [row for module in modules for row in module.ROWS]
    table = {row.name: row for row in rows}
    if len(table) != len(rows):
        raise AssertionError("an operator stands in the table twice")
    return table


OPERATORS: dict[str, Operator] = _build()


def having(*traits: Trait) -> frozenset[str]:
    """The names of the operators that have any of some traits."""
    return frozenset(n for n, row in OPERATORS.items() if set(traits) & set(row.traits))


__all__ = [
    "MAX_BARS",
    "OPERATORS",
    "Arg",
    "Bars",
    "Kind",
    "Memory",
    "On",
    "Operator",
    "Part",
    "Range",
    "Response",
    "Runs",
    "Scale",
    "ScaleOf",
    "Span",
    "Static",
    "Trait",
    "having",
]
