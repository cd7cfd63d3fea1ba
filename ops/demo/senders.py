"""Who sends in the demo's weekend: each sender's channel, and how its answers reach it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DemoSender:
    """A sender. `via` is the timetable's word for its channel, `back` how its answers come (`poll`: it asks for them),
    `format` what they are written in."""

    id: str
    name: str
    agency: str
    via: str
    back: str
    format: str


SENDERS = (
    DemoSender("leeds-wards", "Leeds hospital wards", "health", "mllp", "mllp", "hl7v2"),
    DemoSender("leeds-ed", "Leeds emergency department", "health", "http", "http", "fhir-json"),
    DemoSender("chapeltown-gp", "Chapeltown GP practice", "health", "folder", "folder", "fhir-xml"),
    DemoSender("hawthorn-primary", "Hawthorn Primary School", "education", "http", "poll", "json"),
    DemoSender("beechwood-high", "Beechwood High School", "education", "folder", "folder", "csv"),
    DemoSender("anytown-trust", "Anytown academy trust", "education", "kafka", "kafka", "json"),
    DemoSender("west-yorkshire", "West Yorkshire Police", "police", "folder", "folder", "xml"),
    DemoSender("west-yorkshire-app", "West Yorkshire Police, officers' app", "police", "http", "http", "json"),
    DemoSender("metropolitan", "Metropolitan Police", "police", "kafka", "kafka", "xml"),
    DemoSender("front-door-desk", "Front door, case system", "social_care", "http", "http", "case-system"),
    DemoSender("night-team", "Emergency duty team", "social_care", "outbox", "inbox", "case-system"),
)
"""A school can seldom be called, so one polls; whoever has a folder, a topic or a table gets its answers there."""


def sender_of(agency: str, via: str) -> DemoSender:
    """The sender on a channel. Raises `StopIteration` when nobody sends that way."""
    return next(one for one in SENDERS if (one.agency, one.via) == (agency, via))
