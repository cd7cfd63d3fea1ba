"""The contact table of the Standard Safeguarding Dataset (SSD), read only, from a SQLite file or over a database address.

Source: data-to-insight, ssd-data-model: `ssd_contacts`, with `ssd_person` and `ssd_linked_identifiers` where they are there.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from connectors.database_limits import limited, limited_address
from connectors.dates import read_date
from connectors.fields.naming import fold
from ops.reconciliation.contacts import CannotRead, Loaded, Theirs, reference_key
from schemas.codes import REFERRAL_SOURCES

_CONTACTS, _PERSON, _LINKED = "ssd_contacts", "ssd_person", "ssd_linked_identifiers"
_NEEDED = ("cont_contact_id", "cont_person_id", "cont_contact_date")
_KINDS = {"upn": "upn", "uniquepupilnumber": "upn", "nhsnumber": "nhs_number"}
_SQLITE = b"SQLite format 3\x00"


def is_database(source: str) -> bool:
    """Whether it is a database's address or a SQLite file."""
    if "://" in source:
        return True
    try:
        with Path(source).open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def read_contact_table(source: str, first: date | None, last: date | None, schema: str | None = None) -> Loaded:
    """The contacts of those days. Nothing is written. Raises `CannotRead`; its text never holds the password."""
    engine = _engine(source)
    try:
        with engine.connect() as connection:
            return _read(connection, first, last, schema)
    except SQLAlchemyError as error:
        raise CannotRead(
            f"The database did not answer ({type(error).__name__}). Check its address and that this user may read."
        ) from None
    finally:
        engine.dispose()


def _engine(source: str) -> Engine:
    if "://" not in source:
        address = Path(source).absolute().as_uri()
        return create_engine(f"sqlite:///{address}?mode=ro&uri=true", poolclass=NullPool)
    try:
        url = make_url(source)
    except ArgumentError:
        raise CannotRead("That is no database address. Write it like postgresql://user@host/database.") from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if not url.drivername.startswith("postgresql"):
        raise CannotRead(f"Databases of the kind {url.drivername!r} are not read. There are: a SQLite file, postgresql://.")
    try:
        return limited(create_engine(limited_address(url), poolclass=NullPool, execution_options={"postgresql_readonly": True}))
    except NoSuchModuleError:
        raise CannotRead(f"No driver is installed for {url.drivername}. Write postgresql://user@host/database.") from None


def _read(connection: Connection, first: date | None, last: date | None, schema: str | None) -> Loaded:
    contacts = _table(connection, _CONTACTS, schema, needed=_NEEDED)
    assert contacts is not None
    people = _people(connection, schema)
    linked = _linked(connection, schema)
    loaded = Loaded()
    rows = connection.execution_options(stream_results=True, yield_per=1000).execute(select(contacts)).mappings()
    for row in rows:
        day = _day(row["cont_contact_date"])
        reference, person_id = _text(row["cont_contact_id"]), _text(row["cont_person_id"])
        if day is None or not reference:
            what = "no contact id" if not reference else "no date that can be read"
            loaded.unusable.append(f"contact {reference or '?'}: {what}")
        elif (first is None or first <= day) and (last is None or day <= last):
            person = people.get(person_id, {})
            loaded.rows.append(_row(row, reference, person_id, day, person, linked.get(person_id, {})))
    return loaded


def _row(
    row: Mapping[Any, Any], reference: str, person_id: str, day: date, person: Mapping[str, Any], linked: Mapping[str, str]
) -> Theirs:
    born = _day(person.get("pers_dob")) or _day(person.get("pers_expected_dob"))
    identifiers = {"la_child_id": person_id, "nhs_number": _text(person.get("pers_common_child_id")), **linked}
    known = {
        **identifiers, "forename": _text(person.get("pers_forename")), "surname": _text(person.get("pers_surname")),
        "date_of_birth": born.isoformat() if born else "", "sex": _text(person.get("pers_sex"))[:1],
        "ethnicity": _text(person.get("pers_ethnicity")),
    }  # fmt: skip
    code = _text(row.get("cont_contact_source_code")).upper()
    return Theirs(
        where=f"contact {reference}",
        reference=reference,
        day=day,
        references=frozenset(filter(None, [reference_key(reference)])),
        identifiers={kind: fold(value) for kind, value in identifiers.items() if fold(value)},
        child={name: text for name, text in known.items() if text},
        source_code=code if code in REFERRAL_SOURCES else "",
        born=born,
    )


def _table(connection: Connection, name: str, schema: str | None, needed: Iterable[str]) -> Table | None:
    """The table; None where it is not there and nothing of it is needed. Raises `CannotRead`."""
    found = inspect(connection)
    names = found.get_table_names(schema=schema) + found.get_view_names(schema=schema)
    if name not in names:
        if not needed:
            return None
        there = f"It has: {', '.join(sorted(names)[:8])}." if names else "It has no tables."
        raise CannotRead(f"The database has no table {name}. {there} If it is in another schema, name that with --schema.")
    table = Table(name, MetaData(), schema=schema, autoload_with=connection)
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise CannotRead(f"The table {name} has no column {', '.join(missing)}. Is it the SSD's?")
    return table


def _people(connection: Connection, schema: str | None) -> dict[str, dict[str, Any]]:
    table = _table(connection, _PERSON, schema, needed=())
    if table is None or "pers_person_id" not in table.columns:
        return {}
    rows = connection.execute(select(table)).mappings()
    return {_text(row["pers_person_id"]): {str(name): value for name, value in row.items()} for row in rows}


def _linked(connection: Connection, schema: str | None) -> dict[str, dict[str, str]]:
    table = _table(connection, _LINKED, schema, needed=())
    found: dict[str, dict[str, str]] = defaultdict(dict)
    if table is None or not {"link_person_id", "link_identifier_type", "link_identifier_value"} <= set(table.columns.keys()):
        return found
    for row in connection.execute(select(table)).mappings():
        kind = _KINDS.get(fold(_text(row["link_identifier_type"])))
        if kind:
            found[_text(row["link_person_id"])][kind] = _text(row["link_identifier_value"])
    return found


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _day(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) or value is None else read_date(_text(value), "date").value
