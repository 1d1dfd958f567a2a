"""Checks that every action of an operator leaves a row in the store and a line in the log, with who,
from where, what, why and the result; and that tokens have names and roles, are rotated by a reload,
and cannot be guessed quickly. The actions run with SQLite and with PostgreSQL.
"""

import getpass
import http.client
import json
import secrets
import signal
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from support import events
from support.service import PATIENCE, Service, run, wait_until
from support.stores import PostgresStore, SqliteStore
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

OPENID = "oCanaryOpenidOfAPerson0000001"


def token_table(name, role):
    return f'[[admin.token]]\nname = "{name}"\nrole = "{role}"\nfile = "secrets/{name}"\n'


class AuditCase(unittest.TestCase):
    """Base class: starts couponhook with the token "admin" of admin.token_file, and with a token for
    each name in `tokens`, whose value is its role."""

    Store = SqliteStore
    tokens = {"lin": "operate", "grafana": "read"}
    maxDiff = None

    def begin(self, *, tokens=None, one_token=True, level=None):
        self.service = Service(starts=False, has_own_keys=False)
        self.store = self.Store(self.service)
        self.secrets = {}
        for name, role in (self.tokens if tokens is None else tokens).items():
            self.secrets[name] = secrets.token_hex(32)
            self.service.write(f"secrets/{name}", self.secrets[name])
            self.service.append(token_table(name, role))
        if not one_token:
            text = self.service.config.read_text()
            self.service.config.write_text(
                text.replace('token_file = "secrets/admin_token"\n', ""))
        if level:
            self.service.configure("log.level", level)
        self.target = self.enterContext(Target(lambda call: 410))
        for name in ("crm", "erp"):
            add_http_handler(self.service, self.target.url, make_secret(), name)
        self.service.starts = True
        self.enterContext(self.service)
        self.platform = Platform.of(self.service)

    def send(self, id, event=None, platform=None, status=204):
        with Client(self.service) as client:
            reply = client.post((platform or self.platform).notify(
                event or events.issue(openid=OPENID), id))
        self.assertEqual(reply.status, status, f"got {reply}")

    def order(self, method, target, body=None, by="lin"):
        return self.service.ask(target, token=self.secrets.get(by, True), method=method,
                                body=json.dumps(body) if body is not None else None)

    def must(self, method, target, body=None, by="lin"):
        status, answer = self.order(method, target, body, by)
        self.assertIn(status, (200, 202), answer)
        return answer

    def command(self, *arguments):
        return run(*arguments, "--config", self.service.config_for_commands())

    def items(self, query=""):
        return self.service.get("/audit" + query)["items"]

    def row(self, action, **fields):
        """Returns the newest row of an action. Checks that a log line has the same fields."""
        found = next((row for row in self.items() if row["action"] == action), None)
        self.assertIsNotNone(found, f"no row of {action}: {self.items()}")
        for name, value in fields.items():
            self.assertEqual(found[name], value, f"{name} of {found}")
        same = {name: found[name] for name in ("by", "from", "action", "target", "reason", "result")}
        if found["from"] != "command line":
            self.service.wait_for_log(event="audit", **same)
        return found

    def dead_deliveries(self, count):
        return wait_until(
            lambda: (found := self.service.get("/deliveries?state=dead")["items"])[count - 1:] and
            found, what=f"{count} dead deliveries")


class Actions(AuditCase):
    def test_each_action_on_deliveries_has_a_row(self):
        self.begin()
        self.send("n1")
        first, second = self.dead_deliveries(2)
        delivery = first["id"]

        self.must("POST", f"/deliveries/{delivery}/retry", {"reason": "the target is repaired"})
        row = self.row("retry", by="lin", reason="the target is repaired", result="done")
        self.assertEqual(row["from"], "127.0.0.1")
        self.assertRegex(row["at"], r"^2\d{3}-\d\d-\d\dT.*Z$")
        self.assertGreater(row["seq"], 0)
        self.assertEqual(row["target"],
                         f"delivery {delivery} of notification n1 to handler {first['handler']}")

        self.dead_deliveries(2)
        other = "erp" if first["handler"] == "crm" else "crm"
        self.must("POST", f"/deliveries/{delivery}/retry", {"to": other}, by="admin")
        self.row("move", by="admin", result="already_there")
        self.must("POST", f"/deliveries/{second['id']}/skip", {"reason": "已人工处理 \"by hand\""})
        self.row("skip", by="lin", reason="已人工处理 \"by hand\"", result="done")

        self.assertEqual(self.order("POST", f"/deliveries/{second['id']}/skip",
                                    {"reason": "again"})[0], 409)
        self.row("skip", reason="again", result="ended")
        before = len(self.items())
        self.assertEqual(self.order("POST", "/deliveries/4711/skip", {"reason": "x"})[0], 404)
        self.assertEqual(self.order("POST", f"/deliveries/{delivery}/skip", {})[0], 400)
        self.assertEqual(len(self.items()), before, "there was nothing to act on")

    def test_a_job_has_a_row_when_it_begins_and_when_it_ends(self):
        self.begin()
        self.send("n1")
        self.send("n2")
        self.dead_deliveries(4)
        for dry_run in (True, False):
            self.must("POST", "/deliveries/retry",
                      {"handler": "crm", "state": "dead", "dry_run": dry_run, "reason": "why"})
            rows = [row["result"] for row in self.items() if row["action"] == "retry"]
            self.assertEqual(rows, [] if dry_run else ["done: 2 of 2", "begun"])
        self.row("retry", by="lin", reason="why", result="done: 2 of 2",
                 target="deliveries, handler crm, state dead")
        self.dead_deliveries(4)
        self.must("POST", "/deliveries/skip", {"type": "COUPON.SEND", "error": OPENID,
                                               "reason": "none matches"})
        self.row("skip", result="done: 0 of 0",
                 target="deliveries, type COUPON.SEND, with a text in the last error")
        self.must("DELETE", "/deliveries/retry/2")
        self.row("cancel", result="already_over", target="retry job 2")

    def test_pauses_quarantine_and_the_log_level_have_rows(self):
        self.begin()
        self.must("POST", "/pauses", {"handler": "crm", "reason": "update of crm"})
        self.row("pause", by="lin", reason="update of crm", target="handler crm", result="done")
        (pause,) = self.service.get("/pauses")["items"]
        self.assertEqual(pause["by"], "lin")
        self.must("POST", "/pauses", {"handler": "crm", "events": "COUPON.*", "reason": "x"})
        self.row("pause", target="handler crm, events COUPON.*")
        self.must("DELETE", "/pauses?handler=crm&reason=update%20is%20done", by="admin")
        self.row("resume", by="admin", reason="update is done", target="handler crm")

        other_key = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        for id in ("kept", "gone"):
            self.send(id, platform=other_key, status=500)
        self.assertEqual(self.order("POST", "/quarantine/kept/open")[0], 409)
        row = self.row("quarantine_open", by="lin", result="still_sealed")
        self.assertRegex(row["target"], r"^sealed body \d+ of merchant 1900000001$")
        self.service.write("secrets/other_key", "k" * 32)
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/other_key"])
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.order("POST", "/quarantine/kept/open")[0] == 200, what="the key")
        self.row("quarantine_open", by="lin", result="opened: STORED")
        self.must("POST", "/quarantine/gone/discard", {"reason": "a test"})
        self.row("quarantine_discard", by="lin", reason="a test", result="done")

        self.must("POST", "/log", {"level": "debug", "reason": "look at deliveries"})
        self.row("log_level", by="lin", reason="look at deliveries", target="info to debug")

    def test_no_row_holds_an_openid(self):
        self.begin()
        self.send("n1")
        self.dead_deliveries(2)
        entry = {"id": "RECONCILE-1", "event_type": "COUPON.SEND", "original_type": "coupon",
                 "summary": "", "create_time": events.issue().resource.get("send_time", ""),
                 "resource": json.dumps(events.issue(openid=OPENID).resource)}
        answer = self.must("POST", "/books", {"mchid": "1900000001", "entries": [entry]})
        self.assertEqual(answer["outcomes"], ["stored"])
        self.row("reconcile_apply", by="lin", result="stored 1",
                 target="1 missing notifications of merchant 1900000001")
        self.must("POST", "/deliveries/retry", {"error": OPENID})
        self.assertEqual(self.store.count("notifications WHERE id = 'n1'"), 1)
        self.assertNotIn(OPENID, json.dumps(self.items()))
        self.assertNotIn(OPENID, "\n".join(self.service.stdout))
        for secret in self.secrets.values():
            self.assertNotIn(secret, json.dumps(self.items()) + "\n".join(self.service.stdout))

    def test_commands_on_the_store_have_rows_too(self):
        self.begin()
        counted = run("store", "purge", "--config", self.service.config, "--dry-run")
        self.assertEqual((counted.returncode, counted.stderr), (0, ""))
        purged = run("store", "purge", "--config", self.service.config, "--what", "audit",
                     "--reason", "a test")
        self.assertEqual(purged.returncode, 0, purged.stderr)
        row = self.row("purge", by=getpass.getuser(), reason="a test",
                       target="audit older than the retention settings")
        self.assertEqual(row["from"], "command line")
        self.assertRegex(row["result"], r"^done: payloads 0, .* actions 0$")
        lines = [json.loads(line) for line in purged.stderr.splitlines()]
        self.assertEqual([line["result"][:5] for line in lines], ["begun", "done:"])
        self.assertEqual({line["event"] for line in lines}, {"audit"})
        self.assertEqual(lines[1]["by"], row["by"])

    def test_the_list_has_pages_and_the_command_shows_it(self):
        self.begin()
        for level in ("debug", "trace", "warn", "error", "info"):
            self.must("POST", "/log", {"level": level})
        first = self.service.get("/audit?limit=2")
        rest = self.service.get(f"/audit?limit=500&cursor={first['next_cursor']}")
        targets = [row["target"] for row in first["items"] + rest["items"]]
        self.assertEqual(targets, ["error to info", "warn to error", "trace to warn",
                                   "debug to trace", "info to debug"])
        self.assertIsNone(rest["next_cursor"])
        for query in ("limit=0", "limit=501", "limit=x", "cursor=x"):
            self.assertEqual(self.service.ask(f"/audit?{query}")[0], 400, query)
        listed = self.command("audit", "--limit", "2")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertIn("error to info", listed.stdout)
        self.assertIn("more: --cursor", listed.stdout)
        shown = json.loads(self.command("audit", "--json").stdout)
        self.assertEqual(len(shown["items"]), 5)

    def test_rows_go_after_their_retention(self):
        self.begin()
        for level in ("debug", "info", "debug"):
            self.must("POST", "/log", {"level": level})
        old = int(time.time() * 1000) - 401 * 86_400_000
        self.store.execute(f"UPDATE audit_log SET recorded_at = {old} WHERE action = 'log_level'")
        purged = run("store", "purge", "--config", self.service.config, "--json")
        self.assertEqual(json.loads(purged.stdout)["actions"], 3, purged.stderr)
        self.assertEqual({row["action"] for row in self.items()}, {"purge"})


class ActionsOnPostgres(Actions):
    Store = PostgresStore


class Restored(AuditCase):
    def test_a_restore_has_a_row_in_the_restored_store(self):
        self.begin()
        backup = self.service.root / "backup.db"
        done = run("store", "backup", backup, "--config", self.service.config)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.service.stop()
        done = run("store", "restore", backup, "--config", self.service.config,
                   "--reason", "a disk broke")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stderr.splitlines()[-1])["action"], "restore")
        self.service.start()
        row = self.row("restore", by=getpass.getuser(), reason="a disk broke", result="done")
        self.assertEqual((row["from"], row["target"]), ("command line", "store from backup.db"))


class Tokens(AuditCase):
    CHANGING = (("POST", "/deliveries/1/retry"), ("POST", "/deliveries/1/skip"),
                ("POST", "/deliveries/retry"), ("POST", "/deliveries/skip"),
                ("DELETE", "/deliveries/retry/1"), ("DELETE", "/deliveries/skip/1"),
                ("POST", "/pauses"), ("DELETE", "/pauses?handler=crm"),
                ("POST", "/quarantine/1/open"), ("POST", "/quarantine/1/discard"),
                ("POST", "/books"), ("POST", "/log"))

    def test_a_read_token_sees_everything_and_changes_nothing(self):
        self.begin()
        for target in ("/status", "/notifications", "/deliveries", "/pauses", "/quarantine",
                       "/audit"):
            self.assertEqual(self.order("GET", target, by="grafana")[0], 200, target)
        for method, target in self.CHANGING:
            with self.subTest(f"{method} {target}"):
                status, answer = self.order(method, target, {"level": "debug"}, by="grafana")
                self.assertEqual((status, answer["code"]), (403, "FORBIDDEN"))
                self.assertIn("grafana", answer["message"])
        self.assertEqual(self.items(), [])
        self.service.wait_for_log(event="forbidden")
        self.assertEqual(self.service.ask("/livez", token=None)[0], 200)

    def test_a_reload_rotates_tokens_without_a_gap(self):
        self.begin()
        old, new = self.secrets["lin"], secrets.token_hex(32)
        self.service.write("secrets/lin2", new)
        self.service.append(token_table("lin2", "operate"))
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.ask("/status", token=new)[0] == 200, what="the new token")
        self.assertEqual(self.service.ask("/status", token=old)[0], 200, "both are valid")
        text = self.service.config.read_text()
        self.service.config.write_text(text.replace(token_table("lin", "operate"), ""))
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.ask("/status", token=old)[0] == 401, what="the end")
        self.assertEqual(self.service.ask("/status", token=new)[0], 200)
        self.must("POST", "/log", {"level": "info"}, by="admin")

    def test_a_reload_with_a_bad_token_file_keeps_all_tokens(self):
        self.begin()
        self.service.write("secrets/lin", "")
        self.service.signal(signal.SIGHUP)
        (line, *_) = self.service.wait_for_log(event="reload_refused")
        self.assertIn("admin_token: ", line["message"])
        self.assertIn('admin.token "lin".file', line["message"])
        for token in (True, *self.secrets.values()):
            self.assertEqual(self.service.ask("/status", token=token)[0], 200)

    def test_commands_work_without_a_token_file(self):
        self.begin(one_token=False)
        self.assertEqual(self.service.ask("/status")[0], 401, "the old token is no longer valid")
        self.assertEqual(self.command("status").returncode, 0)
        paused = self.command("pause", "--handler", "crm", "--reason", "x")
        self.assertEqual(paused.returncode, 0, paused.stderr)
        status, page = self.order("GET", "/audit", by="grafana")
        self.assertEqual((status, page["items"][0]["by"]), (200, "lin"))

    def test_the_set_up_with_one_token_goes_on_working(self):
        self.begin(tokens={})
        self.must("POST", "/log", {"level": "debug"}, by="admin")
        self.row("log_level", by="admin", result="done")

    def test_check_names_what_is_wrong(self):
        self.begin()
        token = self.service.read("secrets/admin_token")

        def problems():
            return run("check", "--config", self.service.config).stderr

        self.service.write("secrets/grafana", token)
        self.assertRegex(problems(), r'admin\.token "grafana"\.file.*same token as that of "admin"')
        self.service.write("secrets/grafana", "")
        self.assertRegex(problems(), r'admin\.token "grafana"\.file.*empty')
        good = self.service.config.read_text()
        for old, new, expected in (
                ('role = "read"', 'role = "reed"', r'admin\.token\[2\]\.role.*did you mean "read"'),
                ('name = "grafana"', 'name = "lin"', r"is there twice"),
                ('name = "grafana"', 'name = "a b"', r"admin\.token\[2\]\.name"),
                ('name = "grafana"', 'name = "admin"', r"admin\.token_file")):
            self.service.config.write_text(good.replace(old, new))
            self.assertRegex(problems(), expected)

    def test_a_token_that_is_in_two_files_has_the_lesser_role(self):
        self.begin()
        self.service.stop()
        self.service.write("secrets/grafana", self.secrets["lin"])
        self.service.start()
        self.assertEqual(self.order("GET", "/status", by="lin")[0], 200)
        self.assertEqual(self.order("POST", "/log", {"level": "debug"}, by="lin")[0], 403)
        self.must("POST", "/log", {"level": "debug"}, by="admin")


class FailedLogins(AuditCase):
    def attempt(self, token):
        begun = time.monotonic()
        connection = http.client.HTTPConnection(*self.service.admin_address, timeout=10 * PATIENCE)
        with closing(connection) as client:
            client.request("GET", "/status", headers={"Authorization": f"Bearer {token}"})
            reply = client.getresponse()
            body = json.loads(reply.read())
        return reply, body.get("code"), time.monotonic() - begun

    def test_wrong_tokens_wait_ever_longer_and_are_counted(self):
        self.begin()
        delays = [self.attempt("wrong")[2] for _ in range(4)]
        for delay, least in zip(delays, (0.125, 0.25, 0.5, 1.0), strict=True):
            self.assertGreaterEqual(delay, least)
        with ThreadPoolExecutor(1) as pool:
            slow = pool.submit(self.attempt, "wrong")
            time.sleep(0.1)
            for _ in range(5):
                self.assertEqual(self.service.ask("/status")[0], 200)
            self.assertFalse(slow.done(), "the right token did not wait for the wrong one")
            self.assertEqual((slow.result()[0].status, slow.result()[1]), (401, "UNAUTHORIZED"))
        metrics = self.service.exchange("/metrics", token=None)[1].decode()
        self.assertIn("couponhook_admin_logins_failed_total 5\n", metrics)
        (line, *more) = self.service.wait_for_log(event="login_failed")
        self.assertIn("127.0.0.1", line["message"])
        self.assertLess(len(more), 4, "at most one line a second")
        self.assertNotIn("wrong", line["message"].replace("a wrong token", ""))

    def test_too_many_wrong_tokens_at_once_are_refused_at_once(self):
        self.begin()
        with ThreadPoolExecutor(60) as pool:
            attempts = [each.result() for each in
                        [pool.submit(self.attempt, f"wrong-{i}") for i in range(60)]]
        refused = [reply for reply, code, _ in attempts if code == "TOO_MANY_LOGINS"]
        self.assertGreater(len(refused), 0)
        for reply in refused:
            self.assertEqual((reply.status, reply.headers["Retry-After"]), (429, "2"))
        self.assertEqual({reply.status for reply, _, _ in attempts}, {401, 429})
        self.assertEqual(self.service.ask("/status")[0], 200)

    def test_a_request_without_a_token_is_answered_at_once_and_not_counted(self):
        self.begin()
        for _ in range(20):
            self.assertEqual(self.service.ask("/status", token=None)[0], 401)
        metrics = self.service.exchange("/metrics", token=None)[1].decode()
        self.assertIn("couponhook_admin_logins_failed_total 0\n", metrics)


class LogLines(AuditCase):
    def test_the_level_changes_by_request_and_by_reload(self):
        self.begin(level="info")
        self.target.answer = lambda call: 204
        self.send("quiet")
        wait_until(lambda: self.service.get("/status")["deliveries"]["done"] == 2)
        self.assertEqual(self.service.logs(event="delivery"), [])
        answer = self.must("POST", "/log", {"level": "debug"})
        self.assertEqual(answer, {"level": "debug", "before": "info"})
        self.send("loud")
        self.service.wait_for_log(2, event="delivery", result="DONE")
        self.service.configure("log.level", "error")
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.get("/status")["reloads"]["config"]["ok"] > 0)
        self.send("silent")
        self.must("POST", "/log", {"level": "info"})
        self.row("log_level", target="error to info")
        self.assertEqual(self.service.logs(event="notification", id="silent"), [])

    def test_a_wrong_level_changes_nothing(self):
        self.begin()
        for body, expected in (({"level": "debgu"}, "did you mean debug"), ({}, "trace, debug"),
                               ({"level": 5}, "the body is"), ({"lvl": "info"}, "the body is")):
            status, answer = self.order("POST", "/log", body)
            self.assertEqual((status, answer["code"]), (400, "PARAM_ERROR"), body)
            self.assertIn(expected, answer["message"])
        self.assertEqual(self.items(), [])

    def test_the_line_of_the_start_has_version_and_addresses(self):
        self.begin()
        (line,) = self.service.wait_for_log(event="started")
        self.assertEqual(line["version"], self.service.get("/status")["version"])
        self.assertTrue(line["listener"].endswith(f":{self.service.address[1]}"), line)
        self.assertTrue(line["status"].endswith(f":{self.service.admin_address[1]}"), line)

    def test_delivery_lines_name_delivery_handler_and_notification(self):
        self.begin()
        self.send("n1")
        lines = self.service.wait_for_log(2, event="delivery", result="DEAD")
        named = {(str(line["delivery_id"]), line["handler"], line["notification_id"])
                 for line in lines}
        self.assertEqual(named, {(each["id"], each["handler"], "n1")
                                 for each in self.dead_deliveries(2)})

    def test_the_line_of_a_reload_names_changes_and_what_needs_a_restart(self):
        self.begin()
        self.service.configure("log.level", "debug")
        self.service.configure("listener.max_connections", 500)
        self.service.signal(signal.SIGHUP)
        line = wait_until(lambda: next((line for line in self.service.logs(event="reloaded")
                                        if "config" in line["message"]), None), what="a reload")
        self.assertIn("settings changed: listener.max_connections, log.level", line["message"])
        self.assertTrue(
            line["message"].endswith("a restart is needed for: listener.max_connections"), line)
        self.assertIn("files have changed of: config;", line["message"])
        self.service.configure("listener.max_connections", 10000)
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: any("settings changed: listener.max_connections" in line["message"] and
                               "restart" not in line["message"]
                               for line in self.service.logs(event="reloaded")), what="the end")


if __name__ == "__main__":
    unittest.main()
