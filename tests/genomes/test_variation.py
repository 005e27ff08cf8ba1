"""Proposals: always drawable, seldom a copy, the same everywhere, and written as a person would."""

from __future__ import annotations

import ast
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from genomes.check import Checked, check
from genomes.genome import Genome
from genomes.language.dimension import NUMBER, PRICE
from genomes.language.errors import LanguageError
from genomes.language.graph import Graph
from genomes.strategies import texts
from genomes.variation import (
    OPERATORS,
    Proposal,
    Variation,
    propose,
)
from genomes.variation.edits import Draft
from genomes.variation.judge import MAX_LINES, acts, fits_page, objection_to, one_sided
from genomes.variation.program import text_of
from genomes.variation.reading import Reading, read, understand
from genomes.variation.sites import Setting
from genomes.variation.source import parse
from genomes.variation.tidy import tidy

EACH = 20


@pytest.fixture(scope="module")
def many() -> list[tuple[list[str], Proposal]]:
    """Children of every operator, from seeds and from children of seeds, with their parents."""
    from tests.genomes.conftest import FIELDS

    setting = Setting(fields=FIELDS, max_window=250)
    rng = random.Random(11)
    pool = list(texts().values())
    found: list[tuple[list[str], Proposal]] = []
    for _ in range(EACH):
        for operator in OPERATORS:
            parents = [rng.choice(pool), rng.choice(pool)]
            child = propose(operator, parents, rng, setting)
            found.append((parents, child))
            pool.append(child.text)
    return found


def test_of_hundreds_of_proposals_hardly_one_is_refused_or_copies_a_parent(
    many: list[tuple[list[str], Proposal]], drawn: Callable[[str], Graph], setting: Setting
) -> None:
    assert len(many) >= 300
    refused = copies = 0
    for parents, child in many:
        if not isinstance(check(child.text), Checked):
            refused += 1
            continue
        try:
            graph = drawn(child.text)
        except LanguageError:
            refused += 1
            continue
        assert graph.warm_up <= setting.max_window
        own = [read(p, setting).graph for p in parents[: OPERATORS[child.operator].parents]]
        copies += any(g is not None and g.key == graph.key for g in own)
    assert refused <= 0.02 * len(many)
    assert copies <= 0.05 * len(many)


def test_children_are_many_not_few_over_and_over(
    many: list[tuple[list[str], Proposal]], setting: Setting
) -> None:
    keys = {graph.key for _, c in many if (graph := read(c.text, setting).graph) is not None}
    assert len(keys) > 0.9 * len(many)


def test_every_operator_acts_when_it_can(
    many: list[tuple[list[str], Proposal]], programs: dict[str, str], setting: Setting
) -> None:
    acted = {child.operator for _, child in many}
    gated = propose("remove_gate", [programs["reversal"]], random.Random(1), setting)
    assert gated.operator == "remove_gate"
    assert acted | {gated.operator} == set(OPERATORS)


def test_every_child_is_tidy(many: list[tuple[list[str], Proposal]]) -> None:
    for _, child in many:
        program = parse(child.text)
        assert text_of(program) == child.text
        assert text_of(tidy(program, program)) == child.text
        assert all(len(line) <= 100 for line in child.text.split("\n"))


def test_every_child_says_in_one_sentence_what_was_changed(
    many: list[tuple[list[str], Proposal]],
) -> None:
    for _, child in many:
        genome = Genome(text=child.text)
        assert genome.idea
        assert child.note[0].isupper() or not child.note[0].isalpha()
        assert child.note.endswith(".")
        assert genome.change == ("" if child.operator == "jump" else child.note)
        assert child.text.count("Changed: ") == (child.operator != "jump")


def test_names_are_words(many: list[tuple[list[str], Proposal]]) -> None:
    for _, child in many:
        for node in ast.walk(ast.parse(child.text)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                assert re.fullmatch(r"[a-z]+(_[a-z]+)*|PARAMS", node.id), node.id
        for name in parse(child.text).params:
            assert re.fullmatch(r"[a-z]+(_[a-z]+)*", name), name


def test_the_formatter_and_the_linter_would_change_nothing(
    many: list[tuple[list[str], Proposal]], tmp_path: Path
) -> None:
    for number, (_, child) in enumerate(many):
        (tmp_path / f"child_{number}.py").write_text(child.text, encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    plain = ["--isolated", "--line-length=100", "--no-cache", str(tmp_path)]
    done = subprocess.run([*ruff, "format", "--diff", *plain], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[:2000]
    lint = subprocess.run(
        [*ruff, "check", "--select=E,F,I,W", *plain], capture_output=True, text=True
    )
    assert lint.returncode == 0, lint.stdout[:2000]


def test_the_same_arguments_give_the_same_child_and_leave_the_global_chance_alone(
    programs: dict[str, str], setting: Setting
) -> None:
    random.seed(9)
    state = random.getstate()
    parents = [programs["trend"], programs["reversal"]]
    for operator in OPERATORS:
        first = propose(operator, parents, random.Random(4), setting)
        assert propose(operator, parents, random.Random(4), setting) == first
    assert random.getstate() == state


def test_another_process_with_another_hash_seed_proposes_the_same() -> None:
    script = (
        "import random, hashlib\n"
        "from genomes.language.dimension import PRICE, VOLUME\n"
        "from genomes.variation.sites import Setting\n"
        "from genomes.strategies import texts\n"
        "from genomes.variation import OPERATORS, propose\n"
        "fields = dict.fromkeys(('open', 'high', 'low', 'close'), PRICE) | {'volume': VOLUME}\n"
        "setting, rng = Setting(fields=fields, max_window=250), random.Random(3)\n"
        "pool = [t for t in texts().values() if 'm.weekday' not in t]\n"
        "for _ in range(2):\n"
        "    for operator in OPERATORS:\n"
        "        pool.append(propose(operator, rng.sample(pool, 2), rng, setting).text)\n"
        "print(hashlib.sha256('\\n'.join(pool).encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_a_long_line_of_descent_stays_short_and_drawable(
    setting: Setting, drawn: Callable[[str], Graph]
) -> None:
    seeds = list(texts().values())
    rng = random.Random(2)
    operators = [name for name in OPERATORS if name != "jump"]
    for seed in rng.sample(seeds, 4):
        text = seed
        for _ in range(40):
            text = propose(rng.choice(operators), [text, rng.choice(seeds)], rng, setting).text
            assert text.count("\n") < 80
            assert len(parse(text).declared) <= 20
        assert len(drawn(text).nodes) <= 70
        assert len(Genome(text=text).idea) < 400


def test_an_operator_without_a_place_hands_over_to_another(
    programs: dict[str, str], setting: Setting
) -> None:
    child = propose("remove_gate", [programs["trend"]], random.Random(1), setting)
    assert child.operator not in ("remove_gate", "swap_layer", "cross_expression")
    assert child.operator in OPERATORS
    assert child.passed == "nothing to do"
    own = propose("tune_parameter", [programs["trend"]], random.Random(1), setting)
    assert (own.operator, own.passed) == ("tune_parameter", "")


@pytest.mark.parametrize("text", ["def (", "import os\n", '"""x."""\n'])
def test_a_parent_that_cannot_be_read_leads_to_a_jump(text: str, setting: Setting) -> None:
    child = propose("regrow", [text, text], random.Random(1), setting)
    assert child.operator == "jump"
    assert isinstance(check(child.text), Checked)


def test_jumps_are_diverse(setting: Setting) -> None:
    rng = random.Random(1)
    children = [propose("jump", [], rng, setting) for _ in range(60)]
    assert len({Genome(text=c.text).title for c in children}) > 15
    assert len({read(c.text, setting).graph.key for c in children}) == 60  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "bare",
    [
        Setting(fields={"close": PRICE}, max_window=40),
        Setting(fields={"bid": PRICE, "ask": PRICE, "funding": NUMBER}, max_window=100),
        Setting(fields={"funding": NUMBER}, max_window=30),
    ],
    ids=["one price", "quotes", "no price"],
)
def test_bare_markets_get_strategies_of_what_they_have(bare: Setting) -> None:
    rng = random.Random(1)
    pool = [propose("jump", [], rng, bare).text for _ in range(5)]
    for operator in OPERATORS:
        pool.append(propose(operator, rng.sample(pool, 2), rng, bare).text)
    for text in pool:
        fields = set(re.findall(r"\bm\.([a-z]+)", ast.unparse(ast.parse(text).body[-1])))
        assert fields <= set(bare.fields)
        assert read(text, bare).reason is None


def test_a_market_with_nothing_in_it_is_told_so() -> None:
    with pytest.raises(ValueError, match="give the market a price"):
        propose("jump", [], random.Random(1), Setting(fields={}, max_window=250))


@pytest.mark.parametrize(
    ("before", "after", "worth"),
    [
        ("p.slow) - 1", "p.slow) - 2", True),
        ("p.fast", "p.fast", False),  # the parent's own graph
        ("hold(enter=f > p.margin, exit=f < 0)", "m.close > m.open", False),  # the factor is idle
        ("ema(m.close, p.fast) /", "abs(abs(m.close)) /", False),  # says it twice
    ],
)
def test_a_child_is_worth_trying_if_it_is_new_and_uses_its_factor_and_says_nothing_twice(
    programs: dict[str, str], setting: Setting, before: str, after: str, *, worth: bool
) -> None:
    parent = read(programs["trend"], setting)
    text = programs["trend"].replace(before, after)
    program = parse(text)
    child = understand(program, setting)
    assert child.graph is not None
    found = objection_to(Draft(program=program, change="x."), child, [parent], None)
    assert (found == "") is worth


def test_a_size_that_ignores_the_signal_is_not_worth_trying(
    programs: dict[str, str], setting: Setting
) -> None:
    parent = read(programs["reversal"], setting)
    for size in ("s", "normalize(m.close / m.open)"):
        child = read(programs["reversal"].replace("normalize(s)", size), setting)
        assert child.graph is not None
        assert objection_to(Draft(program=child.program, change="x."), child, [parent], None)


def test_a_file_may_be_as_long_as_a_page_or_as_its_parent(
    programs: dict[str, str], setting: Setting
) -> None:
    parent = read(programs["trend"], setting)
    assert fits_page("x\n" * MAX_LINES, [parent])
    assert not fits_page("x\n" * (MAX_LINES + 1), [parent])
    assert not fits_page("x" * 101, [parent])


@pytest.fixture
def pair(programs: dict[str, str]) -> str:
    """A trend with two mirrored sides."""
    sides = "hold(enter=f > p.margin, exit=f < 0) - hold(enter=f < -p.margin, exit=f > 0)"
    return programs["trend"].replace("hold(enter=f > p.margin, exit=f < 0)", sides)


def test_the_idea_stays_as_its_author_wrote_it_whatever_is_added_or_moved(
    programs: dict[str, str], setting: Setting
) -> None:
    for name in ("tune_parameter", "add_gate", "add_filter", "change_exits", "wrap"):
        child = propose(name, [programs["trend"]], random.Random(3), setting)
        assert child.operator == name
        assert Genome(text=child.text).idea == Genome(text=programs["trend"]).idea


def test_the_idea_is_made_anew_from_the_tables_words_where_the_direction_was_replaced(
    pair: str, setting: Setting
) -> None:
    child = propose("shrink", [pair], random.Random(1), setting)
    assert child.operator == "shrink"
    genome = Genome(text=child.text)
    assert " ".join(genome.idea.split()) == (
        "Trend following by the 20-bar exponential mean of close over the 100-bar exponential mean "
        "of close less 1: long only."
    )
    assert genome.change == "The short side is gone: the strategy is long or flat."
    again = propose("tune_parameter", [child.text], random.Random(1), setting)
    assert Genome(text=again.text).idea == genome.idea


def test_a_child_that_holds_what_its_parent_holds_or_nothing_is_not_proposed(
    programs: dict[str, str], setting: Setting
) -> None:
    asked: list[str] = []

    def alike(graph: Graph) -> np.ndarray:
        asked.append(graph.key)
        return np.array([np.nan, 0.0, 1.0, 1.0])

    parent = read(programs["trend"], setting).graph
    assert parent is not None
    child = propose("tune_parameter", [programs["trend"]], random.Random(1), setting, alike)
    assert child.operator == "jump"  # whatever else is proposed holds what the parent holds
    assert parent.key in asked

    def unknown(graph: Graph) -> None:
        return None

    free = propose("tune_parameter", [programs["trend"]], random.Random(1), setting, unknown)
    assert free == propose("tune_parameter", [programs["trend"]], random.Random(1), setting)


@pytest.mark.parametrize(
    ("child", "parent", "answer"),
    [
        ([np.nan, 0.0, 0.0], None, False),
        ([np.nan, 0.0, 0.5], None, True),
        ([np.nan, 0.5, 0.5], [np.nan, 0.5, 0.5], False),
        ([np.nan, 0.5, 0.0], [np.nan, 0.5, 0.5], True),
        ([1.0] * 12, [0.5] + [0.0] * 11, False),
        ([0.5] + [0.0] * 11, [1.0] * 12, False),
    ],
)
def test_weights_worth_an_evaluation_are_some_others_and_about_as_many(
    child: list[float], parent: list[float] | None, *, answer: bool
) -> None:
    before = None if parent is None else np.array(parent)
    assert acts(np.array(child), before) is answer


@pytest.mark.parametrize(
    ("before", "after", "worth"),
    [
        ("f > p.margin", "f > 3 * p.margin", True),
        ("f > p.margin", "f > p.margin + abs(f)", True),
        ("f > p.margin", "rsi(m.close, 14) > 101", False),  # never true
        ("f > p.margin", "m.close > highest(m.close, 9)", False),  # never true
        ("exit=f < 0", "exit=f / m.close.rolling(9).std() < 0", False),  # dimension
        ("exit=f < 0", "exit=f * stdev(m.close / m.open, 9) < 0", False),  # the same sign
        ("stop_loss=0.08", "stop_loss=0.08, trailing_stop=0.05", False),  # a dead stop
        ("stop_loss=0.08", "stop_loss=0.08, trailing_stop=0.1", True),
    ],
)
def test_edits_without_effect_and_conditions_that_cannot_be_are_not_worth_trying(
    programs: dict[str, str], setting: Setting, before: str, after: str, *, worth: bool
) -> None:
    parent = read(programs["trend"], setting)
    child = read(programs["trend"].replace(before, after), setting)
    draft = Draft(program=child.program, change="x.")
    assert (objection_to(draft, child, [parent], None) == "") is worth


def test_the_two_sides_of_a_signal_are_edited_together(pair: str, setting: Setting) -> None:
    one = pair.replace("enter=f > p.margin", "enter=f > 2 * p.margin")
    both = one.replace("enter=f < -p.margin", "enter=f < -2 * p.margin")
    drawn = [read(t, setting) for t in (pair, one, both)]
    assert one_sided(drawn[0], drawn[1])
    assert not one_sided(drawn[0], drawn[2])


def test_a_draft_that_edits_one_side_only_is_not_proposed(
    pair: str, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = parse(pair.replace("enter=f > p.margin", "enter=f > 2 * p.margin"))

    def edit_one(parents: list[Reading], rng: random.Random, market: Setting) -> Draft | None:
        return Draft(program=one, change="one side only.")

    monkeypatch.setitem(OPERATORS, "wrap", Variation(parents=1, doc="", make=edit_one))
    child = propose("wrap", [pair], random.Random(1), setting)
    assert child.operator != "wrap"
    assert child.passed == "one side"
