"""Who is sent what, and how: the recipients file.

    recipients:
      - id: case-system
        agency: social_care
        owner: Case systems desk
        http: {url: "https://cases.anyshire.example/frontdoor", secret: {file: /etc/frontdoor/cases-secret}}
      - {id: st-marys-pas, agency: health, format: hl7v2, mllp: {host: pas.st-marys.example, port: 2576, tls: true}}
      - {id: anyshire-force, agency: police, folder: {path: /srv/anyshire-force/out}}
      - {id: anyshire-cases, agency: social_care, inbox: {url: "postgresql://frontdoor@db.anyshire.example/cases"}}
      - {id: anytown-trust, agency: education, kafka: {organisation: anytown-trust}}

`id` is the recipient of an outbound item: `case-system`, or a sender of the senders file, who is sent what became of its
messages. Who is not listed is not called: it asks `GET /outcomes`. Secrets are never in the file: it says where each is.
"""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from connectors.channels import DatabaseChannel, Secret, SecretMissing, check_secrets, is_on_this_machine
from connectors.delivery.schedule import Policy
from connectors.registry import formats_written
from connectors.settings_file import explained, read_yaml
from schemas.catalogue import AGENCIES


class RecipientsRefused(ValueError):
    """The recipients file cannot be used. Says which entry, and what to do; never a secret."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class HttpAddress(_Strict):
    """A partner's address for POST. With `secret` each message is signed; `token` is sent as a bearer token."""

    url: str = Field(pattern=r"^https?://")
    secret: Secret | None = None
    token: Secret | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.url.startswith("http://") and not is_on_this_machine(self.url):
            raise ValueError("url must begin with https:// unless the recipient is on this machine")
        return self


class MllpAddress(_Strict):
    """A partner's MLLP listener."""

    host: str = Field(min_length=1, max_length=255)
    port: int = Field(ge=1, le=65535)
    tls: bool = False
    ca_file: Path | None = None


class FolderAddress(_Strict):
    """A directory that the partner empties."""

    path: Path


class InboxAddress(DatabaseChannel):
    """A table of the partner's that the hub inserts into (`docs/delivery.md` has its columns)."""

    table: str = Field(default="frontdoor_inbox", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")


class TopicAddress(_Strict):
    """The partner's own topic on the hub's Kafka, `partner.<organisation>.out`."""

    organisation: str = Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")

    @property
    def topic(self) -> str:
        """Its name."""
        return f"partner.{self.organisation}.out"


Address = HttpAddress | MllpAddress | FolderAddress | InboxAddress | TopicAddress


class Recipient(_Strict):
    """One recipient. `format` is one of its agency's formats, the usual one unless given. `owner` is who answers for what
    could not be delivered; empty: the duty manager. Times are in the unit of their names; `attempts` 0: any number."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    agency: str
    format: str = ""
    owner: str = Field(default="", max_length=200)
    http: HttpAddress | None = None
    mllp: MllpAddress | None = None
    folder: FolderAddress | None = None
    inbox: InboxAddress | None = None
    kafka: TopicAddress | None = None
    attempt_seconds: float = Field(default=30.0, gt=0, le=600)
    first_retry_seconds: float = Field(default=2.0, gt=0)
    longest_retry_seconds: float = Field(default=600.0, gt=0)
    give_up_hours: float = Field(default=24.0, gt=0, le=24 * 365)
    attempts: int = Field(default=0, ge=0)
    parallel: int = Field(default=4, ge=1, le=32)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.agency not in AGENCIES:
            raise ValueError(f"agency must be one of {', '.join(AGENCIES)}")
        written = formats_written(self.agency)
        if self.format and self.format not in written:
            raise ValueError(f"format must be one of {', '.join(written)} for {self.agency}")
        ways = [way for way in (self.http, self.mllp, self.folder, self.inbox, self.kafka) if way is not None]
        if len(ways) != 1:
            raise ValueError("give one way to reach it: http, mllp, folder, inbox or kafka")
        if self.mllp is not None and self.written_format != "hl7v2":
            raise ValueError("mllp carries format: hl7v2 of agency: health, and nothing else")
        return self

    @property
    def written_format(self) -> str:
        """The format its items are written in; empty where nobody here writes for its agency."""
        return self.format or next(iter(formats_written(self.agency)), "")

    @property
    def address(self) -> Address:
        """The one way to reach it."""
        return next(way for way in (self.http, self.mllp, self.folder, self.inbox, self.kafka) if way is not None)

    @property
    def channel(self) -> str:
        """The name of that way."""
        return next(name for name in ("http", "mllp", "folder", "inbox", "kafka") if getattr(self, name) is not None)

    def policy(self, duty_manager: str) -> Policy:
        """How patient the hub is with it."""
        return Policy(
            first_seconds=self.first_retry_seconds, longest_seconds=self.longest_retry_seconds,
            budget_seconds=self.give_up_hours * 3600, attempts=self.attempts, owner=self.owner or duty_manager,
        )  # fmt: skip


class _File(_Strict):
    recipients: tuple[Recipient, ...]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        ids = [one.id for one in self.recipients]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"two recipients have the id {twice[0]}")
        return self


def load_recipients(path: Path | None) -> tuple[Recipient, ...]:
    """The recipients of a file, none without one. Raises `RecipientsRefused`."""
    if path is None:
        return ()
    content = read_yaml(path, "recipients file", RecipientsRefused)
    try:
        return _File.model_validate(content).recipients
    except ValidationError as error:
        raise RecipientsRefused(f"The recipients file {path} cannot be used: {explained(error, 'recipients')}.") from None


def check_recipients(recipients: tuple[Recipient, ...]) -> None:
    """Refuse recipients who cannot be reached because a secret or a file is missing. Raises `RecipientsRefused`."""
    for one in recipients:
        try:
            if not isinstance(one.address, FolderAddress):
                check_secrets(one.address)
            elif not one.address.path.is_dir():
                raise SecretMissing(f"path: there is no directory {one.address.path}")
        except SecretMissing as error:
            raise RecipientsRefused(f"Recipient {one.id}: {one.channel} {error}.") from None


def out_topics(recipients: tuple[Recipient, ...]) -> tuple[str, ...]:
    """The topics of partners who are sent what they get over Kafka."""
    return tuple(sorted({one.kafka.topic for one in recipients if one.kafka is not None}))
