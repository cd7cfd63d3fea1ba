"""The metrics process on a real broker, beside a view: right numbers, a worker that stands still, a broker that is away."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from ops.embedded_kafka import EmbeddedKafka
from ops.endpoints import endpoint
from ops.ready import why_not_alive
from ops.topics import apply_topics

from ...examples.foreign_servers import free_port, serving
from ...examples.tools import CHECKOUT, needs_program
from ..view.days import as_logged, contact, london, small_day, ticks_logged
from ..view.pictures import AFTER
from ..view.running import Running, RunningView, put_on_log, until
from . import grafana
from .reading import Series, series, told, value

pytestmark = pytest.mark.broker

PANELS = json.loads((CHECKOUT / "deploy" / "grafana" / "dashboards" / "frontdoor.json").read_text())["panels"]

#: Names, ids and free text of the planted day: whatever a metric would have to hide.
PERSONAL = (
    "Nora Field Otis Marsh Pia Reed Alma Worker Ben Holder Elm Surgery gp-1 school-1 MSG-1 key-1 elm-1 bruise "
    "c-red c-met c-late c-nowhere r-red r-met r-same r-bad r-late r-unread"
).split()


@dataclass
class Hub:
    """A broker with a small day on it, a view that has folded it, and the metrics process under test."""

    kafka: EmbeddedKafka
    metrics: Running
    run_dir: Path

    def get(self, path: str) -> httpx.Response:
        found = endpoint(self.metrics.settings, "metrics")
        assert found is not None
        return httpx.get(found["urls"]["http"] + path, trust_env=False, timeout=20)

    def own(self, process: str) -> Series:
        """What a process tells of itself, where Prometheus would find it."""
        found = {one["labels"]["process"]: one["targets"] for one in self.get("/targets").json()}
        [where] = found[process]
        answer = httpx.get(f"http://{where}/metrics", trust_env=False, timeout=20)
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        return series(answer.text)

    def scrape(self) -> Series:
        answer = self.get("/metrics")
        assert answer.status_code == 200
        return series(answer.text)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[Hub]:
    kafka = EmbeddedKafka(tmp_path_factory.mktemp("metrics") / "kafka")
    kafka.start()
    run_dir = tmp_path_factory.mktemp("metrics") / "run"
    view = RunningView(kafka.bootstrap, run_dir, AFTER)
    metrics = Running("metrics", kafka.bootstrap, run_dir, AFTER)
    try:
        apply_topics(kafka.bootstrap)
        put_on_log(kafka.bootstrap, [*as_logged(small_day()), *ticks_logged([(london("00:00"), AFTER)])])
        view.start()
        metrics.start()
        view.until_ready()
        metrics.until_up()
        yield Hub(kafka, metrics, run_dir)
    finally:
        view.stop()
        assert metrics.stop() == 0
        kafka.kill()


def test_the_numbers_are_those_of_the_day(hub: Hub) -> None:
    found = hub.scrape()
    messages = {"health contact": 3, "health duplicate": 1, "education quarantined": 1}
    assert told(found, "frontdoor_messages_total") == messages
    # Otis was assessed in time and then corrected to red: his clock runs again.
    assert told(found, "frontdoor_unassessed") == {"health contact": 2, "education unreadable": 1}
    assert told(found, "frontdoor_unassessed_overdue") == {"health contact": 2, "education unreadable": 1}
    assert "frontdoor_unassessed_next_limit_timestamp_seconds" not in found, "no limit is ahead any more"
    # Pia's assessment came late and had been made in time.
    assert told(found, "frontdoor_flags") == {"missed raised": 1, "missed withdrawn": 1}
    assert told(found, "frontdoor_quarantine_oldest_age_seconds") == {"education": 12.5 * 3600}
    assert told(found, "frontdoor_unread_oldest_age_seconds") == {"health": 31 * 60}
    assert set(found["frontdoor_tick_age_seconds"].values()) == {0}
    assert value(found, "frontdoor_view_ready") == value(found, "frontdoor_broker_up") == 1
    assert told(found, "frontdoor_process_ready").keys() == {"view", "metrics"}


def test_nothing_personal_is_in_a_scrape(hub: Hub) -> None:
    text = hub.get("/metrics").text
    assert "education" in text
    assert [word for word in PERSONAL if word in text] == []


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here: apt package prometheus")
def test_prometheus_reads_a_real_scrape(hub: Hub) -> None:
    answer = hub.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    own = httpx.get(str((endpoint(hub.metrics.settings, "view") or {})["own"]) + "/metrics", trust_env=False, timeout=20)
    for text in (answer.text, own.text):
        run = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture(scope="module")
def prometheus(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Prometheus itself with our configuration, once it has read the hub and its processes: its address."""
    folder, address = tmp_path_factory.mktemp("prometheus"), f"127.0.0.1:{free_port()}"
    own = httpx.URL(hub.get("/healthz").url).netloc.decode()
    shutil.copytree(CHECKOUT / "ops" / "alerts", folder / "alerts")
    ours = (CHECKOUT / "deploy" / "prometheus" / "prometheus.yml").read_text()
    (folder / "prometheus.yml").write_text(ours.replace("127.0.0.1:9464", own).replace("15s", "1s"))
    command = [
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
    ]  # fmt: skip
    with serving(command, f"http://{address}/-/ready", folder / "log"):

        def read() -> set[str]:
            return {one["metric"]["job"] for one in asked(f"http://{address}", "up == 1")}

        until(lambda: read() == {"frontdoor", "frontdoor-process"}, "Prometheus to have read the hub")
        yield f"http://{address}"


def asked(prometheus: str, question: str) -> list[dict[str, Any]]:
    """What Prometheus answers. Fails the test when it says that the question is none."""
    answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": question}, trust_env=False, timeout=20).json()
    assert answer["status"] == "success", answer
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


@needs_program("prometheus")
def test_prometheus_answers_every_question_of_the_dashboard(prometheus: str) -> None:
    answers = {panel["title"]: [asked(prometheus, one["expr"]) for one in panel["targets"]] for panel in PANELS}
    assert answers["Not risk assessed yet"][0][0]["value"][1] == "3"
    assert {one["metric"]["agency"] for one in answers["Waiting, by agency"][0]} >= {"health", "education"}
    # What there is always something to say of, and would not be if it asked for a label or a metric that nobody tells.
    telling = (
        "In quarantine",
        "Oldest in quarantine",
        "Oldest unprocessed record",
        "Records not finished",
        "Since the last tick",
    )
    assert [title for title in telling if not answers[title][0]] == []


def test_grafana_shows_the_dashboard_and_asks_prometheus_for_every_panel(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    if (missing := grafana.missing()) or shutil.which("prometheus") is None:
        pytest.skip(missing or "prometheus not installed; run tests/tools/install")
    with grafana.running(request.getfixturevalue("prometheus"), tmp_path) as shown:
        dashboard = shown.dashboard()
        assert [panel["title"] for panel in dashboard["panels"]] == [panel["title"] for panel in PANELS]
        for panel in dashboard["panels"]:
            for frames in shown.ask(panel):
                assert "error" not in frames, (panel["title"], frames)


def test_a_worker_that_stopped_leaves_records_that_grow_old(hub: Hub) -> None:
    def lag(found: Series) -> float:
        own = ("consumergroup", "frontdoor-routing")
        return sum(count for labels, count in found["kafka_consumergroup_lag"].items() if own in labels)

    def age() -> float:
        return value(
            hub.scrape(), "frontdoor_oldest_unprocessed_age_seconds", consumergroup="frontdoor-routing", topic="contacts"
        )

    def members() -> float:
        return value(hub.scrape(), "kafka_consumergroup_members", consumergroup="frontdoor-routing")

    def ready() -> float:
        return value(hub.scrape(), "frontdoor_process_ready", process="routing")

    # It has committed nothing yet: all contacts wait for it.
    assert (lag(hub.scrape()), members()) == (3, 0)
    assert age() > 0
    routing = Running("routing", hub.kafka.bootstrap, hub.run_dir, AFTER)
    routing.start()
    try:
        routing.until_up()
        until(lambda: lag(hub.scrape()) == 0, "routing to commit what it has done")
        assert (age(), members()) == (0, 1)
        own = hub.own("routing")
        assert value(own, "frontdoor_finished_total", topic="contacts") == 3
        assert value(own, "frontdoor_appended_total", topic="outbound.social_care") == 3
        assert ready() == 1
        routing.send_signal(signal.SIGSTOP)
        until(lambda: ready() == 0, "a process that stands still not to count as ready")
        assert "does not answer" in why_not_alive("routing", hub.run_dir)
    finally:
        routing.kill()
    (one,) = as_logged([contact("c-more", "r-more", london("23:00"), "Una", "Vale")])
    put_on_log(hub.kafka.bootstrap, [one])
    until(lambda: lag(hub.scrape()) == 1, "the contact to be counted")
    first = age()
    until(lambda: age() >= first + 0.2, "it to grow old")
    found = hub.scrape()
    place = {"topic": "contacts", "partition": str(one.partition)}
    end = value(found, "kafka_topic_partition_current_offset", **place)
    committed = value(found, "kafka_consumergroup_current_offset", consumergroup="frontdoor-routing", **place)
    assert (end - committed, value(found, "kafka_topic_partition_oldest_offset", **place)) == (1, 0)


def test_without_a_broker_the_scrape_answers_and_readiness_names_it(hub: Hub) -> None:
    hub.kafka.kill()
    try:
        found = hub.scrape()
        assert value(found, "frontdoor_broker_up") == 0
        assert not {name for name in found if name.startswith("kafka_")}, "what is not known is not told"
        assert told(found, "frontdoor_unassessed"), "who waits is still told"
        refused = hub.get("/readyz")
        assert refused.status_code == 503
        assert "broker" in json.loads(refused.text)["missing"]
        assert hub.get("/healthz").status_code == 200
    finally:
        hub.kafka.restart(timeout=60.0)
    until(lambda: value(hub.scrape(), "frontdoor_broker_up") == 1, "the broker to be found again")
