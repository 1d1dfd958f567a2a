"""Checks that couponhook's status page shows an operator the content of the store, and shows
nothing without a token. A real browser opens the page, types, clicks and reads; the notifications
contain text that tries to inject HTML and scripts.
"""

import signal
import subprocess
import unittest

from support import events
from support.browser import DRIVER, Browser
from support.case import ServiceTestCase
from support.service import wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform

MARKUP = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


class StatusPageCase(ServiceTestCase):
    @classmethod
    def setUpClass(cls):
        if DRIVER is None:
            raise unittest.SkipTest("chromedriver is missing; tests/run.sh installs it")
        super().setUpClass()
        cls.browser = cls.enterClassContext(Browser())

    def setUp(self):
        super().setUp()
        host, port = self.service.admin_address
        self.browser.open(f"http://{host}:{port}/")

    def send(self, event, id):
        self.assert_stored(self.post(self.platform.notify(event, id)))

    @staticmethod
    def wait_until(holds, what):
        wait_until(holds, 20.0, what)

    def enter(self):
        """Enters the admin token on the status page if the browser tab does not have it yet, and
        waits until the page shows its figures."""
        if self.browser.is_shown("#access"):
            self.browser.type("#token", self.service.token())
            self.browser.click("#access button")
        self.wait_until(lambda: self.browser.is_shown("#content"), "the figures are shown")

    def figure(self, list, label):
        pairs = self.browser.texts(f"#{list} dt"), self.browser.texts(f"#{list} dd")
        return dict(zip(*pairs))[label]

    def ids(self):
        return self.browser.texts("#latest button")

    def open_details(self, id):
        self.wait_until(lambda: id in self.ids(), f"{id} is listed")
        self.browser.click(f"#latest tr:nth-child({self.ids().index(id) + 1}) button")
        self.wait_until(lambda: self.browser.is_shown("#details"), "the details are shown")


class Access(StatusPageCase):
    def setUp(self):
        super().setUp()
        self.browser.evaluate("sessionStorage.clear()")
        self.browser.open(self.browser.evaluate("location.href"))

    def change_token(self, token):
        self.service.write("secrets/admin_token", token)
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.ask("/status", token)[0] == 200, what="the new token")

    def test_without_the_token_it_shows_nothing(self):
        self.assertTrue(self.browser.is_shown("#access"))
        self.assertFalse(self.browser.is_shown("#content"))

    def test_a_wrong_token_is_refused_with_a_message(self):
        self.browser.type("#token", "wrong")
        self.browser.click("#access button")
        self.wait_until(lambda: self.browser.text("#refusal"), "the refusal is shown")
        self.assertIn("admin.token_file", self.browser.text("#refusal"))
        self.assertFalse(self.browser.is_shown("#content"))

    def test_a_token_with_invalid_characters_is_refused_with_a_message(self):
        self.browser.type("#token", "“pasted”")
        self.browser.click("#access button")
        self.wait_until(lambda: self.browser.text("#refusal"), "the refusal is shown")
        self.assertFalse(self.browser.is_shown("#content"))

    def test_a_removed_token_leaves_no_data_behind(self):
        self.send(events.redeem(), "forgotten-1")
        self.enter()
        self.wait_until(lambda: "forgotten-1" in self.ids(), "it is listed")
        self.browser.click("#forget")
        self.assertFalse(self.browser.is_shown("#content"))
        self.assertNotIn("forgotten-1", self.browser.evaluate("document.body.innerHTML"))
        self.assertIsNone(self.browser.evaluate("sessionStorage.getItem('couponhook.token')"))

    def test_a_token_that_is_replaced_closes_what_it_opened(self):
        self.send(events.issue(openid="oNobodysOpenId"), "replaced-1")
        self.enter()
        self.open_details("replaced-1")
        self.addCleanup(self.change_token, self.service.token())
        self.change_token("another-token-of-forty-three-characters-abcd")
        self.wait_until(lambda: self.browser.is_shown("#access"), "the token is asked for again")
        self.assertFalse(self.browser.is_shown("#details"))
        self.assertNotIn("oNobodysOpenId", self.browser.evaluate("document.body.innerHTML"))

    def test_the_files_themselves_hold_no_data(self):
        self.send(events.redeem(), "in-no-file")
        for path in ("/", "/page.css", "/page.js"):
            status, content = self.service.exchange(path, token=None)
            self.assertEqual(status, 200, path)
            self.assertNotIn(b"in-no-file", content)

    def test_nothing_but_its_own_files_may_run(self):
        host, port = self.service.admin_address
        head = subprocess.run(["curl", "--silent", "--max-time", "10", "--head", f"http://{host}:{port}/"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn("Content-Security-Policy: default-src 'none'; script-src 'self';", head)
        self.assertIn("Content-Type: text/html; charset=utf-8", head)


class Figures(StatusPageCase):
    def test_they_equal_the_status_endpoint(self):
        self.send(events.redeem(), "counted-1")
        self.post(self.platform.notify(events.redeem()).without("Wechatpay-Nonce"))
        self.enter()
        self.wait_until(lambda: "counted-1" in self.ids(), "it is listed")
        counts = self.service.counts()
        self.assertEqual(self.figure("notifications", "stored"), str(counts["stored"]))
        self.assertIn(f"COUPON.USE {counts['by_type']['COUPON.USE']}", self.browser.text("#by-type"))
        self.assertIn("HEADERS_MISSING", self.browser.text("#rejected"))
        self.assertEqual(self.figure("store", "engine"), "sqlite")
        self.assertIn(self.platform.serial, self.browser.text("#keys"))
        self.assertEqual(self.browser.text("#readiness"), "ready")

    def test_new_notifications_appear_by_themselves(self):
        self.enter()
        self.send(events.redeem(), "appears-1")
        self.wait_until(lambda: "appears-1" in self.ids(), "it appears without a click")

    def test_the_list_is_filtered_by_state_and_type(self):
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.post(other_platform.notify(events.redeem(), "sealed-1"))
        self.send(events.issue(), "filtered-1")
        self.enter()
        self.browser.click("#filter option:nth-of-type(5)")
        self.browser.click("#filter button")
        self.wait_until(lambda: "sealed-1" in self.ids() and "filtered-1" not in self.ids(), "only the quarantined one is listed")
        self.browser.open(self.browser.evaluate("location.href"))
        self.enter()
        self.browser.type("#filter input", "COUPON.SEND")
        self.browser.click("#filter button")
        self.wait_until(lambda: self.ids() == ["filtered-1"], "only that type is listed")

    def test_a_body_without_an_id_shows_its_reason(self):
        self.assertEqual(self.post(self.platform.sign(b"[]")).status, 500)
        self.enter()
        self.browser.click("#filter option:nth-of-type(5)")
        self.browser.click("#filter button")
        self.open_details("(no id)")
        self.assertIn("ENVELOPE_INVALID", self.browser.text("#facts"))

    def test_older_notifications_are_added_on_demand(self):
        for i in range(60):
            self.send(events.redeem(), f"older-{i}")
        self.enter()
        self.wait_until(lambda: self.ids()[:1] == ["older-59"], "the latest comes first")
        self.assertEqual(len(self.ids()), 50)
        self.browser.click("#more")
        self.wait_until(lambda: "older-0" in self.ids(), "the older ones are there")
        self.assertEqual(len(self.ids()), len(set(self.ids())))

    def test_details_show_markup_as_text_and_identifiers_unrounded(self):
        event = events.redeem()
        event.resource.update({"coupon_name": MARKUP, "odd_number": 12345678901234567890})
        self.send(event, "details-1")
        self.enter()
        self.open_details("details-1")
        resource = self.browser.text("#resource")
        self.assertIn("<img src=x onerror=", resource)
        self.assertIn("12345678901234567890", resource)
        self.assertIn("COUPON.USE details-1", self.browser.text("#h-details"))
        self.assertEqual(self.browser.evaluate("document.title"), "couponhook")
        self.assertEqual(self.browser.find_all("img"), [])
        self.browser.click("#details form button")
        self.assertFalse(self.browser.is_shown("#details"))

    def test_the_browser_reports_no_error(self):
        self.enter()
        self.browser.complaints()
        self.browser.open(self.browser.evaluate("location.href"))
        self.enter()
        self.wait_until(lambda: self.figure("notifications", "stored"), "figures are drawn")
        self.assertEqual(self.browser.complaints(), [])


class Deliveries(StatusPageCase):
    @classmethod
    def prepare(cls, service):
        target = cls.enterClassContext(Target(lambda call: 410))
        add_http_handler(service, target.url, make_secret())

    def test_a_dead_delivery_shows_with_its_reason(self):
        self.send(events.redeem(), "dead-1")
        self.enter()
        self.wait_until(lambda: self.figure("deliveries", "dead") == "1", "it is counted as dead")
        self.open_details("dead-1")
        shown = self.browser.text("#notification-deliveries")
        reason = self.service.get("/notifications/dead-1")["deliveries"][0]["last_error"]
        self.assertIn("dead", shown)
        self.assertIn(reason, shown)


class Waiting(StatusPageCase):
    """Tests of the part of the status page that lists problems for which an operator must act."""

    @classmethod
    def prepare(cls, service):
        cls.target = cls.enterClassContext(Target(lambda call: 500))
        add_http_handler(service, cls.target.url, make_secret(), retry_initial_ms=60000,
                         retry_max_ms=60000)

    def test_shows_sealed_unreadable_paused_and_unclaimed(self):
        self.enter()
        self.wait_until(lambda: self.figure("notifications", "still sealed") == "0", "figures")
        self.assertEqual(self.figure("notifications", "unreadable"), "0")
        self.assertFalse(self.browser.is_shown("#paused"))
        self.assertEqual(self.browser.text("#unclaimed"), "")

        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.post(other_platform.notify(events.redeem(), "sealed-1"))
        self.assert_stored(self.post(self.platform.sign_json(
            self.platform.seal_bytes(events.redeem(), b"{", "unreadable-1"))))
        wait_until(lambda: self.service.get("/status")["deliveries"]["retrying"] == 1,
                   what="a failed attempt")
        self.service.ask("/pauses", method="POST",
                         body='{"handler":"crm","reason":"<b>crm moves</b>"}')
        self.wait_until(lambda: self.figure("notifications", "still sealed") == "1", "one sealed")
        self.assertEqual(self.figure("notifications", "unreadable"), "1")
        self.wait_until(lambda: self.browser.is_shown("#paused"), "the pause")
        shown = self.browser.text("#pauses")
        self.assertIn("crm any", shown)
        self.assertIn("admin", shown)
        self.assertIn("<b>crm moves</b>", shown, "markup is text")

        self.browser.click("#filter option:nth-of-type(6)")
        self.browser.click("#filter button")
        self.wait_until(lambda: self.ids() == ["unreadable-1"], "only the unreadable one is listed")
        self.open_details("unreadable-1")
        self.assertIn("unreadable: ", self.browser.text("#facts"))
        self.browser.click("#details form button")

        self.client.close()
        self.service.stop()
        self.service.configure("admin.port", self.service.admin_address[1])
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace('name = "crm"', 'name = "crm2"'))
        self.service.start()
        self.wait_until(lambda: "crm 1" in self.browser.text("#unclaimed"), "what nobody claims")


class Silence(StatusPageCase):
    def test_a_service_that_is_down_is_reported_and_the_last_figures_stay(self):
        self.send(events.redeem(), "known-1")
        self.enter()
        self.wait_until(lambda: "known-1" in self.ids(), "it is listed")
        self.service.stop()
        self.wait_until(lambda: "may be old" in self.browser.text("#trouble"), "it says so")
        self.assertEqual(self.browser.text("#readiness"), "no answer")
        self.assertIn("known-1", self.ids())
        self.service.start()


if __name__ == "__main__":
    unittest.main()
