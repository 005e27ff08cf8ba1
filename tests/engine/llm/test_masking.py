"""Masking: symbols and dates disappear from words and source, and the code stays what it was."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.llm.masking import Mask
from genomes.check import check_foreign
from genomes.language.words import WORDS
from genomes.strategies import texts
from sandbox.jail.client import Drawn, Jail
from tests.engine.llm.candidates import FIELDS

SYMBOLS = ("AAPL", "BRK.B", "BTC/USDT", "IT", "SPY", "T", "^GSPC", "low", "600519", "it", "42")
MASK = Mask(SYMBOLS, market="sp-500", fields=FIELDS)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Buy AAPL.", "Buy asset 1."),
        ("AAPL's rise, (SPY)/AAPL, AAPL_fast", "asset 1's rise, (asset 5)/asset 1, asset 1_fast"),
        ("BRK.B, or BRK alone", "asset 2, or asset 2a alone"),
        ("BTC/USDT and BTC against USDT", "asset 3 and asset 3a against asset 3b"),
        ("^GSPC leads", "asset 7 leads"),
        ("sell $T and T", "sell asset 6 and T"),
        ("IT leads when it is low", "asset 4 leads when it is low"),
        ("code 600519, length 42", "code asset 9, length 42"),
        ("on sp-500 it works", "on the market it works"),
        ("aapl SPYDER MAAPL AAPLX spy", "aapl SPYDER MAAPL AAPLX spy"),
    ],
)
def test_symbols_are_whole_words(text: str, masked: str) -> None:
    assert MASK.prose(text) == masked


def test_of_two_symbols_that_begin_alike_the_longer_is_seen() -> None:
    mask = Mask(["BTC/USD", "BTC/USD-PERP"])
    assert mask.prose("BTC/USD-PERP over BTC/USD") == "asset 2 over asset 1"


@pytest.mark.parametrize(
    "date",
    ["2008", "2008-09-15", "2008-09", "2008/9/15", "15/09/2008", "9/15/08", "15.09.2008",
     "20080915", "2008-09-15T14:30:00Z", "2008-09-15 14:30", "Sep 2008", "September 15, 2008",
     "15th September 2008", "sep '08", "'08", "2010s", "1987", "2099", "1900"],
)  # fmt: skip
def test_dates_in_every_spelling_go(date: str) -> None:
    assert MASK.prose(f"it fell in {date}, hard") == "it fell in [date], hard"


@pytest.mark.parametrize(
    "text",
    ["0.2008", "12008", "20081", "1899", "2100", "window 240", "1.05 and 3/4", "May be, in March",
     "1,990 trades", "5-10-20", "m.close > sma(m.close, 199)"],
)  # fmt: skip
def test_other_numbers_stay(text: str) -> None:
    assert MASK.prose(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("FY2008 results", "FY[date] results"),
        ("Q3 2008", "Q3 [date]"),
        ("2007-2009", "[date]-[date]"),
    ],
)
def test_a_year_goes_from_whatever_it_is_joined_to(text: str, left: str) -> None:
    assert MASK.prose(text) == left


def test_words_of_the_language_stay_whatever_is_called_so() -> None:
    names = (*WORDS, *FIELDS, "factor", "signal", "Int", "PARAMS", "m", "p", "if", "rolling")
    mask = Mask(names, market="default", fields=FIELDS)
    for text in (*texts().values(), "low and high, by default"):
        assert mask.source(text) == text
        assert mask.prose(text) == text


def test_a_field_of_this_market_stays() -> None:
    assert Mask(["vix", "SPY"], fields=["vix"]).source("x = m.vix  # SPY") == (
        "x = m.vix  # asset_2"
    )
    assert Mask(["vix", "SPY"]).prose("vix") == "asset 1"


# -- source ----------------------------------------------------------------------------------------

PLANTED = '''"""AAPL trend: 'SPY' since 2008-09-15, as in the \\"great\\" fall of 1987."""
# BTC/USDT fell in Sep 2008 and 2009

from genomes.language import Choice, Int, ema

PARAMS = {
    "slow_2008": Int(2000, low=1900, high=2099),
    "AAPL_way".lower() if False else "way": Choice("SPY up", options=("SPY up", 'SPY down')),
}


def factor(m, p):
    crash_2008 = ema(m.close, 2008)  # of AAPL
    AAPL = m.close / crash_2008 - 1
    return AAPL if p.way == "SPY up" else -AAPL
'''
PLANTED = PLANTED.replace('"AAPL_way".lower() if False else "way"', '"way"')


def test_source_keeps_its_code_and_loses_its_words() -> None:
    masked = MASK.source(PLANTED)
    assert masked.splitlines() == [
        '"""asset_1 trend: \'asset_5\' since date_1, as in the \\"great\\" fall of date_2."""',
        "# asset_3 fell in date_3 and date_4",
        "",
        "from genomes.language import Choice, Int, ema",
        "",
        "PARAMS = {",
        '    "slow_date_5": Int(2000, low=1900, high=2099),',
        '    "way": Choice("asset_5 up", options=("asset_5 up", \'asset_5 down\')),',
        "}",
        "",
        "",
        "def factor(m, p):",
        "    crash_date_5 = ema(m.close, 2008)  # of asset_1",
        "    asset_1 = m.close / crash_date_5 - 1",
        '    return asset_1 if p.way == "asset_5 up" else -asset_1',
    ]
    assert MASK.source(masked) == masked


def test_different_words_stay_different_beside_names_like_ours() -> None:
    mask = Mask(["AAPL", "SPY"])
    masked = mask.source("asset_1 = AAPL + SPY\ndate_1 = x2008 + x2009\n")
    assert masked == ("asset_1 = an_asset_1 + an_asset_2\ndate_1 = xa_date_1 + xa_date_2\n")


def test_a_long_name_stays_short_enough_for_a_parameter() -> None:
    mask = Mask([f"X{n:03d}" for n in range(999)])
    name = "x_X998_" + "long_" * 6 + "ab"
    masked = mask.source(f'PARAMS = {{"{name}": 1}}\np.{name}\n')
    names = set(re.findall(r"\w+", masked)) - {"PARAMS", "p", "1"}
    assert len(names) == 1
    assert len(names.pop()) <= 40


def shape(text: str) -> list[tuple[int, str]]:
    """Tokens but for the words of comments, strings and names; names by who is who."""
    seen: dict[str, str] = {}
    made: list[tuple[int, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.COMMENT, tokenize.STRING, tokenize.NAME):
            made.append((token.type, seen.setdefault(token.string, str(len(seen)))))
        else:
            made.append((token.type, token.string))
    return made


def words_of(mask: Mask, text: str) -> set[str]:
    return {word for word in re.findall(r"[^\W_]+", text) if word in SYMBOLS}


names = st.sampled_from(
    ["AAPL", "SPY", "SPY_x", "x2008", "crash_1987", "close", "asset_1", "IT", "n"]
)
inside = st.lists(
    st.sampled_from(["AAPL", "2008-09-15", "Sep 2008", "BRK.B", "it", " ", "x", "#", "1987", "$T"]),
    max_size=6,
).map(" ".join)
quotes = st.sampled_from(['"{}"', "'{}'", '"""{}"""', "'''{}\n'''", 'r"{}"'])
lines = st.one_of(
    st.builds("{} = {} + 2008\n".format, names, names),
    st.builds(lambda quote, words: f"x = {quote.format(words)}\n", quotes, inside),
    st.builds("y = 1.5e3  # {}\n".format, inside),
)


@given(st.lists(lines, max_size=8).map("".join))
def test_masked_source_has_the_tokens_it_had(text: str) -> None:
    masked = MASK.source(text)
    assert shape(masked) == shape(text)
    assert not words_of(MASK, masked) & {"AAPL", "SPY", "IT", "BRK"}
    assert "1987" not in masked
    assert MASK.source(masked) == masked


@pytest.fixture(scope="module")
def drawn() -> Iterator[Callable[[str], str]]:
    """The key of the graph that a text draws."""
    jail = Jail(FIELDS, isolation="reduced")

    def key(text: str) -> str:
        checked = check_foreign(text)
        assert not isinstance(checked, tuple), checked
        (answer,) = jail.draw_many([checked.text])
        assert isinstance(answer, Drawn), answer
        return answer.graph.key

    yield key
    jail.close()


SEEDS = sorted(texts())


def own_names(text: str) -> list[str]:
    """Names that only this author gave: parameters and variables."""
    tree = ast.parse(text)
    found = {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    }
    (declared,) = (n for n in ast.walk(tree) if isinstance(n, ast.Dict))
    found |= {key.value for key in declared.keys if isinstance(key, ast.Constant)}
    return sorted(found - {"PARAMS"})


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_a_masked_seed_draws_the_same_graph(
    drawn: Callable[[str], str], name: str, data: st.DataObject
) -> None:
    text = texts()[name]
    words = sorted({*own_names(text), *re.findall(r"[A-Za-z]{2,}", text)})
    symbols = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=6, unique=True))
    # Dates and tickers in a comment, and in the names of the author.
    text += "# AAPL in 2008\n"
    for number, own in enumerate(own_names(text)[:2]):
        text = re.sub(rf"\b{own}\b", f"{own}_{1990 + number}", text)
    mask = Mask(("AAPL", *symbols), fields=FIELDS)
    masked = mask.source(text)
    assert "AAPL" not in masked
    assert "199" not in masked
    assert drawn(masked) == drawn(text)


@pytest.mark.parametrize("name", SEEDS)
def test_each_seed_as_it_is_draws_the_same_graph(drawn: Callable[[str], str], name: str) -> None:
    text = texts()[name]
    mask = Mask([word for word in own_names(text) if len(word) > 1], fields=FIELDS)
    masked = mask.source(text)
    assert drawn(masked) == drawn(text)


def test_an_edit_of_the_masked_text_fits_the_masked_text() -> None:
    from genomes.patch import Edit, apply_edits

    masked = MASK.source(PLANTED)
    edited = apply_edits(
        masked, [Edit(search="    return asset_1 if", replace="    return 2 * asset_1 if")]
    )
    assert isinstance(edited, str)
    assert "return 2 * asset_1 if" in edited
    assert MASK.source(edited) == edited
