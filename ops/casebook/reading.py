"""Which log a command reads, up to which end, and how it tells of its progress."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from ops.audit.log_reader import Progress as Told
from ops.audit.log_reader import Span, read_log
from ops.casebook.book import TOPICS, CaseBook
from ops.clocks import clock_of
from ops.stack_state import read_state
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class WhichLog:
    """The cluster, whether a driver owns its time, and what time it is there."""

    bootstrap: str
    stepped: bool
    now: datetime | None


def which_log(settings: Settings, bootstrap: str | None) -> WhichLog:
    """The named cluster, else the running stack's, else the one that the environment names."""
    stack = read_state(settings.run_dir)
    own = stack.bootstrap if stack is not None and stack.bootstrap else settings.bootstrap_servers
    stepped = settings.clock == "stepped"
    if bootstrap in (None, own) and stack is not None:
        stepped = stack.clock == "stepped"
    clock = clock_of(settings.model_copy(update={"clock": "stepped" if stepped else "system"}))
    try:
        now = clock.now()
    except (OSError, ValueError):
        now = None  # a stepped clock of another stack: the last tick tells the time
    return WhichLog(bootstrap or own, stepped, now)


@contextmanager
def case_book(log: WhichLog, topics: Sequence[str] = TOPICS, progress: Told = lambda _done, _total: None) -> Iterator[CaseBook]:
    """The book of everything that the log holds at this moment. Raises `ops.audit.verdict.CannotLook`."""
    with CaseBook(stepped=log.stepped) as book:
        read_into(book, log, topics, progress)
        yield book


def read_into(book: CaseBook, log: WhichLog, topics: Sequence[str], progress: Told) -> list[Span]:
    """Read the topics into a book, up to where they end now; says what was read. Raises `CannotLook`."""
    return read_log(log.bootstrap, topics, book.take, progress)
