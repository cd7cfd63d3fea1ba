"""Who sent an HL7 v2 referral: organisation, referring provider, and the DfE source code they stand for."""

import re

from connectors.health.hl7v2_message import Message, Repetition, Segment
from connectors.health.hl7v2_patient import address_of, contact_points, name_of
from connectors.health.vocabulary import OTHER_HEALTH, source_of
from schemas.person import OtherPerson
from schemas.reading import Note, Organisation

_ODS = re.compile(r"(?=[A-Z0-9]*[0-9])[A-Z0-9]{3,9}|[A-Z][A-Z0-9]{2}")
"""What an ODS code looks like. Domain fact: opaque, three to nine capitals and digits; a trust's is three characters."""

_PLAIN_TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "master"})


def sender_of(message: Message, notes: list[Note]) -> tuple[OtherPerson | None, Organisation, tuple[str, str]]:
    """The referrer, the organisation, and (source code, the words that told it): PRD with role RP, else PV1-8 and MSH-4."""
    provider = next((prd for prd in message.all("PRD") if any(role.text(1).upper() == "RP" for role in prd.repetitions(1))), None)
    header = message.first("MSH")
    if provider is None:
        notes.append(Note(code="referrer_missing", field="PRD", text="No PRD segment names the referring provider."))
        given, family = name_of(message.first("PV1").first(8), family_at=2)
        organisation = _facility(header.first(4), notes)
        referrer = OtherPerson(role="referrer", given=" ".join(given)[:100], family=family[:100], organisation=organisation.name)
        source = source_of(header.text(3), organisation.name)
        return (referrer if given or family else None), organisation, source
    given, family = name_of(provider.first(2))
    organisation = provider_organisation(provider)
    if not organisation.code and not organisation.name:
        organisation = _facility(header.first(4), notes)
    title = "" if provider.text(2, 5).strip(".").casefold() in _PLAIN_TITLES else provider.text(2, 5)
    specialty = "; ".join(
        dict.fromkeys(role.text(2) for role in provider.repetitions(1) if role.text(1).upper() not in ("RP", ""))
    )
    phone, email = contact_points(provider, 5, 12)
    referrer = OtherPerson(
        role="referrer",
        given=" ".join(given)[:100],
        family=family[:100],
        job=(specialty or title)[:120],
        organisation=(organisation.name or organisation.code)[:200],
        phone=phone,
        email=email,
        address=address_of(provider.first(3)),
    )
    roles = [role.every() for role in provider.repetitions(1)]
    told = [referrer.job, *roles, provider.first(4).every(), organisation.name, header.text(3)]
    code, original = source_of(*told)
    return referrer, organisation, (code, original if code != OTHER_HEALTH else referrer.job)


def provider_organisation(provider: Segment) -> Organisation:
    """PRD-10 (2.5 on), else the facility of the provider's location PRD-4; a code where one is given as ODS."""
    sent, place = provider.first(10), provider.first(4)
    name = sent.text(1) or place.text(9) or place.text(4) or place.text(1)
    code, system = sent.text(10) or sent.text(3), f"{sent.text(6)} {sent.text(7)}".casefold()
    if not code:
        identifiers = ((one.text(1), one.text(2)) for one in provider.repetitions(7))
        code, system = next(((value, kind.casefold()) for value, kind in identifiers if "ods" in kind.casefold()), ("", ""))
    if not code and place.text(4, 2):
        code, system = place.text(4), f"{place.text(4, 2)} {place.text(4, 3)}".casefold()
    if not code and place.text(9) and _ODS.fullmatch(place.text(4)):  # the facility by its code, the description in words
        code, system = place.text(4), "ods"
    if not code and _ODS.fullmatch(name):
        code, system, name = name, "ods", ""
    return Organisation(code=code[:40], code_system="ods" if "ods" in system else "other" if code else "", name=name[:200])


def _facility(sent: Repetition, notes: list[Note]) -> Organisation:
    """The sending facility MSH-4: its ODS code when it looks like one, else a name."""
    name, universal, kind = sent.text(1), sent.text(2), sent.text(3).casefold()
    if universal.casefold() == "ods":
        universal, kind = "", "ods"
    if "ods" in kind or (not universal and _ODS.fullmatch(name)):
        if "ods" not in kind:
            notes.append(Note(code="organisation_code_assumed", field="MSH-4", text="MSH-4 was taken for an ODS code."))
        return Organisation(code=(universal or name)[:40], code_system="ods", name=name[:200] if universal else "")
    return Organisation(code=universal[:40], code_system="other" if universal else "", name=name[:200])
