"""The ledger's file: a chain that shows every edit, survives crashes, and is written by many."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path
from typing import Any

import pytest

from engine.ledger import Ledger, LedgerError, place_of


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "deep" / "ledger.jsonl")
    for number in range(4):
        made.append("backtest", {"looks": {"backtests": number}})
    return made


def lines(ledger: Ledger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines(keepends=True)


def test_rows_come_back_as_written_each_chained_to_the_one_before(ledger: Ledger) -> None:
    rows = ledger.rows()
    assert [row.body["looks"]["backtests"] for row in rows] == [0, 1, 2, 3]
    assert [row.number for row in rows] == [1, 2, 3, 4]
    assert [row.previous for row in rows[1:]] == [row.hash for row in rows[:-1]]


def edited(line: bytes) -> bytes:
    table = json.loads(line)
    table["body"]["looks"]["backtests"] = 99
    return json.dumps(table).encode() + b"\n"


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda rows: [rows[0], edited(rows[1]), *rows[2:]], 2),
        (lambda rows: [rows[0], *rows[2:]], 2),
        (lambda rows: [rows[0], rows[2], rows[1], rows[3]], 2),
        (lambda rows: [*rows[:2], b"nonsense\n", *rows[2:]], 3),
        (lambda rows: [*rows[:3], edited(rows[3])], 4),
    ],
)
def test_an_edit_is_found_and_the_sentence_names_the_row(
    ledger: Ledger, change: Any, row: int
) -> None:
    ledger.path.write_bytes(b"".join(change(lines(ledger))))
    with pytest.raises(LedgerError, match=f"does not hold from row {row} on"):
        ledger.rows()
    ledger_rows, _ = ledger.read()
    assert len(ledger_rows) == row - 1


def test_an_edit_with_a_hash_of_its_own_is_found_by_the_next_row(ledger: Ledger) -> None:
    from engine.ledger import Row

    rows = ledger.rows()
    forged = Row.made(2, rows[1].time, "backtest", {"looks": {}}, rows[0].hash)
    whole = lines(ledger)
    ledger.path.write_bytes(b"".join([whole[0], forged.line, *whole[2:]]))
    with pytest.raises(LedgerError, match="does not hold from row 3 on"):
        ledger.rows()


def test_what_a_crash_left_of_a_row_is_replaced_by_the_next(ledger: Ledger) -> None:
    with ledger.path.open("ab") as file:
        file.write(b'{"n":5,"time":"2026')
    assert len(ledger.rows()) == 4
    ledger.append("backtest", {"looks": {"backtests": 5}})
    assert [row.number for row in ledger.rows()] == [1, 2, 3, 4, 5]


def test_rows_longer_than_what_is_read_at_a_time_are_followed(ledger: Ledger) -> None:
    ledger.append("data", {"symbols": ["A" * 100] * 3000})
    ledger.append("backtest", {"looks": {}})
    assert len(ledger.rows()) == 6


def append_some(path: Path, who: int) -> None:
    for number in range(20):
        Ledger(path).append("backtest", {"who": who, "number": number})


def test_several_processes_append_and_every_row_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=append_some, args=(path, who)) for who in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    rows = Ledger(path).rows()
    assert len(rows) == 60
    for who in range(3):
        assert [r.body["number"] for r in rows if r.body["who"] == who] == list(range(20))


def test_a_full_disk_is_a_sentence_and_leaves_the_file_as_it_was(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger.path.read_bytes()
    whole = os.pwrite

    def full(file: int, data: bytes, at: int) -> int:
        return whole(file, data[:10], at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(LedgerError, match=r"cannot be written \(No space left on device\); free"):
        ledger.append("backtest", {})
    assert ledger.path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="or name another file"):
        Ledger(tmp_path / "file" / "ledger.jsonl").append("backtest", {})
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger(tmp_path).rows()


def test_a_file_that_is_no_ledger_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n")
    with pytest.raises(LedgerError, match="its last line is not a row"):
        Ledger(path).append("backtest", {})
    assert path.read_text() == "my notes\n"


def test_the_setting_goes_before_the_environment_and_that_before_the_users_folder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FINCH_LEDGER", "/tmp/env.jsonl")
    assert place_of("/tmp/set.jsonl") == Path("/tmp/set.jsonl")
    assert place_of() == Path("/tmp/env.jsonl")
    monkeypatch.delenv("FINCH_LEDGER")
    monkeypatch.setenv("XDG_DATA_HOME", "/tmp/data")
    assert place_of() == Path("/tmp/data/finch/ledger.jsonl")
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert place_of() == Path("/home/somebody/.local/share/finch/ledger.jsonl")
    with pytest.raises(LedgerError, match="is a URL; needs a file"):
        place_of("postgresql://host/ledger")
