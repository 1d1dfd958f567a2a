"""A DNS server for tests that answers, refuses or ignores the queries for a name, and a resolv.conf
and hosts file with which one process uses this server.
"""

import ipaddress
import os
import random
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

A, AAAA = 1, 28
NO_SUCH_NAME = 3


class NameServer:
    """DNS server on port 53 of a random loopback address. The function `answer(name, type)` decides
    about each query: it returns a list of addresses, a DNS error code, or None to send no reply.
    The class is a context manager."""

    def __init__(self, answer, ttl=60):
        self.answer = answer
        self.ttl = ttl
        self.asked = Counter()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for _ in range(100):
            self.address = f"127.53.{random.randint(1, 254)}.{random.randint(1, 254)}"
            try:
                self.socket.bind((self.address, 53))
                break
            except OSError as failure:
                if isinstance(failure, PermissionError):
                    raise
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self.reply, args=(query, peer), daemon=True).start()

    def reply(self, query: bytes, peer):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        question = query[12:at + 5]
        name, kind = ".".join(labels).lower(), struct.unpack("!H", query[at + 1:at + 3])[0]
        self.asked[name] += 1
        answer = self.answer(name, kind)
        if answer is None:
            return
        code = answer if isinstance(answer, int) else 0
        addresses = [] if code else [ipaddress.ip_address(each).packed for each in answer]
        records = [each for each in addresses if len(each) == (16 if kind == AAAA else 4)]
        reply = query[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0) + question
        for address in records:
            reply += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, self.ttl, len(address)) + address
        try:
            self.socket.sendto(reply, peer)
        except OSError:
            pass


def silent_name_server() -> NameServer:
    return NameServer(lambda name, kind: None)


def slow(seconds: float, answer):
    """Returns an answer function for NameServer that waits `seconds` and then returns the
    answer."""
    def answer_later(name, kind):
        time.sleep(seconds)
        return answer
    return answer_later


def can_replace_resolv_conf() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "-m", "mount", "--bind", "/etc/hosts", "/etc/resolv.conf"],
                           capture_output=True, check=False)
    return tried.returncode == 0


class OwnNames:
    """A resolv.conf and a hosts file that only one process uses, in its own mount namespace. The
    class is a context manager."""

    def __init__(self, servers, hosts=""):
        self.folder = tempfile.TemporaryDirectory()
        self.resolv_conf = Path(self.folder.name) / "resolv.conf"
        self.hosts = Path(self.folder.name) / "hosts"
        self.use(servers)
        self.hosts.write_text(f"127.0.0.1 localhost\n{hosts}\n")

    def use(self, servers):
        self.resolv_conf.write_text("".join(f"nameserver {each.address}\n" for each in servers))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    @property
    def wrapper(self) -> list:
        """Returns the command prefix that makes a process use this resolv.conf and hosts file."""
        script = ('mount --make-rprivate / && mount --bind "$1" /etc/resolv.conf && '
                  'mount --bind "$2" /etc/hosts && shift 2 && exec "$@"')
        return ["unshare", "-m", "sh", "-c", script, "sh", str(self.resolv_conf), str(self.hosts)]
