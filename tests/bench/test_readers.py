"""Damaged messages of every kind are read as promised, a broken promise is told, and every reader and writer is measured."""

import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from bench.readers import fuzz as fuzzing
from bench.readers.__main__ import readers, writers
from bench.readers.fuzz import fuzz
from bench.readers.mutants import mutant
from bench.readers.samples import KINDS, kind
from connectors.registry import CONVERSIONS, reader
from schemas.reading import Hint, Reading


@pytest.mark.parametrize("name", KINDS)
def test_every_mutant_is_one_reading(name: str) -> None:
    result = fuzz(name, 15, 1)
    assert (result.faults, result.slow, sum(result.outcomes.values())) == ({}, {}, 15)


@pytest.mark.parametrize("name", KINDS)
def test_the_messages_are_whole_before_they_are_damaged(name: str) -> None:
    """Otherwise the mutants would say little."""
    messages = kind(name)
    outcomes = {reader(messages.agency)(body, Hint()).outcome for body in messages.messages}
    assert outcomes & {"contact", "case_events", "not_a_contact"}


def test_a_seed_gives_its_mutant_again_and_mutants_differ() -> None:
    for name in KINDS:
        messages = kind(name).messages
        if not messages[0].startswith(b"PK"):  # a zip has the time in it
            assert [mutant(messages, seed) for seed in range(20)] == [mutant(messages, seed) for seed in range(20)]
        assert len({mutant(messages, seed) for seed in range(20)}) > 15


def test_half_of_the_mutants_of_a_document_get_past_its_parser() -> None:
    read = 0
    for seed in range(100):
        try:
            json.loads(mutant(kind("police JSON").messages, seed))
            read += 1
        except ValueError:
            pass
    assert read > 30


class Broken:
    """A reader that keeps none of its promises, each for some seeds."""

    def __init__(self) -> None:
        self._turns: Iterator[int] = iter(range(100))

    def __call__(self, body: bytes, hint: Hint) -> Reading:
        match next(self._turns) % 3:
            case 0:
                raise zipfile.BadZipFile
            case 1:
                return Reading(outcome="contact")
            case _:
                return Reading(outcome="quarantined", reason_code="empty", reason="The message is empty.")


def test_a_reader_that_breaks_its_promises_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "reader", lambda agency: Broken())
    result = fuzz("police JSON", 6, 10)
    assert result.faults == {10: "BadZipFile", 11: "AssertionError", 13: "BadZipFile", 14: "AssertionError"}
    assert (result.outcomes, result.kept) == ({"quarantined": 2}, False)


def test_every_reader_and_writer_is_measured_beside_a_plain_library() -> None:
    def check(rows: Iterator[dict[str, Any]]) -> set[str]:
        found = list(rows)
        assert all(row["per_second"] > 0 and row["us"] > 0 and row["plain_us"] >= 0 for row in found)
        return {row["what"] for row in found}

    assert check(readers(0)) == set(KINDS)
    assert {what.split()[-1] for what in check(writers(0))} >= set(CONVERSIONS)
