"""Checks that couponhook's /metrics is valid for Prometheus and counts correctly. Prometheus's own
Python parser reads /metrics while requests of every kind arrive.
"""

import re
import unittest
import urllib.request
from pathlib import Path

from support import events
from support.case import ServiceTestCase
from support.service import Service
from support.wechat_pay import Platform
from support.wire import Client, Connection

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    raise SystemExit("python3-prometheus-client is missing; tests/run.sh installs it") from None


def families(service) -> dict:
    status, text = service.exchange("/metrics", token=None)
    assert status == 200, (status, text)
    return {family.name: family for family in text_string_to_metric_families(text.decode())}


def samples(service) -> dict:
    """Returns all samples in /metrics as a dictionary: the key is (name, labels) of a metric."""
    return {(sample.name, frozenset(sample.labels.items())): sample.value
            for family in families(service).values() for sample in family.samples}


class Metrics(ServiceTestCase):
    def value(self, name, **labels):
        return samples(self.service)[f"couponhook_{name}", frozenset(labels.items())]

    def replies(self, code, probe="false"):
        return self.value("replies_total", code=code, probe=probe)

    def test_they_need_no_token_and_are_of_prometheus_media_type(self):
        host, port = self.service.admin_address
        with urllib.request.urlopen(f"http://{host}:{port}/metrics", timeout=10) as reply:
            self.assertEqual(reply.status, 200)
            self.assertEqual(reply.headers["Content-Type"],
                             "text/plain; version=0.0.4; charset=utf-8")

    def test_every_family_is_named_explained_and_typed(self):
        for family in families(self.service).values():
            with self.subTest(family.name):
                self.assertRegex(family.name, r"^couponhook_[a-z_]+$")
                self.assertGreater(len(family.documentation), 10)
                self.assertIn(family.type, ("counter", "gauge", "histogram"))

    def test_a_kept_notification_and_its_copy_are_counted(self):
        request = self.platform.notify(events.redeem())
        stored = self.value("notifications_total", outcome="stored")
        copies = self.value("notifications_total", outcome="duplicate")
        replied = self.replies("STORED"), self.replies("DUPLICATE")
        self.assert_stored(self.post(request))
        self.assert_stored(self.post(request))
        self.assertEqual(self.value("notifications_total", outcome="stored"), stored + 1)
        self.assertEqual(self.value("notifications_total", outcome="duplicate"), copies + 1)
        self.assertEqual((self.replies("STORED"), self.replies("DUPLICATE")),
                         (replied[0] + 1, replied[1] + 1))
        self.assertGreaterEqual(self.value("notifications_by_type_total", type="COUPON.USE"), 1)

    def test_a_refusal_is_counted_by_its_code(self):
        before = self.replies("HEADERS_MISSING")
        self.post(self.platform.notify(events.redeem()).without("Wechatpay-Nonce"))
        self.assertEqual(self.replies("HEADERS_MISSING"), before + 1)

    def test_a_quarantined_body_is_counted(self):
        before = self.value("notifications_total", outcome="quarantined")
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.post(other_platform.notify(events.redeem()))
        self.assertEqual(self.value("notifications_total", outcome="quarantined"), before + 1)

    def test_every_complete_request_has_a_duration(self):
        before = self.value("reply_seconds_count")
        self.post(self.platform.notify(events.redeem()))
        self.post(self.platform.notify(events.redeem()).without("Wechatpay-Serial"))
        with Connection(self.service) as other:
            self.assertEqual(other.ask(b"no HTTP\r\n\r\n").status, 400)
        now = samples(self.service)
        count = now["couponhook_reply_seconds_count", frozenset()]
        self.assertEqual(count, before + 2)
        self.assertEqual(now["couponhook_reply_seconds_bucket", frozenset({("le", "+Inf")})], count)
        buckets = [value for (name, _), value in now.items() if name.endswith("seconds_bucket")]
        self.assertEqual(buckets, sorted(buckets), "buckets are cumulative")
        self.assertGreater(now["couponhook_reply_seconds_sum", frozenset()], 0)

    def test_a_key_has_its_expiry_time(self):
        (key,) = (sample for sample in families(self.service)
                  ["couponhook_key_expiry_timestamp_seconds"].samples)
        self.assertEqual(key.labels, {"mchid": "1900000001", "serial": self.platform.serial,
                                      "kind": "certificate"})
        self.assertGreater(key.value, 1.7e9)

    def test_no_label_holds_personal_data(self):
        event = events.issue(openid="oSecretOpenIdOfSomebody01")
        self.assert_stored(self.post(self.platform.notify(event, "id-in-no-metric")))
        text = self.service.exchange("/metrics", token=None)[1].decode()
        for secret in (event.resource["openid"], event.resource["coupon_code"], "id-in-no-metric",
                       self.service.token()):
            self.assertNotIn(secret, text)

    def test_the_alert_rules_use_only_existing_metrics(self):
        rules = (Path(__file__).parents[2] / "deploy/prometheus/couponhook.rules.yml").read_text()
        asked = "".join(re.findall(r"expr: .*", rules))
        seen = self.service.exchange("/metrics", token=None)[1].decode()
        names = set(re.findall(r"couponhook_[a-z_]+", asked))
        values = set(re.findall(r"[A-Z_]{6,}|(?<=[=]\")[a-z]+(?=\")", asked)) - {"couponhook"}
        self.assertGreaterEqual(len(names), 7)
        self.assertGreaterEqual(len(values), 6)
        self.assertEqual([name for name in names if name not in seen], [])
        self.assertEqual([value for value in values if f'="{value}"' not in seen], [])

    def test_all_counters_of_status_are_there_with_the_same_values(self):
        self.post(self.platform.notify(events.redeem()))
        status, now = self.service.get("/status"), samples(self.service)
        for outcome, key in (("stored", "stored"), ("duplicate", "duplicates"),
                             ("conflict", "conflicts"), ("quarantined", "quarantined")):
            self.assertEqual(now["couponhook_notifications_total",
                                 frozenset({("outcome", outcome)})], status["notifications"][key])
        for state in ("pending", "retrying", "dead", "done"):
            self.assertEqual(now["couponhook_deliveries", frozenset({("state", state)})],
                             status["deliveries"][state])
        self.assertEqual(now["couponhook_ready", frozenset()], 1)
        self.assertEqual(now["couponhook_store_ok", frozenset()], 1)


class Restart(unittest.TestCase):
    def test_counters_of_the_store_survive_and_those_of_the_process_restart(self):
        with Service(has_own_keys=False) as service:
            platform = Platform.of(service)
            with Client(service) as client:
                client.post(platform.notify(events.redeem()))
            service.stop()
            service.start()
            now = samples(service)
            self.assertEqual(
                now["couponhook_notifications_total", frozenset({("outcome", "stored")})], 1)
            self.assertEqual(now["couponhook_replies_total",
                                 frozenset({("code", "STORED"), ("probe", "false")})], 0)
            self.assertRegex(service.exchange("/metrics", token=None)[1].decode(),
                             re.compile(r"^couponhook_build_info\{.*version=.* 1$", re.MULTILINE))


if __name__ == "__main__":
    unittest.main()
