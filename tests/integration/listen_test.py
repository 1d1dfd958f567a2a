"""Checks the event stream of the status endpoint (GET /events), and the command
`couponhook listen`, which prints it and posts events to a developer's back end. Every notification
must come once, in order, also over a restart and from several replicas.
"""

import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import events
from support.case import ServiceTestCase
from support.event_stream import EventStream, Listen
from support.replicas import make_replica
from support.service import BINARY, Service, free_port, run, wait_until
from support.stores import PostgresStore
from support.target import Target, add_http_handler, make_secret, sign
from support.wechat_pay import Platform
from support.wire import Client

CLIENTS_MAX = 16


class EventsTestCase(ServiceTestCase):
    def store(self, *ids, event=None):
        """Sends a notification for each id, and returns their events."""
        sent = [event or events.redeem() for _ in ids]
        for id, each in zip(ids, sent):
            self.assert_stored(self.post(self.platform.notify(each, id=id)))
        return sent

    def stream(self, last_id=None, target="/events") -> EventStream:
        def connect():
            stream = EventStream(self.service, last_id, target)
            if stream.status == 200:
                return stream
            # The service may not have noticed yet that the clients of the last test are gone.
            self.assertEqual(stream.status, 503)
            return stream.close()

        return self.enterContext(wait_until(connect, 10, "a free place"))


class Stream(EventsTestCase):
    """Tests of GET /events."""

    @classmethod
    def prepare(cls, service):
        cls.answers = {}
        cls.target = Target(lambda call: cls.answers.get(call.id, 204))
        cls.enterClassContext(cls.target)
        add_http_handler(service, cls.target.url, make_secret(), retry_initial_ms=100,
                         max_attempts=2)

    def test_a_new_client_is_told_its_position_and_then_each_notification_once(self):
        self.store("before-1")
        stream = self.stream()
        hello = stream.next()
        self.assertEqual(hello.event, "hello")
        self.assertEqual(hello.data, {"event": "hello", "id": hello.id})
        (event, *_) = self.store("new-1", "new-2")
        self.post(self.platform.notify(event, id="new-1"))  # a copy
        self.store("new-3")
        came = stream.take(3)
        self.assertEqual([each.data["id"] for each in came], ["new-1", "new-2", "new-3"])
        self.assertEqual(len({each.id for each in came}), 3)
        first = came[0].data
        self.assertEqual(first["coupon"], {"stock_id": event.resource["stock_id"],
                                           "coupon": event.resource["coupon_id"]})
        self.assertEqual(set(first), {"event", "seq", "id", "mchid", "type", "state", "create_time",
                                      "received_at", "source", "coupon", "deliveries"})
        shown = self.service.get("/notifications/new-1")
        for name in ("mchid", "type", "create_time", "received_at", "source"):
            self.assertEqual(first[name], shown[name])
        self.assertEqual([each["handler"] for each in first["deliveries"]], ["crm"])

    def test_the_stream_shows_no_resource_and_no_openid(self):
        stream = self.stream()
        self.store("private-1", event=events.issue(openid="oCanaryOpenid0000000000000001"))
        (came,) = stream.take(1)
        self.assertNotIn("oCanaryOpenid", json.dumps(came.data))
        self.assertEqual(came.data["type"], "COUPON.SEND")
        self.assertTrue(came.data["coupon"]["coupon"])

    def test_a_refund_has_no_coupon(self):
        stream = self.stream()
        self.store("refund-1", event=events.refund())
        self.assertIsNone(stream.take(1)[0].data["coupon"])

    def test_a_delivery_that_ends_is_an_event(self):
        self.answers["dead-1"] = 410
        stream = self.stream()
        self.store("dead-1", "done-1")
        states = {}

        def both_ended():
            message = stream.next()
            if message.data.get("id") in ("dead-1", "done-1"):
                (delivery,) = message.data["deliveries"]
                states[message.data["id"]] = (message.data["state"], delivery["state"])
            return states == {"dead-1": ("dead", "dead"), "done-1": ("done", "done")}

        wait_until(both_ended, what="the ends of both deliveries")

    def test_a_quarantined_body_is_an_event_without_its_content(self):
        stream = self.stream()
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        request = other_platform.notify(events.redeem(), id="sealed-1")
        self.assert_refused(self.post(request), 500, "DECRYPT_FAILED")
        (came,) = stream.take(1, "quarantined")
        self.assertEqual(came.data["id"], "sealed-1")
        self.assertEqual(came.data["state"], "quarantined")
        self.assertEqual(came.data["quarantine_reason"], "DECRYPT_FAILED")

    def test_a_client_continues_after_its_last_event(self):
        first = self.stream()
        self.store("again-1", "again-2", "again-3")
        came = first.take(3)
        first.close()
        self.store("again-4")
        for target, last_id in (("/events", came[1].id), (f"/events?after={came[1].id}", None),
                                ("/events?after=0.0", came[1].id)):
            with self.subTest(target=target):
                stream = self.stream(last_id, target)
                ids = [each.data["id"] for each in stream.take(2)]
                self.assertEqual(ids, ["again-3", "again-4"])
                stream.close()

    def test_a_client_from_the_beginning_gets_all_in_order_and_goes_on(self):
        # More than fit on one page of the store's reader.
        ids = [f"many-{i}" for i in range(250)]
        self.store(*ids)
        stream = self.stream("0.0")
        wanted = self.service.count_rows()
        numbers = [each.data["seq"] for each in stream.take(wanted)]
        self.assertEqual(numbers, [row[0] for row in self.service.rows(
            "SELECT seq FROM notifications ORDER BY seq")])
        self.store("after-many-1")
        self.assertEqual(stream.take(1)[0].data["id"], "after-many-1")

    def test_wait_ends_the_reply_after_the_first_events(self):
        def ask(target):
            with EventStream(self.service, None, target) as stream:
                self.assertTrue(stream.ended.wait(30))
                # Deliveries of other tests may end meanwhile.
                return [each for each in stream.rest() if each.event != "delivery"]

        (hello,) = ask("/events?wait=20")
        self.assertEqual(hello.event, "hello")
        self.assertEqual(ask(f"/events?wait=0&after={hello.id}"), [])
        self.store("waited-1")
        came = ask(f"/events?wait=20&after={hello.id}")
        self.assertEqual([each.data["id"] for each in came], ["waited-1"])

    def test_requests_that_make_no_sense_are_refused(self):
        for target in ("/events?after=x", "/events?after=-1", "/events?after=5~9",
                       "/events?after=5~3~2", "/events?wait=31", "/events?wait=-1",
                       "/events?wait=soon"):
            with self.subTest(target=target):
                status, body = self.service.ask(target)
                self.assertEqual((status, body["code"]), (400, "PARAM_ERROR"))
        self.assertEqual(self.service.ask("/events", token=None)[0], 401)
        self.assertEqual(self.service.exchange("/events", method="HEAD"), (200, b""))
        self.assertEqual(self.service.ask("/events", method="POST")[0], 405)

    def test_clients_are_limited_and_one_that_goes_makes_room(self):
        streams = [self.stream() for _ in range(CLIENTS_MAX)]
        for each in streams:
            each.next()
        status, body = self.service.ask("/events")
        self.assertEqual((status, body["code"]), (503, "OVERLOADED"))
        self.assertEqual(self.service.ask("/status")[0], 200)
        streams[0].close()
        # The service answers at once if a place is free.
        wait_until(lambda: self.service.exchange("/events?wait=0")[0] == 200, 10,
                   "room for one more client")


class Shutdown(unittest.TestCase):
    def test_streams_end_at_once_and_new_ones_are_refused(self):
        with Service({"listener.drain_delay_ms": 20_000}, has_own_keys=False) as service:
            stream = self.enterContext(EventStream(service))
            stream.next()
            service.signal(signal.SIGTERM)
            self.assertTrue(stream.ended.wait(10))
            status, body = service.ask("/events")
            self.assertEqual((status, body["code"]), (503, "OVERLOADED"))
            service.signal(signal.SIGTERM)
            self.assertEqual(service.wait(), 0)


class ListenCommand(EventsTestCase):
    """Tests of `couponhook listen` with one service."""

    def listen(self, *arguments) -> Listen:
        return self.enterContext(Listen(self.service.config_for_commands(), *arguments))

    def test_events_are_printed_as_lines(self):
        listen = self.listen()
        (event,) = self.store("line-1")
        (line,) = listen.wait_for_lines(1)
        received = self.service.get("/notifications/line-1")["received_at"]
        coupon = f"{event.resource['stock_id']}/{event.resource['coupon_id']}"
        self.assertEqual(line.split(), [received, "COUPON.USE", "done", coupon, "-", "[line-1]"])

    def test_types_are_filtered_with_the_patterns_of_handlers(self):
        listen = self.listen("--json", "--type", "REFUND.*", "--type", "COUPON.SEND")
        self.store("type-1")
        self.store("type-2", event=events.refund())
        self.store("type-3", event=events.issue())
        came = [each["id"] for each in listen.wait_for_objects(2)]
        self.assertEqual(came, ["type-2", "type-3"])

    def test_each_notification_is_printed_once_over_a_restart(self):
        # A service of its own, with ports that stay the same.
        settings = {"listener.port": free_port(), "admin.port": free_port()}
        with Service(settings, has_own_keys=False) as service:
            platform = Platform.of(service)

            def send(*ids):
                with Client(service) as client:
                    for id in ids:
                        event = events.redeem()
                        for _ in range(2):
                            client.post(platform.notify(event, id=id))

            with Listen(service.config, "--json") as listen:
                send("restart-1", "restart-2")
                listen.wait_for_objects(2)
                service.stop()
                listen.wait_for_message("the connection is lost")
                service.start()
                send("restart-3", "restart-4")
                listen.wait_for_message("connected again")
                send("restart-5")
                came = [each["id"] for each in listen.wait_for_objects(5)]
                self.assertEqual(came, [f"restart-{i}" for i in range(1, 6)])
                self.assertEqual(len([line for line in listen.stderr if "lost" in line]), 1)

    def test_a_service_that_does_not_run_is_an_error(self):
        config = self.service.folder / "nobody.toml"
        text = self.service.config_for_commands().read_text()
        config.write_text(text.replace(f"port = {self.service.admin_address[1]}",
                                       f"port = {free_port()}"))
        done = run("listen", "--config", config)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("is the service running?", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_wrong_options_are_usage_errors(self):
        config = self.service.config_for_commands()
        for arguments, message in ((("--type", "COUPON*USE"), "--type"),
                                   (("--forward", "ftp://localhost/x"), "--forward"),
                                   (("--forward", "http://crm.example/hooks"), "https"),
                                   (("--secret-file", "x"), "--forward"),
                                   (("--forward", "http://localhost:9/x", "--secret-file",
                                     "no-such-file"), "--secret-file")):
            with self.subTest(arguments=arguments):
                done = run("listen", "--config", config, *arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(message, done.stderr)

    def test_a_command_whose_output_is_closed_ends(self):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.Popen([BINARY, "listen", "--config",
                                    str(self.service.config_for_commands())],
                                   stdout=writer, stderr=subprocess.PIPE, text=True)
        os.close(writer)
        with process:
            process.stderr.readline()
            self.store("closed-1")
            self.assertEqual(process.wait(20), 1)


class Forward(EventsTestCase):
    """Tests of `couponhook listen --forward`. An http handler posts the same events, so that its
    requests can be compared."""

    @classmethod
    def prepare(cls, service):
        cls.handled = cls.enterClassContext(Target())
        add_http_handler(service, cls.handled.url, make_secret())

    def setUp(self):
        super().setUp()
        self.answers = {}
        self.target = self.enterContext(Target(lambda call: self.answers.get(call.id, 204)))

    def listen(self, *arguments) -> Listen:
        return self.enterContext(Listen(self.service.config_for_commands(), *arguments))

    def assert_signed(self, call, secret):
        self.assertEqual(call.headers["webhook-signature"],
                         sign(secret, call.id, call.headers["webhook-timestamp"], call.body))
        self.assertEqual(call.headers["content-type"], "application/json")

    def test_the_request_is_that_of_an_http_handler_signed_with_a_fresh_secret(self):
        listen = self.listen("--forward", self.target.url)
        secret = listen.wait_for_message("whsec_").rsplit(" ", 1)[1]
        sent = {"forward-1": events.redeem(), "forward-2": events.issue(openid="oForward1"),
                "forward-3": events.refund()}
        for id, event in sent.items():
            self.store(id, event=event)
        self.target.wait_for(sent)
        self.handled.wait_for(sent)
        for id, event in sent.items():
            with self.subTest(id=id):
                (call,) = self.target.calls_for(id)
                self.assert_signed(call, secret)
                self.assertEqual(call.json["data"]["resource"], event.resource)
                self.assertEqual(call.body, self.handled.calls_for(id)[0].body)
        refund = self.target.calls_for("forward-3")[0].json["data"]["refund"]
        self.assertEqual(refund["coupon_refund"], 500, "amounts are in both bodies")
        self.assertEqual([call.id for call in self.target.calls], list(sent), "in order")

    def test_the_secret_may_come_from_a_file(self):
        secret = make_secret()
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "secret"
            file.write_text(secret + "\n")
            listen = self.listen("--forward", self.target.url, "--secret-file", file)
        self.store("filed-1")
        self.target.wait_for(["filed-1"])
        self.assert_signed(self.target.calls_for("filed-1")[0], secret)
        self.assertNotIn(secret, "\n".join(listen.stderr))

    def test_answers_are_printed_and_a_failing_back_end_ends_nothing(self):
        self.answers["broken-1"] = 500
        address = self.target.url.removeprefix("http://")
        listen = self.listen("--forward", address)
        self.store("broken-1", "broken-2")
        wait_until(lambda: [line for line in listen.stdout if "[204] POST" in line], 20, "answers")
        (first,) = [line for line in listen.stdout if "<-- [500] POST " + self.target.url in line]
        self.assertRegex(first, r" in \d+ ms  \[broken-1\]$")
        self.assertEqual(self.target.ids()["broken-1"], 1, "a failed post is not tried again")

    def test_a_back_end_that_does_not_run_ends_nothing(self):
        port = free_port()
        listen = self.listen("--forward", f"localhost:{port}/hook")
        self.store("absent-1")
        line = wait_until(lambda: next(
            (line for line in list(listen.stdout) if "<-- [no reply] POST" in line), None), 20)
        self.assertTrue(line.endswith("[absent-1]"), line)
        with Target(port=port) as target:
            self.store("absent-2")
            target.wait_for(["absent-2"])

    def test_answers_as_json(self):
        listen = self.listen("--json", "--forward", self.target.url)
        self.store("json-1")
        (answer,) = listen.wait_for_objects(1, "forwarded")
        self.assertEqual({**answer, "ms": 0}, {"event": "forwarded", "id": "json-1",
                                               "url": self.target.url, "status": 204, "ms": 0})


class Replicas(unittest.TestCase):
    """Tests with two services that share a PostgreSQL."""

    def setUp(self):
        first = make_replica({})
        self.store = PostgresStore(first)
        self.services = [first, make_replica({"store.url": self.store.url}, first)]
        for service in self.services:
            self.enterContext(service).start()
        self.platform = Platform.of(first)

    def send(self, service, *ids, event=None):
        with Client(service) as client:
            for id in ids:
                reply = client.post(self.platform.notify(event or events.redeem(), id=id))
                self.assertEqual(reply.status, 204, reply)

    def test_the_events_of_both_replicas_come_once(self):
        streams = [self.enterContext(EventStream(service)) for service in self.services]
        for stream in streams:
            stream.next()
        with Listen(self.services[0].config, "--json") as listen:
            ids = [f"shared-{i}" for i in range(40)]
            for i, id in enumerate(ids):
                event = events.redeem()
                for _ in range(2):  # a copy to the other replica uses up a row number
                    self.send(self.services[i % 2], id, event=event)
                    i += 1
            printed = [each["id"] for each in listen.wait_for_objects(len(ids))]
        self.assertEqual(printed, ids)
        for stream in streams:
            came = [each.data["id"] for each in stream.take(len(ids))]
            self.assertEqual(sorted(came), sorted(ids))

    def test_a_row_that_is_committed_late_is_not_lost(self):
        self.send(self.services[0], "early-1")
        stream = self.enterContext(EventStream(self.services[1]))
        stream.next()
        columns = ("id, mchid, event_type, create_time, received_at, last_seen_at, times_seen,"
                   " source, digest, envelope, resource")
        copy = (f"INSERT INTO notifications ({columns}) SELECT 'late-1',"
                f" {columns.removeprefix('id, ')} FROM notifications WHERE id = 'early-1'")
        with self.store.server.session(self.store.url) as session:
            session.run("BEGIN", copy)
            self.send(self.services[0], "early-2")
            (second,) = stream.take(1)
            self.assertEqual(second.data["id"], "early-2")
            session.run("COMMIT")
        (late,) = stream.take(1)
        self.assertEqual(late.data["id"], "late-1")
        self.assertLess(late.data["seq"], second.data["seq"])
        # The id of the event before names the row that was missing, so a client that connects
        # again at this point gets it, from either replica, and nothing twice.
        for service in self.services:
            again = self.enterContext(EventStream(service, second.id))
            self.assertEqual([each.data["id"] for each in again.take(1)], ["late-1"])
        again = self.enterContext(EventStream(self.services[0], late.id))
        self.send(self.services[1], "early-3")
        self.assertEqual([each.data["id"] for each in again.take(1)], ["early-3"])


if __name__ == "__main__":
    unittest.main()
