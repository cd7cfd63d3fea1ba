"""`frontdoor why FLAG`: the exact records that led to a flag, its rule, and the same decision once more."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops.audit.log_reader import LogReader
from ops.audit.verdict import CannotLook
from ops.casebook.reading import which_log
from ops.progress_bar import progress_bar
from ops.view.client import NOT_FOUND, fail
from ops.view.terminal import console, plain, when
from ops.why.decision import Cause, Rerun
from ops.why.records import Found, feed_inputs, find_flags
from ops.why.rule import Rule, rule_of
from schemas.calendars import SHIPPED_CALENDARS, CalendarError, DataFileError, load_calendars
from schemas.clock_policy import SHIPPED_POLICY, load_policy
from schemas.flag import Flag
from schemas.settings import Settings
from streams.cases import Cases
from streams.clock_rules import ClockRules
from streams.clocks import Clocks

#: Exit codes: the log or the rules could not be read; the decision comes to something else.
COULD_NOT_LOOK, DIFFERS = 2, 3


def why(
    flag: Annotated[str, typer.Argument(metavar="FLAG", help="The flag's id, or its beginning.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
    bootstrap: Annotated[
        str | None, typer.Option(help="host:port of the cluster; else the running stack's, else KAFKA_BOOTSTRAP_SERVERS.")
    ] = None,
) -> None:
    """Print the records that led to a flag, the rule with its source, and decide again on those records.

    Needs the broker alone. Exit code: 0 the decision comes to the same, 1 no such flag, 2 the log or the rules could not be
    read, 3 the decision comes to something else.
    """
    wanted = flag.strip().casefold()
    if not wanted:
        fail("Which flag? Ids stand in: frontdoor flag list", NOT_FOUND)
    settings = Settings()
    log = which_log(settings, bootstrap)
    try:
        calendars = load_calendars(settings.calendars or SHIPPED_CALENDARS)
        policy = load_policy(settings.clock_policy or SHIPPED_POLICY, calendars=calendars)
        reader = LogReader(log.bootstrap)
        try:
            with progress_bar("reading the log") as told:
                found = find_flags(reader, wanted, told)
                if len(found) != 1:
                    several = f"{len(found)} flags begin with that: give more of the id."
                    fail(several if found else "The log holds no such flag.", NOT_FOUND)
                rerun = Rerun(found[0], (Cases(settings.duty_manager), Clocks(ClockRules(policy, calendars))))
                feed_inputs(reader, found[0], rerun.take, stepped=log.stepped, told=told)
        finally:
            reader.close()
    except CannotLook as error:
        fail(f"Could not look: {error}", COULD_NOT_LOOK)
    except (CalendarError, DataFileError) as error:
        fail(str(error), COULD_NOT_LOOK)
    authority = next((one.input.event.opened.authority_code for one in rerun.causes if one.input.event.opened is not None), "")
    rule = rule_of(found[0].flag.clock, authority, policy)
    if as_json:
        typer.echo(json.dumps(_as_data(found[0], rerun, rule), indent=2))
    else:
        _tell(console(), found[0], rerun, rule)
    raise typer.Exit(0 if rerun.same else DIFFERS)


def _tell(out: Console, found: Found, rerun: Rerun, rule: Rule) -> None:
    flag = found.flag
    out.print(f"flag {flag.flag_id}", style="bold")
    out.print(f"contact {flag.contact_id} · {flag.clock} clock, opening {flag.opening}")
    started, due = when(flag.started_at.isoformat()), when(flag.due_at.isoformat())
    out.print(f"started {started} · limit {due} · {_state(flag)}, {_word(flag.result)}")
    out.print(f"\nrule: {rule.title}", style="bold")
    for name, text in (("limit", rule.limit), ("stopped by", rule.stops), ("standing", rule.standing), ("source", rule.source),
                       ("note", rule.note), ("in force", rule.policy), ("decided under", flag.rests_on)):  # fmt: skip
        if text:
            out.print(f"  {name}: {text}")
    out.print("\nrecords that led to it", style="bold")
    table = Table("record", "when (London)", "what", "who", "led to", box=None, pad_edge=False, header_style="dim")
    for cause in rerun.causes:
        event = cause.input.event
        table.add_row(str(cause.input.place), when(event.at.isoformat()), _what(cause), plain(event.by), _led_to(cause))
    out.print(table)
    out.print("\nstates on the log", style="bold")
    for state, places in found.states:
        out.print(f"  {_state(state)}: {', '.join(map(str, places))}")
    if rerun.same:
        out.print("\nDecided again on these records: the same.", style="bold")
        return
    out.print("\nDecided again on these records: something else.", style="bold red")
    for state in rerun.missing:
        out.print(f"  the decision says {_state(state)}; the log does not (is a worker still behind?)")
    for state in rerun.unexplained:
        out.print(f"  the log says {_state(state)}; the decision does not")
    if not rerun.missing and not rerun.unexplained:
        out.print("  the same states in another order")
    if flag.rests_on and not flag.rests_on.startswith(rule.policy):
        out.print(f"  it was decided under {flag.rests_on}; in force is {rule.policy}")


def _what(cause: Cause) -> str:
    event = cause.input.event
    if event.type == "tick":
        return "tick" + (", vouches for the hub at the limit" if cause.vouches else "")
    said = _word(event.type) + (f" {event.level}" if event.level else "")
    claimed = event.happened_at.isoformat() if event.happened_at is not None else None
    said += f", happened {when(claimed)}" if claimed else f", happened on {event.happened_on}" if event.happened_on else ""
    return said + (f" — does not count: {plain(event.problem)}" if event.problem else "")


def _led_to(cause: Cause) -> str:
    return ", ".join(_state(state) for state in cause.led_to)


def _state(flag: Flag) -> str:
    at = f" ({when(flag.step_at.isoformat())}{f', {flag.to}' if flag.to else ''})" if flag.step_at is not None else ""
    return _word(flag.state) + at


def _word(text: str) -> str:
    return text.replace("_", " ")


def _as_data(found: Found, rerun: Rerun, rule: Rule) -> dict[str, Any]:
    return {
        "flag": found.flag.model_dump(mode="json"),
        "rule": {name: getattr(rule, name) for name in Rule.__slots__},
        "records": [
            {
                "topic": cause.input.place.topic,
                "partition": cause.input.place.partition,
                "offset": cause.input.place.offset,
                "event_id": cause.input.event.event_id,
                "type": cause.input.event.type,
                "at": cause.input.event.at.isoformat(),
                "by": cause.input.event.by,
                "receipt_id": cause.input.event.receipt_id,
                "vouches_for_the_limit": cause.vouches,
                "led_to": [state.state for state in cause.led_to],
            }
            for cause in rerun.causes
        ],
        "states": [
            {"state": state.model_dump(mode="json"), "places": [str(place) for place in places]} for state, places in found.states
        ],
        "decided_again": [state.model_dump(mode="json") for state in rerun.states],
        "same": rerun.same,
    }
