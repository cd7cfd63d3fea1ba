"""How fast the hub is, from a partner's message to the case system's queue, and what it needs for that.

`python -m bench.pipeline` runs every part on an embedded broker of one node and prints each figure beside its
alternative, measured in the same run. Nothing here is asserted; `docs/performance.md` keeps what was measured.
"""
