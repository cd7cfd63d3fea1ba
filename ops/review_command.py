"""`frontdoor review`: which contacts may be about one child, and what a person says; undoing links, hiding identities."""

import json
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer
from rich.console import Console

from ops.case_entry import contact_of, enter
from ops.dry_run import DryRun
from ops.entry_options import Json, Timeout, Token, require_named
from ops.view.client import STILL_WAITING, USAGE, Refused, ViewClient, case_path, fail, plain_errors, warn_if_behind
from ops.view.terminal import console, plain, when
from schemas.settings import Settings

review_app = typer.Typer(help="Contacts that may be about one child: list, show, answer, undo.", no_args_is_help=True)

Contact = Annotated[str, typer.Argument(metavar="CONTACT", help="Contact id, receipt, or receipt/2.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Who decides: a person's name.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, in a few words.")]


@review_app.command("list")
def list_reviews(as_json: Json = False) -> None:
    """List what waits for a person, oldest first.

    Exit code: 0 listed, 3 no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask("/reviews")
        warn_if_behind(answer)
        if as_json:
            typer.echo(json.dumps(answer, indent=2))
            return
        out = console()
        out.print(f"{answer['total']} to look at", style="bold")
        for one in answer["reviews"]:
            names = ", ".join(plain(each["child"]) or "not named" for each in one["candidates"])
            question = f"may be {names}" if names else ", ".join(reason.replace("_", " ") for reason in one["reasons"])
            mark = " · somebody was not sure" if one["unsure"] else ""
            child = plain(one["child"]) or "not named"
            out.print(f"{one['contact_id']}  {when(one['opened_at'])}  {child}: {question}{mark}")


@review_app.command()
def show(contact: Contact, as_json: Json = False) -> None:
    """Show what agrees and what does not, for each child that a contact may be about.

    Exit code: 0 shown, 1 nothing to answer about it, 3 no stack is running.
    """
    with plain_errors(), ViewClient(Settings()) as view:
        answer = view.ask("/reviews/" + quote(contact))
        warn_if_behind(answer)
        if as_json:
            typer.echo(json.dumps(answer, indent=2))
        else:
            _tell(console(), answer["review"])


@review_app.command()
def answer(
    contact: Contact,
    verdict: Annotated[Literal["same", "not_same", "not_sure"], typer.Argument(help="Is it the same child?")],
    other: Annotated[str, typer.Option("--other", metavar="CONTACT", help="Which child, if several may be meant.")] = "",
    by: By = "",
    reason: Reason = "",
    token: Token = "",
    as_json: Json = False,
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Say whether a contact is about the child of another one. "not_same" lasts.

    Exit code: 0 carried out, 1 refused, 2 something is missing here, 3 no stack is running, 4 kept, not carried out yet.
    """
    _signed(by, reason)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        about = contact_of(view, contact, timeout)
        before = _ask(view, about)
        other_contact = contact_of(view, other, timeout) if other else _only_candidate(before)
        entry = {"event": "link_answered", "contact_id": about, "other_contact": other_contact, "verdict": verdict}
        enter(settings, view, {**entry, "by": by, "reason": reason}, token, timeout, dry_run=dry_run)
        path = "/reviews/" + quote(about)
        after = view.wait(path, lambda said: said["review"] != before, timeout)
        if after is None or after["review"] == before:
            fail("It is kept; linkage has not carried it out yet. Look again with: frontdoor review show", STILL_WAITING)
        _end(after["review"], as_json, lambda out: _tell(out, after["review"]))


@review_app.command()
def undo(
    contact: Contact,
    by: By = "",
    reason: Reason = "",
    token: Token = "",
    as_json: Json = False,
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Take a contact out of its child's story: it is a story of its own again, and whoever was told is corrected.

    Exit code: 0 carried out, 1 refused, 2 something is missing here, 3 no stack is running, 4 kept, not carried out yet.
    """
    _decide("link_undone", {"contact": contact}, by, reason, token, as_json, timeout, dry_run)


@review_app.command()
def supersede(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A contact of the identity to hide.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="A contact of the identity that replaces it.")],
    by: By = "",
    reason: Reason = "",
    token: Token = "",
    as_json: Json = False,
    timeout: Timeout = 30.0,
    dry_run: DryRun = False,
) -> None:
    """Hide an identity behind another one (adoption, a new NHS number): no decision and no story names it any more.

    Exit code: 0 carried out, 1 refused, 2 something is missing here, 3 no stack is running, 4 kept, not carried out yet.
    """
    _decide("identity_superseded", {"contact": old, "other": new}, by, reason, token, as_json, timeout, dry_run)


def _decide(
    event: str, about: dict[str, str], by: str, reason: str, token: str, as_json: bool, timeout: float, dry_run: bool
) -> None:
    _signed(by, reason)
    settings = Settings()
    with plain_errors(), ViewClient(settings) as view:
        contact = contact_of(view, about["contact"], timeout)
        entry = {"event": event, "contact_id": contact, "by": by, "reason": reason}
        if "other" in about:
            entry["other_contact"] = contact_of(view, about["other"], timeout)
        before, links = _ask(view, contact), _links(view, contact)
        enter(settings, view, entry, token, timeout, dry_run=dry_run)

        def carried_out(case: dict[str, Any]) -> bool:
            return case["story_id"] == "" or case["links"] != links or _refusal(case["review"], before) != ""

        case = view.wait(case_path(contact), carried_out, timeout)
        if case is None or not carried_out(case):
            fail("It is kept; linkage has not carried it out yet. Look again with: frontdoor case", STILL_WAITING)
        refused = _refusal(case["review"], before)
        if refused:
            fail(f"It was not carried out: {plain(refused)}", 1)
        last = case["links"][-1] if case["links"] else {"outcome": "hidden", "story_id": ""}
        _end(last, as_json, lambda out: out.print(f"{last['outcome'].lower()}: contact {contact}"))


def _refusal(review: dict[str, Any] | None, before: dict[str, Any] | None) -> str:
    return str(review["problem"]) if review is not None and review != before else ""


def _ask(view: ViewClient, contact: str) -> dict[str, Any] | None:
    try:
        review: dict[str, Any] = view.ask("/reviews/" + quote(contact))["review"]
        return review
    except Refused as refused:
        if refused.status == 404:
            return None
        raise


def _links(view: ViewClient, contact: str) -> list[dict[str, Any]]:
    links: list[dict[str, Any]] = view.ask(case_path(contact))["links"]
    return links


def _only_candidate(review: dict[str, Any] | None) -> str:
    candidates = review["candidates"] if review is not None else []
    if len(candidates) != 1:
        fail("Which child? Name a contact of it with --other; `frontdoor review show` lists who may be meant.", USAGE)
    return str(candidates[0]["record"])


def _signed(by: str, reason: str) -> None:
    """What a person decides about a child's identity counts only with a name and a reason."""
    require_named(by)
    if not reason.strip():
        fail("--reason is missing: say why, in a few words.", USAGE)


def _end(told: dict[str, Any], as_json: bool, tell: Callable[[Console], None]) -> None:
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        tell(console())
    if told.get("problem"):
        raise typer.Exit(1)


def _tell(out: Console, review: dict[str, Any]) -> None:
    out.print(f"{plain(review['child']) or 'not named'} · contact {review['contact_id']} · {review['state']}", style="bold")
    for line in review_lines(review):
        out.print(line)


def review_lines(review: dict[str, Any]) -> list[str]:
    """The question and what speaks for and against each child, a line each."""
    lines = []
    if review["state"] != "open":
        lines.append(f"{review['verdict'].replace('_', ' ') or review['state']} by {plain(review['by']) or 'the linker'}")
    if review["problem"]:
        lines.append(f"the last answer was not carried out: {plain(review['problem'])}")
    if review["reasons"]:
        lines.append("a person must look because: " + ", ".join(reason.replace("_", " ") for reason in review["reasons"]))
    if review["restricted"]:
        lines.append("a restricted identity fits too; whoever may see it must look")
    for one in review["candidates"]:
        lines.append(
            f"may be {plain(one['child']) or 'not named'} of contact {one['record']}: same child {one['same']:.3f}, "
            f"twin {one['twin']:.3f}, sibling {one['sibling']:.3f}"
        )
        lines.append("  " + "; ".join(f"{name} {level}" for name, level in one["agreement"].items()))
        if one["guards"]:
            lines.append("  stopped by: " + ", ".join(guard.replace("_", " ") for guard in one["guards"]))
    return lines
