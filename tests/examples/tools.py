"""Programs of other people that the tests run: where they are, or why not."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
EXAMPLES = CHECKOUT / "examples"
#: What `tests/tools/install` fetched.
TOOLS = CHECKOUT / ".frontdoor" / "tools"

_INSTALL = "run tests/tools/install"


def needs_program(*names: str) -> pytest.MarkDecorator:
    """Skip, naming the programs that are not on the PATH."""
    missing = [name for name in names if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed; {_INSTALL}")


def needs_file(path: Path) -> pytest.MarkDecorator:
    """Skip, naming what `tests/tools/install` did not or could not fetch."""
    return pytest.mark.skipif(not path.exists(), reason=f"{path.relative_to(CHECKOUT)} is not there; {_INSTALL}")


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> str:
    """What a program prints. Fails the test with all it said when its exit code is not 0."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, env=env, cwd=cwd, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
