"""The schools that can be told of police contacts, from the recipients file."""

from collections.abc import Iterable

from connectors.delivery.recipients import Recipient
from streams.school_notices import school_key


def schools_listed(recipients: Iterable[Recipient]) -> dict[str, str | None]:
    """The recipient of each school by everything it is called, folded; None for what several are called."""
    found: dict[str, str | None] = {}
    for one in recipients:
        if one.school is not None:
            for key in dict.fromkeys(map(school_key, one.school.called)):
                found[key] = None if key in found else one.id
    return found
