"""Prompts: read strictly, filled once, varied by their sections; and the ones Finch comes with."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.check import Checked, check_foreign
from genomes.language.graph import EXIT_RANGES
from genomes.language.reference import EXAMPLE
from genomes.language.series import METHODS
from genomes.language.table import OPERATORS
from genomes.prompt import (
    FORMS,
    MAX_BYTES,
    PLACEHOLDERS,
    PROMPT_OPERATORS,
    Prompt,
    control,
    fill,
    library,
    load,
    mark,
    parse,
    placeholder_page,
    seeds,
    vary,
)
from genomes.prompt.text import Section, blocks, compose
from genomes.prompts import texts
from tests.genomes.language.drawing import draw_text

SEEDS = seeds()
MUTATE = [prompt for prompt in SEEDS.values() if prompt.kind == "mutate"]
CROSS = [prompt for prompt in SEEDS.values() if prompt.kind == "cross"]

SMALL = """\
# mutate: Small

Improve it.

## Strategy

{parent}

## How

- Look at the cost.
- Change one thing.
"""


def read(text: str) -> Prompt:
    """A prompt that must be one."""
    found = parse(text)
    assert isinstance(found, Prompt), found
    return found


def rules_of(text: str | bytes) -> list[str]:
    """The rules that a text breaks."""
    found = parse(text)
    assert not isinstance(found, Prompt)
    return [each.rule for each in found]


def values_for(prompt: Prompt, **given: str) -> dict[str, str]:
    """A value for each placeholder of a prompt: its own name in capitals, unless one is given."""
    return {name: name.upper() for name in prompt.placeholders} | given


# -- the prompts that Finch comes with -------------------------------------------------------------


@pytest.mark.parametrize("name", texts())
def test_a_prompt_says_at_its_head_who_uses_it_and_which_placeholders_it_takes(name: str) -> None:
    prompt = load(name)
    head = texts()[name].split("-->")[0]
    assert head.startswith("<!--\nWho uses it: ")
    told = head.split("Placeholders: ")[1]
    assert set(re.findall(r"\{(\w+)\}", told)) == set(prompt.placeholders)
    assert ("none" in told) == (not prompt.placeholders)
    assert "<!--" not in fill(prompt, values_for(prompt))


def test_there_is_a_prompt_of_every_kind_and_no_other() -> None:
    assert {load(name).kind for name in texts()} == set(FORMS)
    assert len(MUTATE) >= 4
    assert len(CROSS) >= 2
    assert list(SEEDS) == sorted(SEEDS)
    assert {prompt.kind for prompt in SEEDS.values()} == {"mutate", "cross"}


@pytest.mark.parametrize("kind", ["mutate", "cross"])
def test_the_control_says_least_of_all_prompts_of_its_kind(kind: str) -> None:
    plain = SEEDS[control(kind)]
    others = [p for p in SEEDS.values() if p.kind == kind and p is not plain]
    assert all(len(plain.text) < len(other.text) / 2 for other in others)
    assert "goal" in plain.placeholders


def test_prompts_of_a_kind_call_the_same_material_by_the_same_heading() -> None:
    for group in (MUTATE, CROSS):
        headings: dict[str, set[str]] = {}
        for prompt in group:
            for section in prompt.sections:
                if section.body in {f"{{{name}}}" for name in PLACEHOLDERS}:
                    headings.setdefault(section.body, set()).add(section.heading)
        assert all(len(found) == 1 for found in headings.values()), headings


def test_what_prompts_write_as_code_exists_in_the_language() -> None:
    members = {name for names in METHODS.values() for name in names}
    fields = {"parent", "goal", "open", "high", "low", "close", "volume", "month", "weekday"}
    layers = {"factor", "signal", "size", "exits"}
    python = {"and", "or", "not", "if", "condition", "search", "genomes", "language"}
    known = {*OPERATORS, *EXIT_RANGES, *members, *fields, *layers, *python, *"xyfmp", "enter",
             "exit"}  # fmt: skip
    used: set[str] = set()
    for name in texts():
        words = re.sub(r"```.*?^```$", "", load(name).text, flags=re.DOTALL | re.MULTILINE)
        for code in re.findall(r"`([^`\n]+)`", words):
            used |= set(re.findall(r"\b[a-z][a-z_]*\b", code))
    assert used - known - {"cross_"} == set()
    assert len(used & set(OPERATORS)) >= 10


def json_in(name: str) -> list[dict[str, object]]:
    """The JSON objects in the fences of a prompt."""
    return [json.loads(t) for t in re.findall(r"```json\n(\{.*?)\n```", texts()[name], re.DOTALL)]


def test_the_examples_of_replies_are_strategies_of_the_language() -> None:
    edited, whole = json_in("system")
    for example in (edited, whole):
        assert list(example)[:3] == ["idea", "hypothesis", "probability"]
        assert 0 < float(str(example["probability"])) < 0.6
    text = EXAMPLE
    edits = edited["edits"]
    assert isinstance(edits, list) and edits
    for edit in edits:
        assert text.count(edit["search"]) == 1
        text = text.replace(edit["search"], edit["replace"])
    assert draw_text(text).key != draw_text(EXAMPLE).key
    for file in (text, str(whole["file"])):
        assert isinstance(check_foreign(file), Checked)
        assert draw_text(file).key


def test_the_examples_of_verdicts_have_the_keys_that_are_asked_for() -> None:
    (analysis,) = json_in("analyst")
    assert list(analysis) == ["root_cause", "conditions", "bias", "try"]
    (verdict,) = json_in("critic")
    assert list(verdict) == ["verdict", "reasons", "score"]
    (rewritten,) = json_in("rewrite")
    assert list(rewritten) == ["reason", "prompt"]
    assert str(rewritten["prompt"]).startswith("# mutate: ")


def test_the_system_message_begins_with_what_never_changes() -> None:
    page = "THE {page} OF THE LANGUAGE <parent>"
    one = fill(load("system"), {"language": page, "market": "12 assets"})
    two = fill(load("system"), {"language": page, "market": "300 assets"})
    assert page in one
    assert one.index("12 assets") > 0.9 * len(one)
    assert one.removesuffix("12 assets") == two.removesuffix("300 assets")
    assert "This market" not in fill(load("system"), {"language": page, "market": ""})


def test_the_rewriter_is_told_the_placeholders_of_the_kind() -> None:
    assert "- {parent}: the source text of the strategy to change; must be there" in (
        placeholder_page("mutate")
    )
    assert "{other}" not in placeholder_page("mutate")
    assert "{other_figures}" in placeholder_page("cross")
    rewrite = load("rewrite")
    filled = fill(rewrite, values_for(rewrite, placeholders=placeholder_page("cross")))
    assert "\n- {other}: " in filled


def test_an_unknown_name_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ValueError, match=r"no analist\.md; there are analyst, critic"):
        load("analist")


def test_a_spoilt_file_is_refused_with_the_placeholders_it_lacks_and_should_not_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spoilt = {"analyst": "# analyst: A\n\n## S\n\n{parents}\n\n## F\n\n{figures}\n"}
    monkeypatch.setattr(library, "texts", lambda: spoilt)
    load.cache_clear()
    try:
        with pytest.raises(ValueError) as error:
            load("analyst")
        with pytest.raises(ValueError, match=r"no critic\.md"):
            load("critic")
    finally:
        load.cache_clear()
    assert "analyst.md cannot be used" in str(error.value)
    assert "line 5, column 1: has {parents}" in str(error.value)
    assert "has no {parent};" in str(error.value)


# -- reading ---------------------------------------------------------------------------------------


def test_a_prompt_is_read_into_title_introduction_and_sections() -> None:
    prompt = read("<!-- for\npeople {anything} -->\n" + SMALL)
    assert (prompt.kind, prompt.title, prompt.preamble) == ("mutate", "Small", "Improve it.")
    assert prompt.sections == (
        Section(heading="Strategy", body="{parent}"),
        Section(heading="How", body="- Look at the cost.\n- Change one thing."),
    )
    assert prompt.placeholders == ("parent",)
    assert prompt.text == SMALL


def test_how_a_text_was_saved_does_not_matter() -> None:
    dirty = "\ufeff" + SMALL.replace("\n", "  \r\n").replace("one thing", "one\u00a0thing")
    assert read(dirty) == read(SMALL)
    assert parse(dirty.encode()) == read(SMALL)
    assert read(SMALL.replace("{parent}\n\n", "  {parent}\n\n\n")).text == SMALL
    assert read(SMALL.replace("# mutate:", "#Mutate :")).text == SMALL


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("# mutate: Small", "# mutate Small", "first_line"),
        ("# mutate: Small", "```markdown", "first_line"),
        ("# mutate: Small", "# system: Small", "first_line"),
        ("# mutate: Small", "# mutate: " + "S" * 81, "first_line"),
        ("# mutate: Small", "# mutate: {S}", "first_line"),
        ("Improve it.", "Improve \x07it.", "character"),
        ("Improve it.", "Improve \u202eit.", "character"),
        ("Improve it.", "# Improve it.", "heading"),
        ("## How", "##", "heading"),
        ("## How", "## STRATEGY", "heading"),
        ("## How", "## Why\n\n## How", "empty_section"),
        ("## How", "```\n## How", "fence"),
        ("{parent}", "{figures}", "missing_placeholder"),
        ("{parent}", "{parent}\n\n{parent}", "placeholder"),
        ("{parent}", "Read {parent} well", "placeholder"),
        ("{parent}", "{Parent}", "placeholder"),
        ("{parent}", "{ parent }", "placeholder"),
        ("{parent}", "{{parent}}", "placeholder"),
        ("{parent}", "{parent!r}", "placeholder"),
        ("{parent}", "```\n{parent}\n```", "placeholder"),
        ("Improve it.", "{other}", "unknown_placeholder"),
        ("Improve it.", "Improve the {strategy}.", "unknown_placeholder"),
        ("Improve it.", "x" * MAX_BYTES, "size"),
        ("Improve it.", "\u00e9" * (MAX_BYTES // 2), "size"),
        ("Improve it.", "\ud800", "encoding"),
    ],
)
def test_what_breaks_a_rule_is_refused_by_name(old: str, new: str, rule: str) -> None:
    text = SMALL.replace(old, new)
    assert text != SMALL
    assert rules_of(text) == [rule]


def test_a_prompt_needs_a_section() -> None:
    assert rules_of("# mutate: T\n\n{parent}\n") == ["no_section"]
    assert rules_of("") == ["missing_placeholder", "no_section", "first_line"]
    assert rules_of(b"\xff") == ["encoding"]


def test_all_broken_rules_are_told_at_once_with_their_lines() -> None:
    found = parse("<!-- a\nb -->\n# mutate: T\n\n## A\n\n{figure}\n\n## A\n\n{parent}\n")
    assert [str(each).split(";")[0] for each in found if not isinstance(found, Prompt)] == [
        "line 7, column 1: has {figure}",
        "line 9, column 1: has the heading A twice",
    ]


def test_braces_that_are_no_placeholder_are_ordinary_text() -> None:
    words = 'Write {"a": 1}, {x: y}, {} or {1, 2}; {{ }.'
    prompt = read(SMALL.replace("Improve it.", words))
    assert prompt.preamble == words
    assert fill(prompt, {"parent": "P"}).startswith(words)


def test_a_heading_inside_a_fence_is_text() -> None:
    prompt = read(SMALL.replace("- Look", "```python\n## no heading\n\n\nx = 1\n```\n- Look"))
    assert [s.heading for s in prompt.sections] == ["Strategy", "How"]
    assert "## no heading\n\n\nx = 1" in prompt.text


def test_the_key_is_of_the_words_that_are_shown() -> None:
    prompt = read(SMALL)
    assert read(SMALL.replace("Look at the", "Look  at\n  the")).key == prompt.key
    assert read(SMALL.replace(": Small", ": Other")).key == prompt.key
    assert read(SMALL.replace("the cost", "costs")).key != prompt.key
    crossed = SMALL.replace("Improve it.", "{other}")
    (one, two) = (parse(crossed.replace("# mutate", f"# {k}"), kinds=(k,)) for k in ("cross", "x"))
    assert isinstance(one, Prompt) and not isinstance(two, Prompt)
    assert one.key != compose("mutate", one.title, one.preamble, one.sections).key


LINES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20
) | st.sampled_from(
    ["- an item", "1. first", "2. second", "```", "### small", "So:", "{ x", "}", ""]
)
BODY = st.lists(LINES, min_size=1, max_size=6).map("\n".join)


@st.composite
def written(draw: Callable[..., object]) -> str:
    """A text much like a prompt; many break a rule."""
    names = draw(st.lists(st.sampled_from(FORMS["mutate"].optional), unique=True, max_size=3))
    assert isinstance(names, list)
    bodies = [f"{draw(BODY)}\n{{{name}}}" for name in ("parent", *names)] + [draw(BODY)]
    order = draw(st.permutations(bodies))
    assert isinstance(order, list)
    parts = [f"## {number}\n{body}" for number, body in enumerate(order)]
    return "\n".join([f"# mutate: {draw(LINES)}", str(draw(BODY)), *parts])


@settings(max_examples=150, deadline=None)
@given(written() | st.text(max_size=80))
def test_what_is_read_is_read_again_as_the_same_and_nothing_raises(text: str) -> None:
    found = parse(text)
    if isinstance(found, Prompt):
        assert parse(found.text) == found
        if text.startswith("# mutate: "):
            given, kept = (each.split("\n", 1)[1] for each in (text, found.text))
            assert "".join(given.split()) == "".join(kept.split())
        filled = fill(found, values_for(found))
        assert all(f"<{name}>\n{name.upper()}\n</{name}>" in filled for name in found.placeholders)
    else:
        assert found and all(str(each).isprintable() for each in found)


# -- filling ---------------------------------------------------------------------------------------

FULL = read(
    "# mutate: Full\n\nImprove it.\n\n## Strategy\n\n{parent}\n\n## Lessons\n\n{lessons}\n\n"
    "## Relatives\n\nThey tried this:\n\n{siblings}\n\n## Results\n\nRead them well.\n\n{figures}\n"
)


def test_material_stands_between_tags_and_the_first_line_is_not_shown() -> None:
    filled = fill(FULL, values_for(FULL, parent="\n    x = 1\n\n"))
    assert filled.startswith("Improve it.\n\n## Strategy\n\n<parent>\n    x = 1\n</parent>\n\n## L")
    assert "They tried this:\n\n<siblings>\nSIBLINGS\n</siblings>" in filled
    assert "Full" not in filled


def test_what_is_given_nothing_goes_with_its_heading_and_what_leads_up_to_it() -> None:
    filled = fill(FULL, values_for(FULL, lessons="", siblings=" \n", figures=""))
    assert "Lessons" not in filled
    assert "Relatives" not in filled
    assert "They tried" not in filled
    assert filled.split("</parent>")[1].startswith("\n\n## Results\n\nRead them well.\n\n## Reply")


def test_a_value_that_ends_with_a_colon_is_no_lead_in() -> None:
    system = load("system")
    body = "{language}\n\n{market}"
    joined = compose("system", "T", "", (Section(heading="A", body=body),))
    assert fill(joined, {"language": "it is:", "market": ""}) == "## A\n\nit is:"
    assert system.placeholders == ("language", "market")


def test_a_prompt_that_evolves_ends_with_the_form_of_the_reply_and_others_do_not() -> None:
    reply = fill(load("reply"), {})
    assert fill(FULL, values_for(FULL)).endswith(reply)
    assert all(word in reply for word in ('"idea"', '"hypothesis"', '"probability"', '"edits"'))
    repair = load("repair")
    assert reply not in fill(repair, values_for(repair))


def test_one_mapping_serves_all_prompts_of_a_kind() -> None:
    values = {name: name.upper() for name in FORMS["mutate"].allowed}
    for prompt in MUTATE:
        filled = fill(prompt, values)
        assert {n for n in values if f"<{n}>" in filled.split("## Reply")[0]} >= {"parent", "goal"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"parent": "P"}, r"\{lessons\}, \{siblings\}, \{figures\} have no value"),
        (dict.fromkeys((*FULL.placeholders, "tickers"), "x"), r"\{tickers\} are unknown"),
        (dict.fromkeys(FULL.placeholders, " "), r"\{parent\} are required, and blank"),
    ],
)
def test_missing_unknown_and_blank_values_are_named(values: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=rf'mutate prompt "Full": {said}'):
        fill(FULL, values)


def test_material_cannot_close_its_tags() -> None:
    stranger = "a </siblings> b < /Parent > c </b> d"
    assert mark("siblings", stranger) == (
        "<siblings>\na < /siblings> b <  /Parent > c </b> d\n</siblings>"
    )


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(FULL.placeholders),
        st.text("ab{}<>/# :\n", max_size=8)
        | st.sampled_from(["{parent}", "{{lessons}}", "{", "</lessons>", "## Reply", "\\1 \\g<0>"]),
    )
)
def test_what_is_filled_in_is_never_read_again(given: dict[str, str]) -> None:
    values = {"parent": "P", **dict.fromkeys(("lessons", "siblings", "figures"), "")} | given
    if not values["parent"].strip():
        values["parent"] = "P"
    expected = "Improve it.\n\n## Strategy\n\n" + mark("parent", values["parent"])
    if values["lessons"].strip():
        expected += "\n\n## Lessons\n\n" + mark("lessons", values["lessons"])
    if values["siblings"].strip():
        expected += "\n\n## Relatives\n\nThey tried this:\n\n"
        expected += mark("siblings", values["siblings"])
    expected += "\n\n## Results\n\nRead them well."
    if values["figures"].strip():
        expected += "\n\n" + mark("figures", values["figures"])
    assert fill(FULL, values) == expected + "\n\n" + fill(load("reply"), {})


# -- varying ---------------------------------------------------------------------------------------


def pool_of(kind: str, seed: int, size: int = 12) -> list[Prompt]:
    """Seeds and some generations of their children."""
    rng = random.Random(seed)
    pool = [prompt for prompt in SEEDS.values() if prompt.kind == kind]
    while len(pool) < size:
        pool.append(vary(rng.choice(list(PROMPT_OPERATORS)), rng.sample(pool, 2), rng).prompt)
    return pool


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["mutate", "cross"]),
    st.sampled_from(sorted(PROMPT_OPERATORS)),
    st.integers(0, 2**32),
)
def test_a_child_keeps_the_rules_and_differs_from_its_parents(
    kind: str, operator: str, seed: int
) -> None:
    parents = random.Random(seed).sample(pool_of(kind, seed % 50), 2)
    before = random.getstate()
    child, note = vary(operator, parents, random.Random(seed))
    assert random.getstate() == before
    assert vary(operator, parents, random.Random(seed)) == (child, note)
    assert parse(child.text, kinds=(kind,)) == child
    assert child.key not in {parent.key for parent in parents}
    assert (child.kind, child.title) == (kind, parents[0].title)
    assert "goal" in child.placeholders
    assert set(FORMS[kind].required) <= set(child.placeholders)
    assert note.isprintable() and note
    fill(child, dict.fromkeys(FORMS[kind].allowed, "x"))


def child_of(operator: str, parents: list[Prompt], seed: int) -> Prompt:
    """A child, by that operator and no other."""
    child, note = vary(operator, parents, random.Random(seed))
    assert note.startswith(
        {"swap_sections": "swaps", "drop_section": 'leaves out "', "drop_item": "leaves out:",
         "cross_sections": "takes ", "borrow_item": "takes from "}[operator]
    ), note  # fmt: skip
    return child


PAIR = [SEEDS["mutate-diagnose"], SEEDS["mutate-risk"]]


@pytest.mark.parametrize("seed", range(8))
def test_two_sections_change_places(seed: int) -> None:
    child = child_of("swap_sections", PAIR[:1], seed)
    moved = [s for s, was in zip(child.sections, PAIR[0].sections, strict=True) if s != was]
    assert len(moved) == 2
    assert set(child.sections) == set(PAIR[0].sections)
    assert child.preamble == PAIR[0].preamble


def test_any_section_may_be_dropped_but_those_that_must_stay() -> None:
    dropped: set[str] = set()
    for seed in range(80):
        child = child_of("drop_section", PAIR[:1], seed)
        (gone,) = set(PAIR[0].sections) - set(child.sections)
        dropped.add(gone.heading)
    assert dropped == {s.heading for s in PAIR[0].sections} - {"Strategy", "Goal"}


@pytest.mark.parametrize("seed", range(8))
def test_one_piece_of_advice_goes(seed: int) -> None:
    child = child_of("drop_item", PAIR[:1], seed)
    assert child.placeholders == PAIR[0].placeholders
    lines = PAIR[0].text.splitlines()
    left = [line for line in child.text.splitlines() if line]
    assert len(left) < len([line for line in lines if line])
    assert set(left) < set(lines)


@pytest.mark.parametrize("seed", range(8))
def test_a_crossed_prompt_is_made_of_sections_of_both(seed: int) -> None:
    child = child_of("cross_sections", PAIR, seed)
    theirs = set(PAIR[1].sections) - set(PAIR[0].sections)
    assert set(child.sections) <= set(PAIR[0].sections) | theirs
    assert set(child.sections) & theirs or child.preamble == PAIR[1].preamble
    assert len(set(child.placeholders)) == len(child.placeholders)


def test_a_crossed_prompt_has_material_that_both_parents_ask_for_once() -> None:
    one = read("# mutate: A\n\n## Strategy\n\n{parent}\n\n## Results\n\nThese:\n\n{figures}\n")
    two = read(
        "# mutate: B\n\n## All\n\nSee:\n\n{figures}\n\nand\n\n{lessons}\n\n## P\n\n{parent}\n"
    )
    texts_seen = {child_of("cross_sections", [one, two], seed).text for seed in range(40)}
    mixed = f"# mutate: A\n\n## Strategy\n\n{{parent}}\n\n## All\n\n{two.sections[0].body}\n"
    assert mixed in texts_seen
    assert all(text.count("{figures}") == text.count("{parent}") == 1 for text in texts_seen)


@pytest.mark.parametrize("seed", range(20))
def test_one_piece_of_advice_is_borrowed(seed: int) -> None:
    pair = [SEEDS["mutate-regime"], SEEDS["mutate-mechanism"]]
    child = child_of("borrow_item", pair, seed)
    assert child.placeholders == pair[0].placeholders
    mine, theirs = set(pair[0].text.splitlines()), set(pair[1].text.splitlines())
    new = set(child.text.splitlines()) - mine
    assert new and new <= theirs
    assert mine <= set(child.text.splitlines())


def test_a_crossing_loses_neither_the_strategy_nor_the_goal() -> None:
    one = read("# mutate: A\n\n## Strategy\n\n{parent}\n\n## Goal\n\n{goal}\n")
    two = read("# mutate: B\n\n## Strategy\n\nSee below.\n\n## Goal\n\nEarn.\n\n## P\n\n{parent}\n")
    for seed in range(40):
        child, _ = vary("cross_sections", [one, two], random.Random(seed))
        assert set(child.placeholders) == {"parent", "goal"}


def test_numbered_lists_are_counted_anew() -> None:
    text = "# mutate: N\n\n## S\n\n{parent}\n\n## How\n\n1. One.\n2. Two.\n3. Three.\n"
    lists = {child_of("drop_item", [read(text)], seed).sections[1].body for seed in range(30)}
    assert lists == {"1. Two.\n2. Three.", "1. One.\n2. Three.", "1. One.\n2. Two."}


def test_the_sentence_that_gives_the_task_stays() -> None:
    bare = read("# mutate: N\n\nImprove it.\n\n## S\n\n{parent}\n\n## How\n\nDo it.\n\nNow.\n")
    children = {child_of("drop_item", [bare], seed) for seed in range(20)}
    assert {child.preamble for child in children} == {"Improve it."}
    assert {child.sections[1].body for child in children} == {"Do it.", "Now."}


@pytest.mark.parametrize("operator", PROMPT_OPERATORS)
def test_where_there_is_nothing_to_vary_a_seed_lends_a_part(operator: str) -> None:
    bare = read("# mutate: Bare\n\n## S\n\n{parent}\n")
    child, note = vary(operator, [bare, bare], random.Random(3))
    assert child.key != bare.key
    assert child.title == "Bare"
    assert any(seed.title in note for seed in MUTATE)


def test_where_nothing_can_be_lent_a_seed_is_taken() -> None:
    start = "# mutate: Full\n\n## S\n\n{parent}\n\n```\n"
    full = read(start + "x" * (MAX_BYTES - len(start) - 5) + "\n```\n")
    for seed in range(5):
        child, note = vary("swap_sections", [full], random.Random(seed))
        assert child in MUTATE
        assert note == f'is the seed "{child.title}": its parent leaves nothing to vary'


def test_wrong_arguments_are_named() -> None:
    rng = random.Random(0)
    with pytest.raises(ValueError, match="no operator shuffle; there are swap_sections"):
        vary("shuffle", PAIR, rng)
    with pytest.raises(ValueError, match="cross_sections takes 2 parents, got 1"):
        vary("cross_sections", PAIR[:1], rng)
    with pytest.raises(ValueError, match="got prompts of cross, mutate"):
        vary("cross_sections", [PAIR[0], CROSS[0]], rng)
    with pytest.raises(ValueError, match="got prompts of system"):
        vary("swap_sections", [load("system")], rng)


def test_blocks_keep_fences_whole_and_placeholders_apart() -> None:
    body = "One:\n{parent}\n- Two\n  more\n```\n\n- x\n```\nThree"
    assert blocks(body) == ("One:", "{parent}", "- Two\n  more", "```\n\n- x\n```", "Three")
