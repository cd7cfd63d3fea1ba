"""The Python environment of a checkout, `.venv`: made once from pinned, hashed requirements, renewed when they change.

Only the standard library: it runs before anything is installed.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ops.file_lock import file_lock

CHECKOUT = Path(__file__).resolve().parent.parent


class CannotSetUp(Exception):
    """The environment could not be made. Says why and what to do."""


class _Environment:
    """`.venv` in a checkout, and what was put into it.

    `lock` is the open file of the lock it is made under. Who installs holds it too: should this process be killed, the
    next must not begin while that one still writes.
    """

    def __init__(self, checkout: Path, lock: int | None = None) -> None:
        self._checkout = checkout
        self._venv = checkout / ".venv"
        self._lock = lock
        self.python = self._venv / "bin" / "python"

    def _digest(self, name: str) -> str:
        """Changes whenever an installation would: pins, our own package's description, the place."""
        parts = [self._requirements(name), self._requirements("run"), self._checkout / "pyproject.toml"]
        content = b"".join(part.read_bytes() for part in parts)
        return hashlib.sha256(content + os.fsencode(self._checkout)).hexdigest()

    def _requirements(self, name: str) -> Path:
        return self._checkout / "requirements" / f"{name}.txt"

    def _stamp(self, name: str) -> Path:
        return self._venv / f"frontdoor-{name}"

    def has(self, name: str) -> bool:
        """Whether the requirements of that name are in it, as they are now."""
        try:
            return self.python.exists() and self._stamp(name).read_text() == self._digest(name)
        except OSError:
            return False

    def make(self) -> None:
        """A new one, with what running needs and our own package."""
        mark = self._venv / "frontdoor-made-this"
        if self._venv.exists():
            if not mark.exists() and any(self._venv.iterdir()):
                raise CannotSetUp(f"{self._venv} was not made by this launcher: move it away, then run again.")
            self._discard()
        self._venv.mkdir()
        mark.touch()
        make = [sys.executable, "-m", "venv", str(self._venv)]
        self._do(make, "make a virtual environment (is python3-venv installed?)")
        self._install("run")
        # In place: what runs is what stands in the checkout. Nothing is fetched.
        self._pip("--no-deps", "--no-build-isolation", "--no-index", "--editable", str(self._checkout))
        self._stamp("run").write_text(self._digest("run"))

    def _discard(self) -> None:
        """Out of the way in one step: an interrupted removal would leave what looks like somebody else's."""
        discarded = self._checkout / ".frontdoor" / "discarded-environment"
        shutil.rmtree(discarded, ignore_errors=True)
        os.replace(self._venv, discarded)
        shutil.rmtree(discarded, ignore_errors=True)

    def add_tests(self) -> None:
        """What the test suite needs besides."""
        self._install("dev")
        self._stamp("dev").write_text(self._digest("dev"))

    def _install(self, name: str) -> None:
        """One development package exists only as source; it is built with the pinned setuptools that is there."""
        wheels = ["--only-binary", ":all:"]
        if name == "dev":
            wheels += ["--no-binary", "memoization", "--no-build-isolation"]
        self._pip("--require-hashes", *wheels, "-r", str(self._requirements(name)))

    def _pip(self, *arguments: str) -> None:
        command = [str(self.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *arguments]
        advice = (
            "install the packages. Is there a network, and a proxy in HTTPS_PROXY if you need one? "
            "If a proxy re-signs TLS, PIP_CERT must name its certificate"
        )
        self._do(command, advice)

    def _do(self, command: Sequence[str], what: str) -> None:
        """Run it, with a line now and then for who waits; all it said only if it fails. It ends when this is interrupted."""
        environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
        said: list[str] = []
        collected = 0
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            errors="replace",
            # A group of its own: it starts others, and all of them must end if this process is told to.
            start_new_session=True,
            pass_fds=[] if self._lock is None else [self._lock],
        ) as process:
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    said.append(line)
                    if line.startswith("Collecting "):
                        collected += 1
                        if collected % 20 == 0:
                            _say(f"  {collected} packages fetched")
                    elif line.startswith("Installing collected") and collected > 1:
                        _say("  unpacking")
            except BaseException:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode != 0:
            raise CannotSetUp("".join(said[-15:]) + f"Could not {what}.")


def ready_python(*, with_tests: bool, checkout: Path = CHECKOUT) -> str:
    """The Python of an environment that has all it needs; makes or completes it first, one process at a time.

    Raises `CannotSetUp`.
    """
    environment = _Environment(checkout)
    wanted = ["run", "dev"] if with_tests else ["run"]
    if not all(environment.has(name) for name in wanted):
        waiting = "Another run is setting up the environment; waiting for it …"
        with file_lock(checkout / ".frontdoor" / "environment.lock", lambda: _say(waiting)) as lock:
            environment = _Environment(checkout, lock)
            if not environment.has("run"):
                _say("Setting up the environment in .venv, once: packages of about 105 MB to fetch, 420 MB on disk …")
                environment.make()
            if with_tests and not environment.has("dev"):
                _say("Adding what the tests need, once: about 50 MB to fetch, 190 MB on disk …")
                environment.add_tests()
    return str(environment.python)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
