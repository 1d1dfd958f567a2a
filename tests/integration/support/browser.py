"""Controls a real browser for tests: Debian's Chromium, through chromedriver and the W3C WebDriver
protocol.
"""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from support.service import free_port, wait_until

DRIVER = shutil.which("chromedriver")
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
_START_S = 15
_CALL_S = 60


class BrowserError(Exception):
    pass


class Browser:
    """One Chromium window without a screen (headless), with a new profile. `language` is the
    language that the browser asks pages for."""

    def __init__(self, language="en-US"):
        self._language = language

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="browser-")
        port = free_port()
        self._base = f"http://127.0.0.1:{port}"
        self._driver = subprocess.Popen([DRIVER, f"--port={port}"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        try:
            wait_until(self._driver_is_ready, _START_S, "chromedriver")
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": self._wanted()}})
        except BaseException:
            self._end_driver()
            raise
        self._base += "/session/" + session["sessionId"]
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", "")
        finally:
            self._end_driver()

    def open(self, url):
        self._call("POST", "/url", {"url": url})

    def find_all(self, css):
        return [found[_ELEMENT] for found in
                self._call("POST", "/elements", {"using": "css selector", "value": css})]

    def find(self, css):
        found = self.find_all(css)
        if not found:
            raise BrowserError(f"nothing on the page is {css}")
        return found[0]

    def text(self, css):
        """Returns the visible text of the first element that matches the CSS selector; empty if the
        element is hidden."""
        return self._call("GET", f"/element/{self.find(css)}/text")

    def texts(self, css):
        """Returns the visible texts of all elements that match the CSS selector. All texts are read
        in one step, because the page may redraw at any time."""
        script = "return Array.from(document.querySelectorAll(arguments[0]), (e) => e.innerText)"
        return self._call("POST", "/execute/sync", {"script": script, "args": [css]})

    def is_shown(self, css):
        return self._call("GET", f"/element/{self.find(css)}/displayed")

    def click(self, css):
        self._call("POST", f"/element/{self.find(css)}/click", {})

    def type(self, css, text):
        self._call("POST", f"/element/{self.find(css)}/value", {"text": text})

    def evaluate(self, expression):
        return self._call("POST", "/execute/sync", {"script": f"return {expression}", "args": []})

    def evaluate_later(self, expression):
        """Returns the value of a JavaScript promise."""
        script = (f"const done = arguments[0]; Promise.resolve({expression}).then(done, "
                  "(error) => done({failed: String(error)}))")
        return self._call("POST", "/execute/async", {"script": script, "args": []})

    def run(self, script):
        """Runs a script outside of the page's content security policy, as a person at the
        developer tools can."""
        self._call("POST", "/execute/sync", {"script": script, "args": []})

    def devtools(self, command, **parameters):
        """Sends a command of the Chrome DevTools Protocol, and returns its result."""
        return self._call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def resize(self, width, height=900):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=width < 600)

    def set_theme(self, theme):
        """Sets the theme that the browser's user prefers: light or dark."""
        self.devtools("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": theme}])

    def screenshot(self) -> bytes:
        """Returns a picture (PNG) of what the window shows."""
        picture = self.devtools("Page.captureScreenshot", format="png")
        return base64.b64decode(picture["data"])

    def complaints(self):
        """Returns the error messages on the browser's console, such as violations of the page's
        content security policy."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def _wanted(self):
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage",
                     "--window-size=1200,1000", f"--user-data-dir={self._folder.name}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's process sandbox does not work for root
        preferences = {"intl.accept_languages": self._language}
        return {"browserName": "chrome",
                "goog:chromeOptions": {"args": [*arguments, f"--lang={self._language}"],
                                       "prefs": preferences},
                "goog:loggingPrefs": {"browser": "ALL"}}

    def _driver_is_ready(self):
        try:
            return self._call("GET", "/status")["ready"]
        except urllib.error.URLError:
            return False

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=_CALL_S) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as refused:
            value = json.load(refused)["value"]
            raise BrowserError(f"{path}: {value['error']}: {value['message']}") from None

    def _end_driver(self):
        self._driver.terminate()
        try:
            self._driver.wait(timeout=_CALL_S)
        finally:
            self._driver.kill()
            self._folder.cleanup()
