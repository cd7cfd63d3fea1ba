"""The command: `python -m bench.readers [--seconds S] [--json FILE]`.

Every reader and writer beside the plain library's work on the same file in the same run: what it takes to understand a message,
and not only to parse it. Then the memory that the largest file takes, in a process of its own.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.readers.memory import LARGE, memory
from bench.readers.plain import plain_parse, plain_write
from bench.readers.samples import KINDS, REPORT, kind
from connectors.registry import CONVERSIONS, agency_of, formats_written, reader, report_writer, writer_for
from schemas.catalogue import AGENCIES
from schemas.outbound import OutboundItem
from schemas.reading import Hint

_ROUNDS = 5
_MESSAGE_ID = "4f0e8a34-0c5b-5d7e-9a43-1d6a5a2f7c10"
_PACKAGES = ("fhir.resources", "hl7", "lxml", "openpyxl", "pydantic")


def microseconds(work: Callable[[], object], seconds: float) -> float:
    """Processor time of one call: the median of five rounds, which together take about `seconds`; with 0 of one call."""
    work()
    calls, began = 0, time.process_time()
    while time.process_time() - began < seconds / _ROUNDS or not calls:
        work()
        calls += 1
    rounds = [(time.process_time() - began) / calls]
    for _ in range(_ROUNDS - 1 if seconds else 0):
        began = time.process_time()
        for _ in range(calls):
            work()
        rounds.append((time.process_time() - began) / calls)
    return 1e6 * statistics.median(rounds)


def readers(seconds: float) -> Iterator[dict[str, Any]]:
    """Each kind's largest sample: the reader, and the plain library."""
    for name in KINDS:
        messages = kind(name)
        body = max(messages.messages, key=len)
        read = reader(messages.agency)
        yield _row(
            name, len(body), microseconds(lambda read=read, body=body: read(body, Hint()), seconds),  # type: ignore[misc]
            microseconds(lambda name=name, body=body: plain_parse(name, body), seconds),  # type: ignore[misc]
        )  # fmt: skip


def writers(seconds: float) -> Iterator[dict[str, Any]]:
    """Each writer: a whole referral in every format of `convert`, and the outcome that every agency is sent."""
    for format in CONVERSIONS:
        write = report_writer(format)
        body = write(REPORT, _MESSAGE_ID)
        yield _row(
            f"{agency_of(format)} {format}", len(body),
            microseconds(lambda write=write: write(REPORT, _MESSAGE_ID), seconds),  # type: ignore[misc]
            microseconds(plain_write(format, body), seconds),
        )  # fmt: skip
    for agency in AGENCIES:
        for format in formats_written(agency):
            item = OutboundItem(
                item_id=_MESSAGE_ID, kind="outcome", recipient="partner", agency=agency, contact_id="c", receipt_id="r",
                at=REPORT.written_at, outcome={"outcome": "decision", "decision": "s47", "reference": "R-100"},
            )  # fmt: skip
            tell = writer_for(agency, format)
            body = tell(item).body
            yield _row(
                f"{agency} outcome {format}", len(body), microseconds(lambda tell=tell, item=item: tell(item), seconds),  # type: ignore[misc]
                microseconds(plain_write(format, body), seconds),
            )  # fmt: skip


def _row(name: str, size: int, ours: float, plain: float) -> dict[str, Any]:
    return {"what": name, "bytes": size, "per_second": round(1e6 / ours), "us": round(ours), "plain_us": round(plain)}


def main() -> int:
    """Measure, and print tables as they stand in the documents."""
    asked = argparse.ArgumentParser(prog="python -m bench.readers", description=__doc__)
    asked.add_argument("--seconds", type=float, default=2.0, help="processor time for each figure")
    asked.add_argument("--json", type=Path)
    given = asked.parse_args()
    load = [round(one, 2) for one in os.getloadavg()]
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load[0]} at the start; {versions}\n")
    found: dict[str, Any] = {"load": load, "versions": versions}
    for title, rows in (("readers", readers), ("writers", writers)):
        print(f"| {title} | bytes | messages/s | µs | plain library, µs |\n|---|---|---|---|---|")
        found[title] = []
        for row in rows(given.seconds):
            found[title].append(row)
            print(
                f"| {row['what']} | {row['bytes']:,} | {row['per_second']:,} | {row['us']:,} | {row['plain_us']:,} |", flush=True
            )
        print()
    print("| largest file | MB | added memory, MiB | s |\n|---|---|---|---|")
    found["memory"] = {}
    context = multiprocessing.get_context("spawn")
    for name in LARGE:
        with context.Pool(1) as alone:
            size, added, took = alone.apply(memory, (name,))
        found["memory"][name] = {"bytes": size, "MiB": added, "seconds": took}
        print(f"| {name} | {size / 1e6:.0f} | {added:,} | {took} |", flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
