"""The launcher: two commands on a bare machine, whatever the path is called and whatever Python comes first."""

import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.children import wait_until_gone

CHECKOUT = Path(__file__).resolve().parents[1]
LAUNCHER = CHECKOUT / "frontdoor"

#: Installs a package without fetching anything, as our own package is installed.
BACKEND = """
import zipfile
def build_editable(directory, config_settings=None, metadata_directory=None):
    name = "stub-1-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as wheel:
        wheel.writestr("stub-1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: stub\\nVersion: 1\\n")
        wheel.writestr("stub-1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("stub-1.dist-info/RECORD", "")
        import os
        wheel.writestr("stub.pth", os.getcwd())
    return name
"""


def old_pythons() -> list[str]:
    found = []
    for minor in (6, 7, 8, 9, 10):
        name = shutil.which(f"python3.{minor}")
        if name and subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0:
            found.append(name)
    return found


def test_an_old_python_can_read_the_launcher() -> None:
    ast.parse(LAUNCHER.read_text(), feature_version=(3, 4))
    assert not re.search(r"\bf\"|:=|->", LAUNCHER.read_text())


def test_an_old_python_says_what_is_needed() -> None:
    pythons = old_pythons()
    if not pythons:
        pytest.skip("no Python older than 3.11 is installed here")
    for python in pythons:
        # Without a PATH there is no other to go on with.
        done = subprocess.run([python, str(LAUNCHER)], capture_output=True, text=True, env={}, check=False)
        assert done.returncode == 1
        assert "Front Door needs Python 3.11" in done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A small product with our launcher, in a path with a space."""
    place = tmp_path / "the front door"
    (place / "ops").mkdir(parents=True)
    (place / "requirements").mkdir()
    shutil.copy(LAUNCHER, place / "frontdoor")
    for name in ("__init__.py", "environment.py", "file_lock.py"):
        shutil.copy(CHECKOUT / "ops" / name, place / "ops" / name)
    (place / "ops" / "__main__.py").write_text("import sys; print(sys.prefix, sys.argv[1:])\nsys.exit(7)\n")
    (place / "backend.py").write_text(BACKEND)
    (place / "pyproject.toml").write_text(
        '[project]\nname = "stub"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (place / "requirements" / "run.txt").write_text("")
    return place


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def start(checkout: Path, *arguments: str) -> "subprocess.Popen[str]":
    # Its own PYTHONPATH must not reach the product.
    env = {**os.environ, "PYTHONPATH": "/elsewhere"}
    argv = [sys.executable, str(checkout / "frontdoor"), *arguments]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd="/", env=env)


def test_two_first_runs_at_once_in_a_path_with_a_space_and_a_renewal_when_the_pins_change(checkout: Path) -> None:
    runs = [start(checkout, "find", "a b"), start(checkout, "find", "a b")]
    said = ""
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert (run.returncode, out) == (7, f"{checkout / '.venv'} ['find', 'a b']\n"), err
        said += err
    assert said.count("Setting up the environment") == 1
    assert said.count("Another run is setting up the environment; waiting for it") == 1

    out, err = start(checkout).communicate(timeout=60)
    assert err == ""

    (checkout / "requirements" / "run.txt").write_text("# another pin\n")
    renewing = start(checkout)
    assert renewing.stderr is not None
    assert "Setting up the environment" in renewing.stderr.readline()
    renewing.kill()
    renewing.communicate()


def installing_for(launcher: int) -> list[int]:
    """Who makes the environment for a launcher: its child, which leads a group of its own, and whom that has started."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid="], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in shown.splitlines()]
    leader = next(pid for pid, parent, _ in rows if parent == launcher)
    return [leader, *(pid for pid, _, group in rows if group == leader and pid != leader)]


def interrupted(checkout: Path, told: signal.Signals) -> tuple[int, list[int]]:
    """The exit code of a launcher that got a signal while it was setting up, and who was installing for it."""
    run = start(checkout)
    until(lambda: (checkout / ".venv" / "pyvenv.cfg").exists())
    installers = installing_for(run.pid)
    # They must not end by themselves meanwhile.
    os.killpg(installers[0], signal.SIGSTOP)
    # The launcher alone, as a service manager does; at a terminal the others would hear of it too.
    run.send_signal(told)
    _, err = run.communicate(timeout=30)
    assert "Traceback" not in err
    return run.returncode, installers


@pytest.mark.parametrize(("told", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_set_up_leaves_nothing_running(checkout: Path, told: signal.Signals, code: int) -> None:
    ended_with, installers = interrupted(checkout, told)
    assert ended_with == code
    assert wait_until_gone(installers, 5) == []


def test_after_a_kill_the_next_run_waits_for_who_is_still_installing_and_begins_anew(checkout: Path) -> None:
    _, installers = interrupted(checkout, signal.SIGKILL)
    following = start(checkout)
    assert following.stderr is not None
    assert "waiting for it" in following.stderr.readline()
    os.killpg(installers[0], signal.SIGKILL)
    assert following.communicate(timeout=120)[0] == f"{checkout / '.venv'} []\n"


def test_an_environment_that_somebody_else_made_is_left_alone(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / "mine").touch()
    run = start(checkout)
    _, err = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "move it away" in err
    assert (checkout / ".venv" / "mine").exists()


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("which", ["run", "dev"])
def test_every_requirement_is_pinned_as_pyproject_says_with_hashes_and_without_an_address(which: str) -> None:
    text = (CHECKOUT / "requirements" / f"{which}.txt").read_text()
    pinned = {normal(name): version for name, version in re.findall(r"^([\w.-]+)==([^ ;\\]+)", text, re.MULTILINE)}
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"]["dev"] if which == "dev" else [])
    for requirement in wanted:
        name, _, version = requirement.partition("==")
        assert pinned[normal(name.partition("[")[0])] == version, requirement
    blocks = re.split(r"\n(?=[\w])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block)
    assert "://" not in text
    assert "index" not in re.sub(r"#.*", "", text)
