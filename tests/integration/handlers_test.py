"""Checks that every type of handler (http, exec, redis, amqp, kafka) delivers its events, and
reports the reason if it cannot. The tests start real servers from Debian's packages on loopback, in
temporary folders; the Kafka server is librdkafka's mock cluster. The documented example of a user's
own handler is tested with a separate binary.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import unittest
from contextlib import closing, suppress
from pathlib import Path

from support import events, service as service_module
from support.service import C11_THREADS, PATIENCE, Service, run, wait_until
from support.target import handler_table
from support.wechat_pay import Platform
from support.wire import Client

try:
    import pika
except ImportError:
    pika = None

QUICK = {"retry_initial_ms": 20, "retry_max_ms": 100, "timeout_ms": 3000}


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_listening(port: int) -> bool:
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def key_of(event) -> str:
    """Returns the message key that couponhook must use for a coupon. Message brokers keep messages
    with the same key in order."""
    return f"{event.resource['stock_id']}/{event.resource['coupon_id']}"


class HandlerCase(unittest.TestCase):
    def serve(self, table: str, prepare=lambda service: None):
        service = Service(starts=False, has_own_keys=False)
        prepare(service)
        service.append(table)
        service.starts = True
        self.service = self.enterContext(service)
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))

    def send(self, id, event=None):
        """Sends a notification to couponhook. Returns the event in the notification."""
        event = event or events.redeem()
        reply = self.client.post(self.platform.notify(event, id))
        self.assertEqual(reply.status, 204, reply)
        return event

    def send_around_an_absence(self, prefix, stop, start):
        """Sends some events before a message broker stops and some while it is stopped. Restarts
        the broker and waits until all events are delivered."""
        for number in range(3):
            self.send(f"{prefix}-before-{number}")
        self.wait_for("done", 3)
        stop()
        for number in range(6):
            self.send(f"{prefix}-meanwhile-{number}")
        self.service.wait_for_log(event="target_down")
        self.assertEqual(self.service.get("/status")["deliveries"]["done"], 3)
        start()
        self.wait_for("done", 9, 40)

    @staticmethod
    def sent_around(prefix) -> set:
        return ({f"{prefix}-before-{number}" for number in range(3)} |
                {f"{prefix}-meanwhile-{number}" for number in range(6)})

    def wait_for(self, state, count=1, seconds=20):
        wait_until(lambda: self.service.get("/status")["deliveries"][state] == count, seconds,
                   f"{count} deliveries {state}")

    def last_error(self, id):
        return self.service.get(f"/notifications/{id}")["deliveries"][0]["last_error"]


class Exec(HandlerCase):
    def run_script(self, script, **settings):
        folder = Path(self.enterContext(service_module.tempfile.TemporaryDirectory()))
        table = handler_table("script", "exec", command=["/bin/sh", "-c", script, "sh", str(folder)],
                              **{**QUICK, **settings})
        self.serve(table)
        return folder

    def test_the_command_gets_the_event_on_standard_input(self):
        folder = self.run_script('cat > "$1/body"; echo "$COUPONHOOK_NOTIFICATION_ID" > "$1/id"')
        self.send("exec-1")
        self.wait_for("done")
        body = json.loads((folder / "body").read_text())
        self.assertEqual(body["type"], "coupon.redeemed")
        self.assertEqual(body["data"]["notification_id"], "exec-1")
        self.assertEqual((folder / "id").read_text(), "exec-1\n")

    def test_exit_codes_say_what_to_do(self):
        folder = self.run_script('echo >> "$1/$COUPONHOOK_NOTIFICATION_ID"; '
                                 'case "$COUPONHOOK_NOTIFICATION_ID" in data) exit 65;; '
                                 '*) exit 75;; esac', max_attempts=3)
        self.send("data")
        self.send("again")
        self.wait_for("dead", 2)
        self.assertEqual((folder / "data").read_text(), "\n", "65 is dead at once")
        self.assertEqual((folder / "again").read_text(), "\n\n\n", "75 is tried again")
        self.assertIn("exit code 75", self.last_error("again"))

    def test_past_its_time_it_is_killed_with_all_it_started(self):
        folder = self.run_script('sleep 600 & echo $! > "$1/pid"; wait', timeout_ms=500,
                                 max_attempts=1)
        self.send("slow")
        self.wait_for("dead")
        self.assertIn("longer than timeout_ms", self.last_error("slow"))
        started = int((folder / "pid").read_text())

        def is_gone():
            try:
                status = Path(f"/proc/{started}/stat").read_text()
            except (FileNotFoundError, ProcessLookupError):
                return True
            return status.rsplit(")", 1)[1].split()[0] == "Z"

        wait_until(is_gone, what="the sleeping child to be killed")

    def test_too_much_output_ends_it(self):
        self.run_script("yes", max_output_bytes=1000, max_attempts=1)
        self.send("chatty")
        self.wait_for("dead")
        self.assertIn("max_output_bytes", self.last_error("chatty"))


    def test_the_last_lines_of_standard_error_are_kept_and_not_logged(self):
        self.run_script('cat > /dev/null; echo out; seq 1000 | sed "s/^/line /" >&2; '
                        'printf "\\033[31mno such shop\\n\\n" >&2; exit 3', max_attempts=1)
        self.send("fails")
        self.wait_for("dead")
        error = self.last_error("fails")
        self.assertTrue(error.startswith("the command ended with exit code 3: "), error)
        self.assertTrue(error.endswith("line 999 | line 1000 | [31mno such shop"), error)
        self.assertLess(len(error), 600)
        self.assertNotIn("out", error)
        self.service.wait_for_log(handler="script")
        self.assertNotIn("no such shop", "\n".join(self.service.stdout))

    def test_its_output_before_it_was_killed_is_kept(self):
        self.run_script("echo waiting for the database >&2; sleep 600", timeout_ms=500,
                        max_attempts=1)
        self.send("hangs")
        self.wait_for("dead")
        self.assertIn("longer than timeout_ms and was killed: waiting for the database",
                      self.last_error("hangs"))

    def test_endless_standard_error_ends_it_too(self):
        self.run_script("yes >&2", max_attempts=1)
        self.send("complains")
        self.wait_for("dead")
        self.assertIn("max_output_bytes", self.last_error("complains"))

    def test_standard_input_need_not_be_read(self):
        self.run_script("exec <&-; exit 0")
        event = events.redeem()
        event.resource["note"] = "x" * 1_000_000
        self.send("unread", event)
        self.wait_for("done")

    def test_a_child_that_keeps_its_output_open_delays_nothing(self):
        folder = self.run_script('sleep 600 & echo $! >> "$1/pids"; exit 0')
        self.send("leaves")
        self.wait_for("done", seconds=10)
        os.kill(int((folder / "pids").read_text()), signal.SIGKILL)

    def test_signals_are_as_usual_however_the_service_was_started(self):
        folder = Path(self.enterContext(service_module.tempfile.TemporaryDirectory()))
        script = 'grep -E "^Sig(Blk|Ign)" /proc/self/status > "$1/signals"; kill -TERM $$'
        strange = ("import os, signal as s, sys; "
                   "[s.signal(each, s.SIG_IGN) for each in (s.SIGCHLD, s.SIGTERM, s.SIGUSR2)]; "
                   "s.pthread_sigmask(s.SIG_BLOCK, {s.SIGTERM, s.SIGCHLD, s.SIGALRM}); "
                   "os.execv(sys.argv[1], sys.argv[1:])")
        self.serve(handler_table("script", "exec", command=["/bin/sh", "-c", script, "sh",
                                                            str(folder)],
                                 **{**QUICK, "max_attempts": 1}),
                   lambda service: setattr(service, "wrapper", [sys.executable, "-c", strange]))
        self.send("signals")
        self.wait_for("dead")
        self.assertIn("killed by signal 15", self.last_error("signals"))
        # Signals 32 and 33 may be ignored: the C library's posix_spawn() ignores them in every
        # child process.
        of_the_c_library = 1 << 31 | 1 << 32
        for line in (folder / "signals").read_text().splitlines():
            self.assertEqual(int(line.split()[1], 16) & ~of_the_c_library, 0, line)

    def test_success_is_seen_though_sigchld_was_ignored(self):
        ignores = ("import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); "
                   "os.execv(sys.argv[1], sys.argv[1:])")
        self.serve(handler_table("script", "exec", command=["/bin/true"], **QUICK),
                   lambda service: setattr(service, "wrapper", [sys.executable, "-c", ignores]))
        self.send("ignored")
        self.wait_for("done")

    def test_orphans_are_reaped_where_the_service_adopts_them(self):
        # In a container couponhook can be process 1, which becomes the parent of orphaned
        # processes. The test makes couponhook a "subreaper", which has the same effect without a
        # container.
        adopts = ("import ctypes, os, sys; ctypes.CDLL(None).prctl(36, 1, 0, 0, 0); "
                  "os.execv(sys.argv[1], sys.argv[1:])")
        script = "(sleep 0.2; exit 3) & (exec sleep 0.1) & exit 0"
        self.serve(handler_table("script", "exec", command=["/bin/sh", "-c", script], **QUICK),
                   lambda service: setattr(service, "wrapper", [sys.executable, "-c", adopts]))
        for number in range(10):
            self.send(f"orphans-{number}")
        self.wait_for("done", 10)
        wait_until(lambda: not self.children_of_service(), 20, "all orphans to be reaped")
        self.assertEqual(self.service.get("/status")["deliveries"]["dead"], 0)

    def children_of_service(self) -> list:
        """Returns the states of couponhook's child processes, including zombies."""
        states = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == self.service.process.pid:
                states.append(fields[0])
        return states


class SilentBroker(HandlerCase):
    """A message broker that accepts connections, but never sends or reads anything."""

    def serve_silent(self, kind, **settings):
        server = self.enterContext(closing(socket.create_server(("127.0.0.1", 0))))
        place = f"127.0.0.1:{server.getsockname()[1]}"
        settings = {name: value.replace("PLACE", place) for name, value in settings.items()}
        self.serve(handler_table("silent", kind, max_attempts=2,
                                 **{**QUICK, "timeout_ms": 300}, **settings))
        self.send("silent")
        self.wait_for("dead")
        return self.last_error("silent")

    def test_of_redis_is_given_up(self):
        self.assertIn("redis at 127.0.0.1",
                      self.serve_silent("redis", url="redis://PLACE/1", stream="coupons"))

    def test_of_amqp_is_given_up(self):
        self.assertIn("amqp at 127.0.0.1",
                      self.serve_silent("amqp", url="amqp://guest@PLACE", routing_key="coupons"))

    def test_of_amqp_over_tls_is_given_up(self):
        self.assertIn("amqp at 127.0.0.1",
                      self.serve_silent("amqp", url="amqps://guest@PLACE", routing_key="coupons"))

    @unittest.skipUnless(C11_THREADS, "the thread sanitizer does not see librdkafka's threads begin")
    def test_of_kafka_is_given_up(self):
        self.assertIn("kafka:", self.serve_silent("kafka", brokers="PLACE", topic="coupons"))


@unittest.skipUnless(shutil.which("redis-server"), "redis-server is not installed")
class Redis(HandlerCase):
    def setUp(self):
        self.port = free_port()
        self.folder = self.enterContext(service_module.tempfile.TemporaryDirectory())
        self.start_redis()
        self.addCleanup(self.stop_redis)
        self.serve(handler_table("stream", "redis", url=f"redis://127.0.0.1:{self.port}/3",
                                 stream="coupons", password_file="secrets/redis",
                                 max_attempts=1000, **QUICK),
                   lambda service: service.write("secrets/redis", "tried-and-tested"))

    def start_redis(self):
        self.redis = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self.folder,
             "--appendonly", "yes", "--requirepass", "tried-and-tested"],
            stdout=subprocess.DEVNULL)
        wait_until(lambda: is_listening(self.port), 20, "redis-server")

    def stop_redis(self):
        self.redis.terminate()
        self.redis.wait()

    def entries(self) -> list[dict]:
        listed = subprocess.run(
            ["redis-cli", "-p", str(self.port), "-n", "3", "--json", "XRANGE", "coupons", "-", "+"],
            capture_output=True, text=True, check=True,
            env={**os.environ, "REDISCLI_AUTH": "tried-and-tested"})
        return [dict(zip(fields[::2], fields[1::2])) for _, fields in json.loads(listed.stdout)]

    def test_events_are_appended_to_the_stream(self):
        sent = [self.send(f"redis-{i}") for i in range(3)]
        self.wait_for("done", 3)
        entries = sorted(self.entries(), key=lambda entry: entry["id"])
        self.assertEqual([entry["id"] for entry in entries], ["redis-0", "redis-1", "redis-2"])
        self.assertEqual([entry["key"] for entry in entries], [key_of(event) for event in sent])
        self.assertEqual({entry["type"] for entry in entries}, {"coupon.redeemed"})
        self.assertEqual(json.loads(entries[0]["body"])["data"]["notification_id"], "redis-0")

    def test_events_during_an_outage_are_appended_after_it(self):
        self.send_around_an_absence("redis", self.stop_redis, self.start_redis)
        self.assertEqual({entry["id"] for entry in self.entries()}, self.sent_around("redis"))


@unittest.skipUnless(shutil.which("rabbitmq-server") and pika, "RabbitMQ or pika is not installed")
class Amqp(HandlerCase):
    @classmethod
    def setUpClass(cls):
        cls.port, dist_port, epmd_port = free_port(), free_port(), free_port()
        folder = cls.enterClassContext(service_module.tempfile.TemporaryDirectory())
        home = Path(folder) / "home"
        home.mkdir()
        cls.environment = {
            **os.environ, "HOME": str(home), "RABBITMQ_BASE": folder,
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia", "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_NODENAME": f"couponhook-{cls.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1", "RABBITMQ_NODE_PORT": str(cls.port),
            "RABBITMQ_DIST_PORT": str(dist_port), "RABBITMQ_PID_FILE": f"{folder}/pid",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins", "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(epmd_port)}
        cls.tools = Path("/usr/lib/rabbitmq/bin")
        cls.server = subprocess.Popen([cls.tools / "rabbitmq-server"], env=cls.environment,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # Erlang's port mapper (epmd), which RabbitMQ starts, keeps running after RabbitMQ has
        # ended, so the test ends it.
        cls.addClassCleanup(subprocess.run, ["epmd", "-kill"], env=cls.environment, check=False,
                            stdout=subprocess.DEVNULL)
        cls.addClassCleanup(cls.server.wait)
        cls.addClassCleanup(cls.rabbitmqctl, "stop")
        wait_until(lambda: is_listening(cls.port), 90, "rabbitmq-server")

    @classmethod
    def rabbitmqctl(cls, *arguments):
        return subprocess.run([cls.tools / "rabbitmqctl", "--silent", *arguments],
                              env=cls.environment, capture_output=True, text=True, check=False,
                              timeout=60 * PATIENCE)

    def declare_quorum_queue(self, name):
        with closing(self.connect()) as connection:
            connection.channel().queue_declare(name, durable=True,
                                               arguments={"x-queue-type": "quorum"})

    def connect(self):
        return pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", self.port))

    def take_messages(self, name) -> list:
        """Takes all messages out of a RabbitMQ queue. Returns the properties and the body of each
        message."""
        with closing(self.connect()) as connection:
            channel = connection.channel()
            return list(iter(lambda: channel.basic_get(name, auto_ack=True)[1:], (None, None)))

    def test_events_are_confirmed_by_a_quorum_queue_with_all_their_properties(self):
        self.declare_quorum_queue("coupons")
        self.serve(handler_table("queue", "amqp", url=f"amqp://guest@127.0.0.1:{self.port}",
                                 routing_key="coupons", **QUICK))
        event = self.send("amqp-0")
        self.wait_for("done")
        [(properties, body)] = self.take_messages("coupons")
        self.assertEqual(properties.message_id, "amqp-0")
        self.assertEqual(properties.content_type, "application/json")
        self.assertEqual(properties.delivery_mode, 2, "persistent")
        self.assertEqual(properties.type, "coupon.redeemed")
        self.assertEqual(properties.headers["key"], key_of(event))
        self.assertEqual(json.loads(body)["data"]["resource"], event.resource)

    def test_events_during_an_outage_are_queued_after_it(self):
        self.declare_quorum_queue("absences")
        self.serve(handler_table("queue", "amqp", url=f"amqp://guest@127.0.0.1:{self.port}",
                                 routing_key="absences", max_attempts=1000, **QUICK))
        self.send_around_an_absence("amqp", lambda: self.rabbitmqctl("stop_app"),
                                    lambda: self.rabbitmqctl("start_app"))
        messages = self.take_messages("absences")
        self.assertEqual({properties.message_id for properties, _ in messages},
                         self.sent_around("amqp"))

    def test_a_broker_that_blocks_publishers_is_named_and_gets_the_event_once_it_takes_it(self):
        self.declare_quorum_queue("blocked")
        self.addCleanup(self.rabbitmqctl, "set_vm_memory_high_watermark", "0.6")
        self.rabbitmqctl("set_vm_memory_high_watermark", "0")
        self.serve(handler_table("queue", "amqp", url=f"amqp://guest@127.0.0.1:{self.port}",
                                 routing_key="blocked", max_attempts=1000,
                                 **{**QUICK, "timeout_ms": 1000}))
        self.send("amqp-blocked")
        wait_until(lambda: "blocks publishers" in self.last_error("amqp-blocked"), 20,
                   "the broker to block")
        self.rabbitmqctl("set_vm_memory_high_watermark", "0.6")
        self.wait_for("done", seconds=30)
        self.assertIn("amqp-blocked", {properties.message_id
                                       for properties, _ in self.take_messages("blocked")})

    def test_a_message_that_no_queue_takes_is_not_done(self):
        self.serve(handler_table("queue", "amqp", url=f"amqp://guest@127.0.0.1:{self.port}",
                                 routing_key="nobody", max_attempts=2, **QUICK))
        self.send("amqp-nobody")
        self.wait_for("dead")
        self.assertIn("no queue is bound", self.last_error("amqp-nobody"))


@unittest.skipUnless(C11_THREADS, "the thread sanitizer does not see librdkafka's threads begin")
class Kafka(HandlerCase):
    def serve_with_mock_cluster(self, **properties):
        properties = {"test.mock.num.brokers": "3", **properties}
        lines = "".join(f'"{name}" = "{value}"\n' for name, value in properties.items())
        table = handler_table("log", "kafka", brokers="127.0.0.1:9", topic="coupons", **QUICK)
        self.serve(f"{table}[handler.properties]\n{lines}")

    def mock_broker(self) -> str:
        """Returns the address of librdkafka's mock Kafka cluster. The cluster runs inside
        couponhook's process, so couponhook listens on its port besides its own two ports."""
        sockets = set()
        for descriptor in Path(f"/proc/{self.service.process.pid}/fd").iterdir():
            # The service may close a file descriptor after this loop has listed it.
            with suppress(FileNotFoundError):
                sockets.add(os.readlink(descriptor))
        own = {self.service.address[1], self.service.admin_address[1]}
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            port = int(fields[1].split(":")[1], 16)
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets and port not in own:
                return f"127.0.0.1:{port}"
        raise AssertionError("the service listens on no port of a mock cluster")

    @unittest.skipUnless(shutil.which("kcat"), "kcat is not installed")
    def test_events_are_kept_under_the_key_of_their_coupon_in_order(self):
        self.serve_with_mock_cluster()
        coupon = events.digits("8", 18)
        first = self.send("kafka-0", events.redeem(coupon=coupon))
        self.send("kafka-1", events.redeem(coupon=coupon))
        other = self.send("kafka-2")
        self.wait_for("done", 3)
        read = subprocess.run(
            ["kcat", "-C", "-b", self.mock_broker(), "-t", "coupons", "-o", "beginning", "-e", "-q",
             "-J"], capture_output=True, text=True, timeout=30 * PATIENCE, check=False)
        self.assertEqual(read.returncode, 0, read.stderr)
        kept = {}
        for line in read.stdout.splitlines():
            message = json.loads(line)
            headers = dict(zip(message["headers"][::2], message["headers"][1::2]))
            kept[headers["id"]] = message
            self.assertEqual(headers["type"], "coupon.redeemed")
        self.assertEqual(kept["kafka-0"]["key"], key_of(first))
        self.assertEqual(kept["kafka-2"]["key"], key_of(other))
        self.assertEqual(kept["kafka-1"]["key"], kept["kafka-0"]["key"])
        self.assertEqual(kept["kafka-1"]["partition"], kept["kafka-0"]["partition"])
        self.assertLess(kept["kafka-0"]["offset"], kept["kafka-1"]["offset"])
        self.assertEqual(json.loads(kept["kafka-0"]["payload"])["data"]["resource"], first.resource)

    def test_the_producer_is_idempotent_whatever_its_properties_say(self):
        self.serve_with_mock_cluster(**{"enable.idempotence": "false", "debug": "eos"})
        self.send("kafka-3")
        self.wait_for("done")
        self.assertIn("Idempotent producer state change WaitPID -> Assigned",
                      self.service.errors())

    def test_without_a_broker_it_is_tried_again(self):
        self.serve(handler_table("log", "kafka", brokers=f"127.0.0.1:{free_port()}",
                                 topic="coupons", max_attempts=2, **{**QUICK, "timeout_ms": 300}))
        self.send("kafka-nobody")
        self.wait_for("dead")
        self.assertIn("kafka:", self.last_error("kafka-nobody"))


class OwnHandler(HandlerCase):
    def setUp(self):
        ordinary = service_module.BINARY
        service_module.BINARY = os.environ["COUPONHOOK_EXAMPLE_BINARY"]
        self.addCleanup(setattr, service_module, "BINARY", ordinary)

    def test_the_example_receives_redemptions(self):
        folder = Path(self.enterContext(service_module.tempfile.TemporaryDirectory()))
        table = handler_table("mine", "journal", **QUICK).replace('["*"]', '["COUPON.USE"]')
        self.serve(f'{table}[handler.options]\nfile = "{folder}/journal"\n')
        event = events.redeem()
        self.send("own-1", event)
        self.wait_for("done")
        line = (folder / "journal").read_text().split()
        self.assertEqual(line[:2], ["own-1", event.resource["coupon_id"]])

    def test_check_reports_invalid_options(self):
        service = self.enterContext(Service(starts=False))
        service.append(handler_table("mine", "journal"))
        checked = run("check", "--config", service.config)
        self.assertEqual(checked.returncode, 2)
        self.assertIn("options.file", checked.stderr)


if __name__ == "__main__":
    unittest.main()
