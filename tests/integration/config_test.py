"""Checks where couponhook finds its configuration: the file, environment variables that override
keys, `config show` and `config schema`. No test starts the service; all use copies of one set-up
that `couponhook init` made.
"""

import json
import os
import subprocess
import tempfile
import tomllib
import unittest
from pathlib import Path

import jsonschema

from support.service import BINARY, make_setup

ROOT = Path(__file__).resolve().parents[2]


class Configured(unittest.TestCase):
    """One set-up in a temporary folder, and runs of couponhook with chosen variables."""

    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory())) / "setup"
        make_setup(cls.folder)
        cls.file = cls.folder / "couponhook.toml"

    def couponhook(self, *arguments, cwd="/", **variables) -> subprocess.CompletedProcess:
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith("COUPONHOOK_")}
        return subprocess.run([BINARY, *map(str, arguments)], cwd=cwd, text=True, timeout=60,
                              capture_output=True, env=environment | variables)

    def shown(self, *extra, file=None, **variables) -> dict:
        answer = self.couponhook("config", "show", "--json", "--config", file or self.file, *extra,
                                 **variables)
        self.assertEqual((answer.returncode, answer.stderr), (0, ""))
        return json.loads(answer.stdout)

    def refused(self, *arguments, **variables) -> str:
        answer = self.couponhook(*arguments, **variables)
        self.assertEqual(answer.returncode, 2, answer.stdout)
        return answer.stderr

    def write(self, name: str, text: str) -> Path:
        """Writes a configuration beside the set-up's, so that its relative paths are valid."""
        file = self.folder / name
        file.write_text(text)
        self.addCleanup(file.unlink)
        return file


class Lookup(Configured):
    def test_option_stands_before_or_after_the_command(self):
        for arguments in (["check", "--config", self.file], ["--config", self.file, "check"],
                          [f"--config={self.file}", "check"],
                          ["--config", self.file, "config", "show"],
                          ["config", "--config", self.file, "show"]):
            answer = self.couponhook(*arguments)
            self.assertEqual(answer.returncode, 0, (arguments, answer.stderr))

    def test_option_given_twice_or_not_taken_is_refused(self):
        self.assertIn("twice", self.refused("--config", self.file, "check", "--config", self.file))
        self.assertIn("takes no --config", self.refused("--config", self.file, "init", "/nowhere"))

    def test_variable_and_working_directory_name_the_file(self):
        answer = self.couponhook("check", COUPONHOOK_CONFIG=str(self.file))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = self.couponhook("check", cwd=self.folder)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        # The option beats the variable, and the variable the working directory.
        answer = self.couponhook("check", "--config", self.file, COUPONHOOK_CONFIG="/absent.toml")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        answer = self.couponhook("check", cwd=self.folder, COUPONHOOK_CONFIG="/absent.toml")
        self.assertEqual(answer.returncode, 2)
        self.assertIn("/absent.toml: named by $COUPONHOOK_CONFIG", answer.stderr)

    @unittest.skipIf(Path("/etc/couponhook/couponhook.toml").exists(), "couponhook is installed")
    def test_without_a_file_one_message_names_all_places(self):
        for command in (["check"], ["serve"], ["status"], ["config", "show"], ["store", "purge"],
                        ["trigger", "redeem"], ["doctor"]):
            errors = self.refused(*command)
            self.assertEqual(errors.count("\n"), 1, errors)
            for place in ("--config", "$COUPONHOOK_CONFIG", "./couponhook.toml",
                          "/etc/couponhook/couponhook.toml"):
                self.assertIn(place, errors)

    def test_misspelt_command_is_suggested(self):
        self.assertIn('did you mean "check"?', self.refused("chekc"))
        self.assertIn('did you mean "check"?', self.refused("--config", self.file, "chekc"))
        self.assertIn('did you mean "backup"?', self.refused("store", "bakcup"))


class Overrides(Configured):
    def test_variable_overrides_each_kind_of_key(self):
        shown = self.shown(
            COUPONHOOK_LISTENER__PORT="8555", COUPONHOOK_LISTENER__TLS="false",
            COUPONHOOK_LISTENER__TRUSTED_PROXIES="10.0.0.0/8, 192.0.2.1/32",
            COUPONHOOK_LOG__LEVEL="debug", COUPONHOOK_MERCHANT__0__MCHID="1900000009",
            COUPONHOOK_MERCHANT__0__API_V3_KEY_FILES='["secrets/a,b", "/etc/key"]',
            COUPONHOOK_ADMIN__TOKEN_FILE="secrets/other")
        listener, merchant = shown["listener"], shown["merchant"][0]
        self.assertEqual((listener["port"], listener["tls"]), (8555, False))
        self.assertEqual(listener["trusted_proxies"], ["10.0.0.0/8", "192.0.2.1/32"])
        self.assertEqual(shown["log"]["level"], "debug")
        self.assertEqual(merchant["mchid"], "1900000009")
        self.assertEqual(merchant["api_v3_key_files"],
                         [str(self.folder / "secrets/a,b"), "/etc/key"])
        self.assertEqual(shown["admin"]["token_file"], str(self.folder / "secrets/other"))

    def test_variables_add_tables(self):
        before = self.shown()
        number = len(before.get("handler", []))
        start = f"COUPONHOOK_HANDLER__{number}__"
        shown = self.shown(**{
            start + "NAME": "added", start + "TYPE": "kafka", start + "EVENTS": "COUPON.USE",
            start + "BROKERS": "b:9092", start + "TOPIC": "t",
            start + "PROPERTIES__SECURITY_PROTOCOL": "ssl",
            "COUPONHOOK_MERCHANT__0__API__BASE_URL": "https://api.example",
            "COUPONHOOK_MERCHANT__0__API__PRIVATE_KEY_FILE": "k.pem",
            "COUPONHOOK_MERCHANT__0__API__CERTIFICATE_SERIAL": "5157F09EFDC096DE15EBE81A47057A72"})
        self.assertEqual(shown["handler"][number]["name"], "added")
        self.assertEqual(shown["handler"][number]["properties"], {"security.protocol": "ssl"})
        self.assertEqual(shown["merchant"][0]["api"]["base_url"], "https://api.example")

    def test_variable_that_overrides_nothing_is_refused(self):
        for name, expected in {
                "COUPONHOOK_LISTENER__PROT": "COUPONHOOK_LISTENER__PORT",
                "COUPONHOOK_LISTNER__PORT": "COUPONHOOK_LISTENER__PORT",
                "COUPONHOOK_MERCHANT__0__MCHIDD": "COUPONHOOK_MERCHANT__0__MCHID"}.items():
            errors = self.refused("check", "--config", self.file, **{name: "1"})
            self.assertIn(name, errors)
            self.assertIn(f'did you mean "{expected}"?', errors)
        # A gap in the numbers of the tables.
        self.assertIn("COUPONHOOK_MERCHANT__7__MCHID", self.refused(
            "check", "--config", self.file, COUPONHOOK_MERCHANT__7__MCHID="1900000009"))

    def test_variables_with_single_underscores_are_no_overrides(self):
        # Kubernetes sets such variables for a Service that is called couponhook.
        self.shown(COUPONHOOK_SERVICE_HOST="10.0.0.1", COUPONHOOK_PORT="tcp://10.0.0.1:8443")

    def test_faulty_value_is_reported_with_the_variable_but_not_repeated(self):
        for name in ("COUPONHOOK_LISTENER__PORT", "COUPONHOOK_LISTENER__TLS",
                     "COUPONHOOK_LOG__LEVEL"):
            errors = self.refused("check", "--config", self.file, **{name: "hunter2"})
            self.assertIn(name, errors)
            self.assertNotIn("hunter2", errors)

    def test_systemd_credentials_are_files(self):
        text = self.file.read_text().replace('"secrets/admin_token"',
                                             '"${CREDENTIALS_DIRECTORY}/admin_token"')
        file = self.write("credentials.toml", text)
        answer = self.couponhook("check", "--config", file,
                                 CREDENTIALS_DIRECTORY=str(self.folder / "secrets"))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        shown = self.shown(file=file, CREDENTIALS_DIRECTORY="/run/credentials/c.service")
        self.assertEqual(shown["admin"]["token_file"], "/run/credentials/c.service/admin_token")


class Show(Configured):
    def test_toml_is_accepted_again_from_another_folder(self):
        text = self.couponhook("config", "show", "--config", self.file,
                               COUPONHOOK_LISTENER__PORT="8555").stdout
        self.assertIn("port = 8555  # COUPONHOOK_LISTENER__PORT\n", text)
        self.assertIn('success_status = 204  # default\n', text)
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.toml"
            copy.write_text(text)
            answer = self.couponhook("check", "--config", copy)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertEqual(tomllib.loads(text), self.shown(file=copy))

    def test_secrets_are_hidden(self):
        file = self.write("secret.toml", self.file.read_text() + '''
[[handler]]
name = "shop"
type = "http"
url = "https://user:canary1@shop.example/hooks@2?key=canary2"
secret_file = "secrets/shop"
events = ["COUPON.*"]
[[handler]]
name = "program"
type = "exec"
command = ["/bin/program", "--token", "canary3", "--password=canary4", "${FROM_ENVIRONMENT}"]
events = ["COUPON.*"]
[[handler]]
name = "queue"
type = "kafka"
brokers = "b:9092"
topic = "t"
events = ["COUPON.*"]
[handler.properties]
"sasl.password" = "canary5"
"sasl.username" = "visible"
''')
        variables = {
            "COUPONHOOK_STORE__URL": "postgresql://app:canary6@db/coupons?sslpassword=canary7",
            "FROM_ENVIRONMENT": "postgresql://app:canary@8/x@db/y"}
        for format_ in ([], ["--json"]):
            answer = self.couponhook("config", "show", "--config", file, *format_, **variables)
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertNotIn("canary", answer.stdout)
            self.assertIn("https://(set)@shop.example/hooks@2?key=(set)", answer.stdout)
            self.assertIn("postgresql://app:(set)@db/coupons?sslpassword=(set)", answer.stdout)
            self.assertIn("visible", answer.stdout)

    def test_faulty_configuration_is_no_output(self):
        answer = self.couponhook("config", "show", "--config", self.file,
                                 COUPONHOOK_LISTENER__PORT="70000")
        self.assertEqual((answer.returncode, answer.stdout), (2, ""))


class Schema(Configured):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        schema = json.loads(subprocess.run([BINARY, "config", "schema"], check=True, text=True,
                                           capture_output=True).stdout)
        jsonschema.Draft202012Validator.check_schema(schema)
        cls.schema = schema
        cls.validator = jsonschema.Draft202012Validator(schema)

    def errors(self, config: dict) -> list[str]:
        return [error.message for error in self.validator.iter_errors(config)]

    def test_valid_files_are_valid(self):
        self.assertEqual(self.errors(tomllib.loads(self.file.read_text())), [])
        self.assertEqual(self.errors(self.shown()), [])
        for example in sorted((ROOT / "deploy").rglob("*couponhook*.toml")):
            self.assertEqual(self.errors(tomllib.loads(example.read_text())), [], example)

    def test_mistakes_are_found(self):
        handler = {"name": "h", "events": ["COUPON.*"]}
        for config, expected in [
                ({"listener": {"prot": 1}}, "prot"), ({"listner": {}}, "listner"),
                ({"listener": {"port": 70000}}, "70000"), ({"listener": {"tls": "no"}}, "no"),
                ({"listener": {"success_status": 201}}, "201"),
                ({"log": {"level": "loud"}}, "loud"),
                ({"merchant": [{"api": {"base": "x"}}]}, "base"),
                ({"merchant": [{"platform_public_key": [{"idd": "x"}]}]}, "idd"),
                ({"handler": [{**handler, "type": "http", "stream": "x"}]}, "stream"),
                ({"handler": [{**handler, "type": "own", "url": "x"}]}, "url"),
                ({"handler": [{**handler, "type": "ledger", "ack": "stored"}]}, "ack")]:
            self.assertIn(expected, " ".join(self.errors(config)), config)

    def test_references_stand_for_numbers_booleans_and_lists(self):
        self.assertEqual(self.errors({
            "listener": {"port": "${PORT}", "tls": "${TLS}", "trusted_proxies": "${PROXIES}"},
            "log": {"level": "${LEVEL}"}}), [])

    def test_limits_and_defaults_are_those_of_the_service(self):
        port = self.schema["properties"]["listener"]["properties"]["port"]
        self.assertEqual(port["default"], 8443)
        self.assertEqual(port["anyOf"][0], {"type": "integer", "minimum": 0, "maximum": 65535})

    def test_each_shown_key_is_in_the_schema(self):
        for section, keys in self.shown().items():
            if isinstance(keys, dict):
                # An array of tables, such as [[admin.token]], is shown only if it has elements.
                self.assertEqual(list(keys), [
                    key for key, value in self.schema["properties"][section]["properties"].items()
                    if key in keys or value.get("items", {}).get("type") != "object"])


if __name__ == "__main__":
    unittest.main()
