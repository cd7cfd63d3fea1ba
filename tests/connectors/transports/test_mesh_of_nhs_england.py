"""MESH out and in by NHS England's own sandbox, with its authentication on: what our small one cannot say of itself."""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mesh_client import MeshClient

from connectors.delivery.addresses import MeshAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.registry import writer_for
from connectors.transports.mesh_out import MeshOut
from ops.children import Children
from schemas.outbound import OutboundItem
from tests.examples.tools import TOOLS, needs_file

from ..running import Connector, eventually

PYTHON = TOOLS / "mesh" / "bin" / "python"
#: Two mailboxes that the sandbox is made with, and the password of each.
OURS, THEIRS, PASSWORD, SHARED_KEY = "X26ABC1", "X26ABC2", "password", "a shared key"

OUTCOME = OutboundItem(
    item_id="4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c19", kind="outcome", recipient="st-marys", agency="health", contact_id="c-1",
    receipt_id="r-1", at=datetime(2026, 6, 6, 10, 15, tzinfo=UTC),
    outcome={"outcome": "decision", "decision": "s47", "reference": "REF/4711"},
)  # fmt: skip


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    """The sandbox in a process of its own, on a port that it chose: its URL."""
    asked = {"AUTH_MODE": "full", "STORE_MODE": "memory", "SHARED_KEY": SHARED_KEY}
    children, said = Children(), tmp_path / "sandbox.log"
    serve = [str(PYTHON), "-W", "ignore", "-m", "uvicorn", "mesh_sandbox.api:app", "--port", "0"]
    served = children.spawn(serve, log=said, env=os.environ | asked)

    def address() -> str:
        assert served.returncode is None, said.read_text()
        found = re.search(r"running on (http://127\.0\.0\.1:[0-9]+)", said.read_text())
        return found[1] if found else ""

    yield eventually(address, 60)
    children.close()


@needs_file(PYTHON)
@pytest.mark.broker
def test_an_outcome_is_in_the_other_s_mailbox_and_what_a_mailbox_holds_is_fetched_once(
    sandbox: str, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "key").write_text(SHARED_KEY)
    (tmp_path / "wrong").write_text("another")
    account: dict[str, Any] = {
        "url": sandbox,
        "password": {"file": tmp_path / "password"},
        "shared_key": {"file": tmp_path / "key"},
    }
    formats = ("fhir-json", "fhir-xml", "hl7v2")

    def send(written_as: str, **changed: Any) -> Outcome:
        way = MeshOut(
            MeshAddress.model_validate({**account, "mailbox": OURS, "to": THEIRS, "workflow": "SAFEGUARDING_OUTCOME", **changed})
        )

        async def once() -> Outcome:
            try:
                return await way.send(OUTCOME, writer_for("health", written_as)(OUTCOME))
            finally:
                await way.close()

        return asyncio.run(once())

    assert [send(one) for one in formats] == [Delivered()] * 3
    assert send("hl7v2", to="NOBODY") == Refused("mesh_417")
    assert send("hl7v2", mailbox="NOBODY") == Failed("mesh_403") == send("hl7v2", password={"file": tmp_path / "wrong"})
    with MeshClient(sandbox, THEIRS, PASSWORD, shared_key=SHARED_KEY.encode()) as theirs:
        found = {message.filename: message for message in theirs.iterate_all_messages()}
        written = [writer_for("health", one)(OUTCOME) for one in formats]
        assert sorted(found) == sorted(one.file_name for one in written)
        for one in written:
            message = found[one.file_name]
            assert message.read() == one.body
            assert (message.sender, message.local_id) == (OURS, OUTCOME.item_id)
            assert message.workflow_id == "SAFEGUARDING_OUTCOME"
        # Nobody has acknowledged them: the hub that reads that mailbox stores each, and then does.
        path = tmp_path / "senders.yaml"
        files = f"password: {{file: {tmp_path}/password}}, shared_key: {{file: {tmp_path}/key}}"
        path.write_text(
            f"senders:\n  - {{id: mesh-by-nhs-england, agency: health, transport: mesh,\n"
            f"     mesh: {{url: '{sandbox}', mailbox: {THEIRS}, {files}, every_seconds: 0.1}}}}\n"
        )
        health = own_connector("health", kafka, senders_file=path)
        eventually(lambda: not theirs.list_messages(), 60)
    fetched = [one.record for one in health.logged() if one.record.sender == "mesh-by-nhs-england"]
    assert sorted(one.body for one in fetched) == sorted(one.body for one in written)
    assert {one.file_name for one in fetched} == set(found)
    assert all(datetime.now(UTC) - one.received_at < timedelta(minutes=5) for one in fetched), "the mailbox's own stamp"
