"""Run by Alembic for every migration; :func:`addenda.migrations.upgrade` passes the connection.

Imported as a module of the package, it does nothing.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection


def run() -> None:
    """Apply the steps inside the transaction that the caller has opened."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(connection=connection, transactional_ddl=False)
    context.run_migrations()


if __name__ != "addenda.migrations.env":  # Alembic runs this file under a name of its own
    run()
