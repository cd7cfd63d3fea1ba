"""The view: folds the topics into a rebuildable SQLite file and answers questions from it. It decides nothing."""

#: Header of every answer: the process it came from, so that a client can tell it from a stranger on a re-used port.
PID_HEADER = "x-frontdoor-pid"
