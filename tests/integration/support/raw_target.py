"""A stand-in for the merchant's system that sends a given HTTP reply byte for byte."""

import socket
import threading
from contextlib import closing


class RawTarget:
    """A server that reads a request and sends `reply`: bytes, or a function that is called with the
    connection. Then it closes the connection or keeps it open. It counts the requests. The class is
    a context manager."""

    def __init__(self, reply, closes=True):
        self.reply = reply
        self.closes = closes
        self.requests = 0
        self.ended = threading.Event()
        self.server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.getsockname()[1]}/hook"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.server.close()

    def accept(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with closing(connection):
            try:
                while self.read_request(connection):
                    self.requests += 1
                    if callable(self.reply):
                        self.reply(connection)
                    else:
                        connection.sendall(self.reply)
                    if self.closes:
                        return
            except OSError:
                pass

    @staticmethod
    def read_request(connection) -> bool:
        stream = connection.makefile("rb")
        length = 0
        line = stream.readline()
        while line not in (b"", b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            line = stream.readline()
        return line != b"" and len(stream.read(length)) == length
