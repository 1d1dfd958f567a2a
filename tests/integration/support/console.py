"""Base class of the tests of the operators' console: a running couponhook and a real browser."""

import json
import unittest

from support.browser import DRIVER, Browser, BrowserError
from support.case import ServiceTestCase
from support.service import wait_until

class ConsoleCase(ServiceTestCase):
    language = "en-US"

    @classmethod
    def setUpClass(cls):
        if DRIVER is None:
            raise unittest.SkipTest("chromedriver is missing; tests/run.sh installs it")
        super().setUpClass()
        cls.browser = cls.enterClassContext(Browser(cls.language))

    def setUp(self):
        super().setUp()
        host, port = self.service.admin_address
        self.base = f"http://{host}:{port}/"

    def load(self, route):
        """Loads the page anew with this route (a location.hash)."""
        self.browser.open("about:blank")
        self.browser.open(self.base + route)

    def show(self, route, wanted="", where="#main"):
        """Opens a view with the admin token, and waits until it shows the text `wanted`."""
        if not self.browser.evaluate("location.href").startswith(self.base):
            self.load("")
        self.browser.evaluate(
            f"sessionStorage.setItem('couponhook.token', {json.dumps(self.service.token())})")
        self.load(route)
        self.wait_for(wanted, where)

    def send(self, event, id):
        self.assert_stored(self.post(self.platform.notify(event, id)))

    @staticmethod
    def wait_until(holds, what):
        wait_until(holds, 20.0, what)

    def shown(self, where="#main"):
        """Returns the visible text of an element; empty if there is none."""
        return "\n".join(self.browser.texts(where))

    def wait_for(self, text, where="#main"):
        self.wait_until(lambda: text in self.shown(where), f"{text!r} in {where}")

    def click(self, css):
        """Clicks as soon as the element is there. The page may redraw it at any time."""
        def clicks():
            try:
                self.browser.click(css)
                return True
            except BrowserError:
                return False
        self.wait_until(clicks, f"a click on {css}")

    def confirm(self, **fields):
        """Fills in the fields of the dialog that is open, and confirms it."""
        self.wait_until(lambda: self.browser.find_all("dialog[open] form"), "a dialog")
        for name, value in fields.items():
            self.browser.type(f"dialog[open] [name={name}]", value)
        self.click("dialog[open] form button:not([type])")

    def figure(self, label, where="#main"):
        """Returns the value beside a label in the lists of figures or facts."""
        pairs = zip(self.browser.texts(f"{where} dt"), self.browser.texts(f"{where} dd"))
        return dict(pairs).get(label)

    def complaints(self):
        """Returns what the browser's console complains about."""
        return self.browser.complaints()
