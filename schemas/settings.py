"""Settings of every process, from the environment (`FRONTDOOR_…`), with the defaults of one machine on loopback."""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Each field is an environment variable `FRONTDOOR_<NAME>`.

    `run_dir` holds what belongs to one running stack: endpoints, journals, drop folders, logs, the stepped clock.
    `clock`: `system`, or `stepped` (a driver owns the time; refused outside tests, `demo` and `day`).
    `own_authority` (DfE three-digit code) and `team` are the front door's own. `hash_key` makes keyed hashes.
    Times in seconds, sizes in bytes.
    """

    model_config = SettingsConfigDict(env_prefix="FRONTDOOR_", frozen=True, extra="ignore", populate_by_name=True)

    bootstrap_servers: str = Field(
        default="127.0.0.1:9092",
        validation_alias=AliasChoices("FRONTDOOR_BOOTSTRAP_SERVERS", "KAFKA_BOOTSTRAP_SERVERS"),
    )
    run_dir: Path = Path(".frontdoor/up")
    clock: Literal["system", "stepped"] = "system"
    own_authority: str = "383"
    team: str = "front-door"
    #: Contacts of one partnership are compared with each other and with nobody else's.
    partnership: str = "front-door"
    #: The same content by another channel within this many hours is told as a repeat of the first contact.
    repeat_window_hours: int = Field(default=96, ge=0)
    #: Days after which linkage forgets a child whom nobody reported meanwhile.
    linkage_keep_days: int = Field(default=400, ge=1)
    #: What else this authority calls its desks, commas between: who has such a name is nobody by name.
    generic_names: str | None = None
    #: Owns, by name, what nobody else owns: events that match no contact.
    duty_manager: str = "Duty manager on call"
    #: What becomes of what a worker has not risk assessed when their duty ends: it goes to whoever is on duty, or stays theirs.
    at_end_of_duty: Literal["hand_over", "keep"] = "hand_over"
    hash_key: str = "not-secret"
    #: The server that messages to people go out by; none: no mail.
    smtp_url: str | None = None
    smtp_from: str = "frontdoor@localhost"
    #: Where notices are posted, and the secret that signs them.
    webhook_url: str | None = None
    webhook_secret: str | None = None
    #: When workers and supervisors are told what is still open, London time.
    notice_times: str = "14:00,16:00,23:00"
    #: The case system's contacts for the nightly reconciliation: an Annex A List 1, a SQLite file or a database address with the
    #: SSD's tables, in this schema; when it runs, London time, and who answers for what it records.
    reconcile_source: str | None = None
    reconcile_schema: str | None = None
    reconcile_at: str = "00:30"
    reconcile_by: str | None = None
    #: Mail addresses of who runs the hub, commas between them.
    operators: str | None = None
    senders_file: Path | None = None
    #: Who is sent what, and how; without it nobody is called.
    recipients_file: Path | None = None
    #: Private key of signed statements; None: made in the run directory when first needed.
    statement_key: Path | None = None
    #: Interface the connectors bind to; anything but loopback is an explicit choice.
    bind: str = "127.0.0.1"
    #: Port 0 lets the system choose; the chosen one stands in `run_dir/endpoints/`.
    http_port: int = 0
    mllp_port: int = 0
    #: Of /metrics, /healthz and /readyz, on loopback; 0 as above.
    metrics_port: int = 0
    #: Seconds between two probes that the hub sends through itself; 0: none.
    probe_seconds: float = Field(default=60.0, ge=0)
    #: How processes log: lines for people, or a JSON object a line.
    log_format: Literal["text", "json"] = "text"
    #: Of the schema registry, on loopback; 0 as above.
    registry_port: int = 0
    #: Largest message taken whole; above it only its beginning and its size are kept.
    max_message_bytes: int = 40 * 1024 * 1024
    #: Largest message kept on the log itself; above it the bytes are in the large store, and the log names them.
    log_message_bytes: int = 8 * 1024 * 1024
    #: Directory of the large store; connectors and intake must see the same one. None: `run_dir/large`.
    large_store: Path | None = None
    #: Another clock policy file, another folder of calendars; None: the shipped ones.
    clock_policy: Path | None = None
    calendars: Path | None = None
    tick_seconds: float = 15.0
    session_timeout_seconds: float = 10.0
    commit_interval_seconds: float = 0.5
    instance: str = "1"
    #: What stands between the broker and the workers' decisions.
    binding: Literal["faust", "plain"] = "faust"
    #: The `avsc` folder of the next release, while processes go over to it one by one: what it writes can be read.
    newer_schemas: Path | None = None
    #: The Kafka principal of each of the hub's roles, for `topics --acls`.
    acl_principal: str = Field(default="User:frontdoor-{role}", pattern=r"^[A-Za-z]+:[^{}]*\{role\}[^{}]*$")

    @property
    def large_store_dir(self) -> Path:
        """The directory of the large store."""
        return self.large_store or self.run_dir / "large"

    @property
    def statement_key_file(self) -> Path:
        """The file of the key that signs statements."""
        return self.statement_key or self.run_dir / "statement-key.pem"

    def endpoint_file(self, name: str) -> Path:
        """Where a process writes, once it is ready, how to reach it."""
        return self.run_dir / "endpoints" / f"{name}.json"
