"""From one decoded record to the auditor's notes on it: which ids, times and digests of each topic matter later."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from ops.audit.coverage import Coverage
from ops.audit.decoding import TopicDecoder, Unreadable, decoder_of, digest
from ops.audit.spill import Spill
from schemas.catalogue import catalogue
from schemas.codes import RISK_LEVELS, is_named_worker

#: Every topic of the catalogue but the hub's probes of itself, which are about nobody; notes keep a topic's place in this list.
TOPICS = sorted(name for name, topic in catalogue().topics.items() if topic.record != "Probe")
RECEIVED_TOPICS = [topic for topic in TOPICS if topic.startswith("received.")]
_PLACE = {topic: index for index, topic in enumerate(TOPICS)}

#: Gives the headers of a record; asked only where they matter.
Headers = Callable[[], Any]
_Where = tuple[int, int, int, int]


#: The same few names sign many events.
_is_named = lru_cache(maxsize=4096)(is_named_worker)


class NoteTaker:
    """Takes the records of all topics, in the order of each partition; `taken` counts them."""

    def __init__(self, spill: Spill, coverage: Coverage) -> None:
        self._spill = spill
        self._coverage = coverage
        self.taken = 0
        self._decoders = {topic: decoder_of(topic) for topic in TOPICS}
        self._notes: dict[str, Callable[[dict[str, Any], bytes, _Where], None]] = {
            "Received": self._received,
            "Disposition": self._disposition,
            "Contact": self._contact,
            "CaseEvent": self._event,
            "Flag": self._flag,
            "OutboundItem": self._item,
        }

    def take(self, topic: str, partition: int, offset: int, ts: int, value: bytes | None, headers: Headers) -> None:
        """Note one record. `headers` is asked only where they matter (quarantine)."""
        self.taken += 1
        decoder = self._decoders[topic]
        where = (_PLACE[topic], partition, offset, ts)
        if topic == "quarantine":
            self._quarantine(decoder, value, headers() or (), where)
            return
        try:
            record, content = decoder.decode(value)
        except Unreadable as error:
            self._spill.add("undecodable", (digest(value or b""), str(error), *where))
            return
        note = self._notes.get(decoder.subject)
        if note is not None:
            note(record, content, where)

    def _received(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        repair = record["repair"]
        self._spill.add(
            "received",
            (record["receipt_id"], record["sender"], record["agency"], record["received_at"],
             digest(record["body"]), repair["of_receipt"] if repair else "", *where),
        )  # fmt: skip

    def _disposition(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        receipt, version = record["receipt_id"], record["version"]
        self._spill.add(
            "disposition",
            (receipt, version, record["disposition"], record["duplicate_of"], record["repaired_by"],
             record["received_at"], digest(content), *where),
        )  # fmt: skip
        for contact in record["contact_ids"]:
            self._spill.add("disposition_contact", (receipt, version, contact, *where))
        for event in record["event_ids"]:
            self._spill.add("disposition_event", (receipt, version, event, *where))

    def _contact(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        self._spill.add(
            "contact",
            (record["contact_id"], record["version"], record["receipt_id"], record["received_at"], digest(content), *where),
        )

    def _event(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        kind = record["type"]
        if kind == "tick":
            if not self._coverage.add(where[1], record["at"], record["covers_since"], where[3], where[2]):
                self._spill.add("refused_tick", where[:3])
            return
        moved, number = 0, 0
        if correction := record["correction"]:
            moved = int(correction["risk_changed"] or correction["child_changed"])
            number = correction["version"]
        by = record["by"]
        opened = record["opened"]
        self._spill.add(
            "event",
            (record["contact_id"], kind, record["event_id"], record["at"], record["happened_at"],
             record["happened_on"], record["receipt_id"], int(record["problem"] != ""), int(by != "" and _is_named(by)),
             int(record["level"] in RISK_LEVELS), int(record["reason_hash"] != ""), moved, number,
             *((opened["kind"], opened["repairs"], opened["repaired_at"]) if opened else ("", "", None)),
             by if kind == "allocated" else "", digest(content), *where),
        )  # fmt: skip
        self._link(record, where)
        for child in record["became"]:
            self._spill.add("became", (child, record["contact_id"], record["event_id"]))

    def _link(self, record: dict[str, Any], where: _Where) -> None:
        kind, details = record["type"], record["details"]
        link, sure = details.get("link", ""), details.get("may_act") == "yes"
        if kind == "linked":
            link = record["event_id"]
        elif kind == "allocated" and link:
            kind = {"linked": "moved", "link_undone": "given back"}.get(details.get("how", ""), "")
        if kind in ("linked", "unlinked", "moved", "given back"):
            self._spill.add("link", (record["contact_id"], record["event_id"], kind, link, sure, *where))

    def _flag(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        self._spill.add(
            "flag",
            (record["flag_id"], record["contact_id"], record["clock"], record["opening"], _state(record),
             record["result"], record["started_at"], record["due_at"], record["evidence_event_id"], digest(content), *where),
        )  # fmt: skip

    def _item(self, record: dict[str, Any], content: bytes, where: _Where) -> None:
        contact = record["contact"]
        self._spill.add(
            "item",
            (record["item_id"], record["kind"], record["recipient"], record["contact_id"],
             contact["version"] if contact else None, record["receipt_id"], digest(content), *where),
        )  # fmt: skip

    def _quarantine(
        self, decoder: TopicDecoder, value: bytes | None, headers: Iterable[tuple[str, bytes | None]], where: _Where
    ) -> None:
        """A message that could not be read (bytes kept), or a dead letter: a record of any topic that is none."""
        told = dict(headers)
        origin = bytes(told.get("__connect.errors.topic") or b"").decode(errors="replace")
        try:
            record, _ = decoder.decode(value)
        except Unreadable as error:
            if not origin:
                self._spill.add("undecodable", (digest(value or b""), str(error), *where))
                return
        else:
            if origin in ("", *RECEIVED_TOPICS):
                self._spill.add("quarantine", (record["receipt_id"], digest(record["body"]), *where))
                return
        place = (_number(told.get("__connect.errors.partition")), _number(told.get("__connect.errors.offset")))
        self._spill.add("dead_letter", (_PLACE.get(origin, -1), *place, digest(value or b""), *where))


def _number(text: bytes | None) -> int:
    """A header's number, or -1 where it has none."""
    digits = bytes(text or b"").decode(errors="replace")
    return int(digits) if digits.isdecimal() else -1


def _state(record: dict[str, Any]) -> str:
    """A flag's state; of what comes once for each warning point or rung of a ladder, with that point or rung."""
    state, rung = str(record["state"]), str(record["to"])
    return f"{state} {record['step_at']} {rung}".strip() if rung and state == "acknowledged" or record["step_at"] else state
