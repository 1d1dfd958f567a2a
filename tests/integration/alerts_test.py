"""Checks that couponhook tells group robots and other receivers what needs a person: once when it
begins, once when it is over. A stand-in plays the robots of WeCom, DingTalk and Feishu: it checks
signatures (computed by the program openssl), sizes and rate, and answers with errors. No message,
log line or error may hold a URL, a secret or an openid.
"""

import json
import os
import signal
import time
import unittest

from support import events
from support.robots import PATHS, URL_CANARY, Robots
from support.service import PATIENCE, Service, run, wait_until
from support.stores import PostgresStore
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

OPENID = "oCanaryOpenIdOfSomebody01"
KEY_CANARY = "SECcanary0robot0secret"


class AlertsCase(unittest.TestCase):
    def setUp(self):
        self.secrets = {"dingtalk": KEY_CANARY, "feishu": KEY_CANARY, "http": make_secret()}
        self.robots = self.enterContext(Robots(self.secrets))
        self.service = self.enterContext(Service(starts=False, has_own_keys=False))
        self.service.configure("merchant.api.certificate_refresh_minutes", 0)
        self.platform = Platform.of(self.service)
        for kind, secret in self.secrets.items():
            self.service.write(f"secrets/{kind}", secret)

    def add_alert(self, kind, **settings):
        """Adds an [[alert]] that posts to the stand-in."""
        keys = {"type": kind, "url": self.robots.url(kind), "language": "en", "over_after_s": 1,
                **({"secret_file": f"secrets/{kind}"} if kind in self.secrets else {}), **settings}
        self.service.append("[[alert]]\n" + "".join(
            f"{key} = {json.dumps(value)}\n" for key, value in keys.items()))

    def add_crm(self, answer):
        target = self.enterContext(Target(answer))
        add_http_handler(self.service, target.url, make_secret(), max_attempts=1)
        return target

    def send(self, id, event=None, platform=None):
        with Client(self.service) as client:
            return client.post((platform or self.platform).notify(event or events.redeem(), id))

    def command(self, *arguments):
        # --config comes last, because a group of commands has no options of its own.
        done = run(*arguments, "--config", self.service.config_for_commands())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def seal(self, id):
        unknown_key = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.assertEqual(self.send(id, platform=unknown_key).status, 500)

    def wait_for_text(self, kind, *parts, seconds=15.0):
        for part in parts:
            wait_until(lambda part=part: part in self.robots.texts(kind), seconds,
                       f"{part!r} in {self.robots.texts(kind)!r}")

    def samples(self):
        lines = self.service.exchange("/metrics", token=None)[1].decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line.startswith("couponhook_alerts"))

    def assert_nothing_leaked(self):
        told = json.dumps([[request.text, request.json] for request in self.robots.requests],
                          ensure_ascii=False)
        shown = "\n".join([*self.service.stdout, *self.service.stderr])
        for canary in (URL_CANARY, KEY_CANARY, self.secrets["http"], OPENID, "a-secret-reason"):
            self.assertNotIn(canary, told)
        for canary in (URL_CANARY, KEY_CANARY, self.secrets["http"], OPENID):
            self.assertNotIn(canary, shown)
        self.assertEqual(self.robots.faults, [])


class Causes(AlertsCase):
    def test_are_told_to_each_receiver_once_and_again_when_they_are_over(self):
        answers = [410]
        self.add_crm(lambda call: answers[0])
        self.add_alert("wecom", language="zh", pause_s=1)
        for kind in ("dingtalk", "feishu", "http"):
            self.add_alert(kind, pause_s=1)
        self.service.start()
        self.assertEqual(self.send("dead", events.issue(openid=OPENID)).status, 204)
        self.seal("sealed")
        self.command("pause", "--events", "COUPON.USE", "--reason", "a-secret-reason")
        secret = self.service.read("secrets/crm")
        self.service.write("secrets/crm", "no secret")
        stranger = Platform(self.platform.key, "ABCDEF0123456789", self.platform.api_v3_key)
        self.assertEqual(self.send("stranger", platform=stranger).status, 401)

        english = ("[alert] handler crm has dead letters: 1 deliveries", "the quarantine holds",
                   "deliveries to all handlers are paused", "handler:crm could not be loaded",
                   "merchant 1900000001: requests signed with an unknown key")
        for kind in ("dingtalk", "feishu"):
            self.wait_for_text(kind, *english, seconds=25)
        self.wait_for_text("wecom", "【告警】处理器 crm 有死信", "隔离区", "所有处理器的投递被暂停",
                           "handler:crm 加载失败", "未知密钥签名", seconds=25)
        wait_until(lambda: len(self.robots.of("http")) >= 5, 25, "five requests")
        self.assertEqual(
            {request.json["cause"]: (request.json["state"], request.json["count"])
             for request in self.robots.of("http")},
            {"dead_deliveries": ("begun", 1), "quarantine": ("begun", 1), "pause": ("begun", 0),
             "reload_refused": ("begun", 0), "unknown_serials": ("begun", 1)})

        answers[0] = 204
        self.command("resume", "--events", "COUPON.USE")
        self.service.write("secrets/crm", secret)
        self.command("quarantine", "discard", "sealed", "--reason", "of a test")
        self.service.wait_for_log(event="reloaded", seconds=15)
        self.command("retry", "--handler", "crm")
        over = ("[over] handler crm has dead letters: over", "[over] the quarantine",
                "[over] deliveries to all handlers are paused", "[over] handler:crm could not")
        for kind in ("dingtalk", "feishu"):
            self.wait_for_text(kind, *over, seconds=25)
        self.wait_for_text("wecom", "【恢复】处理器 crm 有死信：已结束", "【恢复】隔离区", seconds=25)
        wait_until(lambda: sum(request.json["state"] == "over" for request in
                               self.robots.of("http")) == 4, 25, "four ends")
        for kind in ("wecom", "dingtalk", "feishu"):
            for part in ("dead letters: 1", "的死信：1", "[over] handler crm", "【恢复】处理器 crm"):
                self.assertLessEqual(self.robots.texts(kind).count(part), 1, "told once")
        ids = [request.headers["webhook-id"] for request in self.robots.of("http")]
        self.assertEqual(len(ids), len(set(ids)))
        order = [request.json["cause"] + " " + request.json["state"]
                 for request in self.robots.of("http")]
        for cause in ("dead_deliveries", "quarantine", "pause", "reload_refused"):
            self.assertLess(order.index(f"{cause} begun"), order.index(f"{cause} over"))
        self.assertGreaterEqual(
            int(float(self.samples()['couponhook_alerts_total{type="http",outcome="sent"}'])), 9)
        self.assert_nothing_leaked()

    def test_of_readiness_are_told_while_the_store_is_away(self):
        self.add_alert("feishu")
        self.service.start()
        elsewhere = self.service.root / "elsewhere"
        self.service.database.parent.rename(elsewhere)
        self.wait_for_text("feishu", "[alert] this replica is not ready", "store:", seconds=40)
        elsewhere.rename(self.service.database.parent)
        self.wait_for_text("feishu", "[over] this replica is not ready", seconds=30)
        self.assertEqual(len(self.robots.of("feishu")), 2)
        self.assert_nothing_leaked()

    def test_that_exist_are_told_once_after_a_restart(self):
        self.add_crm(lambda call: 410)
        self.add_alert("feishu")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        self.wait_for_text("feishu", "dead letters")
        self.service.stop()
        self.service.start()
        wait_until(lambda: len(self.robots.of("feishu")) == 2, 15, "the same cause again")
        time.sleep(5)
        self.assertEqual(len(self.robots.of("feishu")), 2)

    def test_of_backlog_and_certificates_follow_their_thresholds(self):
        self.add_crm(lambda call: 500)
        self.service.config.write_text(
            self.service.config.read_text().replace("max_attempts = 1\n", "retry_initial_ms = 60000\n"))
        self.add_alert("feishu", backlog_s=1, certificate_days=365)
        self.add_alert("http")
        self.service.start()
        self.assertEqual(self.send("late").status, 204)
        self.wait_for_text("feishu", "deliveries are late: 1 deliveries are open")
        self.assertEqual(self.robots.of("http"), [], "its thresholds are the defaults")


class Receivers(AlertsCase):
    def add_dead_letter(self):
        self.add_crm(lambda call: 410)

    def test_over_the_rate_limit_are_told_later_and_in_one_message(self):
        self.robots.answers["feishu"] = [{"code": 11232, "msg": "frequency limited"}]
        self.add_dead_letter()
        self.add_alert("feishu")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        wait_until(lambda: self.robots.of("feishu"), 15, "the first try")
        self.seal("sealed")
        wait_until(lambda: len(self.robots.of("feishu")) == 2, 20, "the second try")
        first, second = self.robots.of("feishu")
        self.assertGreaterEqual(second.at - first.at, 4.5)
        self.assertIn("quarantine", second.text)
        self.assertIn("dead letters", second.text)
        (line,) = self.service.logs(event="alert_failed")
        self.assertIn("11232", line["message"])
        self.assertEqual(
            float(self.samples()['couponhook_alerts_total{type="feishu",outcome="throttled"}']), 1)

    def test_that_refuse_for_good_are_left_alone_until_a_reload(self):
        leak = f"invalid webhook url, hint: {URL_CANARY}"
        self.robots.answers["wecom"] = [{"errcode": 93000, "errmsg": leak}] * 2
        self.add_dead_letter()
        self.add_alert("wecom")
        self.add_alert("feishu")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        (line,) = self.service.wait_for_log(event="alert_refused", seconds=15)
        self.assertIn("93000", line["message"])
        self.assertIn("copy the webhook address", line["message"])
        self.seal("sealed")
        self.wait_for_text("feishu", "quarantine")
        self.assertEqual(len(self.robots.of("wecom")), 1, "not tried again")
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: len(self.robots.of("wecom")) == 2, 15, "a try after the reload")
        time.sleep(3)
        self.assertEqual(len(self.service.logs(event="alert_refused")), 1, "logged once")
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: len(self.robots.of("wecom")) == 3, 15, "another try")
        self.service.wait_for_log(event="alert_sent", count=2, seconds=5)
        self.assert_nothing_leaked()

    def test_that_answer_200_without_a_code_did_not_take_the_message(self):
        self.robots.answers["dingtalk"] = ["<html>log in</html>", {"errcode": -1}]
        self.add_dead_letter()
        self.add_alert("dingtalk")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        wait_until(lambda: len(self.robots.of("dingtalk")) == 3, 40, "three tries")
        self.service.wait_for_log(event="alert_sent", seconds=5)
        reasons = [line["message"] for line in self.service.logs(event="alert_failed")]
        self.assertEqual(len(reasons), 2)
        self.assertIn("no JSON", reasons[0])
        self.assertIn("errcode -1", reasons[1])

    def test_get_at_most_ten_messages_in_a_minute(self):
        self.add_alert("http", pause_s=1)
        self.service.start()
        patterns = [f"{name[:length]}*" for name in ("COUPON.USE", "REFUND") for length in
                    range(1, len(name) + 1)]
        for pattern in patterns[:14]:
            status, _ = self.service.ask("/pauses", method="POST",
                                         body=json.dumps({"events": pattern, "reason": "a test"}))
            self.assertEqual(status, 200)
        wait_until(lambda: len(self.robots.of("http")) == 10, 20, "ten requests")
        time.sleep(4)
        self.assertEqual(len(self.robots.of("http")), 10)

    def test_that_hang_delay_neither_notifications_nor_other_receivers(self):
        self.robots.answers["wecom"] = [None] * 5
        self.add_dead_letter()
        self.add_alert("wecom")
        self.add_alert("feishu")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        wait_until(lambda: self.robots.of("wecom"), 15, "a request that gets no answer")
        begun = time.monotonic()
        for number in range(20):
            self.assertEqual(self.send(f"while-{number}").status, 204)
        self.assertLess(time.monotonic() - begun, 8 * PATIENCE)
        self.seal("sealed")
        self.wait_for_text("feishu", "dead letters", "quarantine")
        (line,) = self.service.wait_for_log(event="alert_failed", seconds=20)
        self.assertIn("alert 1 (wecom)", line["message"])

    def test_whose_url_and_secret_change_in_their_files_need_no_restart(self):
        self.service.write("secrets/robot_url", "http://127.0.0.1:9/moved")
        self.add_dead_letter()
        self.add_alert("feishu", url="", url_file="secrets/robot_url")
        self.service.start()
        self.assertEqual(self.send("dead").status, 204)
        self.service.wait_for_log(event="alert_failed", seconds=15)
        self.service.write("secrets/robot_url", self.robots.url("feishu"))
        self.wait_for_text("feishu", "dead letters")
        self.assert_nothing_leaked()


class Replicas(AlertsCase):
    def test_of_one_store_tell_of_it_once(self):
        store = PostgresStore(self.service)
        self.add_crm(lambda call: 410)
        self.add_alert("feishu")
        self.service.start()
        other = self.enterContext(Service(starts=False, has_own_keys=False))
        other.config.write_text(self.service.config.read_text())
        for kind in (*self.secrets, "crm"):
            other.write(f"secrets/{kind}", self.service.read(f"secrets/{kind}"))
        other.start()
        time.sleep(3)
        self.assertEqual(self.send("dead").status, 204)
        self.assertEqual(store.count("notifications"), 1)
        self.wait_for_text("feishu", "dead letters")
        time.sleep(14)
        self.assertEqual(len(self.robots.of("feishu")), 1)


class Settings(AlertsCase):
    def problems(self, **settings):
        text = self.service.config.read_text()
        lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
        self.service.config.write_text(f"{text}\n[[alert]]\n{lines}")
        try:
            done = run("check", "--config", self.service.config)
        finally:
            self.service.config.write_text(text)
        self.assertNotIn(URL_CANARY, done.stdout + done.stderr)
        self.assertNotIn(KEY_CANARY, done.stdout + done.stderr)
        return done.stderr if done.returncode else ""

    def test_that_are_wrong_are_explained_without_the_url(self):
        url = "https://qyapi.weixin.qq.com" + PATHS["wecom"]
        self.assertEqual(self.problems(type="wecom", url=url), "")
        for expected, settings in (
                ('did you mean "wecom"?', {"type": "wecon", "url": url}),
                ("alert[1].type", {"url": url}),
                ("alert[1].url: is missing", {"type": "wecom"}),
                ("keep one of them", {"type": "wecom", "url": url, "url_file": "secrets/http"}),
                ("must begin with https://",
                 {"type": "wecom", "url": url.replace("https://", "http://")}),
                ("is not a URL", {"type": "wecom", "url": url.removeprefix("https://")}),
                ('type must be "wecom"', {"type": "dingtalk", "url": url}),
                ("have no signature",
                 {"type": "wecom", "url": url, "secret_file": "secrets/dingtalk"}),
                ("secrets/nosuch", {"type": "wecom", "url_file": "secrets/nosuch"}),
                ("secrets/nosuch",
                 {"type": "feishu", "url": "https://open.feishu.cn/x", "secret_file": "secrets/nosuch"}),
                ("whsec_", {"type": "http", "url": "https://a.example/", "secret_file":
                            "secrets/dingtalk"}),
                ('did you mean "language"?', {"type": "wecom", "url": url, "langage": "zh"}),
                ("backlog_s", {"type": "wecom", "url": url, "backlog_s": -1})):
            with self.subTest(expected=expected, **settings):
                self.assertIn(expected, self.problems(**settings))
        plain = {"type": "http", "url": "http://10.0.0.1/" + URL_CANARY, "allow_plain_http": True}
        self.assertEqual(self.problems(**plain), "")

    def test_are_shown_without_the_url_and_overridden_by_variables(self):
        self.add_alert("feishu")
        for arguments in ((), ("--json",)):
            shown = run("config", "show", *arguments, "--config", self.service.config)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertNotIn(URL_CANARY, shown.stdout)
            self.assertIn("(set)", shown.stdout)
        schema = json.loads(run("config", "schema").stdout)
        self.assertIn("backlog_s", json.dumps(schema["properties"]["alert"]))

        variables = {**os.environ, "COUPONHOOK_ALERT__0__LANGUAGE": "zh",
                     "COUPONHOOK_ALERT__1__TYPE": "wecom",
                     "COUPONHOOK_ALERT__1__URL": "https://qyapi.weixin.qq.com" + PATHS["wecom"]}
        shown = run("config", "show", "--json", "--config", self.service.config, env=variables)
        alerts = json.loads(shown.stdout)["alert"]
        self.assertEqual([alert["language"] for alert in alerts], ["zh", "zh"])
        self.assertEqual([alert["url"] for alert in alerts], ["(set)", "(set)"])

    def test_are_tried_by_a_command(self):
        for kind in PATHS:
            self.add_alert(kind)
        done = run("alert", "test", "--config", self.service.config)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(),
                         [f"alert {i} ({kind}): sent" for i, kind in enumerate(PATHS, 1)])
        for kind in PATHS:
            self.assertIn("This is a test", self.robots.texts(kind))
        self.robots.answers["dingtalk"] = [{"errcode": 310000, "errmsg": "sign not match"}]
        done = run("alert", "test", "--number", "2", "--config", self.service.config)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("310000", done.stderr)
        self.assertIn("加签", done.stderr)
        self.assertEqual(run("alert", "test", "--number", "9", "--config",
                             self.service.config).returncode, 2)
        self.assertEqual(self.robots.faults, [])

    def test_with_a_missing_file_keep_no_notification_from_being_received(self):
        self.add_alert("feishu", secret_file="secrets/nosuch")
        self.service.start()
        self.assertEqual(self.send("kept").status, 204)
        self.assertIn("alert:1", self.service.get("/status")["reloads"])
        self.service.write("secrets/nosuch", KEY_CANARY)
        self.service.wait_for_log(event="reloaded", seconds=15)


if __name__ == "__main__":
    unittest.main()
