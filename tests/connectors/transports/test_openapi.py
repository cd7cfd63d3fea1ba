"""The OpenAPI document is true: whatever is sent, the answer is one that stands in it, in a form that stands in it."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..running import Connector

pytestmark = pytest.mark.broker

AGENCIES = ("health", "education", "police", "social_care")
#: Header values as a client may write them: printable, without line breaks.
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60).map(str.strip)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Idempotency-Key": VALUES,
        "Content-Type": st.one_of(VALUES, st.sampled_from(["application/fhir+json", "application/xml", "text/csv;charset=x"])),
        "Content-Disposition": st.one_of(VALUES, st.just('attachment; filename="a.json"'), st.just("x; filename*=utf-8''%ff")),
        "Content-Encoding": st.sampled_from(["gzip", "br", "identity"]),
        "traceparent": st.one_of(VALUES, st.just("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
        "Accept": st.sampled_from(["application/fhir+json", "application/json", "text/html", ""]),
        "Authorization": st.one_of(VALUES, st.just("Bearer wrong"), st.just("Basic eDp5")),
        "Origin": st.just("https://elsewhere.example"),
    },
)


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield client


@cache
def document(http: str) -> dict[str, Any]:
    told: dict[str, Any] = httpx.get(http + "/openapi.json", trust_env=False).json()
    return told


def follow(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    for part in schema["$ref"].removeprefix("#/").split("/"):
        document = document[part]
    return document


def check(document: dict[str, Any], path: str, answer: httpx.Response) -> None:
    """The answer's status, media type and required members stand in the document."""
    documented = document["paths"][path][answer.request.method.lower()]["responses"]
    assert str(answer.status_code) in documented, (path, answer.status_code)
    content = documented[str(answer.status_code)].get("content", {})
    media = answer.headers["content-type"].partition(";")[0]
    assert media in content, (path, answer.status_code, media)
    schema = follow(document, content[media].get("schema", {}))
    assert set(schema.get("required", ())) <= set(answer.json())


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(agency=st.sampled_from(AGENCIES), number=st.integers(0, 9), headers=HEADERS, body=st.binary(max_size=300))
def test_every_answer_to_a_message_stands_in_the_document(
    connector: Callable[[str], Connector],
    client: httpx.Client,
    agency: str,
    number: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    http = connector(agency).http
    paths = [path for path, methods in document(http)["paths"].items() if "post" in methods]
    path = paths[number % len(paths)]
    answer = client.post(http + path, content=body, headers=headers)
    check(document(http), path, answer)
    if answer.status_code == 202:
        (logged,) = {one.record.body for one in connector(agency).by_receipt(answer.headers["x-receipt-id"])}
        assert logged == body
    else:
        assert "x-receipt-id" not in answer.headers


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(agency=st.sampled_from(AGENCIES), receipt=st.one_of(st.uuids().map(str), VALUES.filter(lambda text: text.strip("./"))))
def test_every_answer_to_a_question_stands_in_the_document(
    connector: Callable[[str], Connector], client: httpx.Client, agency: str, receipt: str
) -> None:
    http = connector(agency).http
    answer = client.get(f"{http}/receipts/{quote(receipt, safe='')}")
    check(document(http), "/receipts/{receipt_id}", answer)
    assert answer.status_code in (404, 503)


@pytest.mark.parametrize("agency", AGENCIES)
def test_what_needs_no_message_answers_as_documented_and_other_methods_are_refused(
    connector: Callable[[str], Connector], client: httpx.Client, agency: str
) -> None:
    http = connector(agency).http
    for path, methods in document(http)["paths"].items():
        assert set(methods) <= {"get", "post"}
        if "get" in methods and "{" not in path:
            assert str(client.get(http + path).status_code) in methods["get"]["responses"]
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {one.upper() for one in methods}:
            answer = client.request(method, http + path.replace("{receipt_id}", "x"), content=b"x")
            assert (answer.status_code, json.loads(answer.content)["type"]) == (405, "urn:frontdoor:problem:method-not-allowed")
