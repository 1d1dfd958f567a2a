"""Checks that couponhook reloads each unit of its configuration (a merchant, a handler, a
certificate) independently. A broken file must not stop other units from being loaded; couponhook
must report it, try it again until it is valid, and receive notifications after a restart. Each test
breaks one unit while a new platform key of WeChat Pay is added.
"""

import datetime
import ipaddress
import os
import shutil
import signal
import ssl
import subprocess
import unittest

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from support import events
from support.pay_api import make_certificate
from support.service import Service, free_port, run, wait_until
from support.target import Target, handler_table, make_secret
from support.wechat_pay import Platform
from support.wire import Connection

MCHID = "1900000001"
OTHER = "1900000002"


def expired_pair() -> tuple[str, str]:
    """Returns a TLS certificate for 127.0.0.1 that expired yesterday, and its private key, both as
    PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=30))
        .not_valid_after(today - datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256()))
    return (certificate.public_bytes(serialization.Encoding.PEM).decode().strip(),
            key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                              serialization.NoEncryption()).decode().strip())


def without_verifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class UnitCase(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(starts=False, has_own_keys=False))
        self.service.configure("merchant.platform_certificates", ["wechatpay/*.pem"])
        self.service.configure("merchant.api.certificate_refresh_minutes", 0)
        self.platform = Platform.of(self.service)

    def add_admin_tls(self):
        for name in ("crt", "key"):
            self.service.write(f"tls/admin.{name}", self.service.read(f"tls/server.{name}"))
        self.service.configure("admin.tls_certificate", "tls/admin.crt")
        self.service.configure("admin.tls_private_key", "tls/admin.key")
        # The tests must be able to connect even if couponhook shows an invalid certificate, so
        # their client does not verify the certificate.
        self.service.tls_context = without_verifying

    def expire_admin_certificate(self):
        for name, pem in zip(("crt", "key"), expired_pair()):
            self.service.write(f"tls/admin.{name}", pem)

    def add_second_merchant(self):
        self.service.write("secrets/other_key", self.service.read("secrets/api_v3_key"))
        self.service.append(f"""
[[merchant]]
mchid = "{OTHER}"
path = "/notify/{OTHER}"
api_v3_key_files = ["secrets/other_key"]
platform_certificates = ["wechatpay/platform_cert.pem"]
""")

    def add_http_handler(self, target):
        self.secret = make_secret()
        self.service.write("secrets/crm", self.secret)
        self.service.append(handler_table(
            "crm", "http", url=target.url, secret_file="secrets/crm", ca_file="tls/server.crt",
            retry_initial_ms=50, retry_max_ms=200, max_attempts=1000))

    def new_platform(self) -> tuple[Platform, str]:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = make_certificate(key)
        return (Platform(key, f"{certificate.serial_number:040X}", self.platform.api_v3_key),
                certificate.public_bytes(serialization.Encoding.PEM).decode())

    def roll_over(self) -> Platform:
        """Adds a new platform certificate of WeChat Pay to the configured folder, beside the old
        one, as an operator does. Returns a sender that signs with the new key."""
        platform, pem = self.new_platform()
        self.service.write("wechatpay/second.pem", pem)
        return platform

    def status_of(self, platform, mchid=MCHID, **options) -> int:
        with Connection(self.service, **options) as connection:
            connection.path = f"/notify/{mchid}"
            return connection.post(platform.notify(events.redeem())).status

    def unit(self, name) -> dict:
        return self.service.get("/status")["reloads"][name]

    def metric(self, unit, outcome) -> int:
        text = self.service.exchange("/metrics", token=None)[1].decode()
        wanted = f'couponhook_reloads_total{{unit="{unit}",outcome="{outcome}"}} '
        return int(next(line for line in text.splitlines()
                        if line.startswith(wanted)).removeprefix(wanted))

    def wait_until_refused(self, unit):
        return wait_until(lambda: self.unit(unit)["last_error"], 8, f"the refusal of {unit}")

    def wait_until_loaded(self, unit):
        wait_until(lambda: not self.unit(unit)["last_error"], 12, f"{unit} to be loaded")

    def assert_rolls_over_beside(self, unit, *words):
        """Checks that couponhook loads a new platform key although another unit of the
        configuration is broken, and that it reports the broken unit by the name `unit`."""
        new = self.roll_over()
        wait_until(lambda: self.status_of(new) == 204, 8, "a notification under the new key")
        why = self.wait_until_refused(unit)
        for word in words:
            self.assertIn(word, why)
        self.assertGreater(self.metric(unit, "refused"), 0)
        # couponhook tries to reload all units of the configuration in one round, and logs the
        # failures at the end of the round.
        wait_until(lambda: [line for line in
                            self.service.logs(event="reload_refused", level="error")
                            if line["message"].startswith(f"{unit}: ")], 5, f"a line about {unit}")
        self.assertEqual(self.unit(f"merchant:{MCHID}")["last_error"], "")
        self.assertGreater(self.metric(f"merchant:{MCHID}", "ok"), 0)


class Refused(UnitCase):
    """Tests that a broken unit of the configuration does not stop couponhook from loading a
    merchant's new platform keys."""

    def test_an_expired_certificate_of_the_status_endpoint(self):
        self.add_admin_tls()
        self.service.start()
        self.expire_admin_certificate()
        self.assert_rolls_over_beside("admin", "tls/admin.crt", "expired")

    def test_an_invalid_configuration(self):
        self.service.start()
        good = self.service.config.read_text()
        self.service.config.write_text(good + "\n[listener")
        self.assert_rolls_over_beside("config", "line")
        self.service.config.write_text(good)
        self.wait_until_loaded("config")

    def test_a_program_that_is_being_replaced(self):
        program = self.service.folder / "on-coupon"
        program.write_text("#!/bin/sh\ncat >/dev/null\n")
        program.chmod(0o755)
        self.service.append(handler_table("script", "exec", command=[str(program)]))
        self.service.start()
        program.unlink()
        self.assert_rolls_over_beside("handler:script", str(program))
        program.write_text("#!/bin/sh\ncat >/dev/null\n")
        program.chmod(0o755)
        self.wait_until_loaded("handler:script")

    def test_another_merchants_key(self):
        self.add_second_merchant()
        self.service.start()
        self.service.write("secrets/other_key", "too short")
        self.assert_rolls_over_beside(f"merchant:{OTHER}", "secrets/other_key")
        self.assertEqual(self.status_of(self.platform, OTHER), 204, "what it had stays in force")

    def test_the_listeners_certificate(self):
        self.service.start()
        trusted = self.service.tls_context()
        self.service.write("tls/server.crt", "half a certificate")
        new = self.roll_over()
        wait_until(lambda: self.status_of(new, context=trusted) == 204, 8, "the new key")
        self.assertIn("tls/server.crt", self.wait_until_refused("listener"))

    def test_the_admin_token(self):
        self.service.start()
        token = self.service.token()
        self.service.token = lambda: token
        self.service.write("secrets/admin_token", "")
        self.assert_rolls_over_beside("admin_token", "secrets/admin_token", "empty")

    def test_the_secret_and_the_trust_of_a_handler(self):
        target = self.enterContext(Target())
        self.add_http_handler(target)
        self.service.start()
        (self.service.folder / "secrets/crm").unlink()
        self.assert_rolls_over_beside("handler:crm", "secrets/crm")

    def test_the_key_for_calls_to_wechat_pay(self):
        self.service.start()
        self.service.write("secrets/apiclient_key.pem", "no key")
        self.assert_rolls_over_beside(f"merchant_api:{MCHID}", "apiclient_key.pem")

    def test_an_incomplete_set_of_keys_is_not_used(self):
        self.service.start()
        new, pem = self.new_platform()
        self.service.write("secrets/api_v3_key", "too short")
        self.wait_until_refused(f"merchant:{MCHID}")
        self.service.write("wechatpay/second.pem", pem)
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.service.get("/status")["reloads"][f"merchant:{MCHID}"]["refused"] > 1,
                   5, "the signal to be obeyed")
        self.assertEqual((self.status_of(self.platform), self.status_of(new)), (204, 401))
        self.service.write("secrets/api_v3_key", self.platform.api_v3_key.decode())
        wait_until(lambda: self.status_of(new) == 204, 8, "the whole set")


class TriedAgain(UnitCase):
    """Tests that couponhook loads a repaired file by itself, without a signal."""

    def test_when_a_file_appears_or_may_be_read_or_is_renamed_here(self):
        self.service.configure("merchant.api.ca_file", "tls/private_ca.pem")
        pem = self.service.read("tls/server.crt")
        self.service.start()
        unit = f"merchant_api:{MCHID}"
        self.assertIn("private_ca.pem", self.wait_until_refused(unit))
        self.service.write("tls/private_ca.pem", pem)
        self.wait_until_loaded(unit)
        self.service.write("tls/next.pem", "no certificate")
        times = (self.service.folder / "tls/private_ca.pem").stat()
        os.utime(self.service.folder / "tls/next.pem", ns=(times.st_atime_ns, times.st_mtime_ns))
        (self.service.folder / "tls/next.pem").rename(self.service.folder / "tls/private_ca.pem")
        self.wait_until_refused(unit)

    def test_once_every_few_seconds_although_no_file_changes(self):
        self.add_admin_tls()
        self.service.start()
        self.expire_admin_certificate()
        self.wait_until_refused("admin")
        before = self.metric("admin", "refused")
        wait_until(lambda: self.metric("admin", "refused") > before, 12, "another attempt")
        seen = [line for line in self.service.logs(event="reload_refused")
                if line["message"].startswith("admin: ")]
        self.assertEqual(len(seen), 1, "told once while nothing changes")
        for name in ("crt", "key"):
            self.service.write(f"tls/admin.{name}", self.service.read(f"tls/server.{name}"))
        self.wait_until_loaded("admin")
        self.assertGreater(self.metric("admin", "ok"), 0)

    def test_a_broker_takes_a_new_password(self):
        if shutil.which("redis-server") is None:
            self.skipTest("redis-server is not installed")
        port = free_port()
        redis = subprocess.Popen(
            ["redis-server", "--port", str(port), "--save", "", "--requirepass", "right",
             "--dir", str(self.service.root)], stdout=subprocess.DEVNULL)
        self.addCleanup(redis.wait)
        self.addCleanup(redis.terminate)
        self.service.write("secrets/redis", "wrong")
        self.service.append(handler_table(
            "stream", "redis", url=f"redis://127.0.0.1:{port}", password_file="secrets/redis",
            retry_initial_ms=50, retry_max_ms=200, max_attempts=1000))
        self.service.start()
        self.assertEqual(self.status_of(self.platform), 204)
        wait_until(lambda: self.service.get("/status")["deliveries"]["retrying"] == 1, 10,
                   "a refused delivery")
        self.service.write("secrets/redis", "right")
        wait_until(lambda: self.service.get("/status")["deliveries"]["done"] == 1, 15,
                   "the delivery with the new password")


class Start(UnitCase):
    """Tests that couponhook, restarted with a broken unit in its configuration, still receives
    notifications."""

    def assert_receives_without(self, unit, *words, check_exits=2):
        self.service.start()
        self.assertEqual(self.status_of(self.platform), 204)
        (line, *_) = self.service.wait_for_log(event="not_loaded", level="error")
        self.assertTrue(line["message"].startswith(f"{unit}: "), line)
        for word in words:
            self.assertIn(word, line["message"])
        checked = run("check", "--config", self.service.config)
        self.assertEqual(checked.returncode, check_exits, checked)
        for word in words:
            self.assertIn(word, checked.stderr)

    def test_an_expired_certificate_of_the_status_endpoint(self):
        self.add_admin_tls()
        self.expire_admin_certificate()
        self.assert_receives_without("admin", "tls/admin.crt", "expired", check_exits=0)
        status = self.service.get("/status")
        self.assertIn("expired", status["reloads"]["admin"]["last_error"])
        (admin,) = [each for each in status["certificates"] if each["what"] == "admin"]
        self.assertTrue(admin["path"].endswith("tls/admin.crt"), admin)
        self.assertLess(admin["expires_at"], datetime.datetime.now().isoformat())
        text = self.service.exchange("/metrics", token=None)[1].decode()
        self.assertIn('couponhook_certificate_expiry_timestamp_seconds{what="admin"}', text)
        # The admin endpoint's certificate has expired. couponhook's own commands, such as the
        # health check of the container, must still accept it.
        config = self.service.config_for_commands()
        self.assertEqual(run("status", "--config", config).returncode, 0)
        found = run("doctor", "--config", config)
        self.assertEqual(found.returncode, 1, found)
        self.assertIn("shows an expired certificate", found.stdout)

    def test_a_certificate_of_the_status_endpoint_that_is_not_there(self):
        self.add_admin_tls()
        good = self.service.read("tls/admin.crt")
        (self.service.folder / "tls/admin.crt").unlink()
        self.assert_receives_without("admin", "tls/admin.crt", check_exits=0)
        self.assertEqual(self.service.ask("/livez", token=None)[0], 200,
                         "who does not verify, such as a health check, is answered")
        # The admin endpoint must not fall back to plain HTTP: then clients would send the token
        # unencrypted.
        self.assertTrue(self.service.admin_tls)
        self.service.write("tls/admin.crt", good)
        self.wait_until_loaded("admin")

    def test_an_admin_token_that_is_not_there(self):
        (self.service.folder / "secrets/admin_token").unlink()
        self.assert_receives_without("admin_token", "secrets/admin_token")
        for guess in ("", "None"):
            self.assertEqual(self.service.ask("/status", token=guess)[0], 401)
        self.service.write("secrets/admin_token", "a-token-that-came-later")
        wait_until(lambda: self.service.ask("/status")[0] == 200, 8, "the token that came later")

    def test_one_merchants_broken_key(self):
        self.add_second_merchant()
        self.service.write("secrets/other_key", "too short")
        self.assert_receives_without(f"merchant:{OTHER}", "secrets/other_key")
        self.service.write("secrets/other_key", self.platform.api_v3_key.decode())
        wait_until(lambda: self.status_of(self.platform, OTHER) == 204, 8, "the other merchant")

    def test_one_broken_key_of_two(self):
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/next_key", "secrets/api_v3_key"])
        self.assert_receives_without(f"merchant:{MCHID}", "secrets/next_key")

    def test_a_handlers_secret_that_comes_later(self):
        target = self.enterContext(Target())
        self.add_http_handler(target)
        (self.service.folder / "secrets/crm").unlink()
        self.assert_receives_without("handler:crm", "secrets/crm")
        self.assertEqual(target.calls, [], "nothing is posted without a signature")
        self.service.write("secrets/crm", self.secret)
        wait_until(lambda: target.calls, 15, "the delivery")
        self.assertTrue(target.calls[0].headers["webhook-signature"])

    def test_an_expired_certificate_of_the_listener(self):
        for name, pem in zip(("crt", "key"), expired_pair()):
            self.service.write(f"tls/server.{name}", pem)
        self.service.tls_context = without_verifying
        self.assert_receives_without("listener", "tls/server.crt", "expired")

    def test_without_any_usable_merchant_it_exits_2_and_names_all(self):
        self.add_second_merchant()
        self.service.write("secrets/api_v3_key", "too short")
        self.service.write("secrets/other_key", "too short as well")
        refused = run("serve", "--config", self.service.config)
        self.assertEqual(refused.returncode, 2, refused)
        for word in ("secrets/api_v3_key", "secrets/other_key", MCHID, OTHER):
            self.assertIn(word, refused.stderr)
        self.service.write("secrets/other_key", self.platform.api_v3_key.decode())
        self.service.write("tls/server.crt", "no certificate")
        refused = run("serve", "--config", self.service.config)
        self.assertEqual(refused.returncode, 2, refused)
        self.assertIn("tls/server.crt", refused.stderr)


if __name__ == "__main__":
    unittest.main()
