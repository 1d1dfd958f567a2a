"""Checks that couponhook with PostgreSQL loses no acknowledged notification, whatever happens to
the database. The tests kill, stop, freeze, slow down and misconfigure a real PostgreSQL server
while couponhook uses it.
"""

import os
import signal
import socket
import struct
import threading
import time
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress

from support import events
from support.authority import Authority
from support.case import ServiceTestCase
from support.postgres_server import PostgresServer
from support.service import LONG, PATIENCE, Service, run, wait_until
from support.wechat_pay import Platform
from support.wire import Client, Connection, Load

BUDGET_S = 1.0
#: Longest time, in seconds, for which a load balancer may still send notifications to a couponhook
#: that has lost its database: then /readyz must report this.
NOTICED_S = 2.0
STALL_S = 10 if LONG else 3
QUEUED_MB = 16

SLOW_COMMITS = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_sleep({seconds}); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION slow()"""


@contextmanager
def slow_commits(server, url, seconds):
    server.query(url, SLOW_COMMITS.format(seconds=seconds))
    try:
        yield
    finally:
        server.query(url, "DROP FUNCTION slow CASCADE")


HELD_COMMITS = """
CREATE SEQUENCE let_go;
CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN
    WHILE NOT (SELECT is_called FROM let_go) LOOP PERFORM pg_sleep(0.02); END LOOP;
    RETURN NULL;
  END $$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON notifications DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION held()"""


@contextmanager
def held_commits(server, url):
    """Makes all commits that insert notifications wait, until the test calls the yielded
    function."""
    def let_go():
        server.query(url, "SELECT nextval('let_go')")

    server.query(url, HELD_COMMITS)
    try:
        yield let_go
    finally:
        let_go()
        server.query(url, "DROP FUNCTION held CASCADE; DROP SEQUENCE let_go")


@contextmanager
def hung(server):
    """Suspends all processes of the PostgreSQL server with SIGSTOP."""
    stopped = [server.process.pid, *map(int, server.query(
        "postgres", "SELECT pid FROM pg_stat_activity").split())]
    halt(stopped, signal.SIGSTOP)
    try:
        yield
    finally:
        halt(stopped, signal.SIGCONT)


def halt(pids, how):
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            pass


class PostgresTestCase(ServiceTestCase):
    """Base class: one PostgreSQL server and one couponhook service for each test class."""

    server_settings: dict = {}

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(PostgresServer(**cls.server_settings))
        cls.url = cls.server.new_database()
        cls.settings = {**cls.settings, "store.url": cls.url}
        super().setUpClass()

    def rows(self, sql):
        return self.server.rows(self.url, sql)

    def ready(self) -> bool:
        return self.service.ask("/readyz", token=None)[0] == 200

    def wait_until_ready(self):
        wait_until(self.ready, 15, "readiness")

    def kept(self) -> set:
        return {row[0] for row in self.rows("SELECT id FROM notifications")}

    def check_that_nothing_was_lost_or_done_twice(self, acknowledged):
        self.assertEqual(set(acknowledged) - self.kept(), set(), "acknowledged and lost")
        applied = [row[0] for row in self.rows("SELECT notification_id FROM coupon_history")]
        self.assertEqual(len(applied), len(set(applied)), "applied twice")
        self.assertEqual(set(applied), self.kept(), "stored and applied are one step")
        self.assertEqual(self.service.counts()["stored"], len(applied),
                         "counters and rows are committed together")


class Crash(PostgresTestCase):
    ROUNDS = 10 if LONG else 2

    def load(self, name, count=4000):
        with ThreadPoolExecutor(2) as pool:
            signed = list(pool.map(
                lambda i: (f"{name}-{i}", self.platform.notify(events.redeem(), f"{name}-{i}")),
                range(count)))
        queue = iter(signed)
        return Load(self.service, lambda: next(queue, None)), dict(signed)

    def disturb(self, name, how):
        for round in range(self.ROUNDS):
            with self.subTest(round=round):
                load, signed = self.load(f"{name}-{round}", 1000)
                time.sleep(0.15)
                how()
                time.sleep(0.15)
                load.stop()
                self.wait_until_ready()
                self.check_that_nothing_was_lost_or_done_twice(load.acknowledged)
                # Sends the notifications that were refused again, as WeChat Pay does.
                with Client(self.service) as client:
                    for id in list(load.refused)[:50]:
                        self.assert_stored(client.post(signed[id]))
                self.check_that_nothing_was_lost_or_done_twice(load.acknowledged)
                self.assertGreater(len(load.acknowledged), 0, "the load was a load")

    def test_killed_backends_under_load(self):
        self.disturb("kill", lambda: self.assertGreater(self.server.kill_backends(), 0))

    def test_ended_sessions_under_load(self):
        self.disturb("end", lambda: self.server.kill_backends(signal.SIGTERM))

    def test_stopped_at_once_and_started_again_under_load(self):
        def restart():
            self.server.stop()
            self.server.start()
        self.disturb("restart", restart)


class Gone(PostgresTestCase):
    settings = {"listener.reply_budget_ms": int(BUDGET_S * 1000),
                "store.max_queued_bytes": QUEUED_MB << 20}

    @contextmanager
    def gone(self):
        self.server.stop()
        try:
            yield
        finally:
            self.server.start()

    def check_that_the_loss_shows_in_time(self, begun):
        wait_until(lambda: not self.ready(), 10, "the loss to show")
        took = time.monotonic() - begun
        self.assertLess(took, NOTICED_S * PATIENCE)
        return took

    def test_it_is_not_ready_within_two_seconds_says_why_and_ready_again_by_itself(self):
        # For a short time after a successful commit, couponhook does not check the database. So a
        # loss directly after a commit takes longest to be noticed.
        self.assert_stored(self.post(self.platform.notify(events.redeem())))
        self.wait_until_ready()
        begun = time.monotonic()
        with self.gone():
            took = self.check_that_the_loss_shows_in_time(begun)
            self.assertEqual(self.service.ask("/livez", token=None)[0], 200)
            reply = self.post(self.platform.notify(events.redeem(), "gone-1"))
            self.assert_refused(reply, 503, "STORE_UNAVAILABLE")
            lines = self.service.wait_for_log(event="store_failed")
            self.assertIn(f"127.0.0.1:{self.server.port}", " ".join(str(line) for line in lines))
        begun = time.monotonic()
        self.wait_until_ready()
        back = time.monotonic() - begun
        self.assertLess(back, NOTICED_S * PATIENCE)
        print(f"gone: not ready after {took:.2f} s, ready {back:.2f} s after it was back")
        self.assert_stored(self.post(self.platform.notify(events.redeem(), "gone-1")))

    def test_a_server_that_hangs_is_503_in_time_and_not_ready(self):
        self.assert_stored(self.post(self.platform.notify(events.redeem())))
        self.wait_until_ready()
        begun = time.monotonic()
        with hung(self.server):
            took = self.check_that_the_loss_shows_in_time(begun)
            print(f"hung: not ready after {took:.2f} s")
            begun = time.monotonic()
            reply = self.post(self.platform.notify(events.redeem(), "hung-1"))
            took = time.monotonic() - begun
            self.assert_refused(reply, 503, "STORE_UNAVAILABLE")
            self.assertLess(took, BUDGET_S + 0.5 * PATIENCE)
            self.assertFalse(self.ready())
        self.wait_until_ready()
        self.assert_stored(self.post(self.platform.notify(events.redeem(), "hung-1")))
        self.assertEqual(self.rows("SELECT count(*) FROM notifications WHERE id = 'hung-1'"),
                         [["1"]])

    def test_a_stall_under_load_with_large_bodies_takes_bounded_memory(self):
        event = events.redeem()
        event.resource["description"] = "x" * 1_000_000
        large = self.platform.notify(event, "large")
        self.assert_stored(self.post(large))
        replies = Counter()

        def send(_):
            with Connection(self.service) as connection:
                while time.monotonic() < end:
                    replies[connection.post(large).code] += 1

        before = self.service.memory_peak_mb()
        with hung(self.server), ThreadPoolExecutor(32) as pool:
            end = time.monotonic() + STALL_S
            list(pool.map(send, range(32)))
        grown = self.service.memory_peak_mb() - before
        print(f"{STALL_S} s without the database: {dict(replies)}, {grown:.0f} MB more memory")
        self.assertLessEqual(set(replies), {"STORE_UNAVAILABLE", "OVERLOADED"})
        self.assertGreater(replies["OVERLOADED"], 0, "more came than is kept")
        # Allowed memory: the queue of notifications to be stored, a copy of the queue that is being
        # sent to PostgreSQL, and 32 connections.
        self.assertLess(grown, 2 * QUEUED_MB + 32 * 3 * PATIENCE)
        self.wait_until_ready()
        self.assert_stored(self.post(large))


class Slow(PostgresTestCase):
    settings = {"listener.reply_budget_ms": int(BUDGET_S * 1000), "store.max_queued": 50}
    SECONDS = (0.5, 2.5, 10) if LONG else (0.5, 2.5)

    def test_a_slow_commit_is_503_in_time_and_is_counted_later(self):
        for seconds in self.SECONDS:
            with self.subTest(seconds=seconds):
                event, id = events.redeem(), f"slow-{seconds}"
                before = self.service.counts()
                with slow_commits(self.server, self.url, seconds):
                    begun = time.monotonic()
                    reply = self.post(self.platform.notify(event, id))
                    took = time.monotonic() - begun
                    self.assertLess(took, BUDGET_S + 0.5 * PATIENCE)
                    if seconds > BUDGET_S:
                        self.assert_refused(reply, 503, "STORE_UNAVAILABLE")
                    wait_until(lambda: id in self.kept(), seconds + 10, "the late commit")
                self.assert_stored(self.post(self.platform.notify(event, id)))
                after = self.service.counts()
                self.assertEqual(after["stored"] - before["stored"], 1)
                self.assertEqual(after["duplicates"] - before["duplicates"], 1)

    def test_what_waits_for_a_slow_database_is_bounded(self):
        requests = [self.platform.notify(events.redeem()) for _ in range(80)]

        def post(request):
            with Connection(self.service) as connection:
                begun = time.monotonic()
                return connection.post(request), time.monotonic() - begun

        with held_commits(self.server, self.url), ThreadPoolExecutor(len(requests)) as pool:
            for reply, took in pool.map(post, requests):
                self.assertEqual(reply.status, 503, str(reply))
                self.assertLess(took, BUDGET_S + 2 * PATIENCE)


class Stop(PostgresTestCase):
    """Tests that couponhook's shutdown does not wait for a PostgreSQL server that does not
    answer."""

    DRAIN_S = 0.5
    settings = {"listener.reply_budget_ms": int(BUDGET_S * 1000),
                "listener.drain_timeout_ms": int(DRAIN_S * 1000)}
    #: Longest allowed time of a shutdown, in seconds, and additional time that is allowed on a busy
    #: machine.
    MAX_S = BUDGET_S + DRAIN_S + 1
    SLACK_S = 1.5 * PATIENCE

    def setUp(self):
        if self.service.process is None:
            self.service.start()
        super().setUp()

    def check_the_end(self, request):
        reply = self.post(request)
        self.assert_refused(reply, 503, "STORE_UNAVAILABLE")
        begun = time.monotonic()
        self.service.signal(signal.SIGTERM)
        self.assertEqual(self.service.wait(), 0, self.service.errors())
        took = time.monotonic() - begun
        print(f"ended {took:.2f} s after SIGTERM")
        self.assertLess(took, self.MAX_S + self.SLACK_S)
        stopped = self.service.logs(event="stopped")[-1]
        self.assertIn("everything acknowledged is committed", stopped["message"].lower())
        return stopped

    def test_a_slow_commit_does_not_delay_the_stop_and_is_counted(self):
        request = self.platform.notify(events.redeem(), "slow-end")
        with held_commits(self.server, self.url) as let_go:
            seen = self.check_the_end(request)
            self.assertEqual(seen["level"], "warning", "and says that it was cut short")
            self.assertNotIn("slow-end", self.kept())
            let_go()
            wait_until(lambda: "slow-end" in self.kept(), what="the late commit")
        self.service.start()
        before = self.service.counts()["duplicates"]
        with Client(self.service) as client:
            self.assert_stored(client.post(request))
        self.assertEqual(self.service.counts()["duplicates"], before + 1)

    def test_a_server_that_hangs_does_not_delay_it(self):
        acknowledged = [f"before-hung-{number}" for number in range(20)]
        for id in acknowledged:
            self.assert_stored(self.post(self.platform.notify(events.redeem(), id)))
        with hung(self.server):
            self.check_the_end(self.platform.notify(events.redeem(), "hung-end"))
        self.assertEqual(set(acknowledged) - self.kept(), set(), "acknowledged and lost")


class Tls(unittest.TestCase):
    """Tests that couponhook's connection to PostgreSQL is as secure as the URL of the store
    requires."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(PostgresServer())
        cls.authority, cls.other = Authority("ours"), Authority("another")
        cls.server.require_tls(*cls.authority.issue("localhost"))

    def service(self, authority, host="localhost"):
        """Returns a couponhook service, not started, that accepts a PostgreSQL server only if this
        authority has issued its certificate for `host`."""
        service = self.enterContext(Service(starts=False))
        service.write("database-ca.pem", authority.pem)
        url = self.server.new_database().replace("127.0.0.1", host)
        service.configure("store.url", f"{url}?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert="
                                       f"{service.folder / 'database-ca.pem'}")
        return service

    def assert_refused(self, service, words):
        checked = run("check", "--config", service.config)
        self.assertEqual(checked.returncode, 1, checked)
        self.assertIn(words, checked.stderr)
        service.start()
        self.assertIn(words, service.wait_for_log(event="store_failed")[0]["message"])
        self.assertEqual(service.ask("/readyz", token=None)[0], 503)
        with Client(service) as client:
            reply = client.post(Platform.of(service).notify(events.redeem()))
        self.assertEqual((reply.status, reply.code), (503, "STORE_UNAVAILABLE"))

    def test_a_server_with_a_valid_certificate_is_used_under_tls(self):
        service = self.service(self.authority)
        self.assertEqual(run("check", "--config", service.config).returncode, 0)
        service.start()
        with Client(service) as client:
            reply = client.post(Platform.of(service).notify(events.redeem()))
        self.assertEqual(reply.status, 204, str(reply))
        sessions = self.server.rows(
            "postgres", "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
                        " WHERE application_name = 'couponhook'")
        self.assertEqual({ssl for ssl, in sessions}, {"t"})

    def test_a_server_of_another_ca_is_refused_with_a_message(self):
        self.assert_refused(self.service(self.other), "certificate verify failed")

    def test_a_certificate_for_another_host_is_refused_with_a_message(self):
        self.assert_refused(self.service(self.authority, host="db.example"),
                            'does not match host name "db.example"')


class RefusingProxy:
    """A TCP port in front of a PostgreSQL server. It refuses the first `refusals` connections, like
    a PostgreSQL server that is starting, and forwards the others to the server."""

    def __init__(self, behind, refusals):
        self.behind, self.refusals = behind, refusals
        self.sockets = ExitStack()

    def __enter__(self):
        self.listener = self.sockets.enter_context(socket.create_server(("127.0.0.1", 0)))
        self.port = self.listener.getsockname()[1]
        self.receiver = threading.Thread(target=self._receive)
        self.receiver.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.receiver.join()
        self.sockets.close()

    def _receive(self):
        while True:
            try:
                client = self.sockets.enter_context(self.listener.accept()[0])
            except OSError:
                return
            self.refusals -= 1
            if self.refusals >= 0:
                self._refuse(client)
            else:
                server = self.sockets.enter_context(
                    socket.create_connection(("127.0.0.1", self.behind)))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    @staticmethod
    def _refuse(client):
        """Refuses a connection with an ErrorResponse message (PostgreSQL manual, "Message
        Formats")."""
        with client:
            client.recv(10_000)
            fields = b"".join(field + b"\0" for field in (
                b"SFATAL", b"VFATAL", b"C57P03", b"Mthe database system is starting up", b""))
            client.sendall(b"E" + struct.pack("!i", 4 + len(fields)) + fields)

    @staticmethod
    def _pass_on(source, sink):
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class Start(unittest.TestCase):
    """Tests of couponhook's start while PostgreSQL cannot be used: couponhook logs the reason and
    waits, or ends with a message if waiting cannot help."""

    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(PostgresServer())

    def test_started_before_its_database_it_waits_not_ready_and_becomes_ready(self):
        url = self.server.new_database()
        self.server.stop()
        self.check_that_it_waits_for(url, str(self.server.port), then=self.server.start)

    def check_that_it_waits_for(self, url, words, then):
        with Service({"store.url": url}) as service:
            status, body = service.ask("/readyz", token=None)
            self.assertEqual(status, 503, body)
            self.assertIn(words, service.wait_for_log(event="store_failed")[0]["message"])
            then()
            wait_until(lambda: service.ask("/readyz", token=None)[0] == 200, 15, "readiness")

    def test_started_while_its_database_has_no_room_it_waits_too(self):
        self.server.query("postgres", "CREATE ROLE shop LOGIN CONNECTION LIMIT 0")
        self.server.query("postgres", "CREATE DATABASE shop OWNER shop")
        self.check_that_it_waits_for(
            self.server.url("shop").replace("couponhook@", "shop@"), "too many connections",
            then=lambda: self.server.query("postgres", "ALTER ROLE shop CONNECTION LIMIT -1"))

    def test_a_database_that_comes_up_just_as_it_starts_is_no_error(self):
        port = self.server.port
        with RefusingProxy(port, refusals=1) as proxy:
            url = self.server.new_database().replace(f":{port}/", f":{proxy.port}/")
            with Service({"store.url": f"{url}?sslmode=disable&gssencmode=disable"}) as service:
                wait_until(lambda: service.ask("/readyz", token=None)[0] == 200, 15, "readiness")

    def test_a_wrong_configuration_ends_it_with_a_message_without_the_password(self):
        cases = {
            "synchronous_commit": "ALTER DATABASE {name} SET synchronous_commit = off",
            "not couponhook's": "CREATE TABLE notifications (x int)",
        }
        for words, sql in cases.items():
            url = self.server.new_database()
            self.server.query(url, sql.format(name=url.rsplit("/", 1)[1]))
            self.assert_refused_with_message(url, words)
        self.assert_refused_with_message(self.server.url("no_such_database"), "no_such_database")
        database = self.server.new_database()
        self.server.restart(fsync="off")
        try:
            self.assert_refused_with_message(database, "fsync")
        finally:
            self.server.restart(fsync="on")

    def assert_refused_with_message(self, url, words):
        service = Service({"store.url": url.replace("couponhook@", "couponhook:hunter2@")},
                          starts=False)
        with service:
            for command in ("serve", "check"):
                done = run(command, "--config", service.config)
                self.assertEqual(done.returncode, 1, f"{command}: {done.stderr}")
                self.assertIn(words, done.stderr)
                self.assertNotIn("hunter2", done.stderr + done.stdout)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_check_reports_a_store_without_its_password(self):
        url = self.server.new_database()
        with_password = url.replace("couponhook@", "couponhook:hunter2@")
        with Service({"store.url": with_password}, starts=False) as service:
            done = run("check", "--config", service.config)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(url.replace("couponhook@", ""), done.stdout)
            self.assertNotIn("hunter2", done.stdout)


if __name__ == "__main__":
    unittest.main()
