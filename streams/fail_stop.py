"""The end of a worker that cannot make its work durable."""

import logging
import os
from typing import NoReturn

log = logging.getLogger("frontdoor.worker")

#: sysexits.h EX_SOFTWARE: the process cannot make its work durable. Its supervisor starts it again.
FAIL_STOP = 70


def fail_stop(why: str) -> NoReturn:
    """Stop at once, committing nothing: what is not acknowledged will be processed again by whoever comes next."""
    log.critical("the worker stops: %s", why)
    os._exit(FAIL_STOP)


def require_within(topic: str, partition: int, frontier: int, beginning: int, end: int) -> None:
    """Stop rather than pass over records that nobody processed, or trim those of a topic that was made anew."""
    if frontier < beginning:
        fail_stop(f"{topic}/{partition}: records {frontier} to {beginning} expired before they were processed")
    if frontier > end:
        fail_stop(
            f"{topic}/{partition} ends at {end}, but was processed up to {frontier}: the topic was cut or replaced; "
            "restore it, or delete the consumer group and the changelog to process what it holds"
        )
