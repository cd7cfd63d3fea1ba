"""`frontdoor link FILE.csv`: the linker over a file of reports, in file order, with a decision and reasons for each."""

import csv
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import typer

from ops.linkage.batch import Linked, Oracle, link_reports, steady_memory
from ops.linkage.report_file import COLUMNS, LinkFileError, ReportFile, read_reports
from streams.linkage.decision import LINK, NEW, REVIEW
from streams.linkage.model import ModelError, Scorer, load_model, shipped_model

OUT_COLUMNS = ("record_id", "person", "decision", "score", "reasons")


class Reviews(StrEnum):
    """Who answers reviews: nobody, or the file's own truth before the next record is read."""

    none = "none"
    oracle = "oracle"


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
        read = read_reports(file, with_truth=reviews is Reviews.oracle)
        if read.missing:
            typer.echo(f"link: {file} has no column {', '.join(read.missing)}: taken as empty", err=True)
        oracle = Oracle(read.truth) if reviews is Reviews.oracle else None
        counts = _link(read, scorer, oracle, out)
    except (LinkFileError, ModelError) as error:
        typer.echo(f"link: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"link: {error.filename}: {error.strerror}. Check the path and its permissions.", err=True)
        raise typer.Exit(2) from error
    total = sum(counts.values())
    shown = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    typer.echo(f"link: {total} records: {shown}. Model {scorer.model.version}.", err=True)


def _link(read: ReportFile, scorer: Scorer, oracle: Oracle | None, out: Path | None) -> Mapping[str, int]:
    with steady_memory():
        linked = link_reports(read.reports, scorer, oracle)
        if out is None:
            return write_links(linked, read.written, sys.stdout)
        with out.open("w", newline="", encoding="utf-8") as file:
            return write_links(linked, read.written, file)
