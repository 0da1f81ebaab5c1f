"""Alembic's entry point: runs the steps on the connection that `migrate` hands over."""

from alembic import context

from trading_ai.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
