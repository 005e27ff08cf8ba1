"""What there is to tell a model, gathered for a task: nothing in it names a market or a year."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, cast

from archive.population import Population
from engine.llm.conversation import Assignment
from engine.llm.goal import Goal
from engine.llm.masking import Mask
from engine.llm.shown import Shown
from engine.operators.material import Library
from genomes.prompt import Prompt, parse, seeds
from genomes.records.candidate import Task
from genomes.records.entry import Entry
from tests.engine.llm.candidates import FIELDS, SOURCE, entry, measured

MASK = Mask(["AAPL", "SPY"], market="us_etf_daily", fields=FIELDS)
SEED = entry(
    1, measured(0.5), text=SOURCE.replace("Calm trend", "Spy since 2008"), operator="seed spy_buyer"
)


class Nobody:
    """An archive without candidates, and a pool that has studied none."""

    def entries(self, ids: Iterable[int]) -> Iterator[Entry]:
        return iter(())

    def study(self, graphs: Sequence[str]) -> Iterator[tuple[int, None]]:
        return ((index, None) for index in range(len(graphs)))


def assignment(prompt: Prompt) -> Assignment:
    library = Library(
        archive=cast(Any, Nobody()),
        pool=cast(Any, Nobody()),
        population=Population(),
        shown=Shown(MASK),
        system="the rules",
        goal=Goal(text="Beat spy as in 2008."),
        tokens=9000,
    )
    library.observe([SEED])
    task = Task(
        slot=0, candidate=9, species="strategy", operator="mutate", parents=(1,), seed=1,
        models=("big",), prompt=4,
    )  # fmt: skip
    (made,) = library.assignments([task], {4: prompt})
    return made


def test_an_assignment_brings_the_mask_that_its_texts_were_masked_with() -> None:
    made = assignment(seeds()["mutate-diagnose"])
    assert made.mask is MASK
    assert made.parent.startswith('"""asset_2 since date_1')
    told = "\n".join((made.parent, made.system, made.brief("SPY, 15 Sep"), *made.facts.values()))
    assert "asset 2, [date]" in told
    assert not any(leak in told for leak in ("SPY", "Spy", "spy", "2008", "Sep"))


def test_a_prompt_that_a_model_wrote_is_asked_with_without_names() -> None:
    text = (
        "# mutate: SPY\n\nThink of SPY.\n\n## In 2008\n\nIt fell on 15 Sep.\n\n"
        "## Strategy\n\n{parent}\n"
    )
    prompt = parse(text)
    assert isinstance(prompt, Prompt)
    told = assignment(prompt).brief("")
    assert told.startswith("Think of asset 2.\n\n## In [date]\n\nIt fell on [date].\n\n## Strategy")
    assert "<parent>" in told
