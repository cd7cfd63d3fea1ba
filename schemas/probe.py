"""The probe: a message that the hub sends through itself, to know how long a message takes. It is about nobody."""

from schemas.identity import keyed_hash
from schemas.record import Instant, Record

#: Where a connector puts probes, and where intake says that it has read one.
TOPIC, OUTCOMES = "probes", "probe-outcomes"


class Probe(Record):
    """A message of the hub to itself: no child, no receipt, no contact, no clock. `at` is when the connector of `agency`
    took it."""

    probe_id: str
    agency: str
    at: Instant


def probe_token(hash_key: str) -> str:
    """What the hub's own process proves itself with at a connector's door."""
    return keyed_hash(hash_key.encode(), "frontdoor: probe")
