"""Checks `couponhook image upload` and the sandbox's counterpart, over TLS: what is checked before
anything is sent, what is sent, every error that WeChat Pay is known to send, and a stock that is
created with the image.

The command talks to two servers that know nothing of its code: the sandbox, and a stand-in that
splits the form with Python's own library. The sandbox in turn is called by a client in Python.
"""

import email.parser
import email.policy
import hashlib
import json
import secrets
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

from support.images import JPG, bmp, png
from support.merchant import Merchant, connect, exchange
from support.pay_api import PayApi
from support.sandbox import Sandbox, beijing_time, stock_body
from support.service import Service, run

UPLOAD = "/v3/marketing/favor/media/image-upload"
MB = 1024 * 1024


class ImageTestCase(unittest.TestCase):
    """Base class: one configuration, one sandbox, a folder for images."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service = cls.enterClassContext(Service(starts=False))
        cls.sandbox = cls.enterClassContext(Sandbox(cls.service, notify="none"))
        cls.service.configure("merchant.api.base_url", cls.sandbox.url)
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def upload(self, *arguments, **options):
        return run("image", "upload", *arguments, "--config", self.service.config, **options)

    def url_of(self, *arguments) -> str:
        done = self.upload(*arguments)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stdout, r"\Ahttps://\S+\n\Z")
        return done.stdout.strip()


class Uploads(ImageTestCase):
    def shown(self, url: str):
        """Returns the image that the sandbox shows at this URL."""
        self.assertTrue(url.startswith(self.sandbox.url + "/"), url)
        return exchange(connect(self.sandbox.address, self.sandbox.context), "GET",
                        url.removeprefix(self.sandbox.url), b"", {})

    def test_each_kind_arrives_unchanged(self):
        images = {"logo.jpg": JPG, "logo.png": png(120, 120), "logo.bmp": bmp(120, 120)}
        types = {"logo.jpg": "image/jpeg", "logo.png": "image/png", "logo.bmp": "image/bmp"}
        for name, content in images.items():
            with self.subTest(name):
                done = self.upload(self.file(name, content))
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                shown = self.shown(done.stdout.strip())
                self.assertEqual((shown.status, shown.headers["content-type"], shown.body),
                                 (200, types[name], content))

    def test_the_reply_is_printed_as_json(self):
        path = self.file("logo.png", png(120, 120))
        reply = json.loads(self.upload(path, "--json").stdout)
        self.assertEqual(reply, {"media_url": self.url_of(path)})

    def test_an_image_of_exactly_2_mb_is_taken(self):
        small = len(png(120, 120, b"x"))
        whole = png(120, 120, b"x" * (2 * MB - small + 1))
        self.assertEqual(len(whole), 2 * MB)
        self.assertEqual(self.shown(self.url_of(self.file("large.png", whole))).body, whole)

    def test_names_that_wechat_pay_does_not_take_are_replaced(self):
        for name, content in (("优惠券.png", png(120, 120)), ("logo.jpg", png(120, 120)),
                              ("logo.jpeg", JPG), ("logo", JPG), ('a"b;c.png', png(120, 120))):
            with self.subTest(name):
                done = self.upload(self.file(name, content))
                self.assertEqual(done.returncode, 0, done)
                self.assertIn("uploaded as", done.stderr)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_the_standard_input_can_be_the_image(self):
        path = self.file("logo.png", png(120, 120))
        with path.open("rb") as image:
            done = self.upload("-", stdin=image)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, self.url_of(path)))

    def test_another_size_is_noted(self):
        done = self.upload(self.file("wide.png", png(300, 200)))
        self.assertEqual(done.returncode, 0, done)
        self.assertIn("300 x 200 pixels", done.stderr)
        self.assertIn("120 x 120", done.stderr)

    def test_the_use_decides_the_size_in_pixels(self):
        logo = self.file("logo.png", png(120, 120))
        coupon = self.file("coupon.png", png(850, 350))
        self.url_of(logo, "--use", "merchant_logo")
        self.url_of(coupon, "--use", "coupon_image")
        for path, use in ((coupon, "merchant_logo"), (logo, "coupon_image")):
            done = self.upload(path, "--use", use)
            self.assertEqual((done.returncode, done.stdout), (2, ""), done)
            self.assertIn(f"{use}: must have", done.stderr)


class Checks(unittest.TestCase):
    """Tests of what is refused before the configuration is read: there is none."""

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def refused(self, name: str, content: bytes, *options) -> str:
        path = self.folder / name
        path.write_bytes(content)
        done = run("image", "upload", path, "--config", self.folder / "none.toml", *options)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done)
        self.assertIn(f"couponhook: {path}: ", done.stderr)
        self.assertNotIn("none.toml", done.stderr)
        return done.stderr

    def test_a_file_that_is_no_image(self):
        cases = {"a.png": b"hello", "b.jpg": b"GIF89a\1\0\1\0", "c.png": b"", "d.bmp": b"BM",
                 "e.png": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}
        words = {"a.png": "is no image", "b.jpg": "GIF", "c.png": "is empty", "d.bmp": "cut short",
                 "e.png": "SVG"}
        for name, content in cases.items():
            with self.subTest(name):
                self.assertIn(words[name], self.refused(name, content))

    def test_a_truncated_or_damaged_image(self):
        for name, whole in (("a.png", png(120, 120)), ("a.jpg", JPG), ("a.bmp", bmp(9, 9))):
            with self.subTest(name):
                self.assertIn("cut short", self.refused(name, whole[:-1]))
        damaged = bytearray(png(120, 120))
        damaged[50] ^= 0x20
        self.assertIn("is damaged", self.refused("b.png", bytes(damaged)))

    def test_an_image_that_is_too_large(self):
        large = png(120, 120, b"x" * 2 * MB)
        self.assertIn(f"is {len(large)} bytes", self.refused("large.png", large))
        self.assertIn("16777216", self.refused("huge.png", bytes(17 * MB)))

    def test_a_logo_of_another_size_kind_or_weight(self):
        seen = self.refused("a.bmp", bmp(100, 120), "--use", "merchant_logo")
        self.assertIn("120 x 120 pixels, and the file has 100 x 120", seen)
        self.assertIn("JPG or PNG", seen)
        heavy = self.refused("b.png", png(120, 120, b"x" * MB), "--use", "merchant_logo")
        self.assertIn("1 MB", heavy)

    def test_a_file_that_is_not_there(self):
        done = run("image", "upload", self.folder / "none.png")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("No such file", done.stderr)


class Stocks(ImageTestCase):
    def create(self, **pattern):
        soon = beijing_time(time.time() + 600)
        stock = stock_body(available_begin_time=soon,
                           pattern_info={"description": "仅限早餐使用", **pattern})
        return run("stock", "create", "--config", self.service.config, input=json.dumps(stock))

    def test_a_stock_shows_the_images_that_were_uploaded(self):
        logo = self.url_of(self.file("logo.png", png(120, 120)), "--use", "merchant_logo")
        coupon = self.url_of(self.file("coupon.png", png(850, 350)), "--use", "coupon_image")
        created = self.create(merchant_logo=logo, coupon_image=coupon)
        self.assertEqual(created.returncode, 0, created)
        self.assertRegex(created.stdout, r"stock_id +\d+")

    def test_a_stock_with_another_image_is_refused(self):
        for field in ("merchant_logo", "coupon_image"):
            with self.subTest(field):
                refused = self.create(**{field: "https://example.com/logo.png"})
                self.assertEqual(refused.returncode, 1, refused)
                self.assertIn("PARAM_ERROR", refused.stderr)
                self.assertIn(f"/pattern_info/{field}", refused.stderr)

    def test_what_is_no_url_is_refused_before_it_is_sent(self):
        refused = self.create(merchant_logo="logo.png")
        self.assertEqual(refused.returncode, 2, refused)
        self.assertIn("pattern_info.merchant_logo: ", refused.stderr)
        self.assertIn("image upload", refused.stderr)

    def test_urls_of_wechat_pay_are_taken(self):
        created = self.create(merchant_logo="https://wxpaylogo.qpic.cn/wxpaylogo/PiajxSqBRaEIP/0")
        self.assertEqual(created.returncode, 0, created)


class SandboxErrors(ImageTestCase):
    """Sends forms that a client in Python makes, and checks the sandbox's errors."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.merchant = Merchant(cls.service, cls.sandbox)

    def send(self, content=None, name="logo.png", signed=None, meta=None, parts=None,
             boundary="xyz", content_type=None):
        content = png(120, 120) if content is None else content
        if meta is None:
            meta = json.dumps({"filename": name, "sha256": hashlib.sha256(content).hexdigest()},
                              ensure_ascii=False).encode()
        if parts is None:
            parts = [('name="meta"', meta), (f'name="file"; filename="{name}"', content)]
        body = b"".join(
            f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data
            + b"\r\n" for head, data in parts) + f"--{boundary}--\r\n".encode()
        headers = {
            "Accept": "application/json", "User-Agent": "couponhook-tests",
            "Authorization": self.merchant.authorization(
                "POST", UPLOAD, meta if signed is None else signed),
            "Content-Type": content_type or f"multipart/form-data; boundary={boundary}"}
        return self.sandbox.exchange("POST", UPLOAD, body, headers)

    def refused(self, status: int, code: str, words: str, **options):
        reply = self.send(**options)
        self.assertEqual((reply.status, reply.code), (status, code), str(reply))
        self.assertIn(words, reply.json["message"])
        self.merchant.verify(reply)
        return reply

    def test_a_right_form_is_taken_and_the_reply_signed(self):
        reply = self.send()
        self.assertEqual(reply.status, 200, str(reply))
        self.merchant.verify(reply)
        self.assertEqual(list(reply.json), ["media_url"])

    def test_a_signature_over_anything_but_meta(self):
        for signed in (b"", b"{}", png(120, 120)):
            reply = self.refused(401, "SIGN_ERROR", "验签失败", signed=signed)
            shown = reply.json["detail"]["sign_information"]["truncated_sign_message"]
            self.assertIn('{"filename": "logo.png"', shown)

    def test_a_meta_that_wechat_pay_does_not_find(self):
        self.refused(401, "SIGN_ERROR", "验签失败",
                     content_type='multipart/form-data; boundary="xyz"')
        meta = json.dumps({"filename": "logo.png", "sha256": "0" * 64}).encode()
        self.refused(401, "SIGN_ERROR", "验签失败", meta=meta,
                     parts=[('name="meta"; filename="meta.json"', meta),
                            ('name="file"; filename="logo.png"', png(120, 120))])

    def test_a_missing_part(self):
        content = png(120, 120)
        self.refused(400, "PARAM_ERROR", "/body/meta", signed=b"",
                     parts=[('name="file"; filename="logo.png"', content)])
        meta = json.dumps({"filename": "logo.png", "sha256": "0" * 64}).encode()
        self.refused(400, "PARAM_ERROR", "/file", meta=meta, parts=[('name="meta"', meta)])

    def test_a_wrong_meta(self):
        content = png(120, 120)
        hash = hashlib.sha256(content).hexdigest()
        for meta in ({"sha256": hash}, {"filename": "logo.png"}, {"filename": 1, "sha256": hash},
                     {"filename": "logo.gif", "sha256": hash}, {"filename": "png", "sha256": hash},
                     {"filename": "a" * 125 + ".png", "sha256": hash}):
            with self.subTest(meta=meta):
                self.refused(400, "PARAM_ERROR", "", meta=json.dumps(meta).encode())
        self.refused(400, "PARAM_ERROR", "JSON", meta=b"{")

    def test_a_hash_of_another_file(self):
        meta = json.dumps({"filename": "logo.png", "sha256": secrets.token_hex(32)}).encode()
        self.refused(400, "PARAM_ERROR", "sha256值有误", meta=meta)

    def test_a_file_that_is_no_image_or_too_large(self):
        self.refused(400, "PARAM_ERROR", "不是图片", content=b"GIF89a")
        self.refused(400, "PARAM_ERROR", "2M", content=png(120, 120, b"x" * 2 * MB))

    def test_what_wechat_pay_answers_with_system_error(self):
        self.refused(500, "SYSTEM_ERROR", "系统繁忙", name="优惠券.png")
        self.refused(500, "SYSTEM_ERROR", "系统繁忙", content=png(120, 120)[:-4])
        self.refused(500, "SYSTEM_ERROR", "系统繁忙", content=JPG[:-4], name="a.jpg")
        self.refused(500, "SYSTEM_ERROR", "系统繁忙", content=bmp(9, 9)[:-4], name="a.bmp")

    def test_the_command_explains_each_error(self):
        path = self.file("logo.png", png(120, 120))
        for status, code, words in (
                (400, "PARAM_ERROR", "proxy"), (401, "SIGN_ERROR", "part meta"),
                (403, "NO_AUTH", "merchant console"), (400, "INVALID_REQUEST", "rule")):
            with self.subTest(code):
                self.sandbox.ask("fail", path=UPLOAD, status=status, code=code, message="图片")
                done = self.upload(path)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done)
                self.assertIn(f"image_upload: HTTP {status} {code}", done.stderr)
                self.assertIn(words, done.stderr)

    def test_a_passing_failure_is_repeated(self):
        self.sandbox.ask("fail", path=UPLOAD, status=500, code="SYSTEM_ERROR", count=1)
        self.url_of(self.file("logo.png", png(120, 120)))

    def test_too_many_uploads_are_refused(self):
        with Sandbox(self.service, "--rate-limit", 1, notify="none") as limited:
            client = Merchant(self.service, limited)
            client.get("/v3/certificates")
            reply = client.post(UPLOAD, {})
            self.assertEqual((reply.status, reply.code), (429, "FREQUENCY_LIMIT_EXCEED"))


class OnTheWire(unittest.TestCase):
    """Tests of the bytes that the command sends, read by Python's own MIME parser."""

    def test_the_form_and_the_signature_are_the_documented_ones(self):
        service = self.enterContext(Service(starts=False))
        seen = []

        def check(api, handler, body):
            message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
                b"Content-Type: " + handler.headers["Content-Type"].encode() + b"\r\n\r\n" + body)
            parts = {part.get_param("name", header="content-disposition"): part
                     for part in message.iter_parts()}
            seen.append(parts)
            original(api, handler, parts["meta"].get_payload(decode=True))

        def reply(api, method, path, query, body):
            self.assertEqual((method, path), ("POST", UPLOAD))
            return 200, {"media_url": "https://qpic.cn/xxx"}

        original = PayApi._check
        self.enterContext(mock.patch.object(PayApi, "_check", check))
        self.enterContext(mock.patch.object(PayApi, "_answer", reply))
        self.enterContext(PayApi(service))
        path = service.folder / "logo.png"
        path.write_bytes(png(120, 120))
        done = run("image", "upload", path, "--config", service.config)
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (0, "https://qpic.cn/xxx\n", ""))
        (parts,) = seen
        self.assertEqual(list(parts), ["meta", "file"])
        self.assertEqual(parts["meta"].get_content_type(), "application/json")
        self.assertIsNone(parts["meta"].get_filename())
        self.assertEqual(json.loads(parts["meta"].get_payload(decode=True)),
                         {"filename": "logo.png",
                          "sha256": hashlib.sha256(png(120, 120)).hexdigest()})
        self.assertEqual(parts["file"].get_content_type(), "image/png")
        self.assertEqual(parts["file"].get_filename(), "logo.png")
        self.assertEqual(parts["file"].get_payload(decode=True), png(120, 120))

    def test_a_reply_without_a_url_is_an_error(self):
        service = self.enterContext(Service(starts=False))
        self.enterContext(mock.patch.object(PayApi, "_check", lambda *_: None))
        self.enterContext(mock.patch.object(
            PayApi, "_answer", lambda *_: (200, {"media_id": "nSWdWKr29"})))
        self.enterContext(PayApi(service))
        path = service.folder / "logo.png"
        path.write_bytes(png(120, 120))
        done = run("image", "upload", path, "--config", service.config)
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn("media_url", done.stderr)


if __name__ == "__main__":
    unittest.main()
