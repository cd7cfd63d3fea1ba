"""How grave a concern is and of what kind: risk level and DfE need, from a child's own fields and the message's.

Where both grade the risk the higher level counts: no source says that a child's own grade takes back the message's.
"""

from connectors.decoding import one_line
from connectors.fields.groups import Leaf
from connectors.fields.meaning import need_of, risk_of
from connectors.fields.person import is_yes
from schemas.codes import RISK_LEVELS, risk_level
from schemas.reading import Note

Found = dict[str, list[Leaf]]


def risk_in(own: Found, shared: Found, where: str, notes: list[Note]) -> tuple[str, str]:
    """(level, the sender's own words). A level nobody knows is kept as sent beside an empty level, with a note."""
    graded = [_graded(found, where, notes) for found in (own, shared)]
    levels = [(level, said) for level, said in graded if level]
    if not levels:
        unread = next((said for _, said in graded if said), "")
        if unread:
            notes.append(
                Note(
                    code="risk_not_understood",
                    field=f"{where}.risk",
                    text="The risk level was kept as sent; send red, amber, green or high, medium, low.",
                )
            )
        return "", unread
    if len({level for level, _ in levels}) > 1:
        text = "The child and the message are graded differently; the higher level counts."
        notes.append(Note(code="risk_grades_differ", field=f"{where}.risk", text=text))
    return min(levels, key=lambda one: RISK_LEVELS.index(one[0]))


def _graded(found: Found, where: str, notes: list[Note]) -> tuple[str, str]:
    """What one group of fields says; words that are no level stand beside an empty one."""
    unread = ""
    for leaf in found.get("risk", ()):
        level = risk_of(leaf.text)
        if level:
            leaf.used = True
            return level, one_line(leaf.text, 100)
        unread = unread or one_line(leaf.text, 100)
    for leaf in found.get("need", ()):
        # "category: H" grades the risk, it does not name a need
        if risk_level(leaf.text):
            leaf.used = True
            return risk_level(leaf.text), one_line(leaf.text, 100)
    for leaf in found.get("danger", ()):
        level = "red" if is_yes(leaf.text) else risk_of(leaf.text)
        if level:
            leaf.used = True
            notes.append(Note(code="risk_from_flag", field=f"{where}.risk", text="The risk was taken from a flag."))
            return level, f"{leaf.names[-1]}: {one_line(leaf.text, 60)}"
    return "", unread


def need_in(own: Found, shared: Found) -> tuple[str, str]:
    """(DfE PrimaryNeedCode or "", the sender's own words)."""
    for found in (own, shared):
        leaves = [leaf for leaf in found.get("need", ()) if not risk_level(leaf.text)]
        if leaves:
            for leaf in leaves:
                leaf.used = True
            original = one_line("; ".join(leaf.text for leaf in leaves), 200)
            return next((code for leaf in leaves if (code := need_of(leaf.text))), ""), original
    # "Nature of concern: Neglect" beside the account itself
    for leaf in shared.get("narrative", ()):
        if len(leaf.text) <= 40 and (code := need_of(leaf.text)):
            return code, one_line(leaf.text, 200)
    return "", ""


def authority_in(found: Found) -> str:
    """The responsible authority as a DfE three-digit or GSS code; a mere name stays unmapped."""
    for leaf in found.get("authority", ()):
        text = one_line(leaf.text, 20).upper()
        if (text.isdecimal() and len(text) == 3) or (len(text) == 9 and text[0] in "EWSN" and text[1:].isdecimal()):
            leaf.used = True
            return text
    return ""
