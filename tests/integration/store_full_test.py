"""Checks couponhook on an almost full disk: while it refuses notifications it must not be ready,
its log must give the reason without filling the disk, and with free space it must continue. The
tests mount a memory file system of fixed size for the store (root is required), and fill it with a
file that leaves a chosen amount of space.
"""

import os
import subprocess
import time
import unittest

from support import events
from support.service import Service, wait_until
from support.wechat_pay import Platform
from support.wire import Client

DISK_KB = 4096


class NearlyFull(unittest.TestCase):
    def setUp(self):
        service = Service(starts=False, has_own_keys=False)
        self.folder = service.database.parent
        self.folder.mkdir(exist_ok=True)
        mounted = os.geteuid() == 0 and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "tmpfs", self.folder],
            capture_output=True, check=False).returncode == 0
        if not mounted:
            self.skipTest("needs root, to mount a file system of a fixed size")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.folder], check=True)
        self.service = self.enterContext(service)
        self.service.start()
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))
        self.filler = self.folder / "filler"

    def leave_room(self, kilobytes):
        """Fills the disk of the store except for this many kilobytes."""
        free = os.statvfs(self.folder)
        size = free.f_bavail * free.f_frsize - kilobytes * 1024
        with self.filler.open("wb") as filler:
            filler.write(b"x" * max(0, size))

    def post(self, id, bytes=0):
        event = events.redeem()
        event.resource["description"] = "x" * bytes
        return self.client.post(self.platform.notify(event, id)).status

    def fill_up(self, bytes):
        """Sends notifications until couponhook refuses one because the disk is full. Returns the
        ids of the acknowledged notifications."""
        acknowledged = []
        for number in range(200):
            id = f"fills-{number}"
            if self.post(id, bytes) != 204:
                return acknowledged
            acknowledged.append(id)
        self.fail("the disk does not fill")

    def ready(self):
        return self.service.ask("/readyz", token=None)[0] == 200

    def check_that_it_is_not_ready_until_there_is_room(self, bytes):
        acknowledged = self.fill_up(bytes)
        # A small write would still succeed on the full disk. But couponhook must not become ready
        # until a notification fits.
        for _ in range(6):
            self.assertFalse(self.ready(), "an admission was refused, and none has fitted since")
            self.assertFalse(self.service.get("/status")["store"]["ok"])
            time.sleep(0.3)
        self.filler.unlink()
        wait_until(self.ready, 10, "readiness")
        self.assertEqual(self.post("with-room", bytes), 204)
        kept = {id for id, in self.service.rows("SELECT id FROM notifications")}
        self.assertEqual(set(acknowledged) - kept, set(), "acknowledged and lost")
        self.assertEqual(self.service.rows("PRAGMA integrity_check"), [("ok",)])

    def test_it_is_not_ready_where_an_ordinary_notification_does_not_fit(self):
        self.leave_room(100)
        self.check_that_it_is_not_ready_until_there_is_room(0)

    def test_it_is_not_ready_where_a_large_notification_does_not_fit(self):
        self.leave_room(700)
        self.check_that_it_is_not_ready_until_there_is_room(200_000)

    def test_one_cause_gives_one_line_a_second_with_a_count(self):
        self.leave_room(40)
        self.fill_up(0)
        begun, before = time.monotonic(), len(self.service.logs(level="error"))
        refused = 0
        while time.monotonic() < begun + 3:
            refused += self.post(f"refused-{refused}") == 503
        seconds = time.monotonic() - begun
        self.filler.unlink()
        wait_until(self.ready, 10, "readiness")
        lines = self.service.logs(level="error")[before:]
        self.assertGreater(refused, 20, "there were many to tell of")
        causes = {(line["event"], line.get("verdict"), line.get("message")) for line in lines}
        for cause in causes:
            seen = [line for line in lines
                    if (line["event"], line.get("verdict"), line.get("message")) == cause]
            self.assertLessEqual(len(seen), seconds + 2, cause)
        self.assertLessEqual(len(causes), 3, causes)
        # couponhook writes at most about one log line a second for each cause. The next line for
        # the cause, or a separate later line, contains the number of lines that were left out.
        self.assertGreater(sum(line.get("suppressed", 0) for line in lines), 0, lines)


if __name__ == "__main__":
    unittest.main()
