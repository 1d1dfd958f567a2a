"""Runs `couponhook sandbox` (a simulated WeChat Pay), which sends its notifications to a couponhook
service."""

import json
import re
import secrets
import signal
import subprocess
import threading
import time

from support.merchant import connect, exchange
from support.service import BINARY, PATIENCE, wait_until

READY = re.compile(r"couponhook: sandbox at (https?)://([\d.]+):(\d+)")



def beijing_time(unix: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(unix + 8 * 3600))


def stock_body(**changes) -> dict:
    """Returns a body of POST /v3/marketing/favor/coupon-stocks, which creates a stock (批次, a
    batch of coupons) that is valid for a month."""
    return {
        "stock_name": "满20减5",
        "comment": "早餐",
        "belong_merchant": "1900000001",
        "available_begin_time": beijing_time(time.time()),
        "available_end_time": beijing_time(time.time() + 30 * 86400),
        "stock_use_rule": {
            "max_coupons": 10000, "max_amount": 5000000, "max_coupons_per_user": 60,
            "natural_person_limit": False, "prevent_api_abuse": False},
        "pattern_info": {"description": "仅限早餐使用"},
        "coupon_use_rule": {
            "fixed_normal_coupon": {"coupon_amount": 500, "transaction_minimum": 2000},
            "available_merchants": ["1900000001", "1900000002"],
            "available_items": ["soy_milk_300"]},
        "no_cash": False,
        "stock_type": "NORMAL",
        "out_request_no": secrets.token_hex(8),
        **changes,
    }


class Sandbox:
    """A process of `couponhook sandbox`. The class is a context manager: the process starts on
    entry and stops on exit."""

    def __init__(self, service, *options, notify=None):
        """The argument `notify` is the URL to which the sandbox sends notifications; by default the
        listener of the couponhook `service`."""
        self.service = service
        self.options = options
        self.notify = notify
        self.lines = []
        self.errors = []

    def __enter__(self):
        notify = self.notify
        if notify is None:
            scheme = "https" if self.service.tls else "http"
            notify = f"{scheme}://127.0.0.1:{self.service.address[1]}/notify/1900000001"
        self.process = subprocess.Popen(
            [BINARY, "sandbox", "--config", str(self.service.config), "--listen", "127.0.0.1:0",
             "--notify", notify, *map(str, self.options)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._readers = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self.lines)),
            threading.Thread(target=self._collect, args=(self.process.stderr, self.errors))]
        for reader in self._readers:
            reader.start()
        try:
            ready = wait_until(
                lambda: (self.lines and READY.match(self.lines[0]))
                or self.process.poll() is not None, 20, "the sandbox to be ready")
            if ready is True:
                raise AssertionError(f"the sandbox ended: {self.errors}")
        except BaseException:
            self.kill()
            raise
        self.address = (ready[2], int(ready[3]))
        self.url = f"{ready[1]}://{ready[2]}:{ready[3]}"
        self.context = self.service.tls_context() if ready[1] == "https" else None
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(30 * PATIENCE)
        finally:
            self.kill()
        if failure == (None, None, None) and code != 0:
            raise AssertionError(f"the sandbox ended with {code}: {self.errors}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        for reader in self._readers:
            reader.join()

    @staticmethod
    def _collect(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
        stream.close()

    def exchange(self, method, target, body=b"", headers=None):
        return exchange(connect(self.address, self.context), method, target, body, headers or {})

    # Methods that use the sandbox's control routes, whose paths begin with /sandbox/

    def ask(self, name: str, **body):
        """Sends a request to a control route of the sandbox: POST if there is a body, otherwise
        GET. The status must be 200. Returns the JSON of the reply."""
        method, data = ("POST", json.dumps(body).encode()) if body else ("GET", b"")
        reply = self.exchange(method, f"/sandbox/{name}", data)
        if reply.status != 200:
            raise AssertionError(f"/sandbox/{name} answered {reply}")
        return reply.json

    def issue(self, stock_id, **more):
        """Gives one coupon of a stock (批次) to a user. Returns the coupon."""
        return self.ask("issue", stock_id=stock_id, **more)["coupons"][0]

    def summary(self):
        return self.ask("notifications")["summary"]

    def wait_for(self, seconds=15, **counts):
        """Waits until the sandbox's summary of notifications has these counts and no notification
        waits to be sent. Returns the summary."""
        def settled():
            summary = self.summary()
            if summary["pending"] != 0:
                return None
            return summary if counts.items() <= summary.items() else None
        return wait_until(settled, seconds, f"{counts} of the sandbox's notifications")
