"""Messages full of marked names, right and broken, go through connectors and intake: no line of any log has one of them."""

import json
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from ops.group_offsets import GroupOffsets
from ops.replay.choice import Choice
from ops.replay.log import chosen
from schemas.catalogue import AGENCIES, catalogue

from ..connectors.running import eventually, exchange
from .conftest import Hub
from .tools import CHECKOUT

pytestmark = pytest.mark.broker

MARKED = ("Zebedee", "Quillfeather", "Marrowby Lane", "QQ7 7QQ", "whispered-secret")
CONCERN = {
    "concern_id": "Zebedee-77", "risk": "amber", "concern": "whispered-secret of Quillfeather",
    "child": {"given_name": "Zebedee", "family_name": "Quillfeather", "address": "Marrowby Lane", "postcode": "QQ7 7QQ"},
}  # fmt: skip
HL7 = (
    b"MSH|^~\\&|Quillfeather|RXX01|FRONTDOOR|383|20260102030405||REF^I12|Zebedee|P|2.4\r"
    b"PID|1||Zebedee^^^NHS||Quillfeather^Zebedee||not-a-date|F|||Marrowby Lane^^^QQ7 7QQ\rNTE|1||whispered-secret\r"
)


def send_everything(hub: Hub) -> None:
    """A concern as it should be, cut in the middle, wrongly encoded, under a wrong key; broken HL7; a record that is none."""
    url = f"{hub.connector('education').http}/concerns"
    whole = json.dumps(CONCERN).encode()
    for body in (whole, whole[:60], b"\xff" + whole, b"<Concern><Child>Zebedee Quillfeather", b"PK\x03\x04 Quillfeather"):
        headers = {"Idempotency-Key": "Zebedee Quillfeather", "Content-Disposition": 'attachment; filename="Zebedee.json"'}
        assert httpx.post(url, content=body, headers=headers, trust_env=False).status_code == 202
    assert httpx.post(f"{url}/Quillfeather?child=Zebedee", content=whole, trust_env=False).status_code == 404
    with hub.connector("health").mllp() as connection:
        exchange(connection, HL7)
        exchange(connection, b"Zebedee Quillfeather")


def intake(hub: Hub, folder: Path) -> tuple[str, str]:
    """What an intake worker prints and logs while it reads all that is there."""
    environment = {
        **os.environ, "FRONTDOOR_LOG_FORMAT": "json",
        "FRONTDOOR_BOOTSTRAP_SERVERS": hub.bootstrap, "FRONTDOOR_RUN_DIR": str(folder),
    }  # fmt: skip
    out, log, ends = folder / "intake.out", folder / "intake.log", _ends(hub)
    with out.open("wb") as printed, log.open("wb") as logged, GroupOffsets(hub.bootstrap, timeout=20) as groups:
        command = [sys.executable, "-m", "ops.run", "intake"]
        worker = subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=printed, stderr=logged)
        try:
            eventually(lambda: _has_read(groups, ends) or worker.poll() is not None, 90)
            assert worker.poll() is None, log.read_text()[-2000:]
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
    return out.read_text(), log.read_text()


def _ends(hub: Hub) -> dict[tuple[str, int], int]:
    """Where each partition of what partners send ends."""
    everything = Choice(offsets=dict.fromkeys(range(catalogue().keyed_partitions), (0, 2**62)))
    sent = [one for agency in AGENCIES for one in chosen(hub.bootstrap, f"received.{agency}", everything)]
    return {(one.topic, one.partition): one.offset + 1 for one in sent}


def _has_read(groups: GroupOffsets, ends: dict[tuple[str, int], int]) -> bool:
    done = groups.committed(["frontdoor-intake"])["frontdoor-intake"] or {}
    return all(done.get(place, 0) >= end for place, end in ends.items())


def test_no_log_names_anybody(
    hub: Hub, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with caplog.at_level(logging.INFO, logger="frontdoor"):
        send_everything(hub)
    # Bytes that are no record, as a foreign producer might write them.
    hub.put("received.social_care", b"Zebedee", b"Quillfeather of Marrowby Lane")
    printed, log = intake(hub, tmp_path)
    logged = {"connectors": caplog.text, "output": "".join(capfd.readouterr()), "intake": log, "intake prints": printed}
    assert {(where, name) for where, text in logged.items() for name in MARKED if name in text} == set()
    for line in log.splitlines():
        assert json.loads(line)["role"] == "intake"
