"""The Kafka UI itself, where there is one: what its API gives of our topics names nobody."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from ops.manifests.kafka_ui import MASK, configuration
from ops.topics import wanted_topics
from schemas.catalogue import codec
from schemas.settings import Settings

from ..schemas.examples import EXAMPLES as RECORDS
from .conftest import Hub
from .foreign_servers import free_port, has_image, image_of, in_container, serving

pytestmark = pytest.mark.broker

IMAGE = image_of("kafka-ui")
#: The UI's own jar, for a machine without its image.
JAR = os.environ.get("FRONTDOOR_TEST_KAFKA_UI_JAR", "")


@pytest.fixture
def api(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of our cluster in the API of a UI with our configuration, but for where the broker and the registry are."""
    if not JAR and not has_image(IMAGE):
        pytest.skip(f"no Kafka UI: {IMAGE} is not on an engine here, and FRONTDOOR_TEST_KAFKA_UI_JAR names no jar")
    hub: Hub = request.getfixturevalue("hub")
    file, address = tmp_path / "config.yml", f"127.0.0.1:{free_port()}"
    file.write_text(yaml.safe_dump(configuration(wanted_topics(Settings()), hub.bootstrap, hub.registry)))
    host, port = address.split(":")
    env = {"SPRING_CONFIG_ADDITIONAL-LOCATION": str(file), "SERVER_ADDRESS": host, "SERVER_PORT": port}
    java = Path(os.environ["JAVA_HOME"], "bin", "java") if "JAVA_HOME" in os.environ else "java"
    command = [str(java), "-Xmx384m", "-jar", JAR] if JAR else in_container(IMAGE, env, file)
    with serving(command, f"http://{address}/actuator/health", tmp_path / "log", env):
        yield f"http://{address}/api/clusters/frontdoor"


def messages(api: str, topic: str, **choice: str) -> list[dict[str, Any]]:
    """The first messages of a topic, as the UI's own page asks for them."""
    asked = {"mode": "EARLIEST", "limit": "20", **choice}
    answer = httpx.get(f"{api}/topics/{topic}/messages/v2", params=asked, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    told = [json.loads(line.removeprefix("data:")) for line in answer.text.splitlines() if line.startswith("data:")]
    return [one["message"] for one in told if one["type"] == "MESSAGE"]


def leaves(value: Any) -> set[Any]:
    if isinstance(value, dict):
        return {leaf for one in value.values() for leaf in leaves(one)}
    return {leaf for one in value for leaf in leaves(one)} if isinstance(value, list) else {value}


def test_a_message_fetched_through_the_ui_names_nobody(api: str, hub: Hub) -> None:
    case_event = RECORDS["CaseEvent"].model_copy(update={"by": "Alma Worker", "details": {"why": "Alma knows them"}})
    hub.put("contacts", b"masked-key", codec("contacts").encode(RECORDS["Contact"]))
    hub.put("quarantine", b"masked-key", codec("quarantine").encode(RECORDS["Received"]))
    hub.put("case-events", b"shown-key", codec("case-events").encode(case_event))
    for topic in ("contacts", "quarantine"):
        # As what it is, and as bytes, which a person may choose.
        for choice in ({}, {"valueSerde": "String"}, {"valueSerde": "Hex"}):
            found = messages(api, topic, **choice)
            assert found
            for one in found:
                content = str(one.get("value", one.get("content")))
                assert one["key"] == MASK
                assert content == MASK or leaves(json.loads(content)) == {MASK}
    event = next(one for one in messages(api, "case-events") if one["key"] == "shown-key")
    content = str(event.get("value", event.get("content")))
    assert "Alma" not in content and case_event.model_dump()["contact_id"] in content
