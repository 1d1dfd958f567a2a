"""Checks a rollover of WeChat Pay's signing keys: as soon as couponhook can know a new key, it must
not refuse a notification signed with it, and requests of attackers must not cause more than one
fetch of certificates a minute. The test signs notifications with the keys of each stage of the
rollover in advance. It sends them at a steady rate over several connections, beside forged requests
with unknown serial numbers.
"""

import random
import secrets
import signal
import threading
import time
import unittest
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support import events
from support.pay_api import PayApi, make_certificate
from support.service import LONG, PATIENCE, Service, wait_until
from support.wechat_pay import Platform
from support.wire import Connection

CONNECTIONS = 8
PUBLIC_KEY_ID = "PUB_KEY_ID_0114232134912410000000000000"
RATE = 1000 if LONG else 100  # notifications sent per second
ATTACKS = 200 if LONG else 50  # forged requests per second, with unknown serials


@dataclass(frozen=True)
class Sent:
    """One sent notification: its sender, the status of the reply, and the times at which it was
    sent and its reply arrived."""

    event: object
    id: str
    platform: Platform
    status: int
    begun: float
    ended: float


class Rollover(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(starts=False))
        self.api = self.enterContext(PayApi(self.service, certificate_refresh_minutes=1440))
        # All notifications are signed in advance. On a busy machine, this takes longer than the
        # five minutes for which couponhook accepts a timestamp by default.
        self.service.configure("merchant.timestamp_tolerance_s", 3600)
        self.service.configure("log.level", "error")
        self.old = Platform.of(self.service)
        self.new = self.make_platform()
        self.public = self.make_platform(PUBLIC_KEY_ID)
        self.sent = []
        self.attacks = Counter()
        self.over = threading.Event()

    def make_platform(self, serial=None) -> Platform:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        if serial is not None:
            return Platform(key, serial, self.old.api_v3_key)
        certificate = make_certificate(key)
        self.new_pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
        return Platform(key, f"{certificate.serial_number:040X}", self.old.api_v3_key)

    def begin(self):
        self.service.start()
        self.started = time.monotonic()
        self.wait_for_key(self.old)
        wait_until(lambda: self.api.asked("/v3/certificates"), 10, "the first fetch")
        attacker = threading.Thread(target=self.attack)
        attacker.start()
        self.addCleanup(attacker.join)
        self.addCleanup(self.over.set)

    def wait_for_key(self, platform, seconds=10):
        wait_until(lambda: platform.serial in
                   {key["serial"] for key in self.service.get("/status")["keys"]},
                   seconds, f"the key {platform.serial}")

    def trust_public_key(self):
        """Adds WeChat Pay's public key to couponhook's configuration, like an operator who has
        downloaded it from WeChat Pay's merchant console."""
        self.service.write("wechatpay/pub_key.pem", self.public.key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo).decode())
        self.service.append(f"[[merchant.platform_public_key]]\nid = \"{PUBLIC_KEY_ID}\"\n"
                            "file = \"wechatpay/pub_key.pem\"\n")
        self.service.signal(signal.SIGHUP)

    # Methods that sign and send notifications

    def sign(self, seconds, *platforms):
        """Returns as many signed notifications as are sent in this many seconds. Each is signed
        with the key of one of the senders `platforms`, chosen at random."""
        def make(_):
            event, id, platform = events.redeem(), secrets.token_hex(16), random.choice(platforms)
            return event, id, platform, platform.notify(event, id)
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(make, range(int(seconds * RATE))))

    def send(self, stage):
        """Sends the notifications of one stage of the rollover at the steady rate, over all
        connections. Returns the achieved rate in notifications per second."""
        begun = time.monotonic()

        def carry(number):
            with Connection(self.service) as connection:
                for place in range(number, len(stage), CONNECTIONS):
                    time.sleep(max(0.0, begun + place / RATE - time.monotonic()))
                    self.sent.append(self.post(connection, *stage[place]))
        carriers = [threading.Thread(target=carry, args=(n,)) for n in range(CONNECTIONS)]
        for carrier in carriers:
            carrier.start()
        for carrier in carriers:
            carrier.join()
        return len(stage) / (time.monotonic() - begun)

    @staticmethod
    def post(connection, event, id, platform, request) -> Sent:
        begun = time.monotonic()
        status = connection.post(request).status
        return Sent(event, id, platform, status, begun, time.monotonic())

    def attack(self):
        forged = self.old.notify(events.redeem())
        with Connection(self.service) as connection:
            while not self.over.wait(1 / ATTACKS):
                serial = secrets.token_hex(20).upper()
                reply = connection.post(forged.having(Wechatpay_Serial=serial))
                self.attacks[reply.code] += 1

    # Methods that check the replies and the stored notifications

    def refused(self, platform):
        return [each for each in self.sent if each.platform is platform and each.status != 204]

    def assert_none_refused_once_known(self, platform):
        """Checks that couponhook refused no notification signed with this key after it had accepted
        the first one. Returns the number of notifications that it refused before."""
        accepted = [each.ended for each in self.sent
                    if each.platform is platform and each.status == 204]
        self.assertTrue(accepted, "nothing was ever accepted under this key")
        late = [each for each in self.refused(platform) if each.begun > min(accepted)]
        self.assertEqual(late, [])
        return len(self.refused(platform))

    def assert_at_most_one_fetch_a_minute(self):
        minutes = (time.monotonic() - self.started) / 60
        fetches = len(self.api.asked("/v3/certificates"))
        self.assertLessEqual(fetches, 1 + int(minutes), f"in {minutes:.1f} minutes")
        self.assertEqual(set(self.attacks), {"SERIAL_UNKNOWN"})
        return fetches

    def assert_everything_is_stored(self):
        """Sends the refused notifications again, as WeChat Pay does after a minute. Then checks
        that all notifications are stored."""
        again = [each for each in self.sent if each.status != 204]
        with Connection(self.service) as connection:
            for each in again:
                request = each.platform.notify(each.event, each.id)
                self.assertEqual(connection.post(request).status, 204)
        self.assertEqual(self.service.counts()["stored"], len(self.sent))

    @unittest.skipIf(LONG, "the long form")
    def test_keys_that_were_announced_are_known_before_they_sign(self):
        self.api.certificates.append(self.new_pem)
        stages = [self.sign(1.5, *platforms) for platforms in (
            [self.old], [self.old, self.new], [self.new], [self.new, self.public], [self.public])]
        self.begin()
        self.wait_for_key(self.new)
        for stage in stages[:3]:
            self.send(stage)
        self.trust_public_key()
        self.wait_for_key(self.public)
        for stage in stages[3:]:
            self.send(stage)
        self.over.set()
        self.assertEqual([each for each in self.sent if each.status != 204], [])
        self.assert_everything_is_stored()
        self.assertEqual(self.assert_at_most_one_fetch_a_minute(), 1)

    @unittest.skipUnless(LONG, "COUPONHOOK_LONG=1: waits for the minute between two fetches")
    def test_a_key_without_announcement_is_fetched_under_load(self):
        stages = [self.sign(seconds, *platforms) for seconds, platforms in (
            (5, [self.old]), (25, [self.old, self.new]), (5, [self.new]),
            (10, [self.new, self.public]), (5, [self.public]))]
        self.begin()
        time.sleep(max(0.0, self.started + 45 - time.monotonic()))
        rates = [self.send(stages[0])]
        self.api.certificates.append(self.new_pem)
        rates += [self.send(stage) for stage in stages[1:3]]
        console = threading.Timer(3, self.trust_public_key)
        console.start()
        rates += [self.send(stage) for stage in stages[3:]]
        console.join()
        self.over.set()
        self.assertEqual(self.refused(self.old), [])
        early = [self.assert_none_refused_once_known(each) for each in (self.new, self.public)]
        fetches = self.assert_at_most_one_fetch_a_minute()
        first = min(each.begun for each in self.sent if each.platform is self.new)
        known = min(each.ended for each in self.sent
                    if each.platform is self.new and each.status == 204)
        self.assertLess(known - self.started, 65 * PATIENCE, "a minute after the first fetch")
        self.assert_everything_is_stored()
        took = sorted(each.ended - each.begun for each in self.sent)
        print(f"\n{len(self.sent)} notifications at {[round(rate) for rate in rates]} a second, "
              f"p99 {took[len(took) * 99 // 100] * 1000:.0f} ms; {early} refused before their key "
              f"was known, none after; the new certificate known {known - first:.1f} s after its "
              f"first use; {sum(self.attacks.values())} unknown serials, {fetches} fetches")


if __name__ == "__main__":
    unittest.main()
