"""Runs real load balancers (HAProxy and nginx) with the example configurations in deploy/.

Only addresses and paths in an example are replaced. Each replaced text must occur in the example,
otherwise the test fails.
"""

import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

from support.service import free_port, wait_until

DEPLOY = Path(os.environ.get("COUPONHOOK_DEPLOY") or
              Path(__file__).resolve().parents[3] / "deploy")


def find(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise SystemExit(f"these tests need Debian's package {program}")
    return found


class Balancer:
    """A load balancer in front of one or more couponhook services. The class is a context manager.

    Clients of the load balancer have their own IP address, so that couponhook's log distinguishes a
    client from the load balancer.
    """

    CLIENT = "127.0.0.9"

    def __init__(self, example: str, services: list, changes: dict | None = None):
        """The argument `changes` holds texts of the example configuration that the test replaces,
        in addition to the addresses and paths."""
        self.example = example
        self.changes = changes or {}
        self.root = Path(tempfile.mkdtemp(prefix="couponhook-balancer-"))
        self.source = (self.CLIENT, 0)
        self.address = ("127.0.0.1", free_port())
        self.tls = True
        self.services = services
        self.process = None

    def __enter__(self):
        try:
            command = self.command(self.configuration())
            with open(self.root / "output", "wb") as output:
                self.process = subprocess.Popen(
                    command, stdout=output, stderr=subprocess.STDOUT, cwd=self.root)
            wait_until(self.accepts, what=f"{self.example} to accept connections")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()
        shutil.rmtree(self.root, ignore_errors=True)

    def accepts(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"it ended: {(self.root / 'output').read_text()}")
        try:
            socket.create_connection(self.address, 1).close()
            return True
        except OSError:
            return False

    def tls_context(self) -> ssl.SSLContext:
        return self.services[0].tls_context()

    def configuration(self) -> Path:
        text = (DEPLOY / self.example).read_text()
        for old, new in {**self.changes, **self.replacements()}.items():
            if old not in text:
                raise AssertionError(f"deploy/{self.example} does not hold {old}")
            text = text.replace(old, str(new))
        for letter in "abc"[len(self.services):]:
            text = re.sub(rf"^ *server ({letter}|10\.0\.0\.1{'abc'.index(letter) + 1}:).*\n", "",
                          text, flags=re.MULTILINE)
        return self.write("balancer.conf", text)

    def replicas(self, port: int) -> dict:
        return {f"10.0.0.1{i + 1}:{port}": f"127.0.0.1:{service.address[1]}"
                for i, service in enumerate(self.services)}

    def write(self, name: str, text: str) -> Path:
        file = self.root / name
        file.write_text(text)
        return file


class HAProxy(Balancer):
    def replacements(self) -> dict:
        first = self.services[0]
        replaced = {
            "0.0.0.0:443": f"127.0.0.1:{self.address[1]}",
            "/etc/haproxy/couponhook-admin-ca.pem": first.folder / "tls" / "server.crt",
            **self.replicas(8443 if "passthrough" in self.example else 8080),
        }
        for letter, service in zip("abc", self.services):
            replaced |= {f"127.0.0.1:{service.address[1]} port 9443":
                         f"127.0.0.1:{service.address[1]} port {service.admin_address[1]}"}
        if "termination" in self.example:
            pem = first.read("tls/server.crt") + "\n" + first.read("tls/server.key") + "\n"
            replaced["/etc/haproxy/couponhook.pem"] = self.write("server.pem", pem)
        return replaced

    def command(self, configuration):
        return [find("haproxy"), "-db", "-f", str(configuration)]


class Nginx(Balancer):
    def replacements(self) -> dict:
        first = self.services[0]
        return {
            "0.0.0.0:443": f"127.0.0.1:{self.address[1]}",
            "/etc/nginx/couponhook.crt": first.folder / "tls" / "server.crt",
            "/etc/nginx/couponhook.key": first.folder / "tls" / "server.key",
            **self.replicas(8080),
        }

    def command(self, configuration):
        # This text has the same content as Debian's nginx.conf, which includes the example, but
        # with paths in the temporary folder.
        places = "".join(f"{kind}_temp_path {self.root};\n" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        main = self.write("nginx.conf", f"""
            daemon off;
            pid {self.root}/nginx.pid;
            error_log stderr;
            worker_processes 2;
            events {{ worker_connections 1024; }}
            http {{
              access_log off;
              {places}
              include {configuration};
            }}""")
        return [find("nginx"), "-c", str(main), "-e", "stderr"]
