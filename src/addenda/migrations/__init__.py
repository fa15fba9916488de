"""The one history of the database schema, applied by :func:`addenda.database.open_database`.

Alembic runs the steps in ``versions/`` from inside the program: no configuration file, no network, one transaction.
To change the schema: change the unit's table, add a file ``versions/NNNN_what.py`` whose ``down_revision`` is the
newest one, and set :data:`addenda.database.SCHEMA` to its ``revision``. A step spells its tables out instead of
importing them, because it must do the same forever. ``tests/test_database.py`` compares the result with the tables
that the units declare.

Only the database imports this package, and only when a schema is not the newest: Alembic is slow to import.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Bring the schema to the newest revision, inside the open transaction of ``connection``."""
    config = configuration()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def configuration() -> Config:
    """Alembic's configuration, made in memory."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
