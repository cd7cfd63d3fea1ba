"""W3C trace context: the thread by which one message is followed through the hub."""

import re
import secrets

_TRACEPARENT = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$")


def next_traceparent(incoming: str = "") -> str:
    """The `traceparent` of the hub's own step: of the sender's trace when it gave one, else of a new trace."""
    given = _TRACEPARENT.match(incoming.strip())
    if given and set(given[1]) != {"0"} and set(given[2]) != {"0"}:
        return f"00-{given[1]}-{secrets.token_hex(8)}-{given[3]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
