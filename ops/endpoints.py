"""Endpoint files: how a process says that it is ready, and how others find it."""

import json
import os
from typing import Any

from schemas.settings import Settings


def announce(settings: Settings, role: str, urls: dict[str, str]) -> None:
    """Write the endpoint file of this process, whole or not at all."""
    path = settings.endpoint_file(role)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(f".{os.getpid()}.new")
    new.write_text(json.dumps({"pid": os.getpid(), "urls": urls}))
    os.replace(new, path)


def endpoint(settings: Settings, role: str) -> dict[str, Any] | None:
    """The endpoint file of a process, or None while it is not ready."""
    try:
        found: dict[str, Any] = json.loads(settings.endpoint_file(role).read_text())
        return found
    except (OSError, ValueError):
        return None
