"""Checks that couponhook uses a platform certificate that it fetched from WeChat Pay and verified,
even if it cannot save the certificate in a file, and that it reports this problem early. The tests
play WeChat Pay's API on loopback, and use certificate folders that are not writable for every
reason seen in real deployments.
"""

import json
import os
import re
import shutil
import subprocess
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support import events
from support.pay_api import OTHER_MCHID, PayApi, Refusal, another_merchant, make_certificate
from support.service import BINARY, PATIENCE, Service, run, wait_until
from support.wechat_pay import Platform
from support.wire import Connection

NOBODY = 65534
#: Command that starts a shell with its own mount namespace. The shell makes mounts, and is then
#: replaced by couponhook.
OWN_MOUNTS = ("unshare", "--mount", "--propagation", "private", "sh", "-c")


def may_mount() -> bool:
    """Returns true if this process may create a mount namespace, which requires root."""
    tried = subprocess.run([*OWN_MOUNTS, "mount -t tmpfs none /mnt"], capture_output=True)
    return tried.returncode == 0


def sample(service, name, **labels) -> float | None:
    """Returns the value in /metrics of a metric with these labels, or None if there is no such
    value."""
    text = service.exchange("/metrics", token=None)[1].decode()
    for found in re.finditer(rf"^{name}\{{(.*)\}} (\S+)$", text, re.MULTILINE):
        if labels.items() <= dict(re.findall(r'(\w+)="([^"]*)"', found[1])).items():
            return float(found[2])
    return None


class CertificateCase(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(starts=False, has_own_keys=False))
        self.api = self.enterContext(PayApi(self.service))
        self.folder = self.service.folder / "wechatpay/certificates"
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = make_certificate(key)
        self.new = Platform(key, f"{certificate.serial_number:040X}",
                            Platform.of(self.service).api_v3_key)
        self.api.certificates.append(
            certificate.public_bytes(serialization.Encoding.PEM).decode())

    def file_of_new(self, folder=None):
        return (folder or self.folder) / f"wechatpay_{self.new.serial}.pem"

    def status_of_new(self) -> int:
        with Connection(self.service) as connection:
            return connection.post(self.new.notify(events.redeem())).status

    def assert_new_is_accepted(self):
        wait_until(lambda: self.status_of_new() == 204, 8, "a notification under the new key")

    def upkeep(self):
        return self.service.get("/status")["certificate_fetches"][0]

    def assert_unsaved_is_reported(self, *words):
        (line, *_) = self.service.wait_for_log(event="certificates_not_kept")
        self.assertEqual(line["level"], "error")
        for word in (str(self.folder), *words):
            self.assertIn(word, line["message"])
        self.assertEqual(sample(self.service, "couponhook_certificates_unkept",
                                mchid="1900000001"), 1)
        self.assertGreater(sample(self.service, "couponhook_certificate_keeps_total",
                                  outcome="failed"), 0)
        self.assertIn(str(self.folder), self.upkeep()["keep_error"])

    def check(self, *options, wrapper=()):
        command = [*wrapper, BINARY, "check", "--config", self.service.config, *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=30 * PATIENCE)


class Unwritable(CertificateCase):
    """Tests with certificate folders that couponhook cannot write to, each as found in a real
    deployment."""

    def test_a_file_in_the_folders_place(self):
        self.folder.write_text("not a folder\n")
        self.service.start()
        self.assert_new_is_accepted()
        self.assert_unsaved_is_reported()
        checked = self.check()
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn(str(self.folder), checked.stderr)
        # couponhook saves the fetched certificate as soon as it can write to the folder, without
        # fetching the certificate again.
        self.folder.unlink()
        wait_until(self.file_of_new().exists, 15, "the certificate's file")
        self.assertEqual(len(self.api.asked("/v3/certificates")), 1)
        wait_until(lambda: self.upkeep()["keep_error"] == "", 5, "the failure's end")
        self.assertEqual(sample(self.service, "couponhook_certificates_unkept",
                                mchid="1900000001"), 0)

    def test_a_folder_that_cannot_be_made(self):
        self.service.configure("merchant.api.certificate_directory", "tls/server.crt/below")
        self.folder = self.service.folder / "tls/server.crt/below"
        self.service.start()
        self.assert_new_is_accepted()
        self.assert_unsaved_is_reported()
        self.assertEqual(self.check().returncode, 2)

    @unittest.skipUnless(may_mount(), "needs the right to mount")
    def test_a_folder_on_a_read_only_file_system(self):
        self.folder.mkdir()
        self.service.wrapper = (
            *OWN_MOUNTS, 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"',
            str(self.folder))
        self.service.start()
        self.assert_new_is_accepted()
        self.assert_unsaved_is_reported("Read-only file system")
        checked = self.check(wrapper=self.service.wrapper)
        self.assertEqual(checked.returncode, 2, checked)
        self.assertIn("Read-only file system", checked.stderr)
        self.assertIn("certificates_unkept", self.doctor())

    def doctor(self) -> set:
        found = run("doctor", "--json", "--config", self.service.config_for_commands())
        return {finding["name"] for finding in json.loads(found.stdout)["findings"]}

    @unittest.skipUnless(may_mount(), "needs the right to mount")
    def test_a_full_disk(self):
        self.folder.mkdir()
        self.service.wrapper = (
            *OWN_MOUNTS, 'mount -t tmpfs -o size=64k none "$0" && '
            '{ cat /dev/zero >"$0/filler" 2>/dev/null; true; } && exec "$@"', str(self.folder))
        self.service.start()
        self.assert_new_is_accepted()
        self.assert_unsaved_is_reported("No space left")
        self.assertIn("No space left", self.check(wrapper=self.service.wrapper).stderr)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_a_folder_of_another_user(self):
        for path in (self.service.root, *self.service.root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        self.folder.mkdir()
        self.service.wrapper = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}",
                               "--clear-groups")
        self.service.start()
        self.assert_new_is_accepted()
        self.assert_unsaved_is_reported("Permission denied")
        for options, wrapper in (((), self.service.wrapper), (("--user", "nobody"), ()), ((), ())):
            with self.subTest(options=options, wrapper=wrapper):
                # If root runs `couponhook check` without --user, it checks the file access of the
                # user who owns the store.
                checked = self.check(*options, wrapper=wrapper)
                self.assertEqual(checked.returncode, 2, checked)
                self.assertIn("certificate_directory", checked.stderr)
                self.assertIn("Permission denied", checked.stderr)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_a_store_folder_of_another_user(self):
        self.service.database.parent.mkdir()
        checked = self.check("--user", "nobody")
        self.assertNotEqual(checked.returncode, 0, checked)
        self.assertIn("store.url", checked.stderr)
        self.assertIn("nobody", checked.stderr)


class Memory(CertificateCase):
    def test_without_any_folder_they_are_fetched_again_after_a_restart(self):
        self.service.configure("merchant.api.certificate_directory", "")
        self.service.start()
        self.assert_new_is_accepted()
        self.service.stop()
        self.service.start()
        self.assert_new_is_accepted()
        self.assertEqual(len(self.api.asked("/v3/certificates")), 2)
        self.assertEqual(sample(self.service, "couponhook_certificates_unkept",
                                mchid="1900000001"), 0)
        self.assertEqual(list(self.service.folder.rglob("wechatpay_*.pem")), [])

    def test_a_merchant_with_no_key_at_all_starts_and_gets_one(self):
        self.service.configure("merchant.api.certificate_directory", "")
        self.service.configure("merchant.platform_certificates", [])
        self.service.start()
        self.assert_new_is_accepted()

    def test_one_merchants_certificates_are_not_anothers(self):
        """Checks that couponhook does not accept a notification for one merchant that is signed
        with a platform key which only another merchant trusts."""
        self.api.mchids.add(OTHER_MCHID)
        other = another_merchant(self.service).replace(
            'certificate_directory = "wechatpay/others"\n', "certificate_refresh_minutes = 0\n")
        self.service.append(other + "[[merchant.platform_public_key]]\nid = \"PUB_KEY_ID_01\"\n"
                            "file = \"wechatpay/other.pem\"\n")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.service.write("wechatpay/other.pem", key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode())
        self.service.start()
        self.assert_new_is_accepted()
        with Connection(self.service) as connection:
            connection.path = f"/notify/{OTHER_MCHID}"
            self.assertEqual(connection.post(self.new.notify(events.redeem())).status, 401)


class DefaultFolder(CertificateCase):
    def setUp(self):
        super().setUp()
        text = self.service.config.read_text()
        self.service.config.write_text(re.sub(r"^certificate_directory.*\n", "", text,
                                              flags=re.MULTILINE))

    def test_is_beside_the_store(self):
        self.service.configure("store.url", "sqlite:elsewhere/coupons.db")
        self.service.start()
        self.assert_new_is_accepted()
        kept = self.file_of_new(self.service.folder / "elsewhere/certificates")
        wait_until(kept.exists, 5, "the certificate's file")
        self.service.stop()
        self.api.failures = [Refusal(500, "SYSTEM_ERROR", "away")] * 100
        self.service.start()
        self.assertEqual(self.status_of_new(), 204, "a restart needs no network")
        self.assertEqual(self.check().returncode, 0)

    def test_is_one_for_each_merchant(self):
        self.api.mchids.add(OTHER_MCHID)
        self.service.append(another_merchant(self.service).replace(
            'certificate_directory = "wechatpay/others"\n', ""))
        self.service.start()
        for mchid in ("1900000001", OTHER_MCHID):
            kept = self.file_of_new(self.service.folder / "data/certificates" / mchid)
            wait_until(kept.exists, 8, f"the certificate of {mchid}")

    def test_a_fresh_set_up_uses_the_default_folder(self):
        fresh = self.service.root / "fresh"
        run("init", fresh)
        self.assertNotRegex((fresh / "couponhook.toml").read_text(), r"(?m)^certificate_directory")


class BrokenKeys(CertificateCase):
    def test_of_the_same_merchant_do_not_keep_certificates_from_coming(self):
        """Tests a merchant with two files of APIv3 keys, one of which does not exist yet. WeChat
        Pay's new certificate must still be fetched and used."""
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/next_key"])
        self.service.start()
        self.assert_new_is_accepted()
        wait_until(self.file_of_new().exists, 5, "the certificate's file")


if __name__ == "__main__":
    unittest.main()
