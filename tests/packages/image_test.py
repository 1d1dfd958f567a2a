"""Tests of the container image: it has no shell, runs as a user that is not root with its file system
and the set-up mounted read-only, receives a replay and survives a rollover of WeChat Pay's keys. No
container engine is needed: the test mounts the image's files and runs their binary by chroot.

tests/packages.sh sets the variable COUPONHOOK_IMAGE: the folder with the image's files.
"""

import json
import os
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

IMAGE = Path(os.environ["COUPONHOOK_IMAGE"])
FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
CONFIG = "/etc/couponhook/couponhook.toml"
#: Ports of the notifications, the status endpoint and the sandbox.
PORT, ADMIN_PORT, SANDBOX_PORT = 18443, 19443, 18444
#: Mounts the image, the set-up and the store as `docker run --read-only` does, and runs a command as
#: the image's user. The arguments are the image, the set-up, its option (ro or rw), the store, and the
#: command.
ENTER = """
mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" &&
mount --bind "$1" "$0/etc/couponhook" && mount -o "remount,bind,$2" "$0/etc/couponhook" &&
mount --bind "$3" "$0/var/lib/couponhook" || exit 99
root=$0; shift 3
exec chroot --userspec=10001:10001 "$root" /usr/bin/couponhook "$@"
"""


def wait_until(condition, what: str, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.2)


class Image(unittest.TestCase):
    def setUp(self):
        self.place = Path(tempfile.mkdtemp(prefix="couponhook-image-"))
        self.addCleanup(shutil.rmtree, self.place)
        self.setup, self.store = self.place / "setup", self.place / "store"
        for folder in (self.setup, self.store):
            folder.mkdir()
            os.chown(folder, 10001, 10001)
        self.run_couponhook("init", "/etc/couponhook", "--port", PORT, "--admin-port", ADMIN_PORT,
                            "--sandbox-port", SANDBOX_PORT, setup="rw")
        config = self.setup / "couponhook.toml"
        config.write_text(
            config.read_text()
            .replace("sqlite:data/couponhook.db", "sqlite:/var/lib/couponhook/couponhook.db"))
        shutil.copytree(FIXTURES, self.setup / "fixtures")

    def command(self, *words, setup="ro") -> list:
        return ["unshare", "-m", "sh", "-c", ENTER, str(IMAGE), str(self.setup), setup,
                str(self.store), *map(str, words)]

    def run_couponhook(self, *words, setup="ro", status=0) -> str:
        done = subprocess.run(self.command(*words, setup=setup), capture_output=True, text=True,
                              timeout=120)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def start(self, *words):
        log = (self.place / f"{words[0]}.log").open("w")
        self.addCleanup(log.close)
        process = subprocess.Popen(self.command(*words), stdout=log, stderr=log)

        def stop():
            process.terminate()
            process.wait(60)
        self.addCleanup(stop)
        return process

    def log(self, name: str) -> str:
        return (self.place / f"{name}.log").read_text()

    def is_healthy(self) -> bool:
        """Runs the command of the image's health check."""
        return subprocess.run(self.command("status", "--config", CONFIG),
                              capture_output=True).returncode == 0

    def control(self, path: str, body: dict):
        """Sends a control request to the sandbox."""
        request = urllib.request.Request(
            f"https://127.0.0.1:{SANDBOX_PORT}{path}", json.dumps(body).encode(),
            {"Content-Type": "application/json"})
        unchecked = ssl._create_unverified_context()
        with urllib.request.urlopen(request, context=unchecked, timeout=30) as reply:
            return json.load(reply)

    def status(self) -> dict:
        return json.loads(self.run_couponhook("status", "--json", "--config", CONFIG))

    def test_it_holds_no_shell(self):
        programs = [path for path in IMAGE.rglob("*") if path.is_file() and os.access(path, os.X_OK)
                    and path.parent.name in ("bin", "sbin")]
        self.assertEqual(programs, [IMAGE / "usr/bin/couponhook"])

    def test_a_replay_and_a_rollover_with_everything_read_only(self):
        self.assertFalse(self.is_healthy(), "the health check must notice that nothing runs")
        self.start("sandbox", "--config", CONFIG)
        wait_until(lambda: "sandbox at" in self.log("sandbox"), "the sandbox")
        service = self.start("serve", "--config", CONFIG)
        wait_until(self.is_healthy, "the health check")
        user = Path(f"/proc/{service.pid}/status").read_text().split("Uid:")[1].split()[0]
        self.assertEqual(user, "10001")

        self.run_couponhook("replay", "/etc/couponhook/fixtures", "--config", CONFIG)
        stored = self.status()["notifications"]["stored"]
        self.assertEqual(stored, len(list(FIXTURES.rglob("*.json"))))

        # WeChat Pay announces a new certificate, then signs with it.
        before = {key["serial"] for key in self.status()["keys"]}
        self.control("/sandbox/rollover", {"stage": "both"})
        self.run_couponhook("certificates", "fetch", "--config", CONFIG)
        wait_until(lambda: len({key["serial"] for key in self.status()["keys"]} - before) > 0,
                   "the new certificate")
        self.control("/sandbox/rollover", {"stage": "new"})
        self.control("/sandbox/issue", {"stock_id": "77", "count": 3})
        wait_until(lambda: self.status()["notifications"]["stored"] == stored + 3,
                   "notifications signed with the new key")
        self.assertGreater(len(list((self.store / "certificates").iterdir())), 0)
        self.assertEqual(self.status()["notifications"]["rejected"].get("SERIAL_UNKNOWN", 0), 0)


if __name__ == "__main__":
    unittest.main()
