"""Search/replace edits: what fits, what does not, and how that is said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genomes.patch import MAX_CHARS, MAX_EDITS, Edit, Misfit, apply_edits

TEXT = '''"""A trend."""

PARAMS = {
    "fast": Int(20, low=5, high=60),
    "fast_exit": Int(5, low=2, high=20),
    "slow": Float(2.5, low=0.5, high=4.0),
}


def factor(m, p):
    return ema(m.close, p.fast) / ema(m.close, 96) - 1


def signal(f, m, p):
    if p.fast > 10:
        return hold(enter=f > 0.02, exit=f < 0)
    return f > 0
'''


def edits(*pairs: tuple[str, str]) -> list[Edit]:
    return [Edit(search=search, replace=replace) for search, replace in pairs]


def misfit(text: str, *pairs: tuple[str, str]) -> Misfit:
    found = apply_edits(text, edits(*pairs))
    assert isinstance(found, tuple), found
    return found[0]


# -- what fits -------------------------------------------------------------------------------------


def test_a_search_that_occurs_once_is_replaced():
    assert apply_edits(TEXT, edits(("exit=f < 0", "exit=f < -0.01"))) == TEXT.replace(
        "exit=f < 0", "exit=f < -0.01"
    )


def test_several_edits_see_the_text_as_it_was():
    new = apply_edits("a = 1\nb = 2\n", edits(("b = 2", "a = 1"), ("a = 1", "b = 2")))
    assert new == "b = 2\na = 1\n"


def test_edits_may_touch_each_other():
    assert apply_edits("one two", edits(("one ", "1 "), ("two", "2"))) == "1 2"


def test_a_replacement_may_be_empty_and_hold_anything():
    assert apply_edits("a = 1\nb = 2\n", edits(("a = 1\n", ""))) == "\nb = 2\n"
    assert apply_edits("a = 1\n", edits(("a = 1", r"\g<0> \1 {} %s"))) == "\\g<0> \\1 {} %s\n"


def test_line_endings_do_not_matter():
    assert apply_edits("a = 1\r\nb = 2\r\n", edits(("a = 1\nb = 2", "c\r\nd"))) == "c\nd\n"


def test_blanks_at_the_ends_of_lines_do_not_matter():
    new = apply_edits("a = 1\nb = 2\n", edits(("a = 1  \nb = 2\t", "c = 3")))
    assert new == "c = 3\n"


def test_blank_lines_around_a_search_do_not_matter():
    assert apply_edits("a = 1\nb = 2\n", edits(("\n\na = 1 \nb = 2\n\n", "\nc = 3\n"))) == "c = 3\n"


def test_a_search_written_from_column_0_is_found_and_its_replacement_moved_in():
    found = apply_edits(
        TEXT,
        edits(
            (
                "if p.fast > 10:\n    return hold(enter=f > 0.02, exit=f < 0)",
                "if p.fast > 9:\n    x = f\n\n    return x > 0.02",
            )
        ),
    )
    assert isinstance(found, str)
    assert "    if p.fast > 9:\n        x = f\n\n        return x > 0.02\n    return f > 0" in found


def test_a_search_indented_too_far_is_moved_out():
    new = apply_edits("a = 1\nb = 2\n", edits(("    a = 1\n    b = 2", "    c = 3\n      d")))
    assert new == "c = 3\n  d\n"


def test_one_line_found_without_its_indentation_keeps_it_for_all_lines_of_its_replacement():
    new = apply_edits("def f():\n    return 1\n", edits(("return 1", "x = 1\nreturn x")))
    assert new == "def f():\n    x = 1\n    return x\n"


def test_a_replacement_that_is_indented_itself_is_left_as_it_is():
    new = apply_edits("def f():\n    return 1\n", edits(("return 1", "x = 1\n    return x")))
    assert new == "def f():\n    x = 1\n    return x\n"


def test_a_tab_is_four_blanks_of_indentation():
    new = apply_edits("def f():\n    a = 1\n    b = 2\n", edits(("\ta = 1\n\tb = 2", "\tc = 3")))
    assert new == "def f():\n\tc = 3\n"


# -- what does not ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("window = 50\n", "window = 5"),
        ("x = 2.5\n", "x = 2"),
        ("x = 2.5\n", "5"),
        ("x = 2.5\n", "x = 2."),
        ("slow_fast = 1\n", "fast = 1"),
        ("fastest = 1\n", "fast"),
    ],
)
def test_a_word_or_number_is_never_cut_in_two(text, search):
    assert misfit(text, (search, "y")).problem == "no_match"


def test_an_occurrence_inside_a_longer_word_is_none():
    new = apply_edits(TEXT, edits(('"fast": Int(20', '"fast": Int(30')))
    assert new == TEXT.replace("Int(20", "Int(30")
    assert apply_edits("ab a b", edits(("a", "x"))) == "ab x b"


def test_a_shifted_search_that_does_not_stand_on_whole_lines_is_not_found():
    assert misfit("    a = 1 + 2\n", ("  a = 1 +", "b")).problem == "no_match"


def test_lines_whose_indentation_differs_unevenly_do_not_match():
    found = misfit("if a:\n    b = 1\n    c = 2\n", ("if a:\n    b = 1\n        c = 2", "pass"))
    assert found.problem == "no_match"
    assert "one after the other" in found.found


def test_a_replacement_cannot_be_moved_out_of_the_page():
    assert misfit("a = 1\n", ("    a = 1", "  b = 2")).problem == "no_match"


def test_likeness_is_no_match_but_names_the_nearest_line():
    found = misfit(TEXT, ("return hold(enter=f > 0.03, exit=f < 0)", "x"))
    assert found.problem == "no_match"
    assert found.edit == 1
    assert "`return hold(enter=f > 0.03, exit=f < 0)` does not occur" in found.found
    assert "line 16: `return hold(enter=f > 0.02, exit=f < 0)`" in found.found


def test_the_line_that_is_missing_is_named_not_the_first():
    found = misfit(TEXT, ("def signal(f, m, p):\n    if p.fast > 11:", "x"))
    assert "`if p.fast > 11:` does not occur" in found.found
    assert "line 15" in found.found


def test_a_search_with_nothing_near_is_said_to_be_missing_alone():
    assert misfit("a = 1\n", ("zzz", "x")).found == "`zzz` does not occur"


def test_a_search_that_occurs_twice_names_the_lines():
    found = misfit("a\nb\na\nc\na\n", ("a", "x"))
    assert found.problem == "many_matches"
    assert "lines 1, 3, 5;" in found.found


def test_a_search_that_occurs_often_names_the_first_lines_only():
    assert "lines 1, 2, 3, 4, 5, 6, ...;" in misfit("a\n" * 50, ("a", "x")).found


def test_overlapping_occurrences_count_as_two():
    assert misfit("- - -\n", ("- -", "x")).problem == "many_matches"


def test_two_shifted_occurrences_are_two():
    text = "if a:\n    b = 1\n    c\nif d:\n    b = 1\n    c\n"
    assert misfit(text, ("b = 1\nc", "x")).problem == "many_matches"


def test_an_exact_occurrence_goes_before_shifted_ones():
    text = "b = 1\nc\nif d:\n    b = 1\n    c\n"
    assert apply_edits(text, edits(("b = 1\nc", "x"))) == text.replace("b = 1\nc", "x", 1)


@pytest.mark.parametrize("search", ["", " ", "\n\n", "\t\r\n"])
def test_nothing_cannot_be_searched_for(search):
    assert misfit(TEXT, (search, "x")).problem == "empty_search"


def test_two_edits_of_one_place_overlap():
    found = misfit("a = 1\nb = 2\n", ("a = 1\nb", "x"), ("b = 2", "y"))
    assert (found.problem, found.edit) == ("overlap", 2)
    assert "line 2, as edit 1" in found.found
    assert misfit("a = 1\n", ("a = 1", "x"), ("a = 1", "x")).problem == "overlap"


def test_edits_that_change_nothing_are_said_to():
    assert misfit("a = 1\n", ("a = 1", "a = 1")).problem == "unchanged"
    assert misfit("a = 1\n").problem == "unchanged"


def test_every_edit_that_fails_is_named():
    found = apply_edits("a\nb\nb\n", edits(("c", ""), ("b", ""), ("a", "x"), ("", "")))
    assert isinstance(found, tuple)
    assert [(each.problem, each.edit) for each in found] == [
        ("no_match", 1),
        ("many_matches", 2),
        ("empty_search", 4),
    ]
    assert str(found[0]).startswith("edit 1: ")


def test_sizes_are_capped():
    found = misfit("a = 1\n", *[("a = 1", "b")] * (MAX_EDITS + 1))
    assert (found.problem, found.edit) == ("size", 0)
    assert misfit("a" * (MAX_CHARS + 1), ("a", "b")).problem == "size"
    assert misfit("a = 1\n", ("a = 1", "b" * MAX_CHARS)).problem == "size"


def test_words_of_a_stranger_are_shown_escaped_and_short():
    found = misfit("a = 1\n", ("\x1b[2J`\u202e" + "x" * 500, "b")).found
    assert found.isascii()
    assert found.isprintable()
    assert len(found) < 200


@pytest.mark.parametrize(
    ("text", "search"),
    [
        ("a" * MAX_CHARS, "a" * (MAX_CHARS // 2)),
        ("ab" * (MAX_CHARS // 2), "ab" * 1000 + "c"),
        ("a\n" * (MAX_CHARS // 2), "a\n" * 8000 + " b"),
        ("\n" * MAX_CHARS, "\n" * 8000 + "a"),
        ("a a " * (MAX_CHARS // 4), "a  a"),
        ("x_" * (MAX_CHARS // 2), "x"),
    ],
)
def test_repetition_ends_in_a_problem(text, search):
    assert misfit(text, (search, "y")).problem in ("no_match", "many_matches")


# -- laws ------------------------------------------------------------------------------------------

LINES = st.lists(
    st.sampled_from(["", "a", "  a", "    b", "b a", "\tc", "c  ", "a.b", "1.5", "x1\r"]),
    max_size=12,
).map("\n".join)


@given(LINES, st.lists(st.tuples(LINES, LINES), max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_text_and_edits_give_a_text_or_a_problem(text, pairs):
    found = apply_edits(text, edits(*pairs))
    assert (isinstance(found, str) and "\r" not in found) or all(
        isinstance(each, Misfit) and 0 <= each.edit <= len(pairs) for each in found
    )


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8, unique=True), st.data())
@settings(max_examples=100, deadline=None)
def test_replacing_lines_that_differ_is_replacing_them_in_a_list(numbers, data):
    lines = [f"name{n} = {n}" for n in numbers]
    chosen = data.draw(st.sets(st.sampled_from(range(len(lines))), min_size=1))
    indent = data.draw(st.sampled_from(["", "    ", "\t"]))
    pairs = [(indent + lines[at], f"{indent}new{at}") for at in sorted(chosen)]
    expected = [f"new{at}" if at in chosen else line for at, line in enumerate(lines)]
    shown = [indent + line if indent != "\t" else line for line in lines]
    expected = [indent + line if indent != "\t" else line for line in expected]
    assert apply_edits("\n".join(shown), edits(*pairs)) == "\n".join(expected)
