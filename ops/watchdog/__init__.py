"""The auditor as a watchdog, `frontdoor audit --follow`: it reads the log beside the workers and raises the alarm when the
hub no longer does what it promises, or when it cannot know any more.

`alarms` says once that something began and once that it is over, `signs` reads records and offsets for what is wrong,
`rhythm` knows how each sender usually sends, `drop_folders` where files wait, `audits` audits the whole log beside; `follow` does
the reading. `watch` and `process` run it at a terminal and as a service.
"""
