"""What must hold of links: nobody waits for one, each contact is in the story it was told to be in, and a link that was
taken back leaves the story it was in as it had been."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ops.simulator.hub import decide, processors
from ops.simulator.log import PARTITIONS
from ops.simulator.run import Run
from schemas.case_event import CaseEvent
from schemas.catalogue import codec
from schemas.identity import is_statement
from schemas.linkage import Link
from schemas.record import Record
from streams.linkage.index import PersonRow, person_from_plain
from streams.linking_rows import IndexRow
from streams.partition import PartitionState
from streams.processor import Processor


@dataclass(frozen=True, slots=True)
class _Joined:
    """A contact that joined a story: the story before and after it."""

    story: str
    before: PersonRow
    after: PersonRow


def _nobody_waits(run: Run) -> Iterator[str]:
    """A link moves a case that somebody holds; it never is how a case finds its first worker."""
    held: set[str] = set()
    for stored in run.log.of_topic("case-events"):
        if stored.writer is None or stored.writer[0] != "allocation":
            continue
        event = stored.record
        assert isinstance(event, CaseEvent)
        if event.type == "allocated":
            if event.details.get("how") == "linked" and event.contact_id not in held:
                yield f"contact {event.contact_id}: got its first worker by a link"
            held.add(event.contact_id)


def _stories(run: Run) -> Iterator[str]:
    """What was told last of each contact is so, and its story lists it once."""
    group = next(group for group in run.groups if group.processor.name == "linkage")
    for partition in range(PARTITIONS):
        told: dict[str, str] = {}
        for stored in run.log.of_topic("links"):
            if stored.writer is not None and stored.writer[1] == partition:
                link = stored.record
                assert isinstance(link, Link)
                told[link.contact_id] = link.story_id
        rows = group.owner(partition).states[partition].rows
        listed: dict[str, list[str]] = defaultdict(list)
        for row in _index_rows(rows, "person"):
            for contact in row.plain["members"]:
                listed[contact].append(row.id)
        for row in _index_rows(rows, "record"):
            if is_statement(row.id):
                continue
            story = row.plain["person"]
            if row.plain["copy_of"]:
                listed[row.id].append(story)
            if told.get(row.id) != story:
                yield f"contact {row.id}: is in the story {story}, and was told to be in {told.get(row.id)}"
            if listed[row.id] != [story]:
                yield f"contact {row.id}: is in the story {story}, and listed by {listed[row.id]}"


def _taken_back(run: Run) -> Iterator[str]:
    """Where nothing else has touched a story since a contact joined it, taking the link back leaves all of it as it was,
    to the last bit; only the ruling that the two are apart stays."""
    links = (stored.record for stored in run.log.of_topic("links"))
    if not any(isinstance(link, Link) and link.outcome == "UNDONE" for link in links):
        return
    linkage = next(processor for processor in processors(run.sabotage) if processor.name == "linkage")
    for partition in range(PARTITIONS):
        yield from _taken_back_in(run, linkage, partition)


def _taken_back_in(run: Run, linkage: Processor, partition: int) -> Iterator[str]:
    state = PartitionState(linkage)
    joined: dict[str, _Joined] = {}
    for stored in run.log.fetch("linkage-in", partition, 0, run.log.end("linkage-in", partition)):
        before = dict(state.rows)
        entries = decide(state, stored)
        state.take_dirty()
        state.durable("linkage-in", stored.offset + 1)
        for entry in entries:
            if entry.topic != "links":
                continue
            link = codec("links").decode(entry.value or b"")
            assert isinstance(link, Link)
            contact, known = link.contact_id, joined.get(link.contact_id)
            if link.outcome == "LINK" and link.story_id != contact:
                was, now = _story(before, link.story_id), _story(state.rows, link.story_id)
                if was is not None and now is not None:
                    joined[contact] = _Joined(link.story_id, was, now)
            elif link.outcome == "UNDONE" and known is not None and known.story == link.was:
                now = _story(state.rows, link.was)
                untouched = _story(before, link.was) == known.after
                ruled = replace(known.before, not_same=known.before.not_same | {contact})
                if untouched and now != ruled:
                    yield f"contact {contact}: taken out of the story {link.was}, which is not as it was before"


def _story(rows: Mapping[str, Record], story: str) -> PersonRow | None:
    found = (row for row in _index_rows(rows, "person") if row.id == story)
    return next((person_from_plain(row.plain) for row in found), None)


def _index_rows(rows: Mapping[str, Record], kind: str) -> Iterator[IndexRow]:
    return (row for row in rows.values() if isinstance(row, IndexRow) and row.kind == kind and row.plain)


LINK_CHECKS: tuple[Callable[[Run], Iterator[str]], ...] = (_nobody_waits, _stories, _taken_back)
