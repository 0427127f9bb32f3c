"""Alembic's entry: the caller hands over connection and metadata (domain.ground.schema.upgrade)."""

from alembic import context

options = context.config.attributes
context.configure(connection=options["connection"], target_metadata=options["metadata"], render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
