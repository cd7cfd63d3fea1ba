"""What is logged: one line an event, ids to follow it by, and no text of an exception, which may quote a message."""

import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from ops.logs import JsonLines, Lines

CHECKOUT = Path(__file__).resolve().parents[2]
NAME = "Marked-Name-Zebedee"


def logged(formatter: logging.Formatter) -> str:
    """A warning about an exception whose own text quotes a child's name."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(formatter)
    log = logging.Logger("frontdoor.test")
    log.addHandler(handler)
    try:
        raise ValueError(f"cannot read {NAME!r}")
    except ValueError:
        log.warning("one message was not read", exc_info=True, extra={"receipt": "r-1", "name_of_child": NAME})
    return out.getvalue()


@pytest.mark.parametrize("formatter", [Lines(), JsonLines("intake")], ids=["text", "json"])
def test_an_exception_is_told_by_type_and_place_and_never_by_its_text(formatter: logging.Formatter) -> None:
    said = logged(formatter)
    assert NAME not in said
    assert "ValueError at test_logs.py line" in said and "one message was not read" in said


def test_a_json_line_is_one_object_with_the_ids_to_follow_a_message_by() -> None:
    [line] = logged(JsonLines("intake")).splitlines()
    told = json.loads(line)
    assert set(told) == {"at", "level", "role", "logger", "message", "receipt", "error"}
    assert (told["level"], told["role"], told["receipt"]) == ("warning", "intake", "r-1")


def test_a_process_logs_in_the_format_of_its_setting_whatever_it_was_before() -> None:
    program = """
import logging, sys
from ops.logs import log_as
from schemas.settings import Settings
logging.basicConfig(format="before %(message)s")
log_as(Settings().log_format, "ticker")
logging.getLogger("anybody").warning("no tick written\\nbecause")
"""
    environment = {"PATH": "", "PYTHONPATH": str(CHECKOUT), "FRONTDOOR_LOG_FORMAT": "json"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    [line] = done.stderr.splitlines()
    assert json.loads(line)["message"] == "no tick written\nbecause"
