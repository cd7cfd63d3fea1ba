"""`frontdoor link FILE.csv`: the linker over a file of reports, in file order, with a decision and reasons for each."""

import csv
import io
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from ops.linkage.batch import Linked, Oracle, link_reports, steady_memory
from streams.linkage.decision import LINK, NEW, REVIEW
from streams.linkage.model import ModelError, Scorer, load_model, shipped_model
from streams.linkage.report import Report

COLUMNS = (
    "record_id",
    "agency",
    "given",
    "family",
    "dob",
    "sex",
    "postcode",
    "address_line",
    "nhs_number",
    "upn",
)
OPTIONAL_COLUMNS = ("former_upn",)
TRUTH_COLUMN = "person_id"
OUT_COLUMNS = ("record_id", "person", "decision", "score", "reasons")

LONGEST_CELL = 10_000_000
"""Characters in one cell the reader accepts; only the beginning of a long cell is compared."""


class Reviews(StrEnum):
    """Who answers reviews: nobody, or the file's own truth before the next record is read."""

    none = "none"
    oracle = "oracle"


class LinkFileError(ValueError):
    """A file that cannot be read as reports; the text says why and what to do, and shows no cell."""


def read_rows(path: Path) -> tuple[list[str], Iterator[dict[str, str]]]:
    """The header and the rows of a CSV file, any cell content kept as text. Raises `LinkFileError`."""
    try:
        text = path.read_bytes().decode("utf-8-sig", errors="replace").replace("\0", "")
    except OSError as error:
        raise LinkFileError(f"{path} cannot be read ({error.strerror}): give the path of a CSV file") from error
    csv.field_size_limit(LONGEST_CELL)
    lines = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error as error:
        raise LinkFileError(f"{path}, line 1: not CSV ({error})") from error
    if not header:
        raise LinkFileError(f"{path} is empty: the first line must name the columns {', '.join(COLUMNS)}")

    def rows() -> Iterator[dict[str, str]]:
        try:
            for cells in lines:
                if cells:
                    yield dict(zip(header, [*cells, *[""] * (len(header) - len(cells))], strict=False))
        except csv.Error as error:
            raise LinkFileError(f"{path}, line {lines.line_num}: not CSV ({error})") from error

    return header, rows()


def check_columns(path: Path, header: list[str], needed: tuple[str, ...]) -> None:
    """Raise `LinkFileError` naming every missing column."""
    missing = [name for name in needed if name not in header]
    if missing:
        raise LinkFileError(
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}: "
            f"the first line must name {', '.join(needed)}; more columns do no harm"
        )


def read_reports(path: Path, with_truth: bool = False) -> tuple[list[Report], list[str], dict[str, str]]:
    """Reports of a file, the record ids as written, and (only when asked for) the true person by record.

    A record id that is empty or came before gets its line number added, so that each row is a report of its own.
    Raises `LinkFileError` for a missing file or column.
    """
    header, rows = read_rows(path)
    check_columns(path, header, (*COLUMNS, TRUTH_COLUMN) if with_truth else COLUMNS)
    reports: list[Report] = []
    written: list[str] = []
    truth: dict[str, str] = {}
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        name = row["record_id"].strip()
        record_id = name
        while not record_id or record_id in seen:
            record_id = f"{record_id or 'row'}#{number}"
        seen.add(record_id)
        written.append(name)
        reports.append(
            Report(
                record_id=record_id,
                **{column: row[column] for column in COLUMNS[1:]},
                former_upn=row.get("former_upn", ""),
            )
        )
        if with_truth:
            truth[record_id] = row[TRUTH_COLUMN].strip()
    return reports, written, truth


def reasons_text(linked: Linked) -> str:
    """Reasons in one cell, separated by `;`: codes first, then `may_be=PERSON:score` and `household_of=PERSON`.

    Persons are named by ids, never by anything personal.
    """
    decision = linked.decision
    parts = list(decision.reasons)
    if decision.outcome == REVIEW:
        parts += [f"may_be={candidate.person}:{candidate.score.same:.4f}" for candidate in decision.candidates]
    parts += [f"household_of={person}" for person in decision.household]
    if not parts:
        parts.append("all_agree" if decision.outcome == LINK else "nobody_alike")
    return ";".join(parts)


def write_links(linked: Iterator[Linked], written: list[str], out: TextIO) -> dict[str, int]:
    """Write one line a record; how many of each decision."""
    counts = {LINK: 0, REVIEW: 0, NEW: 0}
    writer = csv.writer(out)
    writer.writerow(OUT_COLUMNS)
    for name, one in zip(written, linked, strict=True):
        decision = one.decision
        counts[decision.outcome] += 1
        writer.writerow((name, one.person, decision.outcome, f"{decision.score:.6f}", reasons_text(one)))
    return counts


def link(
    file: Annotated[Path, typer.Argument(help=f"CSV with the columns {', '.join(COLUMNS)}.")],
    out: Annotated[Path | None, typer.Option(help="Where to write the links; standard output if not given.")] = None,
    reviews: Annotated[
        Reviews,
        typer.Option(help="none: nobody answers; oracle: each review is answered from the column person_id."),
    ] = Reviews.none,
    model: Annotated[Path | None, typer.Option(help="A trained model; the one that comes with the product if not given.")] = None,
) -> None:
    """Decide, record by record in file order, which reports are about the same child."""
    try:
        scorer = Scorer(load_model(model) if model else shipped_model())
        reports, written, truth = read_reports(file, with_truth=reviews is Reviews.oracle)
        oracle = Oracle(truth) if reviews is Reviews.oracle else None
        counts = _link(reports, written, scorer, oracle, out)
    except (LinkFileError, ModelError) as error:
        typer.echo(f"link: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"link: {error.filename}: {error.strerror}. Check the path and its permissions.", err=True)
        raise typer.Exit(2) from error
    total = sum(counts.values())
    shown = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    typer.echo(f"link: {total} records: {shown}. Model {scorer.model.version}.", err=True)


def _link(
    reports: list[Report], written: list[str], scorer: Scorer, oracle: Oracle | None, out: Path | None
) -> Mapping[str, int]:
    with steady_memory():
        linked = link_reports(reports, scorer, oracle)
        if out is None:
            return write_links(linked, written, sys.stdout)
        with out.open("w", newline="", encoding="utf-8") as file:
            return write_links(linked, written, file)
