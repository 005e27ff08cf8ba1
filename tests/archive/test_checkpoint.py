"""A checkpoint that stopped half-way leaves a file that only its log makes whole."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from archive.errors import ArchiveError
from archive.show import main
from archive.store import Archive

PAGE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """An archive as a full disk leaves it.

    Attributes:
        place: Its file; its log lies beside it.
        log: That log.
        digest: What the whole archive's digest is.
    """

    place: Path
    log: Path
    digest: str


@pytest.fixture(params=["short", "mixed"])
def cut(request, told, tmp_path, entry) -> Cut:
    """SQLite puts pages into the file in their order; here it got through the first few only.

    short: the file was to grow and did not; mixed: it has its new length, with old or empty pages.
    """
    log = told.with_name(told.name + "-wal")
    before = told.read_bytes()
    with Archive.open(told, identity=None) as archive:
        for number in range(9, 13):
            big = entry(number, generation=number - 6, slot=0, text="x = 1\n" * 3000)
            archive.tell(number - 6, [big], {})
        assert told.read_bytes() == before  # everything new is in the log yet
        left = log.read_bytes()
        digest = archive.digest()
    after = told.read_bytes()
    assert len(after) > len(before)
    torn = after[: 3 * PAGE] + before[3 * PAGE :]
    if request.param == "mixed":
        torn += bytes(len(after) - len(torn))
    place = tmp_path / "cut" / told.name
    place.parent.mkdir()
    place.write_bytes(torn)
    place.with_name(log.name).write_bytes(left)
    return Cut(place=place, log=place.with_name(log.name), digest=digest)


def test_the_file_alone_is_malformed(cut):
    connection = sqlite3.connect(f"file:{cut.place}?mode=ro&immutable=1", uri=True)
    try:
        answers = [row[0] for row in connection.execute("PRAGMA integrity_check")]
    except sqlite3.DatabaseError as error:
        answers = [str(error)]
    finally:
        connection.close()
    assert answers != ["ok"]


def test_a_reader_finds_every_candidate_and_changes_neither_file_nor_log(cut, capsys):
    before = cut.place.read_bytes(), cut.log.read_bytes()
    with Archive.open(cut.place, identity=None, readonly=True) as archive:
        assert (archive.generations(), archive.count()) == (7, 12)
        assert archive.digest() == cut.digest
    assert main([str(cut.place), "digest"]) == 0
    assert capsys.readouterr().out == cut.digest + "\n"
    assert (cut.place.read_bytes(), cut.log.read_bytes()) == before


def test_a_run_goes_on_and_leaves_one_whole_file(cut, identity, entry):
    with Archive.open(cut.place, identity=identity) as archive:
        assert archive.digest() == cut.digest
        archive.tell(7, [entry(13, generation=7, slot=0)], {})
    assert [file.name for file in cut.place.parent.iterdir()] == [cut.place.name]
    with Archive.open(cut.place, identity=None, readonly=True) as archive:
        assert archive.count() == 13
    connection = sqlite3.connect(cut.place)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.parametrize("cut", ["short"], indirect=True)
@pytest.mark.parametrize("readonly", [True, False])
def test_without_its_log_it_is_called_damaged_and_told_what_is_missing(cut, identity, readonly):
    cut.log.unlink()
    before = cut.place.read_bytes()
    with pytest.raises(ArchiveError, match=r"is damaged .*what is missing is in night.finch-wal"):
        Archive.open(cut.place, identity=identity, readonly=readonly)
    assert cut.place.read_bytes() == before


def test_a_copy_with_its_log_elsewhere_is_as_good(cut, tmp_path):
    roomy = tmp_path / "roomy"
    shutil.copytree(cut.place.parent, roomy)
    with Archive.open(roomy / cut.place.name, identity=None, readonly=True) as archive:
        assert archive.digest() == cut.digest
