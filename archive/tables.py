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

REVISIONS = ("0001", "0002")
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

proposal = Table(
    "proposal",
    metadata,
    Column("candidate", Integer, ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("hypothesis", Text, nullable=False),
    Column("probability", Double),
    Column("mended", Text, nullable=False),
    Column("gain", Double),
    Column("tokens", Integer, nullable=False),
    Column("cost", Double, nullable=False),
    Column("calls", Text, nullable=False),  # JSON: a list a call, in the order of Call's fields
)

trial = Table(
    "trial",
    metadata,
    Column("candidate", Integer, ForeignKey("candidate.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("params", Text, nullable=False),  # JSON object: parameter -> value
    Column("key", String(128), nullable=False),
    Column("state", String(32), nullable=False),
    Column("fitness", Double),
)

passage = Table(
    "passage",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", Text, nullable=False),
)
"""What is said to models, once however often it is: a system message is part of every question."""

exchange = Table(
    "exchange",
    metadata,
    Column("id", Integer, primary_key=True),  # the order in which they were kept
    Column("key", String(64), nullable=False),
    Column("draw", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("messages", Text, nullable=False),  # JSON: [speaker, hash of a passage] a message
    Column("parameters", String(64), nullable=False),  # hash of a passage: a schema is long
    Column("failure", Text, nullable=False),
    Column("finish", Text, nullable=False),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("cost", Double, nullable=False),
    Column("attempts", Text, nullable=False),  # JSON: sentences
    Column("seconds", Double, nullable=False),
    Column("text", Text, nullable=False),  # last: sums of what is before it need not read it
    UniqueConstraint("key", "draw"),
)
