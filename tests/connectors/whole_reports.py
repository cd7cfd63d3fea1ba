"""Reports with something in every field, as any agency may send them: what conversions are tried on. All are invented."""

from datetime import UTC, date, datetime

from hypothesis import strategies as st

from schemas.person import Address, Identifier, OtherPerson, Person
from schemas.reading import Attachment, Organisation, Report

BORN = Report(
    person=Person(
        given="Mina", family="Okafor", other_given=["Rose", "Ada"], known_as="Minnie", dob=date(2016, 2, 29), sex="F",
        sex_source="female", ethnicity="BAFR", ethnicity_source="N African", disabilities=["AUT", "HEAR"], looked_after="yes",
        identifiers=[
            Identifier(kind="nhs_number", value="4781234569"), Identifier(kind="upn", value="B801200005001"),
            Identifier(kind="former_upn", value="Q801200005002"), Identifier(kind="la_child_id", value="LA778"),
            Identifier(kind="local", value="H-123"),
        ],
        address=Address(lines=["1 Test Street", "Hightown", "Barnsley"], postcode="S70 1AA"),
        school="Hawthorn Primary School", language="Yoruba",
    ),
    kind="referral", action="update", reference="R-100", authority_code="E08000016", source_code="3E", source_original="A and E",
    organisation=Organisation(code="RXP", code_system="ods", name="Test Hospital"), need_code="N1", need_original="Abuse",
    risk="amber", risk_source="medium", written_at=datetime(2026, 6, 5, 9, 15, tzinfo=UTC),
    incident_at=datetime(2026, 6, 4, 20, 0, tzinfo=UTC), narrative="Bruising to both upper arms.\nMina is afraid to go home.",
    people=[
        OtherPerson(role="referrer", given="Deb", family="Example", phone="01226 000000", email="deb@example.org",
                    job="Consultant", organisation="Test Hospital",
                    address=Address(lines=["1 Hospital Road"], postcode="S75 2EP")),
        OtherPerson(role="parent", given="Ada", family="Okafor", relation="mother", dob=date(1990, 1, 1), phone="07700 900000",
                    email="ada@example.org", job="Cook", organisation="Cafe",
                    address=Address(lines=["1 Test Street"], postcode="S70 1AA")),
        OtherPerson(role="alleged_perpetrator", given="Ray", family="Okafor", relation="uncle"),
    ],
    attachments=[Attachment(content_type="image/jpeg", size=10, sha256="00")], unmapped={"shoe size": "3"},
)  # fmt: skip
"""A child of school age, referred by a hospital."""

UNBORN = BORN.model_copy(
    update={
        "person": Person(family="Sample", unborn=True, expected_dob=date(2026, 9, 1), sex="U", ethnicity_source="Cornish"),
        "kind": "information_only", "action": "cancel", "authority_code": "383", "source_code": "6",
        "organisation": Organisation(code="west-yorkshire", code_system="force", name="West Yorkshire Police"),
        "need_code": "", "need_original": "Unexplained absence", "risk": "", "risk_source": "Level 3",
    }
)  # fmt: skip
"""A child not yet born, in a notice of a police force that grades in words of its own."""

_GIVEN = st.sampled_from(["Mina", "Zoë", "Jean-Luc", "Oluwaseun", "Siân", "Mohammed", "Małgorzata", "D'Arcy"])
_FAMILY = st.sampled_from(["Okafor", "O'Brien", "Smith-Jones", "Nguyễn", "Żak", "Clarke", "Müller", "Begum"])
_DAYS = st.dates(date(2009, 1, 1), date(2026, 5, 1))
_TIMES = st.datetimes(datetime(2026, 5, 2), datetime(2026, 6, 30)).map(lambda one: one.replace(microsecond=0, tzinfo=UTC))
_LINES = st.sampled_from(["1 Test Street", "Flat 2 & 3, The Mill", "Côte House", "12 O'Connell Way"])
_POSTCODES = st.sampled_from(["S70 1AA", "LS9 7TF", "W1A 1AA", ""])
_STORIES = st.lists(
    st.sampled_from([
        "Bruising to both upper arms.", "She said \"I'm afraid\".", "Weight 5 < 10 & falling | see chart ^ below.",
        "Told the teacher ~ twice \\ on Monday.", "Zoë était seule — 2 nights.", "=1+1 was written on the note.",
    ]), min_size=1, max_size=4, unique=True,
).map("\n".join)  # fmt: skip
_OTHERS = st.builds(
    OtherPerson, role=st.sampled_from(["parent", "carer", "sibling"]), given=_GIVEN, family=_FAMILY,
    phone=st.sampled_from(["", "07700 900000"]),
)  # fmt: skip


@st.composite
def _relation(draw: st.DrawFn) -> OtherPerson:
    words = {"parent": "mother", "carer": "foster carer", "sibling": "brother"}
    person = draw(_OTHERS)
    return person.model_copy(update={"relation": words[person.role]})


_PERSONS = st.builds(
    Person, given=_GIVEN, family=_FAMILY, other_given=st.lists(_GIVEN, max_size=2), dob=_DAYS,
    known_as=st.sampled_from(["", "Bobby"]), sex=st.sampled_from(["M", "F", "U"]),
    ethnicity=st.sampled_from(["", "WBRI", "APKN", "MWBC"]), language=st.sampled_from(["", "Polish", "Urdu"]),
    address=st.builds(Address, lines=st.lists(_LINES, min_size=1, max_size=3, unique=True), postcode=_POSTCODES),
    identifiers=st.lists(
        st.sampled_from([Identifier(kind="nhs_number", value="4781234569"), Identifier(kind="upn", value="B801200005001")]),
        max_size=2, unique_by=lambda one: one.kind,
    ),
)  # fmt: skip

reports = st.builds(
    Report, person=_PERSONS, action=st.sampled_from(["new", "update", "cancel"]), kind=st.just("referral"),
    reference=st.sampled_from(["R-100", "PPN/2026/004711", "HAW 2026 14"]), written_at=_TIMES, incident_at=st.none() | _TIMES,
    risk=st.sampled_from(["red", "amber", "green", "blue"]), narrative=_STORIES, need_code=st.sampled_from(["N1", "N5"]),
    organisation=st.just(Organisation(code="RXP", code_system="ods", name="Test Hospital")),
    authority_code=st.sampled_from(["", "E08000016"]), source_code=st.sampled_from(["2A", "3A", "6"]),
    people=st.lists(_relation(), max_size=2, unique_by=lambda one: (one.given, one.family)).map(
        lambda others: [OtherPerson(role="referrer", given="Deb", family="Example", phone="01226 000000"), *others]
    ),
)  # fmt: skip
"""Reports as agencies write them, with letters and marks that the formats must carry."""
