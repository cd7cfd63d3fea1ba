"""Every day each listed sender's signed statement goes out as an item, also of one who sent nothing.

Which are owed the log alone says (`ops.view.statements_due`); here the view is asked, the statement signed and put on the
log. Asked again, it finds the item there; so a process that died at any point repeats nothing but the question.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from connectors.delivery.recipients import Recipient
from connectors.delivery.statement_item import statement_item
from connectors.statements import KeyRefused, StatementKey
from connectors.transports.view_answers import ViewAnswers, ViewAway
from schemas.catalogue import catalogue
from schemas.identity import derived_id
from schemas.ports import DurableLog
from schemas.settings import Settings
from streams.envelope import entry_of
from streams.processor import Output

log = logging.getLogger("frontdoor.delivery")

#: Seconds between two questions.
_EVERY = 20.0
#: Statements made in one round.
_AT_ONCE = 100


async def send_statements(
    recipients: Sequence[Recipient],
    settings: Settings,
    durable: DurableLog,
    mine: Callable[[int], bool],
    stop: asyncio.Event,
    every: float = _EVERY,
) -> None:
    """Put what is owed on the log until `stop`. `mine(partition)` says whether this process answers for a partition: of
    several only one makes a sender's statement. Raises `NotDurable`."""
    listed = {one.id: one for one in recipients if one.has_statements}
    if not listed:
        return
    view = ViewAnswers(settings)
    try:
        while not stop.is_set():
            try:
                await _round(listed, view, settings, durable, mine)
            except ViewAway:
                # Nothing is late yet; the next look will tell.
                log.debug("the view does not answer")
            except KeyRefused as error:
                log.error("no statement can be signed: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await stop.wait()
    finally:
        await view.close()


async def _round(
    listed: dict[str, Recipient], view: ViewAnswers, settings: Settings, durable: DurableLog, mine: Callable[[int], bool]
) -> None:
    found = await view.statements_due(list(listed))
    if found["behind_records"] != 0:
        return
    owed = [one for one in found["due"] if mine(_partition_of(one["recipient"]))][:_AT_ONCE]
    if not owed:
        return
    key = await asyncio.to_thread(StatementKey.at, settings.statement_key_file, make=settings.statement_key is None)
    items = []
    for one in owed:
        statement = await view.statement(one["recipient"], one["day"])
        if statement is None or statement.pop("behind_records") != 0:
            # Nothing is signed that is not whole, and none overtakes an earlier one.
            break
        document = json.dumps(key.sign(statement), ensure_ascii=False)
        at = datetime.fromisoformat(statement["as_of"])
        items.append(statement_item(listed[one["recipient"]], one["day"], document, at))
    await durable.append(
        [entry_of(Output(f"outbound.{item.agency}", f"{item.recipient} {item.contact_id}", item)) for item in items]
    )


def _partition_of(recipient: str) -> int:
    """Which partition's process makes a recipient's statements: any, as long as all agree."""
    return int(derived_id("statements", recipient)[:8], 16) % catalogue().keyed_partitions
