#!/usr/bin/env python3
"""Measures the delivery worker: how fast a backlog drains to an http target on loopback, and what a
delivery costs the service in CPU time, for backlogs of several sizes.
    tests/bench/deliveries.py BINARY [COUNT...]
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Target(asyncio.Protocol):
    """Replies 204 to every request and counts them."""
    count = None

    def __init__(self):
        self.buffer = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.index(b"content-length:") + 15
            size = end + 4 + int(head[at:].split(b"\r\n", 1)[0])
            if len(self.buffer) < size:
                return
            self.buffer = self.buffer[size:]
            self.count.value += 1
            self.transport.write(b"HTTP/1.1 204 No Content\r\n\r\n")


def serve_target(port, count):
    async def run():
        Target.count = count
        server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port.value)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(run())


def cpu_seconds(pid) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def start_target(port, count):
    process = multiprocessing.Process(target=serve_target, args=(port, count), daemon=True)
    process.start()
    return process


def measure(binary, backlog):
    with tempfile.TemporaryDirectory(prefix="couponhook-bench-") as root:
        setup = Path(root) / "setup"
        subprocess.run([binary, "init", setup, "--port", "18743", "--admin-port", "18744"],
                       check=True, stdout=subprocess.DEVNULL)
        port, count = multiprocessing.Value("i", 0), multiprocessing.Value("q", 0)
        target = start_target(port, count)
        while port.value == 0:
            time.sleep(0.01)
        target.terminate()
        target.join()
        (setup / "secrets" / "crm").write_text("a-secret-for-measuring-only\n")
        config = setup / "couponhook.toml"
        config.write_text(config.read_text() + f"""
[log]
level = "error"
[[handler]]
name = "crm"
type = "http"
url = "http://127.0.0.1:{port.value}/"
secret_file = "secrets/crm"
events = ["*"]
""")
        service = subprocess.Popen([binary, "serve", "--config", config], stdout=subprocess.PIPE)
        service.stdout.readline()
        try:
            subprocess.run([binary, "trigger", "redeem", "--config", config, "--count",
                            str(backlog), "--connections", "32"], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            target = start_target(port, count)
            while count.value == 0:
                time.sleep(0.001)
            begun, cpu, first = time.monotonic(), cpu_seconds(service.pid), count.value
            while count.value < backlog:
                time.sleep(0.01)
            took, cpu = time.monotonic() - begun, cpu_seconds(service.pid) - cpu
            made = count.value - first
            print(f"backlog {backlog}: {made / took:.0f} deliveries a second, "
                  f"{cpu / made * 1e6:.0f} CPU µs each", flush=True)
        finally:
            service.terminate()
            service.wait()
            target.terminate()


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for size in [int(text) for text in sys.argv[2:]] or [20_000, 200_000]:
        measure(sys.argv[1], size)
