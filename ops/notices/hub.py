"""What the running hub says: its teams by the view, and its own trouble. Never raises: trouble is an answer."""

from dataclasses import dataclass, field
from urllib.parse import quote

from pydantic import ValidationError

from ops.stack_state import is_supervised, read_state
from ops.view.client import Refused, StackNotUp, ViewClient
from ops.view.team import TeamAnswer
from schemas.settings import Settings


@dataclass(frozen=True)
class Seen:
    """One look. `teams` is None while the view cannot say how things are: nothing may be concluded from that."""

    teams: list[TeamAnswer] | None
    troubles: list[str] = field(default_factory=list)


def see(settings: Settings) -> Seen:
    """Ask the view, and read what the supervisor says of its processes."""
    troubles = _processes(settings)
    try:
        with ViewClient(settings) as view:
            view.ask("/readyz")
            names = view.ask("/teams")["teams"]
            teams = [TeamAnswer.model_validate(view.ask(f"/teams/{quote(name, safe='')}")) for name in names]
    except StackNotUp:
        return Seen(None, [*troubles, "the view does not answer"])
    except Refused as refused:
        return Seen(None, [*troubles, f"the view is not ready (HTTP {refused.status})"])
    except (ValidationError, KeyError):
        return Seen(None, [*troubles, "the view is of another version"])
    if any(team.behind_records is None for team in teams):
        return Seen(None, [*troubles, "Kafka does not answer"])
    return Seen(teams, troubles)


def _processes(settings: Settings) -> list[str]:
    state = read_state(settings.run_dir) if is_supervised(settings.run_dir) else None
    if state is None:
        return []
    return [f"{one.name} is {one.state}" for one in state.processes if one.state != "ready" and one.name != "notices"]
