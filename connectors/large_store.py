"""Where messages live that are larger than the log takes: files named by the SHA-256 of what is in them.

    <root>/3f/3f79bb7b…     one message, as it came
    <root>/new/…            one that is being written; what a crash leaves here was promised to nobody

A name is given only after the bytes are on disk, and the same bytes have the same name: writing twice changes nothing.
"""

import contextlib
import hashlib
import os
import re
import uuid
from pathlib import Path

from schemas.ports import LargeBodyUnavailable

_SHA256 = re.compile(r"[0-9a-f]{64}")


class LargeStore:
    """The store in the directory `root`, made when first needed. Only this account may read it: it holds children's details.

    Several processes may use one root, also over a network file system that keeps `rename` and `fsync`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, body: bytes) -> str:
        """Make `body` durable and return its SHA-256 (hex). A damaged copy is replaced. Raises `OSError`."""
        name = hashlib.sha256(body).hexdigest()
        place = self._place(name)
        with contextlib.suppress(LargeBodyUnavailable):
            self.read(name, len(body))
            # Its first writer may have died between giving a name and making the name durable.
            _sync(place.parent)
            _sync(self.root)
            return name
        for directory in (self.root, place.parent, self.root / "new"):
            _make(directory)
        new = self.root / "new" / uuid.uuid4().hex
        try:
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            os.rename(new, place)
        except OSError:
            with contextlib.suppress(OSError):
                new.unlink()
            raise
        _sync(place.parent)
        return name

    def read(self, sha256: str, size: int) -> bytes:
        """The bytes with this SHA-256 and this size, compared with both. Raises `LargeBodyUnavailable`."""
        if not _SHA256.fullmatch(sha256):
            raise LargeBodyUnavailable("damaged", "The reference to the message's bytes is damaged.")
        try:
            with open(self._place(sha256), "rb") as file:
                body = file.read(size + 1)
        except FileNotFoundError:
            raise LargeBodyUnavailable("missing", "The message's bytes are not in the store of large messages.") from None
        except OSError as error:
            raise LargeBodyUnavailable(
                "unreachable", f"The store of large messages cannot be read ({error.strerror})."
            ) from None
        if len(body) != size or hashlib.sha256(body).hexdigest() != sha256:
            raise LargeBodyUnavailable("damaged", "The message's bytes in the store of large messages are damaged.")
        return body

    def _place(self, sha256: str) -> Path:
        return self.root / sha256[:2] / sha256


def _make(directory: Path) -> None:
    """Make a directory and its name durable, and those above it."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
        _sync(directory.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
