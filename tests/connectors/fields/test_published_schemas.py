"""Whatever our published schemas allow is read, and the child in it is the one that was sent: nobody needs to see the reader."""

import json
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.registry import reader
from schemas.codes import RISK_LEVELS
from schemas.reading import Hint, Report
from tests.connectors.fields.messages import reports_of

WORDS = {
    "given_name": ["Mina", "Zoë", "Jean-Luc", "Oluwaseun"], "family_name": ["Okafor", "O'Brien", "Smith-Jones", "Nguyễn"],
    "other_given_names": ["Rose", "Ada"], "known_as": ["Minnie"], "ethnicity": ["WBRI", "APKN"], "disabilities": ["AUT", "HEAR"],
    "nhs_number": ["4781234569"], "upn": ["B801200005001"], "lines": ["1 Test Street", "Barnsley"], "postcode": ["S70 1AA"],
    "local_authority": ["370", "E08000016"], "concern": ["Came with a bruise."], "circumstances": ["Shouting was heard."],
    "by": ["Joe Marsh"], "name": ["Ruth Adair"], "phone": ["0113 496 0002"], "email": ["r.adair@example.org"], "urn": ["107258"],
    "category": ["Neglect"], "type": ["Domestic abuse"], "relationship": ["mother"], "code": ["west-yorkshire"],
}  # fmt: skip
FORMATS: dict[str, st.SearchStrategy[str]] = {
    "date-time": st.sampled_from(["2026-06-05T14:12:00+01:00", "2026-06-05T23:40:00Z"]),
    "date": st.just("2016-02-29"),
}


NOT_TRIED = ("unborn", "expected_date_of_birth")  # a child with a date of birth is none
CHILD = {"given_name": "Mina", "family_name": "Okafor", "date_of_birth": "2016-02-29"}


def schema_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("connectors.formats") / f"{name}.schema.json").read_text())
    return found


def from_schema(node: dict[str, Any], root: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Values that a part of a schema allows: what it requires, and any choice of what else it names."""
    if "$ref" in node:
        return from_schema(root["$defs"][node["$ref"].rpartition("/")[2]], root, name)
    if "const" in node or "enum" in node:
        return st.sampled_from([word for word in node.get("enum") or [node["const"]] if word != "child"])
    match node.get("type"):
        case "object":
            needed = {*node.get("required", ()), *(CHILD if name == "child" else ())}
            known = {key: part for key, part in node.get("properties", {}).items() if key not in NOT_TRIED}
            parts = {
                key: from_schema(part, root, "child" if key in ("child", "children") else key) for key, part in known.items()
            }
            if name in ("people", "household"):
                parts["date_of_birth"] = st.just("1990-01-01")
            return st.fixed_dictionaries(
                {key: part for key, part in parts.items() if key in needed},
                optional={key: part for key, part in parts.items() if key not in needed},
            )
        case "array":
            return st.lists(from_schema(node.get("items", {}), root, name), min_size=1, max_size=2, unique_by=str)
        case "boolean":
            return st.booleans()
        case "integer" | "number":
            return st.integers(1, 9)
        case _:
            return FORMATS.get(node.get("format", ""), st.sampled_from(WORDS.get(name, ["A-1", "Some words"])))


def message(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Messages of a schema that name their children in one place, which is easy to compare."""
    root = schema_of(name)
    return from_schema(root, root).map(
        lambda made: {key: part for key, part in made.items() if key != "child"} | {"children": made.get("children") or [CHILD]}
    )


@pytest.mark.parametrize(("agency", "name"), [("education", "safeguarding-concern"), ("police", "public-protection-notice")])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_a_published_schema_allows_is_read_as_it_was_meant(agency: str, name: str, data: st.DataObject) -> None:
    sent = data.draw(message(name))
    reading = reader(agency)(json.dumps(sent, ensure_ascii=False).encode(), Hint())
    reports: list[Report] = reports_of(reading)
    assert reading.outcome == "contact"
    assert len(reports) == len(sent["children"])
    for child, report in zip(sent["children"], reports, strict=True):
        person = report.person
        assert (person.given, person.family, str(person.dob)) == (child["given_name"], child["family_name"], "2016-02-29")
        said_of_it = [one[name] for one in (child, sent) for name in ("risk_level", "risk") if one.get(name)]
        assert report.risk == min(said_of_it, key=RISK_LEVELS.index, default="")
        said = sent.get("concern") or sent.get("circumstances")
        assert said in report.narrative
        assert report.action == sent.get("action", "new")
        assert report.reference == (sent.get("concern_id") or sent.get("notice_number") or "")
