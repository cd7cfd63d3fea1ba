"""Topics as code: what a live cluster would need to become what `schemas/topics.yaml` says, and doing it.

Nothing here deletes data on its own account. A topic that the catalogue does not know stays; a setting that would
make the broker throw records away (a shorter retention, another cleanup policy) is held back; both need to be
asked for. A topic with another number of partitions is refused: its keys would move to other partitions and a
record's order with its predecessors would be lost.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient  # type: ignore[import-untyped]
from kafka.errors import KafkaError, KafkaTimeoutError, for_code  # type: ignore[import-untyped]
from kafka.structs import TopicPartition  # type: ignore[import-untyped]

from connectors.delivery.recipients import load_recipients, out_topics
from connectors.senders import load_senders
from schemas.catalogue import Catalogue, catalogue
from schemas.settings import Settings

#: Set by operators while they move replicas; not ours to reset.
_LEAVE = {"leader.replication.throttled.replicas", "follower.replication.throttled.replicas"}

#: Seconds that brokers get to hear of a change.
_SETTLING = 10.0

Kind = Literal["create", "update", "unknown", "held", "refused"]
SIGNS: dict[Kind, str] = {"create": "+", "update": "~", "unknown": "-", "held": "!", "refused": "x"}


class ClusterUnavailable(Exception):
    """No cluster answered. The text says what to check."""


class TopicsNotApplied(Exception):
    """The cluster refused a change. Names the topic and the broker's reason."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `setting`, `now` and `wanted` are None where they say nothing; `why` explains what is not done.

    create: the topic is missing. update: a setting, or `replicas`. unknown: not in the catalogue. held: would throw
    records away. refused: cannot be done without harm.
    """

    kind: Kind
    topic: str
    setting: str | None = None
    now: str | None = None
    wanted: str | None = None
    why: str = ""

    def line(self) -> str:
        """One line for people."""
        text = f"{SIGNS[self.kind]} {self.kind} {self.topic}"
        if self.setting:
            text += f": {self.setting} {self.now} → {self.wanted if self.wanted is not None else 'the default'}"
        elif self.wanted:
            text += f" ({self.wanted})"
        return f"{text}  ({self.why})" if self.why else text

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {name: value for name, value in asdict(self).items() if value not in (None, "")}


@dataclass(frozen=True, slots=True)
class LiveTopic:
    """What a cluster says of one topic. `config`: name → (value, whether it was set on the topic itself)."""

    replicas: dict[int, list[int]]
    config: dict[str, tuple[str | None, bool]]


def differences(wanted: Catalogue, live: Mapping[str, LiveTopic], brokers: int) -> list[Change]:
    """What separates `live` from the catalogue, on a cluster of so many brokers. Pure."""
    changes = []
    for name, settings in wanted.desired().items():
        topic = live.get(name)
        if topic is None:
            copies = min(3, brokers)
            shape = f"{wanted.keyed_partitions} partitions, {copies} {'copy' if copies == 1 else 'copies'}"
            changes.append(Change("create", name, wanted=shape))
        else:
            changes += _changes_of(name, topic, settings, wanted.keyed_partitions, brokers)
    unknown = sorted(set(live) - set(wanted.desired()))
    return changes + [Change("unknown", name, why="not in the catalogue; it stays") for name in unknown]


def settings_for(settings: Mapping[str, str], copies: int) -> dict[str, str]:
    """A topic's settings where it has so many copies: with three, an acknowledged record is on at least two."""
    least = max(int(settings.get("min.insync.replicas", "1")), 2 if copies >= 3 else 1)
    return {**settings, "min.insync.replicas": str(least)}


def _changes_of(
    name: str, topic: LiveTopic, settings: Mapping[str, str], partitions: int, brokers: int
) -> Iterator[Change]:
    if len(topic.replicas) != partitions:
        why = (
            "keys would move between partitions and records lose their order; stop all writers, "
            "copy the records to a new cluster with the right count, and start from there"
        )
        yield Change("refused", name, "partitions", str(len(topic.replicas)), str(partitions), why)
    copies = min((len(each) for each in topic.replicas.values()), default=0)
    target = max(copies, min(3, brokers))
    if copies < target:
        yield Change("update", name, "replicas", str(copies), str(target))
    wanted = settings_for(settings, target)
    for setting, value in wanted.items():
        now = topic.config.get(setting, (None, False))[0]
        if now != value:
            yield _setting_change(name, setting, now, value)
    for setting, (now, own) in sorted(topic.config.items()):
        if own and setting not in wanted and setting not in _LEAVE:
            yield Change("update", name, setting, now, None)


def _setting_change(name: str, setting: str, now: str | None, wanted: str) -> Change:
    why = _throws_away(setting, now, wanted)
    return Change("held" if why else "update", name, setting, now, wanted, why)


def _throws_away(setting: str, now: str | None, wanted: str) -> str:
    if now is None:
        return ""
    if setting in ("retention.ms", "retention.bytes"):
        forever = float("inf")
        before, after = (forever if int(value) < 0 else int(value) for value in (now, wanted))
        return "older records would be deleted; --delete-records --yes allows it" if after < before else ""
    if setting == "cleanup.policy" and set(wanted.split(",")) - set(now.split(",")):
        return "records that are kept now would be deleted; --delete-records --yes allows it"
    return ""


class Topics:
    """The topics of one cluster. Made by `topics_of`."""

    def __init__(self, admin: KafkaAdminClient, wanted: Catalogue) -> None:
        self.admin = admin
        self.wanted = wanted

    def plan(self) -> list[Change]:
        """What `apply` would do, and what it would not."""
        return differences(self.wanted, self._live(), len(self._brokers()))

    def apply(self, *, delete_unknown: bool = False, delete_records: bool = False) -> list[Change]:
        """Converge. Returns the differences that are left, which are those that need somebody's decision.

        Raises `TopicsNotApplied`. Applying twice, or two at once, is the same as applying once.
        """
        changes = self.plan()
        # First everything that adds, so that a refusal of one topic does not leave another missing.
        self._create([change.topic for change in changes if change.kind == "create"])
        self._add_replicas([c for c in changes if c.kind == "update" and c.setting == "replicas"])
        allowed = ("update", "held") if delete_records else ("update",)
        self._alter([c for c in changes if c.kind in allowed and c.setting not in (None, "replicas")])
        if delete_unknown:
            self._delete([change.topic for change in changes if change.kind == "unknown"])
        return self._left(delete_unknown)

    def _left(self, deleted_unknown: bool) -> list[Change]:
        """The differences once the brokers have heard of what their controller has already accepted."""
        deadline = time.monotonic() + _SETTLING
        waited_for = {"create", "update"} | ({"unknown"} if deleted_unknown else set())
        while True:
            left = self.plan()
            if time.monotonic() > deadline or not any(change.kind in waited_for for change in left):
                return left
            time.sleep(0.05)

    # -- reading

    def _brokers(self) -> list[int]:
        brokers = self.admin.describe_cluster()["brokers"]
        return sorted(each["broker_id"] for each in brokers if not each.get("is_fenced"))

    def _live(self) -> dict[str, LiveTopic]:
        described = [
            topic
            for topic in self.admin.describe_topics()
            if not topic.get("is_internal") and not topic["name"].startswith("__")
        ]
        if not described:
            return {}
        resources = [ConfigResource(ConfigResourceType.TOPIC, topic["name"]) for topic in described]
        configs = self.admin.describe_configs(resources, config_filter="all")["topic"]
        return {
            topic["name"]: LiveTopic(
                {each["partition_index"]: list(each["replica_nodes"]) for each in topic["partitions"]},
                {
                    name: (entry["value"], entry["config_source"] == "DYNAMIC_TOPIC_CONFIG")
                    for name, entry in configs[topic["name"]].items()
                },
            )
            for topic in described
            # One without settings was deleted between the two questions.
            if configs.get(topic["name"])
        }

    # -- changing

    def _create(self, names: list[str]) -> None:
        if not names:
            return
        desired, copies = self.wanted.desired(), min(3, len(self._brokers()))
        wanted = {
            name: {
                "num_partitions": self.wanted.keyed_partitions,
                "replication_factor": copies,
                "configs": settings_for(desired[name], copies),
            }
            for name in names
        }
        answer = self.admin.create_topics(wanted, raise_errors=False)
        for topic in answer["topics"]:
            error = for_code(topic["error_code"])
            # Somebody else applied the same catalogue at the same time.
            if error.__name__ not in ("NoError", "TopicAlreadyExistsError"):
                raise TopicsNotApplied(f"{topic['name']}: {error.__name__} {topic.get('error_message') or ''}")
        self.admin.wait_for_topics(names, timeout_ms=30000)

    def _alter(self, changes: list[Change]) -> None:
        by_topic: dict[str, dict[str, tuple[str, str | None]]] = {}
        for change in changes:
            assert change.setting is not None
            operation = ("DELETE", None) if change.wanted is None else ("SET", change.wanted)
            by_topic.setdefault(change.topic, {})[change.setting] = operation
        if not by_topic:
            return
        resources = [ConfigResource(ConfigResourceType.TOPIC, name, configs) for name, configs in by_topic.items()]
        for name, result in self.admin.alter_configs(resources, raise_on_unknown=False)["topic"].items():
            if result != "OK":
                raise TopicsNotApplied(f"{name}: {result}")

    def _add_replicas(self, changes: list[Change]) -> None:
        if not changes:
            return
        brokers, live = self._brokers(), self._live()
        moves: dict[TopicPartition, list[int]] = {}
        for change in changes:
            for partition, now in live[change.topic].replicas.items():
                others = [broker for broker in brokers if broker not in now]
                turned = others[partition % len(others) :] + others[: partition % len(others)] if others else []
                moves[TopicPartition(change.topic, partition)] = (now + turned)[: int(change.wanted or 1)]
        for place, error in self.admin.alter_partition_reassignments(moves).items():
            if error is not None:
                raise TopicsNotApplied(f"{place.topic}: {error.__name__}")

    def _delete(self, names: list[str]) -> None:
        if names:
            self.admin.delete_topics(names)


@contextmanager
def topics_of(
    bootstrap: str, *, timeout: float = 10.0, wanted: Catalogue | None = None, login: Mapping[str, str] | None = None
) -> Iterator[Topics]:
    """The topics of the cluster at `bootstrap`. Raises `ClusterUnavailable` if it does not answer in `timeout` s.

    `login`: what kafka-python needs for a secured cluster, see `client_config`."""
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap,
            client_id="frontdoor-topics",
            bootstrap_timeout_ms=int(timeout * 1000),
            request_timeout_ms=30000,
            **(login or {}),
        )
    except KafkaTimeoutError:
        raise ClusterUnavailable(
            f"no Kafka answered at {bootstrap} within {timeout:.0f} s. Is it running, is the address right, does it "
            "want TLS? A wrong user name or password looks the same to this client: check them too."
        ) from None
    except (KafkaError, ValueError) as error:
        raise ClusterUnavailable(f"cannot use {bootstrap} as a Kafka address: {error}") from None
    try:
        yield Topics(admin, wanted or catalogue())
    except KafkaTimeoutError as error:
        raise ClusterUnavailable(f"Kafka at {bootstrap} stopped answering: {error}") from None
    finally:
        admin.close()


def wanted_topics(settings: Settings) -> Catalogue:
    """The committed catalogue, with the topics of the partner organisations in the senders and recipients files.

    Raises `SendersRefused`, `RecipientsRefused`.
    """
    out = out_topics(load_recipients(settings.recipients_file))
    return catalogue().for_partners(load_senders(settings.senders_file).partner_topics(), out)


def apply_topics(bootstrap: str, *, timeout: float = 10.0, wanted: Catalogue | None = None) -> list[Change]:
    """Apply the committed catalogue, or `wanted`; returns what was left undone. See `Topics.apply`."""
    with topics_of(bootstrap, timeout=timeout, wanted=wanted) as topics:
        return topics.apply()
