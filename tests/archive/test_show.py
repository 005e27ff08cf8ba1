"""What people see of an archive, and what they get when they ask for what is not there."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from rich.text import Text

from archive.lineage import family, layout
from archive.show import main
from archive.store import Archive
from archive.views import headline, tree
from genomes.records.entry import Entry, Kin
from genomes.records.outcome import Crashed, Floored, Refused
from genomes.records.refusal import Refusal

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def fresh(tmp_path) -> Path:
    return tmp_path / "fresh.finch"


@pytest.fixture
def show(told, capsys):
    """Run the command on the made archive; the output's lines, stripped on the right."""

    def show(*arguments: str, place: Path = told) -> list[str]:
        assert main([str(place), *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return [line.rstrip() for line in out.splitlines()]

    return show


def test_the_tree_shows_scores_gains_standings_operators_and_notes(show):
    assert show() == [
        "#1 0.100 seed  idea_1.py  (+1 more)",
        "└─ #3 0.300 +0.200 better  swap_field  close -> volume  (+2 more)",
        "   └─ #5 0.500 +0.200 better  cross_layers × #2  signal of #2",
        "#2 0.200 seed  idea_2.py  (+1 more)",
        "4 of 8 candidates; --all shows every one",
    ]


def test_all_shows_every_candidate_whatever_became_of_it(show):
    assert show("--all") == [
        "#1 0.100 seed  idea_1.py",
        "├─ #3 0.300 +0.200 better  swap_field  close -> volume",
        "│  ├─ #5 0.500 +0.200 better  cross_layers × #2  signal of #2",
        "│  ├─ #7 floored  swap_field  close -> high",
        "│  └─ #8 depends_on_start  swap_field  close -> low",
        "└─ #6 duplicate  swap_field  close -> volume",
        "#2 0.200 seed  idea_2.py",
        "└─ #4 refused  move_constant  24 -> 36",
    ]


def test_best_and_depth_narrow_the_tree(show):
    assert show("tree", "--best", "1", "--depth", "1") == [
        "#1 0.100 seed  idea_1.py  (+1 more)",
        "└─ #3 0.300 +0.200 better  swap_field  close -> volume  (+3 more)",
        "2 of 8 candidates; --all shows every one",
    ]


def test_long_lines_are_folded_with_their_gain(fresh, identity, entry, measured, show):
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        for number in range(2, 9):
            child = entry(
                number, generation=number - 1, slot=0, parents=(number - 1,), operator="grow",
                standing="better", outcome=measured(number, 0.1 * number),
            )  # fmt: skip
            archive.tell(number - 1, [child], {})
    assert show("--best", "1", place=fresh) == [
        "#1 0.100 seed  idea_1.py",
        "└─ … 6 steps, +0.60 …",
        "   └─ #8 0.800 +0.100 better  grow  idea_8.py",
    ]
    every = show("--all", place=fresh)
    assert [re.findall(r"#(\d)", line)[0] for line in every] == list("12345678")


def test_lines_stay_within_the_width_and_ids_are_never_cut(show, monkeypatch):
    monkeypatch.setenv("COLUMNS", "44")
    lines = show("--all")
    assert max(map(len, lines)) <= 44
    assert lines[1] == "├─ #3 0.300 +0.200 better  swap_field  clos…"
    assert [re.findall(r"#(\d)", line)[0] for line in lines] == list("13578624")


def test_the_table_has_the_figures_of_the_fittest(show):
    assert show("top", "--count", "2") == [
        "id  fitness  sharpe  drawdown  turnover  trades  novelty  gen  operator      idea",
        "#5    0.500       1      0.25        12      40    1.250    2  cross_layers  "
        "Idea 5: buy what rises.",
        "#3    0.300     0.6      0.25        12      40    1.250    1  swap_field    "
        "Idea 3: buy what rises.",
    ]


@pytest.mark.parametrize(
    ("arguments", "ids"),
    [
        (["--sort", "generation"], "5312"),
        (["--sort", "fitness", "--ascending"], "1235"),
        (["--sort", "sharpe", "--count", "1"], "5"),
        (["--sort", "drawdown", "--ascending"], "1235"),
        (["--sort", "nodes"], "5321"),
        (["--sort", "id"], "5321"),
        (["--sort", "beta"], "1235"),
    ],
)
def test_the_table_is_sorted_by_any_figure(show, arguments, ids):
    lines = show("top", *arguments)
    assert "".join(re.findall(r"^#(\d)", "\n".join(lines), re.MULTILINE)) == ids


@pytest.mark.parametrize(
    ("columns", "sort", "kept"),
    [
        (80, "fitness", "id fitness sharpe drawdown turnover trades idea"),
        (60, "fitness", "id fitness sharpe drawdown trades idea"),
        (60, "turnover", "id fitness sharpe turnover idea"),
        (60, "generation", "id fitness sharpe drawdown gen idea"),
        (40, "fitness", "id fitness idea"),
        (10, "fitness", "id fitness idea"),
    ],
)
def test_a_narrow_table_leaves_columns_out_but_never_what_it_is_sorted_by(
    show, monkeypatch, columns, sort, kept
):
    monkeypatch.setenv("COLUMNS", str(columns))
    head, first, *rest = show("top", "--sort", sort)
    assert " ".join(head.split()) == kept
    assert re.match(r"#[1235]    0\.[1235]00 ", first)  # cut short nowhere
    assert max(map(len, [head, first, *rest])) <= max(columns, 33)


def test_a_card_shows_figures_lineage_family_and_source(show):
    assert show("card", "#5") == [
        "#5 0.500 +0.200 better  generation 2, slot 0",
        "cross_layers: signal of #2",
        "",
        "fitness        0.5  novelty   1.25  sharpe   1",
        "max_drawdown  0.25  turnover    12  trades  40",
        "Folds: 0.500 0.100",
        "Behaviour",
        "beta  0.1",
        f"Graph: 15 nodes, key {5:064x}",
        "",
        "Lineage",
        "  #1 0.100 seed  seed: idea_1.py",
        "  #3 0.300 +0.200 better  swap_field: close -> volume",
        "  #5 0.500 +0.200 better  cross_layers: signal of #2",
        "",
        "Parents: 2",
        "  #3 0.300 +0.200 better",
        "  #2 0.200 seed",
        "",
        "Children: none",
        "",
        "Source",
        '"""Idea 5: buy what rises."""',
        "",
        "",
        "def factor(m, p):",
        "    return m.close",
    ]


def test_a_card_explains_a_refusal_at_its_place(show):
    lines = show("card", "4")
    start = lines.index("Refused; nothing ran.")
    assert lines[start + 1 : start + 4] == [
        "  line 5, column 12: emaa is no operator; write ema [unknown_name]",
        "        return emaa(m.close, 3)",
        "               ^",
    ]


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("6", "Its graph is that of #3; nothing ran."),
        ("7", "No fitness: trades is 3, needs 30."),
        ("8", "by up to 0.5; a date could hide in them."),
    ],
)
def test_a_card_explains_what_has_no_fitness(show, number, said):
    assert said in "\n".join(show("card", number))


def test_a_card_says_where_a_worker_failed_and_what_was_clipped(
    fresh, identity, entry, measured, show
):
    crashed = Crashed(stage="measure", reason="it hung for [60] s, twice")
    warned = measured(2, 0.2, warnings=("14 weights were clipped",))
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(
            0, [entry(1, outcome=crashed, standing="crashed"), entry(2, outcome=warned)], {}
        )
    assert "A worker failed at measure: it hung for [60] s, twice" in show("card", "1", place=fresh)
    assert "Warning: 14 weights were clipped" in show("card", "2", place=fresh)


def test_a_diff_shows_the_changed_lines_and_the_changed_figures(show):
    assert show("diff", "3", "5") == [
        "--- #3 Idea 3: buy what rises.",
        "+++ #5 Idea 5: buy what rises.",
        "@@ -1,4 +1,4 @@",
        '-"""Idea 3: buy what rises."""',
        '+"""Idea 5: buy what rises."""',
        "",
        "",
        " def factor(m, p):",
        "",
        "figure            #3      #5  change",
        "fitness          0.3     0.5    +0.2",
        "sharpe           0.6       1    +0.4",
        "max_drawdown    0.25    0.25      +0",
        "turnover          12      12      +0",
        "trades            40      40      +0",
        "nodes             13      15      +2",
        "outcome       better  better",
    ]


def test_a_diff_of_equal_sources_says_so(show):
    assert show("diff", "3", "3")[0] == "The sources are equal."


def test_a_diff_with_what_has_no_figures_leaves_dashes(show):
    lines = show("diff", "3", "4")
    assert "fitness          0.3        -       -" in lines


def test_exported_files_hold_the_source_below_where_it_comes_from(show, tmp_path, generations):
    folder = tmp_path / "best"
    written = show("export", str(folder), "--top", "2")
    assert [Path(file).name for file in written] == ["0005_idea_5.py", "0003_idea_3.py"]
    assert (folder / "0005_idea_5.py").read_text() == (
        "# Candidate #5 of night.finch, generation 2, better.\n"
        "# From #3, #2 by cross_layers: signal of #2\n"
        f"# Training fitness 0.5, graph {5:064x}\n" + generations[2][0].text
    )
    assert len(list(folder.iterdir())) == 2
    assert headline((folder / "0005_idea_5.py").read_text()) == "Idea 5: buy what rises."


def test_an_export_never_writes_over_a_file_unless_forced(told, tmp_path, capsys, show):
    mine = tmp_path / "best" / "0003_idea_3.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert main([str(told), "export", str(mine.parent)]) == 2
    assert "has 1 of the files already (0003_idea_3.py); add --force" in capsys.readouterr().err
    assert [file.read_text() for file in mine.parent.iterdir()] == ["mine"]
    show("export", str(mine.parent), "--force")
    assert mine.read_text().startswith("# Candidate #3")
    assert len(list(mine.parent.iterdir())) == 4


def test_a_note_of_many_lines_stays_a_comment(fresh, identity, entry, tmp_path, show):
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1, note="one\nimport os", text="x = 1\n")], {})
    (file,) = show("export", str(tmp_path / "out"), place=fresh)
    assert "import os\n# Training" in Path(file).read_text()
    assert [line[:1] for line in Path(file).read_text().splitlines()] == ["#", "#", "#", "x"]


def test_an_export_into_a_place_that_cannot_be_is_a_sentence(told, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([str(told), "export", str(tmp_path / "file" / "below")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_the_digest_is_one_line(show, told):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert show("digest") == [archive.digest()]


def test_where_nothing_was_measured_tree_and_top_say_why(fresh, identity, entry, show):
    def floored(number: int, floor: str) -> Entry:
        outcome = Floored(
            key=str(number) * 64,
            graph="g",
            nodes=5,
            floor=floor,
            figure=1.0,
            needed=2.0,
            metrics={},
        )
        return entry(number, outcome=outcome, standing="floored", novelty=None)

    refused = Refused(
        refusals=(Refusal(rule="unknown_name", line=1, column=1, found="a", instead="b"),)
    )
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(
            0,
            [
                entry(1, outcome=refused, standing="refused", novelty=None),
                floored(2, "min_return"),
                floored(3, "min_trades"),
                floored(4, "min_trades"),
            ],
            {},
        )
    said = ["3 floored: 2 min_trades, 1 min_return; 1 refused: 1 unknown_name; see card 3"]
    assert show(place=fresh) == said
    assert show("top", place=fresh) == said
    assert show("--all", place=fresh)[0] == "#1 refused  seed  idea_1.py"


def test_outcomes_are_counted_by_reason(show):
    assert show("outcomes") == [
        "outcome           reason        candidates  first",
        "measured          better                 2     #3",
        "measured          seed                   2     #1",
        "depends_on_start                         1     #8",
        "duplicate                                1     #6",
        "floored           trades                 1     #7",
        "refused           unknown_name           1     #4",
        "Looks at the training bars: 6 evaluations.",
    ]


def test_operators_are_listed_by_what_a_try_of_theirs_earned(fresh, identity, entry, show):
    def made(number: int, operator: str, credit: float | None) -> Entry:
        return entry(number, operator=operator, credit=credit)

    told = [
        made(1, "seed one", None), made(2, "seed two", None), made(3, "grow", 0.25),
        made(4, "swap", 1.0), made(5, "grow", 1.0), made(6, "shrink", 0.0),
    ]  # fmt: skip
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, told, {})
    assert show("operators", place=fresh) == [
        "operator  candidates  measured  earned  a try   best",
        "swap               1         1    1.00  1.000  0.400",
        "grow               2         2    1.25  0.625  0.500",
        "shrink             1         1    0.00  0.000  0.600",
        "seeds              2         2       -      -  0.200",
    ]


def test_a_folder_shows_its_archives_and_passes_over_the_rest(told, identity, show):
    folder = told.parent
    Archive.create(folder / "begun.sqlite", identity=replace(identity, market="crypto")).close()
    (folder / "notes.txt").write_text("SQLite format 3 it is not\n" * 9)
    (folder / "empty.sqlite").touch()
    (folder / "below").mkdir()
    sqlite3.connect(folder / "other.sqlite").execute("CREATE TABLE t (x)").connection.close()
    (folder / ".0009.sqlite.unborn").write_bytes(told.read_bytes())
    before = {file.name for file in folder.iterdir()}
    listed = [
        "archive       market    generations  candidates   best  id",
        "begun.sqlite  crypto              0           0      -   -",
        "night.finch   us_daily            3           8  0.500  #5",
    ]
    assert show(place=folder) == listed
    assert show("list", place=folder) == listed
    assert {file.name for file in folder.iterdir()} == before


def test_a_damaged_archive_in_a_folder_is_said_below_the_others(told, show):
    torn = told.with_name("torn.sqlite")
    torn.write_bytes(told.read_bytes()[:5000])
    lines = show(place=told.parent)
    assert lines[1].startswith("night.finch ")
    assert lines[2].startswith(f"{torn}: is damaged (")


def test_a_folder_without_archives_says_how_to_begin_one(tmp_path, show):
    folder = tmp_path / "empty"
    folder.mkdir()
    (line,) = show(place=folder)
    assert line.startswith(
        f"{folder}: holds no archive; start one with `python -m engine.evolve --gen"
    )


def test_a_list_of_what_is_no_folder_and_a_table_of_a_folder_are_sentences(told, capsys):
    assert main([str(told), "list"]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert main([str(told.parent), "top"]) == 2
    assert "is not a file; pass the archive file itself" in capsys.readouterr().err


def test_an_empty_note_leaves_no_colon(fresh, identity, entry, tmp_path, show):
    with Archive.create(fresh, identity=identity) as archive:
        archive.tell(0, [entry(1, operator="seed gap_fade", note="")], {})
    card = show("card", "1", place=fresh)
    assert card[1] == "seed gap_fade"
    assert "  #1 0.100 seed  seed gap_fade" in card
    (file,) = show("export", str(tmp_path / "out"), place=fresh)
    assert "# From no parents by seed gap_fade\n" in Path(file).read_text()


def test_only_folded_lines_of_a_tree_are_dim(generations):
    kin = family(
        Kin(
            id=number, generation=number, parents=(number - 1,) if number > 1 else (),
            operator="grow", note="a note", standing="better", novelty=None, kind="measured",
            fitness=0.1 * number,
        )
        for number in range(1, 8)
    )  # fmt: skip
    first, folded, last = tree(kin, layout(kin, whole={7}), 7, 100)
    for line in (first, last):
        assert isinstance(line, Text)
        assert "dim" not in {str(line.style), *(str(span.style) for span in line.spans)}
    assert isinstance(folded, Text)
    assert ("…" in folded.plain, "dim" in {str(span.style) for span in folded.spans}) == (
        True,
        True,
    )


def test_an_archive_without_candidates_says_so(fresh, identity, show, capsys):
    Archive.create(fresh, identity=identity).close()
    assert show(place=fresh) == ["No candidates yet."]
    for command in ("top", "outcomes", "operators"):
        assert show(command, place=fresh) == ["No candidates yet."]
    assert main([str(fresh), "export", str(fresh.parent / "out")]) == 2
    assert "no measured candidate to export" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["card", "9"], "has no candidate 9; its ids go from 1 to 8"),
        (["top", "--sort", "charm"], "--sort charm: no candidate has it; there are fitness, "),
    ],
)
def test_what_is_not_there_is_a_sentence_and_exit_2(told, capsys, arguments, said):
    assert main([str(told), *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments", [["card", "first"], ["card", "0"], ["--best", "0"], ["top", "--count", "-1"]]
)
def test_a_figure_that_is_none_is_refused_with_what_it_needs(told, capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        main([str(told), *arguments])
    assert caught.value.code == 2
    assert "needs a whole number from 1 on" in capsys.readouterr().err


def test_help_teaches_by_examples_and_takes_the_callers_name(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--help"], prog="finch show")
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "finch show runs/0001.sqlite diff 65 412" in said
    assert "usage: finch show [-h] ARCHIVE [COMMAND] ..." in said
    assert all(word in said for word in ("tree", "top", "card", "diff", "export", "digest"))


def test_no_archive_at_all_is_exit_2(tmp_path, capsys):
    assert main([str(tmp_path / "none.finch")]) == 2
    assert "no such archive" in capsys.readouterr().err


def test_output_is_plain_where_nobody_looks_at_colours(told):
    for command in ("tree", "top", "card 5", "diff 3 5"):
        run = subprocess.run(
            [sys.executable, "-m", "archive.show", told, *command.split()],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        assert b"\x1b" not in run.stdout
        assert b"#5" in run.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_that_cannot_be_written_is_a_sentence_and_exit_2(told, unbuffered):
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "archive.show", told, "top"],
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert run.stderr == (
        b"the output cannot be written: No space left on device; send it elsewhere\n"
    )
    assert run.returncode == 2


def test_an_interrupt_while_it_imports_is_quiet(told):
    code = (
        "import os, signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's & ignores it
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'sqlalchemy': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from archive.show import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, told], cwd=ROOT, capture_output=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, b"", b"")


def test_a_reader_that_has_enough_is_no_error(told):
    run = subprocess.Popen(
        [sys.executable, "-m", "archive.show", told, "card", "5"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert run.stdout is not None
    run.stdout.close()
    _, err = run.communicate()
    assert (run.returncode, err) == (0, b"")


def test_help_and_import_are_light():
    heavy = "{'sqlalchemy', 'alembic', 'rich', 'numpy', 'numba'} & set(sys.modules)"
    code = f"import sys, archive, archive.show, archive.errors, archive.identity; print({heavy})"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "set()\n"


def test_reading_needs_neither_alembic_nor_a_compiler(told):
    code = (
        "import sys; from archive.show import main; main(sys.argv[1:]); "
        "print({'alembic', 'numba'} & set(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, told], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stderr == "set()\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"""One.\n\nMore."""\nx = 1\n', "One."),
        ("# c\n'''  Spaced  '''\n", "Spaced"),
        ("x = 1\ny = 2\n", "x = 1"),
        ("def (:\n", "def (:"),
        ("", ""),
        ("\0", "\0"),
    ],
)
def test_a_headline_is_the_docstrings_first_line_or_the_texts(text, expected):
    assert headline(text) == expected


def test_a_file_is_named_by_operator_where_the_docstring_has_no_words(generations):
    from archive.export import file_name

    one = replace(generations[2][0], text='"""動量"""\n')
    assert file_name(one) == "0005_cross_layers.py"
    assert file_name(replace(one, id=12345, text='"""' + "long " * 30 + '"""')) == (
        "12345_long_long_long_long_long_long_long_long.py"
    )


def test_a_call_without_an_archive_asks_for_one_and_not_for_a_command(capsys):
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "needs an ARCHIVE" in said
    assert "COMMAND are required" not in said
