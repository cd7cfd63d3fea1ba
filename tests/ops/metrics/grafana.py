"""Grafana itself for a test: one that runs already, its program, or its image, with our data source and our dashboard.

`FRONTDOOR_TEST_GRAFANA_URL` names one that runs already, with a user who may administer it
(`http://admin:secret@127.0.0.1:3000`); what the test puts there it takes away.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from ...examples.foreign_servers import free_port, has_image, image_of, in_container, serving
from ...examples.tools import CHECKOUT

_URL = os.environ.get("FRONTDOOR_TEST_GRAFANA_URL", "")
_IMAGE = image_of("grafana")
#: Where the packages of Grafana's own put what its program needs; GF_PATHS_HOME says otherwise.
_HOME = os.environ.get("GF_PATHS_HOME", "/usr/share/grafana")
_OURS = CHECKOUT / "deploy" / "grafana"
#: Beside whatever somebody's own Grafana has.
_UNDER_TEST = "frontdoor-under-test"


def missing() -> str:
    """Empty where there is a Grafana, else what was looked for."""
    if _URL or _program() or has_image(_IMAGE):
        return ""
    return f"no Grafana: neither a program of that name nor {_IMAGE} is here, and FRONTDOOR_TEST_GRAFANA_URL names none"


class Shown:
    """A Grafana with our dashboard, asked through its API."""

    def __init__(self, url: str, uid: str = "frontdoor") -> None:
        self._uid = uid
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def dashboard(self) -> dict[str, Any]:
        """The dashboard as Grafana has taken it."""
        found: dict[str, Any] = self._said(self._http.get(f"/api/dashboards/uid/{self._uid}"))["dashboard"]
        return found

    def ask(self, panel: dict[str, Any]) -> list[dict[str, Any]]:
        """What Grafana got from the data source for each question of a panel, over the last hour."""
        questions = [{**one, "datasource": panel["datasource"], "refId": f"Q{n}"} for n, one in enumerate(panel["targets"])]
        answer = self._http.post("/api/ds/query", json={"queries": questions, "from": "now-1h", "to": "now"})
        return list(self._said(answer)["results"].values())

    @contextmanager
    def put(self, path: str, body: dict[str, Any], made: str) -> Iterator[None]:
        """Something at the address `made` that was not there before and is not afterwards."""
        self._said(self._http.post(path, json=body))
        try:
            yield
        finally:
            self._http.delete(made)

    @staticmethod
    def _said(answer: httpx.Response) -> dict[str, Any]:
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said


@contextmanager
def running(prometheus: str, folder: Path) -> Iterator[Shown]:
    """A Grafana whose data source is this Prometheus; `folder` takes its files."""
    if _URL:
        yield from _lent(prometheus)
        return
    provisioning = folder / "provisioning"
    shutil.copytree(_OURS / "provisioning", provisioning)
    for file, there, here in (
        ("datasources/prometheus.yml", "http://hub:9090", prometheus),
        ("dashboards/frontdoor.yml", "/var/lib/grafana-dashboards", str(_OURS / "dashboards")),
    ):
        told = (provisioning / file).read_text()
        assert there in told, "docker-compose.yml and this test mean the same files"
        (provisioning / file).write_text(told.replace(there, here))
    address = f"127.0.0.1:{free_port()}"
    host, port = address.split(":")
    env = {
        "GF_PATHS_PROVISIONING": str(provisioning), "GF_SERVER_HTTP_ADDR": host, "GF_SERVER_HTTP_PORT": port,
        "GF_SECURITY_ADMIN_PASSWORD": "of-this-test", "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    }  # fmt: skip
    if program := _program():
        env |= {"GF_PATHS_DATA": str(folder / "data"), "GF_PATHS_LOGS": str(folder / "logs")}
        command = [*program, "--homepath", _HOME]
    else:
        command = in_container(_IMAGE, env, provisioning, _OURS)
    with serving(command, f"http://{address}/api/health", folder / "grafana.log", env):
        yield Shown(f"http://admin:of-this-test@{address}")


def _lent(prometheus: str) -> Iterator[Shown]:
    shown = Shown(_URL, _UNDER_TEST)
    source = {"name": _UNDER_TEST, "uid": _UNDER_TEST, "type": "prometheus", "access": "proxy", "url": prometheus}
    ours = (_OURS / "dashboards" / "frontdoor.json").read_text().replace('"uid": "prometheus"', f'"uid": "{_UNDER_TEST}"')
    dashboard = {**json.loads(ours), "id": None, "uid": _UNDER_TEST, "title": _UNDER_TEST}
    with (
        shown.put("/api/datasources", source, f"/api/datasources/uid/{_UNDER_TEST}"),
        shown.put("/api/dashboards/db", {"dashboard": dashboard}, f"/api/dashboards/uid/{_UNDER_TEST}"),
    ):
        yield shown


def _program() -> list[str]:
    if (found := shutil.which("grafana")) is not None:
        return [found, "server"]
    found = shutil.which("grafana-server")
    return [] if found is None else [found]
