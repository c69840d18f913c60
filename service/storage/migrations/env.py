"""Run by Alembic, on the connection that `service.kit.sql.database.migrate` gives it."""

from alembic import context

from service.storage.unit import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
