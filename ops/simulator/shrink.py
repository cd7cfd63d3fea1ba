"""From a failing story to a short one: leave out steps while it still fails."""

from collections.abc import Callable

from ops.simulator.story import Story

#: Runs that shortening may take.
PATIENCE = 600


def shortest(story: Story, fails: Callable[[Story], bool], patience: int = PATIENCE) -> Story:
    """A story made of steps of `story`, in their order, that still fails; none of its steps can be left out, unless
    patience ran out first."""
    runs = 0
    size = max(1, len(story) // 2)
    while size:
        start, shorter = 0, False
        while start < len(story):
            candidate = story[:start] + story[start + size :]
            runs += 1
            if runs > patience:
                return story
            if fails(candidate):
                story, shorter = candidate, True
            else:
                start += size
        if size == 1 and not shorter:
            return story
        size = size if size == 1 else size // 2
    return story
