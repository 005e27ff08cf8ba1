"""What models were asked and said, what they claim of candidates, and what a tuner tried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; what was told before has no row in any of them."""
    op.create_table(
        "proposal",
        sa.Column("candidate", sa.Integer, autoincrement=False),
        sa.Column("hypothesis", sa.Text, nullable=False),
        sa.Column("probability", sa.Double),
        sa.Column("mended", sa.Text, nullable=False),
        sa.Column("gain", sa.Double),
        sa.Column("tokens", sa.Integer, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Column("calls", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("candidate", name="pk_proposal"),
        sa.ForeignKeyConstraint(["candidate"], ["candidate.id"], name="fk_proposal_candidate"),
    )
    op.create_table(
        "trial",
        sa.Column("candidate", sa.Integer, autoincrement=False),
        sa.Column("number", sa.Integer, autoincrement=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("fitness", sa.Double),
        sa.PrimaryKeyConstraint("candidate", "number", name="pk_trial"),
        sa.ForeignKeyConstraint(["candidate"], ["candidate.id"], name="fk_trial_candidate"),
    )
    op.create_table(
        "passage",
        sa.Column("hash", sa.String(64)),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_passage"),
    )
    op.create_table(
        "exchange",
        sa.Column("id", sa.Integer),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("draw", sa.Integer, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("messages", sa.Text, nullable=False),
        sa.Column("parameters", sa.String(64), nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("finish", sa.Text, nullable=False),
        sa.Column("tokens_in", sa.Integer, nullable=False),
        sa.Column("tokens_out", sa.Integer, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Column("attempts", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exchange"),
        sa.UniqueConstraint("key", "draw", name="uq_exchange_key_draw"),
    )
