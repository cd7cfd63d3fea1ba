"""Which processes of this hub run, have said that they are ready, and still answer for it."""

import http.client
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from ops.endpoints import endpoint
from ops.processes import configured_roles
from ops.stack_state import is_supervised, read_state
from schemas.settings import Settings

#: Seconds for a process to say of itself that it is ready.
_PATIENCE = 2.0
#: What the supervisor calls its broker.
_KAFKA = "kafka"


@dataclass(frozen=True, slots=True)
class ProcessFact:
    """One process. `restarts` None: no supervisor of ours counts them."""

    name: str
    ready: bool
    restarts: int | None


def process_facts(settings: Settings, own_role: str) -> list[ProcessFact]:
    """Every process of the stack, by its supervisor's word, or without one by the processes' own endpoint files; and none
    is ready that does not answer for itself.

    `own_role` is who asks: it answers, so it is ready, even before its supervisor has noticed.
    """
    state = read_state(settings.run_dir) if is_supervised(settings.run_dir) else None
    if state is None:
        facts = [ProcessFact(role, role == own_role or _announced(settings, role), None) for role in configured_roles(settings)]
    else:
        facts = [ProcessFact(one.name, one.name == own_role or one.state == "ready", one.restarts) for one in state.processes]
    silent = _silent(settings, (one.name for one in facts if one.ready and one.name != own_role))
    return [ProcessFact(one.name, one.ready and one.name not in silent, one.restarts) for one in facts]


def own_endpoints(settings: Settings) -> dict[str, str]:
    """`host:port` of every process that has announced itself, by its role: where it tells of itself alone."""
    roles = [file.stem for file in settings.endpoint_file("any").parent.glob("*.json")]
    found = {role: _own(settings, role) for role in roles if _announced(settings, role)}
    return {role: where for role, where in found.items() if where}


def _own(settings: Settings, role: str) -> str:
    return urlsplit(str((endpoint(settings, role) or {}).get("own", ""))).netloc


def _silent(settings: Settings, roles: Iterable[str]) -> set[str]:
    """Those that do not answer, or say that they are not ready; Kafka, which is not the hub's own, is not asked."""
    places = {role: _own(settings, role) for role in roles if role != _KAFKA}
    if not places:
        return set()
    with ThreadPoolExecutor(len(places)) as pool:
        # One that has taken back where it answers is about to end, or cannot.
        answers = dict(zip(places, pool.map(lambda where: bool(where) and _says_ready(where), places.values()), strict=True))
    return {role for role, ready in answers.items() if not ready}


def _says_ready(where: str) -> bool:
    try:
        with closing(http.client.HTTPConnection(where, timeout=_PATIENCE)) as connection:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False


def _announced(settings: Settings, role: str) -> bool:
    found = endpoint(settings, role)
    try:
        os.kill(int((found or {})["pid"]), 0)
    except PermissionError:
        return True
    except (KeyError, ValueError, ProcessLookupError):
        return False
    return True
