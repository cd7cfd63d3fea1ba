"""Messages damaged as wires, disks and editors damage them: a strategy for every reader's hostile tests."""

from collections.abc import Sequence

from hypothesis import strategies as st

KINDS = ("flip", "cut", "double", "insert", "overwrite", "truncate", "graft", "recode")


@st.composite
def damaged(draw: st.DrawFn, messages: Sequence[bytes], fragments: Sequence[bytes]) -> bytes:
    """One of `messages` with a few places damaged; `fragments` are what is dangerous in their format."""
    body = bytearray(draw(st.sampled_from(messages)))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, max(0, len(body) - 1)))
        end = min(len(body), start + draw(st.integers(0, 60)))
        kind = draw(st.sampled_from(KINDS))
        if kind == "flip" and body:
            body[start] ^= draw(st.integers(1, 255))
        elif kind == "cut":
            del body[start:end]
        elif kind == "double":
            body[start:start] = body[start:end] * draw(st.integers(1, 3))
        elif kind == "insert":
            body[start:start] = draw(st.sampled_from(fragments))
        elif kind == "overwrite":
            body[start:end] = draw(st.binary(max_size=40))
        elif kind == "truncate" and draw(st.booleans()):
            del body[start:]
        elif kind == "graft":
            other = draw(st.sampled_from(messages))
            place = draw(st.integers(0, len(other)))
            body[start:start] = other[place : place + 300]
        elif kind == "recode" and draw(st.booleans()):
            encoding = draw(st.sampled_from(["utf-16", "utf-16-be", "cp1252", "utf-32", "utf-8-sig"]))
            body = bytearray(bytes(body).decode("utf-8", "replace").encode(encoding, "replace"))
    return bytes(body)
