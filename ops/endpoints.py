"""Endpoint files: how a process says that it is ready, and how others find it."""

import json
import os
from collections.abc import Callable
from typing import Any

from schemas.settings import Settings

#: Where this process tells of itself (`ops.process_endpoint`), and who wants to know that it has announced itself.
own_url = ""
when_announced: Callable[[], None] | None = None


def announce(settings: Settings, role: str, urls: dict[str, str]) -> None:
    """Write the endpoint file of this process, whole or not at all."""
    path = settings.endpoint_file(role)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps({"pid": os.getpid(), "urls": urls, "own": own_url}))
    if when_announced is not None:
        when_announced()
    os.replace(new, path)


def endpoint(settings: Settings, role: str) -> dict[str, Any] | None:
    """The endpoint file of a process, or None while it is not ready."""
    try:
        found: dict[str, Any] = json.loads(settings.endpoint_file(role).read_text())
        return found
    except (OSError, ValueError):
        return None
