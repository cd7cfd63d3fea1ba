"""HL7 v2 put together: fields escaped, components and segments joined, empty ends left out."""

from collections.abc import Sequence

from connectors.decoding import whole_text

MARKS = "^~\\&"
"""Component, repetition, escape and subcomponent separators."""

_CODES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\n": "\\.br\\"})


def escaped(text: str) -> str:
    """Text as part of a field; a line end becomes the formatting code for one."""
    return whole_text(text).translate(_CODES)


def field(*components: str) -> str:
    """A field of components, each escaped, without empty ones at its end."""
    return "^".join(escaped(part) for part in components).rstrip("^")


def repeated(fields: Sequence[str]) -> str:
    """A field that repeats; `fields` are ready made."""
    return "~".join(filter(None, fields))


def segment(name: str, **numbered: str) -> str:
    """A segment by field numbers, `segment("PID", f1="1", f5=field("Sample", "Robin"))`; fields are ready made."""
    last = max((int(key[1:]) for key, value in numbered.items() if value), default=0)
    return "|".join([name, *(numbered.get(f"f{number}", "") for number in range(1, last + 1))])


def message(segments: Sequence[str]) -> bytes:
    """A whole message in UTF-8, every segment ended by CR."""
    return "".join(f"{one}\r" for one in segments if one).encode()


def header(message_type: str, written: str, control_id: str, *, receiver: tuple[str, str] = ("", ""), sender: str = "") -> str:
    """MSH of version 2.4 in UTF-8. `written` is MSH-7 ready made; `sender` is MSH-4, `receiver` MSH-5 and -6."""
    places = ["FRONTDOOR", escaped(sender), escaped(receiver[0]), escaped(receiver[1])]
    known = [written, "", message_type, escaped(control_id)[:199], "P", "2.4"]
    return "|".join(["MSH", MARKS, *places, *known, "", "", "", "", "", "UNICODE UTF-8"])
