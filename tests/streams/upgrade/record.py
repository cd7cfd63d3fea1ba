"""`python record.py SEED FILE`, run in a checkout of a release: what its workers leave on the log in the middle of a day, and
what they do with the rest of it. Commit the file under that release's name; `test_upgrade.py` holds the next release against it.
"""

import base64
import gzip
import json
import sys
from typing import Any

from ops.simulator.log import PARTITIONS
from ops.simulator.run import Run
from ops.simulator.scheduler import write_story
from schemas.catalogue import catalogue


def recorded(seed: int) -> dict[str, Any]:
    """Rows and commits after half of a story, all of it read, and every record of the log when the rest has settled."""
    run, story = Run(seed), write_story(seed)
    for step in story[: len(story) // 2]:
        run._step(step)
    run._drain()
    seats = [(group.processor, partition) for group in run.groups for partition in range(PARTITIONS)]
    middle = [
        {
            "worker": processor.name,
            "partition": partition,
            "rows": [(row.key, row.value.decode()) for row in run.log.rows((processor.name, partition))],
            "committed": {topic: run.log.committed(processor.name, topic, partition) or 0 for topic in processor.inputs},
        }
        for processor, partition in seats
    ]
    stopped_at = run.log.now.timestamp()
    for step in story[len(story) // 2 :]:
        run._step(step)
    run.settle()
    records = [
        (one.topic, one.partition, one.offset, _text(one.key), _text(one.value), one.appended.timestamp(), one.writer)
        for topic in catalogue().topics
        for one in run.log.of_topic(topic)
    ]
    return {"stopped_at": stopped_at, "middle": middle, "records": records}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


if __name__ == "__main__":
    with open(sys.argv[2], "wb") as file:
        file.write(gzip.compress(json.dumps(recorded(int(sys.argv[1]))).encode(), mtime=0))
