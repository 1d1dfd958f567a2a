"""Checks that couponhook delivers stored notifications to the merchant's own system: once in normal
operation, at least once after any failure, in order for each coupon, and never lost. The tests play
the merchant's system, which fails when a test wants it; independent implementations of Standard
Webhooks check the signatures.
"""

import json
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from collections import defaultdict
from pathlib import Path

from support import events
from support.authority import Authority
from support.service import LONG, PATIENCE, Service, run, wait_until
from support.target import Target, add_http_handler, make_secret, server_tls, sign
from support.wechat_pay import Platform
from support.wire import Client

QUICK = {"retry_initial_ms": 20, "retry_max_ms": 100, "timeout_ms": 1000}


class DeliveryCase(unittest.TestCase):
    """Base class: each test gets its own couponhook service and its own merchant's system (target)
    that receives deliveries."""

    def begin(self, answer=lambda call: 204, starts=True, tls=None, **settings):
        self.secret = make_secret()
        self.target = self.enterContext(Target(answer, tls=tls))
        service = Service({"deliveries.lease_ms": 1000}, starts=False, has_own_keys=False)
        add_http_handler(service, self.target.url, self.secret, **{**QUICK, **settings})
        service.starts = starts
        self.service = self.enterContext(service)
        self.platform = Platform.of(self.service)
        if starts:
            self.client = self.enterContext(Client(self.service))

    def send(self, id, event=None, status=204):
        reply = self.client.post(self.platform.notify(event or events.redeem(), id))
        self.assertEqual(reply.status, status, reply)

    def deliveries(self):
        return self.service.get("/status")["deliveries"]

    def delivery(self, id):
        return self.service.get(f"/notifications/{id}")["deliveries"][0]

    def error_of_dead(self, id):
        """Waits until couponhook has given up a delivery (state "dead", a dead letter). Returns the
        last error of the delivery."""
        wait_until(lambda: self.delivery(id)["state"] == "dead", what="the dead letter")
        return self.delivery(id)["last_error"]

    def wait_until_done(self, count, seconds=10.0):
        wait_until(lambda: self.deliveries()["done"] == count, seconds, f"{count} deliveries done")


class WhatIsSent(DeliveryCase):
    def test_the_request_is_the_documented_one(self):
        self.begin()
        event = events.redeem()
        self.send("sent-1", event)
        self.target.wait_for(["sent-1"])
        call = self.target.calls[0]
        self.assertEqual(call.path, "/hook")
        self.assertEqual(call.headers["content-type"], "application/json")
        self.assertEqual(set(call.json), {"type", "timestamp", "data"})
        self.assertEqual(call.json["type"], "coupon.redeemed")
        self.assertEqual(set(call.json["data"]), {"notification_id", "mchid", "event_type",
                                                  "create_time", "source", "resource"})
        self.assertEqual(call.json["data"]["notification_id"], "sent-1")
        self.assertEqual(call.json["data"]["resource"], event.resource)
        self.assertLess(abs(int(call.headers["webhook-timestamp"]) - time.time()), 60)
        self.wait_until_done(1)

    def test_every_secret_signs_while_one_is_replaced(self):
        other = make_secret()
        self.begin(starts=False)
        self.service.write("secrets/crm", f"{self.secret}\n{other}")
        self.service.start()
        with Client(self.service) as client:
            client.post(self.platform.notify(events.issue(), "sent-2"))
        self.target.wait_for(["sent-2"])
        call = self.target.calls[0]
        timestamp = call.headers["webhook-timestamp"]
        self.assertEqual(call.headers["webhook-signature"].split(" "),
                         [sign(self.secret, call.id, timestamp, call.body),
                          sign(other, call.id, timestamp, call.body)])

    def test_changed_secrets_are_read_again(self):
        self.begin()
        other = make_secret()
        self.service.write("secrets/crm", other)
        self.service.wait_for_log(event="reloaded", seconds=10)
        self.send("sent-renewed")
        self.target.wait_for(["sent-renewed"])
        call = self.target.calls[0]
        self.assertEqual(call.headers["webhook-signature"],
                         sign(other, call.id, call.headers["webhook-timestamp"], call.body))

    def test_the_secret_of_another_url_waits_for_it(self):
        self.begin()
        self.service.write("secrets/elsewhere", make_secret())
        config = self.service.config.read_text()
        self.service.config.write_text(
            config.replace(self.target.url, "http://127.0.0.1:9/elsewhere")
            .replace("secrets/crm", "secrets/elsewhere"))
        self.service.wait_for_log(event="reloaded", seconds=10)
        self.send("sent-before-the-move")
        self.target.wait_for(["sent-before-the-move"])
        call = self.target.calls[0]
        self.assertEqual(call.headers["webhook-signature"],
                         sign(self.secret, call.id, call.headers["webhook-timestamp"], call.body))

    def test_the_npm_library_accepts_the_signature(self):
        if shutil.which("npm") is None or shutil.which("node") is None:
            self.skipTest("npm and node are not installed")
        self.begin()
        self.send("sent-3")
        self.target.wait_for(["sent-3"])
        call = self.target.calls[0]
        modules = self.service.root / "npm"
        modules.mkdir()
        installed = subprocess.run(
            ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
             "--prefix", modules, "standardwebhooks@1"], capture_output=True, timeout=120,
            check=False)
        if installed.returncode != 0:
            self.skipTest("the npm registry cannot be reached")
        script = """
            const { Webhook } = require("standardwebhooks");
            const { secret, body, headers } = JSON.parse(require("fs").readFileSync(0));
            const webhook = new Webhook(secret);
            webhook.verify(body, headers);
            try { webhook.verify(body + " ", headers); } catch { process.exit(0); }
            process.exit(3);
        """
        verified = subprocess.run(
            ["node", "-e", script], cwd=modules, capture_output=True, text=True, check=False,
            input=json.dumps({"secret": self.secret, "body": call.body.decode(),
                              "headers": call.headers}), timeout=60)
        self.assertEqual(verified.returncode, 0, verified.stderr)

    def test_a_redirect_is_not_followed(self):
        elsewhere = self.enterContext(Target())
        self.begin(lambda call: (307, {"Location": elsewhere.url}), max_attempts=2)
        self.send("sent-4")
        wait_until(lambda: self.deliveries()["dead"] == 1, what="the delivery to be dead")
        self.assertEqual(elsewhere.calls, [])


    def test_one_connection_carries_one_event_after_the_other(self):
        self.begin(concurrency=1)
        for number in range(20):
            self.send(f"reused-{number}")
        self.wait_until_done(20)
        self.assertEqual(len({call.client_port for call in self.target.calls}), 1)

    def test_a_delivery_in_flight_is_not_skipped(self):
        over = threading.Event()
        self.begin(lambda call: over.wait(20) and 204, timeout_ms=20000)
        self.send("running-1")
        self.target.wait_for(["running-1"])
        delivery = self.delivery("running-1")["id"]
        skipped = run("skip", delivery, "--reason", "too slow", "--config",
                      self.service.config_for_commands())
        self.assertEqual(skipped.returncode, 1)
        self.assertIn("this delivery is in progress", skipped.stderr)
        over.set()
        self.wait_until_done(1)


class OverTls(DeliveryCase):
    def setUp(self):
        self.authority = Authority()
        self.ca_file = Path(self.enterContext(tempfile.TemporaryDirectory())) / "ca.crt"
        self.ca_file.write_text(self.authority.pem)

    def test_a_target_of_the_configured_ca_is_called(self):
        self.begin(tls=server_tls(self.authority, "localhost"), ca_file=str(self.ca_file))
        self.send("tls-own")
        self.target.wait_for(["tls-own"])
        self.wait_until_done(1)

    def test_a_target_with_an_untrusted_certificate_is_not_called(self):
        self.begin(tls=server_tls(self.authority, "localhost"), max_attempts=1)
        self.send("tls-unknown")
        self.assertIn("certificate: unable to get local issuer", self.error_of_dead("tls-unknown"))
        self.assertEqual(self.target.calls, [])

    def test_a_certificate_of_another_host_is_not_enough(self):
        self.begin(tls=server_tls(self.authority, "elsewhere.test"), ca_file=str(self.ca_file),
                   max_attempts=1)
        self.send("tls-other")
        self.assertIn("certificate: hostname mismatch", self.error_of_dead("tls-other"))
        self.assertEqual(self.target.calls, [])


class WhenTheTargetFails(DeliveryCase):
    def test_down_then_up_everything_arrives_in_the_order_of_each_coupon(self):
        self.begin()
        self.target.stop()
        count = 2000 if LONG else 120
        coupons = [events.digits("8", 18) for _ in range(10)]
        for i in range(count):
            self.send(f"down-{i}", events.redeem(coupon=coupons[i % 10]))
        time.sleep(0.5)
        self.target.start()
        self.wait_until_done(count, 60 if LONG else 20)
        self.assertEqual(set(self.target.ids().values()), {1}, "none twice")
        order = defaultdict(list)
        for call in self.target.calls:
            order[call.coupon].append(int(call.id.split("-")[1]))
        self.assertEqual(sum(map(len, order.values())), count, "none lost")
        for numbers in order.values():
            self.assertEqual(numbers, sorted(numbers), "in order for each coupon")

    def test_it_fails_k_times_and_then_succeeds_for_every_k(self):
        most = 25 if LONG else 6
        self.begin(lambda call: 500 if len(self.target.calls_for(call.id)) <= int(call.id[2:])
                   else 204, max_attempts=most + 1, concurrency=most + 1)
        for k in range(most + 1):
            self.send(f"k-{k}")
        self.wait_until_done(most + 1, 60)
        self.assertEqual(self.target.ids(), {f"k-{k}": k + 1 for k in range(most + 1)})
        self.assertEqual(self.deliveries()["dead"], 0)

    def test_at_the_last_attempt_there_is_one_dead_letter_with_its_reason(self):
        self.begin(lambda call: 500, max_attempts=3)
        self.send("dead-1")
        wait_until(lambda: self.deliveries()["dead"] == 1, what="the dead letter")
        self.assertEqual(self.target.ids()["dead-1"], 3)
        delivery = self.service.get("/notifications/dead-1")["deliveries"][0]
        self.assertEqual((delivery["state"], delivery["attempts"]), ("dead", 3))
        self.assertIn("HTTP 500", delivery["last_error"])

    def test_a_dead_letter_is_delivered_after_a_manual_retry(self):
        healed = []
        self.begin(lambda call: 204 if healed else 500, max_attempts=2)
        self.send("back-1")
        wait_until(lambda: self.deliveries()["dead"] == 1, what="the dead letter")
        healed.append(True)
        config = self.service.config_for_commands()
        counted = run("retry", "--handler", "crm", "--state", "dead", "--dry-run", "--config", config)
        self.assertEqual(counted.returncode, 0, counted.stderr)
        self.assertEqual(self.deliveries()["dead"], 1, "a dry run changes nothing")
        put_back = run("retry", "--handler", "crm", "--state", "dead", "--config", config)
        self.assertEqual(put_back.returncode, 0, put_back.stderr)
        self.wait_until_done(1)
        self.assertEqual(self.deliveries()["dead"], 0)
        self.assertEqual(self.target.ids(), {"back-1": 3}, "two attempts and the one by hand")

    def test_status_410_is_dead_at_once(self):
        self.begin(lambda call: 410)
        self.send("gone-1")
        wait_until(lambda: self.deliveries()["dead"] == 1, what="the dead letter")
        self.assertEqual(self.target.ids()["gone-1"], 1)

    def test_it_waits_as_long_as_retry_after_says(self):
        times = []

        def answer(call):
            times.append(time.monotonic())
            return (503, {"Retry-After": "2"}) if len(times) == 1 else 204

        self.begin(answer, retry_max_ms=5000)
        self.send("later-1")
        self.wait_until_done(1)
        self.assertGreater(times[1] - times[0], 1.9)

    def test_a_target_that_hangs_is_given_up_in_time(self):
        self.begin(lambda call: time.sleep(1.0) or 204, timeout_ms=150, max_attempts=2)
        self.send("slow-1")
        wait_until(lambda: self.deliveries()["dead"] == 1, 10, "the dead letter")
        self.assertIn("took too long",
                      self.service.get("/notifications/slow-1")["deliveries"][0]["last_error"])

    def test_a_private_address_is_not_called_where_none_is_allowed(self):
        self.begin(allow_private_addresses=False, max_attempts=1)
        self.send("private-1")
        self.assertIn("allow_private_addresses", self.error_of_dead("private-1"))
        self.assertEqual(self.target.calls, [])

    def test_a_metadata_address_is_not_called(self):
        self.secret = make_secret()
        service = Service(starts=False, has_own_keys=False)
        add_http_handler(service, "http://169.254.169.254/latest/", self.secret, max_attempts=1)
        service.starts = True
        self.service = self.enterContext(service)
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))
        self.send("metadata-1")
        self.assertIn("allow_metadata_addresses", self.error_of_dead("metadata-1"))


class Killed(DeliveryCase):
    def test_killed_at_any_moment_it_delivers_all_with_one_repeat_at_most(self):
        kills = 100 if LONG else 2
        pauses = {"before": 0.0, "during": 0.03, "after": 0.0}
        for moment, pause in pauses.items():
            with self.subTest(moment=moment):
                self.kill_many(moment, pause, kills)

    def kill_many(self, moment, pause, kills):
        self.begin(lambda call: time.sleep(pause) or 204)
        taken_over = []
        for kill in range(kills):
            id = f"{moment}-{kill}"
            self.send(id)
            if moment != "before":
                self.target.wait_for([id])
            if moment == "after":
                time.sleep(0.002 * (kill % 10))
            self.service.kill()
            self.client.close()
            self.service.start()
            restarted = time.monotonic()
            self.wait_until_done(kill + 1, 40)
            taken_over.append(time.monotonic() - restarted)
            self.assertIn(self.target.ids()[id], (1, 2), "at most one repeat for a kill")
        print(f"{kills} kills {moment} the call: done at most {max(taken_over):.1f} s after the "
              f"restart, {sum(n - 1 for n in self.target.ids().values())} repeats")
        self.assertLess(max(taken_over), 30 * PATIENCE)


class AckHandled(DeliveryCase):
    def test_every_copy_gets_500_until_the_target_recovers(self):
        healed = []
        self.begin(lambda call: 204 if healed else 500, ack="handled", retry_initial_ms=50)
        event = events.redeem()
        for _ in range(5):
            reply = self.client.post(self.platform.notify(event, "handled-1"))
            self.assertEqual((reply.status, reply.code), (500, "HANDLER_FAILED"))
        healed.append(True)
        # couponhook may repeat the delivery by itself before this copy of the notification arrives.
        # Whether it does so or not, the copy gets the reply 204.
        self.send("handled-1", event)
        self.wait_until_done(1)
        calls = self.target.ids()["handled-1"]
        self.send("handled-1", event)
        self.assertEqual(self.target.ids()["handled-1"], calls, "a duplicate is not handled again")
        self.assertEqual(max(self.target.most_at_once.values()), 1, "never two calls at once")

    def test_a_paused_handler_is_not_called_and_every_copy_gets_500_at_once(self):
        self.begin(ack="handled")
        config = self.service.config_for_commands()
        self.assertEqual(run("pause", "--handler", "crm", "--config", config).returncode, 0)
        event = events.redeem()
        begun = time.monotonic()
        for _ in range(3):
            reply = self.client.post(self.platform.notify(event, "paused-1"))
            self.assertEqual((reply.status, reply.code), (500, "HANDLER_FAILED"))
        self.assertLess(time.monotonic() - begun, 2 * PATIENCE, "none waits for its whole budget")
        self.assertEqual(self.target.calls, [])
        self.assertEqual(run("resume", "--handler", "crm", "--config", config).returncode, 0)
        self.wait_until_done(1)
        self.send("paused-1", event)
        self.assertEqual(self.target.ids(), {"paused-1": 1})

    def test_copies_that_come_meanwhile_wait_for_the_same_call(self):
        self.begin(lambda call: time.sleep(0.5) or 204, ack="handled")
        event = events.redeem()
        replies = list(self.copies("meanwhile-1", event, 6))
        self.assertEqual({reply.status for reply in replies}, {204})
        self.assertEqual(self.target.ids()["meanwhile-1"], 1)

    def test_out_of_budget_the_first_gets_500_and_a_copy_503(self):
        self.begin(lambda call: time.sleep(1.5) or 204, starts=False, ack="handled",
                   timeout_ms=3000)
        self.service.configure("listener.reply_budget_ms", 400)
        self.service.start()
        replies = list(self.copies("budget-1", events.redeem(), 3))
        codes = sorted((reply.status, reply.code) for reply in replies)
        self.assertEqual(codes, [(500, "HANDLER_FAILED"), (503, "IN_PROGRESS"),
                                 (503, "IN_PROGRESS")])
        self.wait_until_done(1)
        self.assertEqual(self.target.ids()["budget-1"], 1)

    def copies(self, id, event, count):
        from concurrent.futures import ThreadPoolExecutor
        requests = [self.platform.notify(event, id) for _ in range(count)]

        def post(request):
            with Client(self.service) as client:
                return client.post(request)

        with ThreadPoolExecutor(count) as pool:
            yield from pool.map(post, requests)


if __name__ == "__main__":
    unittest.main()
