"""Where the ledger lies: one file of the user's, unless a setting or the environment says else."""

from __future__ import annotations

import os
from pathlib import Path

from engine.ledger.chain import LedgerError

VARIABLE = "FINCH_LEDGER"


def whole_place(archive: str) -> str:
    """An archive's place as rows name it: its whole path, or its URL."""
    return archive if "://" in archive else str(Path(archive).resolve())


def place_of(setting: str = "") -> Path:
    """The ledger's file: the setting, else FINCH_LEDGER, else the user's data folder.

    Args:
        setting: `ledger` of the config; empty for the others.

    Raises:
        LedgerError: It is a URL.
    """
    said = setting or os.environ.get(VARIABLE, "")
    if "://" in said:
        raise LedgerError(
            f"ledger = {said!r}: is a URL; needs a file. For a team, name one on a disk that all "
            "of its machines share"
        )
    if said:
        return Path(said).expanduser()
    data = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(data) if data else Path.home() / ".local" / "share"
    return folder / "finch" / "ledger.jsonl"
