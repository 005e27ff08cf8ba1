"""What models wrote, prompts and trials in an archive: told, read back, added up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.errors import ArchiveError
from archive.population import Population, standing
from archive.prompts import controls, heading
from archive.store import Archive
from archive.written import Asked
from genomes.records.outcome import Admitted, Unusable
from genomes.records.trial import Trial


@pytest.fixture
def archive(debated):
    with Archive.open(debated, identity=None, readonly=True) as archive:
        yield archive


def test_candidates_come_back_with_prompt_model_and_proposal(archive, modelled):
    every = [one for told in modelled for one in told]
    assert list(archive.entries()) == every
    assert archive.get(9) == modelled[2][0]
    assert archive.top(3) == [modelled[3][0], modelled[2][1], modelled[2][2]]


def test_candidates_without_a_model_have_none(archive):
    seed, tuned = archive.get(1), archive.get(11)
    assert (seed.prompt, seed.model, seed.proposal) == (None, None, None)
    assert (tuned.prompt, tuned.model, tuned.proposal) == (None, None, None)


def test_entries_and_kin_are_filtered_by_species(archive):
    assert [one.id for one in archive.entries(species="prompt")] == [3, 4, 7, 8, 12]
    assert [one.id for one in archive.entries(species="strategy", kinds=["refused"])] == [13]
    assert [one.id for one in archive.kin("prompt")] == [3, 4, 7, 8, 12]
    assert [one.id for one in archive.kin("strategy")] == [1, 2, 5, 6, 9, 10, 11, 13, 14]
    assert len(archive.kin()) == 14


def test_prompts_that_may_be_used_are_those_admitted(archive):
    texts = archive.prompts()
    assert list(texts) == [3, 4, 7]
    assert texts[7].text.startswith("# mutate: Look at the worst week\n")


def test_ends_are_counted_by_species(archive):
    ends = {(one.kind, one.reason): one.candidates for one in archive.fates()}
    assert ends[("unusable", "no_json")] == 1
    assert ends[("admitted", "prompt")] == 3
    assert ends[("refused", "unknown_name")] == 2
    strategies = {one.kind for one in archive.fates("strategy")}
    assert strategies == {"measured", "unusable", "refused"}


def test_a_hypothesis_is_kept_to_the_character(place, identity, entry, proposal):
    claim = proposal(hypothesis="half \ud800 a pair\0", probability=1 / 3, gain=-0.1)
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1, model="m", proposal=claim)], {})
        assert archive.get(1).proposal == claim


@pytest.mark.parametrize("name", ["probability", "gain"])
def test_a_claim_that_is_nan_is_refused_and_nothing_kept(place, identity, entry, proposal, name):
    claim = proposal(**{name: float("nan")})
    with Archive.create(place, identity=identity) as archive:
        with pytest.raises(ValueError, match=f"candidate 1: its proposal's {name} is NaN"):
            archive.tell(0, [entry(1, proposal=claim)], {})
        assert archive.count() == 0


def test_models_prompts_and_claims_are_no_part_of_the_digest(
    tmp_path, identity, modelled, proposal
):
    def digest(name: str, generations) -> str:
        with Archive.create(tmp_path / name, identity=identity) as archive:
            for number, entries in enumerate(generations):
                archive.tell(number, entries, {})
            return archive.digest()

    bare = [[replace(one, prompt=None, model=None, proposal=None) for one in g] for g in modelled]
    assert digest("bare", bare) == digest("whole", modelled)


@pytest.mark.parametrize("wrong", [99, 1, 3], ids=["unknown", "strategy", "same_generation"])
def test_a_prompt_must_be_a_prompt_told_before(place, identity, entry, prompt, wrong):
    young = prompt(3, "mutate: B", generation=1, slot=0)
    asked = entry(4, generation=1, slot=1, prompt=wrong)
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1), prompt(2, "mutate: A")], {})
        with pytest.raises(ValueError, match=rf"names prompts \[{wrong}\]"):
            archive.tell(1, [young, asked], {})
        assert archive.count() == 2
        archive.tell(1, [young, replace(asked, prompt=2)], {})


def test_trials_are_kept_with_the_candidate_they_led_to(archive, trials):
    assert archive.trials(11) == trials
    assert archive.trials(10) == []
    assert archive.trials(11)[0].values["on"] is True


def test_trials_come_back_in_the_order_tried(place, identity, entry):
    states = ("refused", "measured", "crashed")
    trials = [
        Trial(candidate=1, number=number, values={}, key="", state=state, fitness=None)
        for number, state in enumerate(states)
    ]
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1)], {}, trials[::-1])
        assert archive.trials(1) == trials


def test_trials_of_somebody_else_are_refused_and_nothing_kept(place, identity, entry, trials):
    with Archive.create(place, identity=identity) as archive:
        with pytest.raises(ValueError, match=r"trials of \[11\]; a trial must belong to"):
            archive.tell(0, [entry(1)], {}, trials)
        assert archive.generations() == 0


def test_a_trial_without_a_number_for_its_fitness_is_refused():
    with pytest.raises(ValueError, match="Trial 3 of candidate 7: fitness is NaN"):
        Trial(
            candidate=7, number=3, values={}, key="", state="measured", fitness=float("nan")
        )  # fmt: skip


def test_what_models_wrote_is_listed_with_what_it_was_measured_against(archive):
    rows = {one.id: one for one in archive.written()}
    assert list(rows) == [5, 6, 9, 10, 13]
    assert (rows[9].parent, rows[9].before, rows[9].fitness) == (5, 0.3, 0.25)
    assert (rows[9].prompt, rows[9].model, rows[9].probability) == (7, "model-a", 0.8)
    assert (rows[5].tokens, rows[5].cost) == (2200, 0.5)
    assert (rows[9].tokens, rows[9].cost) == (1100, 0.25)  # the analyst was paid for by #5
    assert [one.better for one in rows.values()] == [True, False, False, True, False]
    assert (rows[6].kind, rows[6].reason) == ("unusable", "no_json")
    assert (rows[13].kind, rows[13].reason, rows[13].fitness) == ("refused", "unknown_name", None)
    assert rows[5].reason == "better"


def test_a_candidate_without_a_measured_parent_has_nobody_to_beat(place, identity, entry, proposal):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1, model="m", proposal=proposal())], {})
        (row,) = archive.written()
    assert (row.parent, row.before, row.better) == (None, None, None)


def test_the_questions_of_models_are_added_up(archive):
    assert archive.asked() == [
        Asked(
            model="model-a", calls=4, roles=[("strategist", 3), ("analyst", 1)],
            failures=[("timeout", 1)], tokens_in=4000, tokens_out=300, cost=0.75,
        ),
        Asked(
            model="model-b", calls=3, roles=[("strategist", 3)], failures=[],
            tokens_in=3000, tokens_out=300, cost=1.5,
        ),
    ]  # fmt: skip


def test_the_worth_of_prompts_and_models_is_what_the_last_generation_recorded(
    place, identity, entry, merit, recorded
):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        assert archive.merits("prompts") == archive.merits("models") == {}
        early, late, model = merit(2), merit(2, claim="better"), merit("m", difference=None)
        archive.tell(1, [entry(2, generation=1)], recorded([early], []))
        archive.tell(2, [entry(3, generation=2)], recorded([late, merit(3)], [model]))
        archive.tell(3, [entry(4, generation=3)], {"best": 1})  # by a version that records none
        assert archive.merits("prompts") == {2: late, 3: merit(3)}
        assert archive.merits("models") == {"m": model}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("# mutate: Look at losses\n\nMore", ("mutate", "Look at losses")),
        ("\n#cross :  Two parents \n", ("cross", "Two parents")),
        ("# mutate: a: b", ("mutate", "a: b")),
        ("Just words\n# mutate: no", ("", "Just words")),
        ("<!--\nFor people.\n-->\n# mutate: Plain\n", ("mutate", "Plain")),
        ("", ("", "")),
    ],
)
def test_a_prompts_first_line_holds_its_kind_and_title(text, found):
    assert heading(text) == found


def test_the_control_of_each_kind_is_its_plain_seed(prompt):
    told = [
        prompt(1, "mutate: a", operator="seed prompt mutate-diagnose"),
        prompt(2, "mutate: b", operator="seed prompt mutate-plain"),
        prompt(3, "mutate: b", operator="swap_sections", parents=(2,)),
        prompt(4, "cross: c", operator="seed prompt cross-plain"),
        prompt(5, "cross: d", operator="seed prompt mutate-plain"),
    ]
    assert controls(told) == {2, 4}
    assert controls([]) == set()


def test_standing_and_population_cope_with_prompts_and_unusable_replies(modelled):
    population = Population()
    for entries in modelled:
        population.extend(entries)
    assert population.ids.tolist() == [1, 2, 5, 9, 10, 11, 14]
    # #6 counts as a child of #2; prompts' children count nowhere among strategies.
    assert population.children.tolist() == [1, 2, 4, 1, 0, 0, 0]
    plain = {
        "seed": True,
        "parents_fitness": [],
        "novelty": None,
        "median_novelty": 0.0,
        "high": 0.0,
    }
    assert standing(Unusable(problem="no_json", found=""), **plain) == "unusable"
    assert standing(Admitted(key="a"), **plain) == "admitted"
    outcomes = [Unusable(problem="empty", found=""), Admitted(key="a")]
    judged = population.judge(4, outcomes, [(5,), (3,)])
    assert [(one.standing, one.novelty) for one in judged] == [
        ("unusable", None),
        ("admitted", None),
    ]


def test_a_readers_archive_tells_nothing(archive):
    with pytest.raises(ArchiveError, match="open for reading only"):
        archive.tell(4, [], {})
