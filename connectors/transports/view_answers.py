"""Asking the view what became of a message, for a sender who wants to know."""

import json
from typing import Any

import httpx

from schemas.settings import Settings

#: Seconds a sender waits for the view before the connector answers from its own journal.
_PATIENCE = 2.0
#: The view names its process in every answer.
_PID_HEADER = "x-frontdoor-pid"


class ViewAway(Exception):
    """The view does not answer."""


class ViewAnswers:
    """Questions to the view of the same run."""

    def __init__(self, settings: Settings) -> None:
        self._file = settings.endpoint_file("view")
        # A proxy from the environment must never see a question about a message.
        self._http = httpx.AsyncClient(timeout=_PATIENCE, trust_env=False)

    async def receipt(self, receipt_id: str) -> dict[str, Any] | None:
        """What the view says of a receipt, None if it does not know it. Raises `ViewAway`."""
        try:
            endpoint = json.loads(self._file.read_text())
            answer = await self._http.get(f"{endpoint['urls']['http']}/receipts/{receipt_id}")
            if answer.headers.get(_PID_HEADER) != str(endpoint["pid"]):
                # The view died, and its port serves somebody else now.
                raise ViewAway
            if answer.status_code == 404:
                return None
            content = answer.json() if answer.status_code == 200 else None
        except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError):
            raise ViewAway from None
        if not isinstance(content, dict):
            raise ViewAway
        return content

    async def close(self) -> None:
        """Let the connection go."""
        await self._http.aclose()
