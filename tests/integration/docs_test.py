"""Checks that couponhook's documents are correct: every configuration key exists and is documented,
the English and Chinese versions agree, links have a target, and commands give the output shown. The
tests compare the documents with the source code, with the binary's help and with each other, and
run the commands of the getting-started guide.
"""

import re
import shlex
import tempfile
import unittest
from pathlib import Path

from support.service import Service, run

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: Documents that also exist in Chinese: path of the English and of the Chinese version.
TRANSLATED = [("README.md", "README.zh-CN.md")] + [
    (f"docs/{name}.md", f"docs/zh/{name}.md")
    for name in ("getting-started", "going-live", "configuration", "handlers", "images", "operations",
                 "alerts")]
#: C++ functions in server/config that read the configuration file, with the TOML tables that each
#: function reads.
READERS = {
    "read_address": ("listener", "admin"),
    "read_trusted_proxies": ("listener",),
    "read_listener": ("listener",),
    "read_admin": ("admin",),
    "read_token": ("admin.token",),
    "read_metrics_place": ("admin",),
    "read_store": ("store",),
    "read_deliveries": ("deliveries",),
    "read_log": ("log",),
    "read_merchant": ("merchant",),
    "read_merchant_api": ("merchant.api",),
    "read_reconcile": ("merchant.reconcile",),
    "read_handler": ("handler",),
    "read_outward": ("handler",),
    "read_http": ("handler",),
    "read_exec": ("handler",),
    "read_redis": ("handler",),
    "read_amqp": ("handler",),
    "read_kafka": ("handler",),
    "read_alert": ("alert",),
    "read_type": ("alert",),
    "read_place": ("alert",),
}


def documents() -> list[Path]:
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


#: Pattern of a fenced code block in Markdown: group 1 is the language after the opening fence,
#: group 2 the lines inside.
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$\n?", re.MULTILINE | re.DOTALL)


def outside_code(text: str) -> str:
    return FENCED.sub("", text)


def headings(text: str) -> list[str]:
    return re.findall(r"^(#+) .*$", outside_code(text), re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Returns the link anchors that GitHub and similar sites generate from the headings of a
    Markdown document."""
    made = set()
    for title in re.findall(r"^#+ (.*)$", outside_code(text), re.MULTILINE):
        plain = re.sub(r"[`*]", "", title).strip().lower()
        made.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return made


def code_blocks(text: str) -> list[str]:
    """Returns the code blocks of a document that have no language: these are shell sessions."""
    return [lines for language, lines in FENCED.findall(text) if not language]


def documented_keys(text: str) -> dict[str, set[str]]:
    """Returns the configuration keys that a document lists in its tables, for each section of the
    configuration file."""
    keys, section = {}, None
    for line in text.splitlines():
        if head := re.match(r"^## \[+([a-z_.]+)\]+$", line):
            section = keys.setdefault(head[1], set())
        elif section is not None and (row := re.match(r"^\| `([a-z0-9_]+)` \|", line)):
            section.add(row[1])
    return keys


def keys_in_the_code() -> dict[str, set[str]]:
    """Returns the configuration keys that the C++ code in server/config reads, for each section of
    the configuration file."""
    keys = {}
    folder = ROOT / "server" / "config"
    for source in [*sorted(folder.glob("*config.cpp")), folder / "admin_tokens.cpp"]:
        parts = re.split(r"^\w[\w:<>\s]*?\b(read_\w+)\(Section[& ]", source.read_text(),
                         flags=re.MULTILINE)
        for name, body in zip(parts[1::2], parts[2::2]):
            body = body.split("\n}\n")[0]
            read = set(re.findall(
                r"\b(?:read_(?:seconds|time)\(section, |section\.(?:text|path|boolean|integer|number_of|"
                r"duration|word|texts|raw_texts|paths)\(\s*)\"(\w+)\"", body))
            for section in READERS.get(name, ()):
                keys.setdefault(section, set()).update(read)
            if name == "read_merchant":
                keys["merchant.platform_public_key"] = set(re.findall(
                    r"\bkey\.(?:text|path)\(\"(\w+)\"", body))
    return keys


class Configuration(unittest.TestCase):
    maxDiff = None

    def test_each_key_that_the_code_reads_is_documented_and_the_reverse(self):
        code = keys_in_the_code()
        self.assertGreater(sum(map(len, code.values())), 80, "the sources were not understood")
        for name in ("docs/configuration.md", "docs/zh/configuration.md"):
            with self.subTest(document=name):
                self.assertEqual(documented_keys((ROOT / name).read_text()), code)


class Languages(unittest.TestCase):
    def test_both_have_the_same_headings_code_blocks_and_tables(self):
        for english, chinese in TRANSLATED:
            with self.subTest(document=english):
                one, other = (ROOT / english).read_text(), (ROOT / chinese).read_text()
                self.assertEqual(headings(one), headings(other))
                rows = [len(re.findall(r"^\|", outside_code(text), re.MULTILINE))
                        for text in (one, other)]
                self.assertEqual(rows[0], rows[1], "rows of tables")

    def test_the_first_lines_link_the_other_language(self):
        for english, chinese in TRANSLATED:
            with self.subTest(document=english):
                for here, there in ((english, chinese), (chinese, english)):
                    first = "\n".join((ROOT / here).read_text().splitlines()[:4])
                    targets = re.findall(r"\]\(([^)]+)\)", first)
                    found = {((ROOT / here).parent / target).resolve() for target in targets}
                    self.assertIn((ROOT / there).resolve(), found)


class Links(unittest.TestCase):
    def test_each_leads_to_a_file_and_a_heading(self):
        for document in documents():
            for target in re.findall(r"\]\(([^)\s]+)\)", outside_code(document.read_text())):
                if re.match(r"^https?://", target):
                    continue
                with self.subTest(document=document.name, target=target):
                    path, _, anchor = target.partition("#")
                    file = (document.parent / path).resolve() if path else document
                    self.assertTrue(file.exists(), "there is no such file")
                    if anchor:
                        self.assertIn(anchor, anchors(file.read_text()))


class Alerts(unittest.TestCase):
    def test_each_rule_has_a_section_in_operations(self):
        rules = (ROOT / "deploy/prometheus/couponhook.rules.yml").read_text()
        names = re.findall(r"- alert: (\w+)", rules)
        self.assertGreater(len(names), 5)
        for name in ("docs/operations.md", "docs/zh/operations.md"):
            with self.subTest(document=name):
                shown = re.findall(r"^### (Couponhook\w+)$", (ROOT / name).read_text(),
                                   re.MULTILINE)
                self.assertEqual(sorted(shown), sorted(names))


class Commands(unittest.TestCase):
    """Tests of the commands that the documents show in code blocks."""

    @staticmethod
    def shown() -> set[tuple[str, ...]]:
        commands = set()
        for document in documents():
            for block in code_blocks(document.read_text()):
                lines = block.splitlines()
                # A line that begins with a prompt ($) is a command. If a code block has no prompt,
                # every line is a command.
                typed = [line[2:] for line in lines if line.startswith("$ ")] or lines
                for line in typed:
                    line = line.split("  #")[0].rstrip(" &")
                    if re.match(r"^(build/\w+/)?couponhook ", line):
                        commands.add(tuple(shlex.split(line)[1:]))
        return commands

    def test_each_command_and_option_exists(self):
        commands = self.shown()
        self.assertGreater(len(commands), 30, "the documents were not understood")
        for words in sorted(commands):
            with self.subTest(command=" ".join(words)):
                path = []
                for word in words:
                    if run(*path, word, "--help").returncode != 0 or not word.isalpha():
                        break
                    path.append(word)
                    if path[-1] not in ("callbacks", "certificates", "store", "stock", "coupon",
                                        "busifavor", "quarantine", "image"):
                        break
                self.assertTrue(path, f"there is no command {words[0]}")
                help = run(*path, "--help").stdout
                for option in [word for word in words if word.startswith("--")]:
                    self.assertRegex(help, rf"{option}\b", f"no option {option}")

    def test_the_first_steps_do_what_is_shown(self):
        """Runs the commands of docs/getting-started.md, from the beginning to the section about the
        sandbox, exactly as written: `init`, `serve` and the commands between. `listen` runs until
        Ctrl-C; listen_test.py runs it."""
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            text = (DOCS / "getting-started.md").read_text()
            lines = [line for block in code_blocks(text) for line in block.splitlines()
                     if line.startswith("build/release/couponhook ") and " init " not in line
                     and " serve " not in line and " listen " not in line]
            self.assertGreater(len(lines), 6)
            with Service() as service:
                config = service.config_for_commands()
                for line in lines:
                    with self.subTest(line=line):
                        words = shlex.split(line.replace("shop/couponhook.toml", str(config)))
                        words = [str(ROOT / word) if word == "tests/fixtures" else word
                                 for word in words]
                        done = run(*words[1:], cwd=folder)
                        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
