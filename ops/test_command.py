"""`frontdoor test`: everything that must hold before a change is accepted."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

CHECKOUT = Path(__file__).resolve().parent.parent

#: Started as modules, because a script's first line cannot hold a path with a space.
_LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
_CHECKS: dict[str, Sequence[str]] = {
    "ruff: style and likely mistakes": ("-m", "ruff", "check", "."),
    "mypy: types, strictly": ("-m", "mypy"),
    "import-linter: which room may know which": ("-c", _LINT_IMPORTS),
}

#: Most of the suite's time is waiting for brokers and processes. Who shares a broker stays together: a file, or a row of
#: `TOGETHER` in tests/conftest.py. A process that dies under its tests ends the run, naming the test; started again, xdist
#: may wait for it for ever.
_SIDE_BY_SIDE = (
    "-n", str(min(4, (os.cpu_count() or 2) + 1)), "--dist", "loadfile", "--no-loadscope-reorder", "--max-worker-restart", "0",
)  # fmt: skip

#: Seconds: several times what the suite takes. Past that something hangs.
_PATIENCE = 30 * 60


def test(
    pytest_arguments: Annotated[
        list[str] | None, typer.Argument(metavar="[PYTEST_ARGUMENTS]...", help="Handed on to pytest, after `--`.")
    ] = None,
) -> None:
    """Run ruff, mypy, import-linter and pytest, in this order, each even if one before it failed.

    Exit code: 0 when all of them are content, else 1. The last lines are pytest's summary.
    """
    failed = [heading for heading, arguments in _CHECKS.items() if not _passes(heading, arguments)]
    if failed:
        typer.echo("\nNot content: " + "; ".join(failed) + ". The tests run all the same.")
    passed = _passes("pytest: what people are promised", ("-m", "pytest", *_SIDE_BY_SIDE, *(pytest_arguments or [])))
    raise typer.Exit(0 if passed and not failed else 1)


def _passes(heading: str, arguments: Sequence[str]) -> bool:
    typer.secho(f"\n== {heading}", bold=True)
    sys.stdout.flush()
    # Not the settings of a hub that runs on this machine: the tests have their own.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDOOR_")}
    # The tests and the hundreds of processes that they start are compiled once, not each time.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        done = subprocess.run([sys.executable, *arguments], cwd=CHECKOUT, env=environment, check=False, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        typer.echo(f"\nNot ended after {_PATIENCE // 60} minutes: stopped.")
        return False
    return done.returncode == 0
