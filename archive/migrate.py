"""Bringing a schema to the newest, by Alembic; imported only when there is something to bring."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Run every migration that the connected database lacks; an empty database gets them all.

    Args:
        connection: In a transaction that the caller commits: half a migration is none.
    """
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
