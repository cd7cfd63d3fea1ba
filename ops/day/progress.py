"""A progress bar for a day: on a terminal it moves, in a log it says a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from schemas.london import LONDON


@contextmanager
def day_progress(console: Console) -> Iterator[Callable[[int, int, datetime], None]]:
    """Yields the function that a driver calls after every instant."""
    if not console.is_terminal:
        yield _plain(console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("waiting for the stack", total=None)

        def show(done: int, total: int, at: datetime) -> None:
            bar.update(task, completed=done, total=total, description=f"{at.astimezone(LONDON):%a %d %b %H:%M:%S}")

        yield show


def _plain(console: Console) -> Callable[[int, int, datetime], None]:
    last = time.monotonic()

    def show(done: int, total: int, at: datetime) -> None:
        nonlocal last
        if done == total or time.monotonic() - last > 5.0:
            last = time.monotonic()
            console.print(f"{at.astimezone(LONDON):%a %d %b %H:%M:%S}  {done} of {total} lines", highlight=False)

    return show
