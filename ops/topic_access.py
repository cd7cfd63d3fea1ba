"""Who may read and write what: the access rules (ACLs) that the topic catalogue asks of a cluster, planned and applied.

Opt-in, because a cluster keeps such rules only with an authorizer, and they mean something only where clients say who
they are. The catalogue names roles; a pattern such as `User:frontdoor-{role}` makes principals of them. A right that the
catalogue does not know stays until somebody asks for its removal; on a topic that names children it is pointed out.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from kafka.admin import (  # type: ignore[import-untyped]
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)
from kafka.errors import KafkaError, SecurityDisabledError  # type: ignore[import-untyped]

from ops.topics import TopicsNotApplied
from schemas.catalogue import Catalogue

#: In the catalogue's lists of writers: every stream worker.
EVERY_WORKER = "worker"

#: Seconds that brokers get to hear of a change.
_SETTLING = 10.0

Kind = Literal["create", "unknown", "exposed"]
_SIGNS: dict[Kind, str] = {"create": "+", "unknown": "-", "exposed": "!"}


class NoAccessRules(Exception):
    """The cluster keeps no access rules, or does not tell them. The text says what to do."""


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One right, as Kafka words it. `pattern`: LITERAL, or PREFIXED for all whose names begin so; a literal `*` is all."""

    resource: str
    name: str
    operation: str
    principal: str
    pattern: str = "LITERAL"
    host: str = "*"

    def covers(self, resource: str, name: str) -> bool:
        """Whether it is a right on this topic or group."""
        if self.resource != resource:
            return False
        return name.startswith(self.name) if self.pattern == "PREFIXED" else self.name in ("*", name)

    def words(self) -> str:
        """For people: who may do what."""
        many = "…" if self.pattern == "PREFIXED" else ""
        where = "" if self.host == "*" else f" from {self.host}"
        return f"{self.principal} may {self.operation} {self.resource.lower()} {self.name}{many}{where}"


@dataclass(frozen=True, slots=True)
class AccessChange:
    """One difference. create: a right is missing. unknown: the catalogue does not know it. exposed: neither, and it is a
    right on a topic that names children, or on all."""

    kind: Kind
    grant: Grant
    why: str = ""

    def line(self) -> str:
        """One line for people."""
        text = f"{_SIGNS[self.kind]} {self.kind} right: {self.grant.words()}"
        return f"{text}  ({self.why})" if self.why else text

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {"kind": self.kind, "why": self.why, **asdict(self.grant)}


def wanted_grants(catalogue: Catalogue, pattern: str) -> set[Grant]:
    """Every right that the catalogue asks for. `pattern` has `{role}` in it."""
    workers = [name.removesuffix("-rows") for name in catalogue.changelogs]
    grants: set[Grant] = set()

    def allow(role: str, operation: str, topic: str) -> None:
        for each in workers if role == EVERY_WORKER else [role]:
            grants.add(Grant("TOPIC", topic, operation, pattern.format(role=each)))
            if operation == "READ":
                grants.add(Grant("GROUP", f"frontdoor-{each}", "READ", pattern.format(role=each), "PREFIXED"))

    for name, topic in catalogue.topics.items():
        for role in topic.writers:
            allow(role, "WRITE", name)
        for role in topic.readers:
            allow(role, "READ", name)
    for worker, changelog in zip(workers, catalogue.changelogs, strict=True):
        for operation in ("READ", "WRITE"):
            allow(worker, operation, catalogue.changelog_topic(changelog))
    for name in catalogue.partners:
        allow("connector", "READ", name)
        allow(f"partner-{name.removeprefix('partner.').removesuffix('.in')}", "WRITE", name)
    for name in catalogue.partners_out:
        allow("delivery", "WRITE", name)
        allow(f"partner-{name.removeprefix('partner.').removesuffix('.out')}", "READ", name)
    return grants


def access_differences(catalogue: Catalogue, pattern: str, live: Iterable[Grant]) -> list[AccessChange]:
    """What separates the rights on the catalogue's topics and groups from what the catalogue says. Pure."""
    wanted, there = wanted_grants(catalogue, pattern), set(live)
    changes = [AccessChange("create", grant) for grant in sorted(wanted - there)]
    personal = set(_personal(catalogue))
    for grant in sorted(there - wanted):
        exposed = sorted(name for name in personal if grant.covers("TOPIC", name))
        if exposed:
            shown = exposed[0] if len(exposed) == 1 else f"{len(exposed)} topics"
            changes.append(AccessChange("exposed", grant, f"{shown} with children's data; --revoke --yes takes it away"))
        elif any(grant.covers(one.resource, one.name) for one in wanted):
            changes.append(AccessChange("unknown", grant, "not in the catalogue; it stays"))
    return changes


def _personal(catalogue: Catalogue) -> Iterator[str]:
    """Topics that name children, or may: a worker's rows are its own business."""
    yield from (name for name, topic in catalogue.topics.items() if topic.personal)
    yield from map(catalogue.changelog_topic, catalogue.changelogs)
    yield from catalogue.partners
    yield from catalogue.partners_out


class Access:
    """The rights on one cluster. `pattern` as for `wanted_grants`."""

    def __init__(self, admin: KafkaAdminClient, wanted: Catalogue, pattern: str) -> None:
        self._admin = admin
        self._wanted = wanted
        self._pattern = pattern

    def plan(self) -> list[AccessChange]:
        """What `apply` would do, and what it would leave. Raises `NoAccessRules` for a cluster that keeps no rights."""
        return access_differences(self._wanted, self._pattern, self._live())

    def apply(self, *, revoke: bool = False) -> list[AccessChange]:
        """Grant what is missing; with `revoke` also take away what the catalogue does not know. Returns what was done.

        Raises `TopicsNotApplied` when the cluster refuses. Rights are granted before any is taken away.
        """
        changes = self.plan()
        missing = [change for change in changes if change.kind == "create"]
        refused = self._admin.create_acls([as_acl(change.grant) for change in missing])["failed"] if missing else []
        if refused:
            raise TopicsNotApplied(f"{len(refused)} rights were refused: {refused[0].__name__}")
        extra = [change for change in changes if change.kind != "create"] if revoke else []
        for _, _, error in self._admin.delete_acls([_exactly(change.grant) for change in extra]) if extra else []:
            if error.__name__ != "NoError":
                raise TopicsNotApplied(f"a right could not be taken away: {error.__name__}")
        self._settled({change.grant for change in missing}, {change.grant for change in extra})
        return [*missing, *extra]

    def _settled(self, granted: set[Grant], taken: set[Grant]) -> None:
        """Wait until the brokers have heard of what their controller has accepted."""
        deadline = time.monotonic() + _SETTLING
        while time.monotonic() < deadline:
            live = set(self._live())
            if granted <= live and not taken & live:
                return
            time.sleep(0.05)

    def _live(self) -> list[Grant]:
        everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        question = ACLFilter(None, None, ACLOperation.ANY, ACLPermissionType.ALLOW, everything)
        try:
            found, _ = self._admin.describe_acls(question)
        except SecurityDisabledError:
            raise NoAccessRules(
                "this cluster keeps no access rules: give its brokers an authorizer (authorizer.class.name) and super.users "
                "first, or leave --acls out"
            ) from None
        except KafkaError as error:
            raise NoAccessRules(f"the cluster does not tell its access rules: {type(error).__name__}") from None
        return [_grant(acl) for acl in found]


def _grant(acl: ACL) -> Grant:
    resource = acl.resource_pattern
    return Grant(
        resource.resource_type.name,
        resource.resource_name,
        acl.operation.name,
        acl.principal,
        resource.pattern_type.name,
        acl.host,
    )


def as_acl(grant: Grant) -> ACL:
    """The right as kafka-python takes it."""
    resource = ResourcePattern(ResourceType[grant.resource], grant.name, ACLResourcePatternType[grant.pattern])
    return ACL(grant.principal, grant.host, ACLOperation[grant.operation], ACLPermissionType.ALLOW, resource)


def _exactly(grant: Grant) -> ACLFilter:
    resource = ResourcePatternFilter(ResourceType[grant.resource], grant.name, ACLResourcePatternType[grant.pattern])
    return ACLFilter(grant.principal, grant.host, ACLOperation[grant.operation], ACLPermissionType.ALLOW, resource)
