#!/usr/bin/env python3
"""Compares couponhook's CPU cost for one notification with a full store and with an empty store.
    tests/bench/full_store.py [--engine sqlite|postgresql] [--rows 10000000] [--purge 1000000]

The cost is the CPU time, user and system, of couponhook and of all PostgreSQL processes. Rounds
with an empty store and rounds with the full store alternate. The script fills the full store by SQL
with rows like those of real notifications, with random ids; ten million rows take 20 GB in the
build folder. --purge then removes that many rows while couponhook receives notifications at a
steady rate, and reports the latency of replies during the purge and between purges. Slow results
are no failure. The script needs the targets `couponhook` and `bench` of the release build.
"""

import argparse
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("COUPONHOOK_BUILD", REPOSITORY / "build" / "release"))
os.environ.setdefault("COUPONHOOK_BINARY", str(BUILD / "couponhook"))
sys.path.insert(0, str(REPOSITORY / "tests" / "integration"))

from support.postgres_server import PostgresServer  # noqa: E402
from support.service import BINARY, Service  # noqa: E402

#: Memory settings of the PostgreSQL server: the unique indexes of ten million rows must fit into
#: its memory.
POSTGRES = {"shared_buffers": "3GB", "max_wal_size": "4GB", "maintenance_work_mem": "1GB"}
TICKS = os.sysconf("SC_CLK_TCK")

#: Age difference, in milliseconds, between the rows that the purge removes and the other rows. The
#: purge that the service runs by itself is switched off.
AGE_MS = 200 * 86_400_000
SETTINGS = {"store.retention_payload_days": 0, "store.retention_id_days": 0}

#: Columns of the tables notifications and coupon_history. All generated rows copy the values of
#: these columns from one real row.
NOTIFICATION = ("mchid, event_type, create_time, last_seen_at, times_seen, source, digest,"
                " envelope, resource")
FACT = "stock_id, kind, occurred_at, mchid, source"

#: Columns of the printed report: CPU time of the service, of the database server, and of both
#: together.
PARTS = ("service", "server", "both")


def say(text):
    print(time.strftime("%H:%M:%S"), text, flush=True)


def cpu_of(pid: int) -> float:
    """Returns the CPU time of all threads of a process in seconds. The number of the process's CPU
    clock is calculated as in clock_getcpuclockid(3).
    """
    return time.clock_gettime((~pid << 3) | 2)


class SqliteStore:
    """A couponhook service whose store is a SQLite file."""

    def __init__(self, stack, _server):
        self.service = stack.enter_context(Service(SETTINGS, starts=False))

    def execute(self, *statements):
        with closing(sqlite3.connect(self.service.database, isolation_level=None)) as store:
            for statement in statements:
                store.execute(statement)

    def fill(self, rows, old):
        self.execute(
            "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF", "PRAGMA cache_size = -4000000", "BEGIN",
            f"UPDATE notifications SET received_at = received_at - {AGE_MS}",
            f"""INSERT INTO notifications (id, received_at, {NOTIFICATION})
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                SELECT lower(hex(randomblob(18))),
                received_at + CASE WHEN i > {old} THEN {AGE_MS} ELSE 0 END, {NOTIFICATION} FROM n
                CROSS JOIN (SELECT received_at, {NOTIFICATION} FROM notifications LIMIT 1)""",
            f"""INSERT INTO coupon_history (coupon, business_key, transaction_id, notification_id,
                                            {FACT})
                SELECT coupon, coupon || '/' || paid, paid, id, {FACT} FROM
                (SELECT id, substr(abs(random()) || '00000000', 1, 18) AS coupon,
                 substr('4200' || abs(random()) || '000000000000', 1, 28) AS paid
                 FROM notifications ORDER BY seq DESC LIMIT {rows})
                CROSS JOIN (SELECT {FACT} FROM coupon_history LIMIT 1)""",
            "COMMIT", "PRAGMA journal_mode = WAL")

    def cpu_of_server(self) -> float:
        return 0.0

    def settle(self):
        os.sync()


class PostgresStore:
    """A couponhook service whose store is a PostgreSQL database."""

    def __init__(self, stack, server):
        self.server = server
        self.url = server.new_database()
        self.service = stack.enter_context(
            Service({**SETTINGS, "store.url": self.url}, starts=False))

    def execute(self, *statements):
        for statement in statements:
            self.server.query(self.url, statement, timeout=7200)

    def fill(self, rows, old):
        self.restart_server(fsync="off")
        self.execute(
            "ALTER TABLE notifications DROP CONSTRAINT notifications_pkey",
            "ALTER TABLE coupon_history DROP CONSTRAINT coupon_history_pkey",
            "DROP INDEX coupon_history_transaction",
            f"UPDATE notifications SET received_at = received_at - {AGE_MS}",
            f"""INSERT INTO notifications (id, received_at, {NOTIFICATION})
                SELECT gen_random_uuid()::text,
                received_at + CASE WHEN i > {old} THEN {AGE_MS} ELSE 0 END, {NOTIFICATION} FROM
                generate_series(1, {rows}) AS i CROSS JOIN
                (SELECT received_at, {NOTIFICATION} FROM notifications LIMIT 1) AS model""",
            f"""INSERT INTO coupon_history (coupon, business_key, transaction_id, notification_id,
                                            {FACT})
                SELECT coupon, coupon || '/' || paid, paid, id, {FACT} FROM
                (SELECT id, lpad((random() * 1e18)::bigint::text, 18, '1') AS coupon,
                 '4200' || lpad((random() * 1e18)::bigint::text, 24, '8') AS paid
                 FROM notifications ORDER BY seq DESC LIMIT {rows}) AS n
                CROSS JOIN (SELECT {FACT} FROM coupon_history LIMIT 1) AS model""",
            "ALTER TABLE notifications ADD PRIMARY KEY (id, mchid)",
            "ALTER TABLE coupon_history ADD PRIMARY KEY (stock_id, coupon, kind, business_key)",
            "CREATE INDEX coupon_history_transaction ON coupon_history (transaction_id)"
            " WHERE transaction_id <> ''",
            "VACUUM ANALYZE")
        self.restart_server(fsync="on")
        # Loads the indexes of the tables into memory, as on a PostgreSQL server that has run for
        # some time.
        self.execute("CREATE EXTENSION pg_prewarm",
                     "SELECT pg_prewarm('notifications_pkey'), pg_prewarm('coupon_history_pkey')")

    def restart_server(self, **settings):
        self.server.stop(immediate=False)
        self.server.configure(**settings)
        self.server.start()

    def cpu_of_server(self) -> float:
        """Returns the CPU time of all processes of the PostgreSQL server in seconds, including
        processes that have ended."""
        parent, seconds = self.server.process.pid, 0.0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                if int(folder.name) == parent:
                    seconds += (int(fields[13]) + int(fields[14])) / TICKS
                elif int(fields[1]) != parent:
                    continue
                seconds += cpu_of(int(folder.name))
            except OSError:
                pass  # this process of the PostgreSQL server has just ended
        return seconds

    def settle(self):
        self.server.query("postgres", "CHECKPOINT", timeout=600)
        os.sync()


def send(store, options, requests) -> dict:
    """Sends notifications to the service. Returns the CPU time for each request in microseconds: of
    the service, of the database server, and of both together."""
    server = store.cpu_of_server()
    done = subprocess.run(
        [BUILD / "tests" / "bench" / "load", "--config", store.service.config_for_commands(),
         "--pid", str(store.service.process.pid), "--json", "--requests", str(requests),
         "--connections", str(options.connections)],
        stdout=subprocess.PIPE, text=True, check=True)
    service = json.loads(done.stdout)["cpu_us"]
    server = (store.cpu_of_server() - server) / requests * 1e6
    return {"service": service, "server": server, "both": service + server}


def serve_and_send(store, options, requests):
    store.settle()
    started = store.service.start(timeout=300)
    try:
        return {**send(store, options, requests), "start": started}
    finally:
        store.service.stop()
        store.service.stdout.clear()


def compare(kind, full, options, server):
    """Runs rounds alternately with an empty store and with the full store, and prints the CPU cost
    of a notification in both."""
    rounds = []
    for _ in range(options.rounds):
        with ExitStack() as stack:
            empty = serve_and_send(kind(stack, server), options, options.requests)
        costs = serve_and_send(full, options, options.requests)
        ratios = {part: costs[part] / empty[part] for part in PARTS if empty[part] > 0}
        rounds.append((empty, costs, ratios))
        say(f"{options.engine}: CPU us empty -> full: " + "; ".join(
            f"{part} {empty[part]:.1f} -> {costs[part]:.1f}, {ratios[part]:.2f} times"
            for part in ratios) + f"; ready after {empty['start']:.2f} -> {costs['start']:.2f} s")
    for part in rounds[0][2]:
        say(f"{options.engine}, {part}: median of {options.rounds} rounds "
            f"{statistics.median(ratios[part] for _, _, ratios in rounds):.2f} times")


def p99(store, options) -> float:
    """Returns the 99th percentile of the reply latency at a steady rate, in milliseconds."""
    done = subprocess.run(
        [BINARY, "trigger", "redeem", "--config", store.service.config_for_commands(), "--count",
         str(options.rate * options.seconds), "--rate", str(options.rate), "--connections", "32",
         "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return json.loads(done.stdout)["latency_ms"]["p99"]


def purge(store, options):
    """Measures reply latencies alternately without a purge and during a purge of old rows. Each
    purge continues where the last purge stopped."""
    store.settle()
    store.service.start(timeout=300)
    p99(store, options)
    before = time.strftime("%Y-%m-%d", time.gmtime(time.time() - AGE_MS / 2000))
    ratios, ended = [], False
    while not ended and len(ratios) != options.turns:
        quiet = p99(store, options)
        with subprocess.Popen([BINARY, "store", "purge", "--what", "notifications", "--before",
                               before, "--config", store.service.config],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as runs:
            beside = p99(store, options)
            ended = runs.poll() is not None
            runs.terminate()
            words = runs.communicate()[0].strip().splitlines()[-1:]
        ratios.append(beside / quiet)
        say(f"{options.engine}: p99 {quiet:.1f} ms, with a purge {beside:.1f} ms; {words}")
    store.service.stop()
    say(f"{options.engine}: with a purge p99 is {statistics.median(ratios):.2f} times as long, "
        f"median of {len(ratios)} rounds")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=20_000, help="of each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--purge", type=int, default=0, help="rows to remove at the end")
    parser.add_argument("--turns", type=int, help="not until all are gone, but that many")
    parser.add_argument("--rate", type=int, default=500, help="receipts a second meanwhile")
    parser.add_argument("--seconds", type=int, default=20, help="of each round of these")
    parser.add_argument("--folder", default=BUILD, help="on the disk to measure on")
    options = parser.parse_args()
    # On SIGTERM, sys.exit() raises SystemExit, so that the context managers stop the servers and
    # remove the files.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as stack:
        work = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-", dir=options.folder))
        Path(work).chmod(0o755)  # PostgreSQL runs as another user, who needs access
        tempfile.tempdir = work
        server, kind = None, SqliteStore
        if options.engine == "postgresql":
            server = stack.enter_context(PostgresServer(work, wal_segment_mb=16, **POSTGRES))
            kind = PostgresStore
        full = kind(stack, server)
        serve_and_send(full, options, 100)
        say(f"{options.engine}: filling")
        full.fill(options.rows, options.purge)
        say(f"{options.engine}: {options.rows} rows are there")
        serve_and_send(full, options, options.requests)  # warm-up: fills the kernel's page cache
        if options.rounds > 0:
            compare(kind, full, options, server)
        if options.purge > 0:
            purge(full, options)


if __name__ == "__main__":
    main()
