"""The addresses of the registry: which question each one is. Pure: a method, a path and a body in, an answer out."""

import json
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

from ops.registry.subjects import COMPATIBILITY, Refused, Subjects

CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"


@dataclass(frozen=True)
class Answer:
    """An HTTP status and what is said, as JSON text."""

    status: int
    text: str


class Registry:
    """Answers what Confluent's clients ask a schema registry. Whatever would change it is refused as read-only."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def answer(self, method: str, target: str, body: bytes = b"") -> Answer:
        """The answer to one request; `target` is the path with its query. Never raises."""
        path, _, query = target.partition("?")
        words = [unquote(word) for word in path.split("/") if word]
        try:
            if method in ("GET", "HEAD"):
                return Answer(200, self._get(words, parse_qs(query)))
            if method == "POST" and words[:1] == ["subjects"] and len(words) in (2, 3):
                return Answer(200, self._look_up(words, body))
            if method in ("POST", "PUT", "DELETE") and words:
                raise Refused(422, 42205, "Operation not permitted: this registry is in read-only mode")
            raise Refused(405, 405, "HTTP 405 Method Not Allowed")
        except Refused as refused:
            return Answer(refused.status, json.dumps({"error_code": refused.code, "message": refused.text}))

    def _get(self, words: list[str], query: dict[str, list[str]]) -> str:
        subjects = self._subjects
        match words:
            case []:
                return "{}"
            case ["healthz" | "readyz"]:
                return json.dumps({"status": "alive"})
            case ["subjects"]:
                return json.dumps(subjects.names(query.get("subjectPrefix", [""])[0]))
            case ["subjects", subject, "versions"]:
                return json.dumps(subjects.numbers(subject))
            case ["subjects", subject, "versions", number]:
                return json.dumps(subjects.version(subject, number))
            case ["subjects", subject, "versions", number, "schema"]:
                return str(subjects.version(subject, number)["schema"])
            case ["schemas", "types"]:
                return json.dumps(["AVRO"])
            case ["schemas", "ids", number]:
                return json.dumps({"schema": subjects.schema(number)})
            case ["schemas", "ids", number, "schema"]:
                return subjects.schema(number)
            case ["schemas", "ids", number, "subjects"]:
                return json.dumps([use["subject"] for use in subjects.uses(number)])
            case ["schemas", "ids", number, "versions"]:
                return json.dumps(subjects.uses(number))
            case ["config"]:
                return json.dumps({"compatibilityLevel": COMPATIBILITY})
            case ["config", subject]:
                subjects.numbers(subject)
                return json.dumps({"compatibilityLevel": COMPATIBILITY})
            case ["mode"]:
                return json.dumps({"mode": "READONLY"})
            case ["mode", subject]:
                subjects.numbers(subject)
                return json.dumps({"mode": "READONLY"})
        raise Refused(404, 404, "HTTP 404 Not Found")

    def _look_up(self, words: list[str], body: bytes) -> str:
        """`POST /subjects/S` asks whether a schema is there; `…/versions` registers it: one that is there already is
        told its id, as a producer's client expects, any other is refused."""
        try:
            asked = json.loads(body)["schema"]
        except (ValueError, TypeError, KeyError):
            raise Refused(422, 42201, "Invalid schema") from None
        if len(words) == 2:
            return json.dumps(self._subjects.registered(words[1], asked))
        if words[2] != "versions":
            raise Refused(404, 404, "HTTP 404 Not Found")
        try:
            return json.dumps({"id": self._subjects.registered(words[1], asked)["id"]})
        except Refused as refused:
            if refused.code == 42201:
                raise
            raise Refused(422, 42205, f"Subject {words[1]} is in read-only mode") from None
