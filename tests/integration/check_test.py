"""Checks that `couponhook check` never reports success for a configuration with which couponhook
refuses notifications now or soon. Values pasted in a wrong form must work, or be named in an error.
Each test changes one thing in a valid set-up.
"""

import base64
import datetime
import json
import os
import socket
import subprocess
import unittest
from contextlib import closing

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from support import events
from support.service import Service, free_port, run
from support.target import Target, add_http_handler, make_secret, sign
from support.wechat_pay import Platform
from support.wire import Client

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
PUBLIC_KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"


def pem(thing) -> str:
    """Returns a certificate, a private key or a public key as PEM text."""
    if hasattr(thing, "serial_number"):
        return thing.public_bytes(serialization.Encoding.PEM).decode()
    if hasattr(thing, "private_bytes"):
        return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption()).decode()
    return thing.public_bytes(serialization.Encoding.PEM,
                              serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def certify(key, subject="localhost", issuer=None, issuer_key=None, begins=NOW - DAY,
            ends=NOW + 365 * DAY, is_authority=False):
    """Returns a new certificate for the key; it is self-signed unless an issuer is given."""
    return (x509.CertificateBuilder().subject_name(name(subject))
            .issuer_name(name(issuer or subject)).public_key(key.public_key())
            .serial_number(x509.random_serial_number()).not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
            .sign(issuer_key or key, hashes.SHA256()))


def ec_key():
    return ec.generate_private_key(ec.SECP256R1())


class Checked(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(starts=False, has_own_keys=False))

    def check(self, *named, exits=0, **options):
        """Runs `couponhook check`, and expects the exit code `exits` and the words `named` on
        stderr. Returns stdout and stderr."""
        checked = run("check", "--config", self.service.config, **options)
        self.assertEqual(checked.returncode, exits, checked)
        for each in named:
            self.assertIn(each, checked.stderr)
        if named:
            self.assertNotIn("All is well", checked.stdout)
        return checked.stdout + checked.stderr

    def assert_no_problem(self, **options):
        checked = run("check", "--config", self.service.config, **options)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked)
        self.assertIn("All is well.", checked.stdout)


class PlatformCertificates(Checked):
    """Tests that couponhook uses every platform certificate in every configured file to verify
    notifications."""

    @classmethod
    def setUpClass(cls):
        cls.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        cls.certificate = certify(cls.key, "second platform key")

    def both(self) -> str:
        return self.service.read("wechatpay/platform_cert.pem") + "\n" + pem(self.certificate)

    def test_two_in_one_file_verify_notifications(self):
        first = Platform.of(self.service)
        second = Platform(self.key, f"{self.certificate.serial_number:040X}", first.api_v3_key)
        self.service.write("wechatpay/both.pem", self.both())
        self.service.configure("merchant.platform_certificates", ["wechatpay/both.pem"])
        self.assert_no_problem()
        self.service.start()
        self.addCleanup(self.service.kill)
        with Client(self.service) as client:
            for platform in (first, second):
                self.assertEqual(client.post(platform.notify(events.redeem())).status, 204)

    def test_two_in_one_file_are_found_by_every_way_to_name_it(self):
        os.mkdir(self.service.folder / "kept")
        for text in (self.both(), self.both().replace("\n", "\r\n"), "\ufeff" + self.both(),
                     "Certificate:\n    Data:\n" + self.both()):
            (self.service.folder / "kept/both.pem").write_text(text, newline="")
            for place in ("kept/both.pem", "kept", "kept/*.pem"):
                with self.subTest(place):
                    self.service.configure("merchant.platform_certificates", [place])
                    self.assertIn(f"{self.certificate.serial_number:X}", self.check())
        self.service.configure("merchant.platform_certificates", [])
        self.service.configure("merchant.api.certificate_directory", "kept")
        self.assertIn(f"{self.certificate.serial_number:X}", self.check())

    def test_a_block_that_is_none_is_named_with_its_line(self):
        good = self.service.read("wechatpay/platform_cert.pem") + "\n"
        for second, what in (
                (pem(self.certificate)[:300] + "\n", "BEGIN CERTIFICATE"),
                (pem(self.certificate).replace("M", "!", 3), "incomplete or altered"),
                (pem(self.key.public_key()), "a public key"),
                (pem(self.key), "a private key"),
                ("-----BEGIN PKCS7-----\nMAAA\n-----END PKCS7-----\n", "a PKCS#7 bundle")):
            with self.subTest(what):
                self.service.write("wechatpay/platform_cert.pem", good + second)
                self.check("wechatpay/platform_cert.pem", what, "line", exits=2)

    def test_other_forms_are_named_with_how_to_convert_them(self):
        file = self.service.folder / "wechatpay/platform_cert.pem"
        for content, what in (
                (self.certificate.public_bytes(serialization.Encoding.DER), "-inform der"),
                (self.certificate.public_bytes(serialization.Encoding.PEM)
                 .decode().encode("utf-16"), "UTF-16"),
                (b"", "is empty"), (pem(self.key.public_key()).encode(), "a public key")):
            with self.subTest(what):
                file.write_bytes(content)
                self.check("wechatpay/platform_cert.pem", what, exits=2)

    def test_a_certificate_in_a_public_keys_place_is_named(self):
        self.service.write("wechatpay/pub.pem", pem(self.certificate))
        self.service.append(f'[[merchant.platform_public_key]]\nid = "{PUBLIC_KEY_ID}"\n'
                            'file = "wechatpay/pub.pem"\n')
        self.check("platform_public_key", "holds a certificate", exits=2)

    def test_the_merchants_own_certificate_is_named(self):
        own = serialization.load_pem_private_key(
            self.service.read("secrets/apiclient_key.pem").encode(), password=None)
        self.service.write("wechatpay/own.pem", pem(certify(own, "1900000001")))
        self.service.configure("merchant.platform_certificates", ["wechatpay/own.pem"])
        self.check("wechatpay/own.pem", "merchant's own certificate", exits=2)

    def test_no_live_key_is_an_error_though_certificates_are_fetched(self):
        self.service.configure("merchant.platform_certificates", [])
        self.check("no platform certificate or public key is live", exits=2)
        expired = certify(self.key, "old", begins=NOW - 9 * DAY, ends=NOW - DAY)
        self.service.write("wechatpay/old.pem", pem(expired))
        self.service.configure("merchant.platform_certificates", ["wechatpay/old.pem"])
        self.check("no platform certificate or public key is live", exits=2)

    def test_one_that_ends_soon_and_is_not_renewed_is_a_warning(self):
        soon = certify(self.key, "soon", ends=NOW + 2 * DAY)
        self.service.write("wechatpay/platform_cert.pem", pem(soon))
        self.service.configure("merchant.api.certificate_refresh_minutes", 0)
        self.check("warning: ", "platform_certificates", "expires")

    def test_one_that_is_not_valid_yet_is_a_warning(self):
        self.service.write("wechatpay/platform_cert.pem",
                           self.both() + pem(certify(self.key, "next", begins=NOW + 5 * DAY)))
        self.check("warning: ", "is not valid before")


class PastedValues(Checked):
    def public_key_service(self, id: str):
        """Configures couponhook with a WeChat Pay public key with this id, and without platform
        certificates."""
        key = serialization.load_pem_private_key(
            self.service.read("development/platform_key.pem").encode(), password=None)
        self.service.write("wechatpay/pub.pem", pem(key.public_key()))
        self.service.configure("merchant.platform_certificates", [])
        self.service.configure("merchant.api.certificate_refresh_minutes", 0)
        text = self.service.config.read_text().split("[[merchant.platform_public_key]]")[0]
        self.service.config.write_text(
            f"{text}\n[[merchant.platform_public_key]]\nid = {json.dumps(id)}\n"
            'file = "wechatpay/pub.pem"\n')
        return key

    def test_a_public_keys_id_works_with_what_surrounds_it_unseen(self):
        for id in (f"{PUBLIC_KEY_ID} ", f"{PUBLIC_KEY_ID}\t", f"{PUBLIC_KEY_ID}\u200b",
                   f"\ufeff{PUBLIC_KEY_ID}", f"{PUBLIC_KEY_ID}\u00a0", f'"{PUBLIC_KEY_ID}"',
                   f"“{PUBLIC_KEY_ID}”", f"{PUBLIC_KEY_ID}\u3000", PUBLIC_KEY_ID.lower(),
                   PUBLIC_KEY_ID.replace("0", "０")):
            with self.subTest(repr(id)):
                self.public_key_service(id)
                self.assertIn(f"public_key  {PUBLIC_KEY_ID}\n", self.check())

    def test_notifications_are_verified_under_a_pasted_id(self):
        key = self.public_key_service(f"{PUBLIC_KEY_ID}\u200b ")
        platform = Platform(key, PUBLIC_KEY_ID, self.service.read("secrets/api_v3_key").encode())
        self.service.start()
        self.addCleanup(self.service.kill)
        with Client(self.service) as client:
            self.assertEqual(client.post(platform.notify(events.redeem())).status, 204)

    def test_an_invalid_id_is_described(self):
        for id, what in ((PUBLIC_KEY_ID.removeprefix("PUB_KEY_ID_"), "PUB_KEY_ID_"),
                         ("5DEA10EF5DEA10EF5DEA10EF5DEA10EF5DEA10EF", "certificate's serial"),
                         ("PUB_KEY_ID_0114 2321", "a blank"),
                         ("PUB_KEY_ID_0114é", "outside of ASCII")):
            with self.subTest(id):
                self.public_key_service(id)
                self.check("platform_public_key[1].id", what, exits=2)

    def serial(self) -> str:
        certificate = x509.load_pem_x509_certificate(
            self.service.read("development/apiclient_cert.pem").encode())
        # The certificate's serial number is padded with zeros to 40 digits, because the tests split
        # it into pairs of digits.
        return f"{certificate.serial_number:040X}"

    def test_a_serial_is_understood_in_every_unambiguous_notation(self):
        serial = self.serial()
        pairs = [serial[i:i + 2] for i in range(0, 40, 2)]
        for written in (serial.lower(), ":".join(pairs), ":".join(pairs).lower(), " ".join(pairs),
                        " ".join(serial[i:i + 4] for i in range(0, 40, 4)), f"0x{serial}",
                        f"serial={serial}", f"Serial Number: {serial}", f"00{serial}",
                        f" {serial}\u200b", f'"{serial}"', "-".join(pairs)):
            with self.subTest(written):
                self.service.configure("merchant.api.certificate_serial", written)
                self.assertIn(f"api certificate  {serial}", self.check())

    def test_a_decimal_serial_is_converted_where_it_cannot_be_hexadecimal(self):
        number = 0xF123456789ABCDEF0123456789ABCDEF01234567
        self.service.configure("merchant.api.certificate_serial", str(number))
        self.assertIn(f"api certificate  {number:040X}", self.check())

    def test_an_invalid_serial_is_described(self):
        platform = x509.load_pem_x509_certificate(
            self.service.read("wechatpay/platform_cert.pem").encode())
        for serial, what, exits in (
                (PUBLIC_KEY_ID, "WeChat Pay public key", 2),
                (f"{platform.serial_number:X}", "platform certificate", 2),
                ("not a serial", "not a hexadecimal", 2), ("AB" * 30, "60 digits", 2),
                ("123456789012345678901234567890", "decimal", 0)):
            with self.subTest(serial):
                self.service.configure("merchant.api.certificate_serial", serial)
                self.check("api.certificate_serial", what, exits=exits)

    def test_the_merchants_certificate_is_compared_where_it_lies_beside_its_key(self):
        self.assertIn("not compared", self.check())
        certificate = self.service.read("development/apiclient_cert.pem")
        self.service.write("secrets/apiclient_cert.pem", certificate)
        self.assertNotIn("not compared", self.check())
        self.service.configure("merchant.api.certificate_serial", "AB" * 20)
        self.check("api.certificate_serial", self.serial(), exits=2)
        self.service.configure("merchant.api.certificate_serial", self.serial())
        self.service.write("secrets/apiclient_cert.pem",
                           pem(certify(rsa.generate_private_key(65537, 2048), "another")))
        self.check("api.private_key_file", "does not belong to", exits=2)

    def test_blanks_around_other_values_do_not_matter(self):
        for setting, value in (("merchant.mchid", " 1900000001\u200b"),
                               ("merchant.path", "/notify/1900000001 "),
                               ("merchant.api_v3_key_files", ["secrets/api_v3_key "]),
                               ("admin.token_file", "secrets/admin_token\t"),
                               ("listener.tls_certificate", " tls/server.crt")):
            self.service.configure(setting, value)
        for secret in ("admin_token", "api_v3_key", "api_v2_key"):
            self.service.write(f"secrets/{secret}",
                               "\ufeff " + self.service.read(f"secrets/{secret}") + "\u00a0 \t\r")
        self.assert_no_problem()
        self.service.start()
        self.addCleanup(self.service.kill)
        token = self.service.read("secrets/admin_token").strip("\ufeff\u00a0 ")
        self.assertEqual(self.service.ask("/status", token=token)[0], 200)

    def test_ambiguous_values_are_named(self):
        for setting, value, what in (("merchant.mchid", "19000 00001", "a blank"),
                                     ("merchant.path", "/notify/１", "full-width"),
                                     ("merchant.path", "/notify/a b", "spaces")):
            with self.subTest(setting):
                before = self.service.config.read_text()
                self.service.configure(setting, value)
                self.check(setting.split(".")[1], what, exits=2)
                self.service.config.write_text(before)
        for secret, content, what in (
                ("admin_token", "two words", "a blank"), ("admin_token", "", "is empty"),
                ("api_v3_key", "k" * 31 + " ", "31 bytes"),
                ("api_v3_key", '"' + "k" * 30 + '"', "quotes"),
                ("api_v2_key", "k" * 15 + " " + "k" * 16, "a blank")):
            with self.subTest((secret, content)):
                before = self.service.read(f"secrets/{secret}")
                self.service.write(f"secrets/{secret}", content)
                self.check(f"secrets/{secret}", what, exits=2)
                self.service.write(f"secrets/{secret}", before)
        self.service.write("secrets/api_v2_key", "k" * 31)
        self.check("warning: ", "secrets/api_v2_key", "31 characters")
        self.service.configure("merchant.mchid", "19O0000001")
        self.check("warning: ", "mchid", "letter O")


class WebhookSecrets(Checked):
    def test_a_misspelt_secret_is_refused_with_its_right_form(self):
        secret = make_secret()
        bare = secret.removeprefix("whsec_")
        add_http_handler(self.service, "http://127.0.0.1:9/", secret)
        self.assert_no_problem()
        for text, what in (
                (f'"{secret}"', "quotes"), (f"v1,{secret}", "before whsec_"),
                (secret.upper(), "capitals"), (bare, "put whsec_ in front"),
                (f"whsk_{bare}", "key pair"), (secret[:20] + " " + secret[20:], "part of it"),
                (secret.rstrip("="), "lacks the ="), ("ab" * 32, "hexadecimal"),
                ("a-plain-secret-of-some-length", "base64 -w0"),
                (secret.encode("utf-16").decode("latin-1"), "UTF-16")):
            with self.subTest(what):
                (self.service.folder / "secrets/crm").write_bytes(text.encode("latin-1"))
                seen = self.check("secret_file", what, exits=2)
                self.assertNotIn(bare[:12], seen)

    def test_the_remedy_for_a_plain_text_keeps_the_receivers_key(self):
        plain = "a-plain-secret-of-some-length"
        made = subprocess.run(["sh", "-c", "printf '%s\\n' \"$1\" > \"$2\" && "
                               "echo whsec_$(tr -d '\\r\\n' < \"$2\" | base64 -w0)", "sh", plain,
                               self.service.folder / "plain"],
                              capture_output=True, text=True, check=True)
        target = self.enterContext(Target(lambda call: 204))
        add_http_handler(self.service, target.url, "\ufeff" + made.stdout.strip() + "\r")
        self.assert_no_problem()
        self.service.start()
        self.addCleanup(self.service.kill)
        with Client(self.service) as client:
            client.post(Platform.of(self.service).notify(events.redeem(), "plain"))
        target.wait_for(["plain"])
        call = target.calls[0]
        self.assertEqual(
            call.headers["webhook-signature"],
            sign("whsec_" + base64.b64encode(plain.encode()).decode(), "plain",
                 call.headers["webhook-timestamp"], call.body))


class Listeners(Checked):
    def test_an_address_of_another_machine_is_an_error(self):
        for table in ("listener", "admin"):
            with self.subTest(table):
                before = self.service.config.read_text()
                self.service.configure(f"{table}.address", "192.0.2.1")
                if table == "admin":
                    self.service.configure("admin.tls_certificate", "tls/server.crt")
                    self.service.configure("admin.tls_private_key", "tls/server.key")
                self.check(f"{table}.address", "192.0.2.1", exits=2)
                self.service.config.write_text(before)

    def test_a_port_that_another_program_has_is_an_error(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as other:
            self.service.configure("listener.port", other.getsockname()[1])
            self.check("listener.port", "another program", exits=2)

    def test_the_running_services_own_ports_are_no_error(self):
        self.service.configure("listener.port", free_port())
        self.service.configure("admin.port", free_port())
        self.service.start()
        self.addCleanup(self.service.kill)
        self.assert_no_problem()

    def use_chain(self, *certificates, key):
        self.service.write("tls/server.crt", "".join(map(pem, certificates)))
        self.service.write("tls/server.key", pem(key))

    def test_a_certificate_outside_its_validity_is_reported(self):
        key = ec_key()
        for begins, ends, what, exits in (
                (NOW - DAY, NOW + 2 * DAY, "expires", 0),
                (NOW + 3 * DAY, NOW + 90 * DAY, "is not valid before", 2),
                (NOW - 9 * DAY, NOW - DAY, "has expired", 2)):
            with self.subTest(what):
                self.use_chain(certify(key, begins=begins, ends=ends), key=key)
                self.check("tls/server.crt", what, exits=exits)

    def test_a_chain_in_the_wrong_order_is_not_reported_as_a_wrong_key(self):
        authority, key = ec_key(), ec_key()
        above = certify(authority, "authority", is_authority=True)
        own = certify(key, "localhost", "authority", authority)
        self.use_chain(above, own, key=key)
        seen = self.check("listener.tls_certificate", "put it first", "number 2", exits=2)
        self.assertNotIn("does not belong", seen)
        self.use_chain(own, above, key=key)
        self.check("warning: ", "cannot be verified")
        self.use_chain(own, certify(ec_key(), "somebody else", is_authority=True), above, key=key)
        self.check("warning: ", "certificate 2 did not sign the one before it")

    def test_an_expired_issuer_is_an_error(self):
        authority, key = ec_key(), ec_key()
        above = certify(authority, "authority", is_authority=True, begins=NOW - 9 * DAY,
                        ends=NOW - DAY)
        self.use_chain(certify(key, "localhost", "authority", authority), above, key=key)
        self.check("certificate 2, an issuer's, has expired", exits=2)

    def test_swapped_certificate_and_key_are_named(self):
        certificate, key = (self.service.read(f"tls/server.{end}") for end in ("crt", "key"))
        for crt, private, what in (
                (key, key, "holds a private key"), (certificate, certificate, "holds a certificate"),
                (pem(ec_key().public_key()), key, "holds a public key"),
                (certificate, pem(ec_key()), "does not belong to the certificate"),
                (certificate[:200], key, "has no END"), ("", key, "is empty")):
            with self.subTest(what):
                self.service.write("tls/server.crt", crt)
                self.service.write("tls/server.key", private)
                self.check("tls/server", what, exits=2)

    def test_a_byte_order_mark_and_other_line_ends_do_not_matter(self):
        for file in ("tls/server.crt", "tls/server.key"):
            text = self.service.read(file).replace("\n", "\r\n")
            (self.service.folder / file).write_text("\ufeff" + text, newline="")
        self.assert_no_problem()

    @unittest.skipIf(os.geteuid() != 0, "needs root, to be somebody else")
    def test_a_file_without_read_permission_is_reported(self):
        for path in (self.service.root, self.service.folder):
            os.chmod(path, 0o755)
        for path in (p for p in self.service.folder.rglob("*") if p.is_dir()):
            os.chmod(path, 0o755)
        for path in self.service.folder.rglob("*.*"):
            os.chmod(path, 0o755 if path.is_dir() else 0o644)
        os.chmod(self.service.folder / "tls/server.key", 0o600)
        seen = self.check("tls/server.key", "Permission denied", "65534", exits=2, user=65534)
        self.assertNotIn("private key that can be read", seen)


class Handlers(Checked):
    def test_a_pattern_that_matches_nothing_known_is_a_warning(self):
        for pattern, meant in (("COUPN.*", "COUPON.*"), ("coupon.use", "COUPON.USE"),
                               ("REFUND.SUCESS", "REFUND.SUCCESS"), ("PARKING.PAID", "COUPON.USE")):
            with self.subTest(pattern):
                self.service.configure("handler.events", [pattern])
                self.check("warning: ", pattern, meant)
        self.service.configure("handler.events", ["*"])
        self.assert_no_problem()

    def test_no_handler_is_a_warning(self):
        self.service.config.write_text(self.service.config.read_text().split("[[handler]]")[0])
        self.check("warning: ", "handler", "no handler is configured")

    def test_deliveries_without_a_handler_are_a_warning(self):
        add_http_handler(self.service, f"http://127.0.0.1:{free_port()}/", make_secret(), "old")
        self.service.start()
        self.addCleanup(self.service.kill)
        with Client(self.service) as client:
            for _ in range(2):
                client.post(Platform.of(self.service).notify(events.redeem()))
        self.assertEqual(self.service.stop(), 0)
        self.assert_no_problem()
        self.service.config.write_text(
            self.service.config.read_text().replace('name = "old"', 'name = "new"'))
        self.check("warning: ", '2 open deliveries for handler "old"', "--handler old --to NEW")


class ConfigurationText(Checked):
    def environment(self, **variables):
        return {**os.environ, **variables}

    def test_numbers_and_booleans_come_from_the_environment_too(self):
        port = free_port()
        for written in ('"${TEST_PORT}"', "${TEST_PORT}"):
            with self.subTest(written):
                text = self.service.config.read_text()
                self.service.config.write_text(
                    text.replace("port = 0\n", f"port = {written}\ntls = ${{TEST_TLS}}\n", 1))
                seen = self.check(env=self.environment(TEST_PORT=f" {port}", TEST_TLS="true"))
                self.assertIn(f"port {port}\n", seen)
                for variables in ({"TEST_PORT": "http", "TEST_TLS": "true"},
                                  {"TEST_PORT": "70000", "TEST_TLS": "true"},
                                  {"TEST_PORT": "", "TEST_TLS": "true"}):
                    self.check("listener.port", "${TEST_PORT}", "whole number", exits=2,
                               env=self.environment(**variables))
                self.check("listener.tls", "${TEST_TLS}", "true or false", exits=2,
                           env=self.environment(TEST_PORT=str(port), TEST_TLS="yes"))
                self.check("listener.port", "TEST_PORT", "not set", exits=2,
                           env=self.environment(TEST_TLS="true"))
                self.service.config.write_text(text)

    def test_a_number_in_quotes_is_still_an_error(self):
        self.service.configure("listener.port", "8443")
        self.check("listener.port", "without quotes", exits=2)

    def test_a_malformed_file_is_reported_with_its_line(self):
        good = self.service.config.read_text()
        lines = good.count("\n")
        for text in ("[\n", "[[\n", "[ \n", "[*\n", "[a.\n", "x = [1,\n", "x = \"\"\"\n", "é = 1\n",
                     "x\u00a0= 1\n", "x = “a”\n", 'x = 1"\u01ce"\n', 'x = """a\\ \u018e"""\n',
                     "a" + ".a" * 5000 + " = 1\n", "x = ${\n", "x = 1 ${Y}\n"):
            with self.subTest(text[:20]):
                self.service.config.write_text(good + text)
                seen = self.check("couponhook.toml", exits=2)
                self.assertRegex(seen, rf"line ({lines + 1}|{lines + 2})\b")
        self.service.config.write_bytes(good.encode("utf-16"))
        self.check("line 1", "UTF-16", exits=2)


if __name__ == "__main__":
    unittest.main()
