"""Checks that `couponhook sandbox` behaves like WeChat Pay, and that its APIs, its records and its
notifications agree with each other. A merchant client written from WeChat Pay's documentation calls
the sandbox over TLS, and a couponhook service receives the sandbox's notifications.
"""

import hashlib
import hmac
import secrets
import signal
import time
import unittest
import urllib.parse

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from support.case import ServiceTestCase
from support.merchant import Merchant
from support.sandbox import Sandbox, stock_body
from support.service import LONG, Service, run, wait_until

FAVOR = "/v3/marketing/favor"
BUSIFAVOR = "/v3/marketing/busifavor"
APPID = "wx0000000000000001"


class SandboxTestCase(ServiceTestCase):
    """Base class: one couponhook service and one sandbox (a simulated WeChat Pay) for each test
    class."""

    options: tuple = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sandbox = cls.enterClassContext(Sandbox(cls.service, *cls.options))
        cls.merchant = Merchant(cls.service, cls.sandbox)
        cls.mchid = cls.merchant.mchid

    def ok(self, reply):
        self.assertEqual(reply.status, 200, f"got {reply}")
        self.merchant.verify(reply)
        return reply.json

    def assert_error(self, reply, status, code):
        self.assertEqual((reply.status, reply.code), (status, code), f"got {reply}")
        self.assertTrue(reply.json["message"], f"got {reply}")

    def get(self, target, **parameters):
        if parameters:
            target += "?" + urllib.parse.urlencode(parameters)
        return self.merchant.get(target)

    def create(self, starts=True, **changes):
        """Creates a stock (批次, a batch of coupons) and, by default, starts it. Returns the id of
        the stock."""
        stock = self.ok(self.merchant.post(f"{FAVOR}/coupon-stocks", stock_body(**changes)))
        if starts:
            self.ok(self.change(stock["stock_id"], "start"))
        return stock["stock_id"]

    def change(self, stock_id, how):
        return self.merchant.post(
            f"{FAVOR}/stocks/{stock_id}/{how}", {"stock_creator_mchid": self.mchid})

    def send(self, stock_id, openid="oUser", **changes):
        body = {"stock_id": stock_id, "out_request_no": secrets.token_hex(8), "appid": APPID,
                "stock_creator_mchid": self.mchid, **changes}
        return self.merchant.post(f"{FAVOR}/users/{openid}/coupons", body)

    def send_one(self, stock_id, openid="oUser"):
        return self.ok(self.send(stock_id, openid))["coupon_id"]

    def show(self, stock_id):
        return self.get(f"{FAVOR}/stocks/{stock_id}", stock_creator_mchid=self.mchid)

    def state_of(self, id):
        """Returns the state of a notification in the sandbox's queue, and the HTTP statuses with
        which the receiver replied to its copies."""
        (item,) = [item for item in self.sandbox.ask("notifications")["items"] if item["id"] == id]
        return item["state"], item["statuses"]

    def assert_ledger_equals_records(self, *stock_ids):
        """Checks that couponhook's ledger has the same history as the sandbox's records for every
        coupon of these stocks. Returns the number of coupons."""
        compared = 0
        for coupon in self.sandbox.ask("books")["coupons"]:
            if coupon["stock_id"] not in stock_ids:
                continue
            ledger = self.service.get(f"/coupons/{coupon['stock_id']}/{coupon['coupon']}")
            keys = ("kind", "business_key", "occurred_at", "out_refund_no", "amount")
            facts = [{key: fact[key] for key in keys if key in fact} for fact in ledger["history"]]
            by_key = [sorted(each, key=lambda fact: fact["business_key"])
                      for each in (facts, coupon["history"])]
            self.assertEqual((ledger["state"], by_key[0]), (coupon["state"], by_key[1]))
            compared += 1
        return compared


class Requests(SandboxTestCase):
    """Tests of the signatures of API requests, which the sandbox verifies, and of its signed
    replies."""

    def ask(self, **headers):
        return self.merchant.get("/v3/certificates", headers=headers)

    def authorize(self, target="/v3/certificates", **changes):
        return self.merchant.authorization("GET", target, b"", **changes)

    def test_a_request_without_accept_or_user_agent_is_refused_before_all_else(self):
        for name in ("Accept", "User-Agent"):
            with self.subTest(name):
                self.assert_error(self.ask(**{name: None}), 400, "INVALID_REQUEST")

    def test_a_request_with_a_wrong_signature_is_a_sign_error(self):
        wrong = {
            "nothing": None,
            "no scheme": "mchid=\"1\"",
            "another scheme": self.authorize().replace("RSA2048", "RSA4096"),
            "a part is missing": self.authorize().replace("nonce_str", "nonce"),
            "an old timestamp": self.authorize(timestamp=int(time.time()) - 301),
            "a future timestamp": self.authorize(timestamp=int(time.time()) + 302),
            "another merchant": self.authorize(mchid="1900000009"),
            "another serial": self.authorize(serial_no="0" * 40),
            "another target": self.authorize(target="/v3/certificates?"),
            "no base64": self.authorize(signature="~"),
        }
        for what, authorization in wrong.items():
            with self.subTest(what):
                self.assert_error(self.ask(Authorization=authorization), 401, "SIGN_ERROR")

    def test_a_wrong_signature_is_reported_with_the_message_to_sign(self):
        reply = self.ask(Authorization=self.authorize(target="/elsewhere"))
        signed = reply.json["detail"]["sign_information"]
        self.assertEqual((signed["method"], signed["url"]), ("GET", "/v3/certificates"))
        lines = signed["truncated_sign_message"].split("\n")
        self.assertEqual((lines[:2], lines[4:]), (["GET", "/v3/certificates"], ["", ""]))

    def test_every_reply_is_signed_errors_too(self):
        for target in ("/v3/certificates", f"{FAVOR}/stocks/1?stock_creator_mchid=1"):
            self.merchant.verify(self.merchant.get(target))

    def test_an_altered_reply_does_not_verify(self):
        reply = self.ask()
        altered = type(reply)(reply.status, reply.headers, reply.body + b" ")
        with self.assertRaises(InvalidSignature):
            self.merchant.verify(altered)

    def test_unknown_paths_are_404_and_other_methods_405(self):
        self.assertEqual(self.merchant.get("/v3/marketing/none").status, 404)
        wrong = self.merchant.get(f"{FAVOR}/coupon-stocks")
        self.assertEqual((wrong.status, wrong.headers["allow"]), (405, "POST"))

    def test_an_injected_error_is_returned_as_often_as_requested(self):
        self.sandbox.ask("fail", path=f"{BUSIFAVOR}/callbacks", status=403, code="RULELIMIT",
                         message="x", count=2)
        for _ in range(2):
            self.assert_error(self.get(f"{BUSIFAVOR}/callbacks"), 403, "RULELIMIT")
        self.ok(self.get(f"{BUSIFAVOR}/callbacks"))

    def test_the_certificate_can_be_opened(self):
        reply = self.ask()
        self.ok(reply)
        (serial,) = self.merchant.open_certificates(reply)
        self.assertEqual(serial, self.platform.serial)

    def test_the_echo_comes_back_as_a_notification(self):
        url = f"https://127.0.0.1:{self.service.address[1]}/notify/1900000001"
        echoed = self.ok(self.merchant.post(
            "/v3/security/echo", {"echo_message": "hello", "notify_url": url}))
        self.assertEqual(echoed, {"echo_message": "hello"})
        (item,) = wait_until(
            lambda: self.service.get("/notifications?type=SECURITY_ECHO.SUCCESS")["items"])
        shown = self.service.get(f"/notifications/{item['id']}")
        self.assertEqual(shown["resource"], {"echo_message": "hello"})


class Coupons(SandboxTestCase):
    """Tests of the sandbox's coupon APIs, without notifications."""

    def test_a_stock_lives_from_created_to_stopped(self):
        stock_id = self.create(starts=False)
        self.assertEqual(self.ok(self.show(stock_id))["status"], "unactivated")
        for how, status in (("start", "running"), ("pause", "paused"), ("restart", "running"),
                            ("stop", "stoped")):
            with self.subTest(how):
                changed = self.ok(self.change(stock_id, how))
                self.assertEqual(set(changed), {"stock_id", f"{how}_time"})
                self.assertEqual(self.ok(self.show(stock_id))["status"], status)

    def test_a_change_that_does_not_fit_is_refused(self):
        stock_id = self.create(starts=False)
        self.assert_error(self.change(stock_id, "pause"), 400, "INVALID_REQUEST")
        self.assert_error(self.change("1", "start"), 404, "RESOURCE_NOT_EXISTS")

    def test_creating_twice_under_one_number_gives_one_stock(self):
        body = stock_body()
        first, second = [self.ok(self.merchant.post(f"{FAVOR}/coupon-stocks", body))
                         for _ in range(2)]
        self.assertEqual(first, second)
        body["comment"] = "another"
        self.assert_error(
            self.merchant.post(f"{FAVOR}/coupon-stocks", body), 400, "INVALID_REQUEST")

    def test_a_stock_that_breaks_a_rule_is_a_param_error_that_names_the_field(self):
        good = stock_body()
        broken = {
            "/stock_name": {"stock_name": "一" * 21},
            "/comment": {"comment": "c" * 61},
            "/belong_merchant": {"belong_merchant": None},
            "/available_begin_time": {"available_begin_time": "2026-01-01"},
            "/available_end_time": {"available_end_time": good["available_begin_time"]},
            "/stock_use_rule/max_coupons": {
                "stock_use_rule": {**good["stock_use_rule"], "max_coupons": 4}},
            "/stock_use_rule/max_amount": {
                "stock_use_rule": {**good["stock_use_rule"], "max_amount": 1}},
            "/coupon_use_rule/available_merchants": {
                "coupon_use_rule": {**good["coupon_use_rule"], "available_merchants": []}},
            "/coupon_use_rule/fixed_normal_coupon/transaction_minimum": {
                "coupon_use_rule": {**good["coupon_use_rule"], "fixed_normal_coupon": {
                    "coupon_amount": 500, "transaction_minimum": 500}}},
            "/stock_type": {"stock_type": "OTHER"},
            "/no_cash": {"no_cash": "false"},
            "/out_request_no": {"out_request_no": ""},
        }
        for field, change in broken.items():
            with self.subTest(field):
                reply = self.merchant.post(f"{FAVOR}/coupon-stocks", {**good, **change})
                self.assert_error(reply, 400, "PARAM_ERROR")
                self.assertEqual(reply.json["detail"]["field"], field, f"got {reply}")

    def test_stocks_are_listed_by_page_and_status(self):
        running, waiting = self.create(), self.create(starts=False)
        listed = self.ok(self.get(f"{FAVOR}/stocks", stock_creator_mchid=self.mchid, offset=0,
                                  limit=10, status="unactivated"))
        ids = [stock["stock_id"] for stock in listed["data"]]
        self.assertIn(waiting, ids)
        self.assertNotIn(running, ids)
        self.assert_error(self.get(f"{FAVOR}/stocks", stock_creator_mchid=self.mchid, limit=11),
                          400, "PARAM_ERROR")

    def test_merchants_and_items_of_a_stock_are_listed(self):
        stock_id = self.create()
        page = {"stock_creator_mchid": self.mchid, "offset": 1, "limit": 1}
        merchants = self.ok(self.get(f"{FAVOR}/stocks/{stock_id}/merchants", **page))
        self.assertEqual(merchants, {"data": ["1900000002"], "total_count": 2, "offset": 1,
                                     "limit": 1, "stock_id": stock_id})
        items = self.ok(self.get(f"{FAVOR}/stocks/{stock_id}/items", **{**page, "offset": 0}))
        self.assertEqual(items["data"], ["soy_milk_300"])

    def test_a_coupon_is_sent_once_for_one_number(self):
        stock_id = self.create()
        first = self.ok(self.send(stock_id, out_request_no="same"))
        self.assertEqual(self.ok(self.send(stock_id, out_request_no="same")), first)
        self.assertEqual(self.ok(self.show(stock_id))["distributed_coupons"], 1)

    def test_a_coupon_that_cannot_be_sent_is_refused(self):
        stock_id = self.create(starts=False)
        self.assert_error(self.send(stock_id), 400, "INVALID_REQUEST")
        self.assert_error(self.send("1"), 404, "RESOURCE_NOT_EXISTS")
        self.assert_error(self.send(stock_id, appid=""), 400, "PARAM_ERROR")
        self.assert_error(self.send(stock_id, stock_creator_mchid="1"), 403, "REQUEST_BLOCKED")

    def test_the_limits_of_a_stock_are_kept(self):
        rule = {"max_coupons": 5, "max_amount": 2500, "max_coupons_per_user": 2,
                "natural_person_limit": False, "prevent_api_abuse": False}
        stock_id = self.create(stock_use_rule=rule)
        for openid in ("a", "a", "b", "b"):
            self.send_one(stock_id, openid)
        self.assert_error(self.send(stock_id, "a"), 403, "REQUEST_BLOCKED")
        self.send_one(stock_id, "c")
        self.assert_error(self.send(stock_id, "d"), 403, "NOT_ENOUGH")

    def test_a_coupon_shows_where_it_was_redeemed(self):
        coupon_id = self.send_one(self.create(), "oShown")
        target = f"{FAVOR}/users/oShown/coupons/{coupon_id}"
        self.assertEqual(self.ok(self.get(target, appid=APPID))["status"], "SENDED")
        paid = self.sandbox.ask("redeem", coupon_id=coupon_id)
        shown = self.ok(self.get(target, appid=APPID))
        self.assertEqual(shown["status"], "USED")
        self.assertEqual(shown["consume_information"], {
            "consume_time": paid["consume_time"], "consume_mchid": self.mchid,
            "transaction_id": paid["transaction_id"]})
        self.assert_error(self.get(target, appid="wxOther"), 400, "INVALID_REQUEST")
        self.assert_error(self.get(target), 400, "PARAM_ERROR")
        self.assert_error(
            self.get(f"{FAVOR}/users/oOther/coupons/{coupon_id}", appid=APPID),
            404, "RESOURCE_NOT_EXISTS")

    def test_a_users_coupons_are_listed_by_status(self):
        stock_id = self.create()
        kept, used = [self.send_one(stock_id, "oLister") for _ in range(2)]
        self.sandbox.ask("redeem", coupon_id=used)

        def ids(**filters):
            listed = self.ok(self.get(f"{FAVOR}/users/oLister/coupons", appid=APPID, **filters))
            return [coupon["coupon_id"] for coupon in listed["data"]]
        self.assertEqual(ids(creator_mchid=self.mchid), [kept, used])
        self.assertEqual(ids(creator_mchid=self.mchid, status="USED"), [kept, used],
                         "as documented: those that can be used are listed as well")
        self.assertEqual(ids(creator_mchid=self.mchid, status="SENDED"), [kept])
        self.assertEqual(ids(sender_mchid=self.mchid, offset=1, limit=1), [used])
        self.assertEqual(ids(sender_mchid=self.mchid, offset=1, limit=2), [],
                         "offset is the number of a page")
        self.assertEqual(ids(available_mchid=self.mchid), [kept], "redeemed ones are not listed")
        self.assert_error(
            self.get(f"{FAVOR}/users/oLister/coupons", appid=APPID), 400, "PARAM_ERROR")

    def test_callbacks_are_kept_by_product(self):
        url = "https://merchant.example/notify"
        for product, body in ((FAVOR, {"mchid": self.mchid, "notify_url": url, "switch": True}),
                              (BUSIFAVOR, {"notify_url": url})):
            with self.subTest(product):
                self.assertEqual(
                    self.ok(self.merchant.post(f"{product}/callbacks", body))["notify_url"], url)
                got = self.ok(self.get(f"{product}/callbacks", mchid=self.mchid))
                self.assertEqual(got, {"mchid": self.mchid, "notify_url": url})

    def test_an_invalid_callback_url_is_refused(self):
        for url, code in (("http://merchant.example/", "SYSTEM_ERROR"),
                          ("https://merchant.example/?a=1", "SYSTEM_ERROR"),
                          ("", "PARAM_ERROR")):
            with self.subTest(url):
                reply = self.merchant.post(
                    f"{BUSIFAVOR}/callbacks", {"mchid": self.mchid, "notify_url": url})
                self.assertEqual(reply.code, code, f"got {reply}")


class Flows(SandboxTestCase):
    options = ("--link-seconds", 1)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stock_id = cls.create(cls())
        cls.coupons = [cls.send_one(cls(), cls.stock_id, f"o{i}") for i in range(3)]
        cls.paid = [cls.sandbox.ask("redeem", coupon_id=each) for each in cls.coupons]
        cls.refund = cls.sandbox.ask("refund", coupon_id=cls.coupons[1], amount=1000)

    def link(self, name):
        return self.ok(self.get(f"{FAVOR}/stocks/{self.stock_id}/{name}"))

    def download(self, link):
        return self.merchant.get(link["url"].removeprefix(self.sandbox.url))

    def rows(self, name):
        """Downloads a flow file (CSV file with the stock's redemptions or refunds), and checks its
        hash and its form. Returns its header and its rows."""
        self.sandbox.ask("end", stock_id=self.stock_id)
        link = self.link(name)
        file = self.download(link)
        self.assertEqual(file.status, 200, f"got {file}")
        self.assertNotIn("wechatpay-signature", file.headers)
        self.assertEqual(link["hash_type"], "SHA1")
        self.assertEqual(hashlib.sha1(file.body).hexdigest(), link["hash_value"])
        self.assertTrue(file.body.startswith(b"\xef\xbb\xbf"), "a byte order mark")
        header, *rows, total_name, total, end = file.body[3:].decode().split("\r\n")
        self.assertEqual((total_name, total, end), ("总条数", f"`{len(rows)}", ""))
        names = header.split(",")
        return [dict(zip(names, row.split(","), strict=True)) for row in rows]

    def test_1_there_is_none_before_the_activity_is_over(self):
        self.assert_error(
            self.get(f"{FAVOR}/stocks/{self.stock_id}/use-flow"), 400, "INVALID_REQUEST")

    def test_the_use_flow_has_every_redemption(self):
        rows = self.rows("use-flow")
        self.assertEqual([row["优惠id"] for row in rows], [f"`{id}" for id in self.coupons])
        first = rows[0]
        self.assertEqual(first["批次id"], f"`{self.stock_id}")
        self.assertEqual(first["支付单号"], f"`{self.paid[0]['transaction_id']}")
        self.assertEqual(first["消耗时间"],
                         "`" + self.paid[0]["consume_time"][:19].replace("T", " "))
        self.assertEqual(first["优惠金额（元）"], "`5.00")

    def test_the_refund_flow_has_every_refund(self):
        (row,) = self.rows("refund-flow")
        self.assertEqual(row["支付单号"], f"`{self.paid[1]['transaction_id']}")
        self.assertEqual(row["退款单号"], f"`{self.refund['refund_id']}")
        self.assertEqual(row["退款金额（元）"], "`10.00")

    def test_a_download_link_expires(self):
        self.sandbox.ask("end", stock_id=self.stock_id)
        link = self.link("use-flow")
        wait_until(lambda: self.download(link).status == 400, 5, "the link to die")

    def test_a_download_must_be_signed(self):
        self.sandbox.ask("end", stock_id=self.stock_id)
        target = self.link("use-flow")["url"].removeprefix(self.sandbox.url)
        self.assert_error(
            self.merchant.get(target, headers={"Authorization": None}), 401, "SIGN_ERROR")


class Notifications(SandboxTestCase):
    """Tests that couponhook's ledger agrees with the sandbox's records after the sandbox's
    notifications have arrived."""

    def test_issued_redeemed_and_refunded_the_ledger_equals_the_platforms_records(self):
        stock_id = self.create()
        count = 1000 if LONG else 4
        for i in range(count):
            self.sandbox.issue("22000001", openid=f"oIssued{i}")
            coupon_id = self.send_one(stock_id, f"oRedeemed{i}")
            self.sandbox.ask("redeem", coupon_id=coupon_id)
            if i % 2:
                self.sandbox.ask("refund", coupon_id=coupon_id, amount=1000)
                self.sandbox.ask("refund", coupon_id=coupon_id)
        self.sandbox.wait_for()
        self.assertEqual(self.assert_ledger_equals_records(stock_id, "22000001"), 2 * count)

    def test_a_redemption_equals_the_coupon(self):
        coupon_id = self.send_one(self.create(), "oSays")
        goods = [{"goods_id": "soy_milk_300", "quantity": 2, "price": 600, "discount_amount": 500}]
        id = self.sandbox.ask("redeem", coupon_id=coupon_id, goods_detail=goods)["notification_id"]
        self.sandbox.wait_for()
        seen = self.service.get(f"/notifications/{id}")["resource"]
        shown = self.ok(self.get(f"{FAVOR}/users/oSays/coupons/{coupon_id}", appid=APPID))
        self.assertEqual(seen, shown)
        self.assertEqual(seen["consume_information"]["goods_detail"], goods)

    def test_an_h5_link_sends_a_coupon_and_a_notification(self):
        parameters = {"stock_id": "33000001", "out_request_no": "h5-1",
                      "send_coupon_merchant": self.mchid, "open_id": "oH5"}
        key = self.service.read("secrets/api_v2_key")
        text = "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
        sign = hmac.new(key.encode(), f"{text}&key={key}".encode(), hashlib.sha256).hexdigest()

        def follow(sign):
            target = "/busifavor/getcouponinfo?" + urllib.parse.urlencode(
                {**parameters, "sign": sign})
            return self.sandbox.exchange("GET", target)
        self.assertEqual(follow(sign).code, "272758293", "lower case will not do")
        code = follow(sign.upper()).json["coupon_code"]
        self.assertEqual(follow(sign.upper()).json["coupon_code"], code, "the same again")
        self.sandbox.wait_for()
        self.assertEqual(self.service.get(f"/coupons/33000001/{code}")["state"], "issued")
        listed = self.ok(self.get(f"{BUSIFAVOR}/users/oH5/coupons", appid=APPID))
        self.assertEqual([each["coupon_code"] for each in listed["data"]], [code])

    def test_copies_are_sent_over_two_connections_at_once(self):
        self.sandbox.ask("faults", duplicate_percent=100)
        id = self.sandbox.issue("44000001")["notification_id"]
        self.sandbox.ask("faults", duplicate_percent=0)
        self.sandbox.wait_for()
        self.assertEqual(self.state_of(id), ("delivered", [204, 204]))
        self.assertEqual(self.service.get(f"/notifications/{id}")["times_seen"], 2)

    def test_what_is_lost_is_only_in_the_platforms_records(self):
        self.sandbox.ask("faults", lose_percent=100, lose_event="COUPON.SEND")
        lost = self.sandbox.issue("55000001")
        coupon_id = self.send_one(self.create(), "oNotLost")
        seen = self.sandbox.ask("redeem", coupon_id=coupon_id)["notification_id"]
        self.sandbox.ask("faults", lose_percent=0, lose_event="")
        self.sandbox.wait_for()
        self.assertEqual(self.state_of(lost["notification_id"]), ("lost", []))
        self.assertEqual(self.state_of(seen)[0], "delivered")
        status, _ = self.service.ask(f"/coupons/55000001/{lost['coupon_id']}")
        self.assertEqual(status, 404)

    def test_a_switched_off_callback_gets_nothing(self):
        url = f"https://127.0.0.1:{self.service.address[1]}/notify/1900000001"
        body = {"mchid": self.mchid, "notify_url": url}
        coupon_id = self.send_one(self.create(), "oOff")
        self.ok(self.merchant.post(f"{FAVOR}/callbacks", {**body, "switch": False}))
        id = self.sandbox.ask("redeem", coupon_id=coupon_id)["notification_id"]
        self.ok(self.merchant.post(f"{FAVOR}/callbacks", {**body, "switch": True}))
        self.assertEqual(self.state_of(id), ("unregistered", []))


class Schedule(SandboxTestCase):
    """Tests of WeChat Pay's retry schedule, which the sandbox runs 240 times as fast: one minute
    takes a quarter of a second."""

    options = ("--speed", 240)

    def test_a_probe_is_refused_and_the_true_copy_accepted(self):
        before = self.service.counts()["probes"]
        self.sandbox.ask("faults", probe_percent=100)
        id = self.sandbox.issue("66000001")["notification_id"]
        self.sandbox.ask("faults", probe_percent=0)
        self.sandbox.wait_for()
        self.assertEqual(self.state_of(id), ("delivered", [401, 204]))
        self.assertEqual(self.service.counts()["probes"], before + 1)
        self.assertEqual(self.sandbox.summary()["probes_accepted"], 0)

    def test_an_unacknowledged_redemption_is_sent_nine_times(self):
        coupon_id = self.send_one(self.create(), "oNobody")
        self.ok(self.merchant.post(f"{FAVOR}/callbacks", {
            "mchid": self.mchid, "notify_url": "https://127.0.0.1:9/none"}))
        begun = time.monotonic()
        id = self.sandbox.ask("redeem", coupon_id=coupon_id)["notification_id"]
        wait_until(lambda: self.state_of(id)[0] == "given_up", 20, "the end of the schedule")
        self.assertEqual(self.state_of(id)[1], [0] * 9)
        self.assertGreater(time.monotonic() - begun, 1.9, "eight minutes of schedule")

    def test_an_outage_shorter_than_the_schedule_loses_nothing(self):
        coupon_id = self.send_one(self.create(), "oOutage")
        self.sandbox.ask("redeem", coupon_id=coupon_id)
        self.service.stop()
        id = self.sandbox.ask("refund", coupon_id=coupon_id)["notification_id"]
        wait_until(lambda: len(self.state_of(id)[1]) >= 2, 10, "two tries in vain")
        self.service.configure("listener.port", self.service.address[1])
        self.service.start()
        self.sandbox.wait_for()
        state, statuses = self.state_of(id)
        self.assertEqual((state, statuses[-1]), ("delivered", 204))


class Rollover(SandboxTestCase):
    """Tests of each stage of a rollover of WeChat Pay's keys. The keys that sign are, in this
    order: the old certificate, both certificates, the new certificate, the new certificate and a
    public key, the public key alone."""

    def keys(self):
        return self.sandbox.ask("keys")["keys"]

    def reload(self):
        reloads = len(self.service.logs(event="reloaded"))
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(reloads + 1, event="reloaded")

    def trust(self, key, name):
        """Adds a certificate or public key of the sandbox to couponhook's configuration, as an
        operator does who has downloaded it."""
        self.service.write(f"wechatpay/{name}.pem", key["pem"].strip())
        if key["kind"] == "public_key":
            self.service.append(f"[[merchant.platform_public_key]]\nid = \"{key['serial']}\"\n"
                                f"file = \"wechatpay/{name}.pem\"\n")
            self.merchant.platform_keys[key["serial"]] = serialization.load_pem_public_key(
                key["pem"].encode())
        else:
            self.service.configure("merchant.platform_certificates",
                                   ["wechatpay/platform_cert.pem", f"wechatpay/{name}.pem"])

    def serials(self, count=12):
        """Issues coupons and checks that couponhook accepts all their notifications. Returns the
        serial numbers of the keys that signed the notifications."""
        for _ in range(count):
            self.sandbox.issue("88000001")
        summary = self.sandbox.wait_for()
        self.assertEqual(summary["delivered"], sum(summary["delivered_by_sends"].values()))
        self.assertEqual(set(summary["delivered_by_sends"]), {"1"})
        lines = self.service.wait_for_log(
            summary["delivered"], event="notification", verdict="STORED")
        return {line["serial"] for line in lines[-count:]}

    def test_each_stage_signs_with_its_keys(self):
        old = self.platform.serial
        self.assertEqual(self.serials(3), {old})
        self.sandbox.ask("rollover", stage="announced")
        reply = self.merchant.get("/v3/certificates")
        certificates = self.merchant.open_certificates(reply)
        self.assertEqual(len(certificates), 2)
        (new,) = set(certificates) - {old}
        self.merchant.platform_keys |= {
            serial: each.public_key() for serial, each in certificates.items()}
        self.merchant.verify(reply)
        self.trust(next(key for key in self.keys() if key["serial"] == new), "new")
        self.reload()
        self.assertEqual(self.serials(3), {old}, "the new one does not sign yet")
        self.sandbox.ask("rollover", stage="both")
        self.assertEqual(self.serials(), {old, new})
        self.sandbox.ask("rollover", stage="new")
        self.assertEqual(self.serials(3), {new})
        self.assertEqual(
            set(self.merchant.open_certificates(self.merchant.get("/v3/certificates"))), {new})
        self.sandbox.ask("rollover", stage="mixed")
        public_key = next(key for key in self.keys() if key["kind"] == "public_key")
        self.trust(public_key, "pub_key")
        self.reload()
        self.assertEqual(self.serials(), {new, public_key["serial"]})
        asked = self.merchant.get(
            "/v3/certificates", headers={"Wechatpay-Serial": public_key["serial"]})
        self.assertEqual(asked.headers["wechatpay-serial"], public_key["serial"])
        self.merchant.verify(asked)
        self.sandbox.ask("rollover", stage="public_key")
        self.assertEqual(self.serials(3), {public_key["serial"]})
        gone = self.merchant.get("/v3/certificates")
        self.assert_error(gone, 404, "RESOURCE_NOT_EXISTS")
        self.merchant.verify(gone)


class Limits(SandboxTestCase):
    options = ("--rate-limit", 3)

    def test_too_many_requests_a_minute_are_refused(self):
        for _ in range(3):
            self.ok(self.merchant.get("/v3/certificates"))
        self.assert_error(self.merchant.get("/v3/certificates"), 429, "FREQUENCY_LIMITED")
        self.assert_error(self.show("1"), 429, "FREQUENCY_LIMIT_EXCEED")


class Command(unittest.TestCase):
    def test_a_configuration_with_the_real_wechat_pay_is_refused(self):
        service = self.enterContext(Service(starts=False))
        service.configure("merchant.api.base_url", "https://api.mch.weixin.qq.com")
        refused = run("sandbox", "--config", service.config)
        self.assertEqual(refused.returncode, 2, refused)
        self.assertIn("merchant.api.base_url", refused.stderr)

    def test_a_platform_key_that_does_not_fit_is_named(self):
        service = self.enterContext(Service(starts=False))
        (service.folder / "development/platform_key.pem").write_bytes(
            (service.folder / "secrets/apiclient_key.pem").read_bytes())
        refused = run("sandbox", "--config", service.config)
        self.assertEqual(refused.returncode, 2, refused)
        self.assertIn("development/platform_key.pem", refused.stderr)

    def test_it_serves_plain_http_where_asked(self):
        service = self.enterContext(Service())
        sandbox = self.enterContext(Sandbox(service, "--plain-http"))
        self.assertTrue(sandbox.url.startswith("http://"))
        merchant = Merchant(service, sandbox)
        merchant.verify(merchant.get("/v3/certificates"))

    def test_the_same_seed_gives_the_same_results(self):
        service = self.enterContext(Service())
        made = []
        for _ in range(2):
            with Sandbox(service, "--seed", 7, "--lose", 100) as sandbox:
                made.append(sandbox.issue("99000001"))
        self.assertEqual(made[0], made[1])


if __name__ == "__main__":
    unittest.main()
