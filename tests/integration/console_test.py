"""Checks that the operators' console shows the content of the store, that each action works, and that
nothing is shown without a token. A real browser opens the page, types, clicks and reads; the
notifications contain text that tries to inject HTML and scripts.
"""

import hashlib
import signal
import subprocess
import unittest

from support import events
from support.console import ConsoleCase
from support.service import wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform

MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
OPENID = "oNobodysOpenId_0123456789abc"


class Access(ConsoleCase):
    def setUp(self):
        super().setUp()
        self.load("")
        self.browser.evaluate("sessionStorage.clear()")
        self.load("")

    def change_token(self, token):
        self.service.write("secrets/admin_token", token)
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.ask("/status", token)[0] == 200, what="the new token")

    def enter(self, token):
        self.browser.type("#token", token)
        self.browser.click("#enter")

    def test_without_the_token_it_shows_nothing(self):
        self.assertTrue(self.browser.is_shown("#access"))
        self.assertFalse(self.browser.is_shown("#main"))

    def test_the_token_opens_it_and_is_part_of_no_address(self):
        self.enter(self.service.token())
        self.wait_for("ready", "#readiness")
        self.assertTrue(self.browser.is_shown("#main"))
        seen = self.browser.evaluate("performance.getEntriesByType('resource').map((e) => e.name)"
                                     ".concat(location.href)")
        self.assertFalse([url for url in seen if self.service.token() in url])
        self.assertFalse([url for url in seen if not url.startswith(self.base)], "foreign requests")

    def test_a_wrong_token_is_refused_with_a_message(self):
        for token in ("wrong", "“pasted”"):
            with self.subTest(token):
                self.load("")
                self.enter(token)
                self.wait_for("admin.token_file", "#refusal")
                self.assertFalse(self.browser.is_shown("#main"))

    def test_a_removed_token_leaves_no_data_behind(self):
        self.send(events.redeem(), "forgotten-1")
        self.show("#/notifications/forgotten-1", "COUPON.USE")
        self.browser.click("#forget")
        self.assertFalse(self.browser.is_shown("#main"))
        self.assertNotIn("COUPON.USE", self.browser.evaluate("document.body.innerHTML"))
        self.assertIsNone(self.browser.evaluate("sessionStorage.getItem('couponhook.token')"))

    def test_a_token_that_is_replaced_closes_what_it_opened(self):
        self.send(events.issue(openid=OPENID), "replaced-1")
        self.show("#/notifications/replaced-1", "COUPON.SEND")
        self.addCleanup(self.change_token, self.service.token())
        self.change_token("another-token-of-forty-three-characters-abcd")
        self.wait_until(lambda: self.browser.is_shown("#access"), "the token is asked for again")
        self.assertNotIn("COUPON.SEND", self.browser.evaluate("document.body.innerHTML"))

    def head(self, path, *options):
        return subprocess.run(["curl", "--silent", "--max-time", "10", "--include", *options,
                               self.base + path], capture_output=True, check=True).stdout.decode()

    def test_its_files_hold_no_data_and_only_they_may_run(self):
        self.send(events.redeem(), "in-no-file")
        self.show("", "Problems")
        files = self.browser.evaluate("performance.getEntriesByType('resource').map((e) => e.name)"
                                      ".filter((name) => name.includes('/console/'))")
        self.assertGreater(len(files), 10)
        for file in ["", *(name.removeprefix(self.base) for name in files)]:
            with self.subTest(file):
                reply = self.head(file)
                self.assertTrue(reply.startswith("HTTP/1.1 200"), reply[:80])
                self.assertFalse("in-no-file" in reply)
                kind = {"js": "text/javascript", "css": "text/css"}.get(file.rsplit(".")[-1], "text/html")
                head = reply.split("\r\n\r\n", 1)[0]
                self.assertIn(f"Content-Type: {kind}; charset=utf-8", head)
                self.assertIn("Content-Security-Policy: default-src 'none'; script-src 'self';", head)
                self.assertIn("Cache-Control: no-cache", head)
                tag = head.split("ETag: ")[1].split("\r\n")[0]
                again = self.head(file, "--header", f"If-None-Match: {tag}")
                self.assertTrue(again.startswith("HTTP/1.1 304"), again[:80])
                self.assertEqual(again.split("\r\n\r\n", 1)[1], "")


class Shown(ConsoleCase):
    """Views of notifications, coupons and figures."""

    def test_figures_equal_the_status_endpoint_and_change_by_themselves(self):
        self.post(self.platform.notify(events.redeem()).without("Wechatpay-Nonce"))
        self.send(events.redeem(), "counted-1")
        self.show("#/overview", "Problems")
        self.wait_until(lambda: self.figure("stored", "#received") == str(self.service.counts()["stored"]), "the count")
        self.wait_for("HEADERS_MISSING", "#received")
        self.assertEqual(self.figure("engine", "#store"), "sqlite")
        self.assertIn(self.platform.serial, self.shown("#keys"))
        self.assertEqual(self.shown("#readiness"), "ready")
        before = self.service.counts()["stored"]
        self.send(events.redeem(), "counted-2")
        self.wait_until(lambda: self.figure("stored", "#received") == str(before + 1), "the new one")

    def test_a_notification_shows_markup_as_text_and_identifiers_unrounded(self):
        event = events.redeem()
        event.resource.update({"coupon_name": MARKUP, "odd_number": 12345678901234567890})
        self.send(event, "details-1")
        self.show("#/notifications/details-1", "12345678901234567890")
        self.assertIn("<img src=x onerror=", self.shown("#main pre"))
        self.assertEqual(self.browser.evaluate("document.title"), "Notification · couponhook")
        self.assertEqual(self.browser.find_all("img"), [])

    def test_an_openid_is_hidden_until_somebody_asks_for_it(self):
        self.send(events.issue(openid=OPENID), "person-1")
        self.show("#/notifications/person-1", "COUPON.SEND")
        self.wait_for("openid", "#main pre")
        self.assertNotIn(OPENID, self.browser.evaluate("document.documentElement.innerHTML"))
        self.click("#main pre + .buttons button")
        self.wait_for(OPENID, "#main pre")

    def test_search_finds_notifications_and_coupons(self):
        event = events.redeem()
        self.send(event, "search-1")
        self.show("#/overview", "Problems")
        self.browser.type(".brand", "/")  # the key that focuses the search
        self.assertEqual(self.browser.evaluate("document.activeElement.id"), "quick-input")
        self.browser.type("#quick-input", "search-1\n")
        self.wait_for("search-1", "#found")
        self.assertTrue(self.browser.evaluate("location.hash").startswith("#/search?q=search-1"))
        stock, coupon = event.resource["stock_id"], event.resource["coupon_id"]
        self.show(f"#/search?q={stock}/{coupon}", "redeemed", "#found")
        self.show("#/search?q=nothing-has-this-id", "Nothing has this id", "#found")

    def test_an_openid_is_hashed_in_the_browser(self):
        hashed = "openid:" + hashlib.sha256(OPENID.encode()).hexdigest()
        self.show("#/search", "openid")
        self.browser.type("#q", OPENID + "\n")
        self.wait_until(lambda: hashed.split(":")[1] in self.browser.evaluate("location.hash"), "the hash")
        seen = self.browser.evaluate(
            "performance.getEntriesByType('resource').map((e) => e.name)"
            ".concat(location.href, document.documentElement.innerHTML).join(' ')")
        self.assertNotIn(OPENID, seen)
        self.assertEqual(self.browser.evaluate("document.getElementById('q')?.value ?? ''"), hashed)

    def test_its_own_sha_256_agrees_with_known_answers(self):
        self.show("#/search", "openid")
        texts = ["", "abc", "a" * 55, "a" * 56, "a" * 64, "é" * 500]
        wanted = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        for function in ("sha256OfOurOwn", "sha256"):
            got = self.browser.evaluate_later(
                f"import('{self.base}console/sha256.js')"
                f".then((m) => Promise.all({texts!r}.map((text) => m.{function}(text))))")
            self.assertEqual(got, wanted)

    def test_the_ledger_of_a_coupon(self):
        event = events.redeem()
        self.send(event, "ledger-1")
        self.show("#/coupons", "Coupon")
        self.wait_until(lambda: self.browser.evaluate("!!document.querySelector('[name=stock]')"),
                        "the form")
        self.browser.type("[name=stock]", event.resource["stock_id"])
        self.browser.type("[name=coupon]", event.resource["coupon_id"])
        self.click(".filter button")
        self.wait_for("ledger-1")
        self.assertEqual(self.figure("State"), "redeemed")

    def test_every_view_opens_without_complaints_of_the_browser(self):
        self.browser.complaints()
        for route in ("overview", "search", "deliveries", "quarantine", "coupons", "activity", "configuration"):
            self.show(f"#/{route}", "")
            self.wait_until(lambda: self.shown("#main h1"), route)
            self.wait_for("ready", "#readiness")
            self.assertEqual(self.shown("#main .trouble"), "", route)
        self.assertEqual(self.complaints(), [])


    def test_the_configuration_shows_values_and_no_secret(self):
        self.show("#/configuration", "max_connections")
        answer = self.service.get("/configuration")
        self.assertEqual(answer["problems"], [])
        self.assertEqual(answer["configuration"]["listener"]["max_connections"], 10000)
        key = self.service.read("secrets/api_v3_key").strip()
        for text in (self.shown(), str(answer)):
            self.assertNotIn(key, text)
            self.assertNotIn(self.service.token(), text)


class Actions(ConsoleCase):
    """Actions on deliveries: the target answers `status` to each of them."""

    @classmethod
    def prepare(cls, service):
        cls.status = 410
        cls.target = cls.enterClassContext(Target(lambda call: cls.status))
        add_http_handler(service, cls.target.url, make_secret())

    def setUp(self):
        super().setUp()
        type(self).status = 410

    def dead(self, *ids):
        for id in ids:
            self.send(events.redeem(), id)
            wait_until(lambda: self.delivery(id)["state"] == "dead", what=f"{id} is dead")

    def delivery(self, id):
        found = self.service.get(f"/notifications/{id}")["deliveries"]
        return found[0] if found else {"state": ""}

    def button(self, text, id):
        return f"button[aria-label='{text} {self.delivery(id)['id']}']"

    def test_from_a_problem_to_the_retry_of_all_its_deliveries(self):
        self.dead("group-1", "group-2", "group-3")
        self.show("#/overview", "given up", "#problems")
        problems = [each for each in self.browser.texts(".problem") if "given up" in each]
        self.assertEqual(len(problems), 1, "one problem for one cause")
        self.assertIn("HTTP 410", problems[0])
        self.assertIn("What to do: The target answered 410", problems[0])
        self.click(".problem .action")
        self.wait_for("group-3")
        self.assertIn("state=dead", self.browser.evaluate("location.hash"))
        planned = self.service.get("/status")["deliveries"]["dead"]
        self.click("#retry-all")
        self.wait_for(f"{planned} deliveries will be retried", "dialog")
        self.assertEqual(self.delivery("group-1")["state"], "dead", "nothing has happened yet")
        self.dead("after-the-plan")
        type(self).status = 204
        self.confirm()
        self.wait_for("Finished", "dialog")
        self.wait_for(f"{planned} retried", "dialog")
        wait_until(lambda: self.delivery("group-1")["state"] == "done", what="the retry")
        self.assertEqual(self.delivery("after-the-plan")["state"], "dead", "nobody saw it in the plan")

    def test_retry_and_skip_of_one(self):
        self.dead("one-1", "one-2")
        self.show("#/deliveries?state=dead", "one-2")
        self.assertIn("HTTP 410", self.shown())
        type(self).status = 204
        self.click(self.button("Retry", "one-1"))
        self.confirm()
        wait_until(lambda: self.delivery("one-1")["state"] == "done", what="the retry")
        self.wait_for("Retry: retried", "#said")
        self.click(self.button("Skip", "one-2"))
        self.wait_for("cannot be undone", "dialog")
        self.confirm(reason="refunded by hand")
        wait_until(lambda: self.delivery("one-2")["state"] == "skipped", what="the skip")
        self.show("#/notifications/one-2", "refunded by hand")
        self.show("#/notifications/one-1", "Attempts")
        self.assertIn("HTTP 410", self.shown())

    def test_skip_by_filter_asks_for_a_reason_and_counts_first(self):
        self.dead("drop-1")
        self.show("#/deliveries?state=dead&type=COUPON.USE", "drop-1")
        self.click("#skip-all")
        self.wait_for("dropped without a call", "dialog")
        self.assertEqual(self.delivery("drop-1")["state"], "dead")
        self.confirm(reason="test data")
        self.wait_for("Finished", "dialog")
        self.assertEqual(self.delivery("drop-1")["state"], "skipped")

    def test_a_filter_becomes_a_link_that_can_be_sent(self):
        self.dead("filter-1")
        self.show("#/deliveries", "filter-1")
        self.browser.type("[name=error]", "no such error")
        self.click(".filter button")
        self.wait_for("None.")
        self.assertIn("error=no+such+error", self.browser.evaluate("location.hash"))
        self.show("#/deliveries?error=HTTP+410&handler=crm", "filter-1")

    def test_pause_and_resume_with_a_banner_on_every_page(self):
        self.show("#/overview", "crm", "#deliveries")
        self.click("[data-focus='pause crm']")
        self.confirm(reason="<b>crm moves</b>")
        self.wait_for("Paused: crm", "#banners")
        pause = self.service.get("/status")["pauses"][0]
        self.assertEqual((pause["handler"], pause["reason"]), ("crm", "<b>crm moves</b>"))
        self.show("#/quarantine", "<b>crm moves</b>", "#banners")
        self.click("#banners button")
        self.confirm()
        self.wait_until(lambda: not self.shown("#banners"), "the banner goes")
        self.assertEqual(self.service.get("/status")["pauses"], [])

    def test_an_error_of_the_service_shows_its_code_and_message(self):
        self.show("#/overview", "crm", "#deliveries")
        self.click("[data-focus='pause any']")
        self.confirm(handler="nobody", reason="a typing mistake")
        self.wait_for("PARAM_ERROR", "dialog .error")
        self.assertEqual(self.service.get("/status")["pauses"], [])

    def test_actions_are_seen_in_the_activity(self):
        self.dead("audited-1")
        self.show("#/deliveries?state=dead", "audited-1")
        self.click(self.button("Skip", "audited-1"))
        self.confirm(reason="seen in the audit")
        wait_until(lambda: self.delivery("audited-1")["state"] == "skipped", what="the skip")
        self.show("#/activity", "seen in the audit")

    def test_the_plan_of_the_api_takes_only_what_it_counted(self):
        self.dead("plan-1")
        status, plan = self.service.ask("/deliveries/retry", method="POST",
                                        body='{"handler":"crm","state":"dead","dry_run":true}')
        self.assertEqual((status, plan["state"]), (200, "done"))
        self.dead("plan-2")
        ask = lambda path, body: self.service.ask(path, method="POST", body=body)
        status, refused = ask("/deliveries/skip", f'{{"plan":"{plan["id"]}","reason":"x"}}')
        self.assertEqual((status, refused["code"]), (400, "PARAM_ERROR"), "it was no plan of a skip")
        status, refused = ask("/deliveries/retry", f'{{"plan":"{plan["id"]}","handler":"crm"}}')
        self.assertEqual((status, refused["code"]), (400, "PARAM_ERROR"), "the plan has the filter")
        status, refused = ask("/deliveries/retry", '{"plan":"999"}')
        self.assertEqual((status, refused["code"]), (409, "PLAN_GONE"))
        type(self).status = 204
        status, done = ask("/deliveries/retry", f'{{"plan":"{plan["id"]}"}}')
        self.assertEqual((status, done["planned"], done["matched"]), (200, plan["matched"], plan["matched"]))
        wait_until(lambda: self.delivery("plan-1")["state"] == "done", what="the retry")
        self.assertEqual(self.delivery("plan-2")["state"], "dead")


class Trouble(ConsoleCase):
    @classmethod
    def prepare(cls, service):
        cls.target = cls.enterClassContext(Target(lambda call: 500))
        add_http_handler(service, cls.target.url, make_secret(), retry_initial_ms=60000,
                         retry_max_ms=60000)

    def test_quarantine_unreadable_and_unclaimed(self):
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.post(other_platform.notify(events.redeem(), "sealed-1"))
        self.assertEqual(self.post(self.platform.sign(b"[]")).status, 500)
        self.assert_stored(self.post(self.platform.sign_json(
            self.platform.seal_bytes(events.redeem(), b"{", "unreadable-1"))))
        self.show("#/overview", "DECRYPT_FAILED", "#problems")
        self.assertIn("1 stored notification could not be read", self.shown("#problems"))
        self.assertIn("Add the APIv3 key", self.shown("#problems"))

        self.show("#/quarantine", "sealed-1")
        self.assertIn("ENVELOPE_INVALID", self.shown())
        self.wait_for("unreadable-1")
        self.click("#open-all")
        self.wait_for("2 listed bodies", "dialog")
        self.confirm()
        self.wait_for("0 of 2 could be read", "#said")
        sealed = next(each for each in self.service.get("/quarantine")["items"] if each["id"] == "sealed-1")
        self.click(f"button[aria-label='Try again {sealed['quarantine_id']}']")
        self.confirm()
        self.wait_for("STILL_SEALED", "dialog .error")
        self.browser.click("dialog button[type=button]")
        self.click(f"button[aria-label='Discard {sealed['quarantine_id']}']")
        self.confirm(reason="a test of another merchant")
        self.wait_until(lambda: "sealed-1" not in self.shown("#main"), "it is gone")
        self.click("button[aria-label='Discard unreadable-1']")
        self.confirm(reason="not needed")
        self.wait_until(lambda: self.service.get("/status")["notifications"]["unreadable"] == 0, "dismissed")

        wait_until(lambda: self.service.get("/status")["deliveries"]["retrying"] == 1, what="an attempt")
        self.client.close()
        self.service.stop()
        self.service.configure("admin.port", self.service.admin_address[1])
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace('name = "crm"', 'name = "crm2"'))
        self.service.start()
        self.show("#/overview", "delivery to crm, which is not configured", "#problems")

    def test_a_service_that_is_down_is_reported_and_the_last_figures_stay(self):
        self.show("#/overview", "stored", "#received")
        self.service.configure("admin.port", self.service.admin_address[1])
        self.client.close()
        self.service.stop()
        self.wait_for("does not answer", "#main .trouble")
        self.assertEqual(self.shown("#readiness"), "no answer")
        self.assertIn("stored", self.shown("#received"))
        self.service.start()
        self.wait_for("ready", "#readiness")


if __name__ == "__main__":
    unittest.main()
