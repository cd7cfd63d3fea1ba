"""What travels is committed, compatible with all that was ever written, and decodes."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avro import committed_versions, generated, incompatibilities
from schemas.case_event import CaseEvent
from schemas.catalogue import MODELS, catalogue, codec
from schemas.wire import Codec, Undecodable
from tests.schemas.examples import EXAMPLES


@pytest.mark.parametrize("subject", sorted(MODELS))
def test_the_committed_schema_is_the_models(subject: str) -> None:
    newest = committed_versions(subject)[-1].schema
    assert newest == json.loads(generated(MODELS[subject])), "run ./frontdoor schemas write and commit the result"


@pytest.mark.parametrize("subject", sorted(MODELS))
def test_the_newest_schema_reads_every_earlier_version(subject: str) -> None:
    assert incompatibilities(subject, json.dumps(committed_versions(subject)[-1].schema)) == []


def test_a_field_without_a_default_is_refused_as_incompatible() -> None:
    schema = committed_versions("Flag")[-1].schema
    schema = {**schema, "fields": [*schema["fields"], {"name": "extra", "type": "string"}]}
    assert incompatibilities("Flag", json.dumps(schema))


def test_schema_ids_are_unique() -> None:
    ids = [version.schema_id for subject in MODELS for version in committed_versions(subject)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("topic", sorted(catalogue().topics))
def test_every_topic_has_an_example_that_decodes(topic: str) -> None:
    example = EXAMPLES[catalogue().topics[topic].record]
    assert codec(topic).decode(codec(topic).encode(example)) == example


def test_topics_without_personal_data_have_no_field_for_it() -> None:
    personal = {"person", "narrative", "body", "text", "people", "report", "contact", "file_name"}
    for name, topic in catalogue().topics.items():
        if not topic.personal:
            assert not personal & set(MODELS[topic.record].model_fields), name


def test_the_architecture_page_has_every_topic() -> None:
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text()
    for name, topic in catalogue().topics.items():
        row = next((line for line in page.splitlines() if line.startswith(f"| `{name}` |")), "")
        assert topic.key in row and ", ".join(topic.writers) in row and ", ".join(topic.readers) in row, name


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_record_are_said_to_be_none_without_quoting_them(data: bytes) -> None:
    try:
        Codec(CaseEvent).decode(data)
    except Undecodable as error:
        assert data.decode("latin-1")[:8] not in str(error) or len(data) < 3


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_record_never_raises_anything_else(data: st.DataObject) -> None:
    example = EXAMPLES["CaseEvent"]
    encoded = bytearray(Codec(CaseEvent).encode(example))
    for _ in range(data.draw(st.integers(1, 5))):
        encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(encoded)))
    with contextlib.suppress(Undecodable):
        Codec(CaseEvent).decode(bytes(encoded[:cut]))
