"""Checks that a slow DNS look-up of one host name does not delay the look-ups of other names, and
ends by its deadline. couponhook runs in a mount namespace with its own resolv.conf, which contains
the addresses of test name servers that answer for some names and ignore others.
"""

import time
import unittest

from support import events
from support.name_server import (NO_SUCH_NAME, AAAA, NameServer, OwnNames, can_replace_resolv_conf,
                                 silent_name_server, slow)
from support.service import PATIENCE, Service, run, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

HERE = ["127.0.0.1"]
QUICK = {"retry_initial_ms": 20, "retry_max_ms": 100, "timeout_ms": 1500,
         "allow_private_addresses": True}
#: Reply of the merchant's system to a delivery. It closes the connection, so that each delivery
#: needs a new connection and a new DNS look-up.
CLOSES = (204, {"Connection": "close"})


@unittest.skipUnless(can_replace_resolv_conf(), "only root can give a process its own resolv.conf")
class NamesCase(unittest.TestCase):
    def names(self, answer, **options):
        """Starts a test name server, and creates the resolv.conf with its address."""
        self.server = self.enterContext(NameServer(answer))
        self.own = self.enterContext(OwnNames([self.server], **options))

    def serve(self, *hosts, **settings):
        """Starts couponhook with one http handler for each host name; all host names lead to the
        same server."""
        self.target = self.enterContext(Target(lambda call: CLOSES))
        service = Service(starts=False, has_own_keys=False)
        service.wrapper = self.own.wrapper
        for host in hosts:
            add_http_handler(service, f"http://{host}:{self.target.port}/{host}", make_secret(),
                             name=host.split(".")[0], **{**QUICK, **settings})
        service.starts = True
        self.service = self.enterContext(service)
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))

    def send(self, *ids):
        for id in ids:
            reply = self.client.post(self.platform.notify(events.redeem(), id))
            self.assertEqual(reply.status, 204, reply)

    def calls_at(self, host):
        return [call for call in self.target.calls if call.path == f"/{host}"]

    def wait_for_calls(self, host, count, seconds=10):
        wait_until(lambda: len(self.calls_at(host)) >= count, seconds, f"{count} calls at {host}")

    def last_error(self, id, handler):
        deliveries = self.service.get(f"/notifications/{id}")["deliveries"]
        return next(each["last_error"] for each in deliveries if each["handler"] == handler)


class LookUps(NamesCase):
    def test_that_are_never_answered_delay_no_other_handler(self):
        self.names(lambda name, kind: HERE if name == "healthy.test" else None)
        self.serve("healthy.test", "dead.test", concurrency=4)
        begun = time.monotonic()
        self.send(*(f"beside-{i}" for i in range(20)))
        self.wait_for_calls("healthy.test", 20)
        # A look-up of a name that is never answered takes 1.5 s, and couponhook makes four look-ups
        # at the same time.
        self.assertLess(time.monotonic() - begun, 5 * PATIENCE)
        self.assertEqual(self.calls_at("dead.test"), [])
        wait_until(lambda: "look-up took too long" in self.last_error("beside-0", "dead"),
                   what="the look-up of the dead name to be given up")

    def test_go_on_once_the_name_server_answers_again(self):
        silent = [True]
        self.names(lambda name, kind: None if silent[0] else HERE)
        self.serve("back.test", max_attempts=1000)
        self.send("back-0")
        wait_until(lambda: self.last_error("back-0", "back"), what="a first failure")
        silent[0] = False
        self.wait_for_calls("back.test", 1, 20)

    def test_ask_the_next_name_server_where_the_first_is_silent(self):
        self.names(lambda name, kind: HERE)
        with silent_name_server() as silent:
            self.own.use([silent, self.server])
            self.serve("second.test")
            self.send("second-0")
            self.wait_for_calls("second.test", 1)
            self.assertEqual(self.last_error("second-0", "second"), "", "at the first attempt")

    def test_take_what_comes_for_one_family_where_the_other_is_not_answered(self):
        self.names(lambda name, kind: None if kind == AAAA else HERE)
        self.serve("four.test")
        self.send("four-0")
        self.wait_for_calls("four.test", 1)
        self.assertEqual(self.last_error("four-0", "four"), "")

    def test_wait_for_a_slow_answer(self):
        self.names(slow(0.6, HERE))
        self.serve("slow.test")
        self.send("slow-0")
        self.wait_for_calls("slow.test", 1)
        self.assertEqual(self.last_error("slow-0", "slow"), "")

    def test_try_every_address(self):
        unused = "127.53.0.254"
        self.names(lambda name, kind: ["::1", unused, *HERE])
        self.serve("many.test")
        self.send("many-0")
        self.wait_for_calls("many.test", 1)

    def test_are_answered_by_the_hosts_file_though_no_name_server_is(self):
        self.names(lambda name, kind: None, hosts="127.0.0.1 known.test")
        self.serve("known.test")
        self.send("known-0")
        self.wait_for_calls("known.test", 1)
        self.assertEqual(self.server.asked["known.test"], 0)

    def test_are_not_made_for_every_delivery(self):
        self.names(lambda name, kind: HERE)
        self.serve("kept.test", concurrency=4)
        self.send(*(f"kept-{i}" for i in range(20)))
        self.wait_for_calls("kept.test", 20)
        self.assertLess(self.server.asked["kept.test"], 20, "two questions for each delivery")

    def test_follow_a_resolv_conf_that_changes(self):
        self.names(lambda name, kind: HERE)
        with silent_name_server() as silent:
            self.own.use([silent])
            self.serve("moved.test", max_attempts=1000)
            self.send("moved-0")
            wait_until(lambda: self.last_error("moved-0", "moved"), what="a first failure")
            self.own.use([self.server])
            self.wait_for_calls("moved.test", 1, 20)

    def test_say_that_there_is_no_such_name(self):
        self.names(lambda name, kind: NO_SUCH_NAME)
        self.serve("nowhere.test", max_attempts=1)
        self.send("nowhere-0")
        wait_until(lambda: "cannot find nowhere.test port" in
                   self.last_error("nowhere-0", "nowhere"), what="the reason")


class Commands(NamesCase):
    def test_give_up_a_lookup_that_is_never_answered(self):
        self.names(lambda name, kind: None)
        service = self.enterContext(Service(starts=False, has_own_keys=False))
        service.configure("merchant.api.base_url", "https://api.dead.test")
        service.configure("merchant.api.timeout_ms", 500)
        begun = time.monotonic()
        answer = run("callbacks", "get", "--product", "favor", "--config", service.config,
                     wrapper=self.own.wrapper, timeout=60)
        self.assertEqual(answer.returncode, 1, answer.stderr)
        self.assertIn("look-up took too long", answer.stderr)
        self.assertLess(time.monotonic() - begun, 30 * PATIENCE)


if __name__ == "__main__":
    unittest.main()
