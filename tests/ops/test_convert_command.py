"""`frontdoor convert` writes a partner's message in another partner's format and names what that format cannot say."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from connectors.registry import CONVERSIONS, agency_of, reader
from ops.convert_command import convert
from schemas.reading import Hint

app = typer.Typer()
app.command()(convert)
SAMPLES = Path(__file__).parents[1] / "connectors" / "health" / "samples"
REFERRAL = SAMPLES / "ref_i12_v2_4_gp.hl7"


@pytest.mark.parametrize("to", CONVERSIONS)
def test_a_gp_s_referral_is_understood_in_every_other_format(to: str) -> None:
    ran = CliRunner().invoke(app, ["health", to, str(REFERRAL)])
    assert ran.exit_code == 0, ran.output
    reading = reader(agency_of(to))(ran.stdout_bytes, Hint())
    [report] = [*reading.reports, *(case.report for case in reading.case_reports if case.report)]
    assert (report.person.given, report.person.family, report.risk) == ("Lily", "SAMPLE", "amber")
    assert report.reference == "REF-2026-0117"


def test_what_the_other_format_cannot_say_is_named() -> None:
    ran = CliRunner().invoke(app, ["hl7v2", "concern-csv", str(REFERRAL)])
    assert "people's phone, e-mail" in ran.stderr
    assert "name" not in ran.stderr.rpartition(": ")[2].split("; ")


def test_each_child_is_a_message_of_its_own(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["health", "notice-json", str(SAMPLES / "siblings_transaction.json"), "--out", str(tmp_path)])
    assert ran.exit_code == 0, ran.output
    written = sorted(tmp_path.iterdir())
    assert [file.name for file in written] == [f"siblings_transaction-{place}.json" for place in (1, 2, 3)]
    names = [json.loads(file.read_text())["children"][0]["given_name"] for file in written]
    assert names == ["Lily", "Ned", "Mo"]


def test_the_same_file_gives_the_same_message() -> None:
    run = CliRunner()
    assert (
        run.invoke(app, ["health", "hl7v2", str(REFERRAL)]).stdout == run.invoke(app, ["health", "hl7v2", str(REFERRAL)]).stdout
    )


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["health", "pdf", str(REFERRAL)], 2, "TO must be one of"),
        (["housing", "hl7v2", str(REFERRAL)], 2, "FROM must be one of"),
        (["health", "hl7v2", "nowhere.hl7"], 2, "cannot be opened"),
        (["health", "hl7v2", str(SAMPLES / "adt_a40_v2_4.hl7")], 1, "not a contact"),
    ],
)
def test_what_cannot_be_converted_says_why(arguments: list[str], code: int, said: str) -> None:
    ran = CliRunner().invoke(app, arguments)
    assert (ran.exit_code, said in ran.stderr) == (code, True), ran.output
