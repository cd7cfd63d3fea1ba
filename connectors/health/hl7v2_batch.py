"""Several HL7 v2 messages in one body (batch files, or messages one after the other), and the framing around them."""

import re

from connectors.decoding import decode

MOST_MESSAGES = 5_000
"""Messages of one body; a body with more is left whole, and then refused by the reader."""

HEADER = re.compile(rb"(?:^|(?<=[\r\n\x0b\x1c\x0c]))[ \t]*(?i:MSH)(?=[^A-Za-z0-9\s])")
_BATCH_SEGMENT = re.compile(rb"(?:^|(?<=[\r\n\x0b\x1c\x0c]))[ \t]*(?:FHS|BHS|BTS|FTS)(?=[^A-Za-z0-9\s]|[\r\n]|$)[^\r\n]*[\r\n]*")
_FRAMING = b"\x0b\x1c\r\n \t"


def split_messages(body: bytes) -> list[bytes]:
    """The messages of a body, each from its MSH on, without batch segments (FHS, BHS, BTS, FTS) and MLLP framing.

    A body that is one message without batch segments comes back as it is, byte for byte, and so does a body without any
    MSH. Nothing else is ever left out: text before the first MSH stays with the first message.
    """
    plain = body
    decoded = decode(body[:4096])
    if decoded.encoding.startswith("utf-16") or decoded.encoding.startswith("utf-32"):
        plain = decode(body).text.encode("utf-8")
    starts = [match.start() for match, _ in zip(HEADER.finditer(plain), range(MOST_MESSAGES + 1), strict=False)]
    if not starts or len(starts) > MOST_MESSAGES:
        return [body]
    if len(starts) == 1 and not _BATCH_SEGMENT.search(plain):
        return [body]
    edges = [0, *starts[1:], len(plain)]
    found = []
    for start, end in zip(edges, edges[1:], strict=False):
        message = _BATCH_SEGMENT.sub(b"", plain[start:end]).strip(_FRAMING)
        if message:
            found.append(message + b"\r")
    return found or [body]
