"""Linkage on the log: what is asked (`linkage-in`), what was decided (`links`), and what a person must answer (`link-reviews`).

A *story* is one child as linkage knows it, named by the first contact about that child. `links` and `link-reviews` hold
ids, levels and scores, never what was compared.
"""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.record import Instant, Record

LinkageType = Literal["reported", "identified", "answered", "undone", "superseded", "cases_loaded"]
Verdict = Literal["same", "not_same", "not_sure"]
LinkOutcome = Literal["LINK", "REVIEW", "NEW", "UNDONE", "CORRECTED"]
ReviewState = Literal["open", "answered", "withdrawn"]


class LinkPerson(Record):
    """What linkage compares of a child, as text; empty where it is not known."""

    given: str = ""
    family: str = ""
    dob: str = ""
    sex: str = ""
    postcode: str = ""
    address_line: str = ""
    nhs_number: str = ""
    upn: str = ""
    former_upn: str = ""
    former_nhs_number: str = ""


class Said(Record):
    """What a version of a contact says and by which way it came, so that it is known again when it comes another way.

    `content` is a keyed hash of the child and the words, empty where too little is said; `channel` names sender,
    transport and format; `facts` are keyed hashes of what a format may leave out: one that is missing contradicts nothing.
    """

    content: str = ""
    channel: str = ""
    facts: dict[str, str] = Field(default_factory=dict)


class KnownCase(Record):
    """A case that a load says is open in the case system. `keys` are keyed hashes of the authority's number of the child, or of
    the pupil number, with the birthday; `standings` what of it is open, `since` the earliest day. `ended`: it is closed."""

    case_id: str
    keys: list[str]
    standings: list[str] = Field(default_factory=list)
    since: date | None = None
    ended: bool = False


class LinkageEvent(Record):
    """One question to the linkage of one partnership, in the order in which they are decided.

    `reported`: a version of `contact_id`, with `person`. `identified`: what a message that opens no contact says of a
    child, under an id of its own: it may join a known child's story, and nothing else comes of it. `answered`: is the
    story of `contact_id` that of `other_contact`? `undone`: take `contact_id` out of its story. `superseded`: the story
    of `contact_id` is hidden behind that of `other_contact` (adoption, a new NHS number). `cases_loaded`: `cases` are open or
    closed in the case system; `contact_id` is the receipt. `keys` are keyed hashes that such a case may have too.
    `by` is a professional; the reason's text stays in `narratives`, here are its code and keyed hash.
    """

    event_id: str
    type: LinkageType
    partnership: str
    contact_id: str
    at: Instant
    version: int = 0
    agency: str = ""
    person: LinkPerson | None = None
    said: Said | None = None
    keys: list[str] = Field(default_factory=list)
    cases: list[KnownCase] = Field(default_factory=list)
    other_contact: str = ""
    verdict: Literal["", "same", "not_same", "not_sure"] = ""
    by: str = ""
    reason_code: str = ""
    reason_hash: str = ""


class LinkCandidate(Record):
    """A story that a contact may belong to: its record that is most alike, the probabilities of each class, the level
    of agreement of each field (by the model's order of fields), and the guards hit."""

    story_id: str
    record: str
    same: float
    twin: float
    sibling: float
    vector: list[int]
    guards: list[str] = Field(default_factory=list)


class Link(Record):
    """One decision about one contact; the last one counts.

    `story_id` is the story it belongs to from now on, `was` the one it left. `score` is the probability that it is the
    same child as the story's, `band` its place in the reliability table. `may_act`: the link alone may move a case or
    show something outside. `repeat_of` is the earlier contact that says the very same and came by another channel: the
    story is that contact's, whatever the score. `household` are stories of other children of the household.
    `restricted`: a hidden identity fitted; nothing here names it. `hidden`: this story is one. `by` is empty when no
    person decided. Model, normaliser and index size say what the decision can be made again with.
    """

    link_id: str
    contact_id: str
    version: int
    at: Instant
    cause: str
    outcome: LinkOutcome
    story_id: str
    was: str = ""
    score: float = 0.0
    band: str = ""
    may_act: bool = False
    repeat_of: str = ""
    reasons: list[str] = Field(default_factory=list)
    candidates: list[LinkCandidate] = Field(default_factory=list)
    household: list[str] = Field(default_factory=list)
    restricted: bool = False
    hidden: bool = False
    by: str = ""
    reason_code: str = ""
    model_version: str = ""
    normaliser: str = ""
    index_size: int = 0


class LinkReview(Record):
    """A question to people: is the child of `contact_id` the child of one of the candidates? The last state counts.

    `problem` says why the last answer could not be carried out. `unsure`: somebody looked and could not say.
    """

    review_id: str
    contact_id: str
    at: Instant
    cause: str
    state: ReviewState
    opened_at: Instant
    reasons: list[str] = Field(default_factory=list)
    candidates: list[LinkCandidate] = Field(default_factory=list)
    household: list[str] = Field(default_factory=list)
    restricted: bool = False
    unsure: bool = False
    verdict: Literal["", "same", "not_same", "not_sure"] = ""
    other_contact: str = ""
    by: str = ""
    problem: str = ""
