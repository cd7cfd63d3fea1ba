"""`python -m bench.clocks [--cases N ...] [--json FILE]`: the cost of a tick against the number of open cases.

Each size runs in a process of its own, without a broker, over one partition as the worker holds it. Every case is a
referral, allocated, acknowledged and decided, with a strategy discussion: its assessment and conference clocks run.
Beside the tick stands a plain full scan of the same rows; then all conference clocks run out at one midnight: decided, flags
encoded, rows encoded, as the worker does it before it appends. Beside that stands the same in another process under Python's own
settings of its garbage collector, and `shared`: the same midnight with the cases shared by two worker processes, each with half
of the partitions; the slower one counts. Ticks, scans and `cpu` are processor time, which a busy machine distorts least;
`midnight` and `shared` are time on the wall.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_DNS, uuid5

from ops import garbage_collection
from ops.clock_data import clock_rules
from schemas.case_event import CaseEvent, Opened
from schemas.settings import Settings
from streams.clock_rows import ClocksRow
from streams.clocks import Clocks
from streams.envelope import entry_of
from streams.partition import PartitionState
from streams.processor import Output

_TOPIC = "case-events"
_MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
#: The first late instant of a conference owed since that Monday: 15 working days.
_MIDNIGHT = datetime(2026, 3, 24, 0, 0, tzinfo=UTC)
_TICK = timedelta(seconds=15)
_SPACE = uuid5(NAMESPACE_DNS, "bench.invalid")
_SIZES = (1_000, 10_000, 100_000)
_READY = "ready\n"


def _events(number: int) -> list[CaseEvent]:
    contact = str(uuid5(_SPACE, str(number)))
    at = _MONDAY + timedelta(milliseconds=number)
    opened = Opened(
        agency="health", sender="s", kind="referral", risk="amber", team="t", authority_code="383", authority_how="default"
    )

    def event(kind: str, **more: Any) -> CaseEvent:
        return CaseEvent(event_id=str(uuid5(_SPACE, f"{number} {kind}")), type=kind, contact_id=contact, at=at, **more)

    return [
        event("opened", opened=opened), event("allocated", by="Ben Hughes"), event("acknowledged"),
        event("decision", by="Ben Hughes", details={"decision": "s47"}), event("strategy_discussion", by="Ben Hughes"),
    ]  # fmt: skip


def _tick(at: datetime) -> CaseEvent:
    return CaseEvent(event_id=f"tick {at}", type="tick", contact_id="tick-0", at=at, covers_since=at - _TICK)


def _peak_from_now() -> Callable[[], int]:
    """Asked later, by how many bytes memory rose above what it is now."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _resident()

    def risen() -> int:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")) - before

    return risen


def _resident() -> int:
    """Bytes in memory now."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class _Partition:
    def __init__(self) -> None:
        self.state = PartitionState(Clocks(clock_rules(Settings())))
        self.offset = 0

    def give(self, event: CaseEvent) -> list[Output]:
        """Decide."""
        self.offset += 1
        return self.state.apply(_TOPIC, self.offset, event)

    def written(self) -> int:
        """Write the rows, as after a batch; their bytes."""
        size = sum(len(write.value) for write in self.state.take_dirty())
        self.state.durable(_TOPIC, self.offset + 1)
        return size


def _scan(state: PartitionState, at: datetime) -> int:
    """What a tick would cost without an order: every clock of every open case is looked at."""
    due = 0
    for row in state.rows.values():
        if isinstance(row, ClocksRow):
            due += sum(limit.due_at <= at for limit in row.limits)
    return due


def measure(cases: int, *, pass_over_rows: bool = True, before_midnight: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """The figures of one size, with the collector as a worker sets it, or as Python does."""
    partition = _Partition()
    partition.give(_tick(_MONDAY - _TICK))
    before = _resident()
    began = time.process_time()
    row_bytes = 0
    for number in range(cases):
        for event in _events(number):
            partition.give(event)
        if number % 500 == 499:
            row_bytes += partition.written()
    row_bytes += partition.written()
    opening = time.process_time() - began
    resident = _resident() - before
    if pass_over_rows:
        garbage_collection.pass_over_rows()
    moment = _MONDAY + timedelta(hours=8)
    ticks, scans = [], []
    for _ in range(200):
        moment += _TICK
        began = time.process_time()
        assert not partition.give(_tick(moment))
        ticks.append(time.process_time() - began)
    for _ in range(20 if cases <= 10_000 else 5):
        began = time.process_time()
        assert _scan(partition.state, moment) == 0
        scans.append(time.process_time() - began)
    partition.give(_tick(_MIDNIGHT - _TICK))
    partition.written()
    before_midnight()
    risen = _peak_from_now()
    began, worked = time.perf_counter(), time.process_time()
    flags = partition.give(_tick(_MIDNIGHT))
    decided = time.process_time() - worked
    entries = [entry_of(flag) for flag in flags]
    encoded = time.process_time() - worked
    partition.written()
    midnight, midnight_cpu = time.perf_counter() - began, time.process_time() - worked
    at_midnight = risen()
    assert len(entries) == cases, (len(entries), cases)
    tick, scan = statistics.median(ticks), statistics.median(scans)
    return {
        "cases": cases,
        "tick_us": round(tick * 1e6, 1),
        "scan_us": round(scan * 1e6, 1),
        "scan_over_tick": round(scan / tick, 1),
        "midnight_seconds": round(midnight, 2),
        "midnight_processor_seconds": round(midnight_cpu, 2),
        "of_it_deciding": round(decided, 2),
        "of_it_encoding_flags": round(encoded - decided, 2),
        "midnight_mib": round(at_midnight / 2**20, 1),
        "resident_bytes_per_case": round(resident / cases),
        "row_bytes_per_case": round(row_bytes / cases),
        "event_us": round(opening / cases / 5 * 1e6, 1),
    }


def _told(command: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


def _shared(cases: int) -> float:
    """Seconds until two processes, with half of the cases each, have both got over one midnight."""
    command = [sys.executable, "-m", "bench.clocks", "--one", str(cases // 2), "--waiting"]
    halves = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for half in halves:
        assert half.stdout is not None and half.stdout.readline() == _READY
    told = []
    for half in halves:
        assert half.stdin is not None
        half.stdin.write("\n")
        half.stdin.flush()
    for half in halves:
        figures, _ = half.communicate()
        told.append(float(json.loads(figures)["midnight_seconds"]))
    return max(told)


def _wait() -> None:
    print(_READY, end="", flush=True)
    sys.stdin.readline()


def main() -> None:
    """Every size, each in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--own-collector", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--waiting", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        waiting = _wait if asked.waiting else lambda: None
        print(json.dumps(measure(asked.one, pass_over_rows=not asked.own_collector, before_midnight=waiting)))
        return
    figures = []
    print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(
        "open cases       tick    full scan    ratio   midnight        cpu  own collector     shared   memory   bytes a case"
        "    row"
    )
    for cases in asked.cases:
        command = [sys.executable, "-m", "bench.clocks", "--one", str(cases)]
        told, beside = _told(command), _told([*command, "--own-collector"])
        told["own_collector_processor_seconds"] = beside["midnight_processor_seconds"]
        told["shared_midnight_seconds"] = _shared(cases)
        figures.append(told)
        print(
            f"{cases:>10,} {told['tick_us']:>7,.0f} µs {told['scan_us']:>9,.0f} µs {told['scan_over_tick']:>8,.0f} "
            f"{told['midnight_seconds']:>8.2f} s {told['midnight_processor_seconds']:>8.2f} s "
            f"{told['own_collector_processor_seconds']:>12.2f} s {told['shared_midnight_seconds']:>8.2f} s "
            f"{told['midnight_mib']:>4,.0f} MiB "
            f"{told['resident_bytes_per_case']:>14,} {told['row_bytes_per_case']:>6,}",
            flush=True,
        )
    if asked.json is not None:
        machine = {"cores": os.cpu_count(), "load_average": os.getloadavg(), "python": platform.python_version()}
        asked.json.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
