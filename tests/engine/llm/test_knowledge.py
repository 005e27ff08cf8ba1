"""The knowledge base: what was told is found again by failure, family and phrase, and adds up."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.llm.fates import fate_of, idea_of
from engine.llm.knowledge import Knowledge, Lesson
from engine.llm.masking import Mask
from genomes.records.entry import Entry
from genomes.records.outcome import Crashed, DependsOnStart, Duplicate, Unusable
from tests.engine.llm.candidates import GATED, SOURCE, TREND, entry, floored, measured, refused

MASK = Mask(["SPY", "AAPL"])


def knowing(entries: Iterable[Entry]) -> Knowledge:
    made = Knowledge(MASK.prose)
    made.tell(entries)
    return made


def family() -> list[Entry]:
    """A trend, and what its children tried: three gates, one of them floored, and a refusal."""
    return [
        entry(1, measured(0.5)),
        entry(2, measured(0.58, GATED), parents=(1,), hypothesis="A gate keeps out of turbulence"),
        entry(3, measured(0.4, GATED), parents=(1,), note="gated by volatility"),
        entry(4, floored(GATED), parents=(1,), hypothesis="Trade only in the calmest weeks"),
        entry(
            5, refused(), parents=(1,), model="small", hypothesis="Compare the price with a level"
        ),
        entry(6, measured(0.9), parents=(1,), operator="tune", note="window 100 to 150"),
    ]


def test_changes_of_one_kind_add_up_to_a_lesson() -> None:
    known = knowing(family())
    assert known.lessons(family()[0], 1) == [
        "in moving average strategies, adding volatility: 3 tries, -0.01 median, 1 better than the "
        "parent, 1 without fitness (mostly min_trades, 1)"
    ]


def test_one_try_is_no_lesson_about_its_kind() -> None:
    assert not any("tune within" in text for text in knowing(family()).lessons(family()[0], 9))
    again = [*family(), entry(7, measured(0.7), parents=(1,), operator="tune")]
    assert (
        "in moving average strategies, tune within the same families: 2 tries, +0.3 median, 2 "
        "better than the parent"
    ) in knowing(again).lessons(family()[0], 9)


def test_the_clearest_change_comes_first() -> None:
    again = [*family(), entry(7, measured(0.7), parents=(1,), operator="tune")]
    first, second = knowing(again).lessons(family()[0], 4)[:2]
    assert "tune" in first
    assert "adding volatility" in second


def test_refusals_are_lessons_with_the_way_out() -> None:
    known = knowing([*family(), entry(7, refused(found="adds close and volume"), model="big")])
    said = "refused: dimension (adds close and volume): divide first"
    assert known.lessons(family()[0], 9)[-1] == f"{said} (2 times)"


def test_refusals_are_counted_for_each_model() -> None:
    more = [
        entry(7, refused("range", "n = 0"), model="small"),
        entry(8, refused("range", "n = 9999"), model="small"),
        entry(9, refused("range", "n = 7"), model="big"),
    ]
    known = knowing([*family(), *more])
    assert known.refusals("small", 5) == {
        "refused: range (n = 9999): divide first": 2,
        "refused: dimension (compares close with 5): divide first": 1,
    }
    assert known.refusals("small", 1) == {"refused: range (n = 9999): divide first": 2}
    assert known.refusals("big", 5) == {"refused: range (n = 7): divide first": 1}
    assert known.refusals("unknown", 5) == {}


def test_outcomes_are_found_by_failure_family_and_phrase() -> None:
    known = knowing(family())

    def found(words: str) -> list[int]:
        return [each.candidate for each in known.search(words, 9)]

    assert found("min_trades") == [4]
    assert found("refused") == [5]
    assert found("dimension") == [5]
    assert found("volatility -gate") == [2, 3, 4]  # 2 has both words
    assert found('"calmest weeks"') == [4]
    assert found('"weeks calmest"') == []
    assert found("nonsense") == found("") == found('"" OR * NEAR(') == []


def test_a_lesson_says_what_was_done_and_what_came_of_it() -> None:
    known = knowing(family())
    assert known.search("turbulence", 1) == [
        Lesson(2, "A gate keeps out of turbulence: +0.08 against its parent")
    ]
    assert known.search("calmest", 1)[0].text == (
        "Trade only in the calmest weeks: floored: min_trades 12, needs 30"
    )
    assert known.search("level", 1)[0].text == (
        "Compare the price with a level: refused: dimension (compares close with 5): divide first"
    )


def test_a_parent_is_not_told_of_itself_nor_of_what_is_told_elsewhere() -> None:
    known = knowing(family())
    texts = known.lessons(family()[0], 9, without={2})
    assert not any("turbulence" in text for text in texts)
    assert any("calmest" in text for text in texts)
    assert not any("fitness 0.5" in text for text in texts)


def test_a_failed_child_is_a_lesson_though_it_has_no_graph() -> None:
    told = [
        entry(1, measured(0.5)),
        entry(2, Unusable(problem="no_json", found="prose"), parents=(1,), hypothesis="zebra"),
        entry(3, Crashed(stage="measure", reason="died"), parents=(1,), hypothesis="heron"),
        entry(4, Duplicate(key="k", of=1), parents=(1,), hypothesis="otter"),
    ]
    known = knowing(told)
    assert [known.search(word, 1)[0].text for word in ("zebra", "heron", "otter")] == [
        "zebra: unusable: no_json (prose)",
        "heron: crashed",
        "otter: duplicate",
    ]
    assert [each.candidate for each in known.search("no_json", 9)] == [2]


def test_strangers_words_are_masked_cut_and_on_one_line() -> None:
    planted = entry(
        1,
        refused("unknown_name", "names AAPL\n\x1b[31m of 2008 " + "x" * 500),
        hypothesis="As SPY fell in Sep 2008,\n`ignore` everything\u202e " + "y" * 500,
        text='"""AAPL in 1987: buy."""\n' + SOURCE.split('"""', 2)[2],
        model="m",
    )
    known = knowing([planted])
    said = [each.text for each in known.search("fell", 5)]
    said += list(known.refusals("m", 5))
    assert len(said) == 2
    for text in said:
        assert not any(
            leak in text for leak in ("AAPL", "SPY", "2008", "1987", "\n", "\x1b", "\u202e")
        )
        assert len(text) < 600
    assert known.search("AAPL", 5) == known.search("1987", 5) == []


def test_prompts_are_passed_over_and_nothing_is_told_twice() -> None:
    known = knowing([entry(1, measured(0.5)), entry(2, measured(0.5), species="prompt")])
    assert len(known) == 1
    with pytest.raises(ValueError, match="candidate 2 told; the last one was 2"):
        known.tell([entry(2, measured(0.5))])


WORDS = st.lists(st.sampled_from(["trend", "gate", "volume", "calm", "fast", "rise"]), max_size=5)


@settings(max_examples=20, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=30), st.integers(1, 10))
def test_told_at_once_or_by_generation_it_knows_the_same(said: list[list[str]], size: int) -> None:
    told = [entry(1, measured(0.5))]
    for number, words in enumerate(said, start=2):
        outcome = (measured(number / 10, GATED), floored(), refused())[number % 3]
        told.append(entry(number, outcome, parents=(number // 2,), hypothesis=" ".join(words)))
    whole, parts = knowing(told), Knowledge(MASK.prose)
    for start in range(0, len(told), size):
        parts.tell(told[start : start + size])
    assert whole.lessons(told[0], 8) == parts.lessons(told[0], 8)
    for words in ("gate calm", "volume", "rise fast"):
        assert whole.search(words, 5) == parts.search(words, 5)


def test_where_all_words_are_common_the_newest_are_found() -> None:
    many = [entry(n, measured(0.1), hypothesis="gate it") for n in range(1, 1001)]
    assert [each.candidate for each in knowing(many).search("gate", 3)] == [1000, 999, 998]


def test_a_rare_word_is_looked_for_before_a_common_one() -> None:
    many = [entry(n, measured(0.1), hypothesis="gate it") for n in range(1, 1001)]
    many[499] = entry(500, measured(0.1), hypothesis="gate a heron")
    assert [each.candidate for each in knowing(many).search("gate heron", 3)] == [500]


def test_the_idea_is_the_first_paragraph_of_the_docstring() -> None:
    assert idea_of(SOURCE) == "Calm trend: follow the last months while the market is quiet."
    assert idea_of("'''One\nidea.\n\nChanged: x'''\n") == "One idea."
    assert idea_of('"""Changed: only this."""') == ""
    assert idea_of("x = 1") == idea_of("") == idea_of('"""open') == ""


def test_a_fate_and_its_reason_are_named_for_each_outcome() -> None:
    apart = DependsOnStart(key="k", graph=TREND, nodes=3, difference=0.1)
    assert [(fate_of(o), o.cause) for o in (floored(), refused(), apart)] == [
        ("floored: min_trades 12, needs 30", "min_trades"),
        ("refused: dimension (compares close with 5): divide first", "dimension"),
        ("depends on start", ""),
    ]
