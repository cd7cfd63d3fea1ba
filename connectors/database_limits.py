"""How long the hub waits in somebody else's PostgreSQL: for a connection, for a server that has gone without a word, for a row
that somebody holds locked, for a statement. Without limits it would wait in silence, some of these for ever.
"""

from sqlalchemy import URL, Connection, Engine, event

#: Of the connection, as libpq takes them: seconds, seconds, milliseconds. What an address says of one of these stands.
_CONNECTION = {"connect_timeout": "10", "keepalives_idle": "30", "tcp_user_timeout": "30000"}
#: Of each transaction that has no such limit yet. Not in the address or for the session: between the two may be a pooler, which
#: would refuse the one, and keep the other for whoever has the connection next.
TRANSACTION = {"lock_timeout": "30s", "statement_timeout": "300s"}


def limited_address(url: URL) -> URL:
    """The address with limits, if it is a PostgreSQL's."""
    if url.get_backend_name() != "postgresql":
        return url
    return url.update_query_dict({name: value for name, value in _CONNECTION.items() if name not in url.query})


def limited(engine: Engine) -> Engine:
    """The engine, each of whose transactions has limits, if it is a PostgreSQL's."""
    if engine.dialect.name == "postgresql":
        event.listen(engine, "begin", _limit)
    return engine


def _limit(connection: Connection) -> None:
    for name, value in TRANSACTION.items():
        connection.exec_driver_sql(
            f"SELECT set_config(name, '{value}', true) FROM pg_settings WHERE name = '{name}' AND setting = '0'"
        )
