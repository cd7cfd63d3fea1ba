"""Which headers a record of a topic has, for the pages of topics and the AsyncAPI document."""

from dataclasses import dataclass

from schemas.catalogue import Catalogue

#: Writers who follow no record: nothing of theirs is on a trace.
_UNTRACED = frozenset({"delivery", "ops", "ticker"})


@dataclass(frozen=True, slots=True)
class Header:
    """One header of the records of a topic; `always`: every one has it."""

    name: str
    meaning: str
    always: bool = False


#: CloudEvents 1.0 in Kafka's binary mode, as `schemas.cloud_events` writes them.
_CLOUD_EVENT = {
    "ce_specversion": "always 1.0",
    "ce_id": "id of the record",
    "ce_type": "frontdoor.<Record>",
    "ce_source": "which part of the hub wrote it",
    "ce_time": "when it happened, not when it was written; UTC",
    "content-type": "application/avro",
}
_TRACE = Header("traceparent", "W3C trace context: the trace that the record is on")
_WRITER = Header("fd_writer", "which process wrote it; another value after each start", always=True)
_REPLAYED = tuple(
    Header(f"fd_replayed_{part}", f"of a record that `replay` wrote again: {meaning}")
    for part, meaning in (("by", "who"), ("at", "when, UTC"), ("reason", "why"), ("from", "topic/partition/offset of the first"))
)
#: Why a record is in quarantine, and what a worker's dead letter has besides; Kafka Connect's names.
_WHY = (
    Header("__connect.errors.exception.class.name", "what failed, a code", always=True),
    Header("__connect.errors.exception.message", "the same as a fixed sentence; it quotes nothing of the record", always=True),
)
_DEAD_LETTER = tuple(
    Header(f"__connect.errors.{part}", f"of a worker's dead letter: {meaning}")
    for part, meaning in (
        ("topic", "the topic that it came from"),
        ("partition", "its partition there"),
        ("offset", "its offset there"),
        ("connector.name", "which kind of process put it aside"),
        ("task.id", "always 0"),
        ("stage", "what was being done, as Kafka Connect calls it"),
        ("class.name", "always frontdoor"),
    )
)


def headers_of(name: str, catalogue: Catalogue) -> list[Header]:
    """The headers of a topic's records, the CloudEvents ones first. Raises `KeyError` for a topic that is not there."""
    topic = catalogue.topics[name]
    # A dead letter has the headers it came with, whatever those were.
    found = [Header(*one, always=name != "quarantine") for one in _CLOUD_EVENT.items()]
    workers = {changelog.removesuffix("-rows") for changelog in catalogue.changelogs}
    if not _UNTRACED.issuperset(topic.writers):
        found.append(_TRACE)
    if name == "deliveries":
        found.append(_WRITER)
    # What partners are told may be replayed; dead letters go back to the topic that a worker read them from, and may return.
    if name == "quarantine" or name.startswith("outbound.") or workers & set(topic.readers):
        found += _REPLAYED
    if name == "quarantine":
        found += [*_WHY, *_DEAD_LETTER]
    return found


def partner_in_headers() -> list[Header]:
    """What the hub reads of a partner's own record, if it is there."""
    return [Header("content-type", "the format that the partner writes; without it the hub looks at the bytes"), _TRACE]


def partner_out_headers() -> list[Header]:
    """The headers of what a partner organisation reads on its topic."""
    theirs = {"ce_id": "id of the item: the same in a repeat", "ce_type": "frontdoor. and the item's kind",
              "content-type": "that of the recipient's format"}  # fmt: skip
    return [*(Header(name, theirs.get(name, meaning), always=True) for name, meaning in _CLOUD_EVENT.items()), _TRACE]
