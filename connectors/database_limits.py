"""How long the hub waits in somebody else's PostgreSQL: for a connection, for a server that has gone without a word, for a row
that somebody holds locked, for a statement. Without limits it would wait in silence, some of these for ever.
"""

from typing import Any

from sqlalchemy import URL, Engine, event

#: Of the connection, as libpq takes them: seconds, seconds, milliseconds. What an address says of one of these stands.
_CONNECTION = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "30000"}
#: Of the session. Not in the address: a pooler between the two may refuse what it does not know there.
SESSION = {"lock_timeout": "30s", "statement_timeout": "300s"}


def limited_address(url: URL) -> URL:
    """The address with limits, if it is a PostgreSQL's."""
    if url.get_backend_name() != "postgresql":
        return url
    return url.update_query_dict({name: value for name, value in _CONNECTION.items() if name not in url.query})


def limited(engine: Engine) -> Engine:
    """The engine, each of whose connections has limits, if it is a PostgreSQL's."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _limit)
    return engine


def _limit(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        for name, value in SESSION.items():
            cursor.execute(f"SET {name} = '{value}'")
    connection.commit()
