"""The reference page: made from the table, readable in a terminal, true to the language."""

from __future__ import annotations

import pytest

from genomes.language.__main__ import main
from genomes.language.reference import EXAMPLE, entry, page
from genomes.language.table import OPERATORS
from tests.genomes.language.drawing import draw_text


def test_the_page_names_every_operator_with_its_formula():
    text = " ".join(page().split())
    for row in OPERATORS.values():
        written = row.signature if row.public else row.spelled
        assert " ".join(written.split()) in text
        assert " ".join(row.doc.split()) in text


def test_the_page_fits_its_width():
    assert max(map(len, page().splitlines())) <= 100


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_stands_alone_with_its_arguments(name):
    row = OPERATORS[name]
    text = entry(name)
    assert text is not None
    assert text.startswith(row.signature)
    for arg in row.args:
        assert f"  {arg.name} " in text
    assert row.memory in text
    assert row.family in text
    assert max(map(len, text.splitlines())) <= 100


def test_an_entry_gives_ranges_and_defaults():
    text = entry("supertrend")
    assert text is not None
    assert "1 to 5000  default 10" in text
    assert "0.1 to 20  default 3" in text
    assert "dimension price" in text
    assert "1 bars after its arguments" in text


def test_the_example_is_a_strategy():
    graph = draw_text(EXAMPLE)
    assert {"factor", "signal", "weight", "stop_loss", "trailing_stop", "max_held"} == set(
        graph.outputs
    )
    assert EXAMPLE in page()


def test_without_a_word_the_page_is_printed(capsys):
    assert main([]) == 0
    assert capsys.readouterr().out == page()


def test_with_words_those_are_printed(capsys):
    assert main(["sma", "hold"]) == 0
    out = capsys.readouterr().out
    assert out == f"{entry('sma')}{entry('hold')}"


def test_an_unknown_word_names_those_like_it(capsys):
    assert main(["smaa"]) == 2
    caught = capsys.readouterr()
    assert caught.out == ""
    assert "'smaa' is not an operator of the language; did you mean sma" in caught.err
    assert main(["sma", "zzzzzz"]) == 2
    caught = capsys.readouterr()
    assert caught.out == entry("sma")
    assert "without a WORD all are listed" in caught.err


def test_markdown_has_a_table_for_each_family(capsys):
    assert main(["--markdown"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# The strategy language\n")
    assert "```python\n" + EXAMPLE + "```" in out
    assert (
        "| `sma(x, n)` | x: a | a | n - 1 | finite | Mean of n.  Also x.rolling(n).mean(). |" in out
    )
    assert "x \\| y" in out
    rows = [line for line in out.splitlines() if line.startswith("| `")]
    assert len(rows) == len(OPERATORS)


def test_help_teaches(capsys):
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    assert "python -m genomes.language sma hold" in capsys.readouterr().out
