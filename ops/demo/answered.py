"""Whether every sender of the weekend was answered: what its own system holds beside what the script says it is owed."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ops.day.result import DayResult
from ops.demo.script import Expected
from ops.demo.senders import SENDERS, DemoSender, sender_of
from ops.demo.told import Answer

_WAYS = {
    "mllp": "over MLLP", "http": "over HTTP", "folder": "into its folder", "kafka": "on its topic", "inbox": "into its table",
    "poll": "asked for with GET /outcomes",
}  # fmt: skip
_FORMATS = {
    "hl7v2": "HL7 v2", "fhir-json": "FHIR JSON", "fhir-xml": "FHIR XML", "json": "JSON", "csv": "CSV", "xml": "XML",
    "case-system": "JSON",
}  # fmt: skip


@dataclass(frozen=True)
class Answered:
    """`lines` for people; `missing` names each sender without what it is owed, and is empty when all were answered."""

    lines: list[str]
    missing: list[str]


def answered(result: DayResult, expected: Expected, heard: Mapping[str, list[Answer]]) -> Answered:
    """Compare. `heard` is what each sender's own system holds, by the sender's id."""
    who = {ref: sender_of(*channel) for ref, channel in expected.channels.items()}
    lacking = {ref: list(_missing(ref, who[ref], result, expected, heard.get(who[ref].id, []))) for ref in who}
    contacts = {contact for entry in result.refs.values() for contact in entry.get("contacts", [])}
    strange = [
        f"{sender.name} was told of something that it did not send"
        for sender in SENDERS
        if any(answer.contact_id not in contacts for answer in heard.get(sender.id, []))
    ]
    missing = [*(line for lines in lacking.values() for line in lines), *strange]
    return Answered([_verdict(lacking, heard, missing), *_by_sender(who, heard), _receipt_alone(expected)], missing)


def _verdict(lacking: Mapping[str, list[str]], heard: Mapping[str, list[Answer]], missing: list[str]) -> str:
    whole = sum(not lines for lines in lacking.values())
    if missing:
        return f"NOT every sender was answered: {whole} of {len(lacking)} messages have all that is owed."
    told = sum(map(len, heard.values()))
    return (
        f"Every sender was answered: {whole} of {len(lacking)} messages have a receipt, {told} answers say what became of them."
    )


def _by_sender(who: Mapping[str, DemoSender], heard: Mapping[str, list[Answer]]) -> Iterator[str]:
    sent = Counter(sender.id for sender in who.values())
    for sender in SENDERS:
        if sent[sender.id]:
            counts = f"{_many(sent[sender.id], 'message'):>12} {_many(len(heard.get(sender.id, [])), 'answer'):>12}"
            yield f"  {sender.name:<36} {counts}  {_FORMATS[sender.format]} {_WAYS[sender.back]}"


def _receipt_alone(expected: Expected) -> str:
    waiting = sum(
        kind == "contact" and not expected.answers.get(expected.answered_as.get(ref, ref))
        for ref, kind in expected.dispositions.items()
    )
    others = sum(kind == "not_a_contact" for kind in expected.dispositions.values())
    return f"  The receipt alone: {waiting} that nobody has assessed, {others} that opened no contact."


def _missing(ref: str, sender: DemoSender, result: DayResult, expected: Expected, heard: list[Answer]) -> Iterator[str]:
    entry = result.refs.get(ref, {})
    if not entry.get("receipt"):
        yield f"{ref}: {sender.name} has no receipt"
        return
    first = expected.answered_as.get(ref, ref)
    under = result.refs.get(first, {})
    for number, contact in enumerate(under.get("contacts", []), start=1):
        child = first if number == 1 else f"{first}/{number}"
        owed = [(outcome, decision) for _, outcome, decision in expected.answers.get(child, [])]
        mine = [answer for answer in heard if answer.contact_id == contact]
        has = [(answer.outcome, answer.decision) for answer in mine]
        if has != owed:
            yield f"{child}: {sender.name} is owed {_listed(owed)}, and was told {_listed(has)}"
        for answer in mine:
            if answer.receipt_id != entry["receipt"] and (not answer.reference or answer.reference != expected.references[ref]):
                yield f"{ref}: {sender.name} cannot tell that the {answer.outcome.replace('_', ' ')} is about this message"


def _listed(outcomes: list[tuple[str, str]]) -> str:
    return ", ".join(" ".join(filter(None, (outcome.replace("_", " "), decision))) for outcome, decision in outcomes) or "nothing"


def _many(count: int, what: str) -> str:
    return f"{count} {what if count == 1 else what + 's'}"
