"""What Alembic runs to migrate: the connection comes from `archive.migrate`, never from a file."""

from __future__ import annotations

from alembic import context

from archive.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a column only by copying its table
)
context.run_migrations()
