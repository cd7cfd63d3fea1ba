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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.pipeline.log import Log, wait
from bench.pipeline.process_facts import cpu_seconds, peak_mib
from bench.recovery import decided, history
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import Stack
from ops.run import PROCESSORS
from ops.topics import apply_topics
from schemas.catalogue import catalogue
from schemas.ports import Entry
from schemas.settings import Settings

_LIMIT = 600.0
#: Routing keeps no rows, so it has nothing to read.
_ROLES = ("cases", "clocks", "answers", *decided.KINDS)


def measure(role: str, cases: int, updates: int, kills: int, directory: Path) -> dict[str, Any]:
    """The figures of one kind of worker."""
    kafka = EmbeddedKafka(directory / "kafka")
    kafka.start()
    try:
        apply_topics(kafka.bootstrap)
        log = Log(kafka.bootstrap)
        topic = decided.KINDS[role].topic if role in decided.KINDS else history.TOPIC
        records, size = _write(log, role, topic, cases, updates)
        group = f"frontdoor-{role}"
        with Stack(directory / "run", kafka.bootstrap, roles=[role]) as stack:
            wait("the worker to begin", lambda: log.behind(group, [topic]) == 0, _LIMIT)
            back = [_killed(stack, log, role, topic, number) for number in range(kills)]
            memory, cpu = peak_mib(stack.pid(role)), cpu_seconds(stack.pid(role))
    finally:
        kafka.kill()
    return {
        "role": role,
        "cases": cases,
        "rows": records,
        "rows_mib": round(size / 2**20),
        "seconds": [round(seconds, 1) for seconds in back],
        "processor_seconds": None if cpu is None else round(cpu, 1),
        "peak_mib": memory,
        "load_average": round(os.getloadavg()[0], 1),
    }


def _write(log: Log, role: str, topic: str, cases: int, updates: int) -> tuple[int, int]:
    """Put the history of so many cases on the log, as if the worker had done it all; its rows' records and bytes."""
    partitions = catalogue().keyed_partitions
    changelog, each = catalogue().changelog_topic(f"{role}-rows"), cases // partitions
    entries: Iterable[Entry]
    if role in decided.KINDS:
        entries = decided.entries_of(role, changelog, partitions=partitions, each=each, updates=updates)
    else:
        entries = history.entries_of(PROCESSORS[role](Settings()), changelog, partitions=partitions, each=each, updates=updates)
    records, size, chunk = 0, 0, []
    for entry in entries:
        if entry.topic == changelog:
            records, size = records + 1, size + len(entry.value or b"")
        chunk.append(entry)
        if len(chunk) == 20_000:
            log.append(chunk)
            chunk.clear()
    log.append(chunk)
    consumer = Consumer({"bootstrap.servers": log.bootstrap, "group.id": f"frontdoor-{role}"})
    consumer.commit(offsets=[TopicPartition(topic, p, end) for p, end in log.ends(topic).items()], asynchronous=False)
    consumer.close()
    return records, size


def _killed(stack: Stack, log: Log, role: str, topic: str, number: int) -> float:
    partitions = range(catalogue().keyed_partitions)
    more = [decided.one_more(role, p) if role in decided.KINDS else history.one_more(p, number) for p in partitions]
    began = time.monotonic()
    stack.kill(role)
    log.append(more)
    wait("the worker to catch up", lambda: log.behind(f"frontdoor-{role}", [topic]) == 0, _LIMIT)
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
