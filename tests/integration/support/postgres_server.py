"""A PostgreSQL server for tests, which can stop and start again at the same address.

    with PostgresServer() as server, Service({"store.url": server.new_database()}) as service: ...

The server listens on a loopback port, and ends when the test process ends. PostgreSQL refuses to
run as root, so tests that run as root start it as another user.
"""

import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from support.service import PATIENCE, free_port, wait_until

PR_SET_PDEATHSIG = 1


def program(name: str) -> str:
    """Returns the path of a PostgreSQL program such as initdb. Debian installs each version of
    PostgreSQL in its own folder; the newest version is used."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
                   key=lambda path: int(path.parts[4]))
    if not found:
        raise RuntimeError("PostgreSQL is not installed; tests/run.sh installs it")
    return str(found[-1])


def _user():
    """Returns the user as which the PostgreSQL server must run, or None if the tests do not run as
    root: then the server runs as the same user."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


class PostgresServer:
    """A temporary PostgreSQL server. It starts when the object is created; on exit it stops and its
    files are removed. The class is a context manager.

    `settings` are settings of postgresql.conf. Without `folder`, the server's files are in memory
    if there is enough space.
    """

    def __init__(self, folder=None, wal_segment_mb=1, **settings):
        self.port = free_port()
        self.user = _user()
        self.process = None
        self.numbers = itertools.count(1)
        memory = Path("/dev/shm")
        if folder is None and memory.is_dir() and shutil.disk_usage(memory).free > 400 << 20:
            folder = memory
        self.root = Path(tempfile.mkdtemp(prefix="couponhook-pg-", dir=folder))
        self.data = self.root / "data"
        try:
            if self.user:
                os.chown(self.root, self.user.pw_uid, self.user.pw_gid)
            made = subprocess.run(
                [program("initdb"), "-D", self.data, "-U", "couponhook", "-A", "trust", "-E",
                 "UTF8", "--locale=C", "-N", "--no-instructions",
                 f"--wal-segsize={wal_segment_mb}"],
                capture_output=True, text=True, check=False, **self._identity())
            if made.returncode != 0:
                raise RuntimeError(f"initdb failed: {made.stderr}")
            self.configure(**{"listen_addresses": "127.0.0.1", "port": self.port,
                              "unix_socket_directories": "", "shared_buffers": "32MB",
                              "max_wal_size": "128MB", **settings})
            self.start()
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def _identity(self):
        if not self.user:
            return {}
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}

    def configure(self, **settings):
        """Writes settings of postgresql.conf. The server reads them at its next start or
        reload()."""
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as file:
            for name, value in settings.items():
                file.write(f"{name} = '{value}'\n")

    def restart(self, **settings):
        """Stops the PostgreSQL server at once and starts it with these settings."""
        self.stop()
        self.configure(**settings)
        self.start()

    def require_tls(self, certificate: str, key: str):
        """Restarts the PostgreSQL server with this TLS certificate and key (PEM). It then accepts
        only TLS connections."""
        for name, text in {"server.crt": certificate, "server.key": key,
                           "pg_hba.conf": "hostssl all all 127.0.0.1/32 trust\n"}.items():
            file = self.data / name
            file.write_text(text)
            file.chmod(0o600)
            if self.user:
                os.chown(file, self.user.pw_uid, self.user.pw_gid)
        self.restart(ssl="on")

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def start(self):
        with open(self.root / "log", "ab") as log:
            self.process = subprocess.Popen(
                [program("postgres"), "-D", self.data], stdout=log, stderr=log,
                preexec_fn=_end_with_parent, **self._identity())
        wait_until(lambda: self._answers() or self.process.poll() is not None, 60,
                   "PostgreSQL to start")
        if self.process.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start: {(self.root / 'log').read_text()}")

    def _answers(self) -> bool:
        return self._psql("postgres", "SELECT 1").returncode == 0

    def stop(self, immediate=True):
        """Stops the PostgreSQL server: at once like a crash, or after it has disconnected every
        client. Committed rows remain in both cases."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        self.process.wait(60 * PATIENCE)
        self.process = None

    def kill_backends(self, how=signal.SIGKILL):
        """Kills the PostgreSQL processes that serve couponhook's connections. Returns the number of
        killed processes.

        After such a kill PostgreSQL also ends all other connections, and recovers its data. This
        method waits until PostgreSQL has recovered. Otherwise a server that has not noticed the
        kill yet could look like a recovered server.
        """
        crashes = self._crashes()
        pids = self.query("postgres", "SELECT pid FROM pg_stat_activity "
                                      "WHERE application_name = 'couponhook'").split()
        killed = 0
        for pid in pids:
            try:
                os.kill(int(pid), how)
                killed += 1
            except ProcessLookupError:
                pass
        if killed and how == signal.SIGKILL:
            wait_until(lambda: self._crashes() > crashes, 60, "PostgreSQL to notice a crash")
            wait_until(self._answers, 60, "PostgreSQL to recover")
        return killed

    def _crashes(self) -> int:
        return (self.root / "log").read_text().count("all server processes terminated")

    def new_database(self) -> str:
        """Creates an empty database on this PostgreSQL server. Returns the URL of the database."""
        name = f"test_{next(self.numbers)}"
        self.query("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://couponhook@127.0.0.1:{self.port}/{database}"

    def _psql(self, database, sql, timeout=60):
        url = database if "://" in database else self.url(database)
        return subprocess.run(
            [program("psql"), "-X", "-A", "-t", "-q", "-F", "\t", "-v", "ON_ERROR_STOP=1",
             "-d", url, "-c", sql],
            capture_output=True, text=True, check=False, timeout=timeout * PATIENCE)

    def query(self, database: str, sql: str, timeout=60) -> str:
        """Runs SQL with psql in the database with this name or URL. Returns the rows as text, one
        row in each line."""
        done = self._psql(database, sql, timeout)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr}")
        return done.stdout

    def session(self, database: str):
        """Returns a psql that stays connected to the database with this name or URL, so that a
        transaction can stay open."""
        return Session(database if "://" in database else self.url(database))

    def rows(self, database: str, sql: str) -> list:
        """Runs SQL with psql, like query(). Returns each row as a list of texts."""
        return [line.split("\t") for line in self.query(database, sql).splitlines()]


class Session:
    """A psql that runs statements in one connection. The class is a context manager that ends
    it."""

    def __init__(self, url: str):
        self.process = subprocess.Popen(
            [program("psql"), "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", url],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *statements: str):
        """Runs SQL statements, and waits until the last one is done."""
        for statement in (*statements, "SELECT 'done'"):
            self.process.stdin.write(statement + ";\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line == "done\n":
                return
        raise RuntimeError(f"psql ended with {self.process.wait()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60 * PATIENCE)
        self.process.stdout.close()
