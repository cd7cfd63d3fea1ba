"""`frontdoor linkage train`: learn the linkage model from reports, without labels, and measure it before it is used."""

import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer

from ops.audit.verdict import CannotLook
from ops.linkage.log_reports import log_reports
from ops.linkage.report_file import LinkFileError, read_reports
from ops.running_stack import running_settings
from schemas.settings import Settings
from streams.linkage.model import ModelError, to_json
from streams.linkage.report import Report
from streams.linkage.training import train as learn

OWN_CHILDREN, OWN_REPORTS, OWN_SEED = 8_000, 20_000, 1
"""The synthetic set the shipped model is trained on."""


def train(
    file: Annotated[
        Path | None,
        typer.Argument(help="CSV of reports, columns as for `frontdoor link`; our own synthetic children if not given."),
    ] = None,
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Learn from the contacts of this hub's own log, each in its latest version.")
    ] = False,
    bootstrap: Annotated[
        str | None, typer.Option("--bootstrap", help="With --from-log: host:port of the cluster; else the running stack's.")
    ] = None,
    out: Annotated[Path, typer.Option(help="Where to write the model.")] = Path("linkage-model.json"),
    version: Annotated[str, typer.Option(help="The model's name; from the data's digest if not given.")] = "",
    measure: Annotated[bool, typer.Option(help="Measure the model on fresh synthetic sets for its reliability table.")] = True,
) -> None:
    """Train a model by expectation-maximisation: no label is read, and the same data give the same model.

    Exit code: 0 written, 2 too few reports, or they cannot be read or used.
    """
    if file and from_log:
        typer.echo("linkage train: give a FILE or --from-log, not both", err=True)
        raise typer.Exit(2)
    try:
        reports, card = _from_file(file) if file else _from_log(bootstrap) if from_log else _own_reports()
        model_version = version or f"trained-{_digest(reports)}"
        trained = learn(reports, model_version, card)
        model = trained.model
        if measure:
            from bench.linkage.model_card import measured

            model = measured(model)
        out.write_text(to_json(model), encoding="utf-8")
    except (LinkFileError, ModelError, CannotLook) as error:
        typer.echo(f"linkage train: {error}", err=True)
        raise typer.Exit(2) from error
    except OSError as error:
        typer.echo(f"linkage train: {error.filename}: {error.strerror}. Check the path and its permissions.", err=True)
        raise typer.Exit(2) from error
    typer.echo(
        f"linkage train: {model.version} from {model.records} records, {trained.pairs} pairs, "
        f"{trained.iterations} iterations (last change {trained.last_change:.1e}); written to {out}",
        err=True,
    )


def _from_file(file: Path) -> tuple[list[Report], dict[str, Any]]:
    reports = read_reports(file).reports
    return reports, {"data": "reports of a file given by the operator; no label was read", "records": len(reports)}


def _from_log(bootstrap: str | None) -> tuple[list[Report], dict[str, Any]]:
    settings = Settings()
    reports = log_reports(bootstrap or running_settings(settings).bootstrap_servers, settings.partnership)
    return reports, {"data": "the hub's own contacts, each in its latest version; no label was read", "records": len(reports)}


def _own_reports() -> tuple[list[Report], dict[str, Any]]:
    from bench.linkage.measures import to_report
    from bench.linkage.reports import make_set

    rows, children = make_set(OWN_SEED, OWN_CHILDREN, OWN_REPORTS)
    card = {
        "data": "children who never existed, made by the generator of this product; no label was read in training",
        "children": len(children),
        "records": len(rows),
        "seed": OWN_SEED,
        "limits": (
            "Shares of twins, misspellings and missing cells are assumptions about English agencies, not measurements. "
            "Train on the partnership's own contacts, and read the reliability table again, before relying on the bands."
        ),
    }
    return [to_report(row) for row in rows], card


def _digest(reports: list[Report]) -> str:
    digest = hashlib.sha256()
    for report in reports:
        digest.update(report.record_id.encode())
    return f"{len(reports)}-{digest.hexdigest()[:8]}"
