"""HTTP out: one POST for each item. 2xx is taken; 4xx is refused, but for those that time may mend; the rest is tried again."""

import ssl
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from connectors.delivery.addresses import HttpAddress
from connectors.delivery.outcome import Delivered, Failed, Outcome, Refused
from connectors.delivery.signing import key_of, signature_headers
from connectors.writing import Written
from schemas.outbound import OutboundItem
from schemas.trace import HEADER

#: Refusals that time or a person at either end may mend without another message: credentials that have run out, the same id
#: under way already, too early, too many.
_MAY_PASS = frozenset({401, 403, 407, 408, 409, 425, 429})
#: Bytes read of an answer, which nobody needs: only that it came whole.
_LONGEST_ANSWER = 64 * 1024
#: Seconds to reach a recipient at all; the limit of the whole attempt is the engine's.
_CONNECT_SECONDS = 10.0


class HttpOut:
    """Posts to one address; connections are kept. Raises `SecretMissing` and `BadSecret` when made, `OSError` for a
    certificate file that cannot be read."""

    def __init__(self, address: HttpAddress) -> None:
        self._url = address.url
        self._key = key_of(address.secret.read()) if address.secret else None
        self._token = address.token.read() if address.token else ""
        trusted = ssl.create_default_context(cafile=str(address.ca_file) if address.ca_file else None)
        # No redirects: where personal data goes stands in the recipients file, not in an answer.
        self._http = httpx.AsyncClient(
            verify=trusted, timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS), trust_env=False, follow_redirects=False
        )

    async def send(self, item: OutboundItem, written: Written) -> Outcome:
        """One POST."""
        headers = {
            "content-type": written.content_type,
            "idempotency-key": item.item_id,
            "frontdoor-kind": item.kind,
            "user-agent": "frontdoor",
        }
        if self._key is not None:
            headers |= signature_headers(self._key, item.item_id, written.body, int(time.time()))
        if written.traceparent:
            headers[HEADER] = written.traceparent
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            async with self._http.stream("POST", self._url, content=written.body, headers=headers) as answer:
                read = 0
                async for part in answer.aiter_raw():
                    read += len(part)
                    if read > _LONGEST_ANSWER:
                        break
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Failed("unreachable")
        except httpx.HTTPError:
            # It was cut off: nobody knows whether it arrived.
            return Failed("no_answer")
        return outcome_of(answer.status_code, answer.headers.get("retry-after", ""), datetime.now(UTC))

    async def close(self) -> None:
        """Let connections go."""
        await self._http.aclose()


def outcome_of(status: int, retry_after: str, now: datetime) -> Outcome:
    """What a status means."""
    if 200 <= status < 300:
        return Delivered()
    if 400 <= status < 500 and status not in _MAY_PASS:
        return Refused(f"http_{status}")
    return Failed(f"http_{status}", _seconds(retry_after, now))


def _seconds(retry_after: str, now: datetime) -> float:
    """Seconds in a Retry-After header, which holds seconds or a date; 0 when it says nothing."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    return max(0.0, (at - now).total_seconds()) if at.tzinfo is not None else 0.0
