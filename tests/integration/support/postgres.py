"""A PostgreSQL server of the tests' own: Debian's, in a temporary folder, reached through a socket."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.service import PATIENCE

SETTINGS = """
listen_addresses = ''
max_connections = 100
shared_buffers = 64MB
max_wal_size = 1GB
"""


def programs() -> Path:
    """The newest that is installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"),
                     key=lambda path: int(path.parts[-3]))
    if not folders:
        raise RuntimeError("PostgreSQL is not installed")
    return folders[-1].parent


def account():
    """Whom to become: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        except KeyError:
            continue
    raise RuntimeError("there is no user postgres or nobody to run PostgreSQL as")


class Postgres:
    """A context manager: ends and removes the server."""

    def __init__(self, settings=""):
        self.account = account()
        self.root = Path(tempfile.mkdtemp(prefix="couponhook-pg-"))
        self.data = self.root / "data"
        self.process = None
        self._names = (f"test{n}" for n in itertools.count())
        if self.account:
            os.chown(self.root, self.account["user"], self.account["group"])
        self._run("initdb", "-D", self.data, "-U", "couponhook", "-A", "trust", "-E", "UTF8",
                  "--locale=C", "-N", "--no-instructions")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(f"{SETTINGS}unix_socket_directories = '{self.root}'\n{settings}\n")

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def _run(self, program, *arguments):
        done = subprocess.run([programs() / program, *arguments], cwd="/", capture_output=True,
                              text=True, check=False, **self.account)
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                [programs() / "postgres", "-D", self.data], cwd="/", stdout=log, stderr=log,
                **self.account)
        end = time.monotonic() + 30 * PATIENCE
        while True:
            try:
                return self.sql("SELECT 1", "postgres")
            except RuntimeError:
                if self.process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast; SIGQUIT: immediate, as a crash."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def new_database(self) -> str:
        """Makes an empty database. Returns its name."""
        name = next(self._names)
        self.sql(f"CREATE DATABASE {name}", "postgres")
        return name

    def url(self, database: str) -> str:
        return f"postgresql://couponhook@/{database}?host={self.root}"

    def sql(self, statement: str, database: str) -> str:
        """Runs it with psql, which knows nothing of us. Returns what it prints."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                         "-d", self.url(database), "-c", statement).strip()
