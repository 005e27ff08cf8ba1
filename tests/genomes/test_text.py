"""Untrusted text and figures: what is shown cannot act on a terminal, what is stored can be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genomes.records.text import escaped, fixed, number, one_line, paragraph, quote, storable

ANYTHING = st.text(st.characters(exclude_categories=[]) | st.sampled_from("\r\n\t\0\ud800\x1b "))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", r"\u001b[2J"),
        ("\x9b2J", r"\u009b2J"),
        ("a\rb\bc\x07", r"a\u000db\u0008c\u0007"),
        ("\u202eevil", r"\u202eevil"),
        ("a\u200bb\u2028c", r"a\u200bb\u2028c"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
        ("line\r\nbreak\ttab\n", "line\nbreak\ttab\n"),
        ("Größe 📈 漢字\u00a0x", "Größe 📈 漢字\u00a0x"),
        ("[red]markup[/red]", "[red]markup[/red]"),
    ],
)
def test_what_a_terminal_may_obey_or_nobody_sees_is_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


@given(ANYTHING)
def test_what_is_shown_holds_nothing_invisible_but_line_feeds_tabs_and_spaces(text: str) -> None:
    assert all(c in "\n\t" or c.isspace() or c.isprintable() for c in escaped(text))
    assert "\x1b" not in escaped(text)
    assert "\r" not in escaped(text)


@given(ANYTHING)
def test_a_quotation_is_printable_ascii_and_no_longer_than_asked(text: str) -> None:
    found = quote(text, 20)
    assert found.isascii()
    assert found.isprintable()
    assert len(found) <= 20


@given(ANYTHING)
def test_one_line_is_one_and_no_longer_than_asked(text: str) -> None:
    assert len(one_line(text, 20)) <= 20
    assert len(one_line(text).splitlines()) <= 1


@given(ANYTHING)
def test_what_is_stored_encodes_and_is_otherwise_the_text(text: str) -> None:
    kept = storable(text)
    assert "\0" not in kept
    assert len(kept.encode().decode()) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, kept, strict=True))


def test_one_line_joins_blanks_and_a_cut_end_is_an_ellipsis() -> None:
    assert one_line(" a \n b ", 10) == "a b"
    assert one_line("abcdefghij", 8) == "abcde..."
    assert one_line("abcdefgh", 8) == "abcdefgh"
    assert one_line("  a\n\tb\r\nc") == "a b c"


def test_a_paragraph_keeps_its_lines_and_says_what_it_left_out() -> None:
    assert paragraph("\n a\tb \r\n\x07\n", 50) == " a  b\n\\u0007"
    assert paragraph("abc", 2) == "ab\n[1 more characters were cut]"
    assert paragraph("abc") == "abc"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-3.236e-19, "0"),
        (0.00123456, "0.00123"),
        (12.345, "12.3"),
        (999.9, "1,000"),
        (10774.0, "10,800"),
        (-1234567.4, "-1,230,000"),
        (float("inf"), "-"),
        (float("nan"), "-"),
        (None, "-"),
    ],
)
def test_a_number_has_as_many_digits_as_count(value: float | None, shown: str) -> None:
    assert number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (-3.236e-19, "+0"),
        (10770.4, "+10,770"),
        (-1234567.4, "-1,234,567"),
        (9999.4, "+9,999"),
        (9999.9, "+10,000"),
        (2.5e20, "+2.5e+20"),
        (0.00123456, "+0.001235"),
    ],
)
def test_a_whole_number_keeps_the_digits_before_its_point(value: float, shown: str) -> None:
    assert number(value, 4, signed=True, whole=True) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "-"),
        (float("nan"), "-"),
        (float("inf"), "inf"),
        (-1e-13, "0.000"),
        (1.23456, "1.235"),
    ],
)
def test_a_fixed_number_has_its_decimals(value: float | None, shown: str) -> None:
    assert fixed(value) == shown
    assert fixed(0.5, 1, signed=True) == "+0.5"
