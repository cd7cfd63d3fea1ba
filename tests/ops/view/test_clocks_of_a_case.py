"""A case over weeks, as people see and steer it: every clock in `case`, flags that go up the ladder until somebody explains
them, a transfer that another authority must accept. Real intake, clocks and view; the hub's time is stepped."""

import asyncio
import json
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from ops.cli import app
from ops.clocks import stepped_clock
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.endpoints import endpoint
from ops.metrics.exposition import Sample, exposition
from ops.metrics.probe import Prober
from ops.metrics.view_side import view_samples
from ops.ticker import tick_entries
from schemas.calendars import SHIPPED_CALENDARS

from ..metrics.reading import series, told
from .days import london
from .running import Running, RunningView, until

pytestmark = [pytest.mark.broker, pytest.mark.stack]

#: A Monday of its own, long after what other tests have put on this log.
MONDAY = date(2027, 3, 1)
ROLES = ("intake", "cases", "allocation", "clocks", "connector-social_care")


class Front:
    """The command line of a front door whose time this test moves."""

    def __init__(self, processes: dict[str, Running], view: RunningView) -> None:
        self.processes, self.view = processes, view
        self.log = KafkaLog(view.settings.bootstrap_servers, "time")
        self._ticked = london("09:00", MONDAY).astimezone(UTC)

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(app, list(arguments), env=dict(self.view.environment))

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    def record(self, event: str, contact: str, **more: str) -> None:
        args = ("--args", json.dumps(more)) if more else ()
        self.json("record", event, contact, "--by", "Ben Hughes", "--reason", "As agreed.", *args)

    def until_time(self, clock: str, day: str) -> None:
        """The hub's time goes on, watched all the while."""
        moment = london(clock, date.fromisoformat(day)).astimezone(UTC)
        stepped_clock(self.view.settings).set(moment)
        asyncio.run(self.log.append(tick_entries(moment, self._ticked)))
        self._ticked = moment

    def clocks(self, contact: str) -> dict[str, dict[str, Any]]:
        return {clock["clock"]: clock for clock in self.json("case", contact)["clocks"]}

    def flag(self, contact: str, clock: str, state: str) -> dict[str, Any]:
        """The flag of that clock, once it is in that state."""
        seen: list[dict[str, Any]] = []

        def there() -> bool:
            told = [one["flag"] for one in self.json("flag", "list", "--all", "--clock", clock)["flags"]]
            seen[:] = [flag for flag in told if flag["contact_id"] == contact and flag["state"] == state]
            return bool(seen)

        until(there, f"a flag of {clock} that is {state}")
        return seen[0]


@pytest.fixture(scope="module")
def front(hub_broker: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    run_dir = tmp_path_factory.mktemp("front")
    now = london("09:00", MONDAY)
    processes = {role: Running(role, hub_broker.bootstrap, run_dir, now) for role in ROLES}
    view = RunningView(hub_broker.bootstrap, run_dir, now)
    for process in (*processes.values(), view):
        process.start()
    try:
        for process in (*processes.values(), view):
            process.until_up()
        yield Front(processes, view)
    finally:
        for process in (*processes.values(), view):
            process.stop()


def test_a_probe_goes_the_way_of_a_message_and_is_nobody(front: Front) -> None:
    def counts() -> list[Sample]:
        # Of what other agencies sent before on this log, something may still be on its way.
        return [one for one in view_samples(settings, stepped_clock(settings).now()) if "social_care" in one.labels]

    def took(prober: Prober) -> dict[str, tuple[int, int]]:
        text = exposition(prober.samples())
        found = series(text)
        lost = told(found, "frontdoor_probes_lost_total")
        return {agency: (int(n), int(lost.get(agency, 0))) for agency, n in told(found, "frontdoor_probe_seconds_count").items()}

    settings = front.view.settings
    before = counts()
    prober = Prober(settings, patience=60)
    prober.round()
    prober.round()
    assert took(prober) == {"social_care": (2, 0)}
    prober.close()
    # Intake stands still: the door takes it, and nothing comes of it.
    front.processes["intake"].send_signal(signal.SIGSTOP)
    impatient = Prober(settings, patience=0.5)
    try:
        impatient.round()
    finally:
        front.processes["intake"].send_signal(signal.SIGCONT)
    assert told(series(exposition(impatient.samples())), "frontdoor_probes_lost_total") == {"social_care": 1}
    impatient.close()
    assert counts() == before
    door = (endpoint(settings, "connector-social_care") or {})["urls"]["http"]
    assert httpx.post(f"{door}/probe", headers={"Authorization": "Bearer guessed"}, trust_env=False).status_code == 404


@pytest.fixture(scope="module")
def contact(front: Front) -> str:
    child = {"given_name": "Iris", "family_name": "Testperson", "date_of_birth": "2018-01-09"}
    told = {"child": child, "method": "telephone", "concern": "Hurt at home.", "risk_level": "red"}
    receipt = front.json("record", "contact_recorded", "--args", json.dumps(told))["receipt_id"]
    contact = str(front.json("case", receipt)["contact_id"])
    front.record("decision", contact, decision="s47")
    front.record("strategy_discussion", contact)
    return contact


def test_case_shows_every_clock_that_runs_and_the_chain_of_the_case(front: Front, contact: str) -> None:
    clocks = front.clocks(contact)
    assert {name: clocks[name]["state"] for name in ("same-day", "la-decision", "assessment", "icpc", "feedback")} == {
        "same-day": "open", "la-decision": "open", "assessment": "open", "icpc": "open", "feedback": "met_by_proof",
    }  # fmt: skip
    assert (clocks["icpc"]["due_at"], clocks["feedback"]["answered_by"]) == ("2027-03-23T00:00:00Z", "Ben Hughes")
    assert "england-and-wales" in clocks["icpc"]["rests_on"]
    told = front.run("case", contact).stdout
    assert "chain: contact" in told and "decision: s47" in told and "strategy discussion" in told
    assert "icpc clock: limit Tue 23 Mar 00:00, time left" in told


def test_what_an_event_does_not_do_to_a_clock_is_said(front: Front, contact: str) -> None:
    front.json("record", "core_group_held", contact, "--by", "Ben Hughes", "--at", "2027-02-01 10:00")
    front.until_time("10:00", MONDAY.isoformat())
    front.record("strategy_discussion", contact)
    front.json("record", "assessment_authorised", contact, "--by", "Ben Hughes", "--at", "2027-02-01 10:00")
    notes = {step["note"] for step in front.json("case", contact)["story"]}
    assert {
        "no clock that it could stop has started",
        "icpc clock: it ran already, so it does not start again",
        "assessment clock: before its start, so it does not stop it",
    } <= notes


def test_who_signs_is_told_at_once_whether_they_may(front: Front, contact: str, tmp_path: Path) -> None:
    rota = tmp_path / "rota.csv"
    rota.write_text("worker_id,name,role,duty_from,duty_to\ns1,Sue Chief,supervisor,,\nw1,Ben Hughes,worker,,\n")
    front.json("rota", str(rota))
    sign = ("record", "risk assessment sign-off", contact)
    elsewhere, colleague = (front.run(*sign, "--by", name) for name in ("Eve Elsewhere", "Ben Hughes"))
    assert elsewhere.exit_code == colleague.exit_code == 1
    assert "does not count: nobody of that name is on the team's rota" in elsewhere.stdout
    assert "that person may not sign it; its worker's supervisor signs" in colleague.stdout
    case = front.json("case", contact)
    assert [step["problem"] for step in case["story"] if step["type"] == "sign_off_checked"] == [
        "signer_not_on_rota", "signer_not_a_supervisor",
    ]  # fmt: skip
    [event] = front.json(*sign, "--by", "Sue Chief")["outcome"]["events"]
    assert (event["problem"], event["unanswered"]) == ("", False)
    signed = [link["by"] for link in front.json("case", contact)["chain"] if link["what"] == "risk assessment signed off"]
    assert signed == ["Sue Chief"]


def test_a_flag_goes_up_the_ladder_until_a_person_explains_it(front: Front, contact: str) -> None:
    front.until_time("09:30", "2027-03-22")
    front.flag(contact, "icpc", "due_soon")
    front.until_time("00:10", "2027-03-23")
    flag = front.flag(contact, "icpc", "raised")
    assert flag["to"] == "worker"
    assert front.clocks(contact)["icpc"]["state"] == "missed"
    shown = json.loads(front.run("flag", "ack", flag["flag_id"], "--by", "Ben Hughes", "--dry-run").stdout)
    assert shown["would_write"] == {
        "event": "flag_acknowledged", "contact_id": contact, "flag": flag["flag_id"], "by": "Ben Hughes"
    }  # fmt: skip
    assert front.flag(contact, "icpc", "raised") == flag
    assert front.json("flag", "ack", flag["flag_id"], "--by", "Ben Hughes")["state"] == "acknowledged"
    again = front.run("flag", "ack", flag["flag_id"], "--by", "Ben Hughes")
    assert (again.exit_code, "is acknowledged" in again.stderr) == (1, True)
    front.until_time("00:10", "2027-03-24")
    assert front.flag(contact, "icpc", "escalated")["to"] == "supervisor"
    said = ("--reason", "family", "--note", "Mrs Testperson asked for another day")
    assert front.json("flag", "explain", flag["flag_id"][:12], "--by", "Ruth Adeyemi", *said)["state"] == "explained"
    front.until_time("00:10", "2027-03-30")
    story = front.run("case", contact).stdout
    assert "explained" in story and "Mrs Testperson asked" in story
    explained = front.flag(contact, "icpc", "explained")
    assert explained["reason_code"] == "family" and "Testperson" not in json.dumps(explained)
    others = [flag for flag in front.json("flag", "list")["flags"] if flag["flag"]["contact_id"] == contact]
    assert {flag["flag"]["clock"] for flag in others} >= {"la-decision"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("explain", "FLAG", "--by", "Ruth Adeyemi", "--reason", "no time"), "not a reason of the list"),
        (("ack", "FLAG", "--by", "Duty"), "a person's name"),
        (("ack", "no-such-flag", "--by", "Ruth Adeyemi"), "no such flag"),
        (("list", "--clock", "sameday"), "There is no clock 'sameday'. There are: same-day"),
        (("list", "--state", "gone"), "is no state of a flag"),
    ],
)
def test_an_answer_that_cannot_count_is_refused_before_it_is_sent(front: Front, arguments: tuple[str, ...], says: str) -> None:
    done = front.run("flag", *arguments)
    assert done.exit_code in (1, 2) and says in done.stderr


def test_a_one_off_bank_holiday_moves_the_limits_of_open_cases_and_the_log_keeps_both(
    front: Front, contact: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = front.clocks(contact)["assessment"]["due_at"]
    shutil.copytree(SHIPPED_CALENDARS, tmp_path / "calendars")
    holidays = tmp_path / "calendars" / "bank-holidays.yaml"
    proclaimed = "additions: [{date: 2027-04-15, title: A day off for all, source: Proclamation}]"
    holidays.write_text(holidays.read_text().replace('version: "1"', 'version: "next"').replace("additions: []", proclaimed))
    monkeypatch.setenv("FRONTDOOR_CALENDARS", str(tmp_path / "calendars"))
    clocks = front.processes["clocks"]
    clocks.stop()
    clocks.start()
    clocks.until_up()
    front.until_time("00:20", "2027-03-30")

    def moved() -> list[str]:
        return [step["what"] for step in front.json("case", contact)["story"] if "limit moved" in step["what"]]

    until(lambda: any("assessment clock" in told for told in moved()), "the limits to be worked out again")
    [told] = [told for told in moved() if told.startswith("assessment clock")]
    assert before == "2027-05-06T23:00:00Z" and "Fri 07 May 00:00 to Sat 08 May 00:00" in told and "next" in told


def test_our_clocks_run_until_the_other_authority_accepts(front: Front, contact: str) -> None:
    front.run("transfer", "offer", contact, "--to", "380", "--by", "Ben Hughes", "--reason", "Moved house.")
    assert front.clocks(contact)["assessment"]["state"] == "open"
    front.json("transfer", "accept", contact, "--to", "380", "--by", "Asha Patel")
    assert front.clocks(contact)["assessment"]["state"] == "ended"
    chain = [link["what"] for link in front.json("case", contact)["chain"]]
    assert chain[-2:] == ["transfer offered: Bradford", "transfer accepted: Bradford"]
    refused = front.run("transfer", "offer", contact, "--to", "999", "--by", "Ben Hughes")
    assert (refused.exit_code, "no local authority" in refused.stderr) == (2, True)
