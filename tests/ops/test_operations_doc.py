"""`docs/operations.md`: every command and every setting that exists is in it, and it promises none that does not."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer.testing import CliRunner

from ops.cli import app
from schemas.settings import Settings

DOC = (Path(__file__).resolve().parents[2] / "docs" / "operations.md").read_text()


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by the words a person types, and what it takes."""

    def walk(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        if not hasattr(command, "commands"):
            yield words.strip(), command
            return
        for name, inner in command.commands.items():
            yield from walk(f"{words} {name}", inner)

    yield from walk("", typer.main.get_command(app))


def variables() -> set[str]:
    """Every variable of ours that a setting or an option reads."""
    settings = {f"FRONTDOOR_{name.upper()}" for name in Settings.model_fields}
    options = {option.envvar for _, command in commands() for option in command.params if isinstance(option.envvar, str)}
    return settings | options


def test_every_command_is_explained() -> None:
    found = {words for words, _ in commands()}
    assert {"up", "topics plan", "quarantine repair"} <= found
    missing = {words for words in found if not re.search(rf"`{re.escape(words)}[ `]", DOC)}
    assert missing == set()


#: They change what others see, and have `--dry-run`.
CHANGES = {
    "send", "load", "record", "rota", "reconcile", "backup", "restore", "manifests", "schemas write", "topics apply",
    "quarantine repair", "quarantine retry", "undelivered retry", "flag ack", "flag explain", "review answer", "review undo",
    "review supersede", "transfer offer", "transfer accept",
}  # fmt: skip
#: They only look.
READS = {
    "audit", "case", "deadline", "find", "flag list", "quality", "quarantine list", "read", "report timeliness", "review list",
    "review show", "schemas check", "simulate", "status", "team", "topics plan", "undelivered list", "verify-statement", "watch",
    "why",
}  # fmt: skip
#: They do just what they are asked for: write a file of the user's naming, start or stop a hub or one of their own, try an
#: address. `replay` shows until told how many; `statement` makes the key that it lacks; `story --restricted` keeps who looked.
AS_ASKED = {
    "chaos", "conform", "convert", "day", "demo", "down", "export annex-a", "export cin", "export flags", "link", "linkage train",
    "quarantine show", "replay", "statement", "story", "test", "up",
}  # fmt: skip


def test_every_command_is_known_to_change_something_or_not_and_what_does_can_be_seen_before() -> None:
    every = [words for words, _ in commands()]
    assert sorted(every) == sorted([*CHANGES, *READS, *AS_ASKED]), "put each command into exactly one of the three"
    with_it = {words for words, command in commands() if any("--dry-run" in option.opts for option in command.params)}
    assert with_it == CHANGES


def test_a_dry_run_shows_what_would_be_done_and_needs_no_hub(tmp_path: Path) -> None:
    message = tmp_path / "concern.json"
    message.write_text("{}")
    environment = {"FRONTDOOR_RUN_DIR": str(tmp_path), "FRONTDOOR_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
    for arguments in (["send", "education", str(message)], ["rota"]):
        done = CliRunner().invoke(app, [*arguments, "--dry-run"], env=environment)
        assert (done.exit_code, json.loads(done.stdout)["dry_run"]) == (0, True), done.output


def test_every_setting_is_explained_and_no_other() -> None:
    assert set(re.findall(r"`(FRONTDOOR_\w+)`", DOC)) == variables()


def test_every_default_is_the_real_one() -> None:
    told = dict(re.findall(r"^\| `FRONTDOOR_(\w+)` \| `([^`]+)` \|", DOC, re.MULTILINE))
    real = {name.upper(): field.default for name, field in Settings.model_fields.items() if field.default is not None}
    assert told.keys() == real.keys()
    assert {name: type(real[name])(text) for name, text in told.items()} == real
