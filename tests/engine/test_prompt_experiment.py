"""The prompt experiment through the whole engine: what is better is found, and nothing invented."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from engine.claims import Record
from tests.benchmarks.prompt_experiment import experiment, gain_of, read
from tests.engine.prompt_engine import World, evolve

# Run by hand at length: -m slow. One seed of each stays in the suite.
few_or_many = pytest.mark.parametrize(
    "seeds", [range(1), pytest.param(range(1, 21), marks=pytest.mark.slow)], ids=["few", "many"]
)


@few_or_many
def test_better_prompts_and_models_are_found_and_their_intervals_hold_the_truth(
    tmp_path: Path, seeds: range
) -> None:
    models = {"plain": (0.0, 1.0), "good": (0.5, 1.2), "dear": (0.5, 6.0)}
    runs = [
        experiment(
            World(seed=seed, effect=1.0, models=models, advice_tokens=50),
            tmp_path / f"{seed}.sqlite", "good", generations=12, size=24,
        )
        for seed in seeds
    ]  # fmt: skip
    for kind, late in (("mutate", 0.6), ("cross", 0.75), ("model", 0.7)):
        judged = [getattr(each, kind) for each in runs]
        assert sum(one.found for one in judged) >= 0.85 * len(runs), kind
        assert sum(one.held for one in judged) >= 0.85 * len(runs), kind
        assert sum(one.all_held for one in judged) >= 0.85 * len(runs), kind
        assert sum(one.late - one.early for one in judged) / len(runs) > 0.2, kind
        if len(runs) > 1:
            assert sum(one.late for one in judged) / len(runs) > late, kind
    assert sum(each.mutate.right or each.cross.right for each in runs) >= 0.7 * len(runs)
    wrong = sum(each.mutate.wrong or each.cross.wrong or each.model.wrong for each in runs)
    assert wrong <= 0.05 * len(runs)


@few_or_many
def test_where_the_sentence_does_nothing_and_models_are_alike_none_is_claimed(
    tmp_path: Path, seeds: range
) -> None:
    runs = [
        experiment(
            World(seed=seed, effect=0.0, models=dict.fromkeys("abc", (0.0, 1.0))),
            tmp_path / f"{seed}.sqlite", "a", generations=12, size=20,
        )
        for seed in seeds
    ]  # fmt: skip
    for kind in ("mutate", "cross", "model"):
        judged = [getattr(each, kind) for each in runs]
        assert sum(one.ever for one in judged) <= 0.05 * len(runs), kind
        assert sum(one.all_held for one in judged) >= 0.85 * len(runs), kind


def test_what_the_engine_was_told_is_what_the_world_says(tmp_path: Path) -> None:
    models = {"plain": (0.0, 1.0), "dear": (0.5, 6.0)}
    world = World(seed=1, effect=1.0, models=models, advice_tokens=50)
    with evolve(world, tmp_path / "1.sqlite", generations=6, size=16) as archive:
        told, digest = read(archive), archive.digest()
        prompts, models_found = archive.merits("prompts"), archive.merits("models")
    assert len(told.asked) > 80
    assert {one.use.model for one in told.asked} == set(models)
    for one in told.asked:
        words, model = told.words[one.use.prompt], one.use.model
        cost = world.cost(one.draw, one.parent, words=words, model=model)
        assert one.use.gain == gain_of(world, one, words, model)
        assert one.use.cost == pytest.approx(cost)
    with evolve(world, tmp_path / "2.sqlite", generations=6, size=16) as archive:
        assert archive.digest() == digest
    record = Record("model", prices={name: price for name, (_, price) in models.items()})
    for _, generation in groupby((one.use for one in told.asked), key=lambda use: use.generation):
        record.tell(list(generation))
    assert models_found == {merit.arm: merit for merit in record.merits()}
    assert sum(merit.uses for merit in prompts.values()) == len(told.asked)
    assert {one for one, merit in prompts.items() if merit.control} == set(told.controls)
