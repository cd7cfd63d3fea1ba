"""What partners' words mean: risk, kind of message, new or amended or cancelled, need, and who told of the concern."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from connectors.fields.naming import words
from schemas.codes import PRIMARY_NEEDS, REFERRAL_SOURCES, RISK_LEVELS, risk_level
from schemas.reading import Action, Kind

_LEVEL_WORDS = {
    "red": "red", "high": "red", "amber": "amber", "orange": "amber", "medium": "amber", "moderate": "amber",
    "green": "green", "low": "green", "standard": "green", "blue": "blue", "critical": "red", "severe": "red",
    "immediate": "red", "urgent": "red",
}  # fmt: skip
_NOT = frozenset({"not", "no", "isnt", "never", "non", "than", "from", "to", "was", "previously"})


@lru_cache(maxsize=4096)
def risk_of(text: str) -> str:
    """The risk level in a partner's text: a word of `schemas.codes`, with something around it ("RAG: Amber", "Red -
    immediate", "High (DASH 16)"). The more urgent of two ("low-medium"); empty when it holds none, or a negation."""
    line = " ".join(text[:200].split())
    level = risk_level(line)
    if level:
        return level
    parts = [part.strip() for part in re.split(r"[:=/|–,;]|\s-\s", re.sub(r"\([^)]*\)", " ", line))]
    plain = [_AROUND_LEVEL.sub("", part) for part in parts]
    found = {risk_level(part) for part in plain if not part.isdigit()} - {""}
    said = words(line)
    if not found and not set(said) & _NOT and len(said) <= 12:
        found = {_LEVEL_WORDS[word] for word in said if word in _LEVEL_WORDS}
    return min(found, key=RISK_LEVELS.index, default="")


_AROUND_LEVEL = re.compile(r"^(?:(?:risk|rag|level|grade|graded|rating|category|priority|brag)\b[\s:=-]*)+", re.IGNORECASE)


def _any(said: str, stems: Sequence[str]) -> bool:
    return any(stem in said for stem in stems)


def _plain(text: str) -> str:
    """Lower-case words of a short text, one space between, one before and after."""
    return f" {' '.join(words(text[:200]))} "


@lru_cache(maxsize=4096)
def kind_of(text: str) -> Kind | Literal[""]:
    """What a sender asks for: a referral, information only, or information from us. "" when the text says neither."""
    said = _plain(text)
    asks = " information only " not in said
    if asks and _any(said, (" request for information ", " information request ", " request information ", " rfi ", " checks request ",
                            " request for checks ", " background check ", " agency check ", " information requested ")):  # fmt: skip
        return "request_for_information"
    if _any(said, (" information only ", " info only ", " for information ", " fyi ", " ctn ", " for your information ",
                   " information sharing only ", " no referral ", " not a referral ", " informational ", " share only ",
                   " informationonly ", " infoonly ", " coming to notice ", " intelligence only ", " notification only ",
                   " not for referral ")):  # fmt: skip
        return "information_only"
    if _any(said, (" referral ", " refer ", " referred ", " mash referral ", " service request ", " pac ")):
        return "referral"
    return ""


_NEW = frozenset("new original initial create created first submitted final submit".split())


@lru_cache(maxsize=4096)
def action_of(text: str) -> Action | Literal[""]:
    """Whether a text says that a message amends or cancels an earlier one. "" when it says neither."""
    said = words(text[:100])
    if not said or len(said) > 8 or set(said) & {"not", "no", "unless"}:
        return ""
    joined = "".join(said)
    if set(said) & {
        "cancel", "cancels", "cancelled", "canceled", "cancellation", "withdrawn", "withdraw", "withdrawal", "retracted",
        "retract", "void", "voided", "rescinded", "deleted", "delete", "revoked", "revoke", "nullified", "retraction",
    } or joined in ("enteredinerror", "cxl", "senterror", "sentinerror", "recordedinerror", "createdinerror"):  # fmt: skip
        return "cancel"
    if set(said) & {
        "update", "updated", "updates", "amend", "amended", "amends", "amendment", "revised", "revise", "revision",
        "correction", "corrected", "supplementary", "supplement", "replace", "replacement", "replaces", "addendum", "changed",
        "modified", "reissue", "reissued", "resubmission", "upd",
    }:  # fmt: skip
        return "update"
    return "new" if set(said) & _NEW else ""


_NEED_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("N1", (
        "abuse", "neglect", "exploitation", " cse ", " cce ", "physical", "sexual", "emotional", "domestic", "grooming",
        "trafficking", "fgm", "radicalisation", "extremism", "violence", "county lines", "modern slavery", "harm", " phy ",
        " sab ", " emo ", " neg ", " mul ", "injury", "assault", "forced marriage", "honour", " dv ", " da ", "fabricated",
    )),
    ("N3", ("parental", "parent s", "parents mental", "mother s mental", "maternal mental", "toxic trio")),
    ("N2", ("disability", "disabled", "additional needs")),
    ("N8", ("absent parent", "unaccompanied", " uasc ", "abandon")),
    ("N7", ("low income", "poverty", "destitut", "no recourse", " nrpf ")),
    ("N4", ("acute stress", "family stress", "bereavement", "homeless")),
    ("N5", ("dysfunction", "parenting capacity", "family conflict", "relationship breakdown")),
    ("N6", ("socially unacceptable", "offending", "anti social", "antisocial", "behaviour", "substance", "missing episode")),
)  # fmt: skip


@lru_cache(maxsize=4096)
def need_of(text: str) -> str:
    """The DfE PrimaryNeedCode a category stands for: a code itself, a census abuse category, or a plain word. "" if none.

    Domain fact: children-in-need census code sets; the words are our reading of the labels.
    """
    code = text.strip().upper()[:2]
    if code in PRIMARY_NEEDS and not text.strip()[2:3].isalnum():
        return code
    said = _plain(text)
    return next((need for need, stems in _NEED_WORDS if _any(said, stems)), "")


_SOURCE_WORDS: tuple[tuple[str, str], ...] = (
    ("9", "anonymous anon"),
    ("1B", "childminder nanny neighbour acquaintance babysitter neighbor"),
    ("5D", "earlyhelp familyhub"),
    ("3C", "schoolnurse"),
    ("3B", "healthvisitor"),
    ("3E", "ae emergencydepartment accidentandemergency aande aeandminor"),
    ("3A", "gp generalpractitioner doctorssurgery"),
    ("3D", "midwife midwifery dentist pharmacist primarycare"),
    ("3F", "health hospital nhs nurse camhs ambulance paramedic hospice doctor paediatrician"),
    ("2B", "educationservice educationwelfare ewo virtualschool pru alternativeprovision nursery college elective ehe "
           "earlyyears preschool educationpsychologist"),
    ("2A", "school schools teacher headteacher academy dsl education primary secondary"),
    ("6", "police officer constable force"),
    ("4", "housing landlord housingassociation"),
    ("5A", "socialcare adultsocialcare adultservices adults socialworker childrensservices"),
    ("5B", "internal youthservice"),
    ("5C", "externalla otherla otherlocalauthority anotherauthority"),
    ("7", "court courts probation cafcass immigration prison solicitor yot youthoffending legal"),
    ("1A", "mother father mum dad parent parents carer grandmother grandfather grandparent gran nan grandma grandad aunt "
           "uncle sibling brother sister relative family stepfather stepmother cousin guardian familymember nana auntie"),
    ("1C", "self child youngperson selfreferral"),
    ("1D", "public stranger member friend mp councillor individual passer passerby memberofthepublic"),
    ("8", "charity voluntary nspcc childrenscentre independent other church club barnardos"),
    ("10", "unknown notknown"),
)  # fmt: skip
_SOURCE_SETS = tuple((code, frozenset(stems.split())) for code, stems in _SOURCE_WORDS)


@lru_cache(maxsize=4096)
def source_of(text: str) -> str:
    """The DfE ReferralSource code a text stands for: the code itself ("q) 6: Police", "2A"), or a clear word. "" if none."""
    line = text.strip()[:100]
    for match in re.finditer(r"\b([0-9]{1,2}[A-Fa-f]?)(?=\s*[:)-]|$)", line):
        code = str(match.group(1)).upper()
        if code in REFERRAL_SOURCES and (match.end() < len(line) or match.start() == 0):
            return code
    said = words(line)
    if not said or len(said) > 8:
        return ""
    pairs = {first + second for first, second in zip(said, said[1:], strict=False)} | {"".join(said)}
    for found in (pairs, set(said)):
        for code, stems in _SOURCE_SETS:
            if found & stems:
                return code
    return ""


_ROLE_WORDS = frozenset(stem for _, stems in _SOURCE_SETS for stem in stems) | frozenset(
    "health visitor social worker the a of public nurse maternal paternal self referral concerned local child young person".split()
)


@lru_cache(maxsize=4096)
def names_a_role(text: str) -> bool:
    """Whether a text in the place of a name only says what somebody is ("neighbour", "School nurse", "anonymous")."""
    said = words(text[:100])
    return 0 < len(said) <= 5 and all(word in _ROLE_WORDS for word in said)


_WORRY = (
    "abus", "neglect", "hurt", "hit ", "hits ", "hitting", "bruis", "injur", "assault", "violen", "scared", "afraid", "frighten",
    "unsafe", "safeguard", "harm", "touch", "beat", "burn", "punch", "kick", "slap", "chok", "strangl", "threat", "suicid",
    "overdose", "drunk", "drugs", "weapon", "knife", "exploit", "groom", "missing", "ran away", "runaway", "not fed", "hungry",
    "starv", "locked", "disclos", "police", "mash", "social care", "social work", "child protection", "worried", "concern",
)  # fmt: skip


def sounds_worrying(text: str) -> bool:
    """Whether a text holds a word that somebody should look at, whatever kind of message it stands in."""
    said = f"{' '.join(text[:20_000].casefold().split())} "
    return any(stem in said for stem in _WORRY)


#: Words that name a message which is no concern about a child.
_OTHER_BUSINESS = frozenset(
    "booking appointment attendance invoice heartbeat ping timetable register enrolment enrollment admission payroll dinner "
    "trip menu newsletter acknowledgement acknowledgment ack receipt survey absence exam results homework payment order "
    "healthcheck keepalive registration".split()
)


@lru_cache(maxsize=4096)
def other_business(text: str) -> str:
    """The word that says that a message is about something else than a concern (a booking, an attendance list), or ""."""
    said = words(text)
    return next((word for word in said if word in _OTHER_BUSINESS), "") if len(said) <= 6 else ""
