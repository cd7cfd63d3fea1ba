"""While processes go over to the next release one by one, those that have not yet read what it writes."""

import json
import struct
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import fastavro
import pytest

from ops.audit.decoding import TopicDecoder
from ops.chaos.next_release import write_schemas
from schemas.case_event import CaseEvent
from schemas.wire import Codec, Undecodable

EVENT = CaseEvent(event_id="e1", type="tick", contact_id="tick-0", at=datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def written_by_the_next_release(avsc: Path) -> bytes:
    newest = max((avsc / "CaseEvent").glob("v*.avsc"), key=lambda path: int(path.stem[1:]))
    number = json.loads((avsc / "ids.json").read_text())[f"CaseEvent/{newest.stem}"]
    out = BytesIO()
    out.write(struct.pack(">bI", 0, number))
    fastavro.schemaless_writer(out, json.loads(newest.read_text()), EVENT.model_dump())
    return out.getvalue()


def test_a_release_that_is_told_of_the_next_one_reads_what_it_writes_and_goes_on_writing_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    avsc = write_schemas(tmp_path)
    newer = written_by_the_next_release(avsc)
    untold = Codec(CaseEvent)
    with pytest.raises(Undecodable):
        untold.decode(newer)
    monkeypatch.setenv("FRONTDOOR_NEWER_SCHEMAS", str(avsc))
    told, auditor = Codec(CaseEvent), TopicDecoder("case-events")
    assert told.decode(newer) == EVENT
    assert told.encode(EVENT) == untold.encode(EVENT) != newer
    # One event told by both releases has one content.
    assert auditor.decode(newer)[1] == auditor.decode(untold.encode(EVENT))[1]
