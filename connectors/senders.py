"""Who a sender is: the authenticated channel (a credential, a port, a folder, a topic), never a field of a message.

The senders file is YAML:

    senders:
      - {id: st-marys-ae, agency: health, organisation: RXX01, transport: http, token_sha256: 9f86…0a08}
      - {id: st-marys-pas, agency: health, organisation: RXX01, transport: mllp, port: 2575, allow_from: [10.1.2.0/24]}
      - {id: anyshire-force, agency: police, organisation: anyshire, transport: folder, folder: anyshire}
      - {id: anytown-trust, agency: education, organisation: anytown-trust, transport: kafka}
      - {id: anyshire-cases, agency: social_care, transport: outbox, outbox: {url: "sqlite:////srv/cases.db"}}

The file holds the SHA-256 of each token, so that reading the file does not make anybody a sender. Without a file each
agency and transport has the one sender `<agency>-<transport>`, on loopback only; its topic is `partner.example-<agency>.in`.
"""

import hashlib
import hmac
import ipaddress
import re
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, ValidationError, model_validator

from connectors.channels import (
    Channel,
    MeshChannel,
    OutboxChannel,
    SecretMissing,
    SftpChannel,
    SsdChannel,
    check_secrets,
)
from connectors.settings_file import explained, read_yaml
from schemas.catalogue import AGENCIES

Transport = Literal["http", "mllp", "folder", "kafka", "sftp", "mesh", "outbox", "ssd"]

#: Which fields belong to which transport, beside id, agency, organisation.
_FIELDS: dict[str, set[str]] = {
    "http": {"token_sha256"},
    "mllp": {"port", "allow_from"},
    "folder": {"folder"},
    "kafka": {"topic"},
    "sftp": {"sftp"},
    "mesh": {"mesh"},
    "outbox": {"outbox"},
    "ssd": {"ssd"},
}
#: Transports in which the hub fetches: each needs to be told where.
FETCHED: tuple[Transport, ...] = ("sftp", "mesh", "outbox", "ssd")
_TOPIC_PART = re.compile(r"[A-Za-z0-9_-]{1,200}")
#: Names inside the default sender's own folder.
_RESERVED_FOLDERS = {"in", "done", "failed"}


class SendersRefused(ValueError):
    """The senders file, or what it leaves open, cannot be used. Says which entry, and what to do; never a token."""


class Unauthenticated(Exception):
    """No sender has this credential. The text is for the sender."""


class Sender(BaseModel):
    """One authenticated channel. `id` is on every message it sends; never give it to another channel later.

    `organisation` is the sending organisation's code, empty if the channel serves several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    agency: str
    transport: Transport
    organisation: str = Field(default="", max_length=200)
    token_sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    port: int = Field(default=0, ge=0, le=65535)
    allow_from: tuple[IPvAnyNetwork, ...] = ()
    folder: str = Field(default="", pattern=r"^([A-Za-z0-9][A-Za-z0-9_-]{0,63})?$")
    topic: str = Field(default="", pattern=r"^(partner\.[A-Za-z0-9_-]{1,200}\.in)?$")
    sftp: SftpChannel | None = None
    mesh: MeshChannel | None = None
    outbox: OutboxChannel | None = None
    ssd: SsdChannel | None = None

    @model_validator(mode="after")
    def _fits_its_transport(self) -> Self:
        if self.agency not in AGENCIES:
            raise ValueError(f"agency must be one of {', '.join(AGENCIES)}")
        alien = {name for fields in _FIELDS.values() for name in fields} - _FIELDS[self.transport]
        wrong = sorted(alien & self.model_fields_set)
        if wrong:
            raise ValueError(f"{', '.join(wrong)} cannot be given for transport {self.transport}")
        if self.folder in _RESERVED_FOLDERS:
            raise ValueError("a folder cannot be called in, done or failed")
        if self.transport == "folder" and not self.folder:
            raise ValueError("give the name of its folder, for example folder: anyshire")
        if self.transport == "kafka" and not self.topic and not _TOPIC_PART.fullmatch(self.organisation):
            raise ValueError("give topic: partner.<organisation>.in, or an organisation that can stand in it")
        if self.transport in FETCHED and self.channel is None:
            raise ValueError(f"give {self.transport}: {{…}}, where and how its messages are fetched (docs/connectors.md)")
        return self

    @property
    def channel(self) -> Channel | None:
        """Where its messages are fetched; None for a sender that brings them."""
        return self.sftp or self.mesh or self.outbox or self.ssd

    @property
    def topic_name(self) -> str:
        """The topic a partner with Kafka of its own writes to."""
        return self.topic or f"partner.{self.organisation}.in"

    def drop_folder(self, run_dir: Path) -> Path:
        """The folder of a sender that drops files: they go into `in/` there."""
        return run_dir / "drop" / self.agency / self.folder

    def accepts_address(self, address: str) -> bool:
        """Whether a peer at `address` may be this sender."""
        if not self.allow_from:
            return True
        peer = ipaddress.ip_address(address.split("%")[0])
        if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
            peer = peer.ipv4_mapped
        return any(peer in network for network in self.allow_from)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    senders: tuple[Sender, ...]


class Senders:
    """All senders of one hub. `listed` is empty without a file."""

    def __init__(self, listed: tuple[Sender, ...] = ()) -> None:
        self.listed = listed
        _refuse_doubles(listed)

    def of(self, agency: str, transport: Transport) -> tuple[Sender, ...]:
        """The senders of an agency on a transport: those listed, else the default one. A topic is for one organisation, so
        where senders are listed Kafka has no default; what is fetched never has one."""
        listed = tuple(one for one in self.listed if (one.agency, one.transport) == (agency, transport))
        if listed or (transport == "kafka" and self.listed) or transport in FETCHED:
            return listed
        return (default_sender(agency, transport),)

    def partner_topics(self) -> tuple[str, ...]:
        """The topics that partner organisations write to."""
        return tuple(sender.topic_name for agency in AGENCIES for sender in self.of(agency, "kafka"))

    def by_authorization(self, agency: str, authorization: str) -> Sender:
        """The HTTP sender that an `Authorization` header proves. Raises `Unauthenticated`."""
        senders = self.of(agency, "http")
        if not authorization:
            for sender in senders:
                if not sender.token_sha256:
                    return sender
            raise Unauthenticated("This hub must know who sends. Add the header: Authorization: Bearer YOUR-TOKEN")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("This hub knows one way to say who sends: Authorization: Bearer YOUR-TOKEN")
        digest = hashlib.sha256(token.strip().encode("latin-1", "replace")).hexdigest()
        for sender in senders:
            if sender.token_sha256 and hmac.compare_digest(sender.token_sha256, digest):
                return sender
        raise Unauthenticated("No sender of this agency has this token. Ask the front door for a new one.")

    def check_secrets(self, agency: str) -> None:
        """Refuse senders whose messages cannot be fetched because a secret is missing. Raises `SendersRefused`."""
        for sender in self.listed:
            if sender.agency == agency and sender.channel is not None:
                try:
                    check_secrets(sender.channel)
                except SecretMissing as error:
                    raise SendersRefused(f"Sender {sender.id}: {sender.transport} {error}.") from None

    def check_reachable(self, agency: str, bind: str) -> None:
        """Refuse to be reachable from other machines by anybody unknown. Raises `SendersRefused`."""
        if is_loopback(bind):
            return
        todo = "List it in the senders file (FRONTDOOR_SENDERS_FILE), or bind to 127.0.0.1 (FRONTDOOR_BIND)."
        for sender in self.of(agency, "http"):
            if not sender.token_sha256:
                raise SendersRefused(f"Sender {sender.id} would need no token on {bind}. {todo} It needs token_sha256.")
        for sender in self.of(agency, "mllp"):
            if agency in MLLP_AGENCIES and not (sender.port and sender.allow_from):
                raise SendersRefused(
                    f"Sender {sender.id} could be anybody on {bind}. {todo} It needs port and allow_from."
                )


#: HL7 v2 is spoken in the health sector alone.
MLLP_AGENCIES = frozenset({"health"})


def default_sender(agency: str, transport: Transport) -> Sender:
    """The one sender of an agency and transport when nobody is listed."""
    # Not validated: its folder is the drop folder itself.
    return Sender.model_construct(
        id=f"{agency}-{transport}", agency=agency, transport=transport, organisation="", token_sha256="", port=0,
        allow_from=(), folder="", topic=f"partner.example-{agency}.in" if transport == "kafka" else "",
        sftp=None, mesh=None, outbox=None, ssd=None,
    )  # fmt: skip


def is_loopback(bind: str) -> bool:
    """Whether an address to bind to can be reached from this machine alone."""
    try:
        return ipaddress.ip_address(bind).is_loopback
    except ValueError:
        return bind == "localhost"


def load_senders(path: Path | None) -> Senders:
    """The senders of a file, or the defaults without one. Raises `SendersRefused`."""
    if path is None:
        return Senders()
    content = read_yaml(path, "senders file", SendersRefused)
    try:
        return Senders(_File.model_validate(content).senders)
    except ValidationError as error:
        raise SendersRefused(f"The senders file {path} cannot be used: {explained(error, 'senders')}") from None


def _refuse_doubles(senders: tuple[Sender, ...]) -> None:
    taken: dict[tuple[str, ...], str] = {}
    for sender in senders:
        marks = [
            ("id", sender.id),
            ("token_sha256", sender.token_sha256),
            ("port", str(sender.port or "")),
            ("folder", sender.agency, sender.folder),
            ("topic", sender.topic_name if sender.transport == "kafka" else ""),
        ]
        if sender.channel is not None:
            marks.append((f"{sender.transport} place", "\n".join(sender.channel.place)))
        if sender.transport == "http" and not sender.token_sha256:
            marks.append(("sender without token_sha256", sender.agency))
        for mark in marks:
            if not mark[-1]:
                continue
            if mark in taken:
                raise SendersRefused(f"Two senders ({taken[mark]}, {sender.id}) have the same {mark[0]}.")
            taken[mark] = sender.id
