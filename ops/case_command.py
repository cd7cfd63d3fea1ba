"""`frontdoor case`: the whole story of one contact."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ops.view.client import ViewClient, case_path, plain_errors, warn_if_behind
from ops.view.terminal import RISK_STYLE, STATES, console, plain, time_left, when
from schemas.settings import Settings


def case(
    contact: Annotated[str, typer.Argument(metavar="ID", help="Contact id, receipt, or receipt/2 for its second child.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object for programs.")] = False,
) -> None:
    """Tell everything that happened to one contact, in order.

    Exit code: 0 told, 1 nothing by that name, 3 no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask(case_path(contact))
        warn_if_behind(answer)
        if as_json:
            typer.echo(json.dumps(answer, indent=2))
        else:
            _tell(console(), answer)


def _tell(out: Console, case: dict[str, Any]) -> None:
    out.print(plain(case["child"]) or _nameless(case), style="bold")
    risk = case["risk"]
    out.print(f"risk {risk or 'not stated'}", style=RISK_STYLE.get(risk, ""))
    for line in _heading(case):
        out.print(line)
    if case["re_referral_of"]:
        out.print(f"referred again within twelve months: before as contact {case['re_referral_of']}", style="bold")
    if len(case["chain"]) > 1:
        out.print("chain: " + " → ".join(f"{plain(link['what'])} ({when(link['at'])})" for link in case["chain"]))
    for clock in case["clocks"]:
        out.print(_clock(clock), style="bold red" if clock["state"] in ("missed", "overdue") else "")
    table = Table("when (London)", "what", "who", "said by the sender", box=None, pad_edge=False, header_style="dim")
    for step in case["story"]:
        what = plain(step["what"])
        if step["problem"]:
            what += f" — does not count: {plain(step['problem'])}"
        what += "".join(f"\n“{plain(words)}”" for words in step["words"])
        what += f" — {plain(step['note'])}" if step["note"] else ""
        table.add_row(when(step["at"]), what, plain(step["by"]), plain(step["said_at"]))
    out.print()
    out.print(table)
    for version in case["versions"]:
        if version["narrative"]:
            out.print(f"\nversion {version['version']}, as reported:", style="dim")
            out.print(plain(version["narrative"]))


def _nameless(case: dict[str, Any]) -> str:
    if case["kind"] == "unreadable":
        return "A message nobody could read"
    return "A contact that was never opened here" if not case["opened"] else "The child's name is no longer held"


def _heading(case: dict[str, Any]) -> list[str]:
    lines = [f"contact {case['contact_id']} · receipt {case['receipt_id'] or 'unknown'}"]
    if case["opened"]:
        lines.append(
            f"{case['agency']} · {plain(case['organisation']) or 'organisation not named'} · sent by {plain(case['sender'])} · "
            f"arrived {when(case['received_at'])}"
        )
        worker = plain(case["worker"]) or "nobody by name yet"
        read = f"read by {plain(case['read_by'])}" if case["read_by"] else "no person has read it yet"
        lines.append(f"held by {worker} (team {plain(case['team'])}) · {read}")
        if case["authority_how"] == "default":
            lines.append("responsible authority not stated by the sender: taken as the front door's own")
    if case["siblings"]:
        lines.append("same notice: " + ", ".join(case["siblings"]))
    if case["possible_repeat_of"]:
        lines.append(f"possible repeat of {case['possible_repeat_of']}")
    if case["repeat_of"]:
        lines.append(f"says the same as contact {case['repeat_of']}, sent by another channel; it has its own clock all the same")
    lines += _whose_child(case)
    if case["became"]:
        lines.append("became " + ", ".join(case["became"]))
    if case["was"]:
        lines.append(f"read from the unreadable message {case['was']}")
    return lines


def _whose_child(case: dict[str, Any]) -> list[str]:
    """Which child's story it belongs to, who else may be meant, and whose household it is."""
    lines = []
    if case["story_id"] not in ("", case["contact_id"]):
        lines.append(f"the same child as contact {case['story_id']}; all of its contacts: frontdoor story {case['contact_id']}")
    if case["links"]:
        lines.append(_why(case["links"][-1]))
    review = case["review"]
    if review and review["state"] == "open":
        for one in review["candidates"]:
            lines.append(f"may be {plain(one['child']) or 'the child'} of contact {one['record']}: frontdoor review show")
    household = case["links"][-1]["household"] if case["links"] else []
    if household:
        lines.append("same household as contact " + ", ".join(household))
    return lines


def _why(link: dict[str, Any]) -> str:
    """What the linker, or a person, decided last, and on what."""
    if link["by"]:
        return f"whose child: {link['outcome'].lower()}, by {plain(link['by'])} ({', '.join(link['reasons']).replace('_', ' ')})"
    parts = [f"score {link['score']:.4f}" if link["score"] else "nobody is like this child"]
    best = link["candidates"][0] if link["candidates"] else None
    if best is not None:
        parts += [f"{name} {level}" for name, level in best["agreement"].items()]
    if link["reasons"]:
        parts.append("because: " + ", ".join(link["reasons"]).replace("_", " "))
    known = f"model {link['model_version']}, {link['index_size']} records known"
    return f"whose child: {link['outcome'].lower()} ({'; '.join(parts)}; {known})"


def _clock(clock: dict[str, Any]) -> str:
    nth = f" (opening {clock['opening']})" if clock["opening"] > 1 else ""
    text = f"{clock['clock']} clock{nth}: limit {when(clock['due_at'])}, {STATES[clock['state']]}"
    if clock["state"] == "open":
        text += f", {time_left(clock['minutes_left'])}"
    if clock["answered_by"]:
        text += f" · {plain(clock['answered_by'])}, {when(clock['answered_at'])}"
    if clock["recorded_late"]:
        text += " · recorded late"
    flag = clock["flag"]
    if flag and not (flag["result"] == "due_soon" and flag["state"] == "withdrawn"):
        text += f" · flag {flag['state'].replace('_', ' ')} ({flag['result'].replace('_', ' ')})"
    return text if clock["flag_agrees"] else text + " · the flags topic says otherwise"
