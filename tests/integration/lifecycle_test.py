"""Checks that no notification is lost when couponhook starts, stops or gets new keys. The tests
send signals, change files and start second processes, with and without arriving notifications.
"""

import datetime
import itertools
import signal
import socket
import subprocess
import threading
import unittest
from contextlib import closing

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import events
from support.case import ServiceTestCase
from support.service import Service, run, wait_until
from support.wechat_pay import Platform
from support.wire import Client, Closed, Connection, Load


def make_platform(api_v3_key: bytes) -> tuple[Platform, str]:
    """Makes a sender that signs as WeChat Pay with a new key. Returns the sender and its
    certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "second platform key")])
    today = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=30)).sign(key, hashes.SHA256()))
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return Platform(key, f"{certificate.serial_number:X}", api_v3_key), pem


class Stop(unittest.TestCase):
    def start(self, settings=None):
        service = self.enterContext(Service(settings))
        return service, Platform.of(service)

    def test_stopped_under_load_it_keeps_all_it_acknowledged_and_exits_0(self):
        service, platform = self.start()
        numbers = itertools.count()

        def make():
            id = f"stop-{next(numbers)}"
            return id, platform.notify(events.redeem(), id)

        load = Load(service, make)
        wait_until(lambda: len(load.acknowledged) > 200, what="load", seconds=20)
        self.assertEqual(service.stop(), 0, service.errors())
        load.stop()
        kept = {row[0] for row in service.rows("SELECT id FROM notifications")}
        self.assertEqual(set(load.acknowledged) - kept, set(), "acknowledged and lost")
        self.assertLessEqual(load.statuses, {204}, "a stopping service refuses nobody")
        print(f"{len(load.acknowledged)} acknowledged, {len(load.cut)} of 4 connections ended "
              "between a request and its reply")

    def test_an_interrupt_stops_it_too(self):
        service, _ = self.start()
        service.signal(signal.SIGINT)
        self.assertEqual(service.wait(), 0, service.errors())

    def test_while_it_drains_it_is_not_ready_and_still_accepts(self):
        service, platform = self.start({"listener.drain_delay_ms": 1500})
        self.assertEqual(service.ask("/readyz", token=None)[0], 200)
        service.signal(signal.SIGTERM)
        service.wait_for_log(event="draining")
        status, body = service.ask("/readyz", token=None)
        self.assertEqual((status, body["ready"]), (503, False))
        self.assertIn("draining", " ".join(body["reasons"]))
        self.assertEqual(service.ask("/livez", token=None)[0], 200, "draining is not dead")
        with Connection(service) as connection:
            reply = connection.post(platform.notify(events.redeem()))
        self.assertEqual(reply.status, 204, "load balancers need time to see that it is not ready")
        self.assertTrue(reply.closes, "the next request is to go elsewhere")
        self.assertEqual(service.wait(), 0, service.errors())

    def test_a_second_sigterm_ends_the_delay(self):
        service, _ = self.start({"listener.drain_delay_ms": 60000})
        service.signal(signal.SIGTERM)
        service.wait_for_log(event="draining")
        service.signal(signal.SIGTERM)
        self.assertEqual(service.wait(timeout=5), 0, service.errors())

    def test_connections_waiting_to_be_accepted_are_served(self):
        service, platform = self.start({"listener.tls": False, "listener.drain_delay_ms": 60000})
        service.signal(signal.SIGTERM)
        service.wait_for_log(event="draining")
        # While couponhook is suspended with SIGSTOP, the kernel queues new connections.
        service.signal(signal.SIGSTOP)
        waiting = [self.enterContext(Connection(service)) for _ in range(40)]
        for connection in waiting:
            connection.send(platform.notify(events.redeem()).to_bytes(connection.path))
        service.signal(signal.SIGTERM)
        service.signal(signal.SIGCONT)
        replies = [connection.read_reply() for connection in waiting]
        self.assertEqual({reply.status for reply in replies}, {204})
        self.assertTrue(all(reply.closes for reply in replies))
        self.assertEqual(service.wait(), 0, service.errors())

    def test_a_request_in_flight_is_finished(self):
        service, platform = self.start()
        with Connection(service) as connection:
            data = platform.notify(events.redeem(), "half-sent").to_bytes(connection.path)
            connection.send(data[:-100])
            # Waits until couponhook has read the first half of the request. Otherwise couponhook
            # would treat the connection as idle.
            threading.Event().wait(0.3)
            service.signal(signal.SIGTERM)
            service.wait_for_log(event="draining")
            threading.Event().wait(0.3)
            reply = connection.ask(data[-100:])
            self.assertEqual(reply.status, 204, f"got {reply}")
            self.assertTrue(reply.closes, "the sender is told not to use this connection again")
        self.assertEqual(service.wait(), 0, service.errors())
        self.assertEqual(service.rows("SELECT id FROM notifications"), [("half-sent",)])

    def test_requests_that_arrived_before_the_stop_are_answered(self):
        # couponhook sees the requests and the stop signal in a random order, so the test does this
        # three times.
        cut = sum(self.stop_with_requests_waiting(40) for _ in range(3))
        self.assertEqual(cut, 0, "of 120 requests so many got no reply")

    def stop_with_requests_waiting(self, count) -> int:
        """Sends requests and a stop signal to couponhook at the same time. Returns the number of
        requests that got no reply."""
        service, platform = self.start()
        context = service.tls_context()
        connections = [self.enterContext(Connection(service, context)) for _ in range(count)]
        requests = [platform.notify(events.redeem()) for _ in connections]
        for connection in connections:
            self.assertEqual(connection.post(platform.notify(events.redeem())).status, 204)
        # couponhook is suspended with SIGSTOP while the requests and the stop signal are sent. When
        # it continues, it finds all requests and the stop signal at the same time.
        service.signal(signal.SIGSTOP)
        for connection, request in zip(connections, requests):
            connection.send(request.to_bytes(connection.path))
        service.signal(signal.SIGTERM)
        service.signal(signal.SIGCONT)
        cut = 0
        for connection in connections:
            try:
                self.assertEqual(connection.read_reply().status, 204)
            except (Closed, OSError):
                cut += 1
        self.assertEqual(service.wait(), 0, service.errors())
        return cut

    def test_idle_connections_do_not_delay_it(self):
        service, platform = self.start()
        with Connection(service) as used, Connection(service) as unused:
            used.post(platform.notify(events.redeem()))
            service.signal(signal.SIGTERM)
            self.assertEqual(service.wait(timeout=3), 0, service.errors())
            self.assertTrue(unused.is_closed_within(1))

    def test_a_silent_sender_delays_it_by_the_drain_timeout_at_most(self):
        service, platform = self.start(
            {"listener.drain_timeout_ms": 500, "listener.body_timeout_ms": 60000})
        with Connection(service) as connection:
            connection.send(platform.notify(events.redeem()).to_bytes(connection.path)[:-100])
            threading.Event().wait(0.3)
            service.signal(signal.SIGTERM)
            self.assertEqual(service.wait(timeout=4), 0, service.errors())


class Log(unittest.TestCase):
    """Tests of a program that reads couponhook's log through a pipe and is slow, stops reading or
    ends."""

    def setUp(self):
        self.service = self.enterContext(Service())
        self.platform = Platform.of(self.service)
        self.service.reading.clear()
        with Client(self.service) as client:
            requests = [self.platform.notify(events.redeem()) for _ in range(10)]
            # Sends enough requests that couponhook writes more log lines than fit into a pipe.
            self.statuses = {client.post(requests[i % 10]).status for i in range(1500)}

    def tearDown(self):
        self.service.reading.set()

    def test_a_blocked_log_delays_no_notification(self):
        self.assertEqual(self.statuses, {204})

    def test_a_blocked_log_does_not_delay_the_stop(self):
        self.service.signal(signal.SIGTERM)
        try:
            self.assertEqual(self.service.wait(timeout=5), 0)
        except subprocess.TimeoutExpired:
            self.service.kill()
            self.fail("the service waits for the reader of its log for ever")

    def test_all_lines_are_there_once_they_are_read(self):
        self.service.reading.set()
        self.service.wait_for_log(1500, event="notification")


class Start(ServiceTestCase):
    def test_a_second_service_on_the_same_store_is_refused_with_a_message(self):
        refused = run("serve", "--config", self.service.config)
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("in use", refused.stderr)
        self.assertIn(str(self.service.process.pid), refused.stderr, "it names the process")
        self.assertEqual(self.service.ask("/readyz", token=None)[0], 200, "the first goes on")

    def assert_port_refused(self, key, port):
        with Service(starts=False) as second:
            second.configure(key, port)
            refused = run("serve", "--config", second.config)
            self.assertEqual(refused.returncode, 1, refused)
            self.assertIn(key, refused.stderr, "it names the key at fault")
            self.assertIn(str(port), refused.stderr)
            self.assertNotIn("couponhook: notifications at", refused.stdout)

    def test_an_occupied_port_is_refused_with_a_message(self):
        for key in ("listener.port", "admin.port"):
            with self.subTest(key), closing(socket.create_server(("127.0.0.1", 0))) as other:
                self.assert_port_refused(key, other.getsockname()[1])

    def test_a_port_that_another_couponhook_serves_is_refused_too(self):
        self.assert_port_refused("listener.port", self.service.address[1])

    def test_a_store_is_found_again_after_a_restart(self):
        event = events.redeem()
        self.assert_stored(self.post(self.platform.notify(event, "kept-over-restart")))
        self.client.close()
        before = self.service.counts()
        self.assertEqual(self.service.stop(), 0)
        self.service.start()
        self.assertEqual(self.service.counts()["stored"], before["stored"])
        self.assert_stored(self.post(self.platform.notify(event, "kept-over-restart")))
        self.assertEqual(self.service.get("/notifications/kept-over-restart")["times_seen"], 2)


class Reload(ServiceTestCase):
    """Tests in which couponhook gets new keys while notifications arrive."""

    def setUp(self):
        self.service = self.enterContext(Service())
        self.platform = Platform.of(self.service)
        super().setUp()

    @classmethod
    def setUpClass(cls):
        pass

    def reloaded(self, event="reloaded", by_signal=True, seconds=5.0):
        count = len(self.service.logs(event=event)) + 1
        if by_signal:
            self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(count, seconds, event=event)

    def status_of(self, platform):
        return self.post(platform.notify(events.redeem())).status

    def renewed(self, key=b"0123456789abcdef0123456789ABCDEF"):
        return Platform(self.platform.key, self.platform.serial, key)

    def test_a_new_api_v3_key_is_taken_on_sighup(self):
        renewed = self.renewed()
        self.assertEqual(self.status_of(renewed), 500, "the new key is not known yet")
        self.service.write("secrets/api_v3_key", renewed.api_v3_key.decode())
        self.reloaded()
        self.assertEqual(self.status_of(renewed), 204)
        self.assertEqual(self.status_of(self.platform), 500, "the old key is gone")

    def test_old_and_new_api_v3_key_open_side_by_side(self):
        renewed = self.renewed()
        self.service.write("secrets/next_key", renewed.api_v3_key.decode())
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/next_key"])
        self.reloaded()
        self.assertEqual((self.status_of(renewed), self.status_of(self.platform)), (204, 204))

    def test_a_new_platform_certificate_is_taken_beside_the_old_one(self):
        second, pem = make_platform(self.platform.api_v3_key)
        self.assertEqual(self.status_of(second), 401, "its serial is not known yet")
        self.service.write("wechatpay/second.pem", pem)
        self.service.configure("merchant.platform_certificates", ["wechatpay/*.pem"])
        self.reloaded()
        self.assertEqual((self.status_of(second), self.status_of(self.platform)), (204, 204))
        # The serial number of a certificate may be written with or without its leading zeros; one
        # serial number in sixteen begins with a zero.
        serials = {int(key["serial"], 16) for key in self.service.get("/status")["keys"]}
        self.assertEqual(serials, {int(second.serial, 16), int(self.platform.serial, 16)})

    def test_a_platform_public_key_is_taken_beside_the_certificate(self):
        second, _ = make_platform(self.platform.api_v3_key)
        public = second.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        second.serial = "PUB_KEY_ID_0114232134912410000000000000"
        self.service.write("wechatpay/pub_key.pem", public.decode())
        self.service.append(f'[[merchant.platform_public_key]]\nid = "{second.serial}"\n'
                            'file = "wechatpay/pub_key.pem"\n')
        self.reloaded()
        self.assertEqual((self.status_of(second), self.status_of(self.platform)), (204, 204))

    def test_a_changed_key_file_alone_is_noticed_within_seconds(self):
        renewed = self.renewed()
        self.service.write("secrets/api_v3_key", renewed.api_v3_key.decode())
        self.reloaded(by_signal=False)
        self.assertEqual(self.status_of(renewed), 204)

    def test_a_broken_configuration_leaves_the_old_set_in_place(self):
        good = self.service.config.read_text()
        broken = {
            "no TOML": "[listener\n",
            "unknown key": good.replace("[listener]", "[listener]\nprot = 1"),
            "missing file": good.replace("secrets/api_v3_key", "secrets/not_there"),
            "no certificate": good.replace("wechatpay/platform_cert.pem", "secrets/admin_token"),
        }
        for what, text in broken.items():
            with self.subTest(what):
                self.service.config.write_text(text)
                self.reloaded("reload_refused")
                self.assertEqual(self.status_of(self.platform), 204)
        self.service.config.write_text(good)
        self.reloaded()
        self.assertEqual(self.status_of(self.platform), 204)

    def test_a_refused_set_is_used_once_it_is_complete(self):
        renewed = self.renewed()
        self.service.configure("merchant.api_v3_key_files",
                               ["secrets/api_v3_key", "secrets/next_key"])
        self.reloaded("reload_refused")
        self.service.write("secrets/next_key", renewed.api_v3_key.decode())
        self.reloaded(by_signal=False)
        self.assertEqual(self.status_of(renewed), 204)

    def test_an_incomplete_new_set_is_not_used(self):
        second, pem = make_platform(self.platform.api_v3_key)
        self.service.write("wechatpay/second.pem", pem)
        self.service.configure("merchant.platform_certificates", ["wechatpay/*.pem"])
        self.service.write("secrets/api_v3_key", "too short")
        self.reloaded("reload_refused")
        self.assertEqual(self.status_of(second), 401, "its certificate came with a broken key")
        self.assertEqual(self.status_of(self.platform), 204)

    def test_a_new_tls_certificate_is_shown_to_new_connections(self):
        with Service(starts=False) as other, Connection(self.service) as old:
            for name in ("tls/server.crt", "tls/server.key"):
                self.service.write(name, other.read(name))
            self.reloaded()
            with Connection(self.service, other.tls_context()) as new:
                self.assertEqual(new.post(self.platform.notify(events.redeem())).status, 204)
            self.assertEqual(old.post(self.platform.notify(events.redeem())).status, 204,
                             "a connection from before goes on")

    def test_a_new_admin_token_is_taken(self):
        self.service.write("secrets/admin_token", "another-token-of-the-administrator")
        self.reloaded(by_signal=False)
        self.assertEqual(self.service.ask("/status")[0], 200)
        self.assertEqual(self.service.ask("/status", token="not-it")[0], 401)

    def test_the_status_endpoint_shows_a_new_certificate_too(self):
        self.service.stop()
        self.service.configure("admin.tls_certificate", "tls/server.crt")
        self.service.configure("admin.tls_private_key", "tls/server.key")
        self.service.start()
        with Service(starts=False) as other:
            for name in ("tls/server.crt", "tls/server.key"):
                self.service.write(name, other.read(name))
            self.reloaded()
        self.assertEqual(self.service.ask("/status")[0], 200, "and the client trusts only that one")

    def test_reloading_under_load_refuses_no_client(self):
        load = Load(self.service, lambda: (0, self.platform.notify(events.redeem())), clients=2)
        for _ in range(10):
            self.reloaded()
        load.stop()
        self.assertEqual((load.statuses, load.cut), ({204}, []))


if __name__ == "__main__":
    unittest.main()
