"""Tests of the Debian package in a minimal Debian root: it installs, serves, receives a triggered
coupon, is upgraded under load and is purged. systemd does not run in a chroot, so the test starts
the service by its command and passes the listening sockets as systemd does.

tests/packages.sh sets the variables: COUPONHOOK_ROOT (folder of the minimal root, which is copied),
COUPONHOOK_DEB and COUPONHOOK_DEB_NEXT (the package, and one with a higher version).
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
from support.service import activated  # noqa: E402

PACKAGE = Path(os.environ["COUPONHOOK_DEB"])
NEXT = Path(os.environ["COUPONHOOK_DEB_NEXT"])
CONFIG = "/etc/couponhook/couponhook.toml"
#: Notifications that are sent while the package is upgraded, and their rate in a second.
COUNT, RATE = 3000, 100


class Root:
    """A copy of the minimal root, in which commands run by chroot."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="couponhook-root-"))
        subprocess.run(["cp", "-a", "--reflink=auto", os.environ["COUPONHOOK_ROOT"] + "/.",
                        self.folder], check=True)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        subprocess.run(["mount", "-t", "proc", "proc", self.folder / "proc"], check=True)
        for package in (PACKAGE, NEXT):
            shutil.copy(package, self.folder / "root")

    def close(self):
        subprocess.run(["umount", self.folder / "proc"], check=True)
        shutil.rmtree(self.folder)

    def command(self, *words) -> list:
        return ["chroot", str(self.folder), *map(str, words)]

    def run(self, *words) -> str:
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive",
                       "LC_ALL": "C.UTF-8"}
        done = subprocess.run(self.command(*words), capture_output=True, text=True, timeout=600,
                              env=environment)
        if done.returncode != 0:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout


class Package(unittest.TestCase):
    def setUp(self):
        self.root = Root()
        self.addCleanup(self.root.close)
        self.service = None
        self.sockets = {name: socket.create_server(("127.0.0.1", 0), backlog=4096)
                        for name in ("listener", "admin")}
        for each in self.sockets.values():
            self.addCleanup(each.close)

    def start(self):
        command = ["chroot", "--userspec=couponhook:couponhook", str(self.root.folder),
                   "/usr/bin/couponhook", "serve", "--config", CONFIG]
        words, inherited = activated(command, self.sockets)
        with (self.root.folder / "root/log").open("a") as log:
            self.service = subprocess.Popen(words, pass_fds=inherited, stdout=log, stderr=log)
        for descriptor in inherited:
            os.close(descriptor)

    def stop(self):
        self.service.terminate()
        self.assertEqual(self.service.wait(60), 0)

    def wait_until_ready(self):
        for _ in range(100):
            if subprocess.run(self.root.command("couponhook", "status", "--config", CONFIG),
                              capture_output=True).returncode == 0:
                return
            time.sleep(0.2)
        self.fail((self.root.folder / "root/log").read_text())

    def make_setup(self):
        ports = {name: each.getsockname()[1] for name, each in self.sockets.items()}
        self.root.run("couponhook", "init", "/etc/couponhook", "--port", ports["listener"],
                      "--admin-port", ports["admin"])
        config = self.root.folder / CONFIG[1:]
        config.write_text(config.read_text().replace(
            "sqlite:data/couponhook.db", "sqlite:/var/lib/couponhook/couponhook.db"))
        self.root.run("chown", "-R", "root:couponhook", "/etc/couponhook")
        self.root.run("chmod", "-R", "u=rwX,g=rX,o=", "/etc/couponhook")

    def install(self, package: Path) -> str:
        return self.root.run("apt-get", "install", "-y", "-qq", "--no-install-recommends",
                             f"/root/{package.name}")

    def mode_and_owner(self, path: str) -> str:
        return self.root.run("stat", "-c", "%a %U:%G", path).strip()

    def test_the_life_of_an_installation(self):
        self.root.run("apt-get", "update", "-qq")
        self.install(PACKAGE)
        self.assertEqual(self.mode_and_owner("/etc/couponhook"), "750 root:couponhook")
        self.assertEqual(self.mode_and_owner("/var/lib/couponhook"), "700 couponhook:couponhook")

        self.make_setup()
        self.start()
        self.addCleanup(lambda: self.service.poll() is None and self.service.kill())
        self.wait_until_ready()
        self.root.run("couponhook", "trigger", "redeem", "--config", CONFIG)
        self.assertIn("COUPON.USE", self.root.run("couponhook", "notifications", "--config", CONFIG))

        # Upgrade under load. trigger fails if one request is refused or gets a wrong reply.
        defaults = self.root.folder / "etc/default/couponhook"
        defaults.write_text(defaults.read_text() + "CHANGED=1\n")
        load = subprocess.Popen(
            self.root.command("couponhook", "trigger", "redeem", "--config", CONFIG, "--count",
                              COUNT, "--rate", RATE, "--connections", 8),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        time.sleep(1)
        self.install(NEXT)
        self.assertIsNone(load.poll(), "the load ended before the restart; send more")
        self.stop()
        self.start()
        output, _ = load.communicate(timeout=300)
        self.assertEqual(load.returncode, 0, output[-2000:])
        print(output[output.index("notifications"):])
        self.wait_until_ready()
        installed = self.root.run("dpkg-query", "-W", "-f", "${Version}", "couponhook")
        self.assertIn(installed, NEXT.name)
        self.assertIn("CHANGED", defaults.read_text(), "the upgrade replaced a changed conffile")
        self.stop()

        # Removal keeps configuration and store; purge deletes both, and the user.
        self.root.run("apt-get", "remove", "-y", "-qq", "couponhook")
        self.assertTrue((self.root.folder / CONFIG[1:]).exists())
        self.assertTrue((self.root.folder / "var/lib/couponhook/couponhook.db").exists())
        self.root.run("apt-get", "purge", "-y", "-qq", "couponhook")
        left = self.root.run("find", "/etc", "/usr", "/var", "-name", "*couponhook*").split()
        self.assertEqual(left, [])
        self.assertNotIn("couponhook", (self.root.folder / "etc/passwd").read_text())


if __name__ == "__main__":
    unittest.main()
