"""Checks that the history of couponhook's counters, which charts show, agrees with the counters:
after mixed notifications, a clean stop, kill -9 and with two replicas on one PostgreSQL.
"""

import time
import unittest

from support import events
from support.replicas import make_replica
from support.service import LONG, Service, wait_until
from support.stores import PostgresStore, SqliteStore, shared_server
from support.wechat_pay import Platform
from support.wire import Client

#: Notifications of each of the eight kinds that a test sends.
ROUNDS = 1250 if LONG else 20
SPANS = {"hour": (60, 60), "day": (96, 900), "week": (168, 3600)}
COUNTED = ("stored", "duplicates", "conflicts", "quarantined", "deliveries_done",
           "deliveries_dead", "refused", "probes")
PROBE = "WECHATPAY/SIGNTEST/" + "A" * 344
HANDLERS = """[[handler]]
name = "dead"
type = "http"
events = ["REFUND.CLOSED"]
url = "http://127.0.0.1:9/hook"
secret_file = "secrets/crm"
max_attempts = 1
[[handler]]
name = "done"
type = "exec"
events = ["COUPON.USE"]
command = ["/bin/true"]
"""


def add_handlers(service):
    service.write("secrets/crm", "whsec_" + "c" * 32)
    service.append(HANDLERS)


def sums(service, span="hour") -> dict:
    series = service.get(f"/history?span={span}")["series"]
    return {name: sum(series[name]) for name in COUNTED}


def counters(service) -> dict:
    status = service.get("/status")
    notifications, deliveries = status["notifications"], status["deliveries"]
    return {**{name: notifications[name] for name in
               ("stored", "duplicates", "conflicts", "quarantined", "probes")},
            "refused": sum(notifications["rejected"].values()),
            "deliveries_done": deliveries["done"], "deliveries_dead": deliveries["dead"]}


def send_mixed(service, name: str, rounds=ROUNDS) -> int:
    """Sends notifications that are stored, duplicates, conflicts, sealed, refused, and probes.
    Returns how many were acknowledged."""
    platform = Platform.of(service)
    other = Platform(platform.key, platform.serial, b"k" * 32)
    acknowledged = 0
    with Client(service) as client:
        for i in range(rounds):
            event, identifier = events.redeem(), f"{name}-{i}"
            # Few deliveries fail: after some failures in a row, the circuit breaker makes the next
            # ones wait.
            status = "CLOSED" if i < 2 else "SUCCESS"
            requests = (platform.notify(event, identifier), platform.notify(event, identifier),
                        platform.notify(events.redeem(), identifier),
                        other.notify(events.redeem(), f"{identifier}-sealed"),
                        platform.notify(event).without("Wechatpay-Nonce"),
                        platform.notify(event).having(**{"Wechatpay-Serial": "1"}),
                        platform.notify(event).having(**{"Wechatpay-Signature": PROBE}),
                        platform.notify(events.refund(status=status), f"{identifier}-refund"))
            acknowledged += sum(client.post(request).status == 204 for request in requests)
    return acknowledged


def wait_until_delivered(service):
    def is_over():
        deliveries = service.get("/status")["deliveries"]
        return deliveries["pending"] == deliveries["retrying"] == 0
    wait_until(is_over, 60, "the end of the deliveries")


class HistoryOn:
    @classmethod
    def setUpClass(cls):
        cls.service = Service(has_own_keys=False)
        add_handlers(cls.service)
        cls.store = cls.make_store(cls.service)
        cls.enterClassContext(cls.service)

    def test_the_history_agrees_with_the_counters(self):
        acknowledged = send_mixed(self.service, "first")
        wait_until_delivered(self.service)
        first = counters(self.service)
        self.assertGreater(min(first[name] for name in COUNTED), 0)
        for span in SPANS:
            with self.subTest(span):
                self.assertEqual(sums(self.service, span), first, "not written yet")

        self.assertEqual(self.service.stop(), 0)
        self.assertGreater(self.store.count("history"), 0)
        self.service.start()
        for span in SPANS:
            with self.subTest(span):
                self.assertEqual(sums(self.service, span), first, "after a clean stop")

        acknowledged += send_mixed(self.service, "second", 5)
        wait_until_delivered(self.service)
        # The counters of refused requests begin again with each process, the others go on.
        second = counters(self.service)
        both = {**second, **{name: first[name] + second[name] for name in ("refused", "probes")}}
        self.assertEqual(sums(self.service), both, "over a restart")

        self.service.kill()
        self.service.start()
        after_kill = sums(self.service)
        for name in ("refused", "probes"):
            # A crash loses what was counted in memory since the last minute began, and no more.
            self.assertIn(after_kill[name], range(first[name], both[name] + 1))
            after_kill[name] = both[name]
        self.assertEqual(after_kill, both, "what the store counts is exact after a crash")
        series = self.service.get("/history?span=hour")["series"]
        answered = [p50 for p50 in series["ack_p50_ms"] if p50 is not None]
        self.assertTrue(answered and all(0 < p50 <= 5000 for p50 in answered), answered)
        for p50, p99 in zip(series["ack_p50_ms"], series["ack_p99_ms"]):
            self.assertEqual(p50 is None, p99 is None)
            if p50 is not None:
                self.assertLessEqual(p50, p99)
        self.assertGreater(acknowledged, 0)

    def test_the_reply_has_one_number_for_each_step(self):
        for span, (steps, step_s) in SPANS.items():
            with self.subTest(span):
                answer = self.service.get(f"/history?span={span}")
                self.assertEqual((answer["span"], answer["step_s"]), (span, step_s))
                names = {*COUNTED, "ack_p50_ms", "ack_p99_ms"}
                self.assertEqual(set(answer["series"]), names)
                self.assertEqual({len(values) for values in answer["series"].values()}, {steps})
                self.assertRegex(answer["from"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:00")
                self.assertLess(answer["from"], answer["to"])
        for target in ("/history?span=year", "/history?span=x%00"):
            self.assertEqual(self.service.ask(target)[0], 400)
        self.assertEqual(self.service.ask("/history", token=None)[0], 401)


class OnSqlite(HistoryOn, unittest.TestCase):
    @staticmethod
    def make_store(service):
        return SqliteStore(service)


class OnPostgres(HistoryOn, unittest.TestCase):
    @staticmethod
    def make_store(service):
        return PostgresStore(service)


class Replicas(unittest.TestCase):
    def test_two_replicas_add_to_the_same_history(self):
        url = shared_server().new_database()
        replicas = []
        for _ in range(2):
            replica = make_replica({"store.url": url}, *replicas[:1])
            self.enterContext(replica).start()
            replicas.append(replica)
        for i, replica in enumerate(replicas):
            send_mixed(replica, f"replica-{i}", 5)
        one, two = (counters(replica) for replica in replicas)
        own = {name: one[name] + two[name] for name in ("refused", "probes")}
        self.assertEqual(one["stored"], two["stored"], "totals are those of all replicas")
        self.assertEqual(replicas[0].stop(), 0)
        replicas[0].start()
        self.assertEqual(sums(replicas[1]), {**one, **own}, "what the other has written, and ours")
        self.assertEqual(replicas[1].stop(), 0)
        self.assertEqual(sums(replicas[0], "week"), {**one, **own})
        replicas[1].start()


class Upkeep(unittest.TestCase):
    def test_old_history_is_removed(self):
        settings = {"store.maintenance_interval_s": 1}
        with Service(settings, has_own_keys=False) as service:
            store, now = SqliteStore(service), int(time.time())
            old = {60: now - 3 * 86400, 3600: now - 36 * 86400}
            kept = {60: now - 86400, 3600: now - 34 * 86400}
            for age in (old, kept):
                for step, at in age.items():
                    store.execute(f"INSERT INTO history VALUES ({step}, {at}, 'refused', 1)")
            ages = ", ".join(str(at) for at in old.values())
            wait_until(lambda: store.count(f"history WHERE at_s IN ({ages})") == 0, 20,
                       "the removal of old history")
            ages = ", ".join(str(at) for at in kept.values())
            self.assertEqual(store.count(f"history WHERE at_s IN ({ages})"), 2)


if __name__ == "__main__":
    unittest.main()
