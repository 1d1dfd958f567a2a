"""Checks that several replicas of couponhook with one PostgreSQL act as one receiver, and that no
crash loses a notification. One test sends every notification to all replicas at the same time,
while it kills replicas and crashes the database; another test restarts the replicas one by one
behind HAProxy. psql counts the stored rows.
"""

import itertools
import random
import unittest

from balancers_test import PASSTHROUGH
from support import events
from support.balancer import HAProxy
from support.postgres_server import PostgresServer
from support.replicas import make_replica, stop_without_delay
from support.service import LONG, wait_until
from support.wechat_pay import Platform
from support.wire import RetryingLoad

IDS = 10000 if LONG else 300
KILLS = 30 if LONG else 3
CRASHES = 5 if LONG else 1
SEED = random.randrange(1 << 32)


class ReplicaTestCase(unittest.TestCase):
    settings: dict = {}

    def setUp(self):
        self.postgres = self.enterContext(PostgresServer())
        self.url = self.postgres.new_database()
        self.replicas = []
        for _ in range(3):
            replica = make_replica({**self.settings, "store.url": self.url},
                                   *self.replicas[:1])
            self.enterContext(replica).start()
            self.replicas.append(replica)
        self.platform = Platform.of(self.replicas[0])

    def column(self, query) -> list:
        return [row[0] for row in self.postgres.rows(self.url, query)]

    def kept(self) -> set:
        return set(self.column("SELECT id FROM notifications"))

    def assert_each_applied_once(self):
        applied = self.column("SELECT notification_id FROM coupon_history")
        self.assertEqual(len(applied), len(set(applied)), "applied twice")
        self.assertEqual(set(applied), self.kept(), "stored and applied are one step")


class Chaos(ReplicaTestCase):
    def test_killed_replicas_and_a_crashing_database_lose_and_double_nothing(self):
        redemptions = {f"replica-{i}": events.redeem() for i in range(IDS)}
        loads = [self.send_all(redemptions, replica) for replica in self.replicas]
        disasters = [self.kill_a_replica] * KILLS + [self.crash_the_database] * CRASHES
        chance = random.Random(SEED)
        chance.shuffle(disasters)
        for number, strike in enumerate(disasters, 1):
            with self.subTest(number=number, what=strike.__name__, seed=SEED):
                self.wait_for(loads, IDS * 3 * number // (len(disasters) + 1))
                strike(chance, loads)
        for load in loads:
            load.finish()
        self.assertEqual(self.kept(), set(redemptions), "every id is there, and no other")
        self.assertEqual(self.column("SELECT count(*) FROM notifications"), [str(IDS)])
        self.assert_each_applied_once()
        failures = [kind for load in loads for kind in load.failures]
        counts = {kind: failures.count(kind) for kind in sorted(set(failures))}
        print(f"{IDS} ids to each of 3 replicas over {KILLS} kills and {CRASHES} crashes of the "
              f"database: all stored once; attempts that failed and were repeated: {counts}")

    def send_all(self, redemptions, replica):
        """Starts to send all notifications to this replica, each again and again until the replica
        acknowledges it. Each copy is encrypted and signed again. Returns the running load."""
        queue = iter(redemptions.items())

        def make():
            if (entry := next(queue, None)) is None:
                return None
            id, event = entry
            return id, self.platform.notify(event, id)

        load = RetryingLoad(replica, make, alive=3, fresh=1)
        self.addCleanup(load.stop)
        return load

    @staticmethod
    def wait_for(loads, count):
        wait_until(lambda: sum(len(load.acknowledged) for load in loads) >= count, seconds=300,
                   what=f"{count} acknowledgements")

    def kill_a_replica(self, chance, _):
        replica = chance.choice(self.replicas)
        replica.kill()
        replica.start()

    def crash_the_database(self, _, loads):
        acknowledged = {id for load in loads for id in list(load.acknowledged)}
        self.postgres.stop(immediate=True)
        self.postgres.start()
        self.assertEqual(acknowledged - self.kept(), set(), "acknowledged and lost")


class RollingRestart(ReplicaTestCase):
    settings = PASSTHROUGH

    def test_behind_haproxy_it_fails_no_request(self):
        self.addCleanup(stop_without_delay, self.replicas)
        balancer = self.enterContext(HAProxy("haproxy/tls-passthrough.cfg", self.replicas))
        numbers = itertools.count()

        def make():
            id = f"rolling-{next(numbers)}"
            return id, self.platform.notify(events.redeem(), id)

        load = RetryingLoad(balancer, make, alive=4, fresh=4)
        self.addCleanup(load.stop)
        restarted = self.replicas * 3 if LONG else self.replicas[:1]
        for replica in restarted:
            self.restart(replica)
        load.stop()
        self.assertEqual(load.failures, [])
        self.assertEqual(set(load.acknowledged) - self.kept(), set(), "acknowledged and lost")
        self.assert_each_applied_once()
        print(f"{len(load.acknowledged)} acknowledged over {len(restarted)} restarts, none failed")

    def restart(self, replica):
        self.assertEqual(replica.stop(), 0, replica.errors())
        replica.start()
        before = len(replica.logs(event="notification"))
        wait_until(lambda: len(replica.logs(event="notification")) > before, seconds=20,
                   what="the balancer to use it again")


if __name__ == "__main__":
    unittest.main()
