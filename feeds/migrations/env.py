"""Alembic's environment: runs on the connection that the store hands over."""

from __future__ import annotations

from alembic import context

from feeds.tables import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
