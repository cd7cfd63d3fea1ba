"""HL7 v2 text as segments with fields, whatever the sender did to terminators, framing, separators and character set.

The `hl7` library splits the normalised text. Ours is what it gets wrong: with LF it sees one segment, on a header without
fields it fails, its unescaping drops text (`C:\\dir`) and writes the values it cannot decode into the log.
"""

import re
from dataclasses import dataclass

import hl7  # type: ignore[import-untyped]

from connectors.decoding import TOO_MANY_PARTS, Problem, decode, one_line, whole_text
from schemas.reading import Note

MOST_PARTS = 30_000
"""Separators in one body. A real referral has about a thousand; the library needs about 8 µs for each."""

MOST_ESCAPES = 20_000
"""Escape characters in one field; a field with more was not written by a person, and is kept as it stands."""

_MOST_LINES = 500_000
_TERMINATORS = "\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
"""What `str.splitlines` splits at."""

_BASE64_LINE = re.compile(r"[A-Za-z0-9+/=]{16,}|[A-Za-z0-9+/]{0,14}=")
_USUAL = "^~\\&"
_OPENING = re.compile(r"[ \t]*(?:MSH)(?P<sep>[^A-Za-z0-9\s\x00-\x1f])", re.IGNORECASE)

_NO_HEADER = Problem(
    "no_msh", "The message has no MSH segment, so it is not HL7 v2 that could be read. Send it again from its MSH segment on."
)
_BAD_HEADER = Problem("bad_msh", "The MSH segment ends before its fields begin. Check the system that wrote it.")
_ONE_SEGMENT = Problem(
    "segments_not_separated",
    "The segments run together: MSH and PID are one. End each segment with a carriage return, then send the message again.",
)


@dataclass(frozen=True, slots=True)
class Separators:
    """The five characters of MSH-1 and MSH-2."""

    field: str
    component: str
    repetition: str
    escape: str
    subcomponent: str


class Repetition:
    """One repetition of a field: components from 1, subcomponents from 1."""

    def __init__(self, components: list[list[str]], unescape: "Unescape") -> None:
        self._components = components
        self._unescape = unescape

    def raw(self, component: int = 1, sub: int = 1) -> str:
        """The unescaped text as it stands, "" when missing or HL7 null (`""`)."""
        if component > len(self._components) or sub > len(self._components[component - 1]):
            return ""
        sent = self._components[component - 1][sub - 1]
        return "" if sent == '""' else self._unescape(sent)

    def text(self, component: int = 1, sub: int = 1) -> str:
        """The same on one line."""
        return one_line(self.raw(component, sub))

    def words(self) -> str:
        """What a coded element says to a person: its text (component 2), else alternate text, original text or code."""
        return next((said for said in map(self.text, (2, 5, 9, 1)) if said), "")

    def joined(self) -> str:
        """The whole text of a field that has no components by its type."""
        separators = self._unescape.separators
        parts = (separators.subcomponent.join(subs) for subs in self._components)
        sent = separators.component.join(parts)
        return "" if sent == '""' else self._unescape(sent)

    def every(self) -> str:
        """All components on one line, for what has no place of its own."""
        parts = (self.text(place) for place in range(1, min(len(self._components), 12) + 1))
        return " ".join(part for part in parts if part)


class Segment:
    """One segment: its name and its fields from 1 (MSH-1 is the separator, as in the standard)."""

    def __init__(self, name: str, fields: list[object], unescape: "Unescape") -> None:
        self.name = name
        self._fields = fields
        self._unescape = unescape

    def repetitions(self, number: int, most: int = 50) -> list[Repetition]:
        """The repetitions of a field that hold anything, among the first `most`."""
        if number >= len(self._fields):
            return []
        field = self._fields[number]
        found: list[Repetition] = []
        for repeated in list(field)[:most] if isinstance(field, list) else [field]:
            components = repeated if isinstance(repeated, list) else [repeated]
            parts = [[str(sub) for sub in part] if isinstance(part, list) else [str(part)] for part in components]
            if any(sub and sub != '""' for part in parts for sub in part):
                found.append(Repetition(parts, self._unescape))
        return found

    def first(self, number: int) -> Repetition:
        """The first repetition of a field; an empty one when the field is."""
        return next(iter(self.repetitions(number)), Repetition([], self._unescape))

    def text(self, number: int, component: int = 1, sub: int = 1) -> str:
        """One component of a field's first repetition, on one line."""
        return self.first(number).text(component, sub)

    def free_text(self, number: int) -> str:
        """A text field with its line breaks, also where separators were not escaped in it; repetitions are lines."""
        return whole_text("\n".join(one.joined() for one in self.repetitions(number, most=2_000)))

    def line(self) -> str:
        """All fields on one short line, for a segment that has no place of its own."""
        parts = (" ".join(one.every() for one in self.repetitions(number)) for number in range(1, min(len(self._fields), 30)))
        return one_line(" | ".join(part for part in parts if part))


class Unescape:
    """HL7 escape sequences as characters. What is no sequence stays as it is, so that a path or a smiley survives."""

    def __init__(self, separators: Separators) -> None:
        self.separators = separators
        self._escape = separators.escape
        mark = re.escape(separators.escape)
        self._sequence = re.compile(
            rf"{mark}([FSRTEHNP]|\.[a-z]{{2}}[+-]?[0-9]{{0,3}}|X(?:[0-9A-Fa-f]{{2}}){{1,200}}|[CMZ][0-9A-Fa-z]{{1,12}}){mark}"
        )
        self._plain = {
            "F": separators.field, "S": separators.component, "R": separators.repetition, "T": separators.subcomponent,
            "E": separators.escape, "H": "", "N": "", "P": "",
        }  # fmt: skip

    def __call__(self, text: str) -> str:
        marks = text.count(self._escape)
        return self._sequence.sub(self._replace, text) if 2 <= marks <= MOST_ESCAPES else text

    def _replace(self, match: re.Match[str]) -> str:
        code = match.group(1)
        if code in self._plain:
            return self._plain[code]
        if code.startswith("X"):
            return decode(bytes.fromhex(code[1:])).text
        if code.startswith("."):
            return "\n" if code[:3] in (".br", ".sp", ".ce") else " " if code[:3] in (".in", ".ti", ".sk") else ""
        return ""


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message: its segments in order, and notes on what had to be put right."""

    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]

    def all(self, *names: str) -> list[Segment]:
        """The segments of these names, in order."""
        return [segment for segment in self.segments if segment.name in names]

    def first(self, name: str) -> Segment:
        """The first segment of a name; an empty one when the message has none."""
        return next((segment for segment in self.segments if segment.name == name), _NO_SEGMENT)


_NO_SEGMENT = Segment("", [], Unescape(Separators("|", "^", "~", "\\", "&")))


def declared_charset(body: bytes) -> str:
    """MSH-18 (first repetition) of the bytes of a message, or ""."""
    start = body[:8192]
    place = start.upper().find(b"MSH")
    if place < 0:
        return ""
    header = re.split(rb"[\r\n]", start[place:], maxsplit=1)[0]
    if len(header) < 4:
        return ""
    fields = header.split(header[3:4])
    return re.split(rb"[^A-Za-z0-9 /_-]", fields[17])[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""


def parse_message(body: bytes) -> Message | Problem:
    """One message as segments, or why it cannot be one."""
    decoded = decode(body, declared_charset(body))
    notes = list(decoded.notes)
    text = decoded.text
    if sum(map(text.count, _TERMINATORS)) > _MOST_LINES:
        return TOO_MANY_PARTS
    lines = [line for line in text.splitlines() if line.strip()]
    start = next((place for place, line in enumerate(lines) if _OPENING.match(line)), -1)
    if start < 0:
        return _NO_HEADER
    if start:
        notes.append(Note(code="text_before_header", text="Text before the MSH segment was left out."))
    if "\n" in text.strip("\r\n\x0b\x1c ") or "\x85" in text or "\u2028" in text:
        notes.append(
            Note(
                code="segment_terminators",
                text="Segments did not end with a carriage return alone; they were split at line ends.",
            )
        )
    if any(mark in text for mark in "\x0b\x1c"):
        notes.append(Note(code="framing_removed", text="MLLP framing characters inside the message were removed."))
    header = lines[start].lstrip()
    separators = _separators(header, notes)
    if isinstance(separators, Problem):
        return separators
    field, rest = separators.field, header[4:].partition(header[3])[2]
    encoding = separators.component + separators.repetition + separators.escape + separators.subcomponent
    if re.search(rf"(?:PID|RF1|PRD|EVN|PV1){re.escape(field)}", rest) and not any(line.startswith("PID") for line in lines):
        return _ONE_SEGMENT
    segments = _segments(lines[start + 1 :], separators, notes)
    plain = "\r".join([f"MSH{field}{encoding}{field}{rest}", *segments])
    if sum(map(plain.count, "\r" + field + encoding.replace(separators.escape, ""))) > MOST_PARTS:
        return TOO_MANY_PARTS
    try:
        parsed = hl7.parse(plain)
    except Exception as error:
        # The header was checked; should the library still fail, the message is refused and not the process stopped.
        return Problem("not_hl7", f"The HL7 parser could not read the message ({type(error).__name__}). Send it again.")
    unescape = Unescape(separators)
    return Message(tuple(Segment(str(one[0])[:3], list(one), unescape) for one in parsed if len(one)), tuple(notes))


def _separators(header: str, notes: list[Note]) -> Separators | Problem:
    field = header[3]
    encoding, found, _ = header[4:].partition(field)
    if not found:
        return _BAD_HEADER
    usable = all(not char.isalnum() and char.isprintable() and char != " " for char in encoding)
    if not encoding or not usable or len(set(encoding)) < len(encoding) or len(encoding) > 5:
        notes.append(
            Note(code="separators_repaired", field="MSH-2", text="MSH-2 is not usable; the usual separators were taken.")
        )
        encoding = _USUAL
    encoding = encoding[:4] + _unused(encoding, field)[: 4 - len(encoding[:4])]
    return Separators(field, *encoding[:4])


def _unused(encoding: str, field: str) -> str:
    """The usual characters for the places that a short MSH-2 leaves open, none of them used already."""
    wanted = [char for char in _USUAL[len(encoding) :] if char not in encoding and char != field]
    spare = [char for char in "\x01\x02\x03\x04" if char not in encoding]
    return "".join([*wanted, *spare])


def _segments(lines: list[str], separators: Separators, notes: list[Note]) -> list[str]:
    """Lines as segments. A line that does not begin like one belongs to the text before it."""
    name = re.compile(rf"[ \t]*([A-Za-z][A-Za-z0-9]{{2}})(?:{re.escape(separators.field)}|[ \t]*$)")
    line_break = f"{separators.escape}.br{separators.escape}"
    found: list[list[str]] = []
    for line in lines:
        begins = name.match(line)
        if begins:
            plain = line.lstrip()
            if not plain[:3].isupper() and not plain[:3].isdigit():
                notes.append(_SPELLING)
            found.append([plain[:3].upper() + plain[3:]])
        elif found:
            notes.append(_JOINED)
            document = found[-1][0].startswith("OBX") and _BASE64_LINE.fullmatch(line.strip())
            found[-1].append(line.strip() if document else line_break + line.strip())
    return ["".join(parts) for parts in found]


_JOINED = Note(code="line_break_in_field", text="A line break stood inside a field; the line was joined to the one before.")
_SPELLING = Note(code="segment_name_case", text="A segment name was not in capitals.")
