"""The alternative that the worker is measured against: the same processors in Faust as its manual shows it.

One event at a time, outputs through `topic.send`, rows through the table, Faust's own acknowledgements and commits. It
is faster to write, and it promises less: outputs and rows are not awaited, so a crash may lose them.

    python -m bench.pipeline.stock routing|cases
"""

import sys
from typing import Any

import faust
from faust.serializers.schemas import Schema

from ops.endpoints import announce
from schemas.catalogue import catalogue, codec
from schemas.settings import Settings
from streams.cases import Cases
from streams.envelope import entry_of
from streams.partition import PartitionState
from streams.processor import Processor
from streams.routing import Routing
from streams.transport import require_compiled_stream

PROCESSORS: dict[str, type[Routing] | type[Cases]] = {"routing": Routing, "cases": Cases}
#: Where the processors' outputs go.
_OUTPUTS = ("outbound.social_care", "flags", "allocation-in")


def group_of(name: str) -> str:
    """The consumer group of a processor here."""
    return f"stock-{name}"


def changelog_of(name: str) -> str:
    """The changelog of a processor here, as Faust names it."""
    return f"stock-{name}-rows-changelog"


def build_app(processor: Processor, settings: Settings) -> faust.App:
    """The app. Its topics and its changelog must exist."""
    require_compiled_stream()
    app = faust.App(
        group_of(processor.name),
        broker=f"kafka://{settings.bootstrap_servers}",
        store="memory://",
        datadir=str(settings.run_dir / "stock-faust"),
        topic_partitions=catalogue().keyed_partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        broker_commit_interval=settings.commit_interval_seconds,
        broker_max_poll_records=500,
        consumer_auto_offset_reset="earliest",
    )

    def raw() -> Schema:  # type: ignore[type-arg]
        return Schema(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    codecs = {topic: codec(topic) for topic in processor.inputs}
    outputs = {name: app.topic(name, schema=raw()) for name in _OUTPUTS}
    table: Any = app.Table("rows", partitions=catalogue().keyed_partitions, schema=raw())
    states: dict[int, PartitionState] = {}

    async def one_by_one(stream: Any) -> None:
        async for event in stream.events():
            message = event.message
            state = states.setdefault(message.partition, PartitionState(processor))
            for output in state.apply(message.topic, message.offset, codecs[message.topic].decode(event.value)):
                entry = entry_of(output)
                await outputs[entry.topic].send(key=entry.key, value=entry.value, headers=list(entry.headers))
            for row in state.take_dirty():
                table[row.key.encode()] = row.value
            state.durable(message.topic, message.offset + 1)

    app.agent(app.topic(*processor.inputs, schema=raw()), name=processor.name)(one_by_one)

    async def ready() -> None:
        announce(settings, f"stock-{processor.name}", {})

    app.task(ready)
    return app


def main() -> None:
    """Run until told to stop."""
    app = build_app(PROCESSORS[sys.argv[1]](), Settings())
    faust.Worker(app, loglevel="WARN", quiet=True, redirect_stdouts=False, console_port=0).execute_from_commandline()


if __name__ == "__main__":
    main()
