"""Who a report is about: LINK, REVIEW or NEW, with everything that led there. Pure: same index and report, same answer.

The decision never delays the contact: a child in review is on the board at once as "may be X".
"""

from dataclasses import dataclass, replace

from streams.linkage import guards, places
from streams.linkage.births import SAME_FIRST_OF_JANUARY
from streams.linkage.candidates import candidates_of
from streams.linkage.comparison import DIFFERENT, Vector, compare
from streams.linkage.index import Changes, Index, PersonRow, RecordRow, RowChange
from streams.linkage.model import Score, Scorer
from streams.linkage.names_apart import also_a_surname, may_be_two_names
from streams.linkage.report import NORMALISER_VERSION, Features, Report, identifier_problems, read_features

LINK, REVIEW, NEW = "LINK", "REVIEW", "NEW"

LINK_FROM = 0.95
"""At or above this, and with no guard hit, a link is made without a person. Source: DfE matching thresholds."""

REVIEW_FROM = 0.20
"""At or above this a person looks; below, the report is a new child. Measured: see docs/linkage.md."""

ACT_FROM = 0.999
"""Only in this band may an automatic link move a case or show anything to another agency."""

HOUSEHOLD_FROM = 0.95
"""From this probability of twin or sibling, a known child of the same household is named."""

CLEARLY_BETTER = 1_000.0
"""Another person is no rival when the odds of the best person are this many times theirs: if the two are different
children, the report is the first's by that margin; if they are one child, the link is right either way."""

MOST_SHOWN = 10
"""Persons named in one decision at most."""

LOW_SCORE = "low_score"
RESTRICTED = "restricted"
NOTHING_TO_COMPARE = "nothing_to_compare"
ALREADY_DECIDED = "already_decided"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known person this report may be about: their best record, its vector and scores, and the guards hit."""

    person: str
    record: str
    score: Score
    vector: Vector
    guards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about a report and why. `person` is the child the report belongs to from now on.

    `score` is the best person's probability of being this child (0 when nobody is like it); `household` names known
    persons who are most likely another child of the same household; `restricted` says that a superseded identity
    fitted, whose name this decision must not show.
    """

    record_id: str
    outcome: str
    person: str
    score: float
    reasons: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    household: tuple[str, ...]
    restricted: bool
    model_version: str
    normaliser: str
    index_size: int
    compared: int
    skipped_blocks: int

    @property
    def may_act(self) -> bool:
        """Whether the link alone may have consequences outside this index (the calibrated .999 band)."""
        return self.outcome == LINK and self.score >= ACT_FROM


@dataclass(frozen=True, slots=True)
class _Scored:
    person: str
    record: str
    score: Score
    vector: Vector


def decide(index: Index, report: Report, scorer: Scorer) -> tuple[Decision, Changes]:
    """Decide about one report. The index is only read; the changes make it know the report."""
    known = index.records.get(report.record_id)
    if known is not None:
        decision = _decision(index, scorer, report, LINK, known.person, 1.0, (ALREADY_DECIDED,))
        return decision, ()
    features = read_features(report)
    found = candidates_of(index, features)
    best, household = _by_person(index, features, found.records, scorer)
    people, restricted = _possible_people(index, scorer, features, best)
    problems = identifier_problems(report)

    chosen, reasons = _choose(index, people)
    if restricted:
        chosen, reasons = None, (RESTRICTED, *reasons)
    if found.too_many:
        chosen, reasons = None, (guards.TOO_MANY_CANDIDATES, *reasons)
    if features.nothing_to_compare:
        chosen, reasons = None, (NOTHING_TO_COMPARE, *reasons)

    if chosen is not None:
        outcome, person = LINK, chosen.person
        shown_score = chosen.score.same
        changes = joined(index, report.record_id, features, chosen.person, chosen.record)
    else:
        outcome = REVIEW if reasons else NEW
        person = report.record_id
        shown_score = people[0].score.same if people else max((s.score.same for s in best.values()), default=0.0)
        changes = _new_changes(report.record_id, features, tuple(c.person for c in people) if outcome == REVIEW else ())
    decision = Decision(
        record_id=report.record_id,
        outcome=outcome,
        person=person,
        score=0.0 if restricted and not people else shown_score,
        reasons=reasons + problems,
        candidates=people,
        household=tuple(p for p in household if p != person)[:MOST_SHOWN],
        restricted=restricted,
        model_version=scorer.model.version,
        normaliser=NORMALISER_VERSION,
        index_size=len(index),
        compared=len(found.records),
        skipped_blocks=found.skipped_blocks,
    )
    return decision, changes


def _decision(
    index: Index, scorer: Scorer, report: Report, outcome: str, person: str, score: float, reasons: tuple[str, ...]
) -> Decision:
    return Decision(
        report.record_id,
        outcome,
        person,
        score,
        reasons,
        (),
        (),
        False,
        scorer.model.version,
        NORMALISER_VERSION,
        len(index),
        0,
        0,
    )


def _by_person(
    index: Index, features: Features, records: tuple[str, ...], scorer: Scorer
) -> tuple[dict[str, _Scored], list[str]]:
    """Each candidate person's best record, and the persons who are most likely of the same household."""
    best: dict[str, _Scored] = {}
    household: dict[str, float] = {}
    size, counts, rows = len(index), index.counts, index.records
    for record in records:
        row = rows[record]
        vector = compare(features, row.features)
        if vector.given == DIFFERENT == vector.family and vector.place == places.DIFFERENT and vector.nhs != 1 != vector.upn:
            continue  # a birthday alone, or less: nobody to name
        score = scorer.score(vector, features, counts, size)
        person = row.person
        held = best.get(person)
        if (
            held is None
            or score.same > held.score.same
            or (score.same == held.score.same and record < held.record)
        ):
            best[person] = _Scored(person, record, score, vector)
        near = score.twin + score.sibling
        if near >= HOUSEHOLD_FROM:
            household[person] = max(near, household.get(person, 0.0))
    shown = [
        person
        for person, _ in sorted(household.items(), key=lambda item: (-item[1], item[0]))
        if best[person].score.same < REVIEW_FROM and not index.persons[person].hidden
    ]
    return best, shown


def _filled(index: Index, scorer: Scorer, features: Features, scored: _Scored) -> _Scored:
    """The score with what the person's best record lacks taken from their other records.

    A record without a forename or a birthday fits everybody in the house; what the person is known by elsewhere counts.
    """
    vector = scored.vector
    lacks_given = not vector.given and bool(features.given.main)
    lacks_dob = not vector.dob and bool(features.dob)
    members = index.persons[scored.person].members
    if not (lacks_given or lacks_dob) or len(members) == 1:
        return scored
    others = [compare(features, row.features) for _, row in index.members(scored.person)]
    if lacks_given:
        given = min((other for other in others if other.given), key=_given_rank, default=None)
        if given is not None:
            vector = vector._replace(given=given.given, order=given.order)
    if lacks_dob:
        dob = min((other.dob for other in others if other.dob), key=_dob_rank, default=0)
        vector = vector._replace(dob=dob)
    if vector == scored.vector:
        return scored
    score = scorer.score(vector, features, index.counts, len(index))
    return _Scored(scored.person, scored.record, score, vector)


def _given_rank(vector: Vector) -> tuple[int, int]:
    return vector.given, vector.order


def _dob_rank(level: int) -> int:
    """Levels of the birthday from most alike to least: "same 1 January" stands beside "same"."""
    return 1 if level == SAME_FIRST_OF_JANUARY else level


def _possible_people(
    index: Index, scorer: Scorer, features: Features, best: dict[str, _Scored]
) -> tuple[tuple[Candidate, ...], bool]:
    """The persons who may be meant, best first, each with the guards it hits; and whether a hidden one fitted too."""
    near = [
        filled
        for scored in best.values()
        if scored.score.same >= REVIEW_FROM
        and (filled := _filled(index, scorer, features, scored)).score.same >= REVIEW_FROM
    ]
    near.sort(key=lambda scored: (-scored.score.same, scored.person))
    people: list[Candidate] = []
    restricted = False
    crowded = bool(near) and index.crowded(features.place)
    for scored in near:
        if index.persons[scored.person].hidden:
            restricted = True
            continue
        if len(people) == MOST_SHOWN:
            continue
        rows = index.records
        records = tuple(row.features for _, row in index.members(scored.person))
        evidence = guards.Evidence(
            report=features,
            best=rows[scored.record].features,
            vector=scored.vector,
            records=records,
            two_names=may_be_two_names(index, scorer, features, scored.vector, records),
            crowded=crowded,
            also_a_surname=also_a_surname(index, scorer, features.given),
        )
        people.append(
            Candidate(scored.person, scored.record, scored.score, scored.vector, guards.guards_hit(evidence))
        )
    return tuple(people), restricted


def _choose(index: Index, people: tuple[Candidate, ...]) -> tuple[Candidate | None, tuple[str, ...]]:
    """The person to link to, or nobody and the reasons why a person must look (none: a new child)."""
    if not people:
        return None, ()
    top = people[0]
    joined = [other for other in people if other is top or _wait_together(index, top.person, other.person)]
    clean = [other for other in joined if other.score.same >= LINK_FROM and not other.guards]
    best = clean[0] if clean else top
    reasons: list[str] = []
    if any(other not in joined and _odds(other) * CLEARLY_BETTER > _odds(best) for other in people):
        reasons.append(guards.MANY)
    if clean and not reasons:
        return clean[0], ()
    reasons.extend(top.guards)
    if top.score.same < LINK_FROM:
        reasons.append(LOW_SCORE)
    return None, tuple(reasons)


def _odds(candidate: Candidate) -> float:
    same = candidate.score.same
    return same / max(1.0 - same, 1e-12)


def _wait_together(index: Index, one: str, other: str) -> bool:
    """Whether an open review already asks if the two are one child."""
    a, b = index.persons[one], index.persons[other]
    return other in a.waiting_for or one in b.waiting_for or any(person in b.waiting_for for person in a.waiting_for)


def joined(index: Index, record_id: str, features: Features, person: str, like: str) -> Changes:
    """The changes that make a new record one of a person's; `like` is the record of that person it resembles most."""
    known, same = index.persons[person], index.records[like]
    copy_of = (same.copy_of or like) if same.features == features else ""
    after = replace(known, copies=(*known.copies, record_id)) if copy_of else replace(known, members=(*known.members, record_id))
    return (
        RowChange("record", record_id, None, RecordRow(person, features, copy_of)),
        RowChange("person", person, known, after),
    )


def _new_changes(record_id: str, features: Features, waiting_for: tuple[str, ...]) -> Changes:
    return (
        RowChange("record", record_id, None, RecordRow(record_id, features)),
        RowChange("person", record_id, None, PersonRow(members=(record_id,), waiting_for=waiting_for)),
    )
