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
    #: Owns, by name, what nobody else owns: events that match no contact.
    duty_manager: str = "Duty manager on call"
    hash_key: str = "not-secret"
    senders_file: Path | None = None
    #: Interface the connectors bind to; anything but loopback is an explicit choice.
    bind: str = "127.0.0.1"
    #: Port 0 lets the system choose; the chosen one stands in `run_dir/endpoints/`.
    http_port: int = 0
    mllp_port: int = 0
    #: Of /metrics, /healthz and /readyz, on loopback; 0 as above.
    metrics_port: int = 0
    #: Largest message taken whole; above it only its beginning and its size are kept.
    max_message_bytes: int = 8 * 1024 * 1024
    tick_seconds: float = 15.0
    session_timeout_seconds: float = 10.0
    commit_interval_seconds: float = 0.5
    instance: str = "1"

    def endpoint_file(self, name: str) -> Path:
        """Where a process writes, once it is ready, how to reach it."""
        return self.run_dir / "endpoints" / f"{name}.json"
