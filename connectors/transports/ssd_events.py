"""What a council's own tables say about contacts of the hub, as case events. Pure.

Source: the published Standard Safeguarding Dataset (data-to-insight/ssd-data-model, `data/objects`). The tables know no
contact of ours: a council notes it as a linked identifier of the child. A row belongs to the newest contact of its child
that is not younger than what the row tells; what is older than every contact of its child is history, and no event.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

Row = Mapping[str, Any]

#: The tables that are read, and what is read of each.
COLUMNS: dict[str, tuple[str, ...]] = {
    "ssd_linked_identifiers": (
        "link_person_id", "link_identifier_type", "link_identifier_value", "link_valid_from_date",
    ),
    "ssd_professionals": ("prof_professional_id", "prof_professional_name"),
    "ssd_person": ("pers_person_id", "pers_dob"),
    "ssd_cin_episodes": (
        "cine_referral_id", "cine_person_id", "cine_referral_date", "cine_referral_nfa", "cine_close_date",
        "cine_close_reason", "cine_referral_team", "cine_referral_worker_id",
    ),
    "ssd_cin_assessments": (
        "cina_assessment_id", "cina_person_id", "cina_assessment_start_date", "cina_assessment_auth_date",
        "cina_assessment_team", "cina_assessment_worker_id",
    ),
    "ssd_s47_enquiry": (
        "s47e_s47_enquiry_id", "s47e_person_id", "s47e_s47_start_date", "s47e_s47_end_date",
        "s47e_s47_completed_by_worker_id", "s47e_s47_completed_by_team",
    ),
    "ssd_initial_cp_conference": (
        "icpc_icpc_id", "icpc_person_id", "icpc_icpc_date", "icpc_icpc_team", "icpc_icpc_worker_id",
    ),
    "ssd_involvements": (
        "invo_involvements_id", "invo_person_id", "invo_professional_id", "invo_professional_role_id",
        "invo_professional_team", "invo_involvement_start_date",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Step:
    """What a date in a row means. `when` is the date's column; `flag` and `decision` tell decisions apart."""

    event: str
    table: str
    row_id: str
    person: str
    when: str
    worker: str = ""
    team: str = ""
    reason_code: str = ""
    decision: str = ""
    flag: str = ""
    flag_set: bool = False


_CINE = ("ssd_cin_episodes", "cine_referral_id", "cine_person_id")
_CINA = ("ssd_cin_assessments", "cina_assessment_id", "cina_person_id")
_S47 = ("ssd_s47_enquiry", "s47e_s47_enquiry_id", "s47e_person_id")
_ICPC = ("ssd_initial_cp_conference", "icpc_icpc_id", "icpc_person_id")
_INVO = ("ssd_involvements", "invo_involvements_id", "invo_person_id")
_S47_BY = ("s47e_s47_completed_by_worker_id", "s47e_s47_completed_by_team")

#: In the order in which the steps of one day follow each other. A strategy discussion has no date of its own in these
#: tables: an enquiry's start is the discussion that began it.
_STEPS = (
    _Step("decision", *_CINE, "cine_referral_date", "cine_referral_worker_id", "cine_referral_team", decision="referral",
          flag="cine_referral_nfa"),
    _Step("no_further_action", *_CINE, "cine_referral_date", "cine_referral_worker_id", "cine_referral_team",
          flag="cine_referral_nfa", flag_set=True),
    _Step("allocated", *_INVO, "invo_involvement_start_date", "invo_professional_id", "invo_professional_team"),
    _Step("assessment_started", *_CINA, "cina_assessment_start_date", "cina_assessment_worker_id", "cina_assessment_team"),
    _Step("strategy_discussion", *_S47, "s47e_s47_start_date", *_S47_BY),
    _Step("s47_started", *_S47, "s47e_s47_start_date", *_S47_BY),
    _Step("s47_ended", *_S47, "s47e_s47_end_date", *_S47_BY),
    _Step("conference_held", *_ICPC, "icpc_icpc_date", "icpc_icpc_worker_id", "icpc_icpc_team"),
    _Step("assessment_authorised", *_CINA, "cina_assessment_auth_date", "cina_assessment_worker_id", "cina_assessment_team"),
    _Step("closed", *_CINE, "cine_close_date", "cine_referral_worker_id", "cine_referral_team", "cine_close_reason"),
)  # fmt: skip

_CONTACT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?:/[0-9]{1,3})?", re.IGNORECASE)
_UPN = frozenset({"unique pupil number", "upn"})
_SET = frozenset({"y", "yes", "1", "true", "t"})


@dataclass(frozen=True, slots=True)
class TableEvent:
    """One case event from one row. `body` is a message in the hub's published format."""

    table: str
    row_id: str
    body: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """Rows by table, and how the council uses them. `cut_over` is the first day of the hub."""

    rows: Mapping[str, Sequence[Row]]
    identifier_type: str
    worker_roles: frozenset[str]
    cut_over: date
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows["ssd_professionals"]:
            self._names[_text(row["prof_professional_id"])] = _text(row["prof_professional_name"])

    def events(self) -> list[TableEvent]:
        """Every event of every contact of ours, in the order in which they happened."""
        contacts = self._contacts()
        found = []
        for rank, step in enumerate(_STEPS):
            for row in self.rows[step.table]:
                day = _day(row[step.when])
                contact = _at(contacts.get(_text(row[step.person]), ()), day)
                if day is not None and contact and self._tells(step, row):
                    event = self._event(step, row, contact)
                    found.append((str(_when(row[step.when])), rank, event.row_id, event))
        return [event for *_, event in sorted(found, key=lambda one: one[:3])]

    def open_cases(self) -> list[dict[str, str]]:
        """Referrals of before the hub that are still open, without the child's name."""
        born = {_text(row["pers_person_id"]): _when(row["pers_dob"]) or "" for row in self.rows["ssd_person"]}
        upns = {
            _text(row["link_person_id"]): _text(row["link_identifier_value"])
            for row in self.rows["ssd_linked_identifiers"]
            if _text(row["link_identifier_type"]).casefold() in _UPN
        }
        return sorted(
            (
                {
                    "referral_id": _text(row["cine_referral_id"]),
                    "person_id": _text(row["cine_person_id"]),
                    "referral_date": _when(row["cine_referral_date"]) or "",
                    "date_of_birth": born.get(_text(row["cine_person_id"]), ""),
                    "upn": upns.get(_text(row["cine_person_id"]), ""),
                    "worker": self._names.get(_text(row["cine_referral_worker_id"]), ""),
                }
                for row in self.rows["ssd_cin_episodes"]
                if not _when(row["cine_close_date"]) and (_day(row["cine_referral_date"]) or date.min) < self.cut_over
            ),
            key=lambda case: case["referral_id"],
        )

    def _contacts(self) -> dict[str, list[tuple[date, str]]]:
        """By person, from when on each contact of ours is theirs."""
        found: dict[str, list[tuple[date, str]]] = {}
        for row in self.rows["ssd_linked_identifiers"]:
            value = _text(row["link_identifier_value"])
            if _text(row["link_identifier_type"]).casefold() == self.identifier_type.casefold() and _CONTACT.fullmatch(value):
                since = _day(row["link_valid_from_date"]) or self.cut_over
                found.setdefault(_text(row["link_person_id"]), []).append((since, value.lower()))
        return {person: sorted(contacts) for person, contacts in found.items()}

    def _tells(self, step: _Step, row: Row) -> bool:
        if step.event == "allocated":
            role = _text(row["invo_professional_role_id"]).casefold()
            return role in self.worker_roles and bool(self._names.get(_text(row[step.worker])))
        return not step.flag or (_text(row[step.flag]).casefold() in _SET) == step.flag_set

    def _event(self, step: _Step, row: Row, contact: str) -> TableEvent:
        body = {
            "event": step.event,
            "frontdoor_contact_id": contact,
            "at": _when(row[step.when]) or "",
            "by": self._names.get(_text(row[step.worker]), "") if step.worker else "",
            "team": _text(row[step.team]) if step.team else "",
            "reason_code": _text(row[step.reason_code]) if step.reason_code else "",
            "decision": step.decision,
        }
        return TableEvent(step.table, _text(row[step.row_id]), {name: text for name, text in body.items() if text})


def _at(contacts: Iterable[tuple[date, str]], day: date | None) -> str:
    """The newest contact that is not younger than a day."""
    return next((contact for since, contact in reversed(list(contacts)) if day is not None and since <= day), "")


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _when(value: Any) -> str | None:
    """A date, or a London time if the column holds one: midnight is what a date becomes in a column for times."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else None


def _day(value: Any) -> date | None:
    told = _when(value)
    return date.fromisoformat(told[:10]) if told else None


def named(rows: Iterable[Sequence[Any]], table: str) -> Iterator[Row]:
    """Rows of a table by the names of their columns."""
    return (dict(zip(COLUMNS[table], row, strict=True)) for row in rows)
