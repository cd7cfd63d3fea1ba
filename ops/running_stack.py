"""Settings for a command that speaks to the running hub: its broker is the one its supervisor wrote down."""

from ops.stack_state import is_supervised, read_state
from schemas.settings import Settings


def running_settings(settings: Settings) -> Settings:
    """The settings with the bootstrap of the stack in `run_dir`, if one is running there; else as they are."""
    state = read_state(settings.run_dir) if is_supervised(settings.run_dir) else None
    if state is None or not state.bootstrap:
        return settings
    return settings.model_copy(update={"bootstrap_servers": state.bootstrap})
