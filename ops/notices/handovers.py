"""What a duty or an absence left unassessed, or the night: who holds it now hears once, in one message. Pure."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from ops.notices.notice import OPEN_ONE, Colleagues, Notice, contacts, data, line
from ops.view.team import Unassessed
from ops.view.times import as_text
from schemas.identity import derived_id

#: How an allocation came about that moved what somebody else held, and in words.
_HANDED = {"duty_ended": "whose duty has ended", "absent": "who is absent", "handed_over": "of the night"}
#: All that moved at one moment is known after this, and is one message.
_ALL_THERE = timedelta(seconds=30)


def handovers(team: Colleagues, now: datetime) -> Iterator[Notice]:
    """One notice for each worker and moment, to that worker; to the supervisor too, where no mail reaches them. A RED contact
    has a notice of its own."""
    for load in team.loads.values():
        moments: dict[datetime, list[Unassessed]] = defaultdict(list)
        for one in load.unassessed:
            if one.how in _HANDED and one.risk != "red" and one.given_at is not None and now - one.given_at >= _ALL_THERE:
                moments[one.given_at].append(one)
        for moment, moved in moments.items():
            to = [team.person(load)] if load.email else [team.person(load), *team.answerable(load)]
            whose = " and ".join(dict.fromkeys(_HANDED[one.how] for one in moved))
            text = [f"{load.name}, these were a colleague's {whose}, and are yours:", "", *map(line, moved), "", OPEN_ONE]
            yield Notice(
                derived_id("notice", "handed over", load.worker_id, as_text(moment)), "handed_over", tuple(to),
                f"{contacts(len(moved))} handed over to you, not risk assessed yet", "\n".join(text),
                {"contacts": [data(one) for one in moved]},
            )  # fmt: skip
