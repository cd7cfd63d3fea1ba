"""What a message is for, by its fields and the name of the object it stands in: new, amended, cancelled; referral or
information; or some other business altogether."""

from typing import Literal

from connectors.decoding import one_line
from connectors.fields.groups import Group, Leaf
from connectors.fields.meaning import action_of, kind_of, names_a_role, other_business, source_of
from connectors.fields.naming import words
from connectors.fields.people import People
from connectors.fields.person import is_yes
from schemas.reading import Action, Kind

Found = dict[str, list[Leaf]]


def root_names(message: Group) -> list[str]:
    """The name of the one object that all of a message stands in (`PPNUpdate`), if there is one."""
    firsts = {leaf.path.partition(".")[0] for group in message.every() for leaf in group.leaves if "." in leaf.path}
    bare = any("." not in leaf.path for group in message.every() for leaf in group.leaves)
    return [" ".join(words(name)) for name in firsts] if len(firsts) == 1 and not bare else []


def action_in(found: Found, roots: list[str], amends_other: bool) -> Action:
    """New, update or cancel. A cancellation anywhere wins over an amendment."""
    for leaf in found.get("cancelled", ()):
        leaf.used = leaf.used or leaf.text.casefold() in ("true", "false", "yes", "no")
        if is_yes(leaf.text) or action_of(leaf.text) == "cancel":
            return "cancel"
    stated: list[Action | Literal[""]] = []
    for concept in ("action", "kind"):
        for leaf in found.get(concept, ()):
            # More than three words are a sentence about something ("updated the parents by telephone").
            meant = action_of(leaf.text) if len(words(leaf.text[:100])) <= 3 else ""
            leaf.used = leaf.used or bool(meant)
            stated.append(meant)
    stated += [action_of(root) for root in roots]
    cancels = any(name.startswith("cancels") for leaf in found.get("amends", ()) for name in leaf.names)
    if "cancel" in stated or cancels:
        return "cancel"
    if "update" in stated or amends_other or any(is_yes(leaf.text) for leaf in found.get("amended", ())):
        return "update"
    for leaf in found.get("version", ()):
        if leaf.text.isdecimal() and len(leaf.text) <= 3 and int(leaf.text) > 1:
            leaf.used = True
            return "update"
    return "new"


def kind_in(own: Found, shared: Found, roots: list[str], agency: str) -> Kind:
    """What the sender asks for; "contact" when the message does not say. A child's own fields count before the message's."""
    for found in (own, shared):
        for leaf in found.get("information_only", ()):
            leaf.used = True
            if is_yes(leaf.text) or kind_of(leaf.text) == "information_only":
                return "information_only"
        for leaf in found.get("kind", ()):
            meant = kind_of(leaf.text)
            if meant:
                leaf.used = True
                return meant
        for leaf in found.get("referral_flag", ()):
            no = leaf.text.casefold() in ("false", "no", "n")
            leaf.used = leaf.used or no or is_yes(leaf.text)
            if no and agency == "police":
                return "information_only"
            if is_yes(leaf.text):
                return "referral"
    return next((meant for root in roots if (meant := kind_of(root))), "contact")


def business_in(found: Found, roots: list[str]) -> str:
    """The word that says that a message is about something else than a concern, or ""."""
    texts = [leaf.text for concept in ("kind", "action", "heading") for leaf in found.get(concept, ())]
    return next((word for text in (*texts, *roots) if (word := other_business(text))), "")


def source_in(found: Found, people: People, agency: str) -> tuple[str, str]:
    """(DfE ReferralSource code, the sender's own words); two empty texts when the message does not say who told of it.

    Only social care passes on what others told it: there the referrer says who that was.
    """
    if any(is_yes(leaf.text) for leaf in found.get("anonymous", ())):
        return "9", "anonymous"
    for leaf in found.get("source", ()):
        code = source_of(leaf.text)
        if code:
            leaf.used = True
            return code, one_line(leaf.text, 100)
    if agency == "social_care":
        for somebody in people.others:
            for concept in ("relation", "job", "organisation", "full") if somebody.role == "referrer" else ():
                for leaf in somebody.found.get(concept, ()):
                    code = source_of(leaf.text) if concept != "full" or names_a_role(leaf.text) else ""
                    if code:
                        return code, one_line(leaf.text, 100)
    return "", ""
