"""The first schema: one run, its candidates and their parents, pending evaluations, generations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table. Written out, so that later changes of `archive.tables` do not reach it."""
    op.create_table(
        "run",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("market", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(128), nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("config_hash", sa.String(64), nullable=False),
        sa.Column("seed", sa.Text, nullable=False),
        sa.Column("isolation", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
    )
    op.create_table(
        "candidate",
        sa.Column("id", sa.Integer, autoincrement=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("slot", sa.Integer, nullable=False),
        sa.Column("species", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("prompt", sa.Integer),
        sa.Column("model", sa.Text),
        sa.Column("standing", sa.String(32), nullable=False),
        sa.Column("novelty", sa.Double),
        sa.Column("credit", sa.Double),
        sa.Column("key", sa.String(128)),
        *_outcome_columns(),
        sa.PrimaryKeyConstraint("id", name="pk_candidate"),
        sa.ForeignKeyConstraint(["prompt"], ["candidate.id"], name="fk_candidate_prompt"),
        sa.UniqueConstraint("generation", "slot", name="uq_candidate_generation_slot"),
    )
    op.create_index("ix_candidate_key", "candidate", ["key"])
    op.create_index("ix_candidate_fitness", "candidate", ["fitness"])
    op.create_table(
        "parentage",
        sa.Column("child", sa.Integer, autoincrement=False),
        sa.Column("position", sa.Integer, autoincrement=False),
        sa.Column("parent", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("child", "position", name="pk_parentage"),
        sa.ForeignKeyConstraint(["child"], ["candidate.id"], name="fk_parentage_child"),
        sa.ForeignKeyConstraint(["parent"], ["candidate.id"], name="fk_parentage_parent"),
    )
    op.create_index("ix_parentage_parent", "parentage", ["parent"])
    op.create_table(
        "evaluation",
        sa.Column("key", sa.String(128)),
        *_outcome_columns(),
        sa.PrimaryKeyConstraint("key", name="pk_evaluation"),
    )
    op.create_table(
        "generation",
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("candidates", sa.Integer, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_generation"),
    )


def _outcome_columns() -> list[sa.Column[object]]:
    return [
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("fitness", sa.Double),
        sa.Column("nodes", sa.Integer),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("metrics", sa.Text),
        sa.Column("descriptor", sa.LargeBinary),
    ]
