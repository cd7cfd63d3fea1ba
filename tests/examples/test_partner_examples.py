"""The examples for partners, run as a partner would: each message is on the log as it was sent, under its receipt."""

import re
import sys
from pathlib import Path

import pytest

from ops.read_command import read_file

from ..connectors.running import Logged, eventually
from .conftest import Hub
from .tools import EXAMPLES, needs_program, run

MESSAGES = EXAMPLES / "messages"
CONCERN = MESSAGES / "concern.json"
RECEIPT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

over_http = [
    pytest.param(["sh", EXAMPLES / "curl" / "send.sh"], marks=needs_program("curl"), id="curl"),
    pytest.param(["node", EXAMPLES / "javascript" / "send.mjs"], marks=needs_program("node"), id="javascript"),
    pytest.param(
        ["java", "-XX:TieredStopAtLevel=1", EXAMPLES / "java" / "SendMessage.java"],
        marks=needs_program("java", "javac"),
        id="java",
    ),
]


def stored(hub: Hub, agency: str, printed: str) -> Logged:
    """The one record under the receipt that a program printed."""
    found = RECEIPT.search(printed)
    assert found is not None, printed
    [record] = eventually(lambda: hub.connector(agency).by_receipt(found[0]))
    return record  # type: ignore[no-any-return]


@pytest.mark.broker
@pytest.mark.parametrize("program", over_http)
def test_a_message_over_http_is_stored_under_the_receipt_that_is_printed(
    hub: Hub, program: list[str | Path], request: pytest.FixtureRequest
) -> None:
    url, key = f"{hub.connector('education').http}/concerns", request.node.callspec.id
    printed = run([*program, url, CONCERN, "application/json", key])
    one = stored(hub, "education", printed)
    assert (one.record.body, one.record.idempotency_key) == (CONCERN.read_bytes(), key)
    assert one.record.content_type == "application/json"


@pytest.mark.broker
@needs_program("curl")
def test_sent_again_with_the_same_key_it_has_the_same_receipt(hub: Hub) -> None:
    url = f"{hub.connector('education').http}/concerns"
    command = ["sh", EXAMPLES / "curl" / "send.sh", url, CONCERN, "application/json", "again"]
    assert run(command) == run(command)


@pytest.mark.broker
@needs_program("curl")
def test_a_program_says_so_when_a_message_was_not_taken(hub: Hub) -> None:
    url = f"{hub.connector('education').http}/nowhere"
    with pytest.raises(AssertionError, match="not taken: .*404"):
        run(["sh", EXAMPLES / "curl" / "send.sh", url, CONCERN, "application/json", "lost"])


@pytest.mark.broker
def test_an_hl7_message_over_mllp_is_stored_under_the_receipt(hub: Hub, tmp_path: Path) -> None:
    host, _, port = hub.connector("health").urls["mllp"].rpartition(":")
    edited = tmp_path / "edited.hl7"
    edited.write_bytes((MESSAGES / "referral.hl7").read_bytes().replace(b"\r", b"\n"))
    printed = run([sys.executable, EXAMPLES / "python" / "send_mllp.py", host, port, edited])
    assert stored(hub, "health", printed).record.body == (MESSAGES / "referral.hl7").read_bytes()


@pytest.mark.broker
def test_a_record_on_a_partners_own_topic_is_copied(hub: Hub) -> None:
    connector, program = hub.connector("education"), EXAMPLES / "python" / "send_to_topic.py"
    printed = run([sys.executable, program, hub.bootstrap, "partner.example-education.in", CONCERN, "application/json"])
    assert re.fullmatch(r"partner\.example-education\.in partition \d offset 0\n", printed)

    def copied() -> list[Logged]:
        return [one for one in connector.logged() if one.record.transport == "kafka"]

    [one] = eventually(copied, 30)
    assert (one.record.body, one.record.sender) == (CONCERN.read_bytes(), "education-kafka")


@pytest.mark.parametrize(
    ("agency", "name"),
    [("education", "concern.json"), ("health", "referral.hl7"), ("health", "referral.json"), ("police", "notice.xml")],
)
def test_the_example_messages_are_read_as_a_contact_about_one_child(agency: str, name: str) -> None:
    [told] = read_file(agency, Path(name), (MESSAGES / name).read_bytes())
    assert told["disposition"] == "contact"
    assert [child["person"]["family"] for child in told["contacts"]] == ["Field"]
