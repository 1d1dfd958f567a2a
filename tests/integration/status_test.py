"""Checks that couponhook's status endpoint replies quickly and correctly with the documented JSON,
and only to clients with a token. The tests compare every key and type with the documents, read
lists page by page and with filters, and measure reply times while notifications arrive.
"""

import itertools
import json
import sqlite3
import subprocess
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from support import events
from support.case import ServiceTestCase
from support.service import LONG, PATIENCE, wait_until
from support.wechat_pay import Platform
from support.wire import Client, Load

NUMBER = int
TEXT = str
MAYBE_TEXT = (str, type(None))

STATUS = {
    "service": TEXT, "version": TEXT, "uptime_s": NUMBER, "ready": bool,
    "store": {"engine": TEXT, "ok": bool, "size_bytes": NUMBER, "commits": NUMBER,
              "rows_per_commit": (int, float)},
    "notifications": {"stored": NUMBER, "duplicates": NUMBER, "conflicts": NUMBER,
                      "quarantined": NUMBER, "rejected": dict, "probes": NUMBER, "by_type": dict,
                      "last_received_at": MAYBE_TEXT},
    "deliveries": {"pending": NUMBER, "retrying": NUMBER, "dead": NUMBER, "done": NUMBER,
                   "oldest_pending_s": NUMBER},
    "keys": [{"mchid": TEXT, "serial": TEXT, "kind": TEXT, "expires_at": MAYBE_TEXT}],
    "unknown_serials": [{"mchid": TEXT, "serial": TEXT, "requests": NUMBER}],
}
FACTS = {
    "id": TEXT, "mchid": TEXT, "type": TEXT, "state": TEXT, "create_time": TEXT,
    "received_at": TEXT, "last_seen_at": TEXT, "times_seen": NUMBER, "source": TEXT,
}
DELIVERY = {"id": TEXT, "handler": TEXT, "state": TEXT, "attempts": NUMBER, "due_at": MAYBE_TEXT,
            "last_error": TEXT}
NOTIFICATION = {**FACTS, "resource": dict, "deliveries": [DELIVERY]}
COUPON = {
    "stock_id": TEXT, "coupon": TEXT, "state": TEXT,
    "history": [{"kind": TEXT, "business_key": TEXT, "occurred_at": TEXT, "notification_id": TEXT,
                 "source": TEXT}],
}


def mismatches(value, shape, at="answer"):
    """Returns the differences between a JSON value and its documented keys and types; additional
    keys are allowed."""
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            return [f"{at} is no object"]
        return [problem for key, inner in shape.items() for problem in
                (mismatches(value[key], inner, f"{at}.{key}") if key in value
                 else [f"{at}.{key} is missing"])]
    if isinstance(shape, list):
        if not isinstance(value, list):
            return [f"{at} is no list"]
        return [problem for i, item in enumerate(value)
                for problem in mismatches(item, shape[0], f"{at}[{i}]")]
    is_bool_for_number = isinstance(value, bool) and shape is not bool
    return [] if isinstance(value, shape) and not is_bool_for_number else [f"{at} is {value!r}"]


class StatusTestCase(ServiceTestCase):
    def assert_shape(self, value, shape):
        self.assertEqual(mismatches(value, shape), [])


class Token(ServiceTestCase):
    WITH_TOKEN = ("/status", "/notifications", "/notifications/x", "/coupons/1/2", "/no-such-page")

    def test_liveness_and_readiness_need_no_token(self):
        for path in ("/livez", "/readyz"):
            with self.subTest(path):
                self.assertEqual(self.service.ask(path, token=None)[0], 200)

    def test_everything_else_is_401_without_the_token(self):
        right = self.service.token()
        for path in self.WITH_TOKEN:
            for token in (None, "", "wrong", right[:-1], right + "x", right.swapcase()):
                with self.subTest(path=path, token=token):
                    status, body = self.service.ask(path, token)
                    self.assertEqual((status, body["code"]), (401, "UNAUTHORIZED"))

    def test_a_refusal_names_the_scheme_and_a_scheme_may_be_written_in_any_case(self):
        host, port = self.service.admin_address
        asked = ["curl", "--silent", "--include", f"http://{host}:{port}/status"]
        refused = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        self.assertIn("WWW-Authenticate: Bearer\n", refused)
        header = f'header = "authorization: bearer {self.service.token()}"'
        taken = subprocess.run([*asked, "--config", "-"], input=header, capture_output=True,
                               text=True, check=True).stdout
        self.assertTrue(taken.startswith("HTTP/1.1 200 "), taken[:80])

    def test_it_accepts_only_get_requests(self):
        for method in ("POST", "PUT", "DELETE"):
            with self.subTest(method):
                self.assertEqual(self.service.ask("/status", method=method)[0], 405)

    def test_405_names_the_methods_that_a_path_takes(self):
        host, port = self.service.admin_address
        for path, allow in (("/pauses", "GET, HEAD, POST, DELETE"), ("/deliveries/retry", "POST"),
                            ("/deliveries/skip/1", "GET, HEAD, DELETE"), ("/status", "GET, HEAD")):
            with self.subTest(path):
                asked = ["curl", "--silent", "--include", "--request", "PUT",
                         f"http://{host}:{port}{path}"]
                seen = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
                self.assertTrue(seen.startswith("HTTP/1.1 405 "), seen[:80])
                self.assertIn(f"Allow: {allow}\n", seen)

    def test_an_action_that_does_not_exist_is_404_with_the_token_and_401_without(self):
        for path in ("/deliveries/7/frobnicate", "/pauses/x", "/quarantine/7/x"):
            with self.subTest(path):
                self.assertEqual(self.service.ask(path, method="POST")[0], 404)
                self.assertEqual(self.service.ask(path, method="POST", token=None)[0], 401)
        self.assertEqual(self.service.ask("/deliveries/%zz/retry", method="POST")[0], 400)

    def test_a_time_out_of_range_is_refused(self):
        for since in ("-9223372036854775807", "9223372036854775807"):
            with self.subTest(since):
                self.assertEqual(self.service.ask(f"/notifications?since={since}")[0], 400)

    def test_unknown_objects_are_404(self):
        for path in ("/no-such-page", "/notifications/no-such-id", "/coupons/1/2", "/coupons/1"):
            with self.subTest(path):
                self.assertEqual(self.service.ask(path)[0], 404)

    def test_notifications_are_not_accepted_here(self):
        status, _ = self.service.ask("/notify/1900000001", method="POST")
        self.assertEqual(status, 405)


class Shapes(StatusTestCase):
    def test_readiness_gives_reasons(self):
        body = self.service.ask("/readyz", token=None)[1]
        self.assertEqual(body, {"ready": True, "reasons": []})

    def test_status_has_its_shape_before_anything_came(self):
        service = self.service.get("/status")
        self.assert_shape(service, STATUS)
        self.assertEqual(service["service"], "couponhook")
        self.assertEqual(service["store"]["engine"], "sqlite")
        self.assertTrue(service["ready"] and service["store"]["ok"])

    def test_status_has_its_shape_after_traffic_of_all_kinds(self):
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        for request in (self.platform.notify(events.redeem()), self.platform.notify(events.issue()),
                        other_platform.notify(events.redeem()), self.platform.sign(b"{}"),
                        self.platform.notify(events.redeem()).without("Wechatpay-Nonce")):
            self.post(request)
        status = self.service.get("/status")
        self.assert_shape(status, STATUS)
        self.assert_shape(list(status["notifications"]["by_type"].values()), [NUMBER])
        self.assertGreaterEqual(status["store"]["commits"], 1)
        self.assertGreater(status["store"]["size_bytes"], 0)

    def test_a_failing_store_is_noticed_without_readiness_requests(self):
        with closing(sqlite3.connect(self.service.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            wait_until(lambda: not self.service.get("/status")["ready"], 8, "the store's silence")
            other.execute("ROLLBACK")
        wait_until(lambda: self.service.get("/status")["ready"], 8, "the store's return")

    def test_keys_have_serial_and_expiry_time(self):
        (key,) = self.service.get("/status")["keys"]
        self.assertEqual((key["mchid"], key["serial"]), ("1900000001", self.platform.serial))
        self.assertRegex(key["expires_at"], r"^\d{4}-\d\d-\d\dT")

    def test_a_notification_has_its_shape(self):
        self.post(self.platform.notify(events.redeem(), "shape-1"))
        kept = self.service.get("/notifications/shape-1")
        self.assert_shape(kept, NOTIFICATION)
        self.assertEqual((kept["id"], kept["mchid"], kept["type"], kept["state"], kept["source"]),
                         ("shape-1", "1900000001", "COUPON.USE", "done", "notification"))
        self.assertEqual(kept["deliveries"], [])

    def test_a_coupon_has_its_shape(self):
        event = events.redeem()
        self.post(self.platform.notify(event))
        coupon = event.resource["coupon_id"]
        self.assert_shape(self.service.get(f"/coupons/19733211/{coupon}"), COUPON)

    def test_an_id_of_odd_characters_is_found(self):
        self.assert_stored(self.post(self.platform.notify(events.redeem(), "odd/id?&%25")))
        seen = self.service.get("/notifications/odd%2Fid%3F%26%2525")
        self.assertEqual(seen["id"], "odd/id?&%25")


class Deliveries(StatusTestCase):
    @classmethod
    def prepare(cls, service):
        service.write("secrets/crm", "whsec_" + "c" * 32)
        service.append('[[handler]]\nname = "crm"\ntype = "http"\nevents = ["COUPON.USE"]\n'
                       'url = "http://127.0.0.1:9/hook"\nsecret_file = "secrets/crm"\n')

    def test_a_delivery_has_its_shape_and_is_counted_as_open(self):
        before = self.service.get("/status")["deliveries"]
        self.post(self.platform.notify(events.redeem(), "delivered-1"))
        kept = self.service.get("/notifications/delivered-1")
        self.assert_shape(kept, NOTIFICATION)
        (delivery,) = kept["deliveries"]
        self.assertEqual(delivery["handler"], "crm")
        self.assertEqual(kept["state"], "received", "it is not done before its handler is")
        after = self.service.get("/status")["deliveries"]
        self.assertEqual(after["pending"] + after["retrying"],
                         before["pending"] + before["retrying"] + 1)

    def test_events_outside_the_handlers_patterns_are_not_delivered(self):
        self.post(self.platform.notify(events.issue(), "delivered-2"))
        self.assertEqual(self.service.get("/notifications/delivered-2")["deliveries"], [])


class Lists(StatusTestCase):
    COUNT = 25

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        kinds = itertools.cycle((events.redeem, events.issue, events.refund))
        with Client(cls.service) as client:
            for i in range(cls.COUNT):
                if i == 10:
                    time.sleep(0.02)
                    (latest,) = cls.service.get("/notifications?limit=1")["items"]
                    cls.between = latest["received_at"]
                    time.sleep(0.02)
                client.post(cls.platform.notify(next(kinds)(), f"list-{i:02}"))
            client.post(cls.platform.sign(b'{"no":"envelope"}'))
            other_platform = Platform(cls.platform.key, cls.platform.serial, b"k" * 32)
            client.post(other_platform.notify(events.redeem(), "list-sealed"))

    def ids(self, query=""):
        page = self.service.get(f"/notifications?{query}")
        self.assert_shape(page, {"items": [NOTIFICATION], "next_cursor": MAYBE_TEXT})
        return [item["id"] for item in page["items"]]

    def pages(self, query):
        cursor = ""
        while cursor is not None:
            page = self.service.get(f"/notifications?{query}&cursor={cursor}")
            yield [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]

    def test_paging_gives_each_notification_once_and_newest_first(self):
        for limit in (1, 7, 25, 100):
            with self.subTest(limit=limit):
                pages = list(self.pages(f"limit={limit}"))
                self.assertTrue(all(len(page) <= limit for page in pages), pages)
                self.assertEqual(list(itertools.chain(*pages)),
                                 [f"list-{i:02}" for i in reversed(range(self.COUNT))])

    def test_type_filters(self):
        self.assertEqual(self.ids("type=COUPON.USE&limit=3"), ["list-24", "list-21", "list-18"])
        self.assertEqual(self.ids("type=COUPON.NONE"), [])

    def test_a_filter_pages_through_all_that_fit(self):
        pages = list(itertools.chain(*self.pages("type=COUPON.SEND&limit=2")))
        self.assertEqual(pages, [f"list-{i:02}" for i in reversed(range(1, self.COUNT, 3))])

    def test_state_filters(self):
        self.assertEqual(len(self.ids("state=done&limit=100")), self.COUNT)
        self.assertEqual(self.ids("state=dead"), [])

    def test_quarantined_ones_are_listed_by_state(self):
        page = self.service.get("/notifications?state=quarantined")
        self.assertEqual([item["state"] for item in page["items"]], ["quarantined"] * 2)
        self.assertEqual(page["items"][0]["id"], "list-sealed", "newest first here too")

    def test_mchid_filters(self):
        self.assertEqual(len(self.ids("mchid=1900000001&limit=100")), self.COUNT)
        self.assertEqual(self.ids("mchid=1900000002"), [])

    def test_since_and_until_split_the_list_without_gap_or_overlap(self):
        until = self.ids(f"until={self.between}&limit=100")
        since = self.ids(f"since={self.between}&limit=100")
        self.assertEqual(len(until) + len(since), self.COUNT)
        self.assertIn("list-10", since)
        self.assertEqual(since[-1], "list-09", "since includes its instant, until does not")

    def test_times_may_have_an_offset_or_be_seconds(self):
        for past in ("2001-09-09T01:46:40%2B08:00", "1000000000"):
            with self.subTest(past):
                self.assertEqual(len(self.ids(f"since={past}&limit=100")), self.COUNT)
                self.assertEqual(self.ids(f"until={past}"), [])

    def test_an_invalid_parameter_is_400_and_named(self):
        for query in ("limit=0", "limit=1000000", "limit=x", "since=yesterday", "until=never",
                      "cursor=x", "state=lost"):
            with self.subTest(query):
                status, body = self.service.ask(f"/notifications?{query}")
                self.assertEqual(status, 400)
                self.assertIn(query.split("=")[0], body["message"])


class UnderLoad(StatusTestCase):
    #: Longest allowed reply time of /status. The documented limit is 50 ms; the test allows more
    #: because the machine is busy with other tests.
    LIMIT_S = 0.25

    def slowest(self, path, seconds):
        """Requests the path again and again for this many seconds. Returns the median and the
        longest reply time. curl measures the times, because the threads of the test process would
        disturb its own measurement."""
        host, port = self.service.admin_address
        command = ["curl", "--silent", "--fail", "--config", "-", "--output", "/dev/null",
                   "--write-out", "%{time_total}", f"http://{host}:{port}{path}"]
        token = f'header = "Authorization: Bearer {self.service.token()}"'
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            asked = subprocess.run(command, input=token, stdout=subprocess.PIPE, text=True,
                                   check=True, timeout=10 * PATIENCE)
            times.append(float(asked.stdout))
            time.sleep(0.05)
        times.sort()
        return times[len(times) // 2], times[-1]

    def test_status_answers_at_once_while_the_listener_is_saturated(self):
        with ThreadPoolExecutor(2) as pool:
            signed = list(pool.map(lambda _: self.platform.notify(events.redeem()), range(300)))
        # The load consists of copies of 300 notifications that are signed in advance. Each copy
        # costs couponhook a signature check and a transaction, but costs the test no signing.
        requests = itertools.cycle(signed)
        load = Load(self.service, lambda: (0, next(requests)), clients=8)
        try:
            half, most = self.slowest("/status", 2.0)
        finally:
            load.stop()
        print(f"/status under {len(load.acknowledged)} requests in 2 s: half within "
              f"{half * 1000:.0f} ms, all within {most * 1000:.0f} ms")
        self.assertLess(half, self.LIMIT_S * PATIENCE)
        self.assertGreater(len(load.acknowledged), 100, "the load was a load")

    @unittest.skipUnless(LONG, "takes minutes; COUPONHOOK_LONG=1 asks for it")
    def test_two_million_rows_do_not_slow_it_down(self):
        self.client.close()
        self.service.stop()
        rows = 2_000_000
        resource = json.dumps({"filler": "x" * 300})
        with closing(sqlite3.connect(self.service.database)) as store, store:
            store.executemany(
                "INSERT INTO notifications (id, mchid, event_type, create_time, received_at,"
                " last_seen_at, times_seen, source, digest, envelope, resource) VALUES"
                " (?, '1900000001', 'COUPON.USE', '2026-03-05T07:58:42+08:00', ?, ?, 1,"
                " 'notification', ?, '{}', ?)",
                ((f"row-{i}", i, i, bytes(32), resource) for i in range(rows)))
        self.service.start()
        for path in ("/status", "/notifications", f"/notifications/row-{rows // 2}",
                     "/notifications?type=COUPON.NONE", "/notifications?state=dead&limit=100",
                     "/notifications?until=1970-01-01T00:00:01Z"):
            with self.subTest(path):
                half, most = self.slowest(path, 1.0)
                print(f"{path} over {rows} rows: half within {half * 1000:.0f} ms, all within "
                      f"{most * 1000:.0f} ms")
                self.assertLess(half, self.LIMIT_S * PATIENCE)
        page = self.service.get("/notifications?type=COUPON.NONE")
        self.assertIsNotNone(page["next_cursor"], "a page without a hit is not the end of the list")


if __name__ == "__main__":
    unittest.main()
