"""Bytes become text and JSON whatever the sender's system did to them; what is repaired is noted, what is not has a reason."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.decoding import (
    DEEPEST,
    LONGEST_LINE,
    JsonDocument,
    Problem,
    decode,
    one_line,
    plain_file_name,
    read_json,
    whole_text,
)

TEXT = "Zoë’s café costs £5"


def parsed(body: bytes) -> JsonDocument:
    document = read_json(body)
    assert isinstance(document, JsonDocument), document
    return document


def problem(body: bytes) -> str:
    document = read_json(body)
    assert isinstance(document, Problem)
    assert document.reason.endswith(".")
    return document.code


def codes(document: JsonDocument) -> list[str]:
    return [note.code for note in document.notes]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_recognised_with_and_without_a_mark(encoding: str) -> None:
    decoded = decode((TEXT * 5).encode(encoding))
    assert (decoded.text, decoded.notes) == (TEXT * 5, ())


def test_windows_1252_is_the_fallback_and_is_noted() -> None:
    decoded = decode(TEXT.encode("cp1252"))
    assert decoded.text == TEXT
    assert [note.code for note in decoded.notes] == ["encoding_windows_1252"]


@pytest.mark.parametrize("name", ["iso-8859-1", "8859/1", "Windows-1252", '"latin1"'])
def test_a_declared_8_bit_encoding_needs_no_note(name: str) -> None:
    assert decode(TEXT.encode("cp1252"), name).notes == ()


def test_a_wrong_declaration_is_put_right_and_noted() -> None:
    decoded = decode(TEXT.encode(), "8859/1")
    assert decoded.text == TEXT
    assert [note.code for note in decoded.notes] == ["encoding_misdeclared"]
    assert [note.code for note in decode(TEXT.encode(), "klingon").notes] == ["encoding_unknown"]


def test_one_bad_byte_does_not_turn_good_utf_8_into_something_else() -> None:
    decoded = decode(TEXT.encode() + b"\xff" + TEXT.encode())
    assert decoded.text == f"{TEXT}\ufffd{TEXT}"
    assert [note.code for note in decoded.notes] == ["bytes_replaced"]


def test_nul_characters_are_removed_with_a_note() -> None:
    decoded = decode(b"a\x00bcdefgh")
    assert (decoded.text, decoded.notes[0].code) == ("abcdefgh", "nul_removed")


@given(st.binary(max_size=200), st.sampled_from(["", "utf-8", "utf-16", "8859/1", "x", "ascii"]))
def test_any_bytes_are_text_that_can_be_stored(body: bytes, declared: str) -> None:
    decode(body, declared).text.encode("utf-8")


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


WORDS_OF_JSON = WORDS | st.sampled_from([",]", '",}', '\\",]', ", }"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**15), 10**15) | WORDS_OF_JSON,
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(WORDS_OF_JSON, inner, max_size=5),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_good_json_is_what_the_standard_says_also_with_a_comma_before_a_closing_bracket(value: object) -> None:
    written = json.dumps(value, indent=1)
    assert parsed(written.encode()).value == value
    # Written in ASCII, a line break is never inside a string.
    with_commas = re.sub(r"(?<![\[{])(\n *[\]}])", r",\1", written)
    document = parsed(with_commas.encode())
    assert document.value == value
    assert codes(document) == (["trailing_comma"] if with_commas != written else [])


def test_repeated_keys_keep_the_last_value_that_is_not_empty() -> None:
    document = parsed(b'{"name":"a","name":"b","name":"","dob":"x","dob":null}')
    assert document.value == {"name": "b", "dob": "x"}
    assert codes(document) == ["repeated_key"]


def test_numbers_out_of_range_become_text() -> None:
    document = parsed(b'{"a":1e999,"b":' + b"9" * 5_000 + b',"c":NaN,"d":12}')
    assert document.value == {"a": "1e999", "b": "9" * LONGEST_LINE, "c": "NaN", "d": 12}
    assert codes(document) == ["number_out_of_range"]


def test_lone_surrogates_and_nuls_in_strings_cannot_travel() -> None:
    document = parsed(b'{"a\\ud800\\u0000":["x\\ud800y\\u0000z"]}')
    assert document.value == {"a\ufffd": ["x\ufffdyz"]}


def test_raw_line_breaks_in_strings_and_text_after_the_end_are_tolerated() -> None:
    document = parsed(b'{"note":"line\nbreak"} ok')
    assert document.value == {"note": "line\nbreak"}
    assert codes(document) == ["trailing_text"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b'{"a":', "incomplete_json"),
        (b'{"a":"b', "incomplete_json"),
        (b'{"a" 1, "b": 2}', "not_json"),
        (b'{"a": [1,], "b" 2}', "not_json"),
        (b'{"a": [1,], "b": "cut,]', "incomplete_json"),
        (b'{"a":1}{"b":2}', "several_documents"),
        (b"[" * 100_000, "too_deep"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "too_deep"),
        (b"[" + b"0," * 400_000 + b"0]", "too_many_parts"),
        (b" " * (41 * 1024 * 1024), "too_large"),
    ],
)
def test_what_cannot_be_read_has_a_code_and_a_reason(body: bytes, code: str) -> None:
    assert problem(body) == code


def test_commas_in_a_long_text_are_not_parts() -> None:
    assert parsed(b'{"note":"' + b"a, " * 400_000 + b'"}').value["note"].startswith("a, a, ")


def test_a_reason_tells_where_and_never_what() -> None:
    document = read_json(b'{"name":"Lily Sample"\n"dob" 1}')
    assert isinstance(document, Problem)
    assert "line 2" in document.reason and "Lily" not in document.reason


@pytest.mark.parametrize(
    ("value", "line"),
    [("  a \r\n b\t", "a b"), (True, "true"), (12, "12"), (None, ""), ({"a": 1}, ""), ("a\x07\x00b", "ab"), ("e\u0301", "é")],
)
def test_one_line_is_one_clean_line(value: object, line: str) -> None:
    assert one_line(value) == line


def test_free_text_keeps_its_lines_and_is_bounded() -> None:
    assert whole_text("a\r\nb\rc\x0b") == "a\nb\nc"
    assert len(whole_text("x" * 1_000, limit=10)) == 10
    assert len(one_line("\u0301" * 100_000)) <= LONGEST_LINE


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("C:\\fakepath\\bruise 3.jpg", "bruise 3.jpg"), ("photos/bruise.jpg", "bruise.jpg"), ("Letter of 3/6", "Letter of 3-6"),
        ("../../etc/passwd", "-..-etc-passwd"), ("..", ""), ("a\r\nX: y.jpg", "a X: y.jpg"), ("gpj\u202eexe.jpg", "gpjexe.jpg"),
        ("x" * 400 + ".jpg", "x" * 251 + ".jpg"), (None, ""), (["x"], ""),
    ],
)  # fmt: skip
def test_a_file_name_leads_to_no_folder_and_keeps_its_ending(sent: object, name: str) -> None:
    assert plain_file_name(sent) == name
