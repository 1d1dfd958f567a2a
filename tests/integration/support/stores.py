"""The store under a service, of either engine, looked at and changed with the engine's own tools.

    store = PostgresStore(service)   # before the service is started
    store.count("notifications WHERE id = 'n1'")
"""

import atexit
import functools
import sqlite3
from contextlib import closing

from support.postgres_server import PostgresServer


class SqliteStore:
    """The file that a fresh set-up names."""

    def __init__(self, service):
        self.file = service.database

    def execute(self, *statements):
        """Changes it in one transaction, beside the service."""
        with closing(sqlite3.connect(self.file, timeout=30)) as store:
            for statement in statements:
                store.execute(statement)
            store.commit()

    def count(self, table: str) -> int:
        """How many rows there are; conditions may follow the table's name."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            return store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def number_next_row_after(self, seq: int):
        """The next notification gets a higher number: here it always is the highest plus one."""

    def damages(self) -> list:
        """What the engine's own check finds."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            found = store.execute("PRAGMA integrity_check").fetchall()
        return [] if found == [("ok",)] else found


@functools.cache
def shared_server() -> PostgresServer:
    """The one for all tests of a program, ended with the last of them."""
    server = PostgresServer()
    atexit.register(server.__exit__)
    return server


class PostgresStore:
    """An empty database, which the service is told to use."""

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
