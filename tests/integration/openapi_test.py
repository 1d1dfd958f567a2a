"""Checks the OpenAPI document of the status endpoint (GET /openapi.json): it is valid, it has
exactly the routes of the service, and real replies fit its schemas.
"""

import json
import re
import unittest
from pathlib import Path

import jsonschema

from support import events
from support.case import ServiceTestCase
from support.event_stream import messages_in
from support.openapi import Document
from support.service import wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform

SOURCES = Path(__file__).parents[2] / "server" / "admin"
METHODS = {"get", "post", "put", "delete", "patch"}

#: Rules of the OpenAPI specification for the members that the document uses. The schemas of
#: OpenAPI 3.1 are JSON Schema 2020-12.
SPECIFICATION = {
    "type": "object",
    "required": ["openapi", "info", "paths", "components"],
    "additionalProperties": False,
    "properties": {
        "openapi": {"pattern": r"^3\.1\.\d+$"},
        "info": {"type": "object", "required": ["title", "version"]},
        "servers": {"items": {"type": "object", "required": ["url"]}},
        "security": {"$ref": "#/$defs/security"},
        "tags": {"items": {"type": "object", "required": ["name"]}},
        "paths": {"type": "object", "propertyNames": {"pattern": "^/"},
                  "additionalProperties": {
                      "type": "object", "minProperties": 1, "additionalProperties": False,
                      "properties": {name: {"$ref": "#/$defs/operation"} for name in METHODS}}},
        "components": {
            "type": "object", "additionalProperties": False,
            "properties": {
                "schemas": {"type": "object"},
                "securitySchemes": {"additionalProperties": {
                    "required": ["type", "scheme"],
                    "properties": {"type": {"const": "http"}, "scheme": {"const": "bearer"}}}},
                "responses": {"additionalProperties": {"$ref": "#/$defs/response"}}}},
    },
    "$defs": {
        "security": {"type": "array", "items": {"type": "object"}},
        "content": {"type": "object", "minProperties": 1, "additionalProperties": {
            "type": "object", "required": ["schema"], "additionalProperties": False,
            "properties": {"schema": {"type": "object"}, "example": True}}},
        "response": {"type": "object", "oneOf": [
            {"required": ["$ref"], "additionalProperties": False, "properties": {"$ref": True}},
            {"required": ["description"], "additionalProperties": False,
             "properties": {"description": {"type": "string"},
                            "headers": {"type": "object"},
                            "content": {"$ref": "#/$defs/content"}}}]},
        "operation": {
            "type": "object", "required": ["operationId", "summary", "responses"],
            "additionalProperties": False,
            "properties": {
                "operationId": {"type": "string"}, "summary": {"type": "string"},
                "description": {"type": "string"}, "tags": {"items": {"type": "string"}},
                "security": {"$ref": "#/$defs/security"},
                "parameters": {"type": "array", "items": {
                    "required": ["name", "in", "schema"], "additionalProperties": False,
                    "properties": {"name": {"type": "string"},
                                   "in": {"enum": ["query", "path", "header"]},
                                   "required": {"type": "boolean"},
                                   "description": {"type": "string"},
                                   "schema": {"type": "object"}},
                    "if": {"properties": {"in": {"const": "path"}}},
                    "then": {"required": ["required"]}}},
                "requestBody": {"type": "object", "required": ["content"],
                                "properties": {"content": {"$ref": "#/$defs/content"}}},
                "responses": {"type": "object", "minProperties": 1,
                              "propertyNames": {"pattern": r"^[1-5]\d\d$"},
                              "additionalProperties": {"$ref": "#/$defs/response"}}}},
    },
}


def routes_in_source() -> set:
    """Returns the routes that the service's source code adds, as (path, method), with "*" for a
    parameter."""
    routes = set()
    calls = 0
    for file in sorted(SOURCES.rglob("*.cpp")):
        text = file.read_text()
        loops = {name: re.findall(r'"(/[^"]*)"', paths) for name, paths in re.findall(
            r"for \(const std::string_view (\w+) : \{([^}]*)\}\)", text)}
        found = re.findall(r'add_get\(\s*\w+,\s*([^,]+),', text)
        added = [(path, "get") for path in found]
        added += [(path, method.lower()) for method, path in re.findall(
            r'\w+\.add\("(\w+)",\s*([^,]+),', text)]
        calls += len(re.findall(r"add_get\(|\.add\(\"", text))
        for path, method in added:
            path = path.strip()
            if path.startswith('"'):
                routes.add((path.strip('"'), method))
            elif path in loops:
                routes |= {(each, method) for each in loops[path]}
            elif path == "ReconcileIntake::kPath":
                header = (SOURCES / "reconcile_intake.hpp").read_text()
                routes.add((re.search(r'kPath = "(\S+)"', header)[1], method))
            elif path == "file.path":
                routes.add(("/", method))  # the console's files are not part of the document
            else:
                raise AssertionError(f"{file.name}: {path} is a route that this test cannot read")
        calls -= len(added)
    if calls:
        raise AssertionError(f"{calls} calls that add routes were not understood")
    return routes


class TheDocument(ServiceTestCase):
    """Tests of the document as such."""

    def setUp(self):
        super().setUp()
        self.document = self.service.get("/openapi.json")

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield path, method, operation

    def test_it_is_valid(self):
        jsonschema.Draft202012Validator.check_schema(SPECIFICATION)
        errors = [f"{list(error.absolute_path)}: {error.message}" for error in
                  jsonschema.Draft202012Validator(SPECIFICATION).iter_errors(self.document)]
        self.assertEqual(errors, [])
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(name):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_every_reference_leads_somewhere_and_every_component_is_used(self):
        used = set(re.findall(r'"\$ref": "#/components/(\w+/\w+)"', json.dumps(self.document)))
        there = {f"{kind}/{name}" for kind in ("schemas", "responses")
                 for name in self.document["components"][kind]}
        self.assertEqual(used - there, set(), "leads nowhere")
        self.assertEqual(there - used - {"schemas/Event", "schemas/Hello"}, set(), "is not used")

    def test_path_parameters_are_those_of_the_path_and_ids_are_unique(self):
        ids = [operation["operationId"] for _, _, operation in self.operations()]
        self.assertEqual(len(ids), len(set(ids)))
        for path, method, operation in self.operations():
            with self.subTest(path=path, method=method):
                named = {each["name"] for each in operation.get("parameters", [])
                         if each["in"] == "path"}
                self.assertEqual(named, set(re.findall(r"\{(\w+)\}", path)))

    def test_examples_fit_their_schemas(self):
        document = Document(self.service)
        count = 0
        for _, _, operation in self.operations():
            contents = [operation.get("requestBody", {}).get("content", {})]
            contents += [document.resolve(response).get("content", {})
                         for response in operation["responses"].values()]
            for content in contents:
                for each in content.values():
                    if "example" in each:
                        document.validate(each["schema"], each["example"])
                        count += 1
        self.assertGreater(count, 20)

    def test_it_has_exactly_the_routes_of_the_service(self):
        documented = {(re.sub(r"\{\w+\}", "*", path), method)
                      for path, method, _ in self.operations()}
        self.assertEqual(documented, routes_in_source())

    def test_other_methods_are_refused_with_the_documented_ones(self):
        for path, item in self.document["paths"].items():
            with self.subTest(path):
                target = re.sub(r"\{\w+\}", "1", path)
                status, body = self.service.ask(target, method="PATCH")
                self.assertEqual(status, 405)
                named = {each.lower() for each in re.findall(r"[A-Z]{3,}", body["message"])}
                allowed = named - {"head"}
                # The methods of the page and of the health checks are refused without looking.
                self.assertEqual(allowed, set(item))

    def test_only_the_paths_without_security_answer_without_a_token(self):
        for path, method, operation in self.operations():
            with self.subTest(path=path, method=method):
                target = re.sub(r"\{\w+\}", "1", path)
                status, _ = self.service.exchange(target, token=None, method=method.upper())
                self.assertEqual(status == 401, operation.get("security") != [])


class Replies(ServiceTestCase):
    """Tests that real replies fit the schemas."""

    @classmethod
    def prepare(cls, service):
        cls.answer = 410
        cls.target = cls.enterClassContext(Target(lambda call: cls.answer))
        add_http_handler(service, cls.target.url, make_secret(), max_attempts=1)
        add_http_handler(service, cls.target.url, make_secret(), name="other", max_attempts=1)

    def setUp(self):
        super().setUp()
        self.document = Document(self.service)

    def ask(self, target, status=200, **options):
        got, value = self.document.ask(target, **options)
        # A job that retries or skips is not over yet if the machine is slow.
        self.assertIn(got, (status, 202), f"{target}: {value}")
        return value

    def test_replies_of_every_path_fit(self):
        coupon, transaction = "880000000000000001", "4200000000000000000000000001"
        sent = {"api-use": events.redeem("77", coupon, transaction),
                "api-send": events.issue("78"), "api-refund": events.refund(transaction)}
        for id, event in sent.items():
            self.assert_stored(self.post(self.platform.notify(event, id)))
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        for _ in range(2):
            request = other_platform.notify(events.redeem(), "api-sealed")
            self.assert_refused(self.post(request), 500, "DECRYPT_FAILED")
        self.post(self.platform.sign(b'{"not":"an envelope"}'))
        wait_until(lambda: self.service.get("/status")["deliveries"]["dead"] == 2 * len(sent), 20)
        self.look_around(coupon)
        self.act()
        self.check_errors()
        missing = {(path, method) for path, item in self.document.document["paths"].items()
                   for method in item} - {each[:2] for each in self.document.checked}
        self.assertEqual(missing, set(), "no reply of these was checked")

    def look_around(self, coupon):
        for target in ("/livez", "/readyz", "/metrics", "/", "/status",
                       "/openapi.json", "/notifications", "/notifications?state=quarantined",
                       "/notifications?limit=1", "/notifications/api-use",
                       "/notifications/api-sealed", "/deliveries", "/deliveries?limit=1",
                       "/deliveries?state=dead", "/quarantine", "/pauses", f"/coupons/77/{coupon}",
                       f"/search?q={coupon}", "/search?q=api-refund", "/audit", "/history",
                       "/history?span=week", "/configuration"):
            with self.subTest(target):
                self.ask(target)
        refunded = self.ask(f"/coupons/77/{coupon}")
        self.assertIn("refunds", refunded)
        stream = self.ask("/events?wait=5&after=0.0")
        schemas = self.document.document["components"]["schemas"]
        came = list(messages_in(line.encode() + b"\n" for line in stream.split("\n")))
        self.assertEqual({each.event for each in came}, {"notification", "quarantined"})
        for each in came:
            self.document.validate(schemas["Event"], each.data)
        (hello,) = messages_in(line.encode() + b"\n"
                               for line in self.ask("/events?wait=0").split("\n"))
        self.document.validate(schemas["Hello"], hello.data)

    def act(self):
        deliveries = [each["id"] for each in self.ask("/deliveries?state=dead")["items"]]
        self.ask(f"/deliveries/{deliveries[0]}")
        self.ask(f"/deliveries/{deliveries[0]}/retry", method="POST")
        self.ask(f"/deliveries/{deliveries[1]}/skip", method="POST", body={"reason": "test"})
        self.ask(f"/deliveries/{deliveries[1]}/skip", 409, method="POST", body={"reason": "test"})
        job = self.ask("/deliveries/retry", method="POST",
                       body={"state": "dead", "dry_run": True})
        self.ask(f"/deliveries/retry/{job['id']}")
        self.ask(f"/deliveries/retry/{job['id']}", method="DELETE")
        self.ask("/deliveries/retry", method="POST", body={"handler": "other", "to": "crm"})
        job = self.ask("/deliveries/skip", method="POST", body={"type": "none", "reason": "test"})
        self.ask(f"/deliveries/skip/{job['id']}")
        self.ask(f"/deliveries/skip/{job['id']}", method="DELETE")
        self.ask("/pauses", method="POST", body={"handler": "crm", "reason": "test"})
        self.ask("/pauses")
        self.ask("/status")
        self.ask("/pauses?handler=crm", method="DELETE")
        self.ask("/quarantine/api-sealed/open", 409, method="POST")
        (sealed, *_) = [each["quarantine_id"] for each in self.ask("/quarantine")["items"]]
        self.ask(f"/quarantine/{sealed}/discard", method="POST", body={"reason": "test"})
        event = events.redeem()
        self.ask("/books", method="POST", body={"mchid": "1900000001", "entries": [
            {"id": "api-books", "event_type": "COUPON.USE", "original_type": "coupon",
             "summary": "", "create_time": "2026-03-05T07:58:41+08:00",
             "resource": json.dumps(event.resource)}]})
        self.ask("/log", method="POST", body={"level": "debug", "reason": "test"})
        self.ask("/audit")
        self.ask("/status")

    def check_errors(self):
        for target in ("/notifications?limit=0", "/deliveries?state=x", "/quarantine?limit=0",
                       "/events?after=x"):
            self.ask(target, 400)
        for target in ("/notifications/nobody", "/deliveries/999999", "/coupons/1/2",
                       "/deliveries/retry/999", "/deliveries/skip/999"):
            self.ask(target, 404)
        self.ask("/pauses?handler=nobody", 404, method="DELETE")
        self.ask("/deliveries/999999/retry", 404, method="POST")
        self.ask("/quarantine/nobody/open", 404, method="POST")
        self.ask("/status", 401, token="wrong")
        for target in ("/deliveries/retry", "/deliveries/skip"):
            # A body that the document does not allow, so it is not checked against it.
            status, _ = self.service.ask(target, method="POST", body='{"state":"x"}')
            self.assertEqual(status, 400)


if __name__ == "__main__":
    unittest.main()
