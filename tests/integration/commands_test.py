"""Checks that every command of couponhook works as documented, reports every error, and exits with
the documented code 0, 1 or 2. The tests run the commands as a user types them, with valid and
invalid configurations, and beside a running service.
"""

import fnmatch
import json
import os
import stat
import tomllib
import unittest

from support import events
from support.case import ServiceTestCase
from support.service import LONG, Service, edit_toml, run

FIXTURES = os.environ.get("COUPONHOOK_FIXTURES", "tests/fixtures")


class CommandLine(unittest.TestCase):
    COMMANDS = ("init", "serve", "check", "trigger", "replay", "sandbox", "status",
                "notifications", "ledger", "listen")

    def test_help_explains_every_command(self):
        overview = run("--help")
        self.assertEqual(overview.returncode, 0)
        for command in self.COMMANDS:
            with self.subTest(command):
                self.assertIn(command, overview.stdout)
                shown = run(command, "--help")
                self.assertEqual(shown.returncode, 0, shown)
                self.assertIn("Usage: couponhook " + command, shown.stdout)

    def test_version_is_printed(self):
        self.assertRegex(run("--version").stdout, r"^couponhook \d+\.\d+\.\d+\n$")

    def test_bad_usage_exits_2_with_one_line(self):
        for arguments in ((), ("frobnicate",), ("serve", "--no-such-option"), ("init",),
                          ("trigger",), ("ledger", "1"), ("trigger", "redeem", "--count", "0"),
                          ("trigger", "redeem", "--bad", "luck")):
            with self.subTest(arguments):
                refused = run(*arguments)
                self.assertEqual(refused.returncode, 2, refused)
                self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
                self.assertTrue(refused.stderr.startswith("couponhook: "), refused.stderr)

    def test_extra_arguments_are_quoted_in_the_error(self):
        self.assertIn('"--colour" "red"', run("serve", "--colour", "red").stderr)

    def test_an_unknown_command_is_named(self):
        self.assertIn("frobnicate", run("frobnicate").stderr)

    def test_a_configuration_that_is_not_there_exits_2_and_is_named(self):
        for command in (("serve",), ("check",), ("status",), ("notifications",), ("listen",),
                        ("ledger", "1", "2"), ("trigger", "redeem"), ("replay", FIXTURES)):
            with self.subTest(command):
                refused = run(*command, "--config", "not-there.toml")
                self.assertEqual(refused.returncode, 2, refused)
                self.assertIn("not-there.toml", refused.stderr)


class SetUp(unittest.TestCase):
    """Tests of `couponhook init` and `couponhook check`, without a running service."""

    def setUp(self):
        self.service = self.enterContext(Service(starts=False))

    def check(self, text=None, **options):
        if text is not None:
            self.service.config.write_text(text)
        return run("check", "--config", self.service.config, **options)

    def test_a_fresh_set_up_has_no_problems(self):
        checked = self.check()
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked)

    def contents(self):
        files = (path for path in self.service.folder.rglob("*") if path.is_file())
        return {path: path.read_bytes() for path in files}

    def test_init_refuses_to_overwrite(self):
        before = self.contents()
        refused = run("init", self.service.folder)
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn(str(self.service.folder), refused.stderr)
        self.assertEqual(self.contents(), before, "nothing is touched")

    def test_init_takes_an_empty_folder(self):
        empty = self.service.root / "empty"
        empty.mkdir()
        self.assertEqual(run("init", empty).returncode, 0)

    def test_init_never_makes_the_same_secrets_twice(self):
        other = self.service.root / "other"
        run("init", other)
        for name in ("secrets/api_v3_key", "secrets/api_v2_key", "secrets/admin_token",
                     "secrets/apiclient_key.pem", "development/platform_key.pem"):
            self.assertNotEqual((other / name).read_text().strip(), self.service.read(name))

    def test_init_keeps_private_files_private(self):
        for name in ("secrets/api_v3_key", "secrets/api_v2_key", "secrets/admin_token",
                     "secrets/apiclient_key.pem", "tls/server.key", "development/platform_key.pem"):
            mode = stat.S_IMODE((self.service.folder / name).stat().st_mode)
            self.assertEqual(mode, 0o600, name)

    def test_init_with_a_handler_url_makes_an_active_handler(self):
        url = "http://127.0.0.1:8080/coupons"
        folders = [self.service.root / name for name in ("shop", "second")]
        for folder in folders:
            made = run("init", folder, "--handler-url", url)
            self.assertEqual(made.returncode, 0, made)
            self.assertIn(url, made.stdout)
        config = folders[0] / "couponhook.toml"
        checked = run("check", "--config", config)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked)
        handler, = (each for each in tomllib.loads(config.read_text())["handler"]
                    if each["type"] == "http")
        self.assertEqual(handler["url"], url)
        for event in ("COUPON.USE", "PRODUCT_COUPON_SP.SEND", "REFUND.SUCCESS"):
            self.assertTrue(any(fnmatch.fnmatchcase(event, each) for each in handler["events"]),
                            event)
        secrets = [folder / handler["secret_file"] for folder in folders]
        self.assertRegex(secrets[0].read_text(), r"\Awhsec_[A-Za-z0-9+/]{43}=\n\Z")
        self.assertNotEqual(secrets[0].read_text(), secrets[1].read_text())
        self.assertEqual(stat.S_IMODE(secrets[0].stat().st_mode), 0o600)

    def test_init_refuses_a_handler_url_that_is_none(self):
        for url in ("127.0.0.1:8080", "ftp://127.0.0.1/", 'http://x/"', "http://"):
            with self.subTest(url):
                refused = run("init", self.service.root / "shop", "--handler-url", url)
                self.assertEqual(refused.returncode, 2, refused)
                self.assertIn("--handler-url", refused.stderr)
                self.assertFalse((self.service.root / "shop").exists())

    def test_check_reports_all_problems_at_once(self):
        text = self.service.config.read_text()
        text = edit_toml(text, "listener.port", 70000)
        text = edit_toml(text, "listener.success_status", 201)
        text = edit_toml(text, "store.retention_id_days", 1)
        text = edit_toml(text, "merchant.path", "/notify?x=1")
        text = edit_toml(text, "handler.type", "smtp")
        checked = self.check(text)
        self.assertEqual(checked.returncode, 2, checked)
        for key in ("listener.port", "listener.success_status", "store.retention_id_days",
                    "merchant[1].path", "handler[1].type"):
            self.assertIn(key, checked.stderr)
        for line in checked.stderr.splitlines():
            self.assertIn("couponhook.toml", line, "each line names the file at fault")

    def test_check_reports_all_wrong_files_at_once(self):
        self.service.write("secrets/api_v3_key", "too short")
        self.service.write("wechatpay/platform_cert.pem", "no certificate")
        self.service.write("tls/server.crt", "none either")
        checked = self.check()
        self.assertEqual(checked.returncode, 2, checked)
        for name in ("secrets/api_v3_key", "wechatpay/platform_cert.pem", "tls/server.crt"):
            self.assertIn(name, checked.stderr)

    def test_check_names_a_platform_certificate_in_the_wrong_place(self):
        self.service.configure("merchant.platform_certificates", ["tls/server.crt"])
        checked = self.check()
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn("tls/server.crt", checked.stderr)

    def test_an_unknown_key_is_an_error_with_a_suggestion(self):
        checked = self.check(edit_toml(self.service.config.read_text(), "listener.prot", 1))
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn("listener.prot", checked.stderr)
        self.assertRegex(checked.stderr, r'\bport\b')

    def test_an_environment_variable_is_put_in_its_place(self):
        text = self.service.config.read_text()
        text = text.replace('"secrets/api_v3_key"', '"${COUPONHOOK_TEST_FOLDER}/api_v3_key"')
        environment = {**os.environ, "COUPONHOOK_TEST_FOLDER": "secrets"}
        self.assertEqual(self.check(text, env=environment).returncode, 0)

    def test_a_missing_environment_variable_is_named(self):
        text = self.service.config.read_text().replace("secrets/api_v3_key", "${NOT_SET_ANYWHERE}")
        checked = self.check(text)
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn("NOT_SET_ANYWHERE", checked.stderr)
        self.assertIn("api_v3_key_files", checked.stderr)

    def test_a_syntax_error_is_reported_with_its_line(self):
        checked = self.check("[listener]\nport = \n")
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn("line 2", checked.stderr)

    def complain(self, *named, exits=2, lines=None):
        checked = self.check()
        self.assertEqual(checked.returncode, exits, checked)
        for name in named:
            self.assertIn(name, checked.stderr)
        if lines is not None:
            self.assertEqual(checked.stderr.count("\n"), lines, checked.stderr)

    def test_check_reads_the_files_for_outbound_calls(self):
        self.service.configure("merchant.api.api_v2_key_file", "secrets/nowhere")
        self.service.configure("merchant.api.ca_file", "secrets/api_v3_key")
        self.complain("api.api_v2_key_file", "secrets/nowhere", "api.ca_file",
                      "no readable PEM certificates", lines=2)

    def test_check_finds_the_program_of_an_exec_handler(self):
        self.service.configure("handler.type", "exec")
        for program in ("no-such-program", str(self.service.config), "/nowhere/on-coupon"):
            with self.subTest(program):
                self.service.configure("handler.command", [program])
                self.complain("handler[1].command", program, lines=1)
        self.service.configure("handler.command", ["true"])
        self.assertEqual(self.check().returncode, 0)

    def test_check_says_once_that_a_handler_lacks_its_target(self):
        self.service.configure("handler.type", "http")
        self.complain("handler[1].url: is missing", "handler[1].secret_file: is missing", lines=2)

    def test_a_place_where_no_store_can_be_made_exits_1(self):
        self.service.configure("store.url", "sqlite:/proc/nope/x.db")
        self.complain("store.url", "/proc", exits=1)

    def test_an_invalid_store_url_exits_2(self):
        for url in ("sqlite:", "mysql://127.0.0.1/coupons", "postgresql:coupons"):
            self.service.configure("store.url", url)
            for command in ("check", "serve"):
                with self.subTest((url, command)):
                    refused = run(command, "--config", self.service.config)
                    self.assertEqual(refused.returncode, 2, refused)
                    self.assertIn("store.url", refused.stderr)

    def test_an_empty_file_is_no_store_yet(self):
        self.service.database.parent.mkdir()
        self.service.database.touch()
        self.assertEqual(self.check().returncode, 0)

    def test_serve_leaves_nothing_beside_a_file_that_is_no_store(self):
        file = self.service.root / "hosts"
        file.write_text("127.0.0.1 localhost\n")
        self.service.configure("store.url", f"sqlite:{file}")
        refused = run("serve", "--config", self.service.config)
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("file is not a database", refused.stderr)
        self.assertEqual(list(self.service.root.glob("hosts*")), [file])

    def test_check_knows_its_merchants(self):
        for mchid, exits in (("1900000001", 0), ("1900000002", 2)):
            checked = run("check", "--mchid", mchid, "--config", self.service.config)
            self.assertEqual(checked.returncode, exits, checked)
        self.assertIn("1900000002", checked.stderr)

    def test_a_merchant_that_is_not_configured_is_named(self):
        for words in (("quarantine", "list"), ("status",), ("ledger", "77", "1")):
            with self.subTest(words):
                refused = run(*words, "--mchid", "1900000002", "--config", self.service.config)
                self.assertEqual(refused.returncode, 2, refused)
                self.assertIn('"1900000002" is not configured', refused.stderr)

    def test_init_refuses_a_merchant_number_that_breaks_its_own_set_up(self):
        for mchid in ("", "1?2", "1/2", 'x"'):
            with self.subTest(mchid):
                refused = run("init", self.service.root / "other", "--mchid", mchid)
                self.assertEqual(refused.returncode, 2, refused)
                self.assertIn("--mchid", refused.stderr)
                self.assertFalse((self.service.root / "other").exists())

    def test_init_names_the_file_that_stands_where_a_folder_should(self):
        file = self.service.root / "file"
        file.write_text("x")
        for folder in (file, file / "below"):
            refused = run("init", folder)
            self.assertEqual(refused.returncode, 1, refused)
            self.assertIn(f"{file}: is a file", refused.stderr)

    def test_a_port_that_the_system_chooses_must_be_named(self):
        for command, exits, key in ((("trigger", "redeem"), 2, "listener.port"),
                                    (("replay", FIXTURES), 2, "listener.port"),
                                    (("status",), 1, "admin.port")):
            with self.subTest(command):
                refused = run(*command, "--config", self.service.config)
                self.assertEqual(refused.returncode, exits, refused)
                self.assertIn(key, refused.stderr)

    def test_trigger_rejects_a_misspelt_event(self):
        for event in ("", "foo", "redem"):
            refused = run("trigger", event, "--to", "http://127.0.0.1:1/", "--config",
                          self.service.config)
            self.assertEqual(refused.returncode, 2, refused)
            for word in ("issue", "redeem", "refund", "COUPON.USE"):
                self.assertIn(word, refused.stderr)

    def test_check_makes_no_store(self):
        self.check()
        self.assertFalse(self.service.database.exists())

    def test_a_store_that_is_none_exits_1(self):
        self.service.database.parent.mkdir()
        self.service.database.write_bytes(b"this is no database" * 500)
        for command in ("check", "serve"):
            with self.subTest(command):
                refused = run(command, "--config", self.service.config)
                self.assertEqual(refused.returncode, 1, refused)
                self.assertIn("store.url", refused.stderr)

    def test_without_a_running_service_it_exits_1(self):
        for command in (("status",), ("notifications",), ("ledger", "1", "2")):
            with self.subTest(command):
                refused = run(*command, "--config", self.service.config)
                self.assertEqual(refused.returncode, 1, refused)
                self.assertEqual(refused.stdout, "")


class ServedTestCase(ServiceTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.config = cls.service.config_for_commands()

    def command(self, *arguments, exits=0):
        done = run(*arguments, "--config", self.config, timeout=120)
        self.assertEqual(done.returncode, exits, f"{done.args}: {done.stdout}\n{done.stderr}")
        return done.stdout

    def command_json(self, *arguments, exits=0):
        return json.loads(self.command(*arguments, "--json", exits=exits))


class Queries(ServedTestCase):
    def test_status_is_shown_as_text_and_as_json(self):
        self.post(self.platform.notify(events.redeem()))
        stored = self.service.counts()["stored"]
        self.assertIn(f"{stored} stored", self.command("status"))
        self.assertEqual(self.command_json("status")["notifications"]["stored"], stored)

    def test_notifications_are_listed_as_text_and_as_json(self):
        self.post(self.platform.notify(events.redeem(), "listed-1"))
        self.assertIn("listed-1", self.command("notifications"))
        page = self.command_json("notifications", "--type", "COUPON.USE", "--limit", "1")
        self.assertEqual([item["id"] for item in page["items"]], ["listed-1"])
        self.assertEqual(self.command_json("notifications", "--type", "COUPON.NONE")["items"], [])

    def test_one_notification_is_shown_with_its_resource(self):
        event = events.redeem()
        self.post(self.platform.notify(event, "shown/1?"))
        self.assertEqual(self.command_json("notifications", "shown/1?")["resource"], event.resource)

    def test_one_notification_is_shown_as_readable_text(self):
        event = events.redeem()
        self.post(self.platform.notify(event, "readable-1"))
        text = self.command("notifications", "readable-1")
        self.assertRegex(text, r"notification +readable-1\ntype +COUPON.USE\n")
        self.assertIn(f'\n  "coupon_id": "{event.resource["coupon_id"]}",\n', text)

    def test_a_notification_that_is_not_there_exits_1(self):
        self.command("notifications", "no-such-id", exits=1)

    def test_an_invalid_filter_exits_1_and_is_named(self):
        refused = run("notifications", "--limit", "many", "--config", self.config)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("limit", refused.stderr)

    def test_the_ledger_is_shown_as_text_and_as_json(self):
        event = events.redeem()
        coupon = event.resource["coupon_id"]
        self.post(self.platform.notify(event))
        self.assertIn("redeemed", self.command("ledger", "19733211", coupon))
        self.assertEqual(self.command_json("ledger", "19733211", coupon)["state"], "redeemed")

    def test_a_coupon_that_is_not_there_exits_1(self):
        self.command("ledger", "19733211", "0", exits=1)


class SeveralMerchants(ServedTestCase):
    @classmethod
    def prepare(cls, service):
        service.write("secrets/second_key", "S" * 32)
        service.append('[[merchant]]\nmchid = "1900000002"\npath = "/notify/second"\n'
                       'api_v3_key_files = ["secrets/second_key"]\n'
                       'platform_certificates = ["wechatpay/platform_cert.pem"]\n')

    def test_the_merchant_must_be_named(self):
        refused = run("trigger", "redeem", "--config", self.config)
        self.assertEqual(refused.returncode, 2, refused)
        for word in ("--mchid", "1900000001", "1900000002"):
            self.assertIn(word, refused.stderr)

    def test_the_named_merchant_gets_it(self):
        self.command("trigger", "redeem", "--mchid", "1900000002")
        (item,) = self.service.get("/notifications?mchid=1900000002")["items"]
        self.assertEqual(item["type"], "COUPON.USE")


class Sending(ServedTestCase):
    """Tests of the commands `trigger` and `replay`, which send notifications. The tests count the
    notifications that arrive at the service."""

    def counted(self, command, *arguments, exits=0):
        """Runs a command that sends notifications. Returns the summary that the command printed,
        and the numbers by which the service's counts rose."""
        before = self.service.counts()
        summary = self.command_json(command, *arguments, exits=exits)
        after = self.service.counts()
        names = ("stored", "duplicates", "conflicts", "quarantined", "probes")
        return summary, {name: n for name in names if (n := after[name] - before[name])}

    def newest(self):
        id = self.service.get("/notifications?limit=1")["items"][0]["id"]
        return self.service.get(f"/notifications/{id}")

    def test_trigger_sends_each_kind(self):
        for word, event_type in (("issue", "COUPON.SEND"), ("redeem", "COUPON.USE"),
                                 ("refund", "REFUND.SUCCESS"), ("ANY.TYPE", "ANY.TYPE"),
                                 ("PRODUCT_COUPON_SP.SEND", "PRODUCT_COUPON_SP.SEND")):
            with self.subTest(word):
                self.assertEqual(self.counted("trigger", word)[1], {"stored": 1})
                self.assertEqual(self.newest()["type"], event_type)

    def test_trigger_prints_text_too(self):
        self.assertRegex(self.command("trigger", "redeem"), r"replied 204 +1\n")

    def test_trigger_sends_many_over_several_connections(self):
        summary, counts = self.counted("trigger", "redeem", "--count", "50", "--connections", "4")
        self.assertEqual((summary["replies"], counts), ({"204": 50}, {"stored": 50}))

    def test_trigger_sends_copies_at_once(self):
        summary, counts = self.counted("trigger", "redeem", "--count", "5", "--duplicates", "8")
        self.assertEqual((summary["copies"], counts), (40, {"stored": 5, "duplicates": 35}))

    def test_trigger_sets_fields(self):
        self.command("trigger", "redeem", "--set", "coupon_id=set-by-me",
                     "--set", "consume_information.transaction_id=4200",
                     "--set", "consume_information.goods_detail.0.quantity=3")
        resource = self.newest()["resource"]
        self.assertEqual(resource["coupon_id"], "set-by-me")
        self.assertEqual(resource["consume_information"]["transaction_id"], "4200")
        self.assertEqual(resource["consume_information"]["goods_detail"], [{"quantity": 3}])
        self.assertEqual(self.command_json("ledger", resource["stock_id"], "set-by-me")["state"],
                         "redeemed")

    def test_trigger_with_one_id_twice_is_a_conflict(self):
        counts = self.counted("trigger", "redeem", "--count", "2", "--id", "same-id")[1]
        self.assertEqual(counts, {"stored": 1, "conflicts": 1})

    def test_a_faulty_notification_is_refused_as_expected(self):
        expected = {
            "signature": ({"SIGNATURE_INVALID": 1}, {}),
            "serial": ({"SERIAL_UNKNOWN": 1}, {}),
            "timestamp": ({"TIMESTAMP_INVALID": 1}, {}),
            "probe": ({"SIGNATURE_INVALID": 1}, {"probes": 1}),
            "ciphertext": ({"DECRYPT_FAILED": 1}, {"quarantined": 1}),
        }
        for bad, (codes, went_up) in expected.items():
            with self.subTest(bad):
                summary, counts = self.counted("trigger", "redeem", "--bad", bad)
                self.assertEqual((summary["codes"], counts), (codes, went_up))

    def test_trigger_keeps_to_its_rate(self):
        summary = self.command_json("trigger", "redeem", "--count", "20", "--rate", "40")
        self.assertGreater(summary["duration_ms"], 400)

    def test_trigger_exits_1_without_a_listener_or_with_another_reply(self):
        host, port = self.service.address
        for url in (f"https://{host}:{port}/notify/other", "https://127.0.0.1:1/notify/1900000001"):
            with self.subTest(url):
                self.command("trigger", "redeem", "--to", url, exits=1)

    def test_replay_gets_what_each_fixture_expects_and_then_only_duplicates(self):
        summary, counts = self.counted("replay", FIXTURES)
        total = len(summary["fixtures"])
        self.assertGreater(total, 30, "where are the fixtures?")
        self.assertTrue(all(fixture["ok"] for fixture in summary["fixtures"]), summary)
        self.assertEqual(counts, {"stored": total})
        self.assertEqual(self.counted("replay", FIXTURES)[1], {"duplicates": total})

    def test_replay_reads_lines_too(self):
        lines = self.service.root / "two.ndjson"
        lines.write_text("".join(
            json.dumps({"event_type": "COUPON.USE", "resource": events.redeem().resource}) + "\n"
            for _ in range(2)))
        self.assertEqual(self.counted("replay", lines)[1], {"stored": 2})

    def test_replay_exits_1_where_a_fixture_gets_another_reply_and_names_it(self):
        fixture = self.service.root / "hopeful.json"
        fixture.write_text(json.dumps(
            {"event_type": "COUPON.USE", "resource": events.redeem().resource, "expect": 500}))
        failed = run("replay", fixture, "--config", self.config)
        self.assertEqual(failed.returncode, 1, failed)
        self.assertIn("hopeful.json", failed.stderr)

    def test_replay_refuses_what_is_no_fixture_and_sends_nothing(self):
        broken = self.service.root / "broken"
        broken.mkdir()
        (broken / "good.json").write_text(json.dumps({"event_type": "A.B", "resource": {}}))
        (broken / "bad.json").write_text("{")
        (broken / "none.json").write_text("{}")
        before = self.service.counts()["stored"]
        refused = run("replay", broken, "--config", self.config)
        self.assertEqual(refused.returncode, 2, refused)
        for name in ("bad.json", "none.json"):
            self.assertIn(name, refused.stderr)
        self.assertEqual(self.service.counts()["stored"], before)

    @unittest.skipUnless(LONG, "sends 100,000; COUPONHOOK_LONG=1 asks for it")
    def test_trigger_sends_a_hundred_thousand(self):
        counts = self.counted("trigger", "redeem", "--count", "100000", "--connections", "32")[1]
        self.assertEqual(counts, {"stored": 100000})


if __name__ == "__main__":
    unittest.main()
