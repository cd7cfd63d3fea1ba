"""Where outside tools are expected at most two of those that can be had are missing: skipping is not passing."""

import os
import shutil
from importlib.util import find_spec

import pytest

from ..examples.tools import TOOLS

PROGRAMS = ("kcat", "promtool", "docker-compose", "systemd-analyze", "curl", "node", "java", "javac", "pg_ctlcluster")
FETCHED = (
    "confluent/bin/python", "mesh/bin/python", "node/node_modules/@asyncapi/parser", "java/avro-1.12.0.jar",
    "java/kafka-tools-4.3.0.jar", "java/ecj-3.40.0.jar",
)  # fmt: skip
PACKAGES = ("cloudevents", "jsonschema", "mkdocstrings")


@pytest.mark.skipif("OUTSIDE_TOOLS_EXPECTED" not in os.environ, reason="set OUTSIDE_TOOLS_EXPECTED where they are expected")
def test_at_most_two_outside_tools_are_missing() -> None:
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    missing += [name for name in FETCHED if not (TOOLS / name).exists()]
    missing += [name for name in PACKAGES if find_spec(name) is None]
    told = TOOLS / "not-to-be-had"
    # Written by tests/tools/install, after two tries: what only the machine can bring, and a package manager that gives nothing.
    not_to_be_had = set(told.read_text().split()) if told.exists() else set()
    counted = [name for name in missing if name not in not_to_be_had]
    assert len(counted) <= 2, counted
