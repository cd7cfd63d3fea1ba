"""Which processes of this hub run and have said that they are ready."""

import os
from dataclasses import dataclass

from ops.endpoints import endpoint
from ops.processes import ROLES
from ops.stack_state import is_supervised, read_state
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class ProcessFact:
    """One process. `restarts` None: no supervisor of ours counts them."""

    name: str
    ready: bool
    restarts: int | None


def process_facts(settings: Settings, own_role: str) -> list[ProcessFact]:
    """Every process of the stack, by its supervisor's word; without one, by the processes' own endpoint files.

    `own_role` is who asks: it answers, so it is ready, even before its supervisor has noticed.
    """
    state = read_state(settings.run_dir) if is_supervised(settings.run_dir) else None
    if state is None:
        return [ProcessFact(role, role == own_role or _announced(settings, role), None) for role in ROLES]
    return [ProcessFact(one.name, one.name == own_role or one.state == "ready", one.restarts) for one in state.processes]


def _announced(settings: Settings, role: str) -> bool:
    found = endpoint(settings, role)
    try:
        os.kill(int((found or {})["pid"]), 0)
    except PermissionError:
        return True
    except (KeyError, ValueError, ProcessLookupError):
        return False
    return True
