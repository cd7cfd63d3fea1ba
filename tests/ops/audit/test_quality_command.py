"""`frontdoor quality` reads the receipts of a real log and says what each sender sends badly."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ops.quality_command import quality
from schemas.reading import Note

from .log_builder import Log, at

app = typer.Typer()
app.command()(quality)

NO_DOB = Note(code="no_dob", field="child.dob", text="The child has no date of birth in the message.")


@pytest.mark.broker
def test_it_counts_what_the_log_holds_and_says_when_there_is_nothing(cluster: str, journals: Path) -> None:
    log = Log()
    noon = at("2026-06-05 12:00")
    log.settled(log.message("one", noon), "contact", noon, notes=[NO_DOB])
    log.settled(log.message("two", noon), "quarantined", noon, reason_code="no_msh", reason="There is no MSH segment.")
    log.write(cluster, journals)
    run = CliRunner()
    told = run.invoke(app, ["--bootstrap", cluster, "--json"])
    assert told.exit_code == 0, told.output
    [sender] = json.loads(told.stdout)["senders"]
    assert (sender["sender"], sender["messages"], sender["clean"]) == ("health-sender", 2, 0)
    assert (sender["notes"][0]["code"], sender["unread"][0]["code"]) == ("no_dob", "no_msh")
    read = run.invoke(app, ["--bootstrap", cluster, "--sender", "health-sender", "--from", "2026-06-05", "--to", "2026-06-05"])
    assert "There is no MSH segment. (1 message)" in read.stdout
    assert "The child has no date of birth in the message. (1 message) in child.dob" in read.stdout
    for nothing in (["--sender", "nobody"], ["--from", "2026-06-06"]):
        assert run.invoke(app, ["--bootstrap", cluster, *nothing]).exit_code == 1
