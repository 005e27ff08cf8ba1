"""A PostgreSQL server of one's own, where the machine has the programs for it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _program(name: str) -> str | None:
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(installed[-1]) if installed else None)


def missing() -> str:
    """Why no server can be started here; empty where one can."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed: pip install -e '.[dev]'"
    if _program("initdb") is None or _program("pg_ctl") is None:
        return "PostgreSQL is not installed: apt-get install postgresql"
    if os.geteuid() == 0 and (shutil.which("runuser") is None or not _has_user("postgres")):
        return "root cannot run PostgreSQL, and there is no user postgres"
    return ""


def _has_user(name: str) -> bool:
    import pwd

    return name in {user.pw_name for user in pwd.getpwall()}


@contextmanager
def server() -> Iterator[str]:
    """A server on a socket in a folder of its own; gives the folder. Two seconds."""
    as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        if as_user:
            shutil.chown(folder, "postgres")
        data, control = (
            f"{folder}/data",
            [*as_user, str(_program("pg_ctl")), "-D", f"{folder}/data"],
        )
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        for command in (
            [*as_user, str(_program("initdb")), "-D", data, "-U", "postgres", "-A", "trust", "-N"],
            [*control, "-o", options, "-l", f"{folder}/log", "-w", "start"],
        ):
            subprocess.run(command, check=True, capture_output=True, cwd=folder)
        try:
            yield folder
        finally:
            stop = [*control, "-m", "immediate", "-w", "stop"]
            subprocess.run(stop, check=True, capture_output=True, cwd=folder)
