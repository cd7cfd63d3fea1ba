"""A bar on the error stream for long readings of the log."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


@contextmanager
def progress_bar(begins: str, reads: str = "", ends: str = "") -> Iterator[Callable[[int, int], None]]:
    """A bar where a person watches; nothing where a program reads. Takes the records done, and those there are.

    `begins` is said until the first news, then `reads`, then `ends` once all is read; each where empty as before it.
    """
    errors = Console(stderr=True)
    if not errors.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description:24}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(begins)
        reading = reads or begins
        ended = ends or reading

        def told(done: int, total: int) -> None:
            bar.update(task, description=reading if done < total else ended, completed=done, total=max(total, 1))

        yield told
