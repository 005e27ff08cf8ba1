"""From a name, a TOML, a file or a folder to a config; and every problem of a TOML at once."""

from __future__ import annotations

import re
from datetime import datetime, time
from pathlib import Path

import pytest

from sandbox.market import MarketConfig, MarketError, market_names, read_config, resolve
from sandbox.market.config import MARKETS, Calendar, Column, SplitConfig
from sandbox.market.panel import DAY_NS, span_ns, span_text, stamp_text


def toml(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(MarketError) as caught:
        read_config(toml(folder, text))
    return caught.value.problems


def test_nothing_and_default_are_the_embedded_market(tmp_path: Path):
    config = resolve(None, base=tmp_path)
    assert config == resolve("default", base=tmp_path)
    assert config.path == "embedded"
    assert config.fills.fill == "next_close"


def test_a_name_is_a_toml_of_the_checkout(tmp_path: Path):
    assert "us_etf_daily" in market_names()
    config = resolve("us_etf_daily", base=tmp_path)
    assert config.name == "us_etf_daily"
    assert config.folder == MARKETS


def test_a_path_is_a_toml_a_file_or_a_folder_relative_to_base(tmp_path: Path):
    toml(tmp_path, 'path = "x.csv"')
    (tmp_path / "bars.csv.gz").write_text("")
    (tmp_path / "many").mkdir()
    assert resolve("mine.toml", base=tmp_path).place("x.csv") == tmp_path / "x.csv"
    file = resolve("bars.csv.gz", base=tmp_path)
    assert (file.name, file.place(file.path)) == ("bars", tmp_path / "bars.csv.gz")
    folder = resolve(str(tmp_path / "many"), base=Path("/nowhere"))
    assert (folder.name, folder.place(folder.path)) == ("many", tmp_path / "many")


def test_an_unknown_name_lists_the_known_ones_and_guesses(tmp_path: Path):
    with pytest.raises(MarketError) as caught:
        resolve("us_etf_dayly", base=tmp_path)
    text = str(caught.value)
    assert "market 'us_etf_dayly': neither a name nor a path that exists" in text
    assert "did you mean us_etf_daily?" in text
    assert "names: crypto_index_hourly, crypto_open_interest" in text
    assert "a market's .toml, a file (.parquet" in text


def test_every_problem_of_a_toml_is_told_with_key_and_range(tmp_path: Path):
    found = problems(
        tmp_path,
        """
        pth = "x.csv"
        max_window = 0
        stale_after = "7 fortnights"
        timezone = "Mars/Olympus"
        bad_bars = "ignore"
        min_bars = "many"
        folder = "/tmp"
        [split]
        trian = 0.5
        embargo_bars = -1
        [costs]
        fee_bps = -1
        [column.close]
        [column.funding]
        dimension = "euro"
        known = "tomorrow"
        symbol_format = "USDT"
        [column."a b"]
        known = "0d"
        """,
    )
    expected = [
        "mine.toml: folder: unknown key; paths are taken relative to the TOML's folder",
        'mine.toml: path is missing; e.g. path = "embedded"',
        "mine.toml: pth: unknown key; did you mean path?",
        "mine.toml: max_window = 0; needs 1 to 1,000,000 bars, or a span such as",
        "mine.toml: stale_after = '7 fortnights'; needs a span above zero such as \"7d\"",
        "mine.toml: timezone = 'Mars/Olympus'; needs an IANA zone",
        "mine.toml: bad_bars = 'ignore'; needs 'refuse' or 'drop'",
        "mine.toml: min_bars = 'many'; needs a valid integer",
        "mine.toml: split.trian: unknown key; did you mean train?",
        "mine.toml: split.embargo_bars = -1; needs greater than or equal to 0",
        "mine.toml: costs.fee_bps = -1; needs greater than or equal to 0",
        "mine.toml: column.close = 'close'; m.close means something else already",
        "mine.toml: column.funding.dimension = 'euro'; dimension 'euro': 'euro' is not price",
        'mine.toml: column.funding.known = \'tomorrow\'; needs "next_bar", "same_bar", or a span',
        "mine.toml: column.funding.symbol_format = 'USDT'; needs {} once",
        "mine.toml: column.a b = 'a b'; needs a name that strategies can write as m.name",
        "mine.toml: column.a b.known = '0d'; needs",
    ]
    missing = [e for e in expected if not any(p.startswith(e) for p in found)]
    assert missing == [], "\n".join(found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('path = "x"\nsplit = {train = 0.9}', r"split.*train \+ validation \+ sealed = 1\.4"),
        ('path = "x"\nsplit = {train_until = 2020-01-01}', "needs both train_until and"),
        ('path = "x"\n[column.x]\ntime = "t"', "time: only for a column with a file of its own"),
        (
            'path = "x"\n[column.x]\nfile = "f"\nsymbol = "A"\nsymbol_column = "c"',
            "symbol = one asset excludes",
        ),
        ('path = "x"\nsplit = {train = 2}', r"split\.train = 2; needs less than 1"),
        (
            'path = "x"\nmax_window = "4 d 3"',
            r"max_window = \'4 d 3\'; needs a number of bars such as 400, or a span",
        ),
        (
            'path = "x"\n[column.x]\nknwon = "1d"',
            r"column\.x\.knwon: unknown key; did you mean known",
        ),
        ("path = ", r"mine\.toml: is not TOML: Invalid value"),
        ('path = "x"\nsymbols = []', "symbols.*at least 1 item"),
    ],
)
def test_a_wrong_toml_says_where_and_what_to_write(tmp_path: Path, text: str, problem: str):
    assert any(re.search(problem, p, re.DOTALL) for p in problems(tmp_path, text)), problems(
        tmp_path, text
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("stale_after = 7", 'mine.toml: stale_after = 7; needs a span such as "7d"'),
        (
            'max_window = "400x"',
            "mine.toml: max_window = '400x'; needs a number of bars such as 400, or a span such as "
            '"400d" (units: min, h, d, w)',
        ),
        (
            "max_window = true",
            "mine.toml: max_window = True; needs a number of bars such as 400, or a span such as "
            '"400d" (units: min, h, d, w)',
        ),
        (
            "max_window = 1_000_001",
            'mine.toml: max_window = 1000001; needs 1 to 1,000,000 bars, or a span such as "400d"',
        ),
        (
            'decimal = ","\nthousands = ","',
            "mine.toml: the file; decimal and thousands are both ','; needs two marks",
        ),
        (
            "[column.x]\nknown = 1",
            'mine.toml: column.x.known = 1; needs "next_bar", "same_bar", or a span after its '
            'stamp such as "1d"',
        ),
    ],
)
def test_a_wrong_value_is_told_once_with_an_example(tmp_path: Path, line: str, problem: str):
    assert problems(tmp_path, f'path = "x"\n{line}') == (problem,)


def test_a_number_of_bars_may_stand_in_quotes(tmp_path: Path):
    assert read_config(toml(tmp_path, 'path = "x"\nmax_window = "40"')).max_window == 40


@pytest.mark.parametrize(
    "text", ["[search]\npopulation = 8", 'market = ""', "seed = 3", "[sandbox]", "[objective]"]
)
def test_a_searchs_settings_are_not_a_market(tmp_path: Path, text: str):
    assert problems(tmp_path, text) == (
        "mine.toml: this is a search's settings: pass it as --config",
    )


def test_a_toml_that_is_no_text_or_not_there_is_told(tmp_path: Path):
    (tmp_path / "mine.toml").write_bytes(b'path = "\xff"')
    with pytest.raises(MarketError, match="is not UTF-8 text"):
        read_config(tmp_path / "mine.toml")
    with pytest.raises(MarketError, match="cannot be read"):
        read_config(tmp_path / "other.toml")


def test_an_error_carries_all_problems_and_travels():
    import pickle

    error = pickle.loads(pickle.dumps(MarketError(["one", "two"])))
    assert error.problems == ("one", "two")
    assert str(error) == "one\ntwo"
    assert isinstance(error, ValueError)


def test_a_toml_is_read_into_values(tmp_path: Path):
    config = read_config(
        toml(
            tmp_path,
            """
            path = "x"
            max_window = "400d"
            symbols = ["A"]
            [calendar]
            session_start = 09:30:00
            [split]
            train_until = 2015-01-01
            validation_until = "2018-01-01"
            [column.funding]
            from = "rate"
            file = "f.parquet"
            """,
        )
    )
    assert config.calendar == Calendar(session_start=time(9, 30))
    assert config.split.train_until == datetime(2015, 1, 1)
    assert config.split.validation_until == datetime(2018, 1, 1)
    assert config.column["funding"] == Column(from_="rate", file="f.parquet")
    assert config.column["funding"].known == "next_bar"
    assert config.max_window == "400d"


def test_the_default_toml_shows_every_key():
    text = (MARKETS / "default.toml").read_text(encoding="utf-8")
    models = [MarketConfig, Calendar, SplitConfig, Column]
    models += [MarketConfig.model_fields[k].annotation for k in ("costs", "fills")]
    for model in models:
        for name, field in model.model_fields.items():
            key = field.alias or name
            assert key in ("folder", "source") or re.search(
                rf"^(# )?\[?{key}\b", text, re.MULTILINE
            ), key


def test_what_the_default_toml_writes_is_the_default_except_the_fill(tmp_path: Path):
    written = read_config(MARKETS / "default.toml").model_dump()
    plain = MarketConfig(name="default", path="embedded").model_dump()
    plain["fills"]["fill"] = "next_close"
    assert written == plain


@pytest.mark.parametrize("name", market_names())
def test_every_market_of_the_checkout_has_a_good_toml(name: str, tmp_path: Path):
    assert resolve(name, base=tmp_path).name == name


def test_spans_and_stamps_are_written_shortly():
    assert span_ns("1d") == DAY_NS
    assert span_ns("1.5h") == DAY_NS // 16
    assert [span_text(span_ns(s)) for s in ("4h", "7d", "2w", "30min")] == [
        "4h",
        "7d",
        "14d",
        "30min",
    ]
    assert stamp_text(0) == "1970-01-01"
    assert stamp_text(DAY_NS // 2 + 10**9) == "1970-01-01T12:00:01"
    assert stamp_text(DAY_NS // 2) == "1970-01-01T12:00"
