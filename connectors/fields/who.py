"""Which names of fields and which role words stand for a child, another person or an organisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from connectors.fields.naming import unnumbered, words
from schemas.person import Role

Kind = Literal["child", "person", "organisation"]

AnyRole = Role | Literal["child", ""]
"""A role of `schemas.person`, the child itself, or "" when nothing says."""


@dataclass(frozen=True, slots=True)
class Who:
    """What a field's name says about who is in it. `role` is empty when only a role field or an age can tell."""

    kind: Kind
    role: AnyRole = ""
    word: str = ""
    named: bool = False


def _table(kind: Kind, role: AnyRole, names: str, named: bool = False) -> dict[str, Who]:
    return {name: Who(kind, role, name, named) for name in names.split()}


#: `named` marks a field whose plain text is taken for a person's name (`mother: "Jane Smith"`).
_WHO: Mapping[str, Who] = {
    **_table(
        "child",
        "child",
        "child children childs pupil pupils student students learner learners youngperson youngpersons youngpeople cyp "
        "minor minors baby babies infant infants kid kids schoolchild unborn unbornchild unbornbaby unbornchildren childrens "
        "subjectchild subjectchildren childsubject childsubjects childvictim childvictims childrenofconcern "
        "childofconcern childrensubject childrenconcerned childconcerned childreninvolved childinvolved patient patients "
        "youngpersonschild childyoungperson childoryoungperson childrenyoungpeople childrenandyoungpeople indexchild",
        named=True,
    ),
    **_table("child", "", "subject subjects subjectperson personofconcern subjectofconcern subjectofreferral "
             "subjectofreport subjectofnotice subjectofppn", named=True),
    **_table("person", "", "victim victims vulnerableperson vulnerablepersons vulnerablepeople aggrieved "
             "missingperson missingpersons personatrisk personsatrisk peopleatrisk atriskperson atriskpersons", named=True),
    **_table("person", "", "person persons people party parties individual individuals nominal nominals "
             "participant participants personspresent peoplepresent witness witnesses nominallist entity entities "
             "personsinvolved involvement involvements"),
    **_table("person", "other", "linkedchild linkedchildren linkedpupil linkedpupils linkedstudent linkedstudents "
             "associatedchild associatedchildren associatedpupils relatedchild relatedchildren relatedpupils associate "
             "associates", named=True),
    **_table("person", "other", "adult adults nextofkin emergencycontact emergencycontacts familycontacts grandparent "
             "grandparents grandmother grandfather aunt uncle neighbour relative relatives friend friends "
             "otherpeople otherpersons otheradults significantothers significantother contactpersons", named=True),
    **_table("person", "parent", "parent parents mother father mum dad mam birthmother birthfather stepmother stepfather "
             "stepmum stepdad stepparent stepparents adoptiveparents parentcarer parentscarers parentscarer parentcarers "
             "parentorcarer parentsorcarers parentguardian parentsguardians parentsandcarers naturalparents", named=True),
    **_table("person", "carer", "carer carers guardian guardians caregiver caregivers fostercarer fostercarers "
             "kinshipcarer", named=True),
    **_table("person", "sibling", "sibling siblings brother brothers sister sisters halfbrother halfsister stepbrother "
             "stepsister twin twins", named=True),
    **_table("person", "household", "household householdmember householdmembers othersinhousehold familymember "
             "familymembers family familydetails familycomposition livingwith liveswith personsinhousehold "
             "peopleinhousehold membersofhousehold householdcomposition familynetwork partner member members occupant occupants resident residents"),
    **_table("person", "alleged_perpetrator", "suspect suspects perpetrator perpetrators offender offenders "
             "allegedperpetrator allegedperpetrators accused allegedoffender personposingrisk aggressor abuser "
             "allegedabuser defendant personresponsible", named=True),
    **_table("person", "referrer", "referrer reporter reportedby submittedby referredby raisedby loggedby dsl "
             "designatedsafeguardinglead safeguardinglead designatedlead deputydsl ddsl caller informant notifier "
             "notifiedby author completedby createdby writtenby staffmember memberofstaff reportingstaff reportingofficer "
             "officer officers officerincase officerincharge oic attendingofficer attendingofficers submittingofficer "
             "recordedby sentby enteredby reportauthor personreporting reportingperson contactedby callerdetails "
             "submitter sendingofficer investigatingofficer raiser referringperson issuedby issuingofficer "
             "completingofficer referringprofessional notifyingofficer preparedby signedby filedby your personmakingreferral "
             "personmakingthereferral personmakingthisreferral personreferring personcompletingform personcompletingthisform "
             "personcompletingtheform personraisingconcern personraisingtheconcern personmakingreport personreportingconcern",
             named=True),
    **_table("person", "professional", "professional professionals staff staffinvolved gp socialworker healthvisitor teacher classteacher "
             "headteacher schoolnurse keyworker midwife leadprofessional otherprofessionals supervisor supervisingofficer "
             "sergeant reviewedby approvedby headofyear tutor doctor professionalsinvolved senco authorisedby "
             "supervisingsergeant agenciesinvolved agencies", named=True),
    **_table("organisation", "", "school schools setting establishment organisation organization org sendingorganisation "
             "provider academy nursery college force policeforce agency referringorganisation reportingorganisation "
             "submittingorganisation originator institution sendingagency referringagency schoolorsetting sender "
             "educationprovider sourceorganisation originatingorganisation reportingagency schoolsetting "
             "reportingschool referringschool sendingschool issuingforce reportingforce submittingforce "
             "originatingforce sendingforce sendingorganization senderorganisation", named=True),
}  # fmt: skip

_AROUND = (
    "details", "detail", "information", "info", "record", "records", "data", "particulars", "list", "section", "summary",
    "involved", "linked", "named", "main", "primary", "about", "the", "other", "associated", "concerned", "present",
    "additional", "affected", "vulnerable", "nominated", "identified", "atrisk", "ataddress", "athome", "atscene", "onscene",
    "inhousehold", "inthehousehold", "inhome", "inthehome", "exposed", "harmed", "known", "profile", "current", "usual", "element", "type", "node", "collection", "array", "group", "set",
)  # fmt: skip

#: What was, or is only connected: nothing in it is this message's own reference, date or risk.
_BACKGROUND = (
    "previous", "priorincident", "priorconcern", "priornotice", "pastincident", "pastconcern", "history", "historic",
    "related", "linked", "earlier", "chronology", "associated",
)  # fmt: skip
_PLACES = ("location", "incidentlocation", "scene", "venue", "place", "placeofincident", "incidentplace")
_KNOWN_ATTACHMENTS = ("attachments", "attachment", "documents", "document", "files", "file", "photos", "photographs", "images")


@lru_cache(maxsize=16384)
def who_is_in(folded: str) -> Who | None:
    """Who a field holds, by its folded name (numbers at the end left out), or None when it names nobody."""
    name = unnumbered(folded)
    if name in _WHO:
        return _WHO[name]
    if len(name) > 40:
        return None
    return next((_WHO[inner] for once in _stripped(name) for inner in (once, *_stripped(once)) if inner in _WHO), None)


def _stripped(name: str) -> list[str]:
    """A name without one of the words that say nothing (`details`, `the`)."""
    found: list[str] = []
    if name.startswith(_AROUND):
        found += [name[len(word) :] for word in _AROUND if name.startswith(word)]
    if name.endswith(_AROUND):
        found += [name[: -len(word)] for word in _AROUND if name.endswith(word)]
    return [shorter for shorter in found if shorter]


def owner_of(folded: str) -> Who | None:
    """Who a folded name is exactly a word for, as the first part of a flat field (`child` in `childname`)."""
    return _WHO.get(folded)


@lru_cache(maxsize=8192)
def is_background(folded: str) -> bool:
    """Whether a structure under this name tells of something else than this message's own concern."""
    told = folded.startswith(_BACKGROUND) and who_is_in(folded) is None
    return told or folded in _PLACES or folded.endswith("history")


def holds_documents(folded: str) -> bool:
    """Whether a field of this name holds files."""
    return unnumbered(folded) in _KNOWN_ATTACHMENTS


_PARENT = frozenset(
    "mother father mum dad mam mummy daddy parent parents stepmother stepfather stepmum stepdad stepparent mom "
    "birthmother birthfather".split()
)
_CARER = frozenset("carer guardian foster fostercarer caregiver kinship carers sgo".split())
_SIBLING = frozenset(
    "brother sister sibling halfbrother halfsister stepbrother stepsister twin siblings brothers sisters".split()
)
_PERPETRATOR = frozenset(
    "suspect perpetrator offender accused aggressor abuser perp defendant allegedperpetrator suspected".split()
)
_PARTNER = frozenset("partner boyfriend girlfriend husband wife lodger spouse cohabitee cohabitant fiance ex".split())
_WIDER = frozenset(
    "grandmother grandfather gran nan nana grandad granny grandparent aunt auntie uncle cousin neighbour friend relative "
    "childminder stranger landlord adult associate".split()
)
_PROFESSIONAL = frozenset(
    "teacher headteacher gp doctor nurse midwife visitor worker professional officer dsl constable sergeant coach tutor "
    "tutors police paramedic psychologist therapist solicitor".split()
)
_REFERRER = frozenset("referrer reporter caller informant notifier reporting".split())
_CHILD = frozenset(
    "child pupil student infant baby minor unborn son daughter youngperson youth toddler teenager juvenile boy girl "
    "children learner stepson stepdaughter cyp kid newborn".split()
)
_LEADS_ON = frozenset("who that which of to with whose".split())
"""Words behind which somebody else is named."""

_HOUSEHOLD = frozenset("household resident occupant".split())


@lru_cache(maxsize=4096)
def role_in(text: str) -> AnyRole:
    """The role a role or relationship text stands for; "" when it could be a child as well as an adult (victim)."""
    said = words(text)
    plain = "".join(said)
    found = set(said) | {plain}
    if "young" in found and ("person" in found or "people" in found):
        found.add("youngperson")
    for stems, role in _BY_WORD:
        # "tram conductor who found the children" is no child.
        if found & stems and (role != "child" or _before_its_object(said, plain) & stems or "youngperson" in found):
            return role
    named = who_is_in(plain)
    return named.role if named and named.kind != "organisation" else ""


def _before_its_object(said: Sequence[str], plain: str) -> set[str]:
    end = next((place for place, word in enumerate(said) if word in _LEADS_ON), len(said))
    return {*said[:end], *([plain] if end == len(said) else [])}


# The order matters: "mother's partner" is no mother, "child's father" no child, "grand mother" neither.
_BY_WORD: tuple[tuple[frozenset[str], AnyRole], ...] = (
    (_PERPETRATOR, "alleged_perpetrator"),
    (_REFERRER, "referrer"),
    (_PARTNER, "household"),
    (_WIDER, "other"),
    (_CARER, "carer"),
    (_PARENT, "parent"),
    (_SIBLING, "sibling"),
    (_PROFESSIONAL, "professional"),
    (_CHILD, "child"),
    (_HOUSEHOLD, "household"),
)
