"""Runs the example consumers in examples/: how each is started, and how its database is read."""

import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from support.service import free_port, wait_until
from support.stores import shared_server
from support.target import make_secret

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


class Unavailable(Exception):
    """The language or a library of an example is not installed. The message says which."""


def need(*programs: str):
    for program in programs:
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed")


def build(command: list, **options) -> subprocess.CompletedProcess:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False,
                          timeout=600, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed: {done.stdout}{done.stderr}")
    return done


class SqliteDatabase:
    """The SQLite file of a consumer."""

    def __init__(self, folder: Path):
        self.file = folder / "coupons.db"

    def rows(self, query: str) -> list:
        with closing(sqlite3.connect(self.file, timeout=30)) as db:
            return db.execute(query).fetchall()

    def break_bookings(self):
        """Makes each write into the table `bookings` fail, until repair_bookings() is called."""
        self._change("CREATE TRIGGER broken BEFORE INSERT ON bookings "
                     "BEGIN SELECT RAISE(ABORT, 'bookings are broken'); END")

    def repair_bookings(self):
        self._change("DROP TRIGGER broken")

    def _change(self, statement: str):
        with closing(sqlite3.connect(self.file, timeout=30)) as db, db:
            db.execute(statement)


class PostgresDatabase:
    """A consumer's database on the PostgreSQL server that the tests share."""

    def __init__(self, _folder: Path):
        try:
            self.server = shared_server()
        except RuntimeError as missing:
            raise Unavailable(str(missing)) from None
        self.url = self.server.new_database()

    def rows(self, query: str) -> list:
        return [tuple(row) for row in self.server.rows(self.url, query)]

    def break_bookings(self):
        self.server.query(self.url, "ALTER TABLE bookings RENAME TO bookings_away")

    def repair_bookings(self):
        self.server.query(self.url, "ALTER TABLE bookings_away RENAME TO bookings")


class MariaDatabase:
    """A MariaDB server of its own, with one database: MariaDB speaks MySQL's protocol and SQL."""

    def __init__(self, folder: Path):
        need("mariadbd", "mariadb-install-db", "mariadb")
        self.port = free_port()
        self.socket = folder / "mysql.sock"
        data = folder / "mysql"
        build(["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db",
               "--auth-root-authentication-method=normal", f"--datadir={data}"])
        # The server ends with the test program (see setpriv --pdeathsig).
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "mariadbd", "--no-defaults", "--user=root",
             f"--datadir={data}", f"--socket={self.socket}", f"--port={self.port}",
             "--bind-address=127.0.0.1", f"--pid-file={folder}/mysql.pid",
             "--innodb-buffer-pool-size=16M"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.socket.exists, 30, "mariadbd")
        self._run("CREATE USER shop@localhost IDENTIFIED BY 'shop'; CREATE DATABASE shop; "
                  "GRANT ALL ON shop.* TO shop@localhost", "mysql")

    def close(self):
        self.process.kill()
        self.process.wait()

    def rows(self, query: str) -> list:
        return [tuple(line.split("\t")) for line in self._run(query).splitlines()]

    def break_bookings(self):
        self._run("CREATE TRIGGER broken BEFORE INSERT ON bookings FOR EACH ROW "
                  "SIGNAL SQLSTATE '23000' SET MESSAGE_TEXT = 'bookings are broken'")

    def repair_bookings(self):
        self._run("DROP TRIGGER broken")

    def _run(self, sql: str, database="shop") -> str:
        return build(["mariadb", "--no-defaults", f"--socket={self.socket}", "--user=root", "-N",
                      "-B", "-e", sql, database]).stdout


class H2Database:
    """The H2 database of the Java example. AUTO_SERVER lets a second process read it while the
    example runs."""

    def __init__(self, folder: Path):
        self.file = folder / "coupons"
        self.url = f"jdbc:h2:file:{self.file};WRITE_DELAY=0;AUTO_SERVER=TRUE"

    def rows(self, query: str) -> list:
        lines = self._run(query).splitlines()[1:]
        return [tuple(line.split("|")) for line in lines if "|" in line]

    def break_bookings(self):
        self._run("ALTER TABLE bookings RENAME TO bookings_away")

    def repair_bookings(self):
        self._run("ALTER TABLE bookings_away RENAME TO bookings")

    def _run(self, sql: str) -> str:
        quoted = "SELECT kind || '|' || number || '|' || belongs_to FROM bookings"
        sql = quoted if sql.startswith("SELECT") else sql
        return build(["java", "-cp", "/usr/share/java/h2.jar", "org.h2.tools.Shell", "-url",
                      self.url, "-user", "sa", "-password", "", "-sql", sql]).stdout


@dataclass
class Example:
    """One example consumer. `command` and `environment` may name {port}, {database}, {example},
    {secret_file}, and {folder}, a temporary folder."""

    folder: str
    command: list
    environment: dict
    database: type = SqliteDatabase
    #: Function that checks that the language is installed, and compiles or installs what the
    #: example needs into a temporary folder.
    prepare: object = lambda folder: None
    path: str = "/coupons"
    start_s: float = 20


def prepare_php(_folder: Path):
    need("php")
    modules = build(["php", "-m"]).stdout.split()
    if "pdo_sqlite" not in modules:
        raise Unavailable("Debian's package php-sqlite3 is not installed")


def prepare_python(_folder: Path):
    if subprocess.run(["/usr/bin/python3", "-c", "import flask"], capture_output=True,
                      check=False).returncode != 0:
        raise Unavailable("Debian's package python3-flask is not installed")


def prepare_node(folder: Path):
    """Copies the example beside its library `pg`: Debian's package node-pg, else npm's."""
    need("node")
    shutil.copytree(EXAMPLES / "node", folder, dirs_exist_ok=True)
    debian = Path("/usr/share/nodejs")
    if (debian / "pg").is_dir():
        # An ES module finds packages only in a folder node_modules above it.
        (folder / "node_modules").symlink_to(debian)
        return
    if shutil.which("npm") is None:
        raise Unavailable("neither Debian's package node-pg nor npm is installed")
    installed = subprocess.run(
        ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
         "--prefer-offline"], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    if installed.returncode != 0:
        raise Unavailable("npm could not install pg; its registry cannot be reached")


def prepare_go(folder: Path):
    """Compiles the example with Debian's package of go-sqlite3 and the system's SQLite library."""
    need("go")
    packages = Path("/usr/share/gocode")
    if not (packages / "src/github.com/mattn/go-sqlite3").is_dir():
        raise Unavailable("Debian's package golang-github-mattn-go-sqlite3-dev is not installed")
    build(["go", "build", "-tags", "libsqlite3", "-o", folder / "coupons", "."],
          cwd=EXAMPLES / "go",
          env={**os.environ, "GO111MODULE": "off", "GOPATH": str(packages), "GOFLAGS": ""})


#: Jar files of Debian with which the Java example is compiled and run.
JARS = ("spring3-beans spring3-context spring3-core spring3-expression spring3-aop spring3-jdbc "
        "spring3-transaction spring3-web spring3-web.servlet commons-logging jackson-core "
        "jackson-annotations jackson-databind h2 servlet-api jetty9-server jetty9-servlet "
        "jetty9-util jetty9-http jetty9-io jetty9-security").split()
CLASSPATH = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)


def prepare_java(folder: Path):
    """Compiles the example with Debian's Spring Framework and a stand-in for Spring Boot, which
    Debian does not have."""
    need("javac", "java")
    for jar in CLASSPATH.split(":"):
        if not Path(jar).exists():
            raise Unavailable(f"{jar} is not installed; tests/run.sh --examples installs it")
    sources = [*(EXAMPLES / "java").rglob("*.java"),
               *(Path(__file__).parent / "spring_boot").rglob("*.java")]
    build(["javac", "-Xlint:all,-processing,-classfile,-path", "-proc:none", "-cp", CLASSPATH,
           "-d", folder, *sources])
    shutil.copytree(EXAMPLES / "java/src/main/resources", folder, dirs_exist_ok=True)


def prepare_laravel(folder: Path):
    """Copies the example into a minimal Laravel application, as a merchant copies it."""
    prepare_php(folder)
    if not Path("/usr/share/php/Illuminate/Foundation/Application.php").exists():
        raise Unavailable("php-laravel-framework, a package of Debian 12, is not installed")
    for source in (Path(__file__).parent / "laravel", EXAMPLES / "laravel"):
        shutil.copytree(source, folder, dirs_exist_ok=True)
    for writable in ("bootstrap/cache", "storage/framework/cache/data", "storage/framework/views",
                     "storage/logs"):
        (folder / writable).mkdir(parents=True)


#: Starts the Laravel example as a deployment does. config:cache shows that nothing reads the
#: environment but config/; SQLite's file must exist before the migration.
LARAVEL = ["sh", "-ec", "case $DB_CONNECTION in sqlite) touch $DB_DATABASE ;; esac; cd {folder}; "
           "php artisan config:cache; php artisan migrate --force; "
           "exec php -S 127.0.0.1:{port} -t public"]
LARAVEL_ENVIRONMENT = {"COUPONHOOK_SECRET_FILE": "{secret_file}", "PHP_CLI_SERVER_WORKERS": "4"}

TABLE = {
    "php": Example("php", ["php", "-S", "127.0.0.1:{port}", "{example}/coupons.php"],
                   {"DATABASE_DSN": "sqlite:{database.file}", "PHP_CLI_SERVER_WORKERS": "4"},
                   prepare=prepare_php),
    "php-mysql": Example("php", ["php", "-S", "127.0.0.1:{port}", "{example}/coupons.php"],
                         {"DATABASE_DSN": "mysql:host=127.0.0.1;port={database.port};dbname=shop;"
                                          "charset=utf8mb4",
                          "DATABASE_USER": "shop", "DATABASE_PASSWORD": "shop",
                          "PHP_CLI_SERVER_WORKERS": "4"}, MariaDatabase, prepare=prepare_php),
    "laravel": Example("laravel", LARAVEL,
                       {**LARAVEL_ENVIRONMENT, "DB_CONNECTION": "sqlite",
                        "DB_DATABASE": "{database.file}"},
                       prepare=prepare_laravel, path="/api/coupons", start_s=60),
    "laravel-mysql": Example("laravel", LARAVEL,
                             {**LARAVEL_ENVIRONMENT, "DB_CONNECTION": "mysql",
                              "DB_HOST": "127.0.0.1", "DB_PORT": "{database.port}",
                              "DB_DATABASE": "shop", "DB_USERNAME": "shop",
                              "DB_PASSWORD": "shop"}, MariaDatabase, prepare=prepare_laravel,
                             path="/api/coupons", start_s=60),
    "python": Example("python", ["/usr/bin/python3", "{example}/coupons.py"],
                      {"DATABASE": "{database.file}"}, prepare=prepare_python),
    "node": Example("node", ["node", "{folder}/coupons.mjs"], {"DATABASE_URL": "{database.url}"},
                    PostgresDatabase, prepare=prepare_node),
    "go": Example("go", ["{folder}/coupons"], {"DATABASE": "{database.file}"}, prepare=prepare_go),
    "java": Example("java", ["java", "--add-opens", "java.base/java.lang=ALL-UNNAMED", "-cp",
                             f"{{folder}}:{CLASSPATH}", "com.example.coupons.CouponsApplication"],
                    {"DATABASE_URL": "{database.url}"}, H2Database, prepare=prepare_java,
                    start_s=60),
}


class Consumer:
    """A running example consumer with its secret and its database. The class is a context
    manager."""

    def __init__(self, example: Example):
        self.example = example
        self.root = Path(tempfile.mkdtemp(prefix="couponhook-example-"))
        self.secret = make_secret()
        self.secret_file = self.root / "shop_secret"
        self.secret_file.write_text(self.secret + "\n")
        self.port = free_port()
        self.process = None
        self.database = None
        try:
            work = self.root / "work"
            work.mkdir()
            example.prepare(work)
            self.database = example.database(self.root)
            self.places = {"port": self.port, "database": self.database, "folder": work,
                           "secret_file": self.secret_file, "example": EXAMPLES / example.folder}
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        if hasattr(self.database, "close"):
            self.database.close()
        shutil.rmtree(self.root, ignore_errors=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.example.path}"

    def start(self):
        environment = {name: value.format(**self.places)
                       for name, value in self.example.environment.items()}
        with open(self.root / "output", "ab") as output:
            self.process = subprocess.Popen(
                [word.format(**self.places) for word in self.example.command],
                stdout=output, stderr=output, cwd=self.root, start_new_session=True,
                env={**os.environ, "PORT": str(self.port), "SECRET_FILE": str(self.secret_file),
                     **environment})
        wait_until(self._listens, self.example.start_s, "the example to listen")

    def kill(self):
        """Kills the consumer and its child processes, as a power cut does."""
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process = None

    def output(self) -> str:
        return (self.root / "output").read_text(errors="replace")

    def bookings(self) -> list[tuple]:
        """Returns what the consumer applied, sorted: (kind, number, belongs to)."""
        return sorted(self.database.rows("SELECT kind, number, belongs_to FROM bookings"))

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"the example ended: {self.output()}")
        port = f":{self.port:04X} "
        listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
        return any(port in line and " 0A " in line for line in listening.splitlines())
