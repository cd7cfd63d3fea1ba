"""Files inside a message: what they are is told on, their bytes stay in the stored message."""

import base64
import binascii
import hashlib

from connectors.fields.groups import Document
from schemas.reading import Attachment, Note


def attachment_of(document: Document, notes: list[Note]) -> Attachment:
    """Type, name, size in bytes and SHA-256 of a file given as base64 (or as a data URL); of its text when it is no base64."""
    content, content_type = document.content, document.content_type
    if content.startswith("data:"):
        head, _, content = content.partition(",")
        content_type = content_type or head[5:].partition(";")[0]
    try:
        body = base64.b64decode("".join(content.split()), validate=True)
    except (binascii.Error, ValueError):
        body = content.encode("utf-8", "replace")
        notes.append(
            Note(code="attachment_not_base64", field="attachments", text="A document is not base64; its text was taken.")
        )
    digest = hashlib.sha256(body).hexdigest()
    return Attachment(content_type=content_type[:100], size=len(body), sha256=digest, file_name=document.file_name)
