"""A Kafka UI with our configuration shows nobody's name: here by what its rules of masking cover, field by field of every
schema; `tests/examples/test_kafka_ui.py` asks the UI itself where there is one."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.manifests.files import manifest_files
from ops.manifests.kafka_ui import MASK, SHOWN
from ops.topics import wanted_topics
from schemas.avro import generated
from schemas.catalogue import MODELS
from schemas.linkage import LinkPerson
from schemas.person import Address, OtherPerson, Person
from schemas.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[3]
COMMITTED = CHECKOUT / "deploy" / "kafka-ui" / "config.yml"
[CLUSTER] = yaml.safe_load(COMMITTED.read_text())["kafka"]["clusters"]
CATALOGUE = wanted_topics(Settings())
#: Where schemas say who a child, a member of a family or a professional is, or hold what somebody wrote.
OF_PEOPLE = {name for model in (Person, OtherPerson, Address, LinkPerson) for name in model.model_fields}
OF_PROFESSIONALS = {
    "by",
    "owner",
    "to",
    "worker_id",
    "worker_name",
    "email",
    "supervisor",
    "conflicts",
    "repaired_by",
    "answer_to",
}
WRITTEN = {"text", "reason", "body", "narrative", "details", "facts", "unmapped", "document", "file_name"}

Place = tuple[str, ...]


def leaves(schema: Any, place: Place = ()) -> Iterator[Place]:
    """Every value of a record by the names that the UI's JSON has around it. A union's value stands in an object of its own,
    under the name of its type; `*` is any key of a map."""
    match schema:
        case list():
            for branch in (one for one in schema if one != "null"):
                name = branch["name"] if isinstance(branch, dict) and "name" in branch else branch
                yield from leaves(branch, (*place, name["type"] if isinstance(name, dict) else name))
        case {"type": "record", "fields": fields}:
            for field in fields:
                yield from leaves(field["type"], (*place, field["name"]))
        case {"type": "array", "items": items}:
            yield from leaves(items, place)
        case {"type": "map", "values": values}:
            yield from leaves(values, (*place, "*"))
        case _:
            yield place


def is_masked(topic: str, place: Place) -> bool:
    """Whether one of the rules replaces this value: a rule without a pattern of fields replaces all, and below a field that
    is replaced everything is."""
    rules = (rule for rule in CLUSTER["masking"] if re.fullmatch(rule["topicValuesPattern"], topic))
    return any(re.fullmatch(rule.get("fieldsNamePattern", ".*"), name) for rule in rules for name in place)


@pytest.mark.parametrize("topic", sorted(CATALOGUE.topics))
def test_of_every_field_of_every_schema_only_what_names_nobody_can_be_read(topic: str) -> None:
    places = set(leaves(json.loads(generated(MODELS[CATALOGUE.topics[topic].record]))))
    seen = {place for place in places if not is_masked(topic, place)}
    if CATALOGUE.topics[topic].personal:
        assert not seen
    else:
        assert not {name for place in seen for name in place} & (OF_PEOPLE | OF_PROFESSIONALS | WRITTEN)
        assert seen, "ids, codes and times are there to be looked at"
        assert is_masked(topic, ("a_field_that_nobody_has_looked_at",))


def test_what_is_shown_is_a_field_of_a_topic_that_names_no_child() -> None:
    shown = {
        name
        for topic, told in CATALOGUE.topics.items() if not told.personal
        for place in leaves(json.loads(generated(MODELS[told.record]))) if not is_masked(topic, place)
        for name in place
    }  # fmt: skip
    assert shown >= SHOWN, "and no name is left over from another time"


def test_topics_that_nobody_has_thought_of_are_masked_whole_with_their_keys() -> None:
    unknown = [*CATALOGUE.partners, *map(CATALOGUE.changelog_topic, CATALOGUE.changelogs), "flags-2", "a-new-topic"]
    personal = [name for name, topic in CATALOGUE.topics.items() if topic.personal]
    whole = [rule for rule in CLUSTER["masking"] if "fieldsNamePattern" not in rule and "fields" not in rule]
    for name in (*personal, *unknown):
        assert any(re.fullmatch(rule["topicKeysPattern"], name) for rule in whole), name
        assert any(re.fullmatch(rule["topicValuesPattern"], name) for rule in whole), name
    assert all((rule["type"], rule["replacement"]) == ("REPLACE", MASK) for rule in CLUSTER["masking"])


def test_the_file_of_docker_compose_is_what_the_catalogue_says_now() -> None:
    assert COMMITTED.read_text() == manifest_files(CATALOGUE)[Path("kafka-ui/config.yml")], "./frontdoor manifests deploy"
    assert CLUSTER["readOnly"] is True
