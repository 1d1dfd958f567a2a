"""The store of a service, SQLite or PostgreSQL, read and changed with the engine's own tools.

    store = PostgresStore(service)   # before the service is started
    store.count("notifications WHERE id = 'n1'")
"""

import atexit
import functools
import sqlite3
from contextlib import closing

from support.postgres_server import PostgresServer


class SqliteStore:
    """The SQLite file that a new set-up uses."""

    def __init__(self, service):
        self.file = service.database

    def execute(self, *statements):
        """Runs statements in one transaction, while the service is running."""
        with closing(sqlite3.connect(self.file, timeout=30)) as store:
            for statement in statements:
                store.execute(statement)
            store.commit()

    def count(self, table: str) -> int:
        """Returns the number of rows; `table` may include a WHERE clause."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            return store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def number_next_row_after(self, seq: int):
        """Does nothing: SQLite always numbers the next notification one above the highest
        number."""

    def damages(self) -> list:
        """Returns the problems that SQLite's integrity check finds."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            found = store.execute("PRAGMA integrity_check").fetchall()
        return [] if found == [("ok",)] else found


@functools.cache
def shared_server() -> PostgresServer:
    """Returns the server shared by all tests of a program; it stops at the program's end."""
    server = PostgresServer()
    atexit.register(server.__exit__)
    return server


class PostgresStore:
    """A new, empty PostgreSQL database; the service's configuration is changed to use it."""

    def __init__(self, service):
        self.server = shared_server()
        self.url = self.server.new_database()
        service.configure("store.url", self.url)

    def execute(self, *statements):
        self.server.query(self.url, "; ".join(statements))

    def count(self, table: str) -> int:
        return int(self.server.query(self.url, f"SELECT count(*) FROM {table}"))

    def number_next_row_after(self, seq: int):
        self.server.query(
            self.url, f"SELECT setval(pg_get_serial_sequence('notifications', 'seq'), {seq})")

    def damages(self) -> list:
        self.server.query(self.url, "CREATE EXTENSION IF NOT EXISTS amcheck")
        try:
            self.server.query(
                self.url, "SELECT bt_index_check(indexrelid, true) FROM pg_index JOIN pg_class "
                          "ON oid = indrelid WHERE relnamespace = 'public'::regnamespace")
        except RuntimeError as error:
            return [str(error)]
        return []
