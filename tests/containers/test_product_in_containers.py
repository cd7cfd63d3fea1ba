"""The product's own image beside a real Kafka, each process confined as docker-compose.yml confines it, and a partner outside.

They need a container engine; where there is none, or nobody asked for them, they are skipped and say what is missing.
"""

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .engine import BASE, CHECKOUT, build_kafka, build_postgres, build_product, what_is_missing

_MISSING = what_is_missing()
pytestmark = [pytest.mark.skipif(bool(_MISSING), reason=f"containers: {_MISSING}"), pytest.mark.timeout(1800)]

DOCS = (CHECKOUT / "docs" / "deploy.md").read_text()
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
#: What a message needs to become a contact that people can ask for.
ROLES = ("intake", "routing", "view", "connector-education", "connector-health", "registry")


class Pod:
    """The processes of one hub in containers that share network, process ids and run directory, as in docker-compose.yml."""

    def __init__(self, folder: Path) -> None:
        from testcontainers.core.network import Network

        self._started: list[Any] = []
        self._product = build_product()
        self._kafka = build_kafka(folder)
        self.network = Network()
        self.network.create()

    def start(self) -> None:
        kafka = self._container(self._kafka, mem_limit="1g").with_network(self.network).with_network_aliases("kafka")
        self._run(kafka)
        self.once("frontdoor", "topics", "apply", "--bootstrap", "kafka:19092", "--timeout", "280")
        hub = self._product_container("hub").with_network(self.network).with_network_aliases("hub")
        self.hub = self._run(hub)
        for role in ROLES:
            self.process(role)
        for role in ROLES:
            self.await_ready(role)

    def process(self, role: str) -> None:
        """One of the hub's processes in a container of its own."""
        self._run(self._product_container(role, self.hub.get_wrapped_container().id))

    def await_ready(self, role: str) -> None:
        self.until(lambda: self.ask("python", "-m", "ops.ready", role)[0] == 0, f"{role} to be ready")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait, as long as every container runs. How long a machine takes says nothing about the product: `run` bounds it."""
        deadline = time.monotonic() + 1000.0
        while not condition():
            assert time.monotonic() < deadline, f"waited for {what}"
            for container in self._started:
                wrapped = container.get_wrapped_container()
                wrapped.reload()
                assert wrapped.status == "running", wrapped.logs(tail=50).decode()
            time.sleep(0.5)

    def database(self, folder: Path) -> Callable[[str], str]:
        """The database of docker-compose.yml; a function that runs SQL in it and gives what it printed."""
        database = self._container(build_postgres(folder), mem_limit=COMPOSE["services"]["postgres"]["mem_limit"])
        for name, value in COMPOSE["services"]["postgres"]["environment"].items():
            database.with_env(name, _default(value))
        self._run(database.with_network(self.network).with_network_aliases("postgres"))
        user = ["psql", "--host=/tmp", "--username=outbox", "--dbname=outbox", "-At", "-c"]
        password = {"PGPASSWORD": _default(COMPOSE["services"]["postgres"]["environment"]["POSTGRES_PASSWORD"])}

        def sql(statement: str) -> str:
            code, said = database.get_wrapped_container().exec_run([*user, statement], environment=password)
            return str(said.decode().strip()) if code == 0 else ""

        self.until(lambda: sql("SELECT 1") == "1", "the database")
        return sql

    def once(self, *command: str) -> str:
        """A command of the product in a container that ends by itself; what it printed."""
        container = self._container(self._product).with_network(self.network).with_command(list(command))
        with container:
            wrapped = container.get_wrapped_container()
            code = wrapped.wait()["StatusCode"]
            said: str = wrapped.logs().decode()
        assert code == 0, said
        return said

    def ask(self, *command: str) -> tuple[int, str]:
        """A command of the product beside its processes: exit code and output."""
        code, output = self.hub.get_wrapped_container().exec_run(list(command), environment={"COLUMNS": "200"})
        return int(code), output.decode()

    def partner(self, *command: str) -> str:
        """A partner's program in a container of its own, which knows nothing of the product; what it printed."""
        container = self._container(BASE).with_network(self.network).with_command(list(command))
        container.with_volume_mapping(str(CHECKOUT / "examples"), "/examples", "ro")
        with container:
            wrapped = container.get_wrapped_container()
            code = wrapped.wait()["StatusCode"]
            said: str = wrapped.logs().decode()
        assert code == 0, said
        return said

    def stop(self) -> None:
        for container in reversed(self._started):
            container.stop()
        self.network.remove()
        subprocess.run(["docker", "volume", "rm", f"run-{self.network.name}"], capture_output=True, check=False, timeout=30)

    def _product_container(self, role: str, of: str = "") -> Any:
        service = COMPOSE["services"][role]
        limits = {
            "read_only": service["read_only"], "cap_drop": service["cap_drop"], "security_opt": service["security_opt"],
            "user": service["user"], "mem_limit": service["mem_limit"], "pids_limit": service["pids_limit"],
            "nano_cpus": int(service["cpus"] * 1_000_000_000),
            **({"network_mode": f"container:{of}", "pid_mode": f"container:{of}"} if of else _OF_HUB),
        }  # fmt: skip
        container = self._container(self._product, **limits).with_command(service["command"])
        for name, value in service["environment"].items():
            container.with_env(name, _default(value))
        container.with_tmpfs_mount("/tmp", "size=64m,mode=1777")
        for volume in service["volumes"]:
            source, inside, mode = f"{volume}:rw".split(":")[:3]
            # The named one is this network's own.
            here = str(CHECKOUT / source) if source.startswith("./") else f"{source}-{self.network.name}"
            container.with_volume_mapping(here, inside, mode)
        return container

    def _container(self, image: str, **limits: Any) -> Any:
        from testcontainers.core.container import DockerContainer

        return DockerContainer(image, **limits)

    def _run(self, container: Any) -> Any:
        container.start()
        self._started.append(container)
        return container


#: What `hub` has and no process of it: what docker-compose.yml says of it.
_OF_HUB = {name: COMPOSE["services"]["hub"][name] for name in ("init", "working_dir")}


def _default(value: object) -> str:
    """What docker-compose.yml gives where nobody set the variable."""
    return re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value))


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    pytest.MonkeyPatch().setenv("TESTCONTAINERS_RYUK_DISABLED", "true")
    running = Pod(tmp_path_factory.mktemp("kafka-image"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_the_documented_first_message_is_sent_and_shows_in_watch(pod: Pod) -> None:
    sending, watching = re.findall(r"^docker compose exec (?:-e (\S+) )?hub (frontdoor .*)$", DOCS, re.MULTILINE)
    assert pod.ask(*COMPOSE["services"]["hub"]["healthcheck"]["test"][1:])[0] == 0
    code, said = pod.ask("env", sending[0], *sending[1].split())
    assert (code, bool(re.match("[0-9a-f-]{36}  concern.json", said))) == (0, True), said
    pod.until(lambda: "Nora Field" in pod.ask(*watching[1].split(), "--once")[1], "the child to be shown")


def test_a_concern_from_a_partners_container_is_a_contact_that_people_find(pod: Pod) -> None:
    program = """
import sys, urllib.request
message = open("/examples/messages/concern.json", "rb").read().replace(b"C-1042", b"C-2")
request = urllib.request.Request("http://hub:8082/concerns", message)
request.add_header("Content-Type", "application/json")
request.add_header("Idempotency-Key", "containers-1")
request.add_header("Authorization", "Bearer sandbox-education")
print(urllib.request.urlopen(request, timeout=30).headers["X-Receipt-Id"])
"""
    receipt = pod.partner("python3", "-c", program).strip()
    assert receipt == pod.partner("python3", "-c", program).strip()

    def contacts() -> list[str]:
        code, said = pod.ask("frontdoor", "find", receipt, "--json")
        return re.findall(r'"contact_id": "([^"]+)"', said) if code == 0 else []

    pod.until(lambda: bool(contacts()), "the contact")


def test_an_hl7_message_from_a_partners_container_gets_its_receipt(pod: Pod) -> None:
    said = pod.partner("python3", "/examples/python/send_mllp.py", "hub", "2575", "/examples/messages/referral.hl7")
    assert re.search(r"receipt [0-9a-f-]{36}", said)


def test_a_row_of_the_case_systems_database_becomes_a_contact_and_gets_its_receipt(
    pod: Pod, tmp_path_factory: pytest.TempPathFactory
) -> None:  # fmt: skip
    sql = pod.database(tmp_path_factory.mktemp("postgres-image"))
    pod.process("connector-social_care")
    pod.await_ready("connector-social_care")
    call = {"event": "contact_recorded", "reference": "OUT-1", "method": "telephone", "concern": "Shouting heard.",
            "child": {"given_name": "Kit", "family_name": "Example", "date_of_birth": "2016-04-01"}}  # fmt: skip
    sql(f"INSERT INTO frontdoor_outbox (body) VALUES ('{json.dumps(call)}')")
    pod.until(lambda: bool(sql("SELECT receipt_id FROM frontdoor_outbox WHERE taken_at IS NOT NULL")), "the row's receipt")
    receipt = sql("SELECT receipt_id FROM frontdoor_outbox")
    pod.until(lambda: "contact_id" in pod.ask("frontdoor", "find", receipt, "--json")[1], "the contact")


def test_who_does_not_prove_who_they_are_is_refused(pod: Pod) -> None:
    program = """
import urllib.error, urllib.request
try:
    urllib.request.urlopen("http://hub:8082/concerns", b"{}", timeout=30)
except urllib.error.HTTPError as error:
    print(error.code)
"""
    assert pod.partner("python3", "-c", program).strip() == "401"


def test_the_registry_answers_inside_the_pod_and_nowhere_else(pod: Pod) -> None:
    ask = "import urllib.request as u; print(u.urlopen('http://{}:8090/subjects', timeout=5).read().decode())"
    code, said = pod.ask("python", "-c", ask.format("127.0.0.1"))
    assert (code, "contacts-value" in json.loads(said)) == (0, True)
    with pytest.raises(AssertionError, match="refused"):
        pod.partner("python3", "-c", ask.format("hub"))
