"""MLLP framing: 0x0B, the message, 0x1C 0x0D. Bytes in, messages out; it never looks inside."""

import hashlib
from dataclasses import dataclass

from connectors.edge import KEPT_OF_TOO_LARGE
from connectors.room import Room

START, END, CARRIAGE_RETURN = b"\x0b", b"\x1c", b"\x0d"
#: Bytes between two frames that mean nothing and are not worth a note: line ends that some engines add.
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """One message as it stood between its frame bytes, or the beginning of one that could not be kept whole.

    `too_large`: above the limit. `no_room`: within the limit, but too much was unfinished at that moment.
    `digest` (SHA-256, hex) is over the whole message of `size` bytes. `held` bytes of the room go back when it is done.
    """

    body: bytes
    size: int
    too_large: bool = False
    no_room: bool = False
    digest: str = ""
    held: int = 0


def framed(body: bytes) -> bytes:
    """`body` in a frame. It must not hold the two bytes that end a frame."""
    return START + body + END + CARRIAGE_RETURN


class FrameDecoder:
    """Takes the bytes of one connection in pieces of any size. `garbage` counts bytes outside frames."""

    def __init__(self, limit: int, room: Room) -> None:
        self._limit = limit
        self._room = room
        self._body = bytearray()
        self._size = 0
        self._held = 0
        self._whole = True
        self._no_room = False
        self._digest = hashlib.sha256()
        self._end_seen = False
        self.inside = False
        self.garbage = 0

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes."""
        frames: list[Frame] = []
        position = 0
        while position < len(data):
            if not self.inside:
                position = self._skip(data, position)
            elif self._end_seen:
                self._end_seen = False
                if data[position] == CARRIAGE_RETURN[0]:
                    frames.append(self._finish())
                    position += 1
                else:
                    self._add(END)
            else:
                found = data.find(END, position)
                stop = len(data) if found < 0 else found
                self._add(data[position:stop])
                self._end_seen = found >= 0
                position = stop + 1
        return frames

    def abandon(self) -> None:
        """The connection ended: give back what an unfinished frame holds."""
        self._room.give_back(self._held)
        self._held = 0

    def _skip(self, data: bytes, position: int) -> int:
        found = data.find(START, position)
        stop = len(data) if found < 0 else found
        self.garbage += len(data[position:stop].translate(None, _LINE_ENDS))
        self.inside = found >= 0
        return stop + 1

    def _add(self, data: bytes) -> None:
        self._size += len(data)
        if self._whole and self._size <= self._limit and self._room.take(len(data)):
            self._body += data
            self._held += len(data)
            self._digest.update(data)
            return
        if self._whole:
            self._no_room = self._size <= self._limit
            self._whole = False
            self._room.give_back(self._held)
            self._held = 0
        self._digest.update(data)
        self._body += data[: max(0, KEPT_OF_TOO_LARGE - len(self._body))]
        del self._body[KEPT_OF_TOO_LARGE:]

    def _finish(self) -> Frame:
        too_large = self._size > self._limit
        frame = Frame(
            body=bytes(self._body),
            size=self._size,
            too_large=too_large,
            no_room=self._no_room and not too_large,
            digest=self._digest.hexdigest(),
            held=self._held,
        )
        self._body, self._size, self._held = bytearray(), 0, 0
        self._whole, self._no_room, self._digest = True, False, hashlib.sha256()
        self.inside = False
        return frame
