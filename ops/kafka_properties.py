"""How an embedded Kafka node is set up, each setting that is not the default with its reason. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOST = "127.0.0.1"
#: Bytes of the largest record: a message taken whole (8 MiB) and its envelope.
MESSAGE_LIMIT = 10485760


@dataclass(frozen=True, slots=True)
class Ports:
    """Where one node listens on loopback: for clients and other brokers, and for the controllers' quorum."""

    client: int
    controller: int


def node_settings(number: int, nodes: Sequence[Ports]) -> dict[str, str]:
    """Settings of node `number` (from 1) of a KRaft cluster in which every node is broker and controller."""
    ports, copies = nodes[number - 1], str(min(3, len(nodes)))
    clients, controllers = f"CLIENT://{HOST}:{ports.client}", f"CONTROLLER://{HOST}:{ports.controller}"
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(f"{n}@{HOST}:{p.controller}" for n, p in enumerate(nodes, 1)),
        "listeners": f"{clients},{controllers}",
        "advertised.listeners": clients,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "CLIENT",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        # Relative to the node's directory, whose own path may hold spaces and commas.
        "log.dirs": "data",
        # A topic comes from the catalogue or not at all.
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        # As many copies as there can be; few partitions, because each costs time at every start.
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": "3",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.num.partitions": "3",
        "transaction.state.log.min.isr": "1",
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.num.partitions": "3",
        "share.coordinator.state.topic.min.isr": "1",
        # A worker that starts alone need not wait for others.
        "group.initial.rebalance.delay.ms": "0",
        # A worker that was away for longer than the default week must not lose its place.
        "offsets.retention.minutes": "525600",
        "message.max.bytes": str(MESSAGE_LIMIT),
        "replica.fetch.max.bytes": str(MESSAGE_LIMIT),
        # After SIGKILL a node is let in again only when its earlier session has run out (9 s by default).
        "broker.session.timeout.ms": "4000",
        "broker.heartbeat.interval.ms": "1000",
        # The default, 128 MB, is a quarter of our heap.
        "log.cleaner.dedupe.buffer.size": "16777216",
        # The controller need not write twice a second that nothing has happened: it is most of what an idle node does.
        "metadata.max.idle.interval.ms": "0",
        "num.io.threads": "4",
        "background.threads": "4",
    }


def properties(settings: Mapping[str, str]) -> str:
    """The text of a `server.properties`."""
    return "".join(f"{name}={value}\n" for name, value in settings.items())
