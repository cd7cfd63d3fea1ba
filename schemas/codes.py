"""Code sets: DfE children-in-need census codes, risk levels and case event types, with the words partners use.

Sources: DfE CIN census 2026 (ReferralSource, PrimaryNeedCode); "London continuum of need" BRAG levels; UK Core ethnic
category and its mapping to the census set by label. A word that is not here stays as sent beside an empty code.
"""

from collections.abc import Iterable

#: Most urgent first. Blue = no concern that needs a response (BRAG).
RISK_LEVELS = ("red", "amber", "green", "blue")

_RISK_WORDS = {
    "red": "red", "r": "red", "high": "red", "h": "red", "immediate": "red", "critical": "red", "very high": "red",
    "emergency": "red", "stat": "red", "3": "red", "urgent": "red", "severe": "red",
    "amber": "amber", "a": "amber", "medium": "amber", "m": "amber", "moderate": "amber", "med": "amber",
    "orange": "amber", "yellow": "amber", "standard plus": "amber", "2": "amber", "asap": "amber",
    "green": "green", "g": "green", "low": "green", "l": "green", "standard": "green", "1": "green",
    "blue": "blue", "b": "blue", "none": "blue", "no risk": "blue", "0": "blue",
}  # fmt: skip


def risk_level(text: str) -> str:
    """The level a partner's word stands for, or empty when it is not one we know."""
    folded = " ".join(text.strip().casefold().replace("_", " ").replace("-", " ").split())
    bare = folded
    for suffix in (" risk", " level", " priority"):
        bare = bare.removesuffix(suffix)
    return _RISK_WORDS.get(folded) or _RISK_WORDS.get(bare, "")


#: DfE ReferralSource codes.
REFERRAL_SOURCES = {
    "1A": "Family member, relative or carer", "1B": "Acquaintance", "1C": "Self", "1D": "Other individual",
    "2A": "Schools", "2B": "Education services", "3A": "GP", "3B": "Health visitor", "3C": "School nurse",
    "3D": "Other primary health", "3E": "A&E", "3F": "Other health", "4": "Housing", "5A": "LA social care",
    "5B": "LA other internal", "5C": "LA external", "5D": "LA early help", "6": "Police", "7": "Other legal agency",
    "8": "Other", "9": "Anonymous", "10": "Unknown",
}  # fmt: skip

#: The source code of an agency when the message itself says no more.
DEFAULT_SOURCE = {"health": "3F", "education": "2A", "police": "6", "social_care": "5A"}

#: DfE PrimaryNeedCode.
PRIMARY_NEEDS = {
    "N1": "Abuse, neglect and exploitation", "N2": "Child's disability", "N3": "Parental disability or illness",
    "N4": "Family in acute stress", "N5": "Family dysfunction", "N6": "Socially unacceptable behaviour",
    "N7": "Low income", "N8": "Absent parenting", "N9": "Cases other than children in need", "N0": "Not stated",
}  # fmt: skip

#: UK Core ethnic category to the DfE set, by label; the source code is kept beside it because this loses detail.
ETHNICITY_FROM_NHS = {
    "A": "WBRI", "B": "WIRI", "C": "WOTH", "D": "MWBC", "E": "MWBA", "F": "MWAS", "G": "MOTH", "H": "AIND", "J": "APKN",
    "K": "ABAN", "L": "AOTH", "M": "BCRB", "N": "BAFR", "P": "BOTH", "R": "CHNE", "S": "OOTH", "Z": "REFU", "99": "NOBT",
}  # fmt: skip

ETHNICITIES = frozenset(
    "WBRI WIRI WIRT WOTH WROM MWBC MWBA MWAS MOTH AIND APKN ABAN AOTH BCRB BAFR BOTH CHNE OOTH REFU NOBT".split()
)

#: Case events a partner or a person may send.
CASE_EVENT_TYPES = (
    "contact_recorded", "risk_assessed", "risk_assessment_signed_off", "allocated", "decision", "acknowledged",
    "assessment_started", "assessment_authorised", "strategy_discussion", "s47_started", "s47_ended", "conference_held",
    "core_group_held", "review_held", "closed", "transferred", "cancel_requested",
    "mash_received", "mash_decision", "domestic_abuse_believed", "school_told", "conference_not_needed",
    "transfer_offered", "transfer_accepted",
    "missing_in_case_system", "found_in_case_system", "no_further_action", "flag_acknowledged", "flag_explained", "note",
    "link_answered", "link_undone", "identity_superseded", "restricted_access",
)  # fmt: skip

#: What counts only from a named person with a reason: decisions about which contacts are one child, and a look at a
#: hidden identity.
SIGNED_EVENTS = ("link_answered", "link_undone", "identity_superseded", "restricted_access")

#: Why a limit was passed, as people may say it; the words beside it go to `narratives`.
FLAG_REASONS = {
    "capacity": "No worker had the time", "staffing": "The worker was absent, and nobody stood in",
    "family": "The family could not be seen, or asked for another day", "child": "In the child's interest",
    "partner": "Another agency's information or attendance was missing", "late_referral": "It reached the team too late",
    "recording": "Done in time, recorded wrongly or not at all", "system": "A system was not available",
    "complex": "The enquiry needed longer, and a manager agreed", "other": "Another reason, in words",
}  # fmt: skip

#: A decision after which no assessment follows, and one that makes a contact a referral, by the words in it.
_NO_ASSESSMENT = frozenset("nfa none no not advice information signposted signposting universal early".split())
_REFERRAL = frozenset("s47 s17 47 17 referral assessment strategy accept accepted cin protection".split())


def decision_kind(text: str) -> str:
    """`no_assessment`, `referral`, or empty for a decision that says neither."""
    words = set("".join(ch if ch.isalnum() else " " for ch in text.casefold()).split())
    return "no_assessment" if words & _NO_ASSESSMENT else "referral" if words & _REFERRAL else ""


#: What counts only from a person by name: a signature, answers to flags, and what ends our clocks at another authority.
PERSONAL_EVENTS = (
    "allocated", "risk_assessment_signed_off", "flag_acknowledged", "flag_explained", "transfer_offered", "transfer_accepted",
)  # fmt: skip

_EVENT_WORDS = {
    "assessed": "risk_assessed", "risk assessment": "risk_assessed", "risk assessed": "risk_assessed",
    "risk assessment sign off": "risk_assessment_signed_off", "risk assessment signoff": "risk_assessment_signed_off",
    "assess": "risk_assessed", "risk assessment recorded": "risk_assessed", "risk assessment completed": "risk_assessed",
    "allocate": "allocated", "allocation": "allocated", "reallocated": "allocated", "assigned": "allocated",
    "worker allocated": "allocated",
    "close": "closed", "closure": "closed", "case closed": "closed",
    "transfer": "transferred", "case transferred": "transferred",
    "decide": "decision", "decided": "decision", "decision made": "decision", "decision recorded": "decision",
    "nfa": "no_further_action",
    "acknowledge": "acknowledged", "acknowledgement": "acknowledged", "received": "acknowledged",
    "assessment start": "assessment_started", "assessment began": "assessment_started",
    "assessment authorized": "assessment_authorised", "assessment completed": "assessment_authorised",
    "assessment authorisation": "assessment_authorised",
    "strategy meeting": "strategy_discussion", "strategy discussion held": "strategy_discussion",
    "s47": "s47_started", "section 47": "s47_started", "section47": "s47_started", "s47 enquiry": "s47_started",
    "s47 enquiry started": "s47_started", "section 47 started": "s47_started",
    "conference": "conference_held", "icpc": "conference_held", "icpc held": "conference_held",
    "initial child protection conference": "conference_held",
    "core group": "core_group_held", "review": "review_held",
    "contact": "contact_recorded", "contact record": "contact_recorded", "new contact": "contact_recorded",
    "telephone contact": "contact_recorded", "phone contact": "contact_recorded", "contact opened": "contact_recorded",
    "cancel": "cancel_requested", "cancelled": "cancel_requested",
}  # fmt: skip


def case_event_type(text: str) -> str:
    """The case event type a word stands for, or empty when it is not one we know."""
    folded = " ".join(text.strip().casefold().replace("_", " ").replace("-", " ").split())
    snake = folded.replace(" ", "_")
    return snake if snake in CASE_EVENT_TYPES else _EVENT_WORDS.get(folded, "")


#: Names that stand for a desk and not for a person: who holds a case must be a named worker.
GENERIC_WORKER_NAMES = frozenset(
    {
        "front door", "admin", "administrator", "system", "unallocated", "unassigned", "unknown", "tbc", "n a", "none",
        "social worker", "worker", "sw", "manager", "practitioner", "contact centre", "generic", "user", "test",
    }
)  # fmt: skip

#: In these words' company nothing is a person's name: "Leeds MASH", "North assessment team 2", "Referral Coordinator".
_DESK_WORDS = frozenset({"team", "desk", "mash", "edt", "coordinator", "co-ordinator", "inbox", "mailbox", "queue", "rota"})

#: What else an authority calls its desks, beside the sets above.
_also_generic: set[str] = set()


def also_generic(names: Iterable[str]) -> None:
    """From now on these stand for a desk too, whatever their case and spaces. For the start of a process, before anything
    is read: every process of a hub, and its auditor, must agree."""
    _also_generic.clear()
    _also_generic.update(map(folded_name, names))
    _also_generic.discard("")


def folded_name(name: str) -> str:
    """A name whatever its case and spaces."""
    return " ".join(name.casefold().split())


def is_named_worker(name: str) -> bool:
    """Whether the text names a person. A desk, a team or a lone generic word does not (Annex A guidance: a generic
    "Referral Coordinator" hides who holds the case)."""
    words = "".join(" " if ch in ".,;:()[]/#_" or ch.isdigit() else ch for ch in name.casefold()).split()
    if not words or words[0] == "duty" or _DESK_WORDS & set(words):
        return False
    plain = " ".join(words)
    generic = plain in GENERIC_WORKER_NAMES or plain in _also_generic or folded_name(name) in _also_generic
    return sum(ch.isalpha() for word in words for ch in word) >= 2 and not generic
