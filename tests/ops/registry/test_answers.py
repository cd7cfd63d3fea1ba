"""The registry's answers: every committed schema by its id, refusals with the codes that Confluent's clients know."""

import json

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.registry.answers import Registry
from ops.registry.subjects import Subjects
from schemas.avro import committed_versions
from schemas.catalogue import MODELS, catalogue

REGISTRY = Registry(Subjects(catalogue()))


def get(path: str) -> object:
    answer = REGISTRY.answer("GET", path)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


def test_every_id_that_was_ever_written_has_its_schema() -> None:
    for subject in MODELS:
        for version in committed_versions(subject):
            told = get(f"/schemas/ids/{version.schema_id}?subject=whatever-value&fetchMaxId=false")
            assert isinstance(told, dict)
            assert json.loads(told["schema"]) == version.schema == get(f"/schemas/ids/{version.schema_id}/schema")
            fastavro.parse_schema(json.loads(told["schema"]))


def test_every_topic_is_a_subject_with_all_its_versions() -> None:
    assert get("/subjects") == sorted(f"{topic}-value" for topic in catalogue().topics)
    assert get("/subjects?subjectPrefix=links") == ["links-value"]
    for name, topic in catalogue().topics.items():
        versions = committed_versions(topic.record)
        assert get(f"/subjects/{name}-value/versions") == [version.version for version in versions]
        latest = get(f"/subjects/{name}-value/versions/latest")
        assert latest == get(f"/subjects/{name}-value/versions/-1") == get(f"/subjects/{name}-value/versions/{len(versions)}")
        assert isinstance(latest, dict)
        assert (latest["subject"], latest["version"], latest["id"]) == (f"{name}-value", len(versions), versions[-1].schema_id)


def test_one_schema_on_several_topics_has_one_id_and_several_subjects() -> None:
    newest = committed_versions("Received")[-1]
    subjects = get(f"/schemas/ids/{newest.schema_id}/subjects")
    assert subjects == sorted(f"{name}-value" for name, topic in catalogue().topics.items() if topic.record == "Received")
    assert isinstance(subjects, list) and len(subjects) > 2
    uses = get(f"/schemas/ids/{newest.schema_id}/versions")
    assert uses == [{"subject": subject, "version": newest.version} for subject in subjects]


def test_it_tells_its_rule_and_that_it_is_read_only() -> None:
    assert get("/config") == get("/config/flags-value") == {"compatibilityLevel": "BACKWARD_TRANSITIVE"}
    assert get("/mode") == {"mode": "READONLY"}
    assert get("/schemas/types") == ["AVRO"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/nothing-value/versions", 404, 40401),
        ("/subjects/nothing-value/versions/1", 404, 40401),
        ("/config/nothing-value", 404, 40401),
        ("/subjects/flags-value/versions/99", 404, 40402),
        ("/subjects/flags-value/versions/0", 422, 42202),
        ("/subjects/flags-value/versions/newest", 422, 42202),
        ("/schemas/ids/4711", 404, 40403),
        ("/schemas/ids/one", 404, 40403),
        ("/contexts", 404, 404),
    ],
)
def test_what_is_not_there_is_refused_with_the_code_of_its_kind(path: str, status: int, code: int) -> None:
    answer = REGISTRY.answer("GET", path)
    assert (answer.status, json.loads(answer.text)["error_code"]) == (status, code)


def test_a_producer_finds_the_schema_it_was_built_with_and_cannot_bring_another() -> None:
    flag = committed_versions("Flag")[-1]
    there = json.dumps({"schema": json.dumps(flag.schema, indent=1)}).encode()
    other = json.dumps({"schema": '{"type": "record", "name": "Flag", "fields": []}'}).encode()

    def post(path: str, body: bytes) -> tuple[int, int]:
        answer = REGISTRY.answer("POST", path, body)
        told = json.loads(answer.text)
        return answer.status, told.get("id", told.get("error_code"))

    assert post("/subjects/flags-value", there) == (200, flag.schema_id)
    assert post("/subjects/flags-value/versions?normalize=false", there) == (200, flag.schema_id)
    assert post("/subjects/flags-value", other) == (404, 40403)
    assert post("/subjects/flags-value/versions", other) == (422, 42205)
    assert post("/subjects/new-value/versions", there) == (422, 42205)
    assert post("/subjects/flags-value", b"{") == (422, 42201)
    assert json.loads(REGISTRY.answer("DELETE", "/subjects/flags-value").text)["error_code"] == 42205
    assert json.loads(REGISTRY.answer("PUT", "/config", b"{}").text)["error_code"] == 42205


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]),
    st.text(max_size=40) | st.just("/["),
    st.binary(max_size=40),
)
def test_any_request_has_an_answer_in_json(method: str, path: str, body: bytes) -> None:
    answer = REGISTRY.answer(method, f"/{path}", body)
    json.loads(answer.text)
    assert answer.status in (200, 404, 405, 422)
