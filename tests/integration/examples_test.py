"""Checks the example consumers in examples/ with a real couponhook: each event is applied once,
although copies arrive, replies are lost, and the consumer and couponhook are killed; requests that
couponhook did not sign are refused.

One set of tests runs for each example in support/consumers.py. COUPONHOOK_EXAMPLES names the
examples that must run, separated by blanks; without it those run whose language is installed.
"""

import http.client
import json
import os
import threading
import time
import unittest
from contextlib import closing

from support import events
from support.consumers import TABLE, Consumer, Unavailable
from support.service import PATIENCE, Service, wait_until
from support.target import Target, add_http_handler, make_secret, sign
from support.wechat_pay import Platform
from support.wire import Closed, Client

WANTED = os.environ.get("COUPONHOOK_EXAMPLES")
#: Examples whose languages an everyday run does not install.
ON_DEMAND = {"go", "java", "laravel", "laravel-mysql", "php-mysql"}
QUICK = {"retry_initial_ms": 20, "retry_max_ms": 100, "timeout_ms": 5000, "max_attempts": 1000}


def fact_of(event) -> tuple:
    """Returns the row that a consumer must write for an event."""
    resource = event.resource
    if event.event_type == "COUPON.SEND":
        return "issued", resource["coupon_code"], resource["stock_id"]
    if event.event_type == "COUPON.USE":
        transaction = resource["consume_information"]["transaction_id"]
        return "redeemed", resource["coupon_id"], transaction
    return "refunded", resource["refund_id"], resource["transaction_id"]


def different_events(count: int) -> list:
    """Returns issues, redemptions, and refunds of these redemptions; some refunds come first."""
    made = []
    while len(made) < count:
        redeemed = events.redeem()
        transaction = redeemed.resource["consume_information"]["transaction_id"]
        made += [events.refund(transaction), redeemed, events.issue(), events.redeem()]
    return made[:count]


class LossyProxy(Target):
    """Forwards deliveries to a consumer, and loses some of its replies: couponhook gets 502 instead
    and delivers again."""

    def __init__(self, consumer):
        super().__init__(self.forward)
        self.consumer = consumer
        self.lost = 0

    def forward(self, call) -> int:
        kept = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")
        headers = {name: value for name, value in call.headers.items() if name in kept}
        try:
            status, _ = post(self.consumer, call.body, headers)
        except (OSError, http.client.HTTPException):
            return 502  # the consumer is being restarted
        with self.lock:
            if status == 204 and len(self.calls) % 3 == 0:
                self.lost += 1
                return 502
        return status


def post(consumer, body: bytes, headers: dict, method="POST") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", consumer.port, timeout=10 * PATIENCE)
    with closing(connection) as client:
        client.request(method, consumer.example.path, body, headers)
        reply = client.getresponse()
        return reply.status, reply.read().decode(errors="replace")


class ExampleTests:
    """The tests of one example. Each subclass sets `name`."""

    name = ""

    @classmethod
    def setUpClass(cls):
        required = WANTED is not None and cls.name in WANTED.split()
        if not required and (WANTED is not None or cls.name in ON_DEMAND):
            raise unittest.SkipTest(f"not asked for; add {cls.name} to COUPONHOOK_EXAMPLES")
        try:
            cls.consumer = cls.enterClassContext(Consumer(TABLE[cls.name]))
        except Unavailable as missing:
            if required:
                raise
            raise unittest.SkipTest(str(missing)) from None
        # The PHP examples create their tables at the first event.
        status, reason = cls.send(events.redeem(), "coupon.redeemed", "first")
        if status != 204:
            raise AssertionError(f"{status} {reason}: {cls.consumer.output()}")

    # Requests that the test signs itself

    @classmethod
    def body(cls, event, type: str, id: str) -> bytes:
        data = {"notification_id": id, "mchid": "1900000001", "event_type": event.event_type,
                "create_time": event.create_time, "source": "notification",
                "resource": event.resource}
        return json.dumps({"type": type, "timestamp": event.create_time, "data": data}).encode()

    @classmethod
    def signed(cls, body: bytes, id: str, age_s=0, secret=None, timestamp=None) -> dict:
        timestamp = timestamp or str(int(time.time()) - age_s)
        return {"Content-Type": "application/json", "webhook-id": id,
                "webhook-timestamp": timestamp,
                "webhook-signature": sign(secret or cls.consumer.secret, id, timestamp, body)}

    @classmethod
    def send(cls, event, type: str, id: str) -> tuple[int, str]:
        body = cls.body(event, type, id)
        return post(cls.consumer, body, cls.signed(body, id))

    def times_applied(self, event) -> int:
        return self.consumer.bookings().count(fact_of(event))

    # Tests

    def test_a_forged_request_is_refused_and_nothing_is_applied(self):
        event = events.redeem()
        body = self.body(event, "coupon.redeemed", "forged")
        good = self.signed(body, "forged")
        signature = good["webhook-signature"]
        other = "A" if signature[10] != "A" else "B"
        without = [{key: value for key, value in good.items() if key != name} for name in good
                   if name.startswith("webhook-")]
        forged = {
            "one character changed": {
                **good, "webhook-signature": signature[:10] + other + signature[11:]},
            "another secret": self.signed(body, "forged", secret=make_secret()),
            "another id": {**good, "webhook-id": "forged-2"},
            "another time": {**good, "webhook-timestamp": str(int(time.time()) + 1)},
            "no version": {**good, "webhook-signature": signature.removeprefix("v1,")},
            "the beginning only": {**good, "webhook-signature": signature[:20]},
            "empty": {**good, "webhook-signature": ""},
            **{f"without {set(good) - set(headers)}": headers for headers in without},
        }
        for what, headers in forged.items():
            with self.subTest(what):
                self.assertEqual(post(self.consumer, body, headers)[0], 401)
        changed = body.replace(b"1900000001", b"1900000002")
        self.assertEqual(post(self.consumer, changed, good)[0], 401, "another body")
        self.assertEqual(self.times_applied(event), 0)
        self.assertEqual(post(self.consumer, body, good)[0], 204)
        self.assertEqual(self.times_applied(event), 1)

    def test_a_stale_timestamp_is_refused(self):
        event = events.redeem()
        body = self.body(event, "coupon.redeemed", "stale")
        for age_s in (330, 86400, -330):
            with self.subTest(age_s=age_s):
                headers = self.signed(body, "stale", age_s)
                self.assertEqual(post(self.consumer, body, headers)[0], 401)
        for timestamp in ("yesterday", "", "-1", f"{int(time.time())}.5", "9" * 30):
            with self.subTest(timestamp=timestamp):
                headers = {**self.signed(body, "stale", timestamp=timestamp or " "),
                           "webhook-timestamp": timestamp}
                self.assertEqual(post(self.consumer, body, headers)[0], 401)
        self.assertEqual(self.times_applied(event), 0)
        self.assertEqual(post(self.consumer, body, self.signed(body, "stale", 240))[0], 204)
        self.assertEqual(self.times_applied(event), 1)

    def test_a_secret_can_be_replaced(self):
        old, new = self.consumer.secret, make_secret()
        self.addCleanup(self.consumer.secret_file.write_text, old + "\n")
        both = []
        for secrets in ([old], [old, new], [new]):
            self.consumer.secret_file.write_text("\n".join(secrets) + "\n\n")
            event = events.redeem()
            id = f"replaced-{len(both)}"
            body = self.body(event, "coupon.redeemed", id)
            headers = self.signed(body, id)
            headers["webhook-signature"] += " " + self.signed(body, id, secret=new)[
                "webhook-signature"]
            both.append(post(self.consumer, body, headers)[0])
            self.assertEqual(self.times_applied(event), 1)
        self.assertEqual(both, [204, 204, 204])
        body = self.body(events.redeem(), "coupon.redeemed", "replaced-old")
        self.assertEqual(post(self.consumer, body, self.signed(body, "replaced-old"))[0], 401)

    def test_one_redemption_under_two_ids_is_applied_once(self):
        event = events.redeem()
        for id in ("twice-1", "twice-2", "twice-1"):
            self.assertEqual(self.send(event, "coupon.redeemed", id)[0], 204)
        self.assertEqual(self.times_applied(event), 1)

    def test_codes_that_differ_by_case_are_different(self):
        for code in ("Spring-1", "SPRING-1"):
            event = events.issue(coupon=code)
            self.assertEqual(self.send(event, "coupon.issued", f"case-{code}")[0], 204)
            self.assertEqual(self.times_applied(event), 1)

    def test_what_cannot_be_read_becomes_a_dead_letter(self):
        for number, resource in enumerate((
                None, "no object", [], {}, {"coupon_id": "8"},
                {"coupon_id": 8, "consume_information": {"transaction_id": "4"}},
                {"coupon_id": "8", "consume_information": {"transaction_id": ""}},
                {"coupon_id": "8", "consume_information": "4"},
                {"coupon_id": "8/9\n", "consume_information": {"transaction_id": "4"}})):
            with self.subTest(resource=resource):
                event = events.redeem()
                body = json.loads(self.body(event, "coupon.redeemed", f"odd-{number}"))
                body["data"]["resource"] = resource
                body = json.dumps(body).encode()
                status, reason = post(self.consumer, body, self.signed(body, f"odd-{number}"))
                self.assertEqual(status, 410)
                self.assertIn("cannot be read", reason)

    def test_events_of_other_types_are_ignored(self):
        before = self.consumer.bookings()
        for type in ("coupon.expired", "refund.closed", "constructor"):
            self.assertEqual(self.send(events.redeem(), type, f"other-{type}")[0], 204)
        self.assertEqual(self.consumer.bookings(), before)

    def test_an_event_whose_work_failed_is_applied_when_it_is_sent_again(self):
        event = events.redeem()
        self.consumer.database.break_bookings()
        try:
            self.assertEqual(self.send(event, "coupon.redeemed", "failed")[0], 500)
        finally:
            self.consumer.database.repair_bookings()
        self.assertEqual(self.times_applied(event), 0)
        self.assertEqual(self.send(event, "coupon.redeemed", "failed")[0], 204)
        self.assertEqual(self.times_applied(event), 1)

    def test_only_post_is_taken(self):
        self.assertIn(post(self.consumer, b"", {}, "GET")[0], (404, 405))

    def test_100_notifications_are_applied_once_each_through_restarts(self):
        before = self.consumer.bookings()
        proxy = self.enterContext(LossyProxy(self.consumer))
        service = Service(starts=False, has_own_keys=False)
        add_http_handler(service, proxy.url, self.consumer.secret, name="shop", **QUICK)
        service.starts = True
        self.enterContext(service)
        platform = Platform.of(service)
        sent = different_events(100)

        def kill_consumer():
            self.consumer.kill()
            time.sleep(0.3)  # deliveries fail meanwhile
            self.consumer.start()

        def kill_service():
            service.kill()
            service.start()

        with Client(service) as client:
            for number, event in enumerate(sent):
                restart = {30: kill_consumer, 60: kill_service}.get(number)
                if restart is not None:
                    restarting = threading.Thread(target=restart)
                    restarting.start()
                for _ in range(2 + number % 2):
                    self.post_until_stored(client, platform.notify(event, f"each-{number}"))
                if restart is not None:
                    restarting.join()
        # Under a second id, as WeChat Pay may send it
        with Client(service) as client:
            client.post(platform.notify(sent[1], "each-again"))
        wait_until(lambda: service.get("/status")["deliveries"]["done"] == len(sent) + 1, 60,
                   "all deliveries to be done")
        applied = self.consumer.bookings()
        for booking in before:
            applied.remove(booking)
        self.assertEqual(applied, sorted(map(fact_of, sent)))
        self.assertGreater(proxy.lost, 20, "too few deliveries were repeated")
        self.assertGreater(len(proxy.calls), len(sent) + proxy.lost)

    @staticmethod
    def post_until_stored(client, request):
        """Sends a notification until it is stored, as WeChat Pay does while couponhook restarts."""
        def stored():
            try:
                return client.post(request).status == 204
            except (OSError, Closed):
                return False

        wait_until(stored, 30, "the notification to be stored")


# Makes one test class for each example: Php, Python, …
for _name in TABLE:
    _class = _name.title().replace("-", "")
    globals()[_class] = type(_class, (ExampleTests, unittest.TestCase), {"name": _name})


if __name__ == "__main__":
    unittest.main()
