"""Words of a concern about a child, looked for in messages that are no referral.

A booking, an update or a result opens no contact. When its text speaks of a concern all the same, a person reads it on
the day: not finding it costs more than reading one message too many. The words decide nothing else, and no risk.
"""

import re
from collections.abc import Iterable

from connectors.decoding import Problem

MOST_SEARCHED = 200_000
"""Characters of one message that are searched."""

CONCERN_WITHOUT_REFERRAL = Problem(
    "concern_without_referral",
    "This is no referral, but its text speaks of a concern about a child. A person will read it today; "
    "to refer a child send a REF^I12 or a FHIR ServiceRequest.",
)

_HARM = r"(?:hit|hits|beaten|punched|kicked|slapped|shaken|strangled|choked|assaulted|raped|groomed|touched|hurt)"
_CONCERN = re.compile(
    rf"""\b(?:
      safeguard(?:ing)? | child\sprotection | child\sat\srisk | significant\sharm
    | non[-\s]?accidental | inflicted\sinjur(?:y|ies) | unexplained\s(?:bruis\w+|injur\w+|fractures?|burns?|marks?)
    | (?:physical|sexual|emotional|child|domestic)(?:ly)?\s(?:abuse\w*|violence|exploit\w*) | abused | abusive
    | (?<!visual\s)(?<!unilateral\s)(?<!sensory\s)(?<!hemispatial\s)neglect(?:ed|ful)?
    | {_HARM}\s(?:(?:him|her|them|me)\s)?(?:by|with)\b | female\sgenital\smutilation | FGM
    | (?:child|she|he|they|girl|boy|pupil|young\sperson)\s(?:has\s)?disclosed | disclos(?:ed|ure)\sof\b
    | traffick(?:ed|ing)
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SHORT = re.compile(r"\bNAI\b")
_DENIED_BEFORE = re.compile(r"\b(?:no|nil|without) (?:\w+ ){0,2}$", re.IGNORECASE)
_DENIED_AFTER = re.compile(
    r"(?:\s(?:concerns?|issues?|plan|register|flag|alert|status|risk)){0,4}[\s:=?|\-]{0,9}"
    r"(?:(?:n\s)?no|none|nil|n|false|n/a|not)(?:\s(?:known|raised|identified|applicable|noted|recorded|concerns?|issues?)){0,3}"
    r"\s?(?:$|[.,;|\r\n)])",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[^\S\r\n]+")
_CHILD = re.compile(r"\b(?:child\w*|bab(?:y|ies)|unborn|infants?|toddlers?|sons?|daughters?|siblings?|kids?)\b", re.IGNORECASE)


def speaks_of_concern(texts: Iterable[str], of_adult: bool) -> bool:
    """Whether a text speaks of a concern about a child, other than to say that there is none.

    `of_adult`: the patient is too old to be the child, so the text has to name a child as well.
    """
    left = MOST_SEARCHED
    asserted, child = False, not of_adult
    for text in texts:
        searched = text[:left]
        left -= len(searched)
        child = child or bool(_CHILD.search(searched))
        asserted = asserted or _asserted(_BLANKS.sub(" ", searched))
        if asserted and child:
            return True
        if left <= 0:
            break
    return False


def _asserted(text: str) -> bool:
    return any(
        not _DENIED_BEFORE.search(text[max(0, hit.start() - 60) : hit.start()]) and not _DENIED_AFTER.match(text, hit.end())
        for pattern in (_CONCERN, _SHORT)
        for hit in pattern.finditer(text)
    )
