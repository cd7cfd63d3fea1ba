"""The hub's own contacts as reports, read from the log for training: children's data, kept in memory and nowhere else."""

from collections.abc import Callable
from typing import Any

from ops.audit.log_reader import read_log
from schemas.catalogue import codec
from schemas.linkage import LinkageEvent
from schemas.wire import Undecodable
from streams.linkage.report import Report

_TOPIC = "linkage-in"


def log_reports(bootstrap: str, partnership: str) -> list[Report]:
    """Each contact of a partnership in its latest version, in the order in which contacts first came.

    Raises `CannotLook` when the broker is away or has no such topic.
    """
    latest: dict[str, LinkageEvent] = {}
    decode = codec(_TOPIC).decode

    def take(topic: str, partition: int, offset: int, at: int, value: bytes | None, headers: Callable[[], Any]) -> None:
        try:
            event = decode(value or b"")
        except Undecodable:
            return
        if isinstance(event, LinkageEvent) and event.type == "reported" and event.partnership == partnership:
            known = latest.get(event.contact_id)
            if known is None or event.version >= known.version:
                latest[event.contact_id] = event

    read_log(bootstrap, [_TOPIC], take, lambda done, total: None)
    return [
        Report(record_id=event.contact_id, agency=event.agency, **event.person.model_dump())
        for event in latest.values()
        if event.person is not None
    ]
