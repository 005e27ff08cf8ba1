"""What the archive promises of any database it lies on; here SQLite."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from archive.errors import ArchiveError
from archive.store import Archive
from archive.tables import metadata
from genomes.records.outcome import Crashed, Duplicate, Refused


def test_entries_come_back_as_they_were_told_in_the_order_told(told, generations):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert repr(list(archive.entries())) == repr([one for g in generations for one in g])


def test_an_archive_knows_what_it_is_a_function_of(told, identity):
    with Archive.open(told, identity=identity, readonly=True) as archive:
        assert archive.identity == identity


def test_generations_told_are_counted_and_summarised(told):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.generations() == 3
        assert archive.count() == 8
        assert archive.summaries() == [{"best": 2}, {"best": 4}, {"best": 8}]


def test_two_candidates_share_a_page_of_a_new_file(told):
    with sqlite3.connect(told) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)


def test_a_summary_may_hold_nan_and_keeps_it_as_null(place, identity, entry):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1)], {"median": float("nan"), "deep": [float("inf"), {"a": 1.5}]})
        assert archive.summaries() == [{"median": None, "deep": [None, {"a": 1.5}]}]


def test_entries_are_filtered_by_generation_kind_and_id(told):
    with Archive.open(told, identity=None, readonly=True) as archive:
        ids = lambda **chosen: [one.id for one in archive.entries(**chosen)]  # noqa: E731
        assert ids(generations=range(1, 2)) == [3, 4]
        assert ids(kinds=["measured"]) == [1, 2, 3, 5]
        assert ids(kinds=["refused", "duplicate"], generations=range(2, 3)) == [6]
        assert ids(ids=[7, 2, 99, 2]) == [2, 7]
        assert ids(ids=[]) == []


def test_more_entries_than_a_page_come_back_once_each(place, identity, entry, measured):
    count = 1203
    seeds = [
        entry(number, outcome=measured(number, 0.1, graph="", metrics={}))
        for number in range(1, count + 1)
    ]
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, seeds, {})
        assert [one.id for one in archive.entries()] == list(range(1, count + 1))
        assert [one.id for one in archive.entries(ids=range(count, 0, -1))] == list(
            range(1, count + 1)
        )
        keys = [one.outcome.key for one in seeds]
        assert archive.first_with_key(keys) == {key: n for n, key in enumerate(keys, start=1)}
        assert set(archive.recall(keys)) == set(keys)


def test_the_fittest_come_first_and_of_equals_the_earlier(place, identity, entry, measured):
    fitness = [0.3, 0.9, 0.3, -0.5]
    seeds = [entry(n, outcome=measured(n, f)) for n, f in enumerate(fitness, start=1)]
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [*seeds, entry(5, outcome=Refused(refusals=()))], {})
        assert [one.id for one in archive.top(9)] == [2, 1, 3, 4]
        assert [one.id for one in archive.top(2)] == [2, 1]


def test_a_candidate_is_got_by_id_and_an_unknown_id_is_named(told, generations):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.get(5) == generations[2][0]
        with pytest.raises(ArchiveError, match=r"no candidate 9; its ids go from 1 to 8"):
            archive.get(9)


def test_children_count_by_every_parent(told):
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.children(2) == [4, 5]
        assert archive.children(3) == [5, 7, 8]
        assert archive.children(8) == []


def test_a_child_of_the_same_parent_twice_is_one_child(place, identity, entry):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1)], {})
        archive.tell(1, [entry(2, generation=1, slot=0, parents=(1, 1))], {})
        assert archive.children(1) == [2]
        assert archive.get(2).parents == (1, 1)


def test_the_first_candidate_with_a_graph_is_found_among_its_duplicates(told, measured):
    keys = [measured(3, 0.3).key, "7" * 64, "unknown"]
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.first_with_key(keys) == {keys[0]: 3, keys[1]: 7}


def test_kin_carry_what_lineages_need(told):
    with Archive.open(told, identity=None, readonly=True) as archive:
        kin = {one.id: one for one in archive.kin()}
    assert list(kin) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert kin[5].parents == (3, 2)
    assert (kin[5].fitness, kin[5].kind, kin[5].standing) == (0.5, "measured", "better")
    assert (kin[4].fitness, kin[4].kind, kin[4].note) == (None, "refused", "24 -> 36")


def test_what_is_remembered_is_recalled_before_and_after_it_is_told(
    place, identity, entry, measured, generations
):
    result, floored = measured(1, 0.1), generations[2][2].outcome
    with Archive.create(place, identity=identity) as archive:
        assert archive.recall([result.key]) == {}
        archive.remember([result, floored])
        recalled = archive.recall([result.key, floored.key, "unknown"])
        assert repr(recalled) == repr({result.key: result, floored.key: floored})
        archive.tell(0, [entry(1, outcome=result)], {})
        assert archive.recall([result.key]) == {result.key: result}
        assert repr(archive.recall([floored.key])) == repr({floored.key: floored})


def test_the_first_result_remembered_for_a_graph_stays(place, identity, measured):
    first, second = measured(1, 0.1), measured(1, 0.2)
    with Archive.create(place, identity=identity) as archive:
        archive.remember([first, second])
        archive.remember([second])
        assert archive.recall([first.key]) == {first.key: first}


def test_what_cost_no_evaluation_is_not_remembered(place, identity, measured):
    key = measured(1, 0.1).key
    with Archive.create(place, identity=identity) as archive:
        archive.remember([Duplicate(key=key, of=1), Refused(refusals=())])
        archive.remember([Crashed(stage="measure", reason="it hung")])
        archive.remember([])
        assert archive.recall([key]) == {}
        archive.remember([measured(1, 0.1)])
        assert archive.recall([key]) == {key: measured(1, 0.1)}


def test_a_result_is_stored_once_when_told(place, identity, entry, measured):
    with Archive.create(place, identity=identity) as archive:
        archive.remember([measured(1, 0.1), measured(2, 0.2)])
        archive.tell(0, [entry(1, outcome=measured(1, 0.1))], {})
    connection = sqlite3.connect(place)
    pending = connection.execute("SELECT key FROM evaluation").fetchall()
    connection.close()
    assert pending == [(measured(2, 0.2).key,)]


def test_a_duplicate_told_is_not_taken_for_a_result(place, identity, entry, measured):
    key = measured(9, 0.1).key
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1, outcome=Duplicate(key=key, of=1))], {})
        assert archive.recall([key]) == {}


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (2, {"generation": 2}, "expected generation 1, got 2"),
        (0, {"generation": 0}, "expected generation 1, got 0"),
        (1, {"id": 4}, "expected candidate 3 of generation 1"),
        (1, {"generation": 0}, "got 3 of generation 0"),
        (1, {"parents": (3,)}, "parents .3,.; they must be of earlier"),
        (1, {"slot": -1}, "slot -1"),
    ],
)
def test_what_is_told_out_of_order_is_refused_and_nothing_is_kept(
    place, identity, entry, generations, number, changes, said
):
    wrong = entry(3, **({"generation": 1, "slot": 0} | changes))
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, generations[0], {})
        with pytest.raises(ValueError, match=said):
            archive.tell(number, [wrong], {})
        assert (archive.generations(), archive.count()) == (1, 2)


def test_slots_may_be_left_out_but_not_go_back(place, identity, entry):
    with Archive.create(place, identity=identity) as archive:
        with pytest.raises(ValueError, match=r"expected .*slot 5 or later; got 2 .*slot 3"):
            archive.tell(0, [entry(1, slot=4), entry(2, slot=3)], {})
        archive.tell(0, [entry(1, slot=4), entry(2, slot=7)], {})
        assert [one.slot for one in archive.entries()] == [4, 7]


def test_a_setting_that_was_renamed_since_is_read_under_its_new_name(place, identity):
    old = {
        "objective": {"risk_floor": 0.2, "folds": 3},
        "search": {"explore": 0.5},
        "llm": {"lag": 0},
    }
    new = {"objective": {"min_risk": 0.2, "folds": 3}, "search": {"epsilon": 0.5},
           "llm": {"pipeline_depth": 0}}  # fmt: skip
    Archive.create(place, identity=replace(identity, config=json.dumps(old))).close()
    asked = replace(identity, config=json.dumps(new))
    with Archive.open(place, identity=asked) as archive:
        assert json.loads(archive.identity.config) == new


def test_a_generation_without_candidates_is_one(place, identity):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [], {})
        assert archive.generations() == 1


def test_a_text_that_no_database_can_hold_is_kept_with_replacements(place, identity, entry):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, [entry(1, text="x = '\ud800'", note="\udfff")], {})
        assert archive.get(1).text == "x = '\ufffd'"
        assert archive.get(1).note == "\ufffd"


def test_a_figure_that_is_nan_is_refused_by_the_record(entry):
    with pytest.raises(ValueError, match="Entry 3: credit is NaN"):
        entry(3, credit=float("nan"))
    assert entry(1, novelty=float("inf")).novelty == float("inf")


def test_a_reader_cannot_write(told, entry, measured):
    with Archive.open(told, identity=None, readonly=True) as archive:
        with pytest.raises(ArchiveError, match="open for reading only"):
            archive.tell(3, [], {})
        with pytest.raises(ArchiveError, match="open for reading only"):
            archive.remember([measured(1, 0.1)])


def test_readers_see_what_a_writer_tells_meanwhile(place, identity, generations):
    with Archive.create(place, identity=identity) as writer:
        writer.tell(0, generations[0], {})
        with Archive.open(place, identity=None, readonly=True) as reader:
            assert reader.generations() == 1
            writer.tell(1, generations[1], {})
            assert reader.generations() == 2


def test_a_run_goes_on_where_it_was_closed(place, identity, generations):
    with Archive.create(place, identity=identity) as archive:
        archive.tell(0, generations[0], {})
    with Archive.open(place, identity=identity) as archive:
        archive.tell(1, generations[1], {})
        archive.tell(2, generations[2], {})
        digest = archive.digest()
    with Archive.open(place, identity=None, readonly=True) as archive:
        assert archive.generations() == 3
        assert archive.digest() == digest


def test_closing_leaves_one_file_and_a_second_time_does_nothing(told, identity):
    archive = Archive.open(told, identity=identity)
    archive.close()
    archive.close()
    assert [file.name for file in told.parent.iterdir()] == [told.name]


def test_reading_leaves_no_side_files(told):
    before = told.read_bytes()
    with Archive.open(told, identity=None, readonly=True) as archive:
        assert archive.digest()
    assert [file.name for file in told.parent.iterdir()] == [told.name]
    assert told.read_bytes() == before


def test_a_folder_in_the_place_of_an_archive_is_called_a_folder(tmp_path):
    with pytest.raises(ArchiveError, match="is a folder; name a file in it"):
        Archive.check_vacant(tmp_path)


def test_a_new_archive_makes_its_folder_and_never_replaces_anything(tmp_path, identity):
    place = tmp_path / "runs" / "a b%20?#.finch"
    Archive.create(place, identity=identity).close()
    before = place.read_bytes()
    with pytest.raises(ArchiveError, match="is there already; resume it"):
        Archive.create(place, identity=identity)
    assert place.read_bytes() == before
    assert [file.name for file in place.parent.iterdir()] == [place.name]
    Archive.open(place, identity=identity).close()


def test_a_sqlite_url_is_the_file_it_names(told, identity):
    with Archive.open(f"sqlite:///{told}", identity=identity) as archive:
        assert archive.count() == 8


def test_a_config_is_kept_with_its_hash_and_equal_whatever_its_spacing(told, identity):
    spaced = replace(identity, config=json.dumps(json.loads(identity.config), indent=3))
    assert spaced.config_hash == identity.config_hash
    with Archive.open(told, identity=spaced, readonly=True) as archive:
        assert archive.identity.config_hash == spaced.config_hash


def test_the_tables_are_ones_postgresql_takes():
    dialect = postgresql.dialect()
    statements = [
        str(made.compile(dialect=dialect))
        for table in metadata.sorted_tables
        for made in (CreateTable(table), *map(CreateIndex, table.indexes))
    ]
    assert len(statements) == 9 + 3
    assert "descriptor BYTEA" in "".join(statements)


def test_a_url_without_its_driver_says_what_to_install(identity):
    with pytest.raises(ArchiveError, match=r"driver is not installed .*postgresql\+psycopg"):
        Archive.create("postgresql+pg8000://user:secret@host/base", identity=identity)


def test_a_place_that_is_neither_path_nor_url_is_refused(identity):
    with pytest.raises(ArchiveError, match="no path and no URL"):
        Archive.open("://is this", identity=identity)
    with pytest.raises(ArchiveError, match="would be lost; name a file"):
        Archive.create("sqlite:///:memory:", identity=identity)
