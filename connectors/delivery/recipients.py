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
      - id: elm-school
        agency: education
        format: text
        school: {urn: "107258", names: [Elm Primary School]}
        mail: {host: mail.anyshire.example, sender: frontdoor@anyshire.example, to: dsl@elm.example}

`id` is the recipient of an outbound item: `case-system`, or a sender of the senders file, who is sent what became of its
messages. Who is not listed is not called: it asks `GET /outcomes`. Secrets are never in the file: it says where each is.
"""

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator

from connectors.channels import SecretMissing, Strict, check_secrets
from connectors.delivery.addresses import (
    WAYS,
    Address,
    FolderAddress,
    HttpAddress,
    InboxAddress,
    MailAddress,
    MeshAddress,
    MllpAddress,
    SftpAddress,
    TopicAddress,
)
from connectors.delivery.schedule import Policy
from connectors.registry import formats_written
from connectors.settings_file import explained, read_yaml
from schemas.catalogue import AGENCIES
from schemas.outbound import CASE_SYSTEM


class RecipientsRefused(ValueError):
    """The recipients file cannot be used. Says which entry, and what to do; never a secret."""


class School(Strict):
    """The school that a recipient is, as the police may name it: its URN or LAESTAB number, and names it goes by."""

    urn: str = Field(default="", pattern=r"^([0-9]{6})?$")
    laestab: str = Field(default="", pattern=r"^([0-9]{3}/?[0-9]{4})?$")
    names: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.called:
            raise ValueError("give the school's urn, laestab or names")
        return self

    @property
    def called(self) -> tuple[str, ...]:
        """Everything it may be called."""
        return tuple(one for one in (self.urn, self.laestab, self.laestab.replace("/", ""), *self.names) if one)


class Recipient(Strict):
    """One recipient. `format` is one of its agency's formats, the usual one unless given. `owner` is who answers for what
    could not be delivered; empty: the duty manager. Times are in the unit of their names; `attempts` 0: any number.
    `statements`: whether it is sent the signed statement of each day; unless said, where its channel takes any file. A
    `school` is told of police contacts about its pupils. `authority`, by DfE code, is another authority's front door: what names
    that authority is forwarded to it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")
    agency: str
    format: str = ""
    owner: str = Field(default="", max_length=200)
    http: HttpAddress | None = None
    mllp: MllpAddress | None = None
    folder: FolderAddress | None = None
    inbox: InboxAddress | None = None
    kafka: TopicAddress | None = None
    sftp: SftpAddress | None = None
    mesh: MeshAddress | None = None
    mail: MailAddress | None = None
    attempt_seconds: float = Field(default=30.0, gt=0, le=600)
    first_retry_seconds: float = Field(default=2.0, gt=0)
    longest_retry_seconds: float = Field(default=600.0, gt=0)
    give_up_hours: float = Field(default=24.0, gt=0, le=24 * 365)
    attempts: int = Field(default=0, ge=0)
    parallel: int = Field(default=4, ge=1, le=32)
    statements: bool | None = None
    school: School | None = None
    authority: str = Field(default="", pattern=r"^([0-9]{3})?$")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.agency not in AGENCIES:
            raise ValueError(f"agency must be one of {', '.join(AGENCIES)}")
        written = formats_written(self.agency)
        if self.format and self.format not in written:
            raise ValueError(f"format must be one of {', '.join(written)} for {self.agency}")
        if sum(getattr(self, way) is not None for way in WAYS) != 1:
            raise ValueError(f"give one way to reach it: {', '.join(WAYS[:-1])} or {WAYS[-1]}")
        if self.school is not None and self.agency != "education":
            raise ValueError("only a recipient of agency: education is a school")
        if self.authority and self.agency != "social_care":
            raise ValueError("only a recipient of agency: social_care is another authority's front door")
        if self.mllp is not None and self.written_format != "hl7v2":
            raise ValueError("mllp carries format: hl7v2 of agency: health, and nothing else")
        return self

    @property
    def written_format(self) -> str:
        """The format its items are written in; empty where nobody here writes for its agency."""
        return self.format or next(iter(formats_written(self.agency)), "")

    @property
    def has_statements(self) -> bool:
        """Whether the signed statement of each day is sent to it."""
        if self.id == CASE_SYSTEM or self.mllp is not None:
            return False
        speaks_messages = self.http is not None and self.written_format in ("fhir-json", "fhir-xml", "hl7v2")
        return not speaks_messages if self.statements is None else self.statements

    @property
    def address(self) -> Address:
        """The one way to reach it."""
        found: Address = getattr(self, self.channel)
        return found

    @property
    def channel(self) -> str:
        """The name of that way."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    def policy(self, duty_manager: str) -> Policy:
        """How patient the hub is with it."""
        return Policy(
            first_seconds=self.first_retry_seconds, longest_seconds=self.longest_retry_seconds,
            budget_seconds=self.give_up_hours * 3600, attempts=self.attempts, owner=self.owner or duty_manager,
        )  # fmt: skip


class _File(Strict):
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
