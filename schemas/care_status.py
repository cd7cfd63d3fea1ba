"""Whether a child is looked after, by the names and words in which systems say so."""

from typing import Literal

#: yes, no, or empty: nobody said.
LookedAfter = Literal["yes", "no", ""]

#: Names of the fields, letters and digits alone.
CARE_FIELDS = (
    "lookedafter islookedafter lookedafterchild islookedafterchild lookedafterstatus lac islac lacstatus cla iscla clastatus "
    "incare childincare childlookedafter carestatus carelegalstatus careorder"
)
#: With the DfE's legal status codes of looked-after children (SSDA903): C1, C2 care orders, D1 freed, E1 placement order,
#: V2, V3, V4 accommodated under section 20, J1 to J3 and L1 to L3 remanded or protected.
_YES = frozenset(
    "yes y true t 1 current currently lookedafter lac cla incare s20 s31 section20 section31 interimcareorder fullcareorder "
    "careorder placementorder accommodated c1 c2 d1 e1 v2 v3 v4 j1 j2 j3 l1 l2 l3".split()
)
_NO = frozenset("no n false f 0 never notlookedafter notlac notcla none notincare".split())


def looked_after(text: str) -> LookedAfter:
    """What a field's text says; empty for a word that says neither."""
    said = "".join(char for char in text.casefold() if char.isalnum())
    return "yes" if said in _YES else "no" if said in _NO else ""
