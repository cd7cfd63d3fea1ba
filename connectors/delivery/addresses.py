"""Where a recipient is, for each way of reaching one: parts of the recipients file."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from connectors.channels import DatabaseChannel, MeshAccount, Secret, SftpServer, Strict, is_on_this_machine

_MAIL = r"^[^@\s<>,;]+@[A-Za-z0-9.-]+$"


class HttpAddress(Strict):
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


class MllpAddress(Strict):
    """A partner's MLLP listener."""

    host: str = Field(min_length=1, max_length=255)
    port: int = Field(ge=1, le=65535)
    tls: bool = False
    ca_file: Path | None = None


class FolderAddress(Strict):
    """A directory that the partner empties."""

    path: Path


class InboxAddress(DatabaseChannel):
    """A table of the partner's that the hub inserts into (`docs/delivery.md` has its columns)."""

    table: str = Field(default="frontdoor_inbox", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")


class TopicAddress(Strict):
    """The partner's own topic on the hub's Kafka, `partner.<organisation>.out`."""

    organisation: str = Field(pattern=r"^[A-Za-z0-9_-]{1,200}$")

    @property
    def topic(self) -> str:
        """Its name."""
        return f"partner.{self.organisation}.out"


class SftpAddress(SftpServer):
    """A folder that files are put into."""


class MeshAddress(MeshAccount):
    """A MESH mailbox of the partner's (`to`), written to from one of ours (`mailbox`) under a workflow that both agreed on."""

    to: str = Field(pattern=r"^[A-Za-z0-9]{1,50}$")
    workflow: str = Field(pattern=r"^[A-Za-z0-9_-]{1,300}$")


class MailAddress(Strict):
    """An e-mail address. `host` is the mail server that takes our mail; `security` without encryption is allowed to this
    machine alone."""

    host: str = Field(min_length=1, max_length=255)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    ca_file: Path | None = None
    user: str = Field(default="", max_length=200)
    password: Secret | None = None
    sender: str = Field(pattern=_MAIL, max_length=320)
    to: str = Field(pattern=_MAIL, max_length=320)

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.security == "none" and not is_on_this_machine(f"http://{self.host}"):
            raise ValueError("security: none is allowed to this machine alone; use starttls or tls")
        if bool(self.user) != (self.password is not None):
            raise ValueError("give both user and password, or neither")
        return self


#: Every way, by the name it has in the file.
Address = HttpAddress | MllpAddress | FolderAddress | InboxAddress | TopicAddress | SftpAddress | MeshAddress | MailAddress
WAYS = ("http", "mllp", "folder", "inbox", "kafka", "sftp", "mesh", "mail")
