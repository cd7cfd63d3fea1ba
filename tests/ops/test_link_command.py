"""`frontdoor link` and `frontdoor linkage train`: what they promise about files, and that nothing in a cell stops them."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from bench.linkage.other_town import make_other_town
from bench.linkage.reports import write_csv
from ops.linkage.link import OUT_COLUMNS, link
from ops.linkage.report_file import COLUMNS
from ops.linkage.train import train

CHECKOUT = Path(__file__).resolve().parents[2]
HEAD = ",".join(COLUMNS)
CHILD = "health,Oliver,Ashworth,2015-03-14,M,LS1 4AB,12 Acacia Road,9990000018,"


def app() -> typer.Typer:
    made = typer.Typer()
    made.command("link")(link)
    made.command("train")(train)
    return made


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app(), list(arguments))
    return result.exit_code, result.output


def written(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def linked(tmp_path: Path, text: str, *options: str) -> list[dict[str, str]]:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    code, output = run("link", str(source), "--out", str(out), *options)
    assert code == 0, output
    return written(out)


def test_two_reports_of_one_child_are_linked_in_file_order(tmp_path: Path) -> None:
    rows = linked(tmp_path, f"{HEAD}\na,{CHILD}\nb,{CHILD.replace('Oliver', 'OLIVER')}\n")
    assert [(row["record_id"], row["person"], row["decision"]) for row in rows] == [("a", "a", "NEW"), ("b", "a", "LINK")]
    assert tuple(rows[0]) == OUT_COLUMNS
    assert float(rows[1]["score"]) > 0.95 and all(row["reasons"] for row in rows)


def test_columns_may_come_in_any_order_and_more_do_no_harm(tmp_path: Path) -> None:
    names = [*reversed(COLUMNS), "note"]
    cells = dict(zip(COLUMNS, ["a", *CHILD.split(",")], strict=True)) | {"note": "x"}
    rows = linked(tmp_path, ",".join(names) + "\n" + ",".join(cells[name] for name in names) + "\n")
    assert rows[0]["decision"] == "NEW"


def test_a_review_names_the_reasons_and_who_it_may_be(tmp_path: Path) -> None:
    baby = CHILD.replace("Oliver", "Baby").replace("9990000018", "")
    rows = linked(tmp_path, f"{HEAD}\na,{CHILD}\nb,{baby}\n")
    assert (rows[1]["decision"], rows[1]["person"]) == ("REVIEW", "b")
    assert "no_given" in rows[1]["reasons"] and "may_be=a:" in rows[1]["reasons"]


@pytest.mark.parametrize(("truth", "person"), [("p1", "a"), ("p2", "b")])
def test_the_oracle_answers_each_review_before_the_next_record(tmp_path: Path, truth: str, person: str) -> None:
    baby = CHILD.replace("Oliver", "Baby").replace("9990000018", "")
    text = f"{HEAD},person_id\na,{CHILD},p1\nb,{baby},{truth}\n"
    rows = linked(tmp_path, text, "--reviews", "oracle")
    assert (rows[1]["decision"], rows[1]["person"]) == ("REVIEW", person)


def test_without_the_oracle_the_truth_column_changes_nothing(tmp_path: Path) -> None:
    one = linked(tmp_path, f"{HEAD},person_id\na,{CHILD},p1\nb,{CHILD},p2\n")
    other = linked(tmp_path, f"{HEAD}\na,{CHILD}\nb,{CHILD}\n")
    assert one == other


def test_the_same_file_gives_the_same_bytes(tmp_path: Path) -> None:
    text = f"{HEAD}\n" + "".join(
        f"r{n},{CHILD.replace('Oliver', name)}\n" for n, name in enumerate(["Oliver", "Ollie", "Amelia", ""])
    )
    linked(tmp_path, text)
    first = (tmp_path / "out.csv").read_bytes()
    linked(tmp_path, text)
    assert (tmp_path / "out.csv").read_bytes() == first


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    rows, _ = make_other_town(11, 150, 400)
    source = tmp_path / "in.csv"
    write_csv(rows, source)
    written_bytes = set()
    for seed in ("1", "2"):
        out = tmp_path / f"{seed}.csv"
        command = [sys.executable, "-m", "ops.cli", "link", str(source), "--out", str(out), "--reviews", "oracle"]
        subprocess.run(command, check=True, capture_output=True, cwd=CHECKOUT, env=os.environ | {"PYTHONHASHSEED": seed})
        written_bytes.add(out.read_bytes())
    assert len(written_bytes) == 1
    assert len(next(iter(written_bytes)).splitlines()) == len(rows) + 1


def test_any_cell_content_gets_a_decision_with_reasons(tmp_path: Path) -> None:
    nasty = [
        ["", "", "", "", "", "", "", "", "", ""],
        ["dup", *CHILD.split(",")],
        ["dup", *CHILD.split(",")],
        ["long", "x" * 300, "y" * 200_000, "z" * 200, "1" * 500, "?", "p" * 99, "q" * 999, "9" * 99, "u" * 99],
        ["emoji", "police", "🙂", "👶👶", "1900-01-01", "🙂", "🙂", "🙂", "🙂", "🙂"],
        ["rtl", "police", "محمد", "‮شمس‬", "2015-01-01", "F", "", "", "", ""],
        ["multi", "a", "line\nbreak", 'quo"te', "14/03/2015", "m", "LS1\u2028", "=1+1", "0000000000", "A000000000000"],
        ["unborn", "health", "Unborn", "Ashworth", "", "", "LS1 4AB", "12 Acacia Road", "", ""],
    ]
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *nasty])
    assert run("link", str(source), "--out", str(out))[0] == 0
    rows = written(out)
    assert len(rows) == len(nasty)
    assert [row["record_id"] for row in rows] == [cells[0] for cells in nasty]
    assert all(row["decision"] in ("LINK", "REVIEW", "NEW") and row["reasons"] and row["person"] for row in rows)
    assert rows[2]["person"] == rows[1]["person"]


def test_rows_too_short_or_too_long_and_bytes_that_are_not_text_are_read(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_bytes(
        b"\xef\xbb\xbf" + HEAD.encode() + b"\r\nshort,health\r\n" + f"long,{CHILD},,,,\r\n".encode() + b"bad,\xff\xfe,\x00\r\n"
    )
    code, output = run("link", str(source), "--out", str(out))
    assert code == 0, output
    assert [row["record_id"] for row in written(out)] == ["short", "long", "bad"]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_as_spreadsheets_save_it_is_read(tmp_path: Path, delimiter: str, encoding: str) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    text = f"{HEAD.upper()}\na,{CHILD.replace('Oliver', 'Zoë')}\nb,{CHILD.replace('Oliver', 'Zoë')}\n"
    source.write_bytes(text.replace(",", delimiter).encode(encoding))
    code, output = run("link", str(source), "--out", str(out))
    assert code == 0, output
    assert [row["decision"] for row in written(out)] == ["NEW", "LINK"]


def test_missing_columns_are_empty_cells_and_are_named(tmp_path: Path) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("Given,Family,DOB\nOliver,Ashworth,2015-03-14\nOliver,Ashworth,14/03/2015\n")
    code, output = run("link", str(source), "--out", str(out))
    assert code == 0 and "no column record_id, agency, sex" in output
    assert [(row["record_id"], row["decision"]) for row in written(out)] == [("1", "NEW"), ("2", "REVIEW")]


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", (), "is empty"),
        ("record_id,note\na,b\n", (), "lacks every column that could be compared"),
        (f"{HEAD}\n", ("--reviews", "oracle"), "lacks the column person_id"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_do(tmp_path: Path, content: str, options: tuple[str, ...], said: str) -> None:
    source = tmp_path / "in.csv"
    source.write_text(content)
    code, output = run("link", str(source), *options)
    assert code == 2 and said in output and "Traceback" not in output


def test_a_missing_file_or_model_or_folder_is_named(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    code, output = run("link", str(source))
    assert code == 2 and "cannot be read" in output
    source.write_text(f"{HEAD}\na,{CHILD}\n")
    assert run("link", str(source), "--out", str(tmp_path / "no" / "out.csv"))[0] == 2
    model = tmp_path / "model.json"
    assert run("link", str(source), "--model", str(model))[0] == 2
    model.write_text("{}")
    code, output = run("link", str(source), "--model", str(model))
    assert code == 2 and "not a linkage model" in output


def test_training_on_too_little_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"{HEAD}\na,{CHILD}\n")
    code, output = run("train", str(source), "--out", str(tmp_path / "model.json"))
    assert code == 2 and "too few" in output
    assert not (tmp_path / "model.json").exists()
