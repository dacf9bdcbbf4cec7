"""Alembic's way in: it is given an open connection and never reads a file of settings."""

from alembic import context

from inyourarea.gateway.schema import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
