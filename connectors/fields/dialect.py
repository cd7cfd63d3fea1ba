"""What differs between the agencies when a message is read by the same rules."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dialect:
    """`references`: concepts of `vocabulary.MESSAGE`, the sender's business reference first. `default_source`: the DfE
    ReferralSource code when the message says no more. `code_system`: of a bare code of the sending organisation.
    `school_sends`: a school in the message is the sender (and, unless it says otherwise, the child's school)."""

    agency: str
    references: tuple[str, ...]
    default_source: str
    code_system: str
    school_sends: bool = False
