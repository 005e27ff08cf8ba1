"""Drawing: layers, exits, parameters, and what a file imports."""

# ruff: noqa: E501 (one case a line)

from __future__ import annotations

import subprocess
import sys

import pytest

import genomes.language
from genomes.language import VOCABULARY
from genomes.language.dimension import NUMBER, PRICE
from genomes.language.errors import LanguageError
from genomes.language.graph import EXIT_RANGES
from genomes.language.strategy import draw
from tests.genomes.language.drawing import FIELDS, body, draw_text

EXITS = "def exits(m, p): return "


def node(graph, name):
    return graph.nodes[graph.outputs[name]]


def test_the_layers_follow_one_another():
    graph = draw_text(body("m.close", "m.hour", "def size(s, m, p): return s * 0.5"))
    assert list(graph.outputs) == ["factor", "signal", "weight"]
    assert node(graph, "factor").dimension == PRICE
    assert node(graph, "signal").op == "clip_signal"
    assert node(graph, "weight").op == "mul"
    assert graph.outputs["signal"] in node(graph, "weight").args


def test_without_size_the_signal_is_spread_over_the_listed_assets():
    graph = draw_text(body("m.close", "m.hour"))
    assert node(graph, "weight").op == "equal_weight"
    assert node(graph, "weight").args == (graph.outputs["signal"],)


def test_a_mask_is_one_and_zero_in_every_layer():
    graph = draw_text(body("m.hour > 3", "f > 0", "def size(s, m, p): return s > 0"))
    assert [node(graph, n).op for n in graph.outputs] == ["as_number"] * 3


def test_a_number_may_be_a_layer():
    graph = draw_text(body("0", "1", "def size(s, m, p): return 0.5"))
    assert node(graph, "factor").statics == (0.0,)
    assert node(graph, "weight").statics == (0.5,)


@pytest.mark.parametrize(
    ("source", "rule", "found"),
    [
        ("def factor(m, p): return m.close", "layer", r"no function signal; define signal\(f, m, p\)"),
        ("def signal(f, m, p): return f", "layer", r"no function factor; define factor\(m, p\)"),
        ("factor = 5", "layer", "has no function factor"),
        (body("None"), "layer", r"factor\(\) returns None \(did a function forget to return\?\)"),
        (body("True"), "layer", r"factor\(\) returns True"),
        (body("[m.close]"), "layer", r"factor\(\) returns a list"),
        (body("m.close.rolling(5)"), "layer", r"factor\(\) returns a rolling window"),
        (body("log(m.close)"), "dimension", "uses the log of a price as a number"),
        (body("m.hour", "m.close"), "dimension", "signal is a price; it must be a plain number"),
        (body("m.hour", "f", "def size(s, m, p): return m.close"), "dimension", "weight is a price"),
        (body("m.hour", "f", "def size(s, m, p): return sma"), "layer", r"size\(\) returns a function"),
        (body("m.hour", "f", EXITS + "0.05"), "layer", r"exits\(\) returns 0.05; return Exits"),
        (body("m.hour", "f", EXITS + "None"), "layer", r"exits\(\) returns None"),
        (body("m.hour", "f", "exits = Exits(stop_loss=0.1)"), "layer", "has no function exits"),
        (body("m.hour", "f", "def size(s): return s"), "layer", r"size\(\) takes \(s\); define size\("),
        (body("m.hour") + "\ndef signal(f): return f", "layer", r"signal\(\) takes \(f\); define"),
        (body("p.window"), "unknown_parameter", r"p.window is not declared in PARAMS; declare it"),
        (body("m.hour", "f", "PARAMS = [1]"), "parameter", "PARAMS is a list"),
        (body("m.hour", "f", "PARAMS = {'n': 5}"), "parameter", r"PARAMS\['n'\] is 5"),
    ],
)  # fmt: skip
def test_a_broken_layer_is_refused_by_name(source, rule, found):
    with pytest.raises(LanguageError, match=found) as caught:
        draw_text(source)
    assert caught.value.rule == rule


def test_a_layer_may_have_further_defaults():
    draw_text(body("m.hour") + "\ndef signal(f, m, p, scale=2): return f * scale")


def test_the_traceback_holds_the_line_of_the_strategy():
    source = (
        "def factor(m, p):\n    x = m.close\n    return x + m.volume\ndef signal(f, m, p): return f"
    )
    with pytest.raises(LanguageError) as caught:
        draw_text(source)
    lines = [t.lineno for t in caught.traceback if str(t.path) == "strategy"]
    assert lines == [] or lines[-1] + 1 == 3
    frames, frame = [], caught.value.__traceback__
    while frame is not None:
        frames.append((frame.tb_frame.f_code.co_filename, frame.tb_lineno))
        frame = frame.tb_next
    assert ("strategy", 3) in frames


TUNED = body("sma(m.close, p.n) / m.close", "f > p.x",
             "PARAMS = {'n': Int(5, low=1, high=9), 'x': Float(1.0, low=0, high=2)}")  # fmt: skip


def test_values_take_the_place_of_defaults():
    assert draw_text(TUNED).key == draw_text(TUNED, {"n": 5, "x": 1.0}).key
    assert draw_text(TUNED).key != draw_text(TUNED, {"n": 6}).key
    assert draw_text(TUNED, {"n": 6}).warm_up == 5
    with pytest.raises(LanguageError, match="n = 10"):
        draw_text(TUNED, {"n": 10})


def test_parameters_choose_what_is_drawn():
    source = body("m.close / m.open", "f > 1 if p.long else f < 1", "PARAMS = {'long': Bool(True)}")
    assert draw_text(source).key == draw_text(body("m.close / m.open", "f > 1")).key
    assert (
        draw_text(source, {"long": False}).key == draw_text(body("m.close / m.open", "f < 1")).key
    )


# -- exits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXIT_RANGES)
def test_an_exit_takes_its_range_and_nothing_beyond(name):
    low, high = EXIT_RANGES[name]
    for value in (low, high):
        graph = draw_text(body("m.hour", "f", f"{EXITS}Exits({name}={value})"))
        assert node(graph, name).statics == (float(value),)
    for value in (low * 0.99, high * 1.01, 0, -1, 10**400):
        with pytest.raises(LanguageError, match=f"{name}|a huge whole number"):
            draw_text(body("m.hour", "f", f"{EXITS}Exits({name}={value})"))


@pytest.mark.parametrize(
    ("exits", "rule", "found"),
    [
        ("Exits(stop_loss=2)", "range", r"Exits has stop_loss = 2.0; it lies from 0.0001 to 1"),
        ("Exits(max_held=0.5)", "range", "Exits has max_held = 0.5; it lies from 1 to 100000"),
        ("Exits(stop_loss=True)", "kind", "Exits has True for stop_loss"),
        ("Exits(stop_loss=m.hour > 3)", "kind", "Exits has a Mask for stop_loss"),
        ("Exits(stop_loss='5%')", "kind", "gets '5%' for stop_loss of Exits"),
        ("Exits(stop_loss=float('nan'))", "number", "computes the number nan"),
        ("Exits(stop_loss=m.close * 0.95)", "dimension", "stop_loss is a price"),
        ("Exits(stop_loss=log(m.close))", "dimension", "uses the log of a price"),
        ("Exits(stop_loss=where(True, 5, m.hour))", "range", "Exits has stop_loss = 5.0"),
        ("Exits(stop=0.05)", "arguments", r"Exits\(\): .*'stop'; write Exits\(stop_loss=0.05"),
    ],
)
def test_a_wrong_exit_is_refused(exits, rule, found):
    with pytest.raises(LanguageError, match=found) as caught:
        draw_text(body("m.hour", "f", EXITS + exits))
    assert caught.value.rule == rule


def test_exits_take_series():
    graph = draw_text(
        body("m.hour", "f", EXITS + "Exits(trailing_stop=atr(m.high, m.low, m.close, 9) / m.close)")
    )
    assert node(graph, "trailing_stop").op == "div"
    assert list(graph.outputs)[-1] == "trailing_stop"


def test_exits_left_empty_are_none():
    graph = draw_text(body("m.hour", "f", EXITS + "Exits()"))
    assert list(graph.outputs) == ["factor", "signal", "weight"]


# -- first valid bar and memory ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factor", "warm_up", "memory"),
    [
        ("m.hour", 0, "finite"),
        ("sma(m.hour, 20)", 19, "finite"),
        ("sma(sma(m.hour, 20), 5)", 23, "finite"),
        ("m.hour.shift(3) + sma(m.hour, 3)", 3, "finite"),
        ("autocorrelation(m.hour, 20, 5)", 24, "finite"),
        ("stochastic_d(m.high, m.low, m.close, 14, 3)", 15, "finite"),
        ("hull(m.hour, 16)", 30, "finite"),
        ("ema(m.hour, 20)", 0, "fading"),
        ("sma(ema(m.hour, 20), 5)", 4, "fading"),
        ("hold(m.hour > 3, m.hour < 2) + ema(m.hour, 5)", 0, "state"),
        ("since(m.hour > 3, 10)", 10, "finite"),
    ],
)
def test_first_valid_bars_add_up_and_the_longest_memory_wins(factor, warm_up, memory):
    graph = draw_text(body(factor, "clip(f, -1, 1)"))
    assert graph.warm_up == warm_up
    assert graph.memory == memory


def test_the_memory_of_the_factor_alone_does_not_count():
    graph = draw_text(body("ema(m.hour, 5)", "m.hour"))
    assert graph.memory == "finite"


# -- what a file imports -------------------------------------------------------------------------


def test_the_vocabulary_can_be_imported_and_nothing_else():
    for name in VOCABULARY:
        assert getattr(genomes.language, name) is VOCABULARY[name]
    assert {"sma", "hold", "where", "Exits", "Int", "log"} <= set(VOCABULARY)
    assert not {"add", "lt", "and", "clip_signal", "abs", "min", "max"} & set(VOCABULARY)
    with pytest.raises(ImportError, match="smaa"):
        from genomes.language import smaa  # noqa: F401


def test_every_word_says_what_it_does():
    assert VOCABULARY["sma"].__doc__ == "sma(x, n): Mean of n."
    assert VOCABULARY["sma"].__name__ == "sma"


def test_importing_the_language_loads_the_standard_library_only():
    code = (
        "import sys; before = set(sys.modules)\n"
        "import genomes.language, genomes.language.graph, genomes.language.strategy\n"
        "import genomes.language.reference, genomes.strategies\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names) - {'genomes'}))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_a_market_with_a_field_named_as_an_operator_gives_the_field():
    graph = draw(
        {"factor": lambda m, p: m.beta, "signal": lambda f, m, p: f},
        None,
        FIELDS | {"beta": NUMBER},
    )
    assert node(graph, "factor").statics == ("beta",)
