"""The broker's disk is lost: from a copy of its log and the large messages alone a hub goes on as if nothing had happened,
and names what came after the copy."""

import asyncio
import hashlib
import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from connectors.large_store import LargeStore
from ops.cli import app
from ops.clocks import stepped_clock
from ops.day.log_watch import LogWatch
from ops.day.run import put_on_duty
from ops.delivery import Deliveries
from ops.durable_log import KafkaLog
from ops.endpoints import endpoint
from ops.processes import Stack
from ops.rota import DEFAULT_ROTA, read_rota
from ops.ticker import Ticker
from schemas.case_event import CaseEvent
from schemas.flag import Flag
from schemas.settings import Settings
from streams.cases import Cases
from tests.streams.deciding import Partition, london

pytestmark = [pytest.mark.stack, pytest.mark.timeout(400)]

CONNECTOR = "connector-social_care"
NOON, NIGHT = london("2026-08-28 12:00"), london("2026-08-29 00:05")
LIMIT = 600
CALLS = dict.fromkeys(("assessed", "forgotten", "forgotten too"), "A neighbour called.") | {"large": "Shouting. " * LIMIT}


class Hub:
    """A running stack, and what its log says."""

    def __init__(self, stack: Stack, watch: LogWatch) -> None:
        self.stack, self.watch = stack, watch
        self._deliveries = Deliveries(stack.settings)

    def call(self, name: str, folder: Path) -> str:
        """Somebody writes down a telephone call, again under the same key each time; its receipt."""
        child = {"given_name": name.title(), "family_name": "Testperson", "date_of_birth": "2017-05-06"}
        body = {"event": "contact_recorded", "by": "A. Worker", "method": "telephone", "child": child, "reference": name}
        file = folder / f"{name}.json"
        file.write_text(json.dumps(body | {"concern": CALLS.get(name, "A late call.")}))
        return self._deliveries.deliver("social_care", "http", file, f"call {name}")

    def contact(self, receipt: str) -> str:
        """The contact that became of a receipt."""
        self.watch.wait_for(f"what became of {receipt}", lambda: receipt in self.watch.dispositions, 60)
        [contact] = self.watch.dispositions[receipt].contact_ids
        return str(contact)

    def assess(self, contact: str) -> None:
        body = {"event": "risk_assessed", "contact_id": contact, "by": "B. Hughes", "level": "amber", "reason": "Seen."}
        self._deliveries.record(json.dumps(body).encode())
        self.watch.wait_for("the assessment", lambda: self.events("risk_assessed", contact) != [], 60)

    def events(self, kind: str, contact: str) -> list[Any]:
        return [one for one in self.watch.events.values() if (one.type, one.contact_id) == (kind, contact)]

    def worker(self, contact: str) -> str:
        """Who was given it."""
        self.watch.wait_for("a worker", lambda: self.events("allocated", contact) != [], 60)
        return str(self.events("allocated", contact)[-1].by)


@contextmanager
def hub(run_dir: Path, at: datetime, roles: Collection[str]) -> Iterator[Hub]:
    stepped_clock(Settings(run_dir=run_dir)).set(at)
    env = {"FRONTDOOR_LOG_MESSAGE_BYTES": str(LIMIT), "FRONTDOOR_COMMIT_INTERVAL_SECONDS": "0.1"}
    with Stack(run_dir, clock="stepped", roles=list(roles), env=env) as stack:
        watch = LogWatch(stack.bootstrap)
        try:
            yield Hub(stack, watch)
        finally:
            watch.close()


def tick(hub: Hub, *times: datetime) -> None:
    """As a ticker does that sees the clock go from one time to the next."""

    async def beat() -> None:
        clock, log = stepped_clock(hub.stack.settings), KafkaLog(hub.stack.bootstrap, "ticker")
        ticker = Ticker(clock, log)
        for at in times:
            clock.set(at)
            await ticker.beat(vouched=True)
        log.close()

    asyncio.run(beat())


def frontdoor(run_dir: Path, *arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments], env={"FRONTDOOR_RUN_DIR": str(run_dir)})
    return done.exit_code, done.stdout


def lost(run_dir: Path, journals: Path) -> list[str]:
    """What the audit says of receipts in these journals that are not on the log."""
    found = json.loads(frontdoor(run_dir, "audit", "--journal", journals, "--json")[1])["violations"]
    return [one["record_ids"][0] for one in found if one["invariant"] == "journal_in_log"]


def flags_of_a_hub_that_nothing_happened_to(events: list[CaseEvent]) -> set[tuple[str, bytes]]:
    """The same events and the same night, in memory."""
    undisturbed = Partition(Cases("Duty manager on call"), "case-events")
    undisturbed.give(*events)
    undisturbed.tick(NOON + timedelta(minutes=10))
    undisturbed.tick(NIGHT)
    return {described(flag) for flag in undisturbed.records("flags")}


def described(flag: Flag) -> tuple[str, bytes]:
    return flag.flag_id, flag.model_dump_json().encode()


def test_a_hub_goes_on_from_a_copy_of_its_log_and_names_what_came_after_it(tmp_path: Path) -> None:
    home, away, copy = tmp_path / "home", tmp_path / "away", tmp_path / "copy"
    workers = ("intake", "allocation", "cases")
    with hub(home, NOON, (*workers, CONNECTOR)) as before:
        put_on_duty(before.stack.settings, read_rota(DEFAULT_ROTA), NOON - timedelta(days=1))
        tick(before, NOON)
        receipts = {name: before.call(name, tmp_path) for name in CALLS}
        contacts = {name: before.contact(receipt) for name, receipt in receipts.items()}
        held = {name: before.worker(contact) for name, contact in contacts.items()}
        before.assess(contacts["assessed"])
        events = list(before.watch.events.values())
    assert frontdoor(home, "backup", copy)[0] == 0
    with hub(home, NOON, [CONNECTOR]) as before:
        late = before.call("late", tmp_path)
    shutil.rmtree(home / "kafka")

    assert frontdoor(away, "restore", copy)[0] == 0
    for path in away.iterdir():
        if path.name not in ("kafka", "large"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    with hub(away, NOON + timedelta(minutes=10), (*workers, "view", CONNECTOR)) as after:
        assert lost(away, home / "journal") == [late]

        # What was sent before the copy is known, whoever sends it again, and what came after it counts once it is sent again.
        assert {name: after.call(name, tmp_path) for name in CALLS} == receipts
        assert after.call("late", tmp_path) == late
        for name, receipt in receipts.items():
            after.watch.wait_for("the repeat", lambda told=receipt: after.watch.dispositions[told].deliveries == 2, 60)  # type: ignore[misc]
            assert after.contact(receipt) == contacts[name]
        assert lost(away, home / "journal") == []
        assert after.worker(after.contact(late))

        # The large message's bytes, who holds what, and the clocks.
        body = (tmp_path / "large.json").read_bytes()
        assert LargeStore(away / "large").read(hashlib.sha256(body).hexdigest(), len(body)) == body
        view = (endpoint(after.stack.settings, "view") or {})["urls"]["http"]
        after.watch.wait_for("the view", lambda: httpx.get(f"{view}/board", trust_env=False).json()["behind_records"] == 0, 60)
        told = {name: httpx.get(f"{view}/cases/{contact}", trust_env=False).json() for name, contact in contacts.items()}
        assert {name: case["worker"] for name, case in told.items()} == held
        assert {name: case["clocks"][0]["state"] for name, case in told.items()} == dict.fromkeys(CALLS, "open") | {
            "assessed": "met_by_proof"
        }

        tick(after, NOON + timedelta(minutes=10), NIGHT)
        expected = flags_of_a_hub_that_nothing_happened_to(events)
        missed = {contacts[name] for name in CALLS if name != "assessed"}
        after.watch.wait_for("the flags of the night", lambda: missed <= flagged(after), 60)
        assert {described(flag) for flag in after.watch.flags.values() if flag.contact_id in contacts.values()} == expected


def flagged(hub: Hub) -> set[str]:
    return {flag.contact_id for flag in hub.watch.flags.values() if flag.result == "missed"}
