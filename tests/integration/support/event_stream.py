"""Reads the event stream of couponhook's status endpoint (GET /events), and runs
`couponhook listen`."""

import http.client
import json
import queue
import signal
import subprocess
import threading
from dataclasses import dataclass, field

from support.service import BINARY, PATIENCE, wait_until


@dataclass
class Message:
    """One server-sent event."""
    id: str = ""
    event: str = ""
    data: dict = field(default_factory=dict)


def messages_in(lines):
    """Yields the messages of a stream, as an EventSource reads them: a message ends with an empty
    line, and a line that begins with a colon is a comment."""
    fields = {}
    for line in lines:
        text = line.decode().rstrip("\n")
        if text:
            name, _, value = text.partition(": ")
            fields[name] = value
            continue
        if "data" in fields:
            yield Message(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"]))
        fields = {}


class EventStream:
    """One client of GET /events, which reads on a thread of its own. The class is a context manager
    that closes the connection."""

    def __init__(self, service, last_id=None, target="/events"):
        headers = {"Authorization": f"Bearer {service.token()}"}
        if last_id is not None:
            headers["Last-Event-ID"] = last_id
        self.connection = http.client.HTTPConnection(*service.admin_address, timeout=60 * PATIENCE)
        self.connection.request("GET", target, headers=headers)
        self.socket = self.connection.sock
        self.reply = self.connection.getresponse()
        self.status = self.reply.status
        self.messages = queue.Queue()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _read(self):
        try:
            for message in messages_in(self.reply):
                self.messages.put(message)
        except (OSError, ValueError, http.client.HTTPException):
            pass
        self.ended.set()

    def close(self):
        try:
            self.socket.shutdown(2)
        except OSError:
            pass
        self.thread.join(10)
        self.connection.close()

    def next(self, seconds=10.0) -> Message:
        """Waits for the next message of the stream."""
        try:
            return self.messages.get(timeout=seconds * PATIENCE)
        except queue.Empty:
            raise AssertionError("no event came") from None

    def take(self, count: int, event="notification") -> list[Message]:
        """Waits for `count` messages of this kind, and leaves out the others."""
        found = []
        while len(found) < count:
            message = self.next()
            if message.event == event:
                found.append(message)
        return found

    def rest(self) -> list[Message]:
        """Returns the messages that have come and were not taken."""
        found = []
        while not self.messages.empty():
            found.append(self.messages.get())
        return found


class Listen:
    """A running `couponhook listen`. The class is a context manager that ends the command with
    SIGINT, as Ctrl-C does, and checks its exit code."""

    def __init__(self, config, *arguments):
        self.process = subprocess.Popen(
            [BINARY, "listen", "--config", str(config), *map(str, arguments)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.stdout, self.stderr = [], []
        self.readers = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self.stdout)),
            threading.Thread(target=self._collect, args=(self.process.stderr, self.stderr))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def _collect(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
        stream.close()

    def __enter__(self):
        self.wait_for_message("listening to")
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(20 * PATIENCE)
        finally:
            self.process.kill()
            self.process.wait()
            for reader in self.readers:
                reader.join()
        if failure == (None, None, None) and code != 0:
            raise AssertionError(f"listen ended with {code}: {self.stderr}")

    def wait_for_message(self, text: str, seconds=20.0):
        """Waits for a line on the error stream that contains this text. Returns the line."""
        return wait_until(lambda: next((each for each in list(self.stderr) if text in each), None),
                          seconds, f"{text!r} among {self.stderr}")

    def wait_for_lines(self, count: int, seconds=20.0) -> list[str]:
        wait_until(lambda: len(self.stdout) >= count, seconds, f"{count} lines: {self.stdout}")
        return list(self.stdout)

    def objects(self, event="notification") -> list[dict]:
        """Returns the printed JSON objects of this kind."""
        found = [json.loads(line) for line in list(self.stdout)]
        return [each for each in found if each["event"] == event]

    def wait_for_objects(self, count: int, event="notification", seconds=20.0) -> list[dict]:
        wait_until(lambda: len(self.objects(event)) >= count, seconds, f"{count} of {event}")
        return self.objects(event)
