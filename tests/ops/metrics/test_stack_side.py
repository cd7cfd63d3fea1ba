"""Who is ready: by the supervisor's word, and by their own."""

from pathlib import Path

from ops.metrics.stack_side import process_facts
from ops.stack_state import ProcessState, StackState, take_stack, write_state
from schemas.settings import Settings


def test_a_process_that_has_taken_back_where_it_answers_is_not_ready_whatever_its_supervisor_thinks(tmp_path: Path) -> None:
    """It gives up, and something in it does not let it end."""
    held = take_stack(tmp_path)
    assert held is not None
    processes = [ProcessState(name, "ready", 1, 0, None, "", "") for name in ("kafka", "connector-health", "metrics")]
    write_state(tmp_path, StackState(1, "", "127.0.0.1:1", True, "system", processes))
    facts = process_facts(Settings(run_dir=tmp_path), "metrics")
    assert {fact.name: fact.ready for fact in facts} == {"kafka": True, "connector-health": False, "metrics": True}
    held.release()
