"""Checks that `couponhook verify` names what happened to a captured callback, and accepts every
sound one. Real programs damage the callbacks where that is possible: nginx and HAProxy write logs,
gzip, iconv, openssl and the shell change bodies.
"""

import base64
import hashlib
import html
import json
import subprocess
import unittest
import urllib.parse
import uuid
from pathlib import Path
from types import SimpleNamespace

from support import events
from support.balancer import find
from support.case import ServiceTestCase
from support.service import PATIENCE, Service, free_port, run, wait_until
from support.wechat_pay import SIGNED_HEADERS, Event, Platform, Request
from support.wire import Connection

PATH = "/notify/1900000001"


def pipe(data: bytes, *command: str) -> bytes:
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def camel_case(value):
    """Renames the keys as a Java program does that maps the JSON to its own class."""
    def rename(key):
        first, *others = key.split("_")
        return first + "".join(word.capitalize() for word in others)
    if not isinstance(value, dict):
        return value
    return {rename(key): camel_case(each) for key, each in value.items()}


def redemption() -> Event:
    event = events.redeem()
    return Event(event.event_type, event.resource, summary="代金券核销通知")


class VerifyTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service(starts=False, has_own_keys=False))
        cls.platform = Platform.of(cls.service)
        cls.root = cls.service.root

    def notify(self) -> Request:
        return self.platform.notify(redemption(), timestamp=1_700_000_000)

    def write(self, content: bytes | str, name=None) -> Path:
        file = self.root / (name or f"{uuid.uuid4()}.txt")
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def write_raw(self, request: Request) -> Path:
        return self.write(request.to_bytes(PATH))

    def verify(self, *files, options=()):
        """Runs `couponhook verify`. Returns its exit code and what it says about each callback."""
        options = options or ("--config", str(self.service.config))
        done = run("verify", *map(str, files), *options, "--json", timeout=60 * PATIENCE)
        self.assertEqual(done.stderr, "")
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def explain(self, request: Request) -> dict:
        code, (result,) = self.verify(self.write_raw(request))
        self.assertEqual(code, 1, result)
        self.assertNotIn(result["reply"]["status"], (200, 204))
        return result

    def assert_cause(self, request: Request, words: str):
        self.assertIn(words, self.explain(request)["cause"])


class Damage(VerifyTestCase):
    def assert_body_damage(self, words: str, change):
        """Asserts that the cause is named after the change of a body, and that the event is read in
        spite of it."""
        sound = self.notify()
        result = self.explain(Request(change(sound.body), sound.headers))
        self.assertIn(words, result["cause"])
        self.assertEqual(result["reply"], {"status": 401, "code": "SIGNATURE_INVALID"})
        self.assertEqual(result["event"]["event_type"], "COUPON.USE")
        self.assertEqual(result["fact"]["kind"], "redeem")
        self.assertTrue(result["repair"])

    def test_a_newline_that_a_shell_adds(self):
        self.assert_body_damage("trailing newline was added",
                                lambda body: pipe(body, "sh", "-c", 'echo "$(cat)"'))

    def test_a_crlf_that_is_added(self):
        self.assert_body_damage("trailing newline was added", lambda body: body + b"\r\n")

    def test_a_newline_that_is_removed(self):
        sound = self.platform.sign(self.notify().body + b"\n")
        self.assert_cause(Request(sound.body[:-1], sound.headers), "newline of the body was removed")

    def test_line_ends_that_become_crlf(self):
        envelope = json.dumps(self.platform.seal(redemption()), indent=2).encode()
        sound = self.platform.sign(envelope)
        self.assert_cause(Request(envelope.replace(b"\n", b"\r\n"), sound.headers), "CRLF")

    def test_a_byte_order_mark(self):
        self.assert_body_damage("byte order mark",
                                lambda body: body.decode().encode("utf-8-sig"))

    def test_padding_with_nul_bytes(self):
        self.assert_body_damage("NUL bytes", lambda body: body.ljust(8192, b"\0"))

    def test_every_way_to_serialise_the_json_again(self):
        ways = {
            "compact": {"separators": (",", ":"), "ensure_ascii": False},
            "ASCII": {},
            "sorted": {"sort_keys": True, "ensure_ascii": False},
            "indented": {"indent": 4},
        }
        for name, options in ways.items():
            with self.subTest(name):
                self.assert_body_damage(
                    "re-serialised", lambda body: json.dumps(json.loads(body), **options).encode())

    def test_escaped_slashes_as_php_writes_them(self):
        self.assert_body_damage("re-serialised", lambda body: json.dumps(
            json.loads(body), separators=(",", ":")).replace("/", "\\/").encode())

    def test_camel_case_of_a_java_class(self):
        self.assert_body_damage("re-serialised", lambda body: json.dumps(
            camel_case(json.loads(body)), ensure_ascii=False).encode())

    def test_another_order_of_the_members(self):
        def reverse(body):
            pairs = json.loads(body)
            pairs["resource"] = dict(reversed(pairs["resource"].items()))
            return json.dumps(dict(reversed(pairs.items()))).encode()
        self.assert_body_damage("re-serialised", reverse)

    def test_gzip(self):
        self.assert_body_damage("gzip", lambda body: pipe(body, "gzip", "-c"))

    def test_plus_that_form_decoding_makes_a_blank(self):
        self.assert_body_damage("+ became a blank",
                                lambda body: urllib.parse.unquote_plus(body.decode()).encode())

    def test_percent_encoding(self):
        self.assert_body_damage("percent-encoded",
                                lambda body: urllib.parse.quote(body).encode())
        self.assert_body_damage("percent-encoded",
                                lambda body: urllib.parse.quote_plus(body).encode() + b"=")

    def test_charsets(self):
        self.assert_body_damage("charset", lambda body: pipe(
            body, "iconv", "-f", "UTF-8", "-t", "GB18030"))
        self.assert_body_damage("charset", lambda body: body.decode("latin-1").encode())

    def test_a_summary_of_question_marks(self):
        self.assert_body_damage("characters of the summary were lost",
                                lambda body: body.decode().encode("ascii", "replace"))

    def test_a_body_written_as_a_string(self):
        self.assert_body_damage("backslashes", lambda body: json.dumps(
            body.decode(), ensure_ascii=False).encode())

    def test_html_entities(self):
        self.assert_body_damage("HTML", lambda body: html.escape(body.decode()).encode())

    def test_chunk_sizes_in_the_body(self):
        self.assert_body_damage(
            "chunked", lambda body: b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    def test_base64_of_an_api_gateway(self):
        self.assert_body_damage("base64", lambda body: pipe(body, "openssl", "base64", "-A"))

    def test_two_changes_at_once(self):
        self.assert_body_damage("gzip", lambda body: pipe(body + b"\n", "gzip", "-c"))

    def test_swapped_headers(self):
        sound = self.notify()
        for one, other in (("Serial", "Signature"), ("Timestamp", "Signature"),
                           ("Timestamp", "Nonce")):
            with self.subTest(one=one, other=other):
                one, other = f"Wechatpay-{one}", f"Wechatpay-{other}"
                swapped = {**sound.headers, one: sound.headers[other],
                           other: sound.headers[one]}
                self.assert_cause(Request(sound.body, swapped), "swapped")

    def test_a_header_that_came_twice(self):
        sound = self.notify()
        twice = ", ".join([sound.headers["Wechatpay-Signature"]] * 2)
        self.assert_cause(sound.having(Wechatpay_Signature=twice), "came twice")

    def test_a_signature_that_was_form_decoded(self):
        sound = self.notify()
        while "+" not in sound.headers["Wechatpay-Signature"]:
            sound = self.notify()
        plain = urllib.parse.unquote_plus(sound.headers["Wechatpay-Signature"])
        self.assert_cause(sound.having(Wechatpay_Signature=plain), "+ became a blank")

    def test_the_merchants_own_serial(self):
        self.assert_cause(self.notify().having(Wechatpay_Serial="5157F09EFDC096DE15EBE81A47057A72"),
                          "Wechatpay-Serial was replaced")

    def test_what_is_lost_is_named(self):
        sound = self.notify()
        signature = sound.headers["Wechatpay-Signature"]
        self.assert_cause(Request(sound.body[:-100], sound.headers), "truncated")
        self.assert_cause(Request(b"", sound.headers), "body is empty")
        self.assert_cause(sound.having(Wechatpay_Signature=signature[:256]), "truncated")
        self.assert_cause(sound.without("Wechatpay-Nonce"), "Wechatpay-Nonce")
        self.assert_cause(sound.without(*SIGNED_HEADERS), "headers are missing")

    def test_a_body_shorter_than_its_content_length(self):
        raw = self.notify().to_bytes(PATH)
        code, (result,) = self.verify(self.write(raw[:-200]))
        self.assertEqual(code, 1)
        self.assertIn("truncated", result["cause"])

    def test_keys_that_do_not_fit(self):
        other = Platform(self.platform.key, self.platform.serial, b"0" * 32)
        self.assert_cause(other.notify(redemption()), "cannot be decrypted")
        unknown = Platform(Platform.of(self.other_service()).key, "PUB_KEY_ID_0114232134912410",
                           self.platform.api_v3_key)
        result = self.explain(unknown.notify(redemption()))
        self.assertIn("not known here", result["cause"])
        self.assertIn("merchant console", result["repair"])

    def other_service(self) -> Service:
        return self.enterContext(Service(starts=False, has_own_keys=True))

    def test_xml_of_api_v2(self):
        xml = b"<xml><return_code><![CDATA[SUCCESS]]></return_code></xml>"
        self.assert_cause(Request(xml, {"Content-Type": "text/xml"}), "API v2")

    def test_a_probe_is_no_damage(self):
        probe = self.notify().having(Wechatpay_Signature="WECHATPAY/SIGNTEST/" + "A" * 325)
        self.assert_cause(probe, "test of the signature check")

    def test_a_changed_body_is_not_called_repairable(self):
        sound = self.notify()
        forged = sound.body.replace(b"COUPON.USE", b"COUPON.SEND")
        result = self.explain(Request(forged, sound.headers))
        self.assertIn("fits no known repair", result["cause"])


class Sound(VerifyTestCase):
    def forms(self, request: Request) -> dict:
        """Returns the forms of capture of one request: file name and content."""
        body = request.body.decode()
        entry = {"startedDateTime": "2023-11-14T22:13:20Z", "request": {
            "method": "POST", "url": f"https://shop.example{PATH}",
            "headers": [{"name": k, "value": v} for k, v in request.headers.items()],
            "postData": {"mimeType": "application/json", "text": body}}}
        gateway = {"httpMethod": "POST", "path": PATH, "headers": request.headers,
                   "isBase64Encoded": True, "body": base64.b64encode(request.body).decode()}
        server = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in request.headers.items()}
        return {
            "raw": request.to_bytes(PATH),
            "line feeds": request.to_bytes(PATH).replace(b"\r\n", b"\n"),
            "har": json.dumps({"log": {"entries": [entry]}}),
            "har entry": json.dumps(entry),
            "json": json.dumps({"headers": request.headers, "body": body}),
            "gateway": json.dumps(gateway),
            "php": json.dumps({"server": server, "rawBody": body, "path": PATH}, indent=1),
            "chunked": self.chunked(request),
        }

    @staticmethod
    def chunked(request: Request) -> bytes:
        head = request.to_bytes(PATH)[:-len(request.body)].replace(
            f"Content-Length: {len(request.body)}".encode(), b"Transfer-Encoding: chunked")
        return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(request.body), request.body)

    def test_a_thousand_sound_callbacks_have_no_cause(self):
        files = []
        makers = (events.redeem, events.issue, events.refund)
        for number in range(125):
            event = makers[number % 3]()
            request = self.platform.notify(event, timestamp=1_700_000_000 + number)
            files += [self.write(content) for content in self.forms(request).values()]
        self.assertEqual(len(files), 1000)
        code, results = self.verify(*files)
        self.assertEqual(len(results), 1000)
        self.assertEqual({result["cause"] for result in results}, {None})
        self.assertEqual(code, 0)

    def test_each_step_is_explained(self):
        event = redemption()
        code, (result,) = self.verify(self.write_raw(self.platform.notify(event)))
        self.assertEqual(code, 0)
        self.assertEqual([step["step"] for step in result["steps"]],
                         ["capture", "headers", "time", "serial", "signature", "resource", "event",
                          "fact", "reply"])
        self.assertTrue(all(step["ok"] for step in result["steps"]))
        self.assertEqual(result["fact"]["coupon"], event.resource["coupon_id"])
        self.assertEqual(result["reply"], {"status": 204, "code": "STORED"})

    def test_keys_can_be_given_without_a_configuration(self):
        folder = self.service.folder
        keys = ("--key", str(folder / "secrets/api_v3_key"),
                "--certificate", str(folder / "wechatpay/platform_cert.pem"))
        code, _ = self.verify(self.write_raw(self.notify()), options=keys)
        self.assertEqual(code, 0)

    def test_no_openid_and_no_key_is_printed(self):
        openid = "oCanary" + uuid.uuid4().hex
        request = self.platform.notify(events.issue(openid=openid))
        done = run("verify", str(self.write_raw(request)), "--config", str(self.service.config))
        self.assertIn("1 of 1 would be stored", done.stdout)
        self.assertNotIn(openid, done.stdout)
        self.assertNotIn(self.platform.api_v3_key.decode(), done.stdout)

    def test_a_file_without_a_callback_is_an_error(self):
        done = run("verify", str(self.write("nothing here\n")), "--config",
                   str(self.service.config))
        self.assertEqual(done.returncode, 2)
        self.assertIn("holds no captured callback", done.stderr)


class Replay(VerifyTestCase):
    def test_captured_callbacks_are_sent_again_with_a_new_signature(self):
        self.service.start()
        event = redemption()
        sound = self.platform.notify(event, timestamp=1_700_000_000)
        damaged = self.notify()
        files = [self.write_raw(sound),
                 self.write_raw(Request(pipe(damaged.body, "gzip", "-c"), damaged.headers)),
                 self.write(json.dumps({"headers": sound.headers, "body": sound.body.decode()}))]
        done = run("replay", *map(str, files), "--config", str(self.service.config_for_commands()))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(self.service.counts()["stored"], 2)
        self.assertEqual(self.service.counts()["duplicates"], 1)
        stored = self.service.get(f"/notifications/{json.loads(sound.body)['id']}")
        self.assertEqual(stored["resource"], event.resource)


class Refusals(ServiceTestCase):
    """The running service explains refused requests in its log and to `doctor`."""

    def test_the_log_names_the_change_that_a_proxy_made(self):
        sound = self.platform.notify(redemption())
        damaged = Request(pipe(sound.body, "gzip", "-c"), sound.headers).having(
            Content_Encoding="gzip", X_Forwarded_For="203.0.113.7", Via="1.1 edge")
        self.assert_refused(self.post(damaged), 401, "SIGNATURE_INVALID")
        (line,) = self.service.wait_for_log(verdict="SIGNATURE_INVALID")
        self.assertIn("gzip", line["detail"])
        self.assertEqual(line["body_bytes"], len(damaged.body))
        self.assertEqual(line["body_sha256"], hashlib.sha256(damaged.body).hexdigest())
        self.assertEqual(line["content_encoding"], "gzip")
        self.assertEqual(line["proxies"], "X-Forwarded-For: 203.0.113.7; Via: 1.1 edge")
        self.assertEqual(line["hop"], "127.0.0.1")

        (fault,) = self.service.get("/status")["signature_faults"]
        self.assertEqual((fault["hop"], fault["damage"], fault["requests"]),
                         ("127.0.0.1", "compressed", 1))
        done = run("doctor", "--config", str(self.service.config_for_commands()))
        self.assertIn("the proxy at 127.0.0.1 changes requests: the body was compressed",
                      done.stdout)

    def test_xml_of_api_v2_is_named(self):
        reply = self.post(Request(b"<xml><a>1</a></xml>", {"Content-Type": "text/xml"}))
        self.assert_refused(reply, 401, "HEADERS_MISSING")
        self.assertIn("API v2", json.loads(reply.body)["message"])

    def test_a_mistyped_path_is_named_in_the_log_only(self):
        with Connection(self.service) as connection:
            connection.path = PATH + "/"
            reply = connection.post(self.platform.notify(redemption()))
        self.assertEqual(reply.status, 404)
        self.assertNotIn(PATH, reply.body.decode())
        (line,) = self.service.wait_for_log(event="refused", path=PATH + "/")
        self.assertIn(f"{PATH} is configured", line["advice"])


class Logs(VerifyTestCase):
    """Real nginx and HAProxy in front of a service that refuses everything, and their logs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.service.configure("listener.tls", False)
        cls.service.start()

    def send(self, port: int, request: Request):
        proxy = SimpleNamespace(address=("127.0.0.1", port), tls=False, source=None)
        with Connection(proxy) as connection:
            connection.ask(request.to_bytes(PATH))

    def behind(self, command: list):
        """Runs a proxy until the test ends."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def nginx_log(self, log_format: str, request: Request) -> Path:
        port = free_port()
        log = self.root / f"{uuid.uuid4()}.log"
        configuration = self.write(f"""
daemon off; pid {self.root}/nginx.pid; error_log stderr;
events {{ }}
http {{
  log_format callback {log_format};
  access_log {log} callback;
  client_body_temp_path {self.root}/body; proxy_temp_path {self.root}/proxy;
  fastcgi_temp_path {self.root}/f; uwsgi_temp_path {self.root}/u; scgi_temp_path {self.root}/s;
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{self.service.address[1]}; }}
  }}
}}
""")
        self.behind([find("nginx"), "-c", str(configuration), "-p", str(self.root)])
        self.wait_and_send(port, request)
        wait_until(lambda: log.exists() and log.read_bytes().endswith(b"\n"), 10, "nginx's log")
        return log

    def wait_and_send(self, port: int, request: Request):
        def is_sent() -> bool:
            try:
                self.send(port, request)
                return True
            except OSError:
                return False
        wait_until(is_sent, 10, "the proxy")

    def test_nginx_logs_with_default_escapes(self):
        log = self.nginx_log(
            "'$remote_addr [$time_iso8601] \"$request\" $status "
            "\"$http_wechatpay_timestamp\" \"$http_wechatpay_nonce\" \"$http_wechatpay_serial\" "
            "\"$http_wechatpay_signature\" \"$request_body\"'", self.notify())
        code, results = self.verify(log)
        self.assertEqual((code, len(results), results[0]["cause"]), (0, 1, None))

    def test_nginx_logs_as_json(self):
        log = self.nginx_log(
            "escape=json '{\"time\":\"$time_iso8601\",\"request\":\"$request\","
            "\"http_wechatpay_timestamp\":\"$http_wechatpay_timestamp\","
            "\"http_wechatpay_nonce\":\"$http_wechatpay_nonce\","
            "\"http_wechatpay_serial\":\"$http_wechatpay_serial\","
            "\"http_wechatpay_signature\":\"$http_wechatpay_signature\","
            "\"request_body\":\"$request_body\"}'", self.notify())
        code, results = self.verify(log)
        self.assertEqual((code, len(results), results[0]["cause"]), (0, 1, None))

    def haproxy_log(self, signature_length=400, line_length=16384) -> Path:
        port = free_port()
        captures = "\n".join(f"  http-request capture req.hdr(Wechatpay-{name}) len {length}"
                             for name, length in (("Timestamp", 32), ("Nonce", 64), ("Serial", 64),
                                                  ("Signature", signature_length)))
        configuration = self.write(f"""
global
  log stdout len {line_length} format raw local0
  tune.http.logurilen 4096
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend callbacks
  bind 127.0.0.1:{port}
  log global
  option http-buffer-request
{captures}
  http-request capture req.body len 8192
  log-format "%ci [%tr] %ST %hr %{{+Q}}r"
  default_backend service
backend service
  server a 127.0.0.1:{self.service.address[1]}
""")
        process = self.behind([find("haproxy"), "-f", str(configuration)])
        self.wait_and_send(port, self.notify())
        line = b""
        while b"|" not in line:
            line = process.stdout.readline()
            self.assertTrue(line, "HAProxy ended")
        return self.write(line)

    def test_haproxy_captures(self):
        code, results = self.verify(self.haproxy_log())
        self.assertEqual((code, len(results), results[0]["cause"]), (0, 1, None))

    def test_haproxys_default_length_of_a_log_line_truncates_the_body(self):
        code, (result,) = self.verify(self.haproxy_log(line_length=1024))
        self.assertEqual(code, 1)
        self.assertIn("body was truncated", result["cause"])

    def test_haproxy_captures_with_a_limit_that_cuts_the_signature(self):
        code, (result,) = self.verify(self.haproxy_log(signature_length=128))
        self.assertEqual(code, 1)
        self.assertIn("Wechatpay-Signature was truncated", result["cause"])


if __name__ == "__main__":
    unittest.main()
