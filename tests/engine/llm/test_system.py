"""The system message says what a scan of the market showed, and what is not told from noise."""

from __future__ import annotations

from dataclasses import replace

from engine.llm.system import MOST_FAMILIES, shown
from sandbox.screen import Row, Screen
from tests.engine.fakes import row, screen


def of_family(i: int, family: str, **more: bool) -> Row:
    made = row(i, **more)
    return replace(made, atoms=(replace(made.atoms[0], family=family),))


def seen(*singles: Row, products: tuple[Row, ...] = ()) -> str:
    found: Screen = replace(screen(), singles=singles, products=products)
    return shown(found)


def test_each_kind_of_condition_is_shown_by_its_best_row() -> None:
    text = seen(of_family(0, "rsi"), of_family(1, "rsi"), of_family(2, "clock"))
    assert "- 1.50 +- 0.10: sign(log_return(m.close, 1))" in text
    assert "log_return(m.close, 2)" not in text
    assert text.index("(m.close, 1)") < text.index("(m.close, 3)")


def test_only_what_stands_above_noise_is_marked_and_the_noise_is_told() -> None:
    text = seen(of_family(0, "rsi", above_noise=True), of_family(1, "clock"))
    assert text.count("ABOVE NOISE") == 1
    assert "usually scores 0.55 (a condition) and 0.75 (a product)" in text
    assert "12 simple conditions and 66 products" in text


def test_a_column_that_knows_too_much_is_not_shown() -> None:
    assert "(m.close, 1)" not in seen(of_family(0, "leak", suspect=True), of_family(1, "rsi"))


def test_kinds_beyond_the_first_are_named_only() -> None:
    rows = [of_family(i, f"kind{i}") for i in range(MOST_FAMILIES + 2)]
    text = seen(*rows)
    assert text.endswith(f"Weaker by themselves: kind{MOST_FAMILIES}, kind{MOST_FAMILIES + 1}.")


def test_products_are_shown_once_for_each_pair_of_kinds() -> None:
    pairs = [replace(row(i), atoms=(row(i).atoms[0], row(i + 1).atoms[0])) for i in (3, 4)]
    text = seen(of_family(0, "rsi"), products=tuple(pairs))
    assert "(sign(log_return(m.close, 4))) * (sign(log_return(m.close, 5)))" in text
    assert "(m.close, 6)" not in text
