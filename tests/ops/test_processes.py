"""The supervisor of a stack: who is restarted, who is told, and that nothing is ever left behind."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import ops.processes
import ops.up_command
from ops.children import wait_until_gone
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import AlreadyRunning, NotReady, Stack, configured_roles
from ops.stack_state import StackState, is_supervised, read_state, sweep_killed, take_stack, write_state
from schemas.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.broker, pytest.mark.usefixtures("fast_start")]

#: A role like the hub's: it announces itself, drains when told to, and fails as its name says.
ROLE = """
import os, signal, sys, time
from pathlib import Path
from ops.endpoints import announce
from schemas.settings import Settings
role, settings = sys.argv[1], Settings()
def drain(*_):
    (settings.run_dir / f"drained-{role}").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if role == "stubborn" else drain)
if role == "hopeless":
    print("cannot read the rota")
    sys.exit(70)
if role == "fails-once" and not (settings.run_dir / "failed").exists():
    (settings.run_dir / "failed").touch()
    os._exit(70)
announce(settings, role, {"http": "http://127.0.0.1:8"})
time.sleep(120)
"""


def command(role: str) -> list[str]:
    return [sys.executable, "-c", ROLE, role]


#: A supervisor in a process of its own, with its own Kafka, as `up --foreground` has.
SUPERVISOR = f"""
import sys
sys.path.insert(0, {str(CHECKOUT / "tests" / "ops")!r})
from pathlib import Path
from ops.processes import Stack
from ops.supervisor import hold
from test_processes import command
say = lambda line: print(line, flush=True)
bootstrap = sys.argv[2] if sys.argv[2:] else None
sys.exit(hold(Stack(Path(sys.argv[1]), bootstrap, roles=["one"], command=command, say=say), say))
"""


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory, fast_start: None) -> Iterator[EmbeddedKafka]:
    cluster = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    cluster.start()
    yield cluster
    cluster.kill()


@pytest.fixture
def stack_of(kafka: EmbeddedKafka, tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    made: list[Stack] = []

    def make(*roles: str) -> Stack:
        made.append(Stack(tmp_path / "run here", kafka.bootstrap, roles=roles, command=command))
        return made[-1]

    yield make
    for stack in made:
        stack.stop(drain=0.0)


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pids(stack: Stack) -> list[int]:
    return [each.pid for each in stack.state().processes if each.pid is not None]


def test_a_stack_is_ready_when_every_role_has_said_so_and_stops_in_order(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of("one", "two", "stubborn")
    stack.start()
    running = pids(stack)
    assert len(running) == 3
    assert stack.state().ready
    assert stack.state().processes[0].urls == {"http": "http://127.0.0.1:8"}
    stack.stop(drain=1.0)
    assert wait_until_gone(running, 0) == []
    assert (stack.run_dir / "drained-one").exists()
    assert read_state(stack.run_dir) is None


def test_a_worker_that_ends_is_started_again(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of("one", "fails-once")
    stack.start()
    first = stack.pid("one")
    failed = stack.state().processes[1]
    assert (failed.restarts, failed.last_exit) == (1, 70)

    stack.kill("one")
    until(lambda: stack.state().processes[0].restarts == 1)
    stack.wait_ready(20)
    assert stack.pid("one") != first
    assert stack.state().processes[0].last_exit == -signal.SIGKILL

    stack.restart("one")
    stack.wait_ready(20)
    assert stack.state().processes[0].restarts == 2


def test_a_disk_that_is_full_for_a_while_keeps_nobody_from_being_started_again(
    stack_of: Callable[..., Stack], monkeypatch: pytest.MonkeyPatch
) -> None:
    full = threading.Event()

    def write(run_dir: Path, state: StackState) -> None:
        if full.is_set():
            raise OSError(errno.ENOSPC, "No space left on device")
        write_state(run_dir, state)

    monkeypatch.setattr(ops.processes, "write_state", write)
    stack = stack_of("one", "two")
    stack.start()
    full.set()
    stack.kill("one")
    until(lambda: stack.state().processes[0].restarts == 1)
    full.clear()
    stack.kill("two")
    until(lambda: stack.state().processes[1].restarts == 1)
    stack.wait_ready(20)
    until(lambda: read_state(stack.run_dir) == stack.state())


def test_one_that_never_gets_ready_is_named_with_its_last_words(stack_of: Callable[..., Stack]) -> None:
    stack = stack_of("one", "hopeless")
    with pytest.raises(NotReady, match=r"(?s)hopeless is not ready.*code 70.*cannot read the rota"):
        stack.start()
    assert pids(stack) == []
    assert not is_supervised(stack.run_dir)


def test_a_run_directory_has_one_supervisor(stack_of: Callable[..., Stack]) -> None:
    stack_of("one").start()
    with pytest.raises(AlreadyRunning):
        stack_of("one").start()


def supervisor(run_dir: Path, *bootstrap: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    argv = [sys.executable, "-c", SUPERVISOR, str(run_dir), *bootstrap]
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True, start_new_session=True)


def await_ready(process: "subprocess.Popen[str]") -> list[str]:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line.strip())
        if said[-1] == "Everything is ready.":
            return said
    raise AssertionError(said)


def kafka_of(run_dir: Path) -> int:
    state = read_state(run_dir)
    assert state is not None
    return next(each.pid or 0 for each in state.processes if each.name == "kafka")


def test_kill_9_leaves_no_process_and_the_next_run_cleans_up_and_ctrl_c_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    cli = CliRunner()
    with supervisor(tmp_path) as killed:
        await_ready(killed)
        state = read_state(tmp_path)
        assert state is not None
        running = [each.pid for each in state.processes if each.pid is not None]
        assert len(running) == 2
        killed.kill()
    assert wait_until_gone(running, 5) == []
    assert "killed?" in cli.invoke(_app(), ["status"]).output
    assert cli.invoke(_app(), ["status"]).exit_code == 3

    with supervisor(tmp_path) as process:
        assert "An earlier run was killed; its traces are cleaned up." in await_ready(process)
        shown = cli.invoke(_app(), ["status", "--json"])
        assert (shown.exit_code, json.loads(shown.stdout)["ready"]) == (0, True)
        assert "reconciliation does not run: FRONTDOOR_RECONCILE_SOURCE was not set" in cli.invoke(_app(), ["status"]).output
        assert "Already up" in cli.invoke(_app(), ["up"]).output
        kafka_before = kafka_of(tmp_path)
        os.kill(kafka_before, signal.SIGKILL)
        until(lambda: kafka_of(tmp_path) not in (0, kafka_before), 40)
        state = read_state(tmp_path)
        assert state is not None
        running = [each.pid for each in state.processes if each.pid is not None]
        assert len(running) == 2
        assert [(each.name, each.restarts) for each in state.processes if each.name == "kafka"] == [("kafka", 1)]

        os.killpg(process.pid, signal.SIGINT)
        process.wait(40)
        assert process.returncode == 0
    assert wait_until_gone(running, 0) == []
    assert cli.invoke(_app(), ["down"]).output == "Not up.\n"


def test_up_runs_the_nightly_reconciliation_where_a_source_of_it_is_set(tmp_path: Path) -> None:
    assert "reconciliation" in configured_roles(Settings(reconcile_source="list1.xlsx"))
    assert "reconciliation" not in configured_roles(Settings(reconcile_source=None))


def test_what_a_killed_run_left_is_deleted_and_what_is_alive_or_was_kept_is_not(tmp_path: Path) -> None:
    killed, alive, kept = (tmp_path / name for name in ("killed", "alive", "kept"))
    for run_dir in (killed, alive, kept):
        (run_dir / "logs").mkdir(parents=True)
    held = take_stack(alive)
    assert held is not None
    for run_dir in (killed, alive):
        write_state(run_dir, StackState(1, "", "", embedded=True, clock="stepped", processes=[]))
    sweep_killed(tmp_path)
    assert sorted(tmp_path.iterdir()) == [alive, kept]
    held.release()


def test_down_stops_the_supervisor_and_leaves_a_kafka_that_is_not_its_own(
    kafka: EmbeddedKafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDOOR_RUN_DIR", str(tmp_path))
    cli = CliRunner()
    with supervisor(tmp_path, kafka.bootstrap) as process:
        await_ready(process)
        assert Settings().endpoint_file("one").exists()
        assert cli.invoke(_app(), ["down"]).exit_code == 0
        assert process.wait(5) == 0
    assert kafka.pids
    assert not Settings().endpoint_file("one").exists()


def _app() -> typer.Typer:
    app = typer.Typer()
    for each in (ops.up_command.up, ops.up_command.status, ops.up_command.down):
        app.command()(each)
    return app
