#!/usr/bin/env python3
"""Measures how fast couponhook delivers notifications to an http handler, with SQLite as its store.
The receiver of the deliveries is nginx on loopback, which replies 204 to every request.

    tests/bench/deliveries.py BUILD [--rate 3000 --seconds 20] [--backlog N ...]

BUILD is a build folder that contains `couponhook` and, for --rate, `load` (build target `bench`).
--rate sends notifications at a steady rate, and reports whether the deliveries keep up with it.
--backlog stores N notifications while the handler is paused, and then measures the time until all
of them are delivered. CPU time is the user and system time of couponhook, in microseconds.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
LISTENER, ADMIN, TARGET = 18743, 18744, 18745
#: Largest number of notifications that are really sent to make a backlog of deliveries. A longer
#: backlog is filled up with copies of their database rows, because signing a million notifications
#: would take minutes.
SENT_MAX = 5000

NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 512; }}
http {{ access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }} }}
"""

HANDLER = f"""
[log]
level = "error"
[[handler]]
name = "crm"
type = "http"
url = "http://127.0.0.1:{TARGET}/"
secret_file = "secrets/crm"
events = ["*"]
"""


class Service:
    """couponhook and the HTTP server (nginx) to which it delivers. Context manager: starts
    couponhook on entry, stops it on exit.
    """

    def __init__(self, build, root):
        self.build, self.setup = Path(build), Path(root) / "setup"
        self.binary = self.build / "couponhook"
        self.config = self.setup / "couponhook.toml"
        self.run("init", self.setup, "--port", LISTENER, "--admin-port", ADMIN)
        (self.setup / "secrets" / "crm").write_text("a-secret-for-measuring-only\n")
        self.config.write_text(self.config.read_text() + HANDLER)
        (Path(root) / "nginx.conf").write_text(NGINX.format(port=TARGET))
        nginx = "/usr/sbin/nginx"
        self.target = subprocess.Popen([nginx, "-p", root, "-c", "nginx.conf"])

    def __enter__(self):
        self.process = subprocess.Popen([self.binary, "serve", "--config", self.config],
                                        stdout=subprocess.PIPE)
        self.process.stdout.readline()
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def close(self):
        self.target.terminate()
        self.target.wait()

    def run(self, *arguments):
        subprocess.run([self.binary, *map(str, arguments)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(self, method, path, body=None):
        token = (self.setup / "secrets" / "admin_token").read_text().strip()
        request = urllib.request.Request(f"http://127.0.0.1:{ADMIN}{path}", method=method,
                                         data=body and json.dumps(body).encode(),
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request) as reply:
            text = reply.read()
            return json.loads(text) if text else None

    def deliveries(self):
        return self.ask("GET", "/status")["deliveries"]

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(stat[11]) + int(stat[12])) / TICKS

    def wait_until_done(self, count):
        while self.deliveries()["done"] < count:
            time.sleep(0.1)


def multiply(database, factor):
    """Copies the notifications and deliveries in the SQLite database until there are `factor` times
    as many; each copy gets its own ids and coupons."""
    with sqlite3.connect(database) as store:
        for table, changes in {
                "notifications": {"id": "id || '-' || {k}"},
                "deliveries": {"notification": "notification + {k} * {n}", "lane": "lane + {k}",
                               "ordering_key": "ordering_key || '-' || {k}"}}.items():
            columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            last = store.execute(f"SELECT max(seq) FROM {table}").fetchone()[0]
            changes = {"seq": "seq + {k} * {n}", **changes}
            for k in range(1, factor):
                values = [changes.get(name, name).format(k=k, n=last) for name in columns]
                store.execute(f"INSERT INTO {table} ({', '.join(columns)}) "
                              f"SELECT {', '.join(values)} FROM {table} WHERE seq <= {last}")
        store.execute("UPDATE counters SET value = value * ? WHERE name IN"
                      " ('stored', 'deliveries:pending')", (factor,))


def drain(build, backlog):
    with tempfile.TemporaryDirectory(prefix="couponhook-bench-") as root:
        service = Service(build, root)
        try:
            with service:
                service.ask("POST", "/pauses", {"handler": "crm", "reason": "a backlog is made"})
                service.run("trigger", "redeem", "--config", service.config, "--count",
                            min(backlog, SENT_MAX), "--connections", "32")
            multiply(service.setup / "data" / "couponhook.db", max(1, backlog // SENT_MAX))
            with service:
                count = service.deliveries()["pending"]
                begun, cpu = time.monotonic(), service.cpu_seconds()
                service.ask("DELETE", "/pauses?handler=crm")
                service.wait_until_done(count)
                took, cpu = time.monotonic() - begun, service.cpu_seconds() - cpu
                print(f"backlog {count}: {count / took:.0f} deliveries a second, "
                      f"{cpu / count * 1e6:.0f} CPU µs each", flush=True)
        finally:
            service.close()


def keep_up(build, rate, seconds):
    with tempfile.TemporaryDirectory(prefix="couponhook-bench-") as root:
        service = Service(build, root)
        count, waiting, over = int(rate * seconds), [], threading.Event()

        def watch():
            while not over.wait(0.1):
                now = service.deliveries()
                if now["done"] + now["pending"] > 0:
                    waiting.append(now["pending"] + now["retrying"])

        try:
            with service:
                watcher = threading.Thread(target=watch)
                watcher.start()
                cpu = service.cpu_seconds()
                load = subprocess.run(
                    [service.build / "tests/bench/load", "--config", service.config, "--requests",
                     str(count), "--rate", str(rate), "--connections", "64", "--json"],
                    check=True, capture_output=True, text=True)
                left = service.deliveries()
                sent = time.monotonic()
                service.wait_until_done(count)
                late = time.monotonic() - sent
                over.set()
                watcher.join()
                cpu = service.cpu_seconds() - cpu
                received = json.loads(load.stdout)
                print(f"{received['per_second']:.0f} notifications a second for {seconds} s: "
                      f"{sorted(waiting)[len(waiting) // 2]} deliveries waited (median), "
                      f"{max(waiting)} at most, {count - left['done']} at the end, "
                      f"all made {late:.1f} s after it; reply p99 {received['p99_ms']:.1f} ms; "
                      f"{cpu / count * 1e6:.0f} CPU µs to receive and deliver one", flush=True)
        finally:
            over.set()
            service.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--backlog", type=int, nargs="*", default=[])
    options = parser.parse_args()
    if options.rate:
        keep_up(options.build, options.rate, options.seconds)
    for backlog in options.backlog:
        drain(options.build, backlog)


if __name__ == "__main__":
    main()
