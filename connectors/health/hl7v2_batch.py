"""Several HL7 v2 messages in one body (batch files, or messages one after the other), and the framing around them."""

import re
from collections.abc import Iterator

from connectors.decoding import decode

MOST_MESSAGES = 5_000
"""Messages of one body; a body with more is left whole, and then refused by the reader."""

_MOST_CANDIDATES = 100_000
"""Places of a body that are looked at for a segment's beginning: a bound on time for bodies made to be slow."""

_BATCH_NAMES = (b"FHS", b"BHS", b"BTS", b"FTS")
_MESSAGE = re.compile(rb"MSH(?=[^A-Za-z0-9\s])")
_SMALL_LETTERS = re.compile(rb"msh(?=[^A-Za-z0-9\s])")
_BATCH_SEGMENT = re.compile(rb"(?:FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s]|[\r\n]|\Z)[^\r\n]*[\r\n]*")
_LINE_ENDS = b"\r\n\x0b\x0c\x1c"
_FRAMING = _LINE_ENDS + b" \t"


def split_messages(body: bytes) -> list[bytes]:
    """The messages of a body, each from its MSH on, without batch segments (FHS, BHS, BTS, FTS) and MLLP framing.

    A body that is one message without batch segments comes back as it is, byte for byte, and so does a body without any
    MSH. Nothing else is ever left out: text before the first MSH stays with the first message.
    """
    plain = body
    encoding = decode(body[:4096]).encoding
    if encoding.startswith(("utf-16", "utf-32")):
        plain = decode(body).text.encode("utf-8")
    if plain.count(b"MSH") + plain.count(b"msh") + sum(map(plain.count, _BATCH_NAMES)) > _MOST_CANDIDATES:
        return [body]
    starts = _line_starts(plain, _MESSAGE) or _line_starts(plain, _SMALL_LETTERS)
    if not starts or len(starts) > MOST_MESSAGES:
        return [body]
    if len(starts) == 1 and not any(name in plain for name in _BATCH_NAMES):
        return [body]
    edges = [0, *starts[1:], len(plain)]
    pieces = [plain[start:end] for start, end in zip(edges, edges[1:], strict=False)]
    bare = [_without_batch_segments(piece) for piece in pieces]
    if len(starts) == 1 and bare == pieces:
        return [body]
    return [message + b"\r" for message in (piece.strip(_FRAMING) for piece in bare) if message] or [body]


def _at_line_start(text: bytes, place: int) -> bool:
    before = text[max(0, place - 20) : place].rstrip(b" \t")
    return before[-1:] in tuple(bytes([end]) for end in _LINE_ENDS) if before else place <= 20


def _matches(text: bytes, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    return (match for match in pattern.finditer(text) if _at_line_start(text, match.start()))


def _line_starts(text: bytes, pattern: re.Pattern[bytes]) -> list[int]:
    """Where segments of this name begin; no more than one above the limit."""
    limited = zip(_matches(text, pattern), range(MOST_MESSAGES + 1), strict=False)
    return [match.start() for match, _ in limited]


def _without_batch_segments(message: bytes) -> bytes:
    if not any(name in message for name in _BATCH_NAMES):
        return message
    kept, end = [], 0
    for match in _matches(message, _BATCH_SEGMENT):
        kept.append(message[end : match.start()])
        end = match.end()
    return b"".join([*kept, message[end:]])
