"""The database outbox: exactly the rows that were committed, each once by its receipt, whoever dies when."""

import random
import re
import signal
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from connectors import database_limits
from connectors.channels import OutboxChannel
from connectors.transports.pulled import failing_seconds

from ..running import Connector, InProcess, Logged, eventually

pytestmark = pytest.mark.broker

DOCS = (Path(__file__).parents[3] / "docs" / "connectors.md").read_text()


def published_table(dialect: str) -> list[str]:
    """The statements that the documentation tells a partner to run."""
    found = re.search(rf"<!-- outbox: {dialect} -->\n```sql\n(.*?)```", DOCS, re.DOTALL)
    assert found is not None
    return [statement for statement in found[1].split(";") if statement.strip()]


def made(engine: sa.Engine) -> sa.Engine:
    with engine.begin() as connection:
        for statement in published_table(engine.dialect.name):
            connection.exec_driver_sql(statement)
    return engine


def insert(connection: sa.Connection, body: str, **more: Any) -> int:
    columns = {"body": body, **more}
    names, values = ", ".join(columns), ", ".join(f":{name}" for name in columns)
    return int(
        connection.execute(
            sa.text(f"INSERT INTO frontdoor_outbox ({names}) VALUES ({values}) RETURNING id"), columns
        ).scalar_one()
    )


def rows(engine: sa.Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text("SELECT id, body, receipt_id, taken_at FROM frontdoor_outbox ORDER BY id")))


def all_taken(engine: sa.Engine) -> bool:
    return all(row.receipt_id and row.taken_at for row in rows(engine))


def senders_file(tmp_path: Path, engine: sa.Engine) -> tuple[Path, str]:
    sender = f"cases-{uuid.uuid4().hex}"
    url = engine.url.render_as_string(hide_password=False)
    path = tmp_path / "senders.yaml"
    path.write_text(
        f"senders:\n  - {{id: {sender}, agency: social_care, transport: outbox, outbox: {{url: '{url}', every_seconds: 0.02}}}}\n"
    )
    return path, sender


def arrived(connector: Connector, sender: str) -> list[Logged]:
    """What the log holds from a sender, each receipt as it came first."""
    first: dict[str, Logged] = {}
    for one in connector.logged():
        if one.record.sender == sender:
            first.setdefault(one.record.receipt_id, one)
    return list(first.values())


@pytest.fixture
def base(request: pytest.FixtureRequest, database: Callable[[str], sa.Engine]) -> sa.Engine:
    """A database with the published table."""
    return made(database(request.param))


@pytest.mark.parametrize("base", ["sqlite", "postgresql"], indirect=True)
def test_killed_at_any_moment_exactly_the_committed_rows_arrive_in_order(
    base: sa.Engine, process: Callable[..., InProcess], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, base)
    connector = process("social_care", kafka, senders_file=path)
    committed: list[str] = []

    def write() -> None:
        chance = random.Random(7)
        for number in range(70):
            body = f'{{"number": {number}}}'
            with base.connect() as connection:
                insert(connection, body)
                if chance.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()
                    committed.append(body)

    writer = threading.Thread(target=write)
    writer.start()
    eventually(lambda: sum(bool(row.receipt_id) for row in rows(base)) >= 15, 60)
    connector.child.signal(signal.SIGKILL)
    connector.child.wait(10)
    connector.start()
    writer.join()
    eventually(lambda: all_taken(base), 60)
    found = arrived(connector, sender)
    assert [one.record.body.decode() for one in found] == committed
    assert [one.record.receipt_id for one in found] == [row.receipt_id for row in rows(base)]
    assert {one.record.transport for one in found} == {"outbox"}


@pytest.mark.parametrize("base", ["postgresql"], indirect=True)
def test_a_row_committed_late_with_a_lower_id_is_not_passed_over_and_a_gap_holds_nothing_up(
    base: sa.Engine, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    path, sender = senders_file(tmp_path, base)
    connector = own_connector("social_care", kafka, senders_file=path)
    with base.connect() as slow, base.connect() as undone, base.connect() as quick:
        late, gap = insert(slow, "late"), insert(undone, "never")
        first = insert(quick, "first")
        quick.commit()
        assert late < gap < first
        eventually(lambda: [row.id for row in rows(base) if row.receipt_id] == [first], 30)
        undone.rollback()
        slow.commit()
    eventually(lambda: all_taken(base), 30)
    assert [one.record.body for one in arrived(connector, sender)] == [b"first", b"late"]


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_a_row_arrived_when_it_was_written_and_any_row_is_taken(
    base: sa.Engine, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with base.begin() as connection:
        insert(connection, "an hour east", written_at=yesterday.astimezone().isoformat(), content_type="text/plain")
        insert(connection, "no offset", written_at=yesterday.strftime("%Y-%m-%d %H:%M:%S"))
        insert(connection, "no time at all", written_at="last week")
        insert(connection, "tomorrow", written_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        connection.execute(sa.text("INSERT INTO frontdoor_outbox (body) VALUES (:body)"), {"body": b"\xff\x00"})
    path, sender = senders_file(tmp_path, base)
    connector = own_connector("social_care", kafka, senders_file=path)
    eventually(lambda: all_taken(base), 30)
    found = {one.record.body: one.record for one in arrived(connector, sender)}
    assert found[b"an hour east"].received_at == yesterday
    assert found[b"an hour east"].content_type == "text/plain"
    assert abs((found[b"no offset"].received_at - yesterday).total_seconds()) < 1
    for body in (b"no time at all", b"tomorrow", b"\xff\x00"):
        assert datetime.now(UTC) - timedelta(minutes=5) < found[body].received_at <= datetime.now(UTC)
    assert eventually(lambda: {one.receipt_id for one in found.values()} <= {line["receipt_id"] for line in connector.journal()})


@pytest.mark.parametrize("base", ["sqlite"], indirect=True)
def test_a_database_that_is_away_stops_nobody_else_and_is_said_once_without_what_is_in_it(
    base: sa.Engine, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with base.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE frontdoor_outbox RENAME TO elsewhere")
    path, sender = senders_file(tmp_path, base)
    connector = own_connector("social_care", kafka, senders_file=path)
    eventually(lambda: "stay where they are" in caplog.text, 30)
    assert failing_seconds() > 0
    with base.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO frontdoor_outbox")
        insert(connection, "Zebedee Example, 4 Elm Road")
    eventually(lambda: all_taken(base), 30)
    assert len(arrived(connector, sender)) == 1
    eventually(lambda: "can be fetched again" in caplog.text, 30)
    assert caplog.text.count("stay where they are") == 1
    assert failing_seconds() == 0
    assert "Zebedee" not in caplog.text and "SELECT" not in caplog.text


def test_a_database_without_an_encoding_of_its_own_gives_text(postgres: str) -> None:
    name = f"plain_{uuid.uuid4().hex}"
    with sa.create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as server:
        server.exec_driver_sql(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    channel = OutboxChannel.model_validate({"url": f"{postgres.rpartition('/')[0]}/{name}"})
    engine = sa.create_engine(channel.address())
    with made(engine).begin() as connection:
        insert(connection, "Zoë")
    assert [row.body for row in rows(engine)] == ["Zoë"]
    engine.dispose()


def test_a_table_that_somebody_holds_locked_is_waited_for_and_not_for_ever(
    postgres: str, own_connector: Callable[..., Connector], kafka: str, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    # The hub's own limits are longer than a test should take.
    monkeypatch.setitem(database_limits.TRANSACTION, "lock_timeout", "200ms")
    name = f"locked_{uuid.uuid4().hex}"
    with sa.create_engine(postgres, isolation_level="AUTOCOMMIT").connect() as server:
        server.exec_driver_sql(f"CREATE DATABASE {name}")
    engine = made(sa.create_engine(f"{postgres.rpartition('/')[0]}/{name}"))
    with engine.begin() as connection:
        insert(connection, "{}")
    path, sender = senders_file(tmp_path, engine)
    with engine.begin() as holder:
        holder.exec_driver_sql("LOCK TABLE frontdoor_outbox")
        connector = own_connector("social_care", kafka, senders_file=path)
        eventually(lambda: "stay where they are" in caplog.text, 30)
    eventually(lambda: all_taken(engine), 30)
    assert len(arrived(connector, sender)) == 1
    engine.dispose()


def test_a_partners_postgresql_is_waited_for_within_limits(postgres: str) -> None:
    channel = OutboxChannel.model_validate({"url": f"{postgres}?connect_timeout=3&options=-c%20statement_timeout%3D7s"})
    engine = channel.engine()
    for _ in range(2):
        with engine.begin() as connection:
            found = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("lock_timeout", "statement_timeout")]
        assert found == ["30s", "7s"], "what the address or the server says of a limit stands"
    assert engine.url.query["connect_timeout"] == "3" and engine.url.query["tcp_user_timeout"] == "30000"
    engine.dispose()
