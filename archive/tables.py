"""The tables of an archive, as SQLAlchemy Core; migrations/versions makes them, step by step."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

REVISIONS = ("0001",)
"""Every schema this version can read, oldest first; the last is the one it writes.

Kept here as well as in the migrations so that opening an archive need not import Alembic (0.14 s).
"""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1: one run an archive
    Column("market", Text, nullable=False),
    Column("fingerprint", String(128), nullable=False),
    Column("config", Text, nullable=False),
    Column("config_hash", String(64), nullable=False),
    Column("seed", Text, nullable=False),  # a seed may have 128 bits
    Column("isolation", Text, nullable=False),
    Column("engine", Text, nullable=False),
)


def _outcome_columns() -> list[Column[object]]:
    """The columns an outcome is kept in, as `archive.encoding.Encoded` names them."""
    return [
        Column("kind", String(32), nullable=False),
        Column("fitness", Double),
        Column("nodes", Integer),
        Column("payload", Text, nullable=False),
        Column("metrics", Text),
        Column("descriptor", LargeBinary),
    ]


candidate = Table(
    "candidate",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("slot", Integer, nullable=False),
    Column("species", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("prompt", Integer, ForeignKey("candidate.id")),
    Column("model", Text),
    Column("standing", String(32), nullable=False),
    Column("novelty", Double),
    Column("credit", Double),
    Column("key", String(128)),
    *_outcome_columns(),
    UniqueConstraint("generation", "slot"),
    Index(None, "key"),
    Index(None, "fitness"),
)

parentage = Table(
    "parentage",
    metadata,
    Column("child", Integer, ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("parent", Integer, ForeignKey("candidate.id"), nullable=False),
    Index(None, "parent"),
)

evaluation = Table(
    "evaluation",
    metadata,
    Column("key", String(128), primary_key=True),
    *_outcome_columns(),
)

generation = Table(
    "generation",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("candidates", Integer, nullable=False),
    Column("summary", Text, nullable=False),
)
