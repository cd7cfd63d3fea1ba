"""Whether the hub itself is well: told to those who run it, apart from what is told of children. Pure.

Trouble counts once it has lasted a while, and is over once it has been away as long: a worker that starts again within
seconds is no news.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ops.notices.notice import Kind, Notice, Person
from ops.view.times import in_london
from schemas.identity import derived_id

#: How long trouble must last, or be away, before anybody is told.
LASTING = timedelta(seconds=60)


@dataclass(frozen=True)
class Health:
    """`since`: when the present trouble, or the present quiet, began; `told`: since when people know of trouble that is not
    over (it is remembered across restarts)."""

    since: datetime | None = None
    troubled: bool = False
    told: datetime | None = None


def judge(before: Health, troubles: Sequence[str], now: datetime, to: Sequence[str]) -> tuple[Health, Notice | None]:
    """The health after one look, and what must be told of it to the operators' addresses `to`."""
    troubled = bool(troubles)
    since = before.since if before.since is not None and before.troubled == troubled else now
    lasting = now - since >= LASTING
    if troubled and lasting and before.told is None:
        lines = "\n".join(f"- {trouble}" for trouble in troubles)
        text = (
            f"Since {in_london(since)}:\n\n{lines}\n\nMessages that partners have an answer for are safe. See ./frontdoor status"
        )
        return Health(since, True, since), _notice("hub_unwell", "Front Door is unwell", text, since, to, troubles)
    if not troubled and lasting and before.told is not None:
        text = f"The trouble that began {in_london(before.told)} is over since {in_london(since)}."
        return Health(since, False, None), _notice("hub_well_again", "Front Door is well again", text, before.told, to, [])
    return Health(since, troubled, before.told), None


def _notice(kind: Kind, subject: str, text: str, since: datetime, to: Sequence[str], troubles: Sequence[str]) -> Notice:
    people = tuple(Person("", "operators", address) for address in to)
    data = {"since": since.isoformat(), "troubles": list(troubles)}
    return Notice(derived_id("notice", kind, since.isoformat()), kind, people, subject, text, data)
