"""Framing: whatever the network does with the bytes, the messages are the same."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from connectors.edge import KEPT_OF_TOO_LARGE
from connectors.room import Room
from connectors.transports.mllp_frame import Frame, FrameDecoder, framed

BODIES = st.lists(st.binary(max_size=60).filter(lambda body: b"\x1c\r" not in body), max_size=6)
BETWEEN = st.binary(max_size=10).map(lambda noise: noise.replace(b"\x0b", b""))


def whole_room() -> Room:
    return Room(10_000_000)


def fed(decoder: FrameDecoder, data: bytes, cuts: list[int]) -> list[Frame]:
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    frames: list[Frame] = []
    for start, end in zip(places, places[1:], strict=False):
        frames += decoder.feed(data[start:end])
    return frames


@given(BODIES, st.lists(BETWEEN, min_size=7, max_size=7), st.lists(st.integers(0, 500), max_size=40))
def test_messages_come_out_as_they_went_in_however_the_bytes_are_cut(
    bodies: list[bytes], noise: list[bytes], cuts: list[int]
) -> None:
    data = noise[0] + b"".join(framed(body) + noise[index + 1] for index, body in enumerate(bodies))
    decoder = FrameDecoder(1000, whole_room())
    frames = fed(decoder, data, cuts)
    assert [frame.body for frame in frames] == bodies
    assert decoder.garbage == sum(len(part.translate(None, b"\r\n")) for part in noise[: len(bodies) + 1])


@given(BODIES.filter(bool))
def test_one_byte_at_a_time_is_the_same(bodies: list[bytes]) -> None:
    data = b"".join(framed(body) for body in bodies)
    frames = fed(FrameDecoder(1000, whole_room()), data, list(range(len(data))))
    assert [frame.body for frame in frames] == bodies


@given(st.integers(1, 300), st.integers(1, 50))
def test_of_a_message_above_the_limit_the_beginning_the_size_and_the_digest_are_known(extra: int, piece: int) -> None:
    limit = KEPT_OF_TOO_LARGE + 100
    body = bytes(index % 11 for index in range(limit + extra))
    data = framed(body) + framed(b"the next")
    decoder = FrameDecoder(limit, whole_room())
    frames = fed(decoder, data, list(range(0, len(data), piece * 1000)))
    assert [frame.too_large for frame in frames] == [True, False]
    assert frames[0].body == body[:KEPT_OF_TOO_LARGE]
    assert frames[0].size == len(body)
    assert frames[0].digest == hashlib.sha256(body).hexdigest()
    assert frames[1].body == b"the next"


def test_without_room_a_message_is_refused_and_the_next_is_taken() -> None:
    room = Room(100)
    decoder = FrameDecoder(1000, room)
    frames = decoder.feed(framed(b"x" * 500) + framed(b"small"))
    assert [frame.no_room for frame in frames] == [True, False]
    assert frames[0].held == 0
    assert frames[1].body == b"small"
    room.give_back(frames[1].held)
    assert room.take(100)


def test_an_unfinished_message_gives_its_room_back() -> None:
    room = Room(100)
    decoder = FrameDecoder(1000, room)
    assert decoder.feed(b"\x0b" + b"x" * 80) == []
    assert not room.take(30)
    decoder.abandon()
    assert room.take(100)
