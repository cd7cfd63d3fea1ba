"""The recipients file: what can be used is used, what cannot is named, and no secret stands in it or in what is said of it."""

from pathlib import Path

import pytest
import yaml

from connectors.delivery.recipients import RecipientsRefused, check_recipients, load_recipients, out_topics
from ops.school_directory import schools_listed

HTTP = {"id": "case-system", "agency": "social_care", "http": {"url": "https://cases.example/in"}}


def file_of(tmp_path: Path, *entries: object) -> Path:
    path = tmp_path / "recipients.yaml"
    path.write_text(yaml.safe_dump({"recipients": list(entries)}))
    return path


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"id": "x", "agency": "social_care"}, "give one way to reach it"),
        ({**HTTP, "folder": {"path": "/tmp"}}, "give one way to reach it"),
        ({**HTTP, "agency": "weather"}, "agency must be one of"),
        ({**HTTP, "format": "telex"}, "format must be one of json"),
        ({**HTTP, "http": {"url": "http://cases.example/in"}}, "must begin with https://"),
        ({**HTTP, "http": {"url": "https://cases.example/in", "secret": "hunter2"}}, "must not hold a secret"),
        ({"id": "x", "agency": "police", "mllp": {"host": "h", "port": 1}}, "mllp carries format: hl7v2"),
        ({"id": "x", "agency": "police", "inbox": {"url": "postgresql://u:hunter2@h/b"}}, "must not hold a password"),
        ({**HTTP, "parallell": 2}, "parallell: Extra inputs"),
        ({**HTTP, "give_up_hours": 0}, "give_up_hours: Input should be greater than 0"),
    ],
)
def test_an_entry_that_cannot_be_used_is_named_with_what_to_do(tmp_path: Path, entry: object, said: str) -> None:
    path = file_of(tmp_path, HTTP | {"id": "first"}, entry)
    with pytest.raises(RecipientsRefused) as refused:
        load_recipients(path)
    assert "entry 2" in str(refused.value) and said in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_two_of_one_id_a_file_that_is_none_and_a_missing_secret_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipientsRefused, match="two recipients have the id case-system"):
        load_recipients(file_of(tmp_path, HTTP, HTTP))
    broken = tmp_path / "broken.yaml"
    broken.write_text("recipients: [{token: hunter2")
    with pytest.raises(RecipientsRefused, match="is not YAML") as refused:
        load_recipients(broken)
    assert "hunter2" not in str(refused.value)
    secret = {"url": "https://cases.example/in", "secret": {"env": "FRONTDOOR_TEST_NOT_SET"}}
    with pytest.raises(RecipientsRefused, match="Recipient case-system: http secret: .*FRONTDOOR_TEST_NOT_SET"):
        check_recipients(load_recipients(file_of(tmp_path, {**HTTP, "http": secret})))
    with pytest.raises(RecipientsRefused, match="there is no directory"):
        check_recipients(load_recipients(file_of(tmp_path, {"id": "x", "agency": "police", "folder": {"path": "/no/such"}})))


def test_the_file_in_the_documentation_can_be_used_and_partners_topics_are_made_from_it(tmp_path: Path) -> None:
    docs = (Path(__file__).parents[3] / "docs" / "delivery.md").read_text()
    path = tmp_path / "recipients.yaml"
    path.write_text(docs.split("```yaml\n")[1].split("```")[0])
    recipients = load_recipients(path)
    assert [one.channel for one in recipients] == ["http", "mllp", "folder", "inbox", "kafka", "mail"]
    assert schools_listed(recipients) == dict.fromkeys(("107258", "elm primary school", "elm primary"), "elm-school")
    fetch_theirs = [one.id for one in recipients if not one.has_statements]
    assert fetch_theirs == ["case-system", "st-marys-pas"], "an MLLP listener takes HL7 alone"
    assert out_topics(recipients) == ("partner.anytown-trust.out",)
    assert load_recipients(None) == ()
