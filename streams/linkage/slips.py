"""Whether two spellings differ by a slip of the hand or by a sound. Twins' names differ by a sound.

A clerk who mistypes Oliver writes Olvier, Olver, Ollver; nobody calls twins so. Lenny and Lonny, Mia and Lia, Olivia and
Olivie may be two children: one vowel for another, one consonant for another, or another ending.
"""

_VOWELS = frozenset("aeiouy")


def slip_of_the_hand(a: str, b: str) -> bool:
    """Whether one spelling is the other with two neighbours exchanged, a letter doubled, left out or added inside, or a
    vowel and a consonant mistaken for each other inside the word; the ends agree."""
    if a == b or a[:1] != b[:1] or a[-1:] != b[-1:]:
        return False
    start = _shared_start(a, b)
    end = min(_shared_start(a[::-1], b[::-1]), min(len(a), len(b)) - start)
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    if len(left) + len(right) == 1:
        return True
    if len(left) == len(right) == 1:
        return (left in _VOWELS) != (right in _VOWELS)
    return len(left) == len(right) == 2 and left == right[::-1]


def _shared_start(a: str, b: str) -> int:
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared
