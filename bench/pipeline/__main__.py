"""The command: `python -m bench.pipeline [--quick] [--only PART ...] [--json FILE]`."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.pipeline import workers
from bench.pipeline.figure import Figure
from bench.pipeline.log import Log, TookTooLong
from bench.pipeline.whole_hub import Load, whole_hub
from ops.embedded_kafka import EmbeddedKafka
from ops.kafka_jars import KAFKA_VERSION
from ops.processes import Stack

_PARTS = {
    "hub": "end-to-end latency, RED behind a backlog, peak memory: a whole hub",
    "intake": "the intake worker by format, beside each reader alone",
    "routing": "the routing worker, beside the same processor in stock Faust",
    "cases": "the cases worker, likewise",
}
#: What measures one worker at a time, and the size it is given.
_WORKERS = {
    "intake": (workers.intake, "messages"),
    "routing": (workers.routing, "contacts"),
    "cases": (workers.cases, "contacts"),
}
_PACKAGES = ("faust-streaming", "aiokafka", "confluent-kafka", "fastavro", "pydantic", "fhir.resources", "hl7", "lxml")

#: Sizes of a full run: under ten minutes on two cores.
_FULL: dict[str, Any] = {"contacts": 10_000, "messages": 1_500, "load": Load(((20, 20.0), (100, 20.0)), 20_000)}
_QUICK: dict[str, Any] = {"contacts": 2_000, "messages": 200, "load": Load(((20, 5.0), (100, 5.0)), 1_000)}
#: Only to see that everything works; the figures mean nothing.
_TINY: dict[str, Any] = {"contacts": 40, "messages": 8, "load": Load(((20, 0.5),), 12)}

_started = time.monotonic()


def say(line: str) -> None:
    """How far it is, for who waits."""
    print(f"{time.monotonic() - _started:6.0f} s  {line}", file=sys.stderr, flush=True)


def load_average() -> list[float]:
    """Over one, five and fifteen minutes: whether the machine had anything else to do."""
    return [round(load, 2) for load in os.getloadavg()]


def machine() -> dict[str, object]:
    """Where and with what a run was made."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gib": round(memory, 1),
        "load_average_before": load_average(),
        "system": f"{platform.system()} {platform.machine()}",
        "versions": {
            "python": platform.python_version(), "kafka": KAFKA_VERSION, **{name: version(name) for name in _PACKAGES},
        },
    }  # fmt: skip


def run(parts: Sequence[str], sizes: dict[str, Any]) -> Iterator[Figure]:
    """Each part on a broker of one node, with an empty log: what one part leaves behind slows no other."""
    for part in parts:
        say(f"== {part}: {_PARTS[part]}")
        with tempfile.TemporaryDirectory() as folder:
            if part == "hub":
                with Stack(Path(folder), say=say) as stack:
                    yield from whole_hub(stack, sizes["load"], say)
                continue
            with EmbeddedKafka(Path(folder, "kafka")) as kafka:
                measure, size = _WORKERS[part]
                yield from measure(Log(kafka.bootstrap), Path(folder), sizes[size], say)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.pipeline",
        description="Measure the hub on an embedded broker: every figure beside its alternative, from the same run.",
        epilog="Parts: " + "; ".join(f"{name} ({what})" for name, what in _PARTS.items()) + ".",
    )
    parser.add_argument("--quick", action="store_true", help="small loads, about two minutes: a look, not a measurement")
    parser.add_argument("--only", nargs="+", choices=list(_PARTS), metavar="PART", help="these parts alone")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE as well")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    about, figures = machine(), []
    try:
        for figure in run(asked.only or list(_PARTS), _TINY if asked.tiny else _QUICK if asked.quick else _FULL):
            print(figure.line(), flush=True)
            figures.append(figure)
    except TookTooLong as error:
        parser.exit(1, f"Stopped: {error}. The figures so far stand.\n")
    finally:
        about["load_average_after"] = load_average()
        if asked.json:
            seconds = round(time.monotonic() - _started)
            result = {"machine": about, "seconds": seconds, "figures": [figure.as_dict() for figure in figures]}
            asked.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
