"""Checks that couponhook reports every situation in which an operator must act, with its current
state, and that the operator can resolve it. The tests rename handlers, pause handlers, and send
notifications that no key decrypts or that contain broken JSON. They look for the report in the
status endpoint, the commands, /metrics and the log, with SQLite and with PostgreSQL.
"""

import json
import signal
import unittest

from support import events
from support.service import Service, run, wait_until
from support.stores import PostgresStore, SqliteStore
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client


class OperatorsCase(unittest.TestCase):
    """Base class: each test gets its own couponhook service, with SQLite or PostgreSQL as its class
    says."""

    Store = SqliteStore
    maxDiff = None

    def begin(self, starts=True, **handlers):
        """Starts couponhook with one http handler for each keyword argument: the name is the
        handler's name, the value is the server that receives its deliveries."""
        self.service = Service(starts=False, has_own_keys=False)
        self.store = self.Store(self.service)
        self.service.starts = starts
        for name, target in handlers.items():
            add_http_handler(self.service, target.url, make_secret(), name, retry_initial_ms=60000,
                             retry_max_ms=60000)
        self.enterContext(self.service)
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))

    def restart(self):
        self.client.close()
        self.service.stop()
        self.service.start()

    def rename(self, old, new):
        self.client.close()
        self.service.stop()
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace(f'name = "{old}"', f'name = "{new}"'))
        self.service.start()

    def send(self, id, event=None):
        reply = self.client.post(self.platform.notify(event or events.redeem(), id))
        self.assertEqual(reply.status, 204, f"got {reply}")

    def command(self, *arguments):
        return run(*arguments, "--config", self.service.config_for_commands())

    def order(self, method, target, body=None):
        return self.service.ask(target, method=method, body=json.dumps(body) if body else None)

    def status(self):
        return self.service.get("/status")

    def findings(self):
        seen = json.loads(self.command("doctor", "--json").stdout)["findings"]
        return {finding["name"]: finding["what"] for finding in seen}

    def metric(self, line):
        return line in self.service.exchange("/metrics", token=None)[1].decode().splitlines()

    def wait_until_retrying(self, count):
        wait_until(lambda: self.status()["deliveries"]["retrying"] == count, what="a failed attempt")


class Unclaimed(OperatorsCase):
    def start_with_unclaimed_deliveries(self, count=3):
        """Stores notifications of one coupon for the handler "crm", lets the first delivery fail,
        and renames the handler in the configuration. Their deliveries then belong to a handler that
        does not exist."""
        self.target = self.enterContext(Target(lambda call: 500))
        self.begin(crm=self.target)
        coupon = events.redeem().resource["coupon_id"]
        for i in range(count):
            self.send(f"left-{i}", events.redeem(coupon=coupon))
        self.wait_until_retrying(1)
        self.rename("crm", "crm2")
        self.target.calls.clear()
        self.target.answer = lambda call: 204

    def test_are_reported_in_every_view_for_operators(self):
        self.start_with_unclaimed_deliveries()
        self.assertEqual(self.status()["deliveries"]["unclaimed"], {"crm": 3})
        (line,) = self.service.wait_for_log(event="deliveries_unclaimed")
        self.assertIn("3 open deliveries are for handler crm", json.dumps(line))
        self.assertIn("--handler crm --to", json.dumps(line))
        self.assertIn("unclaimed      crm 3", self.command("status").stdout)
        self.assertIn("3 open deliveries are for handler crm",
                      self.findings()["deliveries_unclaimed"])
        self.assertTrue(self.metric('couponhook_deliveries_unclaimed{handler="crm"} 3'))

    def test_is_moved_in_the_order_of_the_coupon_and_delivered(self):
        self.start_with_unclaimed_deliveries()
        chosen = ("retry", "--handler", "crm", "--to", "crm2")
        counted = self.command(*chosen, "--dry-run")
        self.assertEqual((counted.returncode, counted.stdout), (0, "3 would be moved to crm2\n"))
        self.assertEqual(self.status()["deliveries"]["unclaimed"], {"crm": 3})
        moved = self.command(*chosen)
        self.assertEqual((moved.returncode, moved.stdout), (0, "3 moved to crm2 of 3\n"),
                         moved.stderr)
        wait_until(lambda: self.status()["deliveries"]["done"] == 3, what="the deliveries")
        self.assertEqual([call.id for call in self.target.calls], ["left-0", "left-1", "left-2"])
        self.assertEqual(self.status()["deliveries"]["unclaimed"], {})
        self.assertTrue(self.metric('couponhook_deliveries_unclaimed{handler=""} 0'))
        self.assertEqual(self.command(*chosen).stdout, "0 moved to crm2 of 0\n")

    def test_is_moved_only_to_a_configured_handler(self):
        self.start_with_unclaimed_deliveries(1)
        (delivery,) = self.service.get("/deliveries")["items"]
        for arguments, expected in (
                (("--handler", "crm", "--to", "nosuch"), "crm2"),
                (("--handler", "crm", "--to", "ledger"), "is a ledger handler"),
                (("--handler", "crm"), "crm is not configured"),
                ((delivery["id"],), "crm is not configured"),
                (("--state", "retrying", "--to", "crm2"), "--handler OLD")):
            with self.subTest(arguments=arguments):
                answer = self.command("retry", *arguments)
                self.assertNotEqual(answer.returncode, 0, answer.stdout)
                self.assertIn(expected, answer.stderr)
        status, body = self.order("POST", "/deliveries/retry", {"handler": "crm", "to": "nosuch"})
        self.assertEqual((status, body["code"]), (400, "PARAM_ERROR"))
        everything = self.command("retry", "--all")
        self.assertEqual((everything.returncode, everything.stdout), (0, "0 retried of 0\n"))
        self.assertIn("1 more were not retried", everything.stderr)
        self.assertEqual(self.service.get("/deliveries")["items"], [delivery])
        moved = self.command("retry", delivery["id"], "--to", "crm2")
        self.assertEqual(moved.stdout, f"delivery {delivery['id']}: moved\n", moved.stderr)
        self.target.wait_for(["left-0"])

    def test_makes_no_second_delivery_where_the_new_handler_has_one(self):
        target = self.enterContext(Target(lambda call: 500))
        self.begin(crm=target, crm2=target)
        self.send("both-1")
        self.wait_until_retrying(2)
        status, job = self.order("POST", "/deliveries/retry", {"handler": "crm", "to": "crm2"})
        self.assertIn(status, (200, 202), job)
        job = wait_until(lambda: (now := self.service.get(f"/deliveries/retry/{job['id']}"))
                         ["state"] == "done" and now, what="the move's end")
        self.assertEqual((job["order"], job["matched"], job["moved"], job["already_there"]),
                         ("move", 1, 0, 1))
        states = {each["handler"]: each["state"]
                  for each in self.service.get("/notifications/both-1")["deliveries"]}
        self.assertEqual(states, {"crm": "skipped", "crm2": "retrying"})

    def test_is_dropped_by_filter_with_a_reason(self):
        self.start_with_unclaimed_deliveries()
        counted = self.command("skip", "--handler", "crm", "--dry-run")
        self.assertEqual((counted.returncode, counted.stdout), (0, "3 would be dropped\n"))
        for arguments in (("--handler", "crm"), ("--reason", "why"), ("--dry-run",), ()):
            self.assertEqual(self.command("skip", *arguments).returncode, 2, arguments)
        status, _ = self.order("POST", "/deliveries/skip", {"reason": "everything"})
        self.assertEqual(status, 400, "without a filter")
        status, _ = self.order("POST", "/deliveries/skip", {"handler": "crm", "reason": " "})
        self.assertEqual(status, 400, "without a reason")
        self.assertEqual(self.status()["deliveries"]["unclaimed"], {"crm": 3})
        dropped = self.command("skip", "--handler", "crm", "--reason", "crm was removed")
        self.assertEqual((dropped.returncode, dropped.stdout), (0, "3 dropped of 3\n"),
                         dropped.stderr)
        self.assertEqual(self.status()["deliveries"]["unclaimed"], {})
        (delivery,) = self.service.get("/notifications/left-1")["deliveries"]
        self.assertEqual((delivery["state"], delivery["last_error"]),
                         ("skipped", "crm was removed"))
        self.assertEqual(self.target.calls, [])


class Pauses(OperatorsCase):
    def setUp(self):
        self.target = self.enterContext(Target())
        self.begin(crm=self.target)

    def test_are_shown_in_every_view_for_operators(self):
        self.assertTrue(self.metric('couponhook_handler_paused{handler="crm"} 0'))
        self.assertEqual(self.status()["pauses"], [])
        self.assertEqual(self.command("pause", "--handler", "crm", "--reason", "crm moves").stdout,
                         "handler crm: paused\n")
        (pause,) = self.status()["pauses"]
        self.assertRegex(pause.pop("since"), r"^20\d\d-")
        self.assertEqual(pause, {"handler": "crm", "events": "", "reason": "crm moves",
                                 "by": "admin"})
        self.assertTrue(self.metric('couponhook_handler_paused{handler="crm"} 1'))
        self.assertIn("crm moves", self.command("status").stdout)
        self.assertIn("crm moves", self.findings()["paused"])

    def test_are_refused_where_they_could_hold_nothing_back(self):
        for arguments, expected in ((("--handler", "nosuch"), "handlers with deliveries are: crm"),
                                    (("--handler", "ledger"), "is a ledger handler"),
                                    (("--handler", "nosuch", "--events", "COUPON.USE"), "crm"),
                                    (("--events", "COUPN.*"), "COUPON.USE"),
                                    (("--events", "COUPON.USED"), "COUPON.USE,"),
                                    (("--handler", "crm", "--events", "coupon.*"), "COUPON.USE")):
            with self.subTest(arguments=arguments):
                answer = self.command("pause", *arguments)
                self.assertEqual((answer.returncode, answer.stdout), (1, ""))
                self.assertIn(expected, answer.stderr)
        self.assertEqual(self.status()["pauses"], [])

    def test_may_name_an_event_type_that_was_received(self):
        self.send("new-type", events.Event("NEW.THING", {"a": 1}))
        self.assertEqual(self.command("pause", "--events", "NEW.*").stdout, "events NEW.*: paused\n")

    def test_of_a_handler_that_is_gone_can_be_ended(self):
        self.assertEqual(self.command("pause", "--handler", "crm").returncode, 0)
        self.rename("crm", "crm2")
        self.assertTrue(self.metric('couponhook_handler_paused{handler="crm"} 1'))
        self.assertEqual(self.command("resume", "--handler", "crm").stdout, "handler crm: resumed\n")


class Quarantine(OperatorsCase):
    def setUp(self):
        self.begin()
        self.unknown_key = Platform(self.platform.key, self.platform.serial, b"k" * 32)

    def seal(self, id):
        self.assertEqual(self.client.post(self.unknown_key.notify(events.redeem(), id)).status, 500)
        return self.service.get("/quarantine")["items"][0]["quarantine_id"]

    def counted(self):
        counts = self.service.counts()
        return counts["quarantined"], counts["sealed"]

    def use_key_of_the_other_platform(self):
        self.service.write("secrets/next_key", self.unknown_key.api_v3_key.decode())
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/next_key"])
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(event="reloaded")

    def test_counts_sealed_bodies_now_and_in_total(self):
        for id in ("opened", "discarded", "stays"):
            self.seal(id)
        self.assertEqual(self.counted(), (3, 3))
        self.assertTrue(self.metric("couponhook_quarantine_sealed 3"))
        self.assertIn("3 signed notifications", self.findings()["quarantined"])
        dropped = self.command("quarantine", "discard", "discarded", "--reason", "of a test")
        self.assertEqual((dropped.returncode, dropped.stdout), (0, "discarded: discarded\n"))
        self.assertEqual(self.counted(), (3, 2))
        self.use_key_of_the_other_platform()
        opened = self.command("quarantine", "open", "opened")
        self.assertEqual((opened.returncode, opened.stdout, opened.stderr),
                         (0, "1 opened of 1\n", ""))
        self.assertEqual(self.counted(), (3, 1))
        self.assertEqual(self.command("quarantine", "open", "--all").stdout, "1 opened of 1\n")
        self.assertEqual(self.counted(), (3, 0))
        self.assertTrue(self.metric("couponhook_quarantine_sealed 0"))
        self.assertNotIn("quarantined", self.findings())
        self.restart()
        self.assertEqual(self.counted(), (3, 0))

    def test_says_once_how_many_were_opened(self):
        number = self.seal("stays-sealed")
        answer = self.command("quarantine", "open", number)
        self.assertEqual((answer.returncode, answer.stdout), (1, "0 opened of 1\n"))
        self.assertIn("no configured APIv3 key", answer.stderr)
        self.assertNotRegex(answer.stderr, r"opened|\d of \d")

    def test_is_discarded_for_a_reason_only_and_once(self):
        number = self.seal("dropped")
        for body in (None, {}, {"reason": ""}, {"reason": " \n"}, {"reason": "x" * 1001},
                     {"reason": "why", "all": True}):
            self.assertEqual(self.order("POST", f"/quarantine/{number}/discard", body)[0], 400, body)
        self.assertEqual(self.counted(), (1, 1))
        self.assertEqual(self.order("POST", f"/quarantine/{number}/discard", {"reason": "a test"}),
                         (200, {"result": "discarded"}))
        (line,) = self.service.wait_for_log(event="quarantine_discarded")
        self.assertIn("a test", json.dumps(line))
        self.assertEqual(self.order("POST", f"/quarantine/{number}/discard", {"reason": "twice"})[0],
                         404)
        self.assertEqual(self.counted(), (1, 0))
        self.assertEqual(self.service.get("/quarantine")["items"], [])


class Unreadable(OperatorsCase):
    def keep_unreadable(self, id):
        """Sends the notification of a redemption with only the first half of its JSON text,
        encrypted and signed correctly. Returns the complete event."""
        event = events.redeem()
        text = json.dumps(event.resource).encode()
        reply = self.client.post(self.platform.sign_json(
            self.platform.seal_bytes(event, text[:len(text) // 2], id)))
        self.assertEqual(reply.status, 204, f"got {reply}")
        return event

    def make_readable(self, id, event):
        """Replaces the stored broken JSON text with the complete text. For couponhook this looks
        like a new release that can read the old text."""
        text = json.dumps(event.resource).encode().hex()
        literal = f"X'{text}'" if self.Store is SqliteStore else f"'\\x{text}'"
        self.store.execute(f"UPDATE notifications SET resource = {literal} WHERE id = '{id}'")

    def test_is_counted_listed_and_read_again_by_a_newer_release(self):
        target = self.enterContext(Target())
        self.begin(crm=target)
        self.send("sound")
        event = self.keep_unreadable("cut")
        target.wait_for(["sound", "cut"])
        self.assertEqual(self.service.counts()["unreadable"], 1)
        self.assertTrue(self.metric("couponhook_notifications_unreadable 1"))
        self.assertIn("1 stored notifications could not be read", self.findings()["unreadable"])
        self.assertIn("1 unreadable", self.command("status").stdout)
        (listed,) = self.service.get("/notifications?state=unreadable")["items"]
        self.assertEqual(listed["id"], "cut")
        self.assertRegex(listed["flaw"], "^unreadable: .")
        table = self.command("notifications", "--state", "unreadable").stdout
        self.assertIn("cut", table)
        self.assertNotIn("sound", table)

        still = self.command("quarantine", "open", "cut")
        self.assertEqual((still.returncode, still.stdout), (1, "0 opened of 1\n"))
        self.assertIn("cannot read it either", still.stderr)
        self.assertEqual(self.service.counts()["unreadable"], 1)

        self.make_readable("cut", event)
        self.assertEqual(self.order("POST", "/quarantine/cut/open"), (200, {"result": "READ"}))
        self.assertEqual(self.order("POST", "/quarantine/cut/open"),
                         (200, {"result": "READ_ALREADY"}))
        stock, coupon = event.resource["stock_id"], event.resource["coupon_id"]
        self.assertEqual(self.service.get(f"/coupons/{stock}/{coupon}")["state"], "redeemed")
        self.assertEqual(self.service.counts()["unreadable"], 0)
        self.assertNotIn("unreadable", self.findings())
        self.assertEqual(self.service.get("/notifications?state=unreadable")["items"], [])
        self.assertNotIn("flaw", self.service.get("/notifications/cut"))
        self.assertEqual(target.ids()["cut"], 1, "it was delivered by its type already")

    def test_is_read_again_with_all_others_and_delivered_where_missing(self):
        self.begin(starts=False)
        target = self.enterContext(Target())
        self.service.start()
        event = self.keep_unreadable("cut")
        self.client.close()
        self.service.stop()
        add_http_handler(self.service, target.url, make_secret())
        self.service.start()
        self.make_readable("cut", event)
        answer = self.command("quarantine", "open", "--all")
        self.assertEqual((answer.returncode, answer.stdout), (0, "1 opened of 1\n"), answer.stderr)
        target.wait_for(["cut"])
        wait_until(lambda: self.status()["deliveries"]["done"] == 1, what="the delivery")
        self.assertEqual(target.ids(), {"cut": 1})

    def test_is_taken_off_the_list_for_a_reason(self):
        self.begin()
        self.keep_unreadable("cut")
        answer = self.command("quarantine", "discard", "cut", "--reason", "told by mail")
        self.assertEqual((answer.returncode, answer.stdout), (0, "cut: discarded\n"), answer.stderr)
        self.assertEqual(self.service.counts()["unreadable"], 0)
        self.assertIn("told by mail", self.service.get("/notifications/cut")["flaw"])
        again = self.command("quarantine", "discard", "cut", "--reason", "twice")
        self.assertEqual(again.returncode, 1)
        self.assertIn("neither sealed nor unreadable", again.stderr)


class UnclaimedOnPostgres(Unclaimed):
    Store = PostgresStore


class PausesOnPostgres(Pauses):
    Store = PostgresStore


class QuarantineOnPostgres(Quarantine):
    Store = PostgresStore


class UnreadableOnPostgres(Unreadable):
    Store = PostgresStore


class Process(OperatorsCase):
    def test_survives_unexpected_signals(self):
        target = self.enterContext(Target())
        self.begin(crm=target)
        stray = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGALRM, signal.SIGVTALRM,
                 signal.SIGPROF, signal.SIGIO, signal.SIGPWR, signal.SIGXFSZ, signal.SIGRTMIN,
                 signal.SIGRTMAX, signal.SIGWINCH, signal.SIGURG, signal.SIGCHLD]
        for number in stray:
            with self.subTest(number):
                self.service.signal(number)
                self.send(f"after-{number.name}")
        self.assertIsNone(self.service.process.poll())
        target.wait_for([f"after-{number.name}" for number in stray])

    def test_gives_commands_that_it_starts_a_clear_mask(self):
        self.begin(starts=False)
        seen = self.service.folder / "told"
        script = f"grep -E '^Sig(Blk|Ign)' /proc/self/status > {seen}.part; mv {seen}.part {seen}"
        self.service.append('[[handler]]\nname = "script"\ntype = "exec"\nevents = ["*"]\n'
                            f'command = {json.dumps(["/bin/sh", "-c", script])}\n')
        self.service.start()
        self.send("masked")
        wait_until(seen.exists, what="the command")
        self.assertRegex(seen.read_text(), r"SigBlk:\s+0{16}\n")


class Tables(OperatorsCase):
    def test_separate_their_columns_whatever_they_contain(self):
        self.begin()
        kind = "DISCOUNT_CARD.AGREEMENT_ENDED.WITH.A.LONG.NAME"
        self.send("an-identifier-that-is-longer-than-most-of-them-are", events.Event(kind, {}))
        self.send("short", events.redeem())
        heading, *rows = self.command("notifications").stdout.splitlines()
        self.assertEqual(heading.split(), ["id", "type", "state", "seen", "received"])
        cells = [row.split() for row in rows]
        self.assertEqual([row[:4] for row in cells],
                         [["short", "COUPON.USE", "done", "1"],
                          ["an-identifier-that-is-longer-than-most-of-them-are", kind, "done", "1"]])
        for name in ("type", "state", "seen", "received"):
            column = heading.index(name)
            for row in rows:
                self.assertEqual((row[column - 1], row[column] != " "), (" ", True), f"{name}: {row}")


if __name__ == "__main__":
    unittest.main()
