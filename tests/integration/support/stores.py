"""Reads and changes the store of a couponhook service, SQLite or PostgreSQL, without couponhook's
code.

    store = PostgresStore(service)   # before the service is started
    store.count("notifications WHERE id = 'n1'")
"""

import atexit
import functools
import sqlite3
from contextlib import closing

from support.postgres_server import PostgresServer


class SqliteStore:
    """The store of a couponhook service that uses SQLite, as a new set-up does."""

    def __init__(self, service):
        self.file = service.database

    def execute(self, *statements):
        """Runs SQL statements in one transaction. couponhook may be running meanwhile."""
        with closing(sqlite3.connect(self.file, timeout=30)) as store:
            for statement in statements:
                store.execute(statement)
            store.commit()

    def count(self, table: str) -> int:
        """Returns the number of rows in a table of the store; `table` may include a WHERE
        clause."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            return store.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def number_next_row_after(self, seq: int):
        """Makes the next stored notification get a number above this one. Does nothing here: SQLite
        always uses the highest number plus one."""

    def damages(self) -> list:
        """Returns the problems that SQLite's integrity check finds in the store's file."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=10)) as store:
            found = store.execute("PRAGMA integrity_check").fetchall()
        return [] if found == [("ok",)] else found


@functools.cache
def shared_server() -> PostgresServer:
    """Returns the PostgreSQL server that all tests of a test program share. It stops at the end of
    the program."""
    server = PostgresServer()
    atexit.register(server.__exit__)
    return server


class PostgresStore:
    """The store of a couponhook service in a new PostgreSQL database. The constructor changes the
    service's configuration so that it uses this database."""

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
