"""A recipient's inbox table on a real PostgreSQL: whoever dies between commit and receipt, no row is there twice."""

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from connectors.delivery.addresses import InboxAddress
from connectors.delivery.outcome import Delivered
from connectors.transports.inbox_out import InboxOut
from connectors.writing import Written
from schemas.outbound import OutboundItem

DOCS = (Path(__file__).parents[3] / "docs" / "delivery.md").read_text()
ITEMS = 40

#: Delivers one item after the other, and says so of each once it is sure.
SENDER = """
import asyncio, sys
from tests.connectors.transports.test_inbox_out import ITEMS, send
asyncio.run(send(sys.argv[1], range(ITEMS), lambda number: print(number, flush=True)))
"""


async def send(url: str, numbers: range, taken: object = None) -> None:
    """Deliver these items, in order; `taken(number)` after each."""
    inbox = InboxOut(InboxAddress.model_validate({"url": url}))
    for number in numbers:
        item = OutboundItem(
            item_id=f"item-{number}", kind="outcome", recipient="cases", agency="social_care", contact_id=f"c-{number % 3}",
            receipt_id="r", at=datetime(2026, 6, 6, tzinfo=UTC), outcome={"outcome": "closed"},
        )  # fmt: skip
        assert await inbox.send(item, Written(b'{"message": "outcome"}', "application/json", "x.json")) == Delivered()
        if callable(taken):
            taken(number)
    await inbox.close()


def test_a_sender_killed_after_a_commit_and_its_successor_leave_each_item_once_and_in_order(postgres: str) -> None:
    found = re.search(r"<!-- inbox: postgresql -->\n```sql\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS frontdoor_inbox")
        connection.exec_driver_sql(found[1])
    url = postgres.replace("+psycopg", "")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    child = subprocess.Popen([sys.executable, "-c", SENDER, url], stdout=subprocess.PIPE, text=True, env=env)
    assert child.stdout is not None
    known = 0
    for line in child.stdout:
        known = int(line)
        if known >= ITEMS // 2:
            break
    child.kill()
    child.wait()

    def rows() -> list[str]:
        with engine.connect() as connection:
            return list(connection.execute(sa.text("SELECT message_id FROM frontdoor_inbox ORDER BY id")).scalars())

    before = rows()
    assert len(before) > known, "it was killed with rows committed that nobody had heard of, or just after"

    async def successors() -> None:
        # What it had last heard of is sent again by two at once: one was only paused, and the other took its place.
        await asyncio.gather(send(url, range(known, ITEMS)), send(url, range(known, ITEMS)))

    asyncio.run(successors())
    assert rows() == [f"item-{number}" for number in range(ITEMS)]
    engine.dispose()
