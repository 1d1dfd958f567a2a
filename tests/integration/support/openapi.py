"""Checks replies of couponhook's status endpoint against its OpenAPI document."""

import json
from urllib.parse import urlsplit

import jsonschema


class Document:
    """The OpenAPI document of a running service."""

    def __init__(self, service):
        self.service = service
        self.document = service.get("/openapi.json")
        #: The operations whose replies were checked, as (path, method, status).
        self.checked = set()

    def path_of(self, target: str) -> str:
        """Returns the path of the document that fits the target of a request. A path without
        parameters comes before one with them, as in the service."""
        segments = urlsplit(target).path.split("/")

        def fits(path):
            parts = path.split("/")
            return len(parts) == len(segments) and all(
                part == segment or part.startswith("{") for part, segment in zip(parts, segments))

        found = [path for path in self.document["paths"] if fits(path)]
        if not found:
            raise AssertionError(f"{target} is not in the document")
        return min(found, key=lambda path: path.count("{"))

    def resolve(self, value: dict) -> dict:
        while "$ref" in value:
            target = self.document
            for key in value["$ref"].removeprefix("#/").split("/"):
                target = target[key]
            value = target
        return value

    def validate(self, schema: dict, value):
        """Checks a value against a schema of the document."""
        whole = {**schema, "components": self.document["components"]}
        validator = jsonschema.Draft202012Validator(
            whole, format_checker=jsonschema.FormatChecker())
        errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
                  for error in validator.iter_errors(value)]
        if errors:
            raise AssertionError(f"the reply {value} does not fit: {errors}")

    def ask(self, target: str, method="GET", body=None, **options) -> tuple:
        """Sends a request, and checks its body and the reply. Returns the status and the reply's
        body."""
        path = self.path_of(target)
        operation = self.document["paths"][path][method.lower()]
        if body is not None:
            self.validate(operation["requestBody"]["content"]["application/json"]["schema"], body)
        status, raw = self.service.exchange(target, method=method,
                                            body=body and json.dumps(body), **options)
        if str(status) not in operation["responses"]:
            raise AssertionError(f"{method} {path}: status {status} is not in the document: {raw}")
        response = self.resolve(operation["responses"][str(status)])
        ((kind, content),) = response["content"].items()
        value = json.loads(raw) if kind == "application/json" else raw.decode()
        self.validate(content["schema"], value)
        self.checked.add((path, method.lower(), status))
        return status, value
