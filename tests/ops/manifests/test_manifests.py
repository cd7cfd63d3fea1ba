"""What runs the hub elsewhere says what the catalogue says, starts every process, and gives nobody more than it needs."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ops.cli import app
from ops.manifests.files import manifest_files
from ops.run import ROLES
from ops.topic_access import wanted_grants
from ops.topics import settings_for, wanted_topics
from schemas.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[3]
CATALOGUE = wanted_topics(Settings())
WORKERS = {name.removesuffix("-rows") for name in CATALOGUE.changelogs}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("manifests") / "new"
    shown = json.loads(CliRunner().invoke(app, ["manifests", str(folder), "--dry-run"]).output)
    assert (len(shown["would_write"]), folder.exists()) == (len(manifest_files(CATALOGUE)), False)
    done = CliRunner().invoke(app, ["manifests", str(folder)])
    assert done.exit_code == 0 and len(done.output.splitlines()) == len(manifest_files(CATALOGUE))
    assert CliRunner().invoke(app, ["manifests", str(folder)]).output == "Nothing changed.\n"
    return folder


def resources(file: Path) -> list[dict[str, Any]]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return list(yaml.load_all(file.read_text(), Loader=loader))


def test_strimzi_has_every_topic_as_topics_apply_makes_it(written: Path) -> None:
    topics = {one["spec"]["topicName"]: one for one in resources(written / "strimzi" / "topics.yaml")}
    assert set(topics) == set(CATALOGUE.desired())
    for name, settings in CATALOGUE.desired().items():
        spec = topics[name]["spec"]
        assert (spec["partitions"], spec["config"]) == (CATALOGUE.keyed_partitions, settings_for(settings, spec["replicas"]))
        assert topics[name]["metadata"]["name"].replace(".", "").replace("-", "").isalnum()


def test_each_principal_may_do_what_the_catalogue_says_and_nothing_else(written: Path) -> None:
    users = {one["metadata"]["name"]: one for one in resources(written / "strimzi" / "users.yaml")}
    given = {
        (name, rule["resource"]["type"], rule["resource"]["name"], rule["resource"]["patternType"], operation)
        for name, user in users.items()
        for rule in user["spec"]["authorization"]["acls"]
        for operation in set(rule["operations"]) - {"Describe"}
    }
    patterns = {"LITERAL": "literal", "PREFIXED": "prefix"}
    wanted = {
        (
            f"frontdoor-{one.principal.replace('_', '-')}",
            one.resource.lower(),
            one.name,
            patterns[one.pattern],
            one.operation.title(),
        )
        for one in wanted_grants(CATALOGUE, "{role}")
    }
    assert given == wanted


def test_kubernetes_starts_every_process_once_and_confines_it(written: Path) -> None:
    found = resources(written / "kubernetes" / "frontdoor.yaml")
    sets = {one["metadata"]["name"]: one["spec"] for one in found if one["kind"] == "StatefulSet"}
    hub = sets["frontdoor"]
    containers = [container for spec in sets.values() for container in spec["template"]["spec"]["containers"]]
    assert sorted(one["command"][-1] for one in hub["template"]["spec"]["containers"]) == sorted(ROLES)
    assert {name for name in sets if sets[name]["replicas"] == 0} == {f"frontdoor-more-{worker}" for worker in WORKERS}
    for container in containers:
        assert container["securityContext"]["readOnlyRootFilesystem"] and container["resources"]["limits"]
        assert container["readinessProbe"]["exec"]["command"][-1] == container["command"][-1]
    for spec in sets.values():
        assert spec["template"]["spec"]["securityContext"]["runAsNonRoot"]
        assert set(spec["selector"]["matchLabels"].items()) <= set(spec["template"]["metadata"]["labels"].items())
    [settings] = [one["data"] for one in found if one["kind"] == "ConfigMap"]
    known = {f"FRONTDOOR_{name.upper()}" for name in Settings.model_fields}
    assert set(settings) <= known


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here: apt package systemd")
def test_systemd_finds_nothing_to_complain_of(written: Path, tmp_path: Path) -> None:
    installed = tmp_path / "bin"
    installed.mkdir()
    units = tmp_path / "units"
    units.mkdir()
    for name in ("frontdoor", "python"):
        (installed / name).write_text("#!/bin/sh\n")
        (installed / name).chmod(0o755)
    for unit in (written / "systemd").iterdir():
        (units / unit.name).write_text(unit.read_text().replace("/opt/frontdoor/bin", str(installed)))
    checked = [
        units / "frontdoor.service",
        units / "frontdoor.target",
        units / "frontdoor-watchdog.service",
        *(units / f"frontdoor@{role}.service" for role in list(ROLES)[:2]),
    ]
    for each in checked[3:]:
        each.write_text((units / "frontdoor@.service").read_text())
    for starts in checked[:2]:
        assert "frontdoor-watchdog.service" in starts.read_text()
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, checked)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
