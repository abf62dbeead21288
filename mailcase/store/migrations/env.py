"""Alembic's entry: runs the migrations on the connection that `store.migrate` hands over."""

from alembic import context

from mailcase.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_as_batch=True,
    compare_type=True,
    transaction_per_migration=False,
)
context.run_migrations()
