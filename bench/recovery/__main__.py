"""`python -m bench.recovery [--cases N] [--updates U] [--roles R ...] [--kills K] [--json FILE]`: kill -9 of a worker, and back.

On an embedded broker of one node, with the real worker processes under the real supervisor. A kill is measured from SIGKILL
until the worker has committed an event of each partition that came after it. Nobody lends a hand.
"""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.pipeline.log import Log, wait
from bench.pipeline.process_facts import cpu_seconds, peak_mib
from bench.recovery.history import TOPIC, one_more, write
from ops.clock_data import clock_rules
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import Stack
from ops.topics import apply_topics
from schemas.catalogue import catalogue
from schemas.settings import Settings
from streams.answers import Answers
from streams.cases import Cases
from streams.clocks import Clocks
from streams.processor import Processor

_LIMIT = 600.0
_ROLES = ("cases", "clocks", "answers")


def processor_of(role: str) -> Processor:
    """The decisions of that kind of worker."""
    match role:
        case "cases":
            return Cases()
        case "clocks":
            return Clocks(clock_rules(Settings()))
        case _:
            return Answers(hash_key=Settings().hash_key.encode())


def measure(role: str, cases: int, updates: int, kills: int, directory: Path) -> dict[str, Any]:
    """The figures of one kind of worker."""
    kafka = EmbeddedKafka(directory / "kafka")
    kafka.start()
    try:
        apply_topics(kafka.bootstrap)
        log = Log(kafka.bootstrap)
        size = write(log, processor_of(role), cases, updates)
        group = f"frontdoor-{role}"
        with Stack(directory / "run", kafka.bootstrap, roles=[role]) as stack:
            wait("the worker to begin", lambda: log.behind(group, [TOPIC]) == 0, _LIMIT)
            back = [_killed(stack, log, role, group, number) for number in range(kills)]
            memory, cpu = peak_mib(stack.pid(role)), cpu_seconds(stack.pid(role))
    finally:
        kafka.kill()
    return {
        "role": role,
        "cases": cases,
        "rows": cases * (updates + 1),
        "rows_mib": round(size / 2**20),
        "seconds": [round(seconds, 1) for seconds in back],
        "processor_seconds": None if cpu is None else round(cpu, 1),
        "peak_mib": memory,
        "load_average": round(os.getloadavg()[0], 1),
    }


def _killed(stack: Stack, log: Log, role: str, group: str, number: int) -> float:
    began = time.monotonic()
    stack.kill(role)
    log.append([one_more(partition, number) for partition in range(catalogue().keyed_partitions)])
    wait("the worker to catch up", lambda: log.behind(group, [TOPIC]) == 0, _LIMIT)
    return time.monotonic() - began


def main() -> None:
    """Every kind of worker, each on a broker of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--updates", type=int, default=10)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--roles", nargs="+", choices=_ROLES, default=list(_ROLES))
    parser.add_argument("--json", type=Path, default=None)
    asked = parser.parse_args()
    figures = []
    for role in asked.roles:
        with tempfile.TemporaryDirectory() as directory:
            figures.append(measure(role, asked.cases, asked.updates, asked.kills, Path(directory)))
        print(json.dumps(figures[-1]), flush=True)
    if asked.json is not None:
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "platform": sys.platform}
        asked.json.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
