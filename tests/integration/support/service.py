"""Runs couponhook for tests: the real binary, with its configuration, keys and store in a temporary
folder."""

import atexit
import fcntl
import functools
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

READY = re.compile(r"couponhook: notifications at (https?)://([\d.]+):(\d+), "
                   r"status at (https?)://([\d.]+):(\d+)"
                   r"(?:, metrics at http://([\d.]+):(\d+))?")

BINARY = os.environ.get("COUPONHOOK_BINARY")
if BINARY is None:
    raise SystemExit("set COUPONHOOK_BINARY to the couponhook to test; ctest does")

#: Factor by which tests multiply their time limits: sanitizers make couponhook slower.
PATIENCE = float(os.environ.get("COUPONHOOK_PATIENCE", "1"))

#: False if couponhook was built with the thread sanitizer, which does not support C11 threads.
C11_THREADS = os.environ.get("COUPONHOOK_C11_THREADS", "1") == "1"

#: True if the tests shall run in their long form (COUPONHOOK_LONG=1), which takes minutes.
LONG = os.environ.get("COUPONHOOK_LONG") == "1"


def run(*arguments, timeout=30, wrapper=(), **options) -> subprocess.CompletedProcess:
    """Runs a couponhook command until it ends, and returns its exit code and output. `wrapper` is a
    command prefix such as setpriv."""
    command = [*wrapper, BINARY, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=timeout * PATIENCE, check=False, **options)


def wait_until(condition, seconds=5.0, what="the condition"):
    """Waits until the condition is true, at most `seconds`. Returns the value of the condition."""
    end = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds * PATIENCE:.1f} s in vain for {what}")
        time.sleep(0.02)


def toml_value(value) -> str:
    # Numbers, booleans, strings and lists of these have the same form in JSON and in TOML.
    return json.dumps(value)


def edit_toml(text: str, setting: str, value) -> str:
    """Sets "table.key" in the text of a TOML configuration, and returns the new text. The table may
    be the only element of an array of tables, such as [[merchant]]."""
    table, key = setting.rsplit(".", 1)
    head = re.search(rf"^\[+{re.escape(table)}\]+.*\n", text, re.MULTILINE)
    if head is None:
        return f"{text}\n[{table}]\n{key} = {toml_value(value)}\n"
    next_head = re.compile(r"^\[", re.MULTILINE).search(text, head.end())
    end = next_head.start() if next_head else len(text)
    body = re.sub(rf"^{re.escape(key)} =.*\n", "", text[head.end():end], flags=re.MULTILINE)
    return f"{text[:head.end()]}{key} = {toml_value(value)}\n{body}{text[end:]}"


def free_port() -> int:
    """Returns the number of a TCP port that is free at the moment."""
    with closing(socket.create_server(("127.0.0.1", 0))) as unused:
        return unused.getsockname()[1]


def activated(command: list, sockets: dict) -> tuple[list, list]:
    """Returns a command that starts a program with these listening sockets, as systemd's socket
    activation does.

    Also returns the file descriptors that the process must inherit; the caller must close them.
    """
    # The copies of the sockets get file descriptors from 10 on. The program expects the sockets at
    # lower numbers, so a copy with a lower number could be overwritten before it is passed.
    spares = [fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in sockets.values()]
    passed = " ".join(f"{3 + i}<&{spare}" for i, spare in enumerate(spares))
    environment = (f"LISTEN_FDS={len(spares)} LISTEN_FDNAMES={':'.join(sockets)} "
                   "LISTEN_PID=$$")  # the program replaces the shell and keeps its process id
    return ["bash", "-c", f'{environment} exec "$@" {passed}', "bash", *command], spares


def make_setup(folder: Path):
    made = run("init", folder, "--port", "0", "--admin-port", "0")
    if made.returncode != 0:
        raise RuntimeError(f"couponhook init failed: {made.stderr}")


@functools.cache
def shared_setup() -> Path:
    """Returns a folder with the set-up (configuration and keys) that `couponhook init` made. Tests
    copy it; it is removed at the end of the test program."""
    root = tempfile.mkdtemp(prefix="couponhook-test-")
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    make_setup(Path(root) / "setup")
    return Path(root) / "setup"


class Service:
    """A couponhook process with its configuration, keys and store in a temporary folder. The class
    is a context manager: on exit the process is stopped and the folder is removed."""

    #: IP address from which test clients connect; None lets the operating system choose.
    source = None
    #: Command prefix, such as setpriv or unshare, that starts couponhook in its own process.
    wrapper = ()

    def __init__(self, settings=None, starts=True, sockets=None, has_own_keys=True):
        """The argument `has_own_keys=False` copies keys that all tests of the program share,
        because making new keys takes a second."""
        self.starts = starts
        self.sockets = sockets or {}
        self.reading = threading.Event()
        self.reading.set()
        self.root = Path(tempfile.mkdtemp(prefix="couponhook-test-"))
        self.folder = self.root / "setup"
        self.config = self.folder / "couponhook.toml"
        self.database = self.folder / "data" / "couponhook.db"
        self.process = None
        #: Environment variables that the couponhook process gets in addition.
        self.environment = {}
        self.stdout, self.stderr = [], []
        try:
            if has_own_keys:
                make_setup(self.folder)
            else:
                shutil.copytree(shared_setup(), self.folder)
        except BaseException:
            shutil.rmtree(self.root)
            raise
        for setting, value in (settings or {}).items():
            self.configure(setting, value)

    def __enter__(self):
        try:
            if self.starts:
                self.start()
        except BaseException:
            self.kill()
            shutil.rmtree(self.root, ignore_errors=True)
            raise
        return self

    def __exit__(self, *failure):
        try:
            if self.process is not None:
                code = self.stop()
                if failure == (None, None, None) and code != 0:
                    raise AssertionError(f"the service ended with {code}: {self.errors()}")
        finally:
            self.kill()
            shutil.rmtree(self.root, ignore_errors=True)

    def configure(self, setting: str, value):
        """Sets the value of "table.key" in couponhook's configuration file."""
        self.config.write_text(edit_toml(self.config.read_text(), setting, value))

    def config_for_commands(self) -> Path:
        """Returns the path of a configuration file for commands that connect to the running
        couponhook. It contains the ports that the operating system chose."""
        text = edit_toml(self.config.read_text(), "listener.port", self.address[1])
        config = self.folder / "commands.toml"
        config.write_text(edit_toml(text, "admin.port", self.admin_address[1]))
        return config

    def append(self, text: str):
        """Appends text to couponhook's configuration file."""
        self.config.write_text(f"{self.config.read_text()}\n{text}")

    def write(self, name: str, text: str):
        (self.folder / name).write_text(text + "\n")

    def read(self, name: str) -> str:
        return (self.folder / name).read_text().strip()

    # Methods that start and stop the couponhook process

    def launch(self):
        """Starts the couponhook process without waiting until it is ready."""
        command, passed = [*self.wrapper, BINARY, "serve", "--config", str(self.config)], ()
        if self.sockets:
            command, passed = activated(command, self.sockets)
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace",
            pass_fds=passed, env={**os.environ, **self.environment})
        for descriptor in passed:
            os.close(descriptor)
        self._ready = threading.Event()
        self._readers = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self.stdout)),
            threading.Thread(target=self._collect, args=(self.process.stderr, self.stderr))]
        for reader in self._readers:
            reader.start()

    def start(self, timeout=20.0):
        """Starts the couponhook process and waits until it is ready. Returns the time that this
        took, in seconds."""
        begun = time.monotonic()
        self.launch()
        if not self._ready.wait(timeout * PATIENCE):
            self.kill()
            raise AssertionError(f"the service did not become ready: {self.errors()}")
        return time.monotonic() - begun

    def _collect(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
            if ready := READY.match(line):
                self.tls = ready[1] == "https"
                self.address = (ready[2], int(ready[3]))
                self.admin_tls = ready[4] == "https"
                self.admin_address = (ready[5], int(ready[6]))
                self.metrics_address = (ready[7], int(ready[8])) if ready[7] else None
                self._ready.set()
            self.reading.wait()
        stream.close()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=20.0) -> int:
        """Waits until the couponhook process ends by itself. Returns its exit code."""
        code = self.process.wait(timeout * PATIENCE)
        self.reading.set()
        self._join_readers()
        self.process = None
        return code

    def stop(self) -> int:
        """Stops the couponhook process with SIGTERM, as systemd does. Returns its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        """Kills the couponhook process with SIGKILL: the process cannot prepare for it, as in a
        power cut."""
        if self.process is None:
            return
        self.reading.set()
        self.process.kill()
        self.process.wait()
        self._join_readers()
        self.process = None

    def _join_readers(self):
        for reader in self._readers:
            reader.join()

    def errors(self) -> str:
        return "\n".join(self.stderr) or "(nothing on stderr)"

    def logs(self, **fields):
        """Returns couponhook's JSON log lines that have these fields with these values."""
        lines = [json.loads(line) for line in list(self.stdout) if line.startswith("{")]
        return [line for line in lines if fields.items() <= line.items()]

    def wait_for_log(self, count=1, seconds=5.0, **fields):
        """Waits until couponhook has written `count` log lines that have these fields with these
        values. Returns these lines."""
        return wait_until(lambda: (found := self.logs(**fields))[count - 1:] and found,
                          seconds, f"{count} log lines with {fields}")

    # Methods that read couponhook's status endpoint and its database

    def token(self) -> str:
        return self.read("secrets/admin_token")

    def ask(self, target: str, token=True, method="GET", body=None):
        """Sends a request to couponhook's status endpoint. Returns the HTTP status and the JSON
        body of the reply."""
        status, answer = self.exchange(target, token, method, body)
        return status, json.loads(answer) if answer else None

    def ask_raw(self, target: str) -> bytes:
        return self.exchange(target)[1]

    def exchange(self, target: str, token=True, method="GET", body=None):
        headers = {}
        if token is not None:
            headers["Authorization"] = f"Bearer {self.token() if token is True else token}"
        kind, options = http.client.HTTPConnection, {}
        if self.admin_tls:
            kind, options = http.client.HTTPSConnection, {"context": self.tls_context()}
        connection = kind(*self.admin_address, timeout=10 * PATIENCE, **options)
        with closing(connection) as client:
            client.request(method, target, body=body, headers=headers)
            reply = client.getresponse()
            return reply.status, reply.read()

    def get(self, target: str):
        """Sends GET `target` to couponhook's status endpoint. The HTTP status must be 200. Returns
        the JSON body of the reply."""
        status, body = self.ask(target)
        if status != 200:
            raise AssertionError(f"GET {target} answered {status}: {body}")
        return body

    def memory_peak_mb(self) -> float:
        """Returns the highest memory use of the couponhook process so far, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024

    def counts(self):
        return self.get("/status")["notifications"]

    def rows(self, query: str, *values):
        """Runs an SQL query directly on couponhook's SQLite file. Returns the rows."""
        uri = f"file:{self.database}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=10)) as store:
            return store.execute(query, values).fetchall()

    def count_rows(self, table="notifications") -> int:
        return self.rows(f"SELECT count(*) FROM {table}")[0][0]

    def tls_context(self) -> ssl.SSLContext:
        """Returns a client's TLS context that trusts only the certificate of this couponhook's
        listener."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.folder / "tls" / "server.crt")
        return context
