"""How a worker keeps Python's cyclic garbage collector away from its rows.

Rows are immutable and name nothing that names them, so counting references frees them; the collector could only look at
them again and again, and there are millions of objects of a hundred thousand cases. Without this it took a third of a
midnight at which many clocks run out, and more of a recovery.
"""

import gc

#: New containers before the collector looks at them. What a worker makes in cycles is little: tasks and errors. Python's own
#: 700 would look ten times at everything that one batch makes.
_YOUNG = 50_000


def pause() -> None:
    """Before rows are read: nothing of them is garbage."""
    gc.disable()


def pass_over_rows() -> None:
    """After rows were read: from now on look at what comes new, and seldom."""
    gc.freeze()
    gc.set_threshold(_YOUNG, 10, 10)
    gc.enable()
