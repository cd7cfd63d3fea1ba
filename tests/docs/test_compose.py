"""docker-compose.yml: both compose formats take it, every process is in it, and nothing is open or allowed that need not be."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from connectors.senders import load_senders
from ops.metrics.names import METRICS
from ops.run import ROLES
from schemas.catalogue import AGENCIES

from ..examples.tools import CHECKOUT, needs_program, run

FILE = CHECKOUT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DASHBOARD = CHECKOUT / "deploy" / "grafana" / "dashboards" / "frontdoor.json"


@needs_program("docker-compose")
def test_docker_compose_takes_it() -> None:
    told = run(["docker-compose", "--file", FILE, "--profile", "ui", "config", "--services"])
    assert set(told.split()) == set(SERVICES)
    assert f"\n{' '.join(sorted(told.split()))}\n" in (CHECKOUT / "docs" / "deploy.md").read_text()


def has_compose_v2() -> bool:
    plugins = (Path("/usr/libexec/docker/cli-plugins"), Path("/usr/lib/docker/cli-plugins"), Path.home() / ".docker/cli-plugins")
    return shutil.which("docker") is not None and any((folder / "docker-compose").exists() for folder in plugins)


@pytest.mark.skipif(not has_compose_v2(), reason="docker compose v2 is not installed")
def test_docker_compose_v2_takes_it() -> None:
    told = run(["docker", "compose", "--file", FILE, "--profile", "ui", "config", "--services"])
    assert set(told.split()) == set(SERVICES)


def test_every_process_of_the_hub_is_a_service_with_a_check_of_its_own() -> None:
    assert set(SERVICES) >= set(ROLES)
    for role in ROLES:
        assert SERVICES[role]["command"] == ["python", "-m", "ops.run", role]
        assert SERVICES[role]["healthcheck"]["test"] == ["CMD", "python", "-m", "ops.ready", role]
    # What runs once says by its exit code how it went.
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {"provision"}


def test_the_readme_begins_with_compose_as_the_page_on_it_does() -> None:
    pages = [(CHECKOUT / name).read_text() for name in ("README.md", "docs/deploy.md")]
    readme, page = (re.findall(r"^docker compose .*$", text, re.MULTILINE) for text in pages)
    assert readme == page and len(readme) == 4


def test_nothing_can_be_reached_from_another_machine_and_nothing_may_more_than_it_must() -> None:
    for name, service in SERVICES.items():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert service["read_only"] is True and service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        # A machine with two processors starts all of them: an engine refuses a limit above what it has.
        assert service["mem_limit"] and 0 < service["cpus"] <= 2 and 0 < service["pids_limit"] <= 500, name
        assert not service.get("privileged") and not service.get("cap_add") and service["restart"], name
        assert int(service["user"].split(":")[0]) > 0, name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or ((CHECKOUT / source).exists() and volume.endswith(":ro")), volume
    assert all(SERVICES[role]["user"] == "10001:10001" for role in ROLES)


def test_the_senders_of_the_sandbox_all_prove_who_they_are() -> None:
    senders = load_senders(CHECKOUT / "deploy" / "compose" / "senders.yaml")
    for agency in AGENCIES:
        senders.check_reachable(agency, "0.0.0.0")
        name = f"sandbox-{agency.replace('_', '-')}"
        assert senders.by_authorization(agency, f"Bearer {name}").id == name


def test_the_outbox_of_the_database_is_the_one_that_the_docs_describe() -> None:
    described = (CHECKOUT / "docs" / "connectors.md").read_text().split("<!-- outbox: postgresql -->")[1].split("```")[1]
    made = (CHECKOUT / "deploy" / "compose" / "outbox.sql").read_text()
    assert described.removeprefix("sql").strip() == made.split("\n", 1)[1].strip()


def test_the_dashboard_asks_for_metrics_that_there_are() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    named = {name.removesuffix("_bucket") for expr in asked for name in re.findall(r"\b(?:frontdoor|kafka)_\w+", expr)}
    assert named <= {one.name for one in METRICS}
    assert len({panel["id"] for panel in panels}) == len(panels) >= 10


@needs_program("promtool")
def test_prometheus_takes_its_configuration_and_every_question_of_the_dashboard(tmp_path: Path) -> None:
    shutil.copy(CHECKOUT / "deploy" / "prometheus" / "prometheus.yml", tmp_path)
    shutil.copytree(CHECKOUT / "ops" / "alerts", tmp_path / "alerts")
    told = run(["promtool", "check", "config", tmp_path / "prometheus.yml"])
    assert "2 rule files found" in told
    panels = json.loads(DASHBOARD.read_text())["panels"]
    rules = [
        {"record": f"panel:{panel['id']}:{number}", "expr": target["expr"]}
        for panel in panels for number, target in enumerate(panel["targets"])
    ]  # fmt: skip
    (tmp_path / "panels.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    run(["promtool", "check", "rules", tmp_path / "panels.yml"])
