"""The tutorial's fifth agency: its steps on a copy of the product, a message from the copy's own edge through its intake.

No broker: what the edge writes is what intake decides about.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .tools import CHECKOUT, EXAMPLES

HOUSING = EXAMPLES / "housing"
ROOMS = ("schemas", "connectors", "streams", "ops")

#: In the copy: its edge takes a message of its example sender, and its intake decides about the record that the edge wrote.
PROGRAM = """
import asyncio, json, sys
from datetime import UTC, datetime
from pathlib import Path
from connectors.edge import Edge
from connectors.registry import reader
from connectors.senders import load_senders
from ops.processes import ROLES
from ops.read_command import read_file
from schemas.authorities import authorities
from schemas.catalogue import codec
from streams.intake import Intake
from streams.partition import PartitionState

class Log:
    async def append(self, entries):
        self.entry, = entries
        return [(0, 0)]

class Noon:
    def now(self):
        return datetime(2026, 8, 28, 12, tzinfo=UTC)

log, [sender] = Log(), load_senders(None).of("housing", "http")
body = Path(sys.argv[1]).read_bytes()
asyncio.run(Edge("housing", log, Noon()).store(body=body, sender=sender, transport="http", file_name="concern.json"))
intake = Intake(reader, hash_key=b"key", authorities=authorities("383"), team="front-door")
made = PartitionState(intake).apply(log.entry.topic, 0, codec(log.entry.topic).decode(log.entry.value))
[receipt], [contact] = ([one.record for one in made if one.topic == topic] for topic in ("receipts", "contacts"))
report = contact.report
[shown] = read_file("housing", Path("concern.json"), body)
print(json.dumps({
    "read": shown["disposition"],
    "on": log.entry.topic, "became": receipt.disposition, "from": receipt.sender,
    "roles": [role for role in ROLES if "housing" in role], "inputs": [name for name in Intake.inputs if "housing" in name],
    "child": report.person.given, "source": report.source_code, "risk": report.risk, "reference": report.reference,
}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The product with the tutorial's two steps carried out."""
    tree = tmp_path_factory.mktemp("copy")
    for room in ROOMS:
        shutil.copytree(CHECKOUT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(HOUSING, tree / "connectors" / "housing")
    catalogue = tree / "schemas" / "topics.yaml"
    before, template, after = catalogue.read_text().partition("# The template of the topics that partner organisations")
    catalogue.write_text(before + (HOUSING / "topics.yaml").read_text() + template + after)
    return tree


def run_in(copy: Path, program: str, *arguments: str) -> str:
    # The checkout itself is installed: only the copy may be found.
    first = f"import sys; sys.path[0:0] = [{str(copy)!r}]\n"
    done = subprocess.run(
        [sys.executable, "-P", "-c", first + program, *arguments],
        capture_output=True, text=True, check=False, cwd=copy, timeout=120,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_with_one_folder_and_two_catalogue_lines_the_hub_takes_reads_and_starts_it(copy: Path) -> None:
    told = json.loads(run_in(copy, PROGRAM, str(copy / "connectors" / "housing" / "concern.json")))
    assert told == {
        "read": "contact", "on": "received.housing", "became": "contact", "from": "housing-http",
        "roles": ["connector-housing"], "inputs": ["received.housing"],
        "child": "Nora", "source": "4", "risk": "amber", "reference": "HSG-77",
    }  # fmt: skip


def test_it_is_under_a_hundred_lines_and_the_tutorial_shows_them_as_they_are() -> None:
    lines = [line for name in ("__init__.py", "read.py", "topics.yaml") for line in (HOUSING / name).read_text().splitlines()]
    assert len(lines) < 100
    page = (CHECKOUT / "docs" / "add-an-agency.md").read_text()
    [entry] = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    assert entry == (HOUSING / "topics.yaml").read_text()
    [dialect] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shown = [line for line in (HOUSING / "read.py").read_text().splitlines() if not line.lstrip().startswith("#")]
    assert dialect.strip() in "\n".join(shown)
