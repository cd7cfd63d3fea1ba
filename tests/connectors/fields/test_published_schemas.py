"""Whatever our published schemas allow is read, and the child in it is the one that was sent: nobody needs to see the reader."""

import json
from importlib.resources import files
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.registry import reader
from schemas.codes import RISK_LEVELS, risk_level
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
        case "object" if name == "more":
            return st.just({"PatrolBeat": "E4 north"})
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
        said_of_it = [risk_level(one[name]) for one in (child, sent) for name in ("risk_level", "risk") if one.get(name)]
        assert report.risk == min(said_of_it, key=RISK_LEVELS.index, default="")
        said = sent.get("concern") or sent.get("circumstances")
        assert said in report.narrative
        assert report.action == sent.get("action", "new")
        assert report.reference == (sent.get("concern_id") or sent.get("notice_number") or "")
        assert ("more.PatrolBeat" in report.unmapped) == ("more" in sent)
        assert [one.file_name for one in report.attachments] == [one.get("file_name", "") for one in sent.get("attachments", [])]


WHOLE_NOTICE = """<PublicProtectionNotice><NoticeNumber>PPN/1</NoticeNumber><Action>new</Action><NoticeType>referral</NoticeType>
 <MessageId>m-1</MessageId><WrittenAt>2026-06-05T23:40:00+01:00</WrittenAt>
 <Force code="west-yorkshire">West Yorkshire Police</Force>
 <Officer><Name>PC Hale</Name><CollarNumber>4471</CollarNumber><Job>Constable</Job><Phone>101</Phone>
  <Email>hale@force.example</Email><More><Shift>B turn</Shift></More></Officer><Risk>MEDIUM</Risk>
 <Incident><Number>13260123456</Number><At>2026-06-05T21:15:00+01:00</At><Type>domestic abuse</Type>
  <Location>4 Elm Court</Location><More><Weapon>none seen</Weapon></More></Incident>
 <Children><Child><Forename>Mina</Forename><MiddleNames>Rose</MiddleNames><Surname>Okafor</Surname><KnownAs>Minnie</KnownAs>
  <DateOfBirth>2016-02-29</DateOfBirth><Unborn>false</Unborn><Sex>F</Sex><Ethnicity>WBRI</Ethnicity>
  <Disabilities><Disability>AUT</Disability></Disabilities><LookedAfter>no</LookedAfter><NHSNumber>4781234569</NHSNumber>
  <UPN>B801200005001</UPN><FormerUPN>Q801200005002</FormerUPN><LAchildID>LA778</LAchildID><PersonId>PNC-12345/09</PersonId>
  <Address><Line>4 Elm Court</Line><Postcode>LS1 4AB</Postcode></Address><School>Hawthorn Primary</School>
  <FirstLanguage>Yoruba</FirstLanguage><Risk>HIGH</Risk><Circumstances>She hid.</Circumstances>
  <More><Marker xmlns="urn:force">none known</Marker></More></Child>
  <Child><Unborn>true</Unborn><ExpectedDateOfBirth>2026-09-01</ExpectedDateOfBirth></Child></Children>
 <People><Person><Role>suspect</Role><Relationship>uncle</Relationship><Forename>Ray</Forename><MiddleNames>Ed</MiddleNames>
  <Surname>Okafor</Surname><DateOfBirth>1990-01-01</DateOfBirth><Phone>07700 900000</Phone><Email>r@example.org</Email>
  <Job>Cook</Job><Organisation>Cafe</Organisation><Address><Line>4 Elm Court</Line></Address>
  <More><Bail>not to come near</Bail></More></Person></People>
 <Circumstances>Shouting was heard.</Circumstances><SourceCode>6</SourceCode><LocalAuthority>383</LocalAuthority>
 <Attachments><Attachment><FileName>stairs.jpg</FileName><ContentType>image/jpeg</ContentType><Content>/9j/4AAQ</Content>
 </Attachment></Attachments><More><Dash><Score>16</Score></Dash></More></PublicProtectionNotice>"""

#: What the two published schemas of a notice call by different names.
_SAME = {
    "forename": "givenname", "surname": "familyname", "middlenames": "othergivennames", "line": "lines", "child": "children",
    "person": "people", "attachment": "attachments", "disability": "disabilities",
}  # fmt: skip


def test_a_notice_with_all_that_the_xml_schema_names_is_read_whole_and_the_json_schema_names_the_same() -> None:
    etree = pytest.importorskip("lxml.etree")
    xsd = etree.fromstring((files("connectors.formats") / "public-protection-notice.xsd").read_bytes())
    etree.XMLSchema(xsd).assertValid(etree.fromstring(WHOLE_NOTICE))
    named = {one.get("name") for one in xsd.iter("{*}element", "{*}attribute")}
    own = {"Shift", "Weapon", "{urn:force}Marker", "Bail", "Dash", "Score"}
    used = {name for one in fromstring(WHOLE_NOTICE).iter() for name in (one.tag, *one.attrib)}
    assert named == used - own, "the notice above has all that the schema names"
    in_json = {name for node in objects(schema_of("public-protection-notice")) for name in node.get("properties", {})}
    folded = {_SAME.get(name.casefold(), name.casefold()) for name in named - {"PublicProtectionNotice"}}
    assert folded == {name.replace("_", "") for name in in_json}
    words = {one.get("value") for one in xsd.iterfind("{*}simpleType[@name='Role']//{*}enumeration")}
    assert words == set(schema_of("public-protection-notice")["$defs"]["other_person"]["properties"]["role"]["enum"])

    [mina, unborn] = reports_of(reader("police")(WHOLE_NOTICE.encode(), Hint()))
    assert (mina.risk, unborn.risk, unborn.person.unborn) == ("red", "amber", True)
    assert [one.file_name for one in mina.attachments] == ["stairs.jpg"]
    whole = mina.model_dump_json() + unborn.model_dump_json()
    as_fields = {"2026-06-05T23:40:00+01:00", "2026-06-05T21:15:00+01:00", "/9j/4AAQ", "PC Hale", "suspect"}
    texts = {text.strip() for text in fromstring(WHOLE_NOTICE).itertext() if text.strip()} - as_fields
    assert {text for text in texts if text not in whole} == set()
    assert {(one.role, one.family, one.job) for one in mina.people} == {
        ("referrer", "Hale", "Constable, PC"), ("alleged_perpetrator", "Okafor", "Cook"),
    }  # fmt: skip


def objects(node: Any) -> list[dict[str, Any]]:
    """All objects in a schema."""
    if isinstance(node, list):
        return [found for part in node for found in objects(part)]
    return [node, *(found for part in node.values() for found in objects(part))] if isinstance(node, dict) else []
