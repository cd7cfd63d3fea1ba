"""What a case system's event word means: our own word, a usual synonym, or the words that any spelling of it must hold.

Only what has happened is an event: "requested", "planned", "cancelled" or "not" make a word mean nothing known, because
a case system that announces a risk assessment has not made one.
"""

import re
from functools import lru_cache

from connectors.fields.naming import words
from schemas.codes import case_event_type

_MOST_WORDS = 10

_NOT_YET = frozenset(
    "requested request requests requesting pending due overdue planned plan planning scheduled arranged booked draft drafted "
    "declined refused rejected failed required needed reminder awaiting outstanding deferred postponed abandoned missed late "
    "proposed recommended recommend not never without unallocated deallocated unassigned reopened reopen reversed "
    "cancelled canceled cancel cancellation deleted withdrawn stopped before will expected upcoming consider "
    "considered possible query error invited invite invitation breach breached".split()
)
_BEGUN = frozenset(
    "started start starts began begun begin opened open opens commenced initiated initiate underway progress".split()
)
_ENDED = frozenset(
    "ended end ends closed completed complete concluded finished finish outcome discontinued ceased authorised authorized "
    "approved signed".split()
)
_STEPS: tuple[tuple[str, tuple[frozenset[str], ...], frozenset[str]], ...] = tuple(
    (meant, tuple(frozenset(group.split()) for group in groups), frozenset(excluded.split()))
    for meant, groups, excluded in (
        ("core_group_held", ("core", "group groups"), ""),
        ("review_held", ("rcpc",), ""),
        ("review_held", ("review", "conference cpc"), ""),
        ("conference_held", ("conference icpc conferenced",), ""),
        ("strategy_discussion", ("strategy", "discussion discussions meeting held strat"), ""),
        ("review_held", ("review", "held cin child completed statutory"), "risk assessment assessed case file"),
        ("risk_assessment_signed_off", ("risk", "assessment assessments", "signed sign signoff"), ""),
        ("risk_assessed", ("risk", "assessed assessment assessments graded rated reassessed reassessment rating grading"), ""),
        ("transferred", ("transferred transfer transferring",), "in received"),
        ("allocated", ("allocated reallocated allocation reallocation assigned reassigned assignment reassignment",), ""),
        ("acknowledged", ("acknowledged acknowledgement acknowledgment",), ""),
    )
)
"""A meaning, the words it needs (one of each set), and the words that may not stand beside them. The first that fits."""

_TOLD = frozenset("call called phone phoned telephone telephoned letter visit visited email emailed fax walkin".split())
_RECORDED = frozenset("recorded received new initial created opened logged taken registered raised".split())


@lru_cache(maxsize=4096)
def event_type(text: str) -> str:
    """The case event type in a partner's event word: our own word, a synonym, camel case, or the end of a dotted name
    (`uk.gov.council.case.RiskAssessed.v1`). Empty when it is none that is known, or tells what has not happened."""
    line = text.strip()[:120]
    if not line:
        return ""
    for candidate in (line, " ".join(words(line))):
        found = case_event_type(candidate)
        if found:
            return found
    parts = [part for part in re.split(r"[./:#]", line) if part and not re.fullmatch(r"v?[0-9]+", part)]
    tails = (parts[-1], " ".join(parts[-2:])) if len(parts) > 1 else ()
    named = next((found for tail in tails if (found := case_event_type(" ".join(words(tail))))), "")
    return named or next((found for tail in (*tails, line) if (found := _by_words(words(tail)))), "")


def tells_how(text: str) -> bool:
    """Whether an event word only says how somebody told of something: a call, a letter, a visit."""
    said = set(words(text[:120]))
    return bool(said & _TOLD) and not said & _NOT_YET


def _by_words(said: tuple[str, ...]) -> str:
    found = set(said)
    if not said or len(said) > _MOST_WORDS or found & _NOT_YET:
        return ""
    closed = found & {"closed", "closure", "closing", "closes"}
    ended = "nfa" in found or {"no", "further", "action"} <= found
    if ended:
        return "closed" if closed else "no_further_action"
    if "no" in found:
        return ""
    if found & {"s47", "section47"} or ("47" in found and found & {"section", "s", "enquiry", "enquiries"}):
        if found & {"strategy", "conference", "icpc"}:
            return next((meant for meant, groups, _ in _STEPS if all(found & group for group in groups)), "")
        return "s47_ended" if found & _ENDED else "s47_started"
    for meant, groups, excluded in _STEPS:
        if all(found & group for group in groups) and not found & excluded:
            return "" if meant == "risk_assessed" and found & _BEGUN else meant
    if found & {"assessment", "assessments"}:
        return "assessment_started" if found & _BEGUN else "assessment_authorised" if found & _ENDED else ""
    if closed or ("case" in found and "ended" in found):
        return "closed"
    if found & {"decision", "decided", "decisions"}:
        return "decision"
    if found & {"contact", "referral", "enquiry"} and found & (_RECORDED | _TOLD):
        return "contact_recorded"
    return ""
