"""The same backlog with 1, 2 and 4 intake workers, more of them joining and one leaving on the way: how fast, and is all there.

    python -m bench.scale_out [--messages N] [--json FILE]

A rate on a machine with fewer processors than workers and broker want says little about a larger one; that every message has
exactly one receipt, while partitions move from worker to worker, is what it shows anywhere.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.pipeline.log import Appended, Log, TookTooLong, wait
from bench.pipeline.messages import REFERRALS, Partners
from bench.pipeline.speed import Step, rate
from bench.pipeline.workers import RECEIVED, received_entries
from ops.children import Child, Children
from ops.embedded_kafka import EmbeddedKafka
from ops.processes import hub_command
from ops.topics import apply_topics
from schemas.catalogue import codec

_GROUP = "frontdoor-intake"
_LIMIT = 600.0


@dataclass(frozen=True)
class Scaled:
    """One run. `moved`: whether workers joined and left while it went on. `per_second` is by the broker's append times."""

    workers: int
    moved: bool
    messages: int
    per_second: float
    missing: int
    twice: int
    load_average: float


class Workers:
    """Intake workers on one log, each with an instance and a run directory of its own."""

    def __init__(self, bootstrap: str, directory: Path, children: Children) -> None:
        self._bootstrap = bootstrap
        self._directory = directory
        self._children = children
        self._running: list[Child] = []

    def add(self) -> None:
        """Start one more, and wait until it says that it is ready."""
        number = sum(1 for _ in self._directory.glob("worker-*")) + 1
        run_dir = self._directory / f"worker-{number}"
        run_dir.mkdir()
        env = {
            **os.environ, "FRONTDOOR_BOOTSTRAP_SERVERS": self._bootstrap, "FRONTDOOR_RUN_DIR": str(run_dir),
            "FRONTDOOR_INSTANCE": str(number), "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
        }  # fmt: skip
        self._running.append(self._children.spawn(hub_command("intake"), log=run_dir / "log", env=env))
        try:
            wait(f"worker {number}", (run_dir / "endpoints" / "intake.json").exists, _LIMIT)
        except TookTooLong:
            print((run_dir / "log").read_text()[-2000:], file=sys.stderr)
            raise

    def remove(self) -> None:
        """Ask the oldest to stop, as a deployment does."""
        self._running.pop(0).stop(grace=20.0)

    def stop(self) -> None:
        """End all."""
        for child in self._running:
            child.signal(signal.SIGTERM)
        for child in self._running:
            child.stop(grace=20.0)


@contextmanager
def workers(bootstrap: str, directory: Path) -> Iterator[Workers]:
    """Workers that are gone afterwards."""
    children = Children()
    running = Workers(bootstrap, directory, children)
    try:
        yield running
    finally:
        running.stop()
        children.close()


def run(log: Log, directory: Path, partners: Partners, count: int, messages: int, *, moved: bool) -> Scaled:
    """Drain a backlog with `count` workers. With `moved` it begins with one, the others join when a quarter is done, and at half
    the first one leaves and another takes its place."""
    name = f"scale-{count}-{moved}"
    entries = [
        entry
        for form in REFERRALS
        for entry in received_entries([partners.message(form) for _ in range(messages // len(REFERRALS))], f"{name}-{form}")
    ]
    log.append(entries)
    since = log.ends("receipts")
    (directory / name).mkdir()
    with workers(log.bootstrap, directory / name) as running:
        for _ in range(1 if moved else count):
            running.add()
        if moved:
            wait("a quarter", lambda: log.appended("receipts", since) > len(entries) // 4, _LIMIT)
            for _ in range(count - 1):
                running.add()
            wait("half", lambda: log.appended("receipts", since) > len(entries) // 2, _LIMIT)
            running.remove()
            running.add()
        wait("the end", lambda: log.behind(_GROUP, RECEIVED) == 0, _LIMIT)
    wanted = {codec(entry.topic).decode(entry.value).receipt_id for entry in entries}
    records = log.records("receipts", since)
    found = _receipts(records)
    steps = [Step(one.at, number) for number, one in enumerate(records, 1)]
    twice = sum(times > 1 for receipt, times in found.items() if receipt in wanted)
    missing = len(wanted - set(found))
    return Scaled(count, moved, len(entries), round(rate(steps), 1), missing, twice, round(os.getloadavg()[0], 1))


def _receipts(appended: Sequence[Appended]) -> Counter[str]:
    """How often each receipt has a first disposition. The same one written twice after a crash is the same record."""
    records = {codec("receipts").decode(one.value).model_dump_json() for one in appended}
    told = [json.loads(text) for text in records]
    return Counter(one["receipt_id"] for one in told if one["version"] == 1)


def main(arguments: Sequence[str]) -> None:
    """Run all and print a table."""
    parser = argparse.ArgumentParser(prog="bench.scale_out", description=__doc__)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args(arguments)
    partners, results = Partners(7), []
    with tempfile.TemporaryDirectory() as folder, EmbeddedKafka(Path(folder) / "kafka") as kafka:
        apply_topics(kafka.bootstrap)
        log = Log(kafka.bootstrap)
        for count, moved in ((1, False), (2, False), (4, False), (2, True), (4, True)):
            results.append(run(log, Path(folder), partners, count, wanted.messages, moved=moved))
            print(json.dumps(asdict(results[-1])), flush=True)
    if wanted.json:
        wanted.json.write_text(json.dumps([asdict(each) for each in results], indent=2) + "\n")
    sys.exit(1 if any(each.missing or each.twice for each in results) else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
