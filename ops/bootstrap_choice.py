"""Which Kafka a command or a test uses: the one named in the environment, else an embedded one of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.embedded_kafka import EmbeddedKafka

#: As every Kafka tool spells it; `host:port`, with commas between.
VARIABLE = "KAFKA_BOOTSTRAP_SERVERS"


def named_bootstrap() -> str | None:
    """The cluster that the environment names, or None."""
    return os.environ.get(VARIABLE) or None


@contextmanager
def some_kafka(directory: Path) -> Iterator[str]:
    """The bootstrap servers to use: the named cluster's, else those of an embedded one that runs, in `directory`,
    as long as the block does. Raises as `EmbeddedKafka.start` does."""
    named = named_bootstrap()
    if named is not None:
        yield named
        return
    with EmbeddedKafka(directory) as kafka:
        yield kafka.bootstrap
