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

from engine.llm.everyday import everyday
from engine.llm.masking import Mask
from genomes.check import check_foreign
from genomes.language.reference import page
from genomes.language.words import WORDS
from genomes.prompts import texts as prompts
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
        ("SPYDER MAAPL AAPLX spying", "SPYDER MAAPL AAPLX spying"),
        ("Spy, aapl's SPYs and spys'", "asset 5, asset 1's asset 5 and asset 5'"),
        (
            "seed spy_buyer, spyBuyer, SPYBuyer, mySpy",
            "seed asset 5_buyer, asset 5_Buyer, asset 5_Buyer, my_asset 5",
        ),
        ("spy20 of SPY2008", "asset 5_20 of asset 5_[date]"),
        ("btc-usdt, BTCUSDT, btcusdt_x, Brk b", "asset 3, asset 3, asset 3_x, asset 2a b"),
        ("SP-500, sp_500, sp 500's", "the market, the market, the market's"),
        ("It is IT's, the ITs", "It is asset 4's, the asset 4"),
    ],
)
def test_symbols_are_whole_words(text: str, masked: str) -> None:
    assert MASK.prose(text) == masked


def test_of_two_symbols_that_begin_alike_the_longer_is_seen() -> None:
    mask = Mask(["BTC/USD", "BTC/USD-PERP"])
    assert mask.prose("BTC/USD-PERP over BTC/USD") == "asset 2 over asset 1"


def test_a_market_is_found_in_any_case_and_however_it_is_joined() -> None:
    mask = Mask(["SPY"], market="us_etf_daily")
    for name in ("us_etf_daily", "US_ETF_Daily", "us-etf-daily", "US ETF daily", "USEtfDaily"):
        assert mask.prose(f"on {name}.") == "on the market."
        assert mask.source(f'x = "{name}"  # {name}\n') == 'x = "asset_market"  # asset_market\n'
    assert mask.source("us_etf_daily_x = 1\n") == "asset_market_x = 1\n"
    assert mask.prose("US bars, daily; an ETF") == "US bars, daily; an ETF"


@pytest.mark.parametrize(
    ("symbols", "text", "masked"),
    [
        (["BTCUSDT", "EURUSD"], "BTC, eur; usd, USDT", "asset 1a, asset 2a; asset 2b, asset 1b"),
        (["BTCUSDT", "EURUSD"], "btc_up EURs BTCUSDT", "asset 1a_up asset 2a asset 1"),
        (["ADAXQT", "SOLXQT", "F"], "ada, SOL and XQT", "asset 1a, asset 2a and asset 1b"),
        (["XQTADA", "XQTSOL", "F"], "ada, SOL and XQT", "asset 1a, asset 2a and asset 1b"),
        (["ADAXQT", "SOLXQT", "F", "G", "H"], "ada, SOL", "ada, SOL"),  # two of five
        (["ADAXQT", "F"], "ada", "ada"),  # one of two
        (["OPUSDT", "ETHUSDT"], "OP, op, eth", "asset 1a, op, asset 2a"),
    ],
)
def test_pairs_without_a_sign_are_known_by_what_they_share(
    symbols: list[str], text: str, masked: str
) -> None:
    assert Mask(symbols).prose(text) == masked


@pytest.mark.parametrize(
    "spelled",
    [
        "\uff33\uff30\uff39",  # full width
        "S\u200bPY",
        "SP\u2060Y",
        "S\\u200bPY",  # as `genomes.records.text` escapes what cannot be seen
        "\\u0053\\x50Y",
    ],
)
def test_a_name_is_found_whatever_characters_spell_it(spelled: str) -> None:
    assert MASK.prose(f"buy {spelled} now") == "buy asset 5 now"
    assert MASK.source(f'x = "buy {spelled} now"\n') == 'x = "buy asset_5 now"\n'
    assert MASK.source(f"# {spelled}\n") == "# asset_5\n"


def test_what_nobody_sees_does_not_hide_where_a_name_ends() -> None:
    assert MASK.prose("AAPL\u200bSPY\u200bx in 20\u200b08") == "asset 1 asset 5 x in [date]"


def test_what_has_nothing_to_hide_keeps_its_characters() -> None:
    text = "\uff21 caf\u00e9\u2019s \u201cmove\u201d \u2013 \\u0053ome \u200b 2\u00b2"
    assert MASK.prose(text) == text
    assert MASK.source(f'x = "{text}"  # AAPL\n') == f'x = "{text}"  # asset_1\n'


def test_a_name_behind_an_escape_is_a_word() -> None:
    assert MASK.source('x = "rise\\nSPY\\tAAPL"\n') == 'x = "rise\\nasset_5\\tasset_1"\n'


@pytest.mark.parametrize(
    "date",
    ["15.9.08", "9.15.08", "15-09-08", "09-15-08", "08-09-15", "15 Sep", "15-Sep", "15. September",
     "15 Sep. 2008", "15 Sep, '08", "September 15", "Sep. 15", "Sept 15th", "Sep-15", "May 15",
     "September the 15th", "15th of September", "15th of September 2008", "2 May", "MARCH 3",
     "2008\u201309\u201315", "2008\u201109", "15\u00a0Sep\u00a02008", "\u201908",
     "\uff12\uff10\uff10\uff18", "20\u200b08", "2008_09_15", "Sep\n2008", "15\nSep"],
)  # fmt: skip
def test_dates_in_rarer_spellings_go(date: str) -> None:
    assert MASK.prose(f"it fell on {date}, hard") == "it fell on [date], hard"
    source = f'"""it fell on {date}, hard"""\n'
    assert MASK.source(source) == '"""it fell on date_1, hard"""\n'


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
     "1,990 trades", "5-10-20", "it may 5 times", "of 5 may", "10 markets", "1.2.3",
     "in May 5 % more", "32.13.08", "top 100 Mar", "20 Decisions", "v1.10.12", "the 15th",
     "September and March", "m.close > sma(m.close, 199)"],
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


fragments = st.sampled_from(
    [*SYMBOLS, "spy", "Spys", "$T", "2008", "1900", "Sep", "sept.", "May", "15", "15th", "of",
     "the", "08", "'", "9", "x", "asset", "[date]", "market", "sp", "500", "btc", "usdt", "\\n",
     "\\u200b", "\u200b", "\uff12", "\u2013", "u0053", "\\", "00", ":30"]
)  # fmt: skip
joints = st.sampled_from([" ", "", "-", "/", ".", "_", ", ", "\n"])


@settings(max_examples=300)
@given(st.lists(st.tuples(fragments, joints), max_size=9))
def test_masking_twice_is_masking_once(words: list[tuple[str, str]]) -> None:
    text = "".join(word + joint for word, joint in words)
    for mask in (MASK.prose, MASK.quoted, MASK.source):
        once = mask(text)
        assert mask(once) == once
    assert "SPY" not in re.findall(r"[^\W_]+", MASK.prose(text).upper().replace("\\", " "))


def test_assets_that_have_a_year_or_a_symbol_for_number_stay() -> None:
    mask = Mask([f"{n}" for n in range(3000, 1000, -1)])
    once = mask.prose("1100 over 3000 in 1990")
    assert once == "asset 1901 over asset 1 in asset 1011"
    assert mask.prose(once) == once
    assert mask.source(once_more := mask.source('x = "of 1100"\n')) == once_more


def test_what_quotes_a_source_keeps_bare_numbers() -> None:
    told = 'line 3: ema(m.close, 2000) of spy_2008 "in SPY, 2008-09-15": use 1990 < n < 2008'
    assert MASK.quoted(told) == (
        'line 3: ema(m.close, 2000) of asset_5_[date] "in asset_5, [date]": use 1990 < n < 2008'
    )
    assert MASK.quoted(MASK.quoted(told)) == MASK.quoted(told)
    assert MASK.quoted("sp_500 in Sep 2008") == "asset_market in [date]"


# -- no false alarm --------------------------------------------------------------------------------

_LISTED = """
A AAL AAPL ABBV ABNB ABT ACE ACN ADBE ADI ADM AI ALL AMD AMGN AMZN AN ANY APP ARE ARM AVGO AXP BA
BAC BALL BEN BIG BIO BLK BMY BRK.B C CAKE CAR CARS CASH CAT CHTR CI CL CMCSA COIN COP COST CRM  CSCO
CUBE CVS CVX D DASH DAY DE DECK DHR DIS DOC DOW DUK EAT ECHO EDIT EL EMR ES EXIT F FAST FDX  FIVE
FIX FLEX FLOW FORM FOUR FOX FUN GAP GE GILD GM GOLD GOOD GOOGL GRID GS HAS HD HE HEAR HON  HOPE ICE
IDEA IT JPM KEY KIND KO LAB LAND LEG LINE LIVE LMT LOAN LOVE LOW MA MAIN MAR MAS MCD MIND  MODE MOVE
MS MSFT NET NICE NOTE NOW NVDA O ON ONE OPEN OR ORCL PAY PEAK PEN PEP PLAY PLUS POST  PRICE RANGE
RARE REAL RENT ROCK ROOT RUN RUSH SAFE SAVE SEE SELF SHOP SIDE SIZE SNAP SO SON STAY  STEP T TAP
TEAM TECH TELL TEST THO THI TILE TREE TRUE TURN TWO U UNIT UP V VALUE VERY WELL WIND  WIRE WORK X
YOU Z CLAS LOS CROS PROCES BTC/USDT ETH-USD ONEUSDT NEARUSDT EURUSD TRYUSD SPY QQQ  ^GSPC VIX
"""
LISTED = _LISTED.split()


@pytest.mark.parametrize("market", ["us_etf_daily", "crypto-hourly", "trend"])
def test_our_own_words_raise_no_alarm(market: str) -> None:
    mask = Mask(LISTED, market=market, fields=FIELDS)
    for text in (*prompts().values(), *texts().values(), page()):
        for line in text.split("\n"):
            assert mask.prose(line) == line
        assert mask.quoted(text) == text
    for text in texts().values():
        assert mask.source(text) == text


@given(st.lists(st.sampled_from(sorted(everyday())), max_size=30))
def test_an_everyday_word_in_small_letters_stays_whatever_is_called_so(words: list[str]) -> None:
    mask = Mask([word.upper() for word in words])
    said = " ".join(words)
    assert mask.prose(said) == said


def test_arguments_of_the_language_stay_whatever_is_called_so() -> None:
    text = "x = m.close.clip(lower=0, upper=1).ewm(halflife=9)\ny = Int(5, low=1, high=9, step=2)\n"
    assert Mask(["LOWER", "UPPER", "HALFLIFE", "STEP", "CLIP"]).source(text) == text


def test_a_field_is_shown_whole_though_an_asset_is_in_its_name() -> None:
    mask = Mask(["SPY"], fields=["spy_close"])
    assert mask.prose("m.spy_close and spy_open") == "m.spy_close and asset 1_open"
    assert mask.source("x = m.spy_close + spy_open\n") == "x = m.spy_close + asset_1_open\n"


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


def test_spellings_of_one_name_stay_different() -> None:
    text = 'spy = SPY + Spy + SPYs\nx = ("SPY up", "spy up", "Spy up", "S\\u200bPY up")\n'
    masked = MASK.source(text)
    assert masked == (
        "asset_5 = asset_5_2 + asset_5_3 + asset_5_4\n"
        'x = ("asset_5 up", "asset_5 up_2", "asset_5 up_3", "asset_5 up_4")\n'
    )
    assert MASK.source(masked) == masked


def test_a_string_and_a_name_that_are_equal_stay_equal() -> None:
    text = 'PARAMS = {"spy_window": Int(2000)}\nx = p.spy_window\ny = "\\x73py_window"\n'
    assert MASK.source(text) == (
        'PARAMS = {"asset_5_window": Int(2000)}\nx = p.asset_5_window\ny = "asset_5_window"\n'
    )


def test_dates_in_names_go_whole() -> None:
    assert MASK.source("a = since_2008_09_15 + x20080915 + y_2008_10\n") == (
        "a = since_date_1 + xdate_2 + y_date_3\n"
    )


def test_a_text_that_is_broken_is_masked_all_the_same() -> None:
    """The critic reads it before any checker does."""
    assert MASK.source('x = "SPY fell on 15 Sep\ny = spy\n') == (
        'x = "asset_5 fell on date_1\ny = asset_5\n'
    )
    assert MASK.source('"""SPY fell in Sep 2008') == '"""asset_5 fell in date_1'
    assert MASK.source("S\u200bPY = \uff33\uff30\uff39_x\n") == "asset_5 = asset_5_x\n"


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
    [
        "AAPL",
        "SPY",
        "spy",
        "Spy",
        "SPY_x",
        "spy_x",
        "spyX",
        "x2008",
        "crash_1987",
        "close",
        "asset_1",
        "IT",
        "n",
        "btcusdt",
        "BTC_USDT",
        "sp_500",
    ]
)
inside = st.lists(
    st.sampled_from(
        [
            "AAPL",
            "2008-09-15",
            "Sep 2008",
            "BRK.B",
            "it",
            " ",
            "x",
            "#",
            "1987",
            "$T",
            "spy",
            "Spys",
            "15 Sep",
            "15.9.08",
            "\uff33PY",
            "2008\u201309",
            "btc-usdt",
            "SP 500",
        ]
    ),
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
    assert not re.search("spy|aapl|btc|usdt|sep|500", masked, re.IGNORECASE)
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


spellings = st.lists(
    st.sampled_from(["spy", "spys", "aapl", "spy_x", "btcusdt", "btc_usdt", "x20080915", "sp_500"]),
    min_size=3, max_size=3, unique=True,
)  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(spellings, st.lists(st.sampled_from(["SPY up", "spy up", "Spy\u2013up"]), min_size=2,
                           max_size=2, unique=True))  # fmt: skip
def test_names_that_differ_in_case_alone_draw_the_same_graph(
    drawn: Callable[[str], str], own: list[str], ways: list[str]
) -> None:
    first, second, third = own
    upper = third.upper()
    text = (
        f'"""SPY in 2008."""\n\nfrom genomes.language import Choice, Int, sma\n\n'
        f'PARAMS = {{"{first}": Int(20, low=5, high=90), "{second}": Int(50, low=5, high=90), '
        f'"way": Choice("{ways[1]}", options=("{ways[0]}", "{ways[1]}"))}}\n\n\n'
        f"def factor(m, p):\n    {third} = sma(m.close, p.{first})\n"
        f"    {upper} = m.close * 2\n"
        f'    if p.way == "{ways[0]}":\n        return {third} / {upper}\n'
        f"    return {third} / sma(m.close, p.{second})\n\n\n"
        "def signal(f, m, p):\n    return f > 1\n"
    )
    masked = MASK.source(text)
    assert not re.search("spy|btc|2008", masked, re.IGNORECASE)
    assert drawn(masked) == drawn(text)
    assert MASK.source(masked) == masked


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
    if data.draw(st.booleans()):
        symbols = [word.upper() for word in symbols]
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


@pytest.mark.parametrize("digits", ["\u2780", "\u1369", "\U0001f10c", "x\u1369", "1" * 4_301])
@pytest.mark.parametrize("way", ["prose", "quoted", "source"])
@pytest.mark.parametrize("form", ["{}", "# {}", "'{}'"])
def test_digits_that_are_no_number_of_ours_stay_and_never_raise(way, form, digits) -> None:
    text = form.format(f"{digits} AAPL in 2020")
    masked = getattr(MASK, way)(text)
    assert digits in masked
    assert "AAPL" not in masked
