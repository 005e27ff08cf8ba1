"""What people see of models, prompts, debates and reasons."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from archive.figures import cut, said, table
from archive.show import main
from archive.store import Archive
from genomes.records.merit import Interval
from genomes.records.outcome import Duplicate, Unusable
from genomes.records.proposal import Call

CLEAR = "\x1b[2J"
TURNED = "\u202e"


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


@pytest.fixture
def fresh(tmp_path) -> Path:
    return tmp_path / "fresh.finch"


@pytest.fixture
def show(debated, capsys):
    """Run the command on the made archive; the output's lines, stripped on the right."""

    def show(*arguments: str, place: Path = debated) -> list[str]:
        assert main([str(place), *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return [line.rstrip() for line in out.splitlines()]

    return show


@pytest.fixture
def many(fresh, identity, entry, prompt, proposal, measured, merit, recorded) -> Path:
    """Sixty uses of each of two prompts: #2, the control, always fails, #3 always helps."""
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(
            0,
            [
                entry(1),
                prompt(2, "mutate: Old", operator="seed prompt mutate-plain"),
                prompt(3, "mutate: New", operator="seed prompt mutate-new"),
            ],
            {},
        )
        number = 4
        for generation in range(1, 7):
            told = []
            for slot in range(20):
                good = slot % 2 == 0
                child = entry(
                    number, generation=generation, slot=slot, parents=(1,), model="m",
                    prompt=3 if good else 2, operator="mutate",
                    outcome=measured(number, 0.5) if good else Unusable(problem="empty", found=""),
                    proposal=proposal(gain=0.9 + 0.01 * (slot % 3) if good else -1.0),
                )  # fmt: skip
                told.append(child)
                number += 1
            better = merit(3, claim="better", difference=Interval(middle=1.5, low=1.25, high=1.75))
            control = merit(2, control=True, difference=None)
            archive.tell(generation, told, recorded([better, control], []))
    return fresh


# Prompts


def test_prompts_are_a_tree_with_the_record_of_each(show):
    head, *lines = show("prompts")
    assert head.split() == [
        *("prompt", "kind", "uses", "refused", "gain", "credit"),
        *("to", "control", "cost", "Brier", "claim"),
    ]
    cells = [re.split(r" {2,}", line) for line in lines[:3]]
    assert [row[:5] for row in cells] == [
        ["#3 Look at the losses", "mutate", "2", "50%", "+0.000"],
        ["└─ #7 Look at the worst week", "mutate", "2", "50%", "-0.750"],
        ["#4 Take the better exits", "cross", "1", "0%", "+1.000"],
    ]
    assert [row[6] for row in (cells[0], cells[2])] == ["control", "control"]
    assert [row[7:] for row in cells] == [
        ["0.375", "0.040"],  # (0.8 - 1)^2; #6 forecast nothing
        ["0.625", "0.725"],  # (0.8^2 + 0.9^2) / 2
        ["0.25", "0.640"],
    ]
    assert cells[0][5] == cells[1][5] == "-0.125 [-0.500, +0.250]"
    assert cells[1][6] == "-0.250 [-1.000, +0.500]"
    assert lines[3] == "2 more were rejected; see outcomes"


def test_a_prompt_whose_interval_leaves_out_0_is_marked(many, show):
    _, old, new, *_ = show("prompts", place=many)
    assert new.endswith("* better")
    assert re.search(r"\[\+\d\.\d{3}, \+\d\.\d{3}\]", new)
    assert "*" not in old
    assert "control" in old


def test_an_archive_of_an_earlier_version_shows_gains_and_says_how_to_record_credit(
    fresh, identity, modelled, show
):
    with Archive.create(fresh, identity=identity) as archive:
        for number, entries in enumerate(modelled):
            archive.tell(number, entries, {"best": number})
    lines = show("prompts", place=fresh)
    cells = [re.split(r" {2,}", line) for line in lines[1:4]]
    assert [row[4:7] for row in cells] == [
        ["+0.000", "-", "control"],
        ["-0.750", "-", "-"],
        ["+1.000", "-", "control"],
    ]
    for command in ("prompts", "models"):
        last = show(command, place=fresh)[-1]
        assert "--resume it for one more generation" in last
    assert not any("difference to control" in line for line in show("prompts", "7", place=fresh))


def test_a_narrow_table_of_prompts_keeps_names_uses_and_the_comparison(show, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    head, *_, last = show("prompts")[:4]
    assert head.split() == ["prompt", "kind", "uses", "to", "control", "claim"]
    assert last.startswith("#4 Take the")


def test_one_prompt_shows_what_became_of_its_uses_and_its_text(show):
    lines = show("prompts", "#7")
    assert lines[:10] == [
        "#7 Look at the worst week",
        "mutate, admitted, generation 1",
        "rewrite_prompt: by model-a",
        "From #3",
        "",
        "Uses: 2",
        "  1 measured (novel), 1 refused (unknown_name)",
        "  by model-a (1), model-b (1)",
        "  cost of one: 0.625",
        "  Brier score: 0.725 [0.000, 1.000] over 2: said 85%, came true 0%",
    ]
    assert lines[10] == "  mean gain: -0.750"
    assert lines[12].startswith("  difference to control: ")
    assert lines[12].endswith(": no significant difference from the control yet")
    assert lines[-5:] == [
        "# mutate: Look at the worst week",
        "",
        "Here is a strategy:",
        "",
        "{parent}",
    ]


def test_a_prompt_says_plainly_how_it_compares(many, show):
    assert "  The control: the others are compared with it." in show("prompts", "2", place=many)
    better = "\n".join(show("prompts", "3", place=many))
    assert re.search(r"difference to control: \+.*: better than the control", better)


def test_a_prompt_that_a_model_wrote_shows_why(fresh, identity, prompt, proposal, show):
    why = proposal(hypothesis="Shorter prompts are read.", probability=None)
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [prompt(1, "mutate: A", model="model-a", proposal=why)], {})
    lines = show("prompts", "1", place=fresh)
    assert lines[3:6] == [
        "model-a, by seed",
        'it says: "Shorter prompts are read."',
        "0 questions, 0 tokens, cost 0; calls 1 shows them",
    ]


def test_a_prompt_that_was_never_used_or_never_met_the_control_says_so(show):
    assert "Uses: none" in show("prompts", "8")
    assert "Uses: none" in show("prompts", "12")


def test_a_strategy_is_no_prompt(debated, capsys):
    assert main([str(debated), "prompts", "5"]) == 2
    assert capsys.readouterr().err == "#5 is not a prompt but a strategy; card 5 shows it\n"


def test_a_run_without_models_says_how_to_add_one(fresh, identity, entry, show):
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
    for command in ("prompts", "models"):
        (line,) = show(command, place=fresh)
        assert line.endswith("--llm MODEL adds one.")


# Models


def test_models_are_shown_with_what_they_cost_and_wrote(show):
    head, *lines = show("models")
    assert head.split() == [
        *("model", "calls", "failed", "tokens", "cost", "wrote", "measured", "refused"),
        *("unusable", "gain", "credit", "Brier"),
    ]
    cells = [re.split(r" {2,}", line) for line in lines[:2]]
    assert [row[:10] for row in cells] == [
        ["model-a", "4", "1", "4,300", "0.75", "2", "100%", "0%", "0%", "+0.250"],
        ["model-b", "3", "0", "3,300", "1.5", "3", "33%", "33%", "33%", "-0.333"],
    ]
    assert [row[-1] for row in cells] == ["0.340", "0.725"]
    assert lines[2:6] == [
        "In all 7 questions, 7,600 tokens, cost 2.25",
        "",
        "model-a: asked as: 3 strategist, 1 analyst; no answer: 1 timeout",
        "model-b: asked as: 3 strategist; unusable: 1 no_json; refused: 1 unknown_name",
    ]


def test_a_model_that_only_failed_is_shown_too(fresh, identity, exchange, show):
    failed = exchange(1, model="dead", failure="unknown_model", text="", cost=0.0, tokens_out=0)
    with Archive.create(fresh, identity=identity) as archive:
        archive.transcript.keep([failed])
    lines = show("models", place=fresh)
    assert lines[1].split() == ["dead", "1", "1", "1,000", "-", "0", *"------"]
    assert "dead: asked as: 1 strategist; no answer: 1 unknown_model" in lines


# The debate


def test_a_debate_is_shown_question_by_question(show):
    lines = show("calls", "6")
    assert lines[0] == "1. strategist, model-a  1,000 tokens in, 0 out, 120.0 s"
    assert lines.count("   attempt failed: no answer in 60 s") == 2
    assert "   no answer: timeout" in lines
    assert "2. strategist, model-b  1,000 tokens in, 100 out, cost 0.25, 1.5 s" in lines
    second = lines[lines.index("   system: as in question 1") :]
    assert second[:3] == ["   system: as in question 1", "   user:", "      Improve strategy 66."]
    assert lines[-1] == "Long passages are cut; --full shows all."


def test_long_passages_are_cut_unless_all_is_asked_for(show):
    short, full = show("calls", "9"), show("calls", "9", "--full")
    assert "   system, 3,221 characters:" in short
    assert "   assistant, 17 characters:" in short
    assert "      9" not in short
    assert "      9" in full
    assert len(full) > 200
    assert not any("--full" in line for line in full)


def test_a_shared_question_says_who_paid(show):
    assert show("calls", "5")[0].endswith(" 1.5 s, shared")
    assert show("calls", "9")[0].endswith(" 1.5 s, shared, paid for by another candidate")


def test_an_answer_cut_at_its_length_says_so(show):
    assert show("calls", "13")[0].endswith(" 1.5 s, ended by length")


def test_a_candidate_no_model_wrote_has_no_debate(show):
    assert show("calls", "14") == ["#14 was made by swap_field: no model was asked."]


def test_a_question_the_transcript_lacks_is_said(fresh, identity, entry, proposal, modelled, show):
    calls = modelled[1][0].proposal.calls
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1, proposal=proposal(*calls))], {})
    assert show("calls", "1", place=fresh)[:2] == [
        "1. analyst, model-a",
        "   The transcript does not hold it.",
    ]


# Cards


def test_a_card_says_which_model_wrote_it_and_why(show):
    lines = show("card", "9")
    start = lines.index("model-a, asked with #7 (Look at the worst week), by mutate")
    assert lines[start + 1 : start + 5] == [
        'it says: "A wider stop lets winners run."',
        "it gave 80% to beating #5",
        "its first attempt went back: refused: dimension",
        "2 questions, 1,100 tokens, cost 0.25; calls 9 shows them",
    ]


def test_a_card_explains_what_was_unusable(show):
    lines = show("card", "6")
    assert "Nothing to draw (no_json): it says: I would [bold]rather not" in lines
    assert "it gave no reason" in lines


def test_a_card_counts_a_tuners_trials(show):
    line = "Tuned in 3 trials: 1 measured, 1 pruned, 1 refused; fitness up to 0.300"
    assert line in show("card", "11")


def test_a_prompts_card_points_to_its_record(show):
    lines = show("card", "7")
    assert "A prompt that may be used; `prompts 7` shows its record." in lines
    start = lines.index("Lineage")
    assert lines[start + 1 : start + 3] == [
        "  #3 admitted  seed prompt mutate-plain",
        "  #7 admitted  rewrite_prompt: by model-a",
    ]


def test_an_explanation_puts_words_beside_effects_along_the_line(show):
    lines = show("card", "14", "--explain")
    start = lines.index("Lineage")
    assert lines[start + 1 : lines.index("Parents: 1") - 1] == [
        "  #1 0.100 seed  generation 0",
        "    seed: idea_1.py",
        "  #5 0.300 +0.200 better  generation 1",
        "    model-a, asked with #3 (Look at the losses), by mutate",
        '    it says: "Volume confirms the break."',
        "    it gave 80% to beating #1",
        "    measured: fitness 0.100 (#1) -> 0.300 (+0.200); folds +0.200 +0.000",
        "  #9 0.250 -0.050 novel  generation 2",
        "    model-a, asked with #7 (Look at the worst week), by mutate",
        '    it says: "A wider stop lets winners run."',
        "    it gave 80% to beating #5",
        "    its first attempt went back: refused: dimension",
        "    measured: fitness 0.300 (#5) -> 0.250 (-0.050); folds -0.050 +0.000",
        "    Said and measured disagree: better, at 80%; it came out worse, by 0.050.",
        "  #14 0.450 +0.200 better  generation 3",
        "    swap_field: close -> volume",
        "    measured: fitness 0.250 (#9) -> 0.450 (+0.200); folds +0.200 +0.000",
    ]


def test_an_explanation_compares_with_every_parent_and_judges_by_the_first(show):
    lines = show("card", "10", "--explain")
    place = lines.index("    measured: fitness 0.300 (#5) -> 0.400 (+0.100); folds +0.100 +0.000")
    assert lines[place + 1 : place + 3] == [
        "    measured: fitness 0.200 (#2) -> 0.400 (+0.200); folds +0.200 +0.000",
        "    Said and measured disagree: no better, at 80%; it came out better, by 0.100.",
    ]


def test_an_explanation_says_when_a_promise_came_to_nothing(show):
    lines = show("card", "13", "--explain")
    assert lines[lines.index("Parents: 1") - 3 : lines.index("Parents: 1") - 1] == [
        "    measured: nothing to compare with #5: refused: unknown_name",
        "    Said and measured disagree: better, at 90%; "
        "it came to nothing (refused: unknown_name).",
    ]


@pytest.mark.parametrize(
    ("probability", "fitness", "said"),
    [
        (0.8, 0.1, "better, at 80%; it came out the same."),
        (0.5, 0.2, None),
        (0.5, 0.05, None),
        (0.3, 0.1, None),
        (0.8, 0.2, None),
        (None, 0.05, None),
    ],
)
def test_only_a_forecast_that_was_wrong_is_called_so(
    fresh, identity, entry, measured, proposal, show, probability, fitness, said
):
    child = entry(
        2, generation=1, slot=0, parents=(1,), model="m", outcome=measured(2, fitness),
        proposal=proposal(probability=probability),
    )  # fmt: skip
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        archive.tell(1, [child], {})
    found = [line for line in show("card", "2", "--explain", place=fresh) if "disagree" in line]
    assert found == ([f"    Said and measured disagree: {said}"] if said else [])


def test_a_promised_duplicate_is_named(fresh, identity, entry, proposal, show):
    child = entry(
        2, generation=1, slot=0, parents=(1,), model="m", standing="duplicate", novelty=None,
        outcome=Duplicate(key="a", of=1), proposal=proposal(),
    )  # fmt: skip
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        archive.tell(1, [child], {})
    text = "\n".join(show("card", "2", "--explain", place=fresh))
    assert "it came to nothing (it is #1 again)." in text


# What was there before, with prompts and models in the archive


def test_tree_and_top_show_strategies_only(show):
    ids = lambda lines: re.findall(r"#(\d+) ", "\n".join(lines))  # noqa: E731
    assert ids(show("tree", "--all")) == ["1", "5", "9", "14", "10", "11", "13", "2", "6"]
    assert ids(show("top")) == ["14", "10", "11", "5", "9", "2", "1"]
    assert show()[-1] == "7 of 9 candidates; --all shows every one"


def test_outcomes_count_what_was_unusable_and_admitted(show):
    assert show("outcomes") == [
        "outcome    reason        candidates  first",
        "measured   better                 4     #5",
        "measured   seed                   2     #1",
        "measured   novel                  1     #9",
        "admitted   prompt                 3     #3",
        "refused    unknown_name           2     #8",
        "duplicate                         1    #12",
        "unusable   no_json                1     #6",
        "Looks at the training bars: 7 evaluations, 3 trials of tuning.",
    ]


def test_operators_that_earn_nothing_keep_their_names_and_seeds_stand_last(show):
    lines = [line.split() for line in show("operators")]
    assert lines[1:3] == [
        ["swap_field", "1", "1", "1.00", "1.000", "0.450"],
        ["tune", "1", "1", "1.00", "1.000", "0.350"],
    ]
    assert ["rewrite_prompt", "1", "0", "-", "-", "-"] in lines
    assert lines[-1] == ["seeds", "4", "2", "-", "-", "0.200"]


def test_where_only_prompts_are_any_good_the_strategies_say_why(
    fresh, identity, entry, prompt, show
):
    broken = entry(1, outcome=Unusable(problem="empty", found=""), standing="unusable")
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [broken, prompt(2, "mutate: A")], {})
    assert show(place=fresh) == show("top", place=fresh) == ["1 unusable: 1 empty; see card 1"]


def test_exported_files_say_which_model_wrote_them_and_why(show, tmp_path):
    files = show("export", str(tmp_path / "out"), "--top", "99")
    assert sorted(int(Path(file).name[:4]) for file in files) == [1, 2, 5, 9, 10, 11, 14]
    head = (tmp_path / "out" / "0009_idea_9.py").read_text().splitlines()[3:5]
    assert head == ["# Written by model-a", '# It says: "A wider stop lets winners run."']


def test_a_diff_of_prompts_compares_their_texts(show):
    lines = show("diff", "3", "7")
    assert lines[3:5] == ["-# mutate: Look at the losses", "+# mutate: Look at the worst week"]


def test_help_names_what_there_is_to_see_of_models(capsys):
    with pytest.raises(SystemExit):
        main(["--help"], prog="finch show")
    said = capsys.readouterr().out
    for line in ("card 412 --explain", "calls 412", "prompts 17", "models"):
        assert f"finch show runs/0001.sqlite {line} " in said


# Strangers' words


def test_a_text_is_cut_with_an_ellipsis_only_where_it_is_too_long():
    assert (cut("abcdef", 6), cut("abcdef", 4)) == ("abcdef", "abc…")


def test_markup_in_words_and_cells_is_shown_not_obeyed():
    console = Console(width=80, force_terminal=True, color_system="truecolor", highlight=False)
    with console.capture() as captured:
        console.print(said("[red]a[/red]"))
        console.print(table(False, ["x"], [["[blink]b[/blink]"]]))
    assert "[red]a[/red]" in captured.get()
    assert "[blink]b[/blink]" in captured.get()
    assert "\x1b[31m" not in captured.get()


def test_no_view_lets_a_stranger_speak_to_the_terminal(
    fresh, identity, entry, prompt, measured, proposal, exchange, capsys
):
    evil = f"[bold red]x[/]{CLEAR}{TURNED}\x9b1m\n\x1b]0;title\x07"
    question = exchange(
        1, role=evil, model=evil, text=evil, finish=evil, attempts=(evil,),
        messages=tuple(replace(m, text=evil) for m in exchange(1).messages), parameters=evil,
    )  # fmt: skip
    failed = replace(question, draw=2, failure=evil)
    calls = (
        Call(role=evil, model=evil, key=one.key, draw=one.draw, failure=one.failure, tokens=1,
             cost=1.0)
        for one in (question, failed)
    )  # fmt: skip
    claim = proposal(*calls, hypothesis=evil, mended=evil)
    written = {"text": f'"""{evil}"""\n', "note": evil, "operator": evil, "model": evil}
    with Archive.create(fresh, identity=identity) as archive:
        archive.transcript.keep([question, failed])
        archive.tell(0, [entry(1, text=f"# {evil}", note=evil), prompt(2, f"mutate: {evil}")], {})
        good = entry(
            3, generation=1, slot=0, parents=(1,), prompt=2, proposal=claim,
            outcome=measured(3, 0.05, warnings=(evil,)), **written,
        )  # fmt: skip
        bad = entry(
            4, generation=1, slot=1, parents=(1,), prompt=2, proposal=claim, standing="unusable",
            outcome=Unusable(problem=evil, found=evil), **written,
        )  # fmt: skip
        young = prompt(5, evil, generation=1, slot=2, parents=(2,), note=evil, operator=evil)
        archive.tell(1, [good, bad, young], {})
    for command in (
        "tree --all", "tree", "top", "outcomes", "operators", "prompts", "prompts 2", "prompts 5",
        "models", "card 3 --explain", "card 4 --explain", "card 4", "card 5", "calls 3 --full",
        "calls 4", "diff 1 3", "diff 1 2", f"export {fresh.parent / 'out'}",
    ):  # fmt: skip
        assert main([str(fresh), *command.split()]) == 0
        shown = capsys.readouterr().out
        assert not {"\x1b", "\x9b", "\x07", TURNED} & set(shown), command
        if not command.startswith(("top", "export")):
            assert r"\u001b[2J" in shown, command
    (made,) = (fresh.parent / "out").glob("0003_*.py")
    header = made.read_text().split('"""')[0]
    assert all(line.startswith("# ") for line in header.splitlines())
    assert not {"\x1b", "\x9b", TURNED} & set(header)
