"""A file that is there whole or not at all."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class CannotWrite(Exception):
    """The file could not be written; says what to do. Nothing half of it is left."""


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write into this; `path` becomes it at the end, in one step, and stays as it was if anything goes wrong.

    It names children, so only its owner may read it. Raises `CannotWrite`.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {error.strerror}. Choose another place with --out.") from None
    finally:
        beside.unlink(missing_ok=True)
