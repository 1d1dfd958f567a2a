"""Checks that replicas of couponhook with one PostgreSQL make each other's deliveries: at once if a
replica cannot reach the merchant's system, and within 30 s if a replica is killed. Every delivery
must be made at least once, and killing a replica may repeat at most one delivery. In the tests, one
replica has an address for the merchant's system at which nothing listens; others are killed with
kill -9 before, during or after the HTTP request of a delivery.
"""

import functools
import itertools
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import events
from support.postgres_server import PostgresServer
from support.replicas import make_replica
from support.service import LONG, PATIENCE, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

KILLS = 100 if LONG else 1


class ReplicasThatDeliver(unittest.TestCase):
    def setUp(self):
        self.postgres = self.enterContext(PostgresServer())
        self.url = self.postgres.new_database()
        self.secret = make_secret()
        self.replicas = []

    def add_replica(self, target_url, settings, **handler):
        replica = make_replica({"store.url": self.url, **settings}, *self.replicas[:1])
        add_http_handler(replica, target_url, self.secret, **handler)
        self.enterContext(replica).start()
        self.replicas.append(replica)
        self.platform = Platform.of(self.replicas[0])
        return replica

    def send(self, id, replica):
        with Client(replica) as client:
            reply = client.post(self.platform.notify(events.redeem(), id))
        self.assertEqual(reply.status, 204, reply)

    @staticmethod
    def delivery(id, replica):
        return replica.get(f"/notifications/{id}")["deliveries"][0]


class WakeUp(ReplicasThatDeliver):
    def test_a_replica_that_cannot_deliver_wakes_one_that_can(self):
        target = self.enterContext(Target())
        dead = self.enterContext(Target())
        dead.stop()
        unable = self.add_replica(dead.url, {}, retry_initial_ms=600000, retry_max_ms=600000)
        for number in range(6):
            self.send(f"opens-{number}", unable)
        unable.wait_for_log(event="target_down")
        # The second replica looks for deliveries only once a minute. If it delivers earlier, the
        # first replica has woken it.
        self.add_replica(target.url, {"deliveries.poll_ms": 60000})
        time.sleep(0.5)
        seen = [f"told-{number}" for number in range(3)]
        begun = time.monotonic()
        for id in seen:
            self.send(id, unable)
        # The first replica may keep one of the deliveries, to test whether the merchant's system
        # can be reached again.
        wait_until(lambda: target.ids().keys() & set(seen), 10, "the other replica to deliver")
        print(f"made by the other replica after {(time.monotonic() - begun) * 1000:.0f} ms")


class AckHandled(ReplicasThatDeliver):
    def test_two_replicas_that_get_copies_never_call_at_once_and_both_reply_when_it_is_done(self):
        fails = {"handled-0", "handled-2", "handled-4"}

        def answer(call):
            time.sleep(0.2)
            return 500 if call.id in fails and len(target.calls_for(call.id)) < 3 else 204

        target = self.enterContext(Target(answer))
        for _ in range(2):
            self.add_replica(target.url, {}, ack="handled", retry_initial_ms=50, retry_max_ms=200)
        ids = [f"handled-{number}" for number in range(6)]
        with ThreadPoolExecutor(24) as pool:
            replies = list(pool.map(self.post_until_done, *zip(
                *((id, replica) for id in ids for replica in self.replicas * 2))))
        self.assertLessEqual(set(itertools.chain(*replies)), {204, 500, 503})
        self.assertEqual(set(target.most_at_once.values()), {1}, "never two calls at once")
        self.assertEqual(target.ids(), {id: 3 if id in fails else 1 for id in ids})

    def post_until_done(self, id, replica) -> list:
        """Sends copies of a notification to this replica until one copy is acknowledged. Returns
        the statuses of all replies."""
        statuses = []
        event = self.event_of(id)
        with Client(replica) as client:
            while not statuses or statuses[-1] != 204:
                statuses.append(client.post(self.platform.notify(event, id)).status)
                self.assertLess(len(statuses), 30, f"{id} is not acknowledged: {statuses}")
        return statuses

    @staticmethod
    @functools.cache
    def event_of(id):
        return events.redeem()


class Killed(ReplicasThatDeliver):
    """Tests with two replicas that each make one delivery at a time. The merchant's system does not
    reply to the first delivery of the notification `hold`."""

    def setUp(self):
        super().setUp()
        self.hold, self.answered = None, None
        self.released = threading.Event()
        self.target = self.enterContext(Target(self.answer))

    def begin(self, lease_ms):
        for _ in range(2):
            self.add_replica(self.target.url, {"deliveries.lease_ms": lease_ms}, concurrency=1,
                             timeout_ms=30000)

    def answer(self, call):
        if call.id == self.hold and len(self.target.calls_for(call.id)) == 1:
            self.released.wait(60)
        return 204

    def kill_during(self, kill):
        """Sends two notifications, and waits until a replica is delivering the first and has
        reserved the second (its lease). Returns this replica and the ids of both notifications."""
        during, before = f"during-{kill}", f"before-{kill}"
        self.hold = during
        self.released.clear()
        self.send(during, self.replicas[0])
        self.target.wait_for([during])
        holder = self.holder_of(during)
        self.send(before, holder)
        wait_until(lambda: self.delivery(before, holder)["taken_by"] or
                   self.target.calls_for(before), what="the second delivery to be taken")
        return holder, during, before

    def holder_of(self, id):
        owner = self.delivery(id, self.replicas[0])["taken_by"]
        holder = [each for each in self.replicas if owner.endswith(f":{each.process.pid}")]
        self.assertEqual(len(holder), 1, f"{owner} names one of the replicas")
        return holder[0]

    def kill(self, holder, ids):
        """Kills the replica that has reserved the deliveries `ids`, and starts it again later.
        Returns the time in seconds until another replica has made these deliveries."""
        others = [each for each in self.replicas if each is not holder]
        holder.kill()
        killed = time.monotonic()
        self.released.set()
        for id in ids:
            wait_until(lambda i=id: self.delivery(i, others[0])["state"] == "done", 40, f"{id} done")
        took = time.monotonic() - killed
        holder.start()
        return took

    def test_before_and_during_the_call(self):
        self.begin(lease_ms=1000)
        took, befores = [], 0
        for kill in itertools.count():
            if befores == KILLS:
                break
            holder, during, before = self.kill_during(kill)
            not_begun = not self.target.calls_for(before)
            took.append(self.kill(holder, [during, before]))
            calls = self.target.ids()
            self.assertEqual(calls[during], 2, "one repeat, with the same webhook-id")
            self.assertEqual(calls[before], 1)
            befores += not_begun
        self.report("before and during", took, befores=befores)

    def test_after_the_call(self):
        self.begin(lease_ms=1000)
        took, repeats = [], 0
        for kill in range(KILLS):
            id = f"after-{kill}"
            self.send(id, self.replicas[0])
            self.target.wait_for([id])
            # The merchant's system has received the delivery and is replying. The replica is killed
            # after a varying short time, so sometimes before it has stored the result of the
            # delivery.
            holder = self.replicas[0]
            time.sleep(0.0005 * (kill % 10))
            took.append(self.kill(holder, [id]))
            self.assertIn(self.target.ids()[id], (1, 2), "one repeat at most")
            repeats += self.target.ids()[id] - 1
        self.report("after", took, repeats=repeats)

    @unittest.skipUnless(LONG, "takes as long as leases last as they are configured")
    def test_with_leases_as_they_are_by_default(self):
        self.begin(lease_ms=10000)
        took = []
        for kill in range(5):
            holder, during, before = self.kill_during(kill)
            took.append(self.kill(holder, [during, before]))
        self.report("with leases of 10 s, during", took)

    def report(self, moment, took, **counts):
        print(f"{len(took)} kills {moment} the call: made by the other replica after "
              f"{max(took):.1f} s at most {counts or ''}")
        self.assertLess(max(took), 30 * PATIENCE)


if __name__ == "__main__":
    unittest.main()
