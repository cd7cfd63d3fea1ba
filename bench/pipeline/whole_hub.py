"""A whole hub under load: how late a referral is, how long a RED one waits in a queue, how much memory all that takes."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.pipeline.bare_log import BareLog
from bench.pipeline.figure import Figure, Say
from bench.pipeline.log import Appended, Log, wait
from bench.pipeline.messages import FORMATS, Partners
from bench.pipeline.process_facts import peak_mib
from bench.pipeline.senders import Senders, Sent
from bench.pipeline.speed import milliseconds
from bench.pipeline.workers import received_entries
from ops.day.settling import GROUPS
from ops.durable_log import KafkaLog
from ops.processes import Stack
from ops.rota import DEFAULT_ROTA, publish_rota, read_rota
from schemas.catalogue import codec

#: Where a routed referral is, and where it is said who works on it.
ROUTED, ALLOCATED = "outbound.social_care", "case-events"
#: How a referral comes in while latency is measured: MLLP, and HTTP twice.
_DOORS = ("HL7 v2", "FHIR JSON", "education JSON")
#: How a RED one comes in; a telephone contact meets no queue of its own sector.
_RED_DOORS = tuple(form for form in FORMATS if form != "case events")
_LIMIT = 240.0


@dataclass(frozen=True)
class Load:
    """How much: seconds at each rate, messages in the backlog."""

    rates: Sequence[tuple[int, float]]
    backlog: int


def whole_hub(stack: Stack, load: Load, say: Say) -> Iterator[Figure]:
    """All figures of a stack that has just started."""
    hub = _Hub(stack, say)
    hub.settle()
    at_rest = hub.memory()
    for rate, seconds in load.rates:
        yield from hub.latency(rate, seconds)
    yield from hub.red(load.backlog)
    after = hub.memory()
    restarts = sum(process.restarts for process in stack.state().processes)
    for name, peak in after.items():
        details = {"restarts_in_the_stack": restarts}
        yield Figure("memory", f"peak memory, {name}", "MiB", peak, "before the load", at_rest.get(name, 0.0), details)


class _Hub:
    def __init__(self, stack: Stack, say: Say) -> None:
        self._stack = stack
        self._say = say
        self._log = Log(stack.bootstrap)
        self._senders = Senders(stack.settings)
        self._partners = Partners(3)

    def settle(self) -> None:
        """Until every group has committed everything, twice in a row: one's output is another's input."""
        calm = 0

        def nothing_left() -> bool:
            nonlocal calm
            calm = 0 if any(self._log.behind(group, topics) for group, topics in GROUPS.items()) else calm + 1
            return calm == 2

        wait("the hub to settle", nothing_left, _LIMIT, pause=0.3)

    def memory(self) -> dict[str, float]:
        """The peak so far of each process, MiB."""
        peaks = {process.name: peak_mib(process.pid) for process in self._stack.state().processes if process.pid}
        return {name: peak for name, peak in peaks.items() if peak is not None}

    # -- latency

    def latency(self, rate: int, seconds: float) -> Iterator[Figure]:
        """Referrals at a steady rate through MLLP and HTTP, beside bare records over as many appends."""
        number = max(1, round(rate * seconds))
        self._say(f"latency: {number:,} referrals at {rate}/s …")
        messages = list(self._partners.mixed(number, _DOORS))
        routed = self._from_now(ROUTED)
        sent = self._senders.send_at(rate, messages)
        self.settle()
        times = {receipt: at for receipt, _, at in _items(routed())}
        accepted = milliseconds([times[one.receipt_id] - one.answered for one in sent])
        whole = milliseconds([times[one.receipt_id] - one.due for one in sent])
        answers = milliseconds([one.answered - one.due for one in sent])
        with BareLog(self._log) as bare:
            alone = milliseconds(bare.latencies(rate, min(number, rate * 10)))
        details = {"accepted_to_routed": accepted, "due_to_routed": whole, "due_to_answer": answers, "bare_log": alone}
        for share in ("p50", "p99"):
            yield Figure(
                "latency", f"accepted to routed, {share} at {rate}/s", "ms", accepted[f"{share}_ms"],
                "bare loops over as many appends", alone[f"{share}_ms"], details if share == "p50" else {},
            )  # fmt: skip

    # -- RED behind a backlog

    def red(self, backlog: int) -> Iterator[Figure]:
        """One RED referral through each door, of an idle hub and behind a backlog of green ones."""
        self._put_on_duty()
        self.settle()
        self._say("RED: with nothing before it …")
        idle = self._red_ones()
        self._say(f"RED: making a backlog of {backlog:,} …")
        entries = list(received_entries(self._partners.mixed(backlog), "backlog"))
        receipts, began = self._log.ends("receipts"), time.monotonic()
        self._log.append(entries)
        waiting = backlog - self._log.appended("receipts", receipts)
        self._say(f"RED: behind {waiting:,} waiting messages …")
        behind = self._red_ones()
        self.settle()
        took = time.monotonic() - began
        for form in _RED_DOORS:
            late, soon = behind[form], idle[form]
            details = {
                "waiting_messages": waiting, "backlog_messages_per_second": round(backlog / took),
                "allocated_seconds": round(late[0], 3), "routed_seconds": round(late[1], 3),
                "idle_allocated_seconds": round(soon[0], 3), "idle_routed_seconds": round(soon[1], 3),
            }  # fmt: skip
            yield Figure("red", f"RED to its worker, {form}", "s", max(late), "nothing before it", max(soon), details)

    def _red_ones(self) -> dict[str, tuple[float, float]]:
        """By format, seconds from when it was sent until its worker was named and until it was in the queue of the case
        system."""
        routed, events = self._from_now(ROUTED), self._from_now(ALLOCATED)
        sent = {form: self._senders.send(self._partners.message(form, "red")) for form in _RED_DOORS}
        self.settle()
        contacts = {receipt: (contact, at) for receipt, contact, at in _items(routed())}
        named = dict(_allocations(events()))
        return {form: self._waited(one, contacts, named) for form, one in sent.items()}

    @staticmethod
    def _waited(one: Sent, contacts: dict[str, tuple[str, float]], named: dict[str, float]) -> tuple[float, float]:
        contact, routed_at = contacts[one.receipt_id]
        return named[contact] - one.due, routed_at - one.due

    def _from_now(self, topic: str) -> Callable[[], list[Appended]]:
        """What will be appended to a topic after this call, until the answer is asked for."""
        since = self._log.ends(topic)
        return lambda: self._log.records(topic, since)

    def _put_on_duty(self) -> None:
        asyncio.run(self._publish(self._stack.settings.team))

    async def _publish(self, team: str) -> None:
        log = KafkaLog(self._stack.bootstrap, "bench")
        try:
            await publish_rota(log, team, read_rota(DEFAULT_ROTA), datetime.now(UTC), "bench")
        finally:
            log.close()


def _items(records: Iterable[Appended]) -> Iterator[tuple[str, str, float]]:
    """Receipt, contact and time of each referral in the case system's queue."""
    decode = codec(ROUTED).decode
    for record in records:
        item = decode(record.value)
        if item.kind == "referral":
            yield item.receipt_id, item.contact_id, record.at


def _allocations(records: Iterable[Appended]) -> Iterator[tuple[str, float]]:
    """Contact and time of each event that names a worker."""
    decode = codec(ALLOCATED).decode
    for record in records:
        event = decode(record.value)
        if event.type == "allocated":
            yield event.contact_id, record.at
