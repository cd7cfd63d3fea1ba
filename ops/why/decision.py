"""The decision once more: the workers' own processors on the same records, and whether they come to the same. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ops.why.records import Found, Input
from schemas.flag import Flag
from streams.partition import PartitionState
from streams.processor import Processor


@dataclass(frozen=True, slots=True)
class Cause:
    """A record that led to the flag, and the states it led to at once."""

    input: Input
    led_to: Sequence[Flag] = ()
    #: For a tick: it vouches that the hub was running at the limit.
    vouches: bool = False


class Rerun:
    """Give it the records in order with `take`. `states` are what the decision comes to, each once."""

    def __init__(self, found: Found, processors: Sequence[Processor]) -> None:
        self._found = found
        self._partitions = [PartitionState(processor) for processor in processors]
        self._causes: list[Cause] = []
        self._vouched = False
        self.states: list[Flag] = []

    def take(self, one: Input) -> None:
        """Decide one record, as every worker that writes flags does."""
        led_to: list[Flag] = []
        for partition in self._partitions:
            for output in partition.apply(one.place.topic, one.place.offset, one.event):
                flag = output.record
                if isinstance(flag, Flag) and flag.flag_id == self._found.flag_id and flag not in self.states:
                    self.states.append(flag)
                    led_to.append(flag)
        tick, since, due = one.event.type == "tick", one.event.covers_since, self._found.flag.due_at
        vouches = tick and not self._vouched and since is not None and since <= due <= one.event.at
        self._vouched = self._vouched or vouches
        if led_to or vouches or not tick:
            self._causes.append(Cause(one, led_to, vouches))

    @property
    def causes(self) -> list[Cause]:
        """What led to the flag, in log order; what came after its last state led to none of them."""
        last = max((place for place, cause in enumerate(self._causes) if cause.led_to), default=len(self._causes) - 1)
        return self._causes[: last + 1]

    @property
    def same(self) -> bool:
        """Whether the log says the same, state for state."""
        return self.states == [state for state, _ in self._found.states]

    @property
    def missing(self) -> list[Flag]:
        """What the decision says and the log does not."""
        logged = [state for state, _ in self._found.states]
        return [state for state in self.states if state not in logged]

    @property
    def unexplained(self) -> list[Flag]:
        """What the log says and the decision does not."""
        return [state for state, _ in self._found.states if state not in self.states]
