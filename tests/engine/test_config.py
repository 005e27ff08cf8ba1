"""Configs: every error at once, with its path and the allowed range."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.config import Config, ConfigError, build, merge, read


def test_the_example_holds_every_setting_at_its_default() -> None:
    path = Path(__file__).parents[2] / "configs" / "search.toml"
    table = read(path)
    assert build(table) == Config()
    text = path.read_text()
    whole = Config()
    for part in (whole, whole.objective, whole.search, whole.sandbox, whole.search.tune, whole.llm):
        for key in type(part).model_fields:
            assert re.search(rf"^(# )?{key} = |^\[(\w+\.)?{key}\]", text, re.MULTILINE), key


def test_every_error_is_told_at_once_with_its_path_and_range() -> None:
    table = {
        "seed": -1,
        "search": {"population": 0, "selction": "pareto"},
        "objective": {"folds": "six"},
    }
    with pytest.raises(ConfigError) as caught:
        build(table, "night.toml")
    text = str(caught.value)
    assert len(caught.value.problems) == 4
    assert "night.toml: search.population = 0; needs" in text
    assert ">= 1" in text
    assert "search.selction: unknown key; did you mean selection?" in text
    assert 'objective.folds = "six"' in text
    assert "seed = -1" in text


def test_a_key_that_is_gone_is_answered_with_what_took_its_place() -> None:
    with pytest.raises(ConfigError) as caught:
        build({"search": {"tune": {"prune": True}}})
    assert str(caught.value).startswith("config: search.tune.prune: is gone: every trial is")
    assert "leave it out" in str(caught.value)


def test_a_setting_is_read_as_toml_and_a_bare_word_is_a_string() -> None:
    table = read(None, ["search.population=128", "search.selection=pareto", "sandbox.cache_mb=64"])
    config = build(table)
    assert config.search.population == 128
    assert config.search.selection == "pareto"
    assert config.sandbox.cache_mb == 64


def test_a_setting_without_a_value_is_explained() -> None:
    with pytest.raises(ConfigError, match="needs key=value"):
        read(None, ["search.population"])


@pytest.mark.parametrize(
    ("old", "new"),
    [("objective.risk_floor", "objective.min_risk"), ("llm.lag", "llm.pipeline_depth")],
)
def test_a_renamed_setting_is_answered_with_its_new_name(old: str, new: str) -> None:
    with pytest.raises(ConfigError, match=f"{old}: is now called {new}"):
        build(read(None, [f"{old}=1"]))


def test_settings_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("seed = 3\n[search]\npopulation = 10\nepsilon = 0.5\n")
    config = build(read(path, ["search.population=20"]))
    assert (config.seed, config.search.population, config.search.epsilon) == (3, 20, 0.5)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text("seed = = 3")
    with pytest.raises(ConfigError, match=r"c\.toml: is not TOML"):
        read(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        read(tmp_path / "none.toml")


def test_merging_keeps_what_the_second_does_not_say() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": 9}}) == {
        "a": {"b": 9, "c": 2},
        "d": 3,
    }


def test_where_a_run_goes_is_no_part_of_what_it_finds() -> None:
    one = build({"sandbox": {"workers": 1}}).identity()
    other = build({"sandbox": {"workers": 8}}).identity()
    assert one == other
    assert build({"search": {"population": 3}}).identity() != one


def test_a_setting_of_the_market_is_sent_to_the_markets_own_toml():
    with pytest.raises(ConfigError) as caught:
        build(read(None, ["market.bad_bars=drop"]))
    assert "copy configs/markets/default.toml" in str(caught.value)


def test_a_word_where_a_number_belongs_is_refused_in_few_words():
    with pytest.raises(ConfigError, match=r'"many"; needs a valid integer \('):
        build(read(None, ["objective.folds=many"]))
