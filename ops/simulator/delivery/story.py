"""The steps of one run of what leaves the hub, as data, and from a seed to a story."""

import random
from dataclasses import dataclass
from typing import Literal

#: takes: answers 200, and keeps. hangs: keeps, and never answers. 500: answers so. drops: breaks its 200 off. The last two keep
#: nothing.
Mode = Literal["takes", "hangs", "500", "drops"]

#: Who is sent what, of which agency. The last one is given up after a few tries.
RECIPIENTS = {"case-system": "social_care", "clinic": "health", "school": "education"}
IMPATIENT, TRIES = "school", 3


@dataclass(frozen=True, slots=True)
class Leave:
    """Something about a contact leaves for a recipient."""

    recipient: str
    contact: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A recipient is well from now on, or not."""

    recipient: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Pass:
    """Time passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Kill:
    """The delivering process is killed, and starts again so much later."""

    seconds: float


@dataclass(frozen=True, slots=True)
class SendAgain:
    """A person has what was given up for a recipient sent once more."""

    recipient: str


Step = Leave | Turn | Pass | Kill | SendAgain
Story = tuple[Step, ...]


def write_story(seed: int) -> Story:
    """The story of a seed: always the same one."""
    chance = random.Random(f"{seed}/delivery")
    names = list(RECIPIENTS)
    story: list[Step] = []
    for _ in range(chance.randrange(6, 16)):
        match chance.choices(("leave", "turn", "pass", "kill", "again"), (12, 4, 10, 2, 1))[0]:
            case "leave":
                story += [Leave(chance.choice(names), chance.randrange(4)) for _ in range(chance.choice((1, 1, 3, 8)))]
            case "turn":
                story.append(Turn(chance.choice(names), chance.choice(("takes", "takes", "hangs", "500", "drops"))))
            case "pass":
                story.append(Pass(chance.choice((0.01, 0.03, 0.2, 0.7, 2.5, 12.0))))
            case "kill":
                story.append(Kill(chance.choice((0.1, 1.0, 5.0))))
            case _:
                # Away for longer than it is waited for; once it is back a person has it all sent again.
                story += [Turn(IMPATIENT, "500"), Leave(IMPATIENT, chance.randrange(4)), Pass(12.0)]
                story += [Turn(IMPATIENT, "takes"), SendAgain(IMPATIENT)]
    return tuple(story)
