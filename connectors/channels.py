"""How the hub reaches partners from whom it fetches messages itself: the settings of each kind of channel.

They stand in the senders file; secrets do not: the file says where each one is.

    password: {file: /etc/frontdoor/mesh-password}      its first line
    password: {env: MESH_PASSWORD}                      an environment variable of the connector
"""

import ipaddress
import os
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Engine

#: What councils' databases are reached with, by the name of the SQL dialect.
DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


class SecretMissing(ValueError):
    """A secret is not where the senders file says. Names the place, never the secret."""


class Strict(BaseModel):
    """A part of a file that people write: what it does not know is refused, and no value of it is quoted."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class SecretPlace(Strict):
    """Where a secret is: the first line of a file, or an environment variable."""

    file: Path | None = None
    env: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.file is None) == (not self.env):
            raise ValueError("give one place: {file: PATH} or {env: NAME}")
        return self

    def read(self) -> str:
        """The secret. Raises `SecretMissing`."""
        if self.file is None:
            found = os.environ.get(self.env, "")
            where = f"the environment variable {self.env}"
        else:
            where = f"the file {self.file}"
            try:
                found = next(iter(self.file.read_text(encoding="utf-8").splitlines()), "")
            except (OSError, UnicodeDecodeError) as error:
                raise SecretMissing(f"{where} cannot be read ({type(error).__name__})") from None
        if not found:
            raise SecretMissing(f"{where} is empty or not set")
        return found


def _not_the_secret_itself(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("this file must not hold a secret; put it elsewhere and give {file: PATH} or {env: NAME}")
    return value


Secret = Annotated[SecretPlace, BeforeValidator(_not_the_secret_itself)]


class SftpServer(Strict):
    """A folder on a partner's SFTP server. `host_key` pins the server (its line of a known_hosts file, from the key's type
    on); `private_key` is a file with our own."""

    host: str = Field(min_length=1, max_length=255)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1, max_length=100)
    host_key: str = Field(pattern=r"^(ssh|ecdsa)-[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$")
    private_key: Path
    passphrase: Secret | None = None
    folder: str = Field(default=".", min_length=1, max_length=1000)


class SftpChannel(SftpServer):
    """A folder from which files are fetched. A file is finished when it has not changed for `stable_seconds`."""

    after: Literal["archive", "delete"] = "archive"
    archive: str = Field(default="done", min_length=1, max_length=1000)
    stable_seconds: float = Field(default=5.0, ge=0)
    every_seconds: float = Field(default=10.0, gt=0)

    @property
    def place(self) -> tuple[str, ...]:
        """What no two senders may share: each would take what is the other's."""
        return (self.host.casefold(), str(self.port), self.user, self.folder)


class MeshAccount(Strict):
    """A MESH mailbox of ours, and what it proves itself with."""

    url: str = Field(pattern=r"^https?://")
    mailbox: str = Field(pattern=r"^[A-Za-z0-9]{1,50}$")
    password: Secret
    shared_key: Secret
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.url.startswith("http://") and not is_on_this_machine(self.url):
            raise ValueError("url must begin with https:// unless the mailbox is on this machine")
        if (self.client_certificate is None) != (self.client_key is None):
            raise ValueError("give both client_certificate and client_key, or neither")
        return self


class MeshChannel(MeshAccount):
    """A MESH mailbox that is read. `workflow` limits it to one workflow (its id, `ID*`, or `!ID`); `alarm_hours` is how long
    a message may wait in it before that is said aloud: MESH throws messages away after five days."""

    workflow: str = Field(default="", max_length=300)
    alarm_hours: float = Field(default=4.0, gt=0)
    every_seconds: float = Field(default=60.0, gt=0)

    @property
    def place(self) -> tuple[str, ...]:
        """What no two senders may share."""
        return (self.url.casefold(), self.mailbox, self.workflow)


class DatabaseChannel(Strict):
    """A database. `url` as SQLAlchemy writes it (`sqlite:////srv/outbox.db`, `postgresql://user@host/base`), without a
    password; without `schema_name` the tables are looked up as the database does for this user."""

    url: str
    password: Secret | None = None
    schema_name: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,62})?$")
    every_seconds: float = Field(default=1.0, gt=0)

    @model_validator(mode="after")
    def _without_password(self) -> Self:
        # Here, not above: slow to load, and few channels are databases.
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        try:
            parsed = make_url(self.url)
        except ArgumentError:
            raise ValueError("url is no database URL; give for example postgresql://user@host/base") from None
        if parsed.password is not None or "password" in parsed.query:
            raise ValueError("url must not hold a password; give password: {file: PATH} or {env: NAME}")
        if parsed.get_backend_name() not in DRIVERS:
            raise ValueError(f"url must be of one of: {', '.join(DRIVERS)}")
        return self

    @property
    def place(self) -> tuple[str, ...]:
        """What no two senders may share."""
        return (self.url, self.schema_name)

    def address(self) -> "URL":
        """What to connect to, password included. Raises `SecretMissing`."""
        from sqlalchemy.engine import make_url

        url = make_url(self.url)
        if "+" not in url.drivername:
            url = url.set(drivername=DRIVERS[url.get_backend_name()])
        if url.get_backend_name() == "postgresql" and "client_encoding" not in url.query:
            # A database without an encoding of its own (SQL_ASCII) would give text as bytes.
            url = url.update_query_dict({"client_encoding": "utf8"})
        return url.set(password=self.password.read()) if self.password else url

    def engine(self) -> "Engine":
        """One connection to it, made when it is needed, that waits for nothing without a limit. Raises `SecretMissing`."""
        from sqlalchemy import create_engine

        from connectors.database_limits import limited, limited_address

        return limited(create_engine(limited_address(self.address()), pool_size=1, max_overflow=0, pool_pre_ping=True))


class OutboxChannel(DatabaseChannel):
    """A table into which a partner's system writes its messages (`docs/connectors.md` has its columns)."""

    table: str = Field(default="frontdoor_outbox", pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")

    @property
    def place(self) -> tuple[str, ...]:
        """What no two senders may share."""
        return (self.url, self.schema_name, self.table)


class SsdChannel(DatabaseChannel):
    """A council's published SSD tables. `cut_over` is the first day of the hub; `identifier_type` is how the council calls
    our contact id among a child's linked identifiers, `worker_roles` those involvements that mean who holds the case."""

    cut_over: date
    identifier_type: str = Field(default="Front Door", min_length=1, max_length=100)
    worker_roles: tuple[str, ...] = ("Allocated Case Worker", "Allocated Worker", "Social Worker")
    every_seconds: float = Field(default=300.0, gt=0)


Channel = SftpChannel | MeshChannel | OutboxChannel | SsdChannel


def check_secrets(channel: BaseModel) -> None:
    """Read every secret of a channel once. Raises `SecretMissing` with the setting's name."""
    for name in type(channel).model_fields:
        place = getattr(channel, name)
        if isinstance(place, SecretPlace):
            try:
                place.read()
            except SecretMissing as error:
                raise SecretMissing(f"{name}: {error}") from None
        elif isinstance(place, Path) and not os.access(place, os.R_OK):
            raise SecretMissing(f"{name}: the file {place} cannot be read")


def is_on_this_machine(url: str) -> bool:
    """Whether an http:// address is this machine's own."""
    host = re.sub(r":\d+$", "", url.removeprefix("http://").partition("/")[0]).strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
