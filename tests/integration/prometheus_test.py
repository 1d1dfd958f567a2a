"""Checks the alert rules, the dashboard and the metrics with Prometheus itself: promtool accepts the
rules, fires every alert and accepts /metrics, and a real Prometheus that reads the metrics listener
of a service under load answers every query of the rules and of the dashboard.
"""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.parse
import urllib.request
from contextlib import closing
from pathlib import Path

from docs_test import anchors
from support import events
from support.service import PATIENCE, Service, free_port, run, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/couponhook.rules.yml"
RULES_TEST = ROOT / "deploy/prometheus/couponhook.rules.test.yml"
DASHBOARD = ROOT / "deploy/grafana/couponhook.json"
#: Folder in which tests/run.sh unpacks Debian's package of Prometheus.
UNPACKED = ROOT / "build/packages/prometheus/usr/bin"
BASE = "file:///usr/share/doc/couponhook/"


def program(name: str) -> str:
    found = shutil.which(name, path=f"{UNPACKED}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        raise SystemExit(f"{name} is missing; tests/run.sh unpacks Debian's package prometheus")
    return found


PROMTOOL, PROMETHEUS = program("promtool"), program("prometheus")


def promtool(*words, stdin=None) -> subprocess.CompletedProcess:
    return subprocess.run([PROMTOOL, *map(str, words)], input=stdin, capture_output=True, text=True,
                          timeout=60 * PATIENCE, check=False)


def alerts(text: str) -> dict[str, str]:
    """Returns the text of each alert in a file of rules, by the alert's name."""
    parts = re.split(r"^ +- alert: (\w+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


def expressions(text: str) -> dict[str, str]:
    """Returns the expression of each alert, by the alert's name."""
    found = {}
    for name, body in alerts(text).items():
        expression = re.search(r"expr: (?:>-\n)?(.*?)\n +(?:for|labels):", body, re.DOTALL)[1]
        found[name] = " ".join(expression.split())
    return found


def panels() -> list[dict]:
    return json.loads(DASHBOARD.read_text())["panels"]


class Rules(unittest.TestCase):
    def test_promtool_accepts_them(self):
        checked = promtool("check", "rules", RULES)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn(f"{len(alerts(RULES.read_text()))} rules found", checked.stdout)

    def test_each_says_what_is_wrong_and_where_to_read_on(self):
        known = anchors((ROOT / "docs/operations.md").read_text())
        for name, body in alerts(RULES.read_text()).items():
            with self.subTest(alert=name):
                self.assertRegex(body, r"labels: \{severity: (page|ticket)\}")
                self.assertRegex(body, r'summary: "[^"]{20,}"')
                self.assertRegex(body, r'action: "[^"]{10,}"')
                link = re.search(r'runbook_url: "(\S+)"', body)[1]
                document, _, anchor = link.removeprefix(BASE).partition("#")
                self.assertEqual(document, "docs/operations.md")
                self.assertIn(anchor, known)
                self.assertEqual(anchor, name.lower())

    def test_each_alert_is_fired(self):
        tested = promtool("test", "rules", RULES_TEST)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)
        fired = re.findall(r"alertname: (\w+)\n +exp_alerts:\n +- exp_labels", RULES_TEST.read_text())
        silent = re.findall(r"alertname: (\w+), exp_alerts: \[\]", RULES_TEST.read_text())
        self.assertEqual(sorted(fired), sorted(alerts(RULES.read_text())))
        self.assertEqual(sorted(silent), sorted(fired), "each is silent with a healthy service")

    def test_the_test_fails_for_each_alert_that_never_fires(self):
        with tempfile.TemporaryDirectory() as place:
            text = RULES.read_text()
            for expression in re.findall(r"expr: (?:>-\n)?.*?(?=\n +(?:for|labels):)", text,
                                         re.DOTALL):
                text = text.replace(expression, "expr: vector(0) > 1")
            (Path(place) / RULES.name).write_text(text)
            shutil.copy(RULES_TEST, place)
            tested = promtool("test", "rules", Path(place) / RULES_TEST.name)
            self.assertEqual(tested.returncode, 1)
            for name in alerts(RULES.read_text()):
                self.assertIn(f"alertname: {name},", tested.stdout + tested.stderr)


class Dashboard(unittest.TestCase):
    def test_each_panel_is_complete(self):
        board = json.loads(DASHBOARD.read_text())
        variables = {each["name"]: each for each in board["templating"]["list"]}
        self.assertEqual(variables["datasource"]["type"], "datasource")
        self.assertEqual(variables["datasource"]["query"], "prometheus")
        self.assertEqual(len({panel["id"] for panel in board["panels"]}), len(board["panels"]))
        rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
        self.assertEqual(rows, ["Overview", "Deliveries", "Store", "Keys and certificates", "Process"])
        for panel in board["panels"]:
            if panel["type"] == "row":
                continue
            with self.subTest(panel=panel["title"]):
                self.assertTrue(panel["title"] and panel["description"])
                self.assertTrue(panel["fieldConfig"]["defaults"]["unit"])
                self.assertEqual(panel["datasource"]["uid"], "${datasource}")
                for target in panel["targets"]:
                    self.assertEqual(target["datasource"]["uid"], "${datasource}")
                    self.assertIn('job="$job"', target["expr"])

    def test_no_panel_covers_another(self):
        taken = {}
        for panel in panels():
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
            for x in range(place["x"], place["x"] + place["w"]):
                for y in range(place["y"], place["y"] + place["h"]):
                    other = taken.setdefault((x, y), panel["title"])
                    self.assertEqual(other, panel["title"])

    def test_compose_uses_the_same_file(self):
        compose = (ROOT / "deploy/compose/compose.yaml").read_text()
        self.assertIn("source: ../grafana/couponhook.json", compose)


class ScrapedService(unittest.TestCase):
    """A service under load whose metrics listener a Prometheus reads every second."""

    @classmethod
    def setUpClass(cls):
        cls.target = cls.enterClassContext(Target(cls.answer))
        service = Service({"admin.metrics_address": "127.0.0.1", "admin.metrics_port": free_port()},
                          has_own_keys=False)
        add_http_handler(service, cls.target.url, make_secret(), retry_initial_ms=20,
                         retry_max_ms=100, timeout_ms=1000)
        cls.service = cls.enterClassContext(service)
        cls.platform = Platform.of(cls.service)
        cls.ended = threading.Event()
        cls.load = threading.Thread(target=cls.send_until_ended)
        cls.load.start()
        cls.addClassCleanup(cls.load.join)
        cls.addClassCleanup(cls.ended.set)
        cls.start_prometheus()

    #: Ids of the notifications whose first delivery has failed.
    failed = set()

    @classmethod
    def answer(cls, call):
        """Fails the first delivery of some notifications, so that there are retries."""
        if not call.id.endswith("7") or call.id in cls.failed:
            return 204
        cls.failed.add(call.id)
        return 500

    @classmethod
    def send_until_ended(cls):
        sent = 0
        while not cls.ended.is_set():
            # A new connection each time, for TLS handshakes.
            with Client(cls.service) as client:
                for _ in range(10):
                    sent += 1
                    client.post(cls.platform.notify(events.redeem(), f"load-{sent}"))
                client.post(cls.platform.notify(events.redeem()).without("Wechatpay-Nonce"))
            cls.ended.wait(0.1)

    @classmethod
    def start_prometheus(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        address, port = cls.service.metrics_address
        (folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            f"rule_files: [{RULES}]\n"
            "scrape_configs:\n"
            "  - job_name: couponhook\n"
            f"    static_configs: [{{targets: ['{address}:{port}']}}]\n")
        cls.port = free_port()
        log = cls.enterClassContext((folder / "log").open("w+"))
        process = subprocess.Popen(
            [PROMETHEUS, f"--config.file={folder}/prometheus.yml",
             f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{cls.port}"],
            stdout=log, stderr=log, cwd=folder)
        cls.addClassCleanup(process.wait)
        cls.addClassCleanup(process.terminate)
        wait_until(cls.has_rates, 60, "rates of two scrapes")

    @classmethod
    def has_rates(cls):
        # While Prometheus starts, it refuses connections and then queries.
        try:
            return cls.query("rate(couponhook_delivery_attempts_total[1m]) > 0") and cls.query(
                'increase(couponhook_delivery_attempts_total{outcome="retry"}[1m]) > 0')
        except (OSError, AssertionError):
            return False

    @classmethod
    def ask(cls, path: str, **parameters) -> dict:
        url = f"http://127.0.0.1:{cls.port}{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20 * PATIENCE) as reply:
                return json.load(reply)["data"]
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{path} {parameters}: {refused.read()}") from None

    @classmethod
    def query(cls, expression: str) -> list:
        return cls.ask("/api/v1/query", query=expression)["result"]


class RealPrometheus(ScrapedService):
    def test_every_query_of_the_dashboard_has_data(self):
        asked = 0
        for panel in panels():
            for target in panel.get("targets", ()):
                with self.subTest(panel=panel["title"], expr=target["expr"]):
                    asked += 1
                    expression = target["expr"].replace("$job", "couponhook").replace(
                        "$__rate_interval", "1m")
                    self.assertTrue(self.query(expression), "no data")
        self.assertGreater(asked, 40)

    def test_every_metric_of_the_rules_has_data(self):
        for name, expression in expressions(RULES.read_text()).items():
            self.query(expression)
            metrics = set(re.findall(r"\b(?:couponhook|process)_\w+|\bup\b", expression))
            self.assertTrue(metrics, name)
            for metric in metrics:
                with self.subTest(alert=name, metric=metric):
                    self.assertTrue(self.query(f"count({metric})"))

    def test_every_label_value_of_the_rules_exists(self):
        for name, expression in expressions(RULES.read_text()).items():
            for metric, selector in re.findall(r"(couponhook_\w+)\{([^}]*)\}", expression):
                for label, values in re.findall(r'(\w+)=~?"([^"]*)"', selector):
                    for value in values.split("|"):
                        with self.subTest(alert=name, label=label, value=value):
                            self.assertTrue(self.query(f'{metric}{{{label}="{value}"}}'))

    def test_it_evaluates_every_rule(self):
        def rules():
            groups = self.ask("/api/v1/rules")["groups"]
            found = {rule["name"]: rule for group in groups for rule in group["rules"]}
            return found if all(rule["health"] == "ok" for rule in found.values()) else None

        found = wait_until(rules, 30, "the evaluation of every rule")
        self.assertEqual(sorted(found), sorted(alerts(RULES.read_text())))
        for name in ("CouponhookGone", "CouponhookNotReady", "CouponhookClockOff"):
            self.assertEqual(found[name]["state"], "inactive", name)

    def test_promtool_accepts_the_metrics(self):
        text = self.service.exchange("/metrics", token=None)[1].decode()
        checked = promtool("check", "metrics", stdin=text)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))


class MetricsListener(ScrapedService):
    """The listener that serves only /metrics."""

    @classmethod
    def start_prometheus(cls):
        pass

    def exchange(self, method: str, target: str):
        connection = http.client.HTTPConnection(*self.service.metrics_address, timeout=10 * PATIENCE)
        with closing(connection) as client:
            client.request(method, target)
            reply = client.getresponse()
            return reply.status, reply.getheaders(), reply.read()

    def test_it_serves_the_metrics_without_a_token(self):
        status, headers, body = self.exchange("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn(("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), headers)
        self.assertIn(b"\ncouponhook_ready 1\n", body)
        self.assertIn(b'\ncouponhook_connections{listener="metrics"} 1\n', body)
        status, headers, body = self.exchange("HEAD", "/metrics?collect=all")
        self.assertEqual((status, body), (200, b""))

    def test_it_serves_nothing_else(self):
        for method, target in (("GET", "/"), ("GET", "/status"), ("GET", "/livez"),
                               ("GET", "/readyz"), ("GET", "/metrics/"), ("GET", "/notifications"),
                               ("POST", "/metrics"), ("DELETE", "/metrics"), ("POST", "/pauses"),
                               ("POST", "/notify/1900000001")):
            with self.subTest(method=method, target=target):
                status, _, body = self.exchange(method, target)
                self.assertEqual((status, json.loads(body)["code"]), (404, "NOT_FOUND"))

    def test_requests_at_the_same_time_all_get_an_answer(self):
        statuses = []
        threads = [threading.Thread(
            target=lambda: statuses.append(self.exchange("GET", "/metrics")[0])) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses, [200] * 20)

    def test_check_and_doctor_know_its_address(self):
        checked = run("check", "--config", self.service.config)
        self.assertRegex(checked.stdout, r"\nmetrics +127\.0\.0\.1 port \d+\n")
        with tempfile.TemporaryDirectory() as place, closing(
                socket.create_server(("127.0.0.1", 0))) as other:
            port, admin_port = free_port(), free_port()
            made = run("init", Path(place) / "s", "--port", port, "--admin-port", admin_port)
            self.assertEqual(made.returncode, 0)
            config = Path(place) / "s/couponhook.toml"
            text = config.read_text()
            taken = other.getsockname()[1]
            for address, metrics_port, key, reason in (
                    ("127.0.0.1", taken, "metrics_port", "another program"),
                    ("192.0.2.7", free_port(), "metrics_address", "address of this machine"),
                    ("localhost", 9464, "metrics_address", "no IP address"),
                    ("127.0.0.1", admin_port, "metrics_port", "as admin.port is"),
                    ("127.0.0.1", port, "metrics_port", "as listener.port is"),
                    ("127.0.0.1", 0, "metrics_port", "is missing"),
                    ("", 9464, "metrics_address", "is missing")):
                with self.subTest(address=address, port=metrics_port):
                    config.write_text(text.replace(
                        "[admin]\n",
                        f'[admin]\nmetrics_address = "{address}"\nmetrics_port = {metrics_port}\n'))
                    for command in ("check", "doctor"):
                        said = run(command, "--config", config)
                        self.assertNotEqual(said.returncode, 0)
                        self.assertRegex(said.stdout + said.stderr, f"admin.{key}.*{reason}")
                    started = run("serve", "--config", config)
                    self.assertNotEqual(started.returncode, 0)
                    self.assertIn("admin.metrics_", started.stderr)


if __name__ == "__main__":
    unittest.main()
