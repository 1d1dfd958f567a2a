"""Checks that a backup of the store, made while notifications arrive, contains every notification
that was acknowledged before the backup began, and that the restore command accepts only an
undamaged backup. The tests send notifications over TLS, run the real commands, and examine the
files with Python's sqlite3.
"""

import itertools
import os
import pty
import resource
import sqlite3
import stat
import subprocess
import time
import unittest
from contextlib import closing

from support import events
from support.case import ServiceTestCase
from support.service import BINARY, LONG, PATIENCE, Service, run
from support.wechat_pay import Platform
from support.wire import Client, Load

BACKUPS = 20 if LONG else 3


def integrity(path):
    with closing(sqlite3.connect(path)) as store:
        return store.execute("PRAGMA integrity_check").fetchall()


def ids_in(path):
    with closing(sqlite3.connect(path)) as store:
        return {row[0] for row in store.execute("SELECT id FROM notifications")}


class Backup(ServiceTestCase):
    def endless(self):
        numbers = itertools.count()

        def make():
            id = f"load-{next(numbers)}"
            return id, self.platform.notify(events.redeem(), id)
        return make

    def back_up(self, name):
        """Makes a backup of the store. Returns the backup's file and the output of the backup
        command."""
        path = self.service.root / name
        done = run("store", "backup", path, "--config", self.service.config)
        self.assertEqual(done.returncode, 0, done.stderr)
        return path, done.stdout

    def test_taken_under_load_it_is_restored_elsewhere_with_all_that_was_acknowledged_before(self):
        load = Load(self.service, self.endless())
        backups = []
        for number in range(BACKUPS):
            time.sleep(0.3)
            before = set(load.acknowledged)
            backups.append((before, self.back_up(f"load-{number}.db")[0]))
        load.stop()
        self.assertEqual(load.statuses, {204}, "the backup refuses nobody")
        for before, path in backups:
            self.assertGreater(len(before), 0, "the load was a load")
            self.assertEqual(integrity(path), [("ok",)])
            self.assertEqual(before - ids_in(path), set(), "acknowledged and not in the backup")
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        before, path = backups[-1]
        with Service(starts=False) as elsewhere:
            done = run("store", "restore", path, "--config", elsewhere.config)
            self.assertEqual(done.returncode, 0, done.stderr)
            elsewhere.start()
            self.assertEqual(elsewhere.counts()["stored"], len(ids_in(path)))
            for id in itertools.islice(before, 20):
                self.assertEqual(elsewhere.get(f"/notifications/{id}")["id"], id)

    def test_it_says_what_it_holds(self):
        self.assert_stored(self.post(self.platform.notify(events.redeem(), "told")))
        path, seen = self.back_up("told.db")
        self.assertRegex(seen, rf"checked: {len(ids_in(path))} notifications, \d+ bytes, "
                               r"schema version \d+, last received 2\d{3}-")

    def test_it_overwrites_nothing(self):
        path, _ = self.back_up("once.db")
        before = path.read_bytes()
        done = run("store", "backup", path, "--config", self.service.config)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"^couponhook: .*once\.db exists and is not overwritten")
        self.assertEqual(path.read_bytes(), before)

    def test_it_says_which_of_the_two_files_is_at_fault(self):
        def refusal(path, **options):
            done = run("store", "backup", path, "--config", self.service.config, **options)
            self.assertEqual(done.returncode, 1, done.stdout)
            return done.stderr

        def leave_no_room():
            resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

        nowhere = self.service.root / "no-such-folder" / "b.db"
        self.assertRegex(refusal(nowhere), rf"^couponhook: FILE: .*{nowhere}.*No such file")
        full = self.service.root / "full.db"
        self.assertRegex(refusal(full, preexec_fn=leave_no_room),
                         rf"^couponhook: FILE: no space left .*{full}")
        with Service(starts=False) as without_store:
            done = run("store", "backup", full, "--config", without_store.config)
        self.assertRegex(done.stderr, r"^couponhook: .*couponhook\.toml: store\.url: there is no file")

    def test_on_a_terminal_it_draws_a_bar(self):
        screen, terminal = pty.openpty()
        with open(screen, "rb", closefd=True) as reading:
            done = subprocess.run(
                [BINARY, "store", "backup", self.service.root / "bar.db",
                 "--config", self.service.config],
                stdout=subprocess.DEVNULL, stderr=terminal, timeout=30 * PATIENCE, check=False)
            os.close(terminal)
            drawn = os.read(reading.fileno(), 65536)
        self.assertEqual(done.returncode, 0)
        self.assertIn(b"#", drawn)

    def test_it_is_not_restored_under_a_running_service(self):
        path, _ = self.back_up("mine.db")
        done = run("store", "restore", path, "--config", self.service.config)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"in use by process {self.service.process.pid}", done.stderr)
        self.assert_stored(self.post(self.platform.notify(events.redeem())))


class Restore(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service())
        self.platform = Platform.of(self.service)
        with Client(self.service) as client:
            self.assertEqual(client.post(self.platform.notify(events.redeem(), "kept")).status, 204)
        self.backup = self.service.root / "backup.db"
        done = run("store", "backup", self.backup, "--config", self.service.config)
        self.assertEqual(done.returncode, 0, done.stderr)

    def restore(self, path):
        return run("store", "restore", path, "--config", self.service.config)

    def test_the_store_that_was_there_is_kept_beside(self):
        with Client(self.service) as client:
            later = self.platform.notify(events.redeem(), "later")
            self.assertEqual(client.post(later).status, 204)
        self.service.stop()
        done = self.restore(self.backup)
        self.assertEqual(done.returncode, 0, done.stderr)
        aside = list(self.service.database.parent.glob("couponhook.db.before-restore-*Z"))
        self.assertEqual([ids_in(path) for path in aside], [{"kept", "later"}])
        self.service.start()
        self.assertEqual(self.service.ask("/notifications/later")[0], 404)
        with Client(self.service) as client:
            self.assertEqual(client.post(later).status, 204, "and what comes again is stored again")

    def test_an_invalid_backup_changes_nothing(self):
        self.service.stop()
        content = self.backup.read_bytes()
        files = {
            "empty": b"",
            "text": b"not a database\n" * 1000,
            "cut": content[:len(content) // 2],
            "damaged": content[:len(content) // 2] + bytes(8192) + content[len(content) // 2 + 8192:],
        }
        before = self.service.database.read_bytes()
        for name, damaged in files.items():
            with self.subTest(name):
                path = self.service.root / name
                path.write_bytes(damaged)
                done = self.restore(path)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stderr.splitlines()[-1],
                                 rf"^couponhook: FILE: .*{path}", "it says which file")
                self.assertEqual(self.service.database.read_bytes(), before)
        self.service.start()


if __name__ == "__main__":
    unittest.main()
