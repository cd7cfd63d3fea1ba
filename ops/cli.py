"""The command line: every command by its name. What a command does stands in its own module."""

import logging
import sys

import typer
from pydantic import ValidationError

from ops.audit_command import audit
from ops.case_command import case
from ops.day_command import day
from ops.deadline_command import deadline
from ops.demo_command import demo
from ops.find_command import find
from ops.linkage.link import link
from ops.linkage.train import train
from ops.quarantine_command import quarantine_app
from ops.read_command import read
from ops.record_command import record
from ops.review_command import review_app
from ops.rota_command import rota
from ops.schemas_command import schemas_app
from ops.send_command import send
from ops.simulate_command import simulate
from ops.story_command import story
from ops.test_command import test
from ops.topics_command import topics_app
from ops.up_command import down, status, up
from ops.watch_command import watch
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

for command in (demo, up, status, down, day, read, send, record, find, case, story, watch, rota, audit, deadline, link, test):
    app.command(command.__name__)(command)
app.command("simulate")(simulate)
app.add_typer(topics_app, name="topics")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(schemas_app, name="schemas")
app.add_typer(linkage_app, name="linkage")
app.add_typer(review_app, name="review")


def main() -> None:
    """The entry point. A setting that cannot be used ends it with exit code 2 and the names of the variables."""
    # A command says itself what a lost connection means for it.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    try:
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
