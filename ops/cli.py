"""The command line: every command by its name. What a command does stands in its own module."""

import logging
import sys

import typer
from pydantic import ValidationError

from ops.audit_command import audit
from ops.backup_command import backup, restore
from ops.case_command import case
from ops.chaos_command import chaos
from ops.conform_command import conform
from ops.convert_command import convert
from ops.day_command import day
from ops.deadline_command import deadline
from ops.demo_command import demo
from ops.export_command import export_app
from ops.find_command import find
from ops.flag_command import flag_app
from ops.linkage.link import link
from ops.linkage.train import train
from ops.load_command import load
from ops.manifests_command import manifests
from ops.quality_command import quality
from ops.quarantine_command import quarantine_app
from ops.read_command import read
from ops.reconcile_command import reconcile_contacts
from ops.record_command import record
from ops.replay_command import replay
from ops.report_command import report_app
from ops.review_command import review_app
from ops.rota_command import rota
from ops.schemas_command import schemas_app
from ops.send_command import send
from ops.simulate_command import simulate
from ops.statement_command import statement, verify_statement
from ops.story_command import story
from ops.team_command import team
from ops.test_command import test
from ops.topics_command import topics_app
from ops.transfer_command import transfer_app
from ops.undelivered_command import undelivered_app
from ops.up_command import down, status, up
from ops.watch_command import watch
from ops.why_command import why
from schemas.codes import also_generic
from schemas.settings import Settings

app = typer.Typer(
    name="frontdoor",
    help="Front Door: the messaging hub for children's safeguarding partnerships.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
linkage_app = typer.Typer(help="The linker of reports about the same child.", no_args_is_help=True)
linkage_app.command("train")(train)

for command in (
    demo, up, status, down, day, read, convert, quality, send, record, find, case, story, watch, rota, audit, deadline, link,
    test,
):  # fmt: skip
    app.command(command.__name__)(command)
app.command("load")(load)
app.command("team")(team)
app.command("simulate")(simulate)
app.command("conform")(conform)
app.command("statement")(statement)
app.command("verify-statement")(verify_statement)
app.command("manifests")(manifests)
app.command("replay")(replay)
app.command("chaos")(chaos)
app.command("backup")(backup)
app.command("restore")(restore)
app.command("why")(why)
app.command("reconcile")(reconcile_contacts)
app.add_typer(topics_app, name="topics")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(schemas_app, name="schemas")
app.add_typer(linkage_app, name="linkage")
app.add_typer(review_app, name="review")
app.add_typer(flag_app, name="flag")
app.add_typer(transfer_app, name="transfer")
app.add_typer(undelivered_app, name="undelivered")
app.add_typer(report_app, name="report")
app.add_typer(export_app, name="export")


def main() -> None:
    """The entry point. A setting that cannot be used ends it with exit code 2 and the names of the variables."""
    # A command says itself what a lost connection means for it.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
        also_generic((Settings().generic_names or "").split(","))
        app(prog_name="frontdoor")
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for wrong in error.errors(include_url=False, include_input=False):
            name = str(wrong["loc"][0]).upper().removeprefix("FRONTDOOR_")
            print(f"The setting FRONTDOOR_{name} cannot be used: {wrong['msg']}.", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
