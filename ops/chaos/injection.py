"""Doing the harm: one fault at a time to a running stack, its broker and its network."""

import signal
import threading
from collections.abc import Callable

from ops.chaos.plan import Fault
from ops.chaos.proxy import Mode, Proxy
from ops.chaos.space import Space
from ops.embedded_kafka import EmbeddedKafka, KafkaDidNotStart
from ops.processes import Stack

_MODES: dict[str, Mode] = {"cut-network": "cut", "slow-network": "slow", "half-open": "half-open"}


class Injection:
    """Does faults to a stack. `bursts` does those that partners cause: by kind, given the fault's seed."""

    def __init__(
        self,
        stack: Stack,
        kafka: EmbeddedKafka,
        proxy: Proxy | None,
        space: Space | None,
        bursts: dict[str, Callable[[int], None]],
    ) -> None:
        self._stack, self._kafka, self._proxy, self._space, self._bursts = stack, kafka, proxy, space, bursts
        self._pause = threading.Event()

    def do(self, fault: Fault) -> None:
        """Do a fault and undo it: when this returns the cause is gone, its consequences may not be."""
        match fault.kind:
            case "kill-worker" | "kill-connector" | "kill-ticker":
                self._stack.kill(fault.target)
            case "kill-recovering":
                self._stack.kill(fault.target)
                self._pause.wait(fault.seconds)
                self._stack.kill(fault.target)
            case "pause-worker":
                self._stack.send_signal(fault.target, signal.SIGSTOP)
                self._pause.wait(fault.seconds)
                self._stack.send_signal(fault.target, signal.SIGCONT)
            case "rebalance":
                second = self._stack.second(fault.target, f"second-{fault.number}")
                self._pause.wait(fault.seconds)
                second.stop(grace=10.0)
            case "kill-broker" | "broker-away":
                self._kafka.kill(1)
                self._pause.wait(fault.seconds)
                self._bring_back()
            case "kill-node":
                self._kafka.kill(int(fault.target))
                self._pause.wait(fault.seconds)
                self._bring_back()
            case "cut-network" | "slow-network" | "half-open":
                assert self._proxy is not None
                self._proxy.set(_MODES[fault.kind])
                self._pause.wait(fault.seconds)
                self._proxy.set("open")
            case "disk-full":
                assert self._space is not None
                self._space.fill()
                self._pause.wait(fault.seconds)
                self._space.free()
                self._bring_back()
            case _:
                self._bursts[fault.kind](fault.seed)

    def heal(self) -> None:
        """Undo whatever may be left: the network open, space on the disk, every broker up."""
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
