"""Checks that couponhook's /metrics is valid for Prometheus and counts correctly. Prometheus's own
Python parser reads /metrics while requests of every kind arrive.
"""

import re
import shutil
import signal
import socket
import sqlite3
import ssl
import time
import unittest
import urllib.request
from contextlib import closing
from pathlib import Path

from support import events
from support.case import ServiceTestCase
from support.service import Service, wait_until
from support.target import Target, add_http_handler, make_secret
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
                self.assertRegex(family.name, r"^(couponhook|process)_[a-z_]+$")
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
        buckets = [value for (name, _), value in now.items()
                   if name == "couponhook_reply_seconds_bucket"]
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

    def test_all_counters_of_status_are_there_with_the_same_values(self):
        self.post(self.platform.notify(events.redeem()))
        status, now = self.service.get("/status"), samples(self.service)
        for outcome, key in (("stored", "stored"), ("duplicate", "duplicates"),
                             ("conflict", "conflicts"), ("quarantined", "quarantined")):
            self.assertEqual(now["couponhook_notifications_total",
                                 frozenset({("outcome", outcome)})], status["notifications"][key])
        for state in ("pending", "retrying", "dead", "done"):
            self.assertEqual(
                now["couponhook_deliveries", frozenset({("handler", ""), ("state", state)})],
                status["deliveries"][state])
        self.assertEqual(now["couponhook_ready", frozenset()], 1)
        self.assertEqual(now["couponhook_store_ok", frozenset()], 1)


class Process(ServiceTestCase):
    """Metrics of the process: signature checks, commits, connections, TLS, and the process itself."""

    def value(self, name, **labels):
        return samples(self.service).get((name, frozenset(labels.items())), 0)

    def test_signature_checks_are_timed_whether_the_signature_is_valid_or_not(self):
        before = self.value("couponhook_verify_seconds_count")
        request = self.platform.notify(events.redeem())
        self.assert_stored(self.post(request))
        self.post(request.having(**{"Wechatpay-Nonce": "another"}))
        self.post(request.without("Wechatpay-Nonce"))
        self.post(request.having(**{"Wechatpay-Serial": "ABCDEF"}))
        self.assertEqual(self.value("couponhook_verify_seconds_count"), before + 2)
        self.assertGreater(self.value("couponhook_verify_seconds_sum"), 0)

    def test_commits_are_timed_and_their_rows_counted(self):
        commits = self.value("couponhook_commit_seconds_count")
        self.assert_stored(self.post(self.platform.notify(events.redeem())))
        now = samples(self.service)
        self.assertGreater(now["couponhook_commit_seconds_count", frozenset()], commits)
        self.assertGreater(now["couponhook_commit_seconds_sum", frozenset()], 0)
        self.assertEqual(now["couponhook_commit_rows_count", frozenset()],
                         now["couponhook_commit_seconds_count", frozenset()])
        self.assertEqual(now["couponhook_commit_rows_sum", frozenset()],
                         now["couponhook_store_rows_total", frozenset()])

    def test_open_connections_are_counted_by_listener(self):
        def public():
            return self.value("couponhook_connections", listener="public")

        before = public()
        connections = [Connection(self.service) for _ in range(3)]
        wait_until(lambda: public() == before + 3, what="three more connections")
        for connection in connections:
            connection.close()
        wait_until(lambda: public() == before, what="the end of the connections")
        self.assertEqual(self.value("couponhook_connections", listener="admin"), 1)

    def test_tls_handshakes_are_counted_by_version_and_resumption(self):
        for version, name in ((ssl.TLSVersion.TLSv1_2, "1.2"), (ssl.TLSVersion.TLSv1_3, "1.3")):
            with self.subTest(version=name):
                context = self.service.tls_context()
                context.minimum_version = context.maximum_version = version

                def count(resumed):
                    return self.value("couponhook_tls_handshakes_total", version=name,
                                      resumed=resumed)

                full, resumed = count("false"), count("true")
                with Connection(self.service, context) as first:
                    self.assert_stored(first.post(self.platform.notify(events.redeem())))
                    session = first.socket.session
                self.assertEqual((count("false"), count("true")), (full + 1, resumed))
                with context.wrap_socket(socket.create_connection(self.service.address),
                                         server_hostname="127.0.0.1", session=session) as second:
                    self.assertTrue(second.session_reused)
                    wait_until(lambda: count("true") == resumed + 1, what="the resumed handshake")
                self.assertEqual(count("false"), full + 1)

    def test_the_listeners_certificate_has_its_expiry_time(self):
        certificate = ssl._ssl._test_decode_cert(str(self.service.folder / "tls/server.crt"))
        self.assertEqual(
            self.value("couponhook_listener_certificate_expiry_timestamp_seconds", listener="public"),
            ssl.cert_time_to_seconds(certificate["notAfter"]))

    def test_the_clock_offset_follows_the_timestamps_of_valid_notifications(self):
        def offset():
            return self.value("couponhook_clock_offset_seconds")

        def send(shift):
            sent = int(time.time()) + shift
            self.assert_stored(self.post(self.platform.notify(events.redeem(), timestamp=sent)))
            return shift - 3 < offset() < shift + 1

        # The offset is noted at most once a second.
        wait_until(lambda: send(120), what="WeChat Pay's clock to be ahead")
        forged = self.platform.notify(events.redeem(), timestamp=int(time.time()) - 200)
        time.sleep(1.1)
        self.post(forged.having(**{"Wechatpay-Nonce": "another"}))
        self.assertGreater(offset(), 100)
        wait_until(lambda: send(-90), what="WeChat Pay's clock to be behind")
        wait_until(lambda: send(0), what="clocks that agree")

    def test_free_space_is_that_of_the_stores_disk(self):
        free = shutil.disk_usage(self.service.database.parent).free
        self.assertAlmostEqual(self.value("couponhook_store_free_bytes") / free, 1, delta=0.2)

    def test_reloads_are_counted_by_unit_and_outcome(self):
        def reloads(outcome):
            return self.value("couponhook_reloads_total", unit="listener", outcome=outcome)

        before = reloads("ok")
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: reloads("ok") > before, what="the reload")
        refused = reloads("refused")
        certificate = self.service.folder / "tls/server.crt"
        whole = certificate.read_text()
        self.addCleanup(self.service.signal, signal.SIGHUP)
        self.addCleanup(certificate.write_text, whole)
        certificate.write_text("no certificate")
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: reloads("refused") > refused, what="the refused reload")

    def test_fetches_of_certificates_are_counted(self):
        # No server listens at the address of the API, so every fetch fails.
        wait_until(lambda: self.value("couponhook_certificate_fetches_total", mchid="1900000001",
                                      outcome="failed") >= 1, 20, "the failed fetch")
        self.assertEqual(self.value("couponhook_certificate_fetches_total", mchid="1900000001",
                                    outcome="ok"), 0)

    def test_the_process_is_described_as_by_every_client_library(self):
        now = {name: value for (name, labels), value in samples(self.service).items()
               if name.startswith("process_")}
        self.assertEqual(set(now), {
            "process_cpu_seconds_total", "process_open_fds", "process_max_fds",
            "process_virtual_memory_bytes", "process_resident_memory_bytes",
            "process_start_time_seconds"})
        proc = Path(f"/proc/{self.service.process.pid}")
        status = dict(line.split(":\t", 1) for line in (proc / "status").read_text().splitlines())
        resident = int(status["VmRSS"].split()[0]) * 1024
        virtual = int(status["VmSize"].split()[0]) * 1024
        self.assertAlmostEqual(now["process_resident_memory_bytes"] / resident, 1, delta=0.2)
        self.assertAlmostEqual(now["process_virtual_memory_bytes"] / virtual, 1, delta=0.1)
        self.assertAlmostEqual(now["process_open_fds"], len(list((proc / "fd").iterdir())), delta=4)
        limit = re.search(r"Max open files +(\d+)", (proc / "limits").read_text())[1]
        self.assertEqual(now["process_max_fds"], int(limit))
        self.assertAlmostEqual(now["process_start_time_seconds"], proc.stat().st_ctime, delta=5)
        self.assertGreater(now["process_cpu_seconds_total"], 0)
        self.assertLess(now["process_cpu_seconds_total"], 600)


class Handlers(ServiceTestCase):
    """Metrics by handler. The merchant's system answers as the notification's id says."""

    @classmethod
    def prepare(cls, service):
        cls.target = Target(cls.answer)
        cls.target.start()
        cls.addClassCleanup(cls.target.stop)
        add_http_handler(service, cls.target.url, make_secret(), retry_initial_ms=20,
                         retry_max_ms=100, timeout_ms=1000)

    seen: set = set()
    #: True while the merchant's system fails.
    is_down = False

    @classmethod
    def answer(cls, call):
        if cls.is_down:
            return 503
        if call.id.startswith("gone"):
            return 410
        if call.id.startswith("later") and call.id not in cls.seen:
            cls.seen.add(call.id)
            return 500
        return 204

    def attempts(self, outcome):
        return samples(self.service)["couponhook_delivery_attempts_total",
                                     frozenset({("handler", "crm"), ("outcome", outcome)})]

    def deliveries(self, state):
        return samples(self.service)["couponhook_deliveries",
                                     frozenset({("handler", "crm"), ("state", state)})]

    def value(self, name):
        return samples(self.service)[f"couponhook_{name}", frozenset({("handler", "crm")})]

    def send(self, id):
        self.assert_stored(self.post(self.platform.notify(events.redeem(), id)))

    def test_attempts_and_deliveries_are_counted_by_outcome(self):
        for id, outcomes, state in (("good-1", {"done": 1}, "done"),
                                    ("later-1", {"retry": 1, "done": 1}, "done"),
                                    ("gone-1", {"dead": 1}, "dead")):
            with self.subTest(id=id):
                names = ("done", "retry", "dead", "lost")
                before = {outcome: self.attempts(outcome) for outcome in names}
                ended, calls = self.deliveries(state), self.value("delivery_seconds_count")
                self.send(id)
                wait_until(lambda: self.deliveries(state) == ended + 1, what=f"{id} to end")
                after = {outcome: before[outcome] + outcomes.get(outcome, 0) for outcome in names}
                wait_until(lambda: {each: self.attempts(each) for each in names} == after,
                           what=f"the attempts of {id}")
                self.assertEqual(self.value("delivery_seconds_count"),
                                 calls + sum(outcomes.values()))
                self.assertEqual((self.deliveries("pending"), self.deliveries("retrying")), (0, 0))
        status = self.service.get("/status")["deliveries"]
        for state in ("pending", "retrying", "dead", "done"):
            self.assertEqual(self.deliveries(state), status[state])

    def test_a_pause_is_shown_while_it_lasts(self):
        self.assertEqual(self.value("handler_paused"), 0)
        body = '{"handler":"crm","reason":"test"}'
        self.assertEqual(self.service.ask("/pauses", method="POST", body=body)[0], 200)
        self.assertEqual(self.value("handler_paused"), 1)
        done, waiting = self.deliveries("done"), self.deliveries("pending")
        self.send("paused-1")
        wait_until(lambda: self.deliveries("pending") == waiting + 1, what="the held delivery")
        self.service.ask("/pauses?handler=crm", method="DELETE")
        self.assertEqual(self.value("handler_paused"), 0)
        wait_until(lambda: self.deliveries("done") == done + 1, 15, "the delivery after the pause")

    def test_an_open_circuit_breaker_is_shown_until_the_target_answers(self):
        self.assertEqual(self.value("breaker_open"), 0)
        self.addCleanup(setattr, Handlers, "is_down", False)
        Handlers.is_down = True
        for number in range(8):
            self.send(f"down-{number}")
        wait_until(lambda: self.value("breaker_open") == 1, 15, "the open circuit breaker")
        wait_until(lambda: self.value("deliveries_overdue_seconds") > 0, what="a late delivery")
        Handlers.is_down = False
        wait_until(lambda: self.value("breaker_open") == 0, 40, "the closed circuit breaker")
        wait_until(lambda: self.deliveries("pending") + self.deliveries("retrying") == 0, 40,
                   "the waiting deliveries")
        self.assertEqual(self.value("deliveries_overdue_seconds"), 0)

    def test_what_is_sealed_in_quarantine_goes_up_and_down(self):
        def sealed():
            return samples(self.service)["couponhook_quarantine_sealed", frozenset()]

        before = sealed()
        other = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.post(other.notify(events.redeem(), "sealed-1"))
        self.assertEqual(sealed(), before + 1)
        body = '{"reason":"test"}'
        self.assertEqual(
            self.service.ask("/quarantine/sealed-1/discard", method="POST", body=body)[0], 200)
        self.assertEqual(sealed(), before)

    def test_deliveries_of_an_earlier_release_have_no_handler(self):
        # A store of an earlier release has only the totals by state.
        with Service(has_own_keys=False, starts=False) as service:
            add_http_handler(service, self.target.url, make_secret())
            service.start()
            with Client(service) as client:
                client.post(Platform.of(service).notify(events.redeem(), "good-old"))

            def done(handler):
                return samples(service).get(("couponhook_deliveries", frozenset(
                    {("handler", handler), ("state", "done")})), 0)

            wait_until(lambda: done("crm") == 1, what="the delivery")
            service.stop()
            with closing(sqlite3.connect(service.database)) as store, store:
                store.execute("DELETE FROM counters WHERE name LIKE 'deliveries:%:%'")
            service.start()
            self.assertEqual((done("crm"), done("")), (0, 1))


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
