"""XML is read whatever encoding it claims, never followed anywhere, and refused with a reason when it defines anything."""

import pytest

from connectors.decoding import Problem
from connectors.safe_xml import XmlDocument, local_name, read_xml


def parsed(body: bytes) -> XmlDocument:
    document = read_xml(body)
    assert isinstance(document, XmlDocument), document
    return document


def test_a_plain_document_is_read_without_notes() -> None:
    document = parsed(b'<?xml version="1.0"?>\n<n:a xmlns:n="urn:x"><b>1</b></n:a>')
    assert (local_name(document.root), document.root[0].text, document.notes) == ("a", "1", ())


@pytest.mark.parametrize(
    "body",
    [
        '<?xml version="1.0" encoding="UTF-16"?><a>café</a>'.encode("utf-16"),
        '<?xml version="1.0" encoding="iso-8859-1"?><a>café</a>'.encode("latin-1"),
        '<?xml version="1.0" encoding="utf-8"?><a>café</a>'.encode("cp1252"),
        '\ufeff<?xml version="1.0"?><a>café</a>'.encode(),
    ],
)
def test_the_text_is_right_whatever_is_declared(body: bytes) -> None:
    assert parsed(body).root.text == "café"


def test_what_people_forget_to_escape_is_read_and_noted() -> None:
    document = parsed(b"<a>A&E &nbsp;ward <![CDATA[R&D]]> &unknown; \x01</a>")
    assert document.root.text == "A&E \xa0ward R&D &unknown; "
    assert {note.code for note in document.notes} == {"bare_ampersand", "html_entity", "control_characters"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"<a><b></a>", "not_xml"),
        (b"<a><b>", "incomplete_xml"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "xml_dtd_refused"),
        (b'<!DOCTYPE a SYSTEM "http://example.org/a.dtd"><a/>', "xml_dtd_refused"),
        (b"<a>" * 100 + b"</a>" * 100, "too_deep"),
        (b"<a>" + b"<b/>" * 400_000 + b"</a>", "too_many_parts"),
    ],
)
def test_what_cannot_be_read_has_a_code_and_a_reason(body: bytes, code: str) -> None:
    document = read_xml(body)
    assert isinstance(document, Problem)
    assert document.code == code and document.reason.endswith(".")
