"""Doing the harm: faults to a running stack, its broker, its network, its clock and those who are sent what leaves it."""

import signal
import threading
import time
from collections.abc import Callable
from datetime import timedelta

from ops.chaos.clock_hand import ClockHand
from ops.chaos.next_release import mark
from ops.chaos.plan import Fault
from ops.chaos.proxy import Mode, Proxy
from ops.chaos.recipients import Mode as Answering
from ops.chaos.recipients import Recipients
from ops.chaos.recovering import to_be_hit
from ops.chaos.space import Space
from ops.embedded_kafka import EmbeddedKafka, KafkaDidNotStart
from ops.processes import Stack

_NETWORK: dict[str, Mode] = {"cut-network": "cut", "slow-network": "slow", "half-open": "half-open"}
_PARTNERS: dict[str, Answering] = {"partner-times-out": "times-out", "partner-500": "500", "partner-drops": "drops"}
_HOUR = timedelta(hours=1)
#: Seconds in which a worker that was killed has begun to read its rows, if there is a broker.
_BEGINS = 15.0
#: Seconds in which a worker that goes on may do its harm, beside the one that took its place.
_ZOMBIE = 2.0


class Injection:
    """Does faults to a stack, those of one track after the other. `bursts` begins those that senders cause: by kind, given
    the fault's seed."""

    def __init__(
        self,
        stack: Stack,
        kafka: EmbeddedKafka,
        proxy: Proxy | None,
        space: Space | None,
        recipients: Recipients,
        hand: ClockHand,
        bursts: dict[str, Callable[[int], None]],
    ) -> None:
        self._stack, self._kafka, self._proxy, self._space = stack, kafka, proxy, space
        self._recipients, self._hand, self._bursts = recipients, hand, bursts
        self._over = threading.Event()

    def do(self, fault: Fault) -> str:
        """Do a fault and undo it: when this returns the cause is gone, its consequences may not be. Returns the kind that it came
        to: a worker that could not begin to read its rows was killed, and no more."""
        match fault.kind:
            case "kill-worker" | "kill-connector" | "kill-ticker" | "kill-delivery":
                self._stack.kill(fault.target)
            case "kill-recovering":
                with to_be_hit(self._stack.run_dir, fault.target) as begun:
                    self._stack.kill(fault.target)
                    if not self._until(begun.exists, _BEGINS):
                        return "kill-worker"
                    self._stack.kill(fault.target)
            case "pause-worker":
                self._stack.send_signal(fault.target, signal.SIGSTOP)
                # Somebody must get ahead of it, or its late writes would do no harm.
                second = self._stack.second(fault.target, f"second-{fault.number}")
                self._over.wait(fault.seconds)
                self._stack.send_signal(fault.target, signal.SIGCONT)
                self._over.wait(_ZOMBIE)
                second.stop(grace=10.0)
            case "rebalance":
                more = [self._stack.second(fault.target, f"more-{fault.number}-{each}") for each in (1, 2)]
                self._over.wait(fault.seconds)
                for worker in more:
                    worker.stop(grace=10.0)
            case "next-release":
                marked = mark(self._stack.run_dir, fault.target)
                marked.unlink() if marked.exists() else marked.touch()
                self._stack.restart(fault.target)
            case "kill-broker" | "kill-node":
                self._kafka.kill(int(fault.target or 1))
                self._over.wait(fault.seconds)
                self._bring_back()
            case "broker-away":
                for number in range(1, self._kafka.nodes + 1):
                    self._kafka.kill(number)
                self._over.wait(fault.seconds)
                self._bring_back()
            case "cut-network" | "slow-network" | "half-open":
                assert self._proxy is not None
                self._proxy.set(_NETWORK[fault.kind])
                self._over.wait(fault.seconds)
                self._proxy.set("open")
            case "disk-full":
                assert self._space is not None
                self._space.fill()
                self._over.wait(fault.seconds)
                self._space.free()
                self._bring_back()
            case "partner-times-out" | "partner-500" | "partner-drops":
                self._recipients.set(fault.target, _PARTNERS[fault.kind])
                self._over.wait(fault.seconds)
                self._recipients.set(fault.target, "takes")
            case "clock-jump":
                self._hand.jump(_HOUR if fault.target == "ahead" else -_HOUR)
            case _:
                self._bursts[fault.kind](fault.seed)
        return fault.kind

    def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline or self._over.wait(0.02):
                return False
        return True

    def until_up(self, role: str) -> None:
        """Wait for a process to be ready, a minute at most; for others not at all."""
        self._until(lambda: all(one.name != role or one.state == "ready" for one in self._stack.state().processes), 60.0)

    def rest(self, seconds: float) -> bool:
        """Peace for so long. True: there are to be no more faults."""
        return self._over.wait(seconds)

    def give_up(self) -> None:
        """No more faults; those under way are undone now."""
        self._over.set()

    def heal(self) -> None:
        """Undo whatever may be left: the network open, space on the disk, every broker and every recipient up."""
        self._recipients.heal()
        if self._proxy is not None:
            self._proxy.set("open")
        if self._space is not None:
            self._space.free()
        self._bring_back()

    def _bring_back(self) -> None:
        for left in (2, 1, 0):
            try:
                self._kafka.restart(timeout=40.0)
                return
            except KafkaDidNotStart:
                if not left:
                    raise
