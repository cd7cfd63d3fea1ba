"""Documents inside FHIR messages: counted, hashed and taken out before anything else reads the message."""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

from connectors.decoding import LONGEST_TEXT, decode, one_line, plain_file_name, whole_text
from connectors.health.fhir_values import Node, text, whole_number
from schemas.reading import Attachment, Note

MOST_ATTACHMENTS = 100

_HOLDERS = frozenset({"attachment", "contentattachment", "valueattachment", "photo", "content", "image"})
_STUB = "AAAA"


@dataclass(frozen=True, slots=True)
class FoundAttachment:
    """A document and the resource it stood in (the outermost that is no Bundle). `words` are those of plain text."""

    attachment: Attachment
    owner: Node
    words: str = ""


def take_attachments(root: Node, notes: list[Note]) -> list[FoundAttachment]:
    """Describe every base64 document of a message and put a few characters in its place, in the given tree itself.

    A document that only has a web address is described as far as the message says; nothing is fetched.
    """
    found: list[FoundAttachment] = []
    waiting: list[tuple[Any, str, Node]] = [(root, "", root)]
    while waiting:
        node, name, owner = waiting.pop()
        if isinstance(node, list):
            waiting.extend((item, name, owner) for item in reversed(node) if isinstance(item, dict | list))
            continue
        kind = node.get("resourceType")
        if isinstance(kind, str) and kind not in ("Bundle", "Parameters") and _outermost(owner):
            owner = node
        described = _describe(node, name, notes)
        if described and len(found) < MOST_ATTACHMENTS:
            attachment, words = described
            found.append(FoundAttachment(attachment, owner, words))
        waiting.extend((value, key, owner) for key, value in reversed(node.items()) if isinstance(value, dict | list))
    return found


def _outermost(owner: Node) -> bool:
    return owner.get("resourceType") in ("Bundle", "Parameters") or "resourceType" not in owner


def _describe(node: Node, name: str, notes: list[Note]) -> tuple[Attachment, str] | None:
    content_type, data = text(node, "contentType"), node.get("data")
    described = Attachment(content_type=content_type[:100], file_name=plain_file_name(text(node, "title")))
    document = name.casefold() in _HOLDERS or node.get("resourceType") == "Binary" or bool(content_type)
    if not document:
        return None
    if isinstance(data, str) and data:
        node["data"] = _STUB
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (binascii.Error, ValueError):
            notes.append(
                Note(code="attachment_unreadable", field=name, text="A document is not valid base64; please send it again.")
            )
            return described, ""
        plain = content_type.casefold().startswith("text/plain")
        words = whole_text(decode(content[: 2 * LONGEST_TEXT]).text) if plain else ""
        digest = hashlib.sha256(content).hexdigest()
        return described.model_copy(update={"size": len(content), "sha256": digest}), words
    if one_line(node.get("url")) and (content_type or name.casefold().endswith("attachment")):
        notes.append(
            Note(code="attachment_elsewhere", field=name, text="A document was sent as a link only; the hub does not fetch it.")
        )
        return described.model_copy(update={"size": max(0, whole_number(node.get("size"), 0))}), ""
    return None
