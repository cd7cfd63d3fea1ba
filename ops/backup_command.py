"""`frontdoor backup` and `restore`: a stopped hub copied to another disk, and a lost one put back from such a copy."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from ops.backup.contents import KAFKA, Contents, NotACopy
from ops.backup.copying import CannotCopy, back_up, would_copy
from ops.backup.copying import restore as put_back
from ops.dry_run import DryRun, show_instead
from ops.progress_bar import progress_bar
from ops.view.terminal import when
from schemas.settings import Settings

#: Exit codes: done; the copy, or the disk, is at fault; what was asked for cannot be done as things stand.
DONE, AT_FAULT, REFUSED = 0, 1, 2


def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for the copy, on another disk.")],
    dry_run: DryRun = False,
) -> None:
    """Copy the stopped hub of this run directory, with its topics and its large messages, and read the copy back.

    What every start makes again is left out: logs, the view. Exit code 0: copied. 1: the copy is not what was copied, or
    the disk failed. 2: the hub is up, its broker did not end in order, or the folder is not empty.
    """
    settings = Settings()
    try:
        if dry_run:
            show_instead(str(folder), would_copy(settings, folder))
        with progress_bar("copying", ends="on its way to the disk") as told:
            contents = back_up(settings, folder, told)
    except (CannotCopy, NotACopy, OSError) as error:
        _end(error)
    for line in _told(contents):
        typer.echo(line)
    typer.echo(f"Copied to {folder} in {contents.seconds} s, and read back.")


def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `backup` made.")], dry_run: DryRun = False
) -> None:
    """Check a copy file by file and put it in the place of a lost hub: nothing that stands there is written over.

    Then `up` starts it, and `audit` names every receipt of a surviving journal that came after the copy. Exit code 0: put
    back. 1: the copy is damaged, or the disk failed. 2: the hub is up, or a broker's log is in the way.
    """
    settings = Settings()
    try:
        with progress_bar("checking", ends="putting back") as told:
            done = put_back(folder, settings, put=not dry_run, progress=told)
    except (CannotCopy, NotACopy, OSError) as error:
        _end(error)
    for line in _told(done.contents):
        typer.echo(line, err=dry_run)
    if dry_run:
        show_instead(str(settings.run_dir), {"put": done.put, "leave": done.left})
    typer.echo(f"Put back in {settings.run_dir} in {done.seconds} s: {', '.join(done.put) or 'nothing'}.")
    if done.left:
        typer.echo(f"Left as it is there: {', '.join(done.left)}.")


def _told(contents: Contents) -> list[str]:
    old = (datetime.now(UTC) - contents.made_at).total_seconds() / 3600
    lines = [f"A copy of {when(contents.made_at.isoformat())}, {old:.1f} hours old: {len(contents.files):,} files, "
             f"{contents.size / 2**20:,.1f} MiB."]  # fmt: skip
    for name, paths in sorted(contents.parts.items()):
        size = sum(contents.files[path].size for path in paths)
        lines.append(f"  {name:24} {len(paths):6,} files {size / 2**20:12,.1f} MiB")
    if KAFKA not in contents.parts:
        lines.append("The topics are NOT in it: they are on another cluster's disks.")
    last = contents.last_receipt_at
    lines.append(
        "Its journals name no receipt." if last is None else f"The last message in its journals came at {when(last.isoformat())}."
    )
    return lines


def _end(error: Exception) -> NoReturn:
    typer.echo(f"{error}.", err=True)
    raise typer.Exit(REFUSED if isinstance(error, CannotCopy) else AT_FAULT) from None
