"""Messages damaged as wires, disks, editors and mistaken programs damage them; the same seed gives the same mutant."""

import copy
import io
import json
import random
import re
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

_FRAGMENTS = (
    b"\x00", b"\xff", b'"', b"{", b"[", b"}", b"]", b"<", b">", b"</", b"&", b"|", b"^", b"~", b"\\", b"\r", b"\n", b"\x0b",
    b"\x1c",
    b"MSH|", b"PID|", b"null", b"true", b"1e999", b"-1", b"9" * 400, b"]]>", b"<![CDATA[", b"<!DOCTYPE a>",
    b"<!ENTITY a 'b'>", b"&#0;",
    b"\\ud800", b"\\u0000", b"\xef\xbb\xbf", b"\xff\xfe", b"18990101", b"20260230", b"{}", b"[]", b'""', b"\\X41\\", b"'", b";",
    b",",
    b"\t", b"=cmd|' /C calc'!A0", b'{"a":' * 70, b"<a>" * 70, b"PK\x03\x04", b"\x85", "\u2028".encode(), "\u202e".encode(),
    b"%s%n",
    b"${jndi:x}", b"../../", b"undefined", b"NaN", b"a" * 5000,
)  # fmt: skip
_LEAF = re.compile(r'<([A-Za-z]+)(?: [a-z]+="[^"<]*")*(?:/>|>[^<]*</\1>)')
_VALUE = re.compile(r'(="|>)([^"<]*)("|<)')
_ENCODINGS = ("utf-16", "utf-16-be", "utf-32", "cp1252", "utf-8-sig")


_JUNK: tuple[Any, ...] = (
    None, 0, -1, 1e308, 10**30, True, "", [], {}, [[]], [{}], "x" * 500, ["a", None, {}], "2019-13-45", "18990101",
    "\x00\ufffd",
    "٣", "red", "Unborn", {"value": {"value": 1}}, {"resourceType": "Patient"}, {"reference": "#x"}, {"name": "A B"}, "=1+1",
    "NHS",
    "Jane (mother), 07700 900123", "risk_assessed", {"1": {"name": "A B"}}, "cancel", "9" * 50,
)  # fmt: skip


def mutant(messages: Sequence[bytes], seed: int) -> bytes:
    """One of the messages with one to six places damaged: its bytes, or as often its values, so that the damage gets past
    the parser. A workbook is mostly damaged inside."""
    dice = random.Random(seed)
    body = dice.choice(messages)
    if body.startswith(b"PK") and dice.random() < 0.7:
        return _workbook(body, dice)
    if body.lstrip()[:1] in (b"{", b"[") and dice.random() < 0.5:
        return _tree(body, dice)
    if body.lstrip()[:1] == b"<" and dice.random() < 0.5:
        return _markup(body, dice)
    return _damaged(body, messages, dice)


def _tree(body: bytes, dice: random.Random) -> bytes:
    """JSON with other values, repeated, renamed and missing parts."""
    holder = [json.loads(body)]
    for _ in range(dice.randint(1, 6)):
        spots = [(node, key) for node in _nodes(holder) for key in (node if isinstance(node, dict) else range(len(node)))]
        node, key = dice.choice(spots)
        other, other_key = dice.choice(spots)
        match dice.randrange(5):
            case 0:
                node[key] = copy.deepcopy(dice.choice(_JUNK))
            case 1:
                node[key] = [copy.deepcopy(node[key])] * dice.randint(0, 3)
            case 2:
                node[key] = copy.deepcopy(other[other_key])
            case 3 if isinstance(node, dict):
                node[str(other_key)] = node.pop(key)
            case 4 if node is not holder:
                del node[key]
    return json.dumps(holder[0], ensure_ascii=dice.random() < 0.5).encode("utf-8", "replace")


def _nodes(holder: Any) -> Iterator[Any]:
    waiting = [holder]
    while waiting:
        node = waiting.pop()
        yield node
        inside = node.values() if isinstance(node, dict) else node
        waiting.extend(part for part in inside if isinstance(part, dict | list) and part)


def _markup(body: bytes, dice: random.Random) -> bytes:
    """XML that is still well formed, with other texts, repeated and missing elements without inner ones."""
    text = body.decode()
    for _ in range(dice.randint(1, 6)):
        found = list(_LEAF.finditer(text))
        if not found:
            break
        one, other = dice.choice(found), dice.choice(found)
        match dice.randrange(4):
            case 0:
                said = escape(str(dice.choice(_JUNK)).replace("\x00", ""), {'"': "&quot;"})
                new = _VALUE.sub(lambda at, said=said: f"{at.group(1)}{said}{at.group(3)}", one.group(0), count=1)  # type: ignore[misc]
            case 1:
                new = one.group(0) * dice.randint(0, 4)
            case 2:
                new = other.group(0)
            case _:
                new = f"<{one.group(1)}>{other.group(0)}</{one.group(1)}>"
        text = text[: one.start()] + new + text[one.end() :]
    return text.encode()


def _damaged(body: bytes, messages: Sequence[bytes], dice: random.Random) -> bytes:
    made = bytearray(body)
    for _ in range(dice.randint(1, 6)):
        start = dice.randrange(len(made) + 1)
        end = min(len(made), start + dice.choice((1, 2, 8, 60, 400)))
        match dice.randrange(10):
            case 0 if made:
                made[min(start, len(made) - 1)] ^= dice.randint(1, 255)
            case 1:
                del made[start:end]
            case 2:
                made[start:start] = made[start:end] * dice.randint(1, 4)
            case 3 | 4:
                made[start:start] = dice.choice(_FRAGMENTS)
            case 5:
                made[start:end] = dice.choice(_FRAGMENTS)
            case 6:
                made[start:end] = dice.randbytes(end - start)
            case 7 if dice.random() < 0.3:
                del made[start:]
            case 8:
                other = dice.choice(messages)
                place = dice.randrange(len(other) + 1)
                made[start:start] = other[place : place + 300]
            case 9 if dice.random() < 0.2:
                made = bytearray(bytes(made).decode("utf-8", "replace").encode(dice.choice(_ENCODINGS), "replace"))
    return bytes(made)


def _workbook(body: bytes, dice: random.Random) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        hurt = dice.choice(names)
        for name in names:
            content = old.read(name)
            if name == hurt:
                content = _damaged(content, [content], dice)
            if name != hurt or dice.random() < 0.9:
                new.writestr(name, content)
    return made.getvalue()
