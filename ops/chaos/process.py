"""`python -m ops.chaos.process ROLE [SABOTAGE]`: a process of the hub, of this release or the next, whole or with one
protection taken away."""

import sys

from ops.chaos.next_release import become_if_marked
from ops.chaos.recovering import linger_when_wanted


def main() -> None:
    """Become what the run wants, then run the role."""
    sabotage = sys.argv.pop(2) if len(sys.argv) > 2 else ""
    become_if_marked(sys.argv[1])
    linger_when_wanted(sys.argv[1])
    if sabotage:
        from ops.chaos.sabotaged import take_away

        take_away(sabotage)
    from ops import run

    run.main()


if __name__ == "__main__":
    main()
