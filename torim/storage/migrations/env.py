"""How Alembic runs a migration: on the connection it is given, in that connection's transaction.

Without a connection it prints the SQL for the dialect named in the configuration.
"""

from alembic import context

from torim.storage import access_tables  # noqa: F401  -- part of the schema
from torim.storage.schema import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    context.configure(dialect_name=context.config.attributes["dialect"], target_metadata=METADATA, literal_binds=True)
else:
    # SQLite's DDL is transactional once the driver leaves transactions alone: all steps or none.
    context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
