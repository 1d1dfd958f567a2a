"""Checks that operators can list, retry, skip and pause deliveries, and can decrypt notifications
in quarantine again. Nothing listens at the address of the handler, and the handler is paused, so
deliveries stay in the queue until a test changes them.
"""

import json
import signal
import unittest

from support import events
from support.case import ServiceTestCase
from support.service import run, wait_until
from support.wechat_pay import Platform

HANDLER = """
[[handler]]
name = "crm"
type = "http"
url = "http://127.0.0.1:9/hook"
secret_file = "secrets/crm_secret"
events = ["COUPON.*"]
"""


class OperatingTestCase(ServiceTestCase):
    @classmethod
    def prepare(cls, service):
        service.write("secrets/crm_secret", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
        service.append(HANDLER)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.send_order("POST", "/pauses", {"handler": "crm", "reason": "tests"})

    @classmethod
    def send_order(cls, method, target, body=None):
        """Sends a request to couponhook's admin API, such as a pause or a retry. Returns the status
        and the JSON body of the reply."""
        return cls.service.ask(target, method=method, body=json.dumps(body) if body else None)

    def command(self, *arguments):
        return run(*arguments, "--config", self.service.config_for_commands())

    def keep(self, id, event=None):
        """Sends a notification, which couponhook stores. Returns the delivery of this notification
        to the handler."""
        self.assert_stored(self.post(self.platform.notify(event or events.redeem(), id=id)))
        return self.delivery(id)

    def delivery(self, id):
        return self.service.get(f"/notifications/{id}")["deliveries"][0]

    def counts(self):
        return self.service.get("/status")["deliveries"]


class Deliveries(OperatingTestCase):
    def test_are_listed_by_handler_state_and_type(self):
        self.keep("listed-use")
        self.keep("listed-send", events.issue())
        listed = self.service.get("/deliveries?handler=crm&state=pending&type=COUPON.SEND")["items"]
        self.assertIn("listed-send", [item["notification_id"] for item in listed])
        self.assertNotIn("listed-use", [item["notification_id"] for item in listed])
        self.assertEqual(self.service.get("/deliveries?handler=nobody")["items"], [])
        answer = self.command("deliveries", "--type", "COUPON.SEND", "--json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("listed-send", answer.stdout)
        self.assertIn("listed-send", self.command("deliveries", "--handler", "crm").stdout)
        item, = [each for each in json.loads(answer.stdout)["items"]
                 if each["notification_id"] == "listed-send"]
        shown = json.loads(self.command("deliveries", item["id"], "--json").stdout)
        self.assertEqual(shown.keys(), item.keys())
        self.assertEqual(shown["id"], item["id"])
        self.assertRegex(self.command("deliveries", item["id"]).stdout,
                         r"notification_id +listed-send\n")
        for unknown in ("999999", "-1", "one"):
            self.assertEqual(self.service.exchange(f"/deliveries/{unknown}")[0], 404)

    def test_are_listed_and_retried_by_merchant(self):
        self.keep("of-a-merchant")
        mine, other = ("--mchid", "1900000001"), ("--mchid", "1999999999")
        self.assertIn("of-a-merchant", self.command("deliveries", *mine).stdout)
        self.assertNotIn("of-a-merchant", self.command("deliveries", *other).stdout)
        self.assertEqual(self.command("retry", *other, "--state", "pending", "--dry-run").stdout,
                         "0 would be retried\n")
        self.assertNotEqual(self.command("retry", *mine, "--state", "pending", "--dry-run").stdout,
                            "0 would be retried\n")

    def test_are_paged_through(self):
        for i in range(3):
            self.keep(f"paged-{i}")
        first = self.service.get("/deliveries?limit=1")
        second = self.service.get(f"/deliveries?limit=1&cursor={first['next_cursor']}")
        self.assertNotEqual(first["items"][0]["id"], second["items"][0]["id"])

    def test_are_refused_an_invalid_filter(self):
        for filter in ("state=lost", "since=yesterday", "limit=0"):
            self.assertEqual(self.service.ask(f"/deliveries?{filter}")[0], 400, filter)

    def test_are_skipped_with_a_reason_and_retried(self):
        delivery = self.keep("skipped")
        before = self.counts()
        answer = self.command("skip", delivery["id"], "--reason", "sent by hand")
        self.assertEqual((answer.returncode, answer.stdout),
                         (0, f"delivery {delivery['id']}: skipped\n"), answer.stderr)
        self.assertEqual(self.delivery("skipped")["state"], "skipped")
        self.assertEqual(self.delivery("skipped")["history"][-1]["error"], "sent by hand")
        self.assertEqual(self.service.get("/notifications/skipped")["state"], "done")
        after = self.counts()
        self.assertEqual(after["skipped"] - before["skipped"], 1)
        self.assertEqual(before["pending"] - after["pending"], 1)
        again = self.command("skip", delivery["id"], "--reason", "twice")
        self.assertEqual(again.returncode, 1)
        self.assertIn("already done or skipped", again.stderr)
        self.assertEqual(self.command("retry", delivery["id"]).returncode, 0)
        self.assertEqual(self.delivery("skipped")["state"], "pending")
        self.assertEqual(self.service.get("/notifications/skipped")["state"], "received")

    def test_are_skipped_for_a_reason_only(self):
        delivery = self.keep("without-reason")
        status, _ = self.send_order("POST", f"/deliveries/{delivery['id']}/skip", {"reason": ""})
        self.assertEqual(status, 400)
        self.assertEqual(self.delivery("without-reason")["state"], "pending")

    def test_are_retried_by_filter_after_a_dry_run(self):
        ids = [self.keep(f"filtered-{i}")["id"] for i in range(3)]
        for id in ids:
            self.send_order("POST", f"/deliveries/{id}/skip", {"reason": "filtered away"})
        chosen = ("retry", "--state", "skipped", "--error", "filtered away")
        dry = self.command(*chosen, "--dry-run")
        self.assertEqual((dry.returncode, dry.stdout), (0, "3 would be retried\n"), dry.stderr)
        self.assertEqual(self.delivery("filtered-0")["state"], "skipped")
        wet = self.command(*chosen)
        self.assertEqual((wet.returncode, wet.stdout), (0, "3 retried of 3\n"), wet.stderr)
        self.assertEqual(self.delivery("filtered-0")["state"], "pending")
        self.assertEqual(self.command(*chosen).stdout, "0 retried of 0\n")

    def test_are_not_all_retried_by_mistake(self):
        answer = self.command("retry")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("--dry-run", answer.stderr)

    def test_are_not_retried_if_there_are_none(self):
        answer = self.command("retry", "987654321")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("no delivery with this id", answer.stderr)

    def test_are_not_retried_by_a_misspelt_filter(self):
        status, body = self.send_order("POST", "/deliveries/retry", {"handlers": "crm"})
        self.assertEqual((status, body["code"]), (400, "PARAM_ERROR"))

    def test_report_the_progress_of_a_retry(self):
        status, job = self.send_order("POST", "/deliveries/retry", {"dry_run": True})
        self.assertIn(status, (200, 202))
        seen = wait_until(lambda: (now := self.service.get(f"/deliveries/retry/{job['id']}"))
                          ["state"] == "done" and now, what="the retry's end")
        self.assertEqual(seen["retried"], 0)
        self.assertEqual(self.send_order("DELETE", "/deliveries/retry/4711")[0], 404)

    def test_need_the_token_to_be_changed(self):
        for method, target in (("POST", "/deliveries/retry"), ("DELETE", "/pauses?handler=crm"),
                               ("POST", "/pauses"), ("POST", "/quarantine/1/open")):
            self.assertEqual(self.service.ask(target, token="wrong", method=method)[0], 401)


class Pauses(OperatingTestCase):
    def test_hold_back_and_let_go_by_command(self):
        paused = self.command("pause", "--events", "REFUND.*", "--reason", "crm moves")
        self.assertEqual((paused.returncode, paused.stdout), (0, "events REFUND.*: paused\n"))
        seen = self.command("pause").stdout
        self.assertIn("REFUND.*", seen)
        self.assertIn("crm moves", seen)
        listed = json.loads(self.command("pause", "--json").stdout)["items"]
        self.assertIn(("REFUND.*", "crm moves"),
                      [(pause["events"], pause["reason"]) for pause in listed])
        resumed = self.command("resume", "--events", "REFUND.*")
        self.assertEqual((resumed.returncode, resumed.stdout), (0, "events REFUND.*: resumed\n"))
        self.assertEqual(self.command("resume", "--events", "REFUND.*").returncode, 1)

    def test_survive_a_restart(self):
        self.client.close()
        self.service.stop()
        self.service.start()
        items = self.service.get("/pauses")["items"]
        self.assertEqual([item["handler"] for item in items], ["crm"])

    def test_are_refused_for_what_is_no_pattern(self):
        status, body = self.send_order("POST", "/pauses", {"events": "*.USE"})
        self.assertEqual(status, 400)
        self.assertIn("events", body["message"])


class Quarantine(OperatingTestCase):
    def test_opens_with_the_right_key_and_is_processed_as_usual(self):
        renewed = Platform(self.platform.key, self.platform.serial, b"n" * 32)
        event = events.redeem()
        self.assert_refused(self.post(renewed.notify(event, id="sealed")), 500, "DECRYPT_FAILED")
        listed = self.command("quarantine", "list")
        self.assertIn("sealed", listed.stdout)
        still = self.command("quarantine", "open", "--all")
        self.assertEqual((still.returncode, still.stdout), (1, "0 opened of 1\n"))
        self.assertEqual(self.service.get("/notifications/sealed")["state"], "quarantined")

        self.service.write("secrets/next_key", renewed.api_v3_key.decode())
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/next_key"])
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(event="reloaded")
        opened = self.command("quarantine", "open", "--all")
        self.assertEqual((opened.returncode, opened.stdout), (0, "1 opened of 1\n"), opened.stderr)

        kept = self.service.get("/notifications/sealed")
        self.assertEqual((kept["state"], kept["resource"]), ("received", event.resource))
        self.assertEqual(kept["deliveries"][0]["handler"], "crm")
        stock, coupon = event.resource["stock_id"], event.resource["coupon_id"]
        self.assertEqual(self.service.get(f"/coupons/{stock}/{coupon}")["state"], "redeemed")
        self.assertEqual(self.service.get("/quarantine")["items"], [])
        self.assert_stored(self.post(renewed.notify(event, id="sealed")))
        self.assertEqual(self.service.get("/notifications/sealed")["times_seen"], 2)

    def test_has_no_body_that_was_stored_meanwhile(self):
        answer = self.command("quarantine", "open", "4711")
        self.assertEqual(answer.returncode, 1)
        self.assertIn("no body in quarantine", answer.stderr)


if __name__ == "__main__":
    unittest.main()
