"""A RED contact that came before anybody was on duty: given to the worker whose duty begins, who gets a mail."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ops.cli import app
from ops.clocks import stepped_clock
from ops.durable_log import KafkaLog
from ops.embedded_kafka import EmbeddedKafka
from ops.rota import append_rota
from ops.ticker import Ticker
from schemas.allocation import AllocationEvent
from schemas.settings import Settings
from tests.ops.notices.servers import MailServer

from .days import Entry, as_logged, contact, london, opened
from .running import Running, RunningView, put_on_log, until

pytestmark = pytest.mark.broker

#: Before every other test's day on this log, so that its ticks say nothing about theirs.
DAY = date(2026, 8, 6)
ROTA = """worker_id,name,role,duty_from,duty_to,conflicts,email
w1,Alma Worker,worker,2026-08-06T09:00,,family:Testperson,alma@council.example
"""
NIGHT, MORNING = london("08:50", DAY), london("09:00", DAY)


ARRIVED: list[Entry] = [
    contact("flow-red", "flow-r", NIGHT, "Nora", "Field", risk="red"),
    opened("flow-red", NIGHT, receipt="flow-r", risk="red", team="flow"),
]
ASKED = AllocationEvent(event_id="flow request", type="requested", team="flow", at=NIGHT, contact_ids=["flow-red"], risk="red")


@pytest.fixture
def mail() -> Iterator[MailServer]:
    server = MailServer().start()
    yield server
    server.stop()


async def ask(settings: Settings) -> None:
    log = KafkaLog(settings.bootstrap_servers, "flow")
    await append_rota(log, [ASKED])
    log.close()


async def tick(settings: Settings) -> None:
    log = KafkaLog(settings.bootstrap_servers, "flow-ticker")
    await Ticker(stepped_clock(settings), log).beat(vouched=True)
    log.close()


def test_a_lone_contact_goes_to_whose_duty_begins_and_that_worker_is_mailed(
    hub_broker: EmbeddedKafka, tmp_path: Path, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDOOR_SMTP_URL", f"smtp://127.0.0.1:{mail.port}")
    view = RunningView(hub_broker.bootstrap, tmp_path, NIGHT)
    others = [Running(role, hub_broker.bootstrap, tmp_path, NIGHT) for role in ("allocation", "notices")]
    rota = tmp_path / "rota.csv"
    rota.write_text(ROTA)
    done = CliRunner().invoke(app, ["rota", str(rota), "--team", "flow", "--off", "w9", "--json"], env=view.environment)
    assert done.exit_code == 0, done.output
    assert [one["worker_id"] for one in json.loads(done.stdout)["on"]] == ["w1"] and "Testperson" not in done.stdout
    put_on_log(hub_broker.bootstrap, as_logged(ARRIVED))
    asyncio.run(ask(view.settings))
    for process in (view, *others):
        process.start()
    try:
        for process in others:
            process.until_up()
        view.until_ready()
        [waiting] = view.get("/teams/flow").json()["unallocated"]
        assert waiting["contact_id"] == "flow-red" and mail.messages == []
        stepped_clock(view.settings).set(MORNING)
        asyncio.run(tick(view.settings))
        until(lambda: "alma@council.example" in mail.recipients, "the mail to whose duty has begun", 60)
        [load] = [one for one in view.get("/teams/flow").json()["workers"] if one["worker_id"] == "w1"]
        assert [one["how"] for one in load["unassessed"]] == ["rota"]
    finally:
        codes = [process.stop() for process in (view, *others)]
    assert codes == [0] * 3
    said = mail.messages[mail.recipients.index("alma@council.example")]
    assert "RED" in said["Subject"] and "Nora" not in said.as_string() and "Field" not in said.as_string()
