"""Asking the view what became of a message, for a sender who wants to know."""

import json
from collections.abc import Sequence
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
        return await self._ask(f"/receipts/{receipt_id}", {}, none=404)

    async def _ask(self, path: str, params: dict[str, str], *, none: int) -> dict[str, Any] | None:
        try:
            endpoint = json.loads(self._file.read_text())
            answer = await self._http.get(f"{endpoint['urls']['http']}{path}", params=params)
            if answer.headers.get(_PID_HEADER) != str(endpoint["pid"]):
                # The view died, and its port serves somebody else now.
                raise ViewAway
            if answer.status_code == none:
                return None
            content = answer.json() if answer.status_code == 200 else None
        except (OSError, ValueError, KeyError, TypeError, httpx.HTTPError):
            raise ViewAway from None
        if not isinstance(content, dict):
            raise ViewAway
        return content

    async def outcomes(self, agency: str, recipient: str, since: str, limit: int) -> dict[str, Any] | None:
        """What the view holds for a recipient from a cursor on, None if that is no cursor. Raises `ViewAway`."""
        params = {"agency": agency, "recipient": recipient, "since": since, "limit": str(limit)}
        return await self._ask("/outcomes", params, none=400)

    async def statement(self, sender: str, day: str) -> dict[str, Any] | None:
        """What the view holds of a sender for a day, None if that is no day. Raises `ViewAway`."""
        return await self._ask("/statements", {"sender": sender, "day": day}, none=422)

    async def statements_due(self, recipients: Sequence[str]) -> dict[str, Any]:
        """Which daily statements of these recipients are owed and not on the log. Raises `ViewAway`."""
        found = await self._ask("/statements/due", {"recipients": ",".join(recipients)}, none=404)
        if found is None:
            raise ViewAway
        return found

    async def close(self) -> None:
        """Let the connection go."""
        await self._http.aclose()
